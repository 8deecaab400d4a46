"""A page that people read: sections in, one HTML file out. Pure.

A page stands by itself: its looks, charts and script are in it, and its policy forbids it to fetch
anything. Every exact amount is in the mark-up beside the rounded one that is shown.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files

import jinja2

from schemas.explanations import VERDICTS
from schemas.vocabulary import Verdict
from tasks.reports.tables import day_text, words

MOST_RECORDS = 500
"""Open records on a page; the rest is in the view, and a browser stays quick."""


@dataclass(frozen=True)
class Head:
    """Whose page it is, of which day, and what was found as a whole."""

    tenant: str
    as_of: date
    known_on: date
    snapshot_on: date | None
    verdict: str
    run_id: str
    certificate: str
    sha256: str


@dataclass(frozen=True)
class Chart:
    """A drawing, and the same in words for those who cannot see it."""

    svg: str
    words: str
    caption: str


@dataclass(frozen=True)
class Section:
    """A part of a page: words, pictures, tables."""

    name: str
    title: str
    words: str
    charts: Sequence[Chart] = ()
    tables: Sequence[str] = ()
    more: str = ""
    has_filters: bool = False


@dataclass(frozen=True)
class Card:
    """One figure that matters, at the top of a page."""

    name: str
    label: str
    value: str
    note: str


@dataclass(frozen=True)
class Page:
    """A whole page; `choices`: what its filters offer."""

    title: str
    head: Head
    sections: Sequence[Section]
    cards: Sequence[Card] = ()
    footer: Sequence[str] = ()
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)


def how_many(in_all: int, where: str) -> str:
    """What a page says where it leaves records out, and where they are; else nothing."""
    if in_all <= MOST_RECORDS:
        return ""
    return f"{MOST_RECORDS:,} of {in_all:,} are shown; all of them are {where}."


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_template),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )


@cache
def _template(name: str) -> str:
    return (files("tasks.reports") / "templates" / name).read_text(encoding="utf-8")


def rendered(page: Page) -> bytes:
    """The page as UTF-8 HTML; the same page gives the same bytes."""
    head = page.head
    verdict = VERDICTS[Verdict(head.verdict)]
    script = _template("page.js") if any(each.has_filters for each in page.sections) else ""
    about = [
        ("Compared for", day_text(head.as_of)),
        ("Known on", day_text(head.known_on)),
        ("Affinity's snapshot", day_text(head.snapshot_on) or "there is none"),
        ("Run", head.run_id),
    ]
    html = (
        _environment()
        .get_template("base.html")
        .render(
            title=page.title,
            tenant=head.tenant,
            day=day_text(head.as_of),
            verdict=head.verdict,
            verdict_name=words(head.verdict),
            verdict_words=f"{verdict[0].upper()}{verdict[1:]}.",
            about=about,
            cards=page.cards,
            sections=page.sections,
            footer=page.footer,
            style=_template("page.css"),
            script=script,
            script_source=_source(script),
            choices=page.choices,
        )
    )
    return html.encode()


def _source(script: str) -> str:
    """What the page's policy lets run: this script, or none."""
    if not script:
        return "'none'"
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
