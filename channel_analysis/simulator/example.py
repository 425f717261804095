"""The example company of `init --demo`: a small simulated world with a story and a few faults of data."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from .dials import Dials
from .run import simulate

EXAMPLE: dict[str, Any] = {
    "partners": 120,
    "months": 22,
    "lines": 50_000,
    "seed": 7,
    "last_day": datetime.date(2025, 10, 17),
    "dials": Dials(
        trouble_hazard=0.006,
        lost_region_strength=0.15,
        weak_team_strength=0.20,
        rival_launch_strength=0.08,
        stock_out_strength=0.40,
        price_cut_strength=0.03,
        bad_target_strength=0.20,
        weak_rep_strength=0.15,
        rep_concentration_share=0.0,
        faults=1.0,
    ),
}
"""What `simulate` is given: an unfinished last month, and causes milder than usual, because in a small
company one partner or rep is a large part of the whole."""


def write_example(folder: Path) -> None:
    """Write the files of the example company."""
    simulate(folder, **EXAMPLE)
