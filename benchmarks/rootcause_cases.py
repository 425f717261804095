"""A case with known root causes, and how what is found is counted against them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Where = frozenset[tuple[str, str]]
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Case:
    """A leaf table, its dimensions, the planted segments, and what else is known of it.

    `earlier` names columns of earlier periods, oldest first; `variance` the column with the known noise
    variance of real - predict; `strength` the planted shift in standard errors, `depth` the dimensions of
    the deepest planted segment, `amount` what the planting is worth on average (NaN: not known);
    `noise`, per leaf that could sell, the sum of squared orders expected in the earlier period;
    `is_nested` where levels of one dimension lie within those of another, so that leaves have many names.
    """

    name: str
    frame: pd.DataFrame
    dimensions: list[str]
    truth: set[Where]
    earlier: tuple[str, ...] = ()
    variance: str = ""
    strength: float = float("nan")
    depth: int = 0
    amount: float = float("nan")
    noise: pd.DataFrame | None = None
    is_nested: bool = False


def where(segment: Mapping[str, Any]) -> Where:
    """A segment as its set of dimension and value."""
    return frozenset((str(name), str(value)) for name, value in segment.items())


def hits(found: Iterable[Mapping[str, Any] | Where], truth: set[Where]) -> tuple[int, int, int]:
    """Segments found that are true, found that are not, and true ones not found."""
    told = {one if isinstance(one, frozenset) else where(one) for one in found}
    return len(told & truth), len(told - truth), len(truth - told)


def respelled(found: Iterable[Where], case: Case) -> set[Where]:
    """Segments under the planted name where they hold exactly the leaves of a planted one.

    On real leaves one set of rows often has several names: who sells in one city sells in its country.
    """

    def leaves(segment: Where) -> bytes:
        return np.logical_and.reduce([case.frame[name] == level for name, level in segment]).tobytes()

    planted = {leaves(one): one for one in case.truth}
    return {planted.get(leaves(one), one) for one in found if one}


def f1(found: Iterable[Mapping[str, Any] | Where], truth: set[Where]) -> float:
    """F1 of one case with exact spelling; 1 where nothing is true and nothing is told."""
    return micro_f1([hits(found, truth)])


def micro_f1(counts: Sequence[tuple[int, int, int]]) -> float:
    """F1 over the hits of many cases together."""
    right, wrong, missed = np.asarray(counts).reshape(-1, 3).sum(axis=0)
    return float(2 * right / (2 * right + wrong + missed)) if right + wrong + missed else 1.0


def grid(cards: Mapping[str, int]) -> Rows:
    """Codes of every combination of levels: one row per leaf, one column per dimension."""
    return np.indices(tuple(cards.values())).reshape(len(cards), -1).T.astype(np.int64)


def named(codes: Rows, names: Sequence[str]) -> pd.DataFrame:
    """Leaves with levels called by their dimension and a number from 1."""
    columns = {}
    for place, name in enumerate(names):
        levels = np.array([f"{name}{code + 1}" for code in range(codes[:, place].max() + 1)], dtype=object)
        columns[name] = levels[codes[:, place]]
    return pd.DataFrame(columns)


def inside(codes: Rows, places: Sequence[int], values: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Which leaves a segment holds."""
    return np.logical_and.reduce([codes[:, at] == value for at, value in zip(places, values, strict=True)])


def spelled(names: Sequence[str], places: Sequence[int], values: Sequence[int]) -> Where:
    """A segment of codes as dimension and value."""
    return frozenset((names[at], f"{names[at]}{value + 1}") for at, value in zip(places, values, strict=True))
