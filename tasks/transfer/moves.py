"""Which moves are legal, and what evidence makes of a batch's rows. Pure polars."""

from typing import NamedTuple

import polars as pl

from schemas.errors import IllegalTransition
from schemas.vocabulary import (
    READ_BACK,
    BatchState,
    BillStatus,
    CeaseKind,
    Disposition,
    LedgerStatus,
    RowOutcome,
)
from tasks.retry.policy import RetryTerms
from tasks.transfer.bystanders import with_bystanders

EVIDENCE = pl.Schema(
    {
        "row_key": pl.String(),
        "outcome": pl.String(),
        "code": pl.String(),
        "message": pl.String(),
        "ref": pl.String(),
    }
)

ROW = pl.Schema(
    {
        "row_key": pl.String(),
        "file": pl.String(),
        "place": pl.Int64(),
        "part": pl.String(),
        "kind": pl.String(),
        "subject": pl.String(),
        "line_id": pl.String(),
        "charge_type": pl.String(),
        "customer_ref": pl.String(),
        "site_ref": pl.String(),
        "cli": pl.String(),
        "asset_id": pl.String(),
        "outcome": pl.String(),
        "recorded_code": pl.String(),
        "standing": pl.String(),
        "members": pl.List(
            pl.Struct({"line_id": pl.String(), "charge_type": pl.String(), "kind": pl.String()})
        ),
    }
)
"""A row of a batch: where it stands in its file, what it is about, what became of it so far.

`part` is the written file, null where it does not matter; `kind` what the row does (`charge`,
`change`, `undo`, `cease`, `stop`, `cli`, `entity`), `subject` the queue's name for it; `standing`
what the ledger says of its charge or CLI, null once another batch has taken it up; `members` what
it does to each charge of a group, null where it is about one.
"""

OUTCOME = pl.Schema(
    {
        **EVIDENCE,
        "stands_as": pl.String(),
        "disposition": pl.String(),
        "bill_status": pl.String(),
    }
)
"""What became of a row; how its charge or CLI stands, and is shown until the next run."""

_LEGAL: dict[BatchState, frozenset[BatchState]] = {
    BatchState.CLAIMED: frozenset({BatchState.WRITTEN}),
    BatchState.WRITTEN: frozenset(
        {
            BatchState.IN_DOUBT,
            BatchState.DELIVERED,
            BatchState.CONFIRMED,
            BatchState.ABANDONED,
        }
    ),
    BatchState.IN_DOUBT: frozenset(
        {
            BatchState.WRITTEN,
            BatchState.DELIVERED,
            BatchState.CONFIRMED,
            BatchState.ABANDONED,
        }
    ),
    BatchState.DELIVERED: frozenset({BatchState.CONFIRMED, BatchState.ABANDONED}),
    BatchState.CONFIRMED: frozenset({BatchState.CONFIRMED, BatchState.ABANDONED}),
    BatchState.ABANDONED: frozenset(),
}


class Settlement(NamedTuple):
    """What new evidence comes to.

    `outcomes`: rows that had none before, or another (OUTCOME). `moves`: `line_id`, `charge_type`,
    `from_status`, `to_status`, `reason` of their product and cease rows.
    """

    outcomes: pl.DataFrame
    moves: pl.DataFrame


def check_move(seq: int, state: BatchState, to: BatchState) -> None:
    """Refuse a move of a batch that the rules do not know.

    Raises:
        IllegalTransition: `to` cannot follow `state`.
    """
    if to not in _LEGAL[state]:
        raise IllegalTransition(
            f"Batch {seq} is {state.value}: it cannot become {to.value}.",
            hint="`r2b status` shows the open batches.",
        )


