"""The UK number plan as libphonenumber knows it, compiled into one expression. Pure.

Asking the library number by number is hundreds of times slower; its own patterns, joined, give the
same verdicts. A number outside the plan is a warning, never a hold: new blocks take months to
appear in the library's data.
"""

from functools import cache

import phonenumbers
import polars as pl

_REGIONS = ("GB", "GG", "IM", "JE")
"""All that answer to +44: Great Britain, Guernsey, Isle of Man, Jersey."""

_KINDS = (
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "personal_number",
    "voip",
    "pager",
    "uan",
    "voicemail",
)


@cache
def plan_pattern() -> str:
    """One anchored pattern that matches every valid national number, with its leading 0."""
    patterns = set()
    for region in _REGIONS:
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
        if metadata is None:
            continue
        for kind in _KINDS:
            description = getattr(metadata, kind)
            if description is not None and description.national_number_pattern:
                patterns.add(f"(?:{description.national_number_pattern})")
    return "^0(?:" + "|".join(sorted(patterns)) + ")$"


def is_in_plan(cleaned: pl.Expr) -> pl.Expr:
    """True where a cleaned UK number (national form) is in the plan; null stays null."""
    return cleaned.str.contains(plan_pattern())
