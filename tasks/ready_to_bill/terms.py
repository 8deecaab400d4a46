"""What the profile and the day say about judging: the core's only settings, all plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from schemas.layout import Layout
from schemas.own_rules import ExtraRule
from schemas.vocabulary import ChargeType, CliProfile, ItemType


def name_key(name: str) -> str:
    """Platform names match trimmed and in any case."""
    return name.strip().lower()


@dataclass(frozen=True)
class Terms:
    """Everything besides the line facts that a judgement depends on."""

    as_of: date
    platform_names: tuple[str, ...] = ("Affinity", "Aurora Affinity")
    own_names: tuple[str, ...] = ("The Layer",)
    other_platforms: tuple[str, ...] = ()
    catalogue_given: bool = False
    triggers: Mapping[ItemType, tuple[str, ...]] = field(
        default_factory=lambda: {
            ItemType.SERVICE: ("converted", "connected_on"),
            ItemType.PRODUCT: ("converted", "issued_on"),
        }
    )
    require_date_reached: Mapping[ItemType, bool] = field(
        default_factory=lambda: dict.fromkeys(ItemType, True)
    )
    falls_back_on_convert: Mapping[ItemType, bool] = field(
        default_factory=lambda: dict.fromkeys(ItemType, False)
    )
    bill_start: Mapping[tuple[ItemType, ChargeType], tuple[str, ...]] = field(
        default_factory=lambda: {
            (ItemType.SERVICE, ChargeType.RECURRING): ("connection_on", "connected_on"),
            (ItemType.SERVICE, ChargeType.UPFRONT): ("connected_on", "connection_on"),
            (ItemType.PRODUCT, ChargeType.UPFRONT): ("issued_on",),
        }
    )
    max_months: int = 13
    cli_profiles: Mapping[str, CliProfile] = field(default_factory=dict)
    expands_ranges: bool = False
    """Each number of a range is a row of its own."""
    rules: tuple[ExtraRule, ...] = ()
    warning_rules: tuple[ExtraRule, ...] = ()
    layout: Layout = field(default_factory=Layout)
    cli_layout: Layout = field(default_factory=Layout)
