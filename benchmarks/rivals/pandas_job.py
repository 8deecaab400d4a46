"""The job in pandas: whole columns at a time, typed records kept as Parquet files in OUT.

`python -m benchmarks.rivals.pandas_job FEEDS OUT AS_OF`. Money is whole ten-thousandths of a pound.
"""

import csv
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

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
from schemas.feeds import Column, Feed, Kind

Tables = dict[str, pd.DataFrame]


def bill(feeds: Path, out: Path, as_of: date) -> Found:
    """Read the feeds, decide, write both files."""
    found, tables = Found(), Tables()
    for feed, path in delivered(feeds):
        tables[feed.name] = _accept(feed, path, tables, found)
        tables[feed.name].to_parquet(out / f"{feed.name}.parquet", index=False)
    charges = _charges(tables, pd.Timestamp(as_of))
    charges[_KEPT].to_parquet(out / "charges.parquet", index=False)
    for disposition, those in charges.groupby("disposition"):
        found.sum_up(str(disposition), len(those), Decimal(int(those["value"].sum())).scaleb(-4))
    ready = charges[charges["disposition"] == "ready"]
    found.files["06_clis.csv"] = _write(
        _cli_rows(ready, tables), CLI_FILE, CLI_ORDER, out / "06_clis.csv"
    )
    found.files["08_products.csv"] = _write(
        _product_rows(ready), PRODUCT_FILE, PRODUCT_ORDER, out / "08_products.csv"
    )
    return found


_KEPT = [
    *("line_id", "charge_type", "customer_id", "site_id", "product_id", "route", "disposition"),
    *("quantity", "unit_price", "value", "frequency", "bill_start_on", "cli", "sku"),
]


# Records


def _accept(feed: Feed, path: Path, tables: Tables, found: Found) -> pd.DataFrame:
    """The records of a feed that fit, typed."""
    cells, malformed = _read(path)
    labels = labels_of(feed, list(cells.columns))
    records = pd.DataFrame(index=cells.index)
    fits = pd.Series(data=True, index=cells.index)
    for column in feed.columns:
        texts = cells.get(labels.get(column.name, ""), pd.Series(pd.NA, cells.index, dtype="str"))
        records[column.name], cell_fits = _column(texts, column)
        fits &= cell_fits
    if feed.keys:
        keys = records[list(feed.keys)]
        fits &= ~(keys.duplicated(keep=False) & keys.notna().all(axis="columns"))
    for column in feed.columns:
        if column.references is not None:
            known = tables[column.references].iloc[:, 0]  # the key comes first
            fits &= records[column.name].isna() | _are_among(records[column.name], known)
    accepted = records[fits]
    if feed.name == "asset_numbers":
        accepted = accepted[~_bad_ranges(accepted, tables)]
    rejected = malformed + len(records) - len(accepted)
    found.count(feed.name, accepted=len(accepted), rejected=rejected)
    return accepted.reset_index(drop=True)


def _read(path: Path) -> tuple[pd.DataFrame, int]:
    """The cells as text, and how many records have too many or too few of them."""
    if path.suffix == ".parquet":
        return pd.read_parquet(path), 0
    content = path.read_bytes().decode("utf-8-sig", errors="replace").encode()
    header = next(csv.reader([content.partition(b"\n")[0].decode()]))
    malformed = []

    def skip(row: Any) -> str:
        malformed.append(row)
        return "skip"

    # pandas.read_csv fills up short records or, with this reader inside, takes 007 for a number
    cells = pa_csv.read_csv(
        BytesIO(content),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=skip),
        convert_options=pa_csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string())),
    )
    return cells.to_pandas(), len(malformed)


def _column(texts: pd.Series, column: Column) -> tuple[pd.Series, pd.Series]:
    """A column's values, and which of its cells fit."""
    trimmed = texts.str.strip()
    trimmed = trimmed.mask(trimmed == "")
    if column.kind is Kind.TEXT:
        readable = ~texts.str.contains(UNREADABLE, regex=True, na=False)
        values, fits = trimmed.where(readable), readable
    else:
        values = _by_distinct(trimmed, _typed(column))
        fits = values.notna() | trimmed.isna()
    if column.kind is Kind.MONEY:
        fits &= ~(values < 0).fillna(value=False).astype(bool)
    return values, fits & values.notna() if column.must_have_value else fits


