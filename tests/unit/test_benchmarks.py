"""What is timed is what it says: one reseller under several ids, days with just their changes."""

from pathlib import Path

import pytest

from benchmarks import results
from benchmarks.days import days, next_feeds
from benchmarks.feeds import feeds_folder, records
from benchmarks.processes import Took
from docs.parts import performance
from flows.profile import load_profile

LINES = 300


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Feeds are made once."""
    return tmp_path_factory.mktemp("benchmarks")


def cells(folder: Path, feed: str, column: str) -> list[str]:
    rows = records(folder / "feeds" / f"{feed}.csv")
    columns, _ = next(rows)
    place = columns.index(column)
    return [row[place] for _, row in rows if len(row) == len(columns)]


@pytest.mark.parametrize("ids", ["guid", "integer", "mixed"])
def test_other_ids_name_the_same_records(where: Path, ids: str):
    short = feeds_folder(where, LINES, "plain")
    other = feeds_folder(where, LINES, "plain", ids)

    def targets(folder: Path) -> list[int | None]:
        orders = {key: number for number, key in enumerate(cells(folder, "orders", "order_id"))}
        return [orders.get(key) for key in cells(folder, "order_lines", "order_id")]

    assert targets(short) == targets(other)
    assert set(cells(short, "order_lines", "line_id")).isdisjoint(
        cells(other, "order_lines", "line_id")
    )
    assert cells(short, "order_lines", "quantity") == cells(other, "order_lines", "quantity")


def test_half_of_the_lines_are_bad(where: Path):
    folder = feeds_folder(where, LINES, "plain", bad=50)
    bad = cells(folder, "order_lines", "quantity")

    assert LINES * 0.35 < bad.count("several") < LINES * 0.65
    # or the run that is timed would refuse them all
    assert 1 == load_profile(folder / "r2b.toml").settings.feeds.reject_rate("order_lines")


@pytest.mark.parametrize("name", list(days(LINES)))
def test_a_day_holds_its_changes(where: Path, tmp_path: Path, name: str):
    day, first = days(LINES)[name], feeds_folder(where, LINES, "plain")

    changed = next_feeds(first, tmp_path / "feeds", day)

    there = {path.stem for path in (tmp_path / "feeds").iterdir()}
    if day.mode == "delta":
        assert set(day.touched) == there
        assert changed == sum(len(cells(tmp_path, feed, "modified_at")) for feed in there)
        stamps = {stamp for feed in there for stamp in cells(tmp_path, feed, "modified_at")}
        assert len(stamps) <= 1
    else:
        assert there == {path.stem for path in (first / "feeds").glob("*.csv")}
        before = cells(first, "order_lines", "quantity")
        after = cells(tmp_path, "order_lines", "quantity")
        assert changed == sum(old != new for old, new in zip(before, after, strict=True))
    assert (changed > 0) is bool(day.touched)


def test_the_page_shows_medians_and_ratios(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path / "results")
    runs = {
        "job": [Took(2, cpu, 100) for cpu in (40, 30, 200)],
        "floor": [Took(1, cpu, 50) for cpu in (10, 10, 9)],
    }
    results.keep(
        results.Result(
            "whole", "x", "ten lines", 10, results.taken(runs), {}, {"judge": 1.5}, results.here()
        )
    )

    assert "| ten lines | 3 | 40.0 | 2.0 | 100 | 4.00 | | | |" in performance.whole()
    assert "| judge | 1.5 | 100% |" in performance.steps()
    assert "polars" in performance.where()
