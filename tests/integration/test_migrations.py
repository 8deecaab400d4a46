"""The warehouse's shape: numbered migrations, run once each; an old one upgrades without loss."""

from pathlib import Path

import duckdb
import polars as pl
import pytest

from schemas.charge import CHARGE
from schemas.errors import MigrationFailed
from schemas.feeds import FEEDS, Kind
from tests.integration.office import Office
from warehouse.connection import prepare_warehouse
from warehouse.migrate import BOOK, Migration, migrate, migrations
from warehouse.statements import views

SQL_TYPES = {
    Kind.TEXT: "VARCHAR",
    Kind.DATE: "DATE",
    Kind.MONEY: "DECIMAL(18,4)",
    Kind.INTEGER: "BIGINT",
    Kind.QUANTITY: "BIGINT",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.CHOICE: "VARCHAR",
}


def shape(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, ...]]:
    """Every column of every table and view."""
    return connection.execute(
        "SELECT schema_name, table_name, column_name, data_type, column_index "
        "FROM duckdb_columns() WHERE NOT internal ORDER BY ALL"
    ).fetchall()


def columns(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """Names and types of a table's columns, in order."""
    return {row[0]: row[1] for row in connection.execute(f"DESCRIBE {table}").fetchall()}


@pytest.fixture
def fresh() -> duckdb.DuckDBPyConnection:
    """A new warehouse in memory."""
    connection = duckdb.connect()
    migrate(connection)
    return connection


def test_migrations_are_numbered_from_one_without_a_gap():
    found = migrations()

    assert list(range(1, len(found) + 1)) == [migration.number for migration in found]
    assert all(migration.name and migration.sql for migration in found)


def test_a_fresh_warehouse_has_the_shape_of_one_migrated_step_by_step(
    fresh: duckdb.DuckDBPyConnection,
):
    stepwise = duckdb.connect()
    stepwise.execute(BOOK)
    for migration in migrations():
        stepwise.execute(migration.sql)
    for view in views().values():
        stepwise.execute(view)

    assert shape(fresh) == shape(stepwise)


def test_the_migrations_that_have_run_are_in_sight(fresh: duckdb.DuckDBPyConnection):
    numbers = fresh.execute("SELECT number FROM ops.migration ORDER BY number").fetchall()

    assert [(migration.number,) for migration in migrations()] == numbers


def test_migrating_again_runs_nothing(fresh: duckdb.DuckDBPyConnection):
    before = shape(fresh)

    assert ([], before) == (migrate(fresh), shape(fresh))


@pytest.mark.parametrize("feed", FEEDS)
def test_core_holds_each_feed_as_its_contract_says(fresh: duckdb.DuckDBPyConnection, feed: str):
    expected = {column.name: SQL_TYPES[column.kind] for column in FEEDS[feed].columns}

    assert {"row_number": "BIGINT", **expected} == columns(fresh, f"core.{feed}")


def test_charges_are_stored_as_they_are_judged(fresh: duckdb.DuckDBPyConnection):
    stored = fresh.sql("FROM out.charge").pl()

    # they are stored by name: a later column stands last; and each is as it was judged
    assert {**CHARGE, "as_judged": pl.Boolean} == dict(stored.schema)


CONTRACT = {
    "charge": "line_id, charge_type, customer_id, customer_name, site_id, product_id, "
    "product_name, item_type, route, disposition, waiting_reason, bill_status, quantity, "
    "unit_price, value, frequency, bill_start_on, bill_start_source, cli, sku, batch_seq, "
    "first_ready_on, in_billing_on",
    "line_status": "line_id, upfront_bill_status, recurring_bill_status, light",
    "hold": "line_id, charge_type, reason, since, value",
    "reject": "run_id, feed, row_number, record_key, column_name, reason, raw_value",
    "batch": "seq, state, created_at, confirmed_at, rows, value",
    "batch_row": "seq, file, row_key, outcome, code, message",
    "ledger": "at, line_id, charge_type, from_status, to_status, batch_seq, actor, reason, hash",
    "retry_item": "id, kind, subject, reason, attempts, next_at, state, value",
    "run": "run_id, as_of, started_at, finished_at, status, counts",
}


@pytest.mark.parametrize("view", CONTRACT)
def test_the_views_analysts_rely_on(fresh: duckdb.DuckDBPyConnection, view: str):
    promised = CONTRACT[view].split(", ")

    assert promised == [name for name in columns(fresh, f"mart.{view}") if name in promised]


def test_an_edited_migration_is_refused(fresh: duckdb.DuckDBPyConnection):
    fresh.execute("UPDATE main.migration SET sha256 = 'another' WHERE number = 1")

    with pytest.raises(MigrationFailed, match="Migration 0001 of this warehouse is not the one"):
        migrate(fresh)


def test_a_migration_nobody_knows_is_refused(fresh: duckdb.DuckDBPyConnection):
    fresh.execute("INSERT INTO main.migration SELECT 0, 'x', 'y', applied_at FROM main.migration")

    with pytest.raises(MigrationFailed, match="Migration 0000 of this warehouse is not the one"):
        migrate(fresh)


def test_a_newer_warehouse_is_refused_and_left_alone(tmp_path: Path):
    path = tmp_path / "warehouse.duckdb"
    prepare_warehouse(path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("INSERT INTO main.migration SELECT 9999, 'later', 'x', now()::TIMESTAMP")
    before = path.read_bytes()

    with pytest.raises(MigrationFailed, match="made by a newer version") as refused:
        prepare_warehouse(path)
    assert (41, before) == (refused.value.exit_code, path.read_bytes())


@pytest.mark.parametrize("content", [b"", b"not a database", b"\x00" * 5000])
def test_a_file_that_is_no_warehouse_is_refused(tmp_path: Path, content: bytes):
    office = Office(tmp_path / "office", lines=1)
    office.profile.warehouse.parent.mkdir(parents=True)
    office.profile.warehouse.write_bytes(content)

    assert 41 == office.job().exit_code
    assert content == office.profile.warehouse.read_bytes()


def test_views_that_are_missing_are_made_anew(fresh: duckdb.DuckDBPyConnection):
    fresh.execute("DROP VIEW mart.hold")
    migrate(fresh)

    assert "reason" in columns(fresh, "mart.hold")


def test_a_migration_is_told_apart_by_its_text():
    one, other = (Migration(1, "x", sql).sha256 for sql in ("SELECT 1", "SELECT 2"))

    assert one != other


def test_a_warehouse_is_there_whole_or_not_at_all(tmp_path: Path):
    path = tmp_path / "var" / "warehouse.duckdb"
    prepare_warehouse(path)
    prepare_warehouse(path)

    assert ["warehouse.duckdb"] == [each.name for each in path.parent.iterdir()]
