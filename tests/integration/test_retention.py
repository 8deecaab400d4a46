"""What was kept for long enough goes, to the last byte; what keeps us from billing twice stays."""

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flows.console.explain_view import explain_json, show_explanation
from flows.console.main import app
from flows.looking import explain
from flows.reconcile import reconcile
from flows.retention import apply_retention, plan_retention
from flows.verify import verify
from schemas.errors import DeliveryIncomplete, NotAllowed, UsageError
from schemas.receipts import RetentionReceipt
from tests.integration.office import Office, tree
from tests.integration.test_ledger_chain import broken_links
from tests.running import AS_OF

LATER = date(2046, 3, 31)
"""Long after everything in these tests, which began on the wall's day."""

NAME, CLI, STREET, PERSON, SLIP = (
    "Zephyrine Quillfeather",
    "01632960777",
    "7 Xylograph Mews",
    "Ozymandia",
    "qwxyz-slip",
)
CANARIES = (NAME, CLI, STREET, PERSON, SLIP)

PROFILE = """
feeds.max_reject_rate = 0.9

[retention]
file_days = 2200
"""


def belongs_to_c2(row: dict[str, str]) -> bool:
    return row.get("customer_id") == "C2" or row.get("order_id") == "O2"


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """A customer whose one line was billed, ceased and left the feeds; another who stays."""
    office = Office(tmp_path_factory.mktemp("ended") / "office", lines=1, profile=PROFILE)
    add_c2(office)
    office.run()
    office.uploaded(1)
    office.feeds["assets"][1].update(cease_on="2026-03-20", is_live="false")
    office.run(AS_OF + timedelta(days=1))
    office.uploaded(2)
    for name, rows in office.feeds.items():
        office.feeds[name] = [row for row in rows if not belongs_to_c2(row)]
    office.run(AS_OF + timedelta(days=2))
    return office


def add_c2(office: Office) -> None:
    feeds = office.feeds
    feeds["customers"].append(
        {"customer_id": "C2", "name": NAME, "status": "Live", "integration_id": "AC-2"}
    )
    feeds["sites"].append(
        {"site_id": "S2", "customer_id": "C2", "name": f"{NAME} HQ", "integration_id": "AS-2"}
    )
    feeds["addresses"] = [
        {"address_id": f"D{number}", "customer_id": f"C{number}", "address_type": "Billing"}
        | {"line1": line, "postcode": "BL1 1AA"}
        for number, line in enumerate(("1 Mill Lane", STREET), start=1)
    ]
    feeds["contacts"] = [
        {"contact_id": f"K{number}", "customer_id": f"C{number}", "last_name": name}
        for number, name in enumerate(("Smith", PERSON), start=1)
    ]
    feeds["orders"].append(
        {"order_id": "O2", "order_ref": "SO-2", "customer_id": "C2", "site_id": "S2"}
        | {"status": "Completed"}
    )
    feeds["order_lines"].append(
        {"line_id": "L2", "order_id": "O2", "product_id": "P1", "asset_id": "A2"}
        | {"quantity": "2", "connected_on": "2026-03-01"}
    )
    feeds["assets"] += [
        {"asset_id": "A2", "line_id": "L2", "customer_id": "C2", "product_id": "P1", "cli": CLI}
        | {"is_live": "true", "connection_on": "2026-03-01"},
        {"asset_id": "A3", "customer_id": "C2", "product_id": "P1", "is_live": SLIP},
    ]


@pytest.fixture
def office(tmp_path: Path, ended: Office) -> Office:
    return ended.copied(tmp_path / "office")


@pytest.fixture(scope="module")
def forgotten(tmp_path_factory: pytest.TempPathFactory, ended: Office) -> Office:
    """The same, long after, once retention was applied."""
    office = ended.copied(tmp_path_factory.mktemp("forgotten") / "office")
    applied(office)
    return office


@pytest.fixture
def after(tmp_path: Path, forgotten: Office) -> Office:
    return forgotten.copied(tmp_path / "after")


def applied(office: Office) -> RetentionReceipt:
    return apply_retention(office.profile, actor="Ann", today=LATER)


