"""How far a cell may stray by chance: the noise model, chosen from the data.

Known variances are taken as they are ("given"). With `HISTORY` earlier periods each cell's own past says
how much it varies ("history"). Otherwise noise that grows with the root of a leaf's size is that of orders
("counts": compound Poisson, negative binomial; a dispersion per price level), noise that grows with size
itself is read from the ranks of the leaves' deviations ("relative").
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from .cube import Cube, Dims, Floats, Ints, Sums, added
from .dispersion import by_level, dispersion, filled_share

HISTORY = 8
"""Earlier periods from which a cell's own past can say how much it varies."""

CLIP = 8.0
"""No leaf counts for more than this many standard deviations where noise is read from ranks."""

FILLED = 0.7
"""Share of leaves not empty by chance from which their deviations can be read one by one."""

FULL = 0.99
"""Share of cells not empty by chance from which their ratios are not those of a few orders."""


@dataclass(frozen=True, slots=True, eq=False)
class Leaves:
    """Sums of every leaf: actual, expected, their variance if known, earlier comparisons (later, before).

    `unsure` is how many times as unsure as a sum of its size what is expected is (of ratios: observed on
    less than it is asked for); 1 for sums.
    """

    actual: Floats
    expected: Floats
    variance: Floats | None = None
    pairs: tuple[tuple[Floats, Floats], ...] = ()
    unsure: Floats | float = 1.0

    @property
    def live(self) -> NDArray[np.bool_]:
        """Leaves with anything in them."""
        return (self.actual != 0) | (self.expected != 0)


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """The gap of every leaf in units of its noise: sums over a cell tell what stands out.

    `gap` is actual less trend times expected, `mass` what a relative effect multiplies, `variance` the
    gap's; `square`, where every leaf tells something by itself, the gap squared. `least` is the smallest
    |gap| / mass worth naming, `money` the variance of each leaf's gap in the KPI's unit. `wider` is how
    many times its own variance a cell's past says it has, told by `freedom` degrees of freedom; `past`
    holds the strengths of the strongest cell in each earlier comparison. `beyond` is how
    many times their known variance the leaves stray
    throughout, `phi` the variance of each by its size.
    """

    model: str
    trend: float
    gap: Floats
    mass: Floats
    variance: Floats
    square: Floats | None
    least: float
    margin: float
    money: Floats
    wider: Sums = field(default_factory=dict)
    freedom: dict[Dims, float] = field(default_factory=dict)
    past: tuple[float, ...] = ()
    beyond: float = 1.0
    phi: Floats = field(default_factory=lambda: np.ones(1))


def gain_of(square: Floats, freedom: float) -> Floats:
    """Log-likelihood gained, from squared standard scores; a t distribution's where noise was estimated."""
    if freedom > 500:
        return square / 2
    return np.asarray((freedom + 1) / 2 * np.log1p(square / freedom))


def bits_of(cube: Cube, dims: Dims, variance: Floats) -> float:
    """Bits (natural) that say which cuboid, the deeper the more, and which of its cells."""
    cells = max(int(np.count_nonzero(variance)), 1)
    return len(dims) * math.log(2) + math.log(math.comb(len(cube.cards), len(dims))) + math.log(cells)


def measure(cube: Cube, leaves: Leaves, counted: NDArray[np.bool_]) -> Gaps:
    """Gaps under the noise model that fits; `counted` marks the leaves that tell of trend and noise."""
    counted = counted & leaves.live
    if leaves.variance is not None:
        return _given(cube, leaves, counted)
    if len(leaves.pairs) >= HISTORY:
        return _history(cube, leaves, counted)
    if is_relative(cube, leaves, counted):
        return _relative(cube, leaves, counted)
    return _counts(cube, leaves, counted)


