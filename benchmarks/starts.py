"""What a person waits for who only wants to know."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb

from benchmarks.processes import Took, run_command, run_job

_MOST_RUNS = 5
"""After its first batch a tenant is at rest with the fourth: what was claimed has to be seen."""

_NOTHING = "from prefect import flow\n@flow\ndef nothing(): pass\nnothing()"


def come_to_rest(folder: Path) -> None:
    """Run a tenant that has been run, on the same day, until a run would find nothing new."""
    for _ in range(_MOST_RUNS):
        with duckdb.connect(folder / "var" / "warehouse.duckdb", read_only=True) as warehouse:
            ((day,),) = warehouse.execute("SELECT max(as_of) FROM ops.run").fetchall()
            if warehouse.execute("FROM work.rest WHERE digest IS NOT NULL").fetchall():
                return
        run_job(folder, str(day), anew=False)
    raise RuntimeError(f"{folder.name} is not at rest after {_MOST_RUNS} runs")


def commands(folder: Path) -> Mapping[str, Callable[[], Took]]:
    """Each thing to wait for by name; all work on the tenant in `folder`, which is at rest."""
    with duckdb.connect(folder / "var" / "published" / "r2b.duckdb", read_only=True) as published:
        row = published.execute(
            "SELECT min(line_id), (SELECT max(as_of) FROM mart.run) FROM mart.charge "
            "WHERE disposition = 'waiting'"
        ).fetchone()
    assert row is not None
    r2b = str(Path(sys.executable).with_name("r2b"))
    home = {"PREFECT_HOME": str(folder / "prefect"), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}

    def command(*words: str) -> Callable[[], Took]:
        return lambda: run_command(words, folder, home)

    return {
        "r2b --help": command(r2b, "--help"),
        "r2b status": command(r2b, "status"),
        "r2b explain LINE": command(r2b, "explain", row[0]),
        "a flow of Prefect's that does nothing": command(sys.executable, "-c", _NOTHING),
        "r2b run, nothing new": command(r2b, "run", "--as-of", str(row[1])),
    }
