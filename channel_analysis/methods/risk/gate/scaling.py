"""Features normalised with the means, ends or ranks of all periods, later ones too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from ..panel import Floats
from .leak import Leak

EXACT = 1e-6
LEAST = 50
SHARE = 0.95
ENDS = ("from 0 to 1", "from -1 to 1")


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
    columns = {str(name): _values(panel[name]) for name in panel.columns if _is_number(panel[name])}
    x = {name: columns[name] for name in features if name in columns}
    told = {name: _over_all(values, periods) for name, values in x.items()}
    ends = [name for name, how in told.items() if how in ENDS]
    of_many = len(ends) >= 3 and len(ends) >= 0.5 * sum(map(_is_continuous, x.values()))
    for name, values in x.items():
        how = told[name]
        if how in ENDS and not of_many and not _is_drawn_from(values, columns):
            how = ""
        how = how or _over_entities(values, entities, periods)
        if how:
            what = f"it is normalised over all periods ({how}), so that early rows know of later ones"
            fix = "normalise within each period, or with figures of the training periods alone"
            yield Leak("normalised", name, what, fix)


def _is_number(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column.dtype))


def _values(column: pd.Series) -> Floats:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def _is_continuous(values: Floats) -> bool:
    known = values[~np.isnan(values)]
    return len(np.unique(known)) >= 20 and bool((known == np.rint(known)).mean() <= 0.9)


def _is_drawn_from(values: Floats, columns: Mapping[str, Floats]) -> bool:
    """Whether another column is the same but for its unit and origin, and has no natural origin itself.

    Shares and their differences run from 0 or -1 to 1 by nature: the marks at the ends alone show nothing.
    """
    for other in columns.values():
        both = ~np.isnan(values) & ~np.isnan(other)
        if other is values or both.sum() < LEAST or both.sum() < SHARE * (~np.isnan(values)).sum():
            continue
        low, high = other[both].min(), other[both].max()
        if low >= high or min(abs(low), abs(high), abs(low + high)) < EXACT * (high - low):
            continue
        begin, end = values[both].min(), values[both].max()
        drawn = begin + (other[both] - low) / (high - low) * (end - begin)
        if np.abs(values[both] - drawn).max() < EXACT:
            return True
    return False


def _over_all(values: Floats, periods: np.ndarray) -> str:
    known = ~np.isnan(values)
    x, when = values[known], periods[known]
    if len(x) < LEAST or not _is_continuous(x):
        return ""
    how = _marks(x)
    if not how:
        return ""
    inside = [_marks(x[when == one], least=2) for one in np.unique(when) if (when == one).sum() >= 2]
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
    tied = np.unique(x, return_counts=True)[1].max() > max(0.02 * len(x), 2)
    if not tied and abs(middle) < EXACT**1.5 and abs(high - low - 1) < EXACT**1.5:
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

    inner = np.unique(np.linspace(0.05 * count, 0.95 * count, 200).astype(int).clip(min=1))
    normal = np.array([NormalDist().inv_cdf((place - 0.5) / count) for place in inner])
    steep = np.exp(-(normal**2) / 2) / np.sqrt(2 * np.pi)
    return "normal ranks" if (np.abs(ordered[inner - 1] - normal) * steep).max() < 2 / count else ""


def _over_entities(values: Floats, entities: np.ndarray, periods: np.ndarray) -> str:
    """The same marks within nearly every entity's own history, in a feature that is no calendar's."""
    known = ~np.isnan(values)
    x = pd.Series(values[known])
    if len(x) < LEAST or (x == x.round()).mean() > 0.5 or (x.groupby(periods[known]).nunique() <= 1).all():
        return ""
    table = x.groupby(entities[known]).agg(["size", "mean", "std", "min", "max"])
    table["ends"] = ((x == 0) | (x == 1)).groupby(entities[known]).sum()
    table = table[(table["size"] >= 4) & (table["std"] > 0)]
    if len(table) < 10:
        return ""
    scale = table["std"]
    population = scale * np.sqrt((table["size"] - 1) / table["size"])
    centred = table["mean"].abs() < EXACT * scale
    unit = ((scale - 1).abs() < EXACT) | ((population - 1).abs() < EXACT)
    if (centred & unit).mean() >= SHARE:
        return "each entity's mean 0, standard deviation 1"
    if ((table["min"] == 0) & (table["max"] == 1) & (table["ends"] == 2)).mean() >= SHARE:
        return "each entity from 0 to 1"
    if centred.mean() >= SHARE:
        return "each entity's mean 0"
    if ((table["mean"] - 1).abs() < EXACT * scale).mean() >= SHARE:
        return "each entity's mean 1"
    return ""