def widened(cube: Cube, gaps: Gaps, left: NDArray[np.bool_]) -> Gaps:
    """Noise widened where leaves outside all segments (`left`) stray beyond what is known of it.

    Then something moved that these dimensions do not tell apart. Only leaves of a few orders and more,
    and only a noise that is not read from the comparison itself, can say so.
    """
    told = left & (gaps.variance > 1.0)
    if gaps.model not in ("given", "history") or told.sum() < max(30, 0.9 * (gaps.variance[left] > 0).sum()):
        return gaps
    known, finest = gaps.variance[told], cube.cuboids[-1]
    if gaps.wider and len(finest) == len(cube.cards):
        known = known * gaps.wider[finest][cube.cells(finest)[told]]
    square = gaps.gap[told] ** 2 / known
    beyond = float(square.mean())
    if beyond < 1.5 or beyond - 1 < 4 * float(np.std(square)) / math.sqrt(len(square)):
        return gaps
    wider = {c: (gaps.wider[c] if gaps.wider else np.ones(cube.size(c))) * beyond for c in cube.cuboids}
    return replace(gaps, wider=wider, beyond=beyond)


def is_relative(cube: Cube, leaves: Leaves, counted: NDArray[np.bool_]) -> bool:
    """Whether noise grows with a leaf's size itself rather than with its root.

    It does where the log of |gap| rises with the log of size by more than 3/4 within price levels, and
    where most leaves have not changed at all. With many leaves empty in one period it is counts.
    """
    actual, expected = leaves.actual, leaves.expected
    both = counted & (actual != 0) & (expected != 0)
    if not both.any() or filled_share(actual[counted], expected[counted]) < FILLED:
        return False
    rows = np.flatnonzero(both)
    trend = float(np.median(actual[rows] / expected[rows]))
    gap = np.abs(actual[rows] - trend * expected[rows])
    told = gap > 1e-12 * np.abs(actual[rows])
    if told.sum() < 0.5 * len(rows):
        return True
    rows, gap = rows[told], gap[told]
    size = np.log(np.abs(actual[rows]) + np.abs(trend * expected[rows]))
    slope, error = _slope(cube, rows, size, np.log(gap))
    return slope - error > 0.75


def _slope(cube: Cube, rows: Ints, x: Floats, y: Floats) -> tuple[float, float]:
    """Slope of y on x, and its error, within the levels of the dimension along which y differs most."""
    best, slope, error = -1.0, 0.0, 1.0
    for dim, card in enumerate(cube.cards):
        level = cube.codes_of((dim,), rows)[0]
        n = np.maximum(np.bincount(level, minlength=card), 1)
        mean_x, mean_y = np.bincount(level, x, card) / n, np.bincount(level, y, card) / n
        spread = float(np.var((mean_y - mean_x / 2)[level]))
        dx, dy = x - mean_x[level], y - mean_y[level]
        if spread > best and (dx @ dx) > 1e-9:
            best, slope = spread, float(dx @ dy / (dx @ dx))
            error = float(np.sqrt(np.mean((dy - slope * dx) ** 2) / (dx @ dx)))
    return slope, error


def common_trend(cube: Cube, actual: Floats, expected: Floats, counted: NDArray[np.bool_]) -> float:
    """The ratio most cells share: a weighted median over the finest cuboid that is filled well enough."""
    rows = np.flatnonzero(counted)
    now, before = actual[rows], expected[rows]
    if filled_share(now, before) < FULL:
        tables = [
            [added(cube.cells(c, rows), w, cube.size(c)) for w in (now, before)]
            for c in cube.cuboids
            if len(c) <= 2
        ]
        filled = [pair for pair in tables if filled_share(*pair) >= FULL] or tables or [[now, before]]
        now, before = max(filled, key=lambda pair: int(((pair[0] > 0) & (pair[1] > 0)).sum()))
    told = (now > 0) & (before > 0)
    ratio = now[told] / before[told]
    whole = float(np.median(ratio)) if len(ratio) else 1.0
    return weighted_median(ratio, np.sqrt(np.minimum(now[told], whole * before[told])))


def weighted_median(values: Floats, weights: Floats) -> float:
    """The value that half the weight lies below; 1 where there is none.

    Examples
    --------
    >>> weighted_median(np.array([1.0, 2.0, 9.0]), np.array([1.0, 1.0, 1.0]))
    2.0
    """
    if not len(values) or weights.sum() <= 0:
        return 1.0
    order = np.argsort(values, kind="stable")
    return float(values[order][np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)])


