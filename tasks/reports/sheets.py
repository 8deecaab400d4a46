"""What ops read of a run in the Prefect UI: sheets in Markdown, and tables of rows. Pure.

Sums, ids and reasons only: no customer's data, and none of Affinity's words, which may name some.
"""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

import polars as pl
from rich import filesize

from schemas.counting import counted
from schemas.explanations import DISPOSITIONS, REJECTS, hold_explanation, queue_owner
from schemas.money import pounds, total
from schemas.receipts import (
    BatchReceipt,
    Money,
    ReconcileReceipt,
    RunReceipt,
    SyncReceipt,
    TransferReceipt,
    UpkeepReceipt,
    WaitingBatch,
)
from schemas.spans import length
from schemas.vocabulary import BatchState, Disposition, Finding, RejectReason, RunStatus

Rows = list[dict[str, Any]]
"""A table as Prefect shows it: one dictionary per row, in the order of its columns."""


def run_outcome(receipt: RunReceipt) -> str:
    """How a run ended and what is to be done next, in one line."""
    match RunStatus(receipt.status):
        case RunStatus.BATCH_OPEN:
            wait = "waits" if len(receipt.open_batches) == 1 else "wait"
            return (
                f"No new batch: {_batches(receipt.open_batches)} {wait} for an answer: confirm "
                "(transfer-to-billing), or give up (r2b abandon)."
            )
        case RunStatus.PRICE_BOOK_INCOMPLETE:
            entries = counted(receipt.findings.get(Finding.CLOSES_GATE, 0), "entry", "entries")
            return (
                f"No batch: the price book's gate is closed by {entries}. "
                "Put that right (mart.price_book, closes_gate); what is ready stays ready."
            )
        case RunStatus.NOTHING_READY:
            return "Nothing is ready to bill, and nothing has changed."
    worth = total(each.value for each in receipt.batches)
    rows = counted(sum(sum(each.files.values()) for each in receipt.batches), "row")
    written = f"{_batches([each.seq for each in receipt.batches])}: {rows}, {pounds(worth)}."
    return f"{written} {_NEXT[RunStatus(receipt.status)]}"


_NEXT = {
    RunStatus.BATCH_WRITTEN: (
        "Load its files into Affinity in their order, then confirm it (transfer-to-billing)."
    ),
    RunStatus.BATCH_UNDELIVERED: "It has not left yet; the next run goes on with it.",
    RunStatus.BATCH_IN_DOUBT: (
        "Nobody can tell what arrived: find out, then r2b deliver --arrived or --absent."
    ),
    RunStatus.BATCH_DELIVERED: "Affinity has it and has not answered; the next run asks again.",
    RunStatus.BATCH_CONFIRMED: "Affinity took it; what it refused is in the retry queue.",
}


def plan_outcome(batch: BatchReceipt | None) -> str:
    """What a run would write, in one line."""
    if batch is None:
        return "A dry run: nothing was written. A run now would write no batch."
    rows = sum(batch.files.values())
    return (
        f"A dry run: nothing was written. A run now would write batch {batch.seq}: "
        f"{counted(rows, 'row')}, {pounds(batch.value)}."
    )


def sync_outcome(receipt: SyncReceipt) -> str:
    """Whether all is in step, in one line; else the most urgent alert."""
    if not receipt.alerts:
        return f"All is in step and on time. {gate_outcome(receipt.waiting, receipt.checked_at)}"
    first, *others = receipt.alerts
    more = f" And {len(others)} more." if others else ""
    return f"{first.words} {first.remedy}{more}"


def gate_outcome(waiting: Sequence[WaitingBatch], now: datetime) -> str:
    """Which batches wait to be confirmed, and for how long, in one line."""
    if not waiting:
        return "No batch waits to be confirmed."
    first = waiting[0]
    more = f" And {len(waiting) - 1} more." * (len(waiting) > 1)
    return (
        f"Batch {first.seq} ({pounds(first.value)}) has waited {length(now - first.since)} for its "
        f"answer.{more}"
    )


def gate_sheet(
    waiting: Sequence[WaitingBatch], tenant: str, now: datetime, form: str | None
) -> str:
    """The batches at the gate, and how to get each through it.

    `form` is the address of the form that confirms one; none = it is not deployed.
    """
    parts = [f"# {tenant}: the gate", gate_outcome(waiting, now)]
    for batch in waiting:
        filled = quote(json.dumps({"batch": batch.seq, "digest": batch.digest}))
        link = f"\n\n[Confirm batch {batch.seq}]({form}?parameters={filled})" if form else ""
        parts += [
            f"## Batch {batch.seq}: {batch.state.replace('_', ' ')}",
            _table(
                ("of", "rows", "worth", "waits since", "for", "digest"),
                [
                    (
                        f"{batch.as_of}",
                        f"{batch.rows:,}",
                        pounds(batch.value),
                        f"{batch.since:%Y-%m-%d %H:%M} UTC",
                        length(now - batch.since),
                        f"`{batch.digest}`",
                    )
                ],
            ),
            f"{_AT_THE_GATE[BatchState(batch.state)]}{link}",
        ]
    return "\n\n".join(parts)


