"""The memory that a run may use: what does not fit is said in words, and nothing is half done."""

from pathlib import Path

import polars as pl
import pytest

from schemas.errors import OutOfMemory
from tests.integration.office import Office
from tests.running import resident
from warehouse.connection import open_warehouse, transaction
from warehouse.queries import append

MORE_THAN_IT_MAY = (
    "SELECT list(number ORDER BY hash(number)) FROM range(20000000) AS numbers (number)"
)


def test_what_does_not_fit_says_what_to_do(tmp_path: Path):
    office = Office(tmp_path / "office")
    office.run()
    warehouse = office.profile.warehouse

    with (
        pytest.raises(OutOfMemory) as stopped,
        open_warehouse(warehouse, memory="64MiB") as connection,
    ):
        connection.execute(MORE_THAN_IT_MAY)

    assert 42 == stopped.value.exit_code
    assert "Raise warehouse.memory in the profile" in str(stopped.value)
    office.uploaded()
    assert {"L1": "in_billing", "L2": "in_billing"} == office.dispositions()


@pytest.mark.parametrize("megabytes", [1, 8])
def test_what_does_not_fit_while_it_is_stored_says_so_too(tmp_path: Path, megabytes: int):
    """A statement, what ends it, or the commit: whichever of them the memory is not enough for."""
    office = Office(tmp_path / "office")
    office.run()
    texts = pl.DataFrame({"text": ["x" * (megabytes << 20)] * (100 // megabytes)})

    with pytest.raises(OutOfMemory):
        _store(texts, office.profile.warehouse)


def _store(texts: pl.DataFrame, warehouse: Path) -> None:
    with open_warehouse(warehouse, memory="48MiB") as connection:
        connection.execute("CREATE TEMP TABLE long (text VARCHAR)")
        with transaction(connection):
            append(connection, "long", texts)


def test_what_was_stored_is_let_go_of(tmp_path: Path):
    """A run stores its answers batch by batch, in one transaction."""
    batches, rows = 16, 500_000
    size = batches * pl.DataFrame({"text": ["x" * 60] * rows}).estimated_size()

    with open_warehouse(tmp_path / "warehouse.duckdb", memory="128MiB") as connection:
        connection.execute("CREATE TABLE long (text VARCHAR)")
        with transaction(connection):
            before = resident()
            for number in range(batches):
                append(connection, "long", pl.DataFrame({"text": [f"{number:>60}"] * rows}))
            grown = resident() - before

    assert grown < size / 2
