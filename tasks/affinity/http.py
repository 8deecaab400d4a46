"""Affinity over HTTP: create-only uploads with a digest, receipts on asking, answers row by row."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from urllib.parse import quote, urljoin

import httpx

from schemas.json_text import read_json
from tasks import web
from tasks.affinity.folder import first_line
from tasks.affinity.port import (
    CannotAsk,
    Declined,
    LinkDown,
    NameTaken,
    Outgoing,
    Seen,
    Sight,
    checked,
)
from tasks.web import Answer, NoAnswer, Patience, open_client

T = TypeVar("T")

_CREATED, _NOT_YET, _NOT_FOUND, _TAKEN_NAME = 201, 202, 404, 409
_REFUSALS = (400, 500)
_SLOWEST_UPLOAD = 100_000.0
"""Bytes a second: a file gets so much more time than a question."""

_SEEN = {"stored": Seen.TAKEN, "loaded": Seen.TAKEN, "refused": Seen.REFUSED}
"""Uploads load in the order they came, so one that is stored whole is as good as taken."""


@dataclass(frozen=True)
class HttpPlace:
    """Affinity's address and paths. `{name}` stands for a file's name; blank `ask`: it cannot."""

    url: str
    upload: str = "uploads"
    ask: str = "uploads/{name}"
    results: str = "results/{name}"
    token: str | None = None
    patience: Patience = field(default_factory=Patience)
    max_answer_bytes: int = 1 << 30


class HttpDelivery:
    """Carries files in one multipart request each."""

    mode = "http"

    def __init__(self, place: HttpPlace) -> None:
        """`place` is where Affinity takes files and answers for them."""
        self._place = place

    def look(self, remote_name: str) -> Sight:
        """What Affinity says it has under that name; see `Delivery.look`."""
        if not self._place.ask:
            raise CannotAsk
        return self._ask(self._place.ask, remote_name, _sight, also=frozenset({_NOT_FOUND}))

    def results(self, remote_name: str) -> bytes | None:
        """Affinity's answer row by row; see `Delivery.results`."""
        if not self._place.results:
            return None

        def read(answer: Answer) -> bytes | None:
            return None if answer.status in {_NOT_YET, _NOT_FOUND} else answer.body

        return self._ask(
            self._place.results, remote_name, read, also=frozenset({_NOT_YET, _NOT_FOUND})
        )

    def send(self, file: Outgoing) -> Sight | None:
        """Upload the file; see `Delivery.send`."""
        patience = self._place.patience
        allowed = replace(patience, timeout=patience.timeout + file.bytes / _SLOWEST_UPLOAD)
        with self._client() as client, checked(file) as source:
            request = client.build_request(
                "POST",
                urljoin(_folder(self._place.url), self._place.upload),
                headers={"If-None-Match": "*"},
                data={"name": file.remote_name, "sha256": file.sha256},
                files={"file": (file.remote_name, source, "text/csv")},
            )
            with _in_our_words():
                answer = web.ask_once(
                    client, request, allowed, also=frozenset({_CREATED, _TAKEN_NAME})
                )
        if answer.status == _TAKEN_NAME:
            raise NameTaken
        said = _read(answer.body)
        if said is None:
            # a login page, a proxy's: whether the file is there has to be asked
            raise LinkDown("Affinity answered the upload without a receipt")
        return Sight(Seen.TAKEN, said["sha256"])

    def _client(self) -> httpx.Client:
        return open_client(token=self._place.token, patience=self._place.patience)

    def _ask(
        self, template: str, remote_name: str, read: Callable[[Answer], T], *, also: frozenset[int]
    ) -> T:
        path = template.replace("{name}", quote(remote_name, safe=""))
        with self._client() as client, _in_our_words():
            return web.ask(
                client,
                urljoin(_folder(self._place.url), path),
                self._place.patience,
                max_bytes=self._place.max_answer_bytes,
                read=read,
                also=also,
            )


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except web.NoAnswer as error:
        raise LinkDown(f"Affinity {error.words}", retry_after=error.retry_after) from error
    except web.Declined as error:
        words = f"Affinity {error.words}"
        if _REFUSALS[0] <= error.status < _REFUSALS[1]:
            raise Declined(words) from error
        # not as agreed, but no refusal either: what it did has to be asked
        raise LinkDown(words) from error


def _sight(answer: Answer) -> Sight:
    if answer.status == _NOT_FOUND:
        return Sight(Seen.ABSENT)
    said = _read(answer.body)
    if said is None or said.get("state") not in _SEEN:
        raise NoAnswer("the answer is no receipt")
    return Sight(
        _SEEN[said["state"]],
        str(said["sha256"]),
        first_line(str(said.get("problem", "")).encode()),
    )


def _read(body: bytes) -> dict[str, Any] | None:
    """A receipt, or None for anything else."""
    try:
        said = read_json(body)
    except ValueError:
        return None
    return said if isinstance(said, dict) and isinstance(said.get("sha256"), str) else None


def _folder(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"
