"""The run without any effect: the same steps on a scratch copy that is thrown away."""

import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

from flows.judging import judging_terms_of, rule_columns
from flows.profile import LoadedProfile
from flows.wiring import (
    batch_terms,
    change_terms,
    check_terms,
    new_run,
    open_source,
    reading_terms,
    retry_terms,
    tenant_today,
)
from schemas.receipts import BatchReceipt, RunReceipt, RunRef
from schemas.vocabulary import Finding
from tasks.batch.task import preview_batch
from tasks.changes.task import find_changes
from tasks.checks.task import check_records
from tasks.contracts.task import accept_records
from tasks.layer.task import land_feeds
from tasks.ready_to_bill.task import judge_charges
from tasks.runs.task import start_run
from tasks.transfer.task import read_back
from tasks.verify.task import check_tenant
from warehouse.connection import held_open
from warehouse.lookups import reject_reasons_of, warnings_of
from warehouse.scratch import copy_state


def plan(profile: LoadedProfile, as_of: date | None) -> tuple[RunReceipt, BatchReceipt | None]:
    """What a run would do now: its receipt, and the batch it would write (never on disk).

    Nothing outside a temporary folder is written, created or locked.

    Raises:
        ProfileWrong: the warehouse is another tenant's.
    """
    with tempfile.TemporaryDirectory(prefix="r2b-plan-") as folder:
        run = replace(new_run(profile, as_of), warehouse=Path(folder) / "warehouse.duckdb")
        with held_open(run.warehouse, memory=run.memory):
            return _planned(run, profile)


def _planned(run: RunRef, profile: LoadedProfile) -> tuple[RunReceipt, BatchReceipt | None]:
    full = profile.settings.feeds.mode == "full"
    copy_state(profile.warehouse, run.warehouse, with_core=not full)
    check_tenant(run.warehouse, profile.outbox)
    start_run(run, profile_sha256=profile.sha256, may_go_back=True)

    source = open_source(profile, run.warehouse)
    landed = land_feeds(source, run.warehouse.with_name("landed"), need_all=full)
    feeds = accept_records(run, landed, reading_terms(profile))
    read_back(
        run,
        retry_terms(profile),
        tenant_today(profile),
        alarm_after_days=profile.settings.delivery.alarm_after_days,
        is_plan=True,
    )
    terms_of_day = judging_terms_of(run, profile)
    judgement = judge_charges(run, terms_of_day, rule_columns(profile))
    changes = find_changes(run, change_terms(profile, run.as_of))
    findings = check_records(run, check_terms(profile, terms_of_day))
    claim, batch = preview_batch(run, batch_terms(profile))
    if findings[Finding.CLOSES_GATE]:
        batch = None
    receipt = RunReceipt(
        run_id=run.run_id,
        as_of=run.as_of,
        feeds=feeds,
        dispositions=judgement.dispositions,
        holds=judgement.holds,
        findings=findings,
        changes=changes.counts,
        status="planned",
        open_batches=claim.open_batches,
        warnings=warnings_of(run.warehouse, run.run_id),
        reject_reasons=reject_reasons_of(run.warehouse, run.run_id),
    )
    return receipt, batch
