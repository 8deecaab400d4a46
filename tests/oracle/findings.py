"""What is found besides the judgement of charges: broken rules and where CLIs came from.

Source: contract section 1 (`validation`) and section 3 (CLI text); domain notes section 4.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from tests.oracle.accepting import Accepted, Row
from tests.oracle.judging import Ledger
from tests.oracle.rules import is_broken, is_in_scope, text_of
from tests.oracle.settings import Rule, Settings
from tests.oracle.values import NONE, clean_cli


class Issue(NamedTuple):
    """One record and one rule it breaks, as `mart.validation_issue` shows it."""

    stage: str
    record_key: str
    line_id: str | None
    customer_id: str | None
    product_id: str
    scope: str
    field: str
    rule: str
    severity: str
    message: str
    text: str | None


class Capture(NamedTuple):
    """One line with a CLI somewhere, as `mart.cli_capture` shows it."""

    line_id: str
    customer_id: str
    product_id: str
    quotation_cli: str | None
    order_cli: str | None
    asset_cli: str | None
    cli_source_stage: str | None
    drift: str
    drift_between: str | None


def issues(accepted: Accepted, settings: Settings) -> list[Issue]:
    """Every accepted record of every stage by every rule."""
    products = {row["product_id"]: row for row in accepted.tables["products"]}
    found = []
    for stage, key, line_id, customer_id, record in _records(accepted):
        product = products.get(record["product_id"])
        for rule in settings.rules:
            if rule.stage != stage:
                continue
            judged_by = product or {"product_id": record["product_id"], "base_category": None}
            if is_in_scope(rule, judged_by) and is_broken(rule, record):
                found.append(
                    Issue(
                        stage=stage,
                        record_key=key,
                        line_id=line_id,
                        customer_id=customer_id,
                        product_id=record["product_id"],
                        scope=_scope(rule),
                        field=rule.field,
                        rule=rule.name,
                        severity=rule.severity,
                        message=rule.message,
                        text=text_of(record[rule.field]),
                    )
                )
    return found


def _scope(rule: Rule) -> str:
    if rule.product is not None:
        return f"product {rule.product}"
    return "all" if rule.base_category is None else f"base category {rule.base_category}"


def _records(accepted: Accepted) -> Iterator[tuple[str, str, str | None, str | None, Row]]:
    """(stage, key, line, customer, record) of everything a rule may be about."""
    orders = {row["order_id"]: row for row in accepted.tables["orders"]}
    naming: dict[str, list[str]] = defaultdict(list)
    for row in accepted.tables["quotation_lines"]:
        yield "quotation", row["quotation_line_id"], row["line_id"], row["customer_id"], row
    for row in accepted.tables["order_lines"]:
        customer_id = orders[row["order_id"]]["customer_id"]
        yield "order", row["line_id"], row["line_id"], customer_id, row
        if row["asset_id"] is not None:
            naming[row["asset_id"]].append(row["line_id"])
    for row in accepted.tables["assets"]:
        key = row["asset_id"]
        line_id = row["line_id"] or min(naming.get(key, [""]), key=str.encode) or None
        yield "asset", key, line_id, row["customer_id"], row


def captures(accepted: Accepted, settings: Settings) -> list[Capture]:
    """Where each line's CLI was captured first, and what has become of it since."""
    ledger = Ledger(accepted, settings)
    found = []
    for line in accepted.tables["order_lines"]:
        product = ledger.products[line["product_id"]]
        profile = ledger.profile_of(product)
        if profile == NONE:
            continue
        texts: dict[str, str | None] = {}
        quoted = ledger.quotations.get(line["line_id"], [])
        if quoted:
            texts["quotation"] = _last_quoted(quoted)
        texts["order"] = line["cli"]
        asset, _ = ledger.asset_of(line)
        if asset is not None:
            texts["asset"] = asset["cli"]
        read = {stage: clean_cli(text, profile)[0] for stage, text in texts.items()}
        shown = {stage: read[stage] or text for stage, text in texts.items()}
        if not any(shown.values()):
            continue
        drift, between = _drift(shown)
        found.append(
            Capture(
                line_id=line["line_id"],
                customer_id=ledger.orders[line["order_id"]]["customer_id"],
                product_id=line["product_id"],
                quotation_cli=shown.get("quotation"),
                order_cli=shown["order"],
                asset_cli=shown.get("asset"),
                cli_source_stage=next((stage for stage, cli in read.items() if cli), None),
                drift=drift,
                drift_between=between,
            )
        )
    return found


def _last_quoted(quoted: list[Row]) -> str | None:
    spoken = [row for row in quoted if row["cli"] is not None]
    if not spoken:
        return None
    last = max(
        spoken,
        key=lambda row: ((row["modified_at"] or "").encode(), row["quotation_line_id"].encode()),
    )
    return last["cli"]


def _drift(shown: dict[str, str | None]) -> tuple[str, str | None]:
    """The worst that any two stages show, and the first two that show it."""
    kinds: dict[str, str] = {}
    for one, other in combinations(shown, 2):
        left, right = shown[one], shown[other]
        if left == right:
            continue
        kind = "differs" if left and right else "missing"
        kinds.setdefault(kind, f"{one} and {other}")
    for kind in ("differs", "missing"):
        if kind in kinds:
            return kind, kinds[kind]
    return "none", None
