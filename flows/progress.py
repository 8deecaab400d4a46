"""How far a long flow is: a bar in the Prefect UI, the step's name in the terminal.

The steps of a flow announce themselves (`tasks.listening`); here somebody listens.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from prefect import runtime
from prefect.artifacts import create_progress_artifact, update_progress_artifact

from flows.artifacts import shown
from flows.naming import slug
from flows.profile import LoadedProfile
from tasks.listening import listening

BILLING_RUN = (
    *("start run", "finish what was left open", "finish transfers that were cut off"),
    *("land feeds", "accept records"),
    *("read back", "look for anything new", "leave all as it was decided"),
    *("judge charges", "find changes", "check records"),
    *("claim batch", "publish batch", "remember both sides", "finish run"),
)
"""The steps of a billing run in their order; one that is not here moves nothing."""

RECONCILE = ("reconcile", "publish", "write report")


@contextmanager
def showing_progress(profile: LoadedProfile, steps: Sequence[str]) -> Iterator[None]:
    """Show in the UI which of `steps` runs, until the block ends; a full bar is a whole run.

    A server that does not take it is no failure of the run. Outside a deployment nobody looks.
    """
    if runtime.deployment.id is None:
        yield
        return
    bar: Any = None
    with shown():
        bar = create_progress_artifact(
            progress=0.0,
            key=f"{slug(profile.settings.tenant.name)}-progress",
            description="Starting",
        )

    def move(progress: float, words: str) -> None:
        if bar is not None:
            with shown():
                update_progress_artifact(bar, progress=round(progress, 1), description=words)

    def tell(what: str) -> None:
        if what in steps:
            move(100 * steps.index(what) / len(steps), what.capitalize())

    with listening(tell):
        yield
    move(100, "Done")
