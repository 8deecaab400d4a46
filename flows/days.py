"""The days one may ask about: the rules reckon months and years around a day."""

from datetime import date

from schemas.errors import UsageError

EARLIEST = date(1970, 1, 1)
LATEST = date(9000, 1, 1)


def reckonable(day: date | None) -> date | None:
    """The day, if the calendar goes on far enough around it; none is left to be chosen.

    Raises:
        UsageError: it does not.
    """
    if day is not None and not EARLIEST <= day <= LATEST:
        raise UsageError(
            f"Reckoning as of {day}: the day is too far away.",
            hint=f"Give one from {EARLIEST} to {LATEST}.",
        )
    return day
