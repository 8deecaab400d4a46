"""From ready charges to a folder of files, once. Contract section 4."""

import hashlib
import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from schemas.vocabulary import Disposition
from tests.integration.office import Office, tree
from tests.running import AS_OF


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_running_twice_makes_one_batch(tmp_path: Path):
    office = Office(tmp_path)
    first = office.run()
    before, books = tree(office.profile.outbox), office.books()
    second = office.run()

    assert ("batch_written", "batch_open") == (first.status, second.status)
    assert (1, None, (1,)) == (first.batch.seq, second.batch, second.open_batches)
    assert {"06_clis.csv": 2, "08_products.csv": 4} == first.batch.files
    assert (before, books) == (tree(office.profile.outbox), office.books())
    assert {"L1": "exported", "L2": "exported"} == office.dispositions()


def test_what_becomes_ready_while_a_batch_is_open_stays_ready(tmp_path: Path):
    office = Office(tmp_path, lines=1)
    office.run()
    office.add_line(2)
    receipt = office.run()

    assert ("batch_open", None) == (receipt.status, receipt.batch)
    assert {"L1": "exported", "L2": "ready"} == office.dispositions()
    assert ["000001"] == [path.name for path in office.profile.outbox.iterdir()]


def test_what_would_hold_an_exported_charge_is_reported_and_recalls_nothing(tmp_path: Path):
    office = Office(tmp_path, lines=3)
    office.run()
    assert {} == dict(office.run().warnings)
    office.record("assets", 1)["is_live"] = "false"
    office.record("assets", 1)["cli"] = "abc"
    office.line(2)["recurring_billing_route"] = "Nobody knows"

    late = {"asset_not_live": 2, "cli_malformed": 2, "unknown_route": 1}
    assert {
        "charges: charge of an open batch has changed since it was written": 2,
        **{
            f"charges: charge of an open batch would be held today: {reason}": charges
            for reason, charges in late.items()
        },
    } == dict(office.run().warnings)
    assert {"exported"} == {charge["disposition"] for charge in office.charges().values()}
    assert [] == office.holds()
    office.uploaded()
    assert not [each for each in office.run().warnings if "open batch" in each]


def test_what_the_layer_no_longer_calls_in_billing_is_not_billed_again_unseen(tmp_path: Path):
    office = Office(tmp_path, lines=1)
    office.line(1).update(upfront_bill_status="In Billing", recurring_bill_status="In Billing")
    assert {} == dict(office.run().warnings)
    office.line(1).update(upfront_bill_status="", recurring_bill_status="Ready to Bill")
    receipt = office.run()

    assert {"charges: charge was In Billing in The Layer, and is not any more": 2} == dict(
        receipt.warnings
    )
    assert (2, ()) == (receipt.dispositions["in_billing"].charges, receipt.batches)


def test_a_profile_may_allow_two_open_batches(tmp_path: Path):
    office = Office(tmp_path, lines=1, profile="delivery.max_open_batches = 2\n")
    office.run()
    office.add_line(2)
    second = office.run()
    office.add_line(3)
    third = office.run()

    assert (2, (1,)) == (second.batch.seq, second.open_batches)
    assert [("L2", "recurring"), ("L2", "upfront")] == office.lines_written(2)
    assert ("batch_open", None, (1, 2)) == (third.status, third.batch, third.open_batches)


def test_nothing_ready_makes_no_batch_and_uses_no_number(tmp_path: Path):
    office = Office(tmp_path, lines=1)
    office.line(1)["connected_on"] = ""
    first = office.run()
    office.line(1)["connected_on"] = "2026-03-01"
    second = office.run()

    assert ("nothing_ready", None) == (first.status, first.batch)
    assert 1 == second.batch.seq


def test_row_keys_are_those_of_the_contract(tmp_path: Path):
    office = Office(tmp_path, lines=1, profile='tenant.name = "Größe & Co"\n')
    office.run()
    texts = {
        ("L1", "recurring"): "Größe & Co|product|L1|recurring|add",
        ("L1", "upfront"): "Größe & Co|product|L1|upfront|add",
    }

    assert {key: sha256(text.encode())[:32] for key, text in texts.items()} == {
        key: office.key(*key) for key in texts
    }
    assert [sha256("Größe & Co|cli|AS-1|01204600001|add|2026-03-01".encode())[:32]] == [
        row["Row Key"] for row in office.written(file="06_clis.csv")
    ]


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        pytest.param("Acme", "Acme", id="letters"),
        pytest.param("Größe & Co/../x", "Gr--e---Co-..-x", id="all else becomes a hyphen"),
        pytest.param("..", "--", id="a name that would walk the tree"),
    ],
)
def test_the_tenants_folder(tmp_path: Path, name: str, folder: str):
    office = Office(tmp_path, lines=1, profile=f"tenant.name = {json.dumps(name)}\n")

    assert tmp_path / "outbox" / folder / "000001" == office.run().batch.path


