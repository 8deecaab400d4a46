"""Who wants to hear what is being done now: steps announce themselves, long ones in between."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_listener: ContextVar[Callable[[str], None] | None] = ContextVar("r2b_listener", default=None)


def announce(what: str) -> None:
    """Say what is being done now, to whoever listens: every step does, and long ones in between."""
    listener = _listener.get()
    if listener is not None:
        listener(what)


@contextmanager
def listening(listener: Callable[[str], None]) -> Iterator[None]:
    """Let `listener` hear what is being done until the block ends, besides who listens already."""
    others = _listener.get()

    def tell(what: str) -> None:
        listener(what)
        if others is not None:
            others(what)

    token = _listener.set(tell)
    try:
        yield
    finally:
        _listener.reset(token)
