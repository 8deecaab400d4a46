"""The ledger beside itself: its chain, its moves, and where charges stand by it. Pure."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from schemas.vocabulary import BatchState, BillStatus, LedgerStatus, RowOutcome

_NOT, _READY, _IN = (
    BillStatus.NOT_BILLED.value,
    BillStatus.READY_TO_BILL.value,
    BillStatus.IN_BILLING.value,
)

_LEGAL = {
    "claim": {(_READY, _READY), (_IN, _IN)},
    "transfer": {(_READY, _READY), (_READY, _IN), (_IN, _IN), (_IN, _NOT)},
    "abandon": {(_READY, _READY), (_IN, _IN)},
}
"""From where to where each kind of commit may move a charge."""

_MAY_FOLLOW = {
    # what never moved is ready, or was In Billing when we first looked
    None: {_READY, _IN},
    _READY: {_READY},
    _IN: {_IN},
    # what was taken back may become ready once more; that is judged, not moved
    _NOT: {_READY},
}

_STANDS: dict[tuple[str, str | None], set[str]] = {
    ("charge", None): {LedgerStatus.EXPORTED},
    ("charge", RowOutcome.ACCEPTED): {
        LedgerStatus.IN_BILLING,
        LedgerStatus.UNDONE,
        LedgerStatus.STOPPED,
    },
    ("charge", RowOutcome.REJECTED): {LedgerStatus.REJECTED, LedgerStatus.RETURNED},
    ("charge", RowOutcome.ABANDONED): {LedgerStatus.ABANDONED},
    ("cli", None): {LedgerStatus.EXPORTED},
    ("cli", RowOutcome.ACCEPTED): {LedgerStatus.LIVE, "ceasing", "ceased", "superseded"},
    ("cli", RowOutcome.REJECTED): {LedgerStatus.REJECTED, LedgerStatus.RETURNED},
    ("cli", RowOutcome.ABANDONED): {LedgerStatus.ABANDONED},
}
"""How a charge or CLI may stand by the outcome of its row."""

_STANDS_WITHOUT_A_ROW = {
    # In Billing when we first looked, and stopped since; a CLI that Affinity showed, which counts
    # once a charge on it is billed
    ("charge", LedgerStatus.STOPPED),
    ("cli", "met"),
    ("cli", "seen"),
    ("cli", "superseded"),
    ("cli", "ceasing"),
    ("cli", "ceased"),
}


def wrong_commits(commits: pl.DataFrame, genesis: str) -> list[str]:
    """Commits that do not fit their chain, in order: the first one is where it broke.

    Args:
        commits: `commit_no`, `what`, `batch_seq`, `previous_hash`, `hash`, `resealed`,
            `sealed_rows`, `found_rows`, `altered_rows`; sorted by number.
        genesis: what the first commit names as its predecessor.
    """
    wrong: list[str] = []
    number, previous = 0, genesis
    for commit in commits.iter_rows(named=True):
        if commit["hash"] is None:
            wrong.append(f"commit {commit['commit_no']}: {commit['found_rows']} rows of no commit")
            continue
        if commit["commit_no"] != number + 1:
            wrong.append(_gap(number + 1, commit["commit_no"]))
        elif commit["previous_hash"] != previous:
            wrong.append(f"{_named(commit)}: it does not follow the commit before it")
        wrong += [f"{_named(commit)}: {each}" for each in _of_commit(commit)]
        number, previous = commit["commit_no"], commit["hash"]
    return wrong


def _named(commit: dict[str, Any]) -> str:
    return f"commit {commit['commit_no']} ({commit['what']} of batch {commit['batch_seq']})"


def _gap(expected: int, number: int) -> str:
    if number < expected:
        return f"commit {number}: it is there twice"
    gone = f"commit {expected}" if number == expected + 1 else f"commits {expected} to {number - 1}"
    return f"{gone}: gone"


def _of_commit(commit: dict[str, Any]) -> Iterator[str]:
    if commit["found_rows"] != commit["sealed_rows"]:
        yield f"it has {commit['found_rows']} rows, {commit['sealed_rows']} were sealed"
    if commit["altered_rows"]:
        yield f"{commit['altered_rows']} rows are not as they were recorded"
    elif commit["found_rows"] == commit["sealed_rows"] and commit["resealed"] != commit["hash"]:
        yield "it is not as it was sealed"


def illegal_moves(moves: pl.DataFrame) -> list[str]:
    """Kinds of moves that the rules do not know, each with its first commit and line.

    Args:
        moves: `what`, `from_status`, `to_status`, `stood_at`, `moves`, `commit_no`, `line_id`.
    """
    wrong = []
    for move in moves.iter_rows(named=True):
        there, to, stood = move["from_status"], move["to_status"], move["stood_at"]
        first = f"line {move['line_id']} in commit {move['commit_no']}"
        where = f"{move['moves']} move(s), first of {first}"
        if (there, to) not in _LEGAL.get(move["what"], set()):
            wrong.append(f"{where}: no {move['what'] or 'commit'} moves from {there} to {to}")
        elif there not in _MAY_FOLLOW.get(stood, set()):
            wrong.append(f"{where}: from {there}, but it stood at {stood}")
    return wrong


def wrong_batches(batches: pl.DataFrame) -> list[str]:
    """Batches whose state, rows and commits do not fit each other.

    Args:
        batches: `seq`, `state`, `row_count`, `frozen_rows`, `answered_rows`, `claims`,
            `transfers`, `abandons`, `is_in_order`; sorted by number.
    """
    wrong: list[str] = []
    for place, batch in enumerate(batches.iter_rows(named=True), start=1):
        if batch["seq"] != place:
            return [*wrong, f"batch {place}: the warehouse does not have it"]
        wrong += [f"batch {place}: {each}" for each in _of_batch(batch)]
    return wrong


def _of_batch(batch: dict[str, Any]) -> Iterator[str]:
    state = batch["state"]
    if batch["row_count"] != batch["frozen_rows"]:
        yield f"it has {batch['frozen_rows']} frozen rows, {batch['row_count']} were claimed"
    if batch["claims"] != 1:
        yield f"the ledger holds {batch['claims']} claims of it"
    if not batch["is_in_order"]:
        yield "it was decided about before it was claimed"
    if state == BatchState.CLAIMED and batch["transfers"] + batch["abandons"]:
        yield "it is claimed, but was decided about"
    if state == BatchState.CONFIRMED and not batch["transfers"]:
        yield "it is confirmed, but the ledger holds no transfer of it"
    if state == BatchState.ABANDONED and not batch["abandons"]:
        yield "it is abandoned, but the ledger does not hold that"
    if batch["answered_rows"] and not batch["transfers"] + batch["abandons"]:
        yield f"{batch['answered_rows']} rows have an outcome, but the ledger holds no decision"


def misplaced(charges: pl.DataFrame) -> list[str]:
    """Charges that do not stand where a fold of the ledger puts them, by what differs.

    Args:
        charges: `line_id`, `charge_type`, `by_ledger`, `by_state`.
    """
    kinds = charges.group_by("by_ledger", "by_state", maintain_order=True).agg(
        pl.len().alias("charges"), pl.first("line_id"), pl.first("charge_type")
    )
    return [
        f"{kind['charges']} charge(s), first {kind['line_id']} {kind['charge_type']}: "
        f"{kind['by_ledger'] or 'nowhere'} by the ledger, {kind['by_state'] or 'nowhere'} by "
        "ops.charge_state"
        for kind in kinds.iter_rows(named=True)
    ]


def wrong_standings(standings: pl.DataFrame) -> list[str]:
    """How charges and CLIs stand that the outcomes of their rows do not allow.

    Args:
        standings: `kind`, `status`, `outcome`, `has_row`, `subjects`, `batch_seq`.
    """
    wrong = []
    for each in standings.iter_rows(named=True):
        kind, status = each["kind"], each["status"]
        if each["has_row"]:
            is_legal = status in _STANDS.get((kind, each["outcome"]), set())
        else:
            is_legal = (kind, status) in _STANDS_WITHOUT_A_ROW
        if not is_legal:
            row = (
                f"row is {each['outcome'] or 'without an answer'}"
                if each["has_row"]
                else ("row is in no batch")
            )
            wrong.append(
                f"{each['subjects']} {kind}(s), first of batch {each['batch_seq']}: {status}, but "
                f"the {row}"
            )
    return wrong


def sent_twice(keys: pl.DataFrame) -> list[str]:
    """Facts that were handed over more than once: `row_key`, `batches`."""
    return [
        f"row key {key}: in batches {', '.join(map(str, batches))}"
        for key, batches in keys.iter_rows()
    ]


def differing(live: pl.DataFrame, copy: pl.DataFrame) -> list[str]:
    """What the published copy counts or sums otherwise than the warehouse.

    Args:
        live: `mart`, `part`, `rows`, `said` of the warehouse.
        copy: the same of the copy.
    """
    both = live.join(copy, on=["mart", "part"], how="full", coalesce=True, nulls_equal=True)
    apart = both.filter(
        pl.col("rows").ne_missing(pl.col("rows_right"))
        | pl.col("said").ne_missing(pl.col("said_right"))
    ).sort("mart", "part")
    return [
        f"{each['mart']} ({each['part']}): "
        f"{_counted(each['rows'], each['said'])} in the warehouse, "
        f"{_counted(each['rows_right'], each['said_right'])} in the copy"
        for each in apart.iter_rows(named=True)
    ]


_SHORT = 12


def _counted(rows: int | None, said: str | None) -> str:
    return f"{rows or 0} ({(said or 'nothing')[:_SHORT]})"
