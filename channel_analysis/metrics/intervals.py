"""Confidence intervals of shares and means, vectorised."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Z_95 = 1.959963984540054

Floats = NDArray[np.float64]


def wilson_interval(successes: Floats, trials: Floats, z: float = Z_95) -> tuple[Floats, Floats]:
    """Interval of a share from counts; NaN where there are no trials.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
    Journal of the American Statistical Association 22, 209-212.

    Examples
    --------
    >>> low, high = wilson_interval(np.array([8.0]), np.array([10.0]))
    >>> round(float(low[0]), 3), round(float(high[0]), 3)
    (0.49, 0.943)
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        share = successes / trials
        centre = share + z**2 / (2 * trials)
        half = z * np.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
        scale = 1 + z**2 / trials
        return (centre - half) / scale, (centre + half) / scale


def mean_interval(total: Floats, squares: Floats, count: Floats, z: float = Z_95) -> tuple[Floats, Floats]:
    """Normal interval of a mean from the sum, the sum of squares and the count; NaN below 2 answers.

    For scores of +1, 0 and -1 the variance is p + d - (p - d)^2, as for the net promoter score.

    Examples
    --------
    >>> low, high = mean_interval(np.array([20.0]), np.array([60.0]), np.array([100.0]))
    >>> round(float(low[0]), 4), round(float(high[0]), 4)
    (0.0533, 0.3467)
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / count
        variance = np.maximum(squares / count - mean**2, 0)
        half = np.where(count >= 2, z * np.sqrt(variance / count), np.nan)
    return mean - half, mean + half


def differ(value: float, other: float, low: float, high: float, other_low: float, other_high: float) -> bool:
    """Whether two independent estimates differ at the 5 % level, from their 95 % intervals.

    Newcombe's square-and-add: the difference lies outside its own interval, built from the distance
    of each estimate to the end of its interval that faces the other.

    References
    ----------
    Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions.
    Statistics in Medicine 17, 873-890, method 10.

    Examples
    --------
    >>> differ(0.80, 0.70, 0.77, 0.83, 0.66, 0.74), differ(0.80, 0.78, 0.77, 0.83, 0.74, 0.82)
    (True, False)
    """
    if value < other:
        return differ(other, value, other_low, other_high, low, high)
    reach = math.hypot(value - low, other_high - other)
    return bool(value - other > reach)
