"""Why a partner is at risk, theme by theme and adding up exactly, and what would bring it out of its band."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from ...contracts.risk import Bands
from .bands import BANDS, bands_of, leaves_below
from .panel import Floats, Ints
from .steps import Steps

MARGIN = 1e-9
"""Log-odds by which a way out must go beyond the edge, so that rounding cannot undo it."""

FARTHEST = 60.0
"""No probability of this many log-odds can be told from 0 or 1."""

Probability = Callable[[Floats], Floats]


def reasons_of(
    contributions: pd.DataFrame,
    values: pd.DataFrame,
    medians: pd.DataFrame,
    themes: Mapping[str, str],
    families: Mapping[str, str],
    units: Mapping[str, str],
    previous: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The reasons of every partner by theme, the one that adds most to the risk first.

    A theme's contribution is the sum of its features'; all themes are kept, so that a partner's
    contributions add up to what its features add up to. Each theme names the feature that pushes most
    in the direction of the whole theme.

    Parameters
    ----------
    contributions : DataFrame
        partners (index: partner_id) x features, log-odds relative to a reference.
    values, medians : DataFrame
        Of the same shape: what the partner has, and the median of its peers (see `peer_medians`).
    themes, families, units : mapping
        From features; one without a theme is a theme of its own.
    previous : DataFrame, optional
        Contributions of the run before, partners x features; partners and features may be others.

    Returns
    -------
    DataFrame
        partner_id, place (from 1), theme, feature, family, contribution, value, peer_median,
        previous_contribution (of the theme; NaN without one), unit; partners in the order given.

    Examples
    --------
    >>> frame = pd.DataFrame({"dso": [0.5], "overdue": [0.25], "nps": [-0.1]}, index=["P1"])
    >>> told = reasons_of(frame, frame * 100, frame * 80, {"dso": "payment", "overdue": "payment"}, {}, {})
    >>> told[["place", "theme", "feature", "contribution", "value", "peer_median"]].values.tolist()
    [[1, 'payment', 'dso', 0.75, 50.0, 40.0], [2, 'nps', 'nps', -0.1, -10.0, -8.0]]
    """
    features = [str(name) for name in contributions.columns]
    names = sorted({themes.get(name, name) for name in features})
    own = np.array([names.index(themes.get(name, name)) for name in features], dtype=np.int64)
    pushes = contributions.to_numpy(dtype=np.float64)
    sums = _summed(pushes, own, len(names))
    order = np.argsort(-sums, axis=1, kind="stable")
    rows = np.repeat(np.arange(len(pushes)), len(names))
    theme = order.ravel()
    feature = np.take_along_axis(_strongest(pushes, sums, own), order, axis=1).ravel()
    name = np.array(features, dtype=object)[feature]
    return pd.DataFrame(
        {
            "partner_id": contributions.index.to_numpy(dtype=object)[rows],
            "place": np.tile(np.arange(1, len(names) + 1), len(pushes)),
            "theme": np.array(names, dtype=object)[theme],
            "feature": name,
            "family": _looked_up(families, features)[feature],
            "contribution": sums[rows, theme],
            "value": _like(values, contributions)[rows, feature],
            "peer_median": _like(medians, contributions)[rows, feature],
            "previous_contribution": _before(previous, contributions, own, len(names))[rows, theme],
            "unit": _looked_up(units, features)[feature],
        }
    )


def peer_medians(values: pd.DataFrame, peers: pd.Series) -> pd.DataFrame:
    """Each feature's median among the partners of the same kind; NaN where none of them has a value.

    Examples
    --------
    >>> peer_medians(pd.DataFrame({"dso": [1.0, 3.0, 9.0]}), pd.Series(["a", "a", "b"]))["dso"].tolist()
    [2.0, 2.0, 9.0]
    """
    kinds = pd.Series(peers.to_numpy(dtype=object), index=values.index).fillna("")
    return values.astype("float64").groupby(kinds, sort=False).transform("median")


