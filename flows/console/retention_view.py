"""What retention removed, or would remove, as lines for people."""

from rich import filesize

from flows.console.answering import out
from flows.console.tables import table
from schemas.receipts import KeptLongEnough, RetentionReceipt

_KINDS = {
    "raw": "landed feed files",
    "rejects": "values that rejects show",
    "files": "CSV files of settled batches",
    "personal": "what names people in rows of what ended",
}


def show_retention(receipt: RetentionReceipt) -> None:
    """What goes, kind by kind, and what to do next."""
    out.print(
        table(
            "Kept for long enough",
            ("what", "before", "files", "rows", "size"),
            [(words, *_cells(receipt.kinds[kind])) for kind, words in _KINDS.items()],
            right=(2, 3, 4),
        )
    )
    if receipt.is_planned:
        if receipt.finishes:
            out.print("The last time was cut off: applying it again finishes it.")
        out.print("Nothing was changed. To remove it: r2b retention --apply --by NAME")
        return
    out.print(
        f"Removed. The warehouse holds {filesize.decimal(receipt.bytes_after or 0)}, before "
        f"{filesize.decimal(receipt.bytes_before or 0)}."
    )


def _cells(kind: KeptLongEnough) -> tuple[str, ...]:
    if kind.before is None:
        return ("kept for ever", "", "", "")
    size = filesize.decimal(kind.bytes) if kind.bytes else ""
    return (kind.before.isoformat(), f"{kind.files:,}", f"{kind.rows:,}", size)
