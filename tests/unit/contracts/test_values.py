"""What a cell may say, kind by kind. Contract section 2, rulings 4 to 6."""

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from schemas.feeds import Column, Kind
from schemas.tables import polars_type
from tasks.contracts import values
from tasks.contracts.values import Style

LONDON = Style("iso", "Europe/London")
UK = Style("uk", "Europe/London")
US = Style("us", "Europe/London")
NEW_YORK = Style("iso", "America/New_York")


def column(kind: Kind, choices: tuple[str, ...] = ()) -> Column:
    """A column of a kind."""
    return Column("field", kind, "what it is about", choices=choices)


def read(text: str, kind: Kind, style: Style = LONDON, choices: tuple[str, ...] = ()) -> Any:
    """The value of a cell looked at closely; the cheap look must agree or see nothing."""
    cell = pl.DataFrame({"cell": [text]}, schema={"cell": pl.String})
    field = column(kind, choices)
    trimmed = values.trimmed(pl.col("cell"))
    seen = cell.select(
        closely=values.value(trimmed, field, style),
        usual=values.usual_value(trimmed, field, style),
    )
    assert [polars_type(field)] * 2 == seen.dtypes
    closely, usual = seen.row(0)
    assert usual in (closely, None)
    return closely


@pytest.mark.parametrize(
    ("text", "style", "day"),
    [
        pytest.param("2026-03-31", LONDON, date(2026, 3, 31), id="a plain day"),
        pytest.param("0001-01-01", LONDON, date(1, 1, 1), id="the first day there is"),
        pytest.param("9999-12-31", LONDON, date(9999, 12, 31), id="the last day there is"),
        pytest.param("2024-02-29", LONDON, date(2024, 2, 29), id="a leap day"),
        pytest.param("\u00a02026-03-31\t", LONDON, date(2026, 3, 31), id="white space around"),
        pytest.param("2026-03-31 23:59", LONDON, date(2026, 3, 31), id="a time, the tenant's own"),
        pytest.param("2026-03-31T00:00:00", LONDON, date(2026, 3, 31), id="a T between"),
        pytest.param("2026-03-31T12:00:00.123456789", LONDON, date(2026, 3, 31), id="fractions"),
        pytest.param("2026-03-28T23:59:59Z", LONDON, date(2026, 3, 28), id="UTC, still winter"),
        pytest.param("2026-03-29T23:30Z", LONDON, date(2026, 3, 30), id="UTC, summer has begun"),
        pytest.param("2026-10-24T23:30Z", LONDON, date(2026, 10, 25), id="UTC, summer's last eve"),
        pytest.param("2026-10-25T23:30Z", LONDON, date(2026, 10, 25), id="UTC, summer is over"),
        pytest.param("2026-03-29T01:30:00", LONDON, date(2026, 3, 29), id="an hour that never was"),
        pytest.param(
            "2026-10-25T01:30:00", LONDON, date(2026, 10, 25), id="an hour that was twice"
        ),
        pytest.param(
            "2026-03-31T00:30:00+01:00", LONDON, date(2026, 3, 31), id="British Summer Time"
        ),
        pytest.param("2026-03-31T00:30:00+05:30", LONDON, date(2026, 3, 30), id="from the east"),
        pytest.param("2026-03-31T22:30:00-05:00", LONDON, date(2026, 4, 1), id="from the west"),
        pytest.param("2026-03-31T00:00-00:00", LONDON, date(2026, 3, 31), id="minus nothing"),
        pytest.param("2026-03-31T02:00Z", NEW_YORK, date(2026, 3, 30), id="a tenant in the west"),
        pytest.param("2026-03-31T23:59+23:59", LONDON, date(2026, 3, 31), id="the largest offset"),
        pytest.param("31/12/2026", UK, date(2026, 12, 31), id="a slash day of a uk feed"),
        pytest.param("12/31/2026", US, date(2026, 12, 31), id="a slash day of a us feed"),
        pytest.param("03/04/2026", UK, date(2026, 4, 3), id="day first in a uk feed"),
        pytest.param("03/04/2026", US, date(2026, 3, 4), id="month first in a us feed"),
        pytest.param("2026-12-31", UK, date(2026, 12, 31), id="an iso day of a uk feed"),
        pytest.param("2026-12-31T10:00Z", US, date(2026, 12, 31), id="a moment in a us feed"),
    ],
)
def test_a_day(text: str, style: Style, day: date):
    assert day == read(text, Kind.DATE, style)


