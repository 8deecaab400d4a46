"""The proof by damage: `python -m tests.malformed.fuzz --files 20000 --seed 1`.

Damages so many files, runs the program on them, and prints how it ended; each fault is named by
the seed that draws it again, with the damages it takes and no others.
"""

import contextlib
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tests.malformed.fuzz.judge import KINDS, MEBIBYTES
from tests.malformed.fuzz.proof import Proof, Tally


def main(
    files: Annotated[int, typer.Option(min=1, help="How many files to damage.")] = 20_000,
    seed: Annotated[int, typer.Option(min=1, help="The seed of the first life.")] = 1,
) -> None:
    """Damage files, and show that the program answers in words and misses nothing."""
    console = Console()
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    began = time.monotonic()
    tally, told = Tally(), 0
    with contextlib.suppress(KeyboardInterrupt):  # the figures so far are figures
        for tally in Proof(folder).run(seed, files=files):
            for found in tally.found[told:]:
                print(found, file=sys.stderr, flush=True)
            told = len(tally.found)
            if not sum(tally.lives.values()) % 10:
                said = f"{tally.files.total():,} files, {time.monotonic() - began:.0f} s"
                print(said, file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    lives = sum(tally.lives.values())
    console.print(_of_files(tally), _of_ends(tally))
    console.print(
        f"{tally.files.total():,} files in {lives} lives, {tally.ends.total():,} acts, "
        f"seeds {seed} to {seed + lives - 1}, {time.monotonic() - began:.0f} s, "
        f"{tally.seconds:.0f} s of the processor."
    )
    console.print(
        ", ".join(f"{kind} {tally.faults[kind]}" for kind in KINDS)
        + f"; at most {tally.slowest:.1f} s an act, {tally.peak} of {MEBIBYTES} MiB."
    )
    if tally.found:
        raise typer.Exit(1)


def _of_files(tally: Tally) -> Table:
    table = Table("damage", title="Files damaged")
    suffixes = sorted({each.partition(": ")[0] for each in tally.files})
    for suffix in suffixes:
        table.add_column(suffix, justify="right")
    for kind in sorted({each.partition(": ")[2] for each in tally.files}):
        table.add_row(kind, *(str(tally.files[f"{suffix}: {kind}"] or "") for suffix in suffixes))
    totals = (
        sum(n for each, n in tally.files.items() if each.startswith(f"{suffix}: "))
        for suffix in suffixes
    )
    table.add_row("all", *map(str, totals))
    return table


def _of_ends(tally: Tally) -> Table:
    table = Table("act", title="How acts ended, by exit code")
    codes = sorted({code for _, code in tally.ends})
    for code in codes:
        table.add_column(str(code), justify="right")
    for act in sorted({act for act, _ in tally.ends}):
        table.add_row(act, *(str(tally.ends[act, code] or "") for code in codes))
    return table


if __name__ == "__main__":
    typer.run(main)
