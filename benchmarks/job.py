"""One billing run in a process of its own, without a Prefect server, timed step by step.

`python -m benchmarks.job FOLDER AS_OF` prints one JSON object; FOLDER holds `r2b.toml`, `feeds/`.
"""

import functools
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

seconds: Counter[str] = Counter()
"""What each step took, by its title."""


def timed_step(title: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """What `tasks.step.step` is here: the bare function, with its time taken."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            start = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                seconds[title] += time.perf_counter() - start

        return call

    return decorate


def main() -> None:
    """Run and print what it took."""
    folder, as_of = Path(sys.argv[1]), date.fromisoformat(sys.argv[2])
    start = time.perf_counter()
    import tasks.step

    tasks.step.step = timed_step  # before anything that has steps is imported
    from flows.billing_run import billing_run

    seconds["import"] = time.perf_counter() - start
    receipt = billing_run.fn(str(folder / "r2b.toml"), as_of)
    seconds["everything else"] = time.perf_counter() - start - seconds.total()
    print(
        json.dumps(
            {
                "steps": dict(seconds),
                "read": sum(feed.read for feed in receipt.feeds.values()),
                "rejected": sum(feed.rejected for feed in receipt.feeds.values()),
                "written": dict(receipt.batch.files) if receipt.batch else {},
            }
        )
    )


if __name__ == "__main__":
    main()
