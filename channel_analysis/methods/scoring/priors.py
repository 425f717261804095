"""What entities of a type are like, learnt from closed earlier periods, and the pull it has on small ones.

Empirical Bayes: rates after a beta-binomial, other figures after a normal model. A prior is a row of a
table, frozen once learnt, so that no figure of this period has a say in another's score.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from .places import Floats

PRIOR_COLUMNS = ["group", "kpi", "kind", "mean", "spread", "strength", "unit", "entities", "observations"]
RATE, FIGURE = "rate", "figure"

FAR = 3.0
"""Beyond so many robust standard deviations a partner, such as one that grew fortyfold, says no more."""

MOST_STRENGTH = 1e6
"""A rate's prior never counts more than so many observations: peers that all have the same rate."""


def fit_priors(history: pd.DataFrame, rates: Iterable[str], minimum: int = 8) -> pd.DataFrame:
    """Learn the prior of every group and KPI.

    Parameters
    ----------
    history : DataFrame
        KPI values of closed periods: entity, group, kpi, numerator, denominator, value, se, n, status.
        A rate's denominator is its number of observations.
    rates : iterable of str
        KPIs that are shares of counts; the others are figures with a standard error.
    minimum : int
        With fewer entities there is no prior.

    Returns
    -------
    DataFrame
        `PRIOR_COLUMNS`: mean and spread between entities (standard deviation, by adjusted likelihood:
        Li and Lahiri 2010). Of a rate also strength in observations (alpha + beta of the beta prior with
        this mean and spread). Of a figure also unit, the usual variance of a single observation: a
        partner's noise is unit / n, because its own standard error grows with its own value, and
        weights by it would lean towards the low ones.
    """
    named = set(rates)
    rows = []
    usable = history[(history["status"] == "ok") & history["value"].notna()]
    for (group, kpi), own in usable.groupby(["group", "kpi"], sort=True):
        found = _rate(own) if kpi in named else _figure(own)
        if found is not None and found[-2] >= minimum:
            rows.append([group, kpi, RATE if kpi in named else FIGURE, *found])
    found = pd.DataFrame(rows, columns=PRIOR_COLUMNS) if rows else no_priors()
    return found.astype({name: object if name in PRIOR_COLUMNS[:3] else float for name in PRIOR_COLUMNS})


def no_priors() -> pd.DataFrame:
    """A table of priors without any: everything stays as measured."""
    numbers = dict.fromkeys(PRIOR_COLUMNS[3:], float)
    return pd.DataFrame(columns=PRIOR_COLUMNS).astype({"group": object, "kpi": object, **numbers})


def shrink(values: pd.DataFrame, priors: pd.DataFrame) -> pd.DataFrame:
    """Pull each value towards its group's prior, the more the less it rests on.

    Parameters
    ----------
    values : DataFrame
        entity, group, kpi, value, se, n, status, and for rates numerator and denominator.

    Returns
    -------
    DataFrame
        The same rows with raw (the value as measured), value, se, and for rates alpha and beta of
        the distribution of the rate. Values without prior, exact ones and those of whose noise nothing
        is known stay as they are.
    """
    joined = values.reset_index(drop=True).merge(
        priors[["group", "kpi", "kind", "mean", "spread", "strength", "unit"]],
        on=["group", "kpi"],
        how="left",
    )
    out = values.reset_index(drop=True).assign(raw=joined["value"], alpha=np.nan, beta=np.nan)
    is_ok = joined["status"] == "ok"
    rate = is_ok & (joined["kind"] == RATE) & (joined["denominator"] > 0)
    alpha = joined["mean"] * joined["strength"] + joined["numerator"]
    beta = (1 - joined["mean"]) * joined["strength"] + joined["denominator"] - joined["numerator"]
    total = alpha + beta
    noise, between = _noise(joined), joined["spread"].pow(2)
    figure = is_ok & (joined["kind"] == FIGURE) & noise.notna()
    pull = (noise / (noise + between)).where((noise + between) > 0, 0.0)
    for rows, columns in (
        (rate, {"value": alpha / total, "se": (alpha * beta / (total**2 * (total + 1))).pow(0.5)}),
        (rate, {"alpha": alpha, "beta": beta}),
        (figure, {"value": pull * joined["mean"] + (1 - pull) * joined["value"]}),
        (figure, {"se": (noise * between / (noise + between)).where((noise + between) > 0, 0.0).pow(0.5)}),
    ):
        for name, found in columns.items():
            out[name] = found.where(rows, out[name])
    return out


