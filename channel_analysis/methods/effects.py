"""What a measure brought: difference-in-differences against comparable segments, or why it cannot be told.

Every segment keeps its own level and its own steady trend, all share what happens to all of them in a
month. What the treated ones depart by once the measure has begun is its effect. Pretending that each
comparable segment had been treated tells how far segments depart without any measure: that spread makes
the interval. Pretending that the measure had begun earlier tells whether they moved alike before.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..rootcauses import Effect

Floats = NDArray[np.float64]

FEWEST_AFTER = 2
"""Months after the beginning before anything is told."""

FEWEST_BEFORE = 6
"""Months before anything happened without which no trend is known."""

FEWEST_COMPARABLE = 5
"""Comparable segments without which there is no telling what would have happened."""

ALPHA = 0.05
"""A pre-trend with a smaller p-value is none that chance makes."""

PLACEBO_ALPHA = 0.001
"""Below it comparable segments departed from each other since then as they never did before."""

BORROWED = 4.0
"""Degrees of freedom that a segment's own noise borrows from that of all."""

ROUNDING = 1e-18
"""Variance of logarithms or shares that is no more than rounding."""

COVERED = 0.975
"""The upper end of a 95 % interval."""


def effect_of(
    series: pd.DataFrame,
    treated: Collection[str],
    since: datetime.date,
    *,
    changed: datetime.date | None = None,
    is_ratio: bool = False,
    with_trends: bool = True,
) -> Effect:
    """The effect of a measure on segments, against segments that had none.

    Parameters
    ----------
    series : DataFrame
        month (first days, of complete months), segment, value: monthly sums, or ratios. Months that a
        segment lacks count 0; of ratios they leave a comparable segment out.
    treated : collection of str
        The segments that had the measure; all others are taken for comparable.
    since : date
        First day of the first month in which it could do anything.
    changed : date, optional
        First month of the change that the measure answers: from it on the segment has a new level, which
        is what the measure starts from, and trends are learnt before it.
    is_ratio : bool
        Whether values are ratios, which are not added up and are compared as they are.
    with_trends : bool
        Whether segments have trends of their own; without them equal trends are tested for.

    Returns
    -------
    Effect
        `amount` in the unit of the values: of sums for all months since then together, of ratios
        their mean. Verdict "told", "too_early" or "cannot_be_told"; `reason` is "" when told, else
        "not_started", "too_early", "no_history", "few_comparable", "no_noise" (figures without any chance
        in them), "pre_trend" or "placebo".

    References
    ----------
    Trends of their own: Angrist and Pischke (2009), Mostly Harmless Econometrics, section 5.2.1.
    Inference from placebos: Conley and Taber (2011), Review of Economics and Statistics 93, 113-125.

    Examples
    --------
    >>> months = [d.date() for d in pd.date_range("2024-01-01", periods=18, freq="MS")]
    >>> rows = [(m, s, 100 + 7 * s + 3 * ((5 * s + 11 * i) % 7) + 20 * (s == 0 and i >= 15))
    ...     for s in range(9) for i, m in enumerate(months)]
    >>> series = pd.DataFrame(rows, columns=["month", "segment", "value"])
    >>> found = effect_of(series.astype({"segment": str}), ["0"], months[15])
    >>> found.verdict, found.low < 60 < found.high
    ('told', True)
    """
    wide = _wide(series, since, is_ratio)
    time = _Time.of(list(wide.index), since, changed, with_trends)
    if time.months_after < FEWEST_AFTER:
        return _not_told("too_early", "not_started" if not time.months_after else "too_early", since)
    if int(time.is_calm.sum()) < FEWEST_BEFORE:
        return _not_told("cannot_be_told", "no_history", since)
    scale = _scaled(wide, [name for name in wide if name in set(treated)], time, is_ratio)
    if scale.mine.shape[1] == 0:
        return _not_told("cannot_be_told", "no_history", since, comparable=scale.others.shape[1])
    if scale.others.shape[1] < FEWEST_COMPARABLE:
        return _not_told("cannot_be_told", "few_comparable", since, comparable=scale.others.shape[1])
    return _told(scale, time, since)