def ways_out(
    tables: Mapping[str, Steps],
    values: pd.DataFrame,
    log_odds: pd.Series,
    model_band: pd.Series,
    actionable: Mapping[str, float],
    bands: Bands,
    probability: Probability | None = None,
) -> pd.DataFrame:
    """The cheapest change that brings each partner out of its band downwards.

    One feature is changed, or two together where one alone is not enough; a change costs as many times
    the feature's spread as it is wide. Only actionable features whose value is known are changed. Who
    is green or unknown needs no way, and who finds none has no row.

    Parameters
    ----------
    tables : mapping
        Step tables of the model, by feature.
    values : DataFrame
        Partners (index: partner_id) x features.
    log_odds, model_band : Series
        Of the same partners: the model's sum, and the band that it gives (see `bands_of`).
    actionable : mapping
        Features that a partner or we can change, with the spread of each among partners (such as the
        distance between its quartiles, above 0) in which the width of a change is counted.
    bands : Bands
    probability : callable, optional
        From log-odds to probabilities, rising; the logistic function when left out.

    Returns
    -------
    DataFrame
        partner_id, feature, value, needed (the nearest value that is enough), probability and band
        (with the hysteresis) once it is done; rows of one partner belong together.

    Examples
    --------
    >>> late = Steps(thresholds=(5.0, 30.0), values=(-2.0, 0.0, 1.0))
    >>> given = pd.DataFrame({"days_late": [45.0]}, index=["P1"]), pd.Series([0.2]), pd.Series(["red"])
    >>> told = ways_out({"days_late": late}, *given, {"days_late": 10.0}, Bands())
    >>> told[["partner_id", "feature", "value", "needed", "band"]].values.tolist()
    [['P1', 'days_late', 45.0, 30.0, 'orange']]
    """
    rising = probability or _logistic
    edges = {name: _below(rising, limit) for name, limit in zip(BANDS[1:], leaves_below(bands), strict=True)}
    usable = sorted(
        name for name, spread in actionable.items() if name in tables and name in values and spread > 0
    )
    changes = [
        _Change(name, np.array(tables[name].thresholds), np.array(tables[name].values), actionable[name])
        for name in usable
    ]
    odds = log_odds.to_numpy(dtype=np.float64)
    needs = odds - model_band.map(edges).to_numpy(dtype=np.float64, na_value=np.nan) + MARGIN
    rows = np.flatnonzero(np.isfinite(needs))
    given = values[usable].to_numpy(dtype=np.float64, na_value=np.nan)[rows]
    made = [
        (values.index[row], odds[row] - gain, model_band.iloc[row], feature, value, needed)
        for row, steps in zip(rows, _steps_taken(changes, given, needs[rows]), strict=True)
        for gain, feature, value, needed in steps
    ]
    return _told(made, rising, bands)


@dataclass(frozen=True, slots=True)
class _Change:
    """A feature that can be changed: its steps, and the spread in which the width of a change is counted."""

    feature: str
    thresholds: Floats
    steps: Floats
    spread: float

    def cheapest(self, values: Floats, needs: Floats) -> tuple[Floats, Floats, Floats]:
        """For each value the cheapest change that gains enough alone: cost (infinite: none), needed, gain."""
        here = np.searchsorted(self.thresholds, values, side="left")[:, None]
        place = np.arange(len(self.steps))
        down, up = (
            np.append(self.thresholds, np.nan),
            np.append(np.nan, np.nextafter(self.thresholds, np.inf)),
        )
        needed = np.where(place < here, down, up)
        gains = self.steps[here] - self.steps
        is_enough = (gains >= needs[:, None]) & (gains > 0) & np.isfinite(values)[:, None]
        costs = np.where(is_enough, np.abs(needed - values[:, None]) / self.spread, np.inf)
        best = np.argmin(costs, axis=1)[:, None]
        cost, needed, gain = (np.take_along_axis(one, best, axis=1)[:, 0] for one in (costs, needed, gains))
        return cost, needed, gain

    def offer(self, value: float) -> _Offer:
        """All changes of one value that are worth anything; none where it is missing."""
        here = int(np.searchsorted(self.thresholds, value, side="left"))
        needed = np.concatenate([self.thresholds[:here], np.nextafter(self.thresholds[here:], np.inf)])
        gains = self.steps[min(here, len(self.steps) - 1)] - np.delete(self.steps, here)
        costs = np.abs(needed - value) / self.spread
        order = np.lexsort((-gains, costs))
        best = np.maximum.accumulate(np.concatenate([[0.0], gains[order]]))
        kept = order[(best[1:] > best[:-1]) & np.isfinite(value)]
        return _Offer(self.feature, value, needed[kept], gains[kept], costs[kept])


@dataclass(frozen=True, slots=True)
class _Offer:
    """What changing one feature can do: wider changes that lower the log-odds more, the cheapest first."""

    feature: str
    value: float
    needed: Floats
    gains: Floats
    costs: Floats


Step = tuple[float, str, float, float]
"""Total gain of the way, feature, its value, the value needed."""


def _steps_taken(changes: list[_Change], values: Floats, needs: Floats) -> list[list[Step]]:
    """The way of each row: one step where one is enough, else two, else none."""
    if not changes:
        return [[] for _ in needs]
    found = [change.cheapest(values[:, place], needs) for place, change in enumerate(changes)]
    costs, needed, gains = (np.column_stack(column) for column in zip(*found, strict=True))
    best = np.argmin(costs, axis=1)
    ways: list[list[Step]] = []
    for row, place in enumerate(best):
        if np.isfinite(costs[row, place]):
            one = float(values[row, place]), float(needed[row, place])
            ways.append([(float(gains[row, place]), changes[place].feature, *one)])
        else:
            ways.append(_two_steps(changes, values[row], needs[row]))
    return ways


