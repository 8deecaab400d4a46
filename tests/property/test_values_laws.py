"""Any text at all reads as the contract's grammar, said again in plain Python, reads it."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from schemas.cli_text import read_cli
from schemas.feeds import Column, Kind
from tasks.contracts import values
from tasks.contracts.values import Style
from tests.oracle import values as plain

LAWS = settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)
"""One example is a whole column of texts, so that forty are thousands of cells."""

LONDON = ZoneInfo("Europe/London")
CHOICES = ("New", "Update", "New & Cease")

CLOCK = st.sampled_from(["", "T00:30", " 23:59:59.5", "T24:00", "T12:30Z", "T23:30+05:30", "T1:00"])
ISO = st.builds(
    "{:04d}-{:02d}-{:02d}{}{}".format,
    st.integers(0, 9999),
    st.integers(0, 13),
    st.integers(0, 32),
    CLOCK,
    st.sampled_from(["", "", "", "x", "\n", "-01:00"]),
)
SLASHED = st.builds(
    "{:02d}/{:02d}/{:04d}".format, st.integers(0, 32), st.integers(0, 32), st.integers(0, 2100)
)
MONEY = st.text("0123456789,.£-+()eE \u00a0٣", max_size=9)
WHOLE = st.text("0123456789-+. ٣", max_size=5)
WORDS = st.sampled_from(["true", "YES", "n", "0", "01", "t", "new", "New & Cease", "NEW  & CEASE"])
# what one version of Unicode leaves unassigned is a letter in the next, and Python and polars do
# not follow the same one
ANYTHING = st.text(st.characters(codec="utf-8", exclude_categories=["Cn"]), max_size=8)
NUMBER = st.builds(
    "{}{}".format,
    st.sampled_from(["", "0", "+44", "0044", "44", "+44 (0)", "01204", "07", "1204"]),
    st.text("0123456789 -.()E+x\u00a0", max_size=12),
)


def cells(*kinds: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    """A column of texts of these kinds and of anything."""
    return st.lists(st.one_of(*kinds, ANYTHING), min_size=20, max_size=60)


def read(texts: list[str], kind: Kind, style: Style) -> list[Any]:
    """What the product reads; the cheap look may see less, but nothing else."""
    column = Column("field", kind, "any", choices=CHOICES)
    frame = pl.DataFrame({"cell": texts}, schema={"cell": pl.String})
    text = values.trimmed(pl.col("cell"))
    seen = frame.select(
        closely=values.value(text, column, style), usual=values.usual_value(text, column, style)
    )
    for closely, usual in seen.iter_rows():
        assert usual in (closely, None)
    return seen["closely"].to_list()


def plainly(texts: list[str], parse: Callable[[str], Any]) -> list[Any]:
    """What the plain reading says; a misfit is null."""
    return [_one(plain.trim(text), parse) for text in texts]


def _one(text: str, parse: Callable[[str], Any]) -> Any:
    if not text:
        return None
    try:
        return parse(text)
    except (plain.MisfitError, plain.OtherDateStyleError):
        return None


@LAWS
@pytest.mark.parametrize("style", ["iso", "uk", "us"])
@given(texts=cells(ISO, SLASHED))
@example(texts=["0001-01-01T00:00+01:00", "9999-12-31T23:59-01:00", "0001-01-01T00:00Z"])
def test_days(style: str, texts: list[str]):
    expected = plainly(texts, lambda text: plain.parse_date(text, style, LONDON))

    assert expected == read(texts, Kind.DATE, Style(style, "Europe/London"))


@LAWS
@given(moments=st.lists(st.datetimes(datetime(1900, 1, 1), datetime(2037, 12, 31)), min_size=30))
@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "Pacific/Auckland", "UTC"])
def test_moments_in_utc_fall_on_the_tenants_day(zone: str, moments: list[datetime]):
    texts = [f"{moment:%Y-%m-%dT%H:%M:%S}Z" for moment in moments]
    expected: list[date] = [
        moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(zone)).date()
        for moment in moments
    ]

    assert expected == read(texts, Kind.DATE, Style("iso", zone))


@LAWS
@given(texts=cells(MONEY))
@pytest.mark.parametrize("sign", ["", "-", "£", "£-", "-£"])
def test_money(sign: str, texts: list[str]):
    signed = [sign + text for text in texts]

    assert plainly(signed, plain.parse_money) == read(signed, Kind.MONEY, Style("iso", "UTC"))


@LAWS
@given(texts=cells(WHOLE))
@pytest.mark.parametrize(
    ("kind", "parse"), [(Kind.INTEGER, plain.parse_integer), (Kind.QUANTITY, plain.parse_quantity)]
)
def test_whole_numbers(kind: Kind, parse: Callable[[str], Any], texts: list[str]):
    assert plainly(texts, parse) == read(texts, kind, Style("iso", "UTC"))


@LAWS
@given(texts=cells(WORDS))
def test_words(texts: list[str]):
    style = Style("iso", "UTC")

    assert plainly(texts, plain.parse_boolean) == read(texts, Kind.BOOLEAN, style)
    assert plainly(texts, lambda text: plain.parse_choice(text, CHOICES)) == (
        read(texts, Kind.CHOICE, style)
    )


@LAWS
@given(texts=cells(NUMBER, st.text("xyz 0", min_size=38, max_size=42)))
@pytest.mark.parametrize("profile", ["uk_number", "any", "none"])
def test_cli_texts(profile: str, texts: list[str]):
    there = [text for text in map(plain.trim, texts) if text and not plain.has_control(text)]
    frame = pl.DataFrame({"text": there}, schema={"text": pl.String})
    reading = read_cli(pl.col("text"), pl.lit(profile))
    holds = (
        pl.when(reading.is_malformed)
        .then(pl.lit("cli_malformed"))
        .when(reading.is_damaged)
        .then(pl.lit("cli_damaged"))
    )

    assert [plain.clean_cli(text, profile) for text in there] == frame.select(
        reading.cleaned.alias("cleaned"), holds.alias("hold")
    ).rows()


@LAWS
@given(texts=st.lists(st.text(max_size=6), min_size=20))
def test_controls_are_those_of_unicode_but_tab_and_line_ends(texts: list[str]):
    frame = pl.DataFrame({"text": texts}, schema={"text": pl.String})

    assert [plain.has_control(text) for text in texts] == frame.select(
        pl.col("text").str.contains(values.CONTROL_CHARACTERS)
    ).to_series().to_list()


def test_every_character_there_is_is_judged_as_unicode_says():
    everything = [chr(code) for code in range(0x3000) if not 0xD800 <= code < 0xE000]
    frame = pl.DataFrame({"text": everything})
    trimmed = frame.select(values.trimmed(pl.col("text"))).to_series().to_list()

    assert [plain.trim(text) or None for text in everything] == trimmed
    assert [bool(re.fullmatch(r"[0-9]", text)) for text in everything] == [
        number is not None for number in read(everything, Kind.INTEGER, Style("iso", "UTC"))
    ]
