"""Every act of a person is on record, refused ones too; what is tampered with is found."""

import contextlib
import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flows.audit import trail_of
from flows.audit_desk import approve, check_trail, list_entries, restore_trail
from flows.console.answering import out
from flows.console.main import app
from flows.queue_desk import discard, release, retry_now
from flows.transfer import abandon, transfer_by_command, transfer_to_billing
from flows.upkeep import upkeep
from flows.verify import verify
from schemas.audit import Deed
from schemas.errors import (
    DeliveryIncomplete,
    IllegalTransition,
    NotAllowed,
    ProfileWrong,
    UsageError,
    WarehouseBusy,
)
from schemas.vocabulary import Act, ActOutcome
from tasks.audit.chain import entries_of, line_of, sealed
from tests.exchange import exchange
from tests.integration.office import Office
from tests.running import mart
from warehouse.lock import only_run

Written = Callable[[Path, int], Office]

L1, UP1 = ("L1", "recurring"), ("L1", "upfront")
KEY = "a key of the test, long enough"


@pytest.fixture
def office(tmp_path: Path, written: Written) -> Office:
    return written(tmp_path, 1)


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory, written: Written) -> Office:
    """An office where a good deal was done, sealed with the key, and batch 2 names the head."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("R2B_AUDIT_KEY", KEY)
        office = written(tmp_path_factory.mktemp("busy"), 1)
        office.answer({L1: "rejected:busy", UP1: "accepted"})
        retry_now(office.profile, 1, actor="Ann")
        release(office.profile, 1, actor="Bea")
        office.run()
        office.abandon(2, reason="wrong price book")
        release(office.profile, 1, actor="Ann")
    return office


@pytest.fixture
def tampered(tmp_path: Path, busy: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A copy that may be tampered with."""
    monkeypatch.setenv("R2B_AUDIT_KEY", KEY)
    return busy.copied(tmp_path / "office")


def path_of(office: Office) -> Path:
    return office.profile.audit_trail


def told(office: Office) -> list[tuple[str, str, str, str, str, str]]:
    """The trail, oldest first: who, role, act, subject, outcome, reason."""
    return [
        (
            *(each.deed.who, each.deed.role, each.deed.act.value, each.deed.subject),
            *(each.deed.outcome.value, each.deed.reason),
        )
        for each in list_entries(office.profile)[::-1]
    ]


def digest_of(office: Office, seq: int = 1) -> str:
    return str(office.query(f"SELECT manifest_sha256 FROM out.batch WHERE seq = {seq}")[0][0])


# each act leaves its entry


def test_a_trail_that_we_may_not_read_is_said_in_words(office: Office):
    office.uploaded()
    kept = trail_of(office.profile)
    kept.path.chmod(0)
    nobody = 65_534
    who = os.geteuid()
    with contextlib.ExitStack() as back:
        if who == 0:  # whom no mode stops
            os.seteuid(nobody)
            back.callback(os.seteuid, who)
        with pytest.raises(DeliveryIncomplete, match=r"^Reading the audit trail .*: Permission"):
            kept.entries()
    kept.path.chmod(0o600)


def test_confirming_is_on_record_with_the_digest_of_what_was_confirmed(office: Office):
    office.uploaded(by=" Ann ")

    assert [
        ("Ann", "bill_export", "transfer", "batch 1", "allowed", "every row is loaded")
    ] == told(office)
    (entry,) = list_entries(office.profile)
    assert (1, digest_of(office)) == (entry.deed.batch_seq, entry.deed.digest)


@pytest.mark.parametrize(
    ("declared", "set_by", "on_record"),
    [('[operators]\nAnn = ["bill_export"]\n', None, "Ann"), ("", "R2B_OPERATORS__ANN", "ann")],
    ids=["in the profile", "by the environment"],
)
def test_names_are_compared_without_regard_to_case(
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
    declared: str,
    set_by: str | None,
    on_record: str,
):
    (office.folder / "r2b.toml").write_text(declared, encoding="utf-8")
    if set_by is not None:
        monkeypatch.setenv(set_by, '["bill_export"]')
    abandon(office.profile, 1, actor="aNN", reason="wrong price book")

    assert [on_record] == [each[0] for each in told(office)]
    assert [(on_record,)] == office.query(
        "SELECT DISTINCT actor FROM ops.ledger WHERE lower(actor) = 'ann'"
    )


