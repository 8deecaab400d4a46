"""Prices become charges: one row per order line and charge type, so each rule is written once.

Pure polars. Input is the line facts the warehouse joins (`LINE_FACTS`); nothing is decided here,
only said: price, route, CLI, SKU, bill start.
"""

import polars as pl

from schemas.cli_text import cli_profile, cli_type, read_cli
from schemas.tables import MONEY, VALUE
from schemas.vocabulary import (
    SEEN_STOPPED,
    CeaseKind,
    ChargeType,
    CliProfile,
    ItemType,
    Reading,
)
from tasks.ready_to_bill.terms import Terms, name_key

LINE_FACTS = pl.Schema(
    {
        "line_id": pl.String(),
        "order_ref": pl.String(),
        "po_ref": pl.String(),
        "order_status": pl.String(),
        "customer_id": pl.String(),
        "customer_status": pl.String(),
        "customer_ref": pl.String(),
        "action": pl.String(),
        "target_asset_id": pl.String(),
        "target_is_known": pl.Boolean(),
        "product_id": pl.String(),
        "line_product_id": pl.String(),
        "product_name": pl.String(),
        "item_type": pl.String(),
        "base_category": pl.String(),
        "needs_cli": pl.Boolean(),
        "is_custom": pl.Boolean(),
        "fixed_billing": pl.Boolean(),
        "upfront_sku": pl.String(),
        "recurring_sku": pl.String(),
        "upfront_sku_is_active": pl.Boolean(),
        "recurring_sku_is_active": pl.Boolean(),
        "quantity": pl.Int64(),
        "upfront_unit_price": MONEY,
        "recurring_unit_price": MONEY,
        "frequency": pl.String(),
        "upfront_route": pl.String(),
        "recurring_route": pl.String(),
        "upfront_order_route": pl.String(),
        "upfront_bill_status": pl.String(),
        "recurring_bill_status": pl.String(),
        "upfront_do_not_bill": pl.Boolean(),
        "recurring_do_not_bill": pl.Boolean(),
        "bill_start_override": pl.Date(),
        "converted_on": pl.Date(),
        "connected_on": pl.Date(),
        "issued_on": pl.Date(),
        "term_months": pl.Int64(),
        "line_cli": pl.String(),
        "named_asset_id": pl.String(),
        "assets_of_line": pl.Int64(),
        "asset_id": pl.String(),
        "asset_customer_id": pl.String(),
        "asset_product_id": pl.String(),
        "asset_item_type": pl.String(),
        "asset_is_live": pl.Boolean(),
        "asset_cli": pl.String(),
        "connection_on": pl.Date(),
        "cease_on": pl.Date(),
        "is_cease_requested": pl.Boolean(),
        "cease_reason": pl.String(),
        "object_uid": pl.String(),
        "asset_quantity": pl.Int64(),
        "asset_price": MONEY,
        "do_not_bill_reason": pl.String(),
        "reading": pl.String(),
        "is_split": pl.Boolean(),
        "replaced_after": pl.Date(),
        "replaced_by_line": pl.String(),
        "site_id": pl.String(),
        "site_customer_id": pl.String(),
        "site_refs": pl.Int64(),
        "site_ref": pl.String(),
        "upfront_ledger_status": pl.String(),
        "recurring_ledger_status": pl.String(),
        "upfront_batch_seq": pl.Int64(),
        "recurring_batch_seq": pl.Int64(),
        "upfront_in_billing_on": pl.Date(),
        "recurring_in_billing_on": pl.Date(),
        "upfront_refused_content": pl.String(),
        "recurring_refused_content": pl.String(),
        "upfront_told_period": pl.Int64(),
        "recurring_told_period": pl.Int64(),
        "upfront_told_content": pl.String(),
        "recurring_told_content": pl.String(),
        "upfront_told_ended_by": pl.String(),
        "recurring_told_ended_by": pl.String(),
        "upfront_told_start_on": pl.Date(),
        "recurring_told_start_on": pl.Date(),
        "upfront_told_end_on": pl.Date(),
        "recurring_told_end_on": pl.Date(),
        "upfront_resumes_on": pl.Date(),
        "recurring_resumes_on": pl.Date(),
    }
)
"""One row per accepted order line, and reading of it.

`*_sku_is_active` is null for a SKU not in the catalogue.

`asset_*`, `connection_on` and `cease_on` are those of A, null without one; `assets_of_line` counts
the accepted assets that name the line; `site_ref` is set when `site_refs` is 1; the line's or its
product's route is `upfront_order_route`; `*_refused_content` is what Affinity refused, unless a
person released the charge since. `*_told_*` is what Affinity was told of the charge, null where it
bills nothing. `replaced_after` is A's last day because of a New & Cease.

Each `reading` of a line is a row: `new`; `billed`, in which A is the asset that renewed it last,
but `connection_on` that of its first; `asset`, in which besides A has become another product, and
`product_*` are its; `seen`, of what The Layer calls In Billing, which is all we know of it. A line
that `is_split` is read both as `new`, for what is not billed of it, and as `billed`.
"""

