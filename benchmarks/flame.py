"""A picture of where a run's time goes: the whole, its steps, what they ask the warehouse."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import altair as alt
import polars as pl
import vl_convert

WIDTH, ROW = 1500, 58
_SEEN = 0.002
"""What takes a smaller share of the whole is left to what is around it."""

_LETTER = 6.2
"""About how many pixels a letter takes."""


RUN, STEP, STATEMENT, REST = (
    *("the run", "a step", "a statement of DuckDB's"),
    "the rest: polars, fetched rows, files",
)
_COLOURS = {RUN: "#c7d3dd", STEP: "#e8a33d", STATEMENT: "#e9c46a", REST: "#7fb8ad"}


@dataclass(frozen=True)
class Span:
    """One bar: from when to when, in seconds, and how far down."""

    kind: str
    begin: float
    end: float
    depth: int
    label: str


def spans(said: Mapping[str, Any], title: str) -> Iterator[Span]:
    """The bars of what `benchmarks.job --statements` said, the longest step and statement first."""
    whole = sum(said["steps"].values())
    yield _span(title, RUN, 0, whole, 0, whole)
    asked: dict[str, list[tuple[float, str]]] = {}
    for step, name, took in said["statements"]:
        asked.setdefault(step, []).append((took, name))
    begin = 0.0
    for step, took in sorted(said["steps"].items(), key=lambda item: -item[1]):
        yield _span(step, STEP, begin, took, 1, whole)
        inside = begin
        for statement_took, name in sorted(asked.get(step, ()), reverse=True):
            if statement_took >= whole * _SEEN:
                yield _span(name, STATEMENT, inside, statement_took, 2, whole)
                inside += statement_took
        rest = begin + took - inside
        if rest >= whole * _SEEN:
            yield _span(REST, REST, inside, rest, 2, whole)
        begin += took


def _span(name: str, kind: str, begin: float, took: float, depth: int, whole: float) -> Span:
    said = f"{name}: {took:.1f} s"
    room = int(took / whole * WIDTH / _LETTER) - 1
    label = said if len(said) <= room else name[: max(0, room - 1)] + "…" if room > 3 else ""
    return Span(kind, begin, begin + took, depth, label)


def draw(said: Mapping[str, Any], title: str, target: Path) -> None:
    """Draw it as SVG."""
    rows = pl.DataFrame([asdict(span) for span in spans(said, title)])
    base = alt.Chart(rows).encode(
        x=alt.X("begin:Q", title="seconds", axis=alt.Axis(grid=False), scale=alt.Scale(nice=False)),
        x2="end:Q",
        y=alt.Y("depth:O", title=None, axis=None, scale=alt.Scale(paddingInner=0.05)),
    )
    bars = base.mark_rect(stroke="white", strokeWidth=1).encode(
        color=alt.Color(
            "kind:N",
            title=None,
            scale=alt.Scale(domain=[*_COLOURS], range=[*_COLOURS.values()]),
            legend=alt.Legend(orient="bottom", labelFontSize=13, labelLimit=400),
        ),
    )
    words = base.mark_text(align="left", baseline="middle", dx=4, fontSize=11).encode(
        text="label:N", x2=alt.Undefined
    )
    chart = (bars + words).properties(width=WIDTH, height=3 * ROW)
    chart = chart.configure_view(stroke=None).configure(font="sans-serif", background="white")
    svg: str = vl_convert.vegalite_to_svg(chart.to_dict())
    target.write_text(svg, "utf-8")
