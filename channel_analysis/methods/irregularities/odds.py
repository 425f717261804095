"""How improbable a share, a load or a value is among honest peers that differ more than chance would."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc, betainc, betaln, gammaincc, gammaln, ndtr, ndtri

Floats = NDArray[np.float64]

_ROUNDS = 30
_ODD = 1e-3
"""Units whose odds are below this do not take part in the estimate of what is honest."""

_LEAST_EVENTS = 5
"""A first estimate rests on so many events at least."""

_FIRST_SPREAD = 0.03
"""A first estimate takes units to differ so much at least, so that none is left out too soon."""

_MOST = 0.95
"""No spread is larger: beyond it every unit would be all or nothing."""


def beta_binomial_tail(k: Floats, n: Floats, mean: Floats | float, spread: Floats | float) -> Floats:
    """P(K >= k) of n trials whose rate varies between units.

    Parameters
    ----------
    k, n : arrays
        Successes and trials, whole numbers.
    mean, spread : arrays or floats
        The rate's mean, and the correlation of two trials of one unit: 0 is the binomial.

    References
    ----------
    Skellam, J. G. (1948). A probability distribution derived from the binomial distribution.
    Journal of the Royal Statistical Society B 10, 257-261.

    Examples
    --------
    >>> k, n = np.array([3.0, 0.0]), np.array([10.0, 10.0])
    >>> beta_binomial_tail(k, n, 0.1, 0.0).round(4).tolist()
    [0.0702, 1.0]
    >>> beta_binomial_tail(k, n, 0.1, 0.1).round(4).tolist()
    [0.1268, 1.0]
    """
    means, spreads = np.broadcast_to(mean, k.shape), np.broadcast_to(spread, k.shape)
    return np.array([_tail(*unit) for unit in zip(k, n, means, spreads, strict=True)], dtype=float)


def _tail(k: float, n: float, mean: float, spread: float) -> float:
    if k <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    if mean >= 1:
        return 1.0
    if spread <= 1e-9:
        return float(bdtrc(k - 1, int(n), mean))
    a, b = mean * (1 / spread - 1), (1 - mean) * (1 / spread - 1)
    j = np.arange(k, n + 1)
    chosen = gammaln(n + 1) - gammaln(j + 1) - gammaln(n - j + 1)
    return float(min(1.0, np.exp(chosen + betaln(j + a, n - j + b) - betaln(a, b)).sum()))


def honest_rate(k: Floats, n: Floats) -> tuple[float, float]:
    """Mean and spread of the rate of honest units; the few that do not fit take no part.

    Moments of the beta-binomial over the units that are not odd under the last estimate, from the
    lower three quarters outwards, until no unit changes sides.

    References
    ----------
    Kleinman, J. C. (1973). Proportions with extraneous variance: single and independent samples.
    Journal of the American Statistical Association 68, 46-54.

    Examples
    --------
    >>> k = np.array([1.0] * 30 + [2.0] * 20 + [0.0] * 30 + [20.0] * 3)
    >>> [round(value, 3) for value in honest_rate(k, np.full(83, 20.0))]
    [0.044, 0.03]
    """
    share = k / n
    kept = _start(k, share)
    mean, spread = _moments(k[kept], n[kept])
    mean, spread = max(mean, 1 / n[kept].sum()), max(2 * spread, _FIRST_SPREAD)
    for _ in range(_ROUNDS):
        odds = beta_binomial_tail(k, n, max(mean, 1 / n[kept].sum()), spread)
        fits = odds >= _ODD
        if (fits == kept).all():
            break
        kept = fits
        mean, spread = _moments(k[kept], n[kept])
    return mean, spread


def _start(k: Floats, share: Floats) -> NDArray[np.bool_]:
    """The lower three quarters; nine tenths where hardly any of these has an event."""
    kept: NDArray[np.bool_] = share <= np.quantile(share, 0.75)
    return kept if k[kept].sum() >= _LEAST_EVENTS else share <= np.quantile(share, 0.9)


def _moments(k: Floats, n: Floats) -> tuple[float, float]:
    spread = 0.0
    mean = float(k.sum() / n.sum())
    for _ in range(10):
        weight = n / (1 + spread * (n - 1))
        mean = float((weight * k / n).sum() / weight.sum())
        if not 0 < mean < 1:
            return mean, 0.0
        squares = float((weight * (k / n - mean) ** 2).sum())
        share = weight / weight.sum()
        pure = mean * (1 - mean) * float((weight / n * (1 - share)).sum())
        extra = mean * (1 - mean) * float((weight * (1 - 1 / n) * (1 - share)).sum())
        last, spread = spread, min(max((squares - pure) / extra, 0.0), _MOST) if extra > 0 else 0.0
        if abs(last - spread) < 1e-9:
            break
    return mean, spread


def honest_among(k: Floats, known: Floats, exposure: Floats, rate: float) -> Floats:
    """The share of honest ones among k events of each kind, 1 where that many may all be honest.

    Parameters
    ----------
    k : array
        Events of each kind where they are looked for.
    known : array
        Events of the kind elsewhere, all taken for honest.
    exposure : array
        How much there is where they are looked for, over how much elsewhere.
    rate : float
        Over all kinds together the chance that honest events alone make a kind stand out.

    Notes
    -----
    With half an event added, honest events are a gamma mixture of Poisson counts (negative binomial).

    Examples
    --------
    >>> honest_among(np.array([1.0, 8.0]), np.array([2.0, 2.0]), np.array([0.1, 0.1]), 0.1).tolist()
    [1.0, 0.03125]
    """
    usual = exposure * (known + 0.5)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.where(k > 0, betainc(np.maximum(k, 1), known + 0.5, exposure / (1 + exposure)), 1.0)
        share = np.minimum(usual / k, 1.0)
    found: Floats = np.where(odds <= rate / max(len(k), 1), share, 1.0)
    return found


def load_tail(amount: Floats, expected: Floats, variance: Floats) -> Floats:
    """P(load >= amount) for a sum of orders with this expectation and variance: a gamma distribution.

    References
    ----------
    Bowers, N. L. et al. (1997). Actuarial Mathematics, 2nd ed., section 12.4 (compound Poisson sums
    approximated by a gamma distribution).

    Examples
    --------
    >>> load_tail(np.array([0.0, 300.0]), np.array([100.0, 100.0]), np.array([1e4, 1e4])).round(4).tolist()
    [1.0, 0.0498]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        tail = gammaincc(expected**2 / variance, amount * expected / variance)
    return np.where(amount <= 0, 1.0, np.where(expected > 0, tail, np.nan))


