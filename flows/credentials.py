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


PREFECT_PASSWORD = "PREFECT_API_AUTH_STRING"  # noqa: S105  where it is, not what it is
"""The variable whose `user:password` Prefect's own clients send: commands, worker and runs."""


def prefect_password() -> str:
    """The `user:password` of Prefect's server: from the environment, and from nowhere else.

    Raises:
        ProfileWrong: there is none, or it is none.
    """
    said = os.environ.get(PREFECT_PASSWORD, "")
    user, _, password = said.partition(":")
    if not (user and password and is_token(said)):
        raise ProfileWrong(
            f"Serving with a password: {PREFECT_PASSWORD} holds none.",
            hint="Set it to user:password, visible ASCII without a blank, where r2b serve starts "
            "and wherever r2b is used beside it.",
        )
    return said


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
