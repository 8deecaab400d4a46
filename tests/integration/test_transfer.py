"""Transfer to Billing: evidence moves charges, once, whole or not at all. Contract section 5."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.transfer import abandon, transfer_by_command, transfer_to_billing
from schemas.errors import (
    DeliveryIncomplete,
    IllegalTransition,
    NotAllowed,
    R2BError,
    SourceContractBroken,
    UsageError,
)
from tests.integration.office import Office, tree
from tests.running import mart

L1, L2 = ("L1", "recurring"), ("L2", "recurring")
UP1, UP2 = ("L1", "upfront"), ("L2", "upfront")


@pytest.fixture
def office(tmp_path: Path, written: Callable[[Path, int], Office]) -> Office:
    """Two lines, four charges, in batch 1."""
    return written(tmp_path, 2)


def queue(office: Office) -> list[tuple[Any, ...]]:
    """(subject, kind, reason, state, value) of every item."""
    rows = mart(office.folder, "retry_item").select("subject", "kind", "reason", "state", "value")
    return sorted((*row[:4], str(row[4])) for row in rows.iter_rows())


def test_a_named_operator_says_that_the_upload_is_complete(office: Office):
    receipt = office.uploaded(by=" Ann ")

    assert (1, "confirmed", 4, 0, 0, "62.0000") == (
        *(receipt.seq, receipt.state, receipt.accepted, receipt.rejected, receipt.pending),
        str(receipt.accepted_value),
    )
    assert {"L1": "in_billing", "L2": "in_billing"} == office.dispositions()
    assert {"In Billing"} == {row["bill_status"] for row in office.charges().values()}
    assert {("Ann", "In Billing")} == set(
        office.query("SELECT actor, to_status FROM ops.ledger WHERE reason = 'accepted'")
    )


def test_a_result_moves_each_charge_by_its_own_row(office: Office):
    receipt = office.answer({L1: "accepted", UP1: "rejected:E_SKU"})
    charges = office.charges()

    assert (1, 1, 2) == (receipt.accepted, receipt.rejected, receipt.pending)
    assert ["in_billing", "held", "exported", "exported"] == [
        charges[key]["disposition"] for key in (L1, UP1, L2, UP2)
    ]
    assert [1, None, 1, 1] == [charges[key]["batch_seq"] for key in (L1, UP1, L2, UP2)]
    assert [("L1", "upfront", "affinity_rejected")] == office.holds()
    assert [] == office.query("FROM mart.hold WHERE since IS NULL")
    assert [("charge:L1:upfront", "data", "E_SKU", "parked", "20.0000")] == queue(office)
    assert [("accepted", 3), ("pending", 2), ("rejected", 1)] == sorted(
        mart(office.folder, "batch_row").group_by("outcome").len().iter_rows()
    )


def test_the_words_of_affinity_reach_the_queue_and_the_batch_rows(office: Office):
    office.answer({UP1: "rejected:E_SKU"})
    row = mart(office.folder, "batch_row", where="outcome = 'rejected'").to_dicts()[0]

    assert ("E_SKU", "Affinity's words", "L1") == (row["code"], row["message"], row["line_id"])
    assert ["Affinity's words"] == mart(office.folder, "retry_item")["message"].to_list()


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(lambda office: office.uploaded(), id="the upload, said again"),
        pytest.param(lambda office: office.answer({L1: "accepted"}), id="a part of it, by result"),
        pytest.param(lambda office: office.answer({}), id="the CLIs only, by result"),
    ],
)
def test_twice_changes_nothing(office: Office, again: Callable[[Office], Any]):
    first = office.uploaded()
    before, books = tree(office.profile.outbox), office.books()
    second = again(office)

    assert (before, books) == (tree(office.profile.outbox), office.books())
    assert (first.accepted, first.state) == (second.accepted, second.state)


def test_the_same_result_twice_changes_nothing(office: Office):
    outcomes = {L1: "accepted", UP1: "rejected:E1"}
    office.answer(outcomes)
    before, books = tree(office.profile.outbox), office.books()
    office.answer(outcomes)

    assert (before, books) == (tree(office.profile.outbox), office.books())


def test_a_second_result_settles_what_the_first_did_not_mention(office: Office):
    office.answer({L1: "accepted"})
    second = office.answer({UP1: "accepted", L2: "rejected:E1", UP2: "accepted"})

    assert (3, 1, 0) == (second.accepted, second.rejected, second.pending)
    decisions = json.loads((office.batch() / "transfer.json").read_bytes())["decisions"]
    assert ["results_1.csv", "results_2.csv"] == [each["results"] for each in decisions]


def test_an_operator_settles_what_a_result_did_not_mention(office: Office):
    office.answer({L1: "accepted", UP1: "rejected:E1"})
    receipt = office.uploaded()

    assert (3, 1, 0) == (receipt.accepted, receipt.rejected, receipt.pending)


def results_of(*rows: tuple[str, str]) -> Callable[[Office], Path]:
    """A result about L1's recurring charge (`L1`) and whatever else."""
    return lambda office: office.results(
        *((office.key("L1") if key == "L1" else key, outcome) for key, outcome in rows)
    )


