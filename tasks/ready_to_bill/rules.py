"""Why a triggered charge must wait for a person. One rule, one reason, one expression.

Pure polars. A rule is true when the charge must wait; one that comes out null counts as true:
unknown never bills. The rules that look at other charges too are in `rivals.py`.
"""

from collections.abc import Callable, Mapping

import polars as pl

from schemas.affinity import PRODUCTS
from schemas.charge import charge_content
from schemas.layout import Layout, price_unfit, texts_unfit
from schemas.own_rules import breaks
from schemas.vocabulary import (
    RULE_HOLD_PREFIX,
    Action,
    ChargeType,
    CustomerStatus,
    HoldReason,
    ItemType,
)
from tasks.ready_to_bill.terms import Terms

Rule = Callable[[Terms], pl.Expr]


def recurring_on_product(_: Terms) -> pl.Expr:
    """Goods are sold once; a recurring price on one is a price-book mistake."""
    return (pl.col("charge_type") == ChargeType.RECURRING) & (
        pl.col("item_type") == ItemType.PRODUCT
    )


def sku_missing(_: Terms) -> pl.Expr:
    """Affinity matches by product code only."""
    return pl.col("sku").is_null() & ~_is_custom()


def sku_pending(_: Terms) -> pl.Expr:
    """A custom product awaits its Affinity code."""
    return pl.col("sku").is_null() & _is_custom()


def sku_unknown(terms: Terms) -> pl.Expr:
    """The code is not in Affinity's catalogue, where we were given one."""
    if not terms.catalogue_given:
        return pl.lit(value=False)
    return pl.col("sku").is_not_null() & pl.col("sku_is_active").is_null()


def sku_inactive(terms: Terms) -> pl.Expr:
    """The code is in the catalogue but can no longer be billed."""
    if not terms.catalogue_given:
        return pl.lit(value=False)
    return (pl.col("sku").is_not_null() & ~pl.col("sku_is_active")).fill_null(value=False)


def customer_unlinked(_: Terms) -> pl.Expr:
    """Affinity does not know the customer."""
    return pl.col("customer_ref").is_null()


def customer_not_live(_: Terms) -> pl.Expr:
    """The customer has left."""
    return pl.col("customer_status") == CustomerStatus.CANCELLED


def site_missing(_: Terms) -> pl.Expr:
    """Nobody said where."""
    return pl.col("site_id").is_null()


def site_unlinked(_: Terms) -> pl.Expr:
    """Affinity does not know the site."""
    return pl.col("site_id").is_not_null() & (pl.col("site_refs") == 0)


def site_link_conflict(_: Terms) -> pl.Expr:
    """The Layer says two things about which Affinity site it is."""
    return pl.col("site_id").is_not_null() & (pl.col("site_refs") > 1)


def site_mismatch(_: Terms) -> pl.Expr:
    """The site is another customer's."""
    return pl.col("site_id").is_not_null() & (pl.col("site_customer_id") != pl.col("customer_id"))


def asset_mismatch(_: Terms) -> pl.Expr:
    """The asset is of another product or customer than the line that made it."""
    return _has_asset() & (
        (pl.col("asset_product_id") != pl.col("product_id"))
        | (pl.col("asset_customer_id") != pl.col("customer_id"))
    )


def asset_not_live(_: Terms) -> pl.Expr:
    """What is gone is not billed."""
    return _has_asset() & ~pl.col("asset_is_live")


def target_asset_missing(_: Terms) -> pl.Expr:
    """A New & Cease must say what it replaces."""
    return (pl.col("action").fill_null(Action.NEW) == Action.NEW_AND_CEASE) & (
        ~pl.col("target_is_known")
    )


def cli_missing(_: Terms) -> pl.Expr:
    """The product cannot be billed without a number, and there is none."""
    none_given = pl.col("cli_text").is_null() | (pl.col("cli_profile") == "none")
    return pl.col("needs_cli").fill_null(value=False) & none_given


def cli_malformed(_: Terms) -> pl.Expr:
    """What is in the CLI slot does not fit its profile."""
    return pl.col("cli_is_malformed")


def cli_damaged(_: Terms) -> pl.Expr:
    """A spreadsheet ate a digit: the number can be seen, but not trusted."""
    return pl.col("cli_is_damaged")


def bill_start_missing(_: Terms) -> pl.Expr:
    """No date to bill from."""
    return pl.col("bill_start_on").is_null()


def bill_start_after_cease(_: Terms) -> pl.Expr:
    """Billing would begin after it ended, or, once it was billed, after another took its place."""
    is_replaced = (pl.col("charge_type") == ChargeType.RECURRING) & (
        pl.col("end_kind") == "replaced"
    )
    ends = pl.min_horizontal("cease_on", pl.when(is_replaced).then("bill_end_on"))
    return (pl.col("bill_start_on") > ends).fill_null(value=False)


def bill_start_implausible(terms: Terms) -> pl.Expr:
    """More than the profile's months away from the day of the run, either way."""
    earliest, latest = plausible(terms)
    start = pl.col("bill_start_on")
    return ((start < earliest) | (start > latest)).fill_null(value=False)


