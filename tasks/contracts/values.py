r"""What a cell may say, kind by kind: contract section 2 and rulings 4 to 6, as polars expressions.

Pure: no I/O, no clock. Every pattern is ASCII and anchored: `\d` and `$` would let in more.
"""

from datetime import date
from typing import NamedTuple

import polars as pl

from schemas.feeds import Column, Kind
from schemas.tables import MONEY, polars_type
from schemas.vocabulary import RejectReason

CONTROL_CHARACTERS = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\u{9f}]"
"""Unicode category Cc without TAB, LF and CR."""

_FIRST_DAY = date(1, 1, 1)
_LAST_DAY = date(9999, 12, 31)
_ISO_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_SLASH_DAY = r"^[0-9]{2}/[0-9]{2}/[0-9]{4}$"
_ISO_MOMENT = (
    r"^(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"[T ](?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9])"
    r"(?::(?P<second>[0-5][0-9])(?:\.[0-9]+)?)?"
    r"(?:(?P<utc>Z)|(?P<sign>[+-])(?P<off_hour>[01][0-9]|2[0-3]):(?P<off_minute>[0-5][0-9]))?$"
)
_SLASH_FORMATS = {"uk": "%d/%m/%Y", "us": "%m/%d/%Y"}
_OTHER_STYLE = {"uk": "us", "us": "uk"}
_PLAIN_MONEY = r"^£?[0-9]{1,14}(?:\.[0-9]{1,4})?$"
_MONEY = r"^(?:-?£?|£-)(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]{1,4})?$"
_WHOLE = r"^[0-9]{1,18}$"
_INTEGER = r"^-?[0-9]{1,18}$"
_MOST_INTEGER_DIGITS = 14

_BOOLEANS = {
    **dict.fromkeys(("true", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "no", "n", "0"), False),
}

BAD_TYPE: dict[Kind, RejectReason] = {
    Kind.DATE: RejectReason.BAD_DATE,
    Kind.MONEY: RejectReason.BAD_NUMBER,
    Kind.INTEGER: RejectReason.BAD_NUMBER,
    Kind.QUANTITY: RejectReason.BAD_QUANTITY,
    Kind.BOOLEAN: RejectReason.BAD_BOOLEAN,
    Kind.CHOICE: RejectReason.UNKNOWN_VALUE,
}


class Style(NamedTuple):
    """How a feed writes days: `dates` is iso, uk or us; `timezone` is the tenant's."""

    dates: str
    timezone: str


def trimmed(raw: pl.Expr) -> pl.Expr:
    """The cell without white space around it (Unicode, NBSP too); null when nothing is left."""
    text = raw.str.strip_chars()
    return pl.when(text.str.len_bytes() > 0).then(text)


def usual_value(  # noqa: PLR0911  one answer per kind
    text: pl.Expr, column: Column, style: Style
) -> pl.Expr:
    """The value of a cell written the usual way; null for a blank and for anything unusual.

    Cheap on purpose: what comes out null although there is text goes through `value`.
    """
    match column.kind:
        case Kind.TEXT:
            return text
        case Kind.DATE:
            return _usual_day(text, style)
        case Kind.MONEY:
            amount = text.str.strip_prefix("£").cast(MONEY, strict=False)
            return pl.when(text.str.contains(_PLAIN_MONEY)).then(amount)
        case Kind.INTEGER:
            return _whole(text, _INTEGER)
        case Kind.QUANTITY:
            number = _whole(text, _WHOLE)
            return pl.when(number >= 1).then(number)
        case Kind.BOOLEAN:
            return text.str.to_lowercase().replace_strict(
                _BOOLEANS, default=None, return_dtype=pl.Boolean
            )
        case Kind.CHOICE:
            canonical = {choice.lower(): choice for choice in column.choices}
            return text.str.to_lowercase().replace_strict(
                canonical, default=None, return_dtype=pl.String
            )


def value(text: pl.Expr, column: Column, style: Style) -> pl.Expr:
    """The value of a cell in any form the contract allows; null for a blank or unfit one."""
    match column.kind:
        case Kind.DATE:
            return pl.coalesce(_usual_day(text, style), _day_of_moment(text, style.timezone))
        case Kind.MONEY:
            return _money(text)
        case _:
            return usual_value(text, column, style)


def other_style_only(text: pl.Expr, style: Style) -> pl.Expr:
    """True where a slash date is no day in the declared style but is one in the other."""
    other = _OTHER_STYLE.get(style.dates)
    if other is None:
        return pl.lit(value=False)
    return (
        _usual_day(text, style).is_null()
        & _usual_day(text, Style(other, style.timezone)).is_not_null()
    ).fill_null(value=False)


def no_value(column: Column) -> pl.Expr:
    """A null of the column's type, for a column the file does not have."""
    return pl.lit(None, dtype=polars_type(column))


def _usual_day(text: pl.Expr, style: Style) -> pl.Expr:
    day: pl.Expr = pl.when(text.str.contains(_ISO_DAY)).then(
        text.str.to_date("%Y-%m-%d", strict=False, exact=True)
    )
    if style.dates in _SLASH_FORMATS:
        slash = pl.when(text.str.contains(_SLASH_DAY)).then(
            text.str.to_date(_SLASH_FORMATS[style.dates], strict=False, exact=True)
        )
        day = pl.coalesce(day, slash)
    return pl.when(day >= _FIRST_DAY).then(day)


def _day_of_moment(text: pl.Expr, timezone: str) -> pl.Expr:
    """The tenant's day of a date with a time part; without a zone the time is the tenant's."""
    parts = text.str.extract_groups(_ISO_MOMENT)

    def number(name: str) -> pl.Expr:
        return parts.struct.field(name).cast(pl.Int64, strict=False).fill_null(0)

    day = parts.struct.field("day").str.to_date("%Y-%m-%d", strict=False, exact=True)
    day = pl.when(day >= _FIRST_DAY).then(day)
    sign = pl.when(parts.struct.field("sign") == "-").then(-1).otherwise(1)
    offset = sign * (number("off_hour") * 60 + number("off_minute"))
    local = day.cast(pl.Datetime("us")) + pl.duration(
        hours=number("hour"), minutes=number("minute"), seconds=number("second")
    )
    instant = (local - pl.duration(minutes=offset)).dt.replace_time_zone("UTC")
    there = instant.dt.convert_time_zone(timezone).dt.date()
    has_zone = parts.struct.field("utc").is_not_null() | parts.struct.field("sign").is_not_null()
    result = pl.when(has_zone).then(there).otherwise(day)
    return pl.when(result.is_between(_FIRST_DAY, _LAST_DAY)).then(result)


def _money(text: pl.Expr) -> pl.Expr:
    plain = text.str.replace_all(r"[£,]", "")
    digits = plain.str.extract(r"^-?([0-9]+)", 1).str.len_bytes()
    fits = text.str.contains(_MONEY) & (digits <= _MOST_INTEGER_DIGITS)
    return pl.when(fits).then(plain.cast(MONEY, strict=False))


def _whole(text: pl.Expr, pattern: str) -> pl.Expr:
    return pl.when(text.str.contains(pattern)).then(text.cast(pl.Int64, strict=False))
