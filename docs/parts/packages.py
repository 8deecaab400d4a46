"""What the project stands on, from `pyproject.toml`: every package with the reason beside it."""

import re
from pathlib import Path

from docs.parts.markdown import table

_PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"

_PACKAGE = re.compile(r'^  "(?P<name>[A-Za-z0-9-]+)[^"]*",(?P<why> *# .*)?$', re.MULTILINE)


def every_package() -> str:
    """Each package that is asked for, and why; without a reason it does not belong there."""
    text = _PYPROJECT.read_text(encoding="utf-8")
    lists = re.findall(r"^(?:dependencies|dev) = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    rows = []
    for found in _PACKAGE.finditer("".join(lists)):
        why = (found["why"] or "").strip(" #")
        assert why, f"pyproject.toml does not say why {found['name']} is asked for"
        rows.append((f"`{found['name']}`", why[0].upper() + why[1:].rstrip(".") + "."))
    return table(("package", "what for"), rows)
