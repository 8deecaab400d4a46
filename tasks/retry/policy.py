"""When a failed item is tried again, and when it is needed no more.

Pure: the clock, the failure and the dice are arguments.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from schemas.vocabulary import Disposition, FailureScope, RetryKind, RetryState


@dataclass(frozen=True)
class RetryTerms:
    """The profile's say on answers: what one failure takes along, when to try again, to give up.

    Codes are in upper case.
    """

    first_wait: timedelta = timedelta(minutes=5)
    longest_wait: timedelta = timedelta(hours=1)
    max_attempts: int = 5
    jitter: bool = True
    transient_codes: frozenset[str] = frozenset({"TIMEOUT", "BUSY", "LOCKED"})
    failure_scope: FailureScope = FailureScope.ROW
    bystander_codes: frozenset[str] = frozenset({"FILE_REFUSED", "CUSTOMER_REFUSED"})
    created_ref: str = r"created as (\S+)"
    """How Affinity's words say what it calls a customer or site it created."""
    application: str = "Aurora Affinity"
    """What Affinity is called among The Layer's applications."""


@dataclass(frozen=True)
class Decision:
    """What becomes of an item that just failed: its kind, state and, if it waits, until when."""

    kind: RetryKind
    state: RetryState
    next_at: datetime | None


def decide(
    *, code: str | None, attempts: int, now: datetime, dice: float, terms: RetryTerms
) -> Decision:
    """Decide about an item that failed for the `attempts`-th time with Affinity's `code`.

    Source: contract section 5, "Retry queue".
    """
    transient = code is not None and code.strip().upper() in terms.transient_codes
    return decide_failure(transient=transient, attempts=attempts, now=now, dice=dice, terms=terms)


def decide_failure(
    *, transient: bool, attempts: int, now: datetime, dice: float, terms: RetryTerms
) -> Decision:
    """Decide about anything that failed for the `attempts`-th time.

    What waiting cures waits a random share (`dice`, 0 to 1) of 1, 2, 4, ... first waits, at most
    the longest wait, and is dead after the last attempt. Anything else is parked: waiting does not
    mend data.
    """
    if not transient:
        return Decision(RetryKind.DATA, RetryState.PARKED, None)
    if attempts >= terms.max_attempts:
        return Decision(RetryKind.TRANSIENT, RetryState.DEAD, None)
    doubled = 2 ** (attempts - 1)
    is_short = doubled <= terms.longest_wait // terms.first_wait
    whole = terms.first_wait * doubled if is_short else terms.longest_wait
    wait = whole * dice if terms.jitter else whole
    return Decision(RetryKind.TRANSIENT, RetryState.WAITING, now + wait)


STILL_DUE = (Disposition.READY, Disposition.EXPORTED, Disposition.HELD)
"""A charge of one of these still has to be billed, so its item still says something."""


def no_longer_due(charges: pl.DataFrame) -> pl.DataFrame:
    """The items whose charge nobody has to bill any more: `subject`, `outcome`.

    Args:
        charges: `subject`, `disposition` in the latest run (null = its line is not in the feeds),
            `is_rejected` (the line's record was rejected, so nothing is known of it).
    """
    disposition = pl.col("disposition")
    return charges.filter(
        ~pl.col("is_rejected") & ~disposition.is_in(list(STILL_DUE)).fill_null(value=False)
    ).select(
        "subject",
        pl.concat_str(
            pl.lit("no longer due: "), disposition.str.replace_all("_", " ").fill_null("gone")
        ).alias("outcome"),
    )


def entities_no_longer_due(entities: pl.DataFrame) -> pl.DataFrame:
    """The items of customers and the like of which nothing is to be told: `subject`, `outcome`.

    Args:
        entities: `subject`, `is_due` (there is something to tell, even if it is held),
            `is_rejected` (its record was rejected, so nothing is known of it).
    """
    return entities.filter(~pl.col("is_due") & ~pl.col("is_rejected")).select(
        "subject", pl.lit("no longer due: nothing to tell").alias("outcome")
    )
