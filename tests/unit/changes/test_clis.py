"""What becomes of CLIs that several charges stood on, one after the other or together."""

from datetime import date
from typing import Any

import polars as pl

from tasks.changes.clis import CLI_DUE, LIFE, STANDING, cli_changes

AS_OF = date(2026, 3, 26)
OLD, NEW = "01514960872", "01134960297"


def charge(line_id: str, **said: Any) -> dict[str, Any]:
    """One that stands on OLD at S1 and goes nowhere, but for what is said."""
    place = {"customer_ref": "C1", "site_ref": "S1", "cli": OLD}
    told = {f"told_{name}": value for name, value in place.items()}
    common = {"cli_type": "geographic", "start_on": date(2026, 1, 27), "end_on": None}
    return {"line_id": line_id, "asset_id": f"A-{line_id}", **told, **place, **common, **said}


def life(site: str, start_on: date, **said: Any) -> dict[str, Any]:
    """A CLI of the customer's at a site."""
    names = {"customer_ref": "C1", "cli": OLD, "cli_type": "geographic", "range_end": None}
    return {
        "site_ref": site,
        "start_on": start_on,
        "end_on": None,
        "asset_id": "A",
        **names,
        **said,
    }


def due(charges: list[dict[str, Any]], lives: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows, in order of action."""
    found = cli_changes(
        pl.DataFrame(charges, schema=STANDING), pl.DataFrame(lives, schema=LIFE), AS_OF
    ).due
    assert found.schema == CLI_DUE
    return found.sort("action", "site_ref", "cli").to_dicts()


def test_of_two_lives_of_a_number_the_one_that_is_not_over_is_renumbered():
    ended = life("S1", date(2026, 1, 27), end_on=date(2026, 2, 24))
    live = life("S2", date(2026, 3, 13))
    to = {"site_ref": "S2", "cli": NEW}

    (row,) = due(
        [
            charge("L1", **to, start_on=date(2026, 3, 16)),
            charge("L2", **to, told_site_ref="S2"),
        ],
        [ended, live],
    )

    assert ("UPDATE", "S2", NEW, OLD, date(2026, 3, 13), None) == (
        *(row["action"], row["site_ref"], row["cli"], row["previous_cli"], row["start_on"]),
        row["previous_site_ref"],
    )


def test_a_range_is_one_of_the_number_it_begins_with():
    ranged = life("S1", date(2026, 1, 27), range_end="01514960879")

    (renumbered,) = due([charge("L1", cli=NEW)], [ranged])
    (moved,) = due([charge("L1", site_ref="S2")], [ranged])

    assert (NEW, None) == (renumbered["cli"], renumbered["range_end"])
    assert (OLD, "01514960879") == (moved["cli"], moved["range_end"])


def test_a_life_that_is_over_goes_along_where_no_other_does():
    (row,) = due(
        [charge("L1", site_ref="S2", cli=NEW)],
        [life("S1", date(2026, 1, 27), end_on=date(2026, 2, 24))],
    )

    assert ("UPDATE", "S2", NEW, OLD, "S1", None) == (
        *(row["action"], row["site_ref"], row["cli"], row["previous_cli"]),
        *(row["previous_site_ref"], row["end_on"]),
    )


def test_of_two_lives_that_are_not_over_the_first_goes_along_and_the_other_ends():
    to = {"site_ref": "S3", "cli": NEW}

    cease, update = due(
        [charge("L1", **to), charge("L2", **to, told_site_ref="S2")],
        [life("S2", date(2026, 3, 13)), life("S1", date(2026, 1, 27))],
    )

    assert ("S1", date(2026, 1, 27)) == (update["previous_site_ref"], update["start_on"])
    assert ("S2", OLD, date(2026, 3, 25)) == (cease["site_ref"], cease["cli"], cease["end_on"])
