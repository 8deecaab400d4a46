"""Every rule with its inputs and verdict, for one line: what `r2b explain` shows.

Pure polars, from the same expressions that judge, so an explanation cannot drift from a verdict.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import polars as pl

from schemas.vocabulary import ChargeType, Disposition
from tasks.ready_to_bill.charges import charges_of
from tasks.ready_to_bill.judgement import disposition_rules, waiting_reason
from tasks.ready_to_bill.rules import rules_of
from tasks.ready_to_bill.terms import Terms


class RuleVerdict(NamedTuple):
    """One rule looked at for one charge: what it saw, and whether it applies."""

    rule: str
    inputs: dict[str, Any]
    applies: bool


class ChargeVerdicts(NamedTuple):
    """All rules of one charge, in the order they are asked, and the facts they were asked of."""

    charge_type: str
    facts: dict[str, Any]
    dispositions: list[RuleVerdict]
    holds: list[RuleVerdict]


def verdicts(line: pl.DataFrame, terms: Terms) -> Iterator[ChargeVerdicts]:
    """Ask every rule of both charges of one line.

    Args:
        line: LINE_FACTS of one line.
        terms: what the profile and the day say.
    """
    charges = charges_of(line, terms).with_columns(waiting_reason(terms).alias("waiting_reason"))
    holds = rules_of(terms)
    for charge_type in ChargeType:
        charge = charges.filter(pl.col("is_charge") & (pl.col("charge_type") == charge_type))
        if charge.is_empty():
            continue
        yield ChargeVerdicts(
            charge_type=charge_type.value,
            facts=charge.row(0, named=True),
            dispositions=[
                _ask(charge, _name(disposition), condition.fill_null(value=False))
                for condition, disposition in disposition_rules()
            ],
            holds=[_ask(charge, reason, rule) for reason, rule in holds.items()],
        )


def _name(disposition: Disposition) -> str:
    # the only hold that is asked among the dispositions
    return "unknown_route" if disposition is Disposition.HELD else disposition.value


def _ask(charge: pl.DataFrame, rule: str, expression: pl.Expr) -> RuleVerdict:
    inputs = [name for name in expression.meta.root_names() if name in charge.columns]
    seen = charge.select(list(dict.fromkeys(inputs))).row(0, named=True) if inputs else {}
    return RuleVerdict(rule, seen, bool(charge.select(expression.alias("verdict")).item()))
