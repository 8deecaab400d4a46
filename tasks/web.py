"""One question to a web server at a time: patient, bounded, and silent about addresses and tokens.

The one place that tries a request again: the transport below does not, nor does anybody above.
"""

import email.utils
import functools
import json
import logging
import re
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpcore
import httpx
import stamina

T = TypeVar("T")

# it logs each try at warning; what came of them all is said once, in our words
logging.getLogger("stamina").setLevel(logging.ERROR)

MIB = 1 << 20
LARGEST_ANSWER = 16 * MIB
"""An answer of more bytes is refused: it is held in memory."""

_OK = 200
_FIRST_REDIRECT, _FIRST_REFUSAL, _FIRST_FAILURE = 300, 400, 500
_WAITING_HELPS = frozenset({408, 425, 429})
_SHORTEST_SECRET = 8  # a shorter token is in many an answer by chance
_CHATTY = ("httpx", "httpcore")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([^\"';\s]+)", re.IGNORECASE)
_VISIBLE_ASCII = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class Patience:
    """How long one answer may take, how often it is asked for, how long is waited in between."""

    timeout: float = 30.0
    attempts: int = 5
    first_wait: float = 0.5
    longest_wait: float = 30.0


@dataclass(frozen=True)
class Answer:
    """What came back, whole. `charset` is what the content type says, if it does."""

    status: int
    content_type: str
    charset: str | None
    body: bytes


class NoAnswer(Exception):
    """No usable answer came; waiting may help."""

    def __init__(self, words: str, *, retry_after: float | None = None) -> None:
        """`words`: what went wrong, fit for a log. `retry_after`: seconds the other side named."""
        super().__init__(words)
        self.words = words
        self.retry_after = retry_after


class Declined(Exception):
    """The other side said no, or something we do not take; asking again does not help."""

    def __init__(self, words: str, *, status: int) -> None:
        """`words`: what was said, fit for a log. `status`: of the answer; 200 = not as asked."""
        super().__init__(words)
        self.words = words
        self.status = status


def patiently(patience: Patience) -> stamina.RetryingCaller:
    """Asks again for as long as `patience` lasts: call it with what waiting cures, and a question.

    Over whatever line; the last error is raised as it is.
    """
    return stamina.RetryingCaller(
        attempts=patience.attempts,
        timeout=None,
        wait_initial=patience.first_wait,
        wait_max=patience.longest_wait,
        wait_jitter=patience.first_wait,
    )


def is_token(text: str) -> bool:
    """Whether a text can be sent as a bearer token: visible ASCII, without a break."""
    return _VISIBLE_ASCII.fullmatch(text) is not None


def open_client(*, token: str | None, patience: Patience) -> httpx.Client:
    """A client that follows no redirect, heeds no proxy variable and asks for plain bytes.

    Raises:
        ValueError: the token is none that can be sent.
    """
    for name in _CHATTY:  # they log addresses
        logging.getLogger(name).setLevel(logging.WARNING)
    headers = {"Accept-Encoding": "identity"}
    if token is not None:
        if not is_token(token):
            raise ValueError("a bearer token is visible ASCII without white space")
        headers["Authorization"] = f"Bearer {token}"
    return httpx.Client(
        transport=_Transport(),
        headers=headers,
        timeout=httpx.Timeout(patience.timeout),
        follow_redirects=False,
        trust_env=False,
    )


def ask(
    client: httpx.Client,
    url: str,
    patience: Patience,
    *,
    read: Callable[[Answer], T],
    max_bytes: int = LARGEST_ANSWER,
    also: frozenset[int] = frozenset(),
) -> T:
    """GET `url` until an answer comes that `read` takes; returns what `read` makes of it.

    Args:
        client: from `open_client`.
        url: whole, as it goes out.
        patience: how often, how long.
        read: gets every answer of status 200 or in `also`; raises NoAnswer to have it asked again.
        max_bytes: a larger answer is refused.
        also: further statuses that are answers.

    Raises:
        NoAnswer: nothing usable came, however often we asked; the last one tells why.
        Declined: the other side said no.
    """

    def question() -> T:
        request = client.build_request("GET", url)
        return read(ask_once(client, request, patience, max_bytes=max_bytes, also=also))

    return patiently(patience)(lambda error: _wait(error, patience), question)


def ask_once(
    client: httpx.Client,
    request: httpx.Request,
    patience: Patience,
    *,
    max_bytes: int = LARGEST_ANSWER,
    also: frozenset[int] = frozenset(),
) -> Answer:
    """Send one request, once.

    Raises:
        NoAnswer: none came whole within `patience.timeout`, or the other side has no time for us.
        Declined: the other side said no, or more than `max_bytes`.
    """
    # what the library says of a failure may quote what came over the wire: it goes no further
    try:
        with _everything_within(patience.timeout):
            response = client.send(request, stream=True)
            try:
                return _taken(response, max_bytes, also)
            finally:
                response.close()
    except httpx.TimeoutException:
        raise NoAnswer(f"did not answer within {patience.timeout:g} s") from None
    except httpx.ConnectError:
        raise NoAnswer("could not be reached") from None
    except httpx.TransportError:
        raise NoAnswer("broke off, or did not speak HTTP") from None


def _taken(response: httpx.Response, max_bytes: int, also: frozenset[int]) -> Answer:
    status = response.status_code
    if status != _OK and status not in also:
        _refuse(response)
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"", "identity"}:
        raise Declined("answered compressed, which was not asked for", status=_OK)
    body = bytearray()
    for part in response.iter_raw():
        body += part
        if len(body) > max_bytes:
            raise Declined(f"answered with more than {max_bytes:,} bytes", status=_OK)
    if _holds_token(bytes(body), response.request):
        raise Declined("answered with the token it was sent", status=_OK)
    kind = response.headers.get("content-type", "")
    charset = _CHARSET.search(kind)
    return Answer(
        status=status,
        content_type=kind.partition(";")[0].strip().lower(),
        charset=charset[1].lower() if charset else None,
        body=bytes(body),
    )


