"""What a panel of entities and periods holds, and whether it can be learnt from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...errors import InputError, Problem, did_you_mean, refuse

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]

MOST_FEATURES = 1000
"""A model of more features is no scorecard that anybody reads."""

EVERYTHING = "features"
"""The family of all features where none is declared."""


@dataclass(frozen=True, slots=True)
class Spec:
    """The columns of a panel and what they mean.

    The label of a row at step t says what happened in (t + gap, t + gap + horizon]. `signs` are +1
    (more of it is riskier), -1, or 0 where nothing is known. `missing` are families without any value.
    """

    label: str
    entity: str
    period: str | None
    horizon: int
    gap: int
    families: Mapping[str, tuple[str, ...]]
    signs: Mapping[str, int]
    missing: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        """All features, family by family."""
        return tuple(name for names in self.families.values() for name in names)

    def family_of(self, feature: str) -> str:
        """The family of a feature."""
        return next(family for family, names in self.families.items() if feature in names)


def steps_of(periods: pd.Series) -> Ints:
    """Periods as whole numbers that follow each other: months of dates, years and other numbers as they are.

    Raises
    ------
    InputError
        For periods that are missing, or neither dates, pandas periods nor whole numbers.

    Examples
    --------
    >>> steps_of(pd.Series(pd.to_datetime(["2024-12-31", "2025-01-31"]))).tolist()
    [24299, 24300]
    >>> steps_of(pd.Series([2024, 2025])).tolist()
    [2024, 2025]
    """
    where = f"panel column {periods.name}" if periods.name is not None else "periods"
    fix = "give dates (last days of months), pandas periods, or whole numbers such as years"
    missing = int(periods.isna().sum())
    if missing:
        raise InputError([Problem(where, f"{missing} of {len(periods)} rows have no period", fix)])
    if isinstance(periods.dtype, pd.PeriodDtype):
        return np.asarray(periods.dt.year * 12 + periods.dt.month - 1, dtype=np.int64)
    if pd.api.types.is_numeric_dtype(periods.dtype) and not pd.api.types.is_bool_dtype(periods.dtype):
        numbers = periods.to_numpy(dtype=np.float64)
        if np.isfinite(numbers).all() and (numbers == np.rint(numbers)).all():
            return numbers.astype(np.int64)
        raise InputError([Problem(where, "there are periods that are no whole numbers", fix)])
    try:
        days = pd.to_datetime(periods, errors="raise", format="mixed")
    except (ValueError, TypeError):
        raise InputError([Problem(where, f"{periods.iloc[0]!r} is no period", fix)]) from None
    return np.asarray(days.dt.year * 12 + days.dt.month - 1, dtype=np.int64)


def spec_of(
    panel: pd.DataFrame,
    label: str,
    entity: str,
    period: str | None,
    horizon: int,
    gap: int,
    families: Mapping[str, Sequence[str]] | None,
    signs: Mapping[str, int] | None,
) -> Spec:
    """The spec of a panel, once all that can be said without its values is right.

    Raises
    ------
    InputError
        With every mistake: columns that are not there, features in two families, signs that are none.
    """
    if not isinstance(panel, pd.DataFrame):
        what = f"this is a {type(panel).__name__}, not a table"
        raise InputError([Problem("panel", what, "give a pandas DataFrame")])
    keys = [name for name in (label, entity, period) if name is not None]
    own: Mapping[str, Sequence[str]] = families if families is not None else _everything(panel, keys)
    refuse(
        [
            *_mistakes_of_keys(panel, label, entity, period),
            *_mistakes_of_windows(horizon, gap, period),
            *_mistakes_of_families(panel, own, keys),
            *_mistakes_of_signs(own, signs or {}),
        ]
    )
    told = {family: tuple(names) for family, names in own.items()}
    absent = [family for family, names in told.items() if not _has_values(panel, names)]
    return Spec(
        label=label,
        entity=entity,
        period=period,
        horizon=int(horizon),
        gap=int(gap),
        families={family: names for family, names in told.items() if family not in absent},
        signs={name: int(sign) for name, sign in (signs or {}).items() if sign},
        missing=tuple(absent),
    )


def numbers_of(panel: pd.DataFrame, features: Sequence[str]) -> pd.DataFrame:
    """The features as floats, missing ones NaN.

    Raises
    ------
    InputError
        For every feature that is absent, holds texts, or infinite numbers.
    """
    problems, found = [], {}
    for name in features:
        where = f"panel column {name}"
        if name not in panel.columns:
            problems.append(
                Problem(where, "it is not there", did_you_mean(name, list(map(str, panel.columns))))
            )
            continue
        column = panel[name]
        try:
            values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        except (ValueError, TypeError):
            fix = "turn it into numbers, or take it out of the families"
            problems.append(Problem(where, f"it holds values that are no numbers ({_sample(column)})", fix))
            continue
        endless = int(np.isinf(values).sum())
        if endless:
            fix = "a ratio over zero is unknown: make it NaN"
            problems.append(Problem(where, f"{endless} of {len(values)} values are infinite", fix))
        found[name] = values
    refuse(problems)
    return pd.DataFrame(found, index=panel.index)


def labels_in(panel: pd.DataFrame, label: str) -> Floats:
    """The label as 1, 0 or NaN (not known yet); InputError for any other value."""
    column = panel[label]
    try:
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError):
        values = np.full(len(column), -1.0)
    others = ~np.isin(values, (0.0, 1.0)) & ~np.isnan(values)
    if others.any():
        what = f"{int(others.sum())} of {len(values)} values are neither 0, 1 nor missing"
        fix = "1: it came to a bad end within the horizon, 0: it did not, NaN: not known yet"
        raise InputError([Problem(f"panel column {label}", what, fix)])
    return values


def panel_hash(panel: pd.DataFrame, columns: Sequence[str]) -> str:
    """Sixteen digits that stand for the values of some columns, whatever the index."""
    hashed = pd.util.hash_pandas_object(panel[list(columns)].astype(object), index=False)
    return hashlib.sha256(np.ascontiguousarray(hashed.to_numpy()).tobytes()).hexdigest()[:16]


def _everything(panel: pd.DataFrame, keys: Sequence[str]) -> dict[str, list[str]]:
    numeric = [
        str(name)
        for name in panel.columns
        if name not in keys and pd.api.types.is_numeric_dtype(panel.dtypes[name])
    ]
    return {EVERYTHING: numeric}


def _mistakes_of_keys(panel: pd.DataFrame, label: str, entity: str, period: str | None) -> Iterator[Problem]:
    columns = list(map(str, panel.columns))
    twice = sorted({name for name in columns if columns.count(name) > 1})
    for name in twice:
        yield Problem(f"panel column {name}", "there are several columns of this name", "rename them")
    for what, given in (("label", label), ("entity", entity), ("period", period)):
        if given is not None and given not in columns:
            fix = did_you_mean(str(given), columns)
            yield Problem(f"{what}={given!r}", "the panel has no such column", fix)
    if not len(panel):
        yield Problem("panel", "it has no rows", "give one row per entity and period")
    elif entity in columns and panel[entity].isna().any():
        what = f"{int(panel[entity].isna().sum())} rows name no entity"
        yield Problem(f"panel column {entity}", what, "name it, or leave these rows out")


def _mistakes_of_windows(horizon: int, gap: int, period: str | None) -> Iterator[Problem]:
    least = 0 if period is None else 1
    for name, value, lowest in (("horizon", horizon, least), ("gap", gap, 0)):
        is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not is_whole or not lowest <= value <= 1200:
            fix = f"give a whole number of periods from {lowest} on"
            yield Problem(f"{name}={value!r}", "this is no number of periods", fix)


def _mistakes_of_families(
    panel: pd.DataFrame, families: Mapping[str, Sequence[str]], keys: Sequence[str]
) -> Iterator[Problem]:
    columns, seen = list(map(str, panel.columns)), dict[str, str]()
    for family, names in families.items():
        if isinstance(names, str):
            yield Problem(f"families[{family!r}]", "this is one text", "give a list of column names")
            continue
        for name in names:
            where = f"families[{family!r}] {name}"
            if name not in columns:
                yield Problem(where, "the panel has no such column", did_you_mean(str(name), columns))
            elif name in keys:
                yield Problem(where, "this column is the label, the entity or the period", "take it out")
            elif name in seen:
                yield Problem(where, f"it stands in the family {seen[name]}, too", "put it into one only")
            seen.setdefault(name, family)
    if not seen:
        yield Problem("families", "there is no feature", "name the feature columns of each family")
    elif len(seen) > MOST_FEATURES:
        yield Problem("families", f"{len(seen)} features are too many", f"give {MOST_FEATURES} at most")


def _mistakes_of_signs(families: Mapping[str, Sequence[str]], signs: Mapping[str, int]) -> Iterator[Problem]:
    features = [name for names in families.values() for name in names]
    for name, sign in signs.items():
        if name not in features:
            yield Problem(f"signs[{name!r}]", "there is no such feature", did_you_mean(name, features))
        elif isinstance(sign, bool) or sign not in (-1, 0, 1):
            fix = "1: more of it is riskier, -1: less of it is, 0: nothing is known"
            yield Problem(f"signs[{name!r}]", f"{sign!r} is no sign", fix)


def _has_values(panel: pd.DataFrame, names: Sequence[str]) -> bool:
    return any(bool(panel[name].notna().any()) for name in names)


def _sample(column: pd.Series) -> str:
    values = [str(value)[:30] for value in column.dropna().unique()[:3]]
    return ", ".join(values)
