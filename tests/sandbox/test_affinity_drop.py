"""The drop folder and its loader, swept by hand unless the test is about watching."""

import csv
import time

import pytest

from sandbox.affinity.serving import serving
from tests.sandbox.batches import row, write_feeds
from tests.sandbox.over_http import CLIS, PRODUCTS, file_of

RESULTS = PRODUCTS.replace(".csv", ".results.csv")


@pytest.fixture
def drop(tmp_path):
    return tmp_path / "drop"


@pytest.fixture
def stand_in(tmp_path, drop):
    feeds = write_feeds(tmp_path / "feeds")
    with serving(tmp_path / "state", feeds, http=False, drop=drop, poll=None) as it:
        yield it


@pytest.fixture
def put(tmp_path, drop):
    """Put a file of valid rows into the inbox; returns its bytes."""

    def into_inbox(name, rows=None, content=None):
        if content is None:
            content = file_of(tmp_path / "batch", name, rows)
        aside = drop / "inbox" / f".{name}.part"
        aside.write_bytes(content)
        aside.rename(drop / "inbox" / name)
        return content

    return into_inbox


def lying_in(drop):
    """What is where, by folder."""
    return {
        folder: names
        for folder in ("inbox", "archive", "error", "results")
        if (names := sorted(path.name for path in (drop / folder).iterdir()))
    }


def outcomes(drop, name=RESULTS):
    with (drop / "results" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_file_is_taken_archived_and_answered_for(stand_in, drop, put):
    content = put(PRODUCTS)

    taken = stand_in.sweep()

    assert [PRODUCTS] == taken
    assert {"archive": [PRODUCTS], "results": [RESULTS]} == lying_in(drop)
    assert content == (drop / "archive" / PRODUCTS).read_bytes()
    assert ["accepted"] == [told["outcome"] for told in outcomes(drop)]


def test_files_are_taken_batch_by_batch_in_load_order(stand_in, drop, put):
    later = [f"Acme_000002_{file}" for file in ("06_clis.csv", "06_clis_2.csv", "06_clis_10.csv")]
    names = [CLIS, PRODUCTS, *later]
    for name in reversed(names):
        put(
            name,
            [row(name.split("_", 2)[2][:7], CLI=f"0770090{names.index(name):04d}")]
            if name in later
            else None,
        )

    taken = stand_in.sweep()

    assert names == taken
    assert 0 == stand_in.audit()["out_of_order"]


def test_what_is_still_being_written_is_left_alone(stand_in, drop):
    (drop / "inbox" / f".{PRODUCTS}.part").write_bytes(b"half a fi")
    (drop / "inbox" / "a folder").mkdir()

    assert [] == stand_in.sweep()
    assert {"inbox": [f".{PRODUCTS}.part", "a folder"]} == lying_in(drop)


def test_what_cannot_be_loaded_goes_to_error_with_the_words(stand_in, drop, put):
    put("holiday.csv", content=b"a,b\r\n")
    put(PRODUCTS, content=b"a,b\r\n1,2\r\n")

    stand_in.sweep()

    assert {"error": [PRODUCTS, f"{PRODUCTS}.txt", "holiday.csv", "holiday.csv.txt"]} == lying_in(
        drop
    )
    words = (drop / "error" / "holiday.csv.txt").read_text(encoding="utf-8")
    assert "holiday.csv is not the name of a batch file\n" == words


def test_a_name_that_comes_again_is_loaded_again_and_kept_beside_the_first(stand_in, drop, put):
    content = put(PRODUCTS)
    stand_in.sweep()
    put(PRODUCTS, content=content)
    stand_in.sweep()

    assert [PRODUCTS, f"{PRODUCTS}.2"] == lying_in(drop)["archive"]
    assert 1 == stand_in.audit()["double_bills"]


def test_the_journal_says_what_was_taken_and_where_it_went(stand_in, put):
    put(PRODUCTS)
    put("holiday.csv", content=b"")

    stand_in.sweep()

    assert [
        ("TAKE", "error/holiday.csv", 422, False),
        ("TAKE", f"archive/{PRODUCTS}", 200, True),
    ] == [
        (entry["method"], entry["path"], entry["status"], entry["effect"])
        for entry in stand_in.journal()
    ]


# Misbehaviour


def test_a_file_can_be_left_lying(stand_in, drop, put):
    stand_in.behave([{"on": "load", "do": "never", "times": 2}])
    put(PRODUCTS)

    taken = [stand_in.sweep() for _ in range(3)]

    assert [[], [], [PRODUCTS]] == taken
    assert 1 == stand_in.audit()["rows_loaded"]


def test_a_file_can_be_taken_and_not_archived(stand_in, drop, put):
    stand_in.behave([{"on": "load", "do": "delete"}])
    put(PRODUCTS)

    stand_in.sweep()

    assert {"results": [RESULTS]} == lying_in(drop)
    assert 1 == stand_in.audit()["rows_loaded"]


def test_a_file_can_be_archived_with_other_bytes(stand_in, drop, put):
    stand_in.behave([{"on": "load", "do": "archive_damaged"}])
    content = put(PRODUCTS)

    stand_in.sweep()

    assert content != (drop / "archive" / PRODUCTS).read_bytes()
    assert ["accepted"] == [told["outcome"] for told in outcomes(drop)]


@pytest.mark.parametrize("do", ["error", "refuse_file"])
def test_a_good_file_can_go_to_error(stand_in, drop, put, do):
    stand_in.behave([{"on": "load", "do": do, "message": "closed for stocktaking"}])
    put(PRODUCTS)

    stand_in.sweep()

    assert {"error": [PRODUCTS, f"{PRODUCTS}.txt"]} == lying_in(drop)
    assert "closed for stocktaking\n" == (drop / "error" / f"{PRODUCTS}.txt").read_text()
    assert (0, 1) == (stand_in.audit()["rows_loaded"], stand_in.audit()["files_refused"])


def test_a_file_can_be_loaded_twice(stand_in, drop, put):
    stand_in.behave([{"on": "load", "do": "twice"}])
    put(PRODUCTS)

    stand_in.sweep()

    assert (1, 1) == (stand_in.audit()["double_bills"], len(outcomes(drop)))
    assert [PRODUCTS] == lying_in(drop)["archive"]


def test_results_can_come_some_sweeps_later(stand_in, drop, put):
    stand_in.behave([{"on": "load", "do": "late", "asks": 2}])
    put(PRODUCTS)

    told = [stand_in.sweep() and "results" in lying_in(drop)]
    for _ in range(2):
        stand_in.sweep()
        told.append("results" in lying_in(drop))

    assert [False, False, True] == told


def test_results_can_be_distorted(stand_in, drop, put):
    stand_in.behave(
        [
            {"on": "load", "do": "reject", "every": 1, "code": "BUSY"},
            {"on": "load", "do": "unknown_key"},
        ]
    )
    put(PRODUCTS)

    stand_in.sweep()

    assert ["BUSY", ""] == [told["code"] for told in outcomes(drop)]
    assert "reject+unknown_key" == stand_in.journal()[0]["fault"]


# Watching


def test_a_watched_folder_is_swept_without_being_asked(tmp_path, drop, put):
    feeds = write_feeds(tmp_path / "feeds")
    with serving(tmp_path / "state", feeds, http=False, drop=drop, poll=0.01):
        put(PRODUCTS)
        until = time.monotonic() + 10
        while not (drop / "results" / RESULTS).exists() and time.monotonic() < until:
            time.sleep(0.01)

        assert {"archive": [PRODUCTS], "results": [RESULTS]} == lying_in(drop)
