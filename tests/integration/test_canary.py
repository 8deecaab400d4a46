"""The first rows of a batch go alone; the rest only when all of them were accepted."""

import json
from pathlib import Path

import pytest

from flows.console.run_view import show_plan, show_run
from flows.plan import plan
from tasks.reports.counts import plan_json, run_json
from tests.integration.office import Office, tree
from tests.running import AS_OF, mart

CANARY = "delivery.canary_rows = 2\n"


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Three lines, six charges, and a canary of two out."""
    office = Office(tmp_path_factory.mktemp("sent") / "office", lines=3, profile=CANARY)
    office.run()
    return office


@pytest.fixture
def office(tmp_path: Path, sent: Office) -> Office:
    return sent.copied(tmp_path / "office")


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory, sent: Office) -> Office:
    """The canary was clean, and the rest is out."""
    office = sent.copied(tmp_path_factory.mktemp("followed") / "office")
    office.uploaded()
    office.run()
    return office


@pytest.fixture
def after(tmp_path: Path, followed: Office) -> Office:
    return followed.copied(tmp_path / "after")


def canaries(office: Office) -> list[tuple[int, bool]]:
    """Which batch is a canary."""
    rows = mart(office.folder, "batch").sort("seq")
    return list(rows.select("seq", "is_canary").iter_rows())


def manifest(office: Office, seq: int) -> dict:
    return json.loads((office.batch(seq) / "manifest.json").read_bytes())


def test_the_first_rows_of_the_product_file_go_alone_with_the_numbers_they_need(office: Office):
    assert [("L1", "recurring"), ("L1", "upfront")] == office.lines_written()
    assert ["01204600001"] == [row["CLI"] for row in office.written(1, "06_clis.csv")]
    assert {"L1": "exported", "L2": "ready", "L3": "ready"} == office.dispositions()
    assert [(1, True)] == canaries(office)
    assert manifest(office, 1)["canary"] is True


def test_the_rest_follows_a_clean_canary_whole(after: Office):
    assert [(1, True), (2, False)] == canaries(after)
    assert 4 == len(after.written(2))
    assert "canary" not in manifest(after, 2)
    assert {"L1": "in_billing", "L2": "exported", "L3": "exported"} == after.dispositions()


def test_after_a_whole_batch_the_next_is_a_canary_again(after: Office):
    after.uploaded(2)
    after.add_line(4)
    after.add_line(5)
    receipt = after.run()

    assert {"06_clis.csv": 1, "08_products.csv": 2} == receipt.batch.files
    assert [(1, True), (2, False), (3, True)] == canaries(after)


@pytest.mark.parametrize(
    "outcomes",
    [
        pytest.param(
            {("L1", "recurring"): "accepted", ("L1", "upfront"): "rejected:E1"}, id="refused"
        ),
        pytest.param({("L1", "recurring"): "accepted"}, id="unanswered"),
    ],
)
def test_after_a_canary_with_a_row_that_was_not_accepted_comes_another(
    office: Office, outcomes: dict[tuple[str, str], str]
):
    office.answer(outcomes)
    receipt = office.run()

    assert (2, True, 2) == (
        *(receipt.batch.seq, receipt.batch.is_canary),
        receipt.batch.files["08_products.csv"],
    )
    assert [("L2", "recurring"), ("L2", "upfront")] == office.lines_written(2)
    assert "ready" == office.dispositions()["L3"]


def test_a_number_that_was_refused_makes_a_canary_dirty(office: Office):
    number = office.written(1, "06_clis.csv")[0]["Row Key"]
    products = [[row["Row Key"], "accepted"] for row in office.written()]
    office.transfer(results=office.results([number, "rejected", "E1"], *products))

    assert office.run().batch.is_canary


def test_a_late_answer_cleans_a_canary(office: Office):
    office.answer({("L1", "recurring"): "accepted"})
    office.answer({("L1", "upfront"): "accepted"})

    assert not office.run().batch.is_canary


def test_an_abandoned_canary_is_none(office: Office):
    office.abandon()
    first = office.run()
    office.uploaded(2)
    rest = office.run()

    assert (2, True) == (first.batch.seq, first.batch.is_canary)
    assert office.lines_written(2) == [("L1", "recurring"), ("L1", "upfront")]
    assert (3, False) == (rest.batch.seq, rest.batch.is_canary)


def test_a_batch_abandoned_after_a_clean_canary_leaves_the_way_open(after: Office):
    after.abandon(2)

    assert not after.run().batch.is_canary


def test_while_a_canary_is_open_the_rest_waits(office: Office):
    before = office.books()
    receipt = office.run()

    assert ("batch_open", None, (1,)) == (receipt.status, receipt.batch, receipt.open_batches)
    assert before == office.books()


def test_nothing_follows_a_canary_though_two_batches_may_be_open(tmp_path: Path):
    office = Office(tmp_path, lines=3, profile=f"{CANARY}delivery.max_open_batches = 2\n")
    office.run()
    receipt = office.run()

    assert ("batch_open", (1,)) == (receipt.status, receipt.open_batches)


def test_a_canary_takes_the_additional_numbers_of_its_own_assets_only(tmp_path: Path):
    office = Office(tmp_path / "office", lines=2, profile=CANARY)
    office.feeds["asset_numbers"] = [
        {"asset_id": "A1", "cli": "01204700000", "range_end": "01204700009"},
        {"asset_id": "A2", "cli": "01204800000", "range_end": "01204800009"},
    ]
    receipt = office.run()

    assert {"06_clis.csv": 2, "08_products.csv": 2} == receipt.batch.files
    assert [("01204600001", ""), ("01204700000", "01204700009")] == [
        (row["CLI"], row["Range End"]) for row in office.written(1, "06_clis.csv")
    ]
    office.uploaded()
    office.run()
    assert [("01204600002", ""), ("01204800000", "01204800009")] == [
        (row["CLI"], row["Range End"]) for row in office.written(2, "06_clis.csv")
    ]


def test_no_batch_is_a_canary_unless_the_profile_says_so(tmp_path: Path):
    office = Office(tmp_path / "office", lines=3)
    receipt = office.run()

    assert (6, False) == (receipt.batch.files["08_products.csv"], receipt.batch.is_canary)
    assert not {"canary", "undoes"} & manifest(office, 1).keys()


def test_a_plan_says_that_a_canary_goes_first_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    office = Office(tmp_path / "office", lines=3, profile=CANARY)
    office.save()
    before = tree(tmp_path)
    receipt, batch = plan(office.profile, AS_OF)
    show_plan(receipt, batch, office.profile)

    assert before == tree(tmp_path)
    assert "the first charges go alone" in capsys.readouterr().out
    assert plan_json(receipt, batch)["would_write"]["is_canary"] is True
    assert 6 == receipt.dispositions["ready"].charges
    done = office.run()
    assert (batch.files, batch.value, batch.is_canary) == (
        done.batch.files,
        done.batch.value,
        done.batch.is_canary,
    )
    show_run(done, office.profile)
    assert "the first charges go alone" in capsys.readouterr().out
    assert run_json(done)["batch"]["is_canary"] is True


def test_the_chain_goes_on_through_canaries(after: Office):
    first, second = manifest(after, 1), manifest(after, 2)
    rows = after.query("SELECT seq, manifest_sha256 FROM out.batch ORDER BY seq")

    assert [(None, None), (1, rows[0][1])] == [
        (each["previous_seq"], each["previous_manifest_sha256"]) for each in (first, second)
    ]
