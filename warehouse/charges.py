"""What the judgement reads and writes: line facts in, charges and holds out."""

from collections.abc import Generator, Iterator, Sequence
from datetime import date
from typing import NamedTuple

import duckdb
import polars as pl

from schemas.feeds import SITE_ENTITY_TYPE
from warehouse.asked import asked_line, asked_lines, read_asked
from warehouse.queries import append, has_table, read, read_batches, registered
from warehouse.statements import statement


class ExtraColumn(NamedTuple):
    """A feed field a profile's rule looks at: `alias` = field `column` of the line's `source`."""

    alias: str
    source: str
    column: str


_BY_LINE = ("out.charge", "out.hold", "out.now_charge", "work.claim", "work.oddity")
"""What a judgement says, by line."""

_RULE_SOURCES = {"order": "line", "asset": "asset", "quotation": "quotation"}


class ChargeStore:
    """The charges of the latest run. Tables: `out.charge`, `out.hold` and what goes with them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Work on an open warehouse; the caller owns the transaction."""
        self._connection = connection

    def resolve(self, *, platform_names: Sequence[str], as_of: date) -> None:
        """Prepare what every line refers to: site references, assets by line, the catalogue."""
        self._connection.execute(
            statement("judge/make_site_ref"),
            {
                "platform_names": [name.strip().lower() for name in platform_names],
                "site_entity_type": SITE_ENTITY_TYPE,
            },
        )
        self._connection.execute(statement("judge/see_renewals"))
        for name in ("judge/remember_renewals", "judge/make_renewal"):
            self._connection.execute(statement(name), {"as_of": as_of})
        for name in (
            "judge/make_reading",
            "judge/make_asset_of_line",
            "judge/make_replacement",
            "judge/remember_cease_requests",
        ):
            self._connection.execute(statement(name))
        self._connection.execute(statement("judge/make_catalogue"))

    def has_judged(self) -> bool:
        """Whether any run came as far as judging: `line_facts` needs what it then prepared."""
        return has_table(self._connection, "work", "reading")

    def line_facts(
        self,
        extra: Sequence[ExtraColumn] = (),
        *,
        line_id: str | None = None,
        listed_only: bool = False,
    ) -> Generator[pl.DataFrame, None, None]:
        """LINE_FACTS (and `extra` columns) of all lines, or of one, in batches, in no order.

        A line comes once for each of its readings. `listed_only`: those of `work.line_to_judge`.
        Who stops before the end closes it: it keeps the warehouse open.
        """
        sql = statement("judge/read_line_facts")
        columns = "".join(
            f", list_value(CAST({_RULE_SOURCES[each.source]}.{each.column} AS VARCHAR)) "
            f"AS {each.alias}"
            if each.source != "quotation"
            else f", quotation.{each.column} AS {each.alias}"
            for each in extra
        ) + "".join(
            f", {_RULE_SOURCES[source]}.row_number IS NOT NULL AS has_{source}"
            for source in sorted({each.source for each in extra})
        )
        joins = _quotations([each.column for each in extra if each.source == "quotation"])
        sql = sql.replace("/* extra columns */", columns).replace("/* extra joins */", joins)
        listed = "work.line_to_judge" if listed_only else None
        parts = asked_lines(self._connection, listed)
        for asked in parts if line_id is None else [asked_line(line_id)]:
            yield from read_asked(self._connection, sql, asked)

    def start_over(self, *, listed_only: bool) -> None:
        """Forget what was judged of all lines, or of those of `work.line_to_judge`.

        What has to outlive it is kept.
        """
        where = "WHERE charge.line_id IN (FROM work.line_to_judge)" if listed_only else ""
        self._connection.execute(statement("judge/make_absent"))
        self._connection.execute(
            "CREATE OR REPLACE TEMP TABLE before AS SELECT charge.* FROM out.charge AS charge "
            "SEMI JOIN absent AS gone "
            f"ON charge.line_id = gone.line_id AND charge.charge_type = gone.charge_type {where}"
        )
        if not listed_only:
            self._connection.execute(
                "CREATE OR REPLACE TABLE work.claim ("
                "line_id VARCHAR, charge_type VARCHAR, disposition VARCHAR, site_id VARCHAR, "
                "cli VARCHAR, sku VARCHAR, bill_start_on DATE, asset_id VARCHAR, "
                "asset_item_type VARCHAR, connection_on DATE, cease_on DATE)"
            )
            self._connection.execute(
                "CREATE OR REPLACE TABLE work.oddity "
                "(line_id VARCHAR, subject VARCHAR, warning VARCHAR)"
            )
        for table in _BY_LINE:
            self._connection.execute(
                f"DELETE FROM {table} WHERE line_id IN (FROM work.line_to_judge)"
                if listed_only
                else f"TRUNCATE {table}"
            )

    def add(
        self,
        charges: pl.DataFrame,
        holds: pl.DataFrame,
        claims: pl.DataFrame,
        billed: pl.DataFrame,
        oddities: pl.DataFrame,
    ) -> None:
        """Append a batch of judged charges; `billed` are those that may not be as told."""
        append(self._connection, "work.oddity", oddities)
        append(self._connection, "out.now_charge", billed)
        append(self._connection, "out.charge", charges)
        append(self._connection, "out.hold", holds)
        append(self._connection, "work.claim", claims)

    def asset_clis(self, *, listed_only: bool) -> Iterator[pl.DataFrame]:
        """CLI texts of live root service assets with their products' say on CLIs.

        `listed_only`: of the assets of `work.asset_to_judge`.
        """
        only = "AND asset.asset_id IN (FROM work.asset_to_judge)" if listed_only else ""
        sql = statement("judge/read_asset_clis").replace("/* listed only */", only)
        yield from read_batches(self._connection, sql)

    def keep_lives(self, lives: Iterator[pl.DataFrame], *, listed_only: bool) -> None:
        """Keep the cleaned lives (`asset_id`, `cli`, `connection_on`, `cease_on`) for asking.

        `listed_only`: those of the assets of `work.asset_to_judge`; the others live as they did.
        """
        self._connection.execute(
            "DELETE FROM work.life WHERE asset_id IN (FROM work.asset_to_judge)"
            if listed_only
            else "CREATE OR REPLACE TABLE work.life "
            "(asset_id VARCHAR, cli VARCHAR, connection_on DATE, cease_on DATE)"
        )
        for batch in lives:
            append(self._connection, "work.life", batch)

    def contested(self) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Claims and lives where a CLI could be in two at once; ancestors; what was replaced."""
        return (
            read(self._connection, statement("judge/read_contested_claims")),
            read(self._connection, statement("judge/read_contested_lives")),
            read(self._connection, statement("judge/read_ancestors")),
            read(self._connection, statement("judge/read_replaced")),
        )

    def contested_by_changes(self, as_of: date) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """As `contested` but for what was replaced, of billed charges that come to another CLI."""
        self._connection.execute(statement("judge/make_changed_claim"), {"as_of": as_of})
        of_claims = "AND asset_id IN (SELECT asset_id FROM changed_claim)"
        above = statement("judge/read_ancestors").replace("/* listed only */", of_claims)
        chain = read(self._connection, statement("judge/read_chain_of_changed"))
        return (
            read(self._connection, "FROM changed_claim"),
            read(self._connection, statement("judge/read_lives_on_changed")),
            pl.concat([read(self._connection, above), chain]),
        )

    def keep_change_rivals(self, rivals: pl.DataFrame) -> None:
        """Keep which changes other lines hold (charge key and `reason`), for this run alone."""
        self._connection.execute(
            "CREATE OR REPLACE TABLE work.change_rival "
            "(line_id VARCHAR, charge_type VARCHAR, reason VARCHAR)"
        )
        append(self._connection, "work.change_rival", rivals)

    def numbers_of_ready(self) -> pl.DataFrame:
        """Additional numbers of ready charges' assets, as The Layer writes them.

        Charge key, `customer_ref`, `site_ref`, `asset_id`, `cli`, `range_end`, and `base_category`,
        `needs_cli` of the asset's product.
        """
        return read(self._connection, statement("judge/read_numbers_of_ready"))

    def twins(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Claims that share a charge's identity with another line, and what was handed over."""
        claims = read(self._connection, statement("judge/read_twin_claims"))
        return claims, read(self._connection, statement("judge/read_handed_over"))

    def billed_all_the_same(self) -> pl.DataFrame:
        """Ready charges (charge key, `reason`) whose row Affinity was seen to bill."""
        return read(self._connection, statement("judge/read_billed_all_the_same"))

    def beside(self, line_id: str) -> dict[str, pl.DataFrame]:
        """What stands beside one line, by name: what `contested` and `twins` say of all of them.

        Nothing where retention has taken what the last judgement left behind.
        """
        if not has_table(self._connection, "work", "claim"):
            return {}
        claims = self._beside("explain/read_claims", line_id)
        lives = self._beside("explain/read_lives", line_id, claims)
        others = lives.join(claims, on="asset_id", how="anti")
        return {
            "claims": claims,
            "lives": lives,
            "ancestors": self._beside("judge/read_ancestors", line_id, others),
            "replaced": self._beside("explain/read_replaced", line_id, others),
            "twins": self._beside("explain/read_twin_claims", line_id, claims),
            "handed_over": self._beside("explain/read_handed_over", line_id, claims),
        }

    def _beside(
        self, name: str, line_id: str, where_any: pl.DataFrame | None = None
    ) -> pl.DataFrame:
        """What is asked of long tables only where there is anybody to ask about."""
        sql = statement(name).replace(
            "/* listed only */",
            "AND asset_id IN (SELECT asset_id FROM work.claim WHERE line_id = $line_id)",
        )
        if where_any is not None and where_any.is_empty():
            sql = f"FROM ({sql.rstrip().removesuffix(';')}) LIMIT 0"
        return read(self._connection, sql, {"line_id": line_id})

    def add_rivals(self, rivals: pl.DataFrame) -> None:
        """Hold the charges of `rivals` (charge key and `reason`) too."""
        if rivals.is_empty():
            return
        with registered(self._connection, "rival_rows", rivals):
            self._connection.execute("CREATE OR REPLACE TEMP TABLE rival AS FROM rival_rows")
        self._connection.execute(statement("judge/list_rivals"))
        self._connection.execute(statement("judge/hold_rivals"))
        self._connection.execute(
            "UPDATE work.claim SET disposition = 'held' FROM rival AS rival "
            "WHERE claim.line_id = rival.line_id AND claim.charge_type = rival.charge_type"
        )

    def own_in_snapshot(self, as_of: date) -> pl.DataFrame:
        """Charges routed to The Layer beside what Affinity bills, as `billed_in_affinity` asks."""
        return read(self._connection, statement("judge/read_own_in_snapshot"), {"as_of": as_of})

    def mark_billed_in_both(self, charges: pl.DataFrame) -> None:
        """Say that Affinity bills `charges` (charge keys), though they are routed to The Layer."""
        if charges.is_empty():
            return
        with registered(self._connection, "billed_there", charges):
            self._connection.execute(statement("judge/mark_billed_in_both"))

    def keep_gone(self) -> None:
        """Carry over charges with ledger history whose line is in the feeds no more.

        Source: ruling 27. They are reported as `source_gone`; nothing ceases by itself.
        """
        self._connection.execute(statement("judge/keep_gone"))
        self._connection.execute(statement("judge/report_gone"))

    def remember_days(self, as_of: date) -> None:
        """Keep since when each hold stands and when each charge was first ready."""
        self._connection.execute(statement("judge/remember_first_ready"), {"as_of": as_of})
        self._connection.execute(statement("judge/remember_holds"), {"as_of": as_of})

    def oddities(self) -> dict[tuple[str, str], int]:
        """What looks odd among sites and charges: (subject, warning) -> records."""
        rows = self._connection.execute(statement("judge/count_oddities")).fetchall()
        return {(subject, warning): records for subject, warning, records in rows}

    def dispositions(self) -> dict[str, tuple[int, str]]:
        """Charges and money (decimal text) by disposition of the latest run's lines."""
        return self._sums("judge/sum_dispositions")

    def holds(self) -> dict[str, tuple[int, str]]:
        """Charges and money (decimal text) by hold reason."""
        return self._sums("judge/sum_holds")

    def _sums(self, name: str) -> dict[str, tuple[int, str]]:
        rows = self._connection.execute(statement(name)).fetchall()
        return {reason: (count, money) for reason, count, money in rows}


def _quotations(columns: Sequence[str]) -> str:
    """The join that gathers the asked columns of all quotation lines of a line as lists."""
    if not columns:
        return ""
    lists = ", ".join(f"list(CAST({column} AS VARCHAR)) AS {column}" for column in columns)
    return (
        f"LEFT JOIN (SELECT line_id AS quoted_line, min(row_number) AS row_number, {lists} "
        "FROM core.quotation_lines WHERE line_id IS NOT NULL GROUP BY line_id) AS quotation "
        "ON line.line_id = quotation.quoted_line"
    )
