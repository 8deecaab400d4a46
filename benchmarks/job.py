"""One billing run in a process of its own, without a Prefect server, timed step by step.

`python -m benchmarks.job FOLDER AS_OF` prints one JSON object; FOLDER holds `r2b.toml`, `feeds/`.
With `--statements` it says what each statement of the warehouse took, too.
"""

import functools
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import ParamSpec, TypeVar

from benchmarks.statements import Watch

P = ParamSpec("P")
R = TypeVar("R")

ELSE = "everything else"
seconds: dict[str, float] = defaultdict(float)
"""What each step took, by its title."""

_at_work = [ELSE]


def timed_step(title: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """What `tasks.step.step` is here: the bare function, with its time taken."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            start = time.perf_counter()
            _at_work.append(title)
            try:
                return function(*args, **kwargs)
            finally:
                _at_work.pop()
                seconds[title] += time.perf_counter() - start

        return call

    return decorate


def main() -> None:
    """Run and print what it took."""
    folder, as_of = Path(sys.argv[1]), date.fromisoformat(sys.argv[2])
    watch = Watch(lambda: _at_work[-1])
    start = time.perf_counter()
    import tasks.step

    tasks.step.step = timed_step  # before anything that has steps is imported
    from flows.billing_run import billing_run

    seconds["import"] = time.perf_counter() - start
    if "--statements" in sys.argv:
        watch.begin()
    receipt = billing_run.fn(str(folder / "r2b.toml"), as_of)
    seconds[ELSE] = time.perf_counter() - start - sum(seconds.values())
    print(
        json.dumps(
            {
                "steps": dict(seconds),
                "statements": [[*where, took] for where, took in watch.seconds.items()],
                "read": sum(feed.read for feed in receipt.feeds.values()),
                "rejected": sum(feed.rejected for feed in receipt.feeds.values()),
                "written": dict(receipt.batch.files) if receipt.batch else {},
            }
        )
    )


if __name__ == "__main__":
    main()
