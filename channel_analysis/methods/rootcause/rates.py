"""What rates were to be expected of leaves: a leaf's own base is too little, that of its levels is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Dimensions = Mapping[str, tuple[Codes, int]]

MOST_CELLS = 400
"""Pairs of dimensions with at most so many cells have rates of their own."""

ROUNDS = 3
"""Turns until the noise about the rates and the rates themselves agree."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Per leaf the numerator to be expected and its variance by chance; how well the rates are known.

    `spreads` holds, per dimension or pair of dimensions, the codes of leaves and the variance of the
    rate of each level that is left: large where there is no base.
    """

    numerator: Floats
    chance: Floats
    spreads: tuple[tuple[Codes, Floats], ...]

    def variance(self, denominator: Floats) -> float:
        """Variance of the expected sum of leaves with these denominators (0: not among them)."""
        return sum(
            float((np.bincount(codes, denominator, len(spread)) ** 2 * spread).sum())
            for codes, spread in self.spreads
        )


def expected_rates(
    dimensions: Dimensions, base: tuple[Floats, Floats, Floats], now: tuple[Floats, Floats]
) -> Rates:
    """Expected numerators if every level kept its rate of the base period.

    Parameters
    ----------
    dimensions : mapping of str to (codes of leaves, number of levels)
    base : numerators, denominators and rows of the base, per leaf
    now : denominators and rows of the period, per leaf

    Notes
    -----
    Rates are effects of levels, and of pairs of small dimensions, added up from the coarsest to the
    finest, each a random effect whose variance is found by moments (DerSimonian and Laird, Controlled
    Clinical Trials 7, 1986). The variance of a numerator about its rate is in proportion to its denominator
    for counts, to the squared denominator of a row for amounts.
    """
    numerator, denominator, rows = base
    total = float(denominator.sum())
    overall = float(numerator.sum()) / total if total > 0 else 0.0
    units = [_units(numerator, *side) for side in ((denominator, rows), now)]
    groups = _groups(dimensions)
    noise = _noise(numerator - overall * denominator, units[0])
    for _ in range(ROUNDS):
        rate = np.full(len(denominator), overall)
        spreads = []
        for codes, size in groups:
            effect, spread = _effects(
                numerator - rate * denominator, denominator, units[0] * noise, codes, size
            )
            rate = rate + effect[codes]
            spreads.append((codes, spread))
        noise = _noise(numerator - rate * denominator, units[0])
    return Rates(rate * now[0], units[1] * noise, tuple(spreads))


def _units(numerator: Floats, denominator: Floats, rows: Floats) -> Floats:
    """What the variance of a numerator is in proportion to."""
    if _are_counts(numerator) and _are_counts(denominator):
        return denominator
    return np.divide(denominator**2, rows, out=np.zeros(len(rows)), where=rows > 0)


def _are_counts(values: Floats) -> bool:
    return bool((values >= 0).all() and np.array_equal(values, np.round(values)))


def _noise(gaps: Floats, units: Floats) -> float:
    there = units > 0
    return float((gaps[there] ** 2 / units[there]).sum() / max(there.sum(), 1))


def _groups(dimensions: Dimensions) -> list[tuple[Codes, int]]:
    """Codes of every dimension and of every small pair of dimensions, the coarsest first."""
    groups = [(size, name, codes) for name, (codes, size) in dimensions.items()]
    for one, other in combinations(sorted(dimensions), 2):
        (first, size), (second, count) = dimensions[one], dimensions[other]
        if size * count <= MOST_CELLS:
            groups.append((size * count, f"{one} {other}", first * count + second))
    return [(codes, size) for size, _, codes in sorted(groups, key=lambda group: group[:2])]


def _effects(
    gaps: Floats, denominator: Floats, variance: Floats, codes: Codes, size: int
) -> tuple[Floats, Floats]:
    """Shrunk effect of each level on the rate, and the variance that is left of it."""
    weight = np.bincount(codes, denominator, size)
    there = weight > 0
    mean = np.divide(np.bincount(codes, gaps, size), weight, out=np.zeros(size), where=there)
    sampling = np.divide(np.bincount(codes, variance, size), weight**2, out=np.zeros(size), where=there)
    between = _between(mean[there], np.maximum(sampling[there], 1e-18))
    kept = np.divide(between, between + sampling, out=np.zeros(size), where=there & (between + sampling > 0))
    return mean * kept, between * (1 - kept)


def _between(means: Floats, sampling: Floats) -> float:
    """Variance between levels beyond that of sampling (by moments)."""
    if len(means) < 2:
        return 0.0
    weight = 1 / sampling
    excess = float((weight * (means - np.average(means, weights=weight)) ** 2).sum()) - (len(means) - 1)
    return max(0.0, excess / float(weight.sum() - (weight**2).sum() / weight.sum()))
