"""How far a long flow is: a bar in the Prefect UI, the step's name in the terminal.

The steps of a flow announce themselves (`tasks.listening`); here somebody listens.
"""

import contextlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
from prefect import runtime
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.exceptions import PrefectException

from flows.naming import slug
from flows.profile import LoadedProfile
from tasks.listening import listening

BILLING_RUN = (
    *("start run", "finish what was left open", "finish transfers that were cut off"),
    *("land feeds", "accept records"),
    *("read back", "judge charges", "find changes", "check records"),
    *("claim batch", "publish batch", "remember both sides", "finish run"),
)
"""The steps of a billing run in their order; one that is not here moves nothing."""

RECONCILE = ("reconcile", "publish", "write report")

_log = logging.getLogger("r2b.progress")


@contextmanager
def showing_progress(profile: LoadedProfile, steps: Sequence[str]) -> Iterator[None]:
    """Show in the UI which of `steps` runs, until the block ends; a full bar is a whole run.

    A server that does not take it is no failure of the run. Outside a deployment nobody looks.
    """
    if runtime.deployment.id is None:
        yield
        return
    bar: Any = None
    key = f"{slug(profile.settings.tenant.name)}-progress"
    with contextlib.suppress(httpx.HTTPError, PrefectException):
        bar = create_progress_artifact(progress=0.0, key=key, description="Starting")

    def tell(what: str) -> None:
        if bar is not None and what in steps:
            _move(bar, 100 * steps.index(what) / len(steps), what)

    with listening(tell):
        yield
    if bar is not None:
        _move(bar, 100, "Done")


def _move(bar: Any, progress: float, words: str) -> None:
    try:
        update_progress_artifact(bar, progress=round(progress, 1), description=words.capitalize())
    except (httpx.HTTPError, PrefectException) as error:
        _log.warning("Prefect could not be shown the progress: %s.", type(error).__name__)
