"""Every record by the rules of its stage: the same engine that holds charges."""

from typing import Any

import polars as pl
import pytest

from schemas.own_rules import ExtraRule, sentence
from schemas.vocabulary import Severity, Stage
from tasks.checks.records import ISSUE, issues

RULE: dict[str, Any] = {
    "name": "mine",
    "column": "rule_quotation_cli",
    "present": "has_quotation",
    "stage": Stage.QUOTATION,
    "field": "cli",
}


def rule(**asks: Any) -> ExtraRule:
    return ExtraRule(**{**RULE, **asks})


def record(text: str | None = None, **overrides: Any) -> pl.DataFrame:
    """A quotation line without an order line, with this text as its CLI."""
    facts = {
        "record_key": "Q1",
        "line_id": None,
        "customer_id": "C1",
        "product_id": "P1",
        "base_category": "Voice",
        "has_quotation": True,
        "rule_quotation_cli": [text],
        **overrides,
    }
    types = {
        "line_id": pl.String,
        "base_category": pl.String,
        "rule_quotation_cli": pl.List(pl.String),
    }
    return pl.DataFrame([facts], schema_overrides=types)


def test_an_issue_tells_all_there_is_to_know_of_it():
    found = issues(record("12"), [rule(min_length=3, severity=Severity.WARN, message="Too short")])

    assert ISSUE == found.schema
    assert [
        {
            "stage": "quotation",
            "record_key": "Q1",
            "line_id": None,
            "customer_id": "C1",
            "product_id": "P1",
            "scope": "all",
            "field": "cli",
            "rule": "mine",
            "severity": "warn",
            "message": "Too short",
            "text": "12",
        }
    ] == found.to_dicts()


@pytest.mark.parametrize(
    ("text", "asks", "expected"),
    [
        pytest.param(None, {"required": True}, 1, id="a blank that must not be"),
        pytest.param(None, {"min_length": 2}, 0, id="a blank breaks nothing else"),
        pytest.param(
            "ab", {"required": True, "min_length": 3, "pattern": "x"}, 1, id="once a rule"
        ),
        pytest.param("ab", {"pattern": "[a-z]+"}, 0, id="text that fits"),
    ],
)
def test_what_is_an_issue(text: str | None, asks: dict[str, Any], expected: int):
    assert expected == issues(record(text), [rule(**asks)]).height


@pytest.mark.parametrize(
    ("scope", "of_record", "expected"),
    [
        pytest.param({}, {}, ["all"], id="no scope"),
        pytest.param({"products": frozenset({"P1"})}, {}, ["product P1"], id="its product"),
        pytest.param({"products": frozenset({"P2"})}, {}, [], id="another product"),
        pytest.param(
            {"base_categories": frozenset({"voice", "Data"})},
            {},
            ["base category Voice"],
            id="its base category, as the product spells it",
        ),
        pytest.param({"base_categories": frozenset({"Data"})}, {}, [], id="another base category"),
        pytest.param(
            {"base_categories": frozenset({"Voice"})},
            {"base_category": None},
            [],
            id="a product nobody knows has no base category",
        ),
        pytest.param(
            {"products": frozenset({"P1"}), "base_categories": frozenset({"Voice"})},
            {},
            ["product P1 and base category Voice"],
            id="both",
        ),
    ],
)
def test_the_scope_of_an_issue(
    scope: dict[str, Any], of_record: dict[str, Any], expected: list[str]
):
    found = issues(record(None, **of_record), [rule(required=True, **scope)])

    assert expected == found["scope"].to_list()


def test_two_rules_are_two_issues():
    found = issues(record(None), [rule(required=True), rule(name="other", required=True)])

    assert ["mine", "other"] == found["rule"].to_list()


def test_no_rules_find_nothing():
    assert issues(record(None), []).is_empty()


@pytest.mark.parametrize(
    ("asks", "expected"),
    [
        pytest.param({"message": "Mine."}, "Mine.", id="the rule's own words"),
        pytest.param({"required": True}, "cli must not be blank.", id="required"),
        pytest.param({"min_length": 1}, "cli must have at least 1 character.", id="shortest"),
        pytest.param({"max_length": 9}, "cli must have at most 9 characters.", id="longest"),
        pytest.param(
            {"min_length": 2, "max_length": 9}, "cli must have 2 to 9 characters.", id="between"
        ),
        pytest.param({"pattern": "0[0-9]+"}, "cli must match 0[0-9]+.", id="a pattern"),
        pytest.param({"allowed": ("A",)}, "cli must be A.", id="one value"),
        pytest.param({"allowed": ("A", "B", "C")}, "cli must be A, B or C.", id="some values"),
        pytest.param(
            {"required": True, "allowed_characters": "01"},
            "cli must not be blank and may only hold the characters 01.",
            id="two things",
        ),
    ],
)
def test_what_is_said_of_a_rule(asks: dict[str, Any], expected: str):
    assert expected == sentence(rule(**asks))
