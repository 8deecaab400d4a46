"""The holds that come from other lines: one CLI in two lives, one charge sold twice."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from schemas.vocabulary import HoldReason
from tasks.ready_to_bill.rivals import DUPLICATE_KEY, cli_conflicts, suspected_duplicates
from tests.builders import above, claims, lives

MARCH, MAY = date(2026, 3, 1), date(2026, 5, 1)
NOBODY = above()


def conflicting(
    claimed: pl.DataFrame,
    living: pl.DataFrame,
    ancestors: pl.DataFrame = NOBODY,
    replaced: pl.DataFrame = NOBODY,
) -> list[str]:
    """The lines whose claim conflicts."""
    found = cli_conflicts(claimed, living, ancestors, replaced)
    assert {HoldReason.CLI_CONFLICT.value} >= set(found["reason"])
    return sorted(found["line_id"])


def test_two_assets_on_one_cli_hold_each_other():
    assert ["L1", "L2"] == conflicting(claims({}, {}), lives({}, {}))


def test_an_asset_alone_on_its_cli_is_fine():
    assert [] == conflicting(claims({}), lives({}, {"cli": "01204600002"}))


def test_a_charge_whose_own_asset_is_not_root_conflicts_with_one_that_is():
    assert ["L1"] == conflicting(claims({}), lives({"asset_id": "A9"}))


def test_a_charge_of_goods_is_not_judged():
    assert [] == conflicting(claims({"asset_item_type": "Product"}), lives({"asset_id": "A9"}))


def test_a_charge_of_an_asset_of_unknown_type_is_not_judged():
    assert [] == conflicting(claims({"asset_item_type": None}), lives({"asset_id": "A9"}))


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        pytest.param({}, {}, ["L1"], id="two open lives overlap"),
        pytest.param(
            {"cease_on": MARCH}, {"connection_on": MARCH}, ["L1"], id="both ends are inside"
        ),
        pytest.param(
            {"cease_on": date(2026, 2, 28)},
            {"connection_on": MARCH},
            [],
            id="one ends on the eve of the other",
        ),
        pytest.param(
            {"connection_on": MAY},
            {"cease_on": MARCH},
            [],
            id="one starts long after the other",
        ),
        pytest.param(
            {"connection_on": MARCH, "cease_on": MARCH},
            {"connection_on": MARCH, "cease_on": MARCH},
            ["L1"],
            id="the same single day",
        ),
        pytest.param(
            {"connection_on": MAY, "cease_on": MARCH}, {}, [], id="my own life is inverted"
        ),
        pytest.param(
            {}, {"connection_on": MAY, "cease_on": MARCH}, [], id="the other life is inverted"
        ),
        pytest.param(
            {"connection_on": MARCH, "cease_on": MAY},
            {"connection_on": date(2026, 4, 1), "cease_on": date(2026, 4, 2)},
            ["L1"],
            id="the other lies within mine",
        ),
    ],
)
def test_lives_that_overlap(mine: dict[str, Any], theirs: dict[str, Any], expected: list[str]):
    assert expected == conflicting(claims(mine), lives(mine, {"asset_id": "A9", **theirs}))


def test_an_ancestor_never_counts():
    both = lives({"asset_id": "A9"})

    assert [] == conflicting(claims({}), both, ancestors=above(A1="A9"))


def test_an_ancestor_does_not_excuse_a_third():
    three = lives({"asset_id": "A9"}, {"asset_id": "A8"})

    assert ["L1"] == conflicting(claims({}), three, ancestors=above(A1="A9"))


def test_the_new_asset_ignores_the_one_it_replaces_but_not_the_other_way_round():
    assert ["L2"] == conflicting(claims({}, {}), lives({}, {}), replaced=above(A1="A2"))


def test_what_is_both_ancestor_and_replaced_is_taken_off_once():
    three = lives({"asset_id": "A9"}, {"asset_id": "A8"})
    excused = above(A1="A9")

    assert ["L1"] == conflicting(claims({}), three, ancestors=excused, replaced=excused)


def test_an_excused_life_that_does_not_overlap_excuses_nothing():
    living = lives({}, {"asset_id": "A9", "cease_on": date(2020, 1, 1)}, {"asset_id": "A8"})
    claimed = claims({"connection_on": MARCH})

    assert ["L1"] == conflicting(claimed, living, ancestors=above(A1="A9"))


def test_both_charges_of_a_line_conflict():
    both = claims({}, {"line_id": "L1", "asset_id": "A1", "charge_type": "upfront"})
    found = cli_conflicts(both, lives({}, {}), NOBODY, NOBODY)

    assert ["recurring", "upfront"] == sorted(found["charge_type"])


def test_a_held_charge_is_judged_too():
    assert ["L1"] == conflicting(claims({"disposition": "held"}), lives({}, {}))


def test_nothing_claimed_and_nothing_alive():
    assert [] == conflicting(claims({}).clear(), lives({}))
    assert [] == conflicting(claims({}), lives({}).clear())


def test_a_shared_cli_is_counted_and_not_paired():
    # paired, these would be 400,000,000 pairs: more than memory holds
    many = 20_000
    claimed = pl.concat([claims({})] * many).with_columns(
        line_id=pl.format("L{}", pl.int_range(many)), asset_id=pl.format("A{}", pl.int_range(many))
    )
    living = claimed.select("asset_id", "cli", "connection_on", "cease_on")

    assert many == cli_conflicts(claimed, living, NOBODY, NOBODY).height


def suspected(claimed: pl.DataFrame, *handed_over: dict[str, Any]) -> list[str]:
    """The lines whose claim is a suspected duplicate."""
    before = claims(*handed_over) if handed_over else claims({}).clear()
    found = suspected_duplicates(claimed, before.select("line_id", *DUPLICATE_KEY))
    assert {HoldReason.SUSPECTED_DUPLICATE.value} >= set(found["reason"])
    return sorted(found["line_id"])


def test_clean_twins_suspect_each_other():
    assert ["L1", "L2"] == suspected(claims({}, {}))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"site_id": "S2"}, id="another site"),
        pytest.param({"cli": "01204600002"}, id="another CLI"),
        pytest.param({"sku": "SKU-2"}, id="another SKU"),
        pytest.param({"charge_type": "upfront"}, id="another charge type"),
        pytest.param({"bill_start_on": MAY}, id="another bill start"),
    ],
)
def test_who_differs_in_one_thing_is_no_twin(other: dict[str, Any]):
    assert [] == suspected(claims({}, other))


@pytest.mark.parametrize("field", DUPLICATE_KEY)
def test_an_unknown_is_no_twin_of_another_unknown(field: str):
    assert [] == suspected(claims({field: None}, {field: None}))


def test_a_held_twin_suspects_nobody_and_is_itself_suspected():
    assert ["L2"] == suspected(claims({}, {"disposition": "held"}))


def test_two_held_twins_suspect_nobody():
    assert [] == suspected(claims({"disposition": "held"}, {"disposition": "held"}))


def test_a_twin_that_was_handed_over_makes_the_new_one_suspect():
    assert ["L1"] == suspected(claims({}), {"line_id": "L9"})


def test_a_charge_is_not_its_own_twin():
    assert [] == suspected(claims({}), {"line_id": "L1"})


def test_a_charge_handed_over_before_is_no_excuse_for_a_twin():
    assert ["L1", "L2"] == suspected(claims({}, {}), {"line_id": "L1"})
