"""Affinity's HTTP protocol as questions and answers; sockets are another module's work."""

import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from sandbox.affinity.behaviour import Behaviour
from sandbox.affinity.billing import Affinity
from sandbox.affinity.http_body import Malformed, read_form
from sandbox.affinity.http_faults import Answer, as_json
from sandbox.affinity.journal import Journal
from sandbox.affinity.names import is_safe
from sandbox.affinity.state import StandInError
from sandbox.affinity.uploads import NameTaken, State, Uploads, receipt_of

UPLOAD: Final = "upload"
_CSV: Final = "text/csv; charset=utf-8"
_DAMAGE: Final = b"\r\n"
_NONE: Final = "there is no upload of this name"


class Desk:
    """Answers requests: `GET /uploads/x.csv` and so on."""

    def __init__(
        self, affinity: Affinity, uploads: Uploads, behaviour: Behaviour, journal: Journal
    ) -> None:
        """Answer from what is uploaded and what Affinity bills."""
        self._affinity = affinity
        self._uploads = uploads
        self._behaviour = behaviour
        self._journal = journal
        self._controls: dict[tuple[str, str], Callable[[bytes], Answer]] = {
            ("GET", "/behaviour"): lambda _: as_json(200, self._behaviour.as_list()),
            ("PUT", "/behaviour"): self._behave,
            ("GET", "/journal"): lambda _: as_json(200, self._journal.as_list()),
            ("GET", "/audit"): lambda _: as_json(200, self._affinity.audit().as_dict()),
        }
        self._questions: dict[tuple[str, str], tuple[str, Callable[[str], Answer]]] = {
            ("GET", "uploads"): ("ask", self._ask),
            ("GET", "results"): ("results", self._results),
            ("GET", "exports"): ("export", self._export),
        }

    def control(self, method: str, path: str) -> Callable[[bytes], Answer] | None:
        """Who answers, if it is about the stand-in itself: always well, never in the journal."""
        return self._controls.get((method, _path(path)))

    def occasion(self, method: str, path: str) -> tuple[str, str]:
        """What this is an occasion of, and about which name; both empty if of nothing."""
        if (method, _path(path)) == ("POST", "/uploads"):
            return UPLOAD, ""  # the name comes with the body
        folder, _, name = _path(path).strip("/").partition("/")
        if (method, folder) in self._questions and name:
            return self._questions[method, folder][0], unquote(name)
        return "", ""

    def question(self, occasion: str, name: str) -> Answer:
        """The answer to a question about a name."""
        return dict(self._questions.values())[occasion](name)

    def upload(self, content_type: str, body: bytes, *, keep: bool, damage: bool) -> Answer:
        """Take a file in; without `keep`, say what would be said but keep nothing.

        With `damage` a line end more is kept than came, and the receipt is for that.
        """
        try:
            form = read_form(content_type, body)
        except Malformed as problem:
            return as_json(400, {"error": str(problem)})
        if not is_safe(form.name):
            return as_json(400, {"error": "no file can have this name"})
        if hashlib.sha256(form.content).hexdigest() != form.sha256:
            return as_json(422, {"error": "the bytes do not hash to sha256; nothing is kept"})
        if not keep:
            return as_json(201, receipt_of(form.name, form.content).as_dict())
        try:
            receipt = self._uploads.keep(form.name, form.content + _DAMAGE * damage)
        except NameTaken:
            there = self._uploads.receipt(form.name)
            return as_json(409, {} if there is None else there.as_dict())
        return as_json(201, receipt.as_dict(), effect=True)

    def _ask(self, name: str) -> Answer:
        receipt = self._uploads.receipt(name) if is_safe(name) else None
        if receipt is None:
            return as_json(404, {"error": _NONE})
        state, problem = self._uploads.state(name)
        said = receipt.as_dict() | {"state": state}
        return as_json(200, said | ({"problem": problem} if problem else {}))

    def _results(self, name: str) -> Answer:
        if not is_safe(name) or self._uploads.receipt(name) is None:
            return as_json(404, {"error": _NONE})
        match self._uploads.state(name)[0]:
            case State.LOADED:
                return Answer(200, self._uploads.results(name), _CSV)
            case State.REFUSED:
                return as_json(404, {"error": "the upload was refused whole; it has no results"})
            case State.STORED:
                self._uploads.load(name)
                return as_json(202, {"state": State.STORED})

    def _export(self, name: str) -> Answer:
        with tempfile.TemporaryDirectory() as folder:
            written = self._affinity.export(Path(folder))
            if name not in written:
                return as_json(404, {"error": f"there are {', '.join(written)}"})
            return Answer(200, (Path(folder) / name).read_bytes(), _CSV)

    def _behave(self, body: bytes) -> Answer:
        try:
            self._behaviour.replace(json.loads(body))
        except (StandInError, ValueError, TypeError) as error:
            return as_json(400, {"error": str(error)})
        return as_json(200, self._behaviour.as_list())


def _path(path: str) -> str:
    return urlsplit(path).path
