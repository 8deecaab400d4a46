"""What was uploaded over HTTP: kept under its name once and for all, loaded, answered for."""

import csv
import hashlib
import io
import os
import secrets
import threading
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from sandbox.affinity.answers import write_results
from sandbox.affinity.loading import Loaded, Loader
from sandbox.affinity.names import results_name

_PROBLEM: Final = ".problem.txt"


class Loading(StrEnum):
    """When an upload is loaded."""

    AT_ONCE = "at_once"  # before its receipt leaves
    WHEN_ASKED = "when_asked"  # when its results are first asked for, which is in vain


class State(StrEnum):
    """How far an upload has come."""

    STORED = "stored"
    LOADED = "loaded"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is there under a name: digest and size of the bytes, records below the heading."""

    name: str
    sha256: str
    bytes: int
    rows: int

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


class NameTaken(Exception):
    """There is an upload of this name."""


class Uploads:
    """Uploads in a folder, so that they outlive the server."""

    def __init__(self, folder: Path, loader: Loader, loading: Loading) -> None:
        """Keep them in `folder`."""
        self._kept = folder / "uploads"
        self._told = folder / "results"
        self._loader = loader
        self._loading = loading
        self._late: dict[str, int] = {}
        self._lock = threading.Lock()
        self._kept.mkdir(parents=True, exist_ok=True)
        self._told.mkdir(parents=True, exist_ok=True)

    def keep(self, name: str, content: bytes) -> Receipt:
        """Keep bytes under a name nobody has used; of two who come at once, one does.

        Raises:
            NameTaken: somebody has.

        """
        aside = self._kept / f".{secrets.token_hex(8)}.part"
        try:
            aside.write_bytes(content)
            try:
                os.link(aside, self._kept / name)
            except FileExistsError:
                raise NameTaken(name) from None
        finally:
            aside.unlink(missing_ok=True)
        if self._loading is Loading.AT_ONCE:
            self.load(name)
        return receipt_of(name, content)

    def receipt(self, name: str) -> Receipt | None:
        """The receipt of what is there; None if nothing is."""
        content = self._content(name)
        return None if content is None else receipt_of(name, content)

    def state(self, name: str) -> tuple[State, str]:
        """How far an upload has come, and why it was refused if it was. Counts as asking."""
        problem = self._told / f"{name}{_PROBLEM}"
        if problem.is_file():
            return State.REFUSED, problem.read_text(encoding="utf-8")
        if self._is_late(name) or not self._results(name).is_file():
            return State.STORED, ""
        return State.LOADED, ""

    def results(self, name: str) -> bytes:
        """The result file of an upload that is loaded."""
        return self._results(name).read_bytes()

    def load(self, name: str) -> None:
        """Load an upload unless it has been, or is never to be."""
        with self._lock:
            content = self._content(name)
            if content is None or self._is_answered(name):
                return
            rules = self._loader.rules_for(name)
            if any(rule.do == "never" for rule in rules):
                return
            loaded = self._loader.load(name, content, rules)
            self._late[name] = loaded.late
            self._tell(name, loaded)

    def _tell(self, name: str, loaded: Loaded) -> None:
        if loaded.problem:
            (self._told / f"{name}{_PROBLEM}").write_text(loaded.problem, encoding="utf-8")
        else:
            write_results(loaded.answers, self._results(name))

    def _is_answered(self, name: str) -> bool:
        return self._results(name).is_file() or (self._told / f"{name}{_PROBLEM}").is_file()

    def _is_late(self, name: str) -> bool:
        """Whether whoever asks now asks too early."""
        with self._lock:
            left = self._late.get(name, 0)
            self._late[name] = max(left - 1, 0)
        return left > 0

    def _results(self, name: str) -> Path:
        return self._told / results_name(name)

    def _content(self, name: str) -> bytes | None:
        path = self._kept / name
        return path.read_bytes() if path.is_file() else None


def receipt_of(name: str, content: bytes) -> Receipt:
    """The receipt for these bytes under this name."""
    digest = hashlib.sha256(content).hexdigest()
    return Receipt(name, digest, len(content), _rows(content))


def _rows(content: bytes) -> int:
    """Records below the heading; of something that is no CSV, lines."""
    try:
        records = csv.reader(io.StringIO(content.decode("utf-8", "replace"), newline=""))
        return max(sum(1 for cells in records if cells) - 1, 0)
    except csv.Error:
        return max(len(content.splitlines()) - 1, 0)
