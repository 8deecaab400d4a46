"""A parsed profile written back as TOML, so that a test can say it as a dict."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def toml_text(profile: Mapping[str, Any]) -> str:
    """TOML with one line per section; strings as JSON writes them, which TOML reads alike."""
    return "".join(f"{json.dumps(key)} = {_value(value)}\n" for key, value in profile.items())


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        inside = ", ".join(f"{json.dumps(key)} = {_value(each)}" for key, each in value.items())
        return f"{{{inside}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value, ensure_ascii=False)
