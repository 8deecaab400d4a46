"""The soak: `python -m tests.soak --days 1000`.

Prints what was measured before and after, what went wrong on the way, and what is left; the curve,
a row a day, is in `var/soak/`.
"""

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tests.soak.curve import MEGABYTE, Day, growth, write_csv
from tests.soak.soak import Soak, leaks, soak

CURVES = Path("var") / "soak"


def main(
    days: Annotated[int, typer.Option(min=10, help="How many, one after the other.")] = 1000,
    seed: Annotated[int, typer.Option(help="What happens, and what goes wrong.")] = 1,
    customers: Annotated[int, typer.Option(min=5, help="How many on the first day.")] = 20,
    warm_up: Annotated[int, typer.Option(min=1, help="Days before memory is looked at.")] = 100,
) -> None:
    """Live a tenant's days in one process, and show that it neither grows nor leaks."""
    console = Console()
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    curve = CURVES / f"seed-{seed}-days-{days}.csv"
    lived: list[Day] = []

    def tell(day: Day) -> None:
        lived.append(day)
        if day.trimmed is not None:
            write_csv(lived, curve)
            print(
                f"day {day.number}: {day.seconds_of_run:.2f} s, {day.rss / MEGABYTE:.0f} MB, "
                f"{day.files} files, {day.threads} threads",
                file=sys.stderr,
                flush=True,
            )

    found = soak(folder, seed, days, customers=customers, tell=tell)
    write_csv(found.days, curve)
    console.print(_table(found, warm_up))
    console.print(f"seed {seed}; on the way: {_said(found.told)}", highlight=False)
    console.print(f"in the folder at the end: {_said(found.kinds)}", highlight=False)
    console.print(
        f"to be billed {found.layer_per_month} a month, billed {found.affinity_per_month}, "
        f"of which {found.explained_per_month} is explained; the curve is in {curve}",
        highlight=False,
    )
    wrong = [*found.wrong, *leaks(found, warm_up)]
    for each in wrong:
        console.print(each, markup=False, style="red")
    if wrong:
        console.print(f"What is left of it is in {folder}.")
        raise typer.Exit(1)


def _table(found: Soak, warm_up: int) -> Table:
    days = found.days
    window = max(1, min(100, (days[-1].number - warm_up) // 2))
    table = Table(title=f"{days[-1].number} days in one process")
    table.add_column("")
    table.add_column(f"days {warm_up + 1} to {warm_up + window}", justify="right")
    table.add_column(f"last {window}", justify="right")
    table.add_column("growth", justify="right")
    for name, what, unit in (
        ("memory, MB", "rss", MEGABYTE),
        ("the same, free memory given back", "trimmed", MEGABYTE),
        ("open files", "files", 1),
        ("threads", "threads", 1),
        ("seconds of a day's run", "seconds_of_run", 1),
        ("seconds of a day, faults and all", "seconds", 1),
        ("seconds of looking at the books", "seconds_of_check", 1),
        ("warehouse, MB", "warehouse", MEGABYTE),
        ("batches", "batches", 1),
        ("records of lines and assets", "rows", 1),
        ("landed files", "landed", 1),
        ("temporary files", "temporary", 1),
    ):
        grown = growth(days, what, warm_up=warm_up, window=window)
        share = f"{grown.share:+.1%}" if grown.before else ""
        table.add_row(name, f"{grown.before / unit:,.2f}", f"{grown.after / unit:,.2f}", share)
    return table


def _said(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in sorted(counts.items()))


if __name__ == "__main__":
    typer.run(main)
