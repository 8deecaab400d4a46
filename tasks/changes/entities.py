"""What is to be told of customers, sites, addresses, contacts and new products. Pure polars.

Told is what Affinity last took of a record, or what it had when we first looked: its baseline.
A record with a row that has no answer yet is left alone. Nothing is ever deleted: a record that is
gone says nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import polars as pl

from schemas.affinity import (
    ADDRESSES,
    CONTACTS,
    CUSTOMERS,
    ENTITY_FILES,
    NEW_PRODUCTS,
    SITES,
    OutFile,
)
from schemas.layout import price_unfit, texts_unfit
from schemas.tables import MONEY
from schemas.vocabulary import ChangeHoldReason, ChangeState, CustomerStatus, HoldReason
from tasks.changes.terms import ChangeTerms

STATE = pl.Schema(
    {
        "told": pl.List(pl.String()),
        "taken": pl.Int64(),
        "refused": pl.List(pl.String()),
        "in_flight": pl.Boolean(),
    }
)
"""Where a record stands: the cells Affinity last took (null: none), how many rows of it it took,
the cells it refused last (null: none), whether a row of it has no answer yet. All null for a
record it never heard of."""

_CUSTOMER = ("customer_id", "name", "registered_name", "status", "vat_number", "email")
_ON_BILL = ("telephone", "bill_run", "payment_terms", "payment_method")
_REFS = ("feed_ref", "learnt_ref")

CUSTOMERS_NOW = pl.Schema(
    {
        **dict.fromkeys((*_CUSTOMER, *_ON_BILL), pl.String()),
        **dict.fromkeys(_REFS, pl.String()),
        **STATE,
    }
)
"""One row per customer; `feed_ref`: Affinity's ref in the feed, `learnt_ref`: from a result."""

NAMES = pl.Schema({name: CUSTOMERS_NOW[name] for name in ("name", "status", *_REFS)})
"""What customers are called, and by which ref."""

_SITE = ("site_id", "customer_id", "parent_site_id", "name", "site_reference")

SITES_NOW = pl.Schema(
    {
        **dict.fromkeys(_SITE, pl.String()),
        "is_default": pl.Boolean(),
        "site_ref": pl.String(),
        "refs": pl.Int64(),
        "feed_refs": pl.Int64(),
        **STATE,
    }
)
"""One row per site. `refs`: how many distinct refs it has, those of results where the feed gives
none; `feed_refs`: the feed alone; `site_ref`: the one, if it is one."""


def _cells(file: OutFile) -> tuple[str, ...]:
    """The columns of a row of `file`, in order, without its key."""
    return tuple(column.source for column in file.columns if column.source != "row_key")


def _fields(file: OutFile) -> tuple[str, ...]:
    """What a row of `file` says of what it is about: all but action and key."""
    return tuple(name for name in _cells(file) if name != "action")


ADDRESSES_NOW = pl.Schema({**dict.fromkeys(_fields(ADDRESSES), pl.String()), **STATE})
"""One row per address."""

CONTACTS_NOW = pl.Schema({**dict.fromkeys(_fields(CONTACTS), pl.String()), **STATE})
"""One row per contact."""

PRODUCTS_NOW = pl.Schema(
    {
        **dict.fromkeys(_fields(NEW_PRODUCTS), pl.String()),
        "upfront_price": MONEY,
        "recurring_price": MONEY,
        **STATE,
    }
)
"""One row per custom product without any code that a charge is held for."""

DUE = pl.Schema(
    {
        "layer_id": pl.String(),
        "customer_id": pl.String(),
        "action": pl.String(),
        "cells": pl.List(pl.String()),
    }
)
"""A row the next batch takes; `cells`: the file's columns in order, without the row key."""

BASELINE = pl.Schema({"layer_id": pl.String(), "cells": pl.List(pl.String())})
"""A record Affinity has already, as it is now."""

CHANGE = pl.Schema(
    {
        "layer_id": pl.String(),
        "customer_id": pl.String(),
        "action": pl.String(),
        "field": pl.String(),
        "told": pl.String(),
        "now": pl.String(),
        "state": pl.String(),
    }
)
"""For people: one row per record to add (`field` null), or per changed field of a record."""