_OF_CHARGE_TYPE = (
    "sku",
    "sku_is_active",
    "unit_price",
    "route",
    "bill_status",
    "do_not_bill",
    "ledger_status",
    "batch_seq",
    "in_billing_on",
    "refused_content",
    "told_period",
    "told_content",
    "told_ended_by",
    "told_start_on",
    "told_end_on",
    "resumes_on",
)
"""Facts that exist once per charge type, as `<charge type>_<fact>`."""

_LAST_MONTH = 9999 * 12 + 12


def charges_of(lines: pl.DataFrame, terms: Terms) -> pl.DataFrame:
    """Make the two charges of each line and say what is known of each.

    Args:
        lines: LINE_FACTS (extra columns for the profile's rules are carried along).
        terms: what the profile says.

    Returns:
        Two rows per line, in no order: the line's facts, and `charge_type`, `unit_price`, `value`
        (null without a price), `route` (The Layer when nobody says), `sku`, `frequency` (null for
        upfront), `cli` (cleaned, else null), `cli_profile`, `cli_type`, `bill_start_on`,
        `bill_start_source`, `bill_end_on`; `is_charge` where this reading says what becomes of the
        charge, `is_now` where it says how the charge stands if it is billed.
    """
    read = lines.lazy().with_columns(
        cli_profile(pl.col("base_category"), pl.col("needs_cli"), dict(terms.cli_profiles)).alias(
            "cli_profile"
        ),
        pl.coalesce("asset_cli", "line_cli").alias("cli_text"),
        (_route_kind(pl.col("upfront_order_route"), terms) == "own")
        .fill_null(value=False)
        .alias("order_route_is_own"),
        pl.when(pl.col("term_months") >= 1).then(pl.col("term_months")).alias("term_months"),
    )
    reading = read_cli(pl.col("cli_text"), pl.col("cli_profile"))
    read = read.with_columns(
        reading.cleaned.alias("cli"),
        reading.is_damaged.fill_null(value=False).alias("cli_is_damaged"),
    ).with_columns(
        # what `reading.is_malformed` says, without reading every text once more
        (
            pl.col("cli_text").is_not_null()
            & (pl.col("cli_profile") != CliProfile.NONE)
            & pl.col("cli").is_null()
            & ~pl.col("cli_is_damaged")
        ).alias("cli_is_malformed"),
        pl.when(pl.col("cli").is_not_null())
        .then(cli_type(pl.col("cli"), pl.col("cli_profile")))
        .alias("cli_type"),
    )
    per_type = [_charges_of_type(read, charge_type) for charge_type in ChargeType]
    charges = (
        pl.concat(per_type)
        .with_columns(
            *_in_life(),
            _route_kind(pl.col("route"), terms).alias("route_kind"),
            pl.col("route").fill_null("The Layer"),
            *_bill_start(terms),
        )
        .with_columns(
            # what is billed again is billed as it is today
            *(
                pl.when(_was_stopped()).then(f"now_{name}").otherwise(name).alias(name)
                for name in ("quantity", "unit_price")
            )
        )
        .with_columns(
            (pl.col("unit_price").cast(VALUE) * pl.col("quantity").cast(pl.Decimal(38, 0))).alias(
                "value"
            ),
        )
    )
    return (
        charges.with_columns(pl.col("bill_start_on").alias("first_start_on"))
        .with_columns(*_later_start(terms), *_which_reading(), *_asked_cease())
        .with_columns(*_bill_end())
        .collect()
    )


