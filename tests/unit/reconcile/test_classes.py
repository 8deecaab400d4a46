"""What a match comes to: one class, what differs, money of both sides, a remedy that helps."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from schemas.vocabulary import Why
from tests.sides import AS_OF, compared, found, ours, theirs

KEY = [("line:L1:recurring", "U1")]
MATCHED = [("matched", None, None, "none")]


def test_what_both_sides_say_the_same_is_matched():
    assert MATCHED == found([ours()], [theirs()], edges=KEY)
    assert MATCHED == found([ours()], [theirs()])


@pytest.mark.parametrize(
    ("said", "fields", "remedy"),
    [
        ({"quantity": 3}, "quantity", "credit"),
        ({"quantity": 1}, "quantity", "bill"),
        ({"unit_price": Decimal(6)}, "unit_price", "credit"),
        ({"unit_price": Decimal("5.4999")}, "unit_price", "bill"),
        ({"sku": "SKU-2"}, "sku", "correct"),
        ({"site_ref": "AS-2"}, "site", "correct"),
        ({"cli": "01204600002"}, "cli", "correct"),
        ({"cli": None}, "cli", "correct"),
        ({"start_on": date(2026, 1, 2)}, "bill_start", "bill"),
        ({"end_on": date(2026, 12, 31)}, "bill_end", "correct"),
        (
            {"quantity": 1, "unit_price": Decimal(7), "sku": "SKU-2", "cli": "01204600002"},
            "quantity,unit_price,sku,cli",
            "bill",
        ),
    ],
)
def test_what_differs_is_named_and_set_right_in_the_right_direction(
    said: dict[str, Any], fields: str, remedy: str
):
    assert [("differs", None, fields, remedy)] == found([ours()], [theirs(**said)], edges=KEY)


def test_a_cli_is_the_same_however_affinity_writes_it():
    assert MATCHED == found([ours()], [theirs(cli="+44 1204 600001")], edges=KEY)


@pytest.mark.parametrize("text", ["441204600001", "1204600001", "0044 1204 600001", "Fibre 7"])
def test_a_cli_of_any_kind_is_the_same_as_itself(text: str):
    assert MATCHED == found([ours(cli=text)], [theirs(cli=text)], edges=KEY)
    assert MATCHED == found([ours(cli=text)], [theirs(cli=text)])
    kept = compared([ours(cli=text)], [theirs(cli=text)])
    assert [text, text] == [kept.layer["cli"].item(), kept.affinity["cli"].item()]


def test_a_start_that_affinity_does_not_say_is_taken_for_any():
    assert MATCHED == found([ours()], [theirs(start_on=None)])
    assert MATCHED == found([ours(start_on=date(2026, 4, 10))], [theirs(start_on=None)])
    assert [("differs", None, "quantity", "credit")] == found(
        [ours()], [theirs(start_on=None, quantity=3)], edges=KEY
    )


def test_a_one_off_charge_stays_where_it_was_billed():
    """Its site, CLI and last day are those of its day; its quantity, price and code count."""
    one_off, edges = ours(charge_type="upfront"), [("line:L1:upfront", "U1")]
    elsewhere = theirs(charge_type="upfront", site_ref="AS-9", cli=None, end_on=date(2026, 1, 1))

    assert MATCHED == found([one_off], [elsewhere], edges=edges)
    assert [("differs", None, "quantity", "credit")] == found(
        [one_off], [elsewhere | {"quantity": 3}], edges=edges
    )


@pytest.mark.parametrize(
    ("disposition", "why", "remedy"),
    [
        ("exported", "in_flight", "wait"),
        ("ready", "in_flight", "wait"),
        ("waiting", "waiting", "wait"),
        ("held", "held", "wait"),
        ("do_not_bill", "do_not_bill", "none"),
        ("billed_in_layer", "other_route", "none"),
        ("other_platform", "other_route", "none"),
        ("cancelled", "cancelled", "none"),
    ],
)
def test_what_need_not_be_there_is_explained(disposition: str, why: str, remedy: str):
    assert [("explained", why, None, remedy)] == found([ours(disposition=disposition)], [])


def test_what_should_be_there_and_is_not_is_to_be_billed():
    assert [("only_in_layer", None, None, "bill")] == found([ours()], [])


def test_an_asset_without_a_line_that_affinity_does_not_bill_is_to_be_billed():
    unsold = ours(disposition="unsold", is_told=False)

    assert [("only_in_layer", None, None, "bill")] == found([unsold], [])
    assert [("only_in_layer", "line_is_missing", None, "bill")] == found(
        [unsold | {"reasons": "line_missing"}], []
    )
    assert [("explained", "waiting", None, "wait")] == found(
        [unsold | {"start_on": date(2026, 4, 1)}], []
    )
    assert MATCHED == found([unsold], [theirs()])


def test_what_is_billed_without_an_asset_is_to_be_ceased():
    assert [("only_in_affinity", None, None, "cease")] == found([], [theirs()])


def test_what_may_be_the_asset_of_a_broken_record_is_not_to_be_ceased():
    assert [("only_in_affinity", "feeds_are_partial", None, "fetch")] == found(
        [], [theirs()], has_strangers=True
    )


def test_what_has_ended_on_its_side_alone_is_over():
    ended = date(2026, 3, 30)

    assert [("explained", "over", None, "none")] == found([], [theirs(end_on=ended)])
    assert [("explained", "over", None, "none")] == found([ours(end_on=ended)], [])
    assert [("only_in_affinity", None, None, "cease")] == found([], [theirs(end_on=AS_OF)])


@pytest.mark.parametrize(
    "said",
    [
        {"end_on": date(2026, 3, 30)},
        {"disposition": "do_not_bill"},
        {"disposition": "other_platform"},
        {"disposition": "billed_in_layer"},
        {"disposition": "cancelled"},
    ],
)
def test_what_is_not_to_be_billed_any_more_and_is_has_to_be_ceased(said: dict[str, Any]):
    assert [("ceased_but_billing", None, "status", "cease")] == found(
        [ours(**said)], [theirs()], edges=KEY
    )
    # also where no key says that they are the same
    assert [("ceased_but_billing", None, "status", "cease")] == found([ours(**said)], [theirs()])


def test_a_last_day_is_still_billed():
    both = [ours(end_on=AS_OF)], [theirs(end_on=AS_OF)]

    assert MATCHED == found(*both)
    assert Decimal(11) == compared(*both).matches["layer_per_month"].item()


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        ({"start_on": date(2026, 2, 1)}, "bill_start"),
        ({"start_on": date(2026, 4, 1)}, "status"),
        ({"disposition": "waiting"}, "status"),
    ],
)
def test_what_is_billed_from_before_its_start_is_to_be_credited(said: dict[str, Any], fields: str):
    assert [("billing_before_start", None, fields, "credit")] == found(
        [ours(**said)], [theirs()], edges=KEY
    )


def test_what_is_held_and_billed_all_the_same_differs():
    assert [("differs", None, "status", "correct")] == found([ours(disposition="held")], [theirs()])


def test_what_ended_there_too_early_is_to_be_billed():
    assert [("differs", None, "status", "bill")] == found(
        [ours()], [theirs(end_on=date(2026, 3, 1))], edges=KEY
    )


@pytest.mark.parametrize(("there", "remedy"), [(8, "credit"), (2, "bill")])
def test_ends_that_differ_differ_when_both_are_past(there: int, remedy: str):
    assert [("differs", None, "bill_end", remedy)] == found(
        [ours(end_on=date(2026, 3, 5))], [theirs(end_on=date(2026, 3, there))], edges=KEY
    )


@pytest.mark.parametrize(
    ("state", "why"), [("due", "in_flight"), ("in_flight", "in_flight"), ("held", "held")]
)
def test_a_difference_that_is_about_to_be_told_is_explained(state: str, why: str):
    known = {
        "change_state": state,
        "changing": "quantity,site",
        "told_quantity": 5,
        "known_from": date(2026, 3, 30),
    }

    assert [("explained", why, "quantity", "wait")] == found(
        [ours(**known)], [theirs(quantity=5)], edges=KEY
    )
    # but not what is told nowhere
    assert [("differs", None, "quantity,unit_price", "credit")] == found(
        [ours(**known)], [theirs(quantity=5, unit_price=Decimal(6))], edges=KEY
    )


def test_an_end_that_is_about_to_be_told_is_explained():
    told = {"end_on": date(2026, 3, 1), "known_from": date(2026, 3, 2), "changing": "bill_end"}
    ending = ours(change_state="due", **told)

    assert [("explained", "in_flight", "status", "wait")] == found([ending], [theirs()], edges=KEY)
    # what Affinity refused is billed on until somebody cares for it, and so is what nobody answers
    for refused in (
        ours(change_state="held", **told),
        ours(change_state="in_flight", **told | {"known_from": date(2026, 2, 20)}),
    ):
        assert [("ceased_but_billing", None, "status", "cease")] == found(
            [refused], [theirs()], edges=KEY
        )


@pytest.mark.parametrize(
    ("here", "there", "told"),
    [
        pytest.param({"changing": "quantity"}, {"quantity": 700}, "quantity", id="another value"),
        pytest.param({"changing": "quantity"}, {"end_on": date(2026, 3, 1)}, "status", id="ended"),
        pytest.param(
            {"changing": "cli", "end_on": date(2026, 3, 1)}, {}, "status", id="not ended there"
        ),
    ],
)
def test_a_change_under_way_explains_nothing_else(
    here: dict[str, Any], there: dict[str, Any], told: str
):
    change = {"change_state": "in_flight", "told_quantity": 1, "known_from": date(2026, 3, 30)}
    ((kind, why, fields, _),) = found([ours(**change | here)], [theirs(**there)], edges=KEY)

    assert kind in {"differs", "ceased_but_billing"}
    assert (None, told) == (why, fields)


def test_a_start_that_is_about_to_be_told_explains_only_the_start_that_was_told():
    told = {
        "change_state": "due",
        "changing": "bill_start",
        "known_from": date(2026, 3, 30),
        "told_start_on": date(2026, 1, 1),
    }
    later, to_come = (
        ours(start_on=date(2026, 1, 9), **told),
        ours(start_on=date(2026, 4, 9), **told),
    )
    early = [theirs(start_on=date(2024, 1, 1))]

    assert [("explained", "in_flight", "bill_start", "wait")] == found(
        [later], [theirs()], edges=KEY
    )
    assert [("billing_before_start", None, "bill_start", "credit")] == found(
        [later], early, edges=KEY
    )
    assert [("explained", "in_flight", "status", "wait")] == found([to_come], [theirs()], edges=KEY)
    assert [("billing_before_start", None, "status", "credit")] == found(
        [to_come], early, edges=KEY
    )


@pytest.mark.parametrize("field", ["do_not_bill", "route", "is_live"])
@pytest.mark.parametrize("charge_type", ["recurring", "upfront"])
def test_a_stop_is_explained_while_it_is_told_and_not_when_it_is_held(field: str, charge_type: str):
    stop = {
        "charge_type": charge_type,
        "end_on": date(2026, 3, 29),
        "changing": field,
        "known_from": date(2026, 3, 30),
    }
    there, edges = theirs(charge_type=charge_type), [(f"line:L1:{charge_type}", "U1")]

    for state in ("due", "in_flight"):
        assert [("explained", "in_flight", "status", "wait")] == found(
            [ours(change_state=state, **stop)], [there], edges=edges
        )
    assert [("ceased_but_billing", None, "status", "cease")] == found(
        [ours(change_state="held", **stop)], [there], edges=edges
    )


def test_a_one_off_that_must_stop_and_was_taken_back_asks_for_nothing():
    one_off = {"charge_type": "upfront", "end_on": date(2026, 3, 29)}

    assert [("matched", None, None, "none")] == found(
        [ours(**one_off)], [theirs(**one_off)], edges=[("line:L1:upfront", "U1")]
    )


def test_an_end_that_nobody_dates_is_not_compared_with_affinitys():
    unknown = {"end_on": date(2026, 3, 20), "end_is_unknown": True}

    assert MATCHED == found([ours(**unknown)], [theirs(end_on=date(2026, 2, 1))], edges=KEY)
    assert MATCHED == found(
        [ours(end_on=date(2026, 4, 20), end_is_unknown=True)],
        [theirs(end_on=date(2026, 4, 1))],
        edges=KEY,
    )
    assert [("ceased_but_billing", None, "status", "cease")] == found(
        [ours(**unknown)], [theirs()], edges=KEY
    )


def test_what_is_exported_and_never_answered_is_not_fine_for_ever():
    sent = ours(disposition="exported", stands_from=date(2026, 3, 20))
    lost = ours(disposition="exported", stands_from=date(2026, 2, 1))

    assert [("explained", "in_flight", None, "wait")] == found([sent], [])
    assert [("unreconciled", "in_flight", None, "fetch")] == found([lost], [])


def test_what_bills_on_neither_side_yet_is_compared_all_the_same():
    later = {"start_on": date(2026, 5, 1)}

    assert MATCHED == found([ours(**later)], [theirs(**later)], edges=KEY)
    assert [("differs", None, "quantity,bill_start", "bill")] == found(
        [ours(**later)], [theirs(start_on=date(2026, 6, 1), quantity=9)], edges=KEY
    )
    assert [("differs", None, "bill_start,bill_end", "correct")] == found(
        [ours(end_on=date(2026, 3, 1))], [theirs(start_on=date(2026, 4, 15))], edges=KEY
    )


def test_what_is_to_come_on_both_sides_finds_each_other_without_keys():
    later = {"start_on": date(2026, 4, 10)}

    assert MATCHED == found([ours(**later)], [theirs(**later)])
    assert MATCHED == found([ours(disposition="unsold", **later)], [theirs(**later)])
    assert MATCHED == found(
        [ours(quantity=10, **later)],
        [theirs("U1", quantity=6, **later), theirs("U2", quantity=4, **later)],
    )
    assert [("differs", None, "unit_price", "correct")] == found(
        [ours(**later)], [theirs(unit_price=Decimal(6), **later)]
    )
    # beside what bills today
    assert MATCHED * 2 == found(
        [ours("L1"), ours("L2", **later)], [theirs("U1", **later), theirs("U2")]
    )


def test_what_is_to_come_and_is_billed_already_finds_it_without_keys():
    assert [("billing_before_start", None, "status", "credit")] == found(
        [ours(start_on=date(2026, 4, 10))], [theirs()]
    )


@pytest.mark.parametrize("disposition", ["in_billing", "unsold"])
def test_what_is_to_come_on_one_side_alone_waits(disposition: str):
    later = {"start_on": date(2026, 4, 10)}

    assert [("explained", "waiting", None, "wait")] == found(
        [ours(disposition=disposition, **later)], []
    )
    assert [("explained", "waiting", None, "wait")] == found([], [theirs(**later)])
    # what ends before it begins never comes
    never = later | {"end_on": date(2026, 4, 9)}
    assert [("explained", "over", None, "none")] == found([ours(**never)], [])


def test_a_sum_that_is_right_on_one_day_only_is_not_the_same():
    two = [ours("L1"), ours("L2", start_on=date(2026, 3, 1))]
    ending = [ours("L1", end_on=date(2026, 4, 30)), ours("L2")]

    assert [("differs", None, "bill_start", "correct")] == found(two, [theirs(quantity=4)])
    assert [("differs", None, "bill_end", "correct")] == found(ending, [theirs(quantity=4)])


def test_what_adds_up_is_found_beside_what_nobody_sold():
    there = [theirs("U1", quantity=6), theirs("U2", quantity=4), theirs("U3", quantity=3)]

    assert [
        ("matched", None, None, "none"),
        ("only_in_affinity", None, None, "cease"),
    ] == found([ours(quantity=10)], there)


def test_two_that_know_each_other_by_their_keys_do_not_change_hands():
    here = [ours("L1", quantity=5), ours("L2", quantity=3)]
    there = [theirs("U1", quantity=3), theirs("U2", quantity=5)]
    edges = [("line:L1:recurring", "U1"), ("line:L2:recurring", "U2")]

    assert [
        ("differs", None, "quantity", "bill"),
        ("differs", None, "quantity", "credit"),
    ] == found(here, there, edges=edges)


def test_money_of_two_frequencies_is_not_summed_as_one():
    here = [ours("L1", quantity=1, unit_price=12), ours("L2", quantity=1, unit_price=12)]
    here[1]["frequency"] = "Annual"
    both = compared(here, [theirs(quantity=2, unit_price=12)])

    assert Decimal(13) == both.matches["layer_per_month"].sum()
    assert "matched" not in both.matches["class"].to_list()


def test_a_split_that_is_rounded_otherwise_is_owed_nothing():
    here = ours(quantity=10, unit_price=1, frequency="Quarterly")
    there = [theirs(f"U{n}", quantity=5, unit_price=1, cli="0120") for n in (1, 2)]
    edges = [("line:L1:recurring", "U1"), ("line:L1:recurring", "U2")]

    assert [("differs", None, "cli", "correct")] == found([here], there, edges=edges)


def test_what_affinity_gives_no_type_is_not_taken_for_a_one_off():
    both = compared([ours()], [theirs(charge_type=None)], edges=KEY)

    assert ["unreconciled"] == both.matches["class"].to_list()
    assert (Decimal(11), Decimal(0)) == (
        both.matches["affinity_per_month"].item(),
        both.matches["affinity_once"].item(),
    )


def test_a_one_off_that_nobody_sold_is_not_over_because_it_has_an_end():
    day = date(2026, 1, 1)

    assert [("only_in_affinity", None, None, "cease")] == found(
        [], [theirs(charge_type="upfront", start_on=day, end_on=day)]
    )


def test_what_a_partial_side_may_not_show_is_no_difference():
    split = theirs("U1", quantity=6)
    grouped = [ours("L1", group_key="G1", quantity=1)]

    assert [("unreconciled", "snapshot_is_partial", None, "fetch")] == found(
        [ours(quantity=10)], [split], edges=KEY, snapshot=Why.SNAPSHOT_IS_PARTIAL
    )
    assert [("unreconciled", "feeds_are_partial", None, "fetch")] == found(
        grouped, [theirs()], edges=KEY, feeds_are_partial=True
    )
    assert [("unreconciled", "record_is_rejected", None, "fetch")] == found(
        [ours(cli=None)], [theirs()], edges=KEY, rejected=["U1"]
    )


def test_an_early_start_does_not_hide_what_is_owed_to_us():
    assert [("differs", None, "quantity,bill_start", "bill")] == found(
        [ours(quantity=10)], [theirs(quantity=1, start_on=date(2025, 12, 31))], edges=KEY
    )


def test_what_replaced_an_ended_charge_is_not_matched_with_its_row():
    old = ours("L1", end_on=date(2026, 3, 15))
    new = ours("L2", start_on=date(2026, 3, 16))

    assert [
        ("ceased_but_billing", None, "status", "cease"),
        ("only_in_layer", None, None, "bill"),
    ] == found([old, new], [theirs()])


@pytest.mark.parametrize("disposition", ["do_not_bill", "held", "other_platform"])
def test_a_one_off_that_was_taken_back_is_not_billed_any_more(disposition: str):
    why = "other_route" if disposition == "other_platform" else disposition
    remedy = "wait" if disposition == "held" else "none"

    assert [("explained", why, None, remedy)] == found(
        [ours(charge_type="upfront", disposition=disposition)],
        [theirs(charge_type="upfront", end_on=date(2026, 1, 1))],
    )


def test_a_one_off_that_was_taken_back_has_no_money_any_more():
    taken_back = theirs(charge_type="upfront", end_on=date(2026, 1, 1))
    stands = theirs(charge_type="upfront")
    unwanted = ours(charge_type="upfront", disposition="do_not_bill")

    assert Decimal(0) == compared([unwanted], [taken_back]).matches["affinity_once"].item()
    assert Decimal(11) == compared([unwanted], [stands]).matches["affinity_once"].item()
    assert [("ceased_but_billing", None, "status", "cease")] == found([unwanted], [stands])


@pytest.mark.parametrize(
    ("taken_back", "anew"),
    [
        pytest.param({}, {}, id="it ends, the new one does not"),
        pytest.param({"is_taken_back": True}, {"end_on": date(2026, 1, 1)}, id="we told its end"),
    ],
)
def test_a_one_off_that_was_taken_back_and_billed_anew_counts_once(
    taken_back: dict[str, Any], anew: dict[str, Any]
):
    rows = [theirs("U1", end_on=date(2026, 1, 1), **taken_back), theirs("U2", **anew)]
    one_off = {"charge_type": "upfront"}
    both = compared(
        [ours(**one_off)],
        [row | one_off for row in rows],
        edges=[("line:L1:upfront", "U1"), ("line:L1:upfront", "U2")],
    )

    assert ["matched"] == both.matches["class"].to_list()
    assert Decimal(11) == both.matches["affinity_once"].item()


# Split lines, summed lines


def test_a_charge_in_several_rows_is_matched_in_sum():
    rows = [theirs("U1", quantity=6), theirs("U2", quantity=4)]

    assert MATCHED == found([ours(quantity=10)], rows, edges=KEY)
    assert MATCHED == found([ours(quantity=10)], rows)


def test_several_charges_in_one_row_are_matched_in_sum():
    charges = [ours("L1", quantity=1), ours("L2", quantity=4)]

    assert MATCHED == found(charges, [theirs(quantity=5)], edges=KEY)
    assert MATCHED == found(charges, [theirs(quantity=5)])


def test_a_sum_of_the_wrong_price_is_no_match():
    rows = [theirs("U1", quantity=6), theirs("U2", quantity=4, unit_price=Decimal(5))]

    classes = compared([ours(quantity=10)], rows, edges=KEY).matches["class"].to_list()

    assert sorted(classes) == ["differs", "only_in_affinity"]


def test_several_at_one_place_are_told_apart_by_what_is_their_own():
    """A price rise at a place without numbers is no two missing and two that nobody sold."""
    dearer = {"cli": None, "unit_price": Decimal("5.6650")}
    here = [ours("L1", cli=None), ours("L2", cli=None, quantity=7)]
    there = [theirs("U1", **dearer), theirs("U2", quantity=7, **dearer)]
    assert [("differs", None, "unit_price", "credit")] * 2 == found(here, there)

    since = {"start_on": date(2026, 2, 1)}
    here = [ours("L1", cli=None), ours("L2", cli=None, **since)]
    there = [theirs("U1", **dearer), theirs("U2", **since, **dearer)]
    assert [("differs", None, "unit_price", "credit")] * 2 == found(here, there)

    here = [ours("L1"), ours("L2", unit_price=Decimal(9))]
    there = [theirs("U1", quantity=3), theirs("U2", quantity=1, unit_price=Decimal(9))]
    assert [("differs", None, "quantity", "bill"), ("differs", None, "quantity", "credit")] == (
        found(here, there)
    )


def test_several_at_one_place_that_nothing_tells_apart_are_compared_as_one():
    here = [ours("L1"), ours("L2")]
    there = [theirs(uid, unit_price=Decimal(6)) for uid in ("U1", "U2")]

    both = compared(here, there).matches
    assert [("differs", None, "unit_price", "credit")] == found(here, there)
    assert (Decimal(22), Decimal(24)) == both.select("layer_per_month", "affinity_per_month").row(0)
    # what the sums of two frequencies come to says nothing
    here[1]["frequency"] = "Annual"
    assert "differs" not in compared(here, there).matches["class"].to_list()


def test_many_parts_at_one_place_are_no_reason_to_cease_any():
    here = [ours("L1", quantity=11), ours("L2", quantity=30)]
    there = [theirs(f"U{n}", quantity=1) for n in range(11)]

    assert ["matched", "only_in_layer"] == [kind for kind, *_ in found(here, there)]
    here[1]["quantity"] = 3
    assert ["differs", "matched"] == [kind for kind, *_ in found(here, there)]
    # too many different sums to look at: all but the first two, which are alike, are one match
    here = [ours(f"L{n}", unit_price=Decimal(2**n)) for n in range(14)]
    there = [theirs(f"U{n}", unit_price=Decimal(3**n)) for n in range(14)]
    assert ["differs", "matched"] == [kind for kind, *_ in found(here, there)]


def test_a_group_whose_sum_is_right_is_explained():
    grouped = [ours(line, quantity=1, cli=None, group_key="K1") for line in ("L1", "L2", "L3")]
    row = theirs(quantity=3, cli=None, row_key="K1")
    edges = [(each["layer_key"], "U1") for each in grouped]

    assert [("explained", "grouped", None, "none")] == found(grouped, [row], edges=edges)
    assert [("differs", None, "quantity", "bill")] == found(
        grouped, [row | {"quantity": 2}], edges=edges
    )


@pytest.mark.parametrize(
    ("changed", "there", "told"),
    [
        pytest.param(
            {"quantity": 5, "changing": "quantity", "told_quantity": 1},
            3,
            ("explained", "in_flight", "quantity", "wait"),
            id="a quantity",
        ),
        pytest.param(
            {"quantity": 5, "changing": "quantity", "told_quantity": 1},
            4,
            ("differs", None, "quantity", "bill"),
            id="a quantity, and another sum there",
        ),
        pytest.param(
            {"quantity": 5, "changing": "cli", "told_quantity": 1},
            3,
            ("differs", None, "quantity", "bill"),
            id="a quantity that nobody tells",
        ),
        pytest.param(
            {"end_on": date(2026, 3, 30), "changing": "bill_end"},
            3,
            ("explained", "in_flight", "quantity", "wait"),
            id="one has left",
        ),
        pytest.param(
            {"end_on": date(2026, 3, 30), "changing": "bill_end", "change_state": "held"},
            3,
            ("differs", None, "quantity", "credit"),
            id="one has left, and that was refused",
        ),
        pytest.param(
            {"end_on": date(2026, 4, 30), "changing": "bill_end"},
            3,
            ("explained", "grouped", None, "none"),
            id="one will leave",
        ),
    ],
)
def test_a_group_changes_by_what_all_its_members_were_told(
    changed: dict[str, Any], there: int, told: tuple[Any, ...]
):
    one = {"quantity": 1, "cli": None, "group_key": "K1"}
    known = {"change_state": "due", "known_from": date(2026, 3, 30)}
    members = [ours("L1", **one | known | changed), ours("L2", **one), ours("L3", **one)]
    edges = [(each["layer_key"], "U1") for each in members]

    assert [told] == found(members, [theirs(quantity=there, cli=None)], edges=edges)


def test_a_charge_in_periods_counts_by_the_one_that_bills():
    old = theirs("U1", end_on=date(2026, 1, 31), quantity=1)
    new = theirs("U2", start_on=date(2026, 2, 1))
    edges = [*KEY, ("line:L1:recurring", "U2")]

    # its first day is that of its first period, or of the one that bills
    assert MATCHED == found([ours()], [old, new], edges=edges)
    assert MATCHED == found([ours(start_on=date(2026, 2, 1))], [old, new], edges=edges)


# The mistakes that reconcilers are known for


def test_several_of_a_kind_are_not_taken_for_one():
    """Keys that collapse: two subscriptions of one product and customer, one of them wrong."""
    charges = [ours("L1"), ours("L2", cli="01204600002", quantity=7)]
    rows = [theirs("U1"), theirs("U2", cli="01204600002", quantity=8)]

    assert [("differs", None, "quantity", "bill")] != found(charges, rows)
    assert [
        ("differs", None, "quantity", "credit"),
        ("matched", None, None, "none"),
    ] == found(charges, rows)


def test_twins_are_paired_one_to_one():
    charges = [ours(line) for line in ("L1", "L2", "L3")]
    rows = [theirs(uid) for uid in ("U1", "U2")]

    assert [
        ("matched", None, None, "none"),
        ("matched", None, None, "none"),
        ("only_in_layer", None, None, "bill"),
    ] == found(charges, rows)


@pytest.mark.parametrize("snapshot", [Why.NO_SNAPSHOT, Why.SNAPSHOT_IS_OLD])
def test_without_a_snapshot_nothing_is_clean(snapshot: Why):
    """Audited nothing, and said clean."""
    assert [("unreconciled", snapshot, None, "fetch")] == found([ours()], [], snapshot=snapshot)
    assert [("unreconciled", snapshot, None, "fetch")] == found(
        [ours()], [theirs()], snapshot=snapshot
    )


def test_what_a_partial_snapshot_does_not_show_may_be_there():
    given = {"snapshot": Why.SNAPSHOT_IS_PARTIAL}

    assert [("unreconciled", "snapshot_is_partial", None, "fetch")] == found([ours()], [], **given)
    assert MATCHED == found([ours()], [theirs()], **given)


def test_what_partial_feeds_do_not_show_may_be_there():
    assert [("unreconciled", "feeds_are_partial", None, "fetch")] == found(
        [], [theirs()], feeds_are_partial=True
    )


def test_what_is_billed_of_a_source_that_is_gone_has_nobody():
    gone = {"source_gone_from": date(2026, 3, 20)}
    one_off = [ours(charge_type="upfront", **gone)], [theirs(charge_type="upfront")]

    both = compared([ours(**gone)], [theirs()], edges=KEY).matches
    assert [("only_in_affinity", "source_is_gone", "cease", date(2026, 3, 20), Decimal(0))] == (
        both.select("class", "why", "remedy", "since", "layer_per_month").rows()
    )
    assert MATCHED == found(*one_off)
    assert MATCHED == found([ours(source_gone_from=date(2026, 4, 1))], [theirs()])
    assert [("explained", "over", None, "none")] == found([ours(**gone)], [])


@pytest.mark.parametrize("charge_type", ["recurring", "upfront"])
def test_what_partial_feeds_have_lost_is_not_compared(charge_type: str):
    gone = ours(charge_type=charge_type, source_gone_from=date(2026, 3, 20))

    for there in ([theirs(charge_type=charge_type)], []):
        assert [("unreconciled", "feeds_are_partial", None, "fetch")] == found(
            [gone], there, feeds_are_partial=True
        )


def test_what_is_billed_of_a_rejected_record_is_not_without_an_asset():
    assert [("unreconciled", "record_is_rejected", None, "fetch")] == found(
        [], [theirs()], rejected=["U1"]
    )


@pytest.mark.parametrize("said", [{"quantity": None}, {"unit_price": None}])
def test_what_affinity_does_not_say_is_not_compared(said: dict[str, Any]):
    assert [("unreconciled", "value_is_missing", None, "fetch")] == found(
        [ours()], [theirs(**said)], edges=KEY
    )


def test_what_is_under_way_is_no_undercharge():
    """Invented a large undercharge because the invoice did not exist yet."""
    under_way = [ours(disposition="exported"), ours("L2", disposition="ready")]
    found_of_it = compared(under_way, [])

    assert {"explained"} == set(found_of_it.matches["class"])
    assert {"wait"} == set(found_of_it.matches["remedy"])


def test_what_is_under_way_is_not_taken_for_what_it_replaces():
    old = ours("L1", end_on=date(2026, 3, 15))
    new = ours("L2", start_on=date(2026, 3, 16), disposition="exported")

    assert [
        ("ceased_but_billing", None, "status", "cease"),
        ("explained", "in_flight", None, "wait"),
    ] == found([old, new], [theirs()], edges=KEY)


# Money and age


@pytest.mark.parametrize(
    ("frequency", "per_month"),
    [("Monthly", "100.0000"), ("Quarterly", "33.3333"), ("Annual", "8.3333"), (None, "100.0000")],
)
def test_recurring_money_is_per_month_on_both_sides(frequency: str | None, per_month: str):
    money = {"quantity": 1, "unit_price": Decimal(100)}
    match = compared([ours(frequency=frequency, **money)], [theirs(**money)]).matches

    assert [Decimal(per_month)] * 2 == [
        match["layer_per_month"].item(),
        match["affinity_per_month"].item(),
    ]


@pytest.mark.parametrize(("frequency", "total"), [("Quarterly", "10.0000"), ("Annual", "2.5000")])
def test_a_sum_is_rounded_once_and_shared_out(frequency: str, total: str):
    here = [
        ours(f"L{n}", frequency=frequency, quantity=1, unit_price=Decimal(10)) for n in range(3)
    ]
    both = compared(here, [theirs(quantity=3, unit_price=Decimal(10))])

    assert [("matched", Decimal(total), Decimal(total))] == both.matches.select(
        "class", "layer_per_month", "affinity_per_month"
    ).rows()
    assert Decimal(total) == both.layer["per_month"].sum()
    assert (both.layer["per_month"] - both.layer["worth_per_month"]).abs().max() <= Decimal(
        "0.0001"
    )


def test_what_only_affinity_has_bills_as_often_as_products_with_its_code():
    match = compared([], [theirs(frequency="Quarterly", quantity=1, unit_price=Decimal(9))]).matches

    assert Decimal(3) == match["affinity_per_month"].item()


def test_one_off_charges_are_counted_once_and_not_per_month():
    match = compared([ours(charge_type="upfront")], []).matches

    assert (Decimal(0), Decimal(11)) == match.select("layer_per_month", "layer_once").row(0)


@pytest.mark.parametrize(
    ("layer", "affinity", "since"),
    [
        ([ours()], [], date(2026, 1, 1)),
        ([], [theirs(start_on=date(2026, 2, 1))], date(2026, 2, 1)),
        ([ours(end_on=date(2026, 3, 1))], [theirs()], date(2026, 3, 2)),
        ([ours(disposition="do_not_bill")], [theirs()], date(2026, 1, 5)),
        ([ours(start_on=date(2026, 2, 1))], [theirs()], date(2026, 1, 1)),
        ([ours(known_from=date(2026, 3, 3))], [theirs(quantity=9)], date(2026, 3, 3)),
        ([ours()], [theirs()], None),
    ],
)
def test_a_difference_is_as_old_as_it_is_wrong(
    layer: list[Any], affinity: list[Any], since: date | None
):
    match = compared(layer, affinity, edges=KEY).matches

    assert since == match["since"].item()
    assert (None if since is None else (AS_OF - since).days) == match["age_days"].item()
