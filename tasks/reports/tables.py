"""Tables of the report: great-tables makes them, for eyes, paper and screen readers. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from html import escape
from typing import NamedTuple

import polars as pl
from great_tables import GT, loc, style

from schemas.money import decimal_text, pounds_and_pence


class Column(NamedTuple):
    """A column as it is read: its heading, and what kind of cell it has.

    `kind`: text, words (one of our own names, with spaces for its underscores), count, money, day.
    """

    label: str
    kind: str = "text"


def html_table(
    frame: pl.DataFrame,
    columns: Mapping[str, Column],
    *,
    name: str,
    caption: str,
    bold: Sequence[int] = (),
) -> str:
    """`frame` as one HTML table of the `columns`, in its order; what comes from data is escaped.

    Args:
        frame: has every name of `columns`; money is Decimal, days are Date.
        columns: name in the frame -> how it is read; the first one names the row.
        name: unique on the page, a word of ours.
        caption: what the table is, for those who hear it.
        bold: rows that are sums.
    """
    first = next(iter(columns))
    figures = [key for key, column in columns.items() if column.kind in {"count", "money"}]
    table = (
        GT(frame.select(list(columns)), id=name, rowname_col=first)
        .tab_stubhead(columns[first].label)
        .cols_label(cases={key: column.label for key, column in columns.items() if key != first})
        .cols_align("right", figures)
        .cols_align("left", [key for key in columns if key not in figures])
    )
    for key, column in columns.items():
        table = table.fmt(_CELLS[column.kind], columns=key)
    if bold:
        table = table.tab_style(style.text(weight="bold"), loc.body(rows=list(bold)))
        table = table.tab_style(style.text(weight="bold"), loc.stub(rows=list(bold)))
    return _alone(table.as_raw_html(), name, caption)


def money_cell(value: Decimal | None) -> str:
    """Pounds and pence to read, the exact amount in the mark-up; nothing where there is none."""
    if value is None:
        return ""
    return f'<data value="{decimal_text(value)}">{pounds_and_pence(value)}</data>'


def count_cell(value: int | None) -> str:
    """A whole number with its thousands set apart."""
    return "" if value is None else f'<data value="{value}">{value:,}</data>'


def words(name: str | None) -> str:
    """One of our own names as people say it."""
    return "" if name is None else name.replace("_", " ")


def day_text(day: date | None) -> str:
    """A day that nobody can misread."""
    return "" if day is None else f"{day.day} {day:%b %Y}"


def _day_cell(day: date | None) -> str:
    return "" if day is None else f'<time datetime="{day}">{day_text(day)}</time>'


def _text_cell(text: str | None) -> str:
    return "" if text is None else escape(str(text)).replace("\n", "<br>")


_CELLS: Mapping[str, Callable[..., str]] = {
    "text": _text_cell,
    "words": lambda name: _text_cell(words(name)),
    "count": count_cell,
    "money": money_cell,
    "day": _day_cell,
}


def _alone(raw: str, name: str, caption: str) -> str:
    """The table itself with a caption, without the library's looks: the page has its own."""
    start, end = raw.index("<table"), raw.index("</table>") + len("</table>")
    _, _, inner = raw[start:end].partition(">")
    return f'<table class="gt" id="{name}"><caption>{escape(caption)}</caption>{inner}'