def test_the_manifest_says_what_is_there(tmp_path: Path):
    office = Office(tmp_path)
    office.line(2)["cli"], office.feeds["assets"][1]["cli"] = "junk", ""
    receipt = office.run()
    manifest = json.loads((receipt.batch.path / "manifest.json").read_bytes())

    files = {entry.pop("name"): entry for entry in manifest["files"]}
    assert {path.name for path in receipt.batch.path.iterdir()} == {*files, "manifest.json"}
    for name, entry in files.items():
        content = (receipt.batch.path / name).read_bytes()
        assert (len(content), sha256(content)) == (entry["bytes"], entry["sha256"])
    assert (2, 4, {"upfront": "20.0000", "recurring": "11.0000"}) == tuple(
        files["08_products.csv"][each] for each in ("rows", "quantity", "value")
    )
    assert {"charges": 2, "value": "31.0000"} == manifest["dispositions"]["ready"]
    assert {"charges": 0, "value": "0.0000"} == manifest["dispositions"]["exported"]
    assert set(Disposition) == set(manifest["dispositions"])
    assert {"cli_malformed": {"charges": 2, "value": "31.0000"}} == manifest["holds"]
    assert (1, None, None, "2026-03-31", office.profile.sha256) == tuple(
        manifest[each]
        for each in (
            *("seq", "previous_seq", "previous_manifest_sha256"),
            *("as_of", "profile_sha256"),
        )
    )
    assert Decimal("31.0000") == receipt.dispositions["ready"].value


def test_manifests_form_a_chain_and_numbers_have_no_gaps(tmp_path: Path):
    office = Office(tmp_path, lines=1)
    for number in range(2, 5):
        office.run()
        office.uploaded(number - 1) if number != 3 else office.abandon(2)
        office.add_line(number)
    office.run()

    assert ["000001", "000002", "000003", "000004"] == sorted(
        path.name for path in office.profile.outbox.iterdir()
    )
    previous = None
    for seq in range(1, 5):
        content = (office.batch(seq) / "manifest.json").read_bytes()
        said = json.loads(content)
        assert (seq, previous) == (said["seq"], said["previous_manifest_sha256"])
        previous = sha256(content)


def test_nobody_else_may_read_what_is_billed(tmp_path: Path):
    office = Office(tmp_path)
    office.run()
    office.uploaded()
    modes = {
        str(path.relative_to(office.profile.outbox)): path.stat().st_mode & 0o777
        for path in office.profile.outbox.rglob("*")
    }

    assert {
        "000001": 0o700,
        "000001/06_clis.csv": 0o600,
        "000001/08_products.csv": 0o600,
        "000001/manifest.json": 0o600,
        "000001/transfer.json": 0o600,
        "000001/layer_updates.csv": 0o600,
        "000001/layer_import": 0o700,
        "000001/layer_import/order_lines.csv": 0o600,
    } == modes
    assert 0o600 == office.profile.warehouse.stat().st_mode & 0o777
    assert 0o400 == office.profile.published.stat().st_mode & 0o777


def test_a_profile_of_parts_writes_parts(tmp_path: Path):
    layout = "{max_rows = 3, line_end = 'lf', columns = ['Row Key', 'CLI']}"
    office = Office(tmp_path, profile=f"affinity.layout.products = {layout}\n")
    receipt = office.run()

    assert {"06_clis.csv": 2, "08_products.csv": 3, "08_products_2.csv": 1} == receipt.batch.files
    assert b"Row Key,CLI\n" == (office.batch() / "08_products_2.csv").read_bytes()[:12]


@pytest.mark.parametrize(
    ("file", "feed", "column"),
    [
        pytest.param("products", "products", "name", id="a name, in the product file"),
        pytest.param("products", "sites", "integration_id", id="a site, in the product file"),
        pytest.param("clis", "sites", "integration_id", id="a site, in the CLI file"),
    ],
)
def test_letters_that_a_file_cannot_hold_hold_the_charge(
    tmp_path: Path, file: str, feed: str, column: str
):
    office = Office(tmp_path, lines=1, profile=f"affinity.layout.{file}.encoding = 'cp1252'\n")
    office.record(feed)[column] = "日本"
    receipt = office.run()

    assert None is receipt.batch
    assert {"layout_unfit": 2} == {name: each.charges for name, each in receipt.holds.items()}


