"""Which moves of a batch are legal, and what evidence makes of its rows. Contract section 5."""

from itertools import product
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from schemas.errors import IllegalTransition
from schemas.vocabulary import BatchState, RowOutcome
from tasks.transfer.moves import EVIDENCE, all_rows, check_move, settle
from tests.builders import frame

ROW = pl.Schema(
    {
        "row_key": pl.String(),
        "file": pl.String(),
        "line_id": pl.String(),
        "charge_type": pl.String(),
        "outcome": pl.String(),
    }
)
PRODUCT_ROW: dict[str, Any] = {"file": "products", "line_id": "L1", "charge_type": "recurring"}
CLI_ROW: dict[str, Any] = {"file": "clis", "line_id": None, "charge_type": None}
CEASE_ROW: dict[str, Any] = {"file": "ceases"}

S = BatchState
LEGAL = {
    (S.CLAIMED, S.WRITTEN),
    (S.WRITTEN, S.IN_DOUBT),
    (S.WRITTEN, S.DELIVERED),
    (S.WRITTEN, S.CONFIRMED),
    (S.WRITTEN, S.ABANDONED),
    (S.IN_DOUBT, S.WRITTEN),
    (S.IN_DOUBT, S.DELIVERED),
    (S.IN_DOUBT, S.CONFIRMED),
    (S.IN_DOUBT, S.ABANDONED),
    (S.DELIVERED, S.CONFIRMED),
    (S.DELIVERED, S.ABANDONED),
    (S.CONFIRMED, S.CONFIRMED),
    (S.CONFIRMED, S.ABANDONED),
}


def rows(*each: dict[str, Any]) -> pl.DataFrame:
    """Rows of a batch, products unless they say otherwise, keyed k1, k2, ..."""
    numbered = tuple({"row_key": f"k{number}", **row} for number, row in enumerate(each, start=1))
    return frame(ROW, PRODUCT_ROW, numbered)


def said(*outcomes: tuple[str, str]) -> pl.DataFrame:
    """Evidence: (row key, outcome)."""
    return frame(EVIDENCE, {}, tuple({"row_key": k, "outcome": o} for k, o in outcomes))


@pytest.mark.parametrize(
    ("state", "to"),
    [pytest.param(a, b, id=f"from {a} to {b}") for a, b in product(S, S)],
)
def test_which_moves_of_a_batch_are_legal(state: BatchState, to: BatchState):
    if (state, to) in LEGAL:
        check_move(7, state, to)
        return
    with pytest.raises(IllegalTransition) as refused:
        check_move(7, state, to)
    assert f"Batch 7 is {state}: it cannot become {to}." == refused.value.message


@pytest.mark.parametrize(
    ("outcome", "to_status", "reason"),
    [
        pytest.param("accepted", "In Billing", "accepted", id="accepted"),
        pytest.param("rejected", "Ready to Bill", "rejected: no code", id="rejected"),
        pytest.param("abandoned", "Ready to Bill", "abandoned: ", id="abandoned"),
    ],
)
def test_what_an_outcome_does_to_a_charge(outcome: str, to_status: str, reason: str):
    settlement = settle(1, rows({}), said(("k1", outcome)))

    assert [("L1", "recurring", "Ready to Bill", to_status, reason)] == settlement.moves.rows()
    assert [("k1", outcome)] == settlement.outcomes.select("row_key", "outcome").rows()


@pytest.mark.parametrize(
    ("outcome", "to_status", "reason"),
    [
        pytest.param("accepted", "Not Billed", "undone by batch 3", id="accepted"),
        pytest.param("rejected", "In Billing", "undo rejected: no code", id="rejected"),
        pytest.param("abandoned", "In Billing", "undo abandoned: ", id="abandoned"),
    ],
)
def test_what_an_outcome_does_to_a_charge_that_is_taken_back(
    outcome: str, to_status: str, reason: str
):
    settlement = settle(3, rows(CEASE_ROW), said(("k1", outcome)))

    assert [("L1", "recurring", "In Billing", to_status, reason)] == settlement.moves.rows()


