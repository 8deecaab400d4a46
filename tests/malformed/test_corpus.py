"""The real program against the corpus of malformed and almost malformed inputs."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.malformed.answers import Answer, answer
from tests.malformed.cases import CASES
from tests.malformed.comparison import differences, of_conservation, of_rejects
from tests.malformed.expectation import Case, Counts, Goes, Make, Stops
from tests.malformed.one_cell import CellCase, Gathering, gather
from tests.malformed.world import AS_OF, World

R2B = Path(sys.executable).with_name("r2b")

# set: every case gets a run of its own; not set: cases of one cell share a run
EACH_ALONE = bool(os.environ.get("CORPUS_EACH_ALONE"))

GATHERINGS = [] if EACH_ALONE else gather(CASES)
GATHERED = [(gathering, case) for gathering in GATHERINGS for case in gathering.cases]
ALONE = [case for case in CASES if case.id not in {case.id for _, case in GATHERED}]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch):
    for name in os.environ:
        if name.startswith("R2B_"):
            monkeypatch.delenv(name)


def _written(make: Make, folder: Path) -> Path:
    world = World()
    make(world)
    world.write(folder)
    return folder


def _batches(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("08_products*.csv") if "feeds" not in path.parts]


@pytest.mark.parametrize("case", ALONE, ids=lambda case: case.id)
def test_a_case_alone(case: Case, tmp_path: Path):
    folder = _written(case.make, tmp_path / "job")

    got = answer(folder)

    assert [] == differences(case.expect, got)
    if isinstance(case.expect, Stops):
        assert [] == _batches(folder)


@pytest.fixture(scope="module")
def gathered_answer(tmp_path_factory: pytest.TempPathFactory):
    @cache
    def of(number: int) -> Answer:
        folder = _written(GATHERINGS[number].make, tmp_path_factory.mktemp("gathered") / "job")
        return answer(folder)

    return of


@pytest.mark.parametrize(
    ("gathering", "case"),
    [pytest.param(gathering, case, id=case.id) for gathering, case in GATHERED],
)
def test_a_case_of_one_cell_among_others(gathering: Gathering, case: CellCase, gathered_answer):
    got = gathered_answer(GATHERINGS.index(gathering))

    assert (0, None) == (got.exit_code, got.error_message)
    here = (case.feed, gathering.rows[case.id])
    rejects = [reject for reject in got.rejects if (reject.feed, reject.row_number) == here]
    assert [] == of_rejects(gathering.expected(case), rejects)


@pytest.mark.parametrize("number", range(len(GATHERINGS)))
def test_gathered_cases_spoil_no_other_record(number: int, gathered_answer):
    gathering = GATHERINGS[number]
    got = gathered_answer(number)

    places = {(case.feed, gathering.rows[case.id]) for case in gathering.cases}
    strangers = [reject for reject in got.rejects if reject[:2] not in places]
    assert [] == strangers
    assert [] == of_conservation(got)


REPRESENTATIVE = (
    "booleans that are not required may be blank",
    "a date may be '2026-06-30T23:30:00Z': a UTC time that is the next day in British Summer Time",
    "a name with a NUL is bad text",
    "a customer without a name takes everything of it along",
    "a quote never closed makes all the rest one ragged record",
    "a price column of floats has no exact value in any record",
    "assets without the column is_live stops the run",
    "a missing required feed, order_lines, stops the run",
    "a required feed that is an HTML page stops the run",
    "a required feed that is UTF-16 with a byte order mark stops the run",
    "a feed as CSV and as Parquet stops the run",
    "a record lost after the manifest stops the run",
    "a uk feed that holds '01/31/2026', valid only in the other style, stops",
    "4 of 10 customers rejected at a limit of 0.3 is too many",
    "the unknown key feeds.max_rejet_rate stops the run and names max_reject_rate",
    "a profile that is not TOML stops the run",
)


def _r2b(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("R2B_")}
    return subprocess.run(
        [str(R2B), *words],
        cwd=folder,
        env=clean | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def _answered(done: subprocess.CompletedProcess[str]) -> Answer:
    """The answer as the command line gives it: one JSON object; rejects are only counted."""
    assert "Traceback" not in done.stderr
    printed = json.loads(done.stdout)
    if done.returncode == 0:
        feeds = {
            feed: Counts(counts["read"], counts["accepted"], counts["rejected"])
            for feed, counts in printed["feeds"].items()
        }
        return Answer(0, None, feeds, ())
    assert ["error"] == list(printed)
    error = printed["error"]
    assert {"code", "name", "message", "hint"} == set(error)
    assert done.returncode == error["code"]
    assert error["name"]
    assert error["hint"]
    return Answer(done.returncode, error["message"], {}, ())


@pytest.mark.usefixtures("prefect_api")
@pytest.mark.parametrize("sentence", REPRESENTATIVE)
def test_a_case_on_the_command_line(sentence: str, tmp_path: Path):
    case = next(case for case in CASES if case.id == sentence)
    folder = _written(case.make, tmp_path / "job")

    got = _answered(_r2b(folder, "run", "--as-of", AS_OF, "--json"))

    if isinstance(case.expect, Goes):
        assert 0 == got.exit_code, got.error_message
        assert case.expect.counts == {feed: got.feeds[feed] for feed in case.expect.counts}
    else:
        assert [] == differences(case.expect, got)
        assert [] == _batches(folder)


@pytest.mark.parametrize("day", ["31/03/2026", "2026-02-30", "today", ""])
def test_an_as_of_day_that_is_none_is_wrong_usage_on_the_command_line(day: str, tmp_path: Path):
    folder = _written(lambda _: None, tmp_path / "job")

    done = _r2b(folder, "run", "--as-of", day, "--json")

    assert 2 == done.returncode
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "mentions"),
    [
        pytest.param("R2B_FEEDS__MAX_REJECT_RATE", "lots", "max_reject_rate", id="a wrong value"),
        pytest.param("R2B_TENANT__TIMEZON", "UTC", "timezone", id="an unknown key"),
    ],
)
def test_a_wrong_setting_of_the_environment_stops_the_command_line(
    name: str, value: str, mentions: str, tmp_path: Path
):
    folder = _written(lambda _: None, tmp_path / "job")

    got = _answered(_r2b(folder, "run", "--as-of", AS_OF, "--json", **{name: value}))

    assert [] == differences(Stops(10, (mentions,)), got)
