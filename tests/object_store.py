"""An object store on loopback with the manners of S3, and ways to make it misbehave."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import S3Backend, s3_backends
from werkzeug.serving import make_server

from tasks.objects import ObjectPlace, Objects

REGION = "eu-west-2"
KEY, SECRET = "key-of-the-test", "secret-of-the-test"


@dataclass
class Bucket:
    """A bucket that is served; `rules` are asked in turn what to do with a request."""

    name: str
    endpoint: str
    asked: list[tuple[str, str]] = field(default_factory=list)
    rules: list["Rule"] = field(default_factory=list)

    def place(self, folder: str = "", **more: Any) -> ObjectPlace:
        """A folder of it."""
        said = {"access_key": KEY, "secret_key": SECRET, "timeout": 5.0, **more}
        return ObjectPlace(f"s3://{self.name}/{folder}", self.endpoint, REGION, **said)

    def folder(self, folder: str = "") -> Objects:
        """A folder of it, to look into."""
        return Objects(self.place(folder))

    def puts(self, folder: str) -> int:
        """How often somebody put an object into a folder, whatever came of it."""
        return sum(method == "PUT" and f"/{folder}/" in path for method, path in self.asked)

    def misbehave(
        self, method: str, name: str, do: str | Callable[[], None], times: int = 1
    ) -> None:
        """What happens to requests of a method for `name`; `times` -1 = always.

        lost: done, but not answered; busy: 503; refused: 403; torn: half of the answer comes; or
        something that is done first, whereupon the request is answered as ever.
        """
        self.rules.append(Rule(method, name, do, times))


@dataclass
class Rule:
    """What happens to requests of a method whose path ends with `name`."""

    method: str
    name: str
    do: str | Callable[[], None]
    times: int

    def fits(self, method: str, path: str) -> bool:
        """Whether it is for this request; counts down if so."""
        if method != self.method or not path.endswith(self.name) or not self.times:
            return False
        self.times -= 1
        return True


@contextmanager
def bucket(name: str = "exchange") -> Iterator[Bucket]:
    """An empty bucket on a free port; it is gone at the end."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    s3_backends[DEFAULT_ACCOUNT_ID]["aws"].reset()
    served = Bucket(name, "")
    application = _misbehaving(served, DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True)
    served.endpoint = f"http://127.0.0.1:{server.port}"
    backend: S3Backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    backend.create_bucket(name, REGION)
    thread = threading.Thread(target=server.serve_forever, name="object-store")
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _misbehaving(
    served: Bucket, application: Callable[..., Iterable[bytes]]
) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        served.asked.append((method, path))
        do = next((each.do for each in served.rules if each.fits(method, path)), "")
        if callable(do):
            do()
            return application(environ, start)
        if do == "torn":
            whole = b"".join(application(environ, start))
            return [whole[: len(whole) // 2]]
        if do == "lost":
            list(application(environ, lambda *_: lambda _: None))
        if do:
            status = {"lost": "500 Lost", "busy": "503 Busy", "refused": "403 Forbidden"}[do]
            start(status, [("Content-Type", "application/xml")])
            return [b"<Error><Code>Misbehaved</Code></Error>"]
        return application(environ, start)

    return answer


@contextmanager
def ferrying(objects: Objects, drop: Path, poll: float = 0.02) -> Iterator[None]:
    """Between the folders of a drop in a bucket and those of a drop that a loader watches.

    What is put into the bucket's inbox is brought to the loader; what the loader puts elsewhere is
    brought to the bucket, and then taken out of the bucket's inbox.
    """
    ended = threading.Event()
    troubles: list[BaseException] = []
    brought: set[str] = set()
    seen: dict[str, bytes] = {}

    def bring() -> None:
        for name in set(objects.listed("inbox")) - brought:
            aside = drop / f".{name}.ferry"
            aside.write_bytes(objects.content(f"inbox/{name}") or b"")
            aside.rename(drop / "inbox" / name)
            brought.add(name)
        taken = {name for name in brought if not (drop / "inbox" / name).exists()}
        for place in ("archive", "error", "results"):
            for path in (drop / place).glob("[!.]*"):
                if path.suffix == ".partial":
                    continue
                content, name = path.read_bytes(), f"{place}/{path.name}"
                if seen.get(name) != content:
                    objects.put(name, content, replacing=True)
                    seen[name] = content
        for name in taken:
            objects.delete(f"inbox/{name}")
            brought.discard(name)

    def run() -> None:
        try:
            while not ended.wait(poll):
                bring()
        except BaseException as error:  # noqa: BLE001  raised at the end, in the test's thread
            troubles.append(error)

    thread = threading.Thread(target=run, name="ferry")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    for trouble in troubles:
        raise trouble