def amounts(receipt: RetentionReceipt) -> dict[str, tuple[int, int]]:
    """Files and rows by kind."""
    return {kind: (each.files, each.rows) for kind, each in receipt.kinds.items()}


def canaries(office: Office) -> set[tuple[str, str]]:
    """Which canaries are in the bytes of what files; the feeds are not ours."""
    files = [
        path
        for folder in (office.profile.warehouse.parent, office.profile.outbox)
        for path in folder.rglob("*")
        if path.is_file()
    ]
    return {
        (path.name, word)
        for path in files
        for word in CANARIES
        if word.encode() in path.read_bytes()
    }


def proofs(office: Office) -> dict[str, list[tuple[Any, ...]]]:
    """What proves that nothing is billed twice, or that the books are whole."""
    return {
        sql: office.query(f"{sql} ORDER BY ALL")
        for sql in (
            "FROM ops.ledger",
            "FROM ops.ledger_commit",
            "SELECT * EXCLUDE (path) FROM out.batch",
            "SELECT seq, file, row_key, action, kind, line_id FROM out.batch_row",
            "SELECT seq, row_key, quantity, unit_price, bill_start_on FROM out.batch_product",
            "SELECT seq, row_key, outcome, code FROM out.batch_outcome",
            "SELECT * EXCLUDE (cli) FROM ops.charge_state",
            "SELECT * EXCLUDE (cli, content) FROM ops.billed",
            "SELECT * EXCLUDE (cli, told_cli) FROM ops.layer_fact",
            "SELECT run_id, feed, record_key, reason FROM ops.reject",
        )
    }


def broken_manifests(office: Office) -> list[int]:
    """The batches whose manifest is not the one that the next one and the warehouse name."""
    wrong, previous = [], None
    for seq, noted, before in office.query(
        "SELECT seq, manifest_sha256, previous_manifest_sha256 FROM out.batch ORDER BY seq"
    ):
        content = (office.batch(seq) / "manifest.json").read_bytes()
        said = json.loads(content)["previous_manifest_sha256"]
        if (hashlib.sha256(content).hexdigest(), before, said) != (noted, previous, previous):
            wrong.append(seq)
        previous = noted
    return wrong


def test_the_canaries_are_everywhere_before(ended: Office):
    kept_in = {name for name, _ in canaries(ended)}

    assert set(CANARIES) == {word for _, word in canaries(ended)}
    assert {"warehouse.duckdb", "r2b.duckdb", "06_clis.csv", "07_ceases.csv"} <= kept_in


def test_a_plan_says_what_would_go_and_changes_not_a_byte(office: Office):
    before = tree(office.folder)
    planned = plan_retention(office.profile, LATER)

    assert before == tree(office.folder)
    assert planned.is_planned
    assert amounts(planned) == amounts(applied(office))
    assert [date(2046, 3, 1), date(2045, 12, 31), date(2040, 3, 22), date(2039, 3, 31)] == [
        each.before for each in planned.kinds.values()
    ]


def test_of_what_ended_long_ago_no_byte_names_anybody(ended: Office, forgotten: Office):
    assert set() == canaries(forgotten)
    assert proofs(ended) == proofs(forgotten)
    assert [] == broken_links(forgotten)
    assert [] == broken_manifests(forgotten)


def test_what_stands_is_as_it_was(ended: Office, forgotten: Office):
    for sql in (
        "FROM ops.billed WHERE line_id = 'L1'",
        "FROM ops.charge_state WHERE line_id = 'L1'",
        "FROM ops.layer_fact WHERE line_id = 'L1'",
        "FROM out.batch_product WHERE line_id = 'L1'",
        "FROM out.batch_cli WHERE site_ref = 'AS-1'",
        "FROM ops.cli_state WHERE site_ref = 'AS-1'",
        "FROM ops.entity_state WHERE layer_id IN ('C1', 'S1', 'D1', 'K1')",
        "FROM core.assets",
        "FROM raw.customers",
    ):
        assert ended.query(f"{sql} ORDER BY ALL") == forgotten.query(f"{sql} ORDER BY ALL"), sql


