"""The inverse of a batch: what ends so that nothing of it stands. Pure polars."""

from collections.abc import Mapping

import polars as pl

from schemas.affinity import OutFile
from schemas.tables import VALUE
from tasks.batch.clis import CLI_ROW
from tasks.batch.rendering import WrittenLayout, header_texts, rendered

STANDING = pl.Schema(
    {
        "customer_ref": pl.String(),
        "site_ref": pl.String(),
        "cli": pl.String(),
        "sku": pl.String(),
        "object_uid": pl.String(),
        "charge_type": pl.String(),
        "cease_on": pl.Date(),
        "asset_id": pl.String(),
        "line_id": pl.String(),
        "undoes_key": pl.String(),
        "value": VALUE,
        "was_ceased": pl.Boolean(),
    }
)
"""One row per charge that a batch put In Billing and that still is.

`cease_on` is its bill start, `undoes_key` the key of its product row; `was_ceased`: a cease of the
same asset, charge type and day was accepted before.
"""

CEASE_ROW = pl.Schema(
    {
        "customer_ref": pl.String(),
        "site_ref": pl.String(),
        "cli": pl.String(),
        "sku": pl.String(),
        "object_uid": pl.String(),
        "charge_type": pl.String(),
        "cease_on": pl.Date(),
        "cease_reason": pl.String(),
        "replaced_by": pl.String(),
        "asset_id": pl.String(),
        "line_id": pl.String(),
        "undoes_key": pl.String(),
    }
)

_CEASE_KEY = ("asset_id", "charge_type", "cease_on")


def cease_rows(standing: pl.DataFrame, seq: int) -> pl.DataFrame:
    """The rows that end the `standing` charges (STANDING) of batch `seq`.

    Returns:
        CEASE_ROW, one row per charge, in no order. Each ends on the day it began.
    """
    return standing.with_columns(
        pl.lit(f"Undo of batch {seq}").alias("cease_reason"),
        pl.lit(None, dtype=pl.String).alias("replaced_by"),
    ).select(pl.col(name).cast(dtype) for name, dtype in CEASE_ROW.items())


def sharing_a_key(standing: pl.DataFrame) -> int:
    """How many of the `standing` charges (STANDING) cannot have a cease key of their own.

    A key names asset, charge type and day: two charges that share them, or one whose like was
    ceased before, cannot be told apart by it.
    """
    return standing.filter(
        pl.struct(_CEASE_KEY).is_duplicated() | pl.col("was_ceased").fill_null(value=True)
    ).height


def cli_cease_rows(
    added: pl.DataFrame, users: pl.DataFrame, standing: pl.DataFrame
) -> pl.DataFrame:
    """The CLIs that end with the `standing` charges.

    Args:
        added: what the batch added and is live: `customer_ref`, `site_ref`, `cli`, `cli_type`,
            `range_end`, `start_on`, `asset_id`.
        users: every charge that is exported or In Billing: `row_key`, `site_ref`, `cli`,
            `asset_id`.
        standing: STANDING; they are among the users.

    Returns:
        CLI_ROW (CEASE), each as it was added and ending on the day it began; in no order. A CLI
        stays if another charge uses it at its site, and additional numbers if another charge of
        their asset stands.
    """
    others = users.join(standing, left_on="row_key", right_on="undoes_key", how="anti")
    return (
        added.join(others.drop_nulls("cli"), on=["site_ref", "cli"], how="anti")
        .join(others.drop_nulls("asset_id"), on=["site_ref", "asset_id"], how="anti")
        .with_columns(
            pl.lit("CEASE").alias("action"),
            pl.col("start_on").alias("end_on"),
            pl.lit(None, dtype=pl.String).alias("previous_cli"),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in CLI_ROW.items())
    )


def unfit(rows: pl.DataFrame, file: OutFile, layout: WrittenLayout) -> int:
    """How many `rows` of `file`, yet without a key, its layout cannot hold: letters or lengths."""
    text = rendered(rows.with_columns(pl.lit("").alias("row_key")), file, layout)
    text = text.select(list(header_texts(file, layout)))
    limits = {
        column.source: layout.max_lengths[column.header]
        for column in file.columns
        if column.header in layout.max_lengths and column.source in text.columns
    }
    return sum(not _fits(row, limits, layout.encoding) for row in text.iter_rows(named=True))


def _fits(row: Mapping[str, str | None], limits: Mapping[str, int], encoding: str) -> bool:
    try:
        "".join(filter(None, row.values())).encode(encoding)
    except UnicodeEncodeError:
        return False
    return all(len(row[name] or "") <= limit for name, limit in limits.items())