HOLD = pl.Schema({"layer_id": pl.String(), "customer_id": pl.String(), "reason": pl.String()})
"""One row per record and reason why it must wait: all of them."""

SUBJECTS = dict(
    zip(
        (file.name for file in ENTITY_FILES),
        ("customer", "site", "address", "contact", "new_product"),
        strict=True,
    )
)
"""What queue and views call one record of a file."""


class Records(NamedTuple):
    """What The Layer says today, and where each record stands.

    `names`: NAMES of every customer; the others batch by batch, as the frames named alike above.
    """

    names: pl.DataFrame
    customers: Iterable[pl.DataFrame]
    sites: Iterable[pl.DataFrame]
    addresses: Iterable[pl.DataFrame]
    contacts: Iterable[pl.DataFrame]
    new_products: Iterable[pl.DataFrame]


class Found(NamedTuple):
    """What it comes to for one file: DUE, BASELINE, CHANGE and HOLD, in no order."""

    due: pl.DataFrame
    baseline: pl.DataFrame
    changes: pl.DataFrame
    holds: pl.DataFrame


def entity_changes(
    records: Records, terms: ChangeTerms, *, is_first: bool = False
) -> Iterator[tuple[str, Found]]:
    """Compare every record with what Affinity was told of it.

    Args:
        records: of files 01 to 05; each is read once, in this order.
        terms: what is tracked, and what the files can hold.
        is_first: nothing was ever compared before, so Affinity has what hangs on linked parents.

    Yields:
        What was found, piece by piece, each with the name of its file, in load order.

    Source: contract sections 4 and 8, ruling 24.
    """
    owners = [pl.DataFrame(schema=_OWNER)]
    names = _live_by_name(records.names)
    for rows in records.customers:
        customers = _judged_customers(rows, names, terms)
        owners.append(_as_owners(customers))
        yield CUSTOMERS.name, _found(CUSTOMERS, customers)
    owner = pl.concat(owners)

    places, acting = [pl.DataFrame(schema=_PLACE)], []
    for rows in records.sites:
        sites = _judged_sites(rows, owner, terms)
        is_acting = pl.col("action").is_not_null()
        places.append(_as_places(sites))
        acting.append(sites.filter(is_acting))
        yield SITES.name, _found(SITES, sites.filter(~is_acting))
    place = pl.concat(places)
    if acting:
        # whether a parent goes ahead is known once all of them are
        going = _after_their_parents(pl.concat(acting), place)
        place = _with_those_going(place, going)
        yield SITES.name, _found(SITES, going)

    for file, batches in ((ADDRESSES, records.addresses), (CONTACTS, records.contacts)):
        for rows in batches:
            judged = _judged_hangers_on(file, rows, owner, place, terms, is_first=is_first)
            yield file.name, _found(file, judged)
    for rows in records.new_products:
        yield NEW_PRODUCTS.name, _found(NEW_PRODUCTS, _judged_products(rows, terms))


def oddities(names: pl.DataFrame) -> dict[tuple[str, str], int]:
    """What looks odd among customers (NAMES): (subject, warning) -> records."""
    live = names.filter(pl.col("status") != CustomerStatus.CANCELLED)
    relinked = names.filter(pl.col("feed_ref") != pl.col("learnt_ref"))
    return {
        ("customers", "name is that of another customer"): (
            live.filter(_name_key().is_duplicated()).height
        ),
        ("customers", "Affinity reference differs from the one its result gave"): relinked.height,
    }


# What follows says of each record whether Affinity has it (`is_there`), what is to be told of it
# (`action`: ADD, UPDATE, null for nothing), why that must wait (`holds`), and so whether it is in
# the next batch (`is_going`).


_OWNER = pl.Schema(
    {
        "customer_id": pl.String(),
        "customer_ref": pl.String(),
        "is_cancelled": pl.Boolean(),
        "has_customer": pl.Boolean(),
        "customer_is_old": pl.Boolean(),
    }
)
"""What sites, addresses and contacts ask of a customer; `customer_is_old`: the feed links it."""

