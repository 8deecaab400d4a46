"""What ops read of a run in the Prefect UI: sheets in Markdown, and tables of rows. Pure.

Sums, ids and reasons only: no customer's data, and none of Affinity's words, which may name some.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from schemas.explanations import DISPOSITIONS, REJECTS, hold_explanation, queue_owner
from schemas.receipts import Money, ReconcileReceipt, RunReceipt, TransferReceipt
from schemas.vocabulary import Disposition, Finding, RejectReason, RunStatus
from tasks.reports.money import pounds, total

Rows = list[dict[str, Any]]
"""A table as Prefect shows it: one dictionary per row, in the order of its columns."""


def run_outcome(receipt: RunReceipt) -> str:
    """How a run ended and what is to be done next, in one line."""
    match RunStatus(receipt.status):
        case RunStatus.BATCH_OPEN:
            return (
                f"No new batch: {_batches(receipt.open_batches)} waits for its answer. Confirm it "
                "(transfer-to-billing), or give it up (r2b abandon)."
            )
        case RunStatus.PRICE_BOOK_INCOMPLETE:
            entries = receipt.findings.get(Finding.CLOSES_GATE, 0)
            return (
                f"No batch: {entries:,} entries of the price book close its gate. Put them right "
                "(mart.price_book, closes_gate); what is ready stays ready."
            )
        case RunStatus.NOTHING_READY:
            return "Nothing is ready to bill, and nothing has changed."
    worth = total(each.value for each in receipt.batches)
    rows = sum(sum(each.files.values()) for each in receipt.batches)
    written = f"{_batches([each.seq for each in receipt.batches])}: {rows:,} rows, {pounds(worth)}."
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


def transfer_outcome(receipt: TransferReceipt) -> str:
    """What a transfer moved, in one line."""
    if not receipt.changed:
        return f"Nothing changed: batch {receipt.seq} had been transferred before."
    left = f"{receipt.rejected:,} refused, {receipt.pending:,} without an answer"
    return (
        f"Batch {receipt.seq} is {receipt.state}: {receipt.accepted:,} charges In Billing "
        f"({pounds(receipt.accepted_value)}), {left}."
    )


def reconcile_outcome(receipt: ReconcileReceipt) -> str:
    """What a reconciliation found, in one line."""
    both = receipt.total
    return (
        f"{receipt.verdict}: The Layer {pounds(both.layer_per_month)} a month, Affinity "
        f"{pounds(both.affinity_per_month)}. The report says what to do."
    )


def run_sheet(receipt: RunReceipt, tenant: str) -> str:
    """All of a run on one sheet: its path as a picture, then what it read, judged and wrote."""
    parts = [
        f"# {tenant}, {receipt.as_of}: {receipt.status.replace('_', ' ')}",
        f"**{run_outcome(receipt)}**",
        _path(receipt),
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
    for batch in receipt.batches:
        files = ((name, f"{rows:,}") for name, rows in batch.files.items())
        canary = ", a canary" if batch.is_canary else ""
        parts += [
            f"## Batch {batch.seq}{canary}: {pounds(batch.value)}",
            _table(("file", "rows"), files),
            f"In `{batch.path}`.",
        ]
    if receipt.warnings:
        parts += ["## Odd", *(f"- {what} ({n:,})" for what, n in receipt.warnings.items())]
    return "\n\n".join([*parts, f"Run `{receipt.run_id}`."])


def _path(receipt: RunReceipt) -> str:
    """The way of the charges through the run, as a mermaid flowchart."""
    feeds = receipt.feeds.values()
    read, rejected = (sum(getattr(each, name) for each in feeds) for name in ("read", "rejected"))

    def charges(name: Disposition) -> int:
        return receipt.dispositions.get(name, Money()).charges

    judged = sum(money.charges for money in receipt.dispositions.values())
    steps = [
        f'feeds["{read:,} records read"] --> judged["{judged:,} charges judged"]',
        f'feeds --> rejected["{rejected:,} records rejected"]',
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
    """Batches that are not settled: `seq`, `as_of`, `state`, `age_days`, `rows`, `value`."""
    return [
        {
            "batch": row["seq"],
            "of": f"{row['as_of']}",
            "state": row["state"].replace("_", " "),
            "days old": row["age_days"],
            "rows": f"{row['rows']:,}",
            "worth": pounds(row["value"]),
        }
        for row in batches.iter_rows(named=True)
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
