"""Charges of assets without references that Affinity bills as one row. Pure polars.

A group is one product row with the sum of its members' quantities; it keeps the line and the key
of its lead, the member with the smallest line id when it was made. What is to be told of it is
reckoned afresh from what is true of its members, so the next row makes good a lost or refused one.

Source: rule G1; domain notes, section 4, row 11.
"""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import polars as pl

from schemas.charge import CHARGE, CHARGE_KEY, HANDED_OVER, charge_content, end_content
from schemas.tables import VALUE
from schemas.vocabulary import CeaseKind, ChangeHoldReason, ChangeState, HoldReason
from tasks.changes.charges import CEASE_DUE, HOLD, PRODUCT_DUE, ChargeChanges
from tasks.changes.terms import GROUP_KEYS, ChangeTerms

FACTS = tuple(name for name in HANDED_OVER if name != "charge_type")

_FACT_TYPES = {name: CHARGE.get(name, pl.String()) for name in FACTS}

MEMBER = pl.Schema(
    {
        "row_key": pl.String(),
        "line_id": pl.String(),
        "charge_type": pl.String(),
        "period": pl.Int64(),
        "site_id": pl.String(),
        "ended_by": pl.String(),
        "refused_content": pl.String(),
        **_FACT_TYPES,
    }
)
"""What was told of a charge in a group, one row per charge; `row_key` names its group."""

GROUP = pl.Schema(
    {
        "row_key": pl.String(),
        "lead_line_id": pl.String(),
        "charge_type": pl.String(),
        "period": pl.Int64(),
        "site_id": pl.String(),
        "refused_content": pl.String(),
        "in_flight": pl.Boolean(),
        "object_uid": pl.String(),
        **_FACT_TYPES,
    }
)
"""What was told of a group as a whole, one row per group that has members.

`in_flight`: a row of it has no answer; `refused_content`: what Affinity refused of it last.
"""

CANDIDATE = pl.Schema(
    {
        "line_id": pl.String(),
        "charge_type": pl.String(),
        "period": pl.Int64(),
        "customer_id": pl.String(),
        "site_id": pl.String(),
        **_FACT_TYPES,
    }
)
"""A ready recurring charge of a service asset without CLI and numbers; `period` it would begin."""

MEMBER_DUE = pl.Schema(
    {
        "group_key": pl.String(),
        "lead_line_id": pl.String(),
        "line_id": pl.String(),
        "charge_type": pl.String(),
        "kind": pl.String(),
        "action": pl.String(),
        "period": pl.Int64(),
        "site_id": pl.String(),
        **_FACT_TYPES,
        "cease_on": pl.Date(),
        "cease_reason": pl.String(),
        "shown_as": pl.String(),
        "content": pl.String(),
    }
)
"""What a group's row says of one charge.

`kind`: `charge` puts it In Billing, `change`, `cease`, `stop`; `action`: ADD where it is new in the
group; `group_key` is null where the row makes the group.
"""

_ALWAYS_ALIKE = (
    "customer_ref",
    "site_ref",
    "cli",
    "sku",
    "unit_price",
    "frequency",
    "bill_start_on",
    "bill_end_on",
    "term_months",
)
"""One row says each of these once, so whatever is grouped has them in common."""


_OF_A_GROUP = {"group_key": pl.String()}
"""What a due row has besides when it is about a group as a whole."""


class Groups(NamedTuple):
    """What becomes of the groups.

    `changes`: what is due of, and shown of, all charges, their groups in place of the members.
    `members` as MEMBER_DUE. `settled` as MEMBER: members whose change leaves their group's row as
    it is, so that there is nothing to tell.
    """

    changes: ChargeChanges
    members: pl.DataFrame
    settled: pl.DataFrame


