"""One question to an object store at a time; it never overwrites where it is not told to.

Nothing is tried again here: who asks knows how patient to be. Words hold no address and no key.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    InvalidPathError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import S3Store

if TYPE_CHECKING:
    from obstore import GetOptions, PutMode
    from obstore.store import ClientConfig, S3Config

_SLOWEST_UPLOAD = 100_000.0
"""Bytes a second: an object gets so much more time than a question."""

_LONGEST_DOWNLOAD = timedelta(days=1)
"""What ends a slow one is that nothing comes for a while, not that it is long."""

_STATUS = re.compile(r"status code: (\d{3})")
_FIRST_REFUSAL, _FIRST_FAILURE = 400, 500
_NOT_LET_IN = frozenset({401, 403})
_WAITING_HELPS = frozenset({408, 409, 425, 429})


@dataclass(frozen=True)
class ObjectPlace:
    """A folder of a bucket, and who we are there.

    `url`: `s3://bucket/folder`. `endpoint`: of a store that is not Amazon's own. Without keys the
    machine's own identity is used. `timeout`: seconds without a word that end a question.
    """

    url: str
    endpoint: str = ""
    region: str = ""
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    timeout: float = 60.0


class StoreDown(Exception):
    """No usable answer; a write may or may not have had its effect. Waiting may help."""

    def __init__(self, words: str) -> None:
        """`words` are safe to show."""
        super().__init__(words)
        self.words = words


class StoreRefused(Exception):
    """The store said no; asking again as it is does not help."""

    def __init__(self, words: str) -> None:
        """`words` are safe to show."""
        super().__init__(words)
        self.words = words


class NotThere(Exception):
    """There is no object of that name."""


class Changed(Exception):
    """The object is not the one that was listed any more."""


class AlreadyThere(Exception):
    """There is an object of that name, and it was kept."""


class Listed(NamedTuple):
    """An object as a listing has it; `version` names these very bytes."""

    name: str
    bytes: int
    version: str | None


_BIGGEST_REQUEST = 64 << 20
"""Bytes; what is more goes in parts, each of so many that few are held in memory."""
_PART, _PARTS_AT_ONCE = 16 << 20, 2


class Objects:
    """The objects directly in a place; a name may lead into a folder beneath."""

    def __init__(self, place: ObjectPlace) -> None:
        """`place` is looked at only when something is asked."""
        self._place = place
        self._reader = _store(
            place,
            {"read_timeout": timedelta(seconds=place.timeout), "timeout": _LONGEST_DOWNLOAD},
        )

    def listed(self, folder: str = "") -> dict[str, Listed]:
        """What is in a folder, by name; what lies deeper is not.

        Raises:
            StoreDown, StoreRefused.
        """
        with _in_our_words():
            found = obstore.list_with_delimiter(self._reader, folder or None)
            return {
                name: Listed(name, each["size"], each["e_tag"])
                for each in found["objects"]
                if (name := each["path"].rpartition("/")[2])
            }

    def beneath(self) -> dict[str, Listed]:
        """Everything in the place however deep, by its name seen from there.

        Raises:
            StoreDown, StoreRefused.
        """
        with _in_our_words():
            return {
                each["path"]: Listed(each["path"], each["size"], each["e_tag"])
                for found in obstore.list(self._reader)
                for each in found
            }

    def blocks(self, name: str, *, version: str | None = None) -> Iterator[bytes]:
        """The bytes of an object, all of one version of it.

        Raises:
            StoreDown, StoreRefused.
            NotThere: there is none.
            Changed: it is not of the `version` that was listed.
        """
        with _in_our_words():
            options: GetOptions = {} if version is None else {"if_match": version}
            try:
                stream = obstore.get(self._reader, name, options=options).stream()
            except PreconditionError as error:
                raise Changed from error
            for block in stream:
                if block:
                    yield bytes(block)

    def content(self, name: str) -> bytes | None:
        """A whole object, held in memory; None where there is none.

        Raises:
            StoreDown, StoreRefused.
        """
        try:
            return b"".join(self.blocks(name))
        except NotThere:
            return None

    def put(self, name: str, content: bytes, *, replacing: bool | str = False) -> None:
        """Store an object, whole or not at all, in one request.

        `replacing`: one that is there; or only the one of this version.

        Raises:
            StoreDown, StoreRefused.
            AlreadyThere: there is one, and it is not to be replaced.
            Changed: what is there is not of that version.
        """
        mode: PutMode = "overwrite" if replacing else "create"
        if isinstance(replacing, str):
            mode = {"e_tag": replacing}
        try:
            self._send(name, content, len(content), mode)
        except PreconditionError as error:
            raise Changed from error

    def put_file(self, name: str, path: Path, *, replacing: bool = False) -> None:
        """Store a file as an object, whole or not at all; a big one in parts, replacing any.

        Raises:
            StoreDown, StoreRefused.
            AlreadyThere: there is one, and it is not to be replaced.
        """
        self._send(name, path, path.stat().st_size, "overwrite" if replacing else "create")

    def _send(self, name: str, content: bytes | Path, size: int, mode: "PutMode") -> None:
        in_parts = size > _BIGGEST_REQUEST
        allowed = self._place.timeout + size / _SLOWEST_UPLOAD
        writer = _store(self._place, {"timeout": timedelta(seconds=allowed)})
        try:
            with _in_our_words():
                obstore.put(
                    writer,
                    name,
                    content,
                    mode="overwrite" if in_parts else mode,
                    use_multipart=in_parts,
                    chunk_size=_PART,
                    max_concurrency=_PARTS_AT_ONCE,
                )
        except NotThere as error:  # what is not there can only be the bucket
            raise StoreRefused("there is no such bucket") from error

    def delete(self, name: str) -> None:
        """Remove an object; one that is not there is removed already.

        Raises:
            StoreDown, StoreRefused.
        """
        try:
            with _in_our_words():
                obstore.delete(self._reader, name)
        except NotThere:
            return


def _store(place: ObjectPlace, limits: "ClientConfig") -> S3Store:
    parts = urlsplit(place.url)
    config: S3Config = {}
    if place.access_key and place.secret_key:
        config |= {"access_key_id": place.access_key, "secret_access_key": place.secret_key}
    if place.endpoint:
        config |= {"endpoint": place.endpoint}
    if place.region:
        config |= {"region": place.region}
    return S3Store(
        parts.netloc,
        config=config,
        prefix=parts.path.strip("/") or None,
        client_options={
            "allow_http": place.endpoint.startswith("http://"),
            "connect_timeout": timedelta(seconds=place.timeout),
            # one proxy that is for no host, so that no variable of the environment names another
            "proxy_url": "http://127.0.0.1:9",
            "proxy_excludes": "*,0.0.0.0/0,::/0",
            **limits,
        },
        retry_config={"max_retries": 0},  # one owner of retries: whoever asks
    )


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except AlreadyExistsError as error:
        raise AlreadyThere from error
    except PreconditionError:
        raise  # what it means is for whoever asked under a condition to say
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise StoreRefused("the object store does not let us in") from error
    except (InvalidPathError, ValueError) as error:
        raise StoreRefused("the object store takes no such name") from error
    except (NotFoundError, FileNotFoundError) as error:
        # a bucket that is missing would pass for a name that is free
        if "NoSuchBucket" in str(error):
            raise StoreRefused("there is no such bucket") from error
        raise NotThere from error
    except (BaseError, OSError) as error:
        raise _of_status(error) from error


def _of_status(error: BaseException) -> StoreDown | StoreRefused:
    """What other answers mean; the library gives them as text only."""
    found = _STATUS.search(str(error))
    status = int(found[1]) if found else 0
    if status in _NOT_LET_IN:
        return StoreRefused("the object store does not let us in")
    if _FIRST_REFUSAL <= status < _FIRST_FAILURE and status not in _WAITING_HELPS:
        if "NoSuchBucket" in str(error):
            return StoreRefused("there is no such bucket")
        return StoreRefused(f"the object store refused it (status {status})")
    said = f"status {status}" if status else "no answer"
    return StoreDown(f"the object store does not answer as it should ({said})")
