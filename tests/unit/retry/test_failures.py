"""How a failure of anything is put to the queue, and when its item is needed no more."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from schemas.errors import SourceContractBroken, SourceUnavailable
from tasks.retry.failures import FAILURE, note_failure, words_of
from tasks.retry.policy import RetryTerms, no_longer_due

NOW = datetime(2026, 3, 31, 12, 0)
TERMS = RetryTerms(first_wait=timedelta(minutes=1), max_attempts=3)


class Book:
    """A queue that remembers."""

    def __init__(self, **attempts: int) -> None:
        self.known = attempts
        self.noted: list[dict[str, object]] = []

    def attempts(self, subjects: Iterable[str]) -> dict[str, int]:
        return {subject: self.known[subject] for subject in subjects if subject in self.known}

    def fail(self, failures: pl.DataFrame, *, now: datetime, actor: str | None = None) -> None:
        assert (FAILURE, NOW, None) == (failures.schema, now, actor)
        self.noted += failures.to_dicts()


def noted(before: int, *, transient: bool, dice: float = 0.5) -> dict[str, object]:
    book = Book(**({"feeds": before} if before else {}))
    note_failure(
        book,
        subject="feeds",
        reason="SourceUnavailable",
        message="no answer",
        transient=transient,
        terms=TERMS,
        now=NOW,
        dice=dice,
        value=Decimal("1.5"),
        batch_seq=4,
    )
    (row,) = book.noted
    return row


@pytest.mark.parametrize(
    ("before", "transient", "expected"),
    [
        pytest.param(0, True, (1, "waiting", NOW + timedelta(seconds=30)), id="it waits"),
        pytest.param(1, True, (2, "waiting", NOW + timedelta(seconds=60)), id="longer each time"),
        pytest.param(2, True, (3, "dead", None), id="dead after its last attempt"),
        pytest.param(0, False, (1, "parked", None), id="parked, where waiting does not help"),
        pytest.param(9, False, (10, "parked", None), id="parked, however often"),
    ],
)
def test_what_becomes_of_a_failure(
    before: int, transient: bool, expected: tuple[int, str, datetime | None]
):
    row = noted(before, transient=transient)

    assert expected == (row["attempts"], row["state"], row["next_at"])
    assert (3, 4, Decimal("1.5")) == (row["max_attempts"], row["batch_seq"], row["value"])


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(
            SourceUnavailable("no answer"), ("SourceUnavailable", "no answer", True), id="later"
        ),
        pytest.param(
            SourceContractBroken("no column"), ("SourceContractBroken", "no column", False), id="no"
        ),
        pytest.param(
            OSError(28, "No space left on device"),
            ("OSError", "No space left on device", True),
            id="the system",
        ),
        pytest.param(
            KeyError("Mrs Bun, 01204 600001"),
            ("KeyError", "It failed in a way nobody foresaw: a bug.", False),
            id="a bug, whose words may name a customer",
        ),
    ],
)
def test_what_is_told_of_an_exception(error: Exception, expected: tuple[str, str, bool]):
    assert expected == words_of(error)


@pytest.mark.parametrize(
    ("disposition", "is_rejected", "outcome"),
    [
        pytest.param("ready", False, None, id="ready"),
        pytest.param("exported", False, None, id="exported"),
        pytest.param("held", False, None, id="held, for whatever reason"),
        pytest.param("cancelled", False, "no longer due: cancelled", id="cancelled"),
        pytest.param("do_not_bill", False, "no longer due: do not bill", id="do not bill"),
        pytest.param("in_billing", False, "no longer due: in billing", id="billed, by the feed"),
        pytest.param("waiting", False, "no longer due: waiting", id="not due yet"),
        pytest.param(None, False, "no longer due: gone", id="gone"),
        pytest.param(None, True, None, id="its record was rejected: nothing is known"),
    ],
)
def test_whose_item_is_needed_no_more(
    disposition: str | None, is_rejected: bool, outcome: str | None
):
    charges = pl.DataFrame(
        {
            "subject": ["charge:L1:upfront"],
            "disposition": [disposition],
            "is_rejected": is_rejected,
        },
        schema_overrides={"disposition": pl.String},
    )

    expected = [] if outcome is None else [("charge:L1:upfront", outcome)]

    assert expected == no_longer_due(charges).rows()
