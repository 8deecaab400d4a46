"""A feed file is copied once, under its digest, and never changes again.

Knows bytes only: what they mean is read from the landed copy. No engine, no Prefect.
"""

import codecs
import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from io import FileIO
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from schemas.errors import SourceRefused, SourceUnavailable

Bytes: TypeAlias = npt.NDArray[np.uint8]

FIRST_BEYOND_ASCII = 0x80
UNDEFINED_IN_CP1252 = (0x81, 0x8D, 0x8F, 0x90, 0x9D)

PARTIAL_PREFIX = ".landing-"
"""Name of a copy that is not whole yet; one left behind by a killed run may be deleted."""

_BLOCK_BYTES = 256 << 10
_WHITE_CONTROLS = (0x09, 0x0A, 0x0D)
_DELETE = 0x7F
_C1_LEAD, _C1_FIRST, _C1_LAST = 0xC2, 0x80, 0x9F


@dataclass(frozen=True)
class ByteTraits:
    """What readers may skip because of the bytes a file has.

    `may_hold_controls`: false where no cell can hold a control character (category Cc) other than
    TAB, LF and CR. `decodes_as`: those of `utf-8` and `cp1252` in which every byte of the file has
    a meaning. A file that is not CSV has the values that skip nothing.
    """

    may_hold_controls: bool = True
    decodes_as: frozenset[str] = frozenset()


@dataclass(frozen=True)
class LandedFile:
    """One immutable file of the landed folder, named `<sha256>.csv` or `<sha256>.parquet`."""

    path: Path
    sha256: str
    bytes: int
    seen: ByteTraits | None = field(default=None, compare=False)
    """Its traits, where they were seen while it was copied."""

    @cached_property
    def traits(self) -> ByteTraits:
        """What its bytes are like; of a file that was landed before, somebody has to want to know.

        Raises:
            SourceUnavailable: it cannot be read any more.
        """
        if self.seen is not None:
            return self.seen
        if self.path.suffix != ".csv":
            return ByteTraits()
        look = _ByteLook()
        with _opened(self.path) as copy:
            for block in _blocks(copy, self.path):
                look.at(np.frombuffer(block, np.uint8))
        return look.traits()


def land(source: Path, landed: Path) -> LandedFile:
    """Copy a feed file into the landed folder under its digest; see `keep`.

    One that is there already is only read, to see that it is the same.

    Raises:
        SourceUnavailable: the file cannot be read, or changes while it is being copied.
        SourceRefused: we may not read it.
    """
    with _opened(source) as feed:
        before = os.fstat(feed.fileno())

        def blocks() -> Iterator[memoryview]:
            feed.seek(0)
            yield from _blocks(feed, source)
            after = os.fstat(feed.fileno())
            if (feed.tell(), after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
                raise SourceUnavailable(
                    f"Landing {source.name}: the file changed while it was being copied.",
                    hint="Run again once its export has finished.",
                )

        if _may_be_landed(before.st_size, source.suffix, landed):
            digest = hashlib.sha256()
            for block in blocks():
                digest.update(block)
            sha256 = digest.hexdigest()
            path = landed / f"{sha256}{source.suffix}"
            if _is_landed(path, before.st_size):
                return LandedFile(path, sha256, before.st_size)
        return keep(blocks(), source.suffix, landed)


def _may_be_landed(size: int, suffix: str, landed: Path) -> bool:
    """Whether it is worth a look: of most files that are new, no other has the length."""
    return any(each.stat().st_size == size for each in landed.glob(f"*{suffix}"))


def keep(blocks: Iterable[memoryview | bytes], suffix: str, landed: Path) -> LandedFile:
    """Keep the bytes of a feed file in the landed folder under their digest.

    The copy appears under its name only once it is whole and on disk, readable by us alone. The
    same content a second time is the same file: it is not kept twice.

    Args:
        blocks: the bytes in order; what they raise leaves no copy.
        suffix: `.csv` or `.parquet`.
        landed: where landed files are kept.
    """
    landed.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=PARTIAL_PREFIX, dir=landed)
    partial = Path(name)
    try:
        with FileIO(descriptor, "wb") as copy:
            sha256, size, traits = _copy(blocks, copy)
            path = landed / f"{sha256}{suffix}"
            if not _is_landed(path, size):
                os.fsync(copy.fileno())
                partial.replace(path)
                _flush_folder(landed)
    finally:
        partial.unlink(missing_ok=True)
    return LandedFile(path, sha256, size, traits if suffix == ".csv" else ByteTraits())