@pytest.mark.parametrize(
    ("row", "outcome", "expected"),
    [
        pytest.param({}, "accepted", "in_billing", id="a charge that was accepted"),
        pytest.param({}, "rejected", "rejected", id="a charge that was rejected"),
        pytest.param({}, "abandoned", "abandoned", id="a charge that was given up"),
        pytest.param(CEASE_ROW, "accepted", "undone", id="a cease that was accepted"),
        pytest.param(CEASE_ROW, "rejected", "rejected", id="a cease that was rejected"),
        pytest.param(CEASE_ROW, "abandoned", "abandoned", id="a cease that was given up"),
        pytest.param(CLI_ROW, "accepted", "live", id="a number that was accepted"),
    ],
)
def test_how_a_row_stands_from_now_on(row: dict[str, Any], outcome: str, expected: str | None):
    settlement = settle(1, rows(row), said(("k1", outcome)))

    assert [expected] == settlement.outcomes["stands_as"].to_list()


def test_a_rejection_carries_affinitys_code():
    evidence = said(("k1", "rejected")).with_columns(code=pl.lit("E_SKU"))

    assert ["rejected: E_SKU"] == settle(1, rows({}), evidence).moves["reason"].to_list()


def test_a_cli_row_has_an_outcome_but_moves_no_charge():
    settlement = settle(1, rows(CLI_ROW), said(("k1", "accepted")))

    assert 1 == settlement.outcomes.height
    assert settlement.moves.is_empty()


def test_rows_that_the_evidence_does_not_mention_stay_as_they_are():
    settlement = settle(1, rows({}, {"line_id": "L2"}), said(("k2", "accepted")))

    assert ["L2"] == settlement.moves["line_id"].to_list()


def test_saying_the_same_again_changes_nothing():
    settlement = settle(1, rows({"outcome": "accepted"}), said(("k1", "accepted")))

    assert (0, 0) == (settlement.outcomes.height, settlement.moves.height)


def test_the_same_outcome_twice_in_one_result_counts_once():
    settlement = settle(1, rows({}), said(("k1", "accepted"), ("k1", "accepted")))

    assert 1 == settlement.moves.height


def test_no_evidence_changes_nothing():
    assert settle(1, rows({}), said()).outcomes.is_empty()


@pytest.mark.parametrize(
    ("known", "evidence", "message"),
    [
        pytest.param(
            {}, [("k9", "accepted")], "1 row key(s) of the result are not in", id="an unknown key"
        ),
        pytest.param(
            {},
            [("k1", "accepted"), ("k9", "accepted")],
            "1 row key(s) of the result are not in",
            id="an unknown key beside a known one",
        ),
        pytest.param(
            {},
            [("k1", "accepted"), ("k1", "rejected")],
            "1 row key(s) have two outcomes",
            id="two outcomes for one key",
        ),
        pytest.param(
            {"outcome": "accepted"},
            [("k1", "rejected")],
            "1 row(s) already have another outcome",
            id="rejected after accepted",
        ),
        pytest.param(
            {"outcome": "rejected"},
            [("k1", "accepted")],
            "1 row(s) already have another outcome",
            id="accepted after rejected",
        ),
        pytest.param(
            {"outcome": "abandoned"},
            [("k1", "accepted")],
            "1 row(s) already have another outcome",
            id="accepted after abandoned",
        ),
    ],
)
def test_evidence_that_does_not_fit_is_refused_whole(
    known: dict[str, Any], evidence: list[tuple[str, str]], message: str
):
    with pytest.raises(IllegalTransition) as refused:
        settle(3, rows(known), said(*evidence))

    assert refused.value.message.startswith(f"Transferring batch 3: {message}")


def test_all_rows_says_the_same_of_every_row_without_an_outcome():
    known = rows({}, {"outcome": "accepted"}, CLI_ROW)

    assert_frame_equal(
        pl.DataFrame(
            [("k1", "abandoned", None, "lost", None), ("k3", "abandoned", None, "lost", None)],
            schema=EVIDENCE,
            orient="row",
        ),
        all_rows(known, RowOutcome.ABANDONED, "lost"),
    )
