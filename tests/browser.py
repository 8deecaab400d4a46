"""A real Chromium, headless: what a page looks like, says, asks for, and complains of."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

FLAGS = (
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # it must not look for the internet
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str:
    """Where Chromium is; `.ci/browser` sees to it that there is one."""
    names = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    assert found, "there is no Chromium: sh .ci/browser"
    return found


def screenshots() -> Path:
    """Where pictures are kept to be looked at: test output, not part of the project."""
    folder = Path(__file__).parents[1] / "var" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser for as long as the block lasts."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page that was opened; `complaints` of its console, `asked`: every address it fetched."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listen from before the page is there."""
        self.page.on("console", lambda said: self.complaints.append(f"{said.type}: {said.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))


@contextmanager
def visit(
    browser: Browser, path: Path, *, width: int = 1280, height: int = 1000
) -> Iterator[Visit]:
    """Open a file as a person would."""
    page = browser.new_page(viewport={"width": width, "height": height})
    seen = Visit(page)
    page.goto(path.as_uri())
    yield seen
    page.close()