def settle(
    seq: int, rows: pl.DataFrame, evidence: pl.DataFrame, terms: RetryTerms | None = None
) -> Settlement:
    """Match evidence with a batch's rows.

    Args:
        seq: the batch, for messages.
        rows: ROW; `outcome` null = none yet, a column that is missing counts as null.
        evidence: EVIDENCE.
        terms: what one bad row takes along; nothing by default.

    Raises:
        IllegalTransition: a key the batch does not hold, two different outcomes for one key, or
            an outcome other than the one already recorded; nothing is changed.

    What a snapshot has proven stays accepted, whatever an answer says of it later.

    Source: contract section 5; ruling 25.
    """
    rows = _whole(rows)
    terms = terms or RetryTerms()
    said = _as_evidence(evidence)
    unknown = said.join(rows, on="row_key", how="anti").height
    if unknown:
        raise IllegalTransition(
            f"Transferring batch {seq}: {unknown} row key(s) of the result are not in the batch.",
            hint="It is probably the result of another batch. Nothing was changed.",
        )
    distinct = said.unique(["row_key", "outcome"], keep="first", maintain_order=True)
    doubled = distinct.height - distinct["row_key"].n_unique()
    if doubled:
        raise IllegalTransition(
            f"Transferring batch {seq}: {doubled} row key(s) have two outcomes in one result.",
            hint="Ask for a correct result file. Nothing was changed.",
        )
    known = distinct.join(
        rows.select("row_key", "recorded_code", recorded="outcome"),
        on="row_key",
        how="inner",
        maintain_order="left",
    )
    is_proven = (pl.col("recorded_code") == READ_BACK).fill_null(value=False)
    contradicted = known.filter(
        pl.col("recorded").is_not_null() & (pl.col("recorded") != pl.col("outcome")) & ~is_proven
    ).height
    if contradicted:
        raise IllegalTransition(
            f"Transferring batch {seq}: {contradicted} row(s) already have another outcome.",
            hint="What was accepted stays accepted. Nothing was changed.",
        )
    fresh = known.filter(pl.col("recorded").is_null()).select(list(EVIDENCE))
    return _settled(seq, with_bystanders(rows, _with_refs(fresh, rows, terms), terms))


def _as_evidence(said: pl.DataFrame) -> pl.DataFrame:
    if "ref" not in said.columns:
        said = said.with_columns(pl.lit(None, dtype=pl.String).alias("ref"))
    return said.select(pl.col(c).cast(t) for c, t in EVIDENCE.items())


def _with_refs(said: pl.DataFrame, rows: pl.DataFrame, terms: RetryTerms) -> pl.DataFrame:
    """`said` with what Affinity calls the customers and sites it created, as its words say."""
    created = rows.filter(pl.col("file").is_in(["customers", "sites"]))["row_key"]
    in_words = pl.when(
        pl.col("row_key").is_in(created.implode()) & (pl.col("outcome") == RowOutcome.ACCEPTED)
    ).then(pl.col("message").str.extract(terms.created_ref, 1))
    return said.with_columns(pl.coalesce("ref", in_words).alias("ref"))


def settle_found(seq: int, rows: pl.DataFrame, found: pl.Series) -> Settlement:
    """What it comes to that Affinity has the rows `found`, whatever we thought of them.

    A row without an outcome is accepted. A product row we had as abandoned, returned or rejected is
    billed nevertheless, unless another batch has taken its charge up since: accepted as well, so
    that it is never sent again.

    Args:
        seq: the batch.
        rows: ROW.
        found: row keys that are there; those of other batches mean nothing.
    """
    overruled = (pl.col("file") == "products") & pl.col("standing").is_in(list(OVERRULED))
    there = _whole(rows).filter(
        pl.col("row_key").is_in(found.implode())
        & (pl.col("outcome").is_null() | overruled.fill_null(value=False))
    )
    return _settled(
        seq,
        there.with_columns(
            pl.lit(RowOutcome.ACCEPTED.value).alias("said_outcome"),
            pl.lit(READ_BACK).alias("said_code"),
            pl.lit(None, dtype=pl.String).alias("message"),
            pl.lit(value=False).alias("is_bystander"),
        ),
    )


OVERRULED = (LedgerStatus.ABANDONED, LedgerStatus.RETURNED, LedgerStatus.REJECTED)
"""A charge we have as one of these is billed nevertheless when Affinity shows its row."""


def _whole(rows: pl.DataFrame) -> pl.DataFrame:
    missing = (
        pl.lit(None, dtype=kind).alias(name)
        for name, kind in ROW.items()
        if name not in rows.columns
    )
    by_file = {"products": "charge", "ceases": "undo", "clis": "cli"}
    usual = pl.col("file").replace_strict(by_file, default="entity", return_dtype=pl.String)
    return rows.with_columns(*missing).with_columns(pl.coalesce("kind", usual).alias("kind"))


