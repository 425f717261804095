"""Target encoding: a feature that holds the mean label of its group, later rows' labels among them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from ..panel import Floats, Ints
from .leak import Leak

EXACT = 1e-5
GROUPS = 4
LIKE = 0.995
MANY = 12


TELLING = 10
"""So many rows whose group holds both outcomes are needed to see that they were counted."""


def find_encodings(
    panel: pd.DataFrame, features: Sequence[str], label: str, entity: str, period: str | None
) -> Iterator[Leak]:
    """Features that equal their group's mean label over the whole panel: plain, smoothed, or without the row.

    Groups are the entity, every column of few values, and the feature's own values (for a category that was
    dropped once it was encoded).
    """
    y = panel[label].to_numpy(dtype=np.float64, na_value=np.nan)
    known = ~np.isnan(y)
    y = y[known]
    if len(y) < 50 or len(np.unique(y)) < 2:
        return
    likely = {name for name in _groups(panel, label, period, entity) if _is_category(panel, name, period)}
    columns = {name: _values(panel[name])[known] for name in features if _is_number(panel[name])}
    candidates = {name: _codes(panel[name])[known] for name in _groups(panel, label, period, entity)}
    for name, values in columns.items():
        there = ~np.isnan(values)
        if there.mean() < 0.5 or len(np.unique(values[there])) < 2:
            continue
        groups = {group: codes[there] for group, codes in candidates.items() if group != name}
        by = _encoded(values[there], y[there], groups, likely)
        if by:
            what = f"it is the mean of '{label}' {by}, counted over all rows, the later ones too"
            fix = "encode within the training periods alone, or give the category itself"
            yield Leak("target encoding", name, what, fix)


def _encoded(values: Floats, y: Floats, candidates: dict[str, Ints], likely: set[str]) -> str:
    for group, codes in candidates.items():
        if _is_mean(values, y, codes, group in likely):
            return f"by '{group}'"
        if _is_without_row(values, y, codes):
            return f"by '{group}', the row itself left out"
    own, codes = np.unique(values, return_inverse=True)
    if len(own) > len(values) / 3:
        return ""
    if _is_exactly_mean(own, y, codes):
        return "by a category that is no longer in the panel"
    if len(own) >= GROUPS and (own.min() >= 0) and (own.max() <= 1) and _is_pure(own, y, codes):
        return "by a category that is no longer in the panel, the row itself left out"
    return ""


def _is_mean(values: Floats, y: Floats, codes: Ints, is_category: bool) -> bool:
    """One value per group: its mean, drawn to a prior by a common weight, or a line in it or its odds."""
    count, total, mean = _sums(y, codes)
    level = np.bincount(codes, weights=values) / np.maximum(count, 1)
    here = count > 0
    if here.sum() < 2 or total[here].std() == 0 or np.ptp(level[here]) == 0:
        return False
    constant = np.abs(values - level[codes]).max() <= EXACT * np.ptp(level[here])
    if constant and _is_formula(level[here], count[here], total[here]):
        return True
    enough = here.sum() >= MANY and count[here].mean() >= (20 if constant else 5)
    return bool(is_category and enough and _like(level[here], mean[here], count[here]))


def _is_formula(level: Floats, count: Floats, total: Floats) -> bool:
    """Means, smoothed means, lines in them, or odds, to many digits."""
    mean = total / count
    if np.abs(level - mean).max() < 1e-9:
        return True
    if len(level) < GROUPS:
        return False
    odds = [np.log((total + part) / (count - total + part)) for part in (0.01, 0.5, 1.0)]
    return _smoothed(level, count, total) or any(_linear(level, of) for of in (mean, *odds))


def _smoothed(level: Floats, count: Floats, total: Floats) -> bool:
    """level = (total + w * prior) / (count + w), solved for w and the prior."""
    rest = total - level * count
    design = np.column_stack([level, np.ones(len(level))])
    solved = np.linalg.lstsq(design, rest, rcond=None)[0]
    return bool(np.abs(rest - design @ solved).max() < EXACT * total.std())


def _linear(level: Floats, of: Floats) -> bool:
    if np.ptp(of) == 0 or len(np.unique(np.round(of, 9))) < GROUPS:
        return False
    slope, base = np.polyfit(of, level, 1)
    return bool(np.abs(level - base - slope * of).max() < EXACT * np.ptp(level))


def _like(level: Floats, mean: Floats, count: Floats) -> bool:
    if len(np.unique(mean)) < MANY or mean.std() == 0 or level.std() == 0:
        return False
    weight = count / count.sum()
    one, other = level - weight @ level, mean - weight @ mean
    both = np.sqrt((weight @ one**2) * (weight @ other**2))
    return bool(abs(weight @ (one * other)) / both > LIKE) if both > 0 else False


def _is_without_row(values: Floats, y: Floats, codes: Ints) -> bool:
    """Each row's group mean with the row itself left out."""
    count, total, _ = _sums(y, codes)
    several = count[codes] > 1
    if several.mean() < 0.5:
        return False
    without = (total[codes] - y)[several] / (count[codes][several] - 1)
    if without.std() == 0 or values[several].std() == 0:
        return False
    telling = (without > 0) & (without < 1)  # elsewhere a feature that is nearly always 0 would agree
    if telling.sum() < TELLING or len(np.unique(without[telling])) < 2:
        return False
    near = np.abs(values[several] - without) < 1e-6
    alike = bool(near.mean() > 0.98 and near[telling].mean() > 0.98)
    return alike or abs(float(np.corrcoef(values[several], without)[0, 1])) > 0.9999