def _two_steps(changes: list[_Change], values: Floats, need: float) -> list[Step]:
    """The cheapest changes of two features that gain enough together; empty without any."""
    offers = _worth_trying(
        [change.offer(float(value)) for change, value in zip(changes, values, strict=True)], need
    )
    best: tuple[float, _Offer, int, _Offer, int] | None = None
    for (least, one), (least_other, other) in combinations(offers, 2):
        lowest = best[0] if best else np.inf
        if least + least_other >= lowest or one.gains[-1] + other.gains[-1] < need:
            continue
        cost, first, second = _pair(one, other, need)
        if cost < lowest:
            best = (cost, one, first, other, second)
    if best is None:
        return []
    _, one, first, other, second = best
    gain = float(one.gains[first] + other.gains[second])
    return [
        (gain, offer.feature, offer.value, float(offer.needed[place]))
        for offer, place in ((one, first), (other, second))
    ]


def _worth_trying(offers: list[_Offer], need: float) -> list[tuple[float, _Offer]]:
    """What can be part of a pair that gains enough, with the least it must cost then, the cheapest first."""
    offers = [offer for offer in offers if len(offer.gains)]
    most = sorted((float(offer.gains[-1]) for offer in offers), reverse=True)[:2]
    found = []
    for offer in offers:
        partner = most[-1] if offer.gains[-1] == most[0] else most[0]
        place = int(np.searchsorted(offer.gains, need - partner - MARGIN, side="left"))
        if place < len(offer.gains):
            found.append((float(offer.costs[place]), offer))
    return sorted(found, key=lambda one: one[0])


def _pair(one: _Offer, other: _Offer, need: float) -> tuple[float, int, int]:
    """The cheapest changes of two features that gain enough, where some do: their cost and places."""
    places = np.searchsorted(other.gains, need - one.gains, side="left")
    costs = one.costs + np.append(other.costs, np.inf)[places]
    at = int(np.argmin(costs))
    return float(costs[at]), at, int(places[at])


def _told(
    found: list[tuple[object, float, str, str, float, float]], rising: Probability, bands: Bands
) -> pd.DataFrame:
    columns = ["partner_id", "log_odds", "before", "feature", "value", "needed"]
    told = pd.DataFrame(found, columns=columns)
    odds = told["log_odds"].to_numpy(dtype=np.float64)
    told["probability"] = rising(odds)
    nothing = pd.Series("", index=told.index, dtype=object)
    everything = pd.Series(True, index=told.index)
    after = bands_of(told["probability"], told["before"], nothing, everything, bands)
    return told.assign(band=after["model_band"]).drop(columns=["log_odds", "before"])


def _below(rising: Probability, limit: float) -> float:
    """The log-odds up to which the probability stays below a limit; minus infinity if it never does."""
    low, high = -FARTHEST, FARTHEST
    if rising(np.array([low]))[0] >= limit:
        return -np.inf
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(np.array([middle]))[0] < limit else (low, middle)
    return low


def _logistic(log_odds: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-log_odds))


def _summed(pushes: Floats, own: Ints, themes: int) -> Floats:
    """Sums of the features' contributions by theme, rows x themes."""
    sums = np.zeros((len(pushes), themes))
    for feature, theme in enumerate(own):
        sums[:, theme] += pushes[:, feature]
    return sums


def _strongest(pushes: Floats, sums: Floats, own: Ints) -> Ints:
    """The feature that pushes most in the direction of its theme's sum, rows x themes."""
    best = np.zeros(sums.shape, dtype=np.int64)
    for theme in range(sums.shape[1]):
        members = np.flatnonzero(own == theme)
        towards = np.where(sums[:, [theme]] < 0, -pushes[:, members], pushes[:, members])
        best[:, theme] = members[np.argmax(towards, axis=1)]
    return best


def _before(previous: pd.DataFrame | None, now: pd.DataFrame, own: Ints, themes: int) -> Floats:
    """What the themes contributed before, NaN for partners who were not there."""
    if previous is None:
        return np.full((len(now), themes), np.nan)
    pushes = previous.reindex(columns=now.columns).fillna(0.0).reindex(index=now.index)
    return _summed(pushes.to_numpy(dtype=np.float64), own, themes)


def _like(frame: pd.DataFrame, model: pd.DataFrame) -> Floats:
    return np.asarray(frame[list(model.columns)].to_numpy(dtype=np.float64, na_value=np.nan))


def _looked_up(told: Mapping[str, str], features: list[str]) -> np.ndarray:
    return np.array([told.get(name, "") for name in features], dtype=object)
