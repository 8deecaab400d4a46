"""Whether the product and the three rivals come to the same answers on one folder of feeds.

`python -m benchmarks.rivals.check FOLDER` runs all four, each in a fresh process, prints what
differs from the product and exits with 1 if anything does. FOLDER holds `r2b.toml` and `feeds/`.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.processes import RIVALS, Took, run_job, run_rival

FILES = ("06_clis.csv", "08_products.csv")
_NOBODY = {"charges": 0, "value": "0.0000"}


def main() -> None:
    """Run all, compare, say what differs."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.rivals.check", description=__doc__)
    asked.add_argument("folder", type=Path)
    folder = asked.parse_args().folder

    run_job(folder)
    counts = product_counts(folder)
    found = [
        difference
        for rival in RIVALS
        for difference in differences(folder, counts, rival, run_rival(folder, rival))
    ]
    print("\n".join(found) or f"{folder.name}: all agree, {said(counts)}")
    raise SystemExit(1 if found else 0)


def product_counts(folder: Path) -> dict[str, Any]:
    """What the product's run in `folder` came to, as `r2b run --json` prints it."""
    with duckdb.connect(folder / "var" / "published" / "r2b.duckdb", read_only=True) as published:
        row = published.execute("SELECT counts FROM mart.run").fetchone()
    assert row is not None
    counts: dict[str, Any] = json.loads(row[0])
    return counts


def said(counts: Mapping[str, Any]) -> str:
    """What the product came to, in a line."""
    rejected = sum(feed["rejected"] for feed in counts["feeds"].values())
    ready = counts["dispositions"]["ready"]
    rows = ", ".join(f"{counts['batch']['files'][name]} rows in {name}" for name in FILES)
    ready_text = f"{ready['charges']} charges ready ({ready['value']})"
    return f"{rejected} records rejected, {ready_text}, {rows}"


def differences(folder: Path, counts: Mapping[str, Any], rival: str, took: Took) -> Iterator[str]:
    """What a rival that has run says otherwise than the product."""
    return (f"{rival}: {each}" for each in _differing(folder, counts, rival, took.said))


def _differing(
    folder: Path, counts: Mapping[str, Any], rival: str, found: Mapping[str, Any]
) -> Iterator[str]:
    for feed, product in counts["feeds"].items():
        theirs = found["feeds"][feed]
        if theirs != {name: product[name] for name in ("accepted", "rejected")}:
            yield f"{feed}: {theirs}, the product {product}"
    for name in sorted({*counts["dispositions"], *found["dispositions"]}):
        theirs = found["dispositions"].get(name, _NOBODY)
        ours = counts["dispositions"].get(name, _NOBODY)
        if theirs != ours:
            yield f"{name}: {theirs}, the product {ours}"
    for name in FILES:
        yield from _differing_rows(folder / rival / name, Path(counts["batch"]["path"]) / name)


def _differing_rows(theirs: Path, ours: Path) -> Iterator[str]:
    if theirs.read_bytes() == ours.read_bytes():
        return
    left, right = (path.read_bytes().split(b"\r\n") for path in (theirs, ours))
    yield f"{ours.name}: {len(left)} lines, the product {len(right)}; the first that differ:"
    for mine, yours in zip(left, right, strict=False):
        if mine != yours:
            yield f"{ours.name}: {mine.decode()}\n{ours.name}: {yours.decode()} (the product)"
            return


if __name__ == "__main__":
    main()
