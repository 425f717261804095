"""The bridge of sales: partners, customers and products that came or went, volume, mix, price, discount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...results import Caveat
from .tree import parse_tree, shapley

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

ENTRY_BARS = (
    "new_partners",
    "lost_partners",
    "new_customers",
    "lost_customers",
    "new_products",
    "lost_products",
)
EFFECT_BARS = ("volume", "mix", "price", "discount", "exchange_rate")
BARS = (*ENTRY_BARS, *EFFECT_BARS, "returns", "unsplit")
"""Bars between "before" and "now", in the order of the waterfall."""

DRAWS = 200
SEED = 20_130_701
"""Draws of the bootstrap and where they start, so that equal inputs give equal intervals."""

SIDES = ("before", "now")
GROWTHS = (1.0, 2.0, 0.5)
"""Growths of a category's units, relative to the true one, that tell how the effects depend on it."""

_PRICE_LEVELS = (("product", "channel_type"), ("category", "channel_type"), ("channel_type",), ())


@dataclass(frozen=True, slots=True)
class Bridge:
    """How net sales went from one period to another.

    `bars`, in the order of the waterfall ("before", `BARS`, "now"): bar, amount, low, high (95 %),
    is_total, count (of the partners, customers, products or lines behind it; NaN: none). `cells`, one
    row per product and channel type: product, channel_type, category, and the amount of each of `BARS`.
    """

    bars: pd.DataFrame
    cells: pd.DataFrame
    caveats: tuple[Caveat, ...] = ()


def sales_bridge(pairs: pd.DataFrame) -> Bridge:
    """Split the change of net sales into bars that add up to it and are each right.

    Points (partners, customers) that sold in one period only are bars of their own, as are products
    that nobody sold in the other. What is left is, pair by pair of point and product, units of the
    category x the pair's share of them x list price x exchange rate x (1 - discount), each with its
    exact (Shapley) part.
    A pair sold in one period only gets price and discount of the other by the matched-model
    relative of the pairs sold in both: of the same product and channel type, else of its category, of
    the channel type, of all; its exchange rate is its point's. So neither a zero nor an average over
    other goods passes for a price. Units are added up within a category, where they are
    alike: a shift between categories is volume.

    Parameters
    ----------
    pairs : DataFrame
        As `metrics.bridge.pair_table` gives it.

    Returns
    -------
    Bridge
        Amounts in the unit of the pairs' amounts; intervals by a Poisson bootstrap over points, with
        the imputed relatives held. "unsplit" are order lines without a quantity or product. Where
        gross amounts are missing net amounts stand for list prices, and a caveat says how many.

    References
    ----------
    Imputation for matched models: ILO et al. (2004), Consumer Price Index Manual, ch. 7 and 21;
    relatives after Marshall and Edgeworth, ibid. ch. 15. Shapley: see `tree.shapley`. Poisson
    bootstrap: Chamandy, N. et al. (2012), Estimating uncertainty for massive data streams, Google.
    """
    amounts = _amounts(pairs)
    lows, highs = _intervals(pairs, amounts)
    before = fsum([*pairs["net_before"], *pairs["returned_before"]])
    now = fsum([*pairs["net_now"], *pairs["returned_now"]])
    totals = {bar: fsum(amounts.table[bar]) for bar in BARS}
    counts = _counts(pairs, amounts)
    rows = [("before", before, before, before, True, np.nan)]
    rows += [
        (bar, totals[bar], min(lows[bar], totals[bar]), max(highs[bar], totals[bar]), False, counts[bar])
        for bar in BARS
    ]
    rows.append(("now", now, now, now, True, np.nan))
    bars = pd.DataFrame(rows, columns=["bar", "amount", "low", "high", "is_total", "count"])
    keys = ["product", "channel_type", "category"]
    cells = pd.concat([pairs[keys], amounts.table], axis=1)
    return Bridge(bars, cells.groupby(keys, sort=True)[list(BARS)].sum().reset_index(), _caveats(pairs))


