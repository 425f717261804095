"""Which leads are won: by source, channel type and rep, and who differs clearly from the others."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtr

from ..metrics.intervals import Floats, wilson_interval

DIMENSIONS = ("source", "channel_type", "rep_id")

LEAST_VARIANCE = 1.0
"""Below this variance of the leads to be expected won there is no test."""

COLUMNS = (
    "entity", "created", "closed", "won", "lost", "open", "win_rate", "low", "high", "value_closed",
    "value_won", "value_rate", "value_low", "value_high", "days_to_close", "open_age", "expected_rate",
    "p_value",
)  # fmt: skip


def lead_results(counts: pd.DataFrame, by: str) -> pd.DataFrame:
    """What became of the leads of each source, channel type or rep, against the others.

    A win rate is compared with what the others won of leads alike (Cochran, Mantel, Haenszel): sources
    within channel types, channel types within sources, reps with those of their channel type and within
    sources.

    Parameters
    ----------
    counts : DataFrame
        See `metrics.leads.lead_counts`.
    by : str
        One of `DIMENSIONS`.

    Returns
    -------
    DataFrame
        `COLUMNS`, most value won first: leads created, decided, won, lost in the period and open at its
        end; win rate with its Wilson interval; the same by value, with the Wilson interval of as many
        leads of equal value as weigh as much (Kish); median days to the decision, of open ones since they
        came in; the rate that the others' leads let expect, and the p value of the difference (NaN
        where there are too few leads).

    References
    ----------
    Mantel, N. and Haenszel, W. (1959). Statistical aspects of the analysis of data from retrospective
    studies of disease. Journal of the National Cancer Institute 22, 719-748. Kish, L. (1965). Survey
    Sampling, section 11.7.
    """
    if counts.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    entities = sorted(counts[by].unique())
    found = pd.DataFrame({"entity": entities}, dtype=object)
    found = found.assign(**_counted(counts, by, entities), **_against_others(counts, by, entities))
    order = found.sort_values(["value_won", "won", "entity"], ascending=[False, False, True], kind="stable")
    return order.loc[:, list(COLUMNS)].reset_index(drop=True)


def _counted(counts: pd.DataFrame, by: str, entities: list[str]) -> dict[str, Floats]:
    """Counts, values and rates of each entity, in their order."""
    outcomes = pd.MultiIndex.from_product([entities, ["won", "lost", "open"]])
    sums = (
        counts.groupby([by, "outcome"])[["leads", "value", "squares"]].sum().reindex(outcomes, fill_value=0)
    )
    leads, value, squares = (
        sums[name].unstack()[["won", "lost", "open"]].to_numpy(dtype=float).T for name in sums
    )
    won, lost, still = leads
    closed, money = won + lost, value[0] + value[1]
    share = _over(value[0], money)
    alike = _over(money**2, squares[0] + squares[1])
    low, high = wilson_interval(won, closed)
    value_low, value_high = wilson_interval(share * alike, alike)
    days = {name: counts[counts["outcome"].isin(names)] for name, names in _AGES.items()}
    return {
        "created": counts.groupby(by)["created"].sum().reindex(entities).to_numpy(dtype=np.int64),
        "closed": closed.astype(np.int64),
        "won": won.astype(np.int64),
        "lost": lost.astype(np.int64),
        "open": still.astype(np.int64),
        "win_rate": _over(won, closed),
        "low": low,
        "high": high,
        "value_closed": money,
        "value_won": value[0],
        "value_rate": share,
        "value_low": value_low,
        "value_high": value_high,
        **{name: _medians(rows, by, entities) for name, rows in days.items()},
    }


_AGES = {"days_to_close": ["won", "lost"], "open_age": ["open"]}
"""Which leads a median of days is about."""


def _medians(rows: pd.DataFrame, by: str, entities: list[str]) -> Floats:
    """The median of counted days, the mean of the middle two where there are two; NaN of none."""
    found = dict.fromkeys(entities, np.nan)
    for name, own in rows.sort_values("days", kind="stable").groupby(by, sort=False):
        until = own["leads"].cumsum().to_numpy()
        middle = np.searchsorted(until, [(until[-1] + 1) // 2, (until[-1] + 2) // 2])
        found[str(name)] = float(own["days"].to_numpy()[middle].mean())
    return np.array(list(found.values()))


def _against_others(counts: pd.DataFrame, by: str, entities: list[str]) -> dict[str, Floats]:
    """The rate to be expected from the others, and the p value of the difference, strata alike."""
    strata = [name for name in DIMENSIONS if name not in (by, "rep_id")]
    decided = counts[counts["outcome"].isin(["won", "lost"])]
    decided = decided.assign(won=decided["leads"].where(decided["outcome"] == "won", 0))
    cells = decided.groupby([by, *strata])[["leads", "won"]].sum().astype(float).reset_index()
    whole = cells.groupby(strata)[["leads", "won"]].transform("sum")
    own, hits, every, wins = cells["leads"], cells["won"], whole["leads"], whole["won"]
    others = every - own
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = pd.DataFrame(
            {
                "own": own,
                "away": hits - own * wins / every,
                "variance": own * others * wins * (every - wins) / (every**2 * (every - 1)),
                "like_others": own * (wins - hits) / others,
            }
        )
    sums = parts[others > 0].groupby(cells[by])[list(parts)].sum().reindex(entities)
    variance = sums["variance"].to_numpy(dtype=float)
    variance = np.where(variance >= LEAST_VARIANCE, variance, np.nan)
    away = np.maximum(sums["away"].abs().to_numpy(dtype=float) - 0.5, 0.0)
    expected = (sums["like_others"] / sums["own"]).to_numpy(dtype=float)
    return {"expected_rate": expected, "p_value": 2 * ndtr(-away / np.sqrt(variance))}


def _over(numerator: Floats, denominator: Floats) -> Floats:
    """Shares; NaN over 0 or less."""
    return numerator / np.where(denominator > 0, denominator, np.nan)
