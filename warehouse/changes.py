"""What Affinity was told, what differs from it, and what the next batch takes of that.

Tables: `ops.billed`, `out.now_charge`, `out.due_*`, `out.change*`, `out.pair_wait`.
"""

from collections.abc import Iterator
from datetime import date

import duckdb
import polars as pl

from warehouse.queries import append, first_row, read, registered, scalar
from warehouse.statements import statement

_CHARGES_AT_ONCE = 250_000

_CHARGES_TO_STAND = 3_000_000
"""As many as are held against the CLIs that are there: of each, two short texts."""


class ChangeStore:
    """Billed charges beside what The Layer says of them today."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Work on an open warehouse; the caller owns the transaction."""
        self._connection = connection

    def start_over(self) -> None:
        """Forget what was found to have changed, and what was due of it."""
        for table in ("entity", "product", "cease", "cli", "cli_place", "member"):
            self._connection.execute(f"TRUNCATE out.due_{table}")
        for table in ("change", "change_hold", "pair_wait", "do_not_bill", "cease_request"):
            self._connection.execute(f"TRUNCATE out.{table}")
        self._connection.execute(
            "CREATE OR REPLACE TEMP TABLE as_told "
            "(line_id VARCHAR, charge_type VARCHAR, content VARCHAR)"
        )
        self._connection.execute(statement("changes/make_in_flight"))
        self._connection.execute(statement("changes/make_known_objects"))

    def baseline_numbers(self) -> pl.DataFrame:
        """Additional numbers of what `take_baseline` will take, as The Layer writes them."""
        return read(self._connection, statement("changes/read_baseline_numbers"))

    def take_baseline(self, numbers: pl.DataFrame) -> None:
        """Take charges that The Layer calls In Billing, and nothing was told of, as told.

        `numbers`: their additional numbers, cleaned (`site_ref`, `cli`, `start_on`, ...).
        """
        self.take_seen(numbers)
        self._connection.execute(statement("changes/take_baseline_clis"))
        self._connection.execute(statement("changes/take_baseline"))

    def without(self) -> pl.DataFrame:
        """CLIs that charges are billed with, and that no answer says are there."""
        self._connection.execute(statement("changes/make_without_clis"))
        return read(self._connection, "FROM work.without_cli")

    def take_seen(self, clis: pl.DataFrame) -> None:
        """Take `clis` (columns of LIFE) as there: Affinity shows them, charges of ours use them."""
        append(self._connection, "ops.cli_state", clis.with_columns(pl.lit("seen").alias("status")))

    def differing(self, *, whole: bool) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        """Billed charges that may no longer be as told, and what was told of them: NOW and BILLED.

        In parts, so that memory stays flat where a price changes for everybody; at once if `whole`.
        """
        # those of rows that are gone are not given again
        span = "SELECT coalesce(min(rowid), 0), coalesce(max(rowid), 0) + 1 FROM out.now_charge"
        begin, end = first_row(self._connection, span) or (0, 1)
        at_once = end - begin if whole else _CHARGES_AT_ONCE
        for first in range(begin, end, at_once):
            part: dict[str, object] = {"first_row": first, "last_row": first + at_once - 1}
            yield (
                read(self._connection, statement("changes/read_now"), part),
                read(self._connection, statement("changes/read_billed"), part),
            )

    def cut_short(self) -> pl.DataFrame:
        """Ends of charges that have gone on as new rows, to be told again: OUTLASTING."""
        return read(self._connection, statement("changes/read_cut_short"))

    def outlasting(self) -> pl.DataFrame:
        """Earlier stretches of billing that do not end as the newest one has it: OUTLASTING.

        What else is due of charges has to be added before.
        """
        return read(self._connection, statement("changes/read_outlasting"))

    def keep_settled(self, settled: pl.DataFrame) -> None:
        """Keep for `settle` that charges (charge key, `content`) are as told after all."""
        append(self._connection, "as_told", settled)

    def to_settle(self) -> Iterator[dict[str, object]]:
        """What was kept, in parts that fit into memory."""
        rows = scalar(self._connection, "SELECT count(*) FROM as_told")
        for first in range(0, rows, _CHARGES_AT_ONCE):
            yield {"first_row": first, "last_row": first + _CHARGES_AT_ONCE - 1}

    def settle(self, part: dict[str, object]) -> None:
        """Note of a part of the charges that they are as told, so that nobody compares them again.

        Each is a transaction of its own, after that of the answer: what a transaction changes in
        place is in memory until its end, and a part that is lost costs time, nothing else.
        """
        self._connection.execute(statement("changes/settle_content"), part)

    def remember_resumed(self, as_of: date) -> None:
        """Keep since when stopped charges are free to be billed again."""
        self._connection.execute(statement("changes/forget_seen_stops"))
        self._connection.execute(statement("changes/remember_resumed"), {"as_of": as_of})

    def add_due(self, table: str, rows: pl.DataFrame) -> None:
        """Let the next batch take `rows`: its name is that of `out.due_<table>`."""
        append(self._connection, f"out.due_{table}", rows)

    def drop_refused_clis(self, as_of: date) -> None:
        """Keep back the changes of CLIs that Affinity refused as they are, until released."""
        self._connection.execute(statement("changes/drop_refused_clis"), {"as_of": as_of})

    def members(self) -> pl.DataFrame:
        """What was told of each charge in a group: MEMBER."""
        return read(self._connection, statement("groups/read_members"))

    def groups(self) -> pl.DataFrame:
        """What was told of each group as a whole: GROUP."""
        return read(self._connection, statement("groups/read_groups"))

    def candidates(self) -> pl.DataFrame:
        """Ready charges that may be grouped: CANDIDATE."""
        return read(self._connection, statement("groups/read_candidates"))

    def settle_members(self, settled: pl.DataFrame) -> None:
        """Note what changed of members (MEMBER) and need not be told, for it changes no row."""
        if settled.is_empty():
            return
        with registered(self._connection, "settled", settled):
            self._connection.execute(statement("groups/settle_members"))

    def standing(self, as_of: date, *, listed: pl.DataFrame) -> pl.DataFrame:
        """Charges at the places that something changes about, once the batch was taken.

        STANDING and `is_touched`, also of the charges of assets with additional numbers, about
        which nothing may change. What is due of charges has to be added before. `listed`:
        `asset_id`, `cli` of the additional numbers, cleaned.
        """
        # what was taken as seen meanwhile has its CLI
        self._connection.execute(statement("changes/make_without_clis"))
        day: dict[str, object] = {"as_of": as_of}
        # one after the other: in one statement, all of it would have to fit into memory at once
        with registered(self._connection, "listed_number", listed):
            self._find_empty_places(day)
        self._connection.execute(statement("changes/make_left_clis"), day)
        self._connection.execute(statement("changes/make_standing_told"), day)
        self._connection.execute(statement("changes/make_standing"), day)
        self._connection.execute(statement("changes/make_touched"), day)
        return read(self._connection, statement("changes/read_standing"))

    def _find_empty_places(self, day: dict[str, object]) -> None:
        """Make `empty_place`: where CLIs are there, and nobody stands."""
        self._connection.execute(statement("changes/make_unanswered_places"))
        told = scalar(self._connection, "SELECT count(*) FROM ops.billed")
        parts = -(-told // _CHARGES_TO_STAND) or 1
        places = statement("changes/read_empty_places")
        put = "CREATE OR REPLACE TEMP TABLE empty_place AS"
        for part in range(parts):
            of_part = f"AND hash(site_ref, cli) % {parts} = {part}" if parts > 1 else ""
            some = places.replace("/* part */", of_part)
            self._connection.execute(f"{put} {some}", day)
            put = "INSERT INTO empty_place"

    def standing_at(self, places: pl.DataFrame) -> pl.DataFrame:
        """All that stands at `places` (`site_ref`, `cli`), or stood: STANDING."""
        with registered(self._connection, "named_place", places):
            return read(self._connection, statement("changes/read_standing_at"))

    def clis_given_up(self, sites: pl.Series) -> pl.DataFrame:
        """What was told at `sites` and is not there: `site_ref`, `cli`, and the last `start_on`."""
        with registered(self._connection, "named_site", sites.rename("site_ref").to_frame()):
            return read(self._connection, statement("changes/read_clis_given_up"))

    def lives(self, sites: pl.Series) -> pl.DataFrame:
        """The CLIs that are there at `sites` (Affinity's references): LIFE."""
        with registered(self._connection, "named_site", sites.rename("site_ref").to_frame()):
            return read(self._connection, statement("changes/read_lives"))

    def numbers(self) -> pl.DataFrame:
        """Additional numbers of billed assets, as The Layer writes them."""
        return read(self._connection, statement("changes/read_numbers_of_billed"))

    def add_waits(self, charges: pl.DataFrame) -> None:
        """Let ready charges wait for what they replace."""
        append(self._connection, "out.pair_wait", charges.unique())

    def show(self, subject: str, changes: pl.DataFrame, holds: pl.DataFrame) -> None:
        """Show what changed, and what of it must wait, of charges or of entities."""
        named = pl.lit(subject).alias("subject")
        append(self._connection, "out.change", _by_layer_id(changes).with_columns(named))
        append(self._connection, "out.change_hold", _by_layer_id(holds).with_columns(named))

    def hold_numbers(self, line_ids: pl.Series, reason: str) -> None:
        """Show that additional numbers of these lines' recurring charges must wait."""
        with registered(self._connection, "named_line", line_ids.rename("line_id").to_frame()):
            self._connection.execute(statement("changes/hold_numbers"), {"reason": reason})

    def tell_people(self) -> dict[tuple[str, str], int]:
        """List what Do Not Bill withholds and what became of cease requests.

        Returns:
            What looks odd about them: (subject, warning) -> records.
        """
        self._connection.execute(statement("changes/fill_do_not_bill"))
        self._connection.execute(statement("changes/fill_cease_requests"))
        rows = self._connection.execute(statement("changes/count_oddities")).fetchall()
        return {(subject, warning): records for subject, warning, records in rows}

    def counts(self) -> dict[tuple[str, str], int]:
        """How many charges and entities differ: (action, state) -> how many."""
        rows = self._connection.execute(
            "SELECT action, state, count(DISTINCT (subject, layer_id, charge_type)) "
            "FROM out.change GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        return {(action, state): count for action, state, count in rows}


def _by_layer_id(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.rename({"line_id": "layer_id"}) if "line_id" in rows.columns else rows
