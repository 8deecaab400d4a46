"""The proof by deaths: `python -m tests.crash` in CI's size, `--deep` for all of it.

Prints how often the program was killed or failed, what came of it, and the seeds; whatever was
wrong is named, and its folder is kept.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.crash.proof import (
    Proof,
    Tally,
    Trial,
    calls,
    deeper,
    every_point,
    run_all,
    sampled_points,
)

KINDS_OF_FAULT = (
    *("lost", "doubled", "out of order", "partial file"),
    *("illegal move", "traceback", "not converged"),
)


def main(
    deep: Annotated[
        bool, typer.Option(help="Every point, every call, ten times the deaths; takes hours.")
    ] = False,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds.")] = 2,
    drawn: Annotated[int, typer.Option(min=1, help="How many system calls to draw.")] = 120,
    deaths: Annotated[int, typer.Option(min=1, help="How many dying recoveries to draw.")] = 40,
    part: Annotated[
        str, typer.Option(help="Only a part of it, as 2/6: the parts are all of it together.")
    ] = "1/1",
    workers: Annotated[int, typer.Option(min=1, help="How many trials at once.")] = 3,
) -> None:
    """Kill the program wherever it can be killed, and show that its books are right."""
    console = Console()
    folder = Path(tempfile.mkdtemp(prefix="crash-"))
    proof = Proof(folder)
    first, of = (int(number) for number in part.split("/"))
    some = range(seeds)
    dying = (10 if deep else 1) * deaths // seeds
    every: dict[str, list[Trial]] = {
        "named points": every_point(proof, some) if deep else sampled_points(proof, some),
        "killed while mending": [trial for seed in some for trial in deeper(proof, seed, dying)],
        "system calls": calls(proof, 0, None if deep else drawn),
    }
    kinds = {kind: trials[first - 1 :: of] for kind, trials in every.items()}
    began = time.monotonic()
    tallies = {kind: _tally(proof, kind, trials, workers) for kind, trials in kinds.items()}
    console.print(_table(tallies))
    console.print(f"{time.monotonic() - began:.0f} s, seeds {list(some)}, part {part}")
    wrong = [each for tally in tallies.values() for each in tally.wrong]
    for each in wrong:
        console.print(each, markup=False, style="red")
    if wrong:
        console.print(f"What is left of them is in {folder}.")
        raise typer.Exit(1)


def _tally(proof: Proof, kind: str, trials: Sequence[Trial], workers: int) -> Tally:
    tally = Tally()
    for found in track(
        run_all(proof, trials, workers=workers),
        kind,
        total=len(trials),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    ):
        tally.add(found)
        if found.faults:
            print(f"{found.trial}: {found.faults[0]}", file=sys.stderr, flush=True)
    return tally


def _table(tallies: dict[str, Tally]) -> Table:
    table = Table(title="Killed, cut off and started again")
    table.add_column("")
    for kind in tallies:
        table.add_column(kind, justify="right")

    def row(name: str, *numbers: object) -> None:
        table.add_row(name, *map(str, numbers))

    each = tallies.values()
    row("faults tried", *(tally.tried for tally in each))
    row("that hit", *(tally.hit for tally in each))
    row("different places", *(len(tally.places) for tally in each))
    row("survived", *(tally.survived for tally in each))
    row("restarts, 1 / 2", *(f"{t.restarts[1]} / {t.restarts[2]}" for t in each))
    for kind in KINDS_OF_FAULT:
        row(kind, *(tally.faults[kind] for tally in each))
    return table


if __name__ == "__main__":
    typer.run(main)