def tempered(p: Floats, peers: Floats, at: Sequence[float] = (0.8, 0.9)) -> Floats:
    """Odds made honest by the peers' own: where these are spread wider than odds should be, all are widened.

    The peers' odds as normal scores are compared with a normal distribution at some quantiles below
    which irregular ones do not reach; scores are divided by the largest ratio, never by less than 1.

    References
    ----------
    Efron, B. (2004). Large-scale simultaneous hypothesis testing: the choice of a null hypothesis.
    Journal of the American Statistical Association 99, 96-104.

    Examples
    --------
    >>> even = np.linspace(0.001, 0.999, 999)
    >>> tempered(np.array([0.01]), even).round(4).tolist()
    [0.01]
    >>> tempered(np.array([0.01]), ndtr(2 * ndtri(even))).round(4).tolist()
    [0.1218]
    """
    scores = scores_of(peers[~np.isnan(peers)])
    if not len(scores):
        return p
    scale = max([1.0, *(float(np.quantile(scores, q)) / float(ndtri(q)) for q in at)])
    tail: Floats = ndtr(-scores_of(p) / scale)
    return tail


def scores_of(p: Floats) -> Floats:
    """Odds as normal scores: 0 for even odds, about 3 for one in a thousand."""
    scores: Floats = -ndtri(np.clip(p, 1e-300, 1 - 1e-6))
    return scores


def normal_tail(z: Floats) -> Floats:
    """P(Z >= z) of a standard normal."""
    tail: Floats = ndtr(-z)
    return tail


def robust_scores(values: Floats) -> Floats:
    """Distances from the median in robust standard deviations; NaN where the values do not differ.

    Examples
    --------
    >>> robust_scores(np.array([1.0, 2.0, 3.0, 4.0, 100.0])).round(2).tolist()
    [-1.35, -0.67, 0.0, 0.67, 65.43]
    """
    middle = np.nanmedian(values)
    spread = np.nanmedian(np.abs(values - middle)) * 1.4826
    return (values - middle) / spread if spread > 0 else np.full(values.shape, np.nan)
