"""The warehouse's views and tables, from `schemas/marts.py` and a warehouse made on the spot."""

import contextlib

import duckdb

from docs.parts.markdown import code, table
from schemas.feeds import FEEDS
from schemas.marts import BEHIND, VIEWS
from warehouse.migrate import migrate


def views() -> str:
    """One table of columns per view of `mart`."""
    return "\n\n".join(
        f"### mart.{view.name}\n\n{view.about} One row per {view.grain}.\n\n"
        + table(
            ("column", "type", "meaning"),
            ((code(each.name), each.kind, each.about) for each in view.columns),
        )
        for view in VIEWS.values()
    )


def behind() -> str:
    """The tables of `out` and `ops`, with their columns as a migrated warehouse has them."""
    columns = _columns("out", "ops")
    return table(
        ("table", "what it holds", "columns"),
        (
            (code(name), about, ", ".join(map(code, columns[name])))
            for name, about in BEHIND.items()
        ),
    )


def core() -> str:
    """The tables of `core`: one per feed."""
    return table(
        ("table", "what it holds"),
        ((code(f"core.{feed.name}"), feed.about) for feed in FEEDS.values()),
    )


def _columns(*namespaces: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    with contextlib.closing(duckdb.connect()) as connection:
        migrate(connection)
        rows = connection.execute(
            "SELECT concat(schema_name, '.', table_name), column_name FROM duckdb_columns() "
            "WHERE list_contains($namespaces, schema_name) "
            "ORDER BY schema_name, table_name, column_index",
            {"namespaces": list(namespaces)},
        ).fetchall()
    for name, column in rows:
        found.setdefault(name, []).append(column)
    return found