def fold(
    found: ChargeChanges,
    told: pl.DataFrame,
    groups: pl.DataFrame,
    ready: pl.DataFrame,
    terms: ChangeTerms,
) -> Groups:
    """Put what is due of groups in the place of what is due of their members.

    A member leaves when its last day is past, when it is stopped, or when what one row says of all
    no longer holds of it: then it goes on in a new row, with those that are like it. A row follows
    its lead as long as that is in it, for Affinity knows it by its lead's line. Ready charges join
    a group that they fit, or make one.

    Args:
        found: what is due of billed charges, one by one.
        told: MEMBER.
        groups: GROUP.
        ready: CANDIDATE; none where nothing is to be grouped any more.
        terms: what the profile and the day say.

    Returns:
        Frames in no order. Once all of it is taken, quantity times price of the groups' rows and of
        what left them is that of the charges.
    """
    alike = (*_ALWAYS_ALIKE, *_more_alike(terms))
    members = _members(found, told, groups, terms.as_of)
    places = _places(groups, members, alike, terms.as_of)
    members = members.join(
        places.select("row_key", *(f"{name}_place" for name in alike)), on="row_key"
    )
    members = members.with_columns(
        (~pl.col("is_out") & _same(alike, "_place")).alias("stays"),
        (~pl.col("is_out") & ~_same(alike, "_place")).alias("leaves"),
    )
    joining = _joining(ready.join(found.waits, on=CHARGE_KEY, how="anti"), places, alike)
    rows = _rows(places, members, joining.filter(~pl.col("waits")), alike)
    in_flight = groups.filter("in_flight").select("row_key")
    held = rows.filter("is_refused").select("row_key")
    stuck = pl.concat([in_flight, held])
    members = members.with_columns(
        pl.col("row_key").is_in(stuck["row_key"].implode()).alias("is_stuck"),
        pl.col("row_key").is_in(held["row_key"].implode()).alias("is_held"),
    ).join(rows.select("row_key", "says_update", "ends_on"), on="row_key", how="left")
    free, going = members.filter(~pl.col("is_stuck")), rows.join(stuck, on="row_key", how="anti")
    joins_held = pl.col("group_key").is_in(held["row_key"].implode()).fill_null(value=False)
    joining = joining.with_columns(
        joins_held.alias("is_held"), (pl.col("waits") | joins_held).alias("waits")
    )
    leaving = _leaving(free.filter("leaves"), alike, terms.as_of)
    return Groups(
        ChargeChanges(
            products=pl.concat(
                [
                    found.products.join(told, on=CHARGE_KEY, how="anti"),
                    _new_rows(leaving),
                    _updates(going.filter("says_update")),
                ],
                how="diagonal",
            ),
            ceases=pl.concat(
                [
                    found.ceases.join(told, on=CHARGE_KEY, how="anti"),
                    _ends(going.filter(pl.col("ends_on").is_not_null())),
                ],
                how="diagonal",
            ),
            changes=_shown(found.changes, members),
            holds=pl.concat(
                [found.holds, _holds(found.changes, members), _holds_of_joining(joining)]
            ),
            settled=found.settled,
            waits=pl.concat(
                [
                    found.waits,
                    joining.filter("waits").select(CHARGE_KEY),
                    members.filter(
                        pl.col("is_held") & pl.col("replaced_by_line").is_not_null()
                    ).select(pl.col("replaced_by_line").alias("line_id"), "charge_type"),
                ]
            ),
        ),
        members=pl.concat(
            [
                _of_rows(free),
                _as(MEMBER_DUE, leaving),
                _made_of(joining.filter(~pl.col("waits"))),
            ]
        ),
        settled=free.filter(
            pl.col("stays") & pl.col("has_update") & ~pl.col("says_update").fill_null(value=False)
        ).select(list(MEMBER)),
    )


def _more_alike(terms: ChangeTerms) -> list[str]:
    columns = (GROUP_KEYS[key] for key in terms.group_keys)
    return [column for column in columns if column not in _ALWAYS_ALIKE]


def _same(columns: tuple[str, ...], suffix: str) -> pl.Expr:
    return pl.all_horizontal(
        pl.col(column).eq_missing(pl.col(f"{column}{suffix}")) for column in columns
    )


