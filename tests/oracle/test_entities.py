"""The product's rows of files 01 to 04 against the oracle's, day by day in small random worlds."""

from __future__ import annotations

from copy import deepcopy
from random import Random
from typing import Any

import polars as pl
import pytest

from schemas.affinity import ENTITY_FILES
from tasks.changes.entities import (
    ADDRESSES_NOW,
    CONTACTS_NOW,
    CUSTOMERS_NOW,
    PRODUCTS_NOW,
    SITES_NOW,
)
from tasks.changes.terms import ChangeTerms
from tests.builders import AS_OF, entities_of, found_of_entities
from tests.oracle.entities import COLUMNS, IDS, Key, Page, Telling, tell

Tables = dict[str, list[dict[str, Any]]]
TEXTS = (None, "one", "two", "Zwölf")
NAMES = ("Bakers", "bakers", "The  Bakers", "the bakers", "Butchers", "Café")
DAYS = 5


def invent(rng: Random) -> Tables:
    """A handful of records, more or less linked, some under parents that are not there."""
    customers = [f"C{n}" for n in range(rng.randint(1, 4))]
    sites = [f"S{n}" for n in range(rng.randint(0, 5))]
    return {
        "customers": [
            {
                **_texts(rng, "customers"),
                "customer_id": customer,
                "name": rng.choice(NAMES),
                "status": rng.choice(("Live", "Live", "Pending", "Cancelled")),
                "integration_id": rng.choice((None, f"A{customer}")),
            }
            for customer in customers
        ],
        "sites": [
            {
                **_texts(rng, "sites"),
                "site_id": site,
                "customer_id": rng.choice(customers),
                "parent_site_id": rng.choice((None, None, "S9", *sites)),
                "name": rng.choice(NAMES),
                "is_default": rng.choice((None, True, False)),
                "integration_id": rng.choice((None, f"A{site}")),
            }
            for site in sites
        ],
        **{
            file: [
                {
                    **_texts(rng, file),
                    IDS[file]: f"{file[0]}{n}",
                    "customer_id": rng.choice(customers),
                    "site_id": rng.choice((None, *sites)),
                }
                for n in range(rng.randint(0, 4))
            ]
            for file in ("addresses", "contacts")
        },
        "application_links": [
            {
                "application_name": rng.choice(("Affinity", "AURORA AFFINITY", "Other")),
                "entity_type": rng.choice((19, 19, 19, 7)),
                "entity_id": site,
                "integration_id": rng.choice((f"A{site}", f"B{site}")),
            }
            for site in sites
            if rng.random() < 0.3
        ],
    }


def _texts(rng: Random, file: str) -> dict[str, Any]:
    return {name: rng.choice(TEXTS) for name in COLUMNS[file] if not name.startswith("*")}


def edit(rng: Random, tables: Tables) -> None:
    """Tomorrow: other words, other links, a record more, a record less."""
    later = invent(rng)
    for file in IDS:
        known = {row[IDS[file]]: row for row in tables[file]}
        for row in later[file]:
            before = known.get(row[IDS[file]])
            if before is None and row["customer_id"] in {
                each["customer_id"] for each in tables["customers"]
            }:
                if row.get("site_id") in {None, *(site["site_id"] for site in tables["sites"])}:
                    tables[file].append(row)
                continue
            if before is not None and rng.random() < 0.4:
                name = rng.choice([name for name in row if not name.endswith("_id")])
                before[name] = row[name]
            if before is not None and "integration_id" in row and rng.random() < 0.3:
                before["integration_id"] = row["integration_id"]
    for file in ("addresses", "contacts"):
        if tables[file] and rng.random() < 0.2:
            tables[file].pop()


