"""Batches: numbered without gaps, frozen row by row. Tables: `out.batch*`."""

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import polars as pl

from schemas.affinity import CEASES, CLIS, ENTITY_FILES, PRODUCTS, OutFile
from schemas.errors import no_such_batch
from schemas.json_text import read_json
from schemas.receipts import SealedBatch
from schemas.vocabulary import BatchState
from warehouse.queries import append, first_row, read, read_batches, registered, scalar
from warehouse.statements import statement

_READ_ROWS = {
    CLIS.name: "batch/read_clis",
    CEASES.name: "batch/read_ceases",
    PRODUCTS.name: "batch/read_products",
}


_CHARGES_AT_ONCE = 1_000_000


class SitePart(NamedTuple):
    """Some of the sites: the `part`th of `parts`, counted from nought."""

    part: int
    parts: int


class Batch(NamedTuple):
    """One batch as the database knows it. Grain: one per seq."""

    seq: int
    run_id: str | None
    as_of: date
    state: BatchState
    path: Path
    created_at: datetime
    manifest_sha256: str | None
    previous_manifest_sha256: str | None
    row_count: int
    value: Decimal
    totals: Mapping[str, Any]
    is_canary: bool = False
    undoes: int | None = None
    delivery_mode: str | None = None

    def as_sealed(self, manifest_sha256: str, *, is_published: bool = False) -> SealedBatch:
        """What its manifest, of this digest, seals."""
        return SealedBatch(
            seq=self.seq,
            manifest_sha256=manifest_sha256,
            previous_manifest_sha256=self.previous_manifest_sha256,
            as_of=self.as_of,
            row_count=self.row_count,
            value=self.value,
            claimed_at=self.created_at.replace(tzinfo=UTC),
            run_id=self.run_id,
            is_published=is_published,
        )


class Tail(NamedTuple):
    """The last batch that was not abandoned, as far as the next one depends on it."""

    is_canary: bool
    state: BatchState
    rows_not_accepted: int


