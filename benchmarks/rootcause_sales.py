"""Generated sales of two periods: orders drawn per leaf, one segment planted, or nothing at all.

`sparse_sales` and `dense_sales`: Poisson counts of orders per leaf with lognormal values by price level; a
planted segment's order rate changes so that its sales shift by k standard errors. `null_*`: noise and one
common trend; `null_relative` has the noise of the set S, see `rootcause_sets`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from .rootcause_cases import Case, Floats, Rows, grid, inside, named, spelled

SPARSE = {"region": 12, "industry": 8, "channel": 5, "category": 15, "level": 8}
"""57,600 leaves: most of them empty in one period of 60,000 orders."""
DENSE = {"region": 8, "category": 6, "channel": 5}
ORDERS = 60_000
STRENGTHS = (3, 4, 6, 10)
"""Standard errors by which a planted segment's sales shift."""
SPREAD = 0.6
"""Standard deviation of the log of an order's value within its price level."""


# --- sales: orders drawn per leaf ------------------------------------------------------------------------


def sparse_sales(seed: int, k: float | None = None, earlier: int = 0) -> Case:
    """60,000 orders a period over 57,600 leaves; one segment of 1 to 3 dimensions shifts by k errors.

    `k` None takes one of `STRENGTHS`, by the seed; `earlier` gives as many periods before.
    """
    return _sales("sparse sales", seed, k, SPARSE, earlier)


def dense_sales(seed: int, k: float | None = None, earlier: int = 0) -> Case:
    """The same with 2 or 3 dimensions: some 250 orders and more per leaf."""
    cards = DENSE if seed % 2 else {name: DENSE[name] for name in ("region", "category")}
    return _sales("dense sales", seed, k, cards, earlier)


def _sales(name: str, seed: int, k: float | None, cards: Mapping[str, int], earlier: int) -> Case:
    rng = np.random.default_rng([seed, 3, len(cards)])
    strength = float(STRENGTHS[seed % len(STRENGTHS)] if k is None else k)
    codes, rates, means = _market(rng, cards)
    trend = rng.uniform(0.8, 1.25)
    places, values, factor = _planted(rng, cards, codes, rates, means, trend, strength)
    own = inside(codes, places, values)
    now = rates * trend * np.where(own, factor, 1.0)
    periods = [_orders(rng, one, means) for one in (*[rates] * (earlier + 1), now)]
    frame, past = _leaves(codes, list(cards), periods)
    truth = {spelled(list(cards), places, values)}
    amount = float((rates * means)[own].sum()) * trend * (factor - 1)
    noise = named(codes, list(cards)).assign(squares=rates * means**2 * np.exp(SPREAD**2))
    return Case(name, frame, list(cards), truth, past, "squares", strength, len(places), amount, noise)


def _market(rng: np.random.Generator, cards: Mapping[str, int]) -> tuple[Rows, Floats, Floats]:
    """Leaf codes, orders expected per leaf and period, and its category's mean order value."""
    codes = grid(cards)
    rates = np.full(len(codes), float(ORDERS))
    for place, size in enumerate(cards.values()):
        rates *= rng.dirichlet(np.full(size, 4.0))[codes[:, place]]
    price = np.exp(rng.uniform(np.log(50), np.log(2000), max(cards.values())))
    return codes, rates, price[codes[:, list(cards).index("category")]]


def _orders(rng: np.random.Generator, rates: Floats, means: Floats) -> tuple[Floats, Floats]:
    """Sales, and the sum of squared orders, of every leaf in one period."""
    leaf = np.repeat(np.arange(len(rates)), rng.poisson(rates))
    value = means[leaf] * np.exp(rng.normal(-(SPREAD**2) / 2, SPREAD, len(leaf)))
    value = np.round(value, 2)
    sales, squares = (np.bincount(leaf, one, len(rates)).astype(np.float64) for one in (value, value**2))
    return sales, squares


