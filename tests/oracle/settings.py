"""The profile with the oracle's own defaults: only the keys that decide a charge or a file.

Source: contract section 1. Unknown keys are ignored here; refusing them is the product's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.contracts import FEEDS, PRODUCT, RECURRING, SERVICE, UPFRONT

DEFAULT_TENANT = "default"


def fold(name: str) -> str:
    """A route or application name for comparison: trimmed, case ignored (section 1, platform)."""
    return name.strip().lower()


@dataclass(frozen=True)
class Trigger:
    """When a charge of one item type becomes due (section 1, `triggers.*`)."""

    all_of: tuple[str, ...]
    require_date_reached: bool = True
    on_convert: bool = False


@dataclass(frozen=True)
class Rule:
    """One extra validation rule; only `block` ones hold a charge (section 3, `rule:<name>`)."""

    name: str
    stage: str
    field: str
    product: str | None = None
    base_category: str | None = None
    required: bool = False
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    allowed: tuple[str, ...] | str | None = None
    severity: str = "block"
    message: str = ""


@dataclass(frozen=True)
class Settings:
    """The frozen profile that the rest of the oracle reads."""

    tenant: str
    zone: ZoneInfo
    platform_names: frozenset[str]
    own_names: frozenset[str]
    date_styles: Mapping[str, str]
    encodings: Mapping[str, str]
    labels: Mapping[str, Mapping[str, str]]
    max_reject_rates: Mapping[str, Decimal]
    triggers: Mapping[str, Trigger]
    bill_start: Mapping[tuple[str, str], tuple[str, ...]]
    max_months: int
    cli_profiles: Mapping[str, str]
    rules: tuple[Rule, ...]
    product_lengths: Mapping[str, int]
    """Longest text of a column of the product file that is written, by its heading (section 1)."""


def read_settings(profile: Mapping[str, Any] | None) -> Settings:
    """Settings from a parsed TOML profile, defaults applied."""
    given = profile or {}
    platform = given.get("platform", {})
    own_names = list(platform.get("own_names", ["The Layer"]))
    feeds = given.get("feeds", {})
    triggers = given.get("triggers", {})
    bill_start = given.get("bill_start", {})
    service = _trigger(triggers.get("service", {}), ["converted", "connected_on"])
    product = _trigger(triggers.get("product", {}), ["converted", "issued_on"])
    service_starts = bill_start.get("service", {})
    product_starts = bill_start.get("product", {})
    starts = {
        (SERVICE, RECURRING): service_starts.get("recurring", ["connection_on", "connected_on"]),
        (SERVICE, UPFRONT): service_starts.get("upfront", ["connected_on", "connection_on"]),
        (PRODUCT, UPFRONT): product_starts.get("upfront", ["issued_on"]),
    }
    by_type = {SERVICE: service, PRODUCT: product}
    return Settings(
        tenant=given.get("tenant", {}).get("name", DEFAULT_TENANT),
        zone=ZoneInfo(given.get("tenant", {}).get("timezone", "Europe/London")),
        platform_names=frozenset(
            fold(name) for name in platform.get("names", ["Affinity", "Aurora Affinity"])
        ),
        own_names=frozenset(fold(name) for name in own_names),
        date_styles=_per_feed(feeds.get("date_style", {}), "iso"),
        encodings=_per_feed(feeds.get("encoding", "utf-8"), "utf-8"),
        labels=_labels(feeds.get("labels", {})),
        max_reject_rates={
            name: Decimal(str(rate))
            for name, rate in _per_feed(feeds.get("max_reject_rate", 0.20), 0.20).items()
        },
        triggers=by_type,
        bill_start={
            key: tuple(dates) + (("converted_on",) if by_type[key[0]].on_convert else ())
            for key, dates in starts.items()
        },
        max_months=int(bill_start.get("max_months", 13)),
        cli_profiles=dict(given.get("cli", {}).get("profiles", {})),
        rules=tuple(_rule(table) for table in given.get("validation", [])),
        product_lengths=_written_lengths(
            given.get("affinity", {}).get("layout", {}).get("products", {})
        ),
    )


def _written_lengths(layout: Mapping[str, Any]) -> dict[str, int]:
    """What a column that is not in the file could not hold matters to nobody (section 3)."""
    written = layout.get("columns", [])
    limits: Mapping[str, int] = layout.get("max_lengths", {})
    return {name: most for name, most in limits.items() if not written or name in written}


def _trigger(given: Mapping[str, Any], all_of: list[str]) -> Trigger:
    return Trigger(
        all_of=tuple(given.get("all_of", all_of)),
        require_date_reached=bool(given.get("require_date_reached", True)),
        on_convert=given.get("fallback", "none") == "on_convert",
    )


def _per_feed(given: Any, default: Any) -> dict[str, Any]:
    """A setting that may be one value for all feeds, or a table by feed."""
    if isinstance(given, Mapping):
        return {name: given.get(name, default) for name in FEEDS}
    return dict.fromkeys(FEEDS, given)


def _labels(given: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Extra labels by feed: `{feed: {label: field}}`, or `{label: field}` for every feed."""
    labels: dict[str, dict[str, str]] = {name: {} for name in FEEDS}
    for key, value in given.items():
        if isinstance(value, Mapping):
            labels[key].update({str(label): str(name) for label, name in value.items()})
            continue
        for name, feed in FEEDS.items():
            if any(column.name == value for column in feed.columns):
                labels[name][str(key)] = str(value)
    return labels


def _rule(table: Mapping[str, Any]) -> Rule:
    allowed = table.get("allowed")
    return Rule(
        name=table["name"],
        stage=table.get("stage", "order"),
        field=table["field"],
        product=table.get("product"),
        base_category=table.get("base_category"),
        required=bool(table.get("required", False)),
        min_length=table.get("min_length"),
        max_length=table.get("max_length"),
        pattern=table.get("pattern"),
        allowed=tuple(allowed) if isinstance(allowed, list) else allowed,
        severity=table.get("severity", "block"),
        message=table.get("message", ""),
    )
