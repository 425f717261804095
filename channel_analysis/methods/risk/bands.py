"""Bands of partners: green to red with hysteresis, unknown without evidence, and level against change."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ...contracts.risk import Bands
from .panel import Floats, Ints

BANDS = ("green", "yellow", "orange", "red")
"""Bands by rising risk."""

UNKNOWN = "unknown"
"""The band of a partner about whom too little is known; never green."""

HIGH = "orange"
"""The level of a partner is high from this band on."""


def bands_of(
    probability: pd.Series,
    previous_band: pd.Series,
    triggers: pd.Series,
    known: pd.Series,
    bands: Bands,
) -> pd.DataFrame:
    """The band that the model gives each partner, and the band that holds once triggers are heeded.

    A band is entered upwards at once, where it begins; downwards it is left only by a probability
    below its beginning less the hysteresis. A hard trigger makes red whatever the model says, even
    where nothing else is known.

    Parameters
    ----------
    probability : Series
        0 to 1, NaN where there is none; its index is that of the others and of the outcome.
    previous_band : Series
        What the model gave before (`model_band`): a trigger that is over must not hold by hysteresis.
        "", "unknown" and missing: there was none.
    triggers : Series
        Why a partner is red whatever the model says; "" or missing: nothing is.
    known : Series
        Whether the evidence is enough.
    bands : Bands

    Returns
    -------
    DataFrame
        model_band and band.

    Examples
    --------
    >>> partners = pd.DataFrame({"p": [0.39, 0.39, 0.05, 0.05], "before": ["red", "green", "", "green"],
    ...     "trigger": ["", "", "insolvency", ""], "known": [True, True, True, False]})
    >>> told = bands_of(partners["p"], partners["before"], partners["trigger"], partners["known"], Bands())
    >>> told.values.tolist()
    [['red', 'red'], ['orange', 'orange'], ['green', 'red'], ['unknown', 'unknown']]
    """
    values = probability.to_numpy(dtype=np.float64, na_value=np.nan)
    has_evidence = known.to_numpy(dtype=bool, na_value=False) & np.isfinite(values)
    levels = _levels(np.where(has_evidence, values, 0.0), _places(previous_band), bands)
    model = np.where(has_evidence, np.array(BANDS, dtype=object)[levels], UNKNOWN)
    is_triggered = triggers.fillna("").to_numpy(dtype=object) != ""
    band = np.where(is_triggered, BANDS[-1], model)
    return pd.DataFrame({"model_band": model, "band": band}, index=probability.index, dtype=object)


def quadrants(probability: pd.Series, previous: pd.Series, bands: Bands) -> pd.Series:
    """Level against change: "high_rising", "high_steady", "low_rising" or "low_steady"; "" where unknown.

    High is what lies in orange or above; rising what rose by more than the hysteresis of the bands.

    Examples
    --------
    >>> quadrants(pd.Series([0.3, 0.3, 0.15, 0.05]), pd.Series([0.2, 0.29, 0.05, None]), Bands()).tolist()
    ['high_rising', 'high_steady', 'low_rising', '']
    """
    now = probability.to_numpy(dtype=np.float64, na_value=np.nan)
    before = previous.to_numpy(dtype=np.float64, na_value=np.nan)
    level = np.where(now >= begins(bands)[BANDS.index(HIGH) - 1], "high", "low").astype(object)
    change = np.where(np.round(now - before, 12) > bands.hysteresis, "_rising", "_steady").astype(object)
    told = np.where(np.isfinite(now) & np.isfinite(before), level + change, "")
    return pd.Series(told, index=probability.index, dtype=object)


def begins(bands: Bands) -> Floats:
    """The probabilities at which yellow, orange and red begin."""
    return np.array([bands.yellow, bands.orange, bands.red])


def leaves_below(bands: Bands) -> Floats:
    """The probabilities below which yellow, orange and red are left downwards; none below 0."""
    return np.maximum(np.round(begins(bands) - bands.hysteresis, 12), 0.0)


def _levels(values: Floats, previous: Ints, bands: Bands) -> Ints:
    """The place of each probability's band, where the place before is -1 without any."""
    entered = np.searchsorted(begins(bands), values, side="right")
    stayed = np.searchsorted(leaves_below(bands), values, side="right")
    return np.asarray(np.maximum(entered, np.minimum(previous, stayed)), dtype=np.int64)


def _places(names: pd.Series) -> Ints:
    places = {name: place for place, name in enumerate(BANDS)}
    return np.asarray(names.map(places).fillna(-1).to_numpy(dtype=np.int64))