_AT_THE_GATE = {
    BatchState.WRITTEN: (
        "Load its files into Affinity in their order (01, 02, ...), then confirm it with its "
        "result, or with your name. To give it up: `r2b abandon`."
    ),
    BatchState.DELIVERED: (
        "Affinity has it and has not answered; runs ask again by themselves. Confirm it by hand "
        "only if you hold its result."
    ),
    BatchState.IN_DOUBT: (
        "Nobody can tell whether it arrived. Find out, then `r2b deliver` with `--arrived` or "
        "`--absent`; confirming it is for later."
    ),
}


def upkeep_outcome(receipt: UpkeepReceipt) -> str:
    """What upkeep came to, in one line."""
    files = receipt.landed.files + receipt.reports.files
    size = receipt.landed.bytes + receipt.reports.bytes
    cut_off = counted(receipt.closed_runs, "run that was", "runs that were")
    closed = f" Closed: {cut_off} cut off." * bool(receipt.closed_runs)
    return (
        f"{counted(files, 'old file')} removed ({filesize.decimal(size)}); the warehouse holds "
        f"{filesize.decimal(receipt.bytes_after)}, before {filesize.decimal(receipt.bytes_before)}."
        f"{closed}"
    )


def transfer_outcome(receipt: TransferReceipt) -> str:
    """What a transfer moved, in one line."""
    if not receipt.changed:
        return f"Nothing changed: batch {receipt.seq} had been transferred before."
    left = f"{receipt.rejected:,} refused, {receipt.pending:,} without an answer"
    return (
        f"Batch {receipt.seq} is {receipt.state}: {counted(receipt.accepted, 'charge')} In Billing "
        f"({pounds(receipt.accepted_value)}), {left}."
    )


def reconcile_outcome(receipt: ReconcileReceipt) -> str:
    """What a reconciliation found, in one line."""
    both = receipt.total
    return (
        f"{receipt.verdict}: The Layer {pounds(both.layer_per_month)} a month, Affinity "
        f"{pounds(both.affinity_per_month)}. The report says what to do."
    )


def plan_sheet(receipt: RunReceipt, batch: BatchReceipt | None, tenant: str) -> str:
    """What a run would read, judge and write, on one sheet."""
    parts = [
        f"# {tenant}, {receipt.as_of}: dry run",
        f"**{plan_outcome(batch)}**",
        *_read_and_judged(receipt),
    ]
    if batch is not None:
        parts += [f"## Batch {batch.seq} as it would be", _files(batch)]
    return "\n\n".join(parts)


def run_sheet(receipt: RunReceipt, tenant: str) -> str:
    """All of a run on one sheet: what it read, judged and wrote, and its path as a picture."""
    parts = [
        f"# {tenant}, {receipt.as_of}: {receipt.status.replace('_', ' ')}",
        f"**{run_outcome(receipt)}**",
        *_read_and_judged(receipt),
    ]
    for batch in receipt.batches:
        canary = ", a canary" if batch.is_canary else ""
        parts += [
            f"## Batch {batch.seq}{canary}: {pounds(batch.value)}",
            _files(batch),
            f"In `{batch.path}`.",
        ]
    if receipt.warnings:
        parts += ["## Odd", *(f"- {what} ({n:,})" for what, n in receipt.warnings.items())]
    # one of Prefect's two UIs draws it, the other shows its text: so it does not come first
    parts += ["## The charges' way", _path(receipt)]
    return "\n\n".join([*parts, f"Run `{receipt.run_id}`."])


def _files(batch: BatchReceipt) -> str:
    return _table(("file", "rows"), ((name, f"{rows:,}") for name, rows in batch.files.items()))


def _read_and_judged(receipt: RunReceipt) -> list[str]:
    """What was read, what became of the charges, and why some are held."""
    parts = [
        "## Read",
        _table(
            ("feed", "read", "accepted", "rejected"),
            (
                (name, f"{each.read:,}", f"{each.accepted:,}", f"{each.rejected:,}")
                for name, each in receipt.feeds.items()
                if each.read
            ),
        ),
        "## Charges",
        _table(
            ("disposition", "charges", "worth", "means"),
            (
                (
                    name.replace("_", " "),
                    f"{money.charges:,}",
                    pounds(money.value),
                    DISPOSITIONS[Disposition(name)],
                )
                for name, money in receipt.dispositions.items()
                if money.charges
            ),
        ),
    ]
    if held := hold_rows(receipt):
        parts += ["## Held", _table(list(held[0]), [list(row.values()) for row in held])]
    return parts


