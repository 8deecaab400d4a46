"""What is measured on every day of a soak, and what it must not come to."""

import csv
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Day:
    """One day: its seconds, the process, its folder.

    `trimmed`: memory once what is free was given back. What is not looked at on every day is None.
    `others`: files that are of no kind of the product's.
    """

    number: int
    seconds: float
    seconds_of_run: float
    rss: int
    trimmed: int | None
    files: int
    threads: int
    seconds_of_check: float | None
    warehouse: int
    batches: int
    rows: int
    landed: int
    outbox_files: int
    others: int
    temporary: int


def kinds_of_files(folder: Path) -> Counter[str]:
    """The files of a tenant's folder by kind; what is of none is there by its own name."""
    found: Counter[str] = Counter()
    for path in folder.rglob("*"):
        if path.is_file():
            found[_kind(path.relative_to(folder))] += 1
    return found


def _kind(path: Path) -> str:
    match path.parts:
        case ("var", "landed", name) if not name.startswith("."):
            return "landed"
        case ("var", "published", "r2b.duckdb"):
            return "published copy"
        case ("var", "certificates", _):
            return "certificates"
        case ("var", "warehouse.duckdb" | "warehouse.duckdb.lock"):
            return "warehouse"
        case ("outbox", _, number, *_) if number.isdigit():
            return "batches"
        case ("outbox", name) if name.endswith((".audit.jsonl", ".lock")):
            return "audit trail"
        case ("temporary", *_):
            return "temporary"
        case (("feeds" | "state" | "from-affinity" | "introduced"), *_) | (_,):
            return "the world's"
    return f"other: {path}"


def write_csv(days: Sequence[Day], path: Path) -> None:
    """The curve, a row a day."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [each.name for each in fields(Day)])
        writer.writeheader()
        writer.writerows(asdict(day) for day in days)


@dataclass(frozen=True)
class Growth:
    """The middle of some days early on, and of the last ones."""

    before: float
    after: float

    @property
    def share(self) -> float:
        """By which part it grew."""
        return self.after / self.before - 1


def growth(days: Sequence[Day], what: str, *, warm_up: int, window: int) -> Growth:
    """How much a figure grew after the warm-up, by the medians of `window` days."""
    told = [(day.number, value) for day in days if (value := getattr(day, what)) is not None]
    early = [value for number, value in told if warm_up < number <= warm_up + window]
    return Growth(
        statistics.median(early),
        statistics.median(value for number, value in told if number > days[-1].number - window),
    )