@contextlib.contextmanager
def _opened(source: Path) -> Iterator[FileIO]:
    try:
        feed = source.open("rb", buffering=0)
    except PermissionError as error:
        raise SourceRefused(
            f"Landing {source.name}: we may not read the file.",
            hint="Let the user that runs r2b read the feed folder.",
        ) from error
    except OSError as error:
        raise _unreadable(source, error) from error
    with feed:
        yield feed


def _unreadable(source: Path, error: OSError) -> SourceUnavailable:
    return SourceUnavailable(
        f"Landing {source.name}: the file cannot be read ({error.strerror}).",
        hint="Check the feed folder, then run again.",
    )


def _blocks(feed: FileIO, source: Path) -> Iterator[memoryview]:
    """The bytes of a file, each block in the place of the one before."""
    view = memoryview(bytearray(_BLOCK_BYTES))
    while True:
        try:
            count = feed.readinto(view)
        except OSError as error:
            raise _unreadable(source, error) from error
        if not count:
            return
        yield view[:count]


def _copy(blocks: Iterable[memoryview | bytes], copy: FileIO) -> tuple[str, int, ByteTraits]:
    digest = hashlib.sha256()
    look = _ByteLook()
    size = 0
    for block in blocks:
        digest.update(block)
        look.at(np.frombuffer(block, np.uint8))
        size += len(block)
        written = 0
        while written < len(block):  # an unbuffered write may take less than it was given
            written += copy.write(block[written:])
    return digest.hexdigest(), size, look.traits()


class _ByteLook:
    """The traits of a file, seen block by block."""

    def __init__(self) -> None:
        self._has_controls = False
        self._last_byte = 0
        self._is_cp1252 = True
        self._utf_8: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()

    def at(self, block: Bytes) -> None:
        """Look at the next block."""
        low = np.count_nonzero(block < ord(" "))
        white = sum(np.count_nonzero(block == byte) for byte in _WHITE_CONTROLS)
        self._has_controls |= bool(low > white or (block == _DELETE).any())
        if max(block.max(), self._last_byte) < FIRST_BEYOND_ASCII:
            return
        self._decode(block.data, final=False)
        self._is_cp1252 &= not any((block == byte).any() for byte in UNDEFINED_IN_CP1252)
        # UTF-8 writes the controls U+0080 to U+009F as C2 and a byte; cp1252 has none of them
        after_lead = block[1:][block[:-1] == _C1_LEAD]
        if self._last_byte == _C1_LEAD:
            after_lead = np.append(after_lead, block[0])
        self._has_controls |= bool(((after_lead >= _C1_FIRST) & (after_lead <= _C1_LAST)).any())
        self._last_byte = int(block[-1])

    def traits(self) -> ByteTraits:
        """What all blocks together come to."""
        self._decode(b"", final=True)
        decodes = {"utf-8": self._utf_8 is not None, "cp1252": self._is_cp1252}
        return ByteTraits(
            may_hold_controls=self._has_controls,
            decodes_as=frozenset(encoding for encoding, does in decodes.items() if does),
        )

    def _decode(self, data: bytes | memoryview, *, final: bool) -> None:
        try:
            if self._utf_8:
                self._utf_8.decode(data, final)
        except UnicodeDecodeError:
            self._utf_8 = None


def _is_landed(path: Path, size: int) -> bool:
    """A copy of another length is damage (of a disk, of a hand): it is replaced."""
    return path.is_file() and path.stat().st_size == size


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