def _which_reading() -> list[pl.Expr]:
    """Which reading of a line says what becomes of a charge, and which how it stands.

    What is billed follows its asset, through renewals and to another product, and so does what was
    stopped and may go on; what is not billed yet is what was sold.
    """
    reading = pl.col("reading")
    is_told = pl.col("told_period").is_not_null()
    is_other = (pl.col("asset_product_id") != pl.col("line_product_id")).fill_null(value=False)
    was_stopped = pl.col("told_ended_by").is_in([CeaseKind.STOP.value, SEEN_STOPPED])
    as_sold = reading.is_in([Reading.NEW.value, Reading.BILLED.value]) & (
        ~pl.col("is_split") | ((reading == Reading.BILLED) == is_told)
    )
    return [
        pl.when((is_told & is_other & was_stopped).fill_null(value=False))
        .then(reading == Reading.ASSET)
        .otherwise(as_sold)
        .alias("is_charge"),
        (
            reading.is_in([Reading.ASSET.value, Reading.SEEN.value])
            | (as_sold & ~(is_told & is_other))
        ).alias("is_now"),
    ]


def _in_life() -> list[pl.Expr]:
    """Quantity and price of what is billed: a recurring charge's are its asset's, where it says."""
    recurring = pl.col("charge_type") == ChargeType.RECURRING
    return [
        pl.when(recurring)
        .then(pl.coalesce("asset_quantity", "quantity"))
        .otherwise("quantity")
        .alias("now_quantity"),
        pl.when(recurring)
        .then(pl.coalesce("asset_price", "unit_price"))
        .otherwise("unit_price")
        .alias("now_unit_price"),
    ]


def _was_stopped() -> pl.Expr:
    """Affinity billed it once, and took our word that it must not be billed any more."""
    return (pl.col("told_ended_by") == CeaseKind.STOP).fill_null(value=False)


def _later_start(terms: Terms) -> list[pl.Expr]:
    """Bill start of a charge that was billed, stopped and is to be billed again.

    A recurring one begins the day it was first seen to be no longer stopped, but after its last
    billed day; an override that is later still wins. A charge billed for a further stretch keeps
    its start.
    """
    recurring = pl.col("charge_type") == ChargeType.RECURRING
    stopped = recurring & _was_stopped()
    further = (~_was_stopped() & (pl.col("told_period") > 1)).fill_null(value=False)
    resumed = pl.max_horizontal(
        pl.col("told_end_on").dt.offset_by("1d"),
        pl.coalesce(pl.col("resumes_on"), pl.lit(terms.as_of)),
    )
    overridden = (pl.col("bill_start_override") > resumed).fill_null(value=False)
    return [
        pl.when(stopped & ~overridden)
        .then(resumed)
        .when(further)
        .then("told_start_on")
        .otherwise("bill_start_on")
        .alias("bill_start_on"),
        pl.when(stopped & ~overridden)
        .then(pl.lit("resumed"))
        .when(further)
        .then(pl.lit("told"))
        .otherwise("bill_start_source")
        .alias("bill_start_source"),
    ]


def _charges_of_type(lines: pl.LazyFrame, charge_type: ChargeType) -> pl.LazyFrame:
    others = [other for other in ChargeType if other is not charge_type]
    charges = lines.with_columns(
        pl.lit(charge_type.value).alias("charge_type"),
        *(pl.col(f"{charge_type}_{fact}").alias(fact) for fact in _OF_CHARGE_TYPE),
    ).drop(f"{each}_{fact}" for each in (charge_type, *others) for fact in _OF_CHARGE_TYPE)
    if charge_type is ChargeType.UPFRONT:
        return charges.with_columns(pl.lit(None, dtype=pl.String).alias("frequency"))
    return charges


