"""Hypotheses on the market: its size, the largest rival, our share of it, our prices, our mix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from .case import LEVEL, Case, Floats, Hypothesis, by_key, chance, growth, standardised
from .causes_offer import price_index

LEAST_MARKET = 0.02
LEAST_PRICE = 0.02
LEAST_MIX = 0.10
"""Moves of the market, of our prices beside others', and of the mix (as a share of the change), let pass."""
FEWEST_CELLS = 3
SHARE_LEVEL = 0.05


def market_causes(case: Case) -> Iterator[Hypothesis]:
    """What the market and the rival did, and what is left to our position."""
    if case.holds("market"):
        yield from _size(case)
        yield from _rival(case)
        yield from _share(case)
    yield from _mix(case)
    yield from _price_position(case)


def _size(case: Case) -> Iterator[Hypothesis]:
    """The market itself moved, beyond the market outside."""
    market, net = case.sums("market", "market"), case.sums("day", "net")
    if (market <= 0).any() or net[0, 1] <= 0:
        return
    moved = growth(market[0]) / growth(market[1]) - 1
    p_value = _cells_apart(case, "market", None)
    if np.isnan(p_value):
        return
    amount = moved * float(net[0, 1]) * growth(market[1])
    holds = abs(moved) >= LEAST_MARKET and p_value < LEVEL and amount * case.sign > 0
    sd = _cell_error(case, "market", None) * float(net[0, 1])
    yield Hypothesis(
        "market", "market_size", float(market[0, 0]), float(market[0, 1]), "money", amount, sd,
        "associated", p_value, "market_not_moved", not holds,
    )  # fmt: skip


def _rival(case: Case) -> Iterator[Hypothesis]:
    """The largest rival's share grew here more than outside while ours fell; its amount is our lost share."""
    market, rival, net = (
        case.sums(*of) for of in (("market", "market"), ("market", "rival"), ("day", "net"))
    )
    if (market <= 0).any() or (rival <= 0).any() or (net <= 0).any():
        return
    shares = rival / market
    moved = np.log(shares[0, 0] / shares[0, 1]) - np.log(shares[1, 0] / shares[1, 1])
    p_value = _cells_apart(case, "rival", "market")
    amount, sd = _lost_share(case, market, net)
    holds = p_value < LEVEL and moved * case.sign < 0 and amount * case.sign > 0
    yield Hypothesis(
        "market", "rival", float(shares[0, 0]), float(shares[0, 1]), "share", amount, sd, "associated",
        p_value, "rival_not_grown", not holds,
    )  # fmt: skip


def _share(case: Case) -> Iterator[Hypothesis]:
    """Our share moved while the market did not: what is left when nothing more definite holds."""
    market, net = case.sums("market", "market"), case.sums("day", "net")
    if (market <= 0).any() or (net <= 0).any():
        return
    shares = net / market
    amount, sd = _lost_share(case, market, net)
    p_value = chance(standardised(amount, sd))
    holds = p_value < SHARE_LEVEL and amount * case.sign > 0
    yield Hypothesis(
        "positioning", "share_lost", float(shares[0, 0]), float(shares[0, 1]), "share", amount, sd,
        "associated", p_value, "share_held", not holds, is_residual=True,
    )  # fmt: skip


def _lost_share(case: Case, market: Floats, net: Floats) -> tuple[float, float]:
    """What our sales are beyond the market's growth and the share's move outside, and its error."""
    outside = growth(net[1]) / growth(market[1])
    due = float(net[0, 1]) * growth(market[0]) * outside
    dispersion = max(case.dispersion(), 0.0)
    return float(net[0, 0]) - due, float(np.sqrt(dispersion * (net[0, 0] + due**2 / net[0, 1])))


