"""What is checked besides each charge: records, where CLIs came from, the price book."""

from collections.abc import Iterator, Sequence
from datetime import date

import duckdb
import polars as pl

from schemas.vocabulary import Finding, Stage
from warehouse.asked import asked_lines, read_asked
from warehouse.charges import ExtraColumn
from warehouse.queries import append, has_table, read, read_batches
from warehouse.statements import statement

_RECORDS = {
    Stage.QUOTATION: "checks/read_quotation",
    Stage.ORDER: "checks/read_order",
    Stage.ASSET: "checks/read_asset",
}


class CheckStore:
    """The latest run's findings. Tables: `out.issue`, `out.cli_capture`, `out.price_book`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Work on an open warehouse after a judgement; the caller owns the transaction."""
        self._connection = connection

    def findings(self) -> dict[str, int]:
        """How much was found, by kind, those at zero left out; also in a published copy.

        Nothing in a copy from before findings were counted.
        """
        if not has_table(self._connection, "mart", "validation_issue"):
            return {}
        return dict(self._connection.execute(statement("checks/count_findings")).fetchall())

    def counts(self) -> dict[str, int]:
        """How much was found, by `Finding`, zeros included."""
        return {**{kind.value: 0 for kind in Finding}, **self.findings()}

    def start_over(self, *, listed_only: bool) -> None:
        """Forget the last run's findings; of lines those of all, or of `work.line_judged`."""
        self._connection.execute("TRUNCATE out.issue")
        self._connection.execute(
            "DELETE FROM out.cli_capture WHERE line_id IN (FROM work.line_judged)"
            if listed_only
            else "TRUNCATE out.cli_capture"
        )
        self._connection.execute("TRUNCATE out.price_book")

    def records(self, stage: Stage, fields: Sequence[ExtraColumn]) -> Iterator[pl.DataFrame]:
        """All accepted records of a stage in batches, each asked field as a list of one text."""
        columns = "".join(
            f", list_value(CAST(record.{each.column} AS VARCHAR)) AS {each.alias}"
            for each in fields
        )
        sql = statement(_RECORDS[stage]).rstrip().rstrip(";")
        yield from read_batches(self._connection, sql.replace("/* rule columns */", columns))

    def add_issues(self, issues: pl.DataFrame) -> None:
        """Append what records break."""
        append(self._connection, "out.issue", issues)

    def remember_issues(self, as_of: date) -> None:
        """Keep since when each record has broken each rule."""
        self._connection.execute(statement("checks/remember_issues"), {"as_of": as_of})

    def cli_texts(self, *, listed_only: bool) -> Iterator[pl.DataFrame]:
        """The CLI texts of each line that has any, stage by stage, in batches.

        `listed_only`: of the lines of `work.line_judged`.
        """
        listed = "work.line_judged" if listed_only else None
        for asked in asked_lines(self._connection, listed, lightly=True):
            yield from read_asked(self._connection, statement("checks/read_cli_texts"), asked)

    def add_captures(self, captures: pl.DataFrame) -> None:
        """Append where the CLIs of lines came from."""
        append(self._connection, "out.cli_capture", captures)

    def products(self) -> pl.DataFrame:
        """The price book, and how much of each item Affinity bills or is about to."""
        return read(self._connection, statement("checks/read_products"))

    def catalogue(self) -> pl.DataFrame:
        """Affinity's catalogue with its prices."""
        return read(self._connection, statement("checks/read_catalogue"))

    def add_price_book(self, book: pl.DataFrame) -> None:
        """Append how price book and catalogue hang together."""
        append(self._connection, "out.price_book", book)