@dataclass(frozen=True, slots=True)
class _Time:
    """Months, and the weights that make of a segment's months its departure from its own past.

    `effect` compares the months after with what those before let expect, `pretended` the last calm
    months (before anything happened) with what earlier ones do; `design` is what is fitted before.
    """

    is_after: NDArray[np.bool_]
    is_calm: NDArray[np.bool_]
    design: Floats
    effect: Floats
    pretended: Floats

    @classmethod
    def of(
        cls, months: list[datetime.date], since: datetime.date, changed: datetime.date | None, trends: bool
    ) -> _Time:
        at = np.array(months, dtype=object)
        is_after = np.array([month >= since for month in at], dtype=bool)
        is_calm = np.array([month < (changed or since) for month in at], dtype=bool) & ~is_after
        columns = [np.ones(len(at))]
        if trends:
            columns.append(np.arange(len(at), dtype=float))
        calm = np.column_stack(columns)
        if (~is_after & ~is_calm).any():
            columns.append((~is_calm).astype(float))
        design = np.column_stack(columns)
        held = _last(is_calm)
        pretended = _weights(calm, is_calm & ~held, held) if trends else _slope(is_calm)
        return cls(is_after, is_calm, design[~is_after], _weights(design, ~is_after, is_after), pretended)

    @property
    def months_after(self) -> int:
        return int(self.is_after.sum())


