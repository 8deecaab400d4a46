"""Which moves are legal, and what evidence makes of a batch's rows. Pure polars."""

from typing import NamedTuple

import polars as pl

from schemas.errors import IllegalTransition
from schemas.vocabulary import BatchState, BillStatus, RowOutcome

EVIDENCE = pl.Schema(
    {
        "row_key": pl.String(),
        "outcome": pl.String(),
        "code": pl.String(),
        "message": pl.String(),
    }
)

_LEGAL: dict[BatchState, frozenset[BatchState]] = {
    BatchState.CLAIMED: frozenset({BatchState.WRITTEN}),
    BatchState.WRITTEN: frozenset(
        {BatchState.DELIVERED, BatchState.CONFIRMED, BatchState.ABANDONED}
    ),
    BatchState.DELIVERED: frozenset({BatchState.CONFIRMED, BatchState.ABANDONED}),
    BatchState.CONFIRMED: frozenset({BatchState.CONFIRMED, BatchState.ABANDONED}),
    BatchState.ABANDONED: frozenset(),
}


class Settlement(NamedTuple):
    """What new evidence comes to.

    `outcomes`: rows that had none before (EVIDENCE), and `stands_as`: what the charge of the row is
    from now on, null where it is no charge's. `moves`: `line_id`, `charge_type`, `from_status`,
    `to_status`, `reason` of their product and cease rows.
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


def settle(seq: int, rows: pl.DataFrame, evidence: pl.DataFrame) -> Settlement:
    """Match evidence with a batch's rows.

    Args:
        seq: the batch, for messages.
        rows: `row_key`, `file`, `line_id`, `charge_type`, `outcome` (null = none yet).
        evidence: EVIDENCE.

    Raises:
        IllegalTransition: a key the batch does not hold, two different outcomes for one key, or
            an outcome other than the one already recorded; nothing is changed.

    Source: contract section 5; ruling 25.
    """
    said = evidence.select(pl.col(c).cast(t) for c, t in EVIDENCE.items())
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
        rows.rename({"outcome": "recorded"}), on="row_key", how="inner", maintain_order="left"
    )
    contradicted = known.filter(
        pl.col("recorded").is_not_null() & (pl.col("recorded") != pl.col("outcome"))
    ).height
    if contradicted:
        raise IllegalTransition(
            f"Transferring batch {seq}: {contradicted} row(s) already have another outcome.",
            hint="What was accepted stays accepted. Nothing was changed.",
        )
    fresh = known.filter(pl.col("recorded").is_null())
    return Settlement(
        outcomes=fresh.select(*EVIDENCE, stands_as().alias("stands_as")),
        moves=pl.concat([_moves(fresh), _moves_back(seq, fresh)]),
    )


def stands_as() -> pl.Expr:
    """What the charge of a row with `file` and `outcome` is from now on, as our ledger has it.

    A charge whose cease was not accepted stays In Billing.
    """
    accepted = pl.col("outcome") == RowOutcome.ACCEPTED
    abandoned = pl.col("outcome") == RowOutcome.ABANDONED
    of_product = (
        pl.when(accepted)
        .then(pl.lit("in_billing"))
        .when(abandoned)
        .then(pl.lit("abandoned"))
        .otherwise(pl.lit("rejected"))
    )
    of_cease = pl.when(accepted).then(pl.lit("undone")).otherwise(pl.lit("in_billing"))
    return (
        pl.when(pl.col("file") == "products")
        .then(of_product)
        .when(pl.col("file") == "ceases")
        .then(of_cease)
    )


def _moves(fresh: pl.DataFrame) -> pl.DataFrame:
    accepted = pl.col("outcome") == RowOutcome.ACCEPTED
    return fresh.filter(pl.col("file") == "products").select(
        "line_id",
        "charge_type",
        pl.lit(BillStatus.READY_TO_BILL.value).alias("from_status"),
        pl.when(accepted)
        .then(pl.lit(BillStatus.IN_BILLING.value))
        .otherwise(pl.lit(BillStatus.READY_TO_BILL.value))
        .alias("to_status"),
        _why(pl.lit("accepted"), "").alias("reason"),
    )


def _moves_back(seq: int, fresh: pl.DataFrame) -> pl.DataFrame:
    accepted = pl.col("outcome") == RowOutcome.ACCEPTED
    return fresh.filter(pl.col("file") == "ceases").select(
        "line_id",
        "charge_type",
        pl.lit(BillStatus.IN_BILLING.value).alias("from_status"),
        pl.when(accepted)
        .then(pl.lit(BillStatus.NOT_BILLED.value))
        .otherwise(pl.lit(BillStatus.IN_BILLING.value))
        .alias("to_status"),
        _why(pl.lit(f"undone by batch {seq}"), "undo ").alias("reason"),
    )


def _why(accepted: pl.Expr, what: str) -> pl.Expr:
    return (
        pl.when(pl.col("outcome") == RowOutcome.ACCEPTED)
        .then(accepted)
        .when(pl.col("outcome") == RowOutcome.ABANDONED)
        .then(pl.concat_str(pl.lit(f"{what}abandoned: "), pl.col("message").fill_null("")))
        .otherwise(pl.concat_str(pl.lit(f"{what}rejected: "), pl.col("code").fill_null("no code")))
    )


def all_rows(rows: pl.DataFrame, outcome: RowOutcome, message: str | None = None) -> pl.DataFrame:
    """Evidence that says the same of every row that has no outcome yet."""
    return rows.filter(pl.col("outcome").is_null()).select(
        "row_key",
        pl.lit(outcome.value).alias("outcome"),
        pl.lit(None, dtype=pl.String).alias("code"),
        pl.lit(message, dtype=pl.String).alias("message"),
    )