@pytest.mark.parametrize(
    ("text", "style"),
    [
        pytest.param("31/12/2026", LONDON, id="a slash day of an iso feed"),
        pytest.param("2026-02-29", LONDON, id="no leap year"),
        pytest.param("2026-02-29T10:00", LONDON, id="no leap year, with a time"),
        pytest.param("2026-13-01", LONDON, id="month 13"),
        pytest.param("2026-00-10", LONDON, id="month 0"),
        pytest.param("2026-04-31", LONDON, id="31 April"),
        pytest.param("0000-01-01", LONDON, id="year 0"),
        pytest.param("0000-12-31T23:59-01:00", LONDON, id="year 0, moved into year 1"),
        pytest.param("0001-01-01T00:30+01:00", LONDON, id="year 1, moved into year 0"),
        pytest.param("26-03-31", LONDON, id="a year of two digits"),
        pytest.param("12026-03-31", LONDON, id="a year of five digits"),
        pytest.param("2026-3-31", LONDON, id="a month of one digit"),
        pytest.param("20260331", LONDON, id="no hyphens"),
        pytest.param("2026-03-31T24:00", LONDON, id="hour 24"),
        pytest.param("2026-03-31T12:60", LONDON, id="minute 60"),
        pytest.param("2026-03-31T12:00:60", LONDON, id="second 60"),
        pytest.param("2026-03-31T12", LONDON, id="an hour alone"),
        pytest.param("2026-03-31T1:00", LONDON, id="an hour of one digit"),
        pytest.param("2026-03-31T12:00:00.", LONDON, id="a point without fractions"),
        pytest.param("2026-03-31T12:00z", LONDON, id="a small z"),
        pytest.param("2026-03-31t12:00", LONDON, id="a small t"),
        pytest.param("2026-03-31  12:00", LONDON, id="two spaces"),
        pytest.param("2026-03-31T12:00+0100", LONDON, id="an offset without a colon"),
        pytest.param("2026-03-31T12:00+24:00", LONDON, id="an offset of a day"),
        pytest.param("2026-03-31T12:00 +01:00", LONDON, id="a space before the offset"),
        pytest.param("2026-03-31Z", LONDON, id="a zone without a time"),
        pytest.param("2026-03-31\n2026-04-01", LONDON, id="two days"),
        pytest.param("٢٠٢٦-٠٣-٣١", LONDON, id="digits of another script"),
        pytest.param("31/12/26", UK, id="a slash day with a short year"),
        pytest.param("1/2/2026", UK, id="a slash day of single digits"),
        pytest.param("31/12/2026 10:00", UK, id="a slash day with a time"),
        pytest.param("31/04/2026", UK, id="31 April in a uk feed"),
        pytest.param("31-12-2026", UK, id="hyphens, day first"),
        pytest.param("00/00/2026", UK, id="zeros"),
        pytest.param("01/01/0000", UK, id="year 0 in a uk feed"),
        pytest.param("tomorrow", LONDON, id="a word"),
    ],
)
def test_no_day(text: str, style: Style):
    assert read(text, Kind.DATE, style) is None