def by_the_product(
    tables: Tables, book: dict[Key, Page], *, is_first: bool, at_once: int
) -> Telling:
    """What the product makes of the same records, of so many at once."""
    feed = {site["site_id"]: {site["integration_id"]} - {None} for site in tables["sites"]}
    for link in tables["application_links"]:
        named = link["application_name"].lower() in ("affinity", "aurora affinity")
        if named and link["entity_type"] == 19 and link["entity_id"] in feed:
            feed[link["entity_id"]].add(link["integration_id"])

    def state(file: str, row: dict[str, Any]) -> dict[str, Any]:
        page = book.get((file, row[IDS[file]]))
        if page is None:
            return {}
        return {
            "told": page.told,
            "taken": page.taken,
            "refused": page.refused,
            "in_flight": page.on_its_way,
        }

    def learnt(file: str, row: dict[str, Any]) -> str | None:
        return book.get((file, row[IDS[file]]), Page()).ref

    def site(row: dict[str, Any]) -> dict[str, Any]:
        refs = feed[row["site_id"]] | ({learnt("sites", row)} - {None})
        return {
            "site_reference": row["site_ref"],
            "refs": len(refs),
            "feed_refs": len(feed[row["site_id"]]),
            "site_ref": next(iter(refs)) if len(refs) == 1 else None,
        }

    def frame(file: str, schema: pl.Schema, more: Any) -> pl.DataFrame:
        rows = [{**row, **more(row), **state(file, row)} for row in tables[file]]
        return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema)

    found = found_of_entities(
        entities_of(
            frame(
                "customers",
                CUSTOMERS_NOW,
                lambda row: {
                    "feed_ref": row["integration_id"],
                    "learnt_ref": learnt("customers", row),
                },
            ),
            frame("sites", SITES_NOW, site),
            frame("addresses", ADDRESSES_NOW, lambda _: {}),
            frame("contacts", CONTACTS_NOW, lambda _: {}),
            pl.DataFrame(schema=PRODUCTS_NOW),
            at_once=at_once,
        ),
        ChangeTerms(as_of=AS_OF),
        is_first=is_first,
    )
    telling = Telling()
    for file in ENTITY_FILES[:4]:
        each = found[file.name]
        for row in each.due.iter_rows(named=True):
            telling.rows[file.name, row["layer_id"]] = (row["action"], row["cells"])
        telling.holds |= {
            (file.name, *pair) for pair in each.holds.select("layer_id", "reason").iter_rows()
        }
        telling.baseline |= {(file.name, key): cells for key, cells in each.baseline.iter_rows()}
    return telling


def answer(rng: Random, telling: Telling, book: dict[Key, Page], n: int) -> None:
    """Affinity takes, refuses, gives refs or not; some answers come a day later."""
    for key, cells in telling.baseline.items():
        book.setdefault(key, Page()).told = cells
        book[key].refused = None
    for key, (_, cells) in telling.rows.items():
        page = book.setdefault(key, Page())
        said = rng.random()
        page.on_its_way = said > 0.8
        page.refused = cells if said < 0.2 else None
        if 0.2 <= said <= 0.8:
            page.told, page.taken = cells, page.taken + 1
            if rng.random() < 0.7 and key[0] in ("customers", "sites"):
                page.ref = page.ref or rng.choice((f"A{key[1]}", f"N{n}"))


@pytest.mark.parametrize("seed", range(20))
def test_the_product_tells_what_the_oracle_tells(seed: int):
    rng = Random(seed)
    tables, book = invent(rng), dict[Key, Page]()
    told = 0
    for day in range(DAYS):
        wanted = tell(tables, book, is_first=day == 0)
        got = by_the_product(tables, book, is_first=day == 0, at_once=1 + seed % 3)
        assert (wanted.rows, wanted.holds, wanted.baseline) == (got.rows, got.holds, got.baseline)
        for page in book.values():
            page.on_its_way = page.on_its_way and rng.random() < 0.5
        before = deepcopy(book)
        answer(rng, wanted, book, day)
        told += book != before
        edit(rng, tables)
    assert told