class BatchStore:
    """Claiming, freezing and following batches."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Work on an open warehouse; the caller owns the transaction."""
        self._connection = connection

    def ready_count(self) -> int:
        """How many charges the latest judgement found ready."""
        return scalar(
            self._connection, "SELECT count(*) FROM out.charge WHERE disposition = 'ready'"
        )

    def ready_rows(self) -> int:
        """How many rows of the product file the ready charges make."""
        return scalar(
            self._connection,
            "SELECT count(*) FROM out.charge AS charge ANTI JOIN out.follower AS follower "
            "ON charge.line_id = follower.line_id AND charge.charge_type = follower.charge_type "
            "WHERE charge.disposition = 'ready'",
        )

    def due_counts(self, *, is_canary: bool) -> dict[str, int]:
        """How many rows besides ready charges the next batch takes, by file.

        A canary takes only the ends of what its charges replace.
        """
        rows = self._connection.execute(
            statement("batch/count_due"), {"is_canary": is_canary}
        ).fetchall()
        return dict(rows)

    def ready_value(self) -> Decimal:
        """What the ready charges are worth."""
        row = first_row(
            self._connection,
            "SELECT coalesce(sum(value), 0) FROM out.charge WHERE disposition = 'ready'",
        )
        return Decimal(row[0]) if row else Decimal(0)

    def last(self) -> Batch | None:
        """The batch with the highest number."""
        found = self._find("ORDER BY seq DESC LIMIT 1", {})
        return found[0] if found else None

    def tail(self) -> Tail | None:
        """The last batch that was not abandoned."""
        row = first_row(self._connection, statement("batch/read_tail"))
        return Tail(row[0], BatchState(row[1]), row[2]) if row else None

    def set_aside(self, rows: int) -> None:
        """Let all ready charges but those of the first `rows` rows of the product file wait.

        The caller brings them back before its transaction ends.
        """
        self._connection.execute(statement("batch/set_aside"), {"rows": rows})

    def set_pairs_aside(self) -> None:
        """Let ready charges wait whose predecessor cannot end in the same batch.

        The caller brings them back before its transaction ends.
        """
        self._connection.execute(statement("batch/set_pairs_aside"))

    def bring_back(self) -> None:
        """Make what was set aside ready, as it was."""
        self._connection.execute(statement("batch/bring_back"))

    def get(self, seq: int) -> Batch | None:
        """One batch by its number."""
        found = self._find("WHERE seq = $seq", {"seq": seq})
        return found[0] if found else None

    def known(self, seq: int) -> Batch:
        """One batch by its number.

        Raises:
            IllegalTransition: there is none.
        """
        batch = self.get(seq)
        if batch is None:
            raise no_such_batch(seq)
        return batch

    def in_state(self, *states: BatchState) -> list[Batch]:
        """Batches in any of `states`, oldest first."""
        return self._find(
            "WHERE list_contains($states, state) ORDER BY seq",
            {"states": [state.value for state in states]},
        )

    def to_check(
        self, under_way: Collection[BatchState], *, newest: int, one_in: int
    ) -> list[Batch]:
        """Batches under way, so many of the newest, and one in so many of all others, by number.

        Which of the others changes with every run, so that each has its turn.
        """
        return self._find(
            "WHERE list_contains($states, state) "
            "OR seq > (SELECT max(seq) FROM out.batch) - $newest "
            "OR seq % $one_in = (SELECT count(*) FROM ops.run) % $one_in ORDER BY seq",
            {
                "states": [state.value for state in under_way],
                "newest": newest,
                "one_in": one_in,
            },
        )

    def paths(self) -> dict[int, Path]:
        """Where the folder of every batch is, or was, by number."""
        rows = self._connection.execute("SELECT seq, path FROM out.batch ORDER BY seq").fetchall()
        return {seq: Path(path) for seq, path in rows}

    def _find(self, clause: str, parameters: dict[str, Any]) -> list[Batch]:
        rows = self._connection.execute(
            "SELECT seq, run_id, as_of, state, path, created_at, manifest_sha256, "
            "previous_manifest_sha256, row_count, value, totals, coalesce(is_canary, FALSE), "
            f"undoes, delivery_mode FROM out.batch {clause}",
            parameters,
        ).fetchall()
        return [
            Batch(
                seq=row[0],
                run_id=row[1],
                as_of=row[2],
                state=BatchState(row[3]),
                path=Path(row[4]),
                created_at=row[5],
                manifest_sha256=row[6],
                previous_manifest_sha256=row[7],
                row_count=row[8],
                value=row[9],
                totals=read_json(row[10]),
                is_canary=row[11],
                undoes=row[12],
                delivery_mode=row[13],
            )
            for row in rows
        ]

    def site_parts(self) -> Iterator[SitePart]:
        """All sites, in parts that hold so many ready charges that memory stays flat."""
        parts = -(-self.ready_count() // _CHARGES_AT_ONCE) or 1
        yield from (SitePart(part, parts) for part in range(parts))

    def ready_for_clis(self, at: SitePart) -> pl.DataFrame:
        """What CLI rows are made from."""
        return read(self._connection, statement("batch/read_ready"), at._asdict())

    def numbers(self) -> pl.DataFrame:
        """Additional numbers of assets with a ready charge."""
        return read(self._connection, statement("batch/read_numbers"))

    def due_clis(self) -> pl.DataFrame:
        """Changes of CLIs that are there: CLI_ROW and `previous_site_ref`."""
        return read(self._connection, "FROM out.due_cli")

    def due_cli_places(self, at: SitePart) -> pl.DataFrame:
        """CLIs that changed charges need, as `ready_for_clis` has them."""
        return read(self._connection, statement("batch/read_due_cli_places"), at._asdict())

    def affinity_clis(self, sites: pl.Series) -> pl.DataFrame:
        """CLIs Affinity says it has at `sites` (its references)."""
        with registered(self._connection, "named_site", sites.rename("site_ref").to_frame()):
            return read(self._connection, statement("batch/read_affinity_clis"))

    def all_affinity_clis(self) -> Iterator[pl.DataFrame]:
        """CLIs Affinity says it has anywhere, in batches, as `affinity_clis` has them."""
        yield from read_batches(
            self._connection, "SELECT site_ref, cli, end_on FROM core.affinity_clis"
        )

    def ledger_clis(self, at: SitePart) -> pl.DataFrame:
        """CLIs we added or are adding: `site_ref`, `cli`, `lives_until` (null = open)."""
        return read(self._connection, statement("batch/read_ledger_clis"), at._asdict())

    def movable_clis(self, customers: pl.Series) -> pl.DataFrame:
        """CLIs Affinity has at sites of `customers` (its refs) where no charge of ours stands."""
        named = customers.rename("customer_ref").to_frame()
        with registered(self._connection, "named_customer", named):
            return read(self._connection, statement("batch/read_movable_clis"))

    def ended_clis(self, at: SitePart) -> pl.DataFrame:
        """CLIs an undo ended, or is ending, and the start of what it ended: `ended_on`."""
        return read(self._connection, statement("batch/read_ended_clis"), at._asdict())

    def freeze(
        self,
        *,
        seq: int,
        tenant: str,
        run_id: str,
        as_of: date,
        path: Path,
        created_at: datetime,
        previous_manifest_sha256: str | None,
        cli_rows: pl.DataFrame,
        totals: Mapping[str, Any],
        delivery_mode: str | None,
        is_canary: bool = False,
    ) -> None:
        """Freeze every ready charge and `cli_rows` as batch `seq`, state claimed."""
        keyed = {"seq": seq, "tenant": tenant}
        self._connection.execute(statement("batch/freeze_products"), keyed)
        if not is_canary:
            self._connection.execute(statement("batch/freeze_entities"), keyed)
            self._connection.execute(statement("batch/freeze_changes"), keyed)
        self._connection.execute(statement("batch/freeze_ends"), {**keyed, "is_canary": is_canary})
        self._connection.execute(statement("groups/freeze_members"), {"seq": seq})
        self.freeze_clis(cli_rows, seq=seq, tenant=tenant)
        sums = self.sums(seq)
        self.enter(
            seq=seq,
            run_id=run_id,
            as_of=as_of,
            path=path,
            created_at=created_at,
            previous_manifest_sha256=previous_manifest_sha256,
            value=sum((Decimal(money) for _, money in sums.values()), Decimal(0)),
            totals=totals,
            delivery_mode=delivery_mode,
            is_canary=is_canary,
        )
        self._connection.execute(statement("batch/mark_exported"), {"seq": seq})

    def freeze_clis(self, cli_rows: pl.DataFrame, *, seq: int, tenant: str) -> None:
        """Freeze `cli_rows` as rows of batch `seq`."""
        with registered(self._connection, "cli_rows", cli_rows):
            self._connection.execute(statement("batch/freeze_clis"), {"seq": seq, "tenant": tenant})

    def meet_clis(self, clis: pl.DataFrame, *, seq: int) -> None:
        """Note the CLIs (CLI_ROW) that batch `seq` needs and Affinity has, ours or not.

        Once a charge on them is billed they are seen: they end and move with it.
        """
        met = clis.drop("action", "previous_cli").with_columns(
            pl.lit("met").alias("status"), pl.lit(seq, pl.Int64).alias("batch_seq")
        )
        append(self._connection, "ops.cli_state", met)

    def enter(
        self,
        *,
        seq: int,
        as_of: date,
        path: Path,
        created_at: datetime,
        previous_manifest_sha256: str | None,
        value: Decimal,
        totals: Mapping[str, Any],
        run_id: str | None = None,
        delivery_mode: str | None = None,
        is_canary: bool = False,
        undoes: int | None = None,
        actor: str | None = None,
        reason: str | None = None,
    ) -> None:
        """Enter batch `seq`, whose rows are frozen, into the book of batches, state claimed."""
        rows = scalar(
            self._connection,
            "SELECT count(*) FROM out.batch_row WHERE seq = $seq",
            {"seq": seq},
        )
        self._connection.execute(
            "INSERT INTO out.batch (seq, run_id, as_of, state, path, created_at, "
            "previous_manifest_sha256, row_count, value, totals, delivery_mode, is_canary, undoes, "
            "actor, reason) VALUES ($seq, $run_id, $as_of, 'claimed', $path, $created_at, "
            "$previous, $rows, $value, $totals, $delivery_mode, $is_canary, $undoes, $actor, "
            "$reason)",
            {
                "seq": seq,
                "run_id": run_id,
                "as_of": as_of,
                "path": str(path),
                "created_at": created_at,
                "previous": previous_manifest_sha256,
                "rows": rows,
                "value": value,
                "totals": json.dumps(totals),
                "delivery_mode": delivery_mode,
                "is_canary": is_canary,
                "undoes": undoes,
                "actor": actor,
                "reason": reason,
            },
        )

    def products(self, seq: int, row_keys: pl.Series) -> pl.DataFrame:
        """A batch's frozen product rows of those keys, whole, in no order."""
        with registered(self._connection, "asked", pl.DataFrame({"row_key": row_keys})):
            return read(self._connection, statement("batch/read_some_products"), {"seq": seq})

    def rows(self, file: OutFile, seq: int) -> Iterator[pl.DataFrame]:
        """The frozen rows of one file of a batch, in file order."""
        if file in ENTITY_FILES:
            yield from read_batches(self._connection, _entity_rows(file), {"seq": seq})
            return
        yield from read_batches(self._connection, statement(_READ_ROWS[file.name]), {"seq": seq})

    def sums(self, seq: int) -> dict[str, tuple[str, str]]:
        """Quantity and money (decimal text) of a batch's product rows by charge type."""
        rows = self._connection.execute(statement("batch/sum_products"), {"seq": seq}).fetchall()
        return {charge_type: (quantity, value) for charge_type, quantity, value in rows}

    def sealed(self, seq: int, *, manifest_sha256: str) -> None:
        """Note the manifest's digest before the folder is published."""
        self._connection.execute(
            "UPDATE out.batch SET manifest_sha256 = $sha256 WHERE seq = $seq",
            {"seq": seq, "sha256": manifest_sha256},
        )

    def sealed_but(self, known: Collection[int]) -> list[SealedBatch]:
        """Batches whose manifest is noted, but for those `known`, oldest first.

        One that is claimed, and may not be in the outbox yet, is left out.
        """
        found = self._find(
            "WHERE manifest_sha256 IS NOT NULL AND state <> $claimed "
            "AND NOT list_contains($known, seq) ORDER BY seq",
            {"claimed": BatchState.CLAIMED.value, "known": sorted(known)},
        )
        return [
            each.as_sealed(each.manifest_sha256, is_published=True)
            for each in found
            if each.manifest_sha256
        ]

    def moved_to(self, seq: int, folder: Path) -> None:
        """Note where the folder of batch `seq` is by now."""
        self._connection.execute(
            "UPDATE out.batch SET path = $path WHERE seq = $seq",
            {"seq": seq, "path": str(folder)},
        )

    def move(
        self,
        seq: int,
        state: BatchState,
        *,
        moment: datetime,
        actor: str | None = None,
        reason: str | None = None,
    ) -> None:
        """Put a batch into `state`; whether the move is legal is the transfer step's to say."""
        stamp = {
            BatchState.WRITTEN: "written_at",
            BatchState.IN_DOUBT: "in_doubt_at",
            BatchState.DELIVERED: "delivered_at",
            BatchState.CONFIRMED: "confirmed_at",
            BatchState.ABANDONED: "abandoned_at",
        }[state]
        self._connection.execute(
            f"UPDATE out.batch SET state = $state, {stamp} = coalesce({stamp}, $moment), "
            "actor = coalesce($actor, actor), reason = coalesce($reason, reason) "
            "WHERE seq = $seq",
            {
                "seq": seq,
                "state": state.value,
                "moment": moment,
                "actor": actor,
                "reason": reason,
            },
        )


def _entity_rows(file: OutFile) -> str:
    """Reads the frozen rows of one of files 01 to 05, its cells as columns, in file order."""
    names = [column.source for column in file.columns if column.source != "row_key"]
    cells = ", ".join(f"cells[{place}] AS {name}" for place, name in enumerate(names, start=1))
    return (
        f"SELECT {cells}, row_key FROM out.batch_entity "
        f"WHERE seq = $seq AND file = '{file.name}' ORDER BY layer_id, row_key"
    )
