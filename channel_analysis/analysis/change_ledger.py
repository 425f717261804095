"""The ledger of a change: told once by factors, once by segments, each closing to the change itself."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..rootcauses import COLUMNS
from .change_segments import Search, segment_code

CHANGE, BY_FACTOR, BY_SEGMENT, BY_ENTITY = "change", "by_factor", "by_segment", "by_entity"


def ledger_of(
    change: float,
    bridge: pd.DataFrame,
    search: Search | None,
    told: pd.DataFrame,
    apart: Mapping[str, float],
    split: pd.DataFrame,
    scale: float,
) -> pd.DataFrame:
    """Every node of the ledger with what its children leave of it."""
    branches = [
        (BY_FACTOR, "factor", _factors(bridge)),
        (BY_SEGMENT, "segment", _segments(search, told, apart, scale) if search else {}),
        (BY_ENTITY, "entity", _entities(split)),
    ]
    rows: list[tuple[str, str, str, float, float]] = [(CHANGE, "", "total", change, float("nan"))]
    for node, kind, children in branches:
        if not children:
            continue
        amounts = np.array(list(children.values()))
        rows.append((node, CHANGE, "total", change, float(change - amounts.sum())))
        rows += [(f"{node}/{name}", node, kind, amount, float("nan")) for name, amount in children.items()]
    return pd.DataFrame(rows, columns=list(COLUMNS["ledger"]))


def _factors(bridge: pd.DataFrame) -> Mapping[str, float]:
    bars = bridge[~bridge["is_total"].astype(bool)] if len(bridge) else bridge
    return dict(zip(bars["bar"], bars["amount"].astype(float), strict=True)) if len(bars) else {}


def _segments(
    search: Search, told: pd.DataFrame, apart: Mapping[str, float], scale: float
) -> Mapping[str, float]:
    """What was usual, what everything did, what was set apart, each segment that is told, and the rest."""
    found = search.segments
    own = set(told.loc[told["factor"] == "", "segment"])
    every = {segment_code(one): one.contribution * scale for one in found.found}
    named = {code: amount for code, amount in every.items() if code in own}
    usual = "mix" if "denominator" in search.frame else "usual"
    rest = found.rest * scale + sum(amount for code, amount in every.items() if code not in own)
    return {
        usual: search.usual * scale,
        "everything": found.trend * scale,
        **{name: amount * scale for name, amount in apart.items()},
        **named,
        "rest": rest,
    }


def _entities(split: pd.DataFrame) -> Mapping[str, float]:
    if split.empty:
        return {}
    return dict(zip(split["entity"].astype(str), split["amount"].astype(float), strict=True))