def _members(
    found: ChargeChanges, told: pl.DataFrame, groups: pl.DataFrame, as_of: date
) -> pl.DataFrame:
    """MEMBER as it is to be told, with how it stands to its group (its facts: `..._group`).

    `is_out`: it ended, or is stopped; `is_ahead`: it will end, which is told of it when that day is
    past; `has_update`: something else of it changed.
    """
    due = found.products.select(
        *CHARGE_KEY,
        pl.lit(value=True).alias("has_update"),
        "fields",
        pl.col("site_id").alias("site_id_due"),
        *(pl.col(name).alias(f"{name}_due") for name in FACTS),
    )
    ends = found.ceases.select(
        *CHARGE_KEY, "kind", "cease_on", "cease_reason", "shown_as", "replaced_by_line"
    )
    of_group = groups.select(
        "row_key", "lead_line_id", *(pl.col(name).alias(f"{name}_group") for name in FACTS)
    )
    both = (
        told.join(due, on=CHARGE_KEY, how="left")
        .join(ends, on=CHARGE_KEY, how="left")
        .join(of_group, on="row_key")
        .with_columns(pl.col("has_update").fill_null(value=False))
        .with_columns(
            pl.when("has_update").then(f"{name}_due").otherwise(name).alias(name)
            for name in (*FACTS, "site_id")
        )
        .with_columns(pl.coalesce("cease_on", "bill_end_on").alias("last_day"))
    )
    is_stopped = pl.any_horizontal(
        (pl.col(column) == CeaseKind.STOP).fill_null(value=False) for column in ("kind", "ended_by")
    )
    is_out = is_stopped | (pl.col("last_day") < as_of).fill_null(value=False)
    end_of_group = pl.col("bill_end_on_group")
    ends_in_time = (end_of_group.is_null() | (pl.col("cease_on") <= end_of_group)).fill_null(
        value=False
    )
    return both.with_columns(
        is_out.alias("is_out"),
        (pl.col("cease_on").is_not_null() & ~is_out).alias("is_ahead"),
        pl.when(pl.col("cease_on").is_null() | is_out)
        .then("bill_end_on")
        .when(ends_in_time)
        .then(end_of_group)
        .otherwise("cease_on")
        .alias("bill_end_on"),
    )


def _places(
    groups: pl.DataFrame, members: pl.DataFrame, alike: tuple[str, ...], as_of: date
) -> pl.DataFrame:
    """GROUP with what its members have in common from now on (`..._place`).

    That is what holds of its lead; without it, what the group was told with as long as it holds of
    any member, else what holds of the first. `is_open`: others may join.
    """
    there = members.filter(~pl.col("is_out"))
    is_lead = pl.col("line_id") == pl.col("lead_line_id")
    led = there.filter(is_lead).select("row_key")
    unchanged = there.filter(_same(alike, "_group")).select("row_key").unique()
    first = (
        there.filter(
            is_lead | ~pl.col("row_key").is_in(pl.concat([led, unchanged])["row_key"].implode())
        )
        .sort("line_id")
        .group_by("row_key", maintain_order=True)
        .first()
        .select(
            "row_key",
            pl.lit(value=True).alias("moves"),
            *(pl.col(name).alias(f"{name}_first") for name in (*alike, "site_id")),
        )
    )
    has_ended = (pl.col("bill_end_on_place") < as_of).fill_null(value=False)
    return (
        groups.join(first, on="row_key", how="left")
        .with_columns(
            pl.when("moves").then(f"{name}_first").otherwise(name).alias(f"{name}_place")
            for name in (*alike, "site_id")
        )
        .with_columns(
            (pl.col("row_key").is_in(there["row_key"].unique().implode()) & ~has_ended).alias(
                "is_open"
            )
        )
    )


