"""Tokens and passwords: from a Prefect Secret block if the profile names one, else the environment.

They are never in the profile, in a flow's parameters, in a log or in a message.
"""

import os
from typing import NamedTuple, cast

from schemas.errors import ProfileWrong
from tasks.web import is_token


class Place(NamedTuple):
    """Where a credential is kept, and which keys of the profile say so."""

    variable: str
    block: str
    section: str
    what: str = "token"

    @property
    def words(self) -> str:
        """The place, for people."""
        return f"the Prefect Secret {self.block}" if self.block else f"the variable {self.variable}"


def credential(place: Place) -> str | None:
    """What is kept there; None when the environment variable is not set.

    Raises:
        ProfileWrong: Prefect holds no Secret of that name.
    """
    if not place.block:
        return os.environ.get(place.variable, "").strip() or None
    # Prefect is slow to import, and most profiles name no secret
    from prefect.blocks.system import Secret  # noqa: PLC0415

    try:
        # no event loop runs here: it is no promise
        secret = cast("Secret[str]", Secret.load(place.block))
    except ValueError as error:
        raise ProfileWrong(
            f"Reading the {place.what} of {place.section}: Prefect holds no Secret called "
            f"{place.block}.",
            hint=f"Make it in Prefect under Blocks, or correct {place.section}."
            f"{place.what}_secret.",
        ) from error
    return str(secret.get()).strip() or None


def bearer_token(place: Place) -> str | None:
    """A credential that goes into a header.

    Raises:
        ProfileWrong: as for `credential`, or it is no text that can be sent there.
    """
    token = credential(place)
    if token is not None and not is_token(token):
        raise ProfileWrong(
            f"Reading the token of {place.section}: {place.words} holds no bearer token.",
            hint="A token is one line of visible ASCII: store it again.",
        )
    return token
