"""Files damaged at random, in CI's size; `make fuzz-deep` damages 20,000 and prints the figures."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.malformed.fuzz.child import Answer, Lived, live
from tests.malformed.fuzz.damage import MILD, ROUGH, damaged
from tests.malformed.fuzz.judge import KINDS, faults, known_exit_codes
from tests.malformed.fuzz.lives import Damage, Life, Step, drawn
from tests.malformed.fuzz.proof import Proof, shrunk
from tests.malformed.fuzz.valid import files, profile

pytestmark = pytest.mark.timeout(900)

FILES = 300
SEED = 1
FORMS = ("csv", "parquet", "delta", "pages")
UNDAMAGED = (Step("run", 0), Step("verify", 0))


def test_damaged_files_are_answered_in_words_and_nothing_is_missed(tmp_path: Path):
    *_, tally = Proof(tmp_path).run(SEED, files=FILES)

    assert [] == [str(found) for found in tally.found]
    assert tally.files.total() >= FILES
    assert {"books", "csv", "pages", "parquet"} <= set(tally.lives)
    assert len(tally.files) >= 50
    assert {0, 10, 22, 50} <= {code for _, code in tally.ends}


@pytest.mark.parametrize("form", FORMS)
def test_undamaged_files_are_taken_whole(form: str, tmp_path: Path):
    life = Life(0, form, UNDAMAGED)

    lived = live(life, tmp_path / "life")

    assert [0, 0] == [answer.code for answer in lived.answers]
    assert [] == faults(life, lived, tmp_path / "life")
    assert {0} == {rejected for _, _, rejected in lived.answers[0].feeds.values()}
    assert lived.answers[0].dispositions["ready"][0] >= 8


def test_a_seed_draws_the_same_life_again():
    assert [drawn(seed) for seed in range(30)] == [drawn(seed) for seed in range(30)]


def test_every_kind_of_damage_changes_some_file_the_same_way_twice():
    samples = {
        "csv": files("csv", 0)["feeds/order_lines.csv"],
        "parquet": files("parquet", 0)["feeds/order_lines.parquet"],
        "json": files("pages", 0)["pages/order_lines-1.json"],
        "jsonl": files("pages", 0)["pages/order_lines-1.json"],
        "toml": profile("csv"),
    }
    idle = [
        (suffix, kind)
        for suffix, content in samples.items()
        for kind in ROUGH[suffix]
        if all(damaged(content, suffix, kind, seed) == content for seed in range(20))
    ]
    fickle = [
        (suffix, kind)
        for suffix, content in samples.items()
        for kind in ROUGH[suffix]
        if damaged(content, suffix, kind, 7) != damaged(content, suffix, kind, 7)
    ]

    assert ([], []) == (idle, fickle)
    assert all(MILD[suffix].keys() <= ROUGH[suffix].keys() for suffix in ROUGH)


def test_the_known_exit_codes_are_those_of_the_reference_without_the_one_for_bugs():
    assert {0, 2, 10, 20, 21, 22, 30, 40, 41, 42, 43, 50, 51, 60, 61, 70, 80} == known_exit_codes()


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[Life, Lived, Path]:
    """A life in which one record was damaged and nothing was wrong."""
    place = tmp_path_factory.mktemp("good") / "life"
    damage = Damage("feeds/contacts.csv", "cell moved", 3)
    life = Life(0, "csv", (Step("run", 0, (damage,)), *UNDAMAGED))
    return life, live(life, place), place


def _more(counts: Mapping[str, tuple[int, int, int]], *more: int) -> dict[str, tuple[int, ...]]:
    return {**counts, "contacts": tuple(map(sum, zip(counts["contacts"], more, strict=True)))}


BAD: dict[str, tuple[str, Callable[[Answer], Answer]]] = {
    "a traceback": ("traceback", lambda a: replace(a, code=1, err="Traceback (most recent")),
    "a code nobody knows": ("unknown exit code", lambda a: replace(a, code=3, err="r2b: x")),
    "two lines of error": ("unknown exit code", lambda a: replace(a, code=22, err="r2b: x\ny")),
    "a customer's name": ("says personal data", lambda a: replace(a, err="r2b: Quillon")),
    "minutes of work": ("hang", lambda a: replace(a, seconds=100.0)),
    "a batch though it stopped": (
        "batch of a stopped run",
        lambda a: replace(a, code=22, err="r2b: x", batches=(frozenset(), frozenset({"000001"}))),
    ),
    "a record that was never read": (
        "accepted in silence",
        lambda a: replace(a, feeds=_more(a.feeds, -1, -1, 0)),
    ),
    "a record in no count": (
        "accepted in silence",
        lambda a: replace(a, feeds=_more(a.feeds, 0, -1, 0)),
    ),
    "a reject that was taken": (
        "accepted in silence",
        lambda a: replace(a, feeds=_more(a.feeds, 0, 1, -1), rejects=[]),
    ),
    "a penny too much": (
        "accepted in silence",
        lambda a: replace(a, dispositions={**a.dispositions, "ready": (0, Decimal("0.01"))}),
    ),
}


@pytest.mark.parametrize(("kind", "spoil"), BAD.values(), ids=BAD)
def test_what_is_wrong_does_not_pass(
    kind: str, spoil: Callable[[Answer], Answer], good: tuple[Life, Lived, Path]
):
    life, lived, place = good
    first, *others = lived.answers

    found = faults(life, replace(lived, answers=[spoil(first), *others]), place)

    assert [] == faults(life, lived, place)
    assert kind in {fault.partition(":")[0] for fault in found}
    assert kind in KINDS


@pytest.mark.parametrize(
    ("kind", "spoilt"),
    [
        ("hang", {"hung": True}),
        ("traceback", {"exit_code": -11}),
        ("memory", {"peak": 5_000}),
    ],
)
def test_a_process_that_ends_badly_does_not_pass(
    kind: str, spoilt: dict[str, int], good: tuple[Life, Lived, Path]
):
    life, lived, place = good

    found = faults(life, replace(lived, **spoilt), place)

    assert [kind] == [fault.partition(":")[0] for fault in found]


def test_a_poisoned_warehouse_does_not_pass(good: tuple[Life, Lived, Path]):
    life, lived, place = good
    *others, last = lived.answers

    found = faults(life, replace(lived, answers=[*others, replace(last, code=50)]), place)

    assert ["poisoned"] == [fault.partition(":")[0] for fault in found]


def test_a_fault_is_told_with_the_damages_it_takes():
    life = next(life for seed in range(50) if (life := drawn(seed)).form == "csv")
    culprit = life.damages[5]

    def ask(tried: Life) -> list[str]:
        return ["traceback: x"] if culprit in tried.damages else ["hang: something else"]

    assert (culprit,) == shrunk(life, ["traceback: x"], ask).needed
