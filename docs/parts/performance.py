"""What `make bench` has measured: medians and ratios of the results that are kept."""

from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks.results import Result, kept
from docs.parts.markdown import table

_RIVALS = ("floor", "duckdb", "polars", "pandas")


def whole() -> str:
    """The whole job beside floor and rivals: one row per case."""
    header = ("what", "runs", "CPU s", "wall s", "peak MB", *(f"/ {rival}" for rival in _RIVALS))
    rows = [
        (
            result.about,
            len(result.took["job"]),
            *_figures(result, "job"),
            *(_times(result, "job", rival) for rival in _RIVALS),
        )
        for result in _of("whole")
    ]
    return table(header, rows)


def day() -> str:
    """A day like any other beside the first run, and beside doing all of the day anew."""
    header = (
        "what",
        "changed",
        "runs",
        "CPU s",
        "wall s",
        "peak MB",
        "of a first run",
        "of all anew",
    )
    rows = [
        (
            result.about,
            result.notes["changed"],
            len(result.took["day"]),
            *_figures(result, "day"),
            _share(result, "day", "first"),
            _share(result, "day", "anew"),
        )
        for result in _of("day")
    ]
    return table(header, rows)


def start() -> str:
    """What a person waits, in seconds of wall."""
    rows = [
        (f"`{name}`" if name.startswith("r2b") else name, result.about, f"{wall:.2f}")
        for result in _of("start")
        for name in result.took
        if (wall := _median(result, name, "wall")) is not None
    ]
    return table(("what", "where", "seconds"), rows)


def steps() -> str:
    """Where the time of the biggest whole job goes."""
    biggest = max(_of("whole"), key=lambda result: (result.order, "plain" in result.case))
    all_of_it = sum(biggest.steps.values())
    rows = [
        (name, f"{seconds:.1f}", f"{seconds / all_of_it:.0%}")
        for name, seconds in biggest.steps.items()
        if seconds >= all_of_it / 200
    ]
    return f"{biggest.about}:\n\n{table(('step', 'wall s', 'share'), rows)}"


def where() -> str:
    """On what it was measured: each machine and set of versions with its days."""
    found: dict[tuple[str, str], set[str]] = {}
    for result in kept():
        on = (result.measured["machine"], result.measured["versions"])
        found.setdefault(on, set()).add(result.measured["day"])
    rows = [(machine, versions, _days(sorted(days))) for (machine, versions), days in found.items()]
    return table(("machine", "versions", "measured"), rows)


def _of(kind: str) -> Iterator[Result]:
    return (result for result in kept() if result.kind == kind)


def _median(result: Result, name: str, measure: str) -> float | None:
    runs = result.took.get(name)
    return median(run[measure] for run in runs) if runs else None


def _figures(result: Result, name: str) -> tuple[str, str, str]:
    cpu, wall, peak = (_median(result, name, each) or 0 for each in ("cpu", "wall", "peak_mb"))
    return f"{cpu:,.1f}", f"{wall:,.1f}", f"{peak:,.0f}"


def _ratio(result: Result, name: str, other: str) -> float | None:
    mine, theirs = _median(result, name, "cpu"), _median(result, other, "cpu")
    return mine / theirs if mine is not None and theirs else None


def _times(result: Result, name: str, other: str) -> str:
    ratio = _ratio(result, name, other)
    return "" if ratio is None else f"{ratio:.2f}"


def _share(result: Result, name: str, other: str) -> str:
    ratio = _ratio(result, name, other)
    return "" if ratio is None else f"{ratio:.0%}"


def _days(days: Sequence[str]) -> str:
    return days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
