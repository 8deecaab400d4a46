"""What was asked of the stand-in, in order, and what came of it."""

import itertools
import threading
from dataclasses import asdict, dataclass


@dataclass(slots=True)
class Entry:
    """One thing that was asked; `status` stays None until it is answered, 0 is no answer at all.

    `at` and `answered` are counts of one clock: what was answered before another began has the
    smaller number.
    """

    at: int
    method: str
    path: str
    name: str
    status: int | None = None
    effect: bool = False
    fault: str | None = None
    answered: int | None = None


class Journal:
    """Entries in the order in which their requests arrived; any thread may write."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock = threading.Lock()
        self._clock = itertools.count(1)
        self._entries: list[Entry] = []

    def begin(self, method: str, path: str, name: str) -> Entry:
        """Write down that something arrived."""
        with self._lock:
            entry = Entry(next(self._clock), method, path, name)
            self._entries.append(entry)
        return entry

    def finish(self, entry: Entry, status: int, *, effect: bool, fault: str | None = None) -> None:
        """Write down the answer, before it leaves."""
        with self._lock:
            entry.status, entry.effect = status, effect
            entry.fault, entry.answered = fault, next(self._clock)

    def note(
        self, method: str, path: str, name: str, status: int, *, effect: bool, fault: str | None
    ) -> None:
        """Write down something that is over as soon as it begins."""
        self.finish(self.begin(method, path, name), status, effect=effect, fault=fault)

    def as_list(self) -> list[dict[str, object]]:
        """Everything so far, as plain values."""
        with self._lock:
            return [asdict(entry) for entry in self._entries]
