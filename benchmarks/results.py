"""What was measured, as it is kept beside the code: `docs/performance.md` is made from it."""

import json
import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.processes import CORES, ROOT, Took, figures

FOLDER = ROOT / "benchmarks" / "results"
_PACKAGES = ("prefect", "polars", "pandera", "duckdb", "pyarrow")


@dataclass(frozen=True)
class Result:
    """One case: how long each took that was timed by turns in it, run by run."""

    kind: str
    case: str
    about: str
    order: int
    took: Mapping[str, Sequence[Mapping[str, float]]]
    notes: Mapping[str, str] = field(default_factory=dict)
    steps: Mapping[str, float] = field(default_factory=dict)
    measured: Mapping[str, str] = field(default_factory=dict)


def keep(result: Result) -> Path:
    """Write a result where the page finds it; an older one of the same case is replaced."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{result.kind}-{result.case}.json"
    path.write_text(json.dumps(asdict(result), indent=1, ensure_ascii=False) + "\n", "utf-8")
    return path


def kept() -> list[Result]:
    """Every result there is, by kind and order."""
    found = [Result(**json.loads(path.read_text("utf-8"))) for path in FOLDER.glob("*.json")]
    return sorted(found, key=lambda each: (each.kind, each.order, each.case))


def taken(runs: Mapping[str, Sequence[Took]]) -> dict[str, list[dict[str, float]]]:
    """The figures of every run, by who ran."""
    return {name: [figures(took) for took in each] for name, each in runs.items()}


def here() -> dict[str, str]:
    """On what, and on which versions, it was measured."""
    words = Path("/proc/cpuinfo").read_text("utf-8")
    processor = re.search(r"^model name\s*: (.*)$", words, re.MULTILINE)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "machine": f"{processor[1] if processor else platform.machine()}, "
        f"{CORES} cores of it, {memory:.0f} GiB",
        "versions": ", ".join(
            [f"Python {platform.python_version()}"]
            + [f"{package} {version(package)}" for package in _PACKAGES]
        ),
        "day": datetime.now(UTC).date().isoformat(),
    }
