"""The coverage certificate: what a reconciliation found, in one file that proves itself. Pure.

It holds the totals of both sides, every class, every record that is open, and a digest over all
records of either side. Its own digest covers all of that, so a changed certificate is noticed, and
two of them can be compared.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import polars as pl

from schemas.receipts import ReconcileReceipt
from schemas.vocabulary import FINE
from tasks.reconcile.classes import Reconciliation

FORM = 1

_SLICE = 500_000


class Comparison(NamedTuple):
    """What is open in one certificate and not in the other, or otherwise; records as certified."""

    opened: list[dict[str, Any]]
    closed: list[dict[str, Any]]
    changed: list[tuple[dict[str, Any], dict[str, Any]]]


def certificate(
    found: Reconciliation, receipt: ReconcileReceipt, *, tenant: str, run_id: str, known_on: date
) -> dict[str, Any]:
    """The certificate of a reconciliation, sealed; money as exact decimal text.

    `known_on`: the as-of day of the newest run that counted, and `run_id` that run.
    """
    records = found.records().rename({"record_key": "key"}).sort("key")
    sides = {name: records.filter(pl.col("side") == name) for name in ("layer", "affinity")}
    content = {
        "certificate": "coverage",
        "form": FORM,
        "tenant": tenant,
        "as_of": receipt.as_of,
        "known_on": known_on,
        "run_id": run_id,
        "snapshot_on": receipt.snapshot_on,
        "verdict": receipt.verdict,
        "total": asdict(receipt.total),
        "classes": {kind: asdict(each) for kind, each in receipt.classes.items()},
        "reasons": [
            {"class": kind, "why": why, **asdict(total)}
            for (kind, why), total in receipt.reasons.items()
        ],
        "records": {
            name: {"count": side.height, "sha256": _digest(side)} for name, side in sides.items()
        },
        "open": [record for side in sides.values() for record in _open(side)],
    }
    return sealed(_plain(content))


def file_name(content: Mapping[str, Any]) -> str:
    """How the file of a certificate is called: by both its days, and by what is in it."""
    return f"{content['as_of']}-known-{content['known_on']}-{content['sha256'][:_DIGITS]}.json"


_DIGITS = 12


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """`content` with the digest of everything else in it."""
    rest = {name: value for name, value in content.items() if name != "sha256"}
    text = json.dumps(rest, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return {**rest, "sha256": hashlib.sha256(text.encode()).hexdigest()}


def is_genuine(content: Any) -> bool:
    """Whether this is a certificate, as it was sealed."""
    if not isinstance(content, dict) or not _NAMES <= content.keys():
        return False
    try:
        is_sealed = content == sealed(content)
    except (UnicodeEncodeError, RecursionError):  # text that no file can hold was never sealed
        return False
    return is_sealed and content["certificate"] == "coverage" and content["form"] == FORM


_NAMES = {
    *("certificate", "form", "tenant", "as_of", "known_on", "run_id", "snapshot_on", "verdict"),
    *("total", "classes", "reasons", "records", "open", "sha256"),
}


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> Comparison:
    """What has become open since `before`, what is settled, and what is open in another way."""
    old, new = (
        {(each["side"], each["key"]): each for each in side["open"]} for side in (before, after)
    )
    return Comparison(
        opened=[new[key] for key in sorted(new.keys() - old.keys())],
        closed=[old[key] for key in sorted(old.keys() - new.keys())],
        changed=[
            (old[key], new[key]) for key in sorted(old.keys() & new.keys()) if old[key] != new[key]
        ],
    )


_TOLD = ("class", "why", "fields", "remedy", "since", "per_month", "once")


def _open(records: pl.DataFrame) -> list[dict[str, Any]]:
    is_open = ~pl.col("class").is_in(FINE)
    return records.filter(is_open).select("side", "key", *_TOLD).to_dicts()


def _digest(records: pl.DataFrame) -> str:
    """A digest over key, class and money of all records, in the order of keys."""
    digest = hashlib.sha256()
    line = pl.concat_str("key", "class", "per_month", "once", separator="\x1f")
    for part in records.iter_slices(_SLICE):
        digest.update(("\n".join(part.select(line).to_series()) + "\n").encode())
    return digest.hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Decimal):
        return f"{value:.4f}"
    return value.isoformat() if isinstance(value, date) else value
