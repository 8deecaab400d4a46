"""The report: both sides, what is open, what is late, what to put right. Pure."""

from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from schemas.explanations import CHANGE_HOLDS, DELAYS, DISPOSITIONS, HOLDS, WHY
from schemas.money import total
from schemas.vocabulary import FINE
from tasks.reports import charts
from tasks.reports.class_table import SIDES, class_table
from tasks.reports.page import Card, Chart, Head, Page, Section, how_many, rendered
from tasks.reports.tables import Column, count_cell, html_table, money_cell, words

MOST_REPAIRS = 25
MOST_BATCHES = 12


_VIEWS = (
    "The same figures are views: mart.reconciliation, mart.money_clock, mart.repair, "
    "mart.restated, mart.charge, mart.hold, mart.batch."
)


@dataclass(frozen=True)
class Figures:
    """What the report shows: frames as `warehouse/sql/report` reads them."""

    classes: pl.DataFrame
    open_records: pl.DataFrame
    clock: pl.DataFrame
    repairs: pl.DataFrame
    restated: pl.DataFrame
    dispositions: pl.DataFrame
    holds: pl.DataFrame
    batches: pl.DataFrame


def report_page(head: Head, figures: Figures) -> bytes:
    """The report: both sides, what is open, what is late, what to put right; as UTF-8 HTML."""
    shown = figures.open_records
    sections = [
        _agreement(figures.classes),
        _open(shown),
        _clock(figures.clock),
        _repairs(figures.repairs),
        _restated(figures.restated),
        _charges(figures.dispositions, figures.holds),
        _batches(figures.batches),
    ]
    return rendered(
        Page(
            title="Billing report",
            head=head,
            sections=[each for each in sections if each is not None],
            cards=_cards(figures),
            footer=(
                "Money is per month, ex VAT, on the day compared; one-off charges count once.",
                f"Certified in {head.certificate}, SHA-256 {head.sha256}.",
                _VIEWS,
            ),
            choices={
                "classes": _choices(shown, "class"),
                "remedies": _choices(shown, "remedy"),
            },
        )
    )


def _cards(figures: Figures) -> list[Card]:
    classes, clock = figures.classes, figures.clock
    open_ = classes.filter(~pl.col("class").is_in(FINE))
    return [
        Card(
            "layer",
            "To be billed",
            money_cell(_sum(classes, "layer_per_month")),
            "a month, by The Layer and our ledger",
        ),
        Card(
            "affinity",
            "Billed",
            money_cell(_sum(classes, "affinity_per_month")),
            "a month, by Affinity's snapshot",
        ),
        Card(
            "open",
            "Open",
            count_cell(int(open_["matches"].sum())),
            "things that are neither matched nor explained",
        ),
        Card(
            "difference",
            "Open difference",
            money_cell(_sum(open_, "difference_per_month")),
            "a month; below zero, too much is billed",
        ),
        Card(
            "late",
            "On the money clock",
            money_cell(_sum(clock, "per_month")),
            "a month that is late, or taken for too long",
        ),
    ]


def _agreement(classes: pl.DataFrame) -> Section:
    reasons = classes.filter(pl.col("why").is_not_null()).with_columns(
        pl.col("why")
        .replace_strict({why.value: text for why, text in WHY.items()}, default=None)
        .alias("means")
    )
    is_open = not classes.filter(~pl.col("class").is_in(FINE)).is_empty()
    drawn = [
        Chart(
            charts.shares(classes),
            "Two bars, one for each side: the money of a month by class. "
            + _spoken(classes, "layer_per_month", "The Layer")
            + " "
            + _spoken(classes, "affinity_per_month", "Affinity"),
            "The money of a month on either side, by class.",
        )
    ]
    if is_open:
        drawn.append(
            Chart(
                charts.open_money(classes),
                "Bars of what is open, by class and side; the table below has the same figures.",
                "What is open: what either side says of it, a month.",
            )
        )
    tables = [class_table(classes)]
    if not reasons.is_empty():
        tables.append(
            html_table(
                reasons,
                {
                    "why": Column("Reason", "words"),
                    "class": Column("Class", "words"),
                    "means": Column("Means"),
                    **SIDES,
                },
                name="reason-totals",
                caption="What explains it, or what is missing",
            )
        )
    return Section(
        "agreement",
        "Do both sides agree?",
        "Every record of The Layer, our ledger and Affinity's snapshot is in exactly one class. "
        "The classes add up to all there is on either side.",
        drawn,
        tables,
    )