def _is_exactly_mean(own: Floats, y: Floats, codes: Ints) -> bool:
    """Every value is the mean label of the rows that hold it, some of them neither 0 nor 1."""
    count, total, mean = _sums(y, codes)
    telling = (mean > 0) & (mean < 1)
    if telling.sum() < 2 or count.mean() < 5:
        return False
    if np.mean(np.abs(own - mean)[telling] < 1e-6) > 0.98:
        return True
    return bool(telling.sum() >= GROUPS and count.mean() >= 20 and _is_formula(own, count, total))


def _is_pure(own: Floats, y: Floats, codes: Ints) -> bool:
    """Values held by bad rows only and by good rows only, as leaving the row out makes them."""
    count, _, mean = _sums(y, codes)
    mixed = count[(mean > 0) & (mean < 1)].sum()
    return bool(count.mean() >= 3 and mixed < 0.01 * len(y) and (mean == 1).sum() >= 2 and own.max() < 0.95)


def _sums(y: Floats, codes: Ints) -> tuple[Floats, Floats, Floats]:
    count = np.bincount(codes).astype(np.float64)
    total: Floats = np.bincount(codes, weights=y).astype(np.float64)
    return count, total, total / np.maximum(count, 1)


def _groups(panel: pd.DataFrame, label: str, period: str | None, entity: str) -> list[str]:
    """The entity, texts, and whole numbers of few values."""
    found = [entity]
    for name in map(str, panel.columns):
        if name in (label, period, entity):
            continue
        column = panel[name]
        few = column.nunique() <= max(len(panel) // 10, 2)
        if few and (not _is_number(column) or _is_whole(column)):
            found.append(name)
    return found


def _is_category(panel: pd.DataFrame, name: str, period: str | None) -> bool:
    """Whether a column groups entities, and is not another name of the period."""
    is_text = not _is_number(panel[name])
    return is_text and (period is None or bool((panel.groupby(period)[name].nunique() > 1).any()))


def _is_number(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column.dtype))


def _is_whole(column: pd.Series) -> bool:
    values = _values(column)
    known = values[~np.isnan(values)]
    return bool(len(known) and (known == np.rint(known)).all() and len(np.unique(known)) <= 200)


def _values(column: pd.Series) -> Floats:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def _codes(column: pd.Series) -> Ints:
    return np.asarray(pd.factorize(column.astype(object).map(str))[0], dtype=np.int64)
