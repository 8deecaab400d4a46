"""Views of the published copy as files for people."""

import csv
import io
from pathlib import Path

import polars as pl
import pytest

from flows.exports import export
from schemas.errors import UsageError
from schemas.marts import VIEWS
from tests.integration.office import Office
from tests.running import mart


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """One batch written, one line held."""
    office = Office(tmp_path_factory.mktemp("exports") / "office", lines=3)
    office.feeds["customers"][0]["name"] = "=Bakers"
    office.line(1)["connected_on"] = ""
    office.record("assets", 2)["cli"] = "junk"
    office.run()
    return office


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_every_view_can_be_exported(office: Office, view: str):
    made = export(office.profile, view, "parquet")

    assert mart(office.folder, view).height == made.rows
    assert pl.read_parquet(made.path).columns == [each.name for each in VIEWS[view].columns]


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_a_file_for_people_is_told_apart_and_private(office: Office, kind: str):
    made = export(office.profile, "mart.charge", kind)

    assert f"for-people_mart.charge_2026-03-31.{kind}" == made.path.name
    assert "exports" == made.path.parent.name
    assert 0o600 == made.path.stat().st_mode & 0o777
    assert 6 == made.rows


def test_a_name_from_the_feeds_runs_nothing(office: Office, tmp_path: Path):
    made = export(office.profile, "charge", "csv", tmp_path / "charges.csv")

    rows = csv.DictReader(io.StringIO(made.path.read_text(encoding="utf-8-sig"), newline=""))
    assert {"'=Bakers"} == {row["customer_name"] for row in rows}


def test_a_file_below_a_file_is_refused(office: Office):
    with pytest.raises(UsageError, match=r"the folder r2b\.toml cannot be made"):
        export(office.profile, "hold", "csv", office.folder / "r2b.toml" / "hold.csv")


@pytest.mark.parametrize(
    ("view", "kind", "words"),
    [
        ("mart.nothing", "csv", "there is no view mart.nothing"),
        ("hold; DROP TABLE x", "csv", "there is no view"),
        ("hold", "ods", "there is no format ods"),
    ],
)
def test_what_there_is_not_cannot_be_exported(office: Office, view: str, kind: str, words: str):
    with pytest.raises(UsageError, match=words):
        export(office.profile, view, kind)


def test_before_any_run_there_is_nothing_to_export(tmp_path: Path):
    with pytest.raises(UsageError, match="nothing was published yet"):
        export(Office(tmp_path / "office").profile, "hold", "csv")


def test_an_export_replaces_only_an_export(office: Office, tmp_path: Path):
    """Never the warehouse, a feed, a batch, or anything else that is not one."""
    own = tmp_path / "mine.csv"
    assert (
        export(office.profile, "hold", "csv", own).rows
        == export(office.profile, "hold", "csv").rows
    )
    profile = office.profile
    for taken, words in (
        (own, "is there already"),
        (profile.warehouse, "is there already"),
        (profile.feeds / "customers.csv", "other programs read"),
        (profile.feeds / "new.csv", "other programs read"),
        (profile.outbox / "000001" / "09.csv", "other programs read"),
        (profile.published, "other programs read"),
        (tmp_path, "is a folder"),
    ):
        before = taken.read_bytes() if taken.is_file() else None
        with pytest.raises(UsageError, match=words):
            export(profile, "hold", "csv", taken)
        assert before == (taken.read_bytes() if taken.is_file() else None)
    assert not list(tmp_path.glob(".*"))
