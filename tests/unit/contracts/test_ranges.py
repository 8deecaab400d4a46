"""Additional numbers of assets: which of them are no use. Contract section 3, ruling 20."""

from typing import Any

import polars as pl
import pytest

from schemas.vocabulary import CliProfile, RejectReason
from tasks.contracts.ranges import MOST_NUMBERS, bad_ranges
from tasks.contracts.records import REJECT_SCHEMA
from tests.builders import frame

NUMBER = pl.Schema(
    {
        "row_number": pl.Int64(),
        "asset_id": pl.String(),
        "cli": pl.String(),
        "range_end": pl.String(),
        "is_fit": pl.Boolean(),
        "base_category": pl.String(),
        "needs_cli": pl.Boolean(),
    }
)
VALID: dict[str, Any] = {
    "asset_id": "A1",
    "cli": "01204600001",
    "is_fit": True,
    "base_category": "Voice",
    "needs_cli": True,
}
ANY = {"Voice": CliProfile.ANY}


def refused(*rows: dict[str, Any], by_category: dict[str, CliProfile] | None = None) -> list[Any]:
    """(row number, column) of what is rejected."""
    numbered = tuple({"row_number": number, **row} for number, row in enumerate(rows, start=1))
    found = bad_ranges(frame(NUMBER, VALID, numbered), by_category or {})
    assert REJECT_SCHEMA == found.schema
    assert {RejectReason.BAD_RANGE.value} >= set(found["reason"])
    return sorted(found.select("row_number", "column_name").iter_rows())


@pytest.mark.parametrize(
    "row",
    [
        pytest.param({}, id="a number by itself"),
        pytest.param({"range_end": "01204600002"}, id="a range of two"),
        pytest.param(
            {"cli": "01204 600001", "range_end": "+44 1204 600009"}, id="either is cleaned"
        ),
        pytest.param({"cli": "01204600000", "range_end": "01204600500"}, id="501 numbers"),
        pytest.param({"cli": "0169772300", "range_end": "0169772399"}, id="ten digits"),
        pytest.param(
            {"needs_cli": None, "cli": "anything"}, id="any reference where none is needed"
        ),
    ],
)
def test_a_number_that_is_fine(row: dict[str, Any]):
    assert [] == refused(row)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        pytest.param({"cli": "junk"}, "cli", id="a start that does not clean"),
        pytest.param({"cli": "1204600001"}, "cli", id="a damaged start"),
        pytest.param({"range_end": "junk"}, "range_end", id="an end that does not clean"),
        pytest.param({"range_end": "01204600001"}, "range_end", id="an end that is the start"),
        pytest.param({"range_end": "01204600000"}, "range_end", id="an end before the start"),
        pytest.param({"range_end": "0120460000"}, "range_end", id="an end of another length"),
        pytest.param({"cli": "junk", "range_end": "junk"}, "cli", id="both: the start says it"),
        pytest.param({"cli": "01204600000", "range_end": "01204600501"}, "cli", id="502 numbers"),
        pytest.param({"cli": "01204600000", "range_end": "09999999999"}, "cli", id="billions"),
    ],
)
def test_a_number_that_is_no_use(row: dict[str, Any], column: str):
    assert [(1, column)] == refused(row)


def test_leading_zeros_are_kept_where_any_reference_goes():
    row = {"cli": "000", "range_end": "010"}

    assert [] == refused(row, by_category=ANY)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param({"cli": "a1", "range_end": "a9"}, [(1, "range_end")], id="letters in a range"),
        pytest.param({"cli": "1", "range_end": "٩"}, [(1, "range_end")], id="other digits"),
        pytest.param(
            {"cli": "9" * 38 + "10", "range_end": "9" * 38 + "20"},
            [],
            id="forty digits, eleven numbers",
        ),
        pytest.param(
            {"cli": "1" * 40, "range_end": "2" * 40},
            [(1, "cli")],
            id="forty digits, very many numbers",
        ),
        pytest.param(
            {"cli": "1" + "9" * 18, "range_end": "2" + "0" * 18},
            [(1, "cli")],
            id="a carry beyond eighteen digits counts as too many",
        ),
    ],
)
def test_ranges_of_any_references(row: dict[str, Any], expected: list[Any]):
    assert expected == refused(row, by_category=ANY)


def test_all_rows_of_an_asset_go_when_they_sum_above_the_limit():
    rows = [
        {"cli": "01204600000", "range_end": "01204600250"},
        {"cli": "01204700000", "range_end": "01204700250"},
    ]

    assert MOST_NUMBERS == 501
    assert [(1, "cli"), (2, "cli")] == refused(*rows)
    assert [] == refused(rows[0], {**rows[1], "asset_id": "A2"})
    assert [] == refused(rows[0], {**rows[1], "range_end": "01204700249"})


def test_what_is_unfit_does_not_count_towards_the_limit():
    whole = {"cli": "01204600000", "range_end": "01204600500"}

    assert [] == refused(whole, {"cli": "01204700000", "is_fit": False})
    assert [(2, "cli")] == refused(whole, {"cli": "junk"})
    assert [(2, "range_end")] == refused(whole, {"cli": "01204700000", "range_end": "01204700000"})


def test_a_product_without_clis_has_no_use_for_numbers_good_or_bad():
    assert [] == refused({"cli": "junk", "range_end": "x"}, by_category={"Voice": CliProfile.NONE})