@dataclass(frozen=True, slots=True)
class _Amounts:
    """Per pair: the amount of every bar, and which pairs are split by unit and price (`measured`).

    `at_growth` holds the effect bars of measured pairs at each of `GROWTHS`.
    """

    table: pd.DataFrame
    measured: Bools
    at_growth: tuple[Mapping[str, Floats], ...]


def _amounts(pairs: pd.DataFrame) -> _Amounts:
    """The amount of every bar, pair by pair."""
    change = _of(pairs, "net_now") - _of(pairs, "net_before")
    table = pd.DataFrame(0.0, index=pairs.index, columns=list(BARS))
    left = np.ones(len(pairs), dtype=bool)
    for bars, keys, who in (
        (("new_partners", "lost_partners"), ["kind", "point"], pairs["kind"] == "partner"),
        (("new_customers", "lost_customers"), ["kind", "point"], pairs["kind"] != "partner"),
        (("new_products", "lost_products"), ["product"], _is_named(pairs)),
    ):
        old, young = _sold(pairs, keys, "before"), _sold(pairs, keys, "now")
        for bar, there in zip(bars, (young & ~old, old & ~young), strict=True):
            chosen = left & there & who.to_numpy(dtype=bool)
            table[bar] = np.where(chosen, change, 0.0)
            left &= ~chosen
    table["returns"] = _of(pairs, "returned_now") - _of(pairs, "returned_before")
    unmeasured = [
        _of(pairs, f"net_{side}") - _of(pairs, f"measured_net_{side}") for side in ("before", "now")
    ]
    table["unsplit"] = np.where(left, unmeasured[1] - unmeasured[0], 0.0)
    own = pairs.loc[left]
    at_growth = tuple(_effects(own, growth) for growth in GROWTHS)
    for bar in EFFECT_BARS:
        table.loc[left, bar] = at_growth[0][bar]
    # rounding, and lines of an amount but without a price of their own
    effects = table.loc[left, list(EFFECT_BARS)].to_numpy().sum(axis=1)
    measured = _of(own, "measured_net_now") - _of(own, "measured_net_before")
    table.loc[left, "unsplit"] += np.where(np.abs(measured - effects) > 1e-6, measured - effects, 0.0)
    return _Amounts(table, left, at_growth)


def _effects(pairs: pd.DataFrame, growth: float) -> dict[str, Floats]:
    """Volume, mix, price, exchange rate and discount of each pair, were its category to grow `growth` more.

    A category that one period has no units of keeps the shares of the other, so that all is volume.
    """
    units = [_of(pairs, f"units_{side}") for side in SIDES]
    totals = [_per_category(pairs, one) for one in units]
    shares = _ratios(units, totals)
    shares = [np.where(np.isnan(one), other, one) for one, other in zip(shares, shares[::-1], strict=True)]
    scale = np.where((totals[0] > 0) & (totals[1] > 0), growth, 1.0)
    factors = {
        "volume": [totals[0], totals[1] * scale],
        "mix": [np.nan_to_num(shares[0]), np.nan_to_num(shares[1]) / scale],
    } | _prices(pairs, units)
    moved = [name for name, (old, young) in factors.items() if not np.array_equal(old, young)]
    still = {name: sides[0] for name, sides in factors.items() if name not in moved}
    parts = {bar: np.zeros(len(pairs)) for bar in EFFECT_BARS}
    if moved:
        sides = [{name: factors[name][i] for name in moved} for i in (0, 1)]
        constant = np.prod(np.array([np.ones(len(pairs)), *still.values()]), axis=0)
        parts |= {n: part * constant for n, part in shapley(parse_tree(" * ".join(moved)), *sides).items()}
    return parts


def _prices(pairs: pd.DataFrame, units: Sequence[Floats]) -> dict[str, list[Floats]]:
    """List price in the currency of the invoice, exchange rate and 1 - discount in both periods."""
    listed, invoiced, nets = (
        [_of(pairs, f"{name}_{side}") for side in SIDES] for name in ("listed", "invoiced", "measured_net")
    )
    return {
        "price": _filled(pairs, _ratios(invoiced, units), units, _PRICE_LEVELS),
        "exchange_rate": _exchange_rates(pairs, listed, invoiced),
        "discount": _filled(pairs, _ratios(nets, listed), listed, _PRICE_LEVELS),
    }


