"""Profiles that ask the stand-in for The Layer, with waits of milliseconds."""

import json
from collections.abc import Iterable, Mapping

from sandbox.layer.export import nested_path

TOKEN = "seven-small-stones"  # noqa: S105  it opens nothing
BY_PAGE = "{feed}?page={page}&page_size={page_size}&modified_since={modified_since}"
BY_CURSOR = "{feed}?cursor={cursor}&page_size={page_size}&modified_since={modified_since}"

NESTED_PLACES = {
    "items": "$.data.records",
    "total": "$.meta.totals[0].count",
    "next": "$.meta.links.next",
    "version": "$['meta']['totals'][0]['revision']",
}
"""Where the nested shape has what the flat one has on top."""


def http_profile(
    address: str,
    *,
    query: str = BY_PAGE,
    mode: str = "full",
    more: str = "",
    **settings: object,
) -> str:
    """A profile that fetches its feeds from `address`; `settings` are keys of feeds.http."""
    keys: dict[str, object] = {
        "page_size": 2,
        "version": "$.version",
        "attempts": 3,
        "timeout_seconds": 5.0,
        "first_wait_seconds": 0.001,
        "longest_wait_seconds": 0.01,
        **settings,
    }
    lines = [
        more,
        "[feeds]",
        'kind = "http"',
        f"url = {json.dumps(f'{address}/export/{query}')}",
        f"mode = {json.dumps(mode)}",
        "max_reject_rate = 1",
        "[feeds.http]",
        *(f"{key} = {_toml(value)}" for key, value in keys.items()),
    ]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {_toml(each)}' for key, each in value.items())} }}"
    return json.dumps(value)


def nested_fields(
    headers: Mapping[str, Iterable[str]], meanings: Mapping[str, str] | None = None
) -> str:
    """feeds.http.fields for the nested shape: every column of every feed, where it is there."""
    lines = []
    for feed, labels in headers.items():
        lines.append(f"[feeds.http.fields.{feed}]")
        for label in labels:
            column = (meanings or {}).get(label, label)
            lines.append(f"{column} = {json.dumps(nested_path(label))}")
    return "\n".join(lines) + "\n"
