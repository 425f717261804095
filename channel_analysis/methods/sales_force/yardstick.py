"""What a territory lets expect: by what peers make of the same potential, and by its own earlier periods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

FEWEST_PEERS = 3
"""With fewer other territories of a channel type there is nothing to compare with."""

POOLED = 8
"""So many territories' worth the spread of all channel types counts beside a type's own."""

_SPREAD_OF_NORMAL = 1.4826


@dataclass(frozen=True, slots=True)
class Yardstick:
    """Expected sales, as logarithms, and how far honest territories scatter around them.

    `expected` and `spread` are by rep; NaN where nothing can be said.
    """

    expected: pd.Series
    spread: pd.Series


def by_peers(actual: pd.Series, potential: pd.DataFrame, group: pd.Series) -> Yardstick:
    """Expected sales if the territory's potential were used as the median peer uses theirs.

    For each kind of potential the median of log(sales / potential) of the OTHER territories of the
    group gives an expectation; kinds are weighted by how closely they foretell the peers' sales
    (inverse of the robust variance, leave-one-out).

    Parameters
    ----------
    actual : Series
        Sales by rep (currency).
    potential : DataFrame
        By rep, a column per kind (partners, market and so on); not known or 0: left out.
    group : Series
        Channel type by rep.

    Examples
    --------
    >>> reps = list("abcd")
    >>> sold = pd.Series([100.0, 200, 300, 200], index=reps)
    >>> partners = pd.DataFrame({"partners": [1.0, 2, 3, 4]}, index=reps)
    >>> found = by_peers(sold, partners, pd.Series("x", index=reps))
    >>> np.exp(found.expected).round(6).tolist()
    [100.0, 200.0, 300.0, 400.0]
    """
    sold = logs(actual)
    total = pd.Series(0.0, index=actual.index)
    weight = total.copy()
    for kind in potential.columns:
        size = logs(potential[kind]).reindex(actual.index)
        guess = size + median_of_others(sold - size, group)
        known = guess.notna()
        share = (1 / spread_of(sold - guess, group) ** 2).where(known, 0.0)
        total += share * guess.where(known, 0.0)
        weight += share
    expected = total / weight.where(weight > 0)
    return Yardstick(expected, spread_of(sold - expected, group))


def by_history(sales: pd.DataFrame, group: pd.Series, shifts: pd.DataFrame, year: int) -> Yardstick:
    """Expected sales of period 0 from the territory's own earlier periods, moved by what peers did.

    The mean of the year before and, where known, the same period last year are both moved by the
    median change of the OTHER territories of the channel type, and by what its regions did beyond
    that in other channel types. The two are weighted by how well each foretold earlier periods.
    The spread comes from the errors that the same forecast made in periods 0 and before.

    Parameters
    ----------
    sales : DataFrame
        By rep, a column per period number (0: under review), of today's territories (currency).
    group : Series
        Channel type by rep.
    shifts : DataFrame
        By rep, a column per period number: as `shifts_of` gives them; 0 where none is known.
    year : int
        Periods in a year.
    """
    last = int(max(sales.columns, default=-1))
    guesses: dict[int, list[pd.Series]] = {}
    for number in range(max(0, last - year + 1)):
        guesses[number] = _moved(sales, group, shifts, number, year)
    if 0 not in guesses:
        nothing = pd.Series(np.nan, index=sales.index)
        return Yardstick(nothing, nothing)
    weights = [_precision(sales, group, guesses, kind) for kind in range(2)]
    together = {
        n: sum(g * w for g, w in zip(both, weights, strict=True)) / sum(weights)
        for n, both in guesses.items()
    }
    errors = pd.DataFrame({n: logs(sales[n]) - guess for n, guess in together.items()})
    return Yardstick(together[0], _spread_of_errors(errors, group))


def shifts_of(cells: pd.DataFrame, where: pd.DataFrame, year: int) -> pd.DataFrame:
    """What each rep's regions did beyond the rest of the company, told by the other channel types.

    A region's change in a channel type is log(period / mean of the year before) less the median of
    the type's regions. A rep of another type is moved by the median of these over the region's other
    types, drawn towards 0 by their number, regions weighted by the rep's sales.

    Parameters
    ----------
    cells : DataFrame
        channel_type, region, number, amount (currency).
    where : DataFrame
        rep_id, channel_type, region, amount: where reps sold lately.
    year : int
        Periods in a year.

    Returns
    -------
    DataFrame
        By rep_id, a column per period number.
    """
    wide = cells.pivot_table(
        index=["channel_type", "region"], columns="number", values="amount", aggfunc="sum"
    )
    weight = where.set_index("rep_id")["amount"].clip(lower=0.0)
    weight = weight / weight.groupby(level=0).transform("sum").where(lambda total: total > 0)
    found = {}
    for number in range(max(0, int(max(wide.columns, default=-1)) - year + 1)):
        before = wide.reindex(columns=range(number + 1, number + year + 1)).mean(axis=1)
        change = logs(wide[number]) - logs(before)
        beyond = (change - change.groupby("channel_type").transform("median")).dropna()
        told = [_of_others(beyond, kind, place) for kind, place in zip(where["channel_type"], where["region"],
                                                                       strict=True)]  # fmt: skip
        found[number] = (weight * np.array(told)).groupby(level=0).sum()
    return pd.DataFrame(found)


def _of_others(beyond: pd.Series, kind: str, region: str) -> float:
    """The change of a region in channel types other than this one."""
    kinds, regions = (beyond.index.get_level_values(level) for level in (0, 1))
    others = beyond[(regions == region) & (kinds != kind)]
    return float(others.median()) * len(others) / (len(others) + 1) if len(others) else 0.0


def median_of_others(values: pd.Series, group: pd.Series, fewest: int = FEWEST_PEERS) -> pd.Series:
    """For each the median of the others of its group; NaN with fewer than `fewest` others."""
    found = pd.Series(np.nan, index=values.index)
    for _, own in values.dropna().groupby(group):
        if len(own) > fewest:
            array = own.to_numpy(dtype=float)
            found[own.index] = [float(np.median(np.delete(array, place))) for place in range(len(array))]
    return found


def spread_of(values: pd.Series, group: pd.Series) -> pd.Series:
    """Robust standard deviation around the group's median, drawn towards that of all groups."""
    known = values.dropna()
    apart = (known - known.groupby(group).transform("median")).abs()
    if apart.empty:
        return pd.Series(np.nan, index=values.index)
    count = known.groupby(group).transform("size")
    own = _SPREAD_OF_NORMAL * apart.groupby(group).transform("median")
    whole = _SPREAD_OF_NORMAL * float(apart.median())
    spread = np.sqrt((count * own**2 + POOLED * whole**2) / (count + POOLED))
    return pd.Series(np.maximum(spread, 1e-3), index=known.index).reindex(values.index)


