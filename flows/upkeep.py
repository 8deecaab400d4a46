"""What keeps a tenant's folder tidy: run it once a week, when nothing else runs."""

from datetime import timedelta
from pathlib import Path

from prefect import flow, runtime

from flows.artifacts import ended, named
from flows.audit import Intent, Subject, on_record
from flows.exclusive import alone_with
from flows.parquet import said_last
from flows.private import keep_private
from flows.profile import load_profile
from flows.serving.silence import crash_silent_runs
from flows.wiring import batch_terms, landed_folder, new_run, publishing, reports, retry_terms
from schemas.receipts import UpkeepReceipt
from schemas.vocabulary import Act
from tasks.batch.task import recover_batches
from tasks.reports.sheets import upkeep_outcome
from tasks.runs.task import publish_marts
from tasks.transfer.task import recover_transfers
from tasks.upkeep.task import tidy_up


@flow(name="upkeep", flow_run_name="upkeep", persist_result=False)
def upkeep(profile_path: str | None = None) -> UpkeepReceipt:
    """Repair what was cut off, remove old files, write the log into the warehouse, publish anew.

    Bills nothing and decides nothing: what was decided before is finished, as every run does first.

    Args:
        profile_path: The tenant's profile; `r2b.toml` when left out.
    """
    keep_private()
    profile = load_profile(Path(profile_path) if profile_path else None)
    keep = profile.settings.keep
    run = new_run(profile, None)
    with said_last() as say_last, alone_with(profile):
        recover_batches(run, batch_terms(profile))
        recover_transfers(profile.warehouse, retry_terms(profile), run.as_of)
        said = f"landed files for {keep.landed_days} days, reports for {keep.report_days}"
        with on_record(profile, Intent(Act.UPKEEP, "upkeep", "", said), Subject("old files", 0)):
            receipt = tidy_up(
                profile.warehouse,
                landed_folder(profile),
                reports(profile),
                keep_landed=timedelta(days=keep.landed_days),
                keep_reports=timedelta(days=keep.report_days),
            )
        publish_marts(profile.warehouse, publishing(profile))
    if runtime.deployment.id is not None:
        crash_silent_runs(profile.settings.tenant.name)
    named(profile, f"{run.as_of}: tidy")
    say_last()
    return ended(receipt, upkeep_outcome(receipt))