def _holds_token(body: bytes, request: httpx.Request) -> bool:
    """Whether an answer quotes our token: answers are kept, tokens never are."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if len(token) < _SHORTEST_SECRET:
        return False
    return any(form.encode() in body for form in (token, json.dumps(token)[1:-1]))


def _refuse(response: httpx.Response) -> None:
    status = response.status_code
    if status in _WAITING_HELPS or status >= _FIRST_FAILURE:
        raise NoAnswer(f"answered {status}", retry_after=_retry_after(response))
    if _FIRST_REDIRECT <= status < _FIRST_REFUSAL:
        raise Declined(f"answered {status}: it wants us to ask elsewhere", status=status)
    raise Declined(f"answered {status}", status=status)


def _wait(error: Exception, patience: Patience) -> bool | float:
    """Whether to ask again, or after how many seconds."""
    if not isinstance(error, NoAnswer):
        return False
    if error.retry_after is None:
        return True
    return min(error.retry_after, patience.longest_wait)


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds the other side asks us to wait; None when it does not say, or not in a way to read.

    Source: RFC 9110, 10.2.3: a number of seconds or a date; the date is by its own clock.
    """
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    moment = _http_date(text)
    if moment is None:
        return None
    theirs = _http_date(response.headers.get("date", ""))
    now = theirs or datetime.fromtimestamp(time.time(), UTC)
    return max((moment - now).total_seconds(), 0.0)


def _http_date(text: str) -> datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


# The library's time limits are per read: a server that sends a byte now and then keeps us for ever.
# So every read, write and connect gets what is left of the time for the whole request.

_UNTIL: ContextVar[float | None] = ContextVar("_UNTIL", default=None)


@contextmanager
def _everything_within(seconds: float) -> Iterator[None]:
    before = _UNTIL.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _UNTIL.reset(before)


def _left(timeout: float | None, too_late: type[httpcore.TimeoutException]) -> float | None:
    until = _UNTIL.get()
    if until is None:
        return timeout
    left = until - time.monotonic()
    if left <= 0:
        raise too_late
    return left if timeout is None else min(left, timeout)


@functools.cache
def _trust() -> ssl.SSLContext:
    """Whom we believe; read once, as that takes longer than most requests."""
    return httpx.create_ssl_context(trust_env=False)


class _Transport(httpx.HTTPTransport):
    """Connections that keep to the time of the whole request."""

    def __init__(self) -> None:
        super().__init__(verify=_trust(), trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=_trust(),
            max_connections=1,
            network_backend=_Network(),
            retries=0,
        )


class _Network(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(super().connect_tcp(host, port, left, local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: Any,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
