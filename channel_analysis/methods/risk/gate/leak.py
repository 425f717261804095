"""A leak, and a panel made ready to be looked through for leaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ..panel import Floats, Ints, steps_of

MOST_ROWS = 200_000
"""Above this the checks that compare rows with each other look at a sample of whole entities."""


@dataclass(frozen=True, slots=True)
class Leak:
    """Something in the panel that was not known at the time, with the figures that show it."""

    kind: str
    culprit: str
    what: str
    fix: str
    evidence: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """A panel in order of entity and step.

    `x` holds every feature as floats: texts as the number of their category (`texts` names them), NaN where
    missing. `y` is 1, 0 or NaN, `entity` the number of the entity (0, 1, ...; rising), `names` its names.
    """

    x: Mapping[str, Floats]
    y: Floats
    entity: Ints
    names: tuple[str, ...]
    steps: Ints
    texts: frozenset[str]
    label: str
    key: str
    period: str | None
    horizon: int
    gap: int

    @property
    def first(self) -> Ints:
        """The first row of each entity."""
        return np.flatnonzero(np.r_[True, np.diff(self.entity) > 0])

    @property
    def last(self) -> Ints:
        """The last row of each entity."""
        return np.r_[self.first[1:], len(self.entity)] - 1

    @property
    def ever(self) -> np.ndarray:
        """Whether each entity ever comes to a bad end."""
        return np.bincount(self.entity, weights=self.y == 1, minlength=len(self.names)) > 0

    def later(self, values: Floats, rows: int) -> Floats:
        """The value of the same entity so many rows later; NaN where there is none."""
        moved = np.full(len(values), np.nan)
        if rows == 0:
            return values
        here, there = (
            (slice(None, -rows), slice(rows, None)) if rows > 0 else (slice(-rows, None), slice(None, rows))
        )
        same = self.entity[here] == self.entity[there]
        moved[here] = np.where(same, values[there], np.nan)
        return moved


def case_of(
    panel: pd.DataFrame,
    features: Sequence[str],
    label: str,
    entity: str,
    period: str | None,
    horizon: int,
    gap: int,
) -> Case:
    """Sort a panel and turn its features into numbers; of a large one take a sample of whole entities."""
    names = panel[entity].astype(object).map(str).to_numpy(dtype=object)
    kept = _sampled(names)
    steps = steps_of(panel[period]) if period is not None else np.zeros(len(panel), dtype=np.int64)
    codes, distinct = pd.factorize(names[kept], sort=True)
    order = np.lexsort((steps[kept], codes))
    rows = kept[order]
    chosen = panel.iloc[rows]
    numbers = {name: _numbers(chosen[name]) for name in features}
    return Case(
        x={name: values for name, (values, _) in numbers.items()},
        y=_numbers(chosen[label])[0],
        entity=codes[order].astype(np.int64),
        names=tuple(map(str, distinct)),
        steps=steps[rows],
        texts=frozenset(name for name, (_, is_text) in numbers.items() if is_text),
        label=label,
        key=entity,
        period=period,
        horizon=horizon,
        gap=gap,
    )


def _sampled(names: np.ndarray) -> Ints:
    if len(names) <= MOST_ROWS:
        return np.arange(len(names))
    hashed = pd.util.hash_array(names).astype(np.float64) / 2.0**64
    return np.flatnonzero(hashed <= np.quantile(hashed, MOST_ROWS / len(names)))


def _numbers(column: pd.Series) -> tuple[Floats, bool]:
    """A column as floats, and whether it held texts, which become the numbers of their categories."""
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        try:
            values = column.to_numpy(dtype=np.float64, na_value=np.nan)
            return np.where(np.isfinite(values), values, np.nan), False
        except (ValueError, TypeError):
            pass
    missing = column.isna().to_numpy()
    codes, _ = pd.factorize(column.astype(object).map(str), sort=True)
    return np.where(missing, np.nan, codes.astype(np.float64)), True
