"""Hypotheses on what we offer: discount, list price, promotion, range, and goods that ran out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from .case import LEVEL, Case, Floats, Hypothesis, by_key, chance, growth, ratio, standardised

LEAST_RATE = 0.002
LEAST_PRICE = 0.005
LEAST_PROMOTED = 0.03
"""Changes of a rate, of list prices and of the share sold on promotion below which nothing is said."""
LEAST_EMPTY = 0.1
"""From this share of empty stock reports the stock table bears a stock-out out."""


def offer_causes(case: Case) -> Iterator[Hypothesis]:
    """What we did to price, promotion, range and supply."""
    yield from _discount(case)
    if case.factor == "discount":
        yield from _promotion(case)
        return
    yield from _list_price(case)
    yield from _promotion(case)
    yield from _range(case)
    yield from _stock_out(case)


def _discount(case: Case) -> Iterator[Hypothesis]:
    """The discount rate moved beyond what it did outside; its amount at today's gross is exact."""
    gross, given = case.sums("product_id", "gross"), case.sums("product_id", "discount")
    if (gross <= 0).any():
        return
    rates = given / gross
    moved = float((rates[0, 0] - rates[0, 1]) - (rates[1, 0] - rates[1, 1]))
    sd = max(_spread(case, key, "discount", "gross") for key in ("product_id", "partner_id"))
    p_value = chance(standardised(moved, sd))
    amount = -moved * float(gross[0, 0])
    is_beyond = p_value < LEVEL or case.factor == "discount"  # then the search has tested it already
    holds = is_beyond and abs(moved) >= LEAST_RATE and amount * case.sign > 0
    yield Hypothesis(
        "strategy", "discount", float(rates[0, 0]), float(rates[0, 1]), "share", amount,
        sd * float(gross[0, 0]), "measured", p_value, "discount_unchanged", not holds,
    )  # fmt: skip


def _spread(case: Case, key: str, part: str, whole: str) -> float:
    """Standard error of a rate's change, from how differently it changed by product or by partner."""
    wide = by_key(case.split(key)[0], key, [part, whole])
    wide = wide[(wide[f"{whole}_0"] > 0) & (wide[f"{whole}_1"] > 0)]
    if len(wide) < 2:
        return 0.0
    moved = wide[f"{part}_0"] / wide[f"{whole}_0"] - wide[f"{part}_1"] / wide[f"{whole}_1"]
    weight = wide[f"{whole}_0"] / wide[f"{whole}_0"].sum()
    off = moved - float((moved * weight).sum())
    return float(np.sqrt((weight**2 * off**2).sum()))


def _list_price(case: Case) -> Iterator[Hypothesis]:
    """List prices of the same products moved, beyond those of others."""
    indices = [price_index(by_key(part, "product_id", ["listed", "quantity"]), "listed")
               for part in case.split("product_id")]  # fmt: skip
    inside, outside = indices[0][0], indices[1][0]
    moved = inside - (1.0 if np.isnan(outside) else outside)
    if np.isnan(inside) or abs(moved) < LEAST_PRICE:
        return
    given, gross = (float(case.sums("product_id", name)[0, 0]) for name in ("discount", "gross"))
    rate = ratio(given, gross)
    amount = moved * indices[0][1] * (1 - (0.0 if np.isnan(rate) else rate))
    yield Hypothesis(
        "strategy", "list_price", inside * 100, 100.0, "index", amount, 0.0, "measured",
        float("nan"), "list_price_unchanged", amount * case.sign <= 0,
    )  # fmt: skip


def price_index(wide: pd.DataFrame, value: str) -> tuple[float, float]:
    """Prices now to before of products sold in both, at today's quantities (Paasche); and the basis."""
    both = wide[(wide["quantity_0"] > 0) & (wide["quantity_1"] > 0) & (wide[f"{value}_1"] > 0)]
    old = float((both["quantity_0"] * both[f"{value}_1"] / both["quantity_1"]).sum())
    return (float(both[f"{value}_0"].sum()) / old, old) if old > 0 else (float("nan"), 0.0)


def _promotion(case: Case) -> Iterator[Hypothesis]:
    """The share sold on promotion moved beyond that outside."""
    net, promoted = case.sums("product_id", "net"), case.sums("product_id", "promoted")
    if (net <= 0).any() or not promoted[0].any():
        return
    shares = promoted / net
    moved = float((shares[0, 0] - shares[0, 1]) - (shares[1, 0] - shares[1, 1]))
    if abs(moved) < LEAST_PROMOTED:
        return
    sd = float(np.sqrt((shares * (1 - shares) / net).clip(0).sum() * max(case.dispersion(), 0.0)))
    p_value = chance(standardised(moved, sd))
    holds = p_value < LEVEL and moved * case.sign > 0
    yield Hypothesis(
        "strategy", "promotion", float(shares[0, 0]), float(shares[0, 1]), "share",
        moved * float(net[0, 1]), sd * float(net[0, 1]), "associated", p_value,
        "promotion_unchanged", not holds,
    )  # fmt: skip


def _range(case: Case) -> Iterator[Hypothesis]:
    """Products sold nowhere any more; those with dates on the price list are set apart beforehand."""
    everywhere = by_key(case.frames["product_id"], "product_id", ["net"])
    gone = everywhere.index[(everywhere["net_1"] > 0) & (everywhere["net_0"] <= 0)]
    inside = by_key(case.split("product_id")[0], "product_id", ["net"])
    own = inside[inside.index.isin(gone)]
    if own.empty or not own["net_1"].sum() > 0:
        return
    amount = float(own["net_0"].sum() - own["net_1"].sum())
    yield Hypothesis(
        "strategy", "range", float(len(own)), float("nan"), "count", amount, 0.0, "measured",
        float("nan"), "range_unchanged", amount * case.sign <= 0,
    )  # fmt: skip