def test_the_books_are_whole_afterwards(forgotten: Office):
    assert {} == {each.name: each.wrong for each in verify(forgotten.profile) if each.wrong}


def test_it_is_noted_who_removed_what(forgotten: Office):
    noted = forgotten.query(
        "SELECT kind, actor, files, rows > 0, finished_at IS NOT NULL FROM ops.retention "
        "ORDER BY kind"
    )
    removed = json.loads((forgotten.batch(2) / "retention.json").read_bytes())["removed"]

    assert [
        ("files", "Ann", 7, False, True),
        ("personal", "Ann", 0, True, True),
        ("raw", "Ann", 8, False, True),
        ("rejects", "Ann", 0, True, True),
    ] == noted
    assert {"06_clis.csv", "07_ceases.csv", "layer_updates.csv"} <= {
        each["name"] for each in removed
    }
    assert {"Ann"} == {each["by"] for each in removed}


def test_a_second_time_there_is_nothing_left(after: Office):
    nothing = {"raw": (0, 0), "rejects": (0, 0), "files": (0, 0), "personal": (0, 0)}
    before = proofs(after)

    assert nothing == amounts(plan_retention(after.profile, LATER))
    assert nothing == amounts(applied(after))
    assert before == proofs(after)


def test_runs_go_on_and_bill_nothing_twice(after: Office):
    receipt = after.run(AS_OF + timedelta(days=3))
    assert receipt.batch is None

    add_c2(after)
    del after.feeds["addresses"][2:], after.feeds["contacts"][2:]
    after.feeds["assets"][1].update(cease_on="2026-03-20", is_live="false")
    receipt = after.run(AS_OF + timedelta(days=4))

    assert receipt.batch is not None, "who comes back is told anew"
    assert {
        "01_customers.csv": 1,
        "02_sites.csv": 1,
        "03_addresses.csv": 1,
        "04_contacts.csv": 1,
    } == (receipt.batch.files)
    assert ["UPDATE"] == [row["Action"] for row in after.written(3, "01_customers.csv")]
    assert [] == broken_links(after)


def test_a_number_that_comes_back_has_another_row_key(after: Office):
    add_c2(after)
    after.feeds["order_lines"][1].update(line_id="L3", asset_id="A4")
    after.feeds["assets"][1].update(line_id="L3", asset_id="A4")
    receipt = after.run(AS_OF + timedelta(days=3))

    assert receipt.batch is not None
    keys = after.query("SELECT row_key, count(*) FROM out.batch_cli GROUP BY ALL")
    assert [CLI] == [row["CLI"] for row in after.written(3, "06_clis.csv")]
    assert {1} == {count for _, count in keys}


def test_an_old_line_is_explained_still(after: Office):
    story = explain(after.profile, "L2")
    show_explanation(story, every_rule=True)

    assert ["in_billing"] * 2 == [each["disposition"] for each in story.charges]
    assert [None] * 2 == [each["cli"] for each in story.charges]
    assert "L2" == explain_json(story)["line_id"]


def test_the_batch_that_holds_what_stands_is_undone_still(after: Office):
    receipt = after.undo(1)

    assert [("A1", "recurring"), ("A1", "upfront")] == after.query(
        "SELECT asset_id, charge_type FROM out.batch_cease "
        f"WHERE seq = {receipt.seq} AND line_id = 'L1' ORDER BY ALL"
    )


def test_days_whose_records_have_lost_their_numbers_are_not_compared(after: Office):
    profile = str(after.folder / "r2b.toml")

    with pytest.raises(UsageError, match="removed by retention"):
        reconcile.fn(profile, AS_OF, with_report=False)


def test_a_batch_whose_files_are_gone_says_so(after: Office):
    with pytest.raises(DeliveryIncomplete, match="kept long enough"):
        after.uploaded(2)


def test_what_is_young_or_open_stays(tmp_path: Path, written: Callable[[Path, int], Office]):
    office = written(tmp_path, 2)
    office.folder.joinpath("r2b.toml").write_text(PROFILE, encoding="utf-8")
    before = tree(office.profile.outbox)
    receipt = applied(office)

    assert (0, 0) == amounts(receipt)["files"]
    assert (0, 0) == amounts(receipt)["personal"]
    assert before == tree(office.profile.outbox)
    assert {"L1": "exported", "L2": "exported"} == office.dispositions()


