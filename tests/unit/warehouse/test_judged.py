"""Whatever the judgement of a line reads is watched for changes."""

import re

import pytest

from warehouse import judged
from warehouse.statements import statement

_READ = re.compile(r"(?:FROM|JOIN)\s+((?:core|ops|work|out)\.[a-z_]+)(?:\s+AS\s+([a-z_]+))?")
READERS = ("judge/read_line_facts", "judge/read_asset_clis", "checks/read_cli_texts")


def _watched(table: str) -> set[str] | None:
    """The columns of a table that are watched; none where all of a record is."""
    schema, _, name = table.partition(".")
    if schema == "core":
        assert name in judged._LOOKED_AT
        return None
    seen = [each for each in judged._SEEN.values() if table in each.source]
    assert seen, table
    named = " ".join(each.source for each in seen)
    return {
        *(column for each in seen for column in (each.key, *each.columns)),
        *re.findall(r"WHERE ([a-z_]+)", named),
    }


@pytest.mark.parametrize("name", READERS)
def test_every_table_that_is_read_is_watched(name: str):
    sql = "\n".join(line for line in statement(name).splitlines() if not line.startswith("--"))
    tables = _READ.findall(sql)
    unwatched = []

    for table, alias in tables:
        watched = _watched(table)
        used = set(re.findall(rf"\b{alias}\.([a-z_]+)", sql)) if alias else set()
        unwatched += [f"{table}.{column}" for column in used - (watched or used)]

    assert len(tables) > 1
    assert [] == unwatched