def _stock_out(case: Case) -> Iterator[Hypothesis]:
    """Products whose daily lines fell away for weeks and came back, with what they lost in the segment."""
    runs = case.frames["dry_runs"]
    if case.sign > 0:
        return
    wide = by_key(case.split("product_id")[0], "product_id", ["net"])
    own = wide[wide.index.isin(runs["product_id"])]
    named = set(case.where.get("product", ()))
    if own.empty or not own["net_1"].sum() > 0:
        if named:
            yield _no_stock_out()
        return
    net = case.sums("product_id", "net")
    amount = float(own["net_0"].sum() - own["net_1"].sum() * growth(net[1]))
    known = runs[runs["product_id"].isin(own.index)]
    is_seen = bool((known["empty"] >= LEAST_EMPTY).any())
    sd = np.sqrt(max(case.dispersion(), 0.0) * float(own.to_numpy().sum()))
    yield Hypothesis(
        "strategy", "stock_out", float(known["days"].max()), 0.0, "days", amount, float(sd),
        "measured" if is_seen else "associated", float(known["p_value"].min()), "sold_on_gap_days",
        amount >= 0,
    )  # fmt: skip


def _no_stock_out() -> Hypothesis:
    none = float("nan")
    return Hypothesis(
        "strategy", "stock_out", 0.0, 0.0, "days", none, none, "associated", none, "sold_on_gap_days", True
    )


SHORTEST_RUN, REST_DAYS = 7, 7
"""A dry run lasts, and leaves, at least so many days of the period."""
DRY, RECOVERED = 0.5, 0.6
"""Lines in a dry run are at most, in the rest of the period at least, this share of those expected."""


def dry_runs(
    days: pd.DataFrame,
    start: pd.Timestamp,
    end: pd.Timestamp,
    base: tuple[pd.Timestamp, pd.Timestamp],
    empty: pd.DataFrame,
) -> pd.DataFrame:
    """Stretches in which a product's lines fell away while those of its category did not.

    A scan over all stretches of the period: the likelihood ratio of the lines in it against those to be
    expected from the product's share of its category in the base (Kulldorff, Communications in Statistics
    26, 1997), its chance multiplied by the number of stretches and products.

    Parameters
    ----------
    days : DataFrame
        product_id, category, day, line_count.
    empty : DataFrame
        product_id, reports, empty; rows may be missing.

    Returns
    -------
    DataFrame
        product_id, days, share (of what was to be expected), empty (share of stock reports), p_value.
    """
    dated = days.assign(day=pd.to_datetime(days["day"]))
    grid = pd.date_range(start, end - pd.Timedelta(days=1))
    found = []
    for _, own in dated.groupby("category", sort=True):
        lines = own.pivot_table(
            index="product_id", columns="day", values="line_count", aggfunc="sum", fill_value=0
        )
        before = lines.loc[:, (lines.columns >= base[0]) & (lines.columns < base[1])].sum(axis=1)
        now = lines.reindex(columns=grid, fill_value=0)
        for product in lines.index[before > 0]:
            others = float(before.sum() - before[product])
            rest = (now.sum(axis=0) - now.loc[product]).to_numpy(dtype=float)
            if others > 0:
                expected = rest * float(before[product]) / others
                found.append((product, *_driest(now.loc[product].to_numpy(dtype=float), expected)))
    table = pd.DataFrame(found, columns=["product_id", "days", "share", "log_chance"])
    p_value = np.exp(np.minimum(table["log_chance"].to_numpy(dtype=float) + np.log(max(len(table), 1)), 0.0))
    reports = empty.set_index("product_id")
    share = (reports["empty"] / reports["reports"]).reindex(table["product_id"]).fillna(0.0).to_numpy()
    told = table.assign(p_value=p_value, empty=share).drop(columns="log_chance")
    return told[(told["p_value"] < LEVEL) & (told["days"] > 0)].reset_index(drop=True)


def _driest(seen: Floats, expected: Floats) -> tuple[int, float, float]:
    """Days of the driest stretch, its share of what was to be expected, and the log of its chance."""
    n = len(seen)
    first, last = np.triu_indices(n, k=SHORTEST_RUN - 1)
    fits = last - first + 1 <= n - REST_DAYS
    first, last = first[fits], last[fits]
    o, e = (np.concatenate([[0.0], np.cumsum(values)]) for values in (seen, expected))
    seen_in, due_in = o[last + 1] - o[first], e[last + 1] - e[first]
    due_rest = e[-1] - due_in
    with np.errstate(divide="ignore", invalid="ignore"):
        share, rest = seen_in / due_in, (o[-1] - seen_in) / due_rest
        gain = np.where(seen_in > 0, seen_in * np.log(share), 0.0) - (seen_in - due_in)
    is_dry = (due_in > 0) & (due_rest > 0) & (share <= DRY) & (rest >= RECOVERED)
    if not is_dry.any():
        return 0, 1.0, 0.0
    best = int(np.argmax(np.where(is_dry, gain, -1.0)))
    return int(last[best] - first[best] + 1), float(share[best]), float(np.log(len(first)) - gain[best])
