"""A batch of raw text becomes records and rejects: one reason per cell, nothing lost."""

from typing import Any

import polars as pl
import pytest

from schemas.accepted import accepted_contract
from schemas.explanations import REJECTS
from schemas.feeds import FEEDS
from schemas.vocabulary import RejectReason
from tasks.contracts.records import REJECT_SCHEMA, Parsed, Reading, parse
from tasks.contracts.values import Style

LINE = {"line_id": "L1", "order_id": "O1", "product_id": "P1", "quantity": "2"}
NOTHING_BAD = pl.DataFrame(schema=REJECT_SCHEMA)


def parsed(
    *records: dict[str, str | None],
    feed: str = "order_lines",
    bad_cells: pl.DataFrame = NOTHING_BAD,
    style: str = "iso",
    may_hold_controls: bool = True,
    inexact: frozenset[str] = frozenset(),
) -> Parsed:
    """The records as raw text, read."""
    names = list(dict.fromkeys(name for record in records for name in record))
    raw = {
        "row_number": list(range(1, len(records) + 1)),
        **{f"c{n}": [record.get(name) for record in records] for n, name in enumerate(names)},
    }
    schema = {"row_number": pl.Int64, **{f"c{n}": pl.String for n in range(len(names))}}
    reading = Reading(
        feed=FEEDS[feed],
        columns={name: f"c{n}" for n, name in enumerate(names)},
        style=Style(style, "Europe/London"),
        may_hold_controls=may_hold_controls,
        inexact=inexact,
    )
    return parse(pl.DataFrame(raw, schema=schema), reading, bad_cells)


def reasons(found: Parsed) -> list[tuple[Any, ...]]:
    """(row, column, reason, raw value) of every reject."""
    assert REJECT_SCHEMA == found.rejects.schema
    return sorted(found.rejects.iter_rows())


def test_a_fit_record_has_its_types_and_its_row():
    found = parsed(LINE)

    assert [] == reasons(found)
    accepted_contract(FEEDS["order_lines"]).validate(found.records)
    assert ("L1", 2) == found.records.select("line_id", "quantity").row(0)


@pytest.mark.parametrize(
    ("column", "raw", "reason"),
    [
        pytest.param("line_id", " ", "missing_value", id="a blank key"),
        pytest.param("quantity", "", "missing_value", id="a blank that must have a value"),
        pytest.param("quantity", "0", "bad_quantity", id="a quantity of 0"),
        pytest.param("connected_on", "31/12/2026", "bad_date", id="no day"),
        pytest.param("recurring_price", "5.", "bad_number", id="no money"),
        pytest.param("recurring_price", "-0.01", "negative_price", id="money below zero"),
        pytest.param("term_months", "1.5", "bad_number", id="no whole number"),
        pytest.param("upfront_do_not_bill", "perhaps", "bad_boolean", id="neither yes nor no"),
        pytest.param("action", "Renew", "unknown_value", id="none of the choices"),
        pytest.param("cli", "a\x00b", "bad_text", id="a NUL"),
        pytest.param("cli", "a\x85b", "bad_text", id="a control character beyond ASCII"),
        pytest.param("connected_on", "2026\x07", "bad_text", id="a control before the type"),
        pytest.param("quantity", "\x00", "bad_text", id="a control before the missing value"),
    ],
)
def test_the_reason_of_a_cell(column: str, raw: str, reason: str):
    found = parsed({**LINE, column: raw})

    assert [(1, column, reason, raw)] == reasons(found)
    assert 1 == found.records.height


@pytest.mark.parametrize("text", ["a\tb", "a\nb", "a\r\nb", "日本", "\u200b"])
def test_text_that_is_no_control_character_is_fine(text: str):
    found = parsed({**LINE, "cli": text})

    assert [] == reasons(found)
    assert [text] == found.records["cli"].to_list()


def test_a_file_that_holds_no_controls_is_not_searched_for_them():
    assert [] == reasons(parsed({**LINE, "cli": "plain"}, may_hold_controls=False))