def _by_distinct(cells: pd.Series, convert: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """What `convert` makes of the cells, having looked at each distinct one only once."""
    codes, distinct = pd.factorize(cells)
    values = convert(pd.Series(distinct)).reindex(codes)
    return values.set_axis(cells.index)


def _are_among(texts: pd.Series, keys: pd.Series) -> np.ndarray:
    """Whether each text is one of the keys, as `isin` says too, but in Python."""
    return pd.Index(keys).get_indexer(pd.Index(texts)) >= 0


_DAY = r"\d{4}-\d\d-\d\d(?:[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?)?"
_MONEY = r"(?:-?£?|£-)(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d{1,4})?"
_MOST_TEN_THOUSANDTHS = 10**18
_BOOLEANS = {
    **dict.fromkeys(("true", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "no", "n", "0"), False),
}


def _typed(column: Column) -> Callable[[pd.Series], pd.Series]:
    match column.kind:
        case Kind.DATE:
            return _days
        case Kind.MONEY:
            return _money
        case Kind.INTEGER:
            return lambda texts: _matching(texts, r"-?\d{1,18}").astype("Int64")
        case Kind.QUANTITY:
            return lambda texts: _matching(texts, r"(?=.{1,18}$)0*[1-9]\d*").astype("Int64")
        case Kind.BOOLEAN:
            return lambda texts: texts.str.lower().map(_BOOLEANS).astype("boolean")
        case _:
            spelled = {choice.lower(): choice for choice in column.choices}
            return lambda texts: texts.str.lower().map(spelled).astype("str")


def _matching(texts: pd.Series, pattern: str) -> pd.Series:
    compiled = re.compile(pattern, re.ASCII)
    return texts.where(texts.map(lambda text: compiled.fullmatch(text) is not None).astype(bool))


def _days(texts: pd.Series) -> pd.Series:
    days = _matching(texts, _DAY).str.slice(0, 10)
    return pd.to_datetime(days, format="%Y-%m-%d", errors="coerce")


def _money(texts: pd.Series) -> pd.Series:
    plain = _matching(texts, _MONEY).str.replace(r"[£,]", "", regex=True)
    amounts = plain.map(lambda text: int(Decimal(text).scaleb(4)), na_action="ignore")
    return amounts.where(amounts.abs() < _MOST_TEN_THOUSANDTHS).astype("Int64")


def _bad_ranges(numbers: pd.DataFrame, tables: Tables) -> pd.Series:
    """Which additional numbers cannot be, or belong to an asset that has too many."""
    products = tables["products"].set_index("product_id")
    profile = _profiles(products)
    asset_product = tables["assets"].set_index("asset_id")["product_id"]
    profiles = numbers["asset_id"].map(asset_product).map(profile)
    first, last = (_cleaned(numbers[name], profiles) for name in ("cli", "range_end"))
    has_end = numbers["range_end"].notna()
    digits = first.str.fullmatch(r"[0-9]+", na=False) & last.str.fullmatch(r"[0-9]+", na=False)
    good_end = digits & (first.str.len() == last.str.len()) & (first < last)
    bad = (first.isna() | (has_end & ~good_end)) & (profiles != "none")
    ranges = has_end & good_end
    sizes = pd.Series(1, numbers.index, dtype=object)
    sizes[ranges] = last[ranges].map(int) - first[ranges].map(int) + 1
    totals = sizes.mask(bad | (profiles == "none"), 0).groupby(numbers["asset_id"]).transform("sum")
    return bad | ((totals > MOST_NUMBERS) & (profiles != "none"))


# CLIs

_PUNCTUATION = str.maketrans("", "", " \u00a0()[].-")
_NATIONAL = re.compile(r"(?:0[123789][0-9]|05[56])[0-9]{7,8}")


def _profiles(products: pd.DataFrame) -> pd.Series:
    fallback = np.where(products["needs_cli"].fillna(value=False), "uk_number", "any")
    named = products["base_category"].str.lower().map(CLI_PROFILES)
    return named.fillna(pd.Series(fallback, products.index)).astype("str")


def _cleaned(texts: pd.Series, profiles: pd.Series) -> pd.Series:
    """The CLIs as their profiles have them; missing where they do not fit."""
    cleaned = pd.Series(pd.NA, texts.index, dtype="str")
    for profile, clean in (("uk_number", _uk_number), ("any", _reference)):
        those = profiles == profile
        cleaned[those] = _by_distinct(
            texts[those], lambda distinct, clean=clean: distinct.map(clean).astype("str")
        )
    return cleaned


def _uk_number(text: str) -> str | None:
    if _NATIONAL.fullmatch(text):
        return text
    if any(character.isalpha() for character in text):
        return None
    bare = text.translate(_PUNCTUATION)
    bare = re.sub(r"^(?:\+44|0044)0?", "0", bare)
    bare = re.sub(r"^44(?=[0-9]{10}$)", "0", bare)
    return bare if _NATIONAL.fullmatch(bare) else None


def _reference(text: str) -> str | None:
    return text if len(text) <= MOST_CLI_CHARACTERS and text.isprintable() else None


def _cli_types(clis: pd.Series, profiles: pd.Series) -> np.ndarray:
    prefix = clis.str.slice(0, 2)
    return np.select(
        [
            (profiles != "uk_number") | clis.str.slice(0, 3).isin(["070", "076"]),
            prefix.isin(["01", "02"]),
            prefix == "07",
        ],
        ["other", "geographic", "mobile"],
        "non-geographic",
    )


# Charges


def _charges(tables: Tables, as_of: pd.Timestamp) -> pd.DataFrame:
    """Both charges of every line, each with its disposition."""
    lines = _lines(tables)
    charges = pd.concat(
        [_of_type(lines, charge_type) for charge_type in CHARGE_TYPES], ignore_index=True
    )
    del lines
    charges["value"] = charges["unit_price"] * charges["quantity"]
    charges["route_kind"] = _route_kinds(charges["route"], tables["billing_platforms"]["name"])
    charges["disposition"] = _dispositions(charges, as_of)
    due = charges[charges["disposition"] == "ready"]
    charges.loc[due.index[_is_held(due, tables, as_of)], "disposition"] = "held"
    claims = charges[(charges["disposition"] == "ready") & charges["cli"].notna()]
    charges.loc[_contested(claims, tables), "disposition"] = "held"
    claims = charges[(charges["disposition"] == "ready") & charges["cli"].notna()]
    twins = claims.duplicated(["site_id", "cli", "sku", "charge_type", "bill_start_on"], keep=False)
    charges.loc[twins.index[twins], "disposition"] = "held"
    return charges


def _lines(tables: Tables) -> pd.DataFrame:
    """The lines with what they refer to beside them."""
    lines, assets = tables["order_lines"], tables["assets"]
    named = assets.dropna(subset="line_id").drop_duplicates("line_id", keep=False)
    sole = lines["line_id"].map(named.set_index("line_id")["asset_id"])
    lines = lines.assign(
        asset_id=lines["asset_id"].fillna(sole),
        target_is_known=_are_among(lines["target_asset_id"], assets["asset_id"]),
    )
    products = tables["products"].assign(profile=_profiles(tables["products"]))
    lines = _beside(lines, "order_id", tables["orders"], "order")
    lines = _beside(lines, "order_customer_id", tables["customers"], "customer")
    lines = _beside(lines, "product_id", products, "product")
    lines = _beside(lines, "asset_id", assets.assign(is_there=True), "asset")
    lines = _beside(lines, "asset_product_id", products[["product_id", "item_type"]], "held")
    lines["site_id"] = (
        lines["asset_site_id"].fillna(lines["site_id"]).fillna(lines["order_site_id"])
    )
    lines = _beside(lines, "site_id", tables["sites"][["site_id", "customer_id"]], "site")
    lines = _beside(lines, "site_id", _site_refs(tables), "refs")
    text = lines["asset_cli"].fillna(lines["cli"])
    cleaned = _cleaned(text, lines["product_profile"])
    has_cli = text.notna() & (lines["product_profile"] != "none")
    return lines.assign(
        has_cli=has_cli,
        cli=cleaned,
        cli_type=_cli_types(cleaned, lines["product_profile"]),
        term_months=lines["term_months"].where(lines["term_months"] >= 1),
    )


def _beside(lines: pd.DataFrame, key: str, table: pd.DataFrame, prefix: str) -> pd.DataFrame:
    """The lines with the table's columns, prefixed, of the record that `key` names."""
    return lines.join(table.set_index(table.columns[0]).add_prefix(f"{prefix}_"), on=key)


def _site_refs(tables: Tables) -> pd.DataFrame:
    links = tables["application_links"]
    links = links[
        (links["entity_type"] == SITE_LINK)
        & links["application_name"].str.lower().isin(PLATFORM_NAMES)
    ]
    refs = pd.concat(
        [
            tables["sites"][["site_id", "integration_id"]],
            links[["entity_id", "integration_id"]].set_axis(
                ["site_id", "integration_id"], axis="columns"
            ),
        ]
    )
    return refs.groupby("site_id")["integration_id"].agg(count="nunique", ref="first").reset_index()


def _of_type(lines: pd.DataFrame, charge_type: str) -> pd.DataFrame:
    """One charge of each line, with the columns that both files and all rules need."""
    recurring, service = charge_type == "recurring", lines["product_item_type"] == "Service"
    product_sku = lines["product_external_sku"]
    connected, connection = lines["connected_on"], lines["asset_connection_on"]
    start = connection.fillna(connected) if recurring else connected.fillna(connection)
    other_start = pd.NaT if recurring else lines["issued_on"]
    frequency = lines["billing_frequency"].fillna(lines["product_billing_frequency"])
    own_do_not_bill = lines[f"{charge_type}_do_not_bill"].fillna(value=False)
    route = f"{charge_type}_billing_route"
    return lines[_SHARED].assign(
        charge_type=charge_type,
        customer_id=lines["order_customer_id"],
        unit_price=lines[f"{charge_type}_price"].fillna(lines[f"product_{charge_type}_price"]),
        route=lines[f"asset_{route}"]
        .fillna(lines[route])
        .fillna(lines[f"product_{route}"])
        .fillna(OWN_NAMES[0]),
        sku=lines["product_external_sku_recurring"].fillna(product_sku)
        if recurring
        else product_sku,
        bill_status=lines[f"{charge_type}_bill_status"],
        do_not_bill=own_do_not_bill | lines["asset_do_not_bill"].fillna(value=False),
        frequency=frequency if recurring else "One_Off",
        bill_start_on=lines["bill_start_override"].fillna(start.where(service, other_start)),
        trigger_on=connected.where(service, lines["issued_on"]),
    )


_SHARED = [
    *("line_id", "action", "quantity", "term_months", "target_is_known", "cli", "cli_type"),
    *("has_cli", "order_status", "order_order_ref", "order_po_ref", "site_id", "site_customer_id"),
    *("customer_status", "customer_integration_id", "product_id", "product_name", "refs_ref"),
    *("product_item_type", "product_needs_cli", "product_fixed_billing", "product_base_category"),
    *("asset_id", "asset_is_there", "asset_customer_id", "asset_product_id", "asset_is_live"),
    *("asset_connection_on", "asset_cease_on", "held_item_type", "refs_count"),
]


def _route_kinds(routes: pd.Series, platforms: pd.Series) -> pd.Series:
    kinds = {
        **dict.fromkeys(platforms.str.lower(), "other"),
        **dict.fromkeys(OWN_NAMES, "own"),
        **dict.fromkeys(PLATFORM_NAMES, "platform"),
    }
    return _by_distinct(routes, lambda distinct: distinct.str.lower().map(kinds).astype("str"))


def _dispositions(charges: pd.DataFrame, as_of: pd.Timestamp) -> np.ndarray:
    """What becomes of each charge if nothing holds it."""
    no_asset = charges["asset_is_there"].isna()
    status = _by_distinct(charges["order_status"], lambda distinct: distinct.str.lower())
    has_left = charges["customer_status"] == "Cancelled"
    trigger = charges["trigger_on"]
    kind = charges["route_kind"]
    rules = {
        "in_billing": charges["bill_status"] == "In Billing",
        "cancelled": (status == "cancelled") | (has_left & no_asset),
        "amendment": charges["action"] == "Update",
        "not_applicable": charges["unit_price"].isna() | (charges["unit_price"] == 0),
        "unknown_route": kind.isna(),
        "billed_in_layer": kind == "own",
        "other_platform": kind == "other",
        "do_not_bill": charges["do_not_bill"],
        "waiting": no_asset | trigger.isna() | (trigger > as_of),
    }
    conditions = [rule.fillna(value=False).astype(bool) for rule in rules.values()]
    names = ["held" if name == "unknown_route" else name for name in rules]
    return np.select(conditions, names, "ready")


def _is_held(charges: pd.DataFrame, tables: Tables, as_of: pd.Timestamp) -> pd.Series:
    """Whether anything about a triggered charge itself is not as it must be."""
    catalogue = tables["affinity_products"]
    sold = catalogue.loc[catalogue["is_active"].fillna(value=True), "product_code"]
    recurring = charges["charge_type"] == "recurring"
    start = charges["bill_start_on"]
    months = pd.DateOffset(months=FURTHEST_MONTHS)
    signs = [
        recurring & (charges["product_item_type"] == "Product"),
        pd.Series(~_are_among(charges["sku"], sold), charges.index),
        charges["customer_integration_id"].isna(),
        charges["customer_status"] == "Cancelled",
        charges["site_id"].isna(),
        charges["refs_count"] != 1,
        charges["site_customer_id"] != charges["customer_id"],
        charges["asset_product_id"] != charges["product_id"],
        charges["asset_customer_id"] != charges["customer_id"],
        ~charges["asset_is_live"],
        (charges["action"] == "New & Cease") & ~charges["target_is_known"],
        charges["product_needs_cli"] & ~charges["has_cli"],
        charges["has_cli"] & charges["cli"].isna(),
        start.isna(),
        start > charges["asset_cease_on"],
        start < as_of - months,
        start > as_of + months,
        charges["frequency"].isna(),
        charges["product_name"].str.len() > LONGEST_DESCRIPTION,
        (charges["product_base_category"].str.lower() == COUNTED_CATEGORY)
        & (charges["quantity"] >= LARGE_ORDER),
    ]
    held = pd.Series(data=False, index=charges.index)
    for sign in signs:
        held |= sign.fillna(value=False).astype(bool)
    return held


def _contested(claims: pd.DataFrame, tables: Tables) -> pd.Index:
    """The claims whose CLI another live root service asset holds at the same time."""
    claims = claims[claims["held_item_type"] == "Service"]
    pairs = claims[["asset_id", "cli", "asset_connection_on", "asset_cease_on"]]
    pairs = pairs.reset_index(names="claim").merge(_lives(tables), on="cli")
    mine = _span(pairs["asset_connection_on"], pairs["asset_cease_on"])
    theirs = _span(pairs["connection_on"], pairs["cease_on"])
    overlap = (mine[0] <= mine[1]) & (theirs[0] <= theirs[1])
    overlap &= (theirs[0] <= mine[1]) & (theirs[1] >= mine[0])
    pairs = pairs.loc[overlap & (pairs["asset_id"] != pairs["other_id"])]
    excused = pd.concat([_ancestors(pairs, tables), _replaced(tables)])
    pairs = pairs.merge(
        excused.drop_duplicates(), on=["asset_id", "other_id"], how="left", indicator=True
    )
    return pd.Index(pairs.loc[pairs["_merge"] == "left_only", "claim"].unique())


def _lives(tables: Tables) -> pd.DataFrame:
    products = tables["products"].set_index("product_id")
    assets = tables["assets"]
    service = assets["product_id"].map(products["item_type"]) == "Service"
    roots = assets[assets["is_live"].astype(bool) & assets["parent_asset_id"].isna() & service]
    return (
        roots.assign(cli=_cleaned(roots["cli"], roots["product_id"].map(_profiles(products))))
        .dropna(subset="cli")[["cli", "asset_id", "connection_on", "cease_on"]]
        .rename(columns={"asset_id": "other_id"})
    )


def _span(starts: pd.Series, ends: pd.Series) -> tuple[pd.Series, pd.Series]:
    return starts.fillna(pd.Timestamp("0001-01-01")), ends.fillna(pd.Timestamp("9999-12-31"))


def _ancestors(pairs: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """Every asset above one that a pair is about; a cycle ends where it closes."""
    parents = tables["assets"].set_index("asset_id")["parent_asset_id"].dropna()
    found = pd.DataFrame({"asset_id": pairs["asset_id"], "other_id": pairs["asset_id"]})
    found = found.drop_duplicates()
    step = found
    while len(step):
        step = step.assign(other_id=step["other_id"].map(parents)).dropna()
        known = pd.MultiIndex.from_frame(found)
        step = step[~pd.MultiIndex.from_frame(step).isin(known)]
        found = pd.concat([found, step])
    return found


def _replaced(tables: Tables) -> pd.DataFrame:
    """What New & Cease lines that became an asset replace."""
    lines, assets = tables["order_lines"], tables["assets"]
    lines = lines[(lines["action"] == "New & Cease") & lines["target_asset_id"].notna()]
    named = assets.dropna(subset="line_id").drop_duplicates("line_id", keep=False)
    sole = lines["line_id"].map(named.set_index("line_id")["asset_id"])
    return pd.DataFrame(
        {"asset_id": lines["asset_id"].fillna(sole), "other_id": lines["target_asset_id"]}
    ).dropna()


# Files


def _product_rows(ready: pd.DataFrame) -> pd.DataFrame:
    months = ready["term_months"].where(
        (ready["charge_type"] == "recurring") & ready["product_fixed_billing"].fillna(value=False)
    )
    ends = _term_ends(ready["bill_start_on"], months)
    keys = TENANT + "|product|" + ready["line_id"] + "|" + ready["charge_type"] + "|add"
    return pd.DataFrame(
        {
            "customer_ref": ready["customer_integration_id"],
            "site_ref": ready["refs_ref"],
            "cli": ready["cli"],
            "sku": ready["sku"],
            "charge_type": ready["charge_type"].str.upper(),
            "action": "ADD",
            "product_name": ready["product_name"],
            "quantity": ready["quantity"],
            "unit_price": _pounds(ready["unit_price"]),
            "frequency": ready["frequency"].str.upper(),
            "bill_start_on": _uk_days(ready["bill_start_on"]),
            "bill_end_on": _uk_days(ready["asset_cease_on"].fillna(ends)),
            "term_months": ready["term_months"],
            "order_ref": ready["order_order_ref"],
            "po_ref": ready["order_po_ref"],
            "line_id": ready["line_id"],
            "asset_id": ready["asset_id"],
            "row_key": _row_keys(keys),
        }
    )


def _term_ends(starts: pd.Series, months: pd.Series) -> pd.Series:
    """The last day of terms of so many months."""
    ends = pd.Series(pd.NaT, starts.index, dtype=starts.dtype)
    for term in months.dropna().unique():
        those = (months == term).fillna(value=False).astype(bool)
        ends[those] = starts[those] + pd.DateOffset(months=int(term)) - pd.Timedelta(days=1)
    return ends


def _pounds(amounts: pd.Series) -> pd.Series:
    return (amounts // 10_000).astype("str") + "." + (amounts % 10_000).astype("str").str.zfill(4)


def _uk_days(days: pd.Series) -> pd.Series:
    return _by_distinct(days, lambda distinct: distinct.dt.strftime("%d/%m/%Y"))


def _row_keys(texts: Iterable[str]) -> list[str]:
    return [hashlib.sha256(text.encode()).hexdigest()[:32] for text in texts]


_PLACE = ["site_ref", "cli"]


def _cli_rows(ready: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """The CLIs to add: what ready charges need, and the additional numbers of their assets."""
    ready = ready.rename(
        columns={
            "customer_integration_id": "customer_ref",
            "refs_ref": "site_ref",
            "bill_start_on": "start_on",
        }
    )
    live = _live(tables["affinity_clis"])
    ready["cli_type"] = ready["cli_type"].where(ready["cli_type"] != "other")
    needed = _least(
        ready.dropna(subset="cli"), _PLACE, "customer_ref", "cli_type", "start_on", "asset_id"
    ).fillna({"cli_type": "other"})
    numbers = _additional(ready, needed, tables)
    ranges = numbers.dropna(subset="range_end").drop_duplicates(_PLACE)
    main = _not_live(needed, live).merge(ranges[[*_PLACE, "range_end"]], on=_PLACE, how="left")
    others = _not_live(numbers.drop_duplicates(_PLACE), live)
    taken = pd.MultiIndex.from_frame(main[_PLACE])
    others = others[~pd.MultiIndex.from_frame(others[_PLACE]).isin(taken)]
    rows = pd.concat([main, others], ignore_index=True)
    days = _by_distinct(rows["start_on"], lambda distinct: distinct.dt.strftime("%Y-%m-%d"))
    keys = TENANT + "|cli|" + rows["site_ref"] + "|" + rows["cli"] + "|add|" + days
    return rows.assign(
        action="ADD",
        start_on=_uk_days(rows["start_on"]),
        end_on=_uk_days(rows["end_on"]),
        previous_cli="",
        row_key=_row_keys(keys),
    )


def _least(rows: pd.DataFrame, by: list[str], *columns: str) -> pd.DataFrame:
    """The least of each column in each group; of texts, `groupby().min()` takes minutes."""
    least = rows[by].drop_duplicates()
    for column in columns:
        first = rows[[*by, column]].sort_values(column).drop_duplicates(by)
        least = least.merge(first, on=by)
    return least


def _live(affinity_clis: pd.DataFrame) -> pd.DataFrame:
    """Until when a CLI is live at a site of Affinity."""
    uk_number = pd.Series("uk_number", affinity_clis.index)
    return (
        affinity_clis.assign(
            cli=_cleaned(affinity_clis["cli"], uk_number).fillna(affinity_clis["cli"]),
            until_on=affinity_clis["end_on"].fillna(pd.Timestamp("9999-12-31")),
        )
        .groupby(_PLACE, as_index=False)["until_on"]
        .max()
    )


def _not_live(rows: pd.DataFrame, live: pd.DataFrame) -> pd.DataFrame:
    rows = rows.merge(live, on=_PLACE, how="left")
    return rows[~(rows["until_on"] >= rows["start_on"])].drop(columns="until_on")


def _additional(ready: pd.DataFrame, needed: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """The additional numbers of assets with a ready charge, the first of a place first."""
    cli_starts = needed[[*_PLACE, "start_on"]].rename(columns={"start_on": "cli_start_on"})
    hangs_on = _least(
        ready.merge(cli_starts, on=_PLACE, how="left"),
        ["asset_id", "site_ref"],
        *("customer_ref", "cli_start_on", "start_on"),
    ).rename(columns={"start_on": "bill_start_on"})
    products = tables["products"].set_index("product_id")
    asset_product = tables["assets"].set_index("asset_id")["product_id"]
    numbers = tables["asset_numbers"]
    profiles = numbers["asset_id"].map(asset_product).map(_profiles(products))
    clis = _cleaned(numbers["cli"], profiles)
    numbers = numbers.assign(
        cli=clis,
        range_end=_cleaned(numbers["range_end"], profiles),
        cli_type=_cli_types(clis, profiles),
    ).dropna(subset="cli")
    rows = numbers.merge(hangs_on, on="asset_id")
    starts = rows["start_on"].fillna(rows["cli_start_on"]).fillna(rows["bill_start_on"])
    return rows.assign(start_on=starts).sort_values([*_PLACE, "start_on", "asset_id", "range_end"])[
        ["customer_ref", *_PLACE, "cli_type", "range_end", "start_on", "end_on", "asset_id"]
    ]


def _write(rows: pd.DataFrame, columns: Mapping[str, str], order: Sequence[str], path: Path) -> int:
    """Write a file for Affinity; how many rows it has."""
    headers = {name: header for header, name in columns.items()}
    ordered = rows.sort_values(list(order), na_position="first")
    ordered[list(headers)].rename(columns=headers).to_csv(path, index=False, lineterminator="\r\n")
    return len(rows)


if __name__ == "__main__":
    run(bill)