def _joining(ready: pl.DataFrame, places: pl.DataFrame, alike: tuple[str, ...]) -> pl.DataFrame:
    """CANDIDATE with the group it goes to: `group_key`, null for a new one, and `lead_line_id`.

    `waits`: that group has a row without an answer, so it goes there later; or `is_strange`: what
    the row says of all does not hold of it. A lead that comes back goes into its old row from
    whatever day: a second row of its line could not be told apart.
    """
    own = places.filter("is_open").select(
        pl.col("lead_line_id").alias("line_id"),
        "row_key",
        *(f"{name}_place" for name in alike),
        "in_flight",
    )
    back = ready.join(own, on="line_id", how="inner").with_columns(
        pl.col("row_key").alias("group_key"),
        pl.col("line_id").alias("lead_line_id"),
        pl.col("bill_start_on_place").alias("bill_start_on"),
    )
    back = back.with_columns((~_same(alike, "_place")).alias("is_strange")).with_columns(
        (pl.col("in_flight") | pl.col("is_strange")).alias("waits")
    )
    living = (
        places.filter("is_open")
        .sort("in_flight", "lead_line_id", "row_key")
        .select(
            *(pl.col(f"{name}_place").alias(name) for name in alike),
            pl.col("row_key").alias("group_key"),
            pl.col("lead_line_id").alias("lead_of_group"),
            pl.col("in_flight").alias("waits"),
        )
        .unique(list(alike), keep="first", maintain_order=True)
    )
    others = (
        ready.join(back, on=CHARGE_KEY, how="anti")
        .join(living, on=list(alike), how="left", nulls_equal=True)
        .with_columns(
            pl.coalesce(
                "lead_of_group",
                pl.col("line_id").min().over([*alike, pl.col("group_key").is_null()]),
            ).alias("lead_line_id"),
            pl.col("waits").fill_null(value=False),
            pl.lit(value=False).alias("is_strange"),
        )
    )
    columns = [*CANDIDATE, "group_key", "lead_line_id", "waits", "is_strange"]
    return pl.concat([back.select(columns), others.select(columns)])


def _rows(
    places: pl.DataFrame, members: pl.DataFrame, joining: pl.DataFrame, alike: tuple[str, ...]
) -> pl.DataFrame:
    """What is to be told of each group: its facts from now on, beside those told (`..._group`).

    `says_update`; `ends_on`: null where it does not end; `is_refused`: Affinity refused just this.
    """
    joined = joining.group_by(pl.col("group_key").alias("row_key")).agg(
        pl.col("quantity").sum().alias("joined_quantity")
    )
    leads = members.filter(
        (pl.col("line_id") == pl.col("lead_line_id")) & pl.col("stays") & pl.col("has_update")
    )
    own = tuple(name for name in FACTS if name not in alike and name != "quantity")
    lead_facts = leads.select(
        "row_key",
        pl.lit(value=True).alias("lead_changed"),
        *(pl.col(name).alias(f"{name}_lead") for name in own),
    )
    rows = (
        places.join(_summed(members), on="row_key", how="left")
        .join(joined, on="row_key", how="left")
        .join(lead_facts, on="row_key", how="left")
        .with_columns(pl.col(name).alias(f"{name}_group") for name in FACTS)
        .with_columns(
            pl.col("site_id_place").alias("site_id"),
            *(pl.col(f"{name}_place").alias(name) for name in alike),
            *(
                pl.when("lead_changed").then(f"{name}_lead").otherwise(name).alias(name)
                for name in own
            ),
            (pl.col("quantity_of_members") + pl.col("joined_quantity").fill_null(0)).alias(
                "quantity"
            ),
        )
    )
    moved = pl.col("has_left").fill_null(value=False) | pl.col("joined_quantity").is_not_null()
    differs = ~_same(FACTS, "_group") | moved
    rows = rows.with_columns(_ends_on(differs).alias("ends_on"))
    rows = rows.with_columns(
        ((pl.col("staying") > 0) & pl.col("ends_on").is_null() & differs)
        .fill_null(value=False)
        .alias("says_update"),
        pl.concat_str(
            *(
                pl.when(pl.col(name).ne_missing(pl.col(f"{name}_group"))).then(
                    pl.lit(_WORDS.get(name, name.replace("_", " ")))
                )
                for name in FACTS
            ),
            pl.when(moved).then(pl.lit("members")),
            separator=", ",
            ignore_nulls=True,
        ).alias("fields"),
    )
    ended = rows.with_columns(
        pl.col("ends_on").alias("cease_on"), pl.col("last_kind").alias("kind")
    )
    refused = pl.col("refused_content")
    return ended.with_columns(
        pl.when("says_update")
        .then(refused == charge_content())
        .when(pl.col("ends_on").is_not_null())
        .then(refused == end_content())
        .fill_null(value=False)
        .alias("is_refused")
    )


_WORDS = {
    "customer_ref": "customer",
    "site_ref": "site",
    "bill_start_on": "bill start",
    "bill_end_on": "bill end",
    "asset_id": "asset",
    "product_name": "description",
}


