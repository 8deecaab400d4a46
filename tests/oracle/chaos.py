"""Adversarial worlds for differential testing: a seed in, a folder of feeds and a profile out.

`python -m tests.oracle.chaos --lines 20000 --seed 1` prints what such a world reaches.
"""

from __future__ import annotations

import argparse
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.contracts import DATE, FEEDS
from tests.oracle.inventing import edit, invent
from tests.oracle.known import ACCEPTED, REJECTED, Known, settle
from tests.oracle.outcome import ChargeKey, Reckoning
from tests.oracle.reckon import reckon
from tests.oracle.rendering import Manner, write_world

BREAKAGES = (
    "missing_required_file",
    "missing_column",
    "two_labels_one_field",
    "csv_and_parquet",
    "no_header",
    "manifest_short",
    "manifest_altered",
    "manifest_absent_file",
    "date_of_other_style",
    "too_many_rejects",
)


def make_world(
    folder: Path,
    *,
    lines: int,
    seed: int,
    as_of: date,
    badness: float = 0.05,
    edition: int = 0,
) -> dict[str, Any]:
    """Write the feeds of an adversarial world.

    Args:
        folder: where the files go.
        lines: how many order lines.
        seed: the same arguments give the same bytes.
        as_of: the day around which dates are drawn.
        badness: the share of order lines that do not fit their contract; parents less.
        edition: 0 the world itself, n the same world after n rounds of edits (keep `as_of`).

    Returns:
        The parsed TOML profile to run it with.
    """
    profile = draw_profile(seed)
    feeds = profile["feeds"]
    months = profile.get("bill_start", {}).get("max_months", 13)
    world = invent(lines=lines, seed=seed, as_of=as_of, months=months)
    edit(world, lines=lines, seed=seed, edition=edition)
    if seed % 7 == 6:
        del world.feeds["affinity_products"]
    if seed % 11 == 10:
        del world.feeds["billing_platforms"]
    manner = Manner(
        seed=seed,
        zone=ZoneInfo(profile["tenant"].get("timezone", "Europe/London")),
        encoding=feeds.get("encoding", "utf-8"),
        date_styles={name: feeds.get("date_style", {}).get(name, "iso") for name in FEEDS},
        labels=feeds.get("labels", {}),
        badness=badness,
    )
    write_world(folder, world.feeds, manner)
    return profile


def draw_profile(seed: int) -> dict[str, Any]:
    """The profile of a seed; seed 0 has all defaults but the tenant's name and the reject rate."""
    rng = Random(f"profile-{seed}")
    names = ["Acme", "Bolton & Sons/Telecom", "Größe Ltd", "a|b c"]
    profile: dict[str, Any] = {
        "tenant": {"name": rng.choice(names) if seed else "Acme"},
        "feeds": {"max_reject_rate": 0.95},
    }
    if not seed:
        return profile
    if seed % 6 == 5:
        profile["tenant"]["timezone"] = "America/New_York"
    if seed % 4 == 1:
        profile["platform"] = {"own_names": ["The Layer", "Gamma"]}
    dated = [n for n, feed in FEEDS.items() if any(c.kind == DATE for c in feed.columns)]
    profile["feeds"]["date_style"] = {name: rng.choice(["iso", "uk", "us"]) for name in dated}
    if seed % 5 == 3:
        profile["feeds"]["encoding"] = "cp1252"
    if seed % 3 == 1:
        profile["feeds"]["labels"] = {
            "order_lines": {"Qty.": "quantity", "Wanted From": "bill_start_override"},
            "customers": {"Account No": "integration_id"},
        }
    if seed % 4 == 2:
        profile["triggers"] = {
            "service": {"require_date_reached": rng.random() < 0.5, "fallback": "on_convert"},
            "product": {"all_of": ["converted"], "fallback": "none"},
        }
    elif seed % 4 == 3:
        profile["triggers"] = {"product": {"fallback": "on_convert"}}
    if rng.random() < 0.6:
        profile["bill_start"] = {"max_months": rng.choice([12, 13, 1, 24])}
        if rng.random() < 0.5:
            profile["bill_start"]["service"] = {"upfront": ["connection_on", "issued_on"]}
    profile["cli"] = {
        "profiles": {
            "Broadband": rng.choice(["any", "any", "uk_number"]),
            "Licence": rng.choice(["none", "any"]),
            "Hardware": rng.choice(["any", "uk_number"]),
        },
    }
    profile["validation"] = _draw_rules(rng)
    return profile


def _draw_rules(rng: Random) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = [
        {
            "name": "po_like",
            "stage": "order",
            "base_category": "Mobile",
            "field": "term_months",
            "required": True,
            "severity": "block",
            "message": "A mobile line needs a term",
        },
        {
            "name": "long_cli",
            "stage": "asset",
            "base_category": "Broadband",
            "field": "cli",
            "max_length": 30,
            "severity": "block",
            "message": "The reference is too long",
        },
        {
            "name": "order_digits",
            "stage": "order",
            "product": "P0003",
            "field": "order_id",
            "pattern": "O[0-9]*[02468]",
            "severity": "block",
            "message": "Even orders only",
        },
        {
            "name": "only_new",
            "stage": "order",
            "base_category": "Carriage",
            "field": "action",
            "allowed": ["New"],
            "severity": rng.choice(["block", "warn"]),
            "message": "Carriage is always new",
        },
        {
            "name": "quoted",
            "stage": "quotation",
            "base_category": "Voice",
            "field": "quotation_ref",
            "required": True,
            "min_length": 4,
            "severity": "block",
            "message": "Say which quotation",
        },
    ]
    return rng.sample(rules, rng.randrange(1, len(rules) + 1))


