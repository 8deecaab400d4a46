"""Affinity as others see it: it takes files, answers for every row, and says what it bills.

Transport-free: a caller hands over paths and gets answers; carrying them is another module's work.
"""

import csv
import io
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from sandbox.affinity.answers import BatchAnswer, FileAnswer, RowAnswer
from sandbox.affinity.audit import Audit, audit, export, holdings
from sandbox.affinity.intake import Clerk, Refused, Row
from sandbox.affinity.layout import LAYOUTS, ROW_KEY, Layout, layout_of
from sandbox.affinity.policy import FailureScope, Policy
from sandbox.affinity.state import StandInError, has_learnt, learn, open_state, transaction

_DEFAULT_POLICY: Final = Policy()
_CUSTOMER_COLUMNS: Final = ("Customer Ref", "Layer Customer ID")


@dataclass(frozen=True, slots=True)
class _File:
    """A file as read; rows are kept as cells, for a file can hold a great many of them."""

    name: str
    layout: Layout
    heading: tuple[str, ...]
    rows: tuple[list[str], ...]
    problem: str = ""

    def row(self, position: int) -> Row:
        """A row by its columns; of a ragged row, the cells that have a column."""
        return dict(zip(self.heading, self.rows[position], strict=False))


class Affinity:
    """The billing platform, with a memory of its own in `state`.

    The first call must be given the reseller's feeds, from which it learns what it has always
    known: customers, sites, catalogue, what is live. Later feeds only add to that.
    """

    def __init__(self, state: Path, feeds: Path | None = None) -> None:
        """Remember in the folder `state`; learn from the folder `feeds` when one is given."""
        self._state = state
        self._feeds = feeds

    def load_batch(self, folder: Path, *, policy: Policy = _DEFAULT_POLICY) -> BatchAnswer:
        """Load every file of a batch folder in load order; each file stands by itself.

        Raises:
            StandInError: no such folder, nothing in it to load, or nothing learnt yet.

        """
        paths = [path for path in folder.glob("*.csv") if layout_of(path.name)]
        if not paths:
            raise StandInError(f"loading {folder}: there are no files of a batch in it")
        paths.sort(key=_load_order)
        with self._open() as connection:
            answers = tuple(_load(connection, path, policy) for path in paths)
        return BatchAnswer(batch_name(folder), answers)

    def load_file(self, path: Path, *, policy: Policy = _DEFAULT_POLICY) -> BatchAnswer:
        """Load one file of a batch; the files beside it tell what should have come first.

        Raises:
            StandInError: no such file, not the name of a batch file, or nothing learnt yet.

        """
        if not path.is_file():
            raise StandInError(f"loading {path}: no such file")
        if layout_of(path.name) is None:
            names = ", ".join(f"{stem}.csv" for stem in LAYOUTS)
            raise StandInError(f"loading {path}: a batch has only {names}, and parts of them")
        with self._open() as connection:
            answer = _load(connection, path, policy)
        return BatchAnswer(batch_name(path.parent), (answer,))

    def load_bytes(
        self,
        batch: str,
        name: str,
        content: bytes,
        *,
        policy: Policy = _DEFAULT_POLICY,
        refused_because: str = "",
    ) -> FileAnswer:
        """Load one file that came alone: its bytes, its batch ("tenant/number") and its name there.

        Nothing lies beside such a file, so it is never too early; `Audit.out_of_order` counts the
        files that should have come before one that was loaded already. With `refused_because`,
        the file is refused whole, in these words.

        Raises:
            StandInError: not the name of a batch file, or nothing learnt yet.

        """
        found = layout_of(name)
        if found is None:
            raise StandInError(f"loading {name}: not a file of a batch")
        file = _read(name, content, found[0])
        with self._open() as connection:
            return _take(connection, batch, file, refused_because or file.problem, policy)

    def learn(self) -> None:
        """Learn from the feeds now, so that an `Affinity` without feeds can work on this state.

        Raises:
            StandInError: the folder of feeds has no customers, or there is none and no state.

        """
        with self._open():
            pass

    def audit(self, *, as_of: date | None = None) -> Audit:
        """What is billed, and what is billed twice; `as_of` leaves out what ended before it.

        Raises:
            StandInError: nothing was ever loaded into this state.

        """
        with open_state(self._state, make=False) as connection:
            return audit(connection, as_of)

    def export(self, folder: Path, *, as_of: date | None = None) -> dict[str, int]:
        """Write what is there as feeds into `folder`; rows by file name.

        Raises:
            StandInError: nothing was ever loaded into this state.

        """
        with open_state(self._state, make=False) as connection:
            return export(connection, folder, as_of)

    def holdings(self, table: str) -> list[dict[str, object]]:
        """All Affinity holds of one kind: customer, site, record, new_product, cli, site_product.

        Columns as in `state.sql`, a row's fields by the headings of its file; oldest first.

        Raises:
            StandInError: nothing was ever loaded into this state.

        """
        with open_state(self._state, make=False) as connection:
            return holdings(connection, table)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with open_state(self._state, make=self._feeds is not None) as connection:
            if self._feeds is not None:
                learn(connection, self._feeds)
            elif not has_learnt(connection):
                raise StandInError(f"the Affinity state in {self._state} has learnt nothing yet")
            yield connection


def batch_name(folder: Path) -> str:
    """How a batch is remembered: by its folder and the folder above it (tenant and number)."""
    folder = folder.resolve()
    return f"{folder.parent.name}/{folder.name}"


def _load_order(path: Path) -> tuple[str, int]:
    found = layout_of(path.name)
    return (found[0].stem, found[1]) if found else (path.name, 0)