def test_nothing_is_old_on_the_day(office: Office):
    nothing = {"raw": (0, 0), "rejects": (0, 0), "files": (0, 0), "personal": (0, 0)}

    assert nothing == amounts(plan_retention(office.profile))


def test_of_a_record_that_is_still_broken_the_last_value_stays(tmp_path: Path):
    office = Office(tmp_path, lines=1, profile=PROFILE)
    office.feeds["assets"].append(
        {"asset_id": "A3", "customer_id": "C1", "product_id": "P1", "is_live": SLIP}
    )
    office.run()
    office.run()
    applied(office)

    assert [(None,), (SLIP,)] == office.query("SELECT raw_value FROM ops.reject ORDER BY run_id")


_KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path

event, name = sys.argv[2:4]

def hook(happening, arguments):
    if happening == event and name in str(arguments[0]):
        os.kill(os.getpid(), signal.SIGKILL)

from flows.profile import load_profile
from flows.retention import apply_retention
sys.addaudithook(hook)
apply_retention(load_profile(Path(sys.argv[1])), actor="Ann", today=date(2046, 3, 31))
"""


@pytest.mark.parametrize(
    ("event", "name"),
    [
        pytest.param("os.rename", "/000001/.retention", id="before the first batch is recorded"),
        pytest.param("os.remove", "/000002/07_ceases", id="amid the files of a batch"),
        pytest.param("os.remove", "/landed/", id="before the landed files"),
        pytest.param("os.rename", "/published/", id="before the copy is published"),
        pytest.param("os.rename", ".compact", id="before the warehouse is put in place"),
    ],
)
def test_killed_between_its_steps_the_next_time_finishes_it(
    office: Office, ended: Office, event: str, name: str
):
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, str(office.folder / "r2b.toml"), event, name],
        check=False,
        capture_output=True,
    )

    assert -signal.SIGKILL == killed.returncode, killed.stderr.decode()
    assert plan_retention(office.profile, LATER).finishes
    assert set() != canaries(office)
    assert applied(office).finishes
    assert set() == canaries(office)
    assert proofs(ended) == proofs(office)
    assert [] == broken_links(office)
    assert [] == broken_manifests(office)
    assert not plan_retention(office.profile, LATER).finishes


def test_who_may_not_approve_removes_nothing(office: Office):
    with (office.folder / "r2b.toml").open("a", encoding="utf-8") as profile:
        profile.write('\n[operators]\nAnn = ["bill_export"]\n')
    before = tree(office.folder)

    with pytest.raises(NotAllowed, match="approve"):
        applied(office)
    after = tree(office.folder)
    # that it was tried is on record
    assert before.pop("outbox/default.audit.jsonl") != after.pop("outbox/default.audit.jsonl")
    assert before == after


def test_the_command_plans_unless_it_is_told_to_apply(office: Office, tmp_path: Path):
    runner, profile = CliRunner(), ["--profile", str(office.folder / "r2b.toml")]
    before = tree(office.folder)
    planned = runner.invoke(app, ["retention", "--json", *profile], catch_exceptions=False)
    shown = runner.invoke(app, ["retention", *profile], catch_exceptions=False)
    nameless = runner.invoke(app, ["retention", "--apply", *profile])
    both = runner.invoke(app, ["retention", "--apply", "--plan", *profile])

    assert before == tree(office.folder)
    assert json.loads(planned.stdout)["is_planned"]
    assert "Nothing was changed" in shown.output
    assert [UsageError] * 2 == [type(each.exception) for each in (nameless, both)]


def test_where_nothing_has_run_there_is_nothing_to_remove(tmp_path: Path):
    office = Office(tmp_path)

    for act in (plan_retention, lambda profile: apply_retention(profile, actor="Ann")):
        with pytest.raises(UsageError, match="nothing has run"):
            act(office.profile)
    assert not office.profile.warehouse.exists()