def test_a_result_takes_no_role(office: Office):
    office.answer({L1: "accepted", UP1: "accepted"})

    assert [("upload result", "", "transfer", "batch 1", "allowed", "Affinity's result")] == told(
        office
    )


def test_abandoning_and_undoing_are_on_record(office: Office):
    office.abandon(reason="wrong price book")
    office.run()
    office.uploaded(2, by="Bea")
    office.undo(2, by="Ann", reason="wrong customer's order")

    assert [
        ("Ann", "bill_export", "abandon", "batch 1", "allowed", "wrong price book"),
        ("Bea", "bill_export", "transfer", "batch 2", "allowed", "every row is loaded"),
        ("Ann", "bill_export", "undo", "batch 2", "allowed", "wrong customer's order"),
    ] == told(office)


def test_what_is_decided_about_the_queue_is_on_record(office: Office):
    office.answer({L1: "rejected:busy", UP1: "accepted"})
    retry_now(office.profile, 1, actor="Ann")
    release(office.profile, 1, actor="Bea")
    discard(office.profile, 1, actor="Ann", reason="left us")

    about = "item 1 charge:L1:recurring"
    assert [
        ("Ann", "update_billing", "retry", about, "allowed", ""),
        ("Bea", "update_billing", "release", about, "allowed", ""),
        ("Ann", "update_billing", "discard", about, "allowed", "left us"),
    ] == told(office)[1:]


def test_sending_and_settling_a_doubt_are_on_record(tmp_path: Path, written: Written):
    lost = {"on": "upload", "do": "cut_after", "name": "*06_clis.csv"}
    with exchange(written(tmp_path, 1), "http", rules=[lost]) as both:
        path = both.office.folder / "r2b.toml"
        path.write_text(path.read_text(encoding="utf-8") + 'ask = ""\n', encoding="utf-8")
        assert "in_doubt" == both.deliver().state
        assert "confirmed" == both.deliver(arrived=True).state

        assert [
            ("Ann", "bill_export", "deliver", "batch 1", "allowed", ""),
            ("Ann", "approve", "arrived", "batch 1", "allowed", ""),
        ] == told(both.office)


def test_removing_old_files_is_on_record(office: Office):
    upkeep.fn(str(office.folder / "r2b.toml"))

    said = "landed files for 400 days, reports for 400"
    assert [("upkeep", "", "upkeep", "old files", "allowed", said)] == told(office)


def test_what_was_refused_is_on_record_and_changes_nothing(office: Office):
    (office.folder / "r2b.toml").write_text(
        'operators = {Ann = ["bill_export"], Bob = ["update_billing"]}', encoding="utf-8"
    )
    books = office.books()
    with pytest.raises(NotAllowed):
        office.uploaded(by="Bob")
    with pytest.raises(NotAllowed):
        release(office.profile, 7, actor="Ann")

    assert books == office.books()
    assert [
        ("Bob", "bill_export", "transfer", "batch 1", "refused", "needs the role bill_export"),
        ("Ann", "update_billing", "release", "item 7", "refused", "needs the role update_billing"),
    ] == told(office)


def test_what_did_not_come_about_says_so(office: Office):
    with pytest.raises(IllegalTransition):
        office.undo(1)
    with pytest.raises(IllegalTransition):
        abandon(office.profile, 9, actor="Ann", reason="x")

    assert [
        ("undo", "batch 1", "allowed", "wrong price book"),
        ("undo", "batch 1", "failed", "IllegalTransition"),
        ("abandon", "batch 9", "allowed", "x"),
        ("abandon", "batch 9", "failed", "IllegalTransition"),
    ] == [each[2:] for each in told(office)]


def test_who_cannot_begin_has_not_acted(office: Office):
    with only_run(office.profile.warehouse), pytest.raises(WarehouseBusy):
        office.uploaded()

    assert [] == told(office)


def test_runs_are_no_acts_of_people(office: Office):
    office.run()

    assert not path_of(office).exists()


