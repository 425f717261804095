"""500 partner sheets without a kernel, beside a notebook per partner; writes SHEETS.md.

`python -m benchmarks.sheets` takes about five minutes on two cores: a company of 500 partners is simulated,
its sheets are made in both languages, and a notebook that reads one partner's rows of the very tables and
shows them with a chart goes through stock papermill and nbconvert twice. What 500 of those
cost is reckoned, not run.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .timing import ROOT, Timing, once, say

PERIOD = "2025Q3"
PARTNERS = 500
LIMIT, LARGEST = 75, 20_000
"""CPU seconds for all sheets, and bytes of one, that are to be reached."""

SETTINGS = '[company]\nname = "Sheets"\ncurrency = "CNY"\nlanguage = "zh"\n'

MAKE = """
import json, pathlib, sys, time
import channel_analysis as ca
from channel_analysis.report.sheets import make_partner_sheets
workspace, period, out, languages = sys.argv[1:]
ws = ca.open_workspace(workspace)
begun, cpu = time.perf_counter(), time.process_time()
where = {}
make_partner_sheets(ws, period, tuple(languages.split(",")), pathlib.Path(out), lambda *_: None, where)
took = {"call_wall": time.perf_counter() - begun, "call_cpu": time.process_time() - cpu}
print(json.dumps(took))
"""

STOCK = """
import sys
import papermill
from nbconvert import HTMLExporter
notebook, tables, partner, target = sys.argv[1:]
given = {"tables": tables, "partner": partner}
run = dict(parameters=given, progress_bar=False, kernel_name="python3")
papermill.execute_notebook(notebook, target + ".ipynb", **run)
page, _ = HTMLExporter().from_filename(target + ".ipynb")
open(target, "w", encoding="utf-8").write(page)
"""

CELLS = (
    ('tables = "."\npartner = ""', ["parameters"]),
    ("import pandas as pd\nimport matplotlib.pyplot as plt", []),
    (
        "def own(name):\n"
        '    frame = pd.read_parquet(f"{tables}/{name}.parquet")\n'
        '    return frame[frame["partner_id"] == partner]',
        [],
    ),
    ('own("partner_sheets").T', []),
    ('own("sheet_cards")', []),
    ('own("sheet_history").plot.bar(x="period", y="net_sales")\nplt.show()', []),
    ('own("sheet_points")', []),
    ('own("sheet_gains")', []),
    ('own("sheet_measures")', []),
)
"""The notebook of one partner: it computes nothing, the tables are there."""


def company(folder: Path, partners: int) -> Path:
    """A workspace with a simulated company of so many partners, and a trained model of their risk."""
    import channel_analysis as ca

    folder.mkdir(parents=True, exist_ok=True)
    last = datetime.date(2025, 10, 17)
    ca.simulate(folder / "data" / "raw", partners=partners, months=30, lines=partners * 400, last_day=last)
    (folder / "workspace.toml").write_text(SETTINGS, encoding="utf-8")
    ws = ca.open_workspace(folder)
    ca.train_partner_risk(ws)
    return folder


def notebook(target: Path) -> Path:
    """Write the notebook of one partner."""
    cells = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{number}",
            "metadata": {"tags": tags},
            "outputs": [],
            "source": source,
        }
        for number, (source, tags) in enumerate(CELLS)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    told = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    target.write_text(json.dumps(told), encoding="utf-8")
    return target


def sizes(folder: Path) -> list[int]:
    """Bytes of every sheet; the lists are not among them."""
    return [p.stat().st_size for p in folder.glob("*.html") if not p.name.startswith("index.")]


def page(ours: Timing, stock: Sequence[Timing], found: Sequence[int], partners: int, stock_size: int) -> str:
    """The page."""
    each, waited = (statistics.mean(getattr(one, name) for one in stock) for name in ("cpu", "wall"))
    reached = ours.cpu <= LIMIT and max(found) <= LARGEST
    lines = [
        "# Partner sheets",
        "",
        f"{partners} partners of a simulated company with a trained risk model, {PERIOD}; Python",
        f"{sys.version.split()[0]}, {os.cpu_count()} cores. Ours: {len(found)} sheets (both languages)",
        "and two lists, all in one process without a kernel, everything computed within. The other way:",
        "a notebook per partner that reads the very tables ours has saved and shows them with one chart,",
        f"in one language, through stock papermill and nbconvert; {len(stock)} runs were measured and",
        f"their mean multiplied by {partners}.",
        "",
        "| | CPU s | wall s | of each sheet, bytes | peak MiB |",
        "| --- | ---: | ---: | ---: | ---: |",
        f"| ours, {len(found)} sheets | {ours.cpu:.1f} | {ours.wall:.1f} | {statistics.median(found):,.0f} "
        f"(largest {max(found):,}) | {ours.memory:.0f} |",
        f"| notebooks, {partners} of them (reckoned) | {each * partners:,.0f} | {waited * partners:,.0f} "
        f"| {stock_size:,} | {max(one.memory for one in stock):.0f} |",
        "",
        f"To reach: at most {LIMIT} CPU s and {LARGEST:,} bytes. {'Reached.' if reached else 'Missed.'}",
    ]
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--partners", type=int, default=PARTNERS)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "SHEETS.md")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        say(f"simulating {given.partners} partners")
        workspace = company(folder / "company", given.partners)
        say("sheets")
        made = [sys.executable, "-c", MAKE, str(workspace), PERIOD, str(folder / "out"), "zh,en"]
        ours = once(made)
        tables, own = folder / "out" / "tables", notebook(folder / "one.ipynb")
        stock = []
        for number in range(given.runs):
            say(f"notebook, run {number + 1} of {given.runs}")
            target = folder / f"one{number}.html"
            stock.append(once([sys.executable, "-c", STOCK, str(own), str(tables), "P00002", str(target)]))
        found = sizes(folder / "out" / "partner_sheet")
        size = (folder / "one0.html").stat().st_size
        given.out.write_text(page(ours, stock, found, len(found) // 2, size), encoding="utf-8")
    say(f"wrote {given.out.name}: {ours.cpu:.1f} CPU s, largest sheet {max(found):,} bytes")


if __name__ == "__main__":
    main()
