"""Writing while the caller works on: DuckDB stores one batch while polars reads the next."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeAlias

Later: TypeAlias = Callable[[Callable[[], None]], None]


@contextmanager
def writing_behind() -> Iterator[Later]:
    """Calls given to what this yields run on a thread, in order, one at a time.

    At most one is under way or waiting, so few batches are in memory. The caller leaves the
    connection alone until the block ends. What a call raises, the next one or the block's end does.
    """
    pending: list[Future[None]] = []
    with ThreadPoolExecutor(max_workers=1) as thread:

        def later(call: Callable[[], None]) -> None:
            if pending:
                pending.pop().result()
            pending.append(thread.submit(call))

        yield later
        if pending:
            pending.pop().result()