@pytest.mark.parametrize(
    ("result", "message"),
    [
        pytest.param(
            results_of(("L1", "accepted"), ("0" * 32, "accepted")),
            "1 row key(s) of the result are not in the batch",
            id="an unknown key",
        ),
        pytest.param(
            results_of(("L1", "accepted"), ("L1", "rejected")),
            "1 row key(s) have two outcomes",
            id="two outcomes for one key",
        ),
    ],
)
def test_a_result_that_does_not_fit_is_refused_whole(
    office: Office, result: Callable[[Office], Path], message: str
):
    path = result(office)
    before, books = tree(office.profile.outbox), office.books()

    with pytest.raises(IllegalTransition) as refused:
        office.transfer(results=path)
    assert (60, before, books) == (
        refused.value.exit_code,
        tree(office.profile.outbox),
        office.books(),
    )
    assert message in refused.value.message


def test_what_was_accepted_cannot_be_rejected_later(office: Office):
    office.answer({L1: "accepted"})
    path = office.results((office.key("L1"), "rejected"), (office.key("L2"), "accepted"))
    before, books = tree(office.profile.outbox), office.books()

    with pytest.raises(IllegalTransition, match=r"1 row\(s\) already have another outcome"):
        office.transfer(results=path)
    assert (before, books) == (tree(office.profile.outbox), office.books())


@pytest.mark.parametrize(
    ("uploaded", "results"),
    [
        pytest.param(False, None, id="neither a result nor a word"),
        pytest.param(False, "", id="a blank for a result"),
        pytest.param(False, " ", id="white space for a result"),
        pytest.param(True, "", id="a word, and a blank for a result"),
        pytest.param(True, "answer.csv", id="a word and a result"),
    ],
)
def test_a_command_is_never_read_into_a_blank(office: Office, uploaded: bool, results: str | None):
    path, books = str(office.folder / "r2b.toml"), office.books()

    with pytest.raises(UsageError, match="either a result file or a person's word"):
        transfer_by_command.fn(
            1, uploaded=uploaded, operator="Ann", results=results, profile_path=path
        )
    assert books == office.books()


def test_a_command_says_outright_what_its_evidence_is(office: Office):
    path = str(office.folder / "r2b.toml")
    result = office.results(*office.answers({L1: "accepted"}))

    by_result = transfer_by_command.fn(1, uploaded=False, results=str(result), profile_path=path)
    by_word = transfer_by_command.fn(1, uploaded=True, operator="Ann", profile_path=path)

    assert (1, 3) == (by_result.accepted, by_result.pending)
    assert (4, 0) == (by_word.accepted, by_word.pending)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param(b"", SourceContractBroken, id="an empty file"),
        pytest.param(b"row_key\n1\n", SourceContractBroken, id="no outcome column"),
        pytest.param(b"row_key,outcome\n1,maybe\n", SourceContractBroken, id="a third outcome"),
        pytest.param(b"row_key,outcome\n,accepted\n", SourceContractBroken, id="a blank key"),
        pytest.param(b"row_key,outcome\n1\n", SourceContractBroken, id="a ragged row"),
        pytest.param(b"row_key,outcome\n\xff,accepted\n", SourceContractBroken, id="no UTF-8"),
        pytest.param(b'row_key,outcome\n"1,accepted\n', SourceContractBroken, id="an open quote"),
        pytest.param(
            b"row_key,outcome,Outcome\n1,rejected,accepted\n",
            SourceContractBroken,
            id="two outcome columns",
        ),
        pytest.param(None, UsageError, id="no file"),
    ],
)
def test_a_file_that_is_no_result_is_refused(
    office: Office, content: bytes | None, error: type[R2BError]
):
    path = office.folder / "answer.csv"
    if content is not None:
        path.write_bytes(content)
    books = office.books()

    with pytest.raises(error):
        office.transfer(results=path)
    assert books == office.books()


def test_a_result_in_other_spelling_is_understood(office: Office):
    path = office.folder / "answer.csv"
    text = f"\ufeffOutcome,Row Key\r\n ACCEPTED ,{office.key('L1')}\r\n\r\n"
    path.write_bytes(text.encode())

    assert 1 == office.transfer(results=path).accepted


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(
            lambda batch: (batch / "08_products.csv").write_bytes(b""), id="an emptied file"
        ),
        pytest.param(lambda batch: (batch / "06_clis.csv").unlink(), id="a file that is gone"),
        pytest.param(lambda batch: (batch / "manifest.json").unlink(), id="no manifest"),
        pytest.param(
            lambda batch: (batch / "manifest.json").write_bytes(b"{}"), id="another manifest"
        ),
    ],
)
def test_an_altered_batch_is_not_transferred(office: Office, spoil: Callable[[Path], Any]):
    spoil(office.batch())
    before, books = tree(office.profile.outbox), office.books()

    with pytest.raises(DeliveryIncomplete) as refused:
        office.uploaded()
    assert (50, before, books) == (
        refused.value.exit_code,
        tree(office.profile.outbox),
        office.books(),
    )


