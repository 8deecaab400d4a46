"""What analysts and clerks read: the published copy, the light, the explanation. Section 7."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.looking import explain
from flows.reconcile import reconcile
from flows.standing import status
from schemas.errors import UsageError
from schemas.marts import VIEWS
from tests.integration.office import Office
from tests.running import AS_OF, is_as_if_made_anew, mart
from warehouse.connection import open_published, open_warehouse, prepare_warehouse
from warehouse.published import PERSONAL, Publishing, publish

L1, UP1 = ("L1", "recurring"), ("L1", "upfront")
COUNT = "SELECT count(*) FROM mart.charge WHERE disposition = 'in_billing'"


@pytest.fixture
def office(tmp_path: Path, written: Callable[[Path, int], Office]) -> Office:
    """One line in batch 1."""
    return written(tmp_path, 1)


def light(office: Office) -> str:
    return mart(office.folder, "line_status")["light"].item()


ANALYST = """
import sys
import duckdb
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    for _ in sys.stdin:
        print(connection.execute(sys.argv[2]).fetchone()[0], flush=True)
"""


def test_who_has_the_old_copy_open_goes_on_reading_it(office: Office):
    # another process: within one, DuckDB gives everybody the file that is open already
    copy = str(office.profile.published)
    with subprocess.Popen(
        [sys.executable, "-c", ANALYST, copy, COUNT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as analyst:
        seen = [_ask(analyst)]
        office.uploaded()
        seen.append(_ask(analyst))
        office.run()
        seen.append(_ask(analyst))
        analyst.stdin.close()

    assert ["0", "0", "0"] == seen
    with open_published(office.profile.published) as new:
        assert (2,) == new.execute(COUNT).fetchone()
    assert ["r2b.duckdb"] == [path.name for path in office.profile.published.parent.iterdir()]


def _ask(analyst: "subprocess.Popen[str]") -> str:
    analyst.stdin.write("?\n")
    analyst.stdin.flush()
    return analyst.stdout.readline().strip()


def _edited(office: Office) -> None:
    """A hand has been in the copy."""
    office.profile.published.chmod(0o600)
    with closing(duckdb.connect(str(office.profile.published))) as connection:
        connection.execute("UPDATE core.products SET name = 'by hand'")


def _as_if_published(office: Office) -> None:
    """The product takes the copy for the one it published last."""
    sha256 = hashlib.sha256(office.profile.published.read_bytes()).hexdigest()
    office.change(f"UPDATE work.published_file SET sha256 = '{sha256}'")


def _product(office: Office) -> str:
    with open_published(office.profile.published) as connection:
        return connection.execute("SELECT name FROM core.products").fetchone()[0]


def test_a_table_whose_rows_are_as_they_were_is_not_written_again(office: Office):
    _edited(office)
    _as_if_published(office)
    office.uploaded()

    assert ("by hand", "green") == (_product(office), light(office))


def test_a_copy_that_another_hand_has_changed_is_made_anew(office: Office):
    _edited(office)
    office.uploaded()

    assert ("Line Rental", "green") == (_product(office), light(office))


def test_a_copy_that_has_grown_too_much_is_made_anew(office: Office):
    _edited(office)
    _as_if_published(office)
    office.change("UPDATE work.published_file SET size_anew = size_anew // 2 - 1")
    office.uploaded()

    assert "Line Rental" == _product(office)


def test_a_copy_of_another_kind_is_made_anew(office: Office):
    _edited(office)
    _as_if_published(office)
    with (office.folder / "r2b.toml").open("a") as out:
        out.write(NOBODY)
    office.uploaded()

    assert "Line Rental" == _product(office)


def test_a_copy_whose_tables_had_other_columns_is_made_anew(office: Office):
    office.change("ALTER TABLE out.hold_since ADD COLUMN further INTEGER")
    office.uploaded()
    with open_published(office.profile.published) as connection:
        columns = [name for name, *_ in connection.execute("DESCRIBE out.hold_since").fetchall()]
    office.run()

    assert "further" in columns
    assert "green" == light(office)


def test_a_copy_that_cannot_be_read_is_made_anew(office: Office):
    office.profile.published.unlink()
    office.profile.published.symlink_to("nowhere")
    office.uploaded()

    assert "green" == light(office)


def test_names_that_change_places_are_published(tmp_path: Path):
    # of their rows the hashes, before they are mixed, have the same sum
    warehouse, terms = tmp_path / "warehouse.duckdb", Publishing(tmp_path / "r2b.duckdb")
    prepare_warehouse(warehouse)
    names = [("C73", "Customer 1915"), ("C105", "Customer 2751")]

    for this, other in (names, [("C73", "Customer 2751"), ("C105", "Customer 1915")]):
        with open_warehouse(warehouse) as connection:
            connection.execute("TRUNCATE core.customers")
            for row in (this, other):
                connection.execute(
                    "INSERT INTO core.customers (customer_id, name) VALUES (?, ?)", row
                )
            publish(connection, terms)
    with open_published(terms.target) as connection:
        assert sorted([this, other]) == sorted(connection.execute("FROM core.customers").fetchall())


def test_whatever_happens_the_copy_is_as_if_made_anew(tmp_path: Path):
    office = Office(tmp_path / "office", lines=3, profile="[feeds]\nmax_reject_rate = 1\n")

    def changes():
        office.run()
        yield "a first run"
        office.answer({L1: "accepted", UP1: "rejected:E1"})
        yield "an answer"
        office.line(2)["quantity"] = "7"
        office.line(3)["quantity"] = "none"
        office.add_line(4)
        office.run(AS_OF + timedelta(days=1))
        yield "another price, a reject and a new line"
        del office.feeds["order_lines"][1]
        office.record("products")["name"] = "Rental of Lines"
        office.run(AS_OF + timedelta(days=2))
        yield "a line is gone, a product has another name"

    for change in changes():
        assert is_as_if_made_anew(office.profile), change


def test_rows_that_are_alike_are_all_published(tmp_path: Path):
    warehouse, terms = tmp_path / "warehouse.duckdb", Publishing(tmp_path / "r2b.duckdb")
    prepare_warehouse(warehouse)

    for rows in (1, 2, 3):
        with open_warehouse(warehouse) as connection:
            connection.execute("INSERT INTO ops.warning VALUES ('R1', 'sites', 'odd', 1)")
            publish(connection, terms)
        with open_published(terms.target) as connection:
            assert (rows,) == connection.execute("SELECT count(*) FROM ops.warning").fetchone()


def test_the_copy_can_neither_be_changed_nor_reach_anything_else(office: Office):
    with open_published(office.profile.published) as connection:
        for sql in ("DELETE FROM out.charge", "FROM read_csv('/etc/passwd')", "SET threads = 9"):
            with pytest.raises(duckdb.Error):
                connection.execute(sql)


def test_the_copy_holds_no_more_of_a_customer_than_its_name(office: Office):
    with open_published(office.profile.published) as connection:
        names = connection.execute(
            "SELECT table_name FROM duckdb_columns() WHERE schema_name = 'core' "
            "AND column_name IN ('email', 'telephone', 'vat_number', 'postcode')"
        ).fetchall()

    assert [] == names


def test_a_run_that_failed_is_published_too(office: Office):
    del office.feeds["assets"]
    office.job()
    (failed,) = mart(office.folder, "run", where="status = 'failed'").to_dicts()

    assert (22, AS_OF) == (failed["exit_code"], failed["as_of"])
    assert 2 == mart(office.folder, "charge").height


def test_a_run_with_too_many_rejects_leaves_what_was_known(tmp_path: Path):
    office = Office(tmp_path)
    office.run()
    before = mart(office.folder, "charge").to_dicts()
    office.record("customers")["name"] = ""

    assert 30 == office.job().exit_code
    assert before == mart(office.folder, "charge").to_dicts()
    assert {"customers", "sites", "orders"} <= set(mart(office.folder, "reject")["feed"])
    assert [] == office.query("SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'new%'")


def test_rejects_of_all_runs_are_kept(tmp_path: Path):
    office = Office(tmp_path, profile="feeds.max_reject_rate = 0.9\n")
    office.line(1)["quantity"] = "0"
    runs = {office.run().run_id, office.run().run_id}

    assert runs == set(mart(office.folder, "reject")["run_id"])


@pytest.mark.parametrize(
    ("outcomes", "line", "expected"),
    [
        pytest.param({}, {}, "orange", id="nothing is billed yet"),
        pytest.param({L1: "accepted"}, {}, "orange", id="one of two is billed"),
        pytest.param({L1: "accepted", UP1: "accepted"}, {}, "green", id="both are billed"),
        pytest.param({L1: "accepted", UP1: "rejected:E1"}, {}, "orange", id="one was refused"),
        pytest.param(
            {L1: "accepted", UP1: "rejected:E1"},
            {"upfront_price": "0"},
            "green",
            id="the one that was refused costs nothing any more",
        ),
        pytest.param(
            {L1: "accepted", UP1: "rejected:E1"},
            {"upfront_do_not_bill": "yes"},
            "green",
            id="the one that was refused is not to be billed",
        ),
        pytest.param(
            {L1: "accepted", UP1: "accepted"},
            {"upfront_billing_route": "The Layer", "recurring_billing_route": "The Layer"},
            "orange",
            id="billed, but the route is another today",
        ),
        pytest.param(
            {L1: "accepted", UP1: "accepted"},
            {"upfront_billing_route": "Nowhere"},
            "green",
            id="one of them on a route nobody knows does not count",
        ),
    ],
)
def test_the_light_of_a_line(
    office: Office, outcomes: dict[tuple[str, str], str], line: dict[str, str], expected: str
):
    office.answer(outcomes)
    office.line(1).update(line)
    office.run()

    assert expected == light(office)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param(
            {"upfront_bill_status": "In Billing", "recurring_bill_status": "In Billing"},
            "green",
            id="the feed says both are billed",
        ),
        pytest.param({"action": "Update"}, "orange", id="an amendment has nothing to light"),
        pytest.param(
            {"upfront_price": "0", "recurring_price": "0"}, "orange", id="nor has a free line"
        ),
    ],
)
def test_the_light_by_the_feed_alone(tmp_path: Path, changes: dict[str, str], expected: str):
    office = Office(tmp_path, lines=1)
    office.line(1).update(changes)
    office.run()

    assert expected == light(office)


def test_first_ready_and_since_are_remembered(tmp_path: Path):
    office = Office(tmp_path, lines=1)
    office.record("customers")["integration_id"] = ""
    office.run(AS_OF)
    later = AS_OF + timedelta(days=3)
    office.run(later)
    assert {AS_OF} == set(mart(office.folder, "hold")["since"])

    office.record("customers")["integration_id"] = "AC-1"
    office.run(later)
    office.run(later + timedelta(days=9))
    assert {later} == set(mart(office.folder, "charge")["first_ready_on"])


def test_a_hold_that_went_away_begins_anew(tmp_path: Path):
    office = Office(tmp_path, lines=1)
    days: list[date] = [AS_OF + timedelta(days=n) for n in range(3)]
    office.record("assets")["is_live"] = "false"
    office.run(days[0])
    office.record("assets")["is_live"] = "true"
    office.run(days[1])
    office.abandon()
    office.record("assets")["is_live"] = "false"
    office.run(days[2])

    assert {days[2]} == set(mart(office.folder, "hold")["since"])


def test_an_explanation_tells_a_lines_whole_story(office: Office):
    office.answer({L1: "accepted", UP1: "rejected:E1"})
    story = explain(office.profile, "L1")

    assert ["upfront", "recurring"] == [charge["charge_type"] for charge in story.charges]
    assert [("upfront", "affinity_rejected")] == [
        (hold["charge_type"], hold["reason"]) for hold in story.holds
    ]
    assert {"exported", "accepted", "rejected: E1"} == {each["reason"] for each in story.history}
    assert ("orange", AS_OF, []) == (story.light, story.as_of, story.rejects)
    applying = {
        said.charge_type: [rule.rule for rule in (*said.dispositions, *said.holds) if rule.applies]
        for said in story.verdicts
    }
    assert {"recurring": ["in_billing"], "upfront": ["affinity_rejected"]} == applying


def test_a_rejected_line_is_explained_by_its_rejects(tmp_path: Path):
    office = Office(tmp_path, profile="feeds.max_reject_rate = 0.9\n")
    office.line(1)["quantity"] = "none"
    office.run()
    story = explain(office.profile, "L1")

    assert [("quantity", "bad_quantity", "none")] == [
        (each["column_name"], each["reason"], each["raw_value"]) for each in story.rejects
    ]
    assert [] == story.verdicts


@pytest.mark.parametrize("line", ["L9", "", "L1'--"])
def test_an_unknown_line_has_no_story(office: Office, line: str):
    with pytest.raises(UsageError):
        explain(office.profile, line)


def test_before_anything_ran_there_is_nothing_to_tell(tmp_path: Path):
    office = Office(tmp_path / "office")

    assert status(office.profile) is None
    with pytest.raises(UsageError, match="nothing has run here yet"):
        explain(office.profile, "L1")
    assert not office.profile.warehouse.exists()


def test_where_things_stand(office: Office):
    office.answer({L1: "accepted", UP1: "rejected:E1"})
    standing = status(office.profile)
    said: dict[str, Any] = {each["reason"]: str(each["value"]) for each in standing.holds}

    assert ({"affinity_rejected": "20.0000"}, [], "20.0000") == (
        said,
        standing.open_batches,
        str(standing.at_stake),
    )


NAME, NUMBER, SECOND = "Quillfeather Bakery", "01632960717", "01632960718"

OWN_RULE = """
[feeds]
max_reject_rate = 1
[[validation]]
name = "no geographic numbers"
stage = "asset"
field = "cli"
pattern = "07[0-9]*"
severity = "warn"
message = "A mobile number is expected."
"""
NOBODY = "[warehouse]\npublish_personal = false\n"


def named(office: Office) -> set[str]:
    """Where the published copy says who somebody is: table and column."""
    with open_published(office.profile.published) as connection:
        columns = connection.execute(
            "SELECT schema_name, table_name, column_name FROM duckdb_columns() "
            "WHERE NOT internal AND schema_name <> 'mart' AND data_type = 'VARCHAR'"
        ).fetchall()
        return {
            f"{schema}.{table}.{column}"
            for schema, table, column in columns
            for (text,) in connection.execute(
                f'SELECT DISTINCT "{column}" FROM {schema}.{table} WHERE "{column}" IS NOT NULL'
            ).fetchall()
            if NAME in text or NUMBER.removeprefix("0") in text or SECOND.removeprefix("0") in text
        }


def whose(tmp_path: Path, profile: str) -> Office:
    """An office whose customer and number turn up wherever they can."""
    office = Office(tmp_path / "office", lines=4, profile=OWN_RULE)
    office.record("customers")["name"] = NAME
    office.record("assets")["cli"] = office.record("assets", 2)["cli"] = NUMBER
    office.record("assets", 3)["cli"] = SECOND
    office.line(4)["quantity"] = NAME
    office.line(1)["cli"] = SECOND
    office.feeds["asset_numbers"] = [{"asset_id": "A3", "cli": NUMBER, "start_on": "never"}]
    office.run()
    with (office.folder / "r2b.toml").open("a") as out:
        out.write(profile)
    billed = office.lines_written()[0]
    office.transfer(results=office.results([office.key(*billed), "rejected", "E1", NAME]))
    office.run()
    reconcile.fn(str(office.folder / "r2b.toml"), with_report=True)
    return office


def test_a_copy_says_whose_charges_they_are(tmp_path: Path):
    assert {
        "core.customers.name",
        "out.charge.cli",
        "out.issue.text",
        "out.batch_outcome.message",
        "ops.reject.raw_value",
        "ops.reject.record_key",
        "out.cli_capture.asset_cli",
        "out.reconciled_layer.cli",
    } <= named(whose(tmp_path, ""))


def test_on_request_the_copy_names_nobody(tmp_path: Path):
    office = whose(tmp_path, NOBODY)

    assert set() == named(office)
    assert {None} == set(mart(office.folder, "charge")["customer_name"])
    assert {"C1"} == set(mart(office.folder, "charge")["customer_id"])
    with open_published(office.profile.published) as connection:
        for view in VIEWS:
            connection.execute(f"FROM mart.{view}").fetchall()


def test_what_is_blanked_is_a_column_of_the_copy(office: Office):
    with open_published(office.profile.published) as connection:
        there = {
            f"{schema}.{table}.{column}"
            for schema, table, column in connection.execute(
                "SELECT schema_name, table_name, column_name FROM duckdb_columns()"
            ).fetchall()
        }

    assert {
        f"{table}.{column}" for table, columns in PERSONAL.items() for column in columns
    } <= there