_PLACE = pl.Schema({"site_id": pl.String(), "has_site": pl.Boolean(), "site_is_old": pl.Boolean()})
"""What addresses and contacts ask of a site, and the sites below it."""


def _live_by_name(names: pl.DataFrame) -> pl.DataFrame:
    """`name_key`, and how many customers of that name are `live`."""
    return (
        names.filter(_is_live()).group_by(_name_key().alias("name_key")).agg(pl.len().alias("live"))
    )


def _is_live() -> pl.Expr:
    return pl.col("status").ne_missing(pl.lit(CustomerStatus.CANCELLED.value))


def _judged_customers(rows: pl.DataFrame, names: pl.DataFrame, terms: ChangeTerms) -> pl.DataFrame:
    others = pl.col("live").fill_null(0).cast(pl.Int64) - _is_live().cast(pl.Int64)
    rows = (
        rows.with_columns(
            pl.coalesce(_REFS).alias("customer_ref"),
            (pl.col("status") == CustomerStatus.CANCELLED).alias("is_cancelled"),
            _name_key().alias("name_key"),
        )
        .join(names, on="name_key", how="left", nulls_equal=True)
        .with_columns(
            pl.col("customer_ref").is_not_null().alias("is_linked"),
            (others > 0).alias("has_namesake"),
        )
    )
    is_named_anew = _told(CUSTOMERS, "name").ne_missing(pl.col("name"))
    return _held(
        _acting(CUSTOMERS, rows, _tracked(CUSTOMERS, terms)),
        {
            ChangeHoldReason.DUPLICATE_NAME: is_named_anew & pl.col("has_namesake"),
            **_usual_holds(CUSTOMERS, terms),
        },
    )


def _as_owners(customers: pl.DataFrame) -> pl.DataFrame:
    return customers.select(
        "customer_id",
        "customer_ref",
        "is_cancelled",
        _stands().alias("has_customer"),
        pl.col("feed_ref").is_not_null().alias("customer_is_old"),
    )


def _name_key() -> pl.Expr:
    """Names are the same whatever their case and white space."""
    return pl.col("name").str.replace_all(r"\s+", " ").str.strip_chars().str.to_lowercase()


def _judged_sites(rows: pl.DataFrame, owners: pl.DataFrame, terms: ChangeTerms) -> pl.DataFrame:
    """Sites but for what their parents say."""
    owned = rows.join(owners.drop("customer_is_old"), on="customer_id", how="left")
    rows = owned.with_columns(
        (pl.col("refs") == 1).fill_null(value=False).alias("is_linked"),
        (pl.col("refs") > 1).fill_null(value=False).alias("in_conflict"),
        pl.when(pl.col("is_default").fill_null(value=False))
        .then(pl.lit("true"))
        .otherwise(pl.lit("false"))
        .alias("is_billing_site"),
    )
    return _held(
        _acting(SITES, rows, _tracked(SITES, terms)),
        {
            HoldReason.SITE_LINK_CONFLICT: pl.col("in_conflict"),
            **_usual_holds(SITES, terms),
            ChangeHoldReason.PARENT_MISSING: ~pl.col("has_customer"),
        },
    )


def _as_places(sites: pl.DataFrame) -> pl.DataFrame:
    """What is there already."""
    return sites.select("site_id", has_site="is_there", site_is_old=(pl.col("feed_refs") == 1))


def _with_those_going(places: pl.DataFrame, sites: pl.DataFrame) -> pl.DataFrame:
    going = sites.filter("is_going")["site_id"].implode()
    return places.with_columns(pl.col("has_site") | pl.col("site_id").is_in(going))


