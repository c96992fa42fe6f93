"""A browser that remembers what a page asks for and complains about."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Tests may run as root, which Chromium's own sandbox refuses; and it asks for nothing by itself."""


@dataclass
class Opened:
    """A page, with all that it asked for and complained about."""

    page: Any
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def text(self, selector: str) -> str:
        """The text of an element as people see it."""
        return " ".join(self.page.inner_text(selector).split())

    def status(self, expected: str) -> None:
        """Wait until the browser of rows says this."""
        self.page.locator("#status", has_text=expected).wait_for(timeout=5_000)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One browser for all tests."""
    api = pytest.importorskip("playwright.sync_api", reason="pip install '.[browser]'")
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing: apt-get install chromium")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Any) -> Iterator[Any]:
    """Opens a report's file, or an address of `review`.

    At the end, no page may have complained, or asked for more than its own folder has.
    """
    contexts, pages = [], []

    def open_page(
        path: Path | str, *, width: int = 1280, dark: bool = False, at: str = "", ready: str = "#browser:not([hidden])"
    ) -> Opened:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            offline=isinstance(path, Path),
        )
        contexts.append(context)
        made = Opened(context.new_page())
        pages.append((path, made))
        made.page.on("request", lambda request: made.asked.append(request.url))
        made.page.on("console", lambda message: made.complaints.append(message.text))
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        made.page.goto((path.resolve().as_uri() if isinstance(path, Path) else path) + at)
        made.page.wait_for_selector(ready)
        return made

    yield open_page
    for path, made in pages:
        assert made.complaints == []
        own = (path.resolve().as_uri() if isinstance(path, Path) else path).rpartition("/")[0]
        assert [url for url in made.asked if not url.startswith(("data:", "blob:", f"{own}/"))] == []
    for context in contexts:
        context.close()