@pytest.mark.parametrize("digest", ["0" * 12, "0", "whole"])
def test_a_batch_whose_digest_is_another_one_is_not_confirmed(office: Office, digest: str):
    ((whole,),) = office.query("SELECT manifest_sha256 FROM out.batch")
    # of the right one, too few characters say too little
    said = whole[:7] if digest == "whole" else digest
    before = office.books()

    with pytest.raises(IllegalTransition, match="its digest is another one"):
        transfer_to_billing.fn(1, "Ann", digest=said, profile_path=str(office.folder / "r2b.toml"))

    assert before == office.books()


def test_a_batch_that_does_not_exist(office: Office):
    with pytest.raises(IllegalTransition, match="There is no batch 7"):
        office.uploaded(7)


def test_the_write_back_file_appears_with_the_transfer_and_not_before(office: Office):
    updates = office.batch() / "layer_updates.csv"
    assert not updates.exists()
    receipt = office.answer({L1: "accepted", UP2: "accepted", UP1: "rejected:E1"})

    assert updates == receipt.layer_updates
    assert (
        b"line_id,charge_type,new_status,bill_start_on,batch_seq\r\n"
        b"L1,recurring,In Billing,2026-03-01,1\r\n"
        b"L2,upfront,In Billing,2026-03-01,1\r\n"
    ) == updates.read_bytes()


def test_the_files_that_were_uploaded_never_change(office: Office):
    before = tree(office.batch())
    office.answer({L1: "accepted"})
    office.uploaded()

    assert before == {name: sha for name, sha in tree(office.batch()).items() if name in before}


@pytest.mark.parametrize(
    ("action", "role"),
    [
        pytest.param(lambda office: office.uploaded(by="Bob"), "bill_export", id="transfer"),
        pytest.param(
            lambda office: abandon(office.profile, 1, actor="Bob", reason="x"),
            "bill_export",
            id="abandon",
        ),
    ],
)
def test_who_may(office: Office, action: Callable[[Office], Any], role: str):
    (office.folder / "r2b.toml").write_text(
        'operators = {Ann = ["bill_export"], Bob = ["update_billing"]}', encoding="utf-8"
    )
    books = office.books()

    with pytest.raises(NotAllowed, match=role) as refused:
        action(office)
    assert (70, books) == (refused.value.exit_code, office.books())
    assert 4 == office.uploaded(by="Ann").accepted


@pytest.mark.parametrize("name", ["", "  "])
def test_somebody_has_to_say_it(office: Office, name: str):
    with pytest.raises(UsageError):
        office.uploaded(by=name)


def test_abandoning_twice_is_once(office: Office):
    first = office.abandon()
    before, books = tree(office.profile.outbox), office.books()
    second = office.abandon(reason="again")

    assert ("abandoned", "abandoned") == (first.state, second.state)
    assert (before, books) == (tree(office.profile.outbox), office.books())
    assert {"L1": "ready", "L2": "ready"} == office.dispositions()
    assert {"abandoned"} == set(mart(office.folder, "batch_row")["outcome"])


def test_an_abandoned_batch_cannot_be_confirmed(office: Office):
    office.abandon()

    with pytest.raises(IllegalTransition, match="Batch 1 is abandoned"):
        office.uploaded()
    with pytest.raises(IllegalTransition, match="Batch 1 is abandoned"):
        office.answer({L1: "accepted"})


def test_a_confirmed_batch_cannot_be_abandoned(office: Office):
    office.uploaded()
    books = office.books()

    with pytest.raises(IllegalTransition, match="already has an outcome"):
        office.abandon()
    assert books == office.books()


def test_what_the_feed_calls_in_billing_stays_so_refused_or_freed(office: Office):
    for number in (1, 2):
        office.line(number)["recurring_bill_status"] = "In Billing"
    office.save()
    office.run()
    office.answer({L1: "rejected:E1"})
    office.abandon()

    assert {
        L1: ("in_billing", "In Billing"),
        L2: ("in_billing", "In Billing"),
        UP1: ("ready", "Ready to Bill"),
        UP2: ("ready", "Ready to Bill"),
    } == {key: (c["disposition"], c["bill_status"]) for key, c in office.charges().items()}
    assert [] == office.holds()


def test_abandoning_after_a_result_frees_only_what_it_did_not_mention(office: Office):
    office.answer({L1: "accepted", UP1: "rejected:E1"})
    receipt = office.abandon()
    charges = office.charges()

    assert "confirmed" == receipt.state
    assert ["in_billing", "held", "ready", "ready"] == [
        charges[key]["disposition"] for key in (L1, UP1, L2, UP2)
    ]