def _last(is_calm: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The last third of the calm months, two at least."""
    places = np.flatnonzero(is_calm)
    held = np.zeros(len(is_calm), dtype=bool)
    held[places[len(places) - max(2, len(places) // 3) :]] = True
    return held


def _weights(design: Floats, fitted: NDArray[np.bool_], judged: NDArray[np.bool_]) -> Floats:
    """Weights of months: the mean of the judged less what the fitted let expect; zeros without either."""
    weights = np.zeros(len(design))
    if not fitted.any() or not judged.any():
        return weights
    expected = design[judged].mean(axis=0)
    weights[fitted] = -np.linalg.pinv(design[fitted]).T @ expected
    weights[judged] = 1 / judged.sum()
    return weights


def _slope(is_calm: NDArray[np.bool_]) -> Floats:
    """Weights of months that give a segment's slope in the calm ones."""
    steps = np.arange(len(is_calm), dtype=float)
    centred = np.where(is_calm, steps - steps[is_calm].mean() if is_calm.any() else 0.0, 0.0)
    length = float(centred @ centred)
    return centred / length if length else centred


@dataclass(frozen=True, slots=True)
class _Scaled:
    """Treated (`mine`) and comparable (`others`) segments, months by segments, as they are compared.

    Logarithms where all sums are positive, else shares of the mean before; ratios as they are.
    `total` is what the treated summed up to since then, `usual` what a month of theirs did before.
    """

    mine: Floats
    others: Floats
    kind: str
    total: float
    usual: float

    def amount(self, effect: float, months: int) -> float:
        """An effect in the unit of the values."""
        if self.kind == "log":
            return self.total * -math.expm1(-effect)
        return effect * self.usual * months if self.kind == "share" else effect


def _wide(series: pd.DataFrame, since: datetime.date, is_ratio: bool) -> pd.DataFrame:
    """Months by segments, without gaps between the first and the last month."""
    wide = series.pivot_table(index="month", columns="segment", values="value", aggfunc="sum", min_count=1)
    if len(wide):
        every = pd.date_range(min(wide.index), max(wide.index), freq="MS")
        wide = wide.reindex([day.date() for day in every])
    return wide.astype(float) if is_ratio else wide.astype(float).fillna(0.0)


def _scaled(wide: pd.DataFrame, mine: list[str], time: _Time, is_ratio: bool) -> _Scaled:
    own, rest = wide[mine].to_numpy(), wide.drop(columns=mine).to_numpy()
    if is_ratio:
        own = own[:, ~np.isnan(own).any(axis=0)]
        return _Scaled(own, rest[:, ~np.isnan(rest).any(axis=0)], "ratio", math.nan, math.nan)
    before = ~time.is_after
    total, usual = float(own[time.is_after].sum()), float(own[before].mean(axis=0).sum())
    above = rest[:, (rest > 0).all(axis=0)]
    if own.size and (own > 0).all() and above.shape[1] >= FEWEST_COMPARABLE:
        return _Scaled(np.log(own), np.log(above), "log", total, usual)
    rest = rest[:, rest[before].mean(axis=0) > 0]
    own = own[:, own[before].mean(axis=0) > 0]
    return _Scaled(own / own[before].mean(axis=0), rest / rest[before].mean(axis=0), "share", total, usual)


def _told(scale: _Scaled, time: _Time, since: datetime.date) -> Effect:
    """The effect with its interval, unless segments did not move alike before or apart since."""
    from scipy.special import fdtrc, stdtr, stdtrit

    count = scale.others.shape[1]
    common = scale.others.mean(axis=1)
    apart = (scale.others - common[:, None]) * (count / (count - 1))
    own = scale.mine - common[:, None]
    noise_apart, noise_own, freedom = _noise(apart, own, time)
    spread = float(np.mean(noise_own) / len(noise_own) + np.mean(noise_apart) * (count - 1) / count**2)
    if not spread > ROUNDING:
        return _not_told("cannot_be_told", "no_noise", since, comparable=count)

    def judged(weights: Floats) -> tuple[float, float]:
        """What the treated departed by, and its variance as the comparable ones' departures tell it."""
        scatter = float(np.mean((weights @ apart) ** 2 / noise_apart)) * (count - 1) / count
        return float(np.mean(weights @ own)), scatter * spread

    before, before_variance = judged(time.pretended)
    p_value = float(2 * stdtr(freedom, -abs(before) / math.sqrt(before_variance)))
    if p_value < ALPHA:
        return _not_told("cannot_be_told", "pre_trend", since, p_value, count)
    effect, variance = judged(time.effect)
    unrest = variance / float(time.effect @ time.effect)
    usual = before_variance / float(time.pretended @ time.pretended)
    if fdtrc(count - 1, count - 1, unrest / usual) < PLACEBO_ALPHA:
        return _not_told("cannot_be_told", "placebo", since, p_value, count)
    half = float(stdtrit(freedom, COVERED)) * math.sqrt(variance)
    amount, low, high = (
        scale.amount(end, time.months_after) for end in (effect, effect - half, effect + half)
    )
    return Effect("told", "", amount, low, high, p_value, count, since)


def _noise(apart: Floats, own: Floats, time: _Time) -> tuple[Floats, Floats, float]:
    """Variance of a month around each segment's own course before, and the degrees of freedom.

    Each borrows from the mean of all; those of the interval follow from both the segment's own and
    the number of placebos (Satterthwaite).
    """
    before, design = ~time.is_after, time.design
    freedom = max(1.0, float(len(design) - np.linalg.matrix_rank(design)))
    remover = np.eye(len(design)) - design @ np.linalg.pinv(design)
    apart_noise = ((remover @ apart[before]) ** 2).sum(axis=0) / freedom
    own_noise = ((remover @ own[before]) ** 2).sum(axis=0) / freedom
    usual = float(apart_noise.mean())
    apart_noise, own_noise = (
        (freedom * noise + BORROWED * usual) / (freedom + BORROWED) for noise in (apart_noise, own_noise)
    )
    placebos, segments = apart.shape[1] - 1, own.shape[1]
    return apart_noise, own_noise, 1 / (1 / placebos + 1 / (segments * (freedom + BORROWED)))


def _not_told(
    verdict: str, reason: str, since: datetime.date, p_value: float = math.nan, comparable: int = 0
) -> Effect:
    return Effect(verdict, reason, math.nan, math.nan, math.nan, p_value, comparable, since)
