"""Significance of a search: how strong a segment it finds when nothing happened.

The strength of a cell is its gain beyond its bits. Where earlier comparisons are at hand the strongest cell
of each tells what nothing looks like, otherwise searches in which the gaps outside all segments have
signs dealt at random. The largest of many is Gumbel distributed; its scale is 1 for normal gaps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .cube import Floats
from .search import Cover

RUNS = 29
WORK = 3_000_000
"""Cells to go through in all runs together."""

FEWEST = 7
LEVEL = 0.05
"""A segment with a larger p-value is not told."""

NORMAL_PLACE = math.log(0.2)
"""Place of the Gumbel distribution for normal gaps: cells' bits leave exp(-x) / 5 beyond x."""


@dataclass(frozen=True, slots=True)
class Placebo:
    """What strength to expect by chance: a Gumbel distribution, and where it is from."""

    source: str
    runs: int
    place: float
    scale: float

    def p_value(self, strength: float) -> float:
        """Chance of as strong a cell anywhere when nothing happened.

        Examples
        --------
        >>> round(Placebo("tail", 0, NORMAL_PLACE, 1.0).p_value(3.0), 4)
        0.0099
        """
        return float(-math.expm1(-math.exp(min((self.place - strength) / self.scale, 30.0))))


def placebo_of(cover: Cover, past: tuple[float, ...] = ()) -> Placebo:
    """Strengths of earlier comparisons or, without any, of random signs on what `cover` has left."""
    if len(past) >= FEWEST:
        return _fit("earlier", past)
    cells = sum(cover.cube.size(c) for c in cover.cube.cuboids)
    runs = min(RUNS, WORK // max(cells, 1))
    if runs < FEWEST or not cover.live.any():
        return Placebo("tail", 0, NORMAL_PLACE, 1.0)
    return _fit("permuted", permuted(cover, runs))


def permuted(cover: Cover, runs: int) -> tuple[float, ...]:
    """Strength of the strongest cell with random signs on the leaves' gaps, the larger gaps dealt first."""
    left = np.where(cover.live, cover.gaps.gap, 0.0)
    order = np.lexsort((cover.gaps.mass, np.abs(left)))[::-1]
    chance = np.random.default_rng([int(cover.live.sum()), len(cover.cube.cards)])
    found = []
    for _ in range(runs):
        signs = np.empty(len(left))
        signs[order] = chance.integers(0, 2, len(left)) * 2.0 - 1.0
        found.append(_strongest(cover, left * signs))
    return tuple(found)


def _strongest(cover: Cover, gap: Floats) -> float:
    sums = cover.cube.sums(gap)
    return max(cover.strength(c, sums[c]) for c in cover.cube.cuboids)


def _fit(source: str, strengths: tuple[float, ...]) -> Placebo:
    """Gumbel by moments, no lighter than for normal gaps."""
    told = np.asarray(strengths)
    scale = max(float(np.std(told, ddof=1)) * math.sqrt(6) / math.pi, 1.0)
    place = float(told.mean()) - 0.5772156649 * scale
    return Placebo(source, len(told), max(place, NORMAL_PLACE), scale)
