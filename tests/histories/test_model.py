"""The model says no: whatever Affinity took that it must not have, and whatever it was not told."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.histories.model import ADD, CEASE, UPDATE, Model
from tests.histories.world import DAY, Line

TODAY = date(2026, 3, 28)
LINE = Line(
    number=1, connected_on=date(2026, 3, 1), price=Decimal(9), quantity=1, cli="01204600001"
)
STOPPED = replace(LINE, do_not_bill=True)


def billed() -> Model:
    """L1 is billed since it was connected."""
    model = Model()
    model.saw({"L1": LINE}, TODAY)
    model.takes({"L1": LINE}, TODAY, [("L1", ADD, LINE.connected_on)])
    return model


def test_a_life_as_it_should_be():
    model = billed()
    model.saw({"L1": STOPPED}, TODAY)
    model.takes({"L1": STOPPED}, TODAY, [("L1", CEASE, TODAY)])
    model.saw({"L1": LINE}, TODAY + 3 * DAY)
    model.takes({"L1": LINE}, TODAY + 3 * DAY, [("L1", ADD, TODAY + 3 * DAY)])

    assert [] == model.faults
    assert [] == model.unsettled({"L1": LINE}, TODAY + 3 * DAY)
    assert [(LINE.connected_on, TODAY), (TODAY + 3 * DAY, None)] == [
        (period.start, period.end) for period in model.charges["L1"].periods
    ]


@pytest.mark.parametrize(
    ("line", "action", "start", "fault"),
    [
        pytest.param(LINE, ADD, LINE.connected_on, "billed twice", id="twice"),
        pytest.param(STOPPED, ADD, TODAY, "though it is not to be billed", id="withheld"),
        pytest.param(STOPPED, UPDATE, TODAY, "though it is not to be billed", id="changed"),
        pytest.param(None, CEASE, TODAY, "it was not in the feeds", id="of a line that is gone"),
    ],
)
def test_what_must_not_be_taken(line, action, start, fault):
    model = billed()
    model.takes({"L1": line} if line else {}, TODAY, [("L1", action, start)])

    assert fault in " ".join(model.faults)


@pytest.mark.parametrize("days", [-1, 1])
def test_a_day_off_is_a_fault(days: int):
    model = Model()
    model.saw({"L1": LINE}, TODAY)
    model.takes({"L1": LINE}, TODAY, [("L1", ADD, LINE.connected_on + days * DAY)])

    (fault,) = model.faults
    assert "begins on" in fault


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(STOPPED, id="a stop"),
        pytest.param(replace(LINE, price=Decimal("9.01")), id="a penny"),
        pytest.param(replace(LINE, cease_on=TODAY + DAY), id="a cease"),
        pytest.param(replace(LINE, site="S2"), id="a move"),
    ],
)
def test_what_was_not_told_is_not_settled(now: Line):
    assert [] == billed().unsettled({"L1": LINE}, TODAY + DAY)
    assert [] != billed().unsettled({"L1": now}, TODAY + DAY)


def test_a_charge_that_was_never_billed_is_lost():
    assert ["L1: ready, and not billed"] == Model().unsettled({"L1": LINE}, TODAY)
    assert [] == Model().unsettled({"L1": LINE}, LINE.connected_on - DAY)
