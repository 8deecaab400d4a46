"""A throw-away copy of what a judgement depends on, for looking without touching."""

from pathlib import Path

import duckdb

from schemas.errors import WarehouseBusy
from warehouse.connection import open_warehouse
from warehouse.feeds import NEW_PREFIX

_SCHEMAS = ("out", "ops")

RECONCILED = (
    "out.reconciliation",
    "out.reconciled_layer",
    "out.reconciled_affinity",
    "out.restated",
    "out.money_clock",
    "out.repair",
)
"""What the last reconciliation came to."""

_FOR_PEOPLE = ("ops.layer_fact", "ops.affinity_fact", *RECONCILED)
"""What no judgement depends on: the reconciliation's, which may be large."""


def copy_state(source: Path, target: Path, *, with_core: bool) -> None:
    """Copy ledger, batches, queue and last judgement (and `core`, if asked) into `target`.

    The reconciliation stays behind.

    `source` is opened read-only and need not exist; `target` is a prepared, empty warehouse. An
    older `source` is copied column by column, by name.

    Raises:
        WarehouseBusy: a run has `source` open.
    """
    if not source.exists():
        return
    schemas = (*_SCHEMAS, "core") if with_core else _SCHEMAS
    quoted = str(source).replace("'", "''")
    with open_warehouse(target) as connection:
        try:
            connection.execute(f"ATTACH '{quoted}' AS live (READ_ONLY)")
        except duckdb.IOException as error:
            raise WarehouseBusy(
                f"Reading the warehouse {source.name}: a run is using it.",
                hint="Wait until it has finished, then try again.",
            ) from error
        tables = connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() "
            "WHERE database_name = 'live' AND list_contains($schemas, schema_name) "
            "AND NOT (schema_name = 'core' AND starts_with(table_name, $new)) "
            "AND NOT list_contains($left, concat(schema_name, '.', table_name))",
            {"schemas": list(schemas), "new": NEW_PREFIX, "left": list(_FOR_PEOPLE)},
        ).fetchall()
        for schema, table in tables:
            connection.execute(
                f"INSERT INTO {schema}.{table} BY NAME SELECT * FROM live.{schema}.{table}"
            )
        connection.execute("DETACH live")
