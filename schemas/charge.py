"""A charge as it is stored and handed over. Grain: one row per (`line_id`, `charge_type`)."""

import polars as pl

from schemas.tables import MONEY, VALUE
from schemas.vocabulary import CeaseKind

CHARGE_KEY = ("line_id", "charge_type")

CHARGE = pl.Schema(
    {
        "line_id": pl.String(),
        "charge_type": pl.String(),
        "customer_id": pl.String(),
        "site_id": pl.String(),
        "product_id": pl.String(),
        "item_type": pl.String(),
        "route": pl.String(),
        "is_platform_route": pl.Boolean(),
        "disposition": pl.String(),
        "waiting_reason": pl.String(),
        "bill_status": pl.String(),
        "quantity": pl.Int64(),
        "unit_price": MONEY,
        "value": VALUE,
        "frequency": pl.String(),
        "bill_start_on": pl.Date(),
        "bill_start_source": pl.String(),
        "cli": pl.String(),
        "sku": pl.String(),
        "batch_seq": pl.Int64(),
        "in_billing_on": pl.Date(),
        "invoicing": pl.String(),
        "invoicing_reason": pl.String(),
        "layer_is_due": pl.Boolean(),
        "customer_ref": pl.String(),
        "site_ref": pl.String(),
        "cli_type": pl.String(),
        "bill_end_on": pl.Date(),
        "term_months": pl.Int64(),
        "order_ref": pl.String(),
        "po_ref": pl.String(),
        "asset_id": pl.String(),
    }
)
"""What the judgement stores of each charge; the last nine only where the charge is ready."""

HANDED_OVER = (
    "customer_ref",
    "site_ref",
    "cli",
    "sku",
    "charge_type",
    "product_name",
    "quantity",
    "unit_price",
    "frequency",
    "bill_start_on",
    "bill_end_on",
    "term_months",
    "order_ref",
    "po_ref",
    "asset_id",
)
"""What Affinity is told of a charge, besides whose line it is."""


def end_content() -> pl.Expr:
    """One text that is equal exactly when two ends of a charge are the same.

    Of `kind`, `cease_on` and `cease_reason`: a stop is the same as long as its reason is, as its
    day goes with the calendar.
    """
    what = (
        pl.when(pl.col("kind") == CeaseKind.STOP)
        .then(pl.col("cease_reason"))
        .otherwise(pl.col("cease_on").cast(pl.String))
    )
    return _end(pl.col("kind"), what)


def cease_content(day: pl.Expr) -> pl.Expr:
    """`end_content` of a cease on `day`."""
    return _end(pl.lit(CeaseKind.CEASE.value), day.cast(pl.String))


def _end(kind: pl.Expr, what: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit("end"), kind, what, separator="\x1f")


def anew_content() -> pl.Expr:
    """The same of a charge that goes on as a new row: its start goes with the calendar, too."""
    return pl.concat_str(
        pl.lit("anew"),
        charge_content(tuple(name for name in HANDED_OVER if name != "bill_start_on")),
        separator="\x1f",
    )


def charge_content(columns: tuple[str, ...] = HANDED_OVER) -> pl.Expr:
    """One text that is equal exactly when what Affinity would be told is equal.

    A separator between fields and a mark for null keep (a, null, b) and (a, b) apart.
    """
    return pl.concat_str(
        *(pl.col(column).cast(pl.String).fill_null("\x00") for column in columns),
        separator="\x1f",
    )
