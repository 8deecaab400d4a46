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
