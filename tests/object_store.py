"""An object store on loopback with the manners of S3, and ways to make it misbehave."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
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

    def misbehave(self, method: str, name: str, do: str, times: int = 1) -> None:
        """`do`: lost (done, but not answered), refused (403), busy (503); `times` -1 = always."""
        self.rules.append(Rule(method, name, do, times))


@dataclass
class Rule:
    """What happens to requests of a method whose path ends with `name`."""

    method: str
    name: str
    do: str
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
        if do == "lost":
            list(application(environ, lambda *_: lambda _: None))
        if do:
            status = {"lost": "500 Lost", "busy": "503 Busy", "refused": "403 Forbidden"}[do]
            start(status, [("Content-Type", "application/xml")])
            return [b"<Error><Code>Misbehaved</Code></Error>"]
        return application(environ, start)

    return answer
