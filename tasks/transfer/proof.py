"""What a snapshot of Affinity proves of the CLI rows we handed over. Pure polars.

A product row is proven by its row key alone. Absence proves nothing.
"""

import polars as pl

from schemas.cli_text import read_uk_number
from schemas.vocabulary import READ_BACK


def proven_clis(rows: pl.DataFrame, live: pl.DataFrame) -> pl.DataFrame:
    """`seq` and `row_key` of the CLI rows whose number is live at its site, in no order.

    Args:
        rows: `seq`, `row_key`, `site_ref`, `cli`, `start_on` of CLI rows.
        live: `site_ref`, `cli` as Affinity writes it, `end_on` (null = open).

    Source: contract section 4, "CLI row"; ruling 8.
    """
    there = live.select(
        "site_ref",
        pl.coalesce(read_uk_number(pl.col("cli")).cleaned, pl.col("cli")).alias("cli"),
        pl.col("end_on").alias("lives_until"),
    )
    return (
        rows.join(there, on=["site_ref", "cli"])
        .filter(pl.col("lives_until").is_null() | (pl.col("lives_until") >= pl.col("start_on")))
        .select("seq", "row_key")
        .unique()
    )


def found_file(row_keys: pl.Series) -> bytes:
    """The keys that were found as a result file, which the journal keeps."""
    lines = [f"{key},accepted,{READ_BACK},\n" for key in sorted(row_keys)]
    return "".join(["row_key,outcome,code,message\n", *lines]).encode()
