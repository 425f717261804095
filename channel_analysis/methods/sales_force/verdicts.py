"""Whether a miss or a beat of the target is the target's or the person's: told apart, or not to be told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtr

from ...contracts.appraisal import SalesForce
from .yardstick import FEWEST_PEERS, Yardstick, logs, median_of_others, spread_of

VERDICTS = ("target_too_high", "target_too_low", "behind", "ahead", "as_expected", "cannot_tell")

FREEDOM = 12
"""Degrees of freedom of the odds that honest territories stray so far: spreads come from few of them."""

CAUTION = 6
"""Degrees of freedom where target and person are told apart: long tails, for a yardstick may be wrong."""

_MOST_CORRELATION = 0.95

TARGET_COLUMNS = [
    "rep_id", "verdict", "reason", "window", "basis", "actual", "target", "expected", "expected_low",
    "expected_high", "performance_log", "target_log", "performance_share", "target_gap_share",
    "year_attainment", "year_performance_share", "year_target_gap_share", "conduct_share", "p_value",
    "q_value", "p_target",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class View:
    """One look at all reps: log(actual / target) is performance + target, exactly.

    `performance` is log(actual / expected), `target` log(expected / target); spreads are those of
    honest peers; `p_value` the odds that an honest rep on a fair target strays so far, both parts
    together (bivariate Student's t, their correlation from the three spreads).
    """

    attainment: pd.Series
    performance: pd.Series
    target: pd.Series
    performance_spread: pd.Series
    target_spread: pd.Series
    expected_spread: pd.Series
    p_value: pd.Series


def view_of(actual: pd.Series, target: pd.Series, measure: Yardstick, group: pd.Series) -> View:
    """Split log(actual / target) by what a yardstick lets expect."""
    attainment = logs(actual) - logs(target)
    performance = logs(actual) - measure.expected
    asked = attainment - performance
    spreads = [spread_of(part, group) for part in (attainment, performance, asked)]
    return View(
        attainment,
        performance,
        asked,
        spreads[1],
        spreads[2],
        measure.spread,
        _odds(performance, asked, *spreads),
    )


def _odds(
    performance: pd.Series, target: pd.Series, whole: pd.Series, spread: pd.Series, other: pd.Series
) -> pd.Series:
    """P(a bivariate t lies farther out): (1 + d / freedom) ** (-freedom / 2), d the squared distance."""
    correlation = (whole**2 - spread**2 - other**2) / (2 * spread * other)
    correlation = correlation.clip(-_MOST_CORRELATION, _MOST_CORRELATION)
    x, y = performance / spread, target / other
    distance = (x**2 - 2 * correlation * x * y + y**2) / (1 - correlation**2)
    return (1 + distance / FREEDOM) ** (-FREEDOM / 2)


def probability_of_target(view: View, conduct: pd.DataFrame) -> pd.Series:
    """How probable it is that a deviation lies in the target, target and person equally likely before.

    If it lies in the target, performance scatters around 0 as that of peers; if in the person, the
    target's part does. What the person does (visits, leads won: `conduct`, log ratio to peers and
    its spread, a pair of columns `<kind>`, `<kind>_spread` each) speaks for the person where it is
    off in the same way.
    """
    odds = _log_density(view.performance, view.performance_spread) - _log_density(
        view.target, view.target_spread
    )
    for kind in [name for name in conduct.columns if f"{name}_spread" in conduct.columns]:
        seen, spread = conduct[kind], conduct[f"{kind}_spread"]
        fair = np.exp(_log_density(seen, spread))
        off = np.exp(_log_density(seen - view.attainment, spread))
        odds = odds + np.log(fair / (0.5 * fair + 0.5 * off)).where(spread > 0).fillna(0.0)
    return 1 / (1 + np.exp(-odds.clip(-50, 50)))


def judge(
    reps: pd.DataFrame, year: View, period: View, conduct: pd.DataFrame, policy: SalesForce
) -> pd.DataFrame:
    """Say for every rep whether target or person explains the attainment, where that can be told.

    A deviation counts when the attainment lies beyond the fair band and honest peers hardly ever
    stray so far (false discovery controlled over all reps and both views, at 1 - certainty). It is
    then laid on the target or on the person only with the policy's certainty and where that part
    alone lies beyond the fair band. The year is looked at first: there
    the yardstick is what peers make of the same potential. Where the year gives no cause, the
    period is, against the territory's own earlier periods; a target that these no longer reach has
    the reason "territory_changed". Where earlier targets were missed as well, that history is what
    the same person made of the territory and says nothing about targets: "own_history".

    Parameters
    ----------
    reps : DataFrame
        By rep_id: group, is_newcomer, is_short (too few days in the period), actual, target,
        was_on_target (whether the year's earlier targets were met within the fair band).
    year, period : View
        Of those who are neither newcomers nor there for too few days.
    conduct : DataFrame
        By rep_id; see `probability_of_target`.

    Returns
    -------
    DataFrame
        `TARGET_COLUMNS`, one row per rep. `performance_log` and `target_log` add up to
        log(actual / target). Shares are to the expected amount (0.1: a tenth above it).
        `p_target` is the probability that the deviation lies in the target.
    """
    q = _q_values(pd.concat({"year": year.p_value, "period": period.p_value}))
    looks = {
        name: _told(view, q[name], probability_of_target(view, conduct), policy)
        .assign(window=name, basis=basis)
        .reindex(reps.index)
        for name, view, basis in (("year", year, "peers"), ("period", period, "history"))
    }
    fell = looks["period"]["verdict"].isin(["target_too_high", "target_too_low"])
    own = fell & ~reps["was_on_target"].reindex(fell.index)
    looks["period"]["reason"] = (
        looks["period"]["reason"].mask(fell, "territory_changed").mask(own, "own_history")
    )
    looks["period"]["verdict"] = looks["period"]["verdict"].mask(own, "cannot_tell")
    is_certain = {name: look["is_certain"].fillna(False).astype(bool) for name, look in looks.items()}
    said = {name: look["verdict"] for name, look in looks.items()}
    is_quiet = said["period"].isna() | (said["period"] == "as_expected")
    tells = said["year"].notna() & ((said["year"] != "as_expected") | is_quiet)
    is_year = is_certain["year"] | (~is_certain["period"] & tells)
    chosen = pd.concat([looks["year"][is_year], looks["period"][~is_year]]).reindex(reps.index)
    found = chosen.join(_newcomers(reps, period, policy).add_suffix("_new"))
    return _settled(reps, found)


def _told(view: View, q: pd.Series, p_target: pd.Series, policy: SalesForce) -> pd.DataFrame:
    below, above = np.log1p(-policy.fair_band), np.log1p(policy.fair_band)
    is_off = (view.attainment < below) | (view.attainment > above)
    is_certain = is_off & (q <= 1 - policy.certainty)
    is_target = is_certain & (p_target >= policy.certainty)
    is_person = is_certain & (1 - p_target >= policy.certainty)
    named = {
        "target_too_high": is_target & (view.target < -above),
        "target_too_low": is_target & (view.target > -below),
        "behind": is_person & (view.performance < below),
        "ahead": is_person & (view.performance > above),
        "as_expected": ~is_off,
    }
    verdict = pd.Series("cannot_tell", index=q.index, dtype=object)
    for name, holds in named.items():
        verdict = verdict.mask(holds, name)
    reason = pd.Series("not_to_be_told_apart", index=q.index, dtype=object)
    reason = reason.where(is_certain, "may_be_chance").where(verdict == "cannot_tell", "")
    known = view.p_value.notna()
    return pd.DataFrame(
        {
            "verdict": verdict.where(known),
            "reason": reason,
            "is_certain": is_certain & known,
            "p_value": view.p_value,
            "q_value": q,
            "p_target": p_target,
        }
    )


def _newcomers(reps: pd.DataFrame, period: View, policy: SalesForce) -> pd.DataFrame:
    """Newcomers against newcomers: behind or ahead of their median beyond what honest reps stray."""
    own = reps[reps["is_newcomer"] & ~reps["is_short"]]
    attained = logs(own["actual"]) - logs(own["target"])
    apart = attained - median_of_others(attained, pd.Series("", index=own.index))
    scatter = float(spread_of(period.attainment, reps["group"]).median())
    odds = pd.Series(2 * stdtr(FREEDOM, -(apart / scatter).abs()), index=own.index)
    is_certain = (_q_values(odds) <= 1 - policy.certainty) & (apart.abs() > np.log1p(policy.fair_band))
    verdict = pd.Series("cannot_tell", index=own.index, dtype=object)
    verdict = verdict.mask(apart.abs() <= np.log1p(policy.fair_band), "as_expected")
    verdict = verdict.mask(is_certain & (apart < 0), "behind").mask(is_certain & (apart > 0), "ahead")
    few = "few_newcomers" if len(own) <= FEWEST_PEERS else "may_be_chance"
    reason = pd.Series("", index=own.index).mask(verdict == "cannot_tell", few)
    return pd.DataFrame({"verdict": verdict, "reason": reason, "p_value": odds})


def _settled(reps: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Who is new, was there too briefly or has no target gets the answer that holds for them."""
    is_new = reps["is_newcomer"] & ~reps["is_short"]
    for name in ("verdict", "reason", "p_value"):
        found[name] = found[name].mask(is_new, found[f"{name}_new"])
    found.loc[is_new, ["window", "basis"]] = ["period", "newcomers"]
    found.loc[is_new, ["q_value", "p_target"]] = np.nan
    excuses = {
        "no_yardstick": found["verdict"].isna(),
        "few_days": reps["is_short"],
        "no_target": ~(reps["target"] > 0),
    }
    for reason, holds in excuses.items():
        found.loc[holds, ["verdict", "reason", "window", "basis"]] = ["cannot_tell", reason, "", ""]
        found.loc[holds, ["p_value", "q_value", "p_target"]] = np.nan
    return found[["verdict", "reason", "window", "basis", "p_value", "q_value", "p_target"]]


def _log_density(values: pd.Series, spread: pd.Series) -> pd.Series:
    """Logarithm of Student's density, but for a constant."""
    return -(CAUTION + 1) / 2 * np.log1p((values / spread) ** 2 / CAUTION) - np.log(spread)


def _q_values(p: pd.Series) -> pd.Series:
    """Least rate of false discovery of each test (Benjamini and Hochberg, 1995); NaN stays NaN."""
    known = p.dropna().sort_values(kind="stable")
    raised = known * len(known) / np.arange(1, len(known) + 1)
    return raised[::-1].cummin()[::-1].clip(upper=1.0).reindex(p.index)
