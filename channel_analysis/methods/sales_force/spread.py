"""How attainment spreads over reps: shares by band, middle, inequality, and whether it has two humps."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

BANDS = {
    "below_50": (-np.inf, 0.5),
    "from_50_to_80": (0.5, 0.8),
    "from_80_to_100": (0.8, 1.0),
    "from_100_to_120": (1.0, 1.2),
    "above_120": (1.2, np.inf),
}
"""Bands of attainment with what they begin at and end before; 120 % itself belongs to the fourth."""

SPREAD_COLUMNS = [
    "group", "reps", *BANDS, "median", "lower_quartile", "upper_quartile", "iqr", "gini", "split_at",
    "split_share", "p_one_hump", "is_two_humped",
]  # fmt: skip

ERROR_RATE = 0.05
"""How often at most a spread with one hump is said to have two."""

FEWEST = 8
_SMALLER_PART = 0.2
_DRAWS = 2000
_MOST = 200


def attainment_spread(attainment: pd.Series, group: pd.Series) -> pd.DataFrame:
    """The spread over all reps (group "") and within each channel type.

    Two humps say that targets are wrong rather than people: the values are cut in two so that the
    parts explain most of the variance (no part below a fifth); the share explained is compared with
    that of a uniform spread, the flattest that has one hump, so that at most `ERROR_RATE` of
    one-humped spreads is called two-humped. Below `FEWEST` reps nothing is said.

    Parameters
    ----------
    attainment : Series
        actual / target by rep; reps without one are left out.
    group : Series
        Channel type by rep.

    Returns
    -------
    DataFrame
        `SPREAD_COLUMNS`. Shares of reps add up to 1; `gini` has n / (n - 1) and takes what is below 0
        as 0; `split_at` is the middle between the two parts; `p_one_hump` the odds of so clear a cut.

    References
    ----------
    Engelman, L. and Hartigan, J. A. (1969). Percentage points of a test for clusters. Journal of the
    American Statistical Association 64, 1647-1648.

    Examples
    --------
    >>> found = attainment_spread(pd.Series([0.7, 0.9, 1.1, 1.3]), pd.Series(["x"] * 4))
    >>> found.loc[0, ["from_50_to_80", "above_120", "median"]].tolist()
    [0.25, 0.25, 1.0]
    """
    known = attainment.dropna()
    if known.empty:
        return pd.DataFrame(columns=SPREAD_COLUMNS)
    kinds = group.reindex(known.index)
    rows = [_row("", known)]
    if kinds.nunique() > 1:
        rows += [_row(str(kind), own) for kind, own in known.groupby(kinds, sort=True)]
    return pd.DataFrame(rows, columns=SPREAD_COLUMNS)


def gini(values: NDArray[np.float64]) -> float:
    """Gini coefficient with the small-sample factor n / (n - 1); NaN for one value or a sum of 0.

    Examples
    --------
    >>> gini(np.array([1.0, 1.0])), gini(np.array([0.0, 1.0]))
    (0.0, 1.0)
    """
    sorted_values = np.sort(np.maximum(values, 0.0))
    count, total = len(sorted_values), float(sorted_values.sum())
    if count < 2 or total <= 0:
        return float("nan")
    ranks = 2 * np.arange(1, count + 1) - count - 1
    return float((ranks * sorted_values).sum() / (total * (count - 1)))


def best_cut(values: NDArray[np.float64]) -> tuple[float, float]:
    """The largest share of variance that a cut in two explains, and where the cut lies."""
    ordered = np.sort(values)
    count = len(ordered)
    least = max(2, int(np.ceil(_SMALLER_PART * count)))
    whole = float(((ordered - ordered.mean()) ** 2).sum())
    if count < 2 * least or whole <= 1e-12:
        return float("nan"), float("nan")
    left = np.arange(least, count - least + 1)
    sums = np.cumsum(ordered)
    apart = sums[left - 1] / left - (sums[-1] - sums[left - 1]) / (count - left)
    explained = left * (count - left) / count * apart**2 / whole
    place = int(np.argmax(explained))
    return float(explained[place]), float((ordered[left[place] - 1] + ordered[left[place]]) / 2)


def _row(group: str, values: pd.Series) -> dict[str, object]:
    numbers = values.to_numpy(dtype=float)
    low, middle, high = (float(v) for v in np.quantile(numbers, [0.25, 0.5, 0.75]))
    found: dict[str, object] = {"group": group, "reps": len(numbers)}
    for name, (begin, end) in BANDS.items():
        above = numbers > begin if name == "above_120" else numbers >= begin
        below = numbers <= end if name == "from_100_to_120" else numbers < end
        found[name] = float((above & below).mean())
    found |= {"median": middle, "lower_quartile": low, "upper_quartile": high, "iqr": high - low}
    share, place = best_cut(numbers) if len(numbers) >= FEWEST else (float("nan"), float("nan"))
    null = _uniform_cuts(min(len(numbers), _MOST))
    odds = float("nan") if np.isnan(share) else float((1 + (null >= share).sum()) / (1 + len(null)))
    found |= {"gini": gini(numbers), "split_at": place, "split_share": share, "p_one_hump": odds}
    return found | {"is_two_humped": odds <= ERROR_RATE}


@lru_cache(maxsize=256)
def _uniform_cuts(count: int) -> NDArray[np.float64]:
    """Shares explained by the best cut of uniform values: always the same draws for a number of reps."""
    chance = np.random.default_rng(count)
    if count < FEWEST:
        return np.zeros(0)
    return np.array([best_cut(chance.random(count))[0] for _ in range(_DRAWS)])
