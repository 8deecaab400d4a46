"""Reads what comes with a request: bodies of either framing, and the parts of an upload form."""

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from io import BufferedIOBase
from typing import Final

MOST_BYTES: Final = 256 * 2**20
_BLOCK: Final = 64 * 2**10
_FORM: Final = ("name", "sha256", "file")
_NAME: Final = re.compile(rb'name="?name"?[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]*)\r\n')
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class Malformed(Exception):
    """A request that cannot be read, with why."""


class BodyCut(Exception):
    """The body ended before it was whole."""


@dataclass(frozen=True, slots=True)
class Form:
    """What an upload says."""

    name: str
    sha256: str
    content: bytes


def blocks_of(stream: BufferedIOBase, headers: Message) -> Iterator[bytes]:
    """The body of a request, as it arrives; nothing if it has none.

    Raises:
        Malformed: the framing is none, or there is more than anybody would send.
        BodyCut: the other side went away in the middle.

    """
    if headers.get("Transfer-Encoding", "").lower() == "chunked":
        yield from _chunks(stream)
        return
    length = headers.get("Content-Length", "0")
    if not length.isdecimal() or int(length) > MOST_BYTES:
        raise Malformed("Content-Length is no sensible number")
    yield from _exactly(stream, int(length))


def name_in(head: bytes) -> str:
    """The file's name from the beginning of a form; empty if it is not there."""
    found = _NAME.search(head)
    return found[1].decode("utf-8", "replace") if found else ""


def read_form(content_type: str, body: bytes) -> Form:
    """The parts `name`, `sha256` and `file`, which come in this order and alone.

    Raises:
        Malformed: they do not, or do not agree.

    """
    heading = _message(f"Content-Type: {content_type}\r\n\r\n".encode())
    boundary = heading.get_boundary()
    if heading.get_content_type() != "multipart/form-data" or not boundary:
        raise Malformed("the body is not multipart/form-data")
    parts = list(_parts(body, boundary.encode()))
    names = tuple(str(part.get_param("name", "", "content-disposition")) for part, _ in parts)
    if names != _FORM:
        raise Malformed(f"the parts are not {', '.join(_FORM)}, in this order")
    name, sha256 = (content.decode("utf-8", "replace") for _, content in parts[:2])
    if parts[2][0].get_filename() != name:
        raise Malformed("the file is not called as the part name says")
    if not _DIGEST.fullmatch(sha256):
        raise Malformed("the part sha256 is not 64 hex digits")
    return Form(name, sha256, parts[2][1])


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[Message, bytes]]:
    """Each part's headers and bytes."""
    line = b"\r\n--" + boundary
    body = b"\r\n" + body
    at = body.find(line)
    while at >= 0:
        at += len(line)
        if body.startswith(b"--", at):
            return
        end = body.find(line, at)
        head = body.find(b"\r\n\r\n", at)
        if not at <= head <= end:
            break
        yield _message(body[at + 2 : head + 4]), body[head + 4 : end]
        at = end
    raise Malformed("the form has no end")


def _message(headers: bytes) -> Message:
    return email.message_from_bytes(headers)


def _exactly(stream: BufferedIOBase, length: int) -> Iterator[bytes]:
    while length:
        block = stream.read(min(length, _BLOCK))
        if not block:
            raise BodyCut
        length -= len(block)
        yield block


def _chunks(stream: BufferedIOBase) -> Iterator[bytes]:
    total = 0
    while True:
        size = _size(_line(stream))
        total += size
        if total > MOST_BYTES:
            raise Malformed("the body is too big")
        if size == 0:
            break
        yield from _exactly(stream, size)
        if _line(stream):
            raise Malformed("a chunk is longer than it says")
    while _line(stream):  # trailers
        pass


def _line(stream: BufferedIOBase) -> bytes:
    line = stream.readline(1024)
    if not line.endswith(b"\n"):
        raise BodyCut
    return line.rstrip(b"\r\n")


def _size(line: bytes) -> int:
    digits = line.split(b";")[0].strip()
    try:
        return int(digits, 16)
    except ValueError:
        raise Malformed("a chunk does not say how long it is") from None
