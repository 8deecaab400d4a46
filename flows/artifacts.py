"""What ops see of a run in the Prefect UI without reading a log: no customer data, only sums."""

from prefect import runtime
from prefect.artifacts import create_markdown_artifact

from schemas.receipts import ClassTotal, ReconcileReceipt
from tasks.reports.money import pounds


def show_reconciliation(receipt: ReconcileReceipt, tenant: str) -> None:
    """Show a reconciliation: verdict, classes, and where report and certificate are.

    One key for all, so that the history of the artifact is that of the reconciliations. Nothing
    outside a flow run.
    """
    if runtime.flow_run.id is None:
        return
    create_markdown_artifact(
        key="reconciliation",
        description=f"{tenant}, as of {receipt.as_of}: {receipt.verdict}",
        markdown=_reconciliation(receipt, tenant),
    )


def _reconciliation(receipt: ReconcileReceipt, tenant: str) -> str:
    total = receipt.total
    lines = [
        f"# {tenant}, {receipt.as_of}: {receipt.verdict}",
        "",
        "| class | things | The Layer, a month | Affinity, a month |",
        "|:--|--:|--:|--:|",
        *(
            _row(kind.replace("_", " "), each)
            for kind, each in receipt.classes.items()
            if each.matches
        ),
        _row("**all**", total),
        "",
    ]
    if receipt.report is not None:
        lines += [
            f"[The report]({receipt.report.resolve().as_uri()}) is where this ran; open it there:",
            "",
            f"    {receipt.report}",
            "",
        ]
    lines.append(f"Certified in `{receipt.certificate.name}`.")
    return "\n".join(lines)


def _row(name: str, total: ClassTotal) -> str:
    sides = (total.layer_per_month, total.affinity_per_month)
    return " | ".join((f"| {name}", f"{total.matches:,}", *map(pounds, sides))) + " |"
