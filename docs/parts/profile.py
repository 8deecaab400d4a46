"""The profile's keys, types and defaults, from the models of `flows/profile.py`."""

import types
from collections.abc import Iterator
from datetime import time
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from docs.parts.markdown import code, listed, table
from flows.profile import FeedName, Profile
from schemas.vocabulary import CliProfile

_FALLBACK = {
    "triggers.service.all_of": "What must be there before a Service is due.",
    "triggers.product.all_of": "What must be there before a Product is due.",
    "bill_start.service.recurring": "Dates a recurring charge starts from; the first that is set.",
    "bill_start.service.upfront": "Dates an upfront charge starts from; the first that is set.",
    "bill_start.product.upfront": "Dates goods are billed from; the first that is set.",
    "validation.name": "What `rule:<name>` says; `<stage>_<field>` when left out.",
    "validation.stage": "Whose field it is: quotation line, order line or asset.",
    "validation.product": "Product ids the rule is for; none = all.",
    "validation.base_category": "Base categories the rule is for, in any case; none = all.",
    "validation.field": "The feed's column the rule looks at.",
    "validation.required": "A blank breaks the rule.",
    "validation.min_length": "Fewest characters.",
    "validation.max_length": "Most characters.",
    "validation.pattern": "Regular expression that the whole text must match.",
    "validation.severity": "block holds the charge; warn only counts it as a warning.",
    "validation.message": "Your own words about it.",
    "affinity.layout.encoding": "How the file is encoded; utf-8-sig writes a byte order mark.",
    "affinity.layout.line_end": "How lines end.",
    "affinity.layout.quoting": "Quotes where needed, or around every value.",
    "retry.first_wait_seconds": "The first wait; each one after it is twice as long.",
    "retry.longest_wait_seconds": "No wait is longer.",
    "retry.max_attempts": "After so many failures an item is dead.",
    "changes.tracked": "Fields whose changes are handed over, per entity.",
    "changes.style": "How a change is handed over.",
    "changes.layer_compatible": "Report only the changes The Layer's own queue reports.",
    "operators": "Name = roles. Nobody named: anybody may act, and is recorded.",
    "warehouse.path": "The live warehouse: one DuckDB file.",
    "warehouse.publish": "The folder of the copy analysts open.",
    "warehouse.memory": "How much memory DuckDB may use; the rest goes to disk.",
}
"""Meanings of keys whose model says none itself."""


_TYPES = {
    "feeds.labels": "table: label = column, flat or per feed",
    "feeds.http.fields": "table: feed = table: column = text",
    "feeds.max_reject_rate": "number from 0 to 1, or table: feed = number",
    "tenant.timezone": "name of a time zone",
    "warehouse.memory": "text such as 512MiB or 2GiB",
    **{
        f"schedule.{name}": "cron expression, or blank"
        for name in ("billing_run", "retry_queue", "reconcile", "sync_check", "upkeep")
    },
}
"""Types that say more than the model's annotation can."""


def every_section() -> str:
    """One heading per section, one row per key."""
    parts = []
    for name, field in Profile.model_fields.items():
        model = _inner(field.annotation)
        if model is None:
            parts.append(f"### {name}\n\n{_table([(name, field)])}")
            continue
        about = (model.__doc__ or "").strip().splitlines()[0]
        title = f"### {name}\n\n{about}"
        if name == "validation":
            title += " Each rule is a table of its own: `[[validation]]`."
        parts.append(f"{title}\n\n{_table(list(_keys(model, name)))}")
    return "\n\n".join(parts)


def _keys(model: type[BaseModel], path: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        inner = _inner(field.annotation)
        if inner is None:
            yield f"{path}.{name}", field
        else:
            yield from _keys(inner, f"{path}.{name}")


def _inner(annotation: Any) -> type[BaseModel] | None:
    """The section inside a key: itself, one of a list, or one per name."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for each in get_args(annotation):
        if isinstance(each, type) and issubclass(each, BaseModel):
            return each
    return None


def _table(keys: list[tuple[str, FieldInfo]]) -> str:
    rows = []
    for path, field in keys:
        shown = path.replace("affinity.layout.", "affinity.layout.<file>.")
        words = meaning(path, field)
        rows.append(
            (code(shown), _TYPES.get(path) or _type(field.annotation), _default(path, field), words)
        )
    return table(("key", "type", "default", "meaning"), rows)


def meaning(path: str, field: FieldInfo) -> str:
    """What a key means: the model's own words, else ours."""
    return field.description or _FALLBACK.get(path, "")


def without_meaning() -> set[str]:
    """Keys nobody explains."""
    missing = set()
    for name, field in Profile.model_fields.items():
        model = _inner(field.annotation)
        keys = [(name, field)] if model is None else list(_keys(model, name))
        missing |= {path for path, each in keys if not meaning(path, each)}
    return missing


def _default(path: str, field: FieldInfo) -> str:
    if path == "triggers.product.all_of":
        # the section's own default differs from that of the model it shares
        return code(_toml(Profile.model_fields["triggers"].default.product.all_of))
    if field.is_required():
        return "required"
    return _shown(field.get_default(call_default_factory=True))


def _shown(value: Any) -> str:
    if value is None or value in ({}, (), ""):
        return "none"
    return code(_toml(value))


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Path):
        return f'"{value.as_posix()}"'
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, time):
        return f'"{value:%H:%M}"'
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(_toml, value))}]"
    return str(value)


def _type(annotation: Any) -> str:
    if annotation is FeedName:
        return "feed"
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(inside[0])
    if origin is Literal:
        return listed(inside)
    if origin in (Union, types.UnionType):
        return listed(_type(each) for each in inside if each is not type(None))
    if origin is tuple:
        return f"list of {_type(inside[0])}"
    if origin is list:
        return f"list of {_type(inside[0])}"
    if origin is dict:
        return f"table: {_type(inside[0])} = {_type(inside[1])}"
    if annotation is CliProfile or (isinstance(annotation, type) and issubclass(annotation, Enum)):
        return listed(each.value for each in annotation)
    names = {str: "text", int: "whole number", bool: "true or false", Path: "path", Any: "text"}
    names |= {time: "time of day"}
    return names.get(annotation, "number")