def _summed(members: pl.DataFrame) -> pl.DataFrame:
    """Per group: how many stay with what quantity, whether any leaves, and when the last ends."""
    ending = pl.col("cease_on").is_not_null()
    last = members.sort("last_day", "line_id", nulls_last=False)
    return last.group_by("row_key", maintain_order=True).agg(
        pl.col("stays").sum().alias("staying"),
        (~pl.col("is_out")).sum().alias("there"),
        pl.col("quantity").filter("stays").sum().alias("quantity_of_members"),
        (pl.col("is_out") & ending).any().alias("has_left"),
        pl.col("is_ahead").all().alias("all_ahead"),
        pl.col("last_day").max().alias("last_day"),
        pl.col("last_day").filter("is_ahead").n_unique().alias("days_ahead"),
        pl.col("is_ahead").filter(~pl.col("is_out")).all().alias("those_there_end"),
        (pl.col("last_day").n_unique() == 1).alias("end_together"),
        *(
            pl.col(name).filter(ending).last().alias(alias)
            for name, alias in (
                ("kind", "last_kind"),
                ("cease_reason", "cease_reason"),
                ("replaced_by_line", "replaced_by_line"),
            )
        ),
    )


def _ends_on(differs: pl.Expr) -> pl.Expr:
    """The day the whole group ends: the last one's, when all left or all end on one day ahead."""
    last, told = pl.col("last_day"), pl.col("bill_end_on_group")
    is_news = last.ne_missing(told)
    all_left = (
        (pl.col("there") == 0)
        & pl.col("has_left")
        & is_news
        & (told.is_null() | (last < told) | pl.col("end_together"))
    )
    all_will = (
        (pl.col("there") > 0)
        & pl.col("those_there_end")
        & (pl.col("days_ahead") == 1)
        & is_news
        & ~differs
    )
    return pl.when(all_left | all_will).then(last)


def _updates(rows: pl.DataFrame) -> pl.DataFrame:
    return _as(
        _OF_A_GROUP | PRODUCT_DUE,
        rows.with_columns(
            pl.col("lead_line_id").alias("line_id"),
            pl.col("row_key").alias("group_key"),
            pl.lit("UPDATE").alias("action"),
        ),
    )


def _ends(rows: pl.DataFrame) -> pl.DataFrame:
    told = rows.with_columns(pl.col(f"{name}_group").alias(name) for name in FACTS)
    return _as(
        _OF_A_GROUP | CEASE_DUE,
        told.with_columns(
            pl.col("lead_line_id").alias("line_id"),
            pl.col("row_key").alias("group_key"),
            (pl.col("quantity").cast(pl.Decimal(38, 0)) * pl.col("unit_price").cast(VALUE)).alias(
                "value"
            ),
        ),
    )


def _leaving(members: pl.DataFrame, alike: tuple[str, ...], as_of: date) -> pl.DataFrame:
    """Members that go on in new rows, from the as-of day or when they begin: MEMBER_DUE.

    What Affinity refused of one is not sent again.
    """
    gone = members.with_columns(
        (pl.col("period") + 1).alias("period"),
        pl.lit("change").alias("kind"),
        pl.lit("ADD").alias("action"),
        pl.lit(None, dtype=pl.String).alias("group_key"),
        _content_but_start().alias("content"),
        pl.max_horizontal("bill_start_on", pl.lit(as_of)).alias("bill_start_on"),
        pl.lit(None, dtype=pl.Date).alias("cease_on"),
    ).filter(~_was_refused())
    lead = pl.col("line_id").min().over(alike)
    return gone.with_columns(lead.alias("lead_line_id"))


def _content_but_start() -> pl.Expr:
    return charge_content(tuple(name for name in HANDED_OVER if name != "bill_start_on"))


def _was_refused() -> pl.Expr:
    """Affinity refused to let it go on in a new row, whose start is another each day."""
    return (pl.col("refused_content") == _content_but_start()).fill_null(value=False)


