"""Do outbox, ledger, batches and published copy say the same? Looked at, never changed."""

import contextlib
from collections.abc import Iterator, Mapping

from flows.audit import heads_of_manifests, trail_of
from flows.profile import LoadedProfile
from flows.register import entries_of
from schemas.errors import (
    DeliveryIncomplete,
    IllegalTransition,
    MigrationFailed,
    R2BError,
    StaleStatus,
    WarehouseBusy,
)
from schemas.vocabulary import BatchState
from tasks.outbox.folders import BatchFolder, batch_folders, read_folder, strangers
from tasks.verify.findings import BookCheck, found
from tasks.verify.ledger import (
    differing,
    illegal_moves,
    misplaced,
    sent_twice,
    wrong_batches,
    wrong_commits,
    wrong_standings,
)
from tasks.verify.outbox import (
    Booked,
    file_count,
    wrong_decisions,
    wrong_entries,
    wrong_files,
    wrong_manifests,
)
from warehouse.books import Books, sums_of_copy
from warehouse.connection import RESTORE, open_reading
from warehouse.ledger import GENESIS
from warehouse.lock import is_locked

_RESTORE_FOLDER = (
    "Restore the batch's folder as it was written, from a backup; never edit it. Nothing "
    "runs on a batch under way until then."
)
_STOP = (
    "Run nothing. Keep this warehouse for whoever looks into it, and restore its newest backup; "
    "what was decided since is taken from the outbox."
)
_BOOKS = ("ledger chain", "moves", "batches", "charges and CLIs")


def verify(profile: LoadedProfile) -> list[BookCheck]:
    """Make every check, whatever the others find; each says all that it finds wrong.

    Without a warehouse that can be read, what the outbox says of itself is checked.

    Raises:
        WarehouseBusy: a run is at work.
    """
    if is_locked(profile.warehouse):
        raise WarehouseBusy(
            f"Verifying {profile.warehouse.name}: a run is using it.",
            hint="Wait until it has finished, then try again.",
        )
    folders = {seq: read_folder(seq, path) for seq, path in batch_folders(profile.outbox).items()}
    odd = strangers(profile.outbox)
    with contextlib.ExitStack() as held:
        books, warehouse = _opened(profile, held, folders)
        return [warehouse, *_checks(profile, books, folders, odd)]


def _opened(
    profile: LoadedProfile, held: contextlib.ExitStack, folders: Mapping[int, BatchFolder]
) -> tuple[Books | None, BookCheck]:
    """The books, if they can be read to their end, and what is to be said of the warehouse."""
    name, code = profile.warehouse.name, MigrationFailed.exit_code
    if not profile.warehouse.exists():
        wrong = ["there is none, and the outbox holds batches"] if folders else []
        return None, found("warehouse", name, 0, wrong, advice=RESTORE, exit_code=code)
    try:
        books = Books(held.enter_context(open_reading(profile.warehouse)))
        books.migration()
    except WarehouseBusy:
        raise
    except R2BError as error:
        return None, found("warehouse", name, 0, [error.message], advice=RESTORE, exit_code=code)
    damaged = [f"{table}: it cannot be read" for table in books.damaged_tables()]
    check = found(
        "warehouse",
        f"tables of {name}",
        books.table_count(),
        damaged,
        advice=RESTORE,
        exit_code=code,
    )
    return (None if damaged else books), check


def _checks(
    profile: LoadedProfile,
    books: Books | None,
    folders: Mapping[int, BatchFolder],
    odd: list[str],
) -> Iterator[BookCheck]:
    booked = None if books is None else _booked(books)
    yield found(
        "manifest chain",
        f"batch folders of {profile.outbox.name}",
        len(folders),
        wrong_manifests(folders, booked),
        advice=_RESTORE_FOLDER,
        exit_code=DeliveryIncomplete.exit_code,
    )
    yield found(
        "files",
        "files of batches",
        file_count(list(folders.values())),
        wrong_files(folders, None if books is None else books.rows_of_files(), odd),
        advice=f"{_RESTORE_FOLDER} Move away what is not ours.",
        exit_code=DeliveryIncomplete.exit_code,
    )
    yield found(
        "decisions",
        "journals" + ("" if books is None else " and ledger"),
        sum(len(folder.decisions or ()) for folder in folders.values()),
        wrong_decisions(folders, None if books is None else books.decisions(), booked or {}),
        advice="What was cut off is finished by `r2b run`. Else restore transfer.json, or the "
        "warehouse, whichever is the older, from a backup.",
        exit_code=DeliveryIncomplete.exit_code,
    )
    yield _audit_trail(profile, books)
    if books is None:
        why = "there is no warehouse that can be read"
        yield from (BookCheck(name, "", 0, unchecked=why) for name in (*_BOOKS, "marts"))
        return
    yield from _of_books(books)
    yield _marts(profile, books)
    yield from _register(profile, booked or {})


