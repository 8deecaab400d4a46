"""The pages say what the code says, every command is explained, every link leads somewhere."""

import re
import tomllib
from pathlib import Path

import pytest

from docs.generate import ROOT, drifted
from docs.parts.commands import leaves
from docs.parts.profile import without_meaning
from docs.parts.rules import without_a_rule
from flows.profile import Profile

PAGES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("[!.]*/**/README.md")]
    if not {".venv", "var"} & set(path.relative_to(ROOT).parts)
)
COMMANDS = dict(leaves())

_FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(?P<text>.+)$", re.MULTILINE)
_TOML = re.compile(r"^```toml\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(path: Path) -> set[str]:
    """The places of a page that a link can name, as GitHub makes them of its headings."""
    prose = _FENCED.sub("", path.read_text(encoding="utf-8"))
    found = set()
    for heading in _HEADING.finditer(prose):
        text = re.sub(r"[^\w\- ]", "", heading["text"].lower())
        found.add(text.strip().replace(" ", "-"))
    return found


def test_no_page_has_drifted_from_the_code():
    assert [] == [named(path) for path in drifted()], "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path):
    prose = _FENCED.sub("", page.read_text(encoding="utf-8"))
    lost = []
    for link in _LINK.finditer(prose):
        target, _, anchor = link["target"].partition("#")
        if target.startswith(("http://", "https://")):
            continue
        path = (page.parent / target).resolve() if target else page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            lost.append(link["target"])

    assert [] == lost


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=named)
def test_every_page_can_be_reached_from_the_index(page: Path):
    index = ROOT / "docs" / "index.md"
    if page == index:
        return
    listings = [index, ROOT / "docs" / "adr" / "README.md"]
    reached = {
        (listing.parent / link["target"].partition("#")[0]).resolve()
        for listing in listings
        for link in _LINK.finditer(listing.read_text(encoding="utf-8"))
    }

    assert page.resolve() in reached


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_has_help_with_an_example_and_speaks_json(words: str):
    command = COMMANDS[words]
    options = {name for each in command.params for name in each.opts}

    assert f"Example: [bold]{words}" in command.help
    assert "--json" in options
    assert [] == [each.name for each in command.params if not getattr(each, "help", None)]


@pytest.mark.parametrize("words", COMMANDS)
def test_nothing_of_a_help_is_lost_as_markup(words: str):
    command = COMMANDS[words]
    texts = [command.help, *(each.help for each in command.params if getattr(each, "help", None))]

    assert set() == {
        tag
        for text in texts
        for tag in re.findall(r"\[[^\]]*\]", text)
        if tag not in {"[bold]", "[/]"}
    }


def test_every_command_has_a_heading():
    page = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")

    assert [] == [words for words in COMMANDS if f"### {words}\n" not in page]


def test_every_key_of_the_profile_has_a_meaning():
    assert set() == without_meaning()


def test_every_hold_is_in_the_readme_of_the_core():
    assert set() == without_a_rule()


def toml_blocks() -> list[tuple[str, str]]:
    return [
        (f"{named(page)} {number}", block["body"])
        for page in PAGES
        for number, block in enumerate(_TOML.finditer(page.read_text(encoding="utf-8")), start=1)
    ]


@pytest.mark.parametrize(("where", "text"), toml_blocks(), ids=lambda each: each.split("\n")[0])
def test_every_piece_of_a_profile_is_one_that_can_be_used(where: str, text: str):
    assert Profile(**tomllib.loads(text))
