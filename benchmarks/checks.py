"""What the checks of a large table cost beside one plain aggregate over it: CPU and wall seconds, ratios.

`python -m benchmarks.checks` writes 100 million sales lines as Parquet (1.3 GB below TMPDIR), takes them in
with a memory limit of 3 GB, and prints the ratios as a table; `--lines 10_000_000` takes a tenth of it.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from channel_analysis.contracts import checks
from channel_analysis.contracts.marks import counted_sql
from channel_analysis.contracts.tables import TABLES
from channel_analysis.store.engine import DuckDBEngine
from channel_analysis.store.intake import take_in
from channel_analysis.store.quality import judge
from channel_analysis.store.staging import IntakeRules
from channel_analysis.store.workspace import open_workspace

from .timing import say
from .world import write_company

MEMORY = "3GB"
TABLE = TABLES["sales"]
KEYS_AND_COPIES = ("has_duplicates", "copied_orders")
"""Passes that look for keys that stand twice and for orders entered twice."""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of all threads, and wall seconds."""

    cpu: float
    wall: float


@contextmanager
def timed(costs: dict[str, Cost], name: str) -> Iterator[None]:
    """Add what is done inside to the cost of that name."""
    cpu, wall = time.process_time(), time.perf_counter()
    yield
    before = costs.get(name, Cost(0, 0))
    costs[name] = Cost(before.cpu + time.process_time() - cpu, before.wall + time.perf_counter() - wall)


class Watched(DuckDBEngine):
    """An engine that notes what each look at the sales costs."""

    def __init__(self) -> None:
        super().__init__(MEMORY)
        self.costs: dict[str, Cost] = {}
        self.looking = ""
        self.row_checks = ""

    def query(self, sql: str) -> pa.Table:
        """Run a query on the look's account."""
        with timed(self.costs, self.looking):
            return super().query(sql)


def main() -> None:
    """Write the company, take it in, and print what the checks cost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.checks", description="Cost of the checks.")
    parser.add_argument("--lines", type=int, default=100_000_000)
    parser.add_argument("--company", type=Path, help="a company written before; none: a new one")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        company = asked.company or write_company(Path(folder) / "company", asked.lines)
        report(*measured(company, Path(folder) / "taken"))


def measured(company: Path, target: Path) -> tuple[int, dict[str, Cost]]:
    """Take a company in, then run the plain aggregate and the row checks once more; costs by name."""
    ws, engine = open_workspace(company), Watched()
    rules = IntakeRules(ws.settings.company.currency, tuple(ws.policy.channel_types))
    watch_looks(engine)
    say("taking in")
    with timed(engine.costs, "whole intake"):
        take_in(engine, ws.mapping, ws.source_folder, rules, target, target / "snapshots")
    costs = {name.removeprefix("sales "): cost for name, cost in engine.costs.items() if "sales" in name}
    costs["whole intake"] = engine.costs["whole intake"]
    engine.looking = "aside"
    say("the plain aggregate and the row checks, in turn")
    for _ in range(3):
        for name, sql in (("plain", plain_sql("used_sales")), ("row checks", engine.row_checks)):
            once: dict[str, Cost] = {}
            with timed(once, name):
                engine.query(sql)
            costs[name] = min(costs.get(name, once[name]), once[name], key=lambda cost: cost.cpu)
    with timed(costs, "has_duplicates"):
        engine.query(checks.has_duplicates_sql(TABLE, "stored_sales"))
    return engine.query("SELECT COUNT(*) AS n FROM stored_sales")["n"][0].as_py(), costs


def plain_sql(rows: str) -> str:
    """One aggregate over the full table: the sum of every amount, the least and the greatest of all else."""
    parts = [
        f"SUM({column.name})"
        if column.type in ("money", "quantity")
        else f"MIN({column.name}), MAX({column.name})"
        for column in TABLE.columns
    ]
    return f"SELECT COUNT(*), {', '.join(parts)} FROM {rows} AS t"


def watch_looks(engine: Watched) -> None:
    """Have the costs of queries go to the look that asks them."""
    judging = judge.__globals__
    judging["LOOKS"] = tuple(_watched(engine, look) for look in judging["LOOKS"])
    judging["gaps"] = _watched(engine, judging["gaps"])
    judging["_count"] = _watched(engine, judging["_count"], judging["_alone"])


def _watched(
    engine: Watched, see: Callable[[Any], Any], rows: Callable[[Any], Any] | None = None
) -> Callable[[Any], Any]:
    """A look on its own account; `rows` gives the marks counted with it, to be scanned for again."""

    def seen(look: Any) -> Any:
        if rows and look.table is TABLE:
            engine.row_checks = counted_sql(TABLE, look.view, rows(look))
        engine.looking = f"{look.table.name} {see.__name__}"
        found = see(look)
        engine.looking = ""
        return found

    return seen


def report(lines: int, costs: dict[str, Cost]) -> None:
    """Print costs and their ratios to the plain aggregate."""
    plain = costs.pop("plain")
    whole = costs.pop("whole intake")
    rows = costs.pop("row checks")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\n{lines:,} lines, memory limit {MEMORY}, peak of the process {peak:,.0f} MiB\n")
    print("| pass | CPU s | wall s | CPU / plain | wall / plain |\n| --- | ---: | ---: | ---: | ---: |")
    keys = [costs[name] for name in KEYS_AND_COPIES]
    others = Cost(sum(c.cpu for c in costs.values()), sum(c.wall for c in costs.values()))
    told = {"plain aggregate over the full table": plain, "row checks, one scan": rows, **costs}
    told["keys and near-duplicates together"] = Cost(sum(c.cpu for c in keys), sum(c.wall for c in keys))
    told["all passes of their own together"] = others
    told["the whole intake, all tables"] = whole
    for name, cost in told.items():
        ratios = f"{cost.cpu / plain.cpu:.2f} | {cost.wall / plain.wall:.2f}"
        print(f"| {name} | {cost.cpu:.2f} | {cost.wall:.2f} | {ratios} |")


if __name__ == "__main__":
    main()
