"""A run that has nothing new to decide, beside one that decides all the same."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from schemas.receipts import RunReceipt
from tasks.listening import listening
from tests.integration.office import Office

_MOST_RUNS = 8
"""Of a day on which nothing happens any more; the last batch's answer takes three to be seen."""


def rested(run: Callable[[], RunReceipt]) -> tuple[bool, RunReceipt]:
    """Whether a run left all as it was decided, and how it ended."""
    steps: list[str] = []
    with listening(steps.append):
        receipt = run()
    left, decided = ("leave all as it was decided" in steps, "judge charges" in steps)
    assert left is not decided, steps
    return left, receipt


def comes_to_rest(office: Office, day: date, run: Callable[[], RunReceipt]) -> None:
    """Let it `run` for a `day` until nothing is new, and see that this is as if all were decided.

    It is decided once more in a copy of the office, as it was just before.
    """
    for _ in range(_MOST_RUNS):
        with tempfile.TemporaryDirectory() as folder:
            other = office.copied(Path(folder) / "office")
            is_at_rest, receipt = rested(run)
            if not is_at_rest:
                continue
            other.change("DROP TABLE work.rest")
            has_rested, anew = rested(lambda: other.run(day))  # noqa: B023  called at once
            assert not has_rested
            assert replace(anew, run_id="") == replace(receipt, run_id="")
            ours, theirs = decided(office), decided(other)
            assert [] == [name for name in ours if ours[name] != theirs[name]]
        return
    raise AssertionError(f"never at rest in {_MOST_RUNS} runs")


def decided(office: Office) -> dict[str, list[tuple[Any, ...]]]:
    """What runs have decided: every table but those that say which runs there were."""
    names = office.query(
        "SELECT concat(schema_name, '.', table_name) AS name FROM duckdb_tables() "
        "WHERE schema_name IN ('core', 'ops', 'out') AND name NOT IN "
        "('ops.run', 'ops.feed_read', 'ops.reject', 'ops.warning') ORDER BY name"
    )
    columns = {"out.batch": "* EXCLUDE (path)"}
    return {
        name: office.query(f"SELECT {columns.get(name, '*')} FROM {name} ORDER BY ALL")
        for (name,) in names
    }
