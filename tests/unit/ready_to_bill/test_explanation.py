"""What `explain` says of a charge is what was judged: the same rules, the same verdicts."""

from typing import Any

import pytest

from schemas.vocabulary import ChargeType, Disposition
from tasks.ready_to_bill.explanation import ChargeVerdicts, verdicts
from tasks.ready_to_bill.terms import Terms
from tests.builders import line, terms, verdict
from tests.unit.ready_to_bill.hold_cases import CASES, Case
from tests.unit.ready_to_bill.test_dispositions import IN_ORDER, WAITS

SITUATIONS = [
    *((f"{name}: {about}", given, {}) for name, about, given, _ in IN_ORDER),
    *((f"{name}: {about}", given, {}) for name, about, given in WAITS),
    *((case.id, case.given, case.terms) for case in CASES),
]


def concluded(said: ChargeVerdicts) -> tuple[str, list[str]]:
    """Disposition and holds, by reading the explanation from the top."""
    for rule in said.dispositions:
        if rule.applies:
            unknown = rule.rule == "unknown_route"
            return ("held", ["unknown_route"]) if unknown else (rule.rule, [])
    holds = sorted(rule.rule for rule in said.holds if rule.applies)
    return ("held" if holds else "ready"), holds


@pytest.mark.parametrize(
    ("given", "on"), [pytest.param(given, on, id=name) for name, given, on in SITUATIONS]
)
def test_an_explanation_comes_to_what_was_judged(given: dict[str, Any], on: dict[str, Any]):
    facts, at = line(**given), terms(**on)
    judged = {each.charge_type: concluded(each) for each in verdicts(facts, at)}

    assert {kind.value: verdict(facts, at, kind)[:2] for kind in ChargeType} == judged


def test_every_rule_is_asked_in_the_contracts_order():
    said = next(iter(verdicts(line(), terms())))

    assert [
        "in_billing",
        "exported",
        "cancelled",
        "amendment",
        "not_applicable",
        "unknown_route",
        "billed_in_layer",
        "other_platform",
        "do_not_bill",
        "waiting",
    ] == [rule.rule for rule in said.dispositions]
    assert {Disposition.HELD, Disposition.READY} == set(Disposition) - {
        Disposition(rule.rule) for rule in said.dispositions if rule.rule != "unknown_route"
    }


def test_a_verdict_shows_what_it_looked_at():
    said = list(verdicts(line(customer_ref=None), terms()))[1]
    unlinked = next(rule for rule in said.holds if rule.rule == "customer_unlinked")

    assert ({"customer_ref": None}, True) == (unlinked.inputs, unlinked.applies)


def test_a_rule_that_looks_at_nothing_shows_nothing():
    said = list(verdicts(line(), terms(catalogue_given=False)))[1]
    unknown = next(rule for rule in said.holds if rule.rule == "sku_unknown")

    assert ({}, False) == (unknown.inputs, unknown.applies)


def test_no_line_has_no_explanation():
    nothing: list[ChargeVerdicts] = []

    assert nothing == list(verdicts(line().clear(), terms()))


def test_terms_are_plain_values_and_compare_by_what_they_say():
    assert terms() == terms()
    assert Terms(as_of=terms().as_of) != terms()


@pytest.mark.parametrize("case", CASES[:1], ids=lambda case: case.id)
def test_facts_are_those_of_the_charge(case: Case):
    said = {each.charge_type: each.facts for each in verdicts(line(**case.given), terms())}

    assert "Gama" == said["recurring"]["route"]
    assert "Affinity" == said["upfront"]["route"]
