"""Run every benchmark and write RESULTS.md: medians, ratios, the machine's size and the date.

`python -m benchmarks` takes about half an hour on two cores, and 15 GB below TMPDIR; with `--small` a
minute, and the results go to the folder that is named: `python -m benchmarks --small build/bench`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from channel_analysis.store.scaffold import make_workspace

from .picture import draw_growth
from .results import Outcome, results
from .speed import beside_peers, grown
from .timing import ROOT, Timing, compare


@dataclass(frozen=True, slots=True)
class Size:
    """How large the companies are and how often each command runs."""

    lines: int
    sizes: tuple[int, ...]
    runs: int
    runs_of_pandas: int


FULL = Size(10_000_000, (1_000_000, 10_000_000, 100_000_000), 5, 2)
SMALL = Size(100_000, (50_000, 100_000), 1, 1)


def main() -> None:
    """Run what is asked for, in a temporary folder that is emptied as it goes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Run the benchmarks.")
    parser.add_argument("--small", type=Path, metavar="FOLDER", help="a quick try; results go to FOLDER")
    parser.add_argument("--no-review", action="store_true", help="leave the review out")
    asked = parser.parse_args()
    size, target = (SMALL, asked.small) if asked.small else (FULL, ROOT / "benchmarks")
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        peers, figures = beside_peers(Path(folder), size.lines, size.runs, size.runs_of_pandas)
        growth = grown(Path(folder), list(size.sizes), min(size.runs, 3))
        review = {} if asked.no_review else _review(Path(folder), size.runs)
    helps = compare({"help": [sys.executable, "-m", "channel_analysis.cli", "--help"]}, size.runs)
    draw_growth(growth, target / "growth.png")
    outcome = Outcome(
        size.lines, size.runs, size.runs_of_pandas, figures, peers, growth, review, helps["help"]
    )
    (target / "RESULTS.md").write_text(results(outcome), encoding="utf-8")


def _review(folder: Path, runs: int) -> dict[str, Timing]:
    """The review in both languages, beside stock papermill and nbconvert on the same notebook."""
    workspace = folder / "company"
    make_workspace(workspace, demo=True)
    python = sys.executable
    notebook = str(ROOT / "notebooks" / "reports" / "review.ipynb")
    executed = str(folder / "executed.ipynb")
    stock = (
        f"'{python}' -m papermill -k python3 -p workspace '{workspace}' '{notebook}' '{executed}' && "
        f"'{python}' -m nbconvert --to html --no-input '{executed}'"
    )
    ours = [python, "-m", "channel_analysis.cli", "report", str(workspace)]
    return compare({"ours": ours, "stock": ["/bin/bash", "-c", stock]}, runs)


if __name__ == "__main__":
    main()
