"""What goes wrong on the days of a soak, drawn from its seed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from tests.crash.points import PLACES, Point

BEFORE_THE_RUN = {
    "malformed feed": 4,
    "missing feed": 4,
    "short feed": 4,
    "too many rejects": 3,
    "clock that went back": 2,
    "late feeds": 4,
    "process killed": 6,
    "failing disk": 4,
}
"""What may go wrong before the day's run, and on how many of a hundred days."""

AFTER_THE_RUN = {"answer lost for a while": 8, "delivery over a bad line": 25}
"""What may happen to the batch of the day."""

ON_THE_LINE = (
    *({"on": "upload", "do": each} for each in ("500_before", "500_after", "cut_before")),
    *({"on": "upload", "do": each} for each in ("cut_after", "cut_during", "429", "503")),
    *({"on": "upload", "do": each} for each in ("html_after", "truncated", "no_receipt")),
    *({"on": "results", "do": each} for each in ("503", "cut_before", "truncated", "absent")),
    *({"on": "ask", "do": each} for each in ("503", "cut_before")),
)

_REQUIRED = ("customers", "sites", "products", "orders", "order_lines", "assets")


def drawn(dice: Random, chances: dict[str, int]) -> str:
    """One of them, or nothing."""
    draw = dice.uniform(0, 100)
    for name, chance in chances.items():
        draw -= chance
        if draw < 0:
            return name
    return ""


def on_the_line(dice: Random) -> list[dict[str, Any]]:
    """What goes wrong between us and Affinity, each once."""
    rules = dice.sample(ON_THE_LINE, dice.choice((0, 1, 1, 2, 3)))
    return [each | {"times": 1, "seconds": 0.05} for each in rules]


def point(dice: Random) -> Point:
    """Where a process is killed; some acts never come there."""
    return Point(
        f"{dice.choice(('before', 'after'))}:{dice.choice(PLACES)}", dice.choice((1, 1, 2))
    )


@contextmanager
def damaged(feeds: Path, how: str, dice: Random) -> Iterator[set[int]]:
    """The feeds damaged until the block ends; with which exit codes a run may refuse them."""
    path = feeds / f"{dice.choice(_REQUIRED)}.csv"
    manifest = feeds / "manifest.json"
    content = path.read_bytes()
    codes = {22}
    match how:
        case "malformed feed":
            path.write_bytes(b"un" + content)
        case "missing feed":
            path.unlink()
        case "short feed":
            rows = content.count(b"\n")
            manifest.write_text(f'{{"{path.stem}": {{"rows": {rows + 9}}}}}', encoding="utf-8")
        case "too many rejects":
            heading, *rows = content.splitlines(keepends=True)
            nameless = (b"," + row.partition(b",")[2] for row in rows)
            path.write_bytes(heading + b"".join(nameless))
            codes = {30}
    try:
        yield codes
    finally:
        path.write_bytes(content)
        manifest.unlink(missing_ok=True)
