"""Check what the judgement of charges does not look at, and store what came out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from schemas.own_rules import ExtraRule
from schemas.receipts import RunRef
from schemas.vocabulary import CliProfile, Stage
from tasks.checks.cli_capture import captures
from tasks.checks.price_book import PriceBookTerms, price_book
from tasks.checks.records import issues
from tasks.step import step
from warehouse.background import writing_behind
from warehouse.charges import ExtraColumn
from warehouse.checks import CheckStore
from warehouse.connection import open_warehouse, transaction
from warehouse.judged import JudgedStore


@dataclass(frozen=True)
class CheckTerms:
    """What the profile says about records and the price book."""

    rules: tuple[ExtraRule, ...] = ()
    cli_profiles: Mapping[str, CliProfile] = field(default_factory=dict)
    price_book: PriceBookTerms = field(default_factory=PriceBookTerms)


@step("check records")
def check_records(run: RunRef, terms: CheckTerms) -> dict[str, int]:
    """Judge every accepted record by the rules of its stage; look at CLIs and the price book.

    Follows the judgement of charges, which has resolved the lines' assets; replaces the last
    run's findings, but for the CLIs of lines that were not judged since: those are as they were.

    Returns:
        How much was found, by `Finding`, zeros included.
    """
    with open_warehouse(run.warehouse, memory=run.memory) as connection:
        store, judged = CheckStore(connection), JudgedStore(connection)
        with transaction(connection):
            listed_only = judged.list_judged_since("check records")
        with transaction(connection):
            store.start_over(listed_only=listed_only)
            with writing_behind() as later:
                for stage in Stage:
                    rules = [rule for rule in terms.rules if rule.stage == stage]
                    if not rules:
                        continue
                    for records in store.records(stage, _columns(rules)):
                        later(partial(store.add_issues, issues(records, rules)))
                for lines in store.cli_texts(listed_only=listed_only):
                    later(partial(store.add_captures, captures(lines, terms.cli_profiles)))
            judged.note_done("check records")
            store.remember_issues(run.as_of)
            store.add_price_book(price_book(store.products(), store.catalogue(), terms.price_book))
        return store.counts()


def _columns(rules: list[ExtraRule]) -> list[ExtraColumn]:
    """The fields the rules look at, each once."""
    return sorted({ExtraColumn(rule.column, rule.stage, rule.field) for rule in rules})