def _exchange_rates(
    pairs: pd.DataFrame, listed: Sequence[Floats], invoiced: Sequence[Floats]
) -> list[Floats]:
    """Rates of both periods; a pair that has none gets its point's, for a point is invoiced alike."""
    by = [pairs["kind"], pairs["point"]]
    sums = [
        [pd.Series(one, pairs.index).groupby(by, sort=False).transform("sum") for one in side]
        for side in (listed, invoiced)
    ]
    usual = _ratios(*([one.to_numpy() for one in side] for side in sums))
    own = [np.where(np.isnan(a), b, a) for a, b in zip(_ratios(listed, invoiced), usual, strict=True)]
    known = [np.where(np.isnan(one), other, one) for one, other in zip(own, own[::-1], strict=True)]
    return [np.where(np.isnan(one), 1.0, one) for one in known]


def _per_category(pairs: pd.DataFrame, values: Floats) -> Floats:
    """The sum of a category's values, for each of its pairs."""
    names, place = np.unique(pairs["category"].to_numpy(dtype=str), return_inverse=True)
    return np.bincount(place, weights=values, minlength=len(names))[place].astype(np.float64)


def _ratios(numerators: Sequence[Floats], denominators: Sequence[Floats]) -> list[Floats]:
    """A ratio in both periods, NaN where it has none."""
    return [
        np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)
        for top, bottom in zip(numerators, denominators, strict=True)
    ]


def _filled(
    pairs: pd.DataFrame,
    ratios: Sequence[Floats],
    weights: Sequence[Floats],
    levels: Sequence[tuple[str, ...]],
) -> list[Floats]:
    """Ratios of both periods, a missing one from the other by the relative of its nearest matched pairs."""
    relative = _relatives(pairs, ratios, weights, levels)
    old, young = ratios
    filled = [
        np.where(np.isnan(old), young / relative, old),
        np.where(np.isnan(young), old * relative, young),
    ]
    return [np.where(np.isnan(one), 1.0, one) for one in filled]


def _relatives(
    pairs: pd.DataFrame,
    ratios: Sequence[Floats],
    weights: Sequence[Floats],
    levels: Sequence[tuple[str, ...]],
) -> Floats:
    """How the ratio moved in pairs of both periods, by the first level that has any; else 1."""
    old, young = ratios
    both = np.isfinite(old) & np.isfinite(young)
    mean = (weights[0] + weights[1]) / 2
    sums = pd.DataFrame(
        {"old": np.where(both, old * mean, 0.0), "young": np.where(both, young * mean, 0.0)},
        index=pairs.index,
    )
    found = np.full(len(pairs), np.nan)
    for level in levels:
        by = [pairs[name] for name in level] or [np.zeros(len(pairs))]
        total = sums.groupby(by, sort=False, dropna=False).transform("sum")
        first, second = total["old"].to_numpy(), total["young"].to_numpy()
        usable = (first > 0) & (second > 0)
        here = np.divide(second, first, out=np.full(len(pairs), np.nan), where=usable)
        found = np.where(np.isnan(found), here, found)
    return np.where(np.isnan(found), 1.0, found)


