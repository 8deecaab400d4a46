"""The outbox beside the books: manifests, files, journals; what is wrong with which batch. Pure."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from schemas.affinity import LOAD_ORDER
from schemas.layer_imports import FOLDER, LAYER_IMPORTS
from schemas.vocabulary import BatchState
from tasks.outbox.durable import REMOVAL
from tasks.outbox.folders import BatchFolder, FoundFile
from tasks.verify.decisions import Decided, behind

_MAY_LIE_THERE = {
    "delivery.json",
    "transfer.json",
    REMOVAL,
    "layer_updates.csv",
    *(f"{FOLDER}/{each.name}.csv" for each in LAYER_IMPORTS),
}
"""What the product writes into a batch folder after it was sealed, besides kept results."""

_HEADER_AND_TRAILER = 2
_FILES = {file.stem: file.name for file in LOAD_ORDER}
_PART = re.compile(r"^(?P<stem>\d\d_[a-z_]+?)(?:_\d+)?\.csv$")


class Booked(NamedTuple):
    """A batch as the warehouse has it."""

    state: BatchState
    manifest_sha256: str | None


def wrong_manifests(
    folders: Mapping[int, BatchFolder], booked: Mapping[int, Booked] | None
) -> list[str]:
    """What breaks the chain of manifests, batch by batch; `booked` None: no warehouse to ask."""
    wrong: list[str] = []
    for seq in range(1, max([*folders, *(booked or {})], default=0) + 1):
        folder, book = folders.get(seq), (booked or {}).get(seq)
        if folder is None:
            # a claimed batch has no folder yet: the next run writes it
            if book is None or book.state is not BatchState.CLAIMED:
                wrong.append(f"batch {seq}: there is no folder of it")
            continue
        if booked is not None and book is None:
            wrong.append(f"batch {seq}: the warehouse does not know it")
        wrong += [f"batch {seq}: {each}" for each in _of_manifest(folder, book)]
        if _names_another(folder, folders.get(seq - 1), (booked or {}).get(seq - 1)):
            wrong.append(f"batch {seq}: it names another manifest before it than that of {seq - 1}")
    return wrong


def _names_another(
    folder: BatchFolder, before: BatchFolder | None, booked_before: Booked | None
) -> bool:
    """Whether a manifest's predecessor is not the one the books noted, or else is found."""
    if folder.manifest is None:
        return False
    named = folder.manifest["previous_manifest_sha256"]
    if folder.seq == 1:
        return named is not None
    noted = booked_before.manifest_sha256 if booked_before else None
    sealed = noted or (before.manifest_sha256 if before else None)
    return sealed is not None and bool(named != sealed)


def _of_manifest(folder: BatchFolder, book: Booked | None) -> Iterator[str]:
    if folder.manifest_sha256 is None:
        yield "manifest.json is missing"
        return
    is_noted = book is not None and book.manifest_sha256 is not None
    if book is not None and is_noted and folder.manifest_sha256 != book.manifest_sha256:
        yield "manifest.json is not the one the warehouse noted"
    if folder.manifest is None:
        yield "manifest.json cannot be read"
    elif folder.manifest["seq"] != folder.seq:
        yield "manifest.json is another batch's"


def wrong_entries(
    entries: Sequence[tuple[int, str, str]], booked: Mapping[int, Booked]
) -> list[str]:
    """Where the register has other batches than the warehouse; number, digest, by whom."""
    wrong: list[str] = []
    for seq, digest, by in entries:
        book = booked.get(seq)
        if book is None:
            wrong.append(f"batch {seq}: the warehouse does not know it; {by} entered it")
        elif book.state is not BatchState.CLAIMED and book.manifest_sha256 != digest:
            wrong.append(f"batch {seq}: it is another one there; {by} entered it")
    there = {seq for seq, *_ in entries}
    left = (seq for seq, book in booked.items() if book.state is not BatchState.CLAIMED)
    return [*wrong, *(f"batch {seq}: it is not there" for seq in left if seq not in there)]


def wrong_files(
    folders: Mapping[int, BatchFolder],
    frozen: Mapping[tuple[int, str], int] | None,
    strangers: Sequence[str],
) -> list[str]:
    """Files that are not as their manifest lists them, or that nobody of ours wrote.

    `frozen`: rows by batch and file as the warehouse froze them, None: no warehouse to ask.
    """
    wrong = [f"{name}: it is no batch" for name in strangers]
    for folder in folders.values():
        wrong += [f"batch {folder.seq}: {each}" for each in _of_files(folder, frozen)]
    return wrong


