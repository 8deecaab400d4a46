"""What the project stands on: every package asked for, and every locked one with its licence."""

import re
from importlib.metadata import PackageMetadata, metadata
from pathlib import Path

from docs.parts.markdown import table

_ROOT = Path(__file__).resolve().parents[2]
_PYPROJECT = _ROOT / "pyproject.toml"
_LOCK = _ROOT / "requirements.lock"

_LOCKED = re.compile(r"^(?P<name>[a-z0-9.-]+)==[^ ;]+ \\$", re.MULTILINE)
"""What is installed everywhere; what is for some systems or Pythons only has a marker."""

_PACKAGE = re.compile(r'^  "(?P<name>[A-Za-z0-9-]+)[^"]*",(?P<why> *# .*)?$', re.MULTILINE)


def every_package() -> str:
    """Each package that is asked for, and why; without a reason it does not belong there."""
    text = _PYPROJECT.read_text(encoding="utf-8")
    lists = re.findall(
        r"^(?:dependencies|dev|s3|dask) = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL
    )
    rows = []
    for found in _PACKAGE.finditer("".join(lists)):
        why = (found["why"] or "").strip(" #")
        assert why, f"pyproject.toml does not say why {found['name']} is asked for"
        rows.append((f"`{found['name']}`", why[0].upper() + why[1:].rstrip(".") + "."))
    return table(("package", "what for"), rows)


def every_licence() -> str:
    """Each locked package with the licence that its own metadata names."""
    lock = _LOCK.read_text(encoding="utf-8")
    names = [found["name"] for found in _LOCKED.finditer(lock)]
    return table(
        ("package", "licence"), [(f"`{name}`", _licence(metadata(name))) for name in names]
    )


def _licence(said: PackageMetadata) -> str:
    """By its expression, else its classifiers, else its own words."""
    expression = said.get("License-Expression")
    classified = [
        each.rpartition(" :: ")[2]
        for each in said.get_all("Classifier", [])
        if each.startswith("License :: OSI Approved :: ")
    ]
    words = (said.get("License") or "").partition("\n")[0]
    licence = expression or "; ".join(sorted(classified)) or words
    assert licence, f"{said['Name']} does not name its licence"
    return str(licence)
