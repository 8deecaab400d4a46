"""Which CLIs a batch has to add before its products can hang on them. Contract section 4."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from schemas.vocabulary import CliProfile
from tasks.batch.clis import CLI_ROW, cli_rows, clis_live_elsewhere
from tests.builders import frame

MARCH, APRIL, MAY = (date(2026, month, 1) for month in (3, 4, 5))
ONE, TWO, THREE = "01204600001", "01204600002", "01204600003"

READY = pl.Schema(
    {
        "customer_ref": pl.String(),
        "site_ref": pl.String(),
        "cli": pl.String(),
        "cli_type": pl.String(),
        "bill_start_on": pl.Date(),
        "asset_id": pl.String(),
    }
)
CHARGE: dict[str, Any] = {
    "customer_ref": "AC-1",
    "site_ref": "AS-1",
    "cli": ONE,
    "cli_type": "geographic",
    "bill_start_on": MARCH,
    "asset_id": "A1",
}
NUMBER = pl.Schema(
    {
        "asset_id": pl.String(),
        "cli": pl.String(),
        "range_end": pl.String(),
        "start_on": pl.Date(),
        "end_on": pl.Date(),
        "base_category": pl.String(),
        "needs_cli": pl.Boolean(),
    }
)
A_NUMBER: dict[str, Any] = {"asset_id": "A1", "base_category": "Voice", "needs_cli": True}
LIVE = pl.Schema({"site_ref": pl.String(), "cli": pl.String(), "end_on": pl.Date()})
OURS = pl.Schema({"site_ref": pl.String(), "cli": pl.String()})


def live(*rows: dict[str, Any]) -> pl.DataFrame:
    """What Affinity says is live: ONE at AS-1 unless it says otherwise."""
    return frame(LIVE, {"site_ref": "AS-1", "cli": ONE}, rows)


def added(
    *ready: dict[str, Any],
    numbers: tuple[dict[str, Any], ...] = (),
    in_affinity: pl.DataFrame | None = None,
    ours: tuple[tuple[str, str], ...] = (),
    by_category: dict[str, CliProfile] | None = None,
) -> list[dict[str, Any]]:
    """The rows a batch of these charges adds, by site and CLI."""
    found, _ = cli_rows(
        frame(READY, CHARGE, ready),
        frame(NUMBER, A_NUMBER, numbers),
        live() if in_affinity is None else in_affinity,
        pl.DataFrame(list(ours), schema=OURS, orient="row").with_columns(
            pl.lit(None, dtype=pl.Date).alias("lives_until")
        ),
        by_category or {},
    )
    assert CLI_ROW == found.schema
    return found.sort("site_ref", "cli").to_dicts()


def test_the_row_of_a_charge():
    assert [
        {
            "customer_ref": "AC-1",
            "site_ref": "AS-1",
            "cli": ONE,
            "action": "ADD",
            "cli_type": "geographic",
            "range_end": None,
            "start_on": MARCH,
            "end_on": None,
            "previous_cli": None,
            "asset_id": "A1",
        }
    ] == added({})


def test_one_row_for_all_charges_on_it_from_the_earliest_by_the_smallest_asset():
    rows = added(
        {"bill_start_on": APRIL, "asset_id": "A10"}, {"asset_id": "A9"}, {"asset_id": None}
    )

    assert [(ONE, MARCH, "A10")] == [(r["cli"], r["start_on"], r["asset_id"]) for r in rows]


def test_the_same_cli_at_two_sites_is_two_rows():
    assert ["AS-1", "AS-2"] == [row["site_ref"] for row in added({}, {"site_ref": "AS-2"})]


def test_a_charge_without_a_cli_needs_no_row():
    assert [] == added({"cli": None, "cli_type": None})


def test_one_charge_that_reads_a_uk_number_is_enough_to_know_its_kind():
    rows = added({"cli_type": "other"}, {"cli_type": "geographic"})

    assert ["geographic"] == [row["cli_type"] for row in rows]


def test_a_reference_that_is_no_number_is_of_another_kind():
    assert ["other"] == [row["cli_type"] for row in added({"cli": "BBEU1", "cli_type": "other"})]


@pytest.mark.parametrize(
    ("there", "adds"),
    [
        pytest.param({}, False, id="open"),
        pytest.param({"end_on": MARCH}, False, id="ends on the day it starts"),
        pytest.param({"end_on": date(2026, 2, 28)}, True, id="ended the day before"),
        pytest.param({"site_ref": "AS-2"}, True, id="live at another site"),
        pytest.param({"cli": "+44 1204 600001"}, False, id="written in another way"),
        pytest.param({"cli": "1204600001"}, True, id="damaged there, so another text"),
    ],
)
def test_a_cli_that_is_live_in_affinity_is_not_added(there: dict[str, Any], adds: bool):
    assert adds == bool(added({}, in_affinity=live(there)))


def test_one_of_several_lives_is_enough():
    both = live({"end_on": date(2026, 1, 1)}, {"end_on": date(2026, 12, 31)})

    assert [] == added({}, in_affinity=both)


def test_a_reference_that_is_no_number_is_compared_as_it_is():
    assert [] == added({"cli": "BBEU1", "cli_type": "other"}, in_affinity=live({"cli": "BBEU1"}))


@pytest.mark.parametrize(
    ("ours", "adds"),
    [
        pytest.param(("AS-1", ONE), False, id="at this site"),
        pytest.param(("AS-2", ONE), True, id="at another"),
    ],
)
def test_a_cli_that_is_live_by_our_ledger_is_not_added(ours: tuple[str, str], adds: bool):
    assert adds == bool(added({}, ours=(ours,)))


def test_additional_numbers_follow_their_asset():
    rows = added(
        {},
        numbers=(
            {"cli": "01204 600002", "range_end": "01204 600009", "start_on": APRIL, "end_on": MAY},
            {"cli": "01204600011"},
            {"cli": "01204600022", "asset_id": "A2"},
        ),
    )

    assert [
        (ONE, None, MARCH, None, "A1"),
        (TWO, "01204600009", APRIL, MAY, "A1"),
        ("01204600011", None, MARCH, None, "A1"),
    ] == [(r["cli"], r["range_end"], r["start_on"], r["end_on"], r["asset_id"]) for r in rows]


def test_a_number_equal_to_a_cli_of_the_file_only_adds_its_range_end():
    rows = added({}, numbers=({"cli": ONE, "range_end": TWO, "start_on": MAY, "end_on": MAY},))

    assert [(ONE, TWO, MARCH, None)] == [
        (r["cli"], r["range_end"], r["start_on"], r["end_on"]) for r in rows
    ]


def test_a_number_of_a_live_cli_is_tested_on_its_own():
    rows = added({}, numbers=({"cli": TWO}, {"cli": THREE}), in_affinity=live({}, {"cli": THREE}))

    assert [(TWO, MARCH)] == [(row["cli"], row["start_on"]) for row in rows]


def test_a_number_whose_own_start_is_after_the_other_life_is_added():
    ended = live({"cli": TWO, "end_on": MARCH})

    assert [ONE] == [r["cli"] for r in added({}, numbers=({"cli": TWO},), in_affinity=ended)]
    later = added({}, numbers=({"cli": TWO, "start_on": APRIL},), in_affinity=ended)
    assert [ONE, TWO] == [row["cli"] for row in later]


def test_a_number_starts_with_the_cli_it_hangs_on():
    rows = added({"bill_start_on": MAY}, {"asset_id": "A2"}, numbers=({"cli": TWO},))

    assert [(ONE, MARCH), (TWO, MARCH)] == [(row["cli"], row["start_on"]) for row in rows]


def test_a_number_of_an_asset_without_a_cli_starts_with_its_charge():
    rows = added({"cli": None, "cli_type": None, "bill_start_on": MAY}, numbers=({"cli": TWO},))

    assert [(TWO, MAY)] == [(row["cli"], row["start_on"]) for row in rows]


def test_numbers_of_a_category_without_clis_are_not_written():
    rows = added({}, numbers=({"cli": TWO},), by_category={"Voice": CliProfile.NONE})

    assert [ONE] == [row["cli"] for row in rows]


def test_a_number_two_assets_share_is_one_row_from_the_earlier():
    rows = added(
        {},
        {"asset_id": "A2", "cli": THREE},
        numbers=({"cli": TWO, "start_on": MAY}, {"cli": TWO, "start_on": APRIL, "asset_id": "A2"}),
    )

    assert [(TWO, APRIL, "A2")] == [
        (r["cli"], r["start_on"], r["asset_id"]) for r in rows if r["cli"] == TWO
    ]


def test_a_cli_live_at_another_site_is_a_warning():
    rows = pl.DataFrame(added({}, {"cli": TWO}), schema=CLI_ROW)
    there = live({"site_ref": "AS-2", "cli": "+441204600001"}, {"site_ref": "AS-3"}, {"cli": TWO})

    assert 1 == clis_live_elsewhere(rows, [there])


@pytest.mark.parametrize(
    ("end_on", "expected"),
    [
        pytest.param(date(2026, 2, 28), 0, id="it ended the day before"),
        pytest.param(MARCH, 1, id="it ends on the day"),
    ],
)
def test_a_cli_that_has_ended_at_another_site_is_no_warning(end_on: date, expected: int):
    rows = pl.DataFrame(added({}), schema=CLI_ROW)

    assert expected == clis_live_elsewhere(rows, [live({"site_ref": "AS-2", "end_on": end_on})])