def logs(values: pd.Series) -> pd.Series:
    """Logarithms; NaN where there is nothing or less."""
    numbers = values.astype(float)
    return np.log(numbers.where(numbers > 0))


def _moved(
    sales: pd.DataFrame, group: pd.Series, shifts: pd.DataFrame, number: int, year: int
) -> list[pd.Series]:
    """Two forecasts of one period: from the year before it, and from the same period last year."""
    now = logs(sales[number])
    shift = shifts[number].reindex(sales.index).fillna(0.0) if number in shifts else 0.0
    before = sales[list(range(number + 1, number + year + 1))].fillna(0.0).mean(axis=1)
    bases = [logs(base) + shift for base in (before, sales[number + year])]
    return [base + median_of_others(now - base, group) for base in bases]


def _precision(
    sales: pd.DataFrame, group: pd.Series, guesses: dict[int, list[pd.Series]], kind: int
) -> float:
    errors = [logs(sales[number]) - both[kind] for number, both in guesses.items()]
    left = pd.concat(errors).dropna()
    return 1 / max(_SPREAD_OF_NORMAL * float(left.abs().median()), 1e-3) ** 2 if len(left) else 1.0


def _spread_of_errors(errors: pd.DataFrame, group: pd.Series) -> pd.Series:
    """Spread by channel type of the errors of all periods."""
    long = errors.stack().dropna()
    kinds = pd.Series(group.reindex(long.index.get_level_values(0)).to_numpy(), index=long.index)
    spread = spread_of(long, kinds)
    by_kind = spread.groupby(kinds).first()
    return group.map(by_kind).astype(float)
