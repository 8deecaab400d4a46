"""Is all in step and on time? Looks, tells, and changes nothing."""

from datetime import timedelta
from pathlib import Path

from prefect import flow

from flows.artifacts import ended, show_sync, tell
from flows.private import keep_private
from flows.profile import load_profile
from flows.wiring import alert_memory, limits
from schemas.receipts import SyncReceipt
from tasks.reports.sheets import sync_outcome
from tasks.watch.task import check_sync


@flow(name="sync-check", flow_run_name="sync-check", persist_result=False)
def sync_check(profile_path: str | None = None) -> SyncReceipt:
    """Look for what is late, stuck, held or out of step, and raise an alert for each.

    Reads the published copy, so it never waits for a run and no run waits for it. What it finds is
    no failure of its own: it ends well, and says so in words, an artifact and events.

    Args:
        profile_path: The tenant's profile; `r2b.toml` when left out.
    """
    keep_private()
    profile = load_profile(Path(profile_path) if profile_path else None)
    settings = profile.settings
    receipt = check_sync(
        profile.published,
        alert_memory(profile),
        limits(profile),
        max_queued=timedelta(hours=settings.watch.max_queued_hours),
        answer_days=settings.delivery.alarm_after_days,
    )
    tell(receipt, profile)
    show_sync(receipt, profile)
    return ended(receipt, sync_outcome(receipt))
