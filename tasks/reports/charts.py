"""Charts of the report: altair says what, vl-convert draws it as SVG; no script, no network. Pure.

Money is drawn, not computed: a chart's numbers are floats, the exact ones stand in a table beside.
"""

from collections.abc import Mapping

import altair as alt
import polars as pl
import vl_convert

from schemas.vocabulary import FINE, Delay, Reconciled
from tasks.reports.tables import words

COLOURS: Mapping[str, str] = {
    Reconciled.MATCHED: "#2f7d5b",
    Reconciled.EXPLAINED: "#9fb3c1",
    Reconciled.ONLY_IN_LAYER: "#d98e04",
    Reconciled.ONLY_IN_AFFINITY: "#b3402e",
    Reconciled.CEASED_BUT_BILLING: "#7d1d3f",
    Reconciled.BILLING_BEFORE_START: "#c76ba0",
    Reconciled.DIFFERS: "#3f6fb5",
    Reconciled.UNRECONCILED: "#4d4d4d",
}
"""A colour per class, the same on every page; each also has its name beside it."""

_DELAY_COLOURS: Mapping[str, str] = {
    Delay.HELD: "#d98e04",
    Delay.WAITING_TOO_LONG: "#9fb3c1",
    Delay.NEVER_SEEN: "#b3402e",
    Delay.CEASED_BUT_BILLING: "#7d1d3f",
}

_AGES = ["0 to 30 days", "31 to 90 days", "91 to 365 days", "more than a year"]

_WIDTH = 640

_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"


def shares(classes: pl.DataFrame) -> str:
    """How much of each side's monthly money is in which class: one bar per side.

    `classes`: `class`, `layer_per_month`, `affinity_per_month`.
    """
    sides = _long(classes).with_columns(pl.col("class").replace_strict(_named(COLOURS)))
    sides = sides.filter(pl.col("money") != 0)
    chart = (
        alt.Chart(sides)
        .mark_bar(height=26)
        .encode(
            x=alt.X("money:Q", stack="zero", title="£ a month", axis=_money_axis()),
            y=alt.Y("side:N", title=None, sort=["The Layer", "Affinity"]),
            color=_colour("class", COLOURS),
            order=alt.Order("place:Q"),
        )
        .properties(width=_WIDTH, height=80)
    )
    return _drawn(chart)


def open_money(classes: pl.DataFrame) -> str:
    """What is open, by class: what either side says of it."""
    sides = _long(classes.filter(~pl.col("class").is_in(FINE))).with_columns(
        pl.col("class").str.replace_all("_", " ")
    )
    chart = (
        alt.Chart(sides)
        .mark_bar()
        .encode(
            x=alt.X("money:Q", title="£ a month", axis=_money_axis()),
            y=alt.Y("class:N", title=None, sort=None),
            yOffset=alt.YOffset("side:N", sort=["The Layer", "Affinity"]),
            color=alt.Color(
                "side:N",
                title=None,
                scale=alt.Scale(domain=["The Layer", "Affinity"], range=["#1f4e79", "#c58b2a"]),
                legend=alt.Legend(orient="bottom"),
            ),
        )
        .properties(width=_WIDTH, height=alt.Step(16))
    )
    return _drawn(chart)


def ages(clock: pl.DataFrame) -> str:
    """The money clock: money of a month by age, in the colours of its kinds.

    `clock`: `kind`, `age`, `per_month`.
    """
    money = clock.select(
        pl.col("kind").replace_strict(_named(_DELAY_COLOURS)),
        "age",
        pl.col("per_month").cast(pl.Float64).alias("money"),
    )
    chart = (
        alt.Chart(money)
        .mark_bar()
        .encode(
            x=alt.X("money:Q", title="£ a month", axis=_money_axis()),
            y=alt.Y("age:N", title=None, sort=_AGES, scale=alt.Scale(domain=_AGES)),
            color=_colour("kind", _DELAY_COLOURS),
        )
        .properties(width=_WIDTH, height=alt.Step(28))
    )
    return _drawn(chart)


def freed(repairs: pl.DataFrame) -> str:
    """What putting things right frees, fix by fix: a year of it.

    `repairs`: `fixes_so_far`, `per_month_so_far`, `once_so_far`.
    """
    start = pl.DataFrame({"fixes": [0], "money": [0.0]}, schema={"fixes": pl.Int64, "money": float})
    steps = repairs.select(
        pl.col("fixes_so_far").cast(pl.Int64).alias("fixes"),
        (pl.col("per_month_so_far").cast(float) * 12 + pl.col("once_so_far").cast(float)).alias(
            "money"
        ),
    )
    chart = (
        alt.Chart(pl.concat([start, steps]))
        .mark_area(
            interpolate="step-after", color="#9cc5b0", line={"color": "#2f7d5b"}, opacity=0.6
        )
        .encode(
            x=alt.X("fixes:Q", title="things put right", axis=alt.Axis(tickMinStep=1, grid=False)),
            y=alt.Y("money:Q", title="£ freed, of a year", axis=_money_axis()),
        )
        .properties(width=_WIDTH, height=180)
    )
    return _drawn(chart)


def _long(classes: pl.DataFrame) -> pl.DataFrame:
    """One row per class and side; `place` keeps the classes in one order."""
    summed = classes.group_by("class").agg(
        pl.col("layer_per_month", "affinity_per_month").sum().cast(pl.Float64)
    )
    return (
        summed.unpivot(index="class", variable_name="side", value_name="money")
        .with_columns(
            pl.col("side").replace_strict(
                {"layer_per_month": "The Layer", "affinity_per_month": "Affinity"}
            ),
            pl.col("class").cast(pl.Enum(Reconciled)).to_physical().alias("place"),
        )
        .sort("place", "side")
    )


def _named(colours: Mapping[str, str]) -> dict[str, str]:
    return {str(name): words(name) for name in colours}


def _colour(field: str, colours: Mapping[str, str]) -> alt.Color:
    scale = alt.Scale(domain=list(_named(colours).values()), range=list(colours.values()))
    return alt.Color(
        f"{field}:N", title=None, scale=scale, legend=alt.Legend(orient="bottom", columns=4)
    )


def _money_axis() -> alt.Axis:
    return alt.Axis(format=",.0f", tickCount=6)


def _drawn(chart: alt.Chart) -> str:
    looks = (
        chart.configure(font=_FONT, background="transparent")
        .configure_view(stroke=None)
        .configure_axis(labelFontSize=12, titleFontSize=12, titleFontWeight="normal", domain=False)
        .configure_legend(labelFontSize=12, symbolType="square")
    )
    svg: str = vl_convert.vegalite_to_svg(looks.to_dict())
    # the page says in words what it shows: a screen reader would read every mark of it
    return svg.replace("<svg ", '<svg aria-hidden="true" ', 1)
