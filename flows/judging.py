"""From the profile to what charges are judged by.

Apart from the rest of the wiring, which is slow to import: to explain a line takes only this.
"""

from datetime import date

from flows.profile import FileLayout, LoadedProfile
from schemas.layout import Layout
from schemas.own_rules import ExtraRule
from schemas.receipts import RunRef
from schemas.vocabulary import ChargeType, ItemType, Severity, Stage
from tasks.ready_to_bill.terms import Terms
from warehouse.charges import ExtraColumn
from warehouse.lookups import catalogue_is_given, platform_names


def judging_terms(
    profile: LoadedProfile,
    as_of: date,
    *,
    other_platforms: tuple[str, ...],
    catalogue_given: bool,
) -> Terms:
    """What this tenant's profile says about judging."""
    settings = profile.settings
    triggers = {
        ItemType.SERVICE: settings.triggers.service,
        ItemType.PRODUCT: settings.triggers.product,
    }
    start = settings.bill_start
    return Terms(
        as_of=as_of,
        platform_names=settings.platform.names,
        own_names=settings.platform.own_names,
        other_platforms=other_platforms,
        catalogue_given=catalogue_given,
        triggers={kind: rule.all_of for kind, rule in triggers.items()},
        require_date_reached={kind: rule.require_date_reached for kind, rule in triggers.items()},
        falls_back_on_convert={
            kind: rule.fallback == "on_convert" for kind, rule in triggers.items()
        },
        bill_start={
            (ItemType.SERVICE, ChargeType.RECURRING): start.service.recurring,
            (ItemType.SERVICE, ChargeType.UPFRONT): start.service.upfront,
            (ItemType.PRODUCT, ChargeType.UPFRONT): start.product.upfront,
        },
        max_months=start.max_months,
        cli_profiles=settings.cli.profiles,
        expands_ranges=settings.cli.expand_ranges,
        rules=_of_severity(profile, Severity.BLOCK),
        warning_rules=_of_severity(profile, Severity.WARN),
        layout=fitting(settings.affinity.layout.get("products")),
        cli_layout=fitting(settings.affinity.layout.get("clis")),
    )


def judging_terms_of(run: RunRef, profile: LoadedProfile) -> Terms:
    """The terms of judging what `run` has accepted."""
    return judging_terms(
        profile,
        run.as_of,
        other_platforms=platform_names(run.warehouse),
        catalogue_given=catalogue_is_given(
            run.warehouse, run.run_id, ever=profile.settings.feeds.mode == "delta"
        ),
    )


def fitting(layout: FileLayout | None) -> Layout:
    """What a file's layout lets a value be."""
    layout = layout or FileLayout()
    return Layout(
        encoding="utf-8" if layout.encoding == "utf-8-sig" else layout.encoding,
        decimals=layout.decimals,
        max_lengths=layout.max_lengths,
        columns=layout.columns,
    )


def own_rules(profile: LoadedProfile) -> tuple[ExtraRule, ...]:
    """The profile's own rules, in its order."""
    return tuple(
        ExtraRule(
            name=rule.label,
            column=f"rule_{rule.stage}_{rule.field}",
            present=f"has_{rule.stage}",
            stage=Stage(rule.stage),
            field=rule.field,
            products=rule.scoped("product"),
            base_categories=rule.scoped("base_category"),
            required=rule.required,
            min_length=rule.min_length,
            max_length=rule.max_length,
            pattern=rule.pattern,
            allowed=rule.allowed if isinstance(rule.allowed, tuple) else (),
            allowed_characters=rule.allowed if isinstance(rule.allowed, str) else "",
            severity=Severity(rule.severity),
            message=rule.message,
        )
        for rule in profile.settings.validation
    )


def _of_severity(profile: LoadedProfile, severity: Severity) -> tuple[ExtraRule, ...]:
    return tuple(rule for rule in own_rules(profile) if rule.severity is severity)


def rule_columns(profile: LoadedProfile) -> tuple[ExtraColumn, ...]:
    """The feed fields the profile's own rules look at."""
    columns = {
        ExtraColumn(f"rule_{rule.stage}_{rule.field}", rule.stage, rule.field)
        for rule in profile.settings.validation
    }
    return tuple(sorted(columns))
