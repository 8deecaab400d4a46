"""A day like any other: the next day's feeds, over a tenant at rest."""

import csv
import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from benchmarks.feeds import records
from benchmarks.processes import AS_OF, Took, emptied, run, run_job

*QUIET_DAYS, NEXT_DAY = (
    (date.fromisoformat(AS_OF) + timedelta(days=days)).isoformat() for days in (1, 2, 3)
)
_STAMP = f"{NEXT_DAY}T04:00:00Z"

Touched = Callable[[int], bool]
"""Of a feed: whether its record of this number has changed, the first one being 0."""


@dataclass(frozen=True)
class Day:
    """What changes, and how The Layer says so."""

    about: str
    mode: str
    touched: Mapping[str, Touched]


def _every(nth: int, first: int = 0) -> Touched:
    return lambda number: number % nth == first


def _burst(lines: int) -> Touched:
    begin = lines // 2
    return lambda number: begin <= number < begin + lines // 100


def days(lines: int) -> Mapping[str, Day]:
    """Every kind of day there is, of a tenant with so many order lines."""
    scattered = {"order_lines": _every(100, 7)}
    around = {**scattered, **dict.fromkeys(("products", "sites", "customers"), _every(500, 11))}
    return {
        "full-nothing": Day("full feeds, nothing changed", "full", {}),
        "full-scattered": Day("full feeds, 1 % of the lines here and there", "full", scattered),
        "delta-nothing": Day("deltas, nothing but the date changed", "delta", {}),
        "delta-scattered": Day("deltas, 1 % of the lines here and there", "delta", scattered),
        "delta-burst": Day(
            "deltas, 1 % of the lines in one go", "delta", {"order_lines": _burst(lines)}
        ),
        "delta-around": Day(
            "deltas, 1 % of the lines, and products, sites and customers too", "delta", around
        ),
    }


def next_feeds(source: Path, target: Path, day: Day) -> int:
    """Write the next day's feeds below `target`; returns how many records have changed."""
    target.mkdir(parents=True)
    changed = 0
    for path in sorted((source / "feeds").glob("*.csv")):
        touched = day.touched.get(path.stem)
        if touched is None and day.mode == "full":
            shutil.copy(path, target / path.name)
        elif touched is not None:
            changed += _write_changed(path, target / path.name, touched, whole=day.mode == "full")
    return changed


def _write_changed(source: Path, target: Path, touched: Touched, *, whole: bool) -> int:
    """Write the records that have changed, or the `whole` feed with them; returns how many have."""
    changed = 0
    rows = records(source)
    with target.open("w", encoding="latin-1", newline="") as out:
        write = csv.writer(out, lineterminator="\n").writerow
        write(next(rows)[1])
        for number, (columns, cells) in enumerate(rows):
            is_other = touched(number) and len(cells) == len(columns)
            changed += is_other
            if is_other:
                write(_other(source.stem, columns, cells))
            elif whole:
                write(cells)
    return changed


def _other(feed: str, columns: list[str], cells: list[str]) -> list[str]:
    """A record as somebody left it who had a look at it."""
    new = dict(zip(columns, cells, strict=True))
    if feed == "order_lines" and new["quantity"].isdigit():
        new["quantity"] = str(int(new["quantity"]) + 1)
    if "name" in new:
        new["name"] += " Two"
    if "modified_at" in new:
        new["modified_at"] = _STAMP
    return [new.get(name, cell) for name, cell in zip(columns, cells, strict=True)]


def settled(first: Path, folder: Path, mode: str, *, statements: bool = False) -> Took:
    """A tenant at rest in `folder`: the first batch is In Billing, and seen to be so.

    Returns:
        What its first run took.
    """
    _tenant(first, folder, mode, first / "feeds")
    took = run_job(folder, statements=statements)
    run("benchmarks.settle", str(folder))
    if mode == "delta":
        (folder / "feeds").unlink()
        (folder / "feeds").mkdir()
    for as_of in QUIET_DAYS:
        run_job(folder, as_of, anew=False)
    return took


def play(known: Path, folder: Path, feeds: Path, mode: str, *, anew: bool) -> Took:
    """Run the next day in `folder`, over a copy of what is known.

    `anew`: nothing is remembered of what was read and judged, so all of it is done again.
    """
    _tenant(known, folder, mode, feeds)
    for name in ("var", "outbox"):
        shutil.copytree(known / name, folder / name, symlinks=True)
    if anew:
        _forget(folder / "var" / "warehouse.duckdb")
    return run_job(folder, NEXT_DAY, anew=False)


def _tenant(model: Path, folder: Path, mode: str, feeds: Path) -> None:
    emptied(folder)
    profile = (model / "r2b.toml").read_text("utf-8")
    if "mode =" not in profile:
        profile = profile.replace("[feeds]\n", f'[feeds]\nmode = "{mode}"\n')
    (folder / "r2b.toml").write_text(profile, "utf-8")
    (folder / "feeds").symlink_to(feeds.resolve())


def _forget(warehouse: Path) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        tables = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'work'"
        ).fetchall()
        for (name,) in tables:
            connection.execute(f"DROP TABLE work.{name}")


def answers(folder: Path) -> dict[str, str]:
    """Digest of every CSV of the outbox, and of the rows of the views about charges."""
    found = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((folder / "outbox").rglob("*.csv"))
    }
    with duckdb.connect(folder / "var" / "published" / "r2b.duckdb", read_only=True) as published:
        for view in _VIEWS:
            rows = published.execute(
                f"SELECT count(*), sum(hash(seen)::HUGEINT) FROM mart.{view} AS seen"
            ).fetchall()
            found[view] = str(rows)
    return found


_VIEWS = (
    *("charge", "hold", "line_status", "change", "do_not_bill", "layer_invoiceable"),
    *("validation_issue", "cli_capture", "price_book", "reconciliation"),
)
