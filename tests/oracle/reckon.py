"""The oracle's one entry: feeds, day, profile and ledger in; everything the run must say out.

It shares no code with the product and reads nothing but the feeds' folder.
Source: contract sections 2, 3, 4 and rulings 1 to 22.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.oracle.accepting import Accepted, accept, check_reject_rates
from tests.oracle.contracts import DISPOSITIONS
from tests.oracle.judged import EXACT, Judged, product_content
from tests.oracle.judging import judge, light_of
from tests.oracle.known import Known
from tests.oracle.outcome import Charge, Reckoning
from tests.oracle.reading import StopError, read_folder
from tests.oracle.settings import Settings, read_settings
from tests.oracle.writing import (
    CLI_FILE,
    PRODUCT_FILE,
    LiveClis,
    cli_file,
    cli_rows,
    product_file,
)


def reckon(
    feeds: Path,
    *,
    as_of: date,
    profile: Mapping[str, Any] | None = None,
    known: Known | None = None,
) -> Reckoning:
    """What a run over this folder on this day must say.

    Args:
        feeds: folder of `<feed>.csv` files, full mode.
        as_of: the day of the run.
        profile: the parsed TOML profile; missing keys get their defaults.
        known: what earlier batches left; nothing when null.
    """
    settings = read_settings(profile)
    past = known or Known()
    reckoning = Reckoning()
    try:
        accepted = accept(read_folder(feeds, settings), settings)
        reckoning.feeds = accepted.counts
        reckoning.rejects = accepted.rejects
        check_reject_rates(accepted, settings)
    except StopError as stop:
        reckoning.stop = stop.code, stop.why
        return reckoning
    judged = judge(accepted, settings, past, as_of)
    reckoning.charges = [_charge(charge) for charge in judged]
    reckoning.holds = {(*charge.key, reason) for charge in judged for reason in charge.holds}
    reckoning.holds_count = dict(Counter(reason for _, _, reason in reckoning.holds))
    reckoning.dispositions = _dispositions(judged)
    reckoning.line_lights = _lights(judged)
    reckoning.source_gone = _gone(accepted, past)
    ready = [charge for charge in judged if charge.disposition == "ready"]
    reckoning.contents = {charge.key: product_content(charge) for charge in ready}
    if ready and not past.batch_open:
        _write(reckoning, ready, accepted, past, settings)
    return reckoning


def _write(
    reckoning: Reckoning,
    ready: list[Judged],
    accepted: Accepted,
    past: Known,
    settings: Settings,
) -> None:
    """The two files of the batch; the CLI file only when it has rows (section 4)."""
    live = LiveClis.read(past.live_clis, accepted.tables["affinity_clis"])
    rows = cli_rows(ready, accepted.tables["asset_numbers"], live)
    if rows:
        reckoning.files[CLI_FILE] = cli_file(rows, settings.tenant)
        reckoning.cli_adds = frozenset(rows)
    reckoning.files[PRODUCT_FILE] = product_file(ready, settings.tenant)


def _charge(judged: Judged) -> Charge:
    return Charge(
        line_id=judged.line["line_id"],
        charge_type=judged.charge_type,
        customer_id=judged.customer["customer_id"],
        customer_name=judged.customer["name"],
        site_id=judged.site["site_id"] if judged.site is not None else None,
        product_id=judged.product["product_id"],
        product_name=judged.product["name"],
        item_type=judged.product["item_type"],
        route=judged.route,
        disposition=judged.disposition,
        waiting_reason=judged.waiting_reason,
        bill_status=judged.bill_status,
        quantity=judged.line["quantity"],
        unit_price=judged.unit_price,
        value=judged.value,
        frequency=judged.frequency,
        bill_start_on=judged.bill_start_on,
        bill_start_source=judged.bill_start_source,
        cli=judged.cli,
        sku=judged.sku,
        asset_id=judged.asset["asset_id"] if judged.asset is not None else None,
        batch_seq=judged.batch_seq,
    )


def _dispositions(judged: list[Judged]) -> dict[str, tuple[int, Decimal]]:
    """Charges and value of all eleven; a charge without a price sums as 0 (ruling 17)."""
    counts: Counter[str] = Counter()
    values = {name: Decimal(0) for name in DISPOSITIONS}
    for charge in judged:
        counts[charge.disposition] += 1
        if charge.value is not None:
            values[charge.disposition] = EXACT.add(values[charge.disposition], charge.value)
    return {name: (counts[name], values[name]) for name in DISPOSITIONS}


def _lights(judged: list[Judged]) -> dict[str, str]:
    by_line: dict[str, list[Judged]] = defaultdict(list)
    for charge in judged:
        by_line[charge.line["line_id"]].append(charge)
    return {line_id: light_of(charges) for line_id, charges in by_line.items()}


def _gone(accepted: Accepted, past: Known) -> set[tuple[str, str]]:
    """Charges of the ledger whose line, or whose asset, the feeds no longer have (ruling 27).

    A record that is there but rejected has not gone.
    """
    lines = _keys_there(accepted, "order_lines", "line_id")
    assets = _keys_there(accepted, "assets", "asset_id")
    return {
        charge.key
        for charge in (*past.in_billing, *past.exported)
        if charge.line_id not in lines
        or (charge.asset_id is not None and charge.asset_id not in assets)
    }


def _keys_there(accepted: Accepted, feed: str, key: str) -> set[str]:
    """The keys of a feed's records, accepted or rejected."""
    there = {row[key] for row in accepted.tables[feed]}
    return there | {reject.record_key for reject in accepted.rejects if reject.feed == feed}
