"""Judge every charge of the accepted lines and store what came out."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial

import polars as pl

from schemas.cli_text import clean_numbers, cli_profile, read_cli
from schemas.layout import is_narrow
from schemas.receipts import JudgementReceipt, Money, RunRef
from schemas.vocabulary import Disposition
from tasks.fingerprint import fingerprint
from tasks.ready_to_bill.invoicing import billed_in_affinity
from tasks.ready_to_bill.judgement import Judging, judge_here
from tasks.ready_to_bill.rivals import cli_conflicts, suspected_duplicates
from tasks.ready_to_bill.rules import numbers_unfit, plausible
from tasks.ready_to_bill.terms import Terms
from tasks.step import step
from warehouse.background import writing_behind
from warehouse.charges import ChargeStore, ExtraColumn
from warehouse.connection import open_warehouse, transaction
from warehouse.judged import Days, JudgedStore
from warehouse.runs import note_warnings


@step("judge charges")
def judge_charges(
    run: RunRef,
    terms: Terms,
    extra: tuple[ExtraColumn, ...],
    judging: Judging = judge_here,
) -> JudgementReceipt:
    """Decide for both charges of every accepted line.

    A line of which nothing has changed since the last judgement is left as it was judged. Reading
    and storing is done here, by one process, wherever `judging` has the buckets of lines judged.
    """
    by, days = _judged_by(terms, extra), _days(terms)
    with open_warehouse(run.warehouse, memory=run.memory) as connection:
        store, judged_store = ChargeStore(connection), JudgedStore(connection)
        with transaction(connection):
            store.resolve(platform_names=terms.platform_names, as_of=terms.as_of)
            listed_only = judged_store.find_lines(by, days)
        with transaction(connection):
            store.start_over(listed_only=listed_only)
            with (
                closing(store.line_facts(extra, listed_only=listed_only)) as lines,
                closing(judging(lines, terms)) as judgements,
                writing_behind() as later,
            ):
                for judged in judgements:
                    later(
                        partial(
                            store.add,
                            judged.charges,
                            judged.holds,
                            judged.claims,
                            judged.billed,
                            judged.oddities,
                        )
                    )
            lives = _lives(store, terms, listed_only=listed_only)
            store.keep_lives(lives, listed_only=listed_only)
            claims, others, ancestors, replaced = store.contested()
            store.add_rivals(cli_conflicts(claims, others, ancestors, replaced))
            claims, others, ancestors = store.contested_by_changes(run.as_of)
            store.keep_change_rivals(cli_conflicts(claims, others, ancestors, replaced))
            if is_narrow(terms.cli_layout):
                numbers = clean_numbers(
                    store.numbers_of_ready(), terms.cli_profiles, expands=terms.expands_ranges
                )
                store.add_rivals(numbers_unfit(numbers, terms.cli_layout))
            store.add_rivals(suspected_duplicates(*store.twins()))
            store.add_rivals(store.billed_all_the_same())
            store.mark_billed_in_both(billed_in_affinity(store.own_in_snapshot(run.as_of)))
            store.keep_gone()
            store.remember_days(run.as_of)
            note_warnings(connection, run.run_id, store.oddities())
            judged_store.note_judged(by, days, listed_only=listed_only)
        return JudgementReceipt(
            dispositions=_with_all_names(store.dispositions()),
            holds=_money(store.holds()),
        )


def _judged_by(terms: Terms, extra: tuple[ExtraColumn, ...]) -> str:
    """Whatever a judgement depends on besides the facts and the day."""
    return fingerprint(replace(terms, as_of=date.min), extra)


def _days(terms: Terms) -> Days:
    earliest, latest = pl.select(*plausible(terms)).row(0)
    return Days(terms.as_of, earliest, latest)


def _lives(store: ChargeStore, terms: Terms, *, listed_only: bool) -> Iterator[pl.DataFrame]:
    """The cleaned CLIs of live root service assets; those that do not clean live nowhere."""
    for assets in store.asset_clis(listed_only=listed_only):
        profile = cli_profile(
            pl.col("base_category"), pl.col("needs_cli"), dict(terms.cli_profiles)
        )
        yield (
            assets.with_columns(profile.alias("profile"))
            .select(
                "asset_id",
                read_cli(pl.col("cli_text"), pl.col("profile")).cleaned.alias("cli"),
                "connection_on",
                "cease_on",
            )
            .drop_nulls("cli")
        )


def _with_all_names(sums: dict[str, tuple[int, str]]) -> dict[str, Money]:
    return {**{name.value: Money() for name in Disposition}, **_money(sums)}


def _money(sums: dict[str, tuple[int, str]]) -> dict[str, Money]:
    return {name: Money(charges, Decimal(value)) for name, (charges, value) in sums.items()}
