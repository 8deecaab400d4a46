"""What ends so that nothing of a batch stands. Contract section 4, `07_ceases.csv`."""

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from schemas.affinity import CEASES, CLIS
from tasks.batch.clis import CLI_ROW, cli_rows
from tasks.batch.rendering import WrittenLayout
from tasks.batch.undo import (
    CEASE_ROW,
    STANDING,
    cease_rows,
    cli_cease_rows,
    sharing_a_key,
    unfit,
)
from tests.builders import frame

MARCH = date(2026, 3, 1)
CHARGE: dict[str, Any] = {
    "customer_ref": "AC-1",
    "site_ref": "AS-1",
    "cli": "01204600001",
    "sku": "SKU-1",
    "charge_type": "recurring",
    "cease_on": MARCH,
    "asset_id": "A1",
    "line_id": "L1",
    "undoes_key": "k1",
    "value": Decimal("11.0000"),
    "was_ceased": False,
}
ADDED = pl.Schema(
    {name: CLI_ROW[name] for name in CLI_ROW if name not in {"action", "end_on", "previous_cli"}}
)
NUMBER: dict[str, Any] = {
    "customer_ref": "AC-1",
    "site_ref": "AS-1",
    "cli": "01204600001",
    "cli_type": "geographic",
    "start_on": MARCH,
    "asset_id": "A1",
}
USER = pl.Schema(dict.fromkeys(("row_key", "site_ref", "cli", "asset_id"), pl.String()))
USING: dict[str, Any] = {"site_ref": "AS-1", "cli": "01204600001", "asset_id": "A1"}
ENDED = pl.Schema({"site_ref": pl.String(), "cli": pl.String(), "ended_on": pl.Date()})


def standing(*rows: dict[str, Any]) -> pl.DataFrame:
    """One charge that is In Billing per dict, keyed k1, k2, ..."""
    numbered = tuple({"undoes_key": f"k{number}", **row} for number, row in enumerate(rows, 1))
    return frame(STANDING, CHARGE, numbered)


def added(*rows: dict[str, Any]) -> pl.DataFrame:
    return frame(ADDED, NUMBER, rows)


def users(*rows: dict[str, Any]) -> pl.DataFrame:
    """k1, k2, ... use the number at the site; further ones as the dict says."""
    return frame(USER, USING, rows)


def test_a_charge_ends_on_the_day_it_began():
    (row,) = cease_rows(standing({"object_uid": "SP1"}), 3).to_dicts()

    assert {
        "customer_ref": "AC-1",
        "site_ref": "AS-1",
        "cli": "01204600001",
        "sku": "SKU-1",
        "object_uid": "SP1",
        "charge_type": "recurring",
        "cease_on": MARCH,
        "cease_reason": "Undo of batch 3",
        "replaced_by": None,
        "asset_id": "A1",
        "line_id": "L1",
        "undoes_key": "k1",
    } == row
    assert CEASE_ROW == cease_rows(standing(), 3).schema


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([{}, {"charge_type": "upfront"}], 0, id="two charges of an asset"),
        pytest.param([{}, {"cease_on": date(2026, 3, 2)}], 0, id="another day"),
        pytest.param([{}, {"asset_id": "A2"}], 0, id="another asset"),
        pytest.param([{}, {"line_id": "L2"}], 2, id="two lines of one asset from one day"),
        pytest.param(
            [{"asset_id": None}, {"asset_id": None, "line_id": "L2"}], 2, id="two without an asset"
        ),
        pytest.param([{"was_ceased": True}], 1, id="one like it was ceased before"),
    ],
)
def test_charges_that_one_cease_key_would_name(rows: list[dict[str, Any]], expected: int):
    assert expected == sharing_a_key(standing(*rows))


def test_a_number_ends_as_it_was_added():
    (row,) = cli_cease_rows(
        added({"range_end": "01204600009"}), users({"row_key": "k1"}), standing({})
    ).to_dicts()

    assert {
        **NUMBER,
        "action": "CEASE",
        "range_end": "01204600009",
        "end_on": MARCH,
        "previous_cli": None,
    } == row


