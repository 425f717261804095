"""Others who name segments, beside `find_segments` on the same cases.

`top-1 drill-down` is what people do by hand: open the level with the largest change, then the next
inside it, as long as one of them holds most of the change. `wise-pizza` (an optional package, not one of
ours: `pip install wise-pizza`) searches two dimensions deep and is told how many segments there are. The
`oracle` knows the sizes and the price levels that sales were drawn from, and that there is one segment of
at most three dimensions: about the best that two periods allow.
"""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import logging
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

from channel_analysis.methods.rootcause.find import find_segments
from channel_analysis.rootcauses import Segments

from .rootcause_cases import Case, Where, where

OURS = "channel_analysis.find_segments"
WISE_PIZZA = "wise-pizza, depth 2"
NULL_SEGMENTS = 5
"""Segments that wise-pizza may name where there are none."""
Peer = Callable[[Case], set[Where]]


def search(case: Case) -> Segments:
    """Our search with what a case gives: its two columns, and earlier periods where it has them."""
    return find_segments(case.frame, case.dimensions, "real", "predict", earlier=case.earlier)


def ours(case: Case) -> set[Where]:
    """The segments of our search."""
    return {where(one) for one in search(case)}


def drill_down(case: Case) -> set[Where]:
    """The level with the largest change beyond the total's, then the one in it that holds most of that."""
    trend = case.frame["real"].sum() / max(case.frame["predict"].sum(), 1e-9)
    rows = case.frame.assign(gap=case.frame["real"] - trend * case.frame["predict"])
    named: dict[str, str] = {}
    held = 0.0
    while len(named) < len(case.dimensions):
        sums = {name: rows.groupby(name)["gap"].sum() for name in case.dimensions if name not in named}
        name = max(sums, key=lambda one: float(sums[one].abs().max()))
        level = sums[name].abs().idxmax()
        amount = float(sums[name][level])
        if named and abs(amount) < 0.8 * abs(held):
            break
        named[name], held = str(level), amount
        rows = rows[rows[name] == level]
    return {where(named)}


def has_wise_pizza() -> bool:
    """Whether the package is installed."""
    return importlib.util.find_spec("wise_pizza") is not None


def wise_pizza(case: Case) -> set[Where]:
    """What wise-pizza names, told how many there are."""
    explain = importlib.import_module("wise_pizza").explain_changes_in_totals
    leaves = case.frame[case.dimensions].assign(size=1.0)
    before, now = (leaves.assign(total=case.frame[name]) for name in ("predict", "real"))
    logging.disable(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        told = explain(
            before,
            now,
            dims=case.dimensions,
            total_name="total",
            size_name="size",
            max_depth=2,
            max_segments=len(case.truth) or NULL_SEGMENTS,
            how="totals",
        )
    logging.disable(logging.NOTSET)
    return {where(one["segment"]) for one in told.segments}


def oracle(case: Case) -> set[Where]:
    """The cell most likely to be the one planted, by its known noise; nothing where that is not known."""
    if case.noise is None:
        return set()
    cuboids = [names for depth in (1, 2, 3) for names in itertools.combinations(case.dimensions, depth)]
    told = [_likeliest(case.frame, case.noise, list(names)) for names in cuboids]
    return {max(told, key=lambda one: one[0])[1]}


def _likeliest(rows: pd.DataFrame, known: pd.DataFrame, names: list[str]) -> tuple[float, Where]:
    """Of one cuboid: the cell that stands out most from all others, less the bits that name it."""
    sums = rows.groupby(names)[["real", "predict"]].sum()
    squares = known.groupby(names)["squares"].sum()
    others, left = sums.sum() - sums, (squares.sum() - squares).reindex(sums.index)
    trend = others["real"] / others["predict"]
    noise = squares.reindex(sums.index) + left * (sums["predict"] / others["predict"]) ** 2
    z = (sums["real"] - trend * sums["predict"]) / np.sqrt(noise * (trend + trend**2))
    score = z.pow(2) / 2 - np.log(len(sums))
    place = score.idxmax()
    levels = place if isinstance(place, tuple) else (place,)
    return float(score[place]), frozenset(zip(names, map(str, levels), strict=True))


def peers() -> dict[str, Peer]:
    """Every one that can run here, ours first."""
    found: dict[str, Peer] = {OURS: ours, "top-1 drill-down": drill_down}
    return found | ({WISE_PIZZA: wise_pizza} if has_wise_pizza() else {})
