"""The billing run: from The Layer's feeds to a batch that waits at the confirmation gate."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from prefect import flow, runtime

from flows.artifacts import ended, show_plan, show_run
from flows.deliveries import carry, carry_open, first_failure
from flows.exclusive import alone_with
from flows.judging import judging_terms_of, rule_columns
from flows.parquet import said_last
from flows.plan import plan
from flows.private import keep_private
from flows.profile import LoadedProfile, load_profile
from flows.progress import BILLING_RUN, showing_progress
from flows.wiring import (
    batch_terms,
    change_terms,
    check_terms,
    landed_folder,
    new_run,
    open_judging,
    open_source,
    publishing,
    reading_terms,
    retry_terms,
    routes,
    tenant_today,
)
from schemas.errors import R2BError, TooManyRejects
from schemas.receipts import (
    BatchReceipt,
    JudgementReceipt,
    LandedFeeds,
    RunReceipt,
    RunRef,
)
from schemas.vocabulary import BatchState, Finding, RunStatus
from tasks.batch.task import (
    OPEN_STATES,
    BatchTerms,
    canary_is_clean,
    claim_batch,
    count_anew,
    publish_batch,
    recover_batches,
)
from tasks.changes.task import find_changes
from tasks.checks.task import check_records
from tasks.contracts.task import accept_records
from tasks.fingerprint import fingerprint
from tasks.layer.task import land_feeds
from tasks.ready_to_bill.judgement import Judging
from tasks.ready_to_bill.task import judge_charges
from tasks.ready_to_bill.terms import Terms
from tasks.reconcile.task import remember_sides
from tasks.reports.counts import run_json
from tasks.reports.sheets import plan_outcome, run_outcome
from tasks.runs.task import (
    fail_run,
    finish_run,
    leave_as_decided,
    look_for_news,
    start_run,
)
from tasks.transfer.task import read_back, recover_transfers
from warehouse.lookups import open_batches, reject_reasons_of, warnings_of


def _run_name() -> str:
    """Named by its day; a run without one is named by the day it starts on."""
    day = runtime.flow_run.parameters.get("as_of") or date.today()  # noqa: DTZ011  a name only
    return f"billing-run-{day}"


@flow(name="billing-run", flow_run_name=_run_name, persist_result=False)
def billing_run(
    profile_path: str | None = None,
    as_of: date | None = None,
    dry_run: bool = False,  # noqa: FBT001, FBT002  a switch of the form in the UI
) -> RunReceipt:
    """Read, accept, judge, claim and write the next batch; deliver it, or stop at the gate.

    Only evidence moves a charge to In Billing: the answer to a delivery, or, by hand, a transfer.
    Running twice on the same feeds makes one batch.

    Args:
        profile_path: The tenant's profile; `r2b.toml` when left out.
        as_of: The day to bill for; today in the tenant's time zone when left out.
        dry_run: Only show what the run would do: nothing is written, claimed or delivered.
    """
    keep_private()
    profile = load_profile(Path(profile_path) if profile_path else None)
    if dry_run:
        return _look_ahead(profile, as_of)
    judging = open_judging(profile)
    run = new_run(profile, as_of)
    with showing_progress(profile, BILLING_RUN), said_last() as say_last, alone_with(profile):
        start_run(run, profile_sha256=profile.sha256)
        try:
            receipt, failure = _bill(run, profile, judging)
        except R2BError as error:
            fail_run(run, error, publishing(profile), retry_terms(profile))
            raise
    show_run(receipt, profile)
    if failure is not None:
        raise failure
    say_last()
    return ended(receipt, run_outcome(receipt))


def _look_ahead(profile: LoadedProfile, as_of: date | None) -> RunReceipt:
    receipt, batch = plan(profile, as_of)
    show_plan(receipt, batch, profile)
    return ended(receipt, plan_outcome(batch))


def _bill(
    run: RunRef, profile: LoadedProfile, judging: Judging
) -> tuple[RunReceipt, R2BError | None]:
    """The run's receipt, and what of the deliveries failed."""
    terms = batch_terms(profile)
    recover_batches(run, terms)
    recover_transfers(run.warehouse, retry_terms(profile), tenant_today(profile))
    deliveries = carry_open(profile)

    full = profile.settings.feeds.mode == "full"
    landed = land_feeds(open_source(profile), landed_folder(profile), need_all=full)
    try:
        feeds = accept_records(run, landed, reading_terms(profile))
    except TooManyRejects:
        if not full:  # what a delta brought does not come again: what it shows of Affinity counts
            _read_back(run, profile)
        raise
    _read_back(run, profile)
    terms_of_day = judging_terms_of(run, profile)
    news = look_for_news(run, _decides_by(profile, terms_of_day, landed))
    if news.is_none:
        judgement = count_anew(run)
        changes, findings = leave_as_decided(run)
    else:
        judgement = judge_charges(run, terms_of_day, rule_columns(profile), judging)
        changes = find_changes(run, change_terms(profile, run.as_of))
        findings = check_records(run, check_terms(profile, terms_of_day))

    gate_is_closed = findings[Finding.CLOSES_GATE] > 0
    batches, left_open = _hand_over(run, profile, terms, judgement, gate_is_closed=gate_is_closed)
    deliveries += [each.delivery for each in batches if each.delivery is not None]
    if batches or not news.is_none:
        remember_sides(run, routes(profile))
    batch = batches[-1] if batches else None
    receipt = RunReceipt(
        run_id=run.run_id,
        as_of=run.as_of,
        feeds=feeds,
        dispositions=judgement.dispositions,
        holds=judgement.holds,
        findings=findings,
        changes=changes.counts,
        status=_status(batch, is_open=bool(left_open), gate_is_closed=gate_is_closed).value,
        batches=tuple(batches),
        open_batches=left_open,
        warnings=warnings_of(run.warehouse, run.run_id),
        reject_reasons=reject_reasons_of(run.warehouse, run.run_id),
    )
    failure = first_failure(deliveries)
    finish_run(
        run,
        RunStatus(receipt.status),
        run_json(receipt),
        publishing(profile),
        failure=failure,
        news=news,
        read_now=None if full else landed.names,
    )
    return receipt, failure


