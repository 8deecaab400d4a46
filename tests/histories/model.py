"""What Affinity must bill for each charge, told from what runs saw and from what Affinity took.

Plain dicts and ifs; nothing of the product is asked. A charge is a line's recurring one. A batch is
frozen, so its rows are judged by what the run that claimed it saw, whatever has happened since.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from tests.histories.world import DAY, Line, View

ADD, UPDATE, CEASE = "ADD", "UPDATE", "CEASE"


@dataclass(frozen=True)
class Period:
    """A time in which a charge is billed. Without an end until further notice."""

    start: date
    end: date | None
    content: tuple[object, ...]
    is_stopped: bool = False


@dataclass
class Charge:
    """One charge's life as Affinity should know it."""

    periods: list[Period] = field(default_factory=list)
    is_undone: bool = False
    free_days: set[date] = field(default_factory=set)
    """When it was first seen free again, as far as anybody can tell: one day but after a kill."""
    is_seen_free: bool = False
    free_days_of: dict[date, set[date]] = field(default_factory=lambda: defaultdict(set))
    """`free_days` as the runs of a day had them: they count for its batch, whatever comes after."""

    @property
    def last(self) -> Period | None:
        """The newest period."""
        return self.periods[-1] if self.periods else None


class Model:
    """All charges by their lines."""

    def __init__(self) -> None:
        """Nothing was ever billed."""
        self.charges: dict[str, Charge] = defaultdict(Charge)
        self.faults: list[str] = []

    def saw(self, view: View, day: date, *, surely: bool = True) -> None:
        """A run looked at all lines; one that was killed may have."""
        for key, line in view.items():
            charge = self.charges[key]
            if line.is_stopped:
                charge.is_seen_free = False
                if surely:
                    charge.free_days.clear()
                continue
            if not charge.is_seen_free:
                charge.free_days.add(day)
                charge.is_seen_free = surely
            charge.free_days_of[day] |= charge.free_days

    def takes(self, view: View, day: date, rows: Iterable[tuple[str, str, date]]) -> None:
        """Affinity took these rows of a batch claimed on `day`: line, action, start or end."""
        for key, action, start in rows:
            self._take(key, view.get(key), day, action, start)

    def undo(self, keys: Iterable[str]) -> None:
        """Affinity took the ends of an undo: each charge ends on the day it began, for good."""
        for key in keys:
            charge = self.charges[key]
            last = charge.periods[-1]
            charge.periods[-1] = replace(last, end=last.start, is_stopped=True)
            charge.is_undone = True

    def _take(self, key: str, line: Line | None, day: date, action: str, start: date) -> None:
        charge = self.charges[key]
        if line is None:
            self.faults.append(f"{key}: {action} on {day}, and it was not in the feeds")
        elif action == ADD:
            self._begin(key, charge, line, day, start)
        elif charge.last is None:
            self.faults.append(f"{key}: {action} on {day}, and it was not billed")
        elif charge.last.is_stopped:
            if action != CEASE or start != line.cease_on or not _ceased_sooner(line, charge.last):
                self.faults.append(f"{key}: {action} on {day}, and it was stopped")
            charge.periods[-1] = replace(charge.last, end=start)
        elif line.is_stopped:
            if action != CEASE:
                self.faults.append(f"{key}: {action} on {day}, though it is not to be billed")
            stop = max(day, charge.last.start)
            if _end_is_taken_out(line, charge.last, stop):
                stop = charge.last.end
            # its own end counts where that is earlier, unless Affinity refused it
            is_own = start == line.cease_on and start < stop
            if not is_own and start != stop:
                self.faults.append(f"{key}: ends on {start} by the run of {day}, not on {stop}")
            charge.periods[-1] = replace(charge.last, end=start, is_stopped=not is_own)
        else:
            content = line.content if action == UPDATE else charge.last.content
            charge.periods[-1] = replace(charge.last, end=line.cease_on, content=content)

    def _begin(self, key: str, charge: Charge, line: Line, day: date, start: date) -> None:
        if reason := why_not(line, charge, day):
            self.faults.append(f"{key}: billed by the run of {day}, though {reason}")
        last = charge.last
        if last is None:
            starts = {line.connected_on}
        elif last.is_stopped:
            assert last.end is not None
            starts = {max(last.end + DAY, free) for free in charge.free_days_of[day]}
        else:
            starts = set()
            self.faults.append(f"{key}: billed twice by the run of {day}")
        if start not in starts:
            self.faults.append(f"{key}: begins on {start} by the run of {day}, not on {starts}")
        charge.periods.append(Period(start, line.cease_on, line.content))

    def unsettled(self, view: View, day: date) -> list[str]:
        """What The Layer says of the lines that are there, and Affinity was not told."""
        return [
            f"{key}: {fault}"
            for key, line in view.items()
            if (fault := _unsettled(line, self.charges[key], day))
        ]


def why_not(line: Line, charge: Charge, day: date) -> str:
    """Why a charge is not to be billed by a run of that day; nothing if it is."""
    if charge.is_undone:
        return "it was undone"
    if line.is_stopped:
        return "it is not to be billed"
    if line.connected_on > day:
        return "it is not connected yet"
    if line.cease_on is not None and line.cease_on < line.connected_on:
        return "it ceases before it starts"
    return ""


def _ceased_sooner(line: Line, last: Period) -> bool:
    """What was stopped is not billed until then if it ceased before that."""
    return line.cease_on is not None and last.end is not None and line.cease_on < last.end


def _end_is_taken_out(line: Line, last: Period, stop: date) -> bool:
    """It has ended, and would go on but for its stop: that is told as of its end."""
    has_ended = last.end is not None and last.end <= stop
    return has_ended and (line.cease_on is None or line.cease_on > stop)


def _unsettled(line: Line, charge: Charge, day: date) -> str:
    last = charge.last
    is_over = last is not None and last.end is not None and last.end < day
    if charge.is_undone:
        return ""
    if last is not None and last.is_stopped and _ceased_sooner(line, last):
        return f"ceased on {line.cease_on}, and stopped on {last.end}"
    if last is None or last.is_stopped:
        begins = line.connected_on
        if last is not None and last.end is not None:
            begins = max([last.end + DAY, *charge.free_days])
        never = line.cease_on is not None and line.cease_on < begins
        return "" if why_not(line, charge, day) or never else "ready, and not billed"
    if line.is_stopped:
        if _end_is_taken_out(line, last, max(day, last.start)):
            return f"ended on {last.end}, which was taken out, and not stopped"
        return "" if is_over or last.end == day else "not to be billed, and billed"
    if last.end != line.cease_on:
        return f"ends on {line.cease_on}, told {last.end}"
    return "" if is_over or last.content == line.content else f"is {line.content}, told {last}"