_TO_SETTLE = (
    "row_key",
    "file",
    "kind",
    "line_id",
    "charge_type",
    "members",
    "outcome",
    "said_outcome",
    "said_code",
    "message",
    "is_bystander",
    "ref",
)


def _settled(seq: int, judged: pl.DataFrame) -> Settlement:
    """Outcomes and moves of rows with `said_outcome`, `said_code`, `message`, `is_bystander`."""
    if "ref" not in judged.columns:
        judged = judged.with_columns(pl.lit(None, dtype=pl.String).alias("ref"))
    # a batch of millions: what nobody asks for any more is not carried along
    judged = judged.select(*_TO_SETTLE)
    stood = judged.with_columns(_stands_as().alias("stands_as")).with_columns(
        _bill_status().alias("bill_status"),
        pl.col("stands_as")
        .replace_strict(_SHOWN_AS, default=None, return_dtype=pl.String)
        .alias("disposition"),
    )
    outcomes = stood.with_columns(outcome="said_outcome", code="said_code").select(list(OUTCOME))
    each = _one_by_one(stood)
    moves = (_moves(each), _moves_back(seq, each), _moves_of_changes(seq, each))
    return Settlement(outcomes, pl.concat(moves))


def _one_by_one(stood: pl.DataFrame) -> pl.DataFrame:
    """`stood` with the charges of a group in the place of the group's row."""
    ends = pl.col("kind").is_in([CeaseKind.CEASE.value, CeaseKind.STOP.value, CeaseKind.UNDO.value])
    members = (
        stood.drop("line_id", "charge_type", "kind")
        .drop_nulls("members")
        .explode("members")
        .unnest("members")
        .with_columns(
            pl.when(ends).then(pl.lit("ceases")).otherwise(pl.lit("products")).alias("file")
        )
        .with_columns(_stands_as().alias("stands_as"))
        .with_columns(_bill_status().alias("bill_status"))
    )
    single = stood.filter(pl.col("members").is_null()).drop("members")
    return pl.concat([single, members.select(single.columns)])


def _bill_status() -> pl.Expr:
    """What is shown of the charge; what joins a group is billed once the group's row changed."""
    is_billed = pl.col("stands_as").is_in(
        [LedgerStatus.IN_BILLING.value, LedgerStatus.CHANGED.value]
    )
    return (
        pl.when(is_billed)
        .then(pl.lit(BillStatus.IN_BILLING.value))
        .otherwise(pl.lit(BillStatus.READY_TO_BILL.value))
    )


_SHOWN_AS = {
    LedgerStatus.IN_BILLING.value: Disposition.IN_BILLING.value,
    LedgerStatus.CHANGED.value: Disposition.IN_BILLING.value,
    LedgerStatus.REJECTED.value: Disposition.HELD.value,
    LedgerStatus.RETURNED.value: Disposition.READY.value,
    LedgerStatus.ABANDONED.value: Disposition.READY.value,
    LedgerStatus.UNDONE.value: Disposition.HELD.value,
}


def _stands_as() -> pl.Expr:
    """How a row's charge, or CLI, stands once its outcome is known.

    Of the row of a change or an end only `undone` and `stopped` say something of the charge: else
    it stays In Billing.
    """
    outcome = pl.col("said_outcome")
    return (
        pl.when((outcome == RowOutcome.ACCEPTED) & (pl.col("file") == "ceases"))
        .then(
            pl.col("kind").replace_strict(
                {CeaseKind.UNDO: LedgerStatus.UNDONE, CeaseKind.STOP: LedgerStatus.STOPPED},
                default=LedgerStatus.CEASED,
                return_dtype=pl.String,
            )
        )
        .when(outcome == RowOutcome.ACCEPTED)
        .then(
            pl.col("kind").replace_strict(
                {"charge": LedgerStatus.IN_BILLING, "cli": LedgerStatus.LIVE},
                default=LedgerStatus.CHANGED,
                return_dtype=pl.String,
            )
        )
        .when(outcome == RowOutcome.ABANDONED)
        .then(pl.lit(LedgerStatus.ABANDONED.value))
        .when(pl.col("is_bystander"))
        .then(pl.lit(LedgerStatus.RETURNED.value))
        .otherwise(pl.lit(LedgerStatus.REJECTED.value))
    )


