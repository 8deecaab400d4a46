"""The Layer's exports in an object store: the same run as from a folder, come what may."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows.console.doctor_view import examine
from flows.wiring import open_source
from schemas.errors import (
    ProfileWrong,
    R2BError,
    SourceContractBroken,
    SourceRefused,
    SourceUnavailable,
)
from tests.integration.office import Office
from tests.object_store import KEY, REGION, SECRET, Bucket, bucket
from warehouse.connection import file_sha256

FOLDER = "exports/of/today"


class Exported:
    """An office whose feeds lie in a bucket, and nowhere else."""

    def __init__(self, office: Office, served: Bucket) -> None:
        self.office = office
        self.served = served
        self.objects = served.folder(FOLDER)

    def put(self) -> None:
        """Bring what the office would write to its folder into the bucket."""
        self.office.save()
        for path in (self.office.folder / "feeds").iterdir():
            self.objects.put(path.name, path.read_bytes(), replacing=True)
            path.unlink()

    def land(self) -> None:
        """Only the first step of a run."""
        source = open_source(self.office.profile)
        source.land(self.office.folder / "landed", need_all=True)

    def landed(self) -> list[str]:
        """What was kept, and what was left half done."""
        folder = self.office.folder / "landed"
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.fixture
def served() -> Iterator[Bucket]:
    """An empty bucket."""
    with bucket() as served:
        yield served


@pytest.fixture
def exported(tmp_path: Path, served: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Exported]:
    """An office of two lines; its exports are in the bucket."""
    monkeypatch.setenv("R2B_ACCESS_KEY", KEY)
    monkeypatch.setenv("R2B_SECRET_KEY", SECRET)
    exported = Exported(Office(tmp_path / "office", profile=_profile(served)), served)
    exported.put()
    return exported


def _profile(served: Bucket, *, more: str = "") -> str:
    return (
        f'[feeds]\nkind = "s3"\n{more}\n[feeds.s3]\nurl = "s3://{served.name}/{FOLDER}"\n'
        f'endpoint = "{served.endpoint}"\nregion = "{REGION}"\ntimeout_seconds = 5\n'
    )


def _batch(office: Office) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(office.batch().glob("[0-9]*.csv"))}


def test_a_run_writes_the_same_bytes_as_from_a_folder(exported: Exported, tmp_path: Path):
    of_folder = Office(tmp_path / "of_folder")
    of_folder.save()
    of_folder.run()

    receipt = exported.office.run()

    assert "batch_written" == receipt.status
    assert _batch(of_folder) == _batch(exported.office)
    assert {} != _batch(exported.office)


def test_unchanged_objects_are_recognised(exported: Exported):
    exported.office.run()
    before = exported.landed()
    exported.office.run()

    assert before == exported.landed()


def test_a_parquet_object_and_one_that_is_none_of_ours(exported: Exported, tmp_path: Path):
    exported.objects.put("notes.txt", b"of the export")
    exported.objects.put("deeper/orders.parquet", b"none")
    exported.land()

    assert len(exported.office.feeds) == len(exported.landed())


def test_a_manifest_is_held_to(exported: Exported):
    exported.objects.put("manifest.json", b'{"orders": {"sha256": "00"}}')

    with pytest.raises(SourceContractBroken, match="not the one its manifest describes"):
        exported.land()


def test_both_forms_of_a_feed_are_one_too_many(exported: Exported):
    exported.objects.put("orders.parquet", b"")

    with pytest.raises(SourceContractBroken, match=r"both orders\.csv and orders\.parquet"):
        exported.land()


def test_a_store_that_is_busy_for_a_while_is_asked_again(exported: Exported):
    exported.served.misbehave("GET", "orders.csv", "busy", times=2)
    exported.land()

    asked = [method for method, path in exported.served.asked if path.endswith("orders.csv")]
    assert 3 == asked.count("GET")


def test_half_an_object_is_not_landed(exported: Exported):
    exported.served.misbehave("GET", "orders.csv", "torn")
    exported.land()
    whole = exported.objects.content("orders.csv")

    kept = {(exported.office.folder / "landed" / name).read_bytes() for name in exported.landed()}
    assert whole in kept
    assert len(exported.office.feeds) == len(kept)


def test_an_object_that_is_replaced_while_it_is_read_ends_the_run(exported: Exported):
    def replaced() -> None:
        exported.objects.put("orders.csv", b"order_id\nO2\n", replacing=True)

    exported.served.misbehave("GET", "orders.csv", replaced)

    with pytest.raises(SourceUnavailable, match="replaced or removed") as told:
        exported.land()
    assert "orders" == told.value.feed
    assert all(not name.startswith(".") for name in exported.landed())


def test_an_object_that_is_removed_while_it_is_read_ends_the_run(exported: Exported):
    exported.served.misbehave("GET", "orders.csv", lambda: exported.objects.delete("orders.csv"))

    with pytest.raises(SourceUnavailable, match="replaced or removed"):
        exported.land()


@pytest.mark.parametrize(
    ("trouble", "error", "words"),
    [
        (
            lambda served: served.misbehave("GET", served.name, "refused"),
            SourceRefused,
            "let us in",
        ),
        (
            lambda served: served.misbehave("GET", "sites.csv", "refused"),
            SourceRefused,
            "sites.csv",
        ),
        (
            lambda served: [
                served.folder(FOLDER).delete(f) for f in served.folder(FOLDER).listed()
            ],
            SourceUnavailable,
            "nothing in the folder",
        ),
    ],
    ids=["the bucket", "an object", "nothing there"],
)
def test_what_cannot_be_had_is_said(
    exported: Exported, trouble: Callable[[Bucket], object], error: type[R2BError], words: str
):
    trouble(exported.served)

    with pytest.raises(error, match=words) as told:
        exported.land()
    assert exported.served.endpoint not in str(told.value)
    assert SECRET not in str(told.value)


def test_one_key_without_the_other_is_refused(exported: Exported, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("R2B_SECRET_KEY")

    with pytest.raises(ProfileWrong, match="R2B_SECRET_KEY is not"):
        exported.land()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "kind s3 needs feeds.s3.url"),
        ("https://of/ours", "must be s3://bucket"),
        ("s3://bucket/../up", "must name a folder of the bucket"),
        ("s3://key:secret@bucket/x", "must be s3://bucket"),
    ],
)
def test_a_url_that_is_none_is_refused(tmp_path: Path, url: str, said: str):
    office = Office(tmp_path / "office", profile=f'[feeds]\nkind = "s3"\ns3.url = "{url}"\n')

    with pytest.raises(ProfileWrong, match=said):
        _ = office.profile


def test_plain_http_is_for_this_machine_only(tmp_path: Path):
    text = '[feeds]\nkind = "s3"\ns3 = { url = "s3://b-1", endpoint = "http://store.example" }\n'

    with pytest.raises(ProfileWrong, match="for this machine only"):
        _ = Office(tmp_path / "office", profile=text).profile


def test_doctor_says_where_and_as_whom(exported: Exported, monkeypatch: pytest.MonkeyPatch):
    def said() -> tuple[str, int]:
        found = examine(exported.office.folder / "r2b.toml")
        return next((each.verdict, each.exit_code) for each in found if each.what == "feeds")

    where = f"from s3://{exported.served.name}/{FOLDER}"
    asked = len(exported.served.asked)
    assert (where, 0) == said()
    monkeypatch.delenv("R2B_ACCESS_KEY")
    assert (f"{where}, one key without the other", ProfileWrong.exit_code) == said()
    monkeypatch.delenv("R2B_SECRET_KEY")
    assert (f"{where}, as this machine's own identity", 0) == said()
    assert asked == len(exported.served.asked)


def test_a_delta_in_a_bucket_is_added_to_what_is_known(
    tmp_path: Path, served: Bucket, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("R2B_ACCESS_KEY", KEY)
    monkeypatch.setenv("R2B_SECRET_KEY", SECRET)
    office = Office(tmp_path / "office", profile=_profile(served, more='mode = "delta"'))
    exported = Exported(office, served)
    exported.put()
    office.run()
    for name in exported.objects.listed():
        exported.objects.delete(name)
    exported.objects.put("manifest.json", b"{}")

    again = office.run()

    assert 2 == len(office.dispositions())
    assert "batch_open" == again.status


def test_bytes_are_landed_as_they_lie_there(exported: Exported, tmp_path: Path):
    exported.land()
    for name in exported.objects.listed():
        aside = tmp_path / name
        aside.write_bytes(exported.objects.content(name) or b"")
        assert f"{file_sha256(aside)}.csv" in exported.landed()