def test_nothing_of_customers_is_in_it(busy: Office):
    content = path_of(busy).read_text(encoding="utf-8")
    secrets = ["Bakers", "AC-1", "AS-1", "HQ", "01204", "600001", "5.5", "11.0", "31.0", "Rental"]

    assert [] == [each for each in secrets if each in content]
    assert KEY not in content


def test_nobody_else_may_read_it(busy: Office):
    assert 0o600 == stat.S_IMODE(path_of(busy).stat().st_mode)


# where it is seen


def test_analysts_see_it(busy: Office):
    shown = mart(busy.folder, "audit").sort("number")
    entries = list_entries(busy.profile)[::-1]

    assert [(e.number, e.deed.who, e.deed.act.value, e.hash) for e in entries] == list(
        shown.select("number", "who", "act", "hash").iter_rows()
    )
    assert [True] * 5 == shown["is_keyed"].to_list()


def test_what_was_refused_while_nobody_was_alone_is_seen_after_the_next_run(office: Office):
    (office.folder / "r2b.toml").write_text("operators = {Ann = []}", encoding="utf-8")
    with pytest.raises(NotAllowed):
        office.uploaded()
    office.run()

    assert ["refused"] == mart(office.folder, "audit")["outcome"].to_list()


def test_the_next_manifest_names_the_head(busy: Office):
    first, second = (json.loads((busy.batch(seq) / "manifest.json").read_bytes()) for seq in (1, 2))
    third = list_entries(busy.profile)[::-1][2]

    assert "audit" not in first
    assert {"entries": 3, "hash": third.hash} == second["audit"]


