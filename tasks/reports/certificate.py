"""The coverage certificate as a page. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from schemas.tables import VALUE
from tasks.reports.class_table import SIDES, class_table
from tasks.reports.page import MOST_RECORDS, Head, Page, Section, how_many, rendered
from tasks.reports.tables import Column, html_table


def certificate_page(content: Mapping[str, Any]) -> bytes:
    """A coverage certificate to read: all of it stands in the certificate, nothing else is asked.

    The same certificate gives the same bytes.
    """
    head = Head(
        tenant=content["tenant"],
        as_of=date.fromisoformat(content["as_of"]),
        known_on=date.fromisoformat(content["known_on"]),
        snapshot_on=date.fromisoformat(content["snapshot_on"]) if content["snapshot_on"] else None,
        verdict=content["verdict"],
        run_id=content["run_id"],
        certificate="",
        sha256=content["sha256"],
    )
    totals = [
        {"class": kind, **total} for kind, total in content["classes"].items() if total["matches"]
    ]
    digests = pl.DataFrame(
        [
            {"side": words, "records": content["records"][side]["count"], "sha256": digest}
            for side, words in (("layer", "The Layer and our ledger"), ("affinity", "Affinity"))
            for digest in [content["records"][side]["sha256"]]
        ],
        schema={"side": pl.String, "records": pl.Int64, "sha256": pl.String},
    )
    sections = [
        Section(
            "classes",
            "What was compared",
            "Every record of either side is in exactly one class, and the classes add up.",
            tables=[class_table(_certified(totals))],
        ),
        Section(
            "open",
            "What is open",
            "Every record that is neither matched nor explained, as certified.",
            tables=[_certified_open(content["open"][:MOST_RECORDS])] if content["open"] else [],
            more=how_many(len(content["open"]), "in the certificate itself"),
        ),
        Section(
            "proof",
            "How it proves itself",
            "The digest below covers the whole certificate; those of either side cover the key, "
            "class and money of every record, fine ones too. "
            "`r2b reconcile --against` takes a certificate only if its digest holds.",
            tables=[
                html_table(
                    digests,
                    {
                        "side": Column("Side"),
                        "records": Column("Records", "count"),
                        "sha256": Column("SHA-256 over its records"),
                    },
                    name="digests",
                    caption="Digests over all records",
                )
            ],
        ),
    ]
    return rendered(
        Page(
            title="Coverage certificate",
            head=head,
            sections=sections,
            footer=(f"SHA-256 of the certificate: {head.sha256}.",),
        )
    )


def _certified(totals: list[dict[str, Any]]) -> pl.DataFrame:
    money = [name for name in SIDES if name.endswith(("month", "once"))]
    counts = [name for name in SIDES if name not in money]
    schema = {
        "class": pl.String(),
        **dict.fromkeys(counts, pl.Int64()),
        **dict.fromkeys(money, pl.String()),
    }
    return pl.DataFrame(totals, schema=schema).with_columns(pl.col(money).cast(VALUE))


def _certified_open(records: list[dict[str, Any]]) -> str:
    told = ("side", "key", "class", "why", "fields", "remedy", "since", "per_month", "once")
    rows = pl.DataFrame(records, schema=dict.fromkeys(told, pl.String)).with_columns(
        pl.col("per_month", "once").cast(VALUE), pl.col("since").str.to_date()
    )
    return html_table(
        rows,
        {
            "key": Column("Record"),
            "side": Column("Side"),
            "class": Column("Class", "words"),
            "fields": Column("Differs in", "words"),
            "why": Column("Because", "words"),
            "remedy": Column("Remedy", "words"),
            "since": Column("Since", "day"),
            "per_month": Column("A month", "money"),
            "once": Column("One-off", "money"),
        },
        name="open-records",
        caption="Open records of either side",
    )