def _audit_trail(profile: LoadedProfile, books: Books | None) -> BookCheck:
    heads = heads_of_manifests(profile) + ([] if books is None else books.heads_of_trail())
    trail = trail_of(profile)
    try:
        report = trail.check(heads)
    except DeliveryIncomplete as error:  # the disk; later checks are made all the same
        entries, wrong = 0, [error.message]
    else:
        entries, fault = report.entries, report.fault
        wrong = [f"entry {fault.number} {fault.words}"] if fault else []
    return found(
        "audit trail",
        "entries, from the first",
        entries,
        wrong,
        advice="Find out who wrote into it, and restore it from a backup. What was only cut off or "
        "lost is given back by `r2b audit --restore`. Nobody acts until then; runs go on.",
        exit_code=DeliveryIncomplete.exit_code,
    )


def _booked(books: Books) -> dict[int, Booked]:
    return {
        row["seq"]: Booked(BatchState(row["state"]), row["manifest_sha256"])
        for row in books.batches().iter_rows(named=True)
    }


def _of_books(books: Books) -> Iterator[BookCheck]:
    code = IllegalTransition.exit_code
    commits, moves, batches = books.commits(), books.moves(), books.batches()
    standings = books.standings()
    chain, legal, rows, subjects = _BOOKS
    yield found(
        chain,
        "commits, from genesis",
        commits.height,
        wrong_commits(commits, GENESIS),
        advice=_STOP,
        exit_code=code,
    )
    yield found(
        legal,
        "moves of charges",
        int(moves["moves"].sum()),
        illegal_moves(moves),
        advice=_STOP,
        exit_code=code,
    )
    yield found(
        rows,
        "state, rows, commits",
        batches.height,
        wrong_batches(batches),
        advice=_STOP,
        exit_code=code,
    )
    yield found(
        subjects,
        "where each stands",
        int(standings["subjects"].sum()),
        [
            *misplaced(books.misplaced_charges()),
            *wrong_standings(standings),
            *sent_twice(books.keys_sent_twice()),
        ],
        advice=_STOP,
        exit_code=code,
    )


def _register(profile: LoadedProfile, booked: Mapping[int, Booked]) -> Iterator[BookCheck]:
    """What the register has; nothing where there is none."""
    try:
        entries = entries_of(profile)
    except R2BError as error:
        yield found(
            "register", "", 0, [error.message], advice=error.hint, exit_code=error.exit_code
        )
        return
    if entries is None:
        return
    yield found(
        "register",
        "batches in the register",
        len(entries),
        wrong_entries([(each.seq, each.manifest_sha256, each.by) for each in entries], booked),
        advice="What is not there is entered by the next run. Where another copy of this tenant "
        "has gone on, run nothing here: see docs/how-to/keep-a-register.md.",
        exit_code=IllegalTransition.exit_code,
    )


def _marts(profile: LoadedProfile, books: Books) -> BookCheck:
    live = books.sums()
    if profile.published.is_file():
        copy = sums_of_copy(profile.published)
        wrong = ["it cannot be read"] if copy is None else differing(live, copy)
    else:  # before the first run there is nothing to publish
        wrong = ["there is none"] if live["rows"].sum() else []
    return found(
        "marts",
        f"sums of {profile.published.name}",
        live.height,
        wrong,
        advice="If nothing else is wrong, `r2b run` publishes it anew. If the copy knows more than "
        "the warehouse, this is an older warehouse: restore its newest backup.",
        exit_code=StaleStatus.exit_code,
    )