def break_world(folder: Path, breakage: str, profile: dict[str, Any]) -> int:
    """Break the feeds of a finished world so that the run stops; says with which exit code.

    Args:
        folder: a world of `make_world`.
        breakage: one of `BREAKAGES`.
        profile: the world's profile; `date_of_other_style` declares a style in it.
    """
    (folder / "manifest.json").unlink(missing_ok=True)
    customers, numbers = folder / "customers.csv", folder / "asset_numbers.csv"
    if breakage == "missing_required_file":
        (folder / "assets.csv").unlink()
    elif breakage == "missing_column":
        customers.write_bytes(b"customer_id,name\n1,One\n")
    elif breakage == "two_labels_one_field":
        numbers.write_bytes(b"asset_id,cli,DDI Range Start\n")
    elif breakage == "csv_and_parquet":
        (folder / "customers.parquet").write_bytes(b"PAR1")
    elif breakage == "no_header":
        numbers.write_bytes(b"\xef\xbb\xbf\r\n\r\n")
    elif breakage == "manifest_short":
        _write_manifest(folder, '{"customers": {"rows": 1000000}}')
    elif breakage == "manifest_altered":
        _write_manifest(folder, '{"customers": {"sha256": "' + "0" * 64 + '"}}')
    elif breakage == "manifest_absent_file":
        numbers.unlink()
        _write_manifest(folder, '{"asset_numbers": {"rows": 0}}')
    elif breakage == "date_of_other_style":
        profile["feeds"].setdefault("date_style", {})["asset_numbers"] = "uk"
        numbers.write_bytes(b"asset_id,cli,start_on,end_on\nA,1,13/01/2026,01/13/2026\n")
    elif breakage == "too_many_rejects":
        customers.write_bytes(b"customer_id,name,status\n1,One,Gone\n")
        return 30
    return 22


def _write_manifest(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text, encoding="utf-8")


def draw_outcomes(reckoning: Reckoning, seed: int) -> dict[ChargeKey, str]:
    """An upload result: most ready charges accepted, some rejected, some not mentioned."""
    rng = Random(f"outcomes-{seed}")
    drawn = {
        charge.key: rng.choices([ACCEPTED, REJECTED, ""], [70, 15, 15])[0]
        for charge in reckoning.charges
        if charge.disposition == "ready"
    }
    return {key: outcome for key, outcome in drawn.items() if outcome}


def coverage(reckoning: Reckoning) -> dict[str, Counter[str]]:
    """How often each disposition, waiting reason, hold and reject reason occurs."""
    return {
        "dispositions": Counter(charge.disposition for charge in reckoning.charges),
        "waiting": Counter(
            charge.waiting_reason for charge in reckoning.charges if charge.waiting_reason
        ),
        "holds": Counter(reason for _, _, reason in reckoning.holds),
        "rejects": Counter(reject.reason for reject in reckoning.rejects),
    }


def two_days(
    folder: Path, *, lines: int, seed: int, as_of: date
) -> tuple[Reckoning, Known, Reckoning]:
    """A world, its upload result, and the edited world of the next day."""
    profile = make_world(folder / "one", lines=lines, seed=seed, as_of=as_of)
    first = reckon(folder / "one", as_of=as_of, profile=profile)
    known = settle(Known(), first, seq=1, outcomes=draw_outcomes(first, seed))
    make_world(folder / "two", lines=lines, seed=seed, as_of=as_of, edition=1)
    second = reckon(folder / "two", as_of=as_of + timedelta(days=1), profile=profile, known=known)
    return first, known, second


def main() -> None:
    """Print timings and coverage of one world over two days."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--as-of", type=date.fromisoformat, default=date(2026, 3, 31))
    given = parser.parse_args()
    with TemporaryDirectory() as scratch:
        world = Path(scratch) / "timed"
        begun = perf_counter()
        profile = make_world(world, lines=given.lines, seed=given.seed, as_of=given.as_of)
        made = perf_counter()
        reckon(world, as_of=given.as_of, profile=profile)
        print(f"made in {made - begun:.2f} s, reckoned in {perf_counter() - made:.2f} s")
        days = two_days(Path(scratch), lines=given.lines, seed=given.seed, as_of=given.as_of)
    for name, reckoning in (("first day", days[0]), ("second day", days[2])):
        print(f"\n{name}: stop {reckoning.stop}")
        for title, counts in coverage(reckoning).items():
            print(f"  {title}: " + ", ".join(f"{k} {v}" for k, v in sorted(counts.items())))
        print(f"  feeds: {reckoning.feeds}")


if __name__ == "__main__":
    main()
