"""A place in an object store: what a profile may name, and whose keys are used there."""

import pytest
from pydantic import ValidationError

from flows.objects import object_place
from flows.profile import ObjectStore
from schemas.errors import ProfileWrong
from tasks.objects import ObjectPlace

URL = "s3://analysts/northwind"


@pytest.mark.parametrize(
    "url", ["", "s3://bucket", "s3://bucket/", "s3://a-bucket.of.ours/deeper/folder"]
)
def test_a_folder_of_a_bucket_is_a_place(url: str):
    assert url == ObjectStore(url=url).url


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://bucket/folder", "must be s3://bucket/folder"),
        ("s3:///folder", "must be s3://bucket/folder"),
        ("s3://key:secret@bucket/folder", "without user, password"),
        ("s3://bucket:9000/folder", "without user, password or port"),
        ("s3://bucket/folder?version=1", "no ?, # or .."),
        ("s3://bucket/folder#part", "no ?, # or .."),
        ("s3://bucket/../folder", "no ?, # or .."),
        ("s3://bucket/a folder", "no blank"),
    ],
)
def test_what_is_no_folder_of_a_bucket_is_refused(url: str, words: str):
    with pytest.raises(ValidationError) as refused:
        ObjectStore(url=url)
    assert words in str(refused.value)


@pytest.mark.parametrize("endpoint", ["", "https://store.example", "http://127.0.0.1:9000"])
def test_a_store_is_asked_over_https_or_on_this_machine(endpoint: str):
    assert endpoint == ObjectStore(endpoint=endpoint).endpoint


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        ("http://store.example", "for this machine only"),
        ("https://key:secret@store.example", "no user and password"),
        ("https://store.example/{bucket}", "no placeholders"),
        ("https://store.example?x=1", "no ?"),
        ("store.example", "starts with https://"),
    ],
)
def test_a_store_that_cannot_be_asked_safely_is_refused(endpoint: str, words: str):
    with pytest.raises(ValidationError) as refused:
        ObjectStore(endpoint=endpoint)
    assert words in str(refused.value)


def test_keys_are_those_of_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OUR_ACCESS", "an-access-key")
    monkeypatch.setenv("R2B_SECRET_KEY", "a-secret-key")
    store = ObjectStore(
        url=URL,
        endpoint="https://store.example",
        region="eu-west-2",
        access_key_env="OUR_ACCESS",
        timeout_seconds=5,
    )

    assert ObjectPlace(
        URL, "https://store.example", "eu-west-2", "an-access-key", "a-secret-key", timeout=5
    ) == object_place(store, "parquet.s3")


def test_without_keys_it_is_the_machines_own_identity(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("R2B_ACCESS_KEY", raising=False)
    monkeypatch.delenv("R2B_SECRET_KEY", raising=False)

    assert ObjectPlace(URL) == object_place(ObjectStore(url=URL), "parquet.s3")


@pytest.mark.parametrize(
    ("is_set", "is_missing"),
    [("R2B_ACCESS_KEY", "R2B_SECRET_KEY"), ("R2B_SECRET_KEY", "R2B_ACCESS_KEY")],
)
def test_one_key_of_two_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, is_set: str, is_missing: str
):
    monkeypatch.delenv(is_missing, raising=False)
    monkeypatch.setenv(is_set, "what-nobody-may-see")

    with pytest.raises(ProfileWrong) as refused:
        object_place(ObjectStore(url=URL), "parquet.s3")
    assert f"{is_set} is set, and the variable {is_missing} is not" in str(refused.value)
    assert "what-nobody-may-see" not in str(refused.value)
