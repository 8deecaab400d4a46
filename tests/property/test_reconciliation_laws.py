"""Laws of reconciling: whatever the sides hold, every record has one class, no pound is lost."""

import random
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.vocabulary import Disposition, Reconciled, Remedy, Why
from tasks.reconcile.classes import Reconciliation
from tests.sides import compared, ours, theirs

LAWS = settings(
    deadline=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    derandomize=True,
)

DAYS = st.sampled_from(
    [None, date(2025, 1, 1), *(date(2026, 3, day) for day in (1, 30, 31)), date(2026, 4, 1)]
)
SHARED: dict[str, st.SearchStrategy[Any]] = {
    "charge_type": st.sampled_from(["recurring", "recurring", "upfront"]),
    "site_ref": st.sampled_from(["AS-1", "AS-2", None]),
    "cli": st.sampled_from(["01204600001", "07700900123", None]),
    "sku": st.sampled_from(["SKU-1", "SKU-2", None]),
    "quantity": st.sampled_from([1, 2, 3, 10**15, None]),
    "unit_price": st.sampled_from([None, *map(Decimal, ("0", "0.0006", "5.5", "99999999"))]),
    "frequency": st.sampled_from([None, "Monthly", "Quarterly", "Annual"]),
    "start_on": DAYS,
    "end_on": DAYS,
}
LAYER = st.lists(
    st.fixed_dictionaries(
        {
            **SHARED,
            "disposition": st.sampled_from([*(each.value for each in Disposition), "unsold"]),
            "change_state": st.sampled_from([None, None, "due", "held", "in_flight"]),
            "changing": st.sampled_from([None, "quantity", "quantity,site,bill_end", "route"]),
            "source_gone_from": DAYS,
            "end_is_unknown": st.sampled_from([None, None, True]),
            "group_key": st.sampled_from([None, None, "K1"]),
        }
    ),
    max_size=7,
)
AFFINITY = st.lists(st.fixed_dictionaries(SHARED), max_size=7)
EDGES = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=6)
TERMS = st.fixed_dictionaries(
    {
        "snapshot": st.sampled_from(
            [None, None, Why.NO_SNAPSHOT, Why.SNAPSHOT_IS_OLD, Why.SNAPSHOT_IS_PARTIAL]
        ),
        "feeds_are_partial": st.booleans(),
    }
)


def sides(
    layer: list[dict[str, Any]], affinity: list[dict[str, Any]], edges: list[tuple[int, int]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[tuple[str, str]]]:
    """Records with keys of their own, and edges between those that are there."""
    here = [ours(f"L{number}", **each) for number, each in enumerate(layer)]
    there = [theirs(f"U{number}", **each) for number, each in enumerate(affinity)]
    keys = [
        (here[a]["layer_key"], there[b]["object_uid"])
        for a, b in edges
        if a < len(here) and b < len(there)
    ]
    return here, there, keys


def classes_of(found: Reconciliation) -> dict[str, tuple[Any, ...]]:
    """Record -> what was said of it, whatever its match is called."""
    told = found.matches.select("match_id", "class", "why", "fields", "remedy", "since")
    return {
        row[0]: row[1:]
        for side, key in ((found.layer, "layer_key"), (found.affinity, "object_uid"))
        for row in side.join(told, on="match_id")
        .select(key, "class", "why", "fields", "remedy", "since", "bills", "per_month", "once")
        .rows()
    }


@LAWS
@given(LAYER, AFFINITY, EDGES, TERMS)
def test_every_record_is_in_one_class_and_the_money_of_both_sides_is_whole(
    layer: list[Any], affinity: list[Any], edges: list[Any], terms: dict[str, Any]
):
    here, there, keys = sides(layer, affinity, edges)
    found = compared(here, there, edges=keys, **terms)

    assert sorted(each["layer_key"] for each in here) == found.layer["layer_key"].to_list()
    assert sorted(each["object_uid"] for each in there) == found.affinity["object_uid"].to_list()
    assert found.matches["match_id"].is_unique().all()
    used = {*found.layer["match_id"], *found.affinity["match_id"]}
    assert used == set(found.matches["match_id"])
    assert set(found.matches["class"]) <= {each.value for each in Reconciled}
    assert set(found.matches["why"]) <= {None, *(each.value for each in Why)}
    assert set(found.matches["remedy"]) <= {each.value for each in Remedy}
    for name, side in (("layer", found.layer), ("affinity", found.affinity)):
        assert side.height == found.matches[f"{name}_records"].sum()
        for money in ("per_month", "once"):
            assert side[money].sum() == found.matches[f"{name}_{money}"].sum()


@LAWS
@given(LAYER, AFFINITY, EDGES, st.randoms(use_true_random=False))
def test_the_order_of_the_records_does_not_matter(
    layer: list[Any], affinity: list[Any], edges: list[Any], chance: random.Random
):
    here, there, keys = sides(layer, affinity, edges)
    before = classes_of(compared(here, there, edges=keys))
    for records in (here, there, keys):
        chance.shuffle(records)

    assert before == classes_of(compared(here, there, edges=keys))


@LAWS
@given(LAYER, AFFINITY, EDGES, TERMS)
def test_a_remedy_is_in_the_favour_of_who_is_owed(
    layer: list[Any], affinity: list[Any], edges: list[Any], terms: dict[str, Any]
):
    here, there, keys = sides(layer, affinity, edges)
    matches = compared(here, there, edges=keys, **terms).matches.with_columns(
        due=pl.col("layer_per_month")
        + pl.col("layer_once")
        - pl.col("affinity_per_month")
        - pl.col("affinity_once")
    )

    assert matches.filter(pl.col("remedy") == "bill", pl.col("due") < 0).is_empty()
    assert (
        matches.filter(pl.col("remedy").is_in(["credit", "cease"]), pl.col("due") > 0)
        .filter(pl.col("class") != Reconciled.BILLING_BEFORE_START)
        .is_empty()
    )


@LAWS
@given(LAYER, AFFINITY, EDGES)
def test_without_a_snapshot_everything_is_unreconciled(
    layer: list[Any], affinity: list[Any], edges: list[Any]
):
    here, there, keys = sides(layer, affinity, edges)
    found = compared(here, there, edges=keys, snapshot=Why.NO_SNAPSHOT)

    assert set(found.matches["class"]) <= {Reconciled.UNRECONCILED.value}
