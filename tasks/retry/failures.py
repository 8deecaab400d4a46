"""A failure as the queue takes it, and how to note one. Pure: the queue is an argument."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

import polars as pl

from schemas.errors import R2BError
from schemas.tables import VALUE
from schemas.vocabulary import RetryState
from tasks.retry.policy import RetryTerms, decide_failure

FAILURE = pl.Schema(
    {
        "subject": pl.String(),
        "kind": pl.String(),
        "reason": pl.String(),
        "message": pl.String(),
        "attempts": pl.Int64(),
        "max_attempts": pl.Int64(),
        "next_at": pl.Datetime("us"),
        "state": pl.String(),
        "value": VALUE,
        "batch_seq": pl.Int64(),
    }
)
"""One row per failed thing."""


class Queue(Protocol):
    """What noting a failure asks of the queue."""

    def attempts(self, subjects: Iterable[str]) -> Mapping[str, int]:
        """How often each subject with an open item has failed so far."""
        ...

    def fail(self, failures: pl.DataFrame, *, now: datetime, actor: str | None = None) -> None:
        """Note failures (FAILURE): an open item fails once more, others are new."""
        ...


def failure(
    *,
    subject: str,
    reason: str,
    message: str | None,
    transient: bool,
    attempts: int,
    terms: RetryTerms,
    now: datetime,
    dice: float,
    value: Decimal | None = None,
    batch_seq: int | None = None,
) -> dict[str, Any]:
    """One row of FAILURE: what is to become of `subject`, which failed `attempts` times by now."""
    decision = decide_failure(
        transient=transient, attempts=attempts, now=now, dice=dice, terms=terms
    )
    return {
        "subject": subject,
        "kind": decision.kind.value,
        "reason": reason,
        "message": message,
        "attempts": attempts,
        "max_attempts": terms.max_attempts,
        "next_at": decision.next_at,
        "state": decision.state.value,
        "value": value,
        "batch_seq": batch_seq,
    }


def note_failure(
    queue: Queue,
    *,
    subject: str,
    reason: str,
    message: str | None,
    transient: bool,
    terms: RetryTerms,
    now: datetime,
    dice: float,
    value: Decimal | None = None,
    batch_seq: int | None = None,
    actor: str | None = None,
) -> RetryState:
    """Note that one thing failed; returns whether it waits, is parked, or is dead.

    The caller owns the transaction. `message` must hold no customer data.
    """
    row = failure(
        subject=subject,
        reason=reason,
        message=message,
        transient=transient,
        attempts=queue.attempts([subject]).get(subject, 0) + 1,
        terms=terms,
        now=now,
        dice=dice,
        value=value,
        batch_seq=batch_seq,
    )
    queue.fail(pl.DataFrame([row], schema=FAILURE), now=now, actor=actor)
    return RetryState(row["state"])


def words_of(error: Exception) -> tuple[str, str, bool]:
    """Reason, message and transience of an exception; of a bug nothing but its name is told."""
    if isinstance(error, R2BError):
        return type(error).__name__, error.message, error.retryable
    if isinstance(error, OSError):
        return type(error).__name__, error.strerror or "the system did not say why", True
    return type(error).__name__, "It failed in a way nobody foresaw: a bug.", False