def _counts(cube: Cube, leaves: Leaves, counted: NDArray[np.bool_], phi: Floats | None = None) -> Gaps:
    """Noise that grows with the root of size, per price level."""
    actual, expected = leaves.actual, leaves.expected
    trend = common_trend(cube, actual, expected, counted)
    size = np.abs(actual) + trend * np.abs(expected) * leaves.unsure
    freedom = math.inf
    if phi is None:
        phi, freedom = dispersion(cube, actual, expected, size, counted)
    gap, mass = (actual - trend * expected) / phi, trend * np.abs(expected) / phi
    free = dict.fromkeys(cube.cuboids, freedom)
    return Gaps("counts", trend, gap, mass, size / phi, None, 0.1, 1.5, size * phi, freedom=free, phi=phi)


def _given(cube: Cube, leaves: Leaves, counted: NDArray[np.bool_]) -> Gaps:
    """Noise as the caller knows it, in units of it per unit of size at each price level."""
    actual, expected = leaves.actual, leaves.expected
    variance = leaves.variance if leaves.variance is not None else np.zeros(len(actual))
    trend = common_trend(cube, actual, expected, counted)
    size = np.abs(actual) + trend * np.abs(expected)
    rows = np.flatnonzero(counted)
    phi = by_level(cube, variance, size, rows)[1]
    gap, mass = (actual - trend * expected) / phi, trend * np.abs(expected) / phi
    return Gaps("given", trend, gap, mass, variance / phi**2, None, 0.1, 1.5, variance)


def _history(cube: Cube, leaves: Leaves, counted: NDArray[np.bool_]) -> Gaps:
    """Noise of orders, widened for each cell by how much more it varied in its own past."""
    pairs = [
        (Leaves(later, base, unsure=leaves.unsure), (later != 0) | (base != 0))
        for later, base in leaves.pairs
    ]
    phi = np.mean([_counts(cube, *one).phi for one in pairs], axis=0)
    before, now = [_counts(cube, *one, phi) for one in pairs], _counts(cube, leaves, counted, phi)
    past: dict[Dims, list[Floats]] = {c: [] for c in cube.cuboids}
    for gaps in before:
        gap, variance = cube.sums(gaps.gap), cube.sums(gaps.variance)
        for c in cube.cuboids:
            past[c].append(np.where(variance[c] > 0, gap[c] ** 2 / np.maximum(variance[c], 1.0), 1.0))
    wider, freedom = {}, {}
    strengths = np.full(len(leaves.pairs), -np.inf)
    sizes = cube.sums(now.variance)
    for c, squares in past.items():
        prior, own = squeeze(np.mean(squares, axis=0), len(squares))
        total, freedom[c] = np.sum(squares, axis=0), own + len(squares)
        wider[c] = np.maximum((own * prior + total) / freedom[c], 1.0)
        bits = bits_of(cube, c, sizes[c])
        for place, square in enumerate(squares):
            others = np.maximum((own * prior + total - square) / (freedom[c] - 1), 1.0)
            strength = float(gain_of(square / others, freedom[c] - 1).max()) - bits
            strengths[place] = max(strengths[place], strength)
    return replace(now, model="history", wider=wider, freedom=freedom, past=tuple(strengths.tolist()))


def squeeze(variances: Floats, freedom: int) -> tuple[float, float]:
    """The variance many have in common, and the degrees of freedom it is worth beside each one's own.

    Smyth, "Linear models and empirical Bayes methods", Stat. Appl. Genet. Mol. Biol. 3 (2004), section 6.2.
    """
    from scipy.special import digamma, polygamma

    told = variances[variances > 1e-6]
    if len(told) < 6:
        return float(np.mean(variances)) if len(variances) else 1.0, 2.0
    log = np.log(told) - digamma(freedom / 2) + np.log(freedom / 2)
    extra = float(np.var(log, ddof=1) - polygamma(1, freedom / 2))
    if extra <= 1e-3:
        return float(np.exp(log.mean())), 1000.0
    half = _inverse_trigamma(extra)
    return float(np.exp(log.mean() + digamma(half) - np.log(half))), 2 * half


