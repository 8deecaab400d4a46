"""What is timed: each runs in a fresh process on two cores, after the disk has come to rest."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

AS_OF = "2026-10-30"
"""The day the sample reseller's world is seen on."""

CORES = 2
RIVALS = ("pandas", "duckdb", "polars")
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Took:
    """What a process took: `peak_mb` is the memory of the largest process of its tree."""

    wall: float
    cpu: float
    peak_mb: float
    output: str = ""

    @property
    def said(self) -> dict[str, Any]:
        """What it printed, as JSON."""
        words: dict[str, Any] = json.loads(self.output)
        return words


def median(runs: Sequence[Took], measure: str) -> float:
    """The median of `wall`, `cpu` or `peak_mb`."""
    return float(statistics.median(getattr(run, measure) for run in runs))


def figures(took: Took) -> dict[str, float]:
    """What is kept of a run: its measures, to a hundredth."""
    measures = asdict(took)
    del measures["output"]
    return {name: round(value, 2) for name, value in measures.items()}


def run_job(
    folder: Path, as_of: str = AS_OF, *, anew: bool = True, statements: bool = False
) -> Took:
    """The billing run on `folder`; `anew` from no warehouse at all.

    `statements`: it says of each statement of the warehouse what it took, which takes time too.
    """
    for each in ("var", "outbox") if anew else ():
        shutil.rmtree(folder / each, ignore_errors=True)
    return run("benchmarks.job", str(folder), as_of, *(["--statements"] if statements else []))


def run_floor(folder: Path, *, rows: int) -> Took:
    """The floor on the same files, with `rows` rows written."""
    out = emptied(folder / "floor")
    return run("benchmarks.floor", str(folder / "feeds"), str(out), str(rows))


def run_rival(folder: Path, rival: str, *, pandas: Path | None = None) -> Took:
    """A rival on the same files; only the one of pandas sees the folder `pandas` is in."""
    out = emptied(folder / rival)
    seen = {"PYTHONPATH": str(pandas)} if pandas is not None and rival == "pandas" else {}
    module = f"benchmarks.rivals.{rival}_job"
    return run(module, str(folder / "feeds"), str(out), AS_OF, environment=seen)


def run(module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Took:
    """`python -m module arguments` in the project's folder; its output must be all it has to say.

    Raises:
        SystemExit: it failed.
    """
    return run_command([sys.executable, "-m", module, *arguments], ROOT, environment or {})


def run_command(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Took:
    """A command in `folder`, with more in its environment."""
    os.sync()  # what was written before is not this run's to pay
    with tempfile.TemporaryFile("w+", encoding="utf-8") as words:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=words,
            env={**os.environ, "POLARS_MAX_THREADS": str(CORES), **environment},
            preexec_fn=_on_two_cores,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
        words.seek(0)
        return Took(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, words.read())


def _on_two_cores() -> None:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])


def emptied(folder: Path) -> Path:
    """A folder with nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