def _planted(
    rng: np.random.Generator,
    cards: Mapping[str, int],
    codes: Rows,
    rates: Floats,
    means: Floats,
    trend: float,
    strength: float,
) -> tuple[tuple[int, ...], tuple[int, ...], float]:
    """A segment, and the factor on its order rate that shifts its sales by `strength` standard errors.

    With m1, m2 its sums of sales and of squared orders before, now f x trend times as many:
    (f - 1)^2 trend^2 m1^2 = k^2 m2 (trend^2 + f trend), a quadratic in f. Segments in which half of the
    leaves' worth would have to go, or more than twice as much come, are drawn anew.
    """
    squares = means**2 * np.exp(SPREAD**2)
    while True:
        depth = int(rng.integers(1, min(3, len(cards)) + 1))
        places = tuple(sorted(rng.choice(len(cards), depth, replace=False).tolist()))
        values = tuple(int(rng.integers(0, list(cards.values())[at])) for at in places)
        own = inside(codes, places, values)
        c = strength**2 * (rates * squares)[own].sum() / ((rates * means)[own].sum() * trend) ** 2
        b = 2 + c * trend
        root = np.sqrt(b * b - 4 * (1 - c * trend**2))
        factor = float((b + rng.choice([-1, 1]) * root) / 2)
        if 0.0 <= factor <= 3.0:
            return places, values, factor


