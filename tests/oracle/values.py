"""What one cell may say: text, dates, money, whole numbers, booleans, choices, CLI text.

Pure functions of one value. Source: contract section 2 (Values), section 3 (CLI text),
rulings 4, 5, 6.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

WHITE_SPACE = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008"
    "\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""The Unicode property White_Space (ruling 4)."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?:(Z)|([+-])(\d\d):(\d\d))?)?",
    re.ASCII,
)
_SLASH = re.compile(r"(\d\d)/(\d\d)/(\d{4})", re.ASCII)
_MONEY = re.compile(r"(?:-?£?|£-)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,4}))?", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)
_QUANTITY = re.compile(r"\d{1,18}", re.ASCII)
_EXPONENT = re.compile(r"[+-]?\d+(?:\.\d*)?[eE][+-]?\d+", re.ASCII)
_UK_SHAPE = re.compile(r"0(?:[1-3]|55|56|[7-9])\d*", re.ASCII)

MAX_WHOLE_POUND_DIGITS = 14
MAX_ANY_CLI = 40


class MisfitError(Exception):
    """A value that does not fit its type; carries the reject reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OtherDateStyleError(Exception):
    """A slash date that is valid only in the style the feed does not have (ruling 5: exit 22)."""


def has_control(text: str) -> bool:
    """True when the text holds a control character other than TAB, LF, CR (ruling 4)."""
    return _CONTROL.search(text) is not None


def trim(text: str) -> str:
    """Text without Unicode white space at both ends (ruling 4)."""
    return text.strip(WHITE_SPACE)


@lru_cache(maxsize=200_000)
def parse_date(text: str, style: str, zone: ZoneInfo) -> date:
    """The tenant's day that a trimmed cell names (ruling 5).

    Raises:
        MisfitError: `bad_date`.
        OtherDateStyleError: a uk feed holds what only a us feed could, or the other way round.
    """
    iso = _ISO.fullmatch(text)
    if iso is not None:
        return _iso_day(iso, zone)
    slash = _SLASH.fullmatch(text)
    if slash is None or style == "iso":
        raise MisfitError("bad_date")
    first, second, year = (int(part) for part in slash.groups())
    as_uk = _day(year, second, first)
    as_us = _day(year, first, second)
    mine, other = (as_uk, as_us) if style == "uk" else (as_us, as_uk)
    if mine is not None:
        return mine
    if other is not None:
        raise OtherDateStyleError
    raise MisfitError("bad_date")


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _iso_day(found: re.Match[str], zone: ZoneInfo) -> date:
    year, month, day, hour, minute, second, zulu, sign, off_hours, off_minutes = found.groups()
    written = _day(int(year), int(month), int(day))
    if written is None:
        raise MisfitError("bad_date")
    if hour is None:
        return written
    try:
        moment = datetime(
            written.year, written.month, written.day, int(hour), int(minute), int(second or 0)
        )
        if zulu is None and sign is None:
            return written
        offset = UTC if zulu else _offset(sign, int(off_hours), int(off_minutes))
        return moment.replace(tzinfo=offset).astimezone(zone).date()
    except (ValueError, OverflowError):
        raise MisfitError("bad_date") from None


def _offset(sign: str, hours: int, minutes: int) -> timezone:
    if hours > 23 or minutes > 59:
        raise MisfitError("bad_date")
    distance = timedelta(hours=hours, minutes=minutes)
    return timezone(-distance if sign == "-" else distance)


def parse_money(text: str) -> Decimal:
    """An exact amount in pounds, at most four decimals (ruling 6); the sign is kept."""
    found = _MONEY.fullmatch(text)
    if found is None:
        raise MisfitError("bad_number")
    pounds = found[1].replace(",", "")
    if len(pounds) > MAX_WHOLE_POUND_DIGITS:
        raise MisfitError("bad_number")
    amount = Decimal(f"{pounds}.{found[2] or '0'}")
    return -amount if "-" in text and amount else amount