def _moves(stood: pl.DataFrame) -> pl.DataFrame:
    code = pl.col("said_code").fill_null("no code")
    stands_as = pl.col("stands_as")
    why = (
        pl.when((stands_as == LedgerStatus.IN_BILLING) & pl.col("outcome").is_not_null())
        .then(pl.lit("read back: found in Affinity"))
        .when(stands_as == LedgerStatus.IN_BILLING)
        .then(pl.lit("accepted"))
        .when(stands_as == LedgerStatus.ABANDONED)
        .then(pl.concat_str(pl.lit("abandoned: "), pl.col("message").fill_null("")))
        .otherwise(pl.concat_str(stands_as, pl.lit(": "), code))
    )
    return stood.filter(pl.col("kind") == "charge").select(
        "line_id",
        "charge_type",
        pl.lit(BillStatus.READY_TO_BILL.value).alias("from_status"),
        pl.col("bill_status").alias("to_status"),
        why.alias("reason"),
    )


def _moves_back(seq: int, stood: pl.DataFrame) -> pl.DataFrame:
    """What cease rows make of their charges, which are In Billing until one is accepted."""
    stands_as = pl.col("stands_as")
    undone = stands_as == LedgerStatus.UNDONE
    why = (
        pl.when(undone)
        .then(pl.lit(f"undone by batch {seq}"))
        .when(stands_as == LedgerStatus.ABANDONED)
        .then(pl.concat_str(pl.lit("undo abandoned: "), pl.col("message").fill_null("")))
        .otherwise(
            pl.concat_str(
                pl.lit("undo "), stands_as, pl.lit(": "), pl.col("said_code").fill_null("no code")
            )
        )
    )
    return stood.filter(pl.col("kind") == CeaseKind.UNDO).select(
        "line_id",
        "charge_type",
        pl.lit(BillStatus.IN_BILLING.value).alias("from_status"),
        pl.when(undone)
        .then(pl.lit(BillStatus.NOT_BILLED.value))
        .otherwise(pl.lit(BillStatus.IN_BILLING.value))
        .alias("to_status"),
        why.alias("reason"),
    )


def _moves_of_changes(seq: int, stood: pl.DataFrame) -> pl.DataFrame:
    """What rows that change or end a billed charge make of it: only a stop takes it back.

    What was stopped is not billed, and is not moved by an end before that.
    """
    stands_as = pl.col("stands_as")
    stopped = stands_as == LedgerStatus.STOPPED
    done = stands_as.is_in(
        [LedgerStatus.STOPPED.value, LedgerStatus.CEASED.value, LedgerStatus.CHANGED.value]
    )
    what = pl.when(pl.col("file") == "ceases").then(pl.lit("end")).otherwise(pl.lit("change"))
    why = (
        pl.when(done)
        .then(pl.concat_str(stands_as, pl.lit(f" by batch {seq}")))
        .when(stands_as == LedgerStatus.ABANDONED)
        .then(pl.concat_str(what, pl.lit(" abandoned: "), pl.col("message").fill_null("")))
        .otherwise(
            pl.concat_str(
                what, pl.lit(" "), stands_as, pl.lit(": "), pl.col("said_code").fill_null("no code")
            )
        )
    )
    is_change = pl.col("file").is_in(["products", "ceases"]) & ~pl.col("kind").is_in(
        ["charge", CeaseKind.UNDO.value, CeaseKind.SOONER.value]
    )
    return stood.filter(is_change).select(
        "line_id",
        "charge_type",
        pl.lit(BillStatus.IN_BILLING.value).alias("from_status"),
        pl.when(stopped)
        .then(pl.lit(BillStatus.NOT_BILLED.value))
        .otherwise(pl.lit(BillStatus.IN_BILLING.value))
        .alias("to_status"),
        why.alias("reason"),
    )


def all_rows(rows: pl.DataFrame, outcome: RowOutcome, message: str | None = None) -> pl.DataFrame:
    """Evidence that says the same of every row that has no outcome yet."""
    return rows.filter(pl.col("outcome").is_null()).select(
        "row_key",
        pl.lit(outcome.value).alias("outcome"),
        pl.lit(None, dtype=pl.String).alias("code"),
        pl.lit(message, dtype=pl.String).alias("message"),
        pl.lit(None, dtype=pl.String).alias("ref"),
    )