def _load(connection: sqlite3.Connection, path: Path, policy: Policy) -> FileAnswer:
    """Load one file in one transaction, answers included."""
    found = layout_of(path.name)
    if found is None:
        raise StandInError(f"loading {path}: not a file of a batch")
    file = _read(path.name, path.read_bytes(), found[0])
    batch = batch_name(path.parent)
    too_early = "" if file.problem else _missing_before(connection, path, file.layout, batch)
    if too_early:
        return _take(connection, batch, file, too_early, policy, code="LOAD_ORDER")
    return _take(connection, batch, file, file.problem, policy)


def _take(
    connection: sqlite3.Connection,
    batch: str,
    file: _File,
    problem: str,
    policy: Policy,
    code: str = "FILE_REFUSED",
) -> FileAnswer:
    """Load a file, or with a problem none of it, in one transaction, answers included."""
    with transaction(connection):
        if problem:
            rows = [
                RowAnswer(file.row(position).get(ROW_KEY, ""), False, code, problem)
                for position in range(len(file.rows))
            ]
        else:
            rows = _take_rows(connection, file, policy)
        _remember(connection, batch, file, problem, rows)
    return FileAnswer(file.name, tuple(rows), problem)


def _read(name: str, raw: bytes, layout: Layout) -> _File:
    """Read a file strictly: UTF-8 without a mark, the exact heading, as many cells as columns."""
    try:
        text, problem = raw.decode("utf-8"), ""
    except UnicodeDecodeError:
        text, problem = raw.decode("utf-8", "replace"), "the file is not UTF-8 text"
    records = csv.reader(io.StringIO(text, newline=""), strict=True)
    heading: tuple[str, ...] = ()
    rows: list[list[str]] = []
    try:
        heading = tuple(next(records, ()))
        if not problem and heading != layout.columns:
            problem = f"the heading is not the {len(layout.columns)} columns of {layout.stem}"
        rows.extend(cells for cells in records if cells)
    except csv.Error as error:
        problem = problem or f"the file is not CSV after row {len(rows)}: {error}"
    return _File(name, layout, heading, tuple(rows), problem)


def _missing_before(connection: sqlite3.Connection, path: Path, layout: Layout, batch: str) -> str:
    """Why the file comes too early, or nothing: files before it lie beside it, not yet loaded."""
    siblings = sorted(path.parent.glob("*.csv"), key=_load_order)
    for sibling in siblings:
        found = layout_of(sibling.name)
        if found is None or found[0].stem not in layout.after:
            continue
        loaded = connection.execute(
            "SELECT 1 FROM file WHERE batch = ? AND name = ? AND loaded = 1",
            (batch, sibling.name),
        ).fetchone()
        if loaded is None:
            return f"{sibling.name} of this batch must be loaded first"
    return ""


def _take_rows(connection: sqlite3.Connection, file: _File, policy: Policy) -> list[RowAnswer]:
    """Load the rows under the policy's failure scope.

    When one bad row takes others with it, the file is tried again without them until what is
    left goes in whole; a trial that is given up leaves nothing behind.
    """
    refused: dict[int, RowAnswer] = {}  # by position, from earlier trials
    while True:
        connection.execute("SAVEPOINT trial")
        answers, faults = _try_rows(connection, file, policy, refused)
        spread = _spread(file, faults, policy.scope) - refused.keys()
        if not spread:
            connection.execute("RELEASE trial")
            return answers
        connection.execute("ROLLBACK TO trial")
        connection.execute("RELEASE trial")
        refused |= {position: answers[position] for position in faults}
        refused |= {
            position: RowAnswer(
                answers[position].row_key,
                accepted=False,
                code=f"{policy.scope.upper()}_REFUSED",
                message=f"refused with another row of the same {policy.scope}",
            )
            for position in spread - faults
        }


def _try_rows(
    connection: sqlite3.Connection, file: _File, policy: Policy, refused: dict[int, RowAnswer]
) -> tuple[list[RowAnswer], set[int]]:
    """One pass over the rows: an answer for each, and the positions refused in this pass."""
    clerk = Clerk(connection, policy)
    answers: list[RowAnswer] = []
    faults: set[int] = set()
    for position in range(len(file.rows)):
        if position in refused:
            answers.append(refused[position])
            continue
        row = file.row(position)
        key = row.get(ROW_KEY, "")
        cells = len(file.rows[position])
        try:
            ref = clerk.take(file.layout, row, cells)
            message = f"created as {ref}" if ref else ""
            answers.append(RowAnswer(key, accepted=True, message=message, ref=ref))
        except Refused as refusal:
            faults.add(position)
            answers.append(RowAnswer(key, accepted=False, code=refusal.code, message=str(refusal)))
    return answers, faults


def _spread(file: _File, faults: set[int], scope: FailureScope) -> set[int]:
    """Positions that fall with the faulty ones (those included), nothing if each stands alone."""
    if scope is FailureScope.ROW or not faults:
        return set()
    if scope is FailureScope.FILE:
        return set(range(len(file.rows)))
    customers = [_customer(file.row(position)) for position in range(len(file.rows))]
    fallen = {customers[position] for position in faults}
    return faults | {position for position, name in enumerate(customers) if name in fallen}


def _customer(row: Row) -> str:
    return next((row[column] for column in _CUSTOMER_COLUMNS if row.get(column)), "")


def _remember(
    connection: sqlite3.Connection, batch: str, file: _File, problem: str, rows: list[RowAnswer]
) -> None:
    file_id = connection.execute(
        "INSERT INTO file (batch, name, loaded, problem) VALUES (?, ?, ?, ?)",
        (batch, file.name, not problem, problem),
    ).lastrowid
    connection.executemany(
        "INSERT INTO answer (file_id, kind, row_key, accepted, code) VALUES (?, ?, ?, ?, ?)",
        ((file_id, file.layout.kind, row.row_key, row.accepted, row.code) for row in rows),
    )
