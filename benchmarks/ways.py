"""One way to the figures of a quarter, alone in a process: `python -m benchmarks.ways <way> <workspace>`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

PERIOD = "2025Q3"

NOT_BY_HAND = frozenset(
    {
        *("promotion_response", "weeks_of_supply", "win_rate", "visit_completion", "rebate_rate"),
        *("mdf_utilisation", "price_violation_rate", "diversion_rate", "quarter_end_load"),
    }
)
"""KPIs of the catalogue that the other ways do not compute; ours leaves them out as well."""


def main(way: str, workspace: str, target: str = "") -> None:
    """Compute the figures, save them as Parquet, and print what the call alone took, imports aside."""
    call = WAYS[way](Path(workspace))
    wall, cpu = time.perf_counter(), time.process_time()
    found = call()
    print(json.dumps({"call_wall": time.perf_counter() - wall, "call_cpu": time.process_time() - cpu}))
    if found is not None:
        found.to_parquet(target)


def figures_of(way: str, workspace: Path) -> pd.DataFrame:
    """The figures one way gives."""
    return WAYS[way](workspace)()


def stored(workspace: Path) -> Path:
    """The folder of the newest intake."""
    outcomes = (workspace / "data" / "cache").glob("*/intake.json")
    return max(outcomes, key=lambda path: path.stat().st_mtime).parent


def _take_in(workspace: Path) -> Callable[[], None]:
    import channel_analysis as ca

    def call() -> None:
        ca.open_workspace(workspace).facts()

    return call


def _ours(workspace: Path) -> Callable[[], pd.DataFrame]:
    import channel_analysis as ca
    from channel_analysis.metrics.kpis import load_kpis

    measure, ws = ca.measure, ca.open_workspace(workspace)
    ws.facts()
    columns = ["level", "entity", "kpi", "numerator", "denominator", "status"]
    names = [name for name in load_kpis(ws) if name not in NOT_BY_HAND]
    return lambda: measure(ws, PERIOD, by=["partner", "region"], kpis=names)[columns]


def _by_hand(workspace: Path) -> Callable[[], pd.DataFrame]:
    import duckdb
    import pandas  # noqa: F401, imported here so that its import is not in the call

    statement = (Path(__file__).parent / "handwritten.sql").read_text(encoding="utf-8")
    return lambda: duckdb.execute(statement.format(stored=stored(workspace))).df()


def _in_pandas(workspace: Path, is_tuned: bool = False) -> Callable[[], pd.DataFrame]:
    from .in_pandas import figures

    return lambda: figures(stored(workspace), is_tuned)


WAYS: dict[str, Callable[[Path], Callable[[], Any]]] = {
    "take in": _take_in,
    "ours": _ours,
    "sql": _by_hand,
    "pandas": _in_pandas,
    "tuned pandas": partial(_in_pandas, is_tuned=True),
}


if __name__ == "__main__":
    main(*sys.argv[1:])
