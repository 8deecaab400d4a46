"""What earlier batches left behind: the oracle's stand-in for our ledger.

Source: contract sections 3 (`in_billing`, `exported`, `affinity_rejected`), 4 (CLIs live by our
ledger) and 5; rulings 15, 23, 25.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from tests.oracle.outcome import ChargeKey, Reckoning

ACCEPTED = "accepted"
REJECTED = "rejected"


@dataclass(frozen=True)
class KnownCharge:
    """A charge that some batch took, with what identified it then (for `suspected_duplicate`)."""

    line_id: str
    charge_type: str
    batch_seq: int
    site_id: str | None = None
    cli: str | None = None
    sku: str | None = None
    bill_start_on: date | None = None
    asset_id: str | None = None

    @property
    def key(self) -> ChargeKey:
        """Line and charge type."""
        return self.line_id, self.charge_type


@dataclass(frozen=True)
class Refusal:
    """A charge that Affinity refused: the product row's cells without its key, as refused."""

    content: tuple[str, ...]
    released: bool = False


@dataclass(frozen=True)
class Known:
    """The ledger before a run.

    `batch_open`: a batch without a result exists, so that no second one is written (ruling 23).
    """

    in_billing: tuple[KnownCharge, ...] = ()
    exported: tuple[KnownCharge, ...] = ()
    live_clis: frozenset[tuple[str, str]] = frozenset()
    """(site ref, CLI) that our ledger holds as live."""
    refused: Mapping[ChargeKey, Refusal] = field(default_factory=dict)
    batch_open: bool = False


def settle(
    known: Known,
    reckoning: Reckoning,
    *,
    seq: int,
    outcomes: Mapping[ChargeKey, str],
    refused_clis: frozenset[tuple[str, str]] = frozenset(),
) -> Known:
    """The ledger after the batch of this reckoning got an upload result.

    Args:
        known: the ledger before the batch.
        reckoning: the run that wrote it.
        seq: the batch's number.
        outcomes: `accepted` or `rejected` by charge; a charge not mentioned stays exported.
        refused_clis: (site ref, CLI) of CLI rows that were not accepted.
    """
    taken = [
        KnownCharge(
            line_id=charge.line_id,
            charge_type=charge.charge_type,
            batch_seq=seq,
            site_id=charge.site_id,
            cli=charge.cli,
            sku=charge.sku,
            bill_start_on=charge.bill_start_on,
            asset_id=charge.asset_id,
        )
        for charge in reckoning.charges
        if charge.disposition == "ready"
    ]
    refused = dict(known.refused)
    for charge in taken:
        refused.pop(charge.key, None)
        if outcomes.get(charge.key) == REJECTED:
            refused[charge.key] = Refusal(reckoning.contents[charge.key])
    return Known(
        in_billing=known.in_billing
        + tuple(charge for charge in taken if outcomes.get(charge.key) == ACCEPTED),
        exported=known.exported + tuple(charge for charge in taken if charge.key not in outcomes),
        live_clis=known.live_clis | (reckoning.cli_adds - refused_clis),
        refused=refused,
        batch_open=False,
    )
