"""The table of both sides by class, which the report and the certificate share. Pure."""

import polars as pl

from schemas.explanations import RECONCILED
from schemas.vocabulary import Reconciled
from tasks.reports.tables import Column, html_table

SIDES = {
    "matches": Column("Things", "count"),
    "layer_records": Column("Ours", "count"),
    "affinity_records": Column("Theirs", "count"),
    "layer_per_month": Column("The Layer, a month", "money"),
    "affinity_per_month": Column("Affinity, a month", "money"),
    "layer_once": Column("The Layer, one-off", "money"),
    "affinity_once": Column("Affinity, one-off", "money"),
}


def class_table(classes: pl.DataFrame) -> str:
    """Each class with its sums, in the order of the classes, and the sum of all."""
    by_class = (
        classes.group_by("class")
        .agg(pl.col(list(SIDES)).sum())
        .sort(pl.col("class").cast(pl.Enum(Reconciled)))
        .with_columns(pl.col("class").replace_strict(_MEANINGS).alias("means"))
    )
    total = by_class.select(
        pl.lit("all").alias("class"), pl.col(list(SIDES)).sum(), pl.lit(None).alias("means")
    )
    rows = pl.concat([by_class, total.select(by_class.columns)], how="vertical_relaxed")
    return html_table(
        rows,
        {"class": Column("Class", "words"), "means": Column("Means"), **SIDES},
        name="class-totals",
        caption="Both sides by class",
        bold=[rows.height - 1],
    )


_MEANINGS = {kind.value: text for kind, text in RECONCILED.items()}
