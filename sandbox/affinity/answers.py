"""What Affinity answers to a batch: one outcome per row, and the result file that carries them."""

import csv
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

RESULT_COLUMNS: Final = ("row_key", "outcome", "code", "message", "ref")


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """The outcome of one row; code and message are empty when there is nothing to say.

    `ref` is what Affinity calls the customer, site or product that the row created, else empty.
    """

    row_key: str
    accepted: bool
    code: str = ""
    message: str = ""
    ref: str = ""


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """The outcome of one file: an answer per row, in the file's order.

    With a `problem` the file as a whole was not taken, and no row of it.
    """

    name: str
    rows: tuple[RowAnswer, ...]
    problem: str = ""

    @property
    def accepted(self) -> int:
        """Rows that were loaded."""
        return sum(row.accepted for row in self.rows)

    @property
    def refused(self) -> int:
        """Rows that were not loaded."""
        return len(self.rows) - self.accepted


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """The outcome of a batch folder, its files in load order."""

    batch: str
    files: tuple[FileAnswer, ...] = field(default_factory=tuple)

    @property
    def rows(self) -> list[RowAnswer]:
        """Every row's answer, in load order."""
        return [row for file in self.files for row in file.rows]

    @property
    def problems(self) -> list[str]:
        """Why files were not taken, one sentence per such file."""
        return [f"{file.name}: {file.problem}" for file in self.files if file.problem]

    def refusals(self) -> dict[str, int]:
        """Refused rows by code, commonest first."""
        counts = Counter(row.code for row in self.rows if not row.accepted)
        return dict(counts.most_common())


def write_results(answers: Iterable[RowAnswer], path: Path) -> None:
    """Write the contract's result file; it appears under its name only when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(RESULT_COLUMNS)
        for answer in answers:
            outcome = "accepted" if answer.accepted else "rejected"
            writer.writerow((answer.row_key, outcome, answer.code, answer.message, answer.ref))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
