"""The files before they are damaged: sixteen feeds of a small reseller, in every form."""

import hashlib
import io
import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from tests.malformed.world import AS_OF, COLUMNS, World

FIRST_DAY = date.fromisoformat(AS_OF)
PERSONAL = ("Quillon", "Marchbanks", "z.quillon", "0207946")
"""What is in the files and may be in no message: names, an address, every number."""

PAGE_SIZE = 3
_LINES = 4
_SPARES = 2


def day(number: int) -> date:
    """The n-th day of a life."""
    return FIRST_DAY + timedelta(days=number)


def world(number: int) -> World:
    """The feeds of the n-th day; every day has a ready line more."""
    made = World()
    made.change(
        "customers",
        1,
        name="Quillon Marchbanks",
        email="z.quillon@example.org",
        telephone="02079460002",
    )
    for feed in COLUMNS:
        for _ in range(_SPARES):
            made.add(feed)
    for line in range(20, 20 + _LINES + number):
        made.add(
            "order_lines",
            line_id=f"L{line}",
            site_id="S1",
            asset_id=f"A{line}",
            converted_on="2026-03-02",
            connected_on="2026-03-02",
            upfront_price="20.00",
            upfront_billing_route="Affinity",
        )
        made.add(
            "assets",
            asset_id=f"A{line}",
            line_id=f"L{line}",
            site_id="S1",
            cli=f"020794601{line:02}",
            connection_on="2026-03-02",
        )
    return made


def profile(form: str, *, address: str = "", delivery: str = "") -> bytes:
    """The profile that reads feeds in that form."""
    text = '[tenant]\nname = "Corpus Telecom"\n\n[feeds]\nmax_reject_rate = 1.0\n'
    if form == "pages":
        text += (
            f'kind = "http"\nurl = "{address}/{{feed}}?page={{page}}&size={{page_size}}"\n'
            f"[feeds.http]\npage_size = {PAGE_SIZE}\nattempts = 2\ntimeout_seconds = 10.0\n"
            "first_wait_seconds = 0.001\nlongest_wait_seconds = 0.01\n"
        )
    else:
        text += 'kind = "folder"\npath = "feeds"\n'
        text += f'mode = "{"delta" if form == "delta" else "full"}"\n'
    return f"{text}{delivery}".encode()


def files(form: str, number: int) -> Mapping[str, bytes]:
    """The files of the n-th day below the office's folder, without the profile."""
    made = world(number)
    if form == "pages":
        return _pages(made)
    if form == "parquet":
        return {f"feeds/{feed}.parquet": _parquet(made, feed) for feed in COLUMNS}
    return {f"feeds/{feed}.csv": made.feed(feed).rendered() for feed in COLUMNS}


def manifest(feeds: Mapping[str, bytes], undamaged: Mapping[str, bytes]) -> bytes:
    """The truth about feed files by name, spoilt or not; rows are told of those that are not."""
    promises = {}
    for name, content in feeds.items():
        promise: dict[str, object] = {"sha256": hashlib.sha256(content).hexdigest()}
        if content == undamaged.get(name):
            promise["rows"] = content.count(b"\n") - 1
        promises[Path(name).stem] = promise
    return json.dumps(promises, indent=1).encode()


def _parquet(made: World, feed: str) -> bytes:
    sink = io.BytesIO()
    pq.write_table(made.feed(feed).table(), sink, compression="zstd" if len(feed) % 2 else "none")
    return sink.getvalue()


def _pages(made: World) -> Mapping[str, bytes]:
    """Every feed page by page; the last page is empty or not full."""
    found = {}
    for feed in COLUMNS:
        records = [dict(record) for record in made.feed(feed).records if isinstance(record, dict)]
        for page in range(len(records) // PAGE_SIZE + 1):
            items = records[page * PAGE_SIZE : (page + 1) * PAGE_SIZE]
            said = {"items": items, "total": len(records), "next": None}
            content = json.dumps(said, indent=1).encode()
            found[f"pages/{feed}-{page + 1}.json"] = content
    return found
