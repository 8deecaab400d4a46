"""From a URL with placeholders to the address of one page. Pure."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

PLACEHOLDERS: Final = ("feed", "page", "page_size", "cursor", "modified_since")

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_ALLOWED = re.compile(r"[!-~]+")


def check_template(template: str) -> None:
    """Refuse a URL that cannot or should not be asked.

    Raises:
        ValueError: an unknown placeholder, user and password, a fragment, or no https (plain http
            is for this very machine only).
    """
    for name in _PLACEHOLDER.findall(template):
        if name not in PLACEHOLDERS:
            known = ", ".join(f"{{{each}}}" for each in PLACEHOLDERS)
            raise ValueError(f"no placeholder is called {{{name}}}; there are {known}")
    filled = _PLACEHOLDER.sub("x", template)
    if not _ALLOWED.fullmatch(filled) or "{" in filled or "}" in filled:
        raise ValueError("a URL is of visible ASCII, its placeholders in braces")
    parts = urlsplit(filled)
    try:
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError("a URL starts with https:// and the name of a host")
    if "@" in parts.netloc:
        raise ValueError("a URL holds no user and password; give a token instead")
    if parts.fragment or "#" in filled:
        raise ValueError("a URL to ask has no #fragment")
    if "{" in urlsplit(template).netloc:
        raise ValueError("a host has no placeholder")
    if parts.scheme == "http" and not is_this_machine(host):
        raise ValueError("http:// is for this machine only; use https://")


def is_this_machine(host: str) -> bool:
    """Whether a host, by name or address, is the machine that asks."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def origin(url: str) -> str:
    """Scheme, host and port of a URL: all of it that may be shown."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def joined(base: str, url: str) -> str:
    """The template `url`, relative to the folder that `base` names.

    `base` names the folder itself, or the feeds in it: `https://host/export` and
    `https://host/export/{feed}?page={page}` are the same folder.
    """
    folder = base.partition("?")[0]
    if "{" in folder:
        folder = folder[: folder.index("{")].rpartition("/")[0]
    return urljoin(folder.rstrip("/") + "/", url)


def filled(template: str, values: Mapping[str, str]) -> str:
    """The address: placeholders filled and quoted, parameters that are left empty dropped."""
    path, mark, query = template.partition("?")
    pieces = [
        _fill(piece, values)
        for piece in query.split("&")
        if not _PLACEHOLDER.search(piece)
        or any(values.get(name) for name in _PLACEHOLDER.findall(piece))
    ]
    address = _fill(path, values)
    return f"{address}{mark}{'&'.join(pieces)}" if query and pieces else address


def _fill(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: quote(values.get(found[1], ""), safe=""), text)


def has(template: str, placeholder: str) -> bool:
    """Whether a template holds a placeholder."""
    return f"{{{placeholder}}}" in template
