"""What a reconciliation looks like to a person, and to a machine."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from rich.markup import escape
from rich.text import Text

from flows.console.answering import out
from flows.console.tables import table
from schemas.counting import counted
from schemas.explanations import DELAYS, RECONCILED, VERDICTS, WHY
from schemas.money import pounds_and_pence
from schemas.receipts import ClassTotal, ReconcileReceipt
from schemas.vocabulary import Delay, Reconciled, Verdict, Why
from tasks.reconcile.certificate import Comparison

_COLOURS = {
    Verdict.CLEAN: "green",
    Verdict.DIFFERENCES: "yellow",
    Verdict.UNRECONCILED: "red",
}

_STYLES = {
    Reconciled.MATCHED: "green",
    Reconciled.EXPLAINED: "dim",
    Reconciled.UNRECONCILED: "red",
}


def show_report(receipt: ReconcileReceipt, tenant: str) -> None:
    """The verdict, and where the page is."""
    _show_verdict(receipt, tenant)
    out.print(f"The report is in {escape(str(receipt.report))}: open it in a browser.\n")


def report_json(receipt: ReconcileReceipt) -> dict[str, Any]:
    """Where the page and the certificate are, and the verdict."""
    return {
        name: getattr(receipt, name)
        for name in ("as_of", "snapshot_on", "verdict", "report", "certificate")
    }


def _show_verdict(receipt: ReconcileReceipt, tenant: str) -> None:
    verdict = Verdict(receipt.verdict)
    known = f", as known on {receipt.known_at:%d %B %Y}" if receipt.known_at else ""
    out.print(
        f"\n[bold]{escape(tenant)}[/], as of {receipt.as_of:%d %B %Y}{known}: "
        f"[bold {_COLOURS[verdict]}]{verdict}[/], {VERDICTS[verdict]}."
    )


def show_reconciliation(receipt: ReconcileReceipt, tenant: str) -> None:
    """The verdict, every class with both sides' records and money, and what the classes mean."""
    _show_verdict(receipt, tenant)
    out.print(
        f"[dim]Affinity's newest snapshot is of {receipt.snapshot_on:%d %B %Y}.[/]\n"
        if receipt.snapshot_on
        else "[dim]There is no snapshot of Affinity.[/]\n"
    )
    out.print(
        table(
            "Recurring, per month",
            ("class", "ours", "theirs", "The Layer", "Affinity"),
            _rows(receipt, ("layer_records", "affinity_records"), _PER_MONTH),
            right=(1, 2, 3, 4),
        )
    )
    if any(getattr(receipt.total, name) for name in _ONCE):
        out.print(
            table(
                "One-off charges by that day",
                ("class", "The Layer", "Affinity"),
                _rows(receipt, (), _ONCE),
                right=(1, 2),
            )
        )
    for kind, total in receipt.classes.items():
        if total.matches and kind not in (Reconciled.MATCHED, Reconciled.EXPLAINED):
            out.print(f"[bold]{kind.replace('_', ' ')}[/]: {RECONCILED[Reconciled(kind)]}.")
    for _, why in receipt.reasons:
        out.print(f"[dim]{why.replace('_', ' ')}: {WHY[Why(why)]}.[/]")
    _show_delays(receipt)
    _show_repairs(receipt)
    if receipt.restated:
        out.print(
            f"\n{counted(receipt.restated, 'record shows', 'records show')} this day otherwise now "
            "than by what was known then: mart.restated."
        )
    out.print(
        "\nOne by one, with remedies: mart.reconciliation; every record: mart.reconciled_record."
        f"\nA page to read: {escape(str(receipt.report))}"
        f"\nCertified in {escape(str(receipt.certificate))}"
    )


_PER_MONTH = ("layer_per_month", "affinity_per_month")
_ONCE = ("layer_once", "affinity_once")


def _rows(
    receipt: ReconcileReceipt, counts: tuple[str, ...], money: tuple[str, ...]
) -> Iterator[tuple[object, ...]]:
    """Each class that has something, below it what explains it, and the sum."""

    def cells(total: ClassTotal) -> tuple[str, ...]:
        return (
            *(f"{getattr(total, name):,}" for name in counts),
            *(_money(getattr(total, name)) for name in money),
        )

    def has_something(total: ClassTotal) -> bool:
        return any(getattr(total, name) for name in (*counts, *money))

    for kind, total in receipt.classes.items():
        if has_something(total):
            style = _STYLES.get(Reconciled(kind), "yellow")
            yield Text(kind.replace("_", " "), style=style), *cells(total)
        for (of_kind, why), part in receipt.reasons.items():
            if of_kind == kind and has_something(part):
                yield Text(f"  {why.replace('_', ' ')}", style="dim"), *cells(part)
    yield Text("all", style="bold"), *cells(receipt.total)


def _show_delays(receipt: ReconcileReceipt) -> None:
    if not receipt.delays:
        return
    rows = [
        (
            Text(DELAYS[Delay(kind)]),
            f"{each.records:,}",
            _money(each.per_month),
            _money(each.once),
            counted(each.oldest_days, "day"),
        )
        for kind, each in receipt.delays.items()
    ]
    columns = ("why", "records", "a month", "one-off", "oldest")
    out.print()
    out.print(table("Money clock: late, or taken for too long", columns, rows, right=(1, 2, 3, 4)))


def _show_repairs(receipt: ReconcileReceipt) -> None:
    if not receipt.repairs:
        return
    rows = [
        (
            "\n".join(f"{reason.replace('_', ' ')}: {_named(each)}" for reason, each in step.fixes),
            f"{step.charges:,}",
            _money(step.per_month),
            _money(step.once),
        )
        for step in receipt.repairs
    ]
    columns = ("put right", "frees", "a month", "one-off")
    out.print(table("First of all (all of it: mart.repair)", columns, rows, right=(1, 2, 3)))


def _named(subject: str) -> str:
    kind, _, name = subject.partition(":")
    return f"{kind} {name}"


def _money(value: Decimal) -> str:
    """Pounds and pence: to the fourth decimal they are in the marts."""
    return pounds_and_pence(value) if value else "-"


def show_comparison(before: Mapping[str, Any], since: Comparison) -> None:
    """What has become open since an earlier certificate, and what is settled."""
    days = f"{before['as_of']} (known on {before['known_on']})"
    out.print(f"\nSince the certificate of {escape(days)}:")
    for words, records in (
        ("open now", since.opened),
        ("settled", since.closed),
        ("open in another way", [new for _, new in since.changed]),
    ):
        out.print(f"  {len(records):,} {words}")
        for each in records[:_MOST_RECORDS]:
            kind = each["class"].replace("_", " ")
            money = _money(Decimal(each["per_month"]))
            out.print(f"    [dim]{escape(each['key'])}[/]  {kind}  {money}")
    out.print()


_MOST_RECORDS = 10


def reconcile_json(receipt: ReconcileReceipt, since: Comparison | None = None) -> dict[str, Any]:
    """The receipt as one JSON object; money as exact decimal text."""
    content = {
        **asdict(receipt),
        "reasons": [
            {"class": kind, "why": why, **asdict(total)}
            for (kind, why), total in receipt.reasons.items()
        ],
    }
    if since is not None:
        content["since"] = since._asdict()
    return content
