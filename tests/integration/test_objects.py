"""An object store: what is there, what was kept, and how its answers are told apart."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.objects import (
    AlreadyThere,
    Changed,
    NotThere,
    ObjectPlace,
    Objects,
    StoreDown,
    StoreRefused,
)
from tests.object_store import Bucket, bucket


@pytest.fixture
def served() -> Iterator[Bucket]:
    """An empty bucket."""
    with bucket() as served:
        yield served


def test_what_is_there_is_kept_unless_it_is_to_be_replaced(served: Bucket):
    folder = served.folder("of/ours")
    folder.put("a/b.csv", b"first")

    with pytest.raises(AlreadyThere):
        folder.put("a/b.csv", b"second")
    assert b"first" == folder.content("a/b.csv")

    folder.put("a/b.csv", b"third", replacing=True)
    assert b"third" == folder.content("a/b.csv")
    assert b"third" == served.folder().content("of/ours/a/b.csv")


def test_a_listing_holds_what_lies_directly_in_a_folder(served: Bucket):
    folder = served.folder("of/ours")
    for name in ("one.csv", "empty.csv", "deeper/two.csv"):
        folder.put(name, b"" if name == "empty.csv" else b"12345")

    assert {"one.csv": 5, "empty.csv": 0} == {
        name: each.bytes for name, each in folder.listed().items()
    }
    assert ["two.csv"] == list(folder.listed("deeper"))
    assert {} == folder.listed("elsewhere")


def test_all_that_lies_beneath_is_listed_by_its_whole_name(served: Bucket):
    folder = served.folder("of/ours")
    folder.put("latest.json", b"1")
    folder.put("a/b/c.parquet", b"123")
    for other in ("others.csv", "ours2/latest.json", "ours.csv"):
        served.folder("of").put(other, b"")

    assert {"latest.json": 1, "a/b/c.parquet": 3} == {
        name: each.bytes for name, each in folder.beneath().items()
    }


def test_only_the_version_that_was_seen_is_replaced(served: Bucket):
    folder = served.folder()
    folder.put("latest.json", b"first")
    version = folder.listed()["latest.json"].version
    assert version is not None
    folder.put("latest.json", b"second", replacing=version)

    with pytest.raises(Changed):
        folder.put("latest.json", b"third", replacing=version)
    assert b"second" == folder.content("latest.json")


def test_a_file_is_kept_unless_it_is_to_be_replaced(served: Bucket, tmp_path: Path):
    folder, file = served.folder("of/ours"), tmp_path / "a.parquet"
    file.write_bytes(b"first")
    folder.put_file("a.parquet", file)
    file.write_bytes(b"second")

    with pytest.raises(AlreadyThere):
        folder.put_file("a.parquet", file)
    assert b"first" == folder.content("a.parquet")
    folder.put_file("a.parquet", file, replacing=True)
    assert b"second" == folder.content("a.parquet")


def test_a_big_file_goes_in_parts_and_is_there_whole(served: Bucket, tmp_path: Path):
    file = tmp_path / "big.parquet"
    with file.open("wb") as out:
        out.truncate(65 << 20)
    served.folder().put_file("big.parquet", file)

    assert 5 == served.asked.count(("PUT", "/exchange/big.parquet"))
    assert 65 << 20 == served.folder().listed()["big.parquet"].bytes


def test_bytes_are_of_the_version_that_was_listed(served: Bucket):
    folder = served.folder()
    folder.put("one.csv", b"first")
    version = folder.listed()["one.csv"].version
    folder.put("one.csv", b"second", replacing=True)

    with pytest.raises(Changed):
        list(folder.blocks("one.csv", version=version))
    assert [b"second"] == list(folder.blocks("one.csv"))


def test_what_is_not_there_is_told_from_a_bucket_that_is_not_there(served: Bucket):
    folder, nowhere = served.folder(), Objects(Bucket("nowhere", served.endpoint).place())

    assert folder.content("none") is None
    with pytest.raises(NotThere):
        list(folder.blocks("none"))
    folder.delete("none")
    for ask in (
        lambda: nowhere.content("none"),
        nowhere.listed,
        lambda: nowhere.put("none", b""),
        lambda: nowhere.delete("none"),
    ):
        with pytest.raises(StoreRefused, match="no such bucket"):
            ask()


def test_what_was_removed_is_gone(served: Bucket):
    folder = served.folder()
    folder.put("one.csv", b"1")
    folder.delete("one.csv")

    assert folder.content("one.csv") is None


@pytest.mark.parametrize(("do", "error"), [("busy", StoreDown), ("refused", StoreRefused)])
def test_answers_that_waiting_cures_are_told_from_refusals(
    served: Bucket, do: str, error: type[Exception]
):
    served.misbehave("GET", "one.csv", do)
    with pytest.raises(error):
        served.folder().content("one.csv")
    assert 1 == len(served.asked)  # nobody but the caller tries again


def test_nobody_answers():
    silent = Objects(ObjectPlace("s3://of/ours", "http://127.0.0.1:1", "eu-west-2", "k", "s"))

    with pytest.raises(StoreDown) as told:
        silent.listed()
    assert "127.0.0.1" not in told.value.words


def test_a_name_that_walks_is_refused(served: Bucket):
    with pytest.raises(StoreRefused, match="no such name"):
        served.folder("of/ours").put("../up.csv", b"")


def test_no_proxy_of_the_environment_is_used(served: Bucket, monkeypatch: pytest.MonkeyPatch):
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    served.folder().put("one.csv", b"1")

    assert b"1" == served.folder().content("one.csv")


def test_keys_are_not_shown(served: Bucket):
    assert "secret" not in repr(served.place())