@pytest.mark.parametrize("blank", [None, "", "\u00a0 "])
def test_a_blank_that_may_be_blank_is_null(blank: str | None):
    found = parsed({**LINE, "connected_on": blank, "cli": blank, "action": blank})

    assert [] == reasons(found)
    assert (None, None, None) == found.records.select("connected_on", "cli", "action").row(0)


def test_an_undecodable_cell_has_that_reason_and_its_bytes_as_text():
    bad = pl.DataFrame([(2, "cli", "bad_encoding", "caf\\xc3")], schema=REJECT_SCHEMA, orient="row")
    found = parsed({**LINE, "cli": "x"}, {**LINE, "line_id": "L2", "cli": None}, bad_cells=bad)

    assert [(2, "cli", "bad_encoding", "caf\\xc3")] == reasons(found)


def test_an_undecodable_required_cell_is_not_also_missing():
    bad = pl.DataFrame([(1, "order_id", "bad_encoding", "?")], schema=REJECT_SCHEMA, orient="row")

    assert [(1, "order_id", "bad_encoding", "?")] == reasons(
        parsed({**LINE, "order_id": None}, bad_cells=bad)
    )


def test_a_record_may_have_several_reasons():
    found = parsed({**LINE, "quantity": "x", "action": "y", "cli": "\x01"})

    assert ["action", "cli", "quantity"] == sorted(found.rejects["column_name"])


def test_one_unfit_record_leaves_the_others_alone():
    found = parsed(LINE, {**LINE, "line_id": "L2", "quantity": "x"}, {**LINE, "line_id": "L3"})

    assert [1, 2, 3] == sorted(found.records["row_number"])
    assert [2] == found.rejects["row_number"].to_list()


def test_a_column_the_file_does_not_have_is_null():
    found = parsed(LINE, {**LINE, "quantity": "x"})

    assert found.records["term_months"].is_null().all()


def test_of_a_deleted_record_only_the_key_has_to_fit():
    gone = {"is_deleted": "yes", "quantity": "none", "connected_on": "x", "order_id": ""}

    assert [] == reasons(parsed({**LINE, **gone}))
    assert [(1, "line_id", "missing_value", "")] == reasons(parsed({**LINE, **gone, "line_id": ""}))


def test_a_flag_of_deletion_must_be_a_boolean():
    assert [(1, "is_deleted", "bad_boolean", "maybe")] == reasons(
        parsed({**LINE, "is_deleted": "maybe"})
    )


@pytest.mark.parametrize(
    ("style", "day", "expected"),
    [
        pytest.param("uk", "12/31/2026", ("connected_on",), id="a us day in a uk feed"),
        pytest.param("us", "31/12/2026", ("connected_on",), id="a uk day in a us feed"),
        pytest.param("uk", "31/12/2026", (), id="a uk day in a uk feed"),
        pytest.param("iso", "31/12/2026", (), id="a slash day in an iso feed is only a reject"),
    ],
)
def test_a_column_in_the_other_style_is_named(style: str, day: str, expected: tuple[str, ...]):
    assert expected == parsed({**LINE, "connected_on": day}, style=style).other_style


def test_a_deleted_record_gives_no_style_away():
    gone = {**LINE, "connected_on": "12/31/2026", "is_deleted": "1"}

    assert () == parsed(gone, style="uk").other_style


def test_a_column_that_cannot_be_exact_has_no_value_at_all():
    found = parsed({**LINE, "recurring_price": "5.5"}, inexact=frozenset({"recurring_price"}))

    assert [(1, "recurring_price", "bad_number", "5.5")] == reasons(found)


def test_a_reject_shows_the_column_as_the_contract_calls_it():
    found = parsed({"object_uid": "U1", "completed_on": "soon"}, feed="affinity_cease_requests")

    assert [(1, "Completed On", "bad_date", "soon")] == reasons(found)


@pytest.mark.parametrize("reason", RejectReason)
def test_every_reason_is_explained(reason: RejectReason):
    assert REJECTS[reason]
