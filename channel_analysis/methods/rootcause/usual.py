"""What a change was to be expected to be, from how the same comparison went before.

Levels differ in how they change for two reasons: some do so every time (a channel that grows faster), and
all do by chance beyond that of single orders. Only the first shifts what is expected; the second widens
what counts as noise. What agrees between earlier pairs of periods is the one, what does not the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

FEWEST_LEVELS = 4
"""With fewer levels their spread cannot be told; each then stands for itself."""

OUTLYING = 2.0
"""Standard deviations beyond which a level is not like the others: it does not tell their spread, and is
shrunk by no more (limited translation: Efron and Morris, JASA 67, 1972)."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An earlier comparison, leaf by leaf: sums of the later and the earlier period and their variances."""

    now: Floats
    before: Floats
    now_variance: Floats
    before_variance: Floats


@dataclass(frozen=True, slots=True)
class Usual:
    """The ratio to be expected per leaf, and how far the next change may be from it beyond single orders.

    `spreads` holds, per dimension, the variance of the log ratio of each level; `whole` that of the
    whole's (NaN without earlier pairs).
    """

    ratio: Floats
    spreads: Mapping[str, Floats]
    whole: float

    def variance(self, expected: Floats, codes: Mapping[str, Codes]) -> float:
        """Variance of the expected sum of some leaves (amounts and their codes per dimension)."""
        return sum(
            float((np.bincount(codes[name], expected, len(spread)) ** 2 * spread).sum())
            for name, spread in self.spreads.items()
        )


def usual_change(base: Floats, dimensions: Mapping[str, tuple[Codes, int]], pairs: Sequence[Pair]) -> Usual:
    """Expected ratio of every leaf to its base.

    Parameters
    ----------
    base : array of leaves
        Sums of the base period.
    dimensions : mapping of str to (codes of leaves, number of levels)
    pairs : sequence of Pair
        Earlier comparisons of the same kind; without any the ratio is 1.

    Notes
    -----
    From the coarsest dimension to the finest, the log ratios of levels, less what those before say, are a
    random-effects model:
    between-level variance by moments (DerSimonian and Laird, Controlled Clinical Trials 7, 1986), the
    lasting part from the covariance of different pairs; effects are shrunk to it.
    """
    nothing = np.zeros(len(base))
    usable = [pair for pair in pairs if pair.now.sum() > 0 and pair.before.sum() > 0]
    if not usable:
        return Usual(np.ones(len(base)), {}, float("nan"))
    common = np.array([np.log(pair.now.sum() / pair.before.sum()) for pair in usable])
    effects = {name: np.zeros(size) for name, (_, size) in dimensions.items()}
    spreads = {name: np.zeros(size) for name, (_, size) in dimensions.items()}
    so_far = nothing
    for name in sorted(dimensions, key=lambda name: (dimensions[name][1], name)):
        codes, size = dimensions[name]
        ratios, noise = _log_ratios(usable, common, so_far, codes, size)
        effects[name], spreads[name] = _shrunk(ratios, noise)
        so_far = so_far + effects[name][codes]
    log_ratio = common.mean() + so_far
    return Usual(np.exp(log_ratio), spreads, _of_the_whole(common, usable))


def _log_ratios(
    pairs: Sequence[Pair], common: Floats, others: Floats, codes: Codes, size: int
) -> tuple[Floats, Floats]:
    """Log ratio of each level in each pair beyond the common and the others' one, and its sampling variance.

    Shape (pairs, levels); NaN where a level has nothing in one of both periods.
    """
    scale = np.exp(others)
    ratios, noise = np.full((2, len(pairs), size), np.nan)
    for row, pair in enumerate(pairs):
        now = np.bincount(codes, pair.now, size)
        before = np.bincount(codes, pair.before * scale, size)
        there = (now > 0) & (before > 0)
        relative = np.bincount(codes, pair.now_variance, size)[there] / now[there] ** 2
        relative += np.bincount(codes, pair.before_variance * scale**2, size)[there] / before[there] ** 2
        ratios[row, there] = np.log(now[there] / before[there]) - common[row]
        noise[row, there] = np.maximum(relative, 1e-12)
    return ratios, noise


