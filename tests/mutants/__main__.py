"""Which mistakes are noticed; `python -m tests.mutants`, `--protocol` for those in the protocol."""

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tests.mutants.protocol import MUTANTS, Mutant
from tests.mutants.score import TESTS, Verdict, all_mutations, judged, keep_noticer, sample
from tests.mutants.survivors import SURVIVORS
from tests.mutants.tree import Tree, each_in_a_tree

_LEAST = 0.85
_LEAST_ALONE = 30
"""Of the protocol's mistakes at least so many have a test that fails with no other."""


def main(
    drawn: Annotated[int, typer.Option(min=0, help="How many to draw; 0: every one.")] = 60,
    seed: Annotated[int, typer.Option(help="Which ones.")] = 1,
    skip: Annotated[int, typer.Option(min=0, help="Leave out the first ones.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="How many at once.")] = 2,
    keep: Annotated[bool, typer.Option(help="Remember who noticed, for the next time.")] = False,
    protocol: Annotated[
        bool, typer.Option(help="Which of their tests fail with each mistake in the protocol.")
    ] = False,
) -> None:
    """Make mistakes, and show which of them no test notices."""
    console, began = Console(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        is_well = (
            _protocol(Path(folder), console, workers=workers)
            if protocol
            else _score(Path(folder), console, (drawn, seed, skip), workers, keep=keep)
        )
    console.print(f"{time.monotonic() - began:.0f} s")
    if not is_well:
        raise typer.Exit(1)


def _score(
    folder: Path, console: Console, draw: tuple[int, int, int], workers: int, *, keep: bool
) -> bool:
    drawn, seed, skip = draw
    found = (sample(drawn, seed) if drawn else all_mutations())[skip:]
    verdicts = []
    for verdict in judged(found, folder, workers=workers):
        verdicts.append(_told(verdict))
        if keep:
            keep_noticer(verdict)
    table = Table(title=f"Small mistakes, seed {seed}" if drawn else "All small mistakes")
    for name in ("", "made", "noticed", "not noticed", "score"):
        table.add_column(name, justify="left" if not name else "right")
    for part in (*TESTS, ""):
        here = [each for each in verdicts if each.mutation.file.startswith(part)]
        noticed = sum(bool(each.noticed_by) for each in here)
        share = f"{noticed / len(here):.1%}" if here else ""
        row = (len(here), noticed, len(here) - noticed, share)
        table.add_row(part or "all", *map(str, row), end_section=part == [*TESTS][-1])
    console.print(table)
    survived = [each.mutation for each in verdicts if not each.noticed_by]
    for each in sorted(survived, key=str):
        why = SURVIVORS.get(each.name, "nobody has said why")
        console.print(f"{each}\n    {why}", markup=False, highlight=False)
    return len(survived) <= (1 - _LEAST) * len(verdicts)


def _told(verdict: Verdict) -> Verdict:
    """As they come, for it takes long."""
    print(f"{verdict.noticed_by or 'NOT NOTICED'}: {verdict.mutation}", file=sys.stderr, flush=True)
    return verdict


def _protocol(folder: Path, console: Console, *, workers: int) -> bool:
    """Run every mutant's test with every other mutant, and show which fail with one only."""
    tests = [each.test for each in MUTANTS]

    def judge(tree: Tree, mutant: Mutant) -> tuple[Mutant, list[str]]:
        with tree.changed(mutant.file, mutant.source):
            failed = tree.failed(tests, first_only=False)
        return mutant, [each.test for each in MUTANTS if any(map(each.is_noticed_by, failed))]

    noticed, failures = 0, Counter[str]()
    for mutant, hit in each_in_a_tree(MUTANTS, judge, folder, workers=workers):
        noticed += mutant.test in hit
        failures.update(hit)
        others = [test.rpartition("::")[2] for test in hit if test != mutant.test]
        mark = "noticed" if mutant.test in hit else "NOT NOTICED"
        more = f"; by other tests too: {', '.join(others)}" if others else ""
        console.print(f"{mark}: {mutant.name}{more}", markup=False, highlight=False)
    alone = sum(failures[test] == 1 for test in tests)
    console.print(
        f"{len(MUTANTS)} mistakes, {noticed} noticed by their own test; {alone} of these tests "
        "fail with no other mistake"
    )
    return noticed == len(MUTANTS) and alone >= _LEAST_ALONE


if __name__ == "__main__":
    typer.run(main)
