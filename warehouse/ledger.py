"""The ledger: every transition of every charge, chained so that nothing can be changed unseen."""

import hashlib
from collections import Counter, defaultdict
from datetime import date, datetime
from typing import NamedTuple

import duckdb
import polars as pl

from schemas.feeds import SITE_ENTITY_TYPE
from schemas.layer_imports import APPLICATION_LINKS, ASSETS, CUSTOMERS, ORDER_LINES
from warehouse.queries import append, batches_of, first_row, read, registered
from warehouse.statements import statement

GENESIS = "0" * 64
"""What the first commit names as its predecessor."""


class Digest(NamedTuple):
    """What the rows of a commit come to: how many, and the SHA-256 of their hashes in order."""

    rows: int
    sha256: str


NOTHING = Digest(0, hashlib.sha256().hexdigest())
"""A commit without rows."""


def digests(
    connection: duckdb.DuckDBPyConnection, commit_no: int | None = None
) -> dict[int | None, Digest]:
    """Of one commit, or of every one that has rows, whatever order they are stored in.

    The hashes of a commit need not fit into memory: DuckDB sorts them, and they are digested as
    they come.
    """
    rows: Counter[int | None] = Counter()
    hashed: defaultdict[int | None, hashlib._Hash] = defaultdict(hashlib.sha256)
    asked = (
        "SELECT commit_no, hash FROM ops.ledger WHERE $all OR commit_no = $commit_no ORDER BY ALL"
    )
    parameters: dict[str, object] = {"all": commit_no is None, "commit_no": commit_no}
    for batch in batches_of(connection, asked, parameters):
        for (number,), found in batch.group_by("commit_no", maintain_order=True):
            rows[number] += found.height
            hashed[number].update("".join(found["hash"].drop_nulls()).encode())
    return {number: Digest(rows[number], hashed[number].hexdigest()) for number in rows}


MOVE = pl.Schema(
    {
        "line_id": pl.String(),
        "charge_type": pl.String(),
        "from_status": pl.String(),
        "to_status": pl.String(),
        "batch_seq": pl.Int64(),
        "reason": pl.String(),
    }
)

OUTCOME = pl.Schema(
    {
        "row_key": pl.String(),
        "outcome": pl.String(),
        "code": pl.String(),
        "message": pl.String(),
        "stands_as": pl.String(),
        "disposition": pl.String(),
        "bill_status": pl.String(),
        "batch_seq": pl.Int64(),
        "in_billing_on": pl.Date(),
        "refused_content": pl.String(),
        "ref": pl.String(),
    }
)
"""What became of a row, and how its charge or CLI stands and is shown from now on."""


_SETTLED_CHANGES = (
    "groups/go_on",
    "changes/settle_ends",
    "changes/meet_stopped",
    "changes/settle_stops",
    "changes/show_stopped",
    "changes/drop_billed",
    "changes/take_billed",
    "changes/settle_updates",
    "changes/settle_identity",
    "changes/keep_refused",
    "changes/settle_clis",
    "changes/meet_clis",
    "changes/end_clis",
    "changes/settle_entities",
    "changes/drop_told_entities",
    "changes/show_answered_entities",
    "changes/hold_refused_entities",
    "groups/meet",
    "groups/change",
    "groups/end",
    "groups/keep_refused",
    "groups/keep_refused_members",
    "groups/leave",
    "groups/join",
    "groups/change_members",
    "groups/drop",
)
"""What follows from outcomes for what Affinity bills, in this order: ends come before what begins
anew, as in the files."""


