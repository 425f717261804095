"""A segment with its evidence, and hypotheses about it: what was seen, how much it makes, how sure it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MEMBERS, WINDOW = "members", "window_number"

LEVEL = 0.01
"""A test speaks for its hypothesis below this chance: a dozen is made per segment."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """Something that may be behind a segment's change.

    `amount` is what it accounts for of the change, `sd` its standard error; both NaN where it has no
    amount. `is_residual` marks what is left to say when nothing more definite holds.
    """

    tag: str
    cause: str
    figure: float
    figure_before: float
    unit: str
    amount: float
    sd: float
    grade: str
    p_value: float
    refuted_by: str
    is_refuted: bool
    is_residual: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """A segment: its place, which letter of `members` it is, its change beyond the common one.

    `frames` hold the evidence by name, with `members` and `window_number` (0: period, 1: base) where they
    are told by segment; a name is missing where the data say nothing.
    `is_told` lists the frames whose table can tell the segment's rows. `in_money`: the change is one of
    net sales, so that amounts are parts of it; otherwise causes have none.
    """

    place: int
    number: int
    contribution: float
    low: float
    high: float
    factor: str
    where: Mapping[str, tuple[str, ...]]
    frames: Mapping[str, pd.DataFrame]
    is_told: frozenset[str] = field(default_factory=frozenset)
    in_money: bool = True

    @property
    def sign(self) -> float:
        """1 for a rise, -1 for a fall."""
        return math.copysign(1.0, self.contribution)

    def holds(self, name: str) -> bool:
        """Whether there is evidence of a kind that tells this segment."""
        return name in self.is_told and len(self.frames[name]) > 0

    def split(self, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Evidence inside and outside."""
        frame = self.frames[name]
        inside = frame[MEMBERS].str[self.number] == "1"
        return frame[inside], frame[~inside]

    def sums(self, name: str, column: str) -> Floats:
        """[[inside now, inside before], [outside now, outside before]]."""
        return np.array([[_sum(part, column, w) for w in (0, 1)] for part in self.split(name)])

    def dispersion(self) -> float:
        """Variance of net sales over net sales: the mean order by amount."""
        inside, _ = self.split("orders")
        net = abs(float(inside["net"].sum()))
        return float(inside["squares"].sum()) / net if net else float("nan")


def by_key(frame: pd.DataFrame, key: str, columns: list[str]) -> pd.DataFrame:
    """Sums per key with `_0` (now) and `_1` (before) columns; 0 where there is nothing."""
    wide = frame.pivot_table(index=key, columns=WINDOW, values=columns, aggfunc="sum", fill_value=0)
    wide.columns = [f"{name}_{int(window)}" for name, window in wide.columns]
    every = [f"{name}_{window}" for name in columns for window in (0, 1)]
    return wide.reindex(columns=every, fill_value=0.0).astype(float)


def growth(sums: Floats, none: float = 1.0) -> float:
    """Now over before."""
    return float(sums[0] / sums[1]) if sums[1] > 0 and sums[0] > 0 else none


def ratio(part: float, whole: float) -> float:
    """Part of a whole; NaN of nothing."""
    return part / whole if whole else float("nan")


def chance(z: float) -> float:
    """Two-sided chance of a standard normal as far out.

    Examples
    --------
    >>> round(chance(1.96), 3)
    0.05
    """
    return math.erfc(abs(z) / math.sqrt(2)) if not math.isnan(z) else float("nan")


def standardised(value: float, sd: float) -> float:
    """Value in standard errors; NaN without one."""
    return value / sd if sd > 0 else float("nan")


def _sum(frame: pd.DataFrame, column: str, window: int) -> float:
    return float(frame.loc[frame[WINDOW] == window, column].sum())
