"""Reads the few columns of the reseller's feeds from which Affinity's own state can be told.

Forgiving: a record that cannot be read is passed over, as if Affinity had never had it.
"""

import csv
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

_ALIASES: Final = {
    "sites": {"siteintegrationid": "integrationid"},
    "products": {"sku": "externalsku", "affinityproductcode": "externalsku"},
}
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ISO_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d(?!\d)")


def read_feed(folder: Path, feed: str, *columns: str) -> Iterator[tuple[str, ...]]:
    """The given columns (contract names) of each readable record, trimmed; nothing if no file.

    A column the file lacks reads as empty.
    """
    path = folder / f"{feed}.csv"
    if not path.is_file():
        return
    aliases = _ALIASES.get(feed, {})
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        records = csv.reader(file)
        headings = [_plain(heading) for heading in next(records, [])]
        headings = [aliases.get(heading, heading) for heading in headings]
        places = [headings.index(name) if name in headings else -1 for name in map(_plain, columns)]
        for cells in records:
            if len(cells) != len(headings):
                continue
            values = tuple(cells[place].strip() if place >= 0 else "" for place in places)
            if not any(map(_unreadable, values)):
                yield values


def iso_day(text: str) -> str | None:
    """The day of an ISO date or time, "" for none, None for what is no date."""
    if not text:
        return ""
    match = _ISO_DATE.match(text)
    if match is None:
        return None
    try:
        return date.fromisoformat(match[0]).isoformat()
    except ValueError:
        return None


def national(cli: str) -> str:
    """A UK number in national form without spaces; any other reference as it is."""
    digits = re.sub(r"[\s\u00a0().-]", "", cli)
    digits = re.sub(r"^(?:\+44|0044)0?", "0", digits)
    return digits if digits.isascii() and digits.isdigit() else cli.strip()


def _plain(heading: str) -> str:
    return re.sub(r"[\s_-]", "", heading).lower()


def _unreadable(text: str) -> bool:
    undecoded = not text.isascii() and any("\udc80" <= c <= "\udcff" for c in text)
    return undecoded or _CONTROL.search(text) is not None
