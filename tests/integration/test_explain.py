"""`r2b explain`: however far the runs came, what is known of a line is said."""

from pathlib import Path

import pytest

from flows.console.answering import out
from flows.console.explain_view import explain_json, show_explanation
from flows.looking import explain
from schemas.errors import UsageError
from tests.integration.office import Office


def shown(office: Office, line: str, *, every_rule: bool = False) -> str:
    with out.capture() as said:
        show_explanation(explain(office.profile, line), every_rule=every_rule)
    return said.get()


def decided(office: Office, line: str) -> list[str]:
    """What is said to have decided on each charge of a line, the upfront one first."""
    return [
        each.strip().removeprefix("Decided by: ")
        for each in shown(office, line).splitlines()
        if "Decided by" in each
    ]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """L1 is held for itself, L2 and L3 for each other, L4 waits, L5 is exported."""
    office = Office(tmp_path_factory.mktemp("judged") / "office", lines=5)
    office.record("assets")["cli"] = "junk"
    office.line(1)["bill_start_override"] = "2020-01-01"
    office.record("assets", 3)["cli"] = office.record("assets", 2)["cli"]
    office.line(4)["connected_on"] = ""
    office.run()
    return office


@pytest.mark.parametrize(
    ("line", "rules"),
    [
        (
            "L1",
            [
                "cli malformed (cli is malformed = yes)",
                "bill start implausible (bill start on = 2020-01-01)",
            ],
        ),
        ("L2", ["cli conflict (seen beside other charges)"]),
        ("L4", ["waiting (waiting reason = no_connected_date)"]),
        ("L5", ["exported (ledger status = exported)"]),
    ],
)
def test_the_rules_that_decided_are_shown_with_what_they_saw(
    judged: Office, line: str, rules: list[str]
):
    assert ["; ".join(rules)] * 2 == decided(judged, line)


def test_every_rule_is_shown_when_all_are_asked_for(judged: Office):
    said = shown(judged, "L1", every_rule=True)
    rules = explain_json(explain(judged.profile, "L1"))["charges"][0]["rules"]

    assert len(rules) > 30
    assert [] == [each["rule"] for each in rules if each["rule"].replace("_", " ") not in said]
    assert "Decided by" not in said
    assert "with --all" not in said


@pytest.fixture
def stopped(tmp_path: Path) -> Office:
    """The first run read L1 and L2, rejected L3, and stopped for too many rejects."""
    office = Office(tmp_path / "office", lines=3)
    office.line(3)["quantity"] = "0"
    assert 30 == office.job().exit_code
    return office


def test_a_line_rejected_by_a_run_that_never_judged_shows_its_reject(stopped: Office):
    said = shown(stopped, "L3", every_rule=True)
    content = explain_json(explain(stopped.profile, "L3"))

    assert "Rejected (row 3, quantity): It is no whole number of at least 1." in said
    assert ([], ["bad_quantity"]) == (
        content["charges"],
        [each["reason"] for each in content["rejects"]],
    )


def test_a_line_that_no_run_has_judged_is_said_to_be_so(stopped: Office):
    with pytest.raises(UsageError, match="no run has come as far as judging one"):
        explain(stopped.profile, "L1")


def test_where_no_run_has_read_anything_the_first_is_asked_for(tmp_path: Path):
    office = Office(tmp_path / "office")
    office.save()
    with pytest.raises(UsageError, match=r"nothing has run here yet.*Run `r2b run` first"):
        explain(office.profile, "L1")
    del office.feeds["orders"]

    assert 22 == office.job().exit_code
    with pytest.raises(UsageError, match=r"nothing has been read here yet.*Run `r2b run` first"):
        explain(office.profile, "L1")


def test_a_line_that_is_not_in_the_feeds_is_not_known(tmp_path: Path):
    office = Office(tmp_path / "office")
    office.run()

    with pytest.raises(UsageError, match="there is no line L9 in the last run"):
        explain(office.profile, "L9")
