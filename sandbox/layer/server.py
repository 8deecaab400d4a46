"""The stand-in as a web server on this machine.

`GET /export/{feed}?page=1&page_size=500` or `?cursor=...&page_size=500`, either with
`&modified_since=...`. For whoever plays with it: `PUT /behaviour` (a JSON list of rules, replaces
those before), `GET /journal` (every request for a feed, in order).
"""

import gzip
import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sandbox.layer.behaviour import ON_THE_WIRE, Rule, changed, rules_from
from sandbox.layer.export import (
    Record,
    Shape,
    changed_since,
    page_number,
    page_of,
    read_feeds,
    written,
)

LONGEST_HANG = 60.0
_SIZE = 500
_JSON = "application/json"


class Layer:
    """What the stand-in holds and how it behaves; safe to change while it serves."""

    def __init__(
        self,
        folder: Path,
        *,
        token: str | None = None,
        shape: Shape = Shape.FLAT,
        page_limit: int | None = None,
    ) -> None:
        """Serve the CSV files of `folder`. `page_limit`: no page is larger, whatever is asked."""
        self.folder = folder
        self.token = token
        self.shape = shape
        self.page_limit = page_limit
        self.version: str | None = "1"
        self.as_of: str | None = None
        self.journal: list[dict[str, Any]] = []
        self.stopping = threading.Event()
        self._feeds: dict[str, list[Record]] = {}
        self._rules: list[Rule] = []
        self._lock = threading.Lock()
        self.reload()

    def reload(self) -> None:
        """Read the folder again."""
        self._feeds = read_feeds(self.folder)

    def behave(self, *rules: Rule) -> None:
        """Follow these rules from now on; none = be good."""
        with self._lock:
            self._rules = list(rules)

    def note(self, entry: dict[str, Any], page: int) -> list[Rule]:
        """Write a request down; returns the rules it meets."""
        with self._lock:
            rules = [rule for rule in self._rules if rule.meets(entry["feed"], page)]
            self.journal.append({**entry, "at": len(self.journal), "do": [r.do for r in rules]})
            return rules

    def records(self, feed: str) -> list[Record] | None:
        """The records of a feed; None when there is no such feed."""
        return self._feeds.get(feed)