def _after_their_parents(sites: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """`sites` with those held whose parent site is neither there nor ahead of them in the file.

    A site that must wait makes those below it wait, so this goes round until nothing changes.
    `places`: all that are there already, the others that only go now among them or not.
    """
    parent = pl.col("parent_site_id")
    there = places.filter("has_site")["site_id"].implode()
    while True:
        going = sites.filter("is_going")["site_id"].implode()
        is_ahead = parent.is_in(going) & (parent < pl.col("site_id"))
        has_parent = parent.is_null() | parent.is_in(there) | is_ahead
        judged = _held(sites, {ChangeHoldReason.PARENT_MISSING: ~has_parent})
        if judged["is_going"].sum() == sites["is_going"].sum():  # more never go
            return judged
        sites = judged


def _judged_hangers_on(
    file: OutFile,
    rows: pl.DataFrame,
    owners: pl.DataFrame,
    places: pl.DataFrame,
    terms: ChangeTerms,
    *,
    is_first: bool,
) -> pl.DataFrame:
    """Addresses and contacts: Affinity has no ref of them, so only what was told says of them."""
    no_site = pl.col("site_id").is_null()
    is_old = pl.col("customer_is_old") & (no_site | pl.col("site_is_old").fill_null(value=False))
    rows = (
        rows.join(owners.drop("customer_ref"), on="customer_id", how="left")
        .join(places, on="site_id", how="left")
        .with_columns(
            (pl.col("told").is_not_null() | (pl.lit(is_first) & is_old)).alias("is_linked")
        )
    )
    has_parents = pl.col("has_customer") & (no_site | pl.col("has_site").fill_null(value=False))
    return _held(
        _acting(file, rows, _tracked(file, terms)),
        {**_usual_holds(file, terms), ChangeHoldReason.PARENT_MISSING: ~has_parents},
    )


def _judged_products(rows: pl.DataFrame, terms: ChangeTerms) -> pl.DataFrame:
    """New products: proposed once, told no more."""
    prices = {"Up-front Price": "upfront_price", "Recurring Price": "recurring_price"}
    layout = terms.layout_of(NEW_PRODUCTS.name)
    is_fine = [
        ~price_unfit(header, price, layout).fill_null(value=False)
        for header, price in prices.items()
    ]
    rows = rows.with_columns(
        (~pl.all_horizontal(is_fine)).alias("is_too_fine"),
        pl.col(list(prices.values())).cast(pl.String),
        pl.lit(None, dtype=pl.String).alias("customer_id"),
        pl.lit(value=False).alias("is_cancelled"),
        pl.col("told").is_not_null().alias("is_linked"),
    )
    usual = _usual_holds(NEW_PRODUCTS, terms)
    unfit = usual[HoldReason.LAYOUT_UNFIT] | pl.col("is_too_fine")
    return _held(_acting(NEW_PRODUCTS, rows, ()), {**usual, HoldReason.LAYOUT_UNFIT: unfit})


def _stands() -> pl.Expr:
    """Affinity has the record, or will have it before it reads what hangs on it."""
    return pl.col("is_there") | pl.col("is_going")


def _told(file: OutFile, name: str) -> pl.Expr:
    """What Affinity was last told of a field."""
    return pl.col("told").list.get(_cells(file).index(name), null_on_oob=True)


def _tracked(file: OutFile, terms: ChangeTerms) -> tuple[str, ...]:
    """What is told when it changes: never Affinity's own refs, which say what a row is about."""
    tellable = [name for name in _fields(file) if name not in ("customer_ref", "site_ref")]
    wanted = terms.tracked.get(file.name, tellable)
    return tuple(name for name in tellable if name in wanted)


def _acting(file: OutFile, rows: pl.DataFrame, tracked: Iterable[str]) -> pl.DataFrame:
    """`rows` with their `action`, the `changed` fields, the `cells` of their row, `is_baseline`.

    Of what has nothing to tell `changed` and `cells` are empty. What was told and has no link (yet)
    says nothing until it has one: it is never added twice.
    """
    rows = rows.with_columns(
        pl.col("taken").fill_null(0), pl.col("in_flight").fill_null(value=False)
    )
    nothing, no_texts = pl.lit(None, dtype=pl.String), pl.lit([], dtype=pl.List(pl.String()))
    differs = {name: _told(file, name).ne_missing(pl.col(name)) for name in tracked}
    is_told, is_linked = pl.col("told").is_not_null(), pl.col("is_linked")
    in_conflict = pl.col("in_conflict") if "in_conflict" in rows.columns else pl.lit(value=False)
    is_new = ~is_told & (pl.col("in_flight") | (~is_linked & ~pl.col("is_cancelled")))
    is_other = (
        is_told
        & pl.any_horizontal(pl.lit(value=False), *differs.values())
        & (is_linked | in_conflict)
    )
    rows = rows.with_columns(
        pl.when(is_new)
        .then(pl.lit("ADD"))
        .when(is_other)
        .then(pl.lit("UPDATE"))
        .otherwise(nothing)
        .alias("action"),
        (~is_told & is_linked & ~pl.col("in_flight")).alias("is_baseline"),
        (is_linked | (pl.col("taken") > 0)).alias("is_there"),
        no_texts.alias("changed"),
        no_texts.alias("cells"),
        no_texts.alias("holds"),
    )
    names = (pl.when(is_so).then(pl.lit(name)) for name, is_so in differs.items())
    return _where(
        pl.col("action").is_not_null() | pl.col("is_baseline"),
        rows,
        pl.concat_list(nothing, *names).list.drop_nulls().alias("changed"),
        pl.concat_list(_cells(file)).alias("cells"),
    )


def _where(condition: pl.Expr, rows: pl.DataFrame, *columns: pl.Expr) -> pl.DataFrame:
    """`rows` with `columns` set where a condition holds; those where it does not come first.

    Lists are dear, and most records have nothing to tell: measured, an eighth of the time.
    """
    condition = condition.fill_null(value=False)
    there = rows.filter(condition).with_columns(columns)
    return pl.concat([rows.filter(~condition), there])


def _usual_holds(file: OutFile, terms: ChangeTerms) -> dict[str, pl.Expr]:
    return {
        HoldReason.LAYOUT_UNFIT: texts_unfit(file.texts, terms.layout_of(file.name)),
        HoldReason.AFFINITY_REJECTED: pl.col("cells").eq_missing(pl.col("refused")),
    }


def _held(rows: pl.DataFrame, reasons: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """`rows` with `reasons` added to the `holds` of those with something to tell; `is_going`.

    What has left already waits for its answer, not for a person.
    """
    waiting = pl.col("action").is_not_null() & ~pl.col("in_flight")
    found = [
        pl.when(waiting & is_so.fill_null(value=True)).then(pl.lit(str(reason)))
        for reason, is_so in reasons.items()
    ]
    holds = pl.concat_list("holds", *found).list.drop_nulls().list.unique(maintain_order=True)
    return _where(waiting, rows, holds.alias("holds")).with_columns(
        (waiting & (pl.col("holds").list.len() == 0)).alias("is_going")
    )


def _found(file: OutFile, rows: pl.DataFrame) -> Found:
    rows = rows.with_columns(pl.col(_cells(file)[_place_of_id(file)]).alias("layer_id"))
    acting = rows.filter(pl.col("action").is_not_null()).with_columns(
        pl.when("in_flight")
        .then(pl.lit(ChangeState.IN_FLIGHT.value))
        .when("is_going")
        .then(pl.lit(ChangeState.DUE.value))
        .otherwise(pl.lit(ChangeState.HELD.value))
        .alias("state")
    )
    nothing = pl.lit(None, dtype=pl.String)
    whole = acting.filter(pl.col("action") == "ADD").with_columns(
        nothing.alias("field"), nothing.alias("before"), nothing.alias("now")
    )
    place = pl.col("field").replace_strict(
        {name: number for number, name in enumerate(_cells(file))}, return_dtype=pl.Int64
    )
    changed = (
        acting.filter(pl.col("action") == "UPDATE")
        .with_columns(pl.col("changed").alias("field"))
        .explode("field")
        .with_columns(
            pl.col("told").list.get(place, null_on_oob=True).alias("before"),
            pl.col("cells").list.get(place).alias("now"),
        )
    )
    return Found(
        due=acting.filter("is_going").select(list(DUE)),
        baseline=rows.filter("is_baseline").select(list(BASELINE)),
        changes=pl.concat([whole, changed])
        .drop("told")
        .rename({"before": "told"})
        .select(list(CHANGE)),
        holds=acting.explode("holds")
        .drop_nulls("holds")
        .rename({"holds": "reason"})
        .select(list(HOLD)),
    )


def _place_of_id(file: OutFile) -> int:
    """Where a row of `file` has The Layer's id of what it is about."""
    return next(place for place, column in enumerate(file.columns) if column.sorted_by)
