"""Customers, sites, addresses, contacts and new products beside what Affinity was told of them.

Tables: `core.*`, `ops.entity_state`, `ops.run`.
"""

from collections.abc import Iterator

import duckdb
import polars as pl

from schemas.affinity import ADDRESSES, CONTACTS, CUSTOMERS, NEW_PRODUCTS, SITES
from warehouse.queries import append, read, read_batches, scalar
from warehouse.statements import statement

_READING = {
    CUSTOMERS.name: "entities/read_customers",
    SITES.name: "entities/read_sites",
    ADDRESSES.name: "entities/read_addresses",
    CONTACTS.name: "entities/read_contacts",
    NEW_PRODUCTS.name: "entities/read_new_products",
}


class EntityStore:
    """What The Layer says of entities today, and where each stands."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, run_id: str) -> None:
        """Work on an open warehouse; the caller owns the transaction."""
        self._connection = connection
        self._run_id = run_id

    def is_first(self) -> bool:
        """Whether no run before this one looked at entities.

        So also in a warehouse whose runs are older than that: what its feeds link is there already.
        """
        return bool(scalar(self._connection, statement("entities/is_first"), self._this_run))

    def remember(self) -> None:
        """Keep that this run looked at entities."""
        self._connection.execute(
            "UPDATE ops.run SET saw_entities = TRUE WHERE run_id = $run_id", self._this_run
        )

    @property
    def _this_run(self) -> dict[str, object]:
        return {"run_id": self._run_id}

    def prepare(self) -> None:
        """Find out what has no answer yet. Belongs into a transaction of its own, before all else.

        `records` reads behind the caller's back, and sees what is committed.
        """
        self._connection.execute(statement("entities/make_in_flight"))

    def names(self) -> pl.DataFrame:
        """What every customer is called, and by which ref: NAMES."""
        return read(self._connection, statement("entities/read_names"))

    def records(self) -> dict[str, Iterator[pl.DataFrame]]:
        """Every record of files 01 to 05 that there is something to say of, by file, in batches."""
        found = {
            file: read_batches(self._connection, statement(reading))
            for file, reading in _READING.items()
        }
        # few, and asked for by what this transaction has held
        products = read(self._connection, statement(_READING[NEW_PRODUCTS.name]))
        return found | {NEW_PRODUCTS.name: iter([products])}

    def start_baseline(self) -> None:
        """Nothing is noted yet of what Affinity has already."""
        self._connection.execute(
            "CREATE OR REPLACE TEMP TABLE baseline "
            "(file VARCHAR, layer_id VARCHAR, cells VARCHAR[])"
        )

    def add_baseline(self, file: str, baseline: pl.DataFrame) -> None:
        """Note records (`layer_id`, `cells`) of `file` that Affinity has already."""
        append(self._connection, "baseline", baseline.with_columns(pl.lit(file).alias("file")))

    def take_baseline(self) -> None:
        """Take what was noted as told."""
        for taking in ("entities/take_baseline", "entities/add_baseline"):
            self._connection.execute(statement(taking))
