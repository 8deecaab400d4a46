"""From the profile to plain values and parts: the one place that picks a connector."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

from flows.audit import audit_head
from flows.days import reckonable
from flows.judging import fitting, own_rules
from flows.profile import FileLayout, LoadedProfile
from flows.register import entering
from schemas.errors import ProfileWrong
from schemas.feeds import FEEDS
from schemas.receipts import RunRef
from schemas.vocabulary import FailureScope
from tasks.batch.rendering import WrittenLayout
from tasks.batch.task import BatchTerms
from tasks.changes.terms import ChangeTerms
from tasks.checks.price_book import PriceBookTerms
from tasks.checks.task import CheckTerms
from tasks.contracts.task import ReadingTerms
from tasks.layer.exported_files import ExportedFiles
from tasks.layer.folder import FolderShelf
from tasks.layer.task import Source
from tasks.ready_to_bill.judgement import Judging, judge_here
from tasks.ready_to_bill.terms import Terms
from tasks.reconcile.task import Issuer, Routes
from tasks.reconcile.wholeness import Wholeness
from tasks.retry.policy import RetryTerms
from tasks.upkeep.retention import RetentionTerms, days_before
from tasks.watch.alerts import Limits
from warehouse.lookups import source_marks
from warehouse.published import Publishing


def new_run(profile: LoadedProfile, as_of: date | None) -> RunRef:
    """A run of this moment; without a day it is the tenant's today.

    Raises:
        UsageError: the day is too far away.
    """
    now = datetime.now(UTC)
    moment = now.replace(tzinfo=None)
    # in the order of time, as text too: two runs may begin in one second
    return RunRef(
        run_id=f"{moment:%Y%m%dT%H%M%S}-{moment.microsecond:05x}{uuid4().hex[:3]}",
        tenant=profile.settings.tenant.name,
        as_of=reckonable(as_of) or tenant_today(profile),
        started_at=moment,
        warehouse=profile.warehouse,
        memory=profile.settings.warehouse.memory,
    )


def publishing(profile: LoadedProfile) -> Publishing:
    """Where the copy for analysts goes, who may read it, and whether it names anybody."""
    section = profile.settings.warehouse
    return Publishing(
        profile.published,
        for_group=section.readers == "group",
        personal=section.publish_personal,
    )


def tenant_today(profile: LoadedProfile) -> date:
    """The tenant's calendar day, now."""
    return datetime.now(ZoneInfo(profile.settings.tenant.timezone)).date()


def open_source(profile: LoadedProfile, warehouse: Path | None = None) -> Source:
    """Where feeds come from; `warehouse` knows how far they were read, the live one by default."""
    feeds = profile.settings.feeds
    if feeds.kind == "folder":
        return ExportedFiles(FolderShelf(profile.feeds))
    # a folder needs none of the libraries of the others, which take their time to import
    if feeds.kind == "s3":
        from flows.objects import store_source  # noqa: PLC0415

        return store_source(profile)
    from flows.over_http import http_source  # noqa: PLC0415

    marks = source_marks(warehouse or profile.warehouse) if feeds.mode == "delta" else {}
    return http_source(profile, marks)


def open_judging(profile: LoadedProfile) -> Judging:
    """Where lines are judged in a flow run.

    Raises:
        ProfileWrong: on Dask, and something that takes is not there.
    """
    section = profile.settings.judging
    if section.on == "here":
        return judge_here
    # both are slow to import
    from prefect.settings import get_current_settings  # noqa: PLC0415

    if not get_current_settings().api.url:
        raise ProfileWrong(
            "Judging on Dask: PREFECT_API_URL names no server, and workers cannot reach one that a "
            "run starts for itself.",
            hint='Set it where r2b runs, or run under `r2b serve`; or set judging.on = "here".',
        )
    try:
        from flows.on_dask import OnDask, check_encryption  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ProfileWrong(
            f"Judging on Dask: the package {error.name} is not installed.",
            hint="Install ready-to-bill[dask], here and on the workers.",
        ) from error
    check_encryption(section.scheduler)
    return OnDask(section.scheduler, section.buckets_at_once, section.patience_seconds)


def landed_folder(profile: LoadedProfile) -> Path:
    """Where landed feed files are kept: beside the warehouse."""
    return profile.warehouse.parent / "landed"


def retention_terms(profile: LoadedProfile, today: date | None = None) -> RetentionTerms:
    """How long this tenant keeps what, counted from its today."""
    keeps, as_of = profile.settings.retention, today or tenant_today(profile)
    return RetentionTerms(
        as_of=as_of,
        landed=landed_folder(profile),
        raw=days_before(as_of, keeps.raw_days),
        rejects=days_before(as_of, keeps.reject_days),
        files=days_before(as_of, keeps.file_days),
        personal=days_before(as_of, keeps.personal_days),
    )


def reading_terms(profile: LoadedProfile) -> ReadingTerms:
    """How this tenant's feeds are read."""
    feeds = profile.settings.feeds
    return ReadingTerms(
        timezone=profile.settings.tenant.timezone,
        encoding=feeds.encoding if feeds.kind != "http" else "utf-8",
        date_styles={feed: style.value for feed, style in feeds.date_style.items()},
        labels={feed: feeds.labels_of(feed) for feed in FEEDS},
        cli_profiles=profile.settings.cli.profiles,
        is_delta=feeds.mode == "delta",
        reject_rates={feed: Decimal(feeds.reject_rate(feed)) for feed in FEEDS},
    )