def _spoken(classes: pl.DataFrame, column: str, side: str) -> str:
    sums = classes.group_by("class", maintain_order=True).agg(pl.col(column).sum())
    told = ", ".join(f"{words(kind)} £{money:,.2f}" for kind, money in sums.iter_rows() if money)
    return f"{side}: {told or 'nothing'}."


def _open(shown: pl.DataFrame) -> Section:
    in_all = int(shown["in_all"][0]) if shown.height else 0
    if not in_all:
        return Section("open", "What is open", "Nothing: all of it is matched or explained.")
    rows = shown.with_columns(
        pl.col("customer_name").fill_null("(customer not known)"),
        pl.col("class", "why", "remedy").str.replace_all("_", " "),
        pl.col("fields").str.replace_all("_", " ").str.replace_all(",", ", "),
        _lines("line_id", "charge_type").alias("line"),
        _lines("site_ref", "cli").alias("place"),
    )
    table = html_table(
        rows,
        {
            "customer_name": Column("Customer"),
            "line": Column("Line"),
            "object_uid": Column("Affinity's id"),
            "place": Column("Site, CLI"),
            "sku": Column("Code"),
            "class": Column("Class"),
            "fields": Column("In"),
            "why": Column("Because"),
            "remedy": Column("Remedy"),
            "since": Column("Since", "day"),
            "difference_per_month": Column("A month", "money"),
            "difference_once": Column("One-off", "money"),
        },
        name="open-records",
        caption="Open, the most money first: ours less theirs",
    )
    return Section(
        "open",
        "What is open",
        "Ours less theirs: above zero Affinity bills too little, below zero too much. "
        "The remedy says what a person does about it; nothing here is done by itself.",
        tables=[table],
        more=how_many(in_all, "in `r2b export mart.reconciliation`"),
        has_filters=True,
    )


def _lines(*columns: str) -> pl.Expr:
    """What there is of some columns, each on a line of its own."""
    return pl.concat_str(*columns, separator="\n", ignore_nulls=True)


def _clock(clock: pl.DataFrame) -> Section:
    words_ = "Money that is late, or is taken and must not be, by how long it has been so."
    if clock.is_empty():
        return Section("clock", "The money clock", f"{words_} There is none.")
    means = {kind.value: text for kind, text in DELAYS.items()}
    rows = clock.with_columns(pl.col("kind").replace_strict(means).alias("means"))
    summed = rows.select(
        pl.lit("all").alias("kind"),
        pl.lit(None).alias("age"),
        pl.col("records", "per_month", "once").sum(),
        pl.col("oldest_days").max(),
        pl.lit(None).alias("means"),
    )
    rows = pl.concat([rows, summed.select(rows.columns)], how="vertical_relaxed")
    table = html_table(
        rows,
        {
            "kind": Column("Kind", "words"),
            "means": Column("Means"),
            "age": Column("Age"),
            "records": Column("Records", "count"),
            "per_month": Column("A month", "money"),
            "once": Column("One-off", "money"),
            "oldest_days": Column("Oldest, days", "count"),
        },
        name="clock-totals",
        caption="Money by kind and age",
        bold=[rows.height - 1],
    )
    drawn = Chart(
        charts.ages(clock),
        "Bars of the money of a month by age, each split by kind; the table below has the figures.",
        "The money of a month by age.",
    )
    return Section("clock", "The money clock", words_, [drawn], [table])


def _repairs(repairs: pl.DataFrame) -> Section:
    title = "What to put right first"
    if repairs.is_empty():
        return Section("repairs", title, "Nothing is held.")
    shown = repairs.head(MOST_REPAIRS)
    table = html_table(
        shown,
        {
            "step": Column("Step", "count"),
            "fixes": Column("Put right"),
            "charges": Column("Frees charges", "count"),
            "per_month": Column("A month", "money"),
            "once": Column("One-off", "money"),
            "per_month_so_far": Column("So far, a month", "money"),
            "once_so_far": Column("So far, one-off", "money"),
        },
        name="repair-steps",
        caption="The fewest fixes that free the most held money",
    )
    last = repairs.row(-1, named=True)
    drawn = Chart(
        charts.freed(repairs),
        f"A rising line: {last['fixes_so_far']:,} things put right free "
        f"{last['charges_so_far']:,} charges.",
        "What is freed, fix by fix: twelve months of it, and what is one-off.",
    )
    return Section(
        "repairs",
        title,
        "A charge goes only once all that holds it is put right, so what helps only together is "
        "one step. Steps are in the order that frees the most of a year's money per fix.",
        [drawn],
        [table],
        more=(
            f"{MOST_REPAIRS} of {repairs.height:,} steps are shown; all of them are in mart.repair."
            if repairs.height > MOST_REPAIRS
            else ""
        ),
    )


