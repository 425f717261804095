"""Panels of many kinds that know nothing they should not: the gate has to let them pass."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from tests.methods.risk.leaky_panels import World, honest, with_recency, with_region


def clean(kind: str, seed: int) -> World:
    return CLEAN[kind](seed)


def own(world, column):
    return world.panel.groupby("partner")[column]


def quarterly(seed):
    world = honest(seed)
    return replace(world, panel=world.panel[world.panel["step"] % 3 == 0])


def strong(seed):
    """One feature alone near an AUC of 0.93."""
    world = honest(seed, entities=500, strength=2.6, base=-8.0, noise=0.3)
    return world


def nearly_too_good(seed):
    rng = np.random.default_rng(seed)
    world = honest(seed, entities=400)
    bad = (world.panel["bad"] == 1).to_numpy()
    return world.with_feature("expert_view", rng.normal(size=len(bad)) + 2.0 * bad)


def fixed_features(seed):
    rng = np.random.default_rng(seed)
    entities, steps, horizon = 500, 30, 6
    nature = rng.normal(size=(entities, 3))
    hazard = 1 / (1 + np.exp(6.5 - 2.0 * nature[:, 0] - 0.5 * nature[:, 1]))
    happens = rng.random((entities, steps)) < hazard[:, None]
    end = np.where(happens.any(axis=1), happens.argmax(axis=1), steps + horizon)
    who, when = np.nonzero(np.arange(steps)[None, :] < end[:, None])
    panel = pd.DataFrame(
        {
            "partner": [f"N{place}" for place in who],
            "month": when + 100,
            "leverage": nature[who, 0],
            "size": np.exp(nature[who, 1]),
            "class": np.digitize(nature[who, 2], (-1, 0, 1)),
        }
    )
    panel["bad"] = np.where(when + horizon >= steps, np.nan, (end[who] <= when + horizon).astype(float))
    panel["bad"] = panel["bad"].mask((when + horizon >= steps) & (end[who] < steps), 1.0)
    return World(panel, ["leverage", "size", "class"], horizon, 0)


def shares(seed):
    world = honest(seed)
    rng = np.random.default_rng(seed)
    mixed = np.clip(rng.normal(0.5, 0.4, len(world.panel)), 0, 1)
    beta = rng.beta(0.5, 2, len(world.panel))
    return world.with_feature("overdue_share", mixed).with_feature("online_share", beta)


def counts(seed):
    world = honest(seed)
    rng = np.random.default_rng(seed)
    world = world.with_feature("visits", rng.poisson(2, len(world.panel)))
    return replace(world, features=["orders", "complaints", "visits"])


def rare_counts(seed):
    world = honest(seed)
    rng = np.random.default_rng(seed)
    world = world.with_feature("lawsuits", rng.poisson(0.02, len(world.panel)))
    world = world.with_feature("penalties", rng.poisson(0.01, len(world.panel)))
    return replace(world, features=["lawsuits", "penalties", "complaints"])


def missing(seed):
    world = honest(seed)
    rng = np.random.default_rng(seed)
    holes = rng.random((len(world.panel), len(world.features))) < 0.5
    world.panel[world.features] = world.panel[world.features].mask(holes)
    return world.with_feature("empty", np.full(len(world.panel), np.nan))


def categories(seed):
    world = with_region(honest(seed), np.random.default_rng(seed))
    kinds = world.panel["partner"].str[-1].map(lambda digit: "dealer" if digit in "0123" else "agent")
    world = world.with_feature("kind", kinds).with_feature("region", world.panel["region"])
    return world.with_feature("flag", world.panel["complaints"] > 0)


def named(ids):
    return lambda seed: honest(seed, ids=ids)


def lags(seed):
    world = honest(seed)
    world = world.with_feature("sales_lag1", own(world, "sales").shift(1))
    world = world.with_feature("dso_before", own(world, "dso").shift(3).fillna(0))
    return world.with_feature("sales_change", world.panel["sales"] / own(world, "sales").shift(1) - 1)


def lags_of_a_longer_history(seed):
    world = honest(seed)
    panel = world.panel.assign(
        sales_12=own(world, "sales").shift(3),
        total=own(world, "sales").transform(lambda x: x.rolling(3).sum()),
    )
    kept = panel[own(world, "sales").cumcount() >= 3]
    return replace(world, panel=kept, features=[*world.features, "sales_12", "total"])


def rolling(seed):
    world = honest(seed)
    for name, months in (("sales_3m", 3), ("sales_12m", 12)):
        total = own(world, "sales").transform(lambda x, n=months: x.rolling(n, min_periods=1).sum())
        world = world.with_feature(name, total)
    mean = own(world, "sales").transform(lambda x: x.expanding().mean())
    world = world.with_feature("against_own_past", world.panel["sales"] / mean)
    highest = own(world, "sales").cummax()
    return world.with_feature("of_own_best", world.panel["sales"] / highest)


def by_period(seed):
    world = honest(seed)
    x = world.panel.groupby("month")["sales"]
    world = world.with_feature("z", (world.panel["sales"] - x.transform("mean")) / x.transform("std", ddof=0))
    world = world.with_feature("rank", x.rank(pct=True))
    low, high = x.transform("min"), x.transform("max")
    return world.with_feature("place", (world.panel["sales"] - low) / (high - low))


def encoded_from_the_past(seed):
    world = with_region(honest(seed), np.random.default_rng(seed))
    monthly = (
        world.panel.groupby(["region", "month"])["bad"]
        .agg(["sum", "count"])
        .groupby("region")
        .shift(7)
        .fillna(0)
    )
    running = monthly.groupby("region").cumsum()
    rate = ((running["sum"] + 5 * 0.05) / (running["count"] + 5)).rename("region_rate")
    world.panel = world.panel.join(rate, on=["region", "month"])
    return world.with_feature("region_rate", world.panel["region_rate"])


def cross_section(seed):
    world = honest(seed, entities=900)
    one = world.panel.dropna(subset="bad").groupby("partner").sample(1, random_state=seed)
    return replace(world, panel=one, period=None)


def dates_in_time(seed):
    world = honest(seed)
    rng = np.random.default_rng(seed)
    days = pd.to_timedelta(rng.integers(0, 400, len(world.panel)), unit="D")
    world.panel["known_at"] = world.panel["month"] - days
    world.panel["contract_end"] = world.panel["month"] + days
    world.panel["audited"] = (world.panel["month"] - days).dt.strftime("%Y-%m-%d")
    return world


def first_of_month(seed):
    world = honest(seed)
    world.panel["known_at"] = world.panel["month"] - pd.Timedelta(days=3)
    world.panel["month"] = world.panel["month"].dt.to_period("M").dt.to_timestamp()
    return world


def silence(seed):
    """Churn: no order in the six months to come, known in full."""
    rng = np.random.default_rng(seed)
    world = with_recency(honest(seed, base=-9.0), rng)
    panel = world.panel
    rate = panel["partner"].map({name: rng.uniform(0.03, 0.7) for name in panel["partner"].unique()})
    order = pd.Series(rng.random(len(panel)) < rate, index=panel.index)
    last = panel["step"].where(order).groupby(panel["partner"]).ffill()
    panel["days_since_order"] = (panel["step"] - last) * 30.0
    panel["orders"] = order.groupby(panel["partner"]).transform(lambda x: x.rolling(12, min_periods=1).sum())
    after = [order.groupby(panel["partner"]).shift(-k).astype(float) for k in range(1, 7)]
    panel["bad"] = (sum(after) == 0).astype(float).where(after[-1].notna())
    return replace(world, gap=0)


def lasting(seed):
    """A state that comes and stays for a while: long runs of labels with a short horizon."""
    rng = np.random.default_rng(seed)
    world = honest(seed, base=-9.0)
    state = world.panel.groupby("partner")["rating"].transform(lambda x: x.fillna(0).ewm(halflife=6).mean())
    world.panel["bad"] = (state + 0.2 * rng.normal(size=len(state)) > state.quantile(0.85)).astype(float)
    world.features = [name for name in world.features if name != "rating"]
    return replace(world, horizon=1, gap=0)


def accounts(seed):
    """A year's accounts, in use from five months after they close."""
    world = honest(seed)
    year = (world.panel["step"] - 4) // 12
    for name in ("dso", "rating"):
        world.panel[name] = world.panel.groupby([world.panel["partner"], year])[name].transform("first")
    return world


