"""`r2b explain`: however far the runs came, what is known of a line is said."""

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from flows.console.answering import out
from flows.console.explain_view import explain_json, show_explanation
from flows.looking import explain
from schemas.errors import StaleStatus, UsageError
from tests.integration.office import Office
from tests.running import AS_OF


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
        (
            "L2",
            [
                "cli conflict (cli = 01204600002; asset id = A2; other assets = A3; how many = 1)",
            ],
        ),
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


def rules_of(office: Office, line: str, charge: int = 0) -> dict[str, dict[str, object]]:
    """The rules of a line's charge, by name."""
    rules = explain_json(explain(office.profile, line))["charges"][charge]["rules"]
    return {each["rule"]: each for each in rules}


def test_who_is_beside_a_charge_is_named(judged: Office):
    assert {
        "rule": "cli_conflict",
        "inputs": {
            "cli": "01204600002",
            "asset_id": "A3",
            "other_assets": ["A2"],
            "how_many": 1,
        },
        "applies": True,
    } == rules_of(judged, "L3")["cli_conflict"]
    assert not rules_of(judged, "L5")["cli_conflict"]["applies"]
    assert not rules_of(judged, "L2")["suspected_duplicate"]["applies"]


def sold_twice(folder: Path, lines: int) -> Office:
    """Lines of one office that were all sold with the one asset, from the same day."""
    office = Office(folder / "office", lines=1)
    for number in range(2, lines + 1):
        sell_again(office, number)
    return office


def sell_again(office: Office, number: int) -> None:
    office.add_line(number)
    office.line(number)["asset_id"] = "A1"
    office.feeds["assets"].pop()


@pytest.mark.parametrize("lines", [2, 3, 14])
def test_a_sale_that_looks_like_another_names_the_other(tmp_path: Path, lines: int):
    office = sold_twice(tmp_path, lines)
    receipt = office.run()
    found = rules_of(office, "L2", 1)["suspected_duplicate"]
    others = sorted(f"L{number}" for number in range(1, lines + 1) if number != 2)

    assert {"suspected_duplicate"} <= set(receipt.holds)
    assert found["applies"]
    assert (others[:10], lines - 1) == (
        found["inputs"]["other_lines"],
        found["inputs"]["how_many"],
    )


def test_what_was_handed_over_is_named_as_well(tmp_path: Path):
    office = sold_twice(tmp_path, 1)
    office.run()
    sell_again(office, 2)
    office.run()

    assert ["L1"] == rules_of(office, "L2", 1)["suspected_duplicate"]["inputs"]["other_lines"]
    assert not rules_of(office, "L1", 1)["suspected_duplicate"]["applies"]


def test_an_asset_that_is_gone_decides_too(tmp_path: Path):
    office = Office(tmp_path / "office", lines=2)
    office.run()
    office.feeds["assets"].pop()
    office.run()

    assert rules_of(office, "L2", 1)["source_gone"]["applies"]
    assert not rules_of(office, "L1", 1)["source_gone"]["applies"]


def test_a_run_that_was_stopped_by_its_feeds_changes_no_explanation(tmp_path: Path):
    office = Office(tmp_path / "office", lines=4)
    office.line(1)["connected_on"] = "2026-04-10"
    office.run(date(2026, 3, 31))
    before = explain(office.profile, "L1")
    office.line(2)["quantity"] = office.line(3)["quantity"] = "x"
    stopped = office.job(date(2026, 4, 30)).exit_code
    after = explain(office.profile, "L1")

    assert 30 == stopped
    assert date(2026, 3, 31) == after.as_of
    assert before.verdicts == after.verdicts
    assert ["waiting"] == [each.rule for each in after.verdicts[0].dispositions if each.applies]


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


def test_what_the_open_batch_says_is_shown_beside_what_has_become_of_it(tmp_path: Path):
    office = Office(tmp_path / "office", lines=1)
    office.run()
    office.line(1)["quantity"] = "5"
    office.run(AS_OF + timedelta(days=1))

    assert [("charges", "charge of an open batch has changed since it was written", 2)] == (
        office.query("SELECT subject, warning, records FROM ops.warning")
    )
    assert "5 x £5.50 = £27.50" in shown(office, "L1")
    assert "Written: 2 x £5.50; SKU SKU-1; CLI 01204600001;" in shown(office, "L1")
    recurring = explain_json(explain(office.profile, "L1"))["charges"][1]
    assert ("recurring", 2) == (recurring["charge_type"], recurring["written"]["quantity"])


def test_a_line_that_an_earlier_delta_broke_shows_its_reject(tmp_path: Path):
    profile = "feeds.mode = 'delta'\n[feeds.max_reject_rate]\norder_lines = 1\n"
    office = Office(tmp_path / "office", lines=2, profile=profile)
    office.run()
    office.feeds = {"order_lines": [office.line(2) | {"quantity": "none"}]}
    office.run(AS_OF + timedelta(days=1))
    office.feeds = {"order_lines": []}
    office.run(AS_OF + timedelta(days=2))

    assert "Rejected (row 1, quantity): It is no whole number of at least 1." in shown(
        office, "L2", every_rule=True
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


def test_a_warehouse_that_an_older_version_left_has_to_run_first(judged: Office, tmp_path: Path):
    office = judged.copied(tmp_path / "office")
    with duckdb.connect(str(office.profile.warehouse)) as connection:
        connection.execute(
            "DELETE FROM main.migration WHERE number = (SELECT max(number) FROM main.migration)"
        )
    with pytest.raises(StaleStatus, match=r"an older version.*The next `r2b run`"):
        explain(office.profile, "L1")


def test_a_line_that_is_not_in_the_feeds_is_not_known(tmp_path: Path):
    office = Office(tmp_path / "office")
    office.run()

    with pytest.raises(UsageError, match="there is no line L9 in the last run"):
        explain(office.profile, "L9")
