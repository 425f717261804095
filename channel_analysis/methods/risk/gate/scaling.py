"""Features normalised with the means, ends or ranks of all periods, later ones too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from ..panel import Floats
from .leak import Leak

EXACT = 1e-6
LEAST = 50
SHARE = 0.95


def find_scaling(
    panel: pd.DataFrame, features: Sequence[str], entity: str, period: str | None
) -> Iterator[Leak]:
    """Features that are normalised over the whole panel or over each entity's whole history.

    Normalised within each period is right, and is told apart: each period then shows the same marks.
    """
    if period is None or panel[period].nunique() < 3:
        return
    periods = pd.factorize(panel[period])[0]
    entities = pd.factorize(panel[entity].astype(object).map(str))[0]
    for name in features:
        if not pd.api.types.is_numeric_dtype(panel[name].dtype):
            continue
        values = panel[name].to_numpy(dtype=np.float64, na_value=np.nan)
        values = np.where(np.isfinite(values), values, np.nan)
        how = _over_all(values, periods) or _over_entities(values, entities)
        if how:
            what = f"it is normalised over all periods ({how}), so that early rows know of later ones"
            fix = "normalise within each period, or with figures of the training periods alone"
            yield Leak("normalised", name, what, fix)


def _over_all(values: Floats, periods: np.ndarray) -> str:
    known = ~np.isnan(values)
    x, when = values[known], periods[known]
    distinct = len(np.unique(x))
    if len(x) < LEAST or distinct < 20 or (x == np.rint(x)).mean() > 0.9:
        return ""
    how = _marks(x)
    if not how:
        return ""
    inside = [_marks(x[when == one], least=3) for one in np.unique(when) if (when == one).sum() >= 5]
    return "" if np.mean([float(found == how) for found in inside] or [0.0]) > 0.5 else how


def _marks(x: Floats, least: int = LEAST) -> str:
    """How a column was normalised, by its exact marks."""
    mean, spread = float(x.mean()), float(x.std())
    if len(x) < least or spread == 0:
        return ""
    sample = spread * np.sqrt(len(x) / (len(x) - 1))
    if abs(mean) < EXACT and min(abs(spread - 1), abs(sample - 1)) < EXACT:
        return "mean 0, standard deviation 1"
    if (x == 0).sum() == 1 == (x == 1).sum() and x.min() == 0 and x.max() == 1:
        return "from 0 to 1"
    if (x == -1).sum() == 1 == (x == 1).sum() and x.min() == -1 and x.max() == 1:
        return "from -1 to 1"
    low, middle, high = np.quantile(x, (0.25, 0.5, 0.75))
    if abs(middle) < EXACT**1.5 and abs(high - low - 1) < EXACT**1.5:
        return "median 0, quartiles 1 apart"
    return _ranks(x)


def _ranks(x: Floats) -> str:
    """Ranks of all rows as shares, or as the normal deviates of such shares."""
    ordered, count = np.sort(x), len(x)
    even = np.arange(1, count + 1)
    if ordered[0] >= 0 and ordered[-1] <= 1:
        return "ranks" if np.abs(ordered - even / count).max() < 2 / count else ""
    if abs(ordered[0] + ordered[-1]) > 0.2 * ordered[-1] or not 1.5 < ordered[-1] < 6.5:
        return ""
    from statistics import NormalDist

    inner = np.unique(np.linspace(0.05 * count, 0.95 * count, 200).astype(int))
    normal = np.array([NormalDist().inv_cdf((place - 0.5) / count) for place in inner])
    steep = np.exp(-(normal**2) / 2) / np.sqrt(2 * np.pi)
    return "normal ranks" if (np.abs(ordered[inner - 1] - normal) * steep).max() < 2 / count else ""


def _over_entities(values: Floats, entities: np.ndarray) -> str:
    """The same marks within nearly every entity's own history."""
    known = ~np.isnan(values)
    x = pd.Series(values[known])
    if len(x) < LEAST or (x == x.round()).mean() > 0.9:
        return ""
    groups = x.groupby(entities[known])
    table = groups.agg(["size", "mean", "std", "min", "max"])
    table = table[(table["size"] >= 4) & (table["std"] > 0)]
    if len(table) < 10:
        return ""
    scale = table["std"]
    population = scale * np.sqrt((table["size"] - 1) / table["size"])
    centred = table["mean"].abs() < EXACT * scale
    unit = ((scale - 1).abs() < EXACT) | ((population - 1).abs() < EXACT)
    if (centred & unit).mean() >= SHARE:
        return "each entity's mean 0, standard deviation 1"
    if ((table["min"] == 0) & (table["max"] == 1)).mean() >= SHARE:
        return "each entity from 0 to 1"
    if centred.mean() >= SHARE:
        return "each entity's mean 0"
    if ((table["mean"] - 1).abs() < EXACT * scale).mean() >= SHARE:
        return "each entity's mean 1"
    return ""
