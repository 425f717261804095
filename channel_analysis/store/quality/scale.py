"""Scales: the orders of magnitude of amounts in groups, the centre of each group, and distances from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .look import Look
from .tally import Counted, Tally

STEPS = 100
"""Values are compared by their natural logarithm, in steps of a hundredth: one per cent."""

FEWEST = 3
"""A group of so many values has a centre."""

Whole = npt.NDArray[np.int64]


def step(value: str) -> str:
    """The order of magnitude of a value, in steps; NULL for nothing."""
    return f"CAST(ROUND(LN(NULLIF({value}, 0)) * {STEPS}) AS BIGINT)"


@dataclass(frozen=True)
class Bins:
    """How many values (`rows`) of each group lie at each step; `whose` are places in `groups`.

    Groups stand together, in the order of their steps.
    """

    groups: pa.Array
    whose: Whole
    steps: Whole
    rows: Whole

    @classmethod
    def of(cls, counted: Counted) -> Bins:
        """The bins of a tally of groups and steps."""
        groups = counted.texts.dictionary_encode()
        whose, steps, rows = (
            np.asarray(part, dtype=np.int64) for part in (groups.indices, counted.numbers, counted.rows)
        )
        order = np.lexsort((steps, whose))
        return cls(groups.dictionary, whose[order], steps[order], rows[order])

    def sums(self, which: npt.NDArray[np.bool_] | None = None) -> Whole:
        """Values by group; only those of the bins asked for."""
        rows = self.rows if which is None else np.where(which, self.rows, 0)
        return np.bincount(self.whose, rows, len(self.groups)).astype(np.int64)

    @cached_property
    def totals(self) -> Whole:
        """Values by group."""
        return self.sums()

    @cached_property
    def medians(self) -> Whole:
        """The step of the middle value, by group."""
        upto = np.cumsum(self.rows)
        before = np.cumsum(self.totals) - self.totals
        reached = np.flatnonzero(2 * (upto - before[self.whose]) >= self.totals[self.whose])
        _, first = np.unique(self.whose[reached], return_index=True)
        return self.steps[reached[first]]

    @cached_property
    def modes(self) -> Whole:
        """The step of most values, the least of several, by group."""
        order = np.lexsort((self.steps, -self.rows, self.whose))
        _, first = np.unique(self.whose[order], return_index=True)
        return self.steps[order[first]]

    def centred(self, width: int) -> npt.NDArray[np.bool_]:
        """Whether a group has a centre: most of its values lie within `width` steps of the median."""
        near = self.sums(abs(self.steps - self.medians[self.whose]) <= width)
        return (self.totals >= FEWEST) & (10 * near >= 6 * self.totals)

    def distances(self, width: int) -> Mapping[int, int]:
        """How many values of groups with a centre lie at each distance from it."""
        inside = self.centred(width)[self.whose]
        off = (self.steps - self.medians[self.whose])[inside]
        values, places = np.unique(off, return_inverse=True)
        counts = np.bincount(places, self.rows[inside], len(values)).astype(np.int64)
        return dict(zip(values.tolist(), counts.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Scale:
    """Values of a table in groups: each has the median of its group, if most values lie within `width` of it.

    `size` is what is averaged beside, to tell which of two columns is the odd one.
    """

    look: Look
    name: str
    group: str
    value: str
    size: str
    width: int

    @property
    def tally(self) -> Tally:
        """What must be counted: groups and steps."""
        return Tally(f"{self.name}_bins", self.group, step(self.value))

    def bins(self) -> Bins:
        """The bins, counted now unless they were with others."""
        self.look.count([self.tally])
        return Bins.of(self.look.tallied[self.tally.name])

    def keep(self) -> tuple[str, str]:
        """Keep the centres, with the mean size of each group's values; the table's name, and its join."""
        bins = self.bins()
        has_centre = bins.centred(self.width)
        columns: dict[str, Any] = {
            "whose": bins.groups.filter(pa.array(has_centre)),
            "centre": bins.medians[has_centre],
        }
        middles, _ = self.look.keep(f"{self.name}_middles", pa.table(columns))
        size = f"LN(NULLIF(ABS({self.size}), 0)) * {STEPS}"
        sizes = (
            f"SELECT whose, AVG(size) AS size FROM (SELECT {self.group} AS whose, {size} AS size "
            f"FROM {self.look.view} AS t) AS v GROUP BY whose"
        )
        centre, _ = self.look.keep(
            f"{self.name}_centres",
            "SELECT c.whose AS whose, c.centre AS centre, s.size AS size "
            f"FROM {middles} AS c INNER JOIN ({sizes}) AS s ON s.whose = c.whose",
        )
        return centre, f"LEFT JOIN {centre} AS {centre} ON {centre}.whose = {self.group}"
