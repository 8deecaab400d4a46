"""Each hold by itself, all holds together, and none forgotten."""

from datetime import date

import pytest

from schemas.explanations import HOLDS as EXPLAINED
from schemas.explanations import hold_explanation
from schemas.vocabulary import HoldReason
from tasks.ready_to_bill.rules import RULES
from tests.builders import GOODS, line, terms, verdict
from tests.unit.ready_to_bill.hold_cases import CASES, HOLDS, NEAR_MISS, UNKNOWN, Case

FROM_OTHER_LINES = {HoldReason.CLI_CONFLICT, HoldReason.SUSPECTED_DUPLICATE}
"""Rules in `rivals.py`, cases in `test_rivals.py`."""

AMONG_THE_DISPOSITIONS = {HoldReason.UNKNOWN_ROUTE}
REPORTED_BY_THE_WAREHOUSE = {HoldReason.SOURCE_GONE}
"""Never holds anything; cases in `tests/integration/test_what_is_gone.py`."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_what_holds_a_charge(case: Case):
    judged = verdict(line(**case.given), terms(**case.terms), case.charge_type)

    assert case.expected == judged.holds
    assert bool(case.expected) == (judged.disposition == "held")


def test_a_valid_line_is_ready_in_both_charges():
    both = [verdict(line(), charge_type=charge_type) for charge_type in ("upfront", "recurring")]

    assert [("ready", []), ("ready", [])] == [each[:2] for each in both]


def test_issued_goods_are_ready():
    assert ("ready", []) == verdict(line(**GOODS), charge_type="upfront")[:2]


def test_every_reason_is_given_and_not_only_the_first():
    wrong = line(
        customer_ref=None,
        site_customer_id="C2",
        asset_is_live=False,
        recurring_sku=None,
        frequency=None,
        asset_cli="nonsense",
        bill_start_override=date(2020, 1, 1),
    )

    assert [
        "asset_not_live",
        "bill_start_implausible",
        "cli_malformed",
        "customer_unlinked",
        "frequency_missing",
        "site_mismatch",
        "sku_missing",
    ] == verdict(wrong).holds


@pytest.mark.parametrize("reason", HoldReason)
def test_every_reason_has_a_rule(reason: HoldReason):
    elsewhere = FROM_OTHER_LINES | AMONG_THE_DISPOSITIONS | REPORTED_BY_THE_WAREHOUSE

    assert (reason in RULES) != (reason in elsewhere)


@pytest.mark.parametrize("kind", [HOLDS, NEAR_MISS, UNKNOWN])
@pytest.mark.parametrize(
    "reason", sorted(set(HoldReason) - FROM_OTHER_LINES - REPORTED_BY_THE_WAREHOUSE)
)
def test_every_reason_has_a_case_of_every_kind(reason: HoldReason, kind: str):
    assert any(case.reason == reason and case.kind == kind for case in CASES)


@pytest.mark.parametrize("case", [c for c in CASES if c.kind == HOLDS], ids=lambda case: case.id)
def test_a_case_that_holds_is_about_its_reason(case: Case):
    assert case.reason in case.expected


def test_every_reason_is_explained():
    assert set(HoldReason) == set(EXPLAINED)
    assert all(all(each) for each in EXPLAINED.values())


@pytest.mark.parametrize("reason", HoldReason)
def test_a_hold_is_explained_by_its_stored_text(reason: HoldReason):
    assert EXPLAINED[reason] == hold_explanation(str(reason))


def test_a_rule_of_the_profile_is_explained_by_its_name():
    explanation = hold_explanation("rule:po_needed")

    assert "It breaks your own rule 'po_needed'." == explanation.meaning
