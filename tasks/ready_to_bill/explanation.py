"""Every rule with its inputs and verdict, for one line: what `r2b explain` shows.

Pure polars, from the same expressions that judge, so an explanation cannot drift from a verdict.
"""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

import polars as pl

from schemas.vocabulary import ChargeType, Disposition, HoldReason
from tasks.ready_to_bill.charges import charges_of
from tasks.ready_to_bill.judgement import disposition_rules, waiting_reason
from tasks.ready_to_bill.rivals import DUPLICATE_KEY, others_on_cli, others_sold
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


class Beside(NamedTuple):
    """What stands beside one line: what the rules see of it that look at other lines too.

    `claims`, `lives`, `ancestors`, `replaced` as `others_on_cli` takes them, `twins` and
    `handed_over` as `others_sold` does; `held`: the reasons of holds that stand, by charge type.
    """

    claims: pl.DataFrame
    lives: pl.DataFrame
    ancestors: pl.DataFrame
    replaced: pl.DataFrame
    twins: pl.DataFrame
    handed_over: pl.DataFrame
    held: Mapping[str, AbstractSet[str]]


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


_SHOWN = 10
"""Of many rivals, so many are named."""


def with_rivals(line_id: str, asked: ChargeVerdicts, beside: Beside) -> ChargeVerdicts:
    """Ask the rules that look at other lines, too, and name whom they saw."""
    assets = others_on_cli(beside.claims, beside.lives, beside.ancestors, beside.replaced)
    lines = others_sold(line_id, beside.twins, beside.handed_over)
    held = beside.held.get(asked.charge_type, frozenset[str]())
    return asked._replace(
        holds=[
            # an additional number may be what does not fit
            *(
                each._replace(applies=each.applies or each.rule in held)
                if each.rule == HoldReason.LAYOUT_UNFIT
                else each
                for each in asked.holds
            ),
            _beside(HoldReason.CLI_CONFLICT, asked, assets, ("cli", "asset_id"), held=held),
            _beside(HoldReason.SUSPECTED_DUPLICATE, asked, lines, DUPLICATE_KEY, held=held),
            RuleVerdict(
                HoldReason.SOURCE_GONE.value,
                {"asset_id": asked.facts.get("asset_id")},
                HoldReason.SOURCE_GONE in held,
            ),
        ]
    )


def _beside(
    reason: HoldReason,
    asked: ChargeVerdicts,
    others: pl.DataFrame,
    looks_at: tuple[str, ...],
    *,
    held: AbstractSet[str],
) -> RuleVerdict:
    """What Affinity bills all the same holds a charge, too, though nobody is beside it."""
    named = others.filter(pl.col("charge_type") == asked.charge_type)["other"].sort().to_list()
    seen = {name: asked.facts.get(name) for name in looks_at}
    what = "other_assets" if reason is HoldReason.CLI_CONFLICT else "other_lines"
    found: dict[str, Any] = {what: named[:_SHOWN], "how_many": len(named)}
    return RuleVerdict(reason.value, {**seen, **found}, bool(named) or reason in held)


def _name(disposition: Disposition) -> str:
    # the only hold that is asked among the dispositions
    return "unknown_route" if disposition is Disposition.HELD else disposition.value


def _ask(charge: pl.DataFrame, rule: str, expression: pl.Expr) -> RuleVerdict:
    inputs = [name for name in expression.meta.root_names() if name in charge.columns]
    seen = charge.select(list(dict.fromkeys(inputs))).row(0, named=True) if inputs else {}
    return RuleVerdict(rule, seen, bool(charge.select(expression.alias("verdict")).item()))
