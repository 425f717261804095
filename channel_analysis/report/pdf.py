"""A page as PDF: printed by the Chromium or Chrome of the machine, by WeasyPrint where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..errors import InputError, Problem
from ..files import written_beside

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
"""Names under which a browser that prints may be installed."""

BROWSER_VARIABLE = "CHANNEL_ANALYSIS_CHROMIUM"
"""Environment variable that names the browser."""

SECONDS = 120
"""After so long a page is not printed any more."""

_OFFLINE = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


def write_pdf(page: Path, target: Path) -> None:
    """Print a page to `target`, whole or not at all; equal pages need not give equal bytes.

    Raises
    ------
    InputError
        When neither a browser nor WeasyPrint is installed, or printing fails.
    """
    browser = _browser()
    with written_beside(target) as temporary:
        if browser:
            _printed_by_browser(browser, page, temporary)
        else:
            _printed_by_weasyprint(page, temporary)


def _browser() -> str:
    """The browser to print with; "" where there is none."""
    named = os.environ.get(BROWSER_VARIABLE, "")
    if named and not shutil.which(named):
        raise _cannot(f"{BROWSER_VARIABLE} names '{named}', which is no program", "correct it, or unset it")
    return named or next(filter(None, map(shutil.which, BROWSERS)), "")


def _printed_by_browser(browser: str, page: Path, target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="ca-pdf-", ignore_cleanup_errors=True) as profile:
        printed = Path(profile, "page.pdf")
        options = [f"--user-data-dir={profile}", "--no-pdf-header-footer", f"--print-to-pdf={printed}"]
        said = _run([browser, *_OFFLINE, *options, page.resolve().as_uri()])
        if not printed.is_file() or not printed.stat().st_size:
            reason = next(reversed([line for line in said.splitlines() if line.strip()]), "it said nothing")
            raise _cannot(f"{Path(browser).name} did not print the page: {reason.strip()}")
        shutil.copyfile(printed, target)


def _run(command: Sequence[str]) -> str:
    """What a program said; a browser that hangs is ended with all it started."""
    from .child import end_family

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            said, _ = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            raise _cannot(f"{Path(command[0]).name} took longer than {SECONDS} seconds") from None
        finally:
            end_family(process.pid)
    return said.decode(errors="replace")


def _printed_by_weasyprint(page: Path, target: Path) -> None:
    try:
        from weasyprint import HTML  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except (ImportError, OSError):  # OSError: its libraries are missing
        fix = f"install Chromium or Chrome (or name one in {BROWSER_VARIABLE}), or the extra pdf (WeasyPrint)"
        raise _cannot("neither a browser nor WeasyPrint is installed", fix) from None
    HTML(string=page.read_text(encoding="utf-8"), url_fetcher=_nothing).write_pdf(target, pdf_tags=True)


def _nothing(address: str) -> dict[str, object]:
    """A page needs nothing from elsewhere."""
    raise ValueError(f"{address} is not fetched")


def _cannot(what: str, fix: str = "try again, or leave --pdf out") -> InputError:
    return InputError([Problem("PDF", what, fix)])
