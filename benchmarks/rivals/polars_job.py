"""The job in polars: expressions over whole columns, typed records kept as Parquet files in OUT.

`python -m benchmarks.rivals.polars_job FEEDS OUT AS_OF`
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl

from benchmarks.rivals.reseller import (
    CHARGE_TYPES,
    CLI_FILE,
    CLI_ORDER,
    CLI_PROFILES,
    COUNTED_CATEGORY,
    FURTHEST_MONTHS,
    LARGE_ORDER,
    LONGEST_DESCRIPTION,
    MOST_CLI_CHARACTERS,
    MOST_NUMBERS,
    OWN_NAMES,
    PLATFORM_NAMES,
    PRODUCT_FILE,
    PRODUCT_ORDER,
    SITE_LINK,
    TENANT,
    UNREADABLE,
    Found,
    delivered,
    labels_of,
    run,
)
from schemas.feeds import FEEDS, Column, Feed, Kind


def bill(feeds: Path, out: Path, as_of: date) -> Found:
    """Read the feeds, decide, write both files."""
    found = Found()
    for feed, path in delivered(feeds):
        _accept(feed, path, out, found)
    tables = {name: pl.scan_parquet(out / f"{name}.parquet") for name in FEEDS}
    charges = _charges(tables, as_of)
    charges.select(_KEPT).write_parquet(out / "charges.parquet")
    sums = charges.group_by("disposition").agg(pl.len(), pl.col("value").sum())
    for disposition, count, value in sums.iter_rows():
        found.sum_up(disposition, count, value or Decimal(0))
    ready = charges.filter(pl.col("disposition") == "ready")
    found.files["06_clis.csv"] = _write(
        _cli_rows(ready, tables), CLI_FILE, CLI_ORDER, out / "06_clis.csv"
    )
    found.files["08_products.csv"] = _write(
        _product_rows(ready), PRODUCT_FILE, PRODUCT_ORDER, out / "08_products.csv"
    )
    return found


_KEPT = (
    *("line_id", "charge_type", "customer_id", "site_id", "product_id", "route", "disposition"),
    *("quantity", "unit_price", "value", "frequency", "bill_start_on", "cli", "sku"),
)


# Records


def _accept(feed: Feed, path: Path, out: Path, found: Found) -> None:
    """Store the records of a feed that fit, typed."""
    if path.suffix == ".parquet":
        cells, malformed = pl.scan_parquet(path), 0
    else:
        cells, malformed = _read_csv(path)
    labels = labels_of(feed, cells.collect_schema().names())
    columns = [column for column in feed.columns if column.name in labels]
    records = (
        cells.select(_trimmed(label).alias(name) for name, label in labels.items())
        .with_columns(_value(column).alias(f"value_of_{column.name}") for column in columns)
        .select(
            _fits_so_far(columns).alias("fits"),
            *(
                pl.col(f"value_of_{column.name}").alias(column.name)
                if column in columns
                else pl.lit(None, dtype=_TYPES[column.kind]).alias(column.name)
                for column in feed.columns
            ),
        )
        .collect()
    )
    accepted = records.filter("fits", _is_unique(feed), *_refers_to_known(feed, out)).select(
        column.name for column in feed.columns
    )
    if feed.name == "asset_numbers":
        accepted = _without_bad_ranges(accepted, out)
    accepted.write_parquet(out / f"{feed.name}.parquet")
    rejected = malformed + records.height - accepted.height
    found.count(feed.name, accepted=accepted.height, rejected=rejected)


def _read_csv(path: Path) -> tuple[pl.LazyFrame, int]:
    """The cells as text, and how many records, left out, have too many or too few of them.

    polars itself fills up short records and cuts off long ones, so cells are counted first.
    """
    lines = pl.scan_csv(
        path,
        has_header=False,
        separator="\x01",
        quote_char=None,
        schema={"line": pl.String},
        encoding="utf8-lossy",
    )
    records = lines.with_columns(
        (pl.col("line").str.count_matches('"', literal=True) % 2 == 1).alias("turns")
    ).collect()
    if records["turns"].any():  # a quoted cell holds a line break
        inside = pl.col("turns").cum_sum() % 2 == 1
        records = (
            records.with_columns(inside.shift(1, fill_value=False).alias("goes_on"))
            .group_by((~pl.col("goes_on")).cum_sum(), maintain_order=True)
            .agg(pl.col("line").str.join("\n"))
        )
    commas = pl.col("line").str.replace_all('"[^"]*"', "").str.count_matches(",", literal=True)
    counts = records.select(commas).to_series()
    ragged = (counts != counts[0]).slice(1).arg_true()
    cells = pl.scan_csv(
        path,
        infer_schema=False,
        truncate_ragged_lines=True,
        encoding="utf8-lossy",
        row_index_name="row_index",
    )
    return cells.filter(~pl.col("row_index").is_in(ragged.implode())), ragged.len()


_DAY = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?)?$"
)
_MONEY = r"^(?:-?£?|£-)(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]{1,4})?$"
_BOOLEANS = {
    **dict.fromkeys(("true", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "no", "n", "0"), False),
}
_TYPES = {
    Kind.TEXT: pl.String(),
    Kind.DATE: pl.Date(),
    Kind.MONEY: pl.Decimal(18, 4),
    Kind.INTEGER: pl.Int64(),
    Kind.QUANTITY: pl.Int64(),
    Kind.BOOLEAN: pl.Boolean(),
    Kind.CHOICE: pl.String(),
}


def _trimmed(label: str) -> pl.Expr:
    text = pl.col(label).str.strip_chars()
    return pl.when(text != "").then(text)


def _value(column: Column) -> pl.Expr:
    """The typed value of a cell; null where there is none, or none that fits."""
    text = pl.col(column.name)
    match column.kind:
        case Kind.TEXT:
            return pl.when(~text.str.contains(UNREADABLE)).then(text)
        case Kind.DATE:
            day = text.str.head(10).str.to_date("%Y-%m-%d", strict=False)
            return pl.when(text.str.contains(_DAY)).then(day)
        case Kind.MONEY:
            plain = text.str.replace_all("[£,]", "")
            amount = plain.cast(_TYPES[Kind.MONEY], strict=False)
            return pl.when(text.str.contains(_MONEY)).then(amount)
        case Kind.INTEGER:
            number = text.cast(pl.Int64, strict=False)
            return pl.when(text.str.contains("^-?[0-9]{1,18}$")).then(number)
        case Kind.QUANTITY:
            number = text.cast(pl.Int64, strict=False)
            return pl.when(text.str.contains("^[0-9]{1,18}$") & (number >= 1)).then(number)
        case Kind.BOOLEAN:
            return text.str.to_lowercase().replace_strict(
                _BOOLEANS, default=None, return_dtype=pl.Boolean
            )
        case Kind.CHOICE:
            spelled = {choice.lower(): choice for choice in column.choices}
            return text.str.to_lowercase().replace_strict(
                spelled, default=None, return_dtype=pl.String
            )


def _fits_so_far(columns: Sequence[Column]) -> pl.Expr:
    """Whether a record fits by itself: every cell has a value of its type, or may be blank."""
    fits: list[pl.Expr] = []
    for column in columns:
        value = pl.col(f"value_of_{column.name}")
        fits.append(value.is_not_null() | pl.col(column.name).is_null())
        if column.must_have_value:
            fits.append(value.is_not_null())
        if column.kind is Kind.MONEY:
            fits.append((value >= 0).fill_null(value=True))
    return pl.all_horizontal(fits)


def _is_unique(feed: Feed) -> pl.Expr:
    if not feed.keys:
        return pl.lit(value=True)
    readable = pl.all_horizontal(pl.col(key).is_not_null() for key in feed.keys)
    return ~readable | pl.struct(feed.keys).is_unique()


def _refers_to_known(feed: Feed, out: Path) -> list[pl.Expr]:
    """For each reference of the feed, whether it names an accepted record, or nothing."""
    known = []
    for column in feed.columns:
        if column.references is not None:
            parent = FEEDS[column.references]
            keys = pl.read_parquet(out / f"{parent.name}.parquet", columns=list(parent.keys))
            reference = pl.col(column.name)
            known.append(reference.is_null() | reference.is_in(keys.to_series().implode()))
    return known


def _without_bad_ranges(numbers: pl.DataFrame, out: Path) -> pl.DataFrame:
    """Without the additional numbers that cannot be, or whose asset has too many."""
    assets = pl.read_parquet(out / "assets.parquet", columns=["asset_id", "product_id"])
    products = pl.read_parquet(
        out / "products.parquet", columns=["product_id", "base_category", "needs_cli"]
    )
    first, last, has_end = pl.col("first"), pl.col("last"), pl.col("range_end").is_not_null()
    good_end = (
        first.str.contains("^[0-9]+$")
        & last.str.contains("^[0-9]+$")
        & (first.str.len_bytes() == last.str.len_bytes())
        & (first < last)
    ).fill_null(value=False)
    size = last.cast(pl.Int128, strict=False) - first.cast(pl.Int128, strict=False) + 1
    counted = pl.when(has_end).then(size.fill_null(MOST_NUMBERS + 1)).otherwise(1)
    return (
        numbers.join(assets, on="asset_id", maintain_order="left")
        .join(products, on="product_id", maintain_order="left")
        .with_columns(_profile())
        .with_columns(_cleaned("cli").alias("first"), _cleaned("range_end").alias("last"))
        .with_columns((first.is_null() | (has_end & ~good_end)).alias("is_bad"))
        .with_columns(pl.when(~pl.col("is_bad")).then(counted).otherwise(0).alias("numbers"))
        .filter(
            (pl.col("profile") == "none")
            | (~pl.col("is_bad") & (pl.col("numbers").sum().over("asset_id") <= MOST_NUMBERS))
        )
        .select(numbers.columns)
    )


# CLIs

_NATIONAL = "^(?:0[123789][0-9]|05[56])[0-9]{7,8}$"


def _profile() -> pl.Expr:
    """How the CLIs of a product are read."""
    needs = pl.col("needs_cli").fill_null(value=False)
    fallback = pl.when(needs).then(pl.lit("uk_number")).otherwise(pl.lit("any"))
    named = (
        pl.col("base_category")
        .str.to_lowercase()
        .replace_strict(CLI_PROFILES, default=None, return_dtype=pl.String)
    )
    return pl.coalesce(named, fallback).alias("profile")


def _cleaned(name: str) -> pl.Expr:
    """A CLI as its profile has it; null where it does not fit."""
    text = pl.col(name)
    fits = (text.str.len_chars() <= MOST_CLI_CHARACTERS) & ~text.str.replace_all(
        " ", "", literal=True
    ).str.contains(r"[\p{C}\p{Z}]")
    return (
        pl.when(pl.col("profile") == "uk_number")
        .then(_uk_number(text))
        .when((pl.col("profile") == "any") & fits)
        .then(text)
    )


def _uk_number(text: pl.Expr) -> pl.Expr:
    bare = (
        text.str.replace_all(r"[ \u{a0}()\[\].\-]", "")
        .str.replace(r"^(?:\+44|0044)0?", "0")
        .str.replace(r"^44([0-9]{10})$", "0$1")
    )
    fits = ~text.str.contains(r"\p{L}") & bare.str.contains(_NATIONAL)
    return pl.when(text.str.contains(_NATIONAL)).then(text).when(fits).then(bare)


def _cli_type() -> pl.Expr:
    cli = pl.col("cli")
    return (
        pl.when((pl.col("profile") != "uk_number") | cli.str.head(3).is_in(["070", "076"]))
        .then(pl.lit("other"))
        .when(cli.str.head(2).is_in(["01", "02"]))
        .then(pl.lit("geographic"))
        .when(cli.str.head(2) == "07")
        .then(pl.lit("mobile"))
        .otherwise(pl.lit("non-geographic"))
        .alias("cli_type")
    )


# Charges

Tables = Mapping[str, pl.LazyFrame]


def _charges(tables: Tables, as_of: date) -> pl.DataFrame:
    """Both charges of every line, each with its disposition."""
    lines = _lines(tables).collect()
    catalogue = tables["affinity_products"].filter(pl.col("is_active").fill_null(value=True))
    sold = catalogue.select("product_code").collect().to_series()
    charges = (
        pl.concat([_of_type(lines.lazy(), charge_type) for charge_type in CHARGE_TYPES])
        .with_columns(
            (pl.col("unit_price").cast(pl.Decimal(38, 4)) * pl.col("quantity")).alias("value"),
            _route_kind(tables["billing_platforms"].collect()["name"]),
        )
        .with_columns(_disposition(as_of, sold))
        .collect()
    )
    claims = charges.lazy().filter(pl.col("disposition") == "ready", pl.col("cli").is_not_null())
    contested = _contested(claims, tables)
    twins = (
        claims.join(contested, on=["asset_id", "cli"], how="anti")
        .filter(pl.struct("site_id", "cli", "sku", "charge_type", "bill_start_on").is_duplicated())
        .select("line_id", "charge_type", is_twin=True)
    )
    is_rival = pl.col("is_contested") | pl.col("is_twin")
    is_held = (pl.col("disposition") == "ready") & is_rival
    return (
        charges.lazy()
        .join(contested, on=["asset_id", "cli"], how="left")
        .join(twins, on=["line_id", "charge_type"], how="left")
        .with_columns(
            pl.when(is_held).then(pl.lit("held")).otherwise("disposition").alias("disposition")
        )
        .collect()
    )


def _lines(tables: Tables) -> pl.LazyFrame:
    """The lines with what they refer to beside them."""
    products = tables["products"].with_columns(_profile())
    item_types = products.select("product_id", asset_item_type="item_type")
    owners = tables["sites"].select("site_id", site_customer_id="customer_id")
    platform = pl.col("application_name").str.to_lowercase().is_in(PLATFORM_NAMES)
    links = tables["application_links"].filter(platform, pl.col("entity_type") == SITE_LINK)
    refs = (
        pl.concat(
            [
                tables["sites"].select("site_id", "integration_id"),
                links.select(pl.col("entity_id").alias("site_id"), "integration_id"),
            ]
        )
        .drop_nulls()
        .group_by("site_id")
        .agg(
            pl.col("integration_id").n_unique().alias("site_refs"),
            pl.col("integration_id").first().alias("site_ref"),
        )
    )
    known = tables["assets"].select(target_asset_id="asset_id", target_is_known=True)
    return (
        _with_asset_ids(tables)
        .join(_prefixed(tables["orders"], "order_id", "order"), on="order_id")
        .rename({"order_customer_id": "customer_id"})
        .join(_prefixed(tables["customers"], "customer_id", "customer"), on="customer_id")
        .join(_prefixed(products, "product_id", "product"), on="product_id")
        .rename({"product_profile": "profile"})
        .join(
            _prefixed(tables["assets"], "asset_id", "asset").with_columns(has_asset=True),
            on="asset_id",
            how="left",
        )
        .join(item_types, left_on="asset_product_id", right_on="product_id", how="left")
        .with_columns(pl.coalesce("asset_site_id", "site_id", "order_site_id").alias("site_id"))
        .join(owners, on="site_id", how="left")
        .join(refs, on="site_id", how="left")
        .join(known, on="target_asset_id", how="left")
        .with_columns(pl.coalesce("asset_cli", "cli").alias("cli_text"))
        .with_columns(
            _cleaned("cli_text").alias("cli"),
            (pl.col("cli_text").is_not_null() & (pl.col("profile") != "none")).alias("has_cli"),
            pl.when(pl.col("term_months") >= 1).then("term_months").alias("term_months"),
        )
        .with_columns(_cli_type())
    )


def _with_asset_ids(tables: Tables) -> pl.LazyFrame:
    """The lines; one that names no asset has the id of the only asset that names it."""
    sole = (
        tables["assets"]
        .drop_nulls("line_id")
        .group_by("line_id")
        .agg(pl.len().alias("assets"), pl.col("asset_id").first().alias("sole_asset_id"))
        .filter(pl.col("assets") == 1)
        .drop("assets")
    )
    return (
        tables["order_lines"]
        .join(sole, on="line_id", how="left")
        .with_columns(pl.coalesce("asset_id", "sole_asset_id").alias("asset_id"))
    )


def _prefixed(table: pl.LazyFrame, key: str, prefix: str) -> pl.LazyFrame:
    return table.select(key, pl.all().exclude(key).name.prefix(f"{prefix}_"))


def _of_type(lines: pl.LazyFrame, charge_type: str) -> pl.LazyFrame:
    """One charge of each line, with the columns that both files and all rules need."""
    recurring = charge_type == "recurring"
    is_service = pl.col("product_item_type") == "Service"
    days = ["asset_connection_on", "connected_on"]
    start = pl.coalesce(days if recurring else days[::-1])
    other_start = pl.lit(None) if recurring else pl.col("issued_on")
    route = f"{charge_type}_billing_route"
    sku = ["product_external_sku_recurring", "product_external_sku"]
    return lines.select(
        *_SHARED,
        pl.lit(charge_type).alias("charge_type"),
        pl.coalesce(f"{charge_type}_price", f"product_{charge_type}_price").alias("unit_price"),
        pl.coalesce(f"asset_{route}", route, f"product_{route}", pl.lit(OWN_NAMES[0])).alias(
            "route"
        ),
        pl.coalesce(sku if recurring else sku[1:]).alias("sku"),
        pl.col(f"{charge_type}_bill_status").alias("bill_status"),
        (pl.col(f"{charge_type}_do_not_bill").fill_null(value=False))
        .or_(pl.col("asset_do_not_bill").fill_null(value=False))
        .alias("do_not_bill"),
        (
            pl.coalesce("billing_frequency", "product_billing_frequency")
            if recurring
            else pl.lit("One_Off")
        ).alias("frequency"),
        pl.coalesce(
            "bill_start_override", pl.when(is_service).then(start).otherwise(other_start)
        ).alias("bill_start_on"),
        pl.when(is_service).then("connected_on").otherwise("issued_on").alias("trigger_on"),
    )


_SHARED = (
    *("line_id", "action", "quantity", "term_months", "target_is_known", "cli", "cli_type"),
    *("has_cli", "order_status", "order_order_ref", "order_po_ref", "site_id", "site_customer_id"),
    *("customer_id", "customer_status", "customer_integration_id", "product_id", "product_name"),
    *("product_item_type", "product_needs_cli", "product_fixed_billing", "product_base_category"),
    *("asset_id", "has_asset", "asset_customer_id", "asset_product_id", "asset_is_live"),
    *("asset_connection_on", "asset_cease_on", "asset_item_type", "site_refs", "site_ref"),
)


def _route_kind(platforms: pl.Series) -> pl.Expr:
    kinds = {
        **dict.fromkeys(platforms.str.to_lowercase(), "other"),
        **dict.fromkeys(OWN_NAMES, "own"),
        **dict.fromkeys(PLATFORM_NAMES, "platform"),
    }
    return (
        pl.col("route")
        .str.to_lowercase()
        .replace_strict(kinds, default=None, return_dtype=pl.String)
        .alias("route_kind")
    )


def _disposition(as_of: date, sold: pl.Series) -> pl.Expr:
    """What becomes of each charge as far as no other charge has a say."""
    no_asset = pl.col("has_asset").is_null()
    has_left = pl.col("customer_status") == "Cancelled"
    price, kind, trigger = pl.col("unit_price"), pl.col("route_kind"), pl.col("trigger_on")
    is_cancelled = pl.col("order_status").str.to_lowercase() == "cancelled"
    rules = (
        ("in_billing", pl.col("bill_status") == "In Billing"),
        ("cancelled", is_cancelled | (has_left & no_asset)),
        ("amendment", pl.col("action") == "Update"),
        ("not_applicable", price.is_null() | (price == 0)),
        ("held", kind.is_null()),
        ("billed_in_layer", kind == "own"),
        ("other_platform", kind == "other"),
        ("do_not_bill", pl.col("do_not_bill")),
        ("waiting", no_asset | trigger.is_null() | (trigger > as_of)),
        ("held", _is_held(as_of, sold)),
    )
    disposition = pl.lit("ready")
    for name, rule in reversed(rules):
        disposition = pl.when(rule).then(pl.lit(name)).otherwise(disposition)
    return disposition.alias("disposition")


def _is_held(as_of: date, sold: pl.Series) -> pl.Expr:
    """Whether anything about a triggered charge itself is not as it must be."""
    recurring = pl.col("charge_type") == "recurring"
    start, customer = pl.col("bill_start_on"), pl.col("customer_id")
    day = pl.lit(as_of)
    signs = (
        recurring & (pl.col("product_item_type") == "Product"),
        pl.col("sku").is_null() | ~pl.col("sku").is_in(sold.implode()),
        pl.col("customer_integration_id").is_null(),
        pl.col("customer_status") == "Cancelled",
        pl.col("site_id").is_null(),
        pl.col("site_refs").fill_null(0) != 1,
        pl.col("site_customer_id") != customer,
        pl.col("asset_product_id") != pl.col("product_id"),
        pl.col("asset_customer_id") != customer,
        ~pl.col("asset_is_live"),
        (pl.col("action") == "New & Cease") & pl.col("target_is_known").is_null(),
        pl.col("product_needs_cli") & ~pl.col("has_cli"),
        pl.col("has_cli") & pl.col("cli").is_null(),
        start.is_null(),
        start > pl.col("asset_cease_on"),
        start < day.dt.offset_by(f"-{FURTHEST_MONTHS}mo"),
        start > day.dt.offset_by(f"{FURTHEST_MONTHS}mo"),
        pl.col("frequency").is_null(),
        pl.col("product_name").str.len_chars() > LONGEST_DESCRIPTION,
        (pl.col("product_base_category").str.to_lowercase() == COUNTED_CATEGORY)
        & (pl.col("quantity") >= LARGE_ORDER),
    )
    return pl.any_horizontal(sign.fill_null(value=False) for sign in signs)


def _contested(claims: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """Asset and CLI of claims on what another live root service asset holds at the same time."""
    mine = (
        claims.filter(pl.col("asset_item_type") == "Service")
        .select("asset_id", "cli", *_span("asset_connection_on", "asset_cease_on"))
        .unique()
    )
    theirs = _lives(tables).select("cli", pl.col("asset_id").alias("other_id"), *_span())
    starts, ends = pl.col("starts"), pl.col("ends")
    pairs = (
        mine.join(theirs, on="cli", suffix="_there")
        .filter(
            pl.col("asset_id") != pl.col("other_id"),
            starts <= ends,
            pl.col("starts_there") <= pl.col("ends_there"),
            pl.col("starts_there") <= ends,
            pl.col("ends_there") >= starts,
        )
        .collect()
    )
    lines = _with_asset_ids(tables).filter(pl.col("action") == "New & Cease")
    replaced = lines.select("asset_id", pl.col("target_asset_id").alias("other_id"))
    return (
        pairs.lazy()
        .join(_ancestors(pairs, tables).lazy(), on=["asset_id", "other_id"], how="anti")
        .join(replaced, on=["asset_id", "other_id"], how="anti")
        .select("asset_id", "cli", is_contested=True)
        .unique()
    )


def _lives(tables: Tables) -> pl.LazyFrame:
    return (
        tables["assets"]
        .filter("is_live", pl.col("parent_asset_id").is_null())
        .join(tables["products"].with_columns(_profile()), on="product_id")
        .filter(pl.col("item_type") == "Service")
        .with_columns(_cleaned("cli"))
        .drop_nulls("cli")
    )


def _span(start: str = "connection_on", end: str = "cease_on") -> tuple[pl.Expr, pl.Expr]:
    return (
        pl.col(start).fill_null(date.min).alias("starts"),
        pl.col(end).fill_null(date.max).alias("ends"),
    )


def _ancestors(pairs: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    """Every asset above one that a pair is about; a cycle ends where it closes."""
    parents = (
        tables["assets"]
        .select(pl.col("asset_id").alias("other_id"), "parent_asset_id")
        .drop_nulls()
        .collect()
    )
    step = found = pairs.select("asset_id", other_id="asset_id").unique()
    while step.height:
        step = (
            step.join(parents, on="other_id")
            .select("asset_id", other_id="parent_asset_id")
            .join(found, on=["asset_id", "other_id"], how="anti")
        )
        found = pl.concat([found, step])
    return found


# Files


def _product_rows(ready: pl.DataFrame) -> pl.DataFrame:
    start, months = pl.col("bill_start_on"), pl.col("term_months")
    fixed = (pl.col("charge_type") == "recurring") & pl.col("product_fixed_billing")
    term_end = start.dt.offset_by(pl.format("{}mo", months.fill_null(0))).dt.offset_by("-1d")
    end = pl.coalesce("asset_cease_on", pl.when(fixed & months.is_not_null()).then(term_end))
    key = pl.format(f"{TENANT}|product|{{}}|{{}}|add", "line_id", "charge_type")
    return ready.select(
        pl.col("customer_integration_id").alias("customer_ref"),
        "site_ref",
        "cli",
        "sku",
        pl.col("charge_type").str.to_uppercase(),
        pl.lit("ADD").alias("action"),
        "product_name",
        "quantity",
        pl.col("unit_price").cast(pl.String),
        pl.col("frequency").str.to_uppercase(),
        start.dt.strftime("%d/%m/%Y"),
        end.dt.strftime("%d/%m/%Y").alias("bill_end_on"),
        "term_months",
        pl.col("order_order_ref").alias("order_ref"),
        pl.col("order_po_ref").alias("po_ref"),
        "line_id",
        "asset_id",
        key.map_batches(_row_keys, return_dtype=pl.String).alias("row_key"),
    )


def _row_keys(texts: pl.Series) -> pl.Series:
    keys = [hashlib.sha256(text.encode()).hexdigest()[:32] for text in texts]
    return pl.Series(keys, dtype=pl.String)


_PLACE = ("site_ref", "cli")


def _cli_rows(ready: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    """The CLIs to add: what ready charges need, and the additional numbers of their assets."""
    charges = ready.lazy().rename(
        {"customer_integration_id": "customer_ref", "bill_start_on": "start_on"}
    )
    known_type = pl.col("cli_type").filter(pl.col("cli_type") != "other").min()
    needed = (
        charges.drop_nulls("cli")
        .group_by(_PLACE)
        .agg(
            pl.col("customer_ref").min(),
            known_type.fill_null("other"),
            pl.col("start_on").min(),
            pl.col("asset_id").min(),
        )
    )
    live = _live(tables["affinity_clis"])
    numbers = _additional(charges, needed, tables).collect().lazy()
    first_of_place = numbers.unique(_PLACE, keep="first", maintain_order=True)
    ranges = (
        numbers.drop_nulls("range_end")
        .unique(_PLACE, keep="first", maintain_order=True)
        .select(*_PLACE, "range_end")
    )
    main = _not_live(needed, live).join(ranges, on=_PLACE, how="left")
    others = _not_live(first_of_place, live).join(main, on=_PLACE, how="anti")
    key = pl.format(f"{TENANT}|cli|{{}}|{{}}|add|{{}}", *_PLACE, pl.col("start_on").cast(pl.String))
    return (
        pl.concat([main, others], how="diagonal")
        .with_columns(
            key.map_batches(_row_keys, return_dtype=pl.String).alias("row_key"),
            pl.lit("ADD").alias("action"),
            pl.lit(None, dtype=pl.String).alias("previous_cli"),
            pl.col("start_on", "end_on").dt.strftime("%d/%m/%Y"),
        )
        .collect()
    )


def _live(affinity_clis: pl.LazyFrame) -> pl.LazyFrame:
    """Until when a CLI is live at a site of Affinity."""
    cli = pl.col("cli")
    return affinity_clis.group_by("site_ref", pl.coalesce(_uk_number(cli), cli).alias("cli")).agg(
        pl.col("end_on").fill_null(date.max).max().alias("until_on")
    )


def _not_live(rows: pl.LazyFrame, live: pl.LazyFrame) -> pl.LazyFrame:
    is_live = (pl.col("until_on") >= pl.col("start_on")).fill_null(value=False)
    return rows.join(live, on=_PLACE, how="left").filter(~is_live).drop("until_on")


def _additional(charges: pl.LazyFrame, needed: pl.LazyFrame, tables: Tables) -> pl.LazyFrame:
    """The additional numbers of assets with a ready charge, the first of a place first."""
    hangs_on = (
        charges.join(needed.select(*_PLACE, cli_start_on="start_on"), on=_PLACE, how="left")
        .group_by("asset_id", "site_ref")
        .agg(
            pl.col("customer_ref").min(),
            pl.coalesce(pl.col("cli_start_on").min(), pl.col("start_on").min()).alias("starts"),
        )
    )
    products = tables["products"].select("product_id", _profile())
    assets = tables["assets"].select("asset_id", "product_id").join(products, on="product_id")
    return (
        tables["asset_numbers"]
        .join(assets, on="asset_id")
        .with_columns(_cleaned("cli"), _cleaned("range_end"))
        .drop_nulls("cli")
        .join(hangs_on, on="asset_id")
        .select(
            "customer_ref",
            *_PLACE,
            _cli_type(),
            "range_end",
            pl.coalesce("start_on", "starts").alias("start_on"),
            "end_on",
            "asset_id",
        )
        .sort(*_PLACE, "start_on", "asset_id", "range_end", nulls_last=True)
    )


def _write(rows: pl.DataFrame, columns: Mapping[str, str], order: Sequence[str], path: Path) -> int:
    """Write a file for Affinity; how many rows it has."""
    rows.sort(order, nulls_last=False).select(
        pl.col(name).alias(header) for header, name in columns.items()
    ).write_csv(path, line_terminator="\r\n")
    return rows.height


if __name__ == "__main__":
    run(bill)
