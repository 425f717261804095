"""Our published review beside the same notebook through stock papermill and nbconvert; writes REPORTS.md.

`python -m benchmarks.reports` takes about ten minutes on two cores: each way runs three times on the example
company, in turn; then the whole of the company is made from nothing, and reports are killed 100 times
(`benchmarks.kills`; `--kills 0` leaves them out). Chromium counts requests where it is installed.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bs4 import BeautifulSoup, Tag

from .timing import ROOT, Timing, compare, once, say

PERIOD = "2025Q3"
OURS, CLASSIC, LAB = "channel-analysis report", "papermill, nbconvert classic", "papermill, nbconvert lab"
LIMIT = 90
"""Seconds for the whole of the example company from nothing, on two cores."""

STOCK = """
import sys
import papermill
from nbconvert import HTMLExporter
notebook, workspace, period, template, target = sys.argv[1:]
given = {"workspace": workspace, "period": period}
run = dict(parameters=given, progress_bar=False, kernel_name="python3")
papermill.execute_notebook(notebook, target + ".ipynb", **run)
page, _ = HTMLExporter(template_name=template).from_filename(target + ".ipynb")
open(target, "w", encoding="utf-8").write(page)
"""
_COMMAND = (sys.executable, "-m", "channel_analysis.cli")


@dataclass(frozen=True, slots=True)
class Look:
    """What a page is made of."""

    size: int
    scripts: int
    requests: int | None
    figures: int
    telling: int


def stock(workspace: Path, template: str, target: Path) -> list[str]:
    """The command that runs and renders the review's notebook as papermill and nbconvert come."""
    notebook = ROOT / "notebooks" / "reports" / "review.ipynb"
    return [sys.executable, "-c", STOCK, str(notebook), str(workspace), PERIOD, template, str(target)]


def ours(workspace: Path, *more: str) -> list[str]:
    """The command that publishes the review in both languages."""
    return [*_COMMAND, "report", str(workspace), "--period", PERIOD, "--force", *more]


def look_at(page: Path) -> Look:
    """Read a page, and open it in Chromium where there is one."""
    parsed = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    figures = [tag for tag in parsed.find_all(["svg", "img"]) if tag.find_parent("svg") is None]
    telling = sum(bool(re.search(r"\d", _caption(tag))) for tag in figures)
    return Look(page.stat().st_size, len(parsed.find_all("script")), requests_of(page), len(figures), telling)


def _caption(tag: Tag) -> str:
    """What somebody hears who cannot see the figure."""
    return str(tag.get("aria-label") or tag.get("alt") or "")


