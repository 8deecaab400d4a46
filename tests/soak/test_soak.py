"""Some days in one process, as in CI; `make soak` lives a thousand."""

from pathlib import Path

import pytest

from tests.soak.curve import Day, growth, kinds_of_files
from tests.soak.soak import Soak, leaks, soak

DAYS = 15
WARM_UP = 5


@pytest.mark.timeout(600)
def test_days_in_one_process_leave_nothing_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    found = soak(tmp_path / "soak", 1, DAYS, customers=8, every=5)

    with capsys.disabled():
        print(f"\n{dict(sorted(found.told.items()))}")
    assert not found.wrong, "\n".join(found.wrong)
    # while everything is met for the first time memory grows: only a thousand days say more
    assert not (left := leaks(found, WARM_UP, most=0.5)), "\n".join(left)
    assert found.layer_per_month > 0
    assert len(found.days) > DAYS
    assert {
        "delivery over a bad line",
        "runs killed",
        "runs that ended with 22",
    } <= found.told.keys()


def day(number: int, **said: int) -> Day:
    """A day on which nothing is remarkable but what is said."""
    return Day(
        **{
            **dict.fromkeys((each for each in Day.__dataclass_fields__), 100),
            "number": number,
            "temporary": 0,
            **said,
        }
    )


@pytest.mark.parametrize(
    ("grows", "words"),
    [
        ("rss", "leak: rss grew by 14.0%"),
        ("trimmed", "leak: trimmed grew by 14.0%"),
        ("files", "leak: open files, 107.5 before, 122.5 at the end"),
        ("threads", "leak: threads, 129 at the end"),
    ],
)
def test_a_leak_does_not_pass(grows: str, words: str):
    days = [day(number, **{grows: 100 + number}) for number in range(30)]

    assert [words] == leaks(Soak(days), warm_up=0)


def test_what_does_not_grow_is_no_leak():
    days = [day(number) for number in range(30)]

    assert [] == leaks(Soak(days), warm_up=5)
    assert 0 == growth(days, "rss", warm_up=5, window=10).share


def test_a_pool_that_is_full_late_is_no_leak():
    days = [day(number, threads=100 + (number > 20)) for number in range(30)]

    assert [] == leaks(Soak(days), warm_up=5)


def test_files_that_are_of_no_kind_are_named(tmp_path: Path):
    for name in ("var/landed/.landing-x", "var/.spill/y", "outbox/default/.000001.part/08.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    assert {
        "other: var/landed/.landing-x",
        "other: var/.spill/y",
        "other: outbox/default/.000001.part/08.csv",
    } == kinds_of_files(tmp_path).keys()
