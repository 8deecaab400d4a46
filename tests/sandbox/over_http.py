"""A plain client of the stand-in's HTTP protocol, as the wire has it."""

import hashlib
import ssl
from collections.abc import Iterable

import httpx

from tests.sandbox.batches import row, write_file

CLIS, PRODUCTS = "Acme_000001_06_clis.csv", "Acme_000001_08_products.csv"
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # to read the machine's takes 0.1 s each


def client_of(stand_in) -> httpx.Client:
    """A client of a running stand-in."""
    return httpx.Client(base_url=stand_in.http, timeout=10, verify=NO_CERTIFICATES)


def file_of(folder, name, rows=None):
    """The bytes of a batch file; by default of one valid row."""
    stem = name.split("_", 2)[2].removesuffix(".csv")
    return write_file(folder, f"{stem}.csv", [row(stem)] if rows is None else rows).read_bytes()


def form_of(name, content, sha256=None):
    """The parts of an upload, in their order."""
    digest = hashlib.sha256(content).hexdigest() if sha256 is None else sha256
    return [("name", (None, name)), ("sha256", (None, digest)), ("file", (name, content))]


def upload(client: httpx.Client, name, content, **changes) -> httpx.Response:
    """One upload."""
    return client.post("/uploads", files=form_of(name, content, **changes))


def in_chunks(client: httpx.Client, name, content, size: int) -> httpx.Response:
    """The same with a body of unknown length, some bytes at a time."""
    request = client.build_request("POST", "/uploads", files=form_of(name, content))
    body = request.read()

    def chunks() -> Iterable[bytes]:
        for start in range(0, len(body), size):
            yield body[start : start + size]

    return client.post(
        "/uploads", content=chunks(), headers={"Content-Type": request.headers["Content-Type"]}
    )