def _path(receipt: RunReceipt) -> str:
    """The way of the charges through the run, as a mermaid flowchart."""
    feeds = receipt.feeds.values()
    read, rejected = (sum(getattr(each, name) for each in feeds) for name in ("read", "rejected"))

    def charges(name: Disposition) -> int:
        return receipt.dispositions.get(name, Money()).charges

    judged = sum(money.charges for money in receipt.dispositions.values())
    steps = [
        f'feeds["{counted(read, "record")} read"] --> judged["{counted(judged, "charge")} judged"]',
        f'feeds --> rejected["{counted(rejected, "record")} rejected"]',
        f'judged --> ready["{charges(Disposition.READY):,} ready"]',
        f'judged --> held["{charges(Disposition.HELD):,} held"]',
        f'judged --> waiting["{charges(Disposition.WAITING):,} waiting"]',
        f'judged --> billed["{charges(Disposition.IN_BILLING):,} In Billing before"]',
    ]
    for batch in receipt.batches:
        state = batch.delivery.state if batch.delivery else "waits for its upload"
        steps.append(f'ready --> b{batch.seq}["batch {batch.seq}: {state}"]')
    steps += [
        f'ready --> b{seq}["batch {seq}: open"]'
        for seq in receipt.open_batches
        if seq not in {batch.seq for batch in receipt.batches}
    ]
    return "```mermaid\nflowchart LR\n" + "\n".join(f"    {each}" for each in steps) + "\n```"


def hold_rows(receipt: RunReceipt) -> Rows:
    """Why charges are held, the most money first; a charge held for two reasons is in both."""
    ranked = sorted(receipt.holds.items(), key=lambda each: (-each[1].value, each[0]))
    return [
        {
            "held because": reason.replace("_", " "),
            "charges": f"{money.charges:,}",
            "at stake": pounds(money.value),
            "what to do": hold_explanation(reason).remedy,
        }
        for reason, money in ranked
    ]


def reject_rows(receipt: RunReceipt) -> Rows:
    """Why records were rejected, the most frequent first."""
    return [
        {
            "where": f"{feed}.{column}" if column else feed,
            "reason": reason.replace("_", " "),
            "records": f"{records:,}",
            "means": REJECTS[RejectReason(reason)],
        }
        for (feed, column, reason), records in receipt.reject_reasons.items()
    ]


def queue_rows(items: pl.DataFrame) -> Rows:
    """The open items of the retry queue.

    `items`: `id`, `subject`, `reason`, `state`, `attempts`, `next_at`, `value`.
    """
    return [
        {
            "item": row["id"],
            "about": row["subject"],
            "reason": row["reason"],
            "state": row["state"].replace("_", " "),
            "tried": row["attempts"],
            "next": "" if row["next_at"] is None else f"{row['next_at']:%Y-%m-%d %H:%M} UTC",
            "worth": pounds(row["value"]),
            "whose": queue_owner(row["subject"], row["reason"]),
        }
        for row in items.iter_rows(named=True)
    ]


def batch_rows(batches: pl.DataFrame) -> Rows:
    """Batches that are not settled.

    `batches`: `seq`, `as_of`, `state`, `age_days`, `rows`, `value`, `digest` (its beginning).
    """
    return [
        {
            "batch": row["seq"],
            "of": f"{row['as_of']}",
            "state": row["state"].replace("_", " "),
            "days old": row["age_days"],
            "rows": f"{row['rows']:,}",
            "worth": pounds(row["value"]),
            "digest": row["digest"] or "",
        }
        for row in batches.iter_rows(named=True)
    ]


def alert_rows(receipt: SyncReceipt) -> Rows:
    """What is wrong now, the most urgent first."""
    return [
        {
            "alert": each.name.replace("_", " "),
            "what": each.words,
            "what to do": each.remedy,
            "since": f"{each.since:%Y-%m-%d %H:%M} UTC",
        }
        for each in receipt.alerts
    ]


def reconcile_sheet(receipt: ReconcileReceipt, tenant: str) -> str:
    """A reconciliation: its verdict, every class, and where report and certificate are."""
    classes = [
        *((kind.replace("_", " "), each) for kind, each in receipt.classes.items() if each.matches),
        ("**all**", receipt.total),
    ]
    parts = [
        f"# {tenant}, {receipt.as_of}: {receipt.verdict}",
        _table(
            ("class", "things", "The Layer, a month", "Affinity, a month"),
            (
                (
                    name,
                    f"{each.matches:,}",
                    pounds(each.layer_per_month),
                    pounds(each.affinity_per_month),
                )
                for name, each in classes
            ),
        ),
    ]
    if receipt.report is not None:
        address = receipt.report.resolve().as_uri()
        parts += [
            f"[The report]({address}) is where this ran; open it there:",
            f"    {receipt.report}",
        ]
    return "\n\n".join([*parts, f"Certified in `{receipt.certificate.name}`."])


def _table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table; figures stand to the right."""
    cells = [[str(each).replace("|", r"\|") for each in row] for row in rows]
    right = [
        bool(cells) and all(_FIGURE.fullmatch(row[n]) for row in cells) for n in range(len(columns))
    ]
    return "\n".join(
        f"| {' | '.join(line)} |"
        for line in [list(columns), ["--:" if each else ":--" for each in right], *cells]
    )


_FIGURE = re.compile(r"\**-?£?[\d,.]+\**")


def _batches(numbers: Sequence[int]) -> str:
    listed = ", ".join(map(str, numbers))
    return f"Batch {listed}" if len(numbers) == 1 else f"Batches {listed}"