@contextmanager
def serving(layer: Layer, port: int = 0) -> Iterator[str]:
    """Serve until the block ends; yields the address."""
    server = _Server(layer, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        layer.stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, layer: Layer, port: int) -> None:
        self.layer = layer
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked may leave before the answer is out."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's name
        """Say nothing: the journal knows."""

    def do_PUT(self) -> None:
        """Take new rules."""
        said = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if urlsplit(self.path).path != "/behaviour":
            self._send(404, b"{}")
            return
        try:
            self.server.layer.behave(*rules_from(json.loads(said)))
        except (ValueError, TypeError) as error:
            self._send(400, json.dumps({"error": str(error)}).encode())
            return
        self._send(200, b"{}")

    def do_GET(self) -> None:
        """Answer with a page, or the journal."""
        layer, address = self.server.layer, urlsplit(self.path)
        if address.path == "/journal":
            self._send(200, json.dumps(layer.journal).encode())
            return
        folder, _, feed = address.path.rpartition("/")
        asked = {name: values[-1] for name, values in parse_qs(address.query).items()}
        by_cursor = "page" not in asked
        number = page_number(asked.get("cursor", "")) if by_cursor else _whole(asked["page"])
        rules = layer.note({"feed": feed, "page": number, "path": self.path}, number)
        if layer.token and self.headers.get("Authorization") != f"Bearer {layer.token}":
            self._send(401, b'{"error": "who are you?"}')
            return
        records = layer.records(feed)
        if folder != "/export" or records is None:
            self._send(404, b'{"error": "no such feed"}')
            return
        size = min(_whole(asked.get("page_size", "")) or _SIZE, layer.page_limit or 1 << 30)
        if number < 1:
            self._send(400, b'{"error": "no such page"}')
            return
        page = page_of(
            changed_since(records, asked.get("modified_since", "")),
            number=number,
            size=size,
            version=layer.version,
            as_of=layer.as_of,
        )
        if not by_cursor:
            page.next = None
        for rule in rules:
            changed(page, rule)
        body = written(page, layer.shape)
        wire = [rule for rule in rules if rule.do in ON_THE_WIRE]
        if wire:
            getattr(self, f"_do_{wire[0].do}")(wire[0], body)
        else:
            self._send(200, body)

    def _send(
        self, status: int, body: bytes, kind: str = _JSON, headers: dict[str, str] | None = None
    ) -> None:
        self._head(status, kind, {"Content-Length": str(len(body)), **(headers or {})})
        self.wfile.write(body)

    def _head(self, status: int, kind: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _pause(self, seconds: float) -> bool:
        """Wait, but not past the end of the stand-in; false when it has ended."""
        return not self.server.layer.stopping.wait(min(seconds, LONGEST_HANG))

    def _leave(self) -> None:
        self.close_connection = True

    # what rules do on the wire

    def _do_slow(self, rule: Rule, body: bytes) -> None:
        self._pause(rule.number)
        self._send(200, body)

    def _do_hang(self, _: Rule, __: bytes) -> None:
        self._pause(LONGEST_HANG)
        self._leave()

    def _do_drip(self, rule: Rule, body: bytes) -> None:
        self._head(200, _JSON, {"Content-Length": str(len(body))})
        self._drip(body, rule.number)

    def _do_drip_headers(self, rule: Rule, _: bytes) -> None:
        self._drip(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 10_000, rule.number)

    def _drip(self, data: bytes, seconds: float) -> None:
        for place in range(len(data)):
            self.wfile.write(data[place : place + 1])
            if not self._pause(seconds):
                break
        self._leave()

    def _do_reset(self, _: Rule, __: bytes) -> None:
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()
        self._leave()

    def _do_no_answer(self, _: Rule, __: bytes) -> None:
        self._leave()

    def _do_status(self, rule: Rule, _: bytes) -> None:
        status = HTTPStatus(int(rule.number))
        headers = {"Retry-After": rule.text} if rule.text else {}
        self._send(status, b'{"error": "not now"}', headers=headers)

    def _do_redirect(self, rule: Rule, _: bytes) -> None:
        self._send(302, b"", headers={"Location": rule.text or "/elsewhere"})

    def _do_html(self, _: Rule, __: bytes) -> None:
        self._send(200, b"<!doctype html><p>We are updating.", "text/html; charset=utf-8")

    def _do_html_as_json(self, _: Rule, __: bytes) -> None:
        self._send(200, b"\n<html><p>We are updating.</html>")

    def _do_short(self, _: Rule, body: bytes) -> None:
        self._head(200, _JSON, {"Content-Length": str(len(body))})
        self.wfile.write(body[: len(body) // 2])
        self._leave()

    def _do_cut(self, _: Rule, body: bytes) -> None:
        self._head(200, _JSON, {"Connection": "close"})
        self.wfile.write(body[: len(body) // 2])
        self._leave()

    def _do_torn_json(self, _: Rule, body: bytes) -> None:
        self._send(200, body[: len(body) // 2])

    def _do_gzip(self, _: Rule, body: bytes) -> None:
        self._send(200, gzip.compress(body), headers={"Content-Encoding": "gzip"})

    def _do_torn_gzip(self, _: Rule, body: bytes) -> None:
        packed = gzip.compress(body)
        half = packed[: len(packed) // 2]
        self._send(200, half, headers={"Content-Encoding": "gzip"})

    def _do_latin_1(self, _: Rule, body: bytes) -> None:
        self._send(200, body.replace(b'"items":', '"café": 1, "items":'.encode("latin-1")))

    def _do_says_latin_1(self, _: Rule, body: bytes) -> None:
        self._send(200, body, f"{_JSON}; charset=ISO-8859-1")

    def _do_utf_16(self, _: Rule, body: bytes) -> None:
        self._send(200, body.decode().encode("utf-16"))

    def _do_huge(self, rule: Rule, body: bytes) -> None:
        self._send(200, body + b" " * int(rule.number))


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
