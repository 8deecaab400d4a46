"""What is to be told of one billed charge, rule by rule: one case per sentence."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from schemas.charge import HANDED_OVER, anew_content, charge_content
from tasks.changes.charges import BILLED, ChargeChanges, charge_changes
from tasks.changes.terms import ChangeTerms
from tasks.ready_to_bill.judgement import NOW
from tests.builders import AS_OF, frame

YESTERDAY, TOMORROW = AS_OF - timedelta(days=1), AS_OF + timedelta(days=1)
START = date(2026, 3, 1)

FACTS: dict[str, Any] = {
    "line_id": "L1",
    "charge_type": "recurring",
    "customer_ref": "AC-1",
    "site_ref": "AS-1",
    "cli": "01204600001",
    "sku": "SKU-1",
    "product_name": "Line Rental",
    "quantity": 2,
    "unit_price": Decimal("5.5000"),
    "frequency": "Monthly",
    "bill_start_on": START,
    "order_ref": "SO-1",
    "asset_id": "A1",
}
"""What was told and is so still."""

VALID_NOW = {
    **FACTS,
    "customer_id": "C1",
    "site_id": "S1",
    "item_type": "Service",
    "route": "Affinity",
    "asset_is_live": True,
    "is_baseline": False,
    "holds": [],
}
VALID_TOLD = {
    **FACTS,
    "period": 1,
    "updates": 0,
    "asset_is_gone": False,
    "in_flight": False,
    "successor_in_flight": False,
}

UPFRONT = {"charge_type": "upfront", "frequency": None}
ENDED = {"bill_end_on": date(2026, 3, 10), "end_kind": "cease"}
REPLACED = {"bill_end_on": YESTERDAY, "end_kind": "replaced", "replaced_by_line": "L2"}
STOP = {"stops_because": "Do Not Bill", "shown_as": "do_not_bill"}
ANEW: dict[str, Any] = {"replaces": True}


def terms(**overrides: Any) -> ChangeTerms:
    """The default profile as of AS_OF."""
    return ChangeTerms(**{"as_of": AS_OF, **overrides})


def found(
    now: dict[str, Any], told: dict[str, Any] | None = None, on: ChangeTerms | None = None
) -> ChargeChanges:
    """What becomes of one charge."""
    return charge_changes(
        frame(NOW, VALID_NOW, (now,)), frame(BILLED, VALID_TOLD, (told or {},)), on or terms()
    )


def rows(changes: ChargeChanges) -> list[str]:
    """The rows of both files, shortly: action and fields, or kind, day and reason."""
    products = [f"{row['action']} {row['fields']}" for row in changes.products.to_dicts()]
    ceases = [
        f"{row['kind']} {row['cease_on']} {row['cease_reason']}"
        for row in changes.ceases.to_dicts()
    ]
    return products + ceases


def reasons(changes: ChargeChanges) -> list[str]:
    """Why it must wait."""
    return sorted(changes.holds["reason"])


def refused(expression: pl.Expr, **facts: Any) -> str:
    """What is kept of a refused row."""
    schema = pl.Schema({name: BILLED.get(name, pl.String()) for name in HANDED_OVER})
    row = {name: value for name, value in {**FACTS, **facts}.items() if name in schema}
    return str(frame(schema, row, ({},)).select(expression).item())


@pytest.mark.parametrize(
    ("now", "told", "expected"),
    [
        pytest.param({}, {}, [], id="what is as told is not told"),
        pytest.param({"quantity": 3}, {}, ["UPDATE quantity"], id="quantity"),
        pytest.param({"unit_price": Decimal(7)}, {}, ["UPDATE unit price"], id="price"),
        pytest.param({"unit_price": Decimal(0)}, {}, ["UPDATE unit price"], id="price 0 is told"),
        pytest.param({"frequency": "Annual"}, {}, ["UPDATE frequency"], id="frequency"),
        pytest.param({"sku": "SKU-2"}, {}, ["UPDATE sku"], id="sku"),
        pytest.param({"site_ref": "AS-2"}, {}, ["UPDATE site"], id="site"),
        pytest.param({"customer_ref": "AC-2"}, {}, ["UPDATE site"], id="a site of another link"),
        pytest.param({}, {"site_ref": None}, [], id="a link that is learnt is no change"),
        pytest.param({"cli": "01204600009"}, {}, ["UPDATE cli"], id="cli"),
        pytest.param({"cli": None}, {}, ["UPDATE cli"], id="cli to blank"),
        pytest.param({}, {"cli": None}, ["UPDATE cli"], id="cli from blank"),
        pytest.param({"bill_start_on": AS_OF}, {}, ["UPDATE bill start"], id="bill start"),
        pytest.param({"asset_id": "A2"}, {}, ["UPDATE asset"], id="a renewal is another asset"),
        pytest.param({"asset_id": None}, {}, [], id="an asset that is gone tells nothing"),
        pytest.param({**ENDED}, {"asset_is_gone": True}, [], id="nor does a renewal that is gone"),
        pytest.param({"product_name": "Other"}, {}, [], id="a description is not tracked"),
        pytest.param(
            {"quantity": 3, "unit_price": Decimal(7)},
            {},
            ["UPDATE quantity, unit price"],
            id="one row for all",
        ),
        pytest.param({"quantity": 3}, {"in_flight": True}, [], id="nothing while in flight"),
        pytest.param(
            {**UPFRONT, "quantity": 3},
            {**UPFRONT, "bill_end_on": YESTERDAY},
            ["UPDATE quantity"],
            id="a one-off that was told an end is not over",
        ),
        pytest.param(
            {**UPFRONT, "site_ref": "AS-2", "cli": None, "asset_id": "A2", **ENDED},
            UPFRONT,
            [],
            id="a one-off does not move, renew or cease",
        ),
        pytest.param(
            {**UPFRONT, "quantity": 3, "sku": "SKU-2", "bill_start_on": AS_OF},
            UPFRONT,
            ["UPDATE quantity, sku, bill start"],
            id="what is tracked of a one-off",
        ),
        pytest.param(
            {"quantity": 3, "bill_end_on": YESTERDAY, "end_kind": "cease"},
            {"bill_end_on": YESTERDAY},
            [],
            id="of what is over only the end is looked at",
        ),
        pytest.param(
            ENDED, {"bill_end_on": YESTERDAY}, ["cease 2026-03-10 Ceased"], id="also when over"
        ),
        pytest.param(
            {"quantity": 3, "bill_end_on": AS_OF, "end_kind": "cease"},
            {"bill_end_on": AS_OF},
            ["UPDATE quantity"],
            id="what ends today is not over",
        ),
        pytest.param(
            {**ENDED, "cease_reason": "Moved"}, {}, ["cease 2026-03-10 Moved"], id="cease reason"
        ),
        pytest.param(
            {**ENDED, "bill_end_on": date(2026, 2, 1)},
            {},
            ["cease 2026-02-01 Ceased"],
            id="a cease before the start is told as it is",
        ),
        pytest.param(
            {"bill_end_on": TOMORROW, "end_kind": "request"},
            {},
            [f"cease {TOMORROW} Cease request"],
            id="a cease request",
        ),
        pytest.param(REPLACED, {}, [f"cease {YESTERDAY} Replaced"], id="a replacement"),
        pytest.param(
            {}, {"bill_end_on": TOMORROW}, ["UPDATE bill end"], id="a withdrawn end is an update"
        ),
        pytest.param(
            {"bill_end_on": TOMORROW, "end_kind": "term"},
            {},
            ["UPDATE bill end"],
            id="a term's end is an update",
        ),
        pytest.param(
            {**ENDED, "bill_end_on": AS_OF, "quantity": 3},
            {},
            ["UPDATE quantity, bill end", f"cease {AS_OF} Ceased"],
            id="a change and an end",
        ),
        pytest.param(
            {**ENDED, "quantity": 3, "site_ref": "AS-2"},
            {},
            ["cease 2026-03-10 Ceased"],
            id="what had ended when we saw its change is only ended",
        ),
        pytest.param(
            {"bill_end_on": YESTERDAY, "end_kind": "term", "quantity": 3},
            {},
            ["UPDATE quantity, bill end"],
            id="the end of a term takes all along",
        ),
        pytest.param(STOP, {}, [f"stop {AS_OF} Do Not Bill"], id="a stop is today"),
        pytest.param(
            STOP,
            {"bill_start_on": TOMORROW},
            [f"stop {TOMORROW} Do Not Bill"],
            id="but not before the start",
        ),
        pytest.param(
            {**UPFRONT, **STOP},
            UPFRONT,
            [f"stop {START} Do Not Bill"],
            id="a one-off is taken back",
        ),
        pytest.param(
            {**STOP, "quantity": 3}, {}, [f"stop {AS_OF} Do Not Bill"], id="a stop goes alone"
        ),
        pytest.param(
            {**STOP, "bill_end_on": YESTERDAY, "end_kind": "cease"},
            {"bill_end_on": YESTERDAY},
            [],
            id="what has ended is not stopped",
        ),
        pytest.param(
            STOP,
            {"bill_end_on": YESTERDAY},
            [f"stop {YESTERDAY} Do Not Bill"],
            id="but for what would go on otherwise",
        ),
        pytest.param(
            {**STOP, **ENDED},
            {"bill_end_on": YESTERDAY, "ended_by": "stop"},
            ["sooner 2026-03-10 Ceased"],
            id="what was stopped and ceased before that ends then",
        ),
        pytest.param(
            ENDED,
            {"bill_end_on": YESTERDAY, "ended_by": "stop"},
            ["sooner 2026-03-10 Ceased"],
            id="also when nothing stops it any more",
        ),
        pytest.param(
            {**STOP, "bill_end_on": AS_OF, "end_kind": "cease"},
            {"bill_end_on": YESTERDAY, "ended_by": "stop"},
            [],
            id="what was stopped and ceases later stays stopped",
        ),
        pytest.param(
            {**STOP, "bill_end_on": date(2026, 3, 10), "end_kind": "term"},
            {"bill_end_on": YESTERDAY, "ended_by": "stop"},
            [],
            id="a term is no cease",
        ),
        pytest.param(STOP, {"ended_by": "stop"}, [], id="what was stopped is not stopped again"),
        pytest.param(
            STOP, {"ended_by": "seen_stopped"}, [], id="what was seen stopped is left alone"
        ),
        pytest.param(
            {"quantity": 3}, {"ended_by": "stop"}, [], id="what was stopped does not change"
        ),
        pytest.param(
            {"asset_is_live": False, "quantity": 3}, {}, [], id="a dead asset without an end"
        ),
        pytest.param(
            {"asset_is_live": False},
            {"bill_end_on": TOMORROW},
            [],
            id="a dead asset is not billed on",
        ),
        pytest.param(
            {"asset_is_live": False, **ENDED},
            {},
            ["cease 2026-03-10 Ceased"],
            id="a dead asset that ended",
        ),
    ],
)
def test_what_is_told(now: dict[str, Any], told: dict[str, Any], expected: list[str]):
    assert expected == rows(found(now, told))


@pytest.mark.parametrize(
    ("now", "told", "expected", "told_rows"),
    [
        pytest.param({"holds": ["sku_missing"]}, {}, [], 0, id="nothing to hold"),
        pytest.param(
            {"holds": ["sku_missing", "price_missing"], "quantity": 3},
            {},
            ["price_missing", "sku_missing"],
            0,
            id="what holds a new charge holds a change",
        ),
        pytest.param(
            {"holds": ["sku_missing"], **ENDED},
            {},
            [],
            1,
            id="but no end",
        ),
        pytest.param(
            {"holds": ["unknown_route"]}, {}, ["unknown_route"], 0, id="an unknown route alone"
        ),
        pytest.param(
            {"holds": ["unknown_route"], "quantity": 3},
            {},
            ["unknown_route"],
            0,
            id="an unknown route and a change",
        ),
        pytest.param(
            {"asset_is_live": False}, {}, ["cease_date_missing"], 0, id="dead without an end"
        ),
        pytest.param(
            {"asset_is_live": False, **STOP, "bill_end_on": YESTERDAY},
            {"bill_end_on": YESTERDAY},
            [],
            0,
            id="dead, but ended and stopped",
        ),
        pytest.param(
            REPLACED, {"successor_disposition": "waiting"}, ["pair_waiting"], 0, id="pair waits"
        ),
        pytest.param(
            REPLACED, {"successor_disposition": "held"}, ["pair_waiting"], 0, id="pair is held"
        ),
        pytest.param(REPLACED, {"successor_disposition": "ready"}, [], 1, id="pair goes"),
        pytest.param(
            {**REPLACED, **STOP},
            {"successor_disposition": "waiting"},
            [],
            1,
            id="a stop waits for nobody",
        ),
        pytest.param(
            REPLACED, {"successor_disposition": "other_platform"}, [], 1, id="it goes alone"
        ),
        pytest.param(
            {"bill_start_on": date(2206, 3, 1), "holds": ["bill_start_implausible"]},
            {},
            ["bill_start_implausible"],
            0,
            id="another start must be plausible",
        ),
        pytest.param(
            {
                **ENDED,
                "bill_end_on": TOMORROW,
                "bill_start_on": TOMORROW + timedelta(days=1),
                "holds": ["bill_start_after_cease"],
            },
            {},
            ["bill_start_after_cease"],
            1,
            id="and not after the cease, which is told",
        ),
        pytest.param(
            {"quantity": 3, "holds": ["bill_start_implausible"]},
            {},
            [],
            1,
            id="the start it was told with stays",
        ),
        pytest.param(
            {"quantity": 3},
            {"refused_content": refused(charge_content(), quantity=3)},
            ["affinity_rejected"],
            0,
            id="refused as it is",
        ),
        pytest.param(
            {"quantity": 4},
            {"refused_content": refused(charge_content(), quantity=3)},
            [],
            1,
            id="another content than the refused",
        ),
        pytest.param(
            STOP,
            {"refused_end": "end\x1fstop\x1fDo Not Bill"},
            ["affinity_rejected"],
            0,
            id="a stop that was refused on another day",
        ),
        pytest.param(
            {**ENDED, "bill_end_on": TOMORROW, "quantity": 3},
            {"refused_end": f"end\x1fcease\x1f{TOMORROW}"},
            ["affinity_rejected"],
            1,
            id="a refused end does not hold a change",
        ),
        pytest.param(
            {**ENDED, "quantity": 3},
            {"refused_end": "end\x1fcease\x1f2026-03-10"},
            ["affinity_rejected"],
            0,
            id="but once it has come there is nothing to change",
        ),
    ],
)
def test_why_it_waits(
    now: dict[str, Any], told: dict[str, Any], expected: list[str], told_rows: int
):
    changes = found(now, told)

    assert expected == reasons(changes)
    assert told_rows == len(rows(changes))


@pytest.mark.parametrize(
    ("now", "told", "expected"),
    [
        pytest.param(
            {"quantity": 3},
            {},
            ["ADD quantity", f"change {YESTERDAY} Changed: quantity"],
            id="ceased and added",
        ),
        pytest.param(
            {"quantity": 3},
            {"bill_start_on": AS_OF},
            ["UPDATE quantity, bill start"],
            id="not begun: an update",
        ),
        pytest.param({"asset_id": "A2"}, {}, ["UPDATE asset"], id="not a replacing field"),
        pytest.param(
            {**UPFRONT, "quantity": 3}, UPFRONT, ["UPDATE quantity"], id="never of a one-off"
        ),
        pytest.param({"quantity": 3, "holds": ["sku_missing"]}, {}, [], id="held: neither goes"),
        pytest.param(
            {},
            {"ended_by": "change", "bill_end_on": date(2026, 3, 20)},
            ["ADD bill end"],
            id="only the cease was taken: the addition goes again",
        ),
        pytest.param(
            ENDED,
            {"ended_by": "change", "bill_end_on": date(2026, 3, 20)},
            ["cease 2026-03-10 Ceased"],
            id="it ended before it was cut",
        ),
        pytest.param(
            {"quantity": 3},
            {"refused_content": refused(anew_content(), quantity=3, bill_start_on=YESTERDAY)},
            [],
            id="refused on another day",
        ),
    ],
)
def test_where_a_change_is_a_cease_and_an_addition(
    now: dict[str, Any], told: dict[str, Any], expected: list[str]
):
    assert expected == rows(found(now, told, terms(replaces=True)))


def test_a_new_row_begins_where_the_old_one_ends():
    begun = found({"quantity": 3}, {}, terms(replaces=True)).products.row(0, named=True)
    cut = {"ended_by": "change", "bill_end_on": date(2026, 3, 20), "period": 2}
    later = found({}, cut, terms(replaces=True)).products.row(0, named=True)

    assert (2, AS_OF) == (begun["period"], begun["bill_start_on"])
    assert (3, date(2026, 3, 21)) == (later["period"], later["bill_start_on"])


@pytest.mark.parametrize(
    ("now", "told", "expected"),
    [
        pytest.param({"cli": None}, {}, [], id="value to null"),
        pytest.param({}, {"cli": None}, [], id="null to value"),
        pytest.param({"quantity": 3}, {}, ["UPDATE quantity"], id="value to value"),
        pytest.param(ENDED, {}, ["cease 2026-03-10 Ceased"], id="an end"),
        pytest.param({}, {"bill_end_on": TOMORROW}, ["UPDATE bill end"], id="an end withdrawn"),
        pytest.param({"item_type": "Product", "quantity": 3}, {}, [], id="goods"),
    ],
)
def test_as_the_layers_own_change_queue_does_it(
    now: dict[str, Any], told: dict[str, Any], expected: list[str]
):
    assert expected == rows(found(now, told, terms(layer_compatible=True)))


def test_only_what_the_profile_tracks():
    on = terms(tracked={"charges": ("unit_price", "description")})

    assert [] == rows(found({"quantity": 3}, on=on))
    assert ["UPDATE description"] == rows(found({"product_name": "Other"}, on=on))


def test_a_cease_names_what_was_told_and_its_object():
    now = {**REPLACED, "sku": "SKU-2", "cli": None, "asset_id": "A2", "object_uid": None}
    told = {"known_object_uid": "U-1", "successor_disposition": "ready"}
    cease = found(now, told).ceases.row(0, named=True)

    assert ("SKU-1", "01204600001", "A1", "U-1", "L2") == tuple(
        cease[name] for name in ("sku", "cli", "asset_id", "object_uid", "replaced_by_line")
    )
    named = found({**now, "object_uid": "U-9"}, told).ceases.row(0, named=True)
    assert "U-9" == named["object_uid"]


def test_a_ready_successor_waits_while_what_it_replaces_is_in_flight():
    ready = {"successor_disposition": "ready"}

    assert [] == found(REPLACED, ready).waits.rows()
    assert [("L2", "recurring")] == found(REPLACED, {**ready, "in_flight": True}).waits.rows()


def test_what_is_as_told_is_settled_unless_it_is_in_flight():
    assert 1 == found({}).settled.height
    assert 0 == found({}, {"in_flight": True}).settled.height
    assert 0 == found({"quantity": 3}).settled.height


def test_updates_are_counted():
    assert 5 == found({"quantity": 3}, {"updates": 4}).products["nth"].item()
