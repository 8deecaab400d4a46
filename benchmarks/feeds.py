"""The feeds that are timed: the sample reseller's, in the form and under the ids asked for.

Made once, and kept for the next time.
"""

import csv
import hashlib
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import polars as pl

from benchmarks.processes import ROOT
from schemas.feeds import FEEDS
from tasks.contracts.header import match_header

Change = Callable[[str, list[str], list[str]], list[str]]
"""(feed, the columns' names as the feed's contract has them, cells) -> cells."""


def feeds_folder(where: Path, lines: int, form: str, ids: str = "short", bad: int = 1) -> Path:
    """A folder with `r2b.toml` and `feeds/` of so many order lines.

    Args:
        where: folder that keeps them.
        lines: order lines; the other feeds in proportion.
        form: one of `FORMS`.
        ids: one of `IDS`.
        bad: per cent of the order lines that no contract lets pass; 1 is as the reseller has them.
    """
    csv_form = "plain" if form == "parquet" else form
    folder = where / _name(lines, "plain", "short", 1)
    if not folder.exists():
        _make(folder, lines)
    for ids_now, bad_now in ((ids, 1), (ids, bad)):
        if not (there := where / _name(lines, "plain", ids_now, bad_now)).exists():
            change = _with_ids(ids) if bad_now == 1 else _with_bad(bad)
            _derive(folder, there, partial(_rewrite, change=change))
            if bad_now != 1:
                _let_pass(there / "r2b.toml")
        folder = there
    for form_now in (csv_form, form):
        if not (there := where / _name(lines, form_now, ids, bad)).exists():
            _derive(folder, there, FORMS[form_now])
        folder = there
    return folder


def _name(lines: int, form: str, ids: str, bad: int) -> str:
    more = [ids] if ids != "short" else []
    more += [f"{bad}-per-cent-bad"] if bad != 1 else []
    return "-".join([str(lines), form, *more])


def _make(folder: Path, lines: int) -> None:
    making = _beside(folder)
    command = ["-m", "sandbox.reseller", "--out", str(making / "feeds"), "--lines", str(lines)]
    subprocess.run([sys.executable, *command], cwd=ROOT, check=True, capture_output=True)
    shutil.copy(ROOT / "sandbox" / "reseller" / "r2b.toml", making)
    making.rename(folder)


def _derive(source: Path, folder: Path, put: Callable[[Path, Path], object]) -> None:
    making = _beside(folder)
    (making / "feeds").mkdir(parents=True)
    shutil.copy(source / "r2b.toml", making)
    for path in (source / "feeds").glob("*.csv"):  # a manifest would be of other files
        put(path, making / "feeds" / path.name)
    making.rename(folder)


def _let_pass(profile: Path) -> None:
    """Let a profile take a feed however much of it does not fit: that is what is timed."""
    text = profile.read_text("utf-8")
    profile.write_text(text.replace("[feeds]\n", "[feeds]\nmax_reject_rate = 1\n", 1), "utf-8")


def _beside(folder: Path) -> Path:
    making = folder.with_name(f".{folder.name}")
    shutil.rmtree(making, ignore_errors=True)
    return making


# How the files are


def _quoted(source: Path, target: Path) -> None:
    """Every cell in quotes, as many exports write it."""
    # one column of whole records is enough where no cell holds a newline or a quote: ours do not
    pl.read_csv(source, infer_schema=False, truncate_ragged_lines=True).write_csv(
        target, quote_style="always"
    )


def _ragged(source: Path, target: Path) -> None:
    """Every hundredth record has a cell too many."""
    with source.open("rb") as lines, target.open("wb") as out:
        for number, line in enumerate(lines):
            out.write(line.replace(b"\n", b",x\n") if number % 100 == 1 else line)


def as_parquet(source: Path, target: Path) -> None:
    """The same feed as a Parquet file beside `target`, every column text.

    Ragged records and bytes that do not decode cannot be in one.
    """
    pl.read_csv(
        source, infer_schema=False, truncate_ragged_lines=True, encoding="utf8-lossy"
    ).with_columns(pl.all().str.replace_all("\ufffd", "?", literal=True)).write_parquet(
        target.with_suffix(".parquet")
    )


FORMS: Mapping[str, Callable[[Path, Path], object]] = {
    "plain": shutil.copy,
    "quoted": _quoted,
    "ragged": _ragged,
    "parquet": as_parquet,
}
"""What the files can be, and what makes one from the plain one."""


# What the records are called


def _guid(text: str) -> str:
    return str(uuid.UUID(bytes=hashlib.md5(text.encode(), usedforsecurity=False).digest()))


def _integer(text: str) -> str:
    found = re.fullmatch(r"[A-Z]+0*([1-9]\d*)", text)
    return found[1] if found else text


IDS: Mapping[str, Callable[[str], str]] = {
    "short": lambda text: text,
    "guid": _guid,
    "integer": _integer,
    "mixed": lambda text: _guid(text) if text[-1:] in "13579" else _integer(text),
}
"""What the ids of records can be, and what makes one from the reseller's own."""


def _with_ids(ids: str) -> Change:
    named = IDS[ids]

    def change(_feed: str, columns: list[str], cells: list[str]) -> list[str]:
        return [
            named(cell) if cell and name.endswith("_id") and name != "integration_id" else cell
            for name, cell in zip(columns, cells, strict=False)
        ] + cells[len(columns) :]

    return change


def _with_bad(per_cent: int) -> Change:
    """So many order lines in a hundred have a quantity that is no number."""

    def change(feed: str, columns: list[str], cells: list[str]) -> list[str]:
        if feed == "order_lines" and len(cells) == len(columns):
            seed = hashlib.md5(cells[0].encode(), usedforsecurity=False).digest()[0]
            if seed * 100 < per_cent * 256:
                cells[columns.index("quantity")] = "several"
        return cells

    return change


def _rewrite(source: Path, target: Path, change: Change) -> None:
    """A feed with its records changed, byte by byte where they are not."""
    with target.open("w", encoding="latin-1", newline="") as out:
        write = csv.writer(out, lineterminator="\n").writerow
        for number, (columns, cells) in enumerate(records(source)):
            write(change(source.stem, columns, cells) if number else cells)


def records(path: Path) -> Iterator[tuple[list[str], list[str]]]:
    """(what the columns are called in the contract, the cells) of a CSV feed, the header first.

    Every byte is a character of its own, so that those that decode to nothing stay as they are.
    """
    with path.open(encoding="latin-1", newline="") as lines:
        rows = csv.reader(lines)
        header = next(rows)
        labels = [label.encode("latin-1").decode("utf-8-sig") for label in header]
        meaning = match_header(FEEDS[path.stem], labels, {})
        by_place = {raw: name for name, raw in meaning.items()}
        columns = [by_place.get(f"c{place}", "") for place in range(len(header))]
        yield columns, header
        for cells in rows:
            yield columns, cells