def targets(seed):
    """A credit limit and a target that are set each January."""
    world = honest(seed)
    year = world.panel["step"] // 12
    limit = world.panel.groupby([world.panel["partner"], year])["sales"].transform("first") * 2
    world = world.with_feature("limit", limit)
    world.families["finance"] = ["limit"]
    return world


def quiet(seed):
    """Many partners without any sales, all alike."""
    world = honest(seed)
    asleep = world.panel["partner"].str[-1].isin(list("01234"))
    for name in ("sales", "orders", "dso", "returns_share", "complaints", "credit_limit", "rating"):
        world.panel.loc[asleep, name] = 0.0
    return world


def single(seed):
    world = honest(seed)
    world.panel[world.features] = world.panel[world.features].astype("float32")
    return world


def texts_as_periods(seed):
    world = honest(seed)
    world.panel["month"] = world.panel["month"].dt.strftime("%Y-%m-%d")
    return world


def month_periods(seed):
    world = honest(seed)
    world.panel["month"] = world.panel["month"].dt.to_period("M")
    return world


def natural_ends(seed):
    """Shares and differences of shares that reach their ends once."""
    world = honest(seed, entities=80)
    rng = np.random.default_rng(seed)
    share = rng.uniform(0.01, 0.99, len(world.panel))
    change = rng.uniform(-0.99, 0.99, len(world.panel))
    share[[3, 9]] = change[[5, 7]] = (0.0, 1.0)
    change[5] = -1.0
    return world.with_feature("share", share).with_feature("change", change)


