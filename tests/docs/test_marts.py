"""The views of a fresh warehouse, and of its published copy, are the ones that are declared."""

from pathlib import Path

import duckdb
import pytest

from schemas.marts import BEHIND, VIEWS
from warehouse.connection import open_published, open_warehouse, prepare_warehouse
from warehouse.published import Publishing, publish

KINDS = {
    "VARCHAR": "text",
    "BIGINT": "number",
    "INTEGER": "number",
    "DECIMAL(38,0)": "number",
    "DECIMAL(18,4)": "money",
    "DECIMAL(38,4)": "money",
    "DATE": "day",
    "TIMESTAMP": "moment",
    "BOOLEAN": "flag",
}

DECLARED = {
    view.name: [(column.name, column.kind) for column in view.columns] for view in VIEWS.values()
}

_COLUMNS = (
    "SELECT table_name, column_name, data_type FROM duckdb_columns() "
    "WHERE schema_name = 'mart' ORDER BY table_name, column_index"
)


def views_of(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for view, column, kind in connection.execute(_COLUMNS).fetchall():
        found.setdefault(view, []).append((column, KINDS[kind]))
    return found


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "warehouse.duckdb"
    prepare_warehouse(path)
    return path


def test_the_views_are_the_declared_ones(warehouse: Path):
    with open_warehouse(warehouse) as connection:
        assert DECLARED == views_of(connection)


def test_the_published_views_are_the_declared_ones(warehouse: Path, tmp_path: Path):
    published = tmp_path / "published.duckdb"
    with open_warehouse(warehouse) as connection:
        publish(connection, Publishing(published))

    with open_published(published) as connection:
        assert DECLARED == views_of(connection)


@pytest.mark.parametrize("view", VIEWS)
def test_every_published_view_can_be_read(view: str, warehouse: Path, tmp_path: Path):
    published = tmp_path / "published.duckdb"
    with open_warehouse(warehouse) as connection:
        publish(connection, Publishing(published))

    with open_published(published) as connection:
        assert [] == connection.execute(f"FROM mart.{view}").fetchall()


def test_every_table_behind_the_views_is_explained(warehouse: Path):
    with open_warehouse(warehouse) as connection:
        tables = connection.execute(
            "SELECT concat(schema_name, '.', table_name) FROM duckdb_tables() "
            "WHERE schema_name IN ('out', 'ops')"
        ).fetchall()

    assert set(BEHIND) == {name for (name,) in tables}