@pytest.mark.parametrize(
    ("other", "ends"),
    [
        pytest.param({"asset_id": "A2"}, False, id="another asset's charge is on it"),
        pytest.param({"asset_id": None}, False, id="a charge without an asset is on it"),
        pytest.param({"cli": "01204600002"}, False, id="another charge of its asset stands"),
        pytest.param(
            {"asset_id": "A2", "site_ref": "AS-2"}, True, id="it is used at another site only"
        ),
        pytest.param({"asset_id": "A2", "cli": None}, True, id="the other charge has no number"),
    ],
)
def test_a_number_that_is_used_by_another_charge_stays(other: dict[str, Any], ends: bool):
    used = users({"row_key": "k1"}, {"row_key": "k9", **other})

    assert ends == (1 == cli_cease_rows(added({}), used, standing({})).height)


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        pytest.param(WrittenLayout(), 0, id="UTF-8 holds everything"),
        pytest.param(WrittenLayout(encoding="ascii"), 1, id="a letter that the file cannot hold"),
        pytest.param(WrittenLayout(max_lengths={"Product Code": 5}), 0, id="as long as may be"),
        pytest.param(WrittenLayout(max_lengths={"Product Code": 4}), 2, id="too long"),
        pytest.param(WrittenLayout(max_lengths={"Object UID": 1}), 0, id="a blank fits"),
        pytest.param(
            WrittenLayout(("CLI", "Row Key"), encoding="ascii", max_lengths={"Product Code": 4}),
            0,
            id="what is not written need not fit",
        ),
    ],
)
def test_what_a_layout_cannot_hold(layout: WrittenLayout, expected: int):
    rows = cease_rows(standing({}, {"site_ref": "日本"}), 1)

    assert expected == unfit(rows, CEASES, layout)


def test_a_number_that_its_layout_cannot_hold():
    rows = cli_cease_rows(added({"site_ref": "日本"}), users(), standing())

    assert 1 == unfit(rows, CLIS, WrittenLayout(encoding="cp1252"))


@pytest.mark.parametrize(
    ("ended_on", "action"),
    [
        pytest.param(MARCH, "UPDATE", id="from the day it ended on: its ADD was accepted once"),
        pytest.param(date(2026, 3, 9), "UPDATE", id="from before the day it ended on"),
        pytest.param(date(2026, 2, 28), "ADD", id="from after the day it ended on"),
    ],
)
def test_a_number_that_an_undo_ended_is_opened_again(ended_on: date, action: str):
    ready = frame(
        pl.Schema(
            {
                **dict.fromkeys(("customer_ref", "site_ref", "cli", "cli_type"), pl.String()),
                "bill_start_on": pl.Date(),
                "asset_id": pl.String(),
            }
        ),
        {
            **{name: NUMBER[name] for name in ("customer_ref", "site_ref", "cli", "cli_type")},
            "bill_start_on": MARCH,
            "asset_id": "A9",
        },
        ({},),
    )
    numbers = pl.DataFrame(
        schema={
            **dict.fromkeys(("asset_id", "cli", "range_end", "base_category"), pl.String()),
            **dict.fromkeys(("start_on", "end_on"), pl.Date()),
            "needs_cli": pl.Boolean(),
        }
    )
    place = {"site_ref": ["AS-1"], "cli": ["01204600001"]}
    said_live = pl.DataFrame({**place, "end_on": [None]}, schema_overrides={"end_on": pl.Date})
    ours = pl.DataFrame({**place, "lives_until": [None]}, schema_overrides={"lives_until": pl.Date})
    ours = ours.clear()
    ended = frame(ENDED, {"site_ref": "AS-1", "cli": "01204600001"}, ({"ended_on": ended_on},))
    rows, _ = cli_rows(ready, numbers, said_live, ours, {}, ended=ended)

    assert [(action, MARCH, None)] == rows.select("action", "start_on", "end_on").rows()
