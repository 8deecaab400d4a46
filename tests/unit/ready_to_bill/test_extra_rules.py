"""The blocking rules of a profile: `rule:<name>` holds a charge whose field breaks it."""

from typing import Any

import polars as pl
import pytest

from schemas.own_rules import ExtraRule
from tasks.ready_to_bill.judgement import judge
from tasks.ready_to_bill.rules import rules_of
from tests.builders import line, terms


def holds(texts: list[str | None] | None, *, present: bool | None = True, **rule: Any) -> bool:
    """True when a rule about a field with these texts (one per record) holds a charge."""
    mine = ExtraRule(**{"name": "mine", "column": "field", "present": "there", **rule})
    facts = line().with_columns(
        pl.Series("field", [texts], dtype=pl.List(pl.String)),
        pl.Series("there", [present], dtype=pl.Boolean),
    )
    judgement = judge(facts, terms(rules=(mine,)))
    assert {"rule:mine"} >= set(judgement.holds["reason"])
    return judgement.charges["disposition"].to_list() == ["held", "held"]


@pytest.mark.parametrize(
    ("texts", "rule", "expected"),
    [
        pytest.param([None], {"required": True}, True, id="a required field that is blank"),
        pytest.param(["x"], {"required": True}, False, id="a required field that is not"),
        pytest.param([None], {"min_length": 3}, False, id="a blank breaks only `required`"),
        pytest.param(["ab"], {"min_length": 3}, True, id="too short"),
        pytest.param(["abc"], {"min_length": 3}, False, id="just long enough"),
        pytest.param(["日本語"], {"min_length": 3}, False, id="characters count, not bytes"),
        pytest.param(["abcd"], {"max_length": 3}, True, id="too long"),
        pytest.param(["abc"], {"max_length": 3}, False, id="as long as may be"),
        pytest.param([""], {"max_length": 0}, False, id="nothing is not too long"),
        pytest.param(["PO-1"], {"pattern": "PO-[0-9]+"}, False, id="fits the pattern"),
        pytest.param(["xPO-1"], {"pattern": "PO-[0-9]+"}, True, id="the pattern is for the whole"),
        pytest.param(["PO-1\n"], {"pattern": "PO-[0-9]+"}, True, id="a line break is no end"),
        pytest.param(["b"], {"pattern": "a|b"}, False, id="an alternative is one pattern"),
        pytest.param(["New"], {"allowed": ("New",)}, False, id="an allowed value"),
        pytest.param(["new"], {"allowed": ("New",)}, True, id="case counts"),
        pytest.param(
            ["0161"], {"allowed_characters": "0123456789"}, False, id="allowed characters"
        ),
        pytest.param(
            ["01x61"], {"allowed_characters": "0123456789"}, True, id="a foreign one inside"
        ),
        pytest.param(["ok"], {"min_length": 1, "max_length": 1}, True, id="any part that breaks"),
        pytest.param(["x"], {}, False, id="a rule that asks nothing"),
        pytest.param(["good", None], {"required": True}, True, id="each of several records"),
        pytest.param(["good", "fine"], {"min_length": 4}, False, id="all of several records"),
    ],
)
def test_what_breaks_a_rule(texts: list[str | None], rule: dict[str, Any], expected: bool):
    assert expected == holds(texts, **rule)


@pytest.mark.parametrize("present", [False, None], ids=["no such record", "nobody knows"])
def test_a_rule_says_nothing_of_a_record_that_is_not_there(present: bool | None):
    assert not holds(None, present=present, required=True)
    assert not holds([None], present=present, required=True)


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        pytest.param({"products": frozenset({"P1", "P2"})}, True, id="its product"),
        pytest.param({"products": frozenset({"P2"})}, False, id="another product"),
        pytest.param({"products": frozenset({"p1"})}, False, id="an id in another case"),
        pytest.param({"base_categories": frozenset({"voice"})}, True, id="its base category"),
        pytest.param({"base_categories": frozenset({"Data"})}, False, id="another base category"),
        pytest.param(
            {"products": frozenset({"P1"}), "base_categories": frozenset({"Data"})},
            False,
            id="both must fit",
        ),
    ],
)
def test_the_scope_of_a_rule(scope: dict[str, Any], expected: bool):
    assert expected == holds([None], required=True, **scope)


def test_a_rule_for_a_category_says_nothing_of_a_product_without_one():
    mine = ExtraRule(
        name="mine",
        column="field",
        present="there",
        required=True,
        base_categories=frozenset({"Voice"}),
    )
    facts = line(base_category=None).with_columns(
        pl.Series("field", [[None]], dtype=pl.List(pl.String)), there=pl.lit(value=True)
    )

    assert judge(facts, terms(rules=(mine,))).holds.is_empty()


def test_rules_of_the_profile_come_last_under_their_own_name():
    mine = ExtraRule(name="po needed", column="field", present="there")

    assert "rule:po needed" == list(rules_of(terms(rules=(mine,))))[-1]
