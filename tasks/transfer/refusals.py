"""What the queue is told of refused rows. Pure polars."""

import polars as pl

from schemas.charge import anew_content, charge_content, end_content
from schemas.tables import VALUE
from schemas.vocabulary import LedgerStatus, RowOutcome
from tasks.retry.policy import RetryTerms
from tasks.transfer.bystanders import on_these_clis


def refused_rows(
    outcomes: pl.DataFrame,
    rows: pl.DataFrame,
    products: pl.DataFrame,
    ceases: pl.DataFrame,
) -> pl.DataFrame:
    """Rows refused in their own right, with `subject`, `value` and `refused_content`.

    Args:
        outcomes: new outcomes with `stands_as`; a bystander is nobody's failure.
        rows: ROW of the batch: `row_key`, `subject`, `kind`.
        products: the batch's frozen product rows, at least those that were refused.
        ceases: the batch's cease rows: `row_key`, `cease_on`, `cease_reason`, `kind`, `value`.

    Returns:
        One row each; `value` and `refused_content` are null for all but product and cease rows.
    """
    goes_on = (pl.col("kind") == "change") & (pl.col("action") == "ADD")
    frozen = products.join(rows.select("row_key", "kind"), on="row_key", how="left").select(
        "row_key",
        (pl.col("quantity").cast(pl.Decimal(38, 0)) * pl.col("unit_price").cast(VALUE)).alias(
            "value"
        ),
        pl.when(goes_on).then(anew_content()).otherwise(charge_content()).alias("refused_content"),
    )
    ended = ceases.select(
        "row_key", pl.col("value").cast(VALUE), end_content().alias("refused_content")
    )
    return (
        outcomes.filter(pl.col("stands_as") == LedgerStatus.REJECTED)
        .join(pl.concat([frozen, ended]), on="row_key", how="left", maintain_order="left")
        .join(rows.select("row_key", "subject"), on="row_key", how="left", maintain_order="left")
    )


def with_patience(refused: pl.DataFrame, rows: pl.DataFrame, terms: RetryTerms) -> pl.DataFrame:
    """`refused` with `is_transient`: waiting cures it.

    A product whose own CLI row was refused with a transient code waits with it, whatever its code:
    what it was refused for is mostly that the CLI is not there.

    Args:
        refused: `row_key`, `code`.
        rows: ROW of the whole batch, the new outcomes recorded.
        terms: which codes waiting cures.
    """
    waits = (
        pl.col("recorded_code")
        .str.strip_chars()
        .str.to_uppercase()
        .is_in(list(terms.transient_codes))
    )
    clis = rows.filter(
        (pl.col("file") == "clis") & (pl.col("outcome") == RowOutcome.REJECTED) & waits
    )
    waiting = on_these_clis(rows.filter(pl.col("file") == "products"), clis)
    code = pl.col("code").str.strip_chars().str.to_uppercase()
    return refused.with_columns(
        (
            code.is_in(list(terms.transient_codes)).fill_null(value=False)
            | pl.col("row_key").is_in(waiting.implode())
        ).alias("is_transient")
    )
