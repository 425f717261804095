"""Small simulated worlds, made once: one with everything planted, one with nothing."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from channel_analysis.contracts.tables import TABLES
from channel_analysis.simulator import NOTHING_PLANTED, Dials, simulate

SMALL = {"partners": 120, "months": 18, "lines": 20_000}
STRONG = Dials(
    trouble_hazard=0.02,
    stuffing_share=0.06,
    diversion_share=0.04,
    price_breach_share=0.04,
    discount_abuse_share=0.08,
    duplicate_order_share=0.01,
    bunching_share=0.10,
    ghost_partner_share=0.02,
    ghost_order_share=0.01,
    late_return_share=0.05,
    rep_concentration_share=0.05,
    faults=1.0,
)


@dataclass(frozen=True)
class Simulated:
    """A folder of simulated tables, read as they are needed; amounts as floats, ids as text."""

    folder: Path

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name not in TABLES:
            raise AttributeError(name)
        frame = read(self.folder, name)
        self.__dict__[name] = frame
        return frame

    @cached_property
    def truth(self) -> dict:
        return json.loads((self.folder / "truth.json").read_text(encoding="utf-8"))

    def irregular(self, rule: str) -> list[dict]:
        return [entry for entry in self.truth["irregularities"] if entry["rule"] == rule]


def read(folder: Path, name: str) -> pd.DataFrame:
    """Read one table; money and quantities as floats, dates as days."""
    path = folder / f"{name}.parquet"
    frame = (
        pq.read_table(path).to_pandas() if path.exists() else pd.read_csv(folder / f"{name}.csv", dtype=str)
    )
    for column in TABLES[name].columns:
        if column.name not in frame:
            continue
        if column.type in ("money", "quantity", "number", "integer"):
            frame[column.name] = pd.to_numeric(frame[column.name].astype("float64"))
        elif column.type == "date":
            frame[column.name] = pd.to_datetime(frame[column.name])
    return frame


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Simulated]:
    """Simulate a small world with the given dials, each once."""
    worlds: dict = {}

    def make(dials: Dials = NOTHING_PLANTED, **other: object) -> Simulated:
        key = (dials, tuple(sorted(other.items())))
        if key not in worlds:
            folder = tmp_path_factory.mktemp("world")
            simulate(folder, **{**SMALL, "dials": dials, **other})
            worlds[key] = Simulated(folder)
        return worlds[key]

    return make


@pytest.fixture(scope="session")
def planted(made) -> Simulated:
    """A small world with much planted."""
    return made(STRONG)


@pytest.fixture(scope="session")
def honest(made) -> Simulated:
    """The same world with nothing planted."""
    return made(NOTHING_PLANTED)