class Ledger:
    """Transitions and where each charge stands. Tables: `ops.ledger*`, `ops.*_state`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Work on an open warehouse; the caller owns the transaction."""
        self._connection = connection

    def record(
        self, moves: pl.DataFrame, *, what: str, seq: int, actor: str, moment: datetime
    ) -> None:
        """Append one commit of `moves` (MOVE); one without moves leaves its mark as well."""
        moves = moves.select(pl.col(c).cast(t) for c, t in MOVE.items())
        with registered(self._connection, "moves", moves):
            self._commit(
                statement("ledger/record"), {}, what=what, seq=seq, actor=actor, moment=moment
            )

    def record_claim(self, seq: int, *, actor: str, moment: datetime) -> None:
        """Append one commit of what batch `seq` takes, which need not fit into memory."""
        claimed = statement("ledger/read_claimed_moves")
        sql = statement("ledger/record").replace("FROM moves", f"FROM ({claimed}) AS moves")
        self._commit(sql, {"seq": seq}, what="claim", seq=seq, actor=actor, moment=moment)

    def _commit(
        self,
        sql: str,
        parameters: dict[str, object],
        *,
        what: str,
        seq: int,
        actor: str,
        moment: datetime,
    ) -> None:
        head = first_row(
            self._connection,
            "SELECT commit_no, hash FROM ops.ledger_commit ORDER BY commit_no DESC LIMIT 1",
        )
        commit_no, previous = (head[0] + 1, head[1]) if head else (1, GENESIS)
        common = {
            "commit_no": commit_no,
            "committed_at": moment,
            "actor": actor,
            "previous": previous,
        }
        self._connection.execute(sql, {**parameters, **common})
        rows, digest = digests(self._connection, commit_no).get(commit_no, NOTHING)
        self._connection.execute(
            statement("ledger/seal"),
            {**common, "what": what, "seq": seq, "rows": rows, "digest": digest},
        )

    def decisions(self) -> dict[int, int]:
        """How many decisions about each batch (transfers, abandonments) are committed, by number.

        Batches without any are left out.
        """
        return dict(
            self._connection.execute(
                "SELECT batch_seq, count(*) FROM ops.ledger_commit "
                "WHERE what IN ('transfer', 'abandon') GROUP BY batch_seq"
            ).fetchall()
        )

    def take(self, seq: int) -> None:
        """Note that the frozen rows of batch `seq` are exported."""
        self._connection.execute(statement("groups/free_companions"), {"seq": seq})
        self._connection.execute(statement("ledger/retake_state"), {"seq": seq})
        self._connection.execute(statement("ledger/take_state"), {"seq": seq})
        self._connection.execute(statement("ledger/take_clis"), {"seq": seq})
        self._connection.execute(statement("changes/meet_entities"), {"seq": seq})
        self._connection.execute(statement("changes/show_left_entities"), {"seq": seq})
        self._connection.execute(statement("changes/show_left_charges"), {"seq": seq})

    def outcomes(self, seq: int) -> pl.DataFrame:
        """Rows of a batch in no order, with what became of them; `outcome` null = none yet."""
        return read(self._connection, statement("ledger/read_outcomes"), {"seq": seq})

    def places(self, seq: int) -> pl.DataFrame:
        """Where in its file each row of a batch stands: `row_key`, `place` from 1."""
        return read(self._connection, statement("ledger/read_places"), {"seq": seq})

    def counts(self, seq: int) -> dict[tuple[str | None, bool], int]:
        """Rows of a batch, CLIs left out: (outcome, whether a charge is billed or taken back)."""
        rows = self._connection.execute(statement("ledger/count_outcomes"), {"seq": seq}).fetchall()
        return {(outcome, moves): records for outcome, moves, records in rows}

    def settle(self, seq: int, outcomes: pl.DataFrame, *, today: date) -> None:
        """Store new `outcomes` (OUTCOME) of a batch's rows and where their charges and CLIs stand.

        What was said of such a row before is replaced. What is held by them is so since `today`.
        """
        outcomes = outcomes.select(pl.col(c).cast(t) for c, t in OUTCOME.items())
        with registered(self._connection, "outcomes", outcomes):
            self._connection.execute(statement("ledger/drop_outcomes"), {"seq": seq})
            self._connection.execute(statement("ledger/settle_charges"), {"seq": seq})
            self._connection.execute(statement("ledger/settle_clis"), {"seq": seq})
            self._connection.execute(statement("undo/settle_charges"), {"seq": seq})
            self._connection.execute(statement("undo/settle_clis"), {"seq": seq})
            self._connection.execute(statement("ledger/refresh_charges"), {"seq": seq})
            for change in _SETTLED_CHANGES:
                self._connection.execute(statement(change), {"seq": seq})
            self._connection.execute(statement("changes/make_answered_charges"), {"seq": seq})
        for showing in ("changes/drop_told_charges", "changes/show_answered_charges"):
            self._connection.execute(statement(showing))
        append(
            self._connection,
            "out.batch_outcome",
            outcomes.select(
                pl.lit(seq, pl.Int64).alias("seq"), "row_key", "outcome", "code", "message"
            ),
        )
        self._connection.execute(statement("ledger/hold_refused"), {"seq": seq})
        self._connection.execute(statement("undo/refresh_charges"), {"seq": seq})
        self._connection.execute(statement("undo/hold_charges"), {"seq": seq})
        self._connection.execute(statement("ledger/date_holds"), {"today": today})

    def layer_updates(self, seq: int) -> pl.DataFrame:
        """LAYER_UPDATES rows of a batch, sorted by line and charge type."""
        return read(self._connection, statement("ledger/read_layer_updates"), {"seq": seq})

    def layer_imports(self, seq: int, *, application: str) -> dict[str, pl.DataFrame]:
        """What The Layer is to take over of a batch, by import file (`LAYER_IMPORTS`), sorted."""
        of_batch: dict[str, object] = {"seq": seq}
        links = {**of_batch, "application": application, "entity_type": SITE_ENTITY_TYPE}
        return {
            ORDER_LINES.name: self._ask("write_back/read_order_lines", of_batch),
            CUSTOMERS.name: self._ask("write_back/read_customers", of_batch),
            APPLICATION_LINKS.name: self._ask("write_back/read_application_links", links),
            ASSETS.name: self._ask("write_back/read_assets", of_batch),
        }

    def _ask(self, name: str, parameters: dict[str, object]) -> pl.DataFrame:
        return read(self._connection, statement(name), parameters)

    def history(self, line_id: str) -> pl.DataFrame:
        """Every transition of a line's charges, oldest first."""
        return read(
            self._connection,
            'SELECT "at", charge_type, from_status, to_status, batch_seq, actor, reason '
            "FROM ops.ledger WHERE line_id = $line_id ORDER BY commit_no, charge_type",
            {"line_id": line_id},
        )