def test_the_command_lists_the_newest_first(busy: Office, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(out, "width", 300)
    found = json.loads(command(busy, "--json").stdout)["entries"]
    shown = command(busy).stdout

    assert [5, 4, 3, 2, 1] == [each["number"] for each in found]
    assert ("Ann", "abandon", "wrong price book", digest_of(busy, 2)) == tuple(
        found[1][name] for name in ("who", "act", "reason", "digest")
    )
    assert "wrong price book" in shown
    assert shown.index("wrong price book") < shown.index("Affinity's result")


def command(office: Office, *words: str) -> Any:
    return CliRunner().invoke(app, ["audit", "-p", str(office.folder / "r2b.toml"), *words])


def test_where_nobody_acted_there_is_nothing_to_check(tmp_path: Path):
    office = Office(tmp_path / "office")

    assert "Nobody has done anything yet." in command(office).stdout
    assert (0, None) == (check_trail(office.profile).entries, check_trail(office.profile).fault)


# what cannot be written down


UNSTORABLE = [
    pytest.param({"who": "Jos\udce9"}, ("Jos\ufffd", "x", 1), id="half a character in a name"),
    pytest.param({"reason": "a\0b\ud800"}, ("Ann", "a\ufffdb\ufffd", 1), id="NUL in a reason"),
    pytest.param({"batch_seq": 10**20}, ("Ann", "x", None), id="a number of 67 bits"),
]


@pytest.mark.parametrize(("fields", "shown"), UNSTORABLE)
def test_a_tenant_whose_trail_holds_what_no_table_can_hold_works(
    office: Office, fields: dict[str, Any], shown: tuple[Any, ...]
):
    done = ActOutcome.ALLOWED
    deed = Deed(datetime(2026, 3, 31), "Ann", "bill_export", Act.ABANDON, "batch 1", done, "x", 1)
    with trail_of(office.profile).open_to_add() as page:
        page.add(replace(deed, **fields))

    office.uploaded()

    (first, _) = mart(office.folder, "audit").sort("number").to_dicts()
    assert shown == (first["who"], first["reason"], first["batch_seq"])
    assert (2, None) == (check_trail(office.profile).entries, check_trail(office.profile).fault)
    assert fields == {name: getattr(list_entries(office.profile)[1].deed, name) for name in fields}
    assert "batch 1" in command(office).stdout
    said = json.loads(command(office, "--json").stdout)["entries"][1]
    assert fields == {name: said[name] for name in fields}


@pytest.mark.parametrize(
    ("actor", "reason"),
    [
        pytest.param("Jos\udce9", "lost", id="half a character in the name"),
        pytest.param("Ann", "lo\ud800st", id="half a character in the reason"),
        pytest.param("Ann\0", "lost", id="NUL in the name"),
    ],
)
def test_an_act_that_cannot_be_written_down_is_refused_before_it_is(
    office: Office, actor: str, reason: str
):
    books = office.books()
    with pytest.raises(UsageError):
        abandon(office.profile, 1, actor=actor, reason=reason)

    assert not path_of(office).exists()
    assert books == office.books()


@pytest.mark.parametrize("seq", [0, -1, 2**63, 10**60])
def test_a_batch_that_no_table_could_hold_is_not_there(office: Office, seq: int):
    path = str(office.folder / "r2b.toml")
    acts: list[Callable[[], Any]] = [
        lambda: office.uploaded(seq),
        lambda: transfer_by_command.fn(seq, uploaded=True, operator="Ann", profile_path=path),
        lambda: office.abandon(seq),
        lambda: office.undo(seq),
        lambda: approve(office.profile, "transfer", seq, actor="Ann"),
        lambda: approve(office.profile, "release", seq, actor="Ann"),
    ]
    for act in acts:
        with pytest.raises(IllegalTransition, match=f"There is no .* {seq}"):
            act()

    assert not path_of(office).exists()


def test_a_pasted_result_of_half_characters_is_refused(office: Office):
    with pytest.raises(UsageError, match="the result holds what is no character"):
        transfer_to_billing.fn(
            1,
            pasted_results="row_key,outcome\n\ud800,accepted",
            profile_path=str(office.folder / "r2b.toml"),
        )

    assert not path_of(office).exists()


# tampering


def test_a_whole_trail_is_whole(tampered: Office):
    report = check_trail(tampered.profile)

    assert (5, None, 0, 0, 2) == (
        *(report.entries, report.fault, report.unkeyed, report.unchecked),
        report.heads,
    )
    assert "Every entry is as it was written (5 entries)" in command(tampered, "--verify").stdout


def edit(lines: list[bytes]) -> list[bytes]:
    return [*lines[:1], lines[1].replace(b'"Ann"', b'"Bob"'), *lines[2:]]


def insert(lines: list[bytes]) -> list[bytes]:
    """A further one, chained as well as can be without the key."""
    last = entries_of(lines[-1])[0]
    return [*lines, line_of(sealed(last.deed, last, b"a guess of the key"))]


TAMPERINGS = [
    pytest.param(edit, 2, id="edited"),
    pytest.param(lambda lines: [*lines[:2], *lines[3:]], 3, id="deleted"),
    pytest.param(lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], 2, id="reordered"),
    pytest.param(insert, 6, id="inserted"),
    pytest.param(lambda lines: [*lines[:3], lines[2], *lines[3:]], 4, id="inserted again"),
    pytest.param(lambda lines: lines[:4], 5, id="truncated"),
    pytest.param(lambda lines: [*lines[:4], lines[4][:-20]], 5, id="truncated within a line"),
    pytest.param(lambda _: [], 1, id="emptied"),
]


@pytest.mark.parametrize(("tampering", "number"), TAMPERINGS)
def test_tampering_is_named_and_nobody_acts_on_it(
    tampered: Office, tampering: Callable[[list[bytes]], list[bytes]], number: int
):
    lines = path_of(tampered).read_bytes().splitlines(keepends=True)
    path_of(tampered).write_bytes(b"".join(tampering(lines)))
    books = tampered.books()

    fault = check_trail(tampered.profile).fault
    assert fault is not None
    assert number == fault.number
    with pytest.raises(DeliveryIncomplete, match=f"entry {number} "):
        discard(tampered.profile, 1, actor="Ann", reason="x")
    assert books == tampered.books()


def test_the_command_ends_with_50_and_names_it(tampered: Office):
    path_of(tampered).write_bytes(b"".join(path_of(tampered).read_bytes().splitlines(True)[:4]))
    done = command(tampered, "--verify")

    assert isinstance(done.exception, DeliveryIncomplete)
    assert 50 == done.exception.exit_code
    assert "entry 5 is missing: the warehouse knows entries up to 5" in str(done.exception)