def _log_moves(part: pd.DataFrame, value: str, over: str | None) -> Floats:
    """Log ratio of now to before of each cell of the market, as a share of another column if asked."""
    wide = by_key(part, "cell", [value, *([over] if over else [])])
    wide = wide[(wide > 0).all(axis=1)]
    moves = np.log(wide[f"{value}_0"] / wide[f"{value}_1"])
    moves = moves - np.log(wide[f"{over}_0"] / wide[f"{over}_1"]) if over else moves
    return np.asarray(moves, dtype=np.float64)


def _cells_apart(case: Case, value: str, over: str | None) -> float:
    """Chance that cells inside and outside differ as much in their mean move (Welch); NaN with too few."""
    inside, outside = (_log_moves(part, value, over) for part in case.split("market"))
    if min(len(inside), len(outside)) < FEWEST_CELLS:
        return float("nan")
    sd = np.sqrt(inside.var(ddof=1) / len(inside) + outside.var(ddof=1) / len(outside))
    return chance(standardised(float(inside.mean() - outside.mean()), float(sd)))


def _cell_error(case: Case, value: str, over: str | None) -> float:
    inside = _log_moves(case.split("market")[0], value, over)
    return float(inside.std(ddof=1) / np.sqrt(len(inside))) if len(inside) > 1 else 0.0


def _mix(case: Case) -> Iterator[Hypothesis]:
    """The segment leans to categories that did worse everywhere else."""
    products = case.frames.get("products")
    if products is None or not case.holds("product_id") or set(case.where) & {"category", "product", "brand"}:
        return
    category = products.set_index("product_id")["category"]
    parts = case.split("product_id")
    told = [part.assign(category=part["product_id"].map(category).fillna("")) for part in parts]
    inside, outside = (by_key(part, "category", ["net"]) for part in told)
    if len(outside) < 2 or outside["net_1"].sum() <= 0 or inside["net_1"].sum() <= 0:
        return
    common = float(outside["net_0"].sum() / outside["net_1"].sum())
    moves = (outside["net_0"] / outside["net_1"].where(outside["net_1"] > 0)).reindex(inside.index)
    amount = float((inside["net_1"] * (moves.fillna(common) - common)).sum())
    if abs(amount) < LEAST_MIX * abs(case.contribution):
        return
    due = amount / float(inside["net_1"].sum())
    sd = float(np.sqrt(max(case.dispersion(), 0.0) * inside["net_1"].sum())) * abs(due)
    yield Hypothesis(
        "positioning", "weak_category", common + due, common, "ratio", amount, sd, "associated",
        float("nan"), "mix_unchanged", amount * case.sign <= 0,
    )  # fmt: skip


def _price_position(case: Case) -> Iterator[Hypothesis]:
    """We became dearer beside our prices elsewhere and sold fewer units; no amount is told by this."""
    wide = [by_key(part, "product_id", ["net", "quantity"]) for part in case.split("product_id")]
    here, there = (price_index(one, "net")[0] for one in wide)
    units = case.sums("product_id", "quantity")
    if np.isnan(here) or np.isnan(there) or (units <= 0).any():
        return
    dearer, volume = here / there - 1, growth(units[0]) / growth(units[1]) - 1
    p_value = chance(standardised(float(np.log(here / there)), _price_error(wide)))
    if abs(dearer) < LEAST_PRICE or not p_value < LEVEL or case.sign * dearer > 0:
        return
    none = float("nan")
    yield Hypothesis(
        "positioning", "price_position", here * 100, there * 100, "index", none, none, "associated",
        p_value, "price_gap_unchanged", bool(volume * case.sign <= 0),
    )  # fmt: skip


def _price_error(parts: Sequence[pd.DataFrame]) -> float:
    """Standard error of prices' log ratio, from how differently products moved, inside and outside."""
    variance = 0.0
    for wide in parts:
        both = wide[(wide > 0).all(axis=1)]
        moves = np.log(both["net_0"] / both["quantity_0"]) - np.log(both["net_1"] / both["quantity_1"])
        weight = both["net_0"] / both["net_0"].sum()
        variance += float((weight**2 * (moves - (weight * moves).sum()) ** 2).sum())
    return float(np.sqrt(variance))
