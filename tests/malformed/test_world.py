"""The corpus itself: it is large, each case says one thing, and its worlds can be written."""

import csv
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from tests.malformed.cases import CASES, CASES_BY_KIND
from tests.malformed.comparison import REASONS
from tests.malformed.expectation import Goes, Stops
from tests.malformed.one_cell import gather
from tests.malformed.world import BASE, COLUMNS, World


def test_no_two_cases_bear_the_same_sentence():
    twice = [
        sentence for sentence, count in Counter(case.id for case in CASES).items() if count > 1
    ]

    assert [] == twice


def test_the_corpus_is_larger_than_the_bar():
    stopping = [case for case in CASES if isinstance(case.expect, Stops)]
    rejecting = [case for case in CASES if isinstance(case.expect, Goes) and case.expect.rejects]

    assert len(stopping) + len(rejecting) >= 750
    assert len(CASES) >= 1_100


def test_every_reason_is_expected_somewhere():
    expected = {
        reject.reason
        for case in CASES
        if isinstance(case.expect, Goes)
        for reject in case.expect.rejects
    }

    assert expected == REASONS


def test_every_expected_column_is_a_column_of_its_feed():
    strangers = [
        (case.id, reject.feed, reject.column)
        for case in CASES
        if isinstance(case.expect, Goes)
        for reject in case.expect.rejects
        if reject.column and reject.column not in (*COLUMNS[reject.feed], "is_deleted")
    ]

    assert [] == strangers


def test_expected_counts_agree_with_the_expected_rejects():
    wrong = []
    for case in CASES:
        if not isinstance(case.expect, Goes):
            continue
        for feed, counts in case.expect.counts.items():
            rows = {reject.row_number for reject in case.expect.rejects if reject.feed == feed}
            if (counts.rejected, counts.read) != (len(rows), counts.accepted + len(rows)):
                wrong.append((case.id, feed, counts, rows))

    assert [] == wrong


@pytest.mark.parametrize("kind", CASES_BY_KIND)
def test_every_world_can_be_written(kind: str, tmp_path: Path):
    for number, case in enumerate(CASES_BY_KIND[kind]):
        world = World()
        case.make(world)
        world.write(tmp_path / str(number))

        assert (tmp_path / str(number) / "r2b.toml").is_file()


def test_the_base_reads_back_as_it_is_meant(tmp_path: Path):
    World().write(tmp_path)

    for feed, records in BASE.items():
        with (tmp_path / "feeds" / f"{feed}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
        assert [dict.fromkeys(COLUMNS[feed], "") | dict(record) for record in records] == rows


def test_gathered_cases_keep_their_rows_apart():
    for gathering in gather(CASES):
        gathering.make(World())
        places = Counter((case.feed, gathering.rows[case.id]) for case in gathering.cases)

        assert {1} == set(places.values())


def test_profiles_are_toml_unless_that_is_their_fault(tmp_path: Path):
    surprises = []
    for number, case in enumerate(CASES_BY_KIND["profile"]):
        world = World()
        case.make(world)
        world.write(tmp_path / str(number))
        try:
            tomllib.loads((tmp_path / str(number) / "r2b.toml").read_text("utf-8"))
            is_toml = True
        except (ValueError, RecursionError):
            is_toml = False
        if is_toml == case.id.startswith("a profile that is "):
            surprises.append(case.id)

    assert [] == surprises
