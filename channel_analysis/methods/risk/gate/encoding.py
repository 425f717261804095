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
    if len(own) >= GROUPS and own.min() >= 0 and own.max() <= 1 and _leaves_row_out(own, y, codes):
        return "by a category that is no longer in the panel, the row itself left out"
    return ""


def _is_mean(values: Floats, y: Floats, codes: Ints, is_category: bool) -> bool:
    """One value per group: its mean, drawn to a prior by a common weight, or a line in it or its odds."""
    count, total, mean = _sums(y, codes)
    level = np.bincount(codes, weights=values) / np.maximum(count, 1)
    here = count > 0
    if not _is_telling(mean[here], count[here]) or np.ptp(level[here]) == 0:
        return False
    if np.abs(values - level[codes]).max() > EXACT * np.ptp(level[here]):
        return False
    if _is_formula(level[here], count[here], total[here]):
        return True
    enough = here.sum() >= MANY and count[here].mean() >= 20
    return bool(is_category and enough and _like(level[here], mean[here], count[here]))


def _is_telling(mean: Floats, count: Floats) -> bool:
    """Whether enough rows stand in groups of both outcomes: elsewhere what is 0 agrees with a mean of 0."""
    mixed = (mean > 0) & (mean < 1)
    return bool(count[mixed].sum() >= TELLING and len(np.unique(np.round(mean[mixed], 9))) >= 2)


def _is_formula(level: Floats, count: Floats, total: Floats) -> bool:
    """Means, smoothed means, lines in them, or odds, to many digits."""
    mean = total / count
    if np.abs(level - mean).max() < 1e-9:
        return True
    odds = [np.log((total + part) / (count - total + part)) for part in (0.01, 0.5, 1.0)]
    return _smoothed(level, count, total) or any(_linear(level, of) for of in (mean, *odds))


def _smoothed(level: Floats, count: Floats, total: Floats) -> bool:
    """level = (total + w * prior) / (count + w), solved for a w above 0 and a prior from 0 to 1."""
    rest = total - level * count
    if len(np.unique(np.round(np.column_stack([level, rest]), 9), axis=0)) <= GROUPS:
        return False
    design = np.column_stack([level, np.ones(len(level))])
    solved = np.linalg.lstsq(design, rest, rcond=None)[0]
    weight, prior = solved[0], -solved[1] / solved[0] if solved[0] else -1.0
    close = np.abs(rest - design @ solved).max() < EXACT * min(total.std(), rest.std())
    return bool(close and weight > 0 and 0 <= prior <= 1)


def _linear(level: Floats, of: Floats) -> bool:
    if np.ptp(of) == 0 or len(np.unique(np.round(of, 9))) <= GROUPS:
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
    return bool(near.mean() > 0.98 and near[telling].mean() > 0.98)


def _is_exactly_mean(own: Floats, y: Floats, codes: Ints) -> bool:
    """Every value is the mean label of the rows that hold it, some of them neither 0 nor 1."""
    count, total, mean = _sums(y, codes)
    if not _is_telling(mean, count) or count.mean() < 5:
        return False
    mixed = (mean > 0) & (mean < 1)
    near = np.abs(own - mean) < 1e-6
    if near[mixed].all() and count[near].sum() > 0.98 * len(y):
        return True
    return bool(mixed.sum() > GROUPS and count.mean() >= 20 and _is_formula(own, count, total))


def _leaves_row_out(own: Floats, y: Floats, codes: Ints) -> bool:
    """Bad rows hold (bad - 1) / (rows - 1) of their group where its good rows hold bad / (rows - 1)."""
    count, _, mean = _sums(y, codes)
    bad, good = (mean == 1) & (own > 0), mean == 0
    others = (count[bad] - 1) / own[bad]
    partner = count[bad] / np.where(others > 0, others, np.inf)
    if not good.any() or not len(partner):
        return False
    place = np.abs(own[good][:, None] - partner[None, :]).argmin(axis=0)
    meets = np.abs(own[good][place] - partner) < 1e-6
    meets &= np.abs(count[good][place] + count[bad] - 1 - others) < 1e-3 * others
    told = count[bad][meets].sum()
    return bool(meets.sum() >= 2 and told >= max(TELLING, 0.5 * y.sum()))


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