def _rate(own: pd.DataFrame) -> list[float] | None:
    """Mean, spread, strength, entities and observations of a rate: all periods of an entity together."""
    sums = own.groupby("entity")[["numerator", "denominator"]].sum()
    sums = sums[sums["denominator"] > 0]
    hits, tries = sums["numerator"].to_numpy(dtype=float), sums["denominator"].to_numpy(dtype=float)
    total = tries.sum()
    if len(sums) < 2 or total <= 0:
        return None
    mean = hits.sum() / total
    if not 0 < mean < 1:  # nobody ever, or always: one such observation less sure
        mean = (hits.sum() + 0.5) / (total + 1)
    usual = mean * (1 - mean)
    _, between = _between(hits / tries, usual / tries)
    strength = min(MOST_STRENGTH, max(usual / between - 1, 1.0))
    return [mean, between**0.5, strength, np.nan, len(sums), total]


def _figure(own: pd.DataFrame) -> list[float] | None:
    """Mean, spread, strength (none), entities and observations of a figure with a standard error."""
    known = own[own["se"].notna() & (own["n"] > 0)]
    exact = known["se"] <= 0
    if known["entity"].nunique() < 2 or exact.all():
        return None
    unit = float((known["n"] * known["se"].pow(2))[~exact].median())
    sums = known.assign(w=known["n"], wv=known["n"] * known["value"]).groupby("entity")[["w", "wv"]].sum()
    value, noise = (
        _pulled_in((sums["wv"] / sums["w"]).to_numpy(dtype=float)),
        unit / sums["w"].to_numpy(dtype=float),
    )
    mean, between = _between(value, noise)
    return [mean, between**0.5, np.nan, unit, len(value), float(known["n"].sum())]


def _between(values: Floats, noise: Floats) -> tuple[float, float]:
    """Mean of entities and variance between them, of which `values` are measured with variance `noise`.

    Restricted likelihood times the variance (Li and Lahiri 2010): never 0, so that chance between
    few, noisy peers is not taken for proof that they are all the same.
    """
    scale = float(values.var() + noise.mean())
    if scale <= 0:
        return float(values.mean()), 1e-12
    grid = scale * np.exp(np.linspace(np.log(1e-5), np.log(5.0), 240))
    weight = 1 / (noise[None, :] + grid[:, None])
    total = weight.sum(axis=1)
    mean = (weight * values).sum(axis=1) / total
    misfit = (weight * (values - mean[:, None]) ** 2).sum(axis=1)
    plausible = np.log(grid) + 0.5 * np.log(weight).sum(axis=1) - 0.5 * misfit - 0.5 * np.log(total)
    best = int(np.argmax(plausible))
    return float(mean[best]), float(grid[best])


def _pulled_in(values: Floats) -> Floats:
    """Values farther out than `FAR` robust standard deviations pulled in to there (winsorised)."""
    low, centre, high = np.quantile(values, [0.15, 0.5, 0.85])
    spread = float(high - low) / 2.07  # of a normal distribution
    return np.clip(values, centre - FAR * spread, centre + FAR * spread) if spread > 0 else values


def _noise(joined: pd.DataFrame) -> pd.Series:
    """The variance of each figure: its type's usual one where that and its observations are known."""
    usual = joined["unit"] / joined["n"].where(joined["n"] > 0)
    return usual.where(usual.notna() & (joined["se"] != 0), joined["se"].pow(2))