def _read_back(run: RunRef, profile: LoadedProfile) -> None:
    read_back(
        run,
        retry_terms(profile),
        tenant_today(profile),
        alarm_after_days=profile.settings.delivery.alarm_after_days,
    )


def _decides_by(profile: LoadedProfile, terms_of_day: Terms, landed: LandedFeeds) -> str:
    """All that a run decides by besides the rows of the warehouse, as one digest."""
    return fingerprint(
        terms_of_day,
        rule_columns(profile),
        change_terms(profile, terms_of_day.as_of),
        check_terms(profile, terms_of_day),
        routes(profile),
        {feed: landed.sha256(feed) for feed in landed.names},
    )


def _hand_over(
    run: RunRef,
    profile: LoadedProfile,
    terms: BatchTerms,
    judgement: JudgementReceipt,
    *,
    gate_is_closed: bool,
) -> tuple[list[BatchReceipt], tuple[int, ...]]:
    """The batches this run writes, as far on their way as they get; and those that were open.

    One, or a canary that came back clean and the rest; none while the price book's gate is closed.
    """
    if gate_is_closed:
        return [], open_batches(run.warehouse, OPEN_STATES)
    batches: list[BatchReceipt] = []
    while True:
        claim = claim_batch(run, terms, judgement)
        if claim.seq is None:
            return batches, claim.open_batches
        written = publish_batch(run, terms, claim.seq)
        batches.append(replace(written, delivery=carry(profile, claim.seq)))
        if not (written.is_canary and canary_is_clean(run)):
            return batches, claim.open_batches
        judgement = count_anew(run)


def _status(batch: BatchReceipt | None, *, is_open: bool, gate_is_closed: bool) -> RunStatus:
    if gate_is_closed:
        return RunStatus.PRICE_BOOK_INCOMPLETE
    if batch is None:
        return RunStatus.BATCH_OPEN if is_open else RunStatus.NOTHING_READY
    if batch.delivery is None:
        return RunStatus.BATCH_WRITTEN
    return _ONCE_SENT[BatchState(batch.delivery.state)]


_ONCE_SENT = {
    BatchState.WRITTEN: RunStatus.BATCH_UNDELIVERED,
    BatchState.IN_DOUBT: RunStatus.BATCH_IN_DOUBT,
    BatchState.DELIVERED: RunStatus.BATCH_DELIVERED,
    BatchState.CONFIRMED: RunStatus.BATCH_CONFIRMED,
}