def file_count(folders: Collection[BatchFolder]) -> int:
    """How many files the manifests list."""
    return sum(len(folder.manifest["files"]) for folder in folders if folder.manifest)


def _of_files(folder: BatchFolder, frozen: Mapping[tuple[int, str], int] | None) -> Iterator[str]:
    if not folder.delivery_is_readable:
        yield "delivery.json is damaged"
    removed = folder.removed or {}  # what is not known to be removed is lost
    if folder.removed is None:
        yield "retention.json is damaged"
    listed: dict[str, Any] = {}
    if folder.manifest is not None:
        listed = {each["name"]: each for each in folder.manifest["files"]}
        for name, entry in listed.items():
            if name in folder.files or removed.get(name) != entry["sha256"]:
                yield from _of_file(name, entry, folder.files.get(name))
        if frozen is not None:
            yield from _of_rows(folder.seq, listed, frozen)
        for name in sorted(
            folder.files.keys() - listed.keys() - _kept(folder).keys() - _MAY_LIE_THERE
        ):
            yield f"{name} is not ours"
    yield from _of_kept(folder)


def _kept(folder: BatchFolder) -> dict[str, str | None]:
    """The results that decisions stand on, by name, with the digest they had."""
    decisions = folder.decisions or ()
    return {
        each["results"]: each.get("results_sha256") for each in decisions if each.get("results")
    }


def _of_kept(folder: BatchFolder) -> Iterator[str]:
    for name, sealed in _kept(folder).items():
        file = folder.files.get(name)
        if file is None:
            if name not in (folder.removed or {}):
                yield f"{name} is missing, and a decision stands on it"
        elif sealed not in {None, file.sha256}:
            yield f"{name} is not the result that was read"


def _of_file(name: str, entry: Mapping[str, Any], file: FoundFile | None) -> Iterator[str]:
    if file is None:
        yield f"{name} is missing"
    elif file.bytes != entry["bytes"]:
        yield f"{name} has {file.bytes} bytes, not {entry['bytes']}"
    elif file.sha256 != entry["sha256"]:
        yield f"{name} was altered: its digest is another"
    elif file.records is None or not 0 <= file.records - entry["rows"] <= _HEADER_AND_TRAILER:
        yield f"{name} has other rows than the {entry['rows']} of the manifest"


def _of_rows(
    seq: int, listed: Mapping[str, Any], frozen: Mapping[tuple[int, str], int]
) -> Iterator[str]:
    """Where the manifest's rows are not as many as were frozen, all parts of a file together."""
    sealed: dict[str, int] = {}
    for name, entry in listed.items():
        part = _PART.match(name)
        file = _FILES.get(part["stem"], name) if part else name
        sealed[file] = sealed.get(file, 0) + entry["rows"]
    booked = {file: rows for (of, file), rows in frozen.items() if of == seq}
    if not booked:
        # a batch the warehouse does not know, or has nothing of: that is said of it elsewhere
        return
    for file in sorted(sealed.keys() | booked.keys()):
        if sealed.get(file, 0) != booked.get(file, 0):
            yield (
                f"the manifest says {sealed.get(file, 0)} rows of {file}, the warehouse froze "
                f"{booked.get(file, 0)}"
            )


def wrong_decisions(
    folders: Mapping[int, BatchFolder],
    committed: Mapping[int, Sequence[Decided]] | None,
    booked: Collection[int] = (),
) -> list[str]:
    """Decisions that only journal or only ledger holds; `committed` None: no ledger to ask.

    `booked`: the batches the warehouse knows.
    """
    wrong = [
        f"batch {folder.seq}: transfer.json is damaged"
        for folder in folders.values()
        if folder.decisions is None
    ]
    for folder in folders.values():
        said = folder.decisions or ()
        wrong += [
            f"batch {folder.seq}: decision {number} of transfer.json is about other files"
            for number, each in enumerate(said, start=1)
            if each.get("manifest_sha256") != folder.manifest_sha256
        ]
        if committed is None or folder.decisions is None:
            continue
        known = committed.get(folder.seq, ())
        lacks = behind(said, known)
        if said and folder.seq not in booked:
            wrong.append(
                f"batch {folder.seq}: its decisions are of a batch the warehouse does not know"
            )
        elif lacks:
            wrong.append(f"batch {folder.seq}: {lacks}")
        elif len(said) > len(known):
            wrong.append(
                f"batch {folder.seq}: decision {len(known) + 1} of transfer.json was cut off "
                "before the ledger held it; any run finishes it"
            )
    return wrong