def check_terms(profile: LoadedProfile, judging: Terms) -> CheckTerms:
    """What is checked besides each charge, on the terms charges were judged by."""
    return CheckTerms(
        rules=own_rules(profile),
        cli_profiles=profile.settings.cli.profiles,
        price_book=PriceBookTerms(
            platform_names=judging.platform_names,
            catalogue_given=judging.catalogue_given,
            require_complete=profile.settings.price_book.require_complete,
            max_price_drift=profile.settings.price_book.max_price_drift,
        ),
    )


def routes(profile: LoadedProfile) -> Routes:
    """How this tenant calls the routes that bill in Affinity, and in The Layer."""
    platform = profile.settings.platform
    return Routes(platform_names=platform.names, own_names=platform.own_names)


def issuer(profile: LoadedProfile) -> Issuer:
    """Whose certificates they are; kept beside the warehouse."""
    return Issuer(profile.settings.tenant.name, profile.warehouse.parent / "certificates")


def reports(profile: LoadedProfile) -> Path:
    """The folder that keeps reports, beside the warehouse."""
    return profile.warehouse.parent / "reports"


def limits(profile: LoadedProfile) -> Limits:
    """What the sync check takes for too late, too old or too much."""
    settings = profile.settings
    return Limits(
        timezone=settings.tenant.timezone,
        cron=settings.schedule.billing_run,
        run_by=settings.watch.run_by,
        max_open=timedelta(hours=settings.watch.max_open_hours),
        max_held=settings.watch.max_held,
        max_snapshot_age=timedelta(days=settings.reconcile.max_snapshot_age_days),
    )


def alert_memory(profile: LoadedProfile) -> Path:
    """The file that remembers which alerts were told, beside the warehouse."""
    return profile.warehouse.parent / "alerts.json"


def wholeness(profile: LoadedProfile) -> Wholeness:
    """When a side of the reconciliation is taken for partial."""
    settings = profile.settings
    return Wholeness(
        max_age_days=settings.reconcile.max_snapshot_age_days,
        max_shrink=settings.reconcile.max_shrink,
        is_delta=settings.feeds.mode == "delta",
        waits_at_most=settings.reconcile.max_wait_days,
    )


def batch_terms(profile: LoadedProfile) -> BatchTerms:
    """Where batches go and how they are written."""
    return BatchTerms(
        outbox=profile.outbox,
        profile_sha256=profile.sha256,
        layouts={
            name: written_layout(layout)
            for name, layout in profile.settings.affinity.layout.items()
        },
        cli_profiles=profile.settings.cli.profiles,
        expands_ranges=profile.settings.cli.expand_ranges,
        max_open=profile.settings.delivery.max_open_batches,
        delivery_mode=(
            None if profile.settings.delivery.mode == "manual" else profile.settings.delivery.mode
        ),
        canary_rows=profile.settings.delivery.canary_rows,
        audit_head=audit_head(profile),
        enter=entering(profile),
    )


def written_layout(layout: FileLayout) -> WrittenLayout:
    """A file's layout as the writer takes it."""
    return WrittenLayout(
        columns=layout.columns,
        headers=layout.headers,
        date_format=layout.date_format,
        decimals=layout.decimals,
        encoding=layout.encoding,
        line_end="\r\n" if layout.line_end == "crlf" else "\n",
        quote_all=layout.quoting == "all",
        header=layout.header,
        trailer=layout.trailer,
        max_rows=layout.max_rows,
        max_lengths=layout.max_lengths,
    )


def change_terms(profile: LoadedProfile, as_of: date) -> ChangeTerms:
    """What of customers, sites and billed charges is told when it changes."""
    changes, grouping = profile.settings.changes, profile.settings.grouping
    return ChangeTerms(
        as_of=as_of,
        tracked=changes.tracked,
        replaces=changes.style == "cease_and_add",
        layer_compatible=changes.layer_compatible,
        cli_profiles=profile.settings.cli.profiles,
        expands_ranges=profile.settings.cli.expand_ranges,
        layouts={
            name: fitting(layout) for name, layout in profile.settings.affinity.layout.items()
        },
        group_keys=grouping.keys if grouping.enabled else (),
    )


def retry_terms(profile: LoadedProfile) -> RetryTerms:
    """What a failure takes along, when to try again, when to give up."""
    retry, delivery = profile.settings.retry, profile.settings.delivery
    return RetryTerms(
        first_wait=timedelta(seconds=retry.first_wait_seconds),
        longest_wait=timedelta(seconds=retry.longest_wait_seconds),
        max_attempts=retry.max_attempts,
        jitter=retry.jitter,
        transient_codes=frozenset(code.strip().upper() for code in retry.transient_codes),
        failure_scope=FailureScope(delivery.failure_scope),
        bystander_codes=frozenset(code.strip().upper() for code in delivery.bystander_codes),
        created_ref=profile.settings.affinity.created_ref,
        application=profile.settings.affinity.application,
    )
