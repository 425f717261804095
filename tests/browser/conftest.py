"""A headless Chromium for pages from disk: every request is recorded, axe judges accessibility."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
]


@dataclass
class OpenPage:
    """A page in the browser, and the addresses it asked for besides its own file."""

    page: "Page"
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Give the browser's executable, or skip where none is installed."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"no Chromium found (looked for {', '.join(NAMES)})")
    return found


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> "Iterator[Browser]":
    """Run one browser per test file; longer would leave its event loop to tests that run theirs."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def open_page(browser: "Browser") -> Iterator[Callable[..., OpenPage]]:
    """Open a file in a context of its own: `open_page(path, width=360, dark=True)`.

    The page's own security policy is set aside, so that what it would ask for is seen and not
    merely blocked, and so that axe can be put into it.
    """
    contexts = []

    def open_file(path: Path, width: int = 1280, dark: bool = False) -> OpenPage:
        context = browser.new_context(
            bypass_csp=True,
            color_scheme="dark" if dark else "light",
            viewport={"width": width, "height": 900},
        )
        contexts.append(context)
        address = Path(path).resolve().as_uri()
        opened = OpenPage(context.new_page())
        context.on("request", lambda asked: _record(opened.requests, asked.url, address))
        opened.page.goto(address, wait_until="load")
        return opened

    yield open_file
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def axe_violations() -> "Callable[[Page], list[str]]":
    """Judge a page: one line per violation with rule, impact, help and the first element."""
    from axe_playwright_python.sync_playwright import Axe

    def judge(page: "Page") -> list[str]:
        found = Axe().run(page).response["violations"]
        return [f"{v['id']} ({v['impact']}): {v['help']}: {v['nodes'][0]['html'][:120]}" for v in found]

    return judge


def _record(requests: list[str], asked: str, own: str) -> None:
    if asked.split("#")[0] != own and not asked.startswith("data:"):
        requests.append(asked)
