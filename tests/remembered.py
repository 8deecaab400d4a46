"""What was remembered of The Layer's side, beside what all of it made anew would be."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import pytest

from warehouse import sides
from warehouse.connection import open_warehouse
from warehouse.sides import SideStore

_ROUTES = {"platform_names": ("Affinity", "Aurora Affinity"), "own_names": ("The Layer",)}


def unlike_all_made_anew(warehouse: Path) -> list[tuple[Any, ...]]:
    """What looking at every line, not only at those that may have changed, finds to remember.

    Right after a run that is nothing, all lines at once or one at a time. The warehouse stays as it
    is. Routes are those of a profile that says nothing of them.
    """
    found: list[tuple[Any, ...]] = []
    for at_once in (sides._LINES_AT_ONCE, 1):
        with (
            tempfile.TemporaryDirectory() as folder,
            pytest.MonkeyPatch.context() as little,
        ):
            little.setattr(sides, "_LINES_AT_ONCE", at_once)
            copy = Path(folder) / warehouse.name
            shutil.copyfile(warehouse, copy)
            with open_warehouse(copy) as connection:
                before = _known(connection)
                ((day,),) = connection.execute(
                    "SELECT as_of FROM ops.run ORDER BY run_id DESC LIMIT 1"
                ).fetchall()
                SideStore(connection).remember_layer("again", day, **_ROUTES, listed_only=False)
                found += sorted(before ^ _known(connection))
    return found


def _known(connection: duckdb.DuckDBPyConnection) -> set[tuple[Any, ...]]:
    rows = connection.execute(
        "SELECT * EXCLUDE (run_id, known_from, known_to) FROM ops.layer_fact WHERE known_to IS NULL"
    ).fetchall()
    return {tuple(map(str, row)) for row in rows}