def _new_rows(leaving: pl.DataFrame) -> pl.DataFrame:
    """The rows that members go on in, one per group that they make."""
    total = pl.col("quantity").sum().over("lead_line_id")
    return _as(
        _OF_A_GROUP | PRODUCT_DUE,
        leaving.with_columns(
            total.alias("quantity"),
            pl.concat_str(
                pl.lit("left its group"), "fields", separator=": ", ignore_nulls=True
            ).alias("fields"),
        ).filter(pl.col("line_id") == pl.col("lead_line_id")),
    )


def _of_rows(members: pl.DataFrame) -> pl.DataFrame:
    """What the row of each group says of its members."""
    updates = pl.col("says_update").fill_null(value=False)
    ends = pl.col("ends_on").is_not_null()
    leaves = (updates | ends) & pl.col("is_out") & pl.col("cease_on").is_not_null()
    will_end = ends & pl.col("is_ahead")
    changes = updates & pl.col("stays") & pl.col("has_update")
    return _as(
        MEMBER_DUE,
        members.filter(leaves | will_end | changes).with_columns(
            pl.col("row_key").alias("group_key"),
            pl.when(leaves | will_end).then("kind").otherwise(pl.lit("change")).alias("kind"),
            pl.lit("UPDATE").alias("action"),
            pl.when(leaves | will_end).then("cease_on").alias("cease_on"),
        ),
    )


def _made_of(joining: pl.DataFrame) -> pl.DataFrame:
    return _as(
        MEMBER_DUE,
        joining.with_columns(
            pl.lit("charge").alias("kind"),
            pl.lit("ADD").alias("action"),
            charge_content().alias("content"),
        ),
    )


def _as(schema: Mapping[str, pl.DataType], rows: pl.DataFrame) -> pl.DataFrame:
    missing = [
        pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in schema.items()
        if name not in rows.columns
    ]
    return rows.with_columns(missing).select(
        pl.col(name).cast(dtype) for name, dtype in schema.items()
    )


def _waits_its_day() -> pl.Expr:
    return pl.col("is_ahead") & pl.col("ends_on").is_null() & ~pl.col("leaves")


def _shown(changes: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """`changes` (CHANGE), those held that wait for their group or for their day."""
    refused = (pl.col("leaves") & _was_refused()).alias("is_refused")
    marks = members.select(*CHARGE_KEY, "is_held", refused, _waits_its_day().alias("waits_its_day"))
    held = (
        pl.col("is_held")
        | pl.col("is_refused")
        | (pl.col("waits_its_day") & (pl.col("field") == "bill_end"))
    )
    is_due = pl.col("state") == ChangeState.DUE
    return (
        changes.join(marks, on=CHARGE_KEY, how="left")
        .with_columns(
            pl.when(held.fill_null(value=False) & is_due)
            .then(pl.lit(ChangeState.HELD.value))
            .otherwise("state")
            .alias("state")
        )
        .select(changes.columns)
    )


def _holds(changes: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """HOLD of members whose group's row was refused, and of ends that are still ahead."""
    said = changes.select(*CHARGE_KEY, "customer_id").unique()
    free = members.filter(~pl.col("is_stuck"))
    named = [
        (
            members.filter(pl.col("is_held") | (pl.col("leaves") & _was_refused())),
            HoldReason.AFFINITY_REJECTED.value,
        ),
        (free.filter(_waits_its_day()), ChangeHoldReason.CEASE_AHEAD.value),
    ]
    return pl.concat(
        said.join(these, on=CHARGE_KEY, how="semi")
        .with_columns(pl.lit(reason).alias("reason"))
        .select(pl.col(name).cast(dtype) for name, dtype in HOLD.items())
        for these, reason in named
    )


def _holds_of_joining(joining: pl.DataFrame) -> pl.DataFrame:
    """HOLD of ready charges that cannot join where they have to; what is in flight needs nobody."""
    named = [
        (pl.col("is_held"), HoldReason.AFFINITY_REJECTED.value),
        (pl.col("is_strange"), ChangeHoldReason.GROUP_ROW_TAKEN.value),
    ]
    held = [
        joining.filter(condition).with_columns(pl.lit(reason).alias("reason"))
        for condition, reason in named
    ]
    return pl.concat(held).select(pl.col(name).cast(dtype) for name, dtype in HOLD.items())
