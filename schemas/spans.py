"""Lengths of time in people's words. Pure."""

from datetime import timedelta

_MINUTES_OF_HOUR, _HOURS_OF_DAY = 60, 24


def length(span: timedelta) -> str:
    """A length of time in whole minutes, hours or days, whichever says enough; never negative."""
    minutes = max(0, int(span.total_seconds() // 60))
    hours = minutes // _MINUTES_OF_HOUR
    if hours >= 2 * _HOURS_OF_DAY:
        return f"{hours // _HOURS_OF_DAY} days"
    if hours >= 2:  # noqa: PLR2004  one hour and a half is 90 minutes
        return f"{hours} hours"
    if minutes == 0:
        return "less than a minute"
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
