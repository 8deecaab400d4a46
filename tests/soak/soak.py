"""All the days in one go, what was measured, and whether the books balance at the end."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from tests.running import mart
from tests.soak.curve import Day, growth, kinds_of_files
from tests.soak.life import Life, Tenant, living
from tests.year.expectation import differences
from tests.year.facts import Charge

MOST_GROWTH = 0.10
EVERY = 25
"""Days between two looks at what is slow to look at."""
LATE_THREADS = 2
"""A pool that makes its threads on demand, as polars' executor of four does, may be full late."""


@dataclass
class Soak:
    """What came of it."""

    days: list[Day] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    """What is not as it must be in the books of either side, in words."""
    layer_per_month: Decimal = Decimal(0)
    affinity_per_month: Decimal = Decimal(0)
    explained_per_month: Decimal = Decimal(0)
    """What Affinity bills above what The Layer wants billed, and the reconciliation knows why."""
    entries: int = 0


def soak(
    folder: Path,
    seed: int,
    days: int,
    *,
    customers: int,
    every: int = EVERY,
    tell: Callable[[Day], None] = lambda _: None,
) -> Soak:
    """Live so many days in `folder`, then settle, and look at everything."""
    found = Soak()
    began = time.perf_counter()

    def measure(number: int, tenant: Tenant) -> None:
        nonlocal began
        seconds = time.perf_counter() - began
        found.days.append(_measured(number, seconds, tenant, is_slow=number % every == 0))
        tell(found.days[-1])
        began = time.perf_counter()

    with living(folder, seed, days, customers, measure) as life:
        life.play()
        _balance(found, life)
    return found


def _measured(number: int, seconds: float, tenant: Tenant, *, is_slow: bool) -> Day:
    health = tenant.worker.ask("nothing").health
    check = tenant.worker.ask("books").value if is_slow else None
    trimmed = None
    if is_slow:
        tenant.worker.ask("trim")
        trimmed = tenant.worker.ask("nothing").health.rss
    kinds = kinds_of_files(tenant.folder)
    return Day(
        number=number,
        seconds=seconds,
        seconds_of_run=tenant.seconds_of_run,
        rss=health.rss,
        trimmed=trimmed,
        files=health.files,
        threads=health.threads,
        seconds_of_check=check,
        warehouse=(tenant.folder / "var" / "warehouse.duckdb").stat().st_size,
        batches=tenant.told["batches"],
        rows=sum(
            len((tenant.folder / "feeds" / f"{feed}.csv").read_bytes().splitlines()) - 1
            for feed in ("order_lines", "assets")
        ),
        landed=kinds["landed"],
        outbox_files=kinds["batches"],
        others=sum(count for kind, count in kinds.items() if kind.startswith("other")),
        temporary=kinds["temporary"],
    )


def _balance(found: Soak, life: Life) -> None:
    tenant = life.pipeline
    found.told = tenant.told
    found.entries = len(life.journal)
    found.told["rows refused"] = sum(not entry.accepted for entry in life.journal)
    verified = tenant.worker.ask("verify").value
    reconciled = tenant.worker.ask("reconcile").value
    found.layer_per_month = reconciled["layer"]
    found.affinity_per_month = reconciled["affinity"]
    audit = life.affinity.audit()
    records = mart(life.folder, "reconciliation")
    explained = records.filter(pl.col("class") == "explained")
    found.explained_per_month = Decimal(-explained["difference_per_month"].sum())
    left = records.filter(~pl.col("class").is_in(["matched", "explained"]))
    found.wrong = [
        *differences(life),
        *(f"verify: {each}" for each in verified),
        *(
            f"reconcile: {row['line_id']} {row['charge_type']} is {row['class']}: {row['why']}"
            for row in left.to_dicts()
            if not _is_refused_to_the_last(life, row)
        ),
        *(f"Affinity has {each} twice" for each in audit.double_bill_keys),
        *([f"{audit.out_of_order} files out of order"] if audit.out_of_order else []),
        *(f"loaded again: {each}" for each in audit.rows_loaded_again.items()),
    ]
    found.kinds = kinds_of_files(life.folder)


def _is_refused_to_the_last(life: Life, row: dict[str, Any]) -> bool:
    """Affinity took none of its last rows, as of a customer who has left: days stay owed."""
    days = life.entries_of(Charge(row["line_id"], row["charge_type"]))
    return bool(days) and not any(entry.accepted for entry in days[max(days)])


def leaks(found: Soak, warm_up: int, *, most: float = MOST_GROWTH) -> list[str]:
    """What the process, or the folder, holds at the end that it should not, in words."""
    days = found.days
    window = max(1, min(100, (days[-1].number - warm_up) // 2))
    wrong = []
    for what in ("rss", "trimmed"):
        grown = growth(days, what, warm_up=warm_up, window=window)
        if grown.share >= most:
            wrong.append(f"leak: {what} grew by {grown.share:.1%}")
    files = growth(days, "files", warm_up=warm_up, window=window)
    if files.after > files.before:
        wrong.append(f"leak: open files, {files.before} before, {files.after} at the end")
    threads = growth(days, "threads", warm_up=warm_up, window=window).after
    # one that is seen on a single day is one that was just about to end
    early = max(day.threads for day in days if day.number <= warm_up + window)
    if threads > early + LATE_THREADS:
        most_threads = max(day.threads for day in days if day.number > days[-1].number - window)
        wrong.append(f"leak: threads, {most_threads} at the end")
    if days[-1].temporary:
        wrong.append(f"left: {days[-1].temporary} temporary files")
    wrong += [f"left: {each}" for each in found.kinds if each.startswith("other")]
    return wrong
