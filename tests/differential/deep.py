"""The three answers over millions of lines: many resellers, one after the other.

`python -m tests.differential.deep --lines 2000000` makes one reseller per 50,000 lines, each of its
own seed and seen on a day of its own (among them those on which the clocks change, a leap day and a
year's end), and asks all three in a process of its own, as the plain-Python judge keeps every
record in memory: about a gigabyte for so many. Prints what was compared, and exits with 1 if
anything differs.
"""

import argparse
import multiprocessing
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from tests.differential.comparison import Compared, compare

DAYS = (
    date(2026, 10, 30),
    date(2026, 3, 29),
    date(2026, 10, 25),
    date(2028, 2, 29),
    date(2026, 12, 31),
    date(2027, 1, 1),
    date(2027, 2, 28),
)
"""On the second and the third the clocks change in the night."""


def main() -> None:
    """Compare, and say what was."""
    asked = argparse.ArgumentParser(prog="python -m tests.differential.deep", description=__doc__)
    asked.add_argument("--lines", type=int, default=2_000_000)
    asked.add_argument("--bucket", type=int, default=50_000, help="lines of one reseller")
    asked.add_argument("--first-seed", type=int, default=1)
    asked.add_argument("--minutes", type=float, help="begin no reseller after so long")
    options = asked.parse_args()

    total, lines, start = Compared(), 0, time.monotonic()
    for seed, size in _buckets(options.lines, options.bucket, options.first_seed):
        if options.minutes and time.monotonic() - start > 60 * options.minutes:
            break
        found = _in_a_process(seed, size)
        total.add(found)
        lines += size
        minutes = (time.monotonic() - start) / 60
        print(
            f"seed {seed}: {lines:,} lines, {len(total.differences)} differences,"
            f" {minutes:.1f} minutes",
            flush=True,
        )
    print("\n".join([*total.differences, f"{lines:,} order lines", total.said()]))
    raise SystemExit(1 if total.differences else 0)


def _buckets(lines: int, bucket: int, first: int) -> Iterator[tuple[int, int]]:
    """Seed and size of each reseller."""
    for number, begun in enumerate(range(0, lines, bucket)):
        yield first + number, min(bucket, lines - begun)


def _in_a_process(seed: int, lines: int) -> Compared:
    """One reseller; what its answers took of memory is given back."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_one, (seed, lines))


def _one(seed: int, lines: int) -> Compared:
    folder = Path(tempfile.mkdtemp(prefix="r2b-differential-"))
    try:
        return compare(folder, lines=lines, seed=seed, as_of=DAYS[seed % len(DAYS)])
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
