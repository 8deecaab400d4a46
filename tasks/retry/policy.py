"""When a failed item is tried again. Pure: the clock, the failure and the dice are arguments."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.vocabulary import RetryKind, RetryState


@dataclass(frozen=True)
class RetryTerms:
    """The profile's say on retries."""

    first_wait: timedelta = timedelta(minutes=5)
    longest_wait: timedelta = timedelta(hours=1)
    max_attempts: int = 5
    jitter: bool = True
    transient_codes: frozenset[str] = frozenset({"TIMEOUT", "BUSY", "LOCKED"})


@dataclass(frozen=True)
class Decision:
    """What becomes of an item that just failed: its kind, state and, if it waits, until when."""

    kind: RetryKind
    state: RetryState
    next_at: datetime | None


def decide(
    *, code: str | None, attempts: int, now: datetime, dice: float, terms: RetryTerms
) -> Decision:
    """Decide about an item that failed for the `attempts`-th time with `code`.

    A code worth waiting for waits a random share (`dice`, 0 to 1) of 1, 2, 4, ... first waits, at
    most the longest wait, and is dead after the last attempt. Anything else is parked: waiting does
    not mend data.

    Source: contract section 5, "Retry queue".
    """
    if code is None or code.strip().upper() not in terms.transient_codes:
        return Decision(RetryKind.DATA, RetryState.PARKED, None)
    if attempts >= terms.max_attempts:
        return Decision(RetryKind.TRANSIENT, RetryState.DEAD, None)
    doubled = 2 ** (attempts - 1)
    is_short = doubled <= terms.longest_wait // terms.first_wait
    whole = terms.first_wait * doubled if is_short else terms.longest_wait
    wait = whole * dice if terms.jitter else whole
    return Decision(RetryKind.TRANSIENT, RetryState.WAITING, now + wait)