def _inverse_trigamma(value: float) -> float:
    from scipy.special import polygamma

    x = 0.5 + 1 / value
    for _ in range(50):
        step = polygamma(1, x) * (1 - polygamma(1, x) / value) / polygamma(2, x)
        x = max(x + float(step), 1e-3)
        if abs(step) < 1e-8 * x:
            break
    return x


def _relative(cube: Cube, leaves: Leaves, counted: NDArray[np.bool_]) -> Gaps:
    """Noise in proportion to size: every leaf's deviation by its rank among the quieter side's."""
    actual, expected, live = leaves.actual, leaves.expected, leaves.live
    trend = common_trend(cube, actual, expected, counted)
    size = (np.abs(actual) + trend * np.abs(expected)) / 2
    gap = actual - trend * expected
    gap[np.abs(gap) < 1e-9 * size] = 0.0
    deviation = np.divide(gap, size, out=np.zeros(len(gap)), where=live)
    z = np.zeros(len(gap))
    scaled = _by_factor if (deviation[counted] == 0).mean() > 0.5 else _by_larger
    z[live] = by_rank(scaled(deviation[live]), scaled(deviation[counted]))
    ones = live.astype(np.float64)
    spread = float(np.median(np.abs(deviation[counted]))) / 0.6745 if counted.any() else 0.0
    return Gaps("relative", trend, z, ones, ones, z * z, 1.0, 3.0, (spread * size) ** 2)


def _by_larger(deviation: Floats) -> Floats:
    """Gaps by their mean size told by the larger of both values: straight in noise of the other one."""
    return np.asarray(2 * deviation / (2 + np.abs(deviation)))


def _by_factor(deviation: Floats) -> Floats:
    """Gaps by their mean size told as log ratios, finite for leaves empty in one period."""
    return np.asarray(2 * np.arctanh(np.clip(deviation / 2, -1 + 1e-9, 1 - 1e-9)))


def by_rank(deviation: Floats, told: Floats) -> Floats:
    """Standard scores of deviations, by ranks of the side of `told` with the lighter tail; a line beyond."""
    null = _quiet_side(told)
    if null is None:
        scale = max(float(np.median(np.abs(told))) / 0.6745 if len(told) else 0.0, 1e-3)
        return np.clip(deviation / scale, -CLIP, CLIP)
    from scipy.special import ndtri

    n = len(null)
    share = (np.arange(1, n + 1) - 0.5) / n
    score = ndtri((1 + share) / 2)
    last = max(0, n - 6)
    low = int(np.searchsorted(share, 0.9))
    x, y = null[low : last + 1], score[low : last + 1]
    steepest = score[last] / max(null[last], 1e-9)
    slope = min((y[-1] - y[0]) / max(x[-1] - x[0], 1e-9) if len(x) > 2 else steepest, steepest)
    size = np.abs(deviation)
    z = np.interp(size, np.r_[0, null[: last + 1]], np.r_[0, score[: last + 1]])
    far = size > null[last]
    z[far] = score[last] + slope * (size[far] - null[last])
    return np.asarray(np.clip(np.sign(deviation) * z, -CLIP, CLIP))


def _quiet_side(deviation: Floats) -> Floats | None:
    """Sizes, in order, on the side whose 99.9th percentile is the smaller, with half of those that are 0."""
    best: tuple[float, Floats] | None = None
    for sign in (1, -1):
        side = np.sort(sign * deviation[sign * deviation > 0])
        if len(side) >= 30 and (best is None or side[int(0.999 * (len(side) - 1))] < best[0]):
            best = side[int(0.999 * (len(side) - 1))], side
    if best is None:
        return None
    return np.r_[np.zeros(int((deviation == 0).sum()) // 2), best[1]]