def test_without_the_warehouse_a_manifest_still_knows(tampered: Office):
    tampered.profile.warehouse.unlink()
    path_of(tampered).write_bytes(b"".join(path_of(tampered).read_bytes().splitlines(True)[:2]))
    fault = check_trail(tampered.profile).fault

    assert fault is not None
    assert (3, "is missing: the manifest of batch 2 knows entries up to 3") == (
        fault.number,
        fault.words,
    )


def test_without_the_key_it_says_what_it_could_not_check(
    tampered: Office, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("R2B_AUDIT_KEY")

    report = check_trail(tampered.profile)
    assert (None, 5) == (report.fault, report.unchecked)
    assert "only their order was checked" in command(tampered, "--verify").stdout
    with pytest.raises(ProfileWrong, match="sealed with a key, and none is given"):
        release(tampered.profile, 1, actor="Ann")
    assert 5 == check_trail(tampered.profile).entries


def test_a_key_is_followed_by_another(tampered: Office, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("R2B_AUDIT_KEY", f"the key that follows it\n{KEY}\n")
    release(tampered.profile, 1, actor="Bea")

    report = check_trail(tampered.profile)
    assert (6, None, 0) == (report.entries, report.fault, report.unchecked)

    monkeypatch.setenv("R2B_AUDIT_KEY", KEY)
    with pytest.raises(
        DeliveryIncomplete,
        match="entry 6 was changed, or is sealed with a key that is not given here",
    ):
        release(tampered.profile, 1, actor="Bea")


def test_a_key_that_can_be_guessed_is_refused(office: Office, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("R2B_AUDIT_KEY", "short")

    with pytest.raises(ProfileWrong, match="fewer than 16 characters"):
        office.uploaded()
    assert {"L1": "exported"} == office.dispositions()


def test_an_entry_whose_writing_was_cut_off_is_swept(tampered: Office):
    whole = path_of(tampered).read_bytes()
    path_of(tampered).write_bytes(whole + b'{"number":6,"at":"20')
    release(tampered.profile, 1, actor="Bea")

    assert whole == path_of(tampered).read_bytes()[: len(whole)]
    assert ("Bea", 6) == (
        list_entries(tampered.profile)[0].deed.who,
        check_trail(tampered.profile).entries,
    )


def test_a_warehouse_made_anew_follows_the_whole_trail(tampered: Office):
    tampered.change("DELETE FROM ops.audit")
    upkeep.fn(str(tampered.folder / "r2b.toml"))

    assert 6 == mart(tampered.folder, "audit").height
    assert Act.UPKEEP is list_entries(tampered.profile)[0].deed.act


def test_runs_go_on_though_the_trail_is_not_whole(tampered: Office):
    path_of(tampered).write_bytes(b"nothing of ours\n")

    tampered.run()
    with pytest.raises(DeliveryIncomplete, match="entry 1 cannot be read"):
        trail_of(tampered.profile).entries()


def test_a_last_line_that_was_cut_off_is_no_fault(tampered: Office):
    with path_of(tampered).open("ab") as file:
        file.write(b'{"number":6,"at":"20')

    report = check_trail(tampered.profile)
    assert (5, None, True) == (report.entries, report.fault, report.is_cut_off)
    assert "was cut off while it was written" in command(tampered, "--verify").stdout


# giving back what was lost


LOSSES = [
    pytest.param(lambda path: path.unlink(), 1, id="gone"),
    pytest.param(lambda path: path.write_bytes(b""), 1, id="emptied"),
    pytest.param(lambda path: path.write_bytes(path.read_bytes()[:-20]), 5, id="within a line"),
    pytest.param(
        lambda path: path.write_bytes(b"".join(path.read_bytes().splitlines(True)[:2])),
        3,
        id="an older copy",
    ),
]


@pytest.mark.parametrize(("lose", "first"), LOSSES)
def test_what_was_lost_is_given_back_and_on_record(
    tampered: Office, lose: Callable[[Path], Any], first: int
):
    whole = path_of(tampered).read_bytes()
    lose(path_of(tampered))
    with pytest.raises(DeliveryIncomplete, match="r2b audit --restore"):
        discard(tampered.profile, 1, actor="Ann", reason="x")

    done = command(tampered, "--restore", "--by", "Cleo", "--reason", "disk replaced")

    given = "1 entry was" if first == 5 else f"{6 - first} entries were"
    assert f"{given} given back from the warehouse; entry 6 says so." in done.stdout
    assert whole == path_of(tampered).read_bytes()[: len(whole)]
    assert (6, None) == (
        check_trail(tampered.profile).entries,
        check_trail(tampered.profile).fault,
    )
    newest = list_entries(tampered.profile)[0].deed
    assert ("Cleo", "approve", "restore", f"entries {first} to 5", "disk replaced") == (
        *(newest.who, newest.role, newest.act.value),
        *(newest.subject, newest.reason),
    )
    assert stat.S_IMODE(path_of(tampered).stat().st_mode) == 0o600
    (row,) = mart(tampered.folder, "audit", where="number = 6").to_dicts()
    assert "restore" == row["act"]
    discard(tampered.profile, 1, actor="Ann", reason="x")
    assert 7 == check_trail(tampered.profile).entries


def test_a_trail_that_says_something_else_is_not_written_over(tampered: Office):
    lines = path_of(tampered).read_bytes().splitlines(keepends=True)
    path_of(tampered).write_bytes(b"".join(edit(lines)[:3]))
    before = path_of(tampered).read_bytes()

    with pytest.raises(DeliveryIncomplete, match="its entry 2 is not the one that the warehouse"):
        restore_trail(tampered.profile, actor="Cleo")

    assert before == path_of(tampered).read_bytes()
    path_of(tampered).unlink()
    assert 5 == restore_trail(tampered.profile, actor="Cleo").restored


def test_where_nothing_is_lost_nothing_is_given_back(tampered: Office):
    before = path_of(tampered).read_bytes()

    with pytest.raises(IllegalTransition, match="has every entry that the warehouse knows"):
        restore_trail(tampered.profile, actor="Cleo")

    assert before == path_of(tampered).read_bytes()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(
            "DELETE FROM ops.audit WHERE number > 2",
            "entry 3 is missing: the manifest of batch 2",
            id="lost as well",
        ),
        pytest.param(
            "UPDATE ops.audit SET who = 'Bob' WHERE number = 2",
            "from the warehouse: entry 2 was changed",
            id="changed",
        ),
    ],
)
def test_what_the_warehouse_cannot_vouch_for_is_not_given_back(
    tampered: Office, change: str, words: str
):
    path_of(tampered).unlink()
    tampered.change(change)

    with pytest.raises(DeliveryIncomplete, match=words):
        restore_trail(tampered.profile, actor="Cleo")

    assert not path_of(tampered).read_bytes()


def test_who_may_not_restore_begins_no_trail_anew(tmp_path: Path, written: Written):
    office = written(tmp_path / "office", 1)
    office.uploaded()
    office.add_line(2)
    office.run()
    (office.folder / "r2b.toml").write_text(
        'operators = {Ann = ["bill_export"], Cleo = ["approve"]}', encoding="utf-8"
    )
    whole = path_of(office).read_bytes()
    path_of(office).unlink()

    with pytest.raises(DeliveryIncomplete, match="entry 1 is missing: the manifest of batch 2"):
        restore_trail(office.profile, actor="Ann")

    assert not path_of(office).read_bytes()
    restore_trail(office.profile, actor="Cleo")
    assert whole == path_of(office).read_bytes()[: len(whole)]


def test_verifying_the_books_looks_at_the_trail(tampered: Office):
    path_of(tampered).unlink()

    found = {each.name: each for each in verify(tampered.profile) if each.wrong}

    assert {"audit trail"} == found.keys()
    assert found["audit trail"].wrong[0].startswith("entry 1 is missing: ")
    assert 50 == found["audit trail"].exit_code


@pytest.mark.parametrize("words", [("--restore",), ("--restore", "--verify", "--by", "Cleo")])
def test_restoring_takes_a_name_and_nothing_else(tampered: Office, words: tuple[str, ...]):
    done = command(tampered, *words)

    assert isinstance(done.exception, UsageError)
