"""Files for people: exact, complete, and nothing in them runs."""

import csv
import io
import zipfile
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import UsageError
from schemas.tables import MONEY
from tasks.reports import exports
from tasks.reports.exports import safe, write_csv, write_parquet, write_workbook

FRAME = pl.DataFrame(
    {
        "name": ["Bäcker & Söhne, London", "=cmd|' /C calc'!A0", None],
        "day": [date(2026, 3, 31), None, date(2026, 2, 28)],
        "price": [Decimal("-5.5000"), Decimal("99999999999999.9999"), None],
        "quantity": [1, 10**12, None],
        "is_live": [True, False, None],
    },
    schema_overrides={"price": MONEY},
)

RUNS = [
    "=1+1",
    "+44 20 7946 0000",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "\u00a0=1",
    "\uff1d1",
    "\uff0b1",
    "\ufeff=1",
    "\u00ad=1",
    "\u200b \u2060+1",
    "\u202e@x",
    '=HYPERLINK("x")',
]


def csv_of(*frames: pl.DataFrame) -> str:
    """What a spreadsheet reads."""
    out = io.BytesIO()
    write_csv(frames, out)
    return out.getvalue().decode("utf-8-sig")


@pytest.mark.parametrize("text", RUNS)
def test_a_text_that_a_spreadsheet_would_run_has_an_apostrophe_before_it(text: str):
    assert ["'" + text] == safe(pl.DataFrame({"a": [text]}))["a"].to_list()


@pytest.mark.parametrize("text", ["", "L1", "a=b", "1-2", "'=1", "ok\n", "07700 900123", None])
def test_other_text_stays_as_it_is(text: str | None):
    assert [text] == safe(pl.DataFrame({"a": [text]}, schema={"a": pl.String()}))["a"].to_list()


@settings(derandomize=True, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12))
def test_no_cell_of_a_csv_begins_like_a_formula(text: str):
    ((cell,),) = list(csv.reader(io.StringIO(csv_of(pl.DataFrame({"a": [text]})), newline="")))[1:]

    assert cell.removeprefix("'") == text.removeprefix("'")
    assert not cell.lstrip()[:1] or cell.lstrip()[0] not in "=+-@\uff1d\uff0b\uff0d\uff20"


def test_a_csv_is_exact_and_complete():
    rows = list(csv.reader(io.StringIO(csv_of(FRAME.head(1), FRAME.tail(2)), newline="")))

    assert [
        ["name", "day", "price", "quantity", "is_live"],
        ["Bäcker & Söhne, London", "2026-03-31", "-5.5000", "1", "true"],
        ["'=cmd|' /C calc'!A0", "", "99999999999999.9999", "1000000000000", "false"],
        ["", "2026-02-28", "", "", ""],
    ] == rows
    assert csv_of(FRAME).startswith("name,")


def test_parquet_holds_cells_as_they_are():
    out = io.BytesIO()

    assert 3 == write_parquet([FRAME.head(1), FRAME.tail(2)], out)
    assert FRAME.equals(pl.read_parquet(io.BytesIO(out.getvalue())))


def workbook(*frames: pl.DataFrame) -> dict[str, str]:
    """The parts of a workbook, as text."""
    out = io.BytesIO()
    write_workbook(frames, out, title="hold", about={"view": "mart.hold", "for": "=people"})
    with zipfile.ZipFile(io.BytesIO(out.getvalue())) as book:
        return {name: book.read(name).decode() for name in book.namelist()}


def test_a_workbook_has_no_formula_and_says_what_it_is():
    parts = workbook(
        FRAME, pl.DataFrame({"name": RUNS}).join(FRAME.drop("name").head(1), how="cross")
    )
    sheets = [text for name, text in parts.items() if name.startswith("xl/worksheets/sheet")]

    assert 2 == len(sheets)
    assert not any("<f>" in text for text in sheets)
    texts = parts["xl/sharedStrings.xml"]
    for text in ("B\u00e4cker &amp; S\u00f6hne, London", "=cmd|", "=people", "mart.hold"):
        assert text in texts
    assert '<c r="C2"' in sheets[0]
    assert "<v>-5.5000</v>" in sheets[0]
    assert 'name="hold"' in parts["xl/workbook.xml"]


def test_a_text_that_no_cell_holds_says_that_it_was_cut():
    names = ["fits " + "x" * 32_762, "longer " + "y" * 32_761]
    rows = pl.DataFrame({"name": names, "another": ["as it is", "too"]})
    texts = workbook(rows)["xl/sharedStrings.xml"]

    assert all(f"<t>{text}</t>" in texts for text in (names[0], "as it is", "too"))
    assert "yyy ... (cut here: export as csv or parquet for all of it)</t>" in texts
    assert 32_767 == len(texts.split("<t>longer ")[1].split("</t>")[0]) + len("longer ")


def test_a_workbook_that_would_not_fit_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(exports, "MOST_ROWS", 2)
    with pytest.raises(UsageError, match="holds 2 rows"):
        workbook(FRAME)


@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_an_empty_view_is_a_file_with_a_header(write: Any):
    out = io.BytesIO()

    assert 0 == write([FRAME.clear()], out)
    assert out.getvalue()