def plausible(terms: Terms) -> tuple[pl.Expr, pl.Expr]:
    """The first and the last bill start that is plausible on the day of the run."""
    as_of = pl.lit(terms.as_of)
    return (
        as_of.dt.offset_by(f"-{terms.max_months}mo").alias("earliest"),
        as_of.dt.offset_by(f"{terms.max_months}mo").alias("latest"),
    )


def frequency_missing(_: Terms) -> pl.Expr:
    """A recurring charge must say how often."""
    return (pl.col("charge_type") == ChargeType.RECURRING) & pl.col("frequency").is_null()


def layout_unfit(terms: Terms) -> pl.Expr:
    """A value cannot be written as Affinity's file needs it; values are never altered to fit."""
    in_cli_file = texts_unfit(_CLI_TEXTS, terms.cli_layout)
    return product_row_unfit(terms.layout) | (pl.col("cli").is_not_null() & in_cli_file)


def affinity_rejected(_: Terms) -> pl.Expr:
    """Affinity refused exactly this, and nobody has changed or released it since."""
    refused = pl.col("refused_content")
    return (refused.is_not_null() & (refused == charge_content())).fill_null(value=False)


def undone(_: Terms) -> pl.Expr:
    """It was handed over and undone: its row was accepted once, so it is never sent again."""
    return (pl.col("ledger_status") == HoldReason.UNDONE).fill_null(value=False)


RULES: Mapping[HoldReason, Rule] = {
    HoldReason.RECURRING_ON_PRODUCT: recurring_on_product,
    HoldReason.SKU_MISSING: sku_missing,
    HoldReason.SKU_UNKNOWN: sku_unknown,
    HoldReason.SKU_INACTIVE: sku_inactive,
    HoldReason.SKU_PENDING: sku_pending,
    HoldReason.CUSTOMER_UNLINKED: customer_unlinked,
    HoldReason.CUSTOMER_NOT_LIVE: customer_not_live,
    HoldReason.SITE_MISSING: site_missing,
    HoldReason.SITE_UNLINKED: site_unlinked,
    HoldReason.SITE_LINK_CONFLICT: site_link_conflict,
    HoldReason.SITE_MISMATCH: site_mismatch,
    HoldReason.ASSET_MISMATCH: asset_mismatch,
    HoldReason.ASSET_NOT_LIVE: asset_not_live,
    HoldReason.TARGET_ASSET_MISSING: target_asset_missing,
    HoldReason.CLI_MISSING: cli_missing,
    HoldReason.CLI_MALFORMED: cli_malformed,
    HoldReason.CLI_DAMAGED: cli_damaged,
    HoldReason.BILL_START_MISSING: bill_start_missing,
    HoldReason.BILL_START_AFTER_CEASE: bill_start_after_cease,
    HoldReason.BILL_START_IMPLAUSIBLE: bill_start_implausible,
    HoldReason.FREQUENCY_MISSING: frequency_missing,
    HoldReason.LAYOUT_UNFIT: layout_unfit,
    HoldReason.AFFINITY_REJECTED: affinity_rejected,
    HoldReason.UNDONE: undone,
}
"""Every rule that needs nothing but the charge itself, in the order people read them."""


def rules_of(terms: Terms) -> dict[str, pl.Expr]:
    """All row-wise hold rules by reason, the profile's own included; null means true."""
    named = {str(reason): rule(terms) for reason, rule in RULES.items()}
    for extra in terms.rules:
        name = f"{RULE_HOLD_PREFIX}{extra.name}"
        # two rules of one name are one reason: either holds
        named[name] = named[name] | breaks(extra) if name in named else breaks(extra)
    return {reason: expression.fill_null(value=True) for reason, expression in named.items()}


_CLI_TEXTS = (
    ("Customer Ref", "customer_ref"),
    ("Site Ref", "site_ref"),
    ("CLI", "cli"),
    ("Layer Asset ID", "asset_id"),
)


def product_row_unfit(layout: Layout) -> pl.Expr:
    """True where the product row would need rounding, cutting or another alphabet."""
    signs = [price_unfit("Unit Price", "unit_price", layout)]
    months = pl.col("term_months")
    start = pl.col("bill_start_on")
    signs.append(
        (pl.col("charge_type") == ChargeType.RECURRING)
        & pl.col("cease_on").is_null()
        & pl.col("fixed_billing").fill_null(value=False)
        & (months + start.dt.year() * 12 + start.dt.month() > 9999 * 12 + 12)
    )
    beyond_row = pl.any_horizontal(*(sign.fill_null(value=False) for sign in signs))
    return beyond_row | texts_unfit(PRODUCTS.texts, layout)


def numbers_unfit(numbers: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """The charges whose asset has an additional number that the CLI file cannot hold.

    Args:
        numbers: charge key and the texts of the CLI rows of the additional numbers of ready
            charges, as they are written: `customer_ref`, `site_ref`, `cli`, `range_end`,
            `asset_id`.
        layout: of the CLI file.

    Returns:
        Charge key and `reason`, one row per charge.
    """
    return (
        numbers.filter(texts_unfit((*_CLI_TEXTS, ("Range End", "range_end")), layout))
        .select("line_id", "charge_type", pl.lit(HoldReason.LAYOUT_UNFIT.value).alias("reason"))
        .unique()
    )


def _has_asset() -> pl.Expr:
    return pl.col("asset_id").is_not_null()


def _is_custom() -> pl.Expr:
    return pl.col("is_custom").fill_null(value=False)
