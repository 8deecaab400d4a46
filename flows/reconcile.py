"""Both sides compared: what is to be billed, and what Affinity bills."""

from datetime import date
from pathlib import Path

from prefect import flow

from flows.exclusive import alone_with
from flows.profile import load_profile
from flows.wiring import wholeness
from schemas.receipts import ReconcileReceipt
from tasks.reconcile.task import reconcile_sides
from tasks.runs.task import publish_marts


@flow(name="reconcile", persist_result=False)
def reconcile(
    profile_path: str | None = None, as_of: date | None = None, known_at: date | None = None
) -> ReconcileReceipt:
    """Compare The Layer and our ledger with Affinity's snapshot, and publish what was found.

    Changes no charge: what it finds is for people. `as_of` is the day compared, the last run's by
    default; `known_at` lets only count what runs until that day knew.
    """
    profile = load_profile(Path(profile_path) if profile_path else None)
    with alone_with(profile):
        receipt = reconcile_sides(profile.warehouse, as_of, known_at, wholeness(profile))
        publish_marts(profile.warehouse, profile.published)
    return receipt
