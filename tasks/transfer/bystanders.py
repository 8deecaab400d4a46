"""Which rows were not loaded only because another row was bad. Pure polars.

The guilty row waits for its cure; a bystander goes out again with the next batch, without it.
"""

from collections.abc import Mapping

import polars as pl

from schemas.affinity import LOAD_ORDER
from schemas.vocabulary import FailureScope, LedgerStatus, RowOutcome
from tasks.retry.policy import RetryTerms

_CODE_OF = {FailureScope.FILE: "FILE_REFUSED", FailureScope.CUSTOMER: "CUSTOMER_REFUSED"}

_PLACE = {
    FailureScope.FILE: ["file", "part"],
    FailureScope.CUSTOMER: ["file", "part", "customer_ref"],
}
"""The rows that Affinity takes or drops together."""


def with_parts(rows: pl.DataFrame, written: Mapping[str, int]) -> pl.DataFrame:
    """`rows` (`file`, `place`) with `part`: the name of the written file that holds each.

    Args:
        rows: `file`, and `place` in it, from 1.
        written: file name -> rows, in the order they were written.
    """
    starts = []
    for file in LOAD_ORDER:
        first = 1
        for name, count in written.items():
            if name.startswith(file.stem):
                starts.append({"file": file.name, "part": name, "place": first})
                first += count
    schema = {"file": pl.String, "part": pl.String, "place": pl.Int64}
    parts = pl.DataFrame(starts, schema=schema).sort("place")
    return rows.sort("place").join_asof(
        parts, on="place", by="file", strategy="backward", check_sortedness=False
    )


def with_bystanders(rows: pl.DataFrame, said: pl.DataFrame, terms: RetryTerms) -> pl.DataFrame:
    """New outcomes, those that follow from the failure scope included, with `is_bystander`.

    Args:
        rows: every row of the batch, as `moves.ROW` says.
        said: `row_key`, `outcome`, `code`, `message` of rows that had no outcome before.
        terms: what one bad row takes along, and the codes that say so.

    Returns:
        `rows` with `said_outcome`, `said_code`, `message` and `is_bystander`; only rows that have a
        new outcome.

    Source: contract section 5; `delivery.failure_scope`.
    """
    said = said.select("row_key", "message", "^ref$", said_outcome="outcome", said_code="code")
    if terms.failure_scope is FailureScope.ROW:
        return rows.join(said, on="row_key", how="inner", maintain_order="left").with_columns(
            pl.lit(value=False).alias("is_bystander")
        )
    told = rows.join(said, on="row_key", how="left", maintain_order="left")
    judged = _of_its_file(told, terms)
    needs_bystander, needs_guilty = _fate_of_its_clis(judged)
    refused = pl.col("said_outcome") == RowOutcome.REJECTED
    key = pl.col("row_key")
    return judged.filter(pl.col("said_outcome").is_not_null()).with_columns(
        (
            refused
            & (pl.col("is_bystander") | key.is_in(needs_bystander.implode()))
            & ~key.is_in(needs_guilty.implode())
        ).alias("is_bystander")
    )


def _of_its_file(told: pl.DataFrame, terms: RetryTerms) -> pl.DataFrame:
    """`told` with the rows that follow from others filled in, and `is_bystander`."""
    place = _PLACE[terms.failure_scope]
    outcome = pl.coalesce("outcome", "said_outcome")
    code = pl.coalesce("recorded_code", "said_code").str.strip_chars().str.to_uppercase()
    is_coded = code.is_in(list(terms.bystander_codes)).fill_null(value=False)
    refused = (outcome == RowOutcome.REJECTED).fill_null(value=False)
    is_new = pl.col("outcome").is_null()
    is_refused_here = (pl.col("said_outcome") == RowOutcome.REJECTED).fill_null(value=False)
    has_guilty = (refused & ~is_coded).any().over(place)
    has_refused = is_refused_here.any().over(place)
    has_accepted = (outcome == RowOutcome.ACCEPTED).fill_null(value=False).any().over(place)
    follows = is_new & pl.col("said_outcome").is_null() & has_refused & ~has_accepted
    whole = "file" if terms.failure_scope is FailureScope.FILE else "customer"
    return told.with_columns(
        (follows | (is_new & is_refused_here & is_coded & has_guilty)).alias("is_bystander"),
        pl.when(follows)
        .then(pl.lit(RowOutcome.REJECTED.value))
        .otherwise("said_outcome")
        .alias("said_outcome"),
        pl.when(follows)
        .then(pl.lit(_CODE_OF[terms.failure_scope]))
        .otherwise("said_code")
        .alias("said_code"),
        pl.when(follows)
        .then(pl.lit(f"Not mentioned: another row of its {whole} was refused."))
        .otherwise("message")
        .alias("message"),
    )


def _fate_of_its_clis(judged: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """Product rows that need a CLI row which is a bystander, and one that is guilty itself.

    A product that needs a guilty CLI waits with it: sent again, it would bring the CLI along, and
    that would spoil the next file too. One that needs a bystander was refused for want of a number
    that comes with the next batch.
    """
    products = judged.filter(pl.col("file") == "products")
    refused = pl.coalesce("outcome", "said_outcome") == RowOutcome.REJECTED
    clis = judged.filter((pl.col("file") == "clis") & refused)
    was_returned = (pl.col("standing") == LedgerStatus.RETURNED).fill_null(value=False)
    is_bystander = pl.col("is_bystander") | was_returned
    return (
        on_these_clis(products, clis.filter(is_bystander)),
        on_these_clis(products, clis.filter(~is_bystander)),
    )


def on_these_clis(products: pl.DataFrame, clis: pl.DataFrame) -> pl.Series:
    """The `row_key` of each product that needs one of `clis`: its own, or a number of its asset.

    Both: `row_key`, `site_ref`, `cli`, `asset_id`.
    """
    own = products.join(clis.select("site_ref", "cli"), on=["site_ref", "cli"], how="semi")
    of_asset = products.join(clis.select("asset_id"), on="asset_id", how="semi")
    return pl.concat([own, of_asset])["row_key"].unique()