def nearly_nothing(seed):
    """Hardly a bad end, and features that are 0 nearly everywhere."""
    rng = np.random.default_rng(seed)
    world = honest(seed, entities=30, base=-8.5)
    few = rng.poisson(0.02, len(world.panel))
    world = world.with_feature("claims", few).with_feature("claims_per_day", few / 90)
    return world.with_feature("flag", few > 1)


def calendar(seed):
    """The time of the year, which is 0 on average over whole years."""
    world = honest(seed)
    kept = world.panel.groupby("partner")["step"].transform("size") == 36
    world.panel = world.panel[kept]
    return world.with_feature("season", np.sin(world.panel["step"] * np.pi / 6))


CLEAN: dict[str, Callable[[int], World]] = {
    "monthly": honest,
    "quarterly rows of months": quarterly,
    "yearly": lambda seed: honest(seed, entities=800, steps=15, horizon=1, gap=0, yearly=True, base=-4.0),
    "a long horizon": lambda seed: honest(seed, horizon=12, gap=0),
    "a short horizon": lambda seed: honest(seed, horizon=1, gap=0),
    "few partners": lambda seed: honest(seed, entities=60),
    "few ends": lambda seed: honest(seed, base=-8.0),
    "many ends": lambda seed: honest(seed, base=-3.0),
    "a strong signal": strong,
    "a feature nearly too good": nearly_too_good,
    "fixed features": fixed_features,
    "shares": shares,
    "counts": counts,
    "rare counts": rare_counts,
    "half of it missing": missing,
    "categories": categories,
    "names in order of age": named("by age"),
    "names by kind": named("typed"),
    "numbers for names": named("numbers"),
    "lags": lags,
    "lags of a longer history": lags_of_a_longer_history,
    "rolling sums": rolling,
    "normalised by period": by_period,
    "encoded from the past": encoded_from_the_past,
    "no time": cross_section,
    "dates in time": dates_in_time,
    "first of the month": first_of_month,
    "silence": silence,
    "a lasting state": lasting,
    "accounts when filed": accounts,
    "yearly targets": targets,
    "quiet partners": quiet,
    "single precision": single,
    "periods as texts": texts_as_periods,
    "periods of pandas": month_periods,
    "natural ends": natural_ends,
    "nearly nothing": nearly_nothing,
    "the calendar": calendar,
}