def _restated(restated: pl.DataFrame) -> Section | None:
    if restated.is_empty():
        return None
    rows = restated.with_columns(
        pl.col("class_then", "class_now").fill_null("not known"),
    )
    table = html_table(
        rows,
        {
            "class_then": Column("Then", "words"),
            "class_now": Column("Now", "words"),
            "records": Column("Records", "count"),
            "per_month_then": Column("A month, then", "money"),
            "per_month_now": Column("A month, now", "money"),
            "once_then": Column("One-off, then", "money"),
            "once_now": Column("One-off, now", "money"),
        },
        name="restated-totals",
        caption="Records that the day shows otherwise now, by class",
    )
    return Section(
        "restated",
        "Then and now",
        "What this day shows otherwise by what is known now than by what was known then. "
        "The ledger stays as it is.",
        tables=[table],
    )


def _charges(dispositions: pl.DataFrame, holds: pl.DataFrame) -> Section:
    order = {each.value: place for place, each in enumerate(DISPOSITIONS)}
    means = {each.value: text for each, text in DISPOSITIONS.items()}
    rows = dispositions.sort(
        pl.col("disposition").replace_strict(order, default=99, return_dtype=pl.Int64)
    ).with_columns(
        pl.col("disposition")
        .replace_strict(means, default=None, return_dtype=pl.String)
        .alias("means")
    )
    tables = [
        html_table(
            rows,
            {
                "disposition": Column("Disposition", "words"),
                "means": Column("Means"),
                "recurring": Column("Recurring", "count"),
                "recurring_value": Column("Worth, a period", "money"),
                "upfront": Column("One-off", "count"),
                "upfront_value": Column("Worth", "money"),
            },
            name="disposition-totals",
            caption="Charges by what became of them",
        )
    ]
    if not holds.is_empty():
        remedies = {
            each.value: known.remedy for each, known in (*HOLDS.items(), *CHANGE_HOLDS.items())
        }
        tables.append(
            html_table(
                holds.with_columns(
                    pl.col("reason")
                    .replace_strict(remedies, default=None, return_dtype=pl.String)
                    .alias("remedy")
                ),
                {
                    "reason": Column("Held because", "words"),
                    "remedy": Column("What to do"),
                    "charges": Column("Charges", "count"),
                    "value": Column("At stake", "money"),
                },
                name="hold-totals",
                caption="Why charges are held, the most money first",
            )
        )
    return Section(
        "charges",
        "The charges of the last run",
        "Each charge of an order line has one disposition; a charge that is held for two reasons "
        "is in both lines of the second table.",
        tables=tables,
    )


def _batches(batches: pl.DataFrame) -> Section:
    if batches.is_empty():
        return Section("batches", "Batches", "None was written yet.")
    table = html_table(
        batches.with_columns(pl.when("is_canary").then(pl.lit("yes")).alias("is_canary")),
        {
            "seq": Column("Batch", "count"),
            "as_of": Column("Of", "day"),
            "state": Column("State", "words"),
            "rows": Column("Rows", "count"),
            "value": Column("Worth", "money"),
            "delivery_mode": Column("Left by"),
            "is_canary": Column("Canary"),
            "undoes": Column("Undoes", "count"),
        },
        name="newest-batches",
        caption="The newest batches",
    )
    return Section(
        "batches",
        "Batches",
        "Exported is not billed: a batch counts once its upload is confirmed.",
        tables=[table],
    )


def _sum(frame: pl.DataFrame, column: str) -> Decimal:
    return total(frame[column].drop_nulls())


def _choices(frame: pl.DataFrame, column: str) -> list[str]:
    return [words(each) for each in sorted(frame[column].drop_nulls().unique())]