def _intervals(pairs: pd.DataFrame, amounts: _Amounts) -> tuple[dict[str, float], dict[str, float]]:
    """Bounds of each bar: points are drawn with Poisson weights, the growth of categories with them.

    A pair's effects depend on its category's growth g as a + b g + c / g, because total and share
    enter every mixture of the periods as one of units, units x g and units / g.
    """
    points, place = np.unique(_names(pairs), return_inverse=True)
    categories, group = np.unique(pairs["category"].to_numpy(dtype=str), return_inverse=True)
    both, cell = np.unique(group * len(points) + place, return_inverse=True)
    in_group, of_point = both // len(points), both % len(points)
    others = [bar for bar in BARS if bar not in EFFECT_BARS]
    columns = [_of(amounts.table, bar) for bar in others]
    solve = np.linalg.inv(np.array([[1.0, growth, 1 / growth] for growth in GROWTHS]))
    for bar in EFFECT_BARS:
        columns += list(solve @ np.array([_spread(one[bar], amounts.measured) for one in amounts.at_growth]))
    columns += [_of(pairs, f"units_{side}") * amounts.measured for side in SIDES]
    cells = np.array([np.bincount(cell, weights=one, minlength=len(both)) for one in columns])

    def grouped(weights: Floats) -> Floats:
        drawn = [np.bincount(in_group, weights=one * weights, minlength=len(categories)) for one in cells]
        return np.array(drawn)

    usual = _growth(grouped(np.ones(len(both))))
    generator, drawn = np.random.default_rng(SEED), []
    for _ in range(DRAWS):
        sums = grouped(generator.poisson(1.0, len(points)).astype(np.float64)[of_point])
        drawn.append(_bars(sums, _growth(sums) / usual, len(others)))
    low, high = np.percentile(np.array(drawn), [2.5, 97.5], axis=0)
    names = [*others, *EFFECT_BARS]
    return dict(zip(names, low.tolist(), strict=True)), dict(zip(names, high.tolist(), strict=True))


def _bars(sums: Floats, growth: Floats, others: int) -> Floats:
    """The bars of one draw from its sums by category: those that only add up, then the effects."""
    effects = sums[others:-2].reshape(len(EFFECT_BARS), 3, -1)
    powers = np.array([np.ones(len(growth)), growth, 1 / growth])
    return np.concatenate([sums[:others].sum(axis=1), (effects * powers).sum(axis=(1, 2))])


def _growth(sums: Floats) -> Floats:
    """How the units of each category grew; 1 where a period has none."""
    old, young = sums[-2:]
    usable = (old > 0) & (young > 0)
    return np.where(usable, np.divide(young, old, out=np.ones(len(old)), where=usable), 1.0)


def _spread(values: Floats, where: Bools) -> Floats:
    """Values of some pairs among all, 0 elsewhere."""
    found = np.zeros(len(where))
    found[where] = values
    return found


def _counts(pairs: pd.DataFrame, amounts: _Amounts) -> dict[str, float]:
    """How many partners, customers, products or lines are behind a bar; NaN where it has no such number."""
    counts = dict.fromkeys(BARS, np.nan)
    for bar in ENTRY_BARS:
        there = pairs[_of(amounts.table, bar) != 0]
        name = ["product"] if bar.endswith("products") else ["kind", "point"]
        counts[bar] = float(len(there[name].drop_duplicates()))
    own = pairs.loc[amounts.measured]
    counts["unsplit"] = float(own[["unmeasured_rows_before", "unmeasured_rows_now"]].to_numpy().sum())
    return counts


def _caveats(pairs: pd.DataFrame) -> tuple[Caveat, ...]:
    """Lines without a quantity, and lines without a list price."""
    found = []
    for code, column in (("bridge_unmeasured", "unmeasured_rows"), ("bridge_unlisted", "unlisted_rows")):
        rows = int(pairs[[f"{column}_before", f"{column}_now"]].to_numpy().sum())
        of = int(pairs[["order_rows_before", "order_rows_now"]].to_numpy().sum())
        if rows:
            found.append(Caveat(code, "note", numbers={"rows": rows, "of": of}))
    return tuple(found)


def _sold(pairs: pd.DataFrame, keys: list[str], side: str) -> Bools:
    """Whether a pair's point or product has any order line in a period."""
    rows = pairs.groupby(keys, sort=False)[f"order_rows_{side}"].transform("sum")
    return rows.to_numpy() > 0


def _is_named(pairs: pd.DataFrame) -> pd.Series:
    return pairs["product"] != "(unassigned)"


def _names(pairs: pd.DataFrame) -> NDArray[np.str_]:
    return (pairs["kind"].astype(str) + "/" + pairs["point"].astype(str)).to_numpy(dtype=str)


def _of(frame: pd.DataFrame, column: str) -> Floats:
    return frame[column].to_numpy(dtype=np.float64)
