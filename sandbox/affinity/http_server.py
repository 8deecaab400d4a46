"""Affinity over HTTP, on 127.0.0.1 and nowhere else."""

import hmac
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from sandbox.affinity.behaviour import Behaviour, Rule
from sandbox.affinity.http_body import BodyCut, Malformed, blocks_of, name_in
from sandbox.affinity.http_desk import UPLOAD, Desk
from sandbox.affinity.http_faults import FAULTS, RIGHT, Answer, Ending, Fault, Waits, as_json
from sandbox.affinity.journal import Entry, Journal

HOST: Final = "127.0.0.1"
CUT_DURING: Final = "cut_during"  # an upload is not even read, an answer not wholly sent
_ENOUGH_FOR_A_NAME: Final = 1024
_LINGER_NOT: Final = struct.pack("ii", 1, 0)
_LOCKED: Final = as_json(401, {"error": "the bearer token is missing or wrong"})
_NOWHERE: Final = as_json(404, {"error": "there is nothing here"})


@contextmanager
def http_server(
    desk: Desk, behaviour: Behaviour, journal: Journal, token: str | None
) -> Iterator[str]:
    """A server on a free port, by its base URL; at the end no thread and no connection is left."""
    server = _Server(desk, behaviour, journal, token)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="affinity-http")
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.hang_up()
        thread.join()


class _Server(ThreadingHTTPServer):
    """Knows its open connections, so that it can end them."""

    daemon_threads = False  # so that closing waits for them

    def __init__(
        self, desk: Desk, behaviour: Behaviour, journal: Journal, token: str | None
    ) -> None:
        self.desk = desk
        self.behaviour = behaviour
        self.journal = journal
        self.token = token
        self.closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._reset: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__((HOST, 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
            is_reset = request in self._reset
            self._reset.discard(request)
        if is_reset:
            request.close()
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who asks may hang up, or die; that is no error of ours."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def reset(self, request: socket.socket) -> None:
        """Have a connection end with a reset once its handler is done."""
        request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        with self._lock:
            self._reset.add(request)

    def hang_up(self) -> None:
        """Stop listening, end every connection, wait for who is at work."""
        self.closing.set()
        self.shutdown()
        with self._lock:
            for request in self._open:
                # the other side may have gone first
                with suppress(OSError):
                    request.shutdown(socket.SHUT_RDWR)
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    """One connection; requests on it come one after the other."""

    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "AffinityStandIn"
    sys_version = ""
    timeout = 60
    disable_nagle_algorithm = True  # or each answer waits for the other side's delayed ACK

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def log_message(self, *_args: object) -> None:
        """Say nothing; there is the journal."""

    def _serve(self) -> None:
        """Answer a request, unless the other side goes away in the middle."""
        with suppress(BodyCut, ConnectionError, TimeoutError):
            try:
                self._serve_well_formed()
            except Malformed as problem:
                self._send(as_json(400, {"error": str(problem)}), Ending.CLOSED)
            return
        self.close_connection = True

    def _serve_well_formed(self) -> None:
        control = self.server.desk.control(self.command, self.path)
        if control is None:
            self._serve_journalled()
        else:
            body = b"".join(blocks_of(self.rfile, self.headers))
            self._send(control(body) if self._is_let_in() else _LOCKED)

    def _serve_journalled(self) -> None:
        """Answer, well or badly; the journal has it before the other side does."""
        occasion, name = self.server.desk.occasion(self.command, self.path)
        entry = self.server.journal.begin(self.command, self.path, name)
        try:
            rule, body = self._receive(occasion, entry)
        except (Malformed, BodyCut, OSError) as trouble:
            status = 400 if isinstance(trouble, Malformed) else 0
            self.server.journal.finish(entry, status, effect=False)
            raise
        fault = _fault(occasion, rule)
        if rule is not None and fault.waits is Waits.BEFORE:
            self.server.closing.wait(rule.seconds)
        answer = self._answer(occasion, entry.name, body, fault)
        if rule is not None:
            answer = fault.told(answer, rule)
        if rule is not None and fault.waits is Waits.AFTER:
            self.server.closing.wait(rule.seconds)
        self.server.journal.finish(
            entry,
            0 if fault.ending is Ending.RESET else answer.status,
            effect=answer.effect,
            fault=None if rule is None else rule.do,
        )
        self._send(answer, fault.ending)

    def _receive(self, occasion: str, entry: Entry) -> tuple[Rule | None, bytes]:
        """The body and what shall go wrong; that is settled as soon as the name is known."""
        blocks = blocks_of(self.rfile, self.headers)
        head = b""
        while occasion == UPLOAD and len(head) < _ENOUGH_FOR_A_NAME:
            block = next(blocks, b"")
            if not block:
                break
            head += block
        if occasion == UPLOAD:
            entry.name = name_in(head)
        rule = None
        if occasion and self._is_let_in():
            rule = self.server.behaviour.draw(occasion, entry.name)
        if occasion == UPLOAD and rule is not None and rule.do == CUT_DURING:
            return rule, b""
        return rule, head + b"".join(blocks)

    def _answer(self, occasion: str, name: str, body: bytes, fault: Fault) -> Answer:
        """The right answer; what it does to Affinity is done, unless the fault leaves it out."""
        if not self._is_let_in():
            return _LOCKED
        if not occasion:
            return _NOWHERE
        if occasion == UPLOAD:
            content_type = self.headers.get("Content-Type", "")
            return self.server.desk.upload(
                content_type, body, keep=fault.effect, damage=fault.damages
            )
        return self.server.desk.question(occasion, name) if fault.effect else Answer(200)

    def _is_let_in(self) -> bool:
        if self.server.token is None:
            return True
        said = self.headers.get("Authorization", "").encode()
        return hmac.compare_digest(said, f"Bearer {self.server.token}".encode())

    def _send(self, answer: Answer, ending: Ending = Ending.WHOLE) -> None:
        if ending is not Ending.WHOLE:
            self.close_connection = True
        if ending in {Ending.RESET, Ending.RESET_IN_BODY}:
            self.server.reset(self.connection)
        if ending is Ending.RESET:
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        is_whole = ending in {Ending.WHOLE, Ending.CLOSED}
        self.wfile.write(answer.body if is_whole else answer.body[: len(answer.body) // 2])


def _fault(occasion: str, rule: Rule | None) -> Fault:
    """What a rule comes to on this occasion."""
    if rule is None:
        return RIGHT
    is_read_half = occasion == UPLOAD and rule.do == CUT_DURING
    return FAULTS["cut_before" if is_read_half else rule.do]