def test_a_name_that_is_not_written_holds_no_charge(tmp_path: Path):
    layout = "{encoding = 'cp1252', columns = ['CLI', 'Product Code', 'Row Key']}"
    office = Office(tmp_path, lines=1, profile=f"affinity.layout.products = {layout}\n")
    office.record("products")["name"] = "Łódź"

    assert {"06_clis.csv": 1, "08_products.csv": 2} == office.run().batch.files


def test_an_additional_number_that_the_cli_file_cannot_hold_stops_no_run(tmp_path: Path):
    office = Office(tmp_path, lines=1, profile="affinity.layout.clis.encoding = 'cp1252'\n")
    office.record("products")["needs_cli"] = "no"
    office.feeds["asset_numbers"] = [{"asset_id": "A1", "cli": "日本"}]
    job = office.job()

    assert (0, None) == (job.exit_code, job.error)
    assert {"layout_unfit": 2} == {name: each.charges for name, each in job.receipt.holds.items()}


@pytest.mark.parametrize(
    ("profile", "number", "written"),
    [
        pytest.param(
            "affinity.layout.clis.max_lengths.CLI = 11\ncli.profiles = {Voice = 'uk_number'}",
            {"cli": "01204 600100"},
            {"06_clis.csv": 2, "08_products.csv": 2},
            id="as it is written, not as it was typed",
        ),
        pytest.param(
            "affinity.layout.clis.max_lengths.'Range End' = 10",
            {"cli": "01204600100", "range_end": "01204600101"},
            None,
            id="too long as it is written",
        ),
        pytest.param(
            "affinity.layout.clis.max_lengths.'Range End' = 10\ncli.expand_ranges = true",
            {"cli": "01204600100", "range_end": "01204600101"},
            {"06_clis.csv": 3, "08_products.csv": 2},
            id="a range of which each number is written",
        ),
        pytest.param(
            "affinity.layout.clis.encoding = 'ascii'\ncli.profiles = {Voice = 'none'}",
            {"cli": "日本"},
            {"08_products.csv": 2},
            id="of a product without numbers",
        ),
    ],
)
def test_an_additional_number_must_fit_as_it_is_written(
    tmp_path: Path, profile: str, number: dict[str, str], written: dict[str, int] | None
):
    office = Office(tmp_path, lines=1, profile=f"{profile}\n")
    office.record("products").update(base_category="Voice", needs_cli="no")
    office.feeds["asset_numbers"] = [{"asset_id": "A1", **number}]
    receipt = office.run()

    assert written == (receipt.batch and receipt.batch.files)
    assert ({} if written else {"layout_unfit": 2}) == {
        name: each.charges for name, each in receipt.holds.items()
    }


def test_a_site_that_the_row_of_an_additional_number_cannot_name_holds_the_charge(tmp_path: Path):
    office = Office(tmp_path, lines=1, profile="affinity.layout.clis.encoding = 'cp1252'\n")
    office.record("products")["needs_cli"] = "no"
    office.record("assets")["cli"] = ""
    office.record("sites")["integration_id"] = "日本"
    office.feeds["asset_numbers"] = [{"asset_id": "A1", "cli": "01204600100"}]
    receipt = office.run()

    assert None is receipt.batch
    assert {"layout_unfit": 2} == {name: each.charges for name, each in receipt.holds.items()}


def test_a_day_that_goes_back_is_refused(tmp_path: Path):
    office = Office(tmp_path, lines=1)
    office.run(AS_OF)
    books = office.books()
    job = office.job(AS_OF - timedelta(days=1))

    assert 60 == job.exit_code
    assert "Starting a run as of 2026-03-30: the last run was as of 2026-03-31." in job.error
    assert books == office.books()


def test_a_failed_run_does_not_move_the_day(tmp_path: Path):
    office = Office(tmp_path, lines=1)
    broken = office.feeds.pop("assets")
    assert 22 == office.job(date(2026, 12, 31)).exit_code
    office.feeds["assets"] = broken

    assert "batch_written" == office.run(AS_OF).status


def test_an_outbox_with_a_folder_that_is_no_batch_of_ours(tmp_path: Path):
    office = Office(tmp_path, lines=1)
    (office.profile.outbox / "notes").mkdir(parents=True)

    assert 1 == office.run().batch.seq
