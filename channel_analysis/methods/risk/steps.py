"""Step functions: what every deployed model is made of, one per feature, added up in log-odds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from ...contracts.settings import Rules, wrong
from ...store.engine import quoted
from .panel import Floats, Ints

MOST_STEPS = 1024


class Steps(Rules):
    """One feature's part of the log-odds: `values[i]` up to and with `thresholds[i]`, the last beyond all.

    Examples
    --------
    >>> steps = Steps(thresholds=(0.0, 10.0), values=(-0.5, 0.0, 0.8), missing=0.1)
    >>> steps.at(np.array([-3.0, 0.0, 0.1, 10.0, 10.1, np.nan])).tolist()
    [-0.5, -0.5, 0.0, 0.0, 0.8, 0.1]
    """

    thresholds: tuple[float, ...] = Field(max_length=MOST_STEPS)
    values: tuple[float, ...] = Field(max_length=MOST_STEPS + 1)
    missing: float = 0.0

    @model_validator(mode="after")
    def _fit(self) -> Steps:
        if len(self.values) != len(self.thresholds) + 1:
            fix = "give one value more than thresholds"
            raise wrong(f"{len(self.thresholds)} thresholds with {len(self.values)} values", fix)
        if any(low >= high for low, high in zip(self.thresholds, self.thresholds[1:], strict=False)):
            raise wrong("the thresholds do not rise", "sort them, each once")
        if max(map(abs, (*self.values, self.missing))) > 1e6:
            raise wrong("there is a value beyond a million", "log-odds are small numbers")
        return self

    def places(self, x: Floats) -> Ints:
        """The step each value falls on; of missing values one beyond the last."""
        found = np.searchsorted(np.asarray(self.thresholds), x, side="left")
        return np.where(np.isnan(x), len(self.values), found)

    def at(self, x: Floats) -> Floats:
        """The part of the log-odds at each value."""
        parts: Floats = np.asarray([*self.values, self.missing])[self.places(x)]
        return parts

    def scaled(self, factor: float) -> Steps:
        """The same steps, each value times a factor."""
        return Steps(
            thresholds=self.thresholds,
            values=tuple(value * factor for value in self.values),
            missing=self.missing * factor,
        )

    def sql(self, column: str) -> str:
        """The part as SQL: halving, so that a value meets few comparisons."""
        name = quoted(column)
        known = _halved(name, self.thresholds, self.values)
        return f"CASE WHEN {name} IS NULL OR ISNAN({name}) THEN {_number(self.missing)} ELSE {known} END"


def contributions_of(tables: Mapping[str, Steps], x: pd.DataFrame) -> pd.DataFrame:
    """Every feature's part of the log-odds: rows as `x`, columns as `tables`."""
    parts = {name: steps.at(x[name].to_numpy(dtype=np.float64)) for name, steps in tables.items()}
    return pd.DataFrame(parts, index=x.index)


def log_odds_of(tables: Mapping[str, Steps], intercept: float, x: pd.DataFrame) -> Floats:
    """The intercept and all parts, added up in the order of the tables."""
    total = np.full(len(x), intercept)
    for name, steps in tables.items():
        total += steps.at(x[name].to_numpy(dtype=np.float64))
    return total


def log_odds_sql(tables: Mapping[str, Steps], intercept: float) -> str:
    """The same sum as SQL, for any engine."""
    return " + ".join([_number(intercept), *(steps.sql(name) for name, steps in tables.items())])


def added(one: Steps, other: Steps) -> Steps:
    """The sum of two step functions.

    Examples
    --------
    >>> low, high = Steps(thresholds=(0.0,), values=(0.0, 1.0)), Steps(thresholds=(2.0,), values=(0.0, 0.5))
    >>> added(low, high).values
    (0.0, 1.0, 1.5)
    """
    cuts = np.union1d(one.thresholds, other.thresholds)
    at = np.append(cuts, np.inf)
    return merged(cuts.tolist(), (one.at(at) + other.at(at)).tolist(), one.missing + other.missing)


def merged(thresholds: Sequence[float], values: Sequence[float], missing: float) -> Steps:
    """Steps of which neighbours with the same value have become one."""
    kept = [place for place in range(len(thresholds)) if values[place] != values[place + 1]]
    return Steps(
        thresholds=tuple(float(thresholds[place]) for place in kept),
        values=(*(float(values[place]) for place in kept), float(values[len(thresholds)])),
        missing=float(missing),
    )


def cuts_of(x: Floats, most: int) -> Floats:
    """Thresholds between values: between all of them where they are few, else by equal counts.

    Examples
    --------
    >>> cuts_of(np.array([1.0, 1.0, 2.0, 4.0, np.nan]), 8).tolist()
    [1.5, 3.0]
    """
    known = np.sort(x[~np.isnan(x)])
    distinct = np.unique(known)
    if len(distinct) > most + 1:
        places = (np.arange(1, most + 1) * len(known)) // (most + 1)
        lower = np.unique(known[places])
        lower = lower[lower < distinct[-1]]
    else:
        lower = distinct[:-1]
    upper = distinct[np.searchsorted(distinct, lower, side="right")] if len(lower) else lower
    middle = lower + (upper - lower) / 2
    return np.unique(np.where(middle < upper, middle, lower))


def _halved(name: str, thresholds: Sequence[float], values: Sequence[float]) -> str:
    if not thresholds:
        return _number(values[0])
    at = len(thresholds) // 2
    low = _halved(name, thresholds[:at], values[: at + 1])
    high = _halved(name, thresholds[at + 1 :], values[at + 1 :])
    return f"CASE WHEN {name} <= {_number(thresholds[at])} THEN {low} ELSE {high} END"


def _number(value: float) -> str:
    """A double that every engine reads as the very same one."""
    return f"CAST('{value!r}' AS DOUBLE)"
