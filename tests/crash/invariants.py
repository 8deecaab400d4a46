"""What must hold whatever was killed, read from files and tables without the product's code.

`structure` is asked of the state a dead process left behind, before anything is mended; `outcome`
of where it all ended.
"""

import csv
import hashlib
import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from tests.crash.lives import Scene

_FILES = ("cli", "product", "cease", "entity")
_NOT_SENT = ("layer_updates.csv", "manifest.json")

Outcome = dict[str, list[tuple[Any, ...]]]


def structure(scene: Scene, aside: Path) -> list[str]:
    """Every fault of the frozen state, in words; `aside` is room for a copy of the warehouse."""
    found = [*_folders(scene.outbox), *_affinity(scene)]
    if scene.warehouse.exists():
        with _looking(scene.warehouse, aside) as connection:
            found += _books(connection, scene.outbox)
    return found


def outcome(scene: Scene, aside: Path) -> Outcome:
    """Where everything ended, without what two good runs may differ in (moments, ids)."""
    with _looking(scene.warehouse, aside) as connection:
        said = {
            name: connection.execute(sql).fetchall()
            for name, sql in {
                "charges": "SELECT line_id, charge_type, disposition, value, bill_start_on "
                "FROM out.charge ORDER BY ALL",
                "where they stand": "SELECT line_id, charge_type, status FROM ops.charge_state "
                "ORDER BY ALL",
                "numbers": "SELECT site_ref, cli, status FROM ops.cli_state ORDER BY ALL",
                "queue": "SELECT subject, kind, reason, state FROM ops.retry_item "
                "WHERE state NOT IN ('done', 'discarded') ORDER BY ALL",
                "batches": "SELECT seq, state, row_count, value FROM out.batch ORDER BY seq",
                "moves": "SELECT line_id, charge_type, from_status, to_status, batch_seq "
                "FROM ops.ledger ORDER BY ALL",
                "runs left open": "SELECT status FROM ops.run WHERE status = 'running'",
            }.items()
        }
    return {**said, "Affinity": _billed_there(scene)}


def _folders(outbox: Path) -> Iterator[str]:
    """A folder under its final name is whole, and holds what its manifest lists."""
    for folder in sorted(outbox.glob("[0-9]*")):
        try:
            manifest = json.loads((folder / "manifest.json").read_bytes())
        except (OSError, ValueError):
            yield f"partial file: batch {folder.name} has no whole manifest"
            continue
        for file in manifest["files"]:
            path = folder / file["name"]
            content = path.read_bytes() if path.exists() else b""
            if hashlib.sha256(content).hexdigest() != file["sha256"]:
                yield f"partial file: {file['name']} of batch {folder.name}"
            rows = list(csv.reader(content.decode().splitlines()))[1:]
            if len(rows) != file["rows"]:
                yield f"partial file: {file['name']} of batch {folder.name} has other rows"


def _affinity(scene: Scene) -> Iterator[str]:
    """Nothing is there twice, nothing came before what it needs."""
    audit = scene.stand_in.audit()
    if audit["double_bills"]:
        yield f"doubled: {audit['double_bill_keys']}"
    if audit["out_of_order"]:
        yield f"out of order: {audit['out_of_order']} file(s)"
    if audit["rows_loaded_again"]:
        yield f"doubled: loaded again {audit['rows_loaded_again']}"


def _books(connection: duckdb.DuckDBPyConnection, outbox: Path) -> Iterator[str]:
    numbers = [seq for (seq,) in _ask(connection, "SELECT seq FROM out.batch ORDER BY seq")]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"illegal move: batch numbers {numbers}"
    strangers = {int(each.name) for each in outbox.glob("[0-9]*")} - set(numbers)
    if strangers:
        yield f"lost: the outbox holds batches {strangers} that the warehouse does not know"
    for seq, promised in _ask(connection, "SELECT seq, row_count FROM out.batch"):
        frozen = sum(
            _ask(connection, f"SELECT count(*) FROM out.batch_{file} WHERE seq = {seq}")[0][0]
            for file in _FILES
        )
        if frozen != promised:
            yield f"lost: batch {seq} promises {promised} rows and holds {frozen}"
    standing = Counter(
        key
        for (key,) in _ask(
            connection,
            "SELECT product.row_key FROM out.batch_product AS product "
            "JOIN out.batch AS batch USING (seq) "
            "LEFT JOIN out.batch_outcome AS answer "
            "ON product.seq = answer.seq AND product.row_key = answer.row_key "
            "WHERE batch.state <> 'abandoned' AND coalesce(answer.outcome, '') <> 'rejected'",
        )
    )
    doubled = [key for key, times in standing.items() if times > 1]
    if doubled:
        yield f"doubled: {len(doubled)} row key(s) in two batches"
    unproven = _ask(
        connection,
        "SELECT state.line_id FROM ops.charge_state AS state "
        "LEFT JOIN out.batch_outcome AS answer "
        "ON state.batch_seq = answer.seq AND answer.outcome = 'accepted' "
        "WHERE state.status = 'in_billing' AND answer.seq IS NULL",
    )
    if unproven:
        yield f"illegal move: In Billing without an accepted row: {unproven}"
    yield from _moves(connection)


def _moves(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Every move begins where the one before ended, and the ledger's commits are numbered on."""
    commits = [n for (n,) in _ask(connection, "SELECT commit_no FROM ops.ledger_commit ORDER BY 1")]
    if commits != list(range(1, len(commits) + 1)):
        yield f"illegal move: ledger commits {commits}"
    stands: dict[tuple[str, str], str] = {}
    for line, kind, before, after in _ask(
        connection,
        # not by moment: what is committed anew has that of its decision, without fractions
        "SELECT line_id, charge_type, from_status, to_status FROM ops.ledger ORDER BY commit_no",
    ):
        if stands.get((line, kind), before) != before:
            yield f"illegal move: {line} {kind} moves from {before}, stood at {stands[line, kind]}"
        stands[line, kind] = after


def _billed_there(scene: Scene) -> list[tuple[Any, ...]]:
    with sqlite3.connect(scene.place / "affinity" / "affinity.sqlite3") as connection:
        products = connection.execute(
            "SELECT line_id, charge_type, quantity, unit_price, start_on, end_on, cli, row_key "
            "FROM site_product ORDER BY 1, 2, 5, 6"
        ).fetchall()
        clis = connection.execute("SELECT site_ref, cli, start_on, end_on FROM cli").fetchall()
    return products + sorted(clis)


def _ask(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return connection.execute(sql).fetchall()


@contextmanager
def _looking(warehouse: Path, aside: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of the warehouse and its log: looking at the frozen state mends nothing."""
    aside.mkdir(parents=True, exist_ok=True)
    copy = aside / warehouse.name
    for suffix in ("", ".wal"):
        source = warehouse.with_name(warehouse.name + suffix)
        copy.with_name(copy.name + suffix).unlink(missing_ok=True)
        if source.exists():
            shutil.copy(source, copy.with_name(copy.name + suffix))
    with duckdb.connect(str(copy)) as connection:
        yield connection
