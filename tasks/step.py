"""A step of a flow: a Prefect task inside a flow run, the bare function anywhere else.

So `plan` and tests run the very same steps without a server, and Prefect sees nothing but names:
no retries (each scale has one owner), no caching, no stored results, so no data leaves a step.
"""

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from tasks.listening import announce

P = ParamSpec("P")
R = TypeVar("R")


def step(title: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function a step that ops see as `title` in the Prefect UI."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.cache
        def as_task() -> Callable[P, R]:
            # Prefect is slow to import, and most commands never need it
            from prefect import task  # noqa: PLC0415
            from prefect.cache_policies import NO_CACHE  # noqa: PLC0415

            return task(
                name=title,
                task_run_name=title,
                cache_policy=NO_CACHE,
                persist_result=False,
                retries=0,
            )(function)

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            announce(title)
            return as_task()(*args, **kwargs) if _in_a_flow_run() else function(*args, **kwargs)

        return call

    return decorate


def _in_a_flow_run() -> bool:
    """Prefect is slow to import: where nobody has, there is no flow run."""
    context = sys.modules.get("prefect.context")
    return context is not None and context.FlowRunContext.get() is not None
