"""A charge as it is stored and handed over. Grain: one row per (`line_id`, `charge_type`)."""

import polars as pl

from schemas.tables import MONEY, VALUE

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
    """One text that is equal exactly when two ends of a charge (`cease_on`, `kind`) are equal."""
    return pl.concat_str(
        pl.lit("end"), pl.col("kind"), pl.col("cease_on").cast(pl.String), separator="\x1f"
    )


def charge_content(columns: tuple[str, ...] = HANDED_OVER) -> pl.Expr:
    """One text that is equal exactly when what Affinity would be told is equal.

    A separator between fields and a mark for null keep (a, null, b) and (a, b) apart.
    """
    return pl.concat_str(
        *(pl.col(column).cast(pl.String).fill_null("\x00") for column in columns),
        separator="\x1f",
    )
