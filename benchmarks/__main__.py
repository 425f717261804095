"""Run every benchmark and write RESULTS.md: medians, ratios, the machine's size and the date."""

from __future__ import annotations

import datetime
import os
import sys
import tempfile
from pathlib import Path

from channel_analysis.store.scaffold import make_workspace

from .timing import Timing, compare

ROOT = Path(__file__).resolve().parent.parent
RUNS = 5


def main() -> None:
    """Measure the review beside stock papermill and nbconvert on the same notebook, and the help page."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "company"
        make_workspace(workspace, demo=True)
        review = compare(_review_commands(workspace, Path(folder)), RUNS)
    cli = [sys.executable, "-m", "channel_analysis.cli"]
    helps = compare({"channel-analysis --help": [*cli, "--help"]}, RUNS)
    (ROOT / "benchmarks" / "RESULTS.md").write_text(_results(review, helps), encoding="utf-8")


def _review_commands(workspace: Path, folder: Path) -> dict[str, list[str]]:
    python = sys.executable
    notebook = str(ROOT / "notebooks" / "reports" / "review.ipynb")
    executed = str(folder / "executed.ipynb")
    stock = (
        f"'{python}' -m papermill -k python3 -p workspace '{workspace}' '{notebook}' '{executed}' && "
        f"'{python}' -m nbconvert --to html --no-input '{executed}'"
    )
    ours = [python, "-m", "channel_analysis.cli", "report", str(workspace)]
    return {
        "channel-analysis report, both languages": ours,
        "papermill + nbconvert, stock, one page": ["bash", "-c", stock],
    }


def _results(review: list[Timing], helps: list[Timing]) -> str:
    base = review[0].cpu
    lines = [
        "# Results",
        "",
        f"{datetime.date.today():%Y-%m-%d}, {os.cpu_count()} cores, Python {sys.version.split()[0]}; "
        f"medians of {RUNS} runs in turn after one that is not counted. CPU seconds hold all children.",
        "",
        "## The review of the example company",
        "",
        "| command | CPU s | wall s | CPU against ours |",
        "| --- | ---: | ---: | ---: |",
        *(f"| {t.name} | {t.cpu:.1f} | {t.wall:.1f} | {t.cpu / base:.2f} |" for t in review),
        "",
        "## The command line",
        "",
        "| command | CPU s |",
        "| --- | ---: |",
        *(f"| {t.name} | {t.cpu:.2f} |" for t in helps),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