def _bill_start(terms: Terms) -> list[pl.Expr]:
    """Bill start and the name of the date it came from: the override, else the profile's list."""
    day = pl.lit(None, dtype=pl.Date)
    source = pl.lit(None, dtype=pl.String)
    for item_type in ItemType:
        for charge_type in ChargeType:
            has_list = (item_type, charge_type) in terms.bill_start  # else nothing stands in
            fields = list(terms.bill_start.get((item_type, charge_type), ()))
            falls_back = has_list and terms.falls_back_on_convert.get(item_type)
            if falls_back and "converted_on" not in fields:
                fields.append("converted_on")
            if not fields:
                continue
            here = (pl.col("item_type") == item_type) & (pl.col("charge_type") == charge_type)
            day = pl.when(here).then(pl.coalesce(fields)).otherwise(day)
            name = pl.coalesce(*(pl.when(pl.col(f).is_not_null()).then(pl.lit(f)) for f in fields))
            source = pl.when(here).then(name).otherwise(source)
    override = pl.col("bill_start_override")
    return [
        pl.coalesce(override, day).alias("bill_start_on"),
        pl.when(override.is_not_null())
        .then(pl.lit("bill_start_override"))
        .otherwise(source)
        .alias("bill_start_source"),
    ]


def _is_billed() -> pl.Expr:
    """Affinity bills the charge, or did: by what it was told, or what The Layer says of it."""
    return pl.col("told_period").is_not_null() | (pl.col("reading") == Reading.SEEN)


def _asked_cease() -> list[pl.Expr]:
    """A's cease without the request for one, which only ends what Affinity bills."""
    asked = pl.col("is_cease_requested").fill_null(value=False)
    return [
        pl.when(~asked | _is_billed()).then("cease_on").alias("cease_on"),
        (asked & _is_billed()).alias("is_cease_requested"),
    ]


def _bill_end() -> list[pl.Expr]:
    """A's cease, else the end of a fixed term. An Expiry date is a renewal marker: never an end.

    What is billed also ends the day before a New & Cease takes its place. `end_kind` says which:
    `cease`, `request`, `replaced` or `term`. A term that ran while the charge was stopped is not
    begun anew.
    """
    months = pl.col("term_months")
    start = pl.col("first_start_on")
    in_calendar = months + start.dt.year() * 12 + start.dt.month() <= _LAST_MONTH
    fixed = (
        (pl.col("charge_type") == ChargeType.RECURRING)
        & pl.col("fixed_billing").fill_null(value=False)
        & (months >= 1)
        & in_calendar
    )
    usable = pl.when(fixed).then(months).otherwise(0)
    term_end = start.dt.offset_by(pl.format("{}mo", usable)).dt.offset_by("-1d")
    fixed = fixed & (term_end >= pl.col("bill_start_on")).fill_null(value=False)
    replaced = pl.when(_is_billed()).then(pl.col("replaced_after"))
    ceased = pl.min_horizontal("cease_on", replaced)
    return [
        pl.coalesce(ceased, pl.when(fixed).then(term_end)).alias("bill_end_on"),
        pl.when(ceased.is_null())
        .then(pl.when(fixed).then(pl.lit("term")))
        .when(
            replaced.is_not_null()
            & (pl.col("cease_on").is_null() | (replaced <= pl.col("cease_on")))
        )
        .then(pl.lit("replaced"))
        .when("is_cease_requested")
        .then(pl.lit("request"))
        .otherwise(pl.lit("cease"))
        .alias("end_kind"),
    ]


def _route_kind(route: pl.Expr, terms: Terms) -> pl.Expr:
    """What a route's name means: platform, own, other, or null when nobody knows the name.

    An empty one is The Layer's, whatever the profile calls its own.
    """
    kinds = {
        **dict.fromkeys(map(name_key, terms.other_platforms), "other"),
        **dict.fromkeys(map(name_key, terms.own_names), "own"),
        **dict.fromkeys(map(name_key, terms.platform_names), "platform"),
    }
    name = route.str.strip_chars().str.to_lowercase()
    known = name.replace_strict(kinds, default=None, return_dtype=pl.String)
    return pl.when(route.is_null()).then(pl.lit("own")).otherwise(known)