def parse_price(text: str) -> Decimal:
    """An amount that may not be below zero; `-0` is 0 (section 2 Rejects, ruling 6)."""
    amount = parse_money(text)
    if amount < 0:
        raise MisfitError("negative_price")
    return amount


def parse_quantity(text: str) -> int:
    """A whole number of at least 1 in ASCII digits, at most 18 of them (ruling 6)."""
    if _QUANTITY.fullmatch(text) is None or int(text) < 1:
        raise MisfitError("bad_quantity")
    return int(text)


def parse_integer(text: str) -> int:
    """Optional minus and ASCII digits, at most 18 of them (ruling 6)."""
    if _WHOLE.fullmatch(text) is None:
        raise MisfitError("bad_number")
    return int(text)


_BOOLEANS = {
    "true": True,
    "yes": True,
    "y": True,
    "1": True,
    "false": False,
    "no": False,
    "n": False,
    "0": False,
}


def parse_boolean(text: str) -> bool:
    """true/false, yes/no, y/n, 1/0 in any case (section 2, Values)."""
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise MisfitError("bad_boolean") from None


def parse_choice(text: str, choices: tuple[str, ...]) -> str:
    """The member of the enumeration, in the contract's spelling; case ignored."""
    for choice in choices:
        if choice.lower() == text.lower():
            return choice
    raise MisfitError("unknown_value")


def add_months(day: date, months: int) -> date | None:
    """The same day so many months on, clamped to the month's end; null outside the calendar.

    Source: ruling 16.
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    if not 1 <= year <= 9999:
        return None
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


UK_NUMBER = "uk_number"
ANY = "any"
NONE = "none"


def cli_profile(base_category: str | None, *, needs_cli: bool, profiles: Mapping[str, str]) -> str:
    """The profile that judges a CLI of a product (section 3, CLI text)."""
    declared = profiles.get(base_category) if base_category is not None else None
    return declared or (UK_NUMBER if needs_cli else ANY)


@lru_cache(maxsize=200_000)
def clean_cli(raw: str | None, profile: str) -> tuple[str | None, str | None]:
    """The cleaned CLI, or the hold that its text earns; both null when there is none.

    Args:
        raw: the trimmed text of the feed, null when blank.
        profile: `uk_number`, `any` or `none`.
    """
    if raw is None or profile == NONE:
        return None, None
    if profile == ANY:
        fits = len(raw) <= MAX_ANY_CLI and all(_printable(character) for character in raw)
        return (raw, None) if fits else (None, "cli_malformed")
    return _clean_uk_number(raw)


def _printable(character: str) -> bool:
    return character == " " or unicodedata.category(character)[0] not in "CZ"


def _clean_uk_number(raw: str) -> tuple[str | None, str | None]:
    if _EXPONENT.fullmatch(raw):
        return None, "cli_damaged"
    if any(character.isalpha() for character in raw):
        return None, "cli_malformed"
    text = raw.translate(dict.fromkeys(map(ord, " \xa0()[].-")))
    for prefix in ("+44", "0044"):
        if text.startswith(prefix):
            rest = text[len(prefix) :]
            text = "0" + rest.removeprefix("0")
            break
    else:
        if text.startswith("44") and len(text) == 12 and _is_digits(text):
            text = "0" + text[2:]
    if not _is_digits(text):
        return None, "cli_malformed"
    if len(text) == 10 and not text.startswith("0"):
        return None, "cli_damaged"
    if len(text) in (10, 11) and _UK_SHAPE.fullmatch(text):
        return text, None
    return None, "cli_malformed"


def _is_digits(text: str) -> bool:
    return bool(text) and text.isascii() and text.isdigit()


def cli_type(cli: str, profile: str) -> str:
    """The CLI Type of a cleaned CLI (section 3, CLI text)."""
    if profile != UK_NUMBER or cli.startswith(("070", "076")):
        return "other"
    if cli.startswith(("01", "02")):
        return "geographic"
    return "mobile" if cli.startswith("07") else "non-geographic"