def _leaves(
    codes: Rows, names: list[str], periods: list[tuple[Floats, Floats]]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Leaves with sales in any period: `past_1`, ..., `predict`, `real`, and `squares` of the last two."""
    sums = np.column_stack([sales for sales, _ in periods])
    kept = (sums != 0).any(axis=1)
    frame = named(codes, names)[kept].reset_index(drop=True)
    past = tuple(f"past_{number + 1}" for number in range(len(periods) - 2))
    for place, column in enumerate((*past, "predict", "real")):
        frame[column] = sums[kept, place]
    frame["squares"] = (periods[-1][1] + periods[-2][1])[kept]
    return frame, past


def background(
    rng: np.random.Generator, cards: Mapping[str, int], noise: float
) -> tuple[Rows, Floats, Floats]:
    """Leaf codes, and two values per leaf of which one is the other with relative noise."""
    codes = grid(cards)
    true = rng.weibull(rng.uniform(0.5, 1.0), len(codes)) * 100
    true *= rng.uniform(size=len(codes)) > rng.uniform(0, 0.25)
    other = np.maximum(true * (1 + rng.normal(0, noise, len(codes))), 0)
    swap = rng.integers(0, 2, len(codes)) == 1
    return codes, np.where(swap, other, true), np.where(swap, true, other)


# --- nothing planted: noise and a common trend -----------------------------------------------------------


def _null(name: str, codes: Rows, cards: Mapping[str, int], periods: Sequence[Floats | Rows]) -> Case:
    frame, past = _leaves(
        codes, list(cards), [(np.asarray(one, float), np.zeros(len(one))) for one in periods]
    )
    return Case(f"null: {name}", frame.drop(columns="squares"), list(cards), set(), past)


def _null_market(rng: np.random.Generator, seed: int) -> tuple[Mapping[str, int], Rows, Floats, float]:
    cards = (SPARSE, DENSE, {"region": 12, "industry": 8, "category": 15})[seed % 3]
    codes, rates, _ = _market(rng, cards)
    return cards, codes, rates, rng.uniform(0.7, 1.4)


def null_poisson(seed: int) -> Case:
    """Counts of orders, Poisson in both periods."""
    rng = np.random.default_rng([seed, 10])
    cards, codes, rates, trend = _null_market(rng, seed)
    return _null("Poisson", codes, cards, [rng.poisson(rates), rng.poisson(rates * trend)])


def null_compound(seed: int) -> Case:
    """Sales: Poisson orders with lognormal values by price level."""
    rng = np.random.default_rng([seed, 11])
    cards = (SPARSE, DENSE)[seed % 2]
    codes, rates, means = _market(rng, cards)
    periods = [_orders(rng, one, means) for one in (rates, rates * rng.uniform(0.7, 1.4))]
    frame, _ = _leaves(codes, list(cards), periods)
    return Case("null: compound Poisson", frame, list(cards), set(), (), "squares")


def null_negative_binomial(seed: int) -> Case:
    """Counts with a variance of mu + mu^2 / r, r between 0.5 and 10."""
    rng = np.random.default_rng([seed, 12])
    cards, codes, rates, trend = _null_market(rng, seed)
    r = np.exp(rng.uniform(np.log(0.5), np.log(10)))

    def drawn(mu: Floats) -> Floats:
        return np.asarray(rng.poisson(mu * rng.gamma(r, 1 / r, len(mu))), dtype=np.float64)

    return _null("negative binomial", codes, cards, [drawn(rates), drawn(rates * trend)])


def null_relative(seed: int) -> Case:
    """Relative noise as in the S-like set, and a trend."""
    rng = np.random.default_rng([seed, 13])
    cards = {"a": 10, "b": 12, "c": 10, "d": 8, "e": 5}
    codes, real, predict = background(rng, cards, rng.uniform(0, 0.25))
    return _null("relative", codes, cards, [predict, real * rng.uniform(0.7, 1.4)])


def null_seasonal(seed: int) -> Case:
    """Poisson around a yearly season per category and region; 12 months before the two compared.

    Against the month before: each category moves as it does every year at this time.
    """
    rng = np.random.default_rng([seed, 14])
    cards = {"region": 12, "industry": 8, "category": 15}
    codes, rates, _ = _market(rng, cards)
    months, growth = np.arange(14), rng.uniform(-0.01, 0.02)
    swing = np.zeros((len(codes), len(months)))
    for name, size in (("category", rng.uniform(0.1, 0.4)), ("region", 0.1)):
        own = codes[:, list(cards).index(name)]
        amplitude, phase = rng.uniform(0, size, cards[name])[own], rng.uniform(0, 12, cards[name])[own]
        swing += amplitude[:, None] * np.sin(2 * np.pi * (months + phase[:, None]) / 12)
    trend = np.where(months == 13, rng.uniform(0.8, 1.25), 1.0) * np.exp(growth * months)
    counts = rng.poisson(rates[:, None] * (1 + swing) * trend)
    return _null("seasonal", codes, cards, [counts[:, month] for month in months])


def null_partners(seed: int) -> Case:
    """120 heavy-tailed partners, one a giant of about a quarter, each on a random walk; 12 periods before."""
    rng = np.random.default_rng([seed, 15])
    cards = {"partner": 120, "region": 6, "category": 8}
    home = rng.integers(0, cards["region"], cards["partner"])
    codes = grid(cards)
    codes = codes[(codes[:, 1] == home[codes[:, 0]]) | (rng.uniform(size=len(codes)) < 0.1)]
    size = rng.pareto(1.2, cards["partner"]) + 0.2
    size[0] = size[1:].sum() / 3
    rates = (
        size[codes[:, 0]] * rng.dirichlet(np.full(8, 3.0))[codes[:, 2]] * rng.uniform(0.5, 1.5, len(codes))
    )
    rates *= 20_000 / rates.sum()
    walk = np.cumsum(rng.normal(0, rng.uniform(0.1, 0.3), (cards["partner"], 14)), axis=1)
    trend = np.where(np.arange(14) == 13, rng.uniform(0.8, 1.25), 1.0)
    counts = rng.poisson(rates[:, None] * np.exp(walk[codes[:, 0]]) * trend)
    return _null("partner effects", codes, cards, [counts[:, period] for period in range(14)])


NULLS: dict[str, Callable[[int], Case]] = {
    "Poisson": null_poisson,
    "compound Poisson": null_compound,
    "negative binomial": null_negative_binomial,
    "relative": null_relative,
    "seasonal": null_seasonal,
    "partner effects": null_partners,
}
