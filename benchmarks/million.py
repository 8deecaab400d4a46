"""The whole job over a million order lines, beside the floor and the rivals, in the same run.

`python -m benchmarks.million --lines 1000000 --runs 3` makes the feeds (kept for the next time),
runs job, floor and rivals by turns, each in a fresh process on two cores, and prints medians and
ratios.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

AS_OF = "2026-10-30"
CORES = 2
RIVALS = ("pandas", "duckdb", "polars")
_ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Took:
    """What a process took: `peak_mb` is the memory of the largest process of its tree."""

    wall: float
    cpu: float
    peak_mb: float
    output: str


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.million", description=__doc__)
    asked.add_argument("--lines", type=int, default=1_000_000)
    asked.add_argument("--runs", type=int, default=3)
    asked.add_argument("--kind", choices=sorted(_KINDS), default="plain", help="how the CSV is")
    asked.add_argument("--feeds", type=Path, default=_ROOT / "var" / "benchmarks")
    asked.add_argument("--no-floor", action="store_true")
    asked.add_argument("--rival", action="append", choices=RIVALS, default=[], help="as often")
    options = asked.parse_args()

    folder = feeds_folder(options.feeds, options.lines, options.kind)
    jobs: list[Took] = []
    others: dict[str, list[Took]] = defaultdict(list)
    for _ in range(options.runs):
        jobs.append(run_job(folder))
        if not options.no_floor:
            others["floor"].append(run_floor(folder, rows=written_rows(jobs[-1])))
        for rival in options.rival:
            others[rival].append(run_rival(folder, rival))
    show(jobs, others, title=f"{options.lines:,} order lines, CSV {options.kind}, {CORES} cores")


# Feeds


def feeds_folder(where: Path, lines: int, kind: str) -> Path:
    """A folder with `r2b.toml` and `feeds/`; made once, kept for the next time."""
    plain = where / f"{lines}-plain"
    if not plain.exists():
        making = where / f".{lines}-plain"
        shutil.rmtree(making, ignore_errors=True)
        command = ["-m", "sandbox.reseller", "--out", str(making / "feeds"), "--lines", str(lines)]
        subprocess.run([sys.executable, *command], cwd=_ROOT, check=True, capture_output=True)
        shutil.copy(_ROOT / "sandbox" / "reseller" / "r2b.toml", making)
        making.rename(plain)
    folder = where / f"{lines}-{kind}"
    if not folder.exists():
        making = where / f".{lines}-{kind}"
        shutil.rmtree(making, ignore_errors=True)
        (making / "feeds").mkdir(parents=True)
        shutil.copy(plain / "r2b.toml", making)
        for path in (plain / "feeds").glob("*.csv"):  # the manifest is of other files
            _KINDS[kind](path, making / "feeds" / path.name)
        making.rename(folder)
    return folder


def _quoted(source: Path, target: Path) -> None:
    """Every cell in quotes, as many exports write it."""
    import polars as pl

    # one column of whole records is enough where no cell holds a newline or a quote: ours do not
    pl.read_csv(source, infer_schema=False, truncate_ragged_lines=True).write_csv(
        target, quote_style="always"
    )


def _ragged(source: Path, target: Path) -> None:
    """Every hundredth record has a cell too many."""
    with source.open("rb") as lines, target.open("wb") as out:
        for number, line in enumerate(lines):
            out.write(line.replace(b"\n", b",x\n") if number % 100 == 1 else line)


_KINDS = {"plain": shutil.copy, "quoted": _quoted, "ragged": _ragged}


# Processes


def run_job(folder: Path) -> Took:
    """The billing run on `folder`, from no warehouse at all."""
    for each in ("var", "outbox"):
        shutil.rmtree(folder / each, ignore_errors=True)
    return _run("benchmarks.job", str(folder), AS_OF)


def run_floor(folder: Path, *, rows: int) -> Took:
    """The floor on the same files, with `rows` rows written."""
    out = _emptied(folder / "floor")
    return _run("benchmarks.floor", str(folder / "feeds"), str(out), str(rows))


def run_rival(folder: Path, rival: str) -> Took:
    """A rival on the same files; `benchmarks.rivals.check` says whether it answers the same."""
    out = _emptied(folder / rival)
    return _run(f"benchmarks.rivals.{rival}_job", str(folder / "feeds"), str(out), AS_OF)


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def written_rows(job: Took) -> int:
    """How many rows the job wrote for Affinity."""
    return sum(json.loads(job.output)["written"].values())


def _run(module: str, *arguments: str) -> Took:
    os.sync()  # what was written before is not this run's to pay
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "POLARS_MAX_THREADS": str(CORES)},
        preexec_fn=_on_two_cores,
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{module} ended with {process.returncode}")
    return Took(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


def _on_two_cores() -> None:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])


# Showing


def show(jobs: list[Took], others: Mapping[str, list[Took]], *, title: str) -> None:
    """Print medians, and how often the job takes what each of the others does."""
    console = Console()
    table = Table(title=f"{title}: medians of {len(jobs)}")
    for header in ("", "wall s", "CPU s", "peak MB"):
        table.add_column(header, justify="right" if header else "left")
    table.add_row("job", *_medians(jobs))
    for other, runs in others.items():
        table.add_row(other, *_medians(runs))
        ratios = [f"{_median(jobs, name) / _median(runs, name):.2f}" for name in _MEASURES]
        table.add_row(f"job / {other}", *ratios)
    console.print(table)

    steps = [json.loads(job.output)["steps"] for job in jobs]
    table = Table(title="where the job's time goes: medians, seconds")
    for name in sorted(steps[0], key=lambda each: -steps[0][each]):
        table.add_row(name, f"{statistics.median(each[name] for each in steps):.2f}")
    console.print(table)
    last = json.loads(jobs[-1].output)
    console.print(
        f"read {last['read']:,}, rejected {last['rejected']:,}, written {last['written']}"
    )


_MEASURES = ("wall", "cpu", "peak_mb")


def _median(runs: list[Took], name: str) -> float:
    return statistics.median(getattr(run, name) for run in runs)


def _medians(runs: list[Took]) -> list[str]:
    return [f"{_median(runs, name):,.1f}" for name in _MEASURES]


if __name__ == "__main__":
    main()