@pytest.mark.parametrize(
    ("text", "style", "expected"),
    [
        pytest.param("12/31/2026", UK, True, id="only a us day, in a uk feed"),
        pytest.param("31/12/2026", US, True, id="only a uk day, in a us feed"),
        pytest.param("03/04/2026", UK, False, id="a day in both"),
        pytest.param("31/31/2026", UK, False, id="a day in neither"),
        pytest.param("31/12/2026", LONDON, False, id="an iso feed has no other style"),
        pytest.param("2026-12-31", UK, False, id="an iso day"),
        pytest.param(None, UK, False, id="a blank"),
    ],
)
def test_a_day_of_the_other_style(text: str | None, style: Style, expected: bool):
    cell = pl.DataFrame({"cell": [text]}, schema={"cell": pl.String})

    assert expected == cell.select(values.other_style_only(pl.col("cell"), style)).item()


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        pytest.param("5", "5", id="whole pounds"),
        pytest.param("5.5", "5.5", id="one decimal"),
        pytest.param("5.1234", "5.1234", id="four decimals"),
        pytest.param("£5.50", "5.5", id="a pound sign"),
        pytest.param("1,234.50", "1234.5", id="a thousands comma"),
        pytest.param("£1,234,567", "1234567", id="two commas"),
        pytest.param("007", "7", id="leading zeros"),
        pytest.param("00,000", "0", id="zeros in groups"),
        pytest.param("-5", "-5", id="a minus"),
        pytest.param("-£5", "-5", id="a minus before the pound sign"),
        pytest.param("£-5", "-5", id="a minus after the pound sign"),
        pytest.param("-0", "0", id="minus zero"),
        pytest.param("99999999999999.9999", "99999999999999.9999", id="all digits there are"),
        pytest.param("99,999,999,999,999.9999", "99999999999999.9999", id="the same with commas"),
        pytest.param(" 5 ", "5", id="white space around"),
        pytest.param("0.0001", "0.0001", id="the smallest"),
    ],
)
def test_money(text: str, amount: str):
    assert Decimal(amount) == read(text, Kind.MONEY)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("5.12345", id="five decimals"),
        pytest.param("5.00000", id="five decimals, all zero"),
        pytest.param("1e3", id="an exponent"),
        pytest.param("(5.00)", id="brackets"),
        pytest.param("+5", id="a plus"),
        pytest.param(".5", id="no digit before the point"),
        pytest.param("5.", id="no digit after the point"),
        pytest.param("-", id="a minus alone"),
        pytest.param("£", id="a pound sign alone"),
        pytest.param("--5", id="two minuses"),
        pytest.param("-£-5", id="a minus on both sides"),
        pytest.param("££5", id="two pound signs"),
        pytest.param("5£", id="a pound sign behind"),
        pytest.param("£ 5", id="a space inside"),
        pytest.param("$5", id="dollars"),
        pytest.param("5 GBP", id="letters"),
        pytest.param("12,34", id="a group of two"),
        pytest.param("1234,567", id="a first group of four"),
        pytest.param(",123", id="no first group"),
        pytest.param("1,,234", id="an empty group"),
        pytest.param("1,234,", id="a comma behind"),
        pytest.param("1.234,50", id="the other way round"),
        pytest.param("5.1,234", id="a comma in the decimals"),
        pytest.param("100000000000000", id="fifteen digits"),
        pytest.param("000000000000005", id="fifteen digits, most of them zero"),
        pytest.param("NaN", id="not a number"),
        pytest.param("inf", id="infinity"),
        pytest.param("٥", id="a digit of another script"),
        pytest.param("0x1F", id="hexadecimal"),
        pytest.param("1_000", id="an underscore"),
    ],
)
def test_no_money(text: str):
    assert read(text, Kind.MONEY) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        pytest.param("0", 0, id="zero"),
        pytest.param("-12", -12, id="a minus"),
        pytest.param("007", 7, id="leading zeros"),
        pytest.param("9" * 18, 10**18 - 1, id="eighteen digits"),
        pytest.param("+5", None, id="a plus"),
        pytest.param("5.0", None, id="a point"),
        pytest.param("1,000", None, id="a comma"),
        pytest.param("1e3", None, id="an exponent"),
        pytest.param("--5", None, id="two minuses"),
        pytest.param("-", None, id="a minus alone"),
        pytest.param("five", None, id="a word"),
        pytest.param("٥", None, id="a digit of another script"),
    ],
)
def test_an_integer(text: str, number: int | None):
    assert number == read(text, Kind.INTEGER)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        pytest.param("1", 1, id="one"),
        pytest.param("0012", 12, id="leading zeros"),
        pytest.param("9" * 18, 10**18 - 1, id="eighteen digits"),
        pytest.param("0", None, id="zero"),
        pytest.param("-1", None, id="a minus"),
        pytest.param("+1", None, id="a plus"),
        pytest.param("1.0", None, id="a point"),
        pytest.param("1,000", None, id="a comma"),
        pytest.param("1 000", None, id="a space"),
        pytest.param("٣", None, id="a digit of another script"),
    ],
)
def test_a_quantity(text: str, number: int | None):
    assert number == read(text, Kind.QUANTITY)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(pytest.param(each, True, id=each) for each in ("true", "TRUE", "Yes", "y", "Y", "1")),
        *(pytest.param(each, False, id=each) for each in ("false", "False", "NO", "n", "N", "0")),
        *(pytest.param(each, None, id=each) for each in ("t", "f", "on", "2", "01", "maybe", "-")),
    ],
)
def test_a_boolean(text: str, expected: bool | None):
    assert expected == read(text, Kind.BOOLEAN)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("New & Cease", "New & Cease", id="as it is written"),
        pytest.param("NEW & cease", "New & Cease", id="in any case"),
        pytest.param(" New\u00a0", "New", id="trimmed"),
        pytest.param("New  & Cease", None, id="two blanks inside"),
        pytest.param("New & Ceased", None, id="another word"),
        pytest.param("Renew", None, id="a word that holds one"),
    ],
)
def test_a_choice(text: str, expected: str | None):
    assert expected == read(text, Kind.CHOICE, choices=("New", "New & Cease"))


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("blank", ["", " ", "\t", "\u00a0\u2003 ", "\u3000"])
def test_a_blank_is_no_value(kind: Kind, blank: str):
    assert read(blank, kind, choices=("New",)) is None


def test_text_is_kept_but_for_white_space_around_it():
    assert "a  b\nc" == read("\u00a0a  b\nc ", Kind.TEXT)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.TEXT])
def test_every_kind_but_text_has_a_reason_for_what_does_not_fit(kind: Kind):
    assert kind in values.BAD_TYPE