def requests_of(page: Path) -> int | None:
    """Requests besides the page's own file; None without a browser."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        return None
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--host-resolver-rules=MAP * ~NOTFOUND"]
    asked: list[str] = []
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=browser, args=arguments)
        view = opened.new_page()
        view.on("request", lambda request: asked.append(request.url))
        view.goto(page.resolve().as_uri(), wait_until="load")
        view.wait_for_timeout(2_000)
        opened.close()
    own = page.resolve().as_uri()
    return sum(not address.startswith("data:") and address.split("#")[0] != own for address in asked)


def typo(command: Sequence[str]) -> tuple[int, Timing | None, str]:
    """What a misspelt parameter comes to: exit code, CPU and wall seconds, the last words."""
    started, before = time.monotonic(), os.times()
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    said = (done.stderr.strip().splitlines() or [""])[-1].strip()
    return done.returncode, Timing(cpu, time.monotonic() - started, 0), said


def from_nothing(folder: Path) -> dict[str, Timing]:
    """Init, train, all reports with the shelf: each step of a new example company."""
    steps = {
        "init --demo (simulates it)": ["init", str(folder), "--demo"],
        "risk train": ["risk", "train", str(folder)],
        "report --report all": ["report", str(folder), "--report", "all", "--period", PERIOD],
    }
    taken = {}
    for name, arguments in steps.items():
        say(name)
        taken[name] = once([*_COMMAND, *arguments])
    return taken


def measured(folder: Path, runs: int) -> Iterator[str]:
    """The page REPORTS.md, a paragraph or table at a time."""
    workspace = folder / "company"
    whole = from_nothing(workspace)
    review = workspace / "reports" / PERIOD / "review.en.html"
    pages = {OURS: review, CLASSIC: folder / "classic.html", LAB: folder / "lab.html"}
    commands = {
        OURS: ours(workspace),
        CLASSIC: stock(workspace, "classic", pages[CLASSIC]),
        LAB: stock(workspace, "lab", pages[LAB]),
    }
    taken = compare(commands, runs, warm=False)
    looks = {name: look_at(page) for name, page in pages.items()}
    same = {}
    for name, command in commands.items():
        before = pages[name].read_bytes()
        once(command)
        same[name] = pages[name].read_bytes() == before
    yield from _review_table(taken, looks, same)
    yield from _typo_table(workspace, folder)
    yield from _whole_table(whole, workspace)


def _review_table(
    taken: Mapping[str, Timing], looks: Mapping[str, Look], same: Mapping[str, bool]
) -> Iterator[str]:
    yield "## The quarterly review\n"
    yield (
        "One command each; ours makes two pages (zh, en) with tables and a run record, the others one page "
        "with both languages, for that is what the notebook shows. Captions: figures whose accessible name "
        "states a number.\n"
    )
    heads = ("", "CPU s", "times ours", "wall s", "page KB", "requests", "scripts", "captions", "same bytes")
    yield _row(heads) + "\n" + _row(["---"] * len(heads))
    for name, timing in taken.items():
        look = looks[name]
        told = f"{look.telling} of {look.figures}"
        requests = "not measured" if look.requests is None else str(look.requests)
        ratio = f"{timing.cpu / taken[OURS].cpu:.2f}"
        row = [name, f"{timing.cpu:.1f}", ratio, f"{timing.wall:.1f}", f"{look.size / 1e3:,.0f}", requests]
        yield _row([*row, str(look.scripts), told, "yes" if same[name] else "no"])
    yield ""


def _typo_table(workspace: Path, folder: Path) -> Iterator[str]:
    yield "## A misspelt parameter (`perod=2025Q2`)\n"
    yield _row(("", "exit code", "CPU s", "wall s", "last words")) + "\n" + _row(["---"] * 5)
    stocks = [sys.executable, "-m", "papermill", str(ROOT / "notebooks" / "reports" / "review.ipynb")]
    stocks += [str(folder / "typo.ipynb"), "-p", "workspace", str(workspace), "-p", "perod", "2025Q2"]
    for name, command in {
        OURS: ours(workspace, "-p", "perod=2025Q2"),
        "papermill": [*stocks, "-k", "python3", "--no-progress-bar"],
    }.items():
        code, timing, said = typo(command)
        assert timing
        words = said.replace("|", " ").replace(str(folder), "")
        yield _row([name, str(code), f"{timing.cpu:.1f}", f"{timing.wall:.1f}", words[:120]])
    yield ""


def _whole_table(whole: Mapping[str, Timing], workspace: Path) -> Iterator[str]:
    yield "## The example company from nothing\n"
    yield _row(("step", "CPU s", "wall s", "peak MiB")) + "\n" + _row(["---"] * 4)
    for name, timing in whole.items():
        yield _row([name, f"{timing.cpu:.1f}", f"{timing.wall:.1f}", f"{timing.memory:.0f}"])
    cpu, wall = (sum(getattr(one, field) for one in whole.values()) for field in ("cpu", "wall"))
    yield _row(["together", f"{cpu:.1f}", f"{wall:.1f}", ""])
    pages = [*(workspace / "reports").rglob("*.html")]
    verdict = "within" if wall <= LIMIT else "over"
    yield f"\n{len(pages)} pages, the shelf included; {verdict} the limit of {LIMIT} s.\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def killed(times: int) -> Iterator[str]:
    """What kills and accidents came to, as `benchmarks.kills` tells it."""
    say(f"{times} kills")
    command = [sys.executable, "-m", "benchmarks.kills", "--times", str(times)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    lines = [line for line in done.stdout.splitlines() if line and not re.match(r"\d+: .*: right$", line)]
    yield f"## Kills and accidents\n\n{times} blows at seeded moments (`python -m benchmarks.kills`).\n"
    yield "\n".join(f"- {line}" for line in lines)


def main() -> None:
    """Measure and write REPORTS.md."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--runs", type=int, default=3)
    asked.add_argument("--kills", type=int, default=100)
    asked.add_argument("--to", type=Path, default=ROOT / "benchmarks" / "REPORTS.md")
    given = asked.parse_args()
    load = os.getloadavg()[0]
    machine = f"{os.cpu_count()} cores (load {load:.1f} at the start), Python {platform.python_version()}"
    lines = [f"# Reports\n\n{datetime.date.today()}, {machine}. Made by `python -m benchmarks.reports`; "]
    lines[0] += f"medians of {given.runs} runs, in turn.\n"
    with tempfile.TemporaryDirectory(prefix="reports-") as folder:
        lines += measured(Path(folder), given.runs)
    if given.kills:
        lines += killed(given.kills)
    given.to.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
