"""Who invoices or bills each charge: The Layer, Affinity, both or neither. Exactly one class each.

Pure polars. The Layer invoices up-front charges only, and only those whose route is its own or
empty. Source: domain notes section 3.2 and section 4, rows 1 and 10.
"""

import polars as pl

from schemas.cli_text import read_uk_number
from schemas.vocabulary import ChargeType, Disposition, InvoicingClass

ROUTE_MOVED = "route_moved"
"""The order's own route lets The Layer invoice it; the asset's sends it to Affinity."""

_NOTHING_TO_INVOICE = (
    Disposition.CANCELLED.value,
    Disposition.AMENDMENT.value,
    Disposition.NOT_APPLICABLE.value,
)


def invoicing_rules() -> list[tuple[pl.Expr, InvoicingClass]]:
    """The first that is true is the class of a judged charge; one always is.

    Asked of `disposition`, `charge_type`, `route_kind`, `order_route_is_own`, `do_not_bill`,
    `ledger_status` and `waiting_reason` (null = triggered, whatever the disposition).
    """
    is_billed, is_exported = _is(Disposition.IN_BILLING), _is(Disposition.EXPORTED)
    kind = pl.col("route_kind")
    is_own, is_platform = kind == "own", kind == "platform"
    return [
        (is_billed & is_own, InvoicingClass.BOTH),
        (is_billed & _has_moved(), InvoicingClass.MAY_BE_BOTH),
        (is_billed & (is_platform | _by_ledger()), InvoicingClass.AFFINITY),
        (is_exported & (is_own | _has_moved()), InvoicingClass.MAY_BE_BOTH),
        (is_exported, InvoicingClass.AFFINITY_TO_COME),
        (_is(Disposition.CANCELLED), InvoicingClass.CANCELLED),
        (_is(Disposition.AMENDMENT), InvoicingClass.AMENDMENT),
        (_is(Disposition.NOT_APPLICABLE), InvoicingClass.NO_CHARGE),
        (kind.is_null(), InvoicingClass.UNKNOWN_ROUTE),
        (kind == "other", InvoicingClass.OTHER_PLATFORM),
        (pl.col("do_not_bill"), InvoicingClass.DO_NOT_BILL),
        (is_platform, InvoicingClass.AFFINITY_TO_COME),
        (~_is_upfront(), InvoicingClass.NEITHER),
        (pl.col("waiting_reason").is_null(), InvoicingClass.LAYER_DUE),
        (pl.lit(value=True), InvoicingClass.LAYER_WAITING),
    ]


def invoicing() -> pl.Expr:
    """The class of a judged charge."""
    result = pl.lit(None, dtype=pl.String)
    for condition, name in reversed(invoicing_rules()):
        result = (
            pl.when(condition.fill_null(value=False)).then(pl.lit(name.value)).otherwise(result)
        )
    return result


def invoicing_reason() -> pl.Expr:
    """Why a charge has its class, where there is more to say; null elsewhere.

    In Affinity: what says so, `ledger` or `feed`. Perhaps in both: `exported` or `route_moved`. In
    neither: `recurring`. Not due in The Layer: the waiting reason.
    """
    is_own = pl.col("route_kind") == "own"
    return (
        pl.when((_is(Disposition.EXPORTED) & is_own).fill_null(value=False))
        .then(pl.lit("exported"))
        .when(_has_moved() & (_is(Disposition.IN_BILLING) | _is(Disposition.EXPORTED)))
        .then(pl.lit(ROUTE_MOVED))
        .when(_is(Disposition.IN_BILLING) & _by_ledger())
        .then(pl.lit("ledger"))
        .when(_is(Disposition.IN_BILLING))
        .then(pl.lit("feed"))
        .when(invoicing() == InvoicingClass.NEITHER)
        .then(pl.lit("recurring"))
        .when(invoicing() == InvoicingClass.LAYER_WAITING)
        .then(pl.col("waiting_reason"))
    )


def layer_is_due() -> pl.Expr:
    """Whether what The Layer may invoice is triggered; null where it may not invoice it."""
    may_invoice = (
        _is_upfront()
        & (pl.col("route_kind") == "own")
        & ~pl.col("disposition").is_in(_NOTHING_TO_INVOICE)
        & ~pl.col("do_not_bill").fill_null(value=False)
    )
    return pl.when(may_invoice).then(pl.col("waiting_reason").is_null())


def billed_in_affinity(candidates: pl.DataFrame) -> pl.DataFrame:
    """Charges routed to The Layer that Affinity's snapshot shows as billed there.

    Args:
        candidates: `line_id`, `charge_type`, `cli`, `affinity_cli` (as Affinity writes it) and
            `same_object`: the same site, code and charge type, or the asset's own object there.

    Returns:
        `line_id`, `charge_type`, each charge once: those whose object it is, or whose CLI, cleaned
        as a number (as it stands where it does not fit), is the same or likewise none.
    """
    there = pl.coalesce(read_uk_number(pl.col("affinity_cli")).cleaned, "affinity_cli")
    return (
        candidates.filter(pl.col("same_object") | pl.col("cli").eq_missing(there))
        .select("line_id", "charge_type")
        .unique()
    )


def _is(disposition: Disposition) -> pl.Expr:
    return pl.col("disposition") == disposition


def _is_upfront() -> pl.Expr:
    return pl.col("charge_type") == ChargeType.UPFRONT


def _by_ledger() -> pl.Expr:
    return (pl.col("ledger_status") == Disposition.IN_BILLING).fill_null(value=False)


def _has_moved() -> pl.Expr:
    moved = (pl.col("route_kind") == "platform") & pl.col("order_route_is_own") & _is_upfront()
    return moved.fill_null(value=False)