def _shrunk(ratios: Floats, noise: Floats) -> tuple[Floats, Floats]:
    """Lasting effects of levels and the variance that is left of the next change, lasting and passing."""
    known = ~np.isnan(ratios)
    count = known.sum(axis=0)
    size = ratios.shape[1]
    if (count > 0).sum() < FEWEST_LEVELS:
        mean, variance = _pooled(ratios, noise, known)
        return mean, variance
    tamed = _tamed(ratios, noise, known)
    whole = max(0.0, _between(tamed, noise, known))
    lasting = min(whole, max(0.0, _lasting(tamed, noise, known))) if len(ratios) > 1 else whole
    passing = whole - lasting
    mean, variance = _pooled(ratios, noise + passing, known)
    weight = np.divide(lasting, lasting + variance, out=np.zeros(size), where=lasting + variance > 0)
    left = np.where(count > 0, lasting * (1 - weight), lasting)
    most = OUTLYING * np.sqrt(variance)
    return mean - np.clip(mean * (1 - weight), -most, most), left + passing


def _tamed(ratios: Floats, noise: Floats, known: NDArray[np.bool_]) -> Floats:
    """Log ratios about the middle of their pair, far ones brought in: one odd level is not their spread."""
    tamed = np.full_like(ratios, np.nan)
    for row in range(len(ratios)):
        here = known[row]
        if not here.any():
            continue
        gaps = ratios[row, here] - np.median(ratios[row, here])
        scale = np.maximum(1.4826 * np.median(np.abs(gaps)), np.sqrt(noise[row, here]))
        tamed[row, here] = np.clip(gaps, -OUTLYING * scale, OUTLYING * scale)
    return tamed


def _pooled(ratios: Floats, noise: Floats, known: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Mean of a level over pairs, weighted by certainty, and its variance; 0 where there is none."""
    weights = np.where(known, 1 / np.where(known, noise, 1.0), 0.0)
    total = weights.sum(axis=0)
    there = total > 0
    mean = np.divide(
        (weights * np.where(known, ratios, 0.0)).sum(axis=0), total, out=np.zeros(len(total)), where=there
    )
    return mean, np.divide(1.0, total, out=np.zeros(len(total)), where=there)


def _between(ratios: Floats, noise: Floats, known: NDArray[np.bool_]) -> float:
    """Variance between levels within one pair beyond sampling, averaged over pairs (by moments)."""
    found, weights = [], []
    for row in range(len(ratios)):
        here = known[row]
        if here.sum() < FEWEST_LEVELS:
            continue
        values, weight = ratios[row, here], 1 / noise[row, here]
        mean = np.average(values, weights=weight)
        excess = float((weight * (values - mean) ** 2).sum()) - (here.sum() - 1)
        found.append(excess / float(weight.sum() - (weight**2).sum() / weight.sum()))
        weights.append(here.sum() - 1)
    return float(np.average(found, weights=weights)) if found else 0.0


def _lasting(ratios: Floats, noise: Floats, known: NDArray[np.bool_]) -> float:
    """Covariance of levels between different pairs, weighted by certainty: what comes again every time."""
    total = weight_sum = 0.0
    for first in range(len(ratios)):
        for second in range(first + 1, len(ratios)):
            both = known[first] & known[second]
            if both.sum() < FEWEST_LEVELS:
                continue
            weight = 1 / np.sqrt(noise[first, both] * noise[second, both])
            one, other = ratios[first, both], ratios[second, both]
            one, other = one - np.average(one, weights=weight), other - np.average(other, weights=weight)
            total += float((weight * one * other).sum())
            weight_sum += float(weight.sum())
    return total / weight_sum if weight_sum else 0.0


def _of_the_whole(common: Floats, pairs: Sequence[Pair]) -> float:
    """Variance of the whole's next log ratio: chance of orders, and how far pairs differ from each other."""
    chance = float(
        np.mean([_relative(p.now_variance, p.now) + _relative(p.before_variance, p.before) for p in pairs])
    )
    if len(common) < 2:
        return 2 * chance
    beyond = max(float(common.var(ddof=1)) - chance, 0.0)
    return (beyond + chance) * (1 + 1 / len(common))


def _relative(variance: Floats, amount: Floats) -> float:
    return float(variance.sum() / amount.sum() ** 2)
