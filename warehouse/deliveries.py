"""How batches leave: the projection of their delivery journals. Table: `out.delivery_file`."""

import duckdb
import polars as pl

from warehouse.queries import append

DELIVERY_FILE = pl.Schema(
    {
        "file": pl.String(),
        "remote_name": pl.String(),
        "sha256": pl.String(),
        "rows": pl.Int64(),
        "state": pl.String(),
        "attempts": pl.Int64(),
        "words": pl.String(),
        "sent_at": pl.Datetime("us"),
        "receipted_at": pl.Datetime("us"),
    }
)


class DeliveryStore:
    """Where each file of each batch stands on its way."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Work on an open warehouse; the caller owns the transaction."""
        self._connection = connection

    def replace(self, seq: int, files: pl.DataFrame, *, mode: str) -> None:
        """Store where the files (DELIVERY_FILE) of batch `seq` stand now."""
        self._connection.execute("DELETE FROM out.delivery_file WHERE seq = $seq", {"seq": seq})
        append(
            self._connection,
            "out.delivery_file",
            files.select(
                pl.lit(seq, pl.Int64).alias("seq"),
                *(pl.col(name).cast(kind) for name, kind in DELIVERY_FILE.items()),
            ),
        )
        self._connection.execute(
            "UPDATE out.batch SET delivery_mode = $mode WHERE seq = $seq",
            {"seq": seq, "mode": mode},
        )

    def left(self, seq: int) -> list[str]:
        """The files of batch `seq` that may be on the other side, by name."""
        rows = self._connection.execute(
            "SELECT file FROM out.delivery_file "
            "WHERE seq = $seq AND state NOT IN ('pending', 'refused') ORDER BY file",
            {"seq": seq},
        ).fetchall()
        return [name for (name,) in rows]
