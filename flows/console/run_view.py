"""What a run, a plan and a transfer look like to a person."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from rich.markup import escape
from rich.text import Text

from flows.console.answering import out
from flows.console.tables import table
from flows.profile import LoadedProfile
from schemas.counting import counted
from schemas.explanations import (
    DELIVERY_STATES,
    DISPOSITIONS,
    FINDINGS,
    REJECTS,
    hold_explanation,
)
from schemas.money import pounds, total
from schemas.receipts import (
    BatchReceipt,
    DeliveryReceipt,
    Money,
    RunReceipt,
    TransferReceipt,
    UndoReceipt,
)
from schemas.vocabulary import (
    BatchState,
    ChangeState,
    Disposition,
    FileState,
    Finding,
    RejectReason,
    RunStatus,
)

_MOST_HOLDS = 8
_MOST_REJECTS = 6


def show_run(receipt: RunReceipt, profile: LoadedProfile) -> None:
    """The summary of a finished run and what to do next."""
    out.print(
        f"\n[bold]{escape(profile.settings.tenant.name)}[/], as of {receipt.as_of:%d %B %Y}"
        f"   [dim]run {receipt.run_id}[/]\n"
    )
    show_feeds(receipt)
    show_charges(receipt)
    show_holds(receipt)
    show_changes(receipt.changes)
    show_findings(receipt.findings)
    _show_batch(receipt)


def show_plan(receipt: RunReceipt, batch: BatchReceipt | None, profile: LoadedProfile) -> None:
    """What a run would do."""
    out.print(
        f"\n[bold]{escape(profile.settings.tenant.name)}[/], planned as of "
        f"{receipt.as_of:%d %B %Y}; nothing was written\n"
    )
    show_feeds(receipt)
    show_charges(receipt)
    show_holds(receipt)
    show_changes(receipt.changes)
    show_findings(receipt.findings)
    if batch is not None:
        files = ", ".join(f"{name} ({counted(rows, 'row')})" for name, rows in batch.files.items())
        out.print(f"[bold]A run would write[/] batch {batch.seq}: {files}, {pounds(batch.value)}.")
        _show_canary(batch)
    elif receipt.findings.get(Finding.CLOSES_GATE):
        out.print(f"[bold]A run would write no batch[/]: {_gate_words(receipt)}.")
    elif receipt.open_batches:
        out.print(
            f"[bold]A run would write no batch[/]: batch {_listed(receipt.open_batches)} is open."
        )
    else:
        out.print("[bold]A run would write no batch[/]: nothing is ready.")


def show_feeds(receipt: RunReceipt) -> None:
    """Records read, accepted and rejected, feed by feed; feeds that were not given are left out."""
    rows = [
        (
            name,
            f"{each.read:,}",
            f"{each.accepted:,}",
            Text(f"{each.rejected:,}", style="red" if each.rejected else "dim"),
        )
        for name, each in receipt.feeds.items()
        if each.read
    ]
    out.print(table("Feeds", ("feed", "read", "accepted", "rejected"), rows, right=(1, 2, 3)))
    _show_rejects(receipt)


def _show_rejects(receipt: RunReceipt) -> None:
    """Why records were rejected, the most frequent reasons first."""
    if not receipt.reject_reasons:
        return
    ranked = list(receipt.reject_reasons.items())
    rows = [
        (
            f"{feed}.{column}" if column else feed,
            reason.replace("_", " "),
            f"{records:,}",
            Text(REJECTS[RejectReason(reason)], style="dim"),
        )
        for (feed, column, reason), records in ranked[:_MOST_REJECTS]
    ]
    more = len(ranked) - len(rows)
    title = "Rejected" + (f" ({more} more kinds in mart.reject)" if more > 0 else "")
    out.print(table(title, ("where", "reason", "records", ""), rows, right=(2,)))


def show_charges(receipt: RunReceipt) -> None:
    """Charges and money by disposition."""
    rows = [
        (
            name.replace("_", " "),
            f"{money.charges:,}",
            pounds(money.value),
            Text(DISPOSITIONS[Disposition(name)], style="dim"),
        )
        for name, money in receipt.dispositions.items()
        if money.charges
    ]
    all_of_it = _sum(receipt.dispositions.values())
    rows.append(("all", f"{all_of_it.charges:,}", pounds(all_of_it.value), Text("")))
    out.print(table("Charges", ("disposition", "charges", "value", ""), rows, right=(1, 2)))


def show_holds(receipt: RunReceipt) -> None:
    """The holds with most money behind them, and what cures them."""
    if not receipt.holds:
        return
    ranked = sorted(receipt.holds.items(), key=lambda each: (-each[1].value, each[0]))
    rows = [
        (
            reason.replace("_", " "),
            f"{money.charges:,}",
            pounds(money.value),
            Text(hold_explanation(reason).remedy, style="dim"),
        )
        for reason, money in ranked[:_MOST_HOLDS]
    ]
    more = len(ranked) - len(rows)
    title = "Held, most money first" + (f" ({more} more reasons in mart.hold)" if more else "")
    out.print(table(title, ("reason", "charges", "at stake", "what to do"), rows, right=(1, 2)))


_ACTIONS = {
    "ADD": "created in Affinity",
    "UPDATE": "changed there",
    "update": "changed charges",
    "change": "changed charges, as new ones",
    "cease": "ends of charges",
    "earlier": "ends of what they were before",
    "sooner": "ends before they were stopped",
    "stop": "Do Not Bill, or another route",
}


def show_changes(changes: Mapping[tuple[str, str], int]) -> None:
    """What differs from what Affinity was told; nothing where nothing does."""
    if not changes:
        return
    rows = [
        (
            _ACTIONS.get(action, action),
            *(f"{changes.get((action, state), 0):,}" for state in ChangeState),
        )
        for action in dict.fromkeys(action for action, _ in changes)
    ]
    heading = ("what Affinity is to be told", "due", "held", "in flight")
    out.print(table("Changes", heading, rows, right=(1, 2, 3)))


def show_findings(findings: Mapping[str, int]) -> None:
    """What was found besides charges and wants looking at; nothing where there is none."""
    rows = [
        (f"{findings[kind]:,}", found.meaning, Text(found.view, style="dim"))
        for kind, found in FINDINGS.items()
        if found.is_news and findings.get(kind)
    ]
    if rows:
        out.print(table("Found besides", ("how many", "what", "listed in"), rows, right=(0,)))


def _show_batch(receipt: RunReceipt) -> None:
    if receipt.warnings:
        for warning, records in receipt.warnings.items():
            out.print(f"[yellow]Note:[/] {escape(warning)} ({records:,}).")
        out.print()
    for batch in receipt.batches:
        show_files(batch)
        if batch.delivery is not None:
            show_delivery(batch.delivery)
        else:
            _show_gate(batch.seq)
    if receipt.batches:
        return
    if receipt.status == RunStatus.PRICE_BOOK_INCOMPLETE:
        out.print(
            f"[bold]No batch:[/] {_gate_words(receipt)}. What is ready stays ready: put the price "
            f"book right, or open the gate in the profile ([bold]price_book[/])."
        )
    elif receipt.status == RunStatus.BATCH_OPEN:
        out.print(
            f"[bold]No new batch:[/] batch {_listed(receipt.open_batches)} waits to be confirmed. "
            f"Confirm it with [bold]r2b transfer[/] or give it up with [bold]r2b abandon[/]."
        )
    else:
        out.print("[bold]No batch:[/] nothing is ready to bill.")


def _gate_words(receipt: RunReceipt) -> str:
    entries = receipt.findings[Finding.CLOSES_GATE]
    return (
        f"the price book's gate is closed by {counted(entries, 'entry', 'entries')} "
        "(mart.price_book, closes_gate)"
    )


def show_files(batch: BatchReceipt) -> None:
    """The files of a batch, in load order."""
    rows = [(name, f"{count:,}") for name, count in batch.files.items()]
    out.print(
        table(f"Batch {batch.seq}, {pounds(batch.value)}", ("file", "rows"), rows, right=(1,))
    )
    out.print(f"in {escape(shown_path(batch.path))}\n")
    _show_canary(batch)


def _show_canary(batch: BatchReceipt) -> None:
    if batch.is_canary:
        out.print(
            "It is [bold]a canary[/]: the first charges go alone. What else is ready goes in the "
            "next batch, once every row of this one was accepted.\n"
        )


def show_undo(receipt: UndoReceipt) -> None:
    """What takes a batch back, and what to do next."""
    charges = counted(receipt.charges, "charge")
    if receipt.is_planned:
        files = ", ".join(
            f"{name} ({counted(rows, 'row')})" for name, rows in receipt.files.items()
        )
        out.print(
            f"[bold]An undo would write[/] batch {receipt.seq}: {files}. It takes back "
            f"{charges} of batch {receipt.undoes}, {pounds(-receipt.value)}. "
            "Nothing was written."
        )
        _show_changed_since(receipt)
        return
    rows = [(name, f"{count:,}") for name, count in receipt.files.items()]
    title = f"Batch {receipt.seq}, which undoes batch {receipt.undoes}"
    out.print(table(title, ("file", "rows"), rows, right=(1,)))
    out.print(f"in {escape(shown_path(receipt.path))}\n")
    if receipt.delivery is None or receipt.delivery.transfer is None:
        out.print(
            f"To be taken back: {charges} ({pounds(-receipt.value)}), In Billing until this batch "
            "is confirmed.\n"
        )
    _show_changed_since(receipt)
    if receipt.delivery is not None:
        show_delivery(receipt.delivery)
    else:
        _show_gate(receipt.seq)


def _show_changed_since(receipt: UndoReceipt) -> None:
    if receipt.changed_since:
        out.print(
            f"[bold]Not taken back:[/] {counted(receipt.changed_since, 'charge')} that later "
            "batches changed, and bill. Do Not Bill in The Layer ends them.\n"
        )


def _show_gate(seq: int) -> None:
    out.print(
        f"[bold]Next:[/] upload the files in this order, then "
        f"[bold]r2b transfer {seq} --results FILE[/] (Affinity's answer), or "
        f"[bold]--uploaded --by NAME[/]."
    )


def show_delivery(receipt: DeliveryReceipt) -> None:
    """How far a batch has come on its way to Affinity."""
    rows = [
        (name, state, DELIVERY_STATES[FileState(state)]) for name, state in receipt.files.items()
    ]
    out.print(table(f"Delivery by {receipt.mode}", ("file", "state", ""), rows))
    if receipt.trouble:
        out.print(f"[yellow]Not all there:[/] {escape(receipt.trouble)}.")
    match BatchState(receipt.state):
        case BatchState.DELIVERED:
            out.print(
                f"[bold]Next:[/] Affinity has not answered yet; the next run asks again, or "
                f"[bold]r2b transfer {receipt.seq} --results FILE[/]."
            )
        case BatchState.IN_DOUBT:
            out.print(
                f"[bold]Next:[/] find out whether Affinity has the file, then [bold]r2b deliver "
                f"{receipt.seq} --arrived[/] or [bold]--absent[/], --by NAME."
            )
        case BatchState.WRITTEN:
            out.print(
                f"[bold]Next:[/] the next run goes on with it; [bold]r2b deliver {receipt.seq}[/] "
                "does it now."
            )
    if receipt.transfer is not None:
        show_transfer(receipt.transfer)


def show_transfer(receipt: TransferReceipt) -> None:
    """How a transfer ended."""
    if not receipt.changed:
        out.print(f"\nNothing changed: batch {receipt.seq} had been transferred before.")
    moved = (
        f"{counted(receipt.accepted, 'charge')} In Billing ({pounds(receipt.accepted_value)})"
        if receipt.undoes is None
        else f"{counted(receipt.accepted, 'charge')} of batch {receipt.undoes} taken back "
        f"({pounds(-receipt.accepted_value)})"
    )
    out.print(
        f"\nBatch {receipt.seq} is [bold]{receipt.state}[/]: {moved}, "
        f"{receipt.rejected:,} refused, {receipt.pending:,} without an answer."
    )
    if receipt.changed_there:
        taken = counted(receipt.changed_there, "other row was", "other rows were")
        out.print(f"{taken} taken: customers, changes, ends.")
    if receipt.rejected:
        out.print("What was refused waits in [bold]r2b queue list[/], with Affinity's words.")
    if receipt.pending:
        out.print("What has no answer stays exported until a second result, or `r2b abandon`.")
    if receipt.layer_updates is not None:
        out.print(f"For The Layer: {escape(shown_path(receipt.layer_updates))}")


def show_abandoned(receipt: TransferReceipt) -> None:
    """How giving a batch up ended."""
    if not receipt.changed:
        out.print(f"Nothing changed: batch {receipt.seq} had been abandoned before.")
        return
    out.print(
        f"Batch {receipt.seq} is {receipt.state}. What had no outcome is judged afresh by the next "
        "run."
    )


def shown_path(path: Path) -> str:
    """A path as people would type it from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _listed(numbers: tuple[int, ...]) -> str:
    return ", ".join(str(number) for number in numbers)


def _sum(moneys: Iterable[Money]) -> Money:
    found = list(moneys)
    return Money(sum(each.charges for each in found), total(each.value for each in found))
