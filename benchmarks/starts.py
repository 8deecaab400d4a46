"""What a person waits for who only wants to know."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb

from benchmarks.processes import Took, run_command

_NOTHING = "from prefect import flow\n@flow\ndef nothing(): pass\nnothing()"


def commands(folder: Path) -> Mapping[str, Callable[[], Took]]:
    """Each thing to wait for by name; all work on the tenant in `folder`, which has been run."""
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
