"""When a failed item is tried again, and when it is given up. Contract section 5."""

from datetime import datetime, timedelta

import polars as pl
import pytest

from schemas.vocabulary import RetryKind, RetryState
from tasks.retry.policy import Decision, RetryTerms, decide, entities_no_longer_due

NOW = datetime(2026, 3, 31, 12, 0)
MINUTE = timedelta(minutes=1)
PARKED = Decision(RetryKind.DATA, RetryState.PARKED, None)
DEAD = Decision(RetryKind.TRANSIENT, RetryState.DEAD, None)


def waiting(wait: timedelta) -> Decision:
    """Tried again after `wait`."""
    return Decision(RetryKind.TRANSIENT, RetryState.WAITING, NOW + wait)


def decided(
    code: str | None = "TIMEOUT",
    attempts: int = 1,
    dice: float = 1.0,
    **terms: object,
) -> Decision:
    """What becomes of an item; minutes are 1, 2, 4, 8, ... to at most 10."""
    usual = {"first_wait": MINUTE, "longest_wait": 10 * MINUTE, "max_attempts": 6, **terms}
    return decide(code=code, attempts=attempts, now=NOW, dice=dice, terms=RetryTerms(**usual))


@pytest.mark.parametrize("code", [None, "", "E_UNKNOWN_SKU", "TIME OUT", "timeouts"])
def test_what_waiting_does_not_mend_is_parked(code: str | None):
    assert PARKED == decided(code)


@pytest.mark.parametrize("attempts", [1, 6, 99])
def test_a_fault_of_the_data_is_parked_however_often_it_failed(attempts: int):
    assert PARKED == decided("E1", attempts)


@pytest.mark.parametrize("code", ["TIMEOUT", "timeout", " Busy ", "LOCKED"])
def test_a_code_worth_waiting_for_is_read_trimmed_and_in_any_case(code: str):
    assert waiting(MINUTE) == decided(code)


@pytest.mark.parametrize(
    ("attempts", "minutes"),
    [
        pytest.param(1, 1, id="the first wait"),
        pytest.param(2, 2, id="twice as long"),
        pytest.param(3, 4, id="and again"),
        pytest.param(4, 8, id="and again, below the longest"),
        pytest.param(5, 10, id="at most the longest wait"),
    ],
)
def test_waits_double_up_to_the_longest(attempts: int, minutes: int):
    assert waiting(minutes * MINUTE) == decided(attempts=attempts)


@pytest.mark.parametrize(
    ("dice", "share"),
    [
        pytest.param(0.0, timedelta(0), id="at once"),
        pytest.param(0.25, MINUTE, id="a quarter of it"),
        pytest.param(1.0, 4 * MINUTE, id="all of it"),
    ],
)
def test_full_jitter_waits_any_share(dice: float, share: timedelta):
    assert waiting(share) == decided(attempts=3, dice=dice)


def test_without_jitter_the_dice_do_not_count():
    assert waiting(4 * MINUTE) == decided(attempts=3, dice=0.0, jitter=False)


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        pytest.param(5, waiting(10 * MINUTE), id="one attempt is left"),
        pytest.param(6, DEAD, id="the last attempt failed"),
        pytest.param(7, DEAD, id="beyond the last"),
    ],
)
def test_after_the_last_attempt_it_is_dead(attempts: int, expected: Decision):
    assert expected == decided(attempts=attempts)


def test_very_many_attempts_do_not_overflow():
    assert waiting(10 * MINUTE) == decided(attempts=500, max_attempts=1000)


def test_the_defaults_are_those_of_the_profile():
    first = decide(code="BUSY", attempts=1, now=NOW, dice=1.0, terms=RetryTerms())

    assert waiting(5 * MINUTE) == first


def test_an_item_of_an_entity_stays_while_there_is_something_to_tell_of_it():
    entities = pl.DataFrame(
        [("customer:C1", True, False), ("site:S1", False, False), ("site:S2", False, True)],
        schema=["subject", "is_due", "is_rejected"],
        orient="row",
    )

    assert ["site:S1"] == entities_no_longer_due(entities)["subject"].to_list()
