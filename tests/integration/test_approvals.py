"""What is worth more than one may decide takes another person: for this, once, in time."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.approval import approval
from flows.audit import trail_of
from flows.audit_desk import approve, list_entries
from flows.console.main import app
from flows.profile import load_profile
from flows.queue_desk import discard, release
from flows.transfer import transfer_to_billing
from schemas.audit import Deed
from schemas.errors import IllegalTransition, NotAllowed, ProfileWrong, UsageError
from schemas.vocabulary import Act, ActOutcome
from tests.exchange import exchange
from tests.integration.office import Office

Written = Callable[[Path, int], Office]

L1, UP1 = ("L1", "recurring"), ("L1", "upfront")
PEOPLE = """
[operators]
Ann = ["bill_export", "update_billing", "approve"]
Bea = ["approve"]
Cy = ["bill_export", "update_billing"]
"""


def settings(above: str = "30.99", more: str = "") -> str:
    """Batch 1 is worth 31: an upfront charge of 20 and a recurring one of 11."""
    return f'{more}\n[approvals]\nabove = "{above}"\n{PEOPLE}'


def profile_of(office: Office, text: str) -> None:
    (office.folder / "r2b.toml").write_text(text, encoding="utf-8")


@pytest.fixture
def office(tmp_path: Path, written: Written) -> Office:
    made = written(tmp_path, 1)
    profile_of(made, settings())
    return made


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(NotAllowed) as error:
        act()
    assert 70 == error.value.exit_code
    return str(error.value)


def trail(office: Office) -> list[tuple[str, str, str, int | None]]:
    """Oldest first: who, act, outcome, on which approval."""
    return [
        (each.deed.who, each.deed.act.value, each.deed.outcome.value, each.deed.approval)
        for each in list_entries(office.profile)[::-1]
    ]


def given(office: Office, **said: object) -> None:
    """An approval in the trail that was given otherwise than the command gives it."""
    digest = office.query("SELECT manifest_sha256 FROM out.batch WHERE seq = 1")[0][0]
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    deed = {
        "at": now,
        "who": "Bea",
        "role": "approve",
        "act": Act.APPROVE,
        "subject": "batch 1",
        "outcome": ActOutcome.ALLOWED,
        "batch_seq": 1,
        "digest": digest,
        "approves": Act.TRANSFER,
        "expires_at": now + timedelta(hours=24),
        **said,
    }
    with trail_of(office.profile).open_to_add() as page:
        page.add(Deed(**deed))  # type: ignore[arg-type]


def test_it_says_what_is_missing_and_how_to_give_it_and_does_nothing(office: Office):
    books = office.books()
    said = refused(office.uploaded)

    assert (
        "Transfer of batch 1: it is worth more than one person may decide (approvals.above), and "
        "nobody has approved it yet. Another person who holds the role approve runs "
        "`r2b approve transfer 1 --by NAME`; then do this again."
    ) == said
    assert books == office.books()
    assert [("Ann", "transfer", "refused", None)] == trail(office)


def test_another_person_approves_and_the_first_one_does_it(office: Office):
    before = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    receipt = approve(office.profile, "transfer", 1, actor="Bea", reason="checked the totals")
    done = office.uploaded(by="Cy")

    assert ("confirmed", 2) == (done.state, done.accepted)
    assert (1, "batch 1") == (receipt.entry, receipt.subject)
    assert timedelta(0) <= receipt.expires_at - before - timedelta(hours=24) < timedelta(minutes=5)
    assert [("Bea", "approve", "allowed", None), ("Cy", "transfer", "allowed", 1)] == trail(office)


def test_nobody_approves_what_they_do_themselves(office: Office):
    approve(office.profile, "transfer", 1, actor="Ann")

    assert "was given by the same person" in refused(office.uploaded)
    assert "confirmed" == office.uploaded(by="Cy").state


def test_only_who_holds_the_role_approves(office: Office):
    said = refused(lambda: approve(office.profile, "transfer", 1, actor="Cy"))

    assert "the role approve" in said
    assert [("Cy", "approve", "refused", None)] == trail(office)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        pytest.param({"expires_at": datetime(2026, 1, 1)}, "has expired", id="expired"),
        pytest.param({"digest": "0" * 64}, "its digest is another one", id="another digest"),
        pytest.param({"subject": "batch 2"}, "nobody has approved it", id="another batch"),
        pytest.param({"approves": Act.ABANDON}, "nobody has approved it", id="another act"),
        pytest.param({"who": "Dan"}, "does not hold the role approve any more", id="no role"),
    ],
)
def test_what_is_no_approval_of_this(office: Office, said: dict[str, object], why: str):
    given(office, **said)

    assert why in refused(office.uploaded)
    given(office)
    assert "confirmed" == office.uploaded().state


def test_an_approval_is_used_once(office: Office):
    approve(office.profile, "transfer", 1, actor="Bea")
    office.uploaded()
    approve(office.profile, "undo", 1, actor="Bea")
    office.undo()
    approve(office.profile, "abandon", 2, actor="Bea")
    office.abandon(2)

    assert "was used already" in refused(office.undo)


def test_what_failed_has_not_used_it(office: Office):
    approve(office.profile, "transfer", 1, actor="Bea")
    with pytest.raises(IllegalTransition, match="its digest is another one"):
        transfer_to_billing.fn(
            1, "Ann", digest="0" * 12, profile_path=str(office.folder / "r2b.toml")
        )

    assert "confirmed" == office.uploaded().state
    assert [1, 1, 1] == [approved for *_, approved in trail(office)[1:]]


def test_the_approval_of_one_batch_is_not_that_of_another(office: Office):
    profile_of(office, settings(more="[delivery]\nmax_open_batches = 2"))
    office.add_line(2)
    office.run()
    approve(office.profile, "transfer", 1, actor="Bea")

    assert "nobody has approved it" in refused(lambda: office.uploaded(2))
    assert "confirmed" == office.uploaded(1).state


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        pytest.param(settings(above="31.00"), 1, id="worth as much as the limit"),
        pytest.param(PEOPLE, 1, id="no limit"),
        pytest.param("", 1, id="no people either"),
    ],
)
def test_below_the_limit_nothing_is_asked(office: Office, text: str, entries: int):
    profile_of(office, text)

    assert "confirmed" == office.uploaded().state
    assert [("Ann", "transfer", "allowed", None)] * entries == trail(office)
    with pytest.raises(IllegalTransition, match="needs no approval"):
        approve(office.profile, "transfer", 1, actor="Bea")


def test_affinitys_answer_needs_none(office: Office):
    assert "confirmed" == office.answer({L1: "accepted", UP1: "accepted"}).state


def test_doing_it_twice_needs_none(office: Office):
    approve(office.profile, "transfer", 1, actor="Bea")
    office.uploaded()

    assert not office.uploaded().changed


def test_abandoning_needs_it(office: Office):
    assert "`r2b approve abandon 1 --by NAME`" in refused(office.abandon)
    approve(office.profile, "abandon", 1, actor="Bea")

    assert "abandoned" == office.abandon().state


def test_items_of_the_queue_need_it_for_what_failed_as_it_failed(office: Office):
    profile_of(office, settings(above="10.99"))
    office.answer({L1: "rejected:E1", UP1: "rejected:E2"})
    ids = dict(office.query("SELECT subject, id FROM ops.retry_item"))
    first, second = ids["charge:L1:recurring"], ids["charge:L1:upfront"]
    approve(office.profile, "release", first, actor="Bea")
    approve(office.profile, "discard", second, actor="Bea")
    office.change(f"UPDATE ops.retry_item SET attempts = 2 WHERE id = {second}")

    def give_up() -> object:
        return discard(office.profile, second, actor="Cy", reason="left us")

    assert "released" == release(office.profile, first, actor="Cy").state
    assert "its digest is another one" in refused(give_up)
    approve(office.profile, "discard", second, actor="Bea")
    assert "discarded" == give_up().state


def test_with_a_number_its_refused_charges_count(office: Office):
    """Releasing the number frees what was refused along with it."""
    profile_of(office, settings(above="30.99"))
    (cli, *_), products = office.written(1, "06_clis.csv"), office.written(1)
    along = [row["Row Key"] for row in products if row["CLI"] == cli["CLI"]]
    refused_rows = [(key, "rejected", "NO_CLI", "") for key in (cli["Row Key"], *along)]
    office.transfer(1, results=office.results(*refused_rows))
    (item,) = (
        number
        for subject, number in office.query("SELECT subject, id FROM ops.retry_item")
        if subject == f"cli:{cli['Row Key']}"
    )

    assert "worth more than one person may decide" in refused(
        lambda: release(office.profile, item, actor="Cy")
    )
    approve(office.profile, "release", item, actor="Bea")
    assert "released" == release(office.profile, item, actor="Cy").state


def test_settling_a_doubt_needs_it(tmp_path: Path, written: Written):
    lost = {"on": "upload", "do": "cut_after", "name": "*06_clis.csv"}
    with exchange(written(tmp_path, 1), "http", rules=[lost]) as both:
        path = both.office.folder / "r2b.toml"
        text = path.read_text(encoding="utf-8")
        path.write_text(f'{text}ask = ""\n{settings()}', encoding="utf-8")
        both.deliver()

        said = refused(lambda: both.deliver(arrived=True))
        assert "`r2b approve arrived 1 --by NAME`" in said
        approve(both.office.profile, "absent", 1, actor="Bea")
        refused(lambda: both.deliver(arrived=True))
        approve(both.office.profile, "arrived", 1, actor="Bea")
        assert "confirmed" == both.deliver(arrived=True).state


def test_with_a_key_an_approval_that_was_written_in_without_it_is_none(
    office: Office, monkeypatch: pytest.MonkeyPatch
):
    given(office)
    monkeypatch.setenv("R2B_AUDIT_KEY", "a key of the test, long enough")

    assert "is not sealed with the key" in refused(office.uploaded)
    approve(office.profile, "transfer", 1, actor="Bea")
    assert "confirmed" == office.uploaded().state


@pytest.mark.parametrize(("act", "number"), [("transfer", 9), ("release", 9)])
def test_what_is_not_there_is_not_approved(office: Office, act: str, number: int):
    with pytest.raises(IllegalTransition, match=r"there is no (batch|item) 9"):
        approve(office.profile, act, number, actor="Bea")


def test_an_act_that_is_never_approved_is_no_word(office: Office):
    with pytest.raises(UsageError, match="no act called 'deliver'"):
        approve(office.profile, "deliver", 1, actor="Bea")


def test_the_command_says_what_was_approved_and_until_when(office: Office):
    words = ["approve", "transfer", "1", "--by", "Bea", "-p", str(office.folder / "r2b.toml")]
    shown = CliRunner().invoke(app, words).stdout
    said = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)

    digest = office.query("SELECT manifest_sha256 FROM out.batch")[0][0]
    assert shown.startswith("Transfer of batch 1 is approved until ")
    assert f"(entry 1, digest {digest[:12]})" in shown
    assert (2, "transfer", "batch 1", digest) == tuple(
        said[name] for name in ("entry", "approves", "subject", "digest")
    )


def test_the_form_gives_it_too(office: Office):
    path = str(office.folder / "r2b.toml")
    receipt = approval.fn("transfer", 1, operator=" Bea ", profile_path=path)

    assert (1, "batch 1") == (receipt.entry, receipt.subject)
    assert "confirmed" == office.uploaded().state


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param('[approvals]\nabove = "5.00"', "needs \\[operators\\]", id="nobody approves"),
        pytest.param(settings(above="-1"), "greater than or equal", id="below nothing"),
        pytest.param(settings(above="1.001"), "decimal places", id="no pennies"),
        pytest.param(settings(above="much"), "decimal", id="no number"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(tmp_path: Path, text: str, message: str):
    path = tmp_path / "r2b.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ProfileWrong, match=message):
        load_profile(path)


def test_a_blank_limit_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("R2B_APPROVALS__ABOVE", "")

    assert None is load_profile(None).settings.approvals.above
