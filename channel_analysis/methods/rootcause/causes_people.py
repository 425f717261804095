"""Hypotheses on people and partners: new reps, leads, visits; partners lost, silent, in trouble, loaded."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from .case import LEVEL, Case, Floats, Hypothesis, by_key, chance, growth, ratio, standardised

FEWEST = 10
"""Lines, leads or visits below which nothing is concluded."""
STAYERS = 0.2
"""Reps who stayed are the yardstick inside a segment where they made so large a share of it before."""
LEAST_LOST = 0.05
MOST_HANDED = 0.5
"""Where so much of a segment was handed over, that it fell beyond chance was tested when it was found."""
OVERDUE = 0.2
"""Partners are in trouble who owe, long overdue, so large a part of a period's sales."""


def people_causes(case: Case) -> Iterator[Hypothesis]:
    """Who sold: reps who took over, leads won, visits made."""
    yield from _new_reps(case)
    yield from _conversion(case)
    yield from _visits(case)


def partner_causes(case: Case) -> Iterator[Hypothesis]:
    """What became of partners."""
    if "partners" not in case.frames or not case.holds("partner_id"):
        return
    own = _partners(case)
    if not own["net_1"].sum() > 0:
        return
    yield from _gone(case, own, own["has_left"], "partner_lost")
    silent = _is_silent(own)
    yield from _gone(case, own, silent, "partner_silent")
    yield from _troubled(case, own, silent)
    yield from _loaded(case)


def _new_reps(case: Case) -> Iterator[Hypothesis]:
    """Accounts that passed to newcomers lost more than those that kept their rep."""
    inside, outside = (by_key(part, "rep_id", ["net"]) for part in case.split("rep_id"))
    came, left = _changed(case)
    handed = inside[inside.index.isin(came)], inside[inside.index.isin(left)]
    now, before = float(handed[0]["net_0"].sum()), float(handed[1]["net_1"].sum())
    if now <= 0 or before <= 0:
        return
    changed = [*came, *left]
    stayed = inside[~inside.index.isin(changed)]
    is_yardstick = float(stayed["net_1"].sum()) >= STAYERS * float(inside["net_1"].sum())
    others = stayed if is_yardstick else outside[~outside.index.isin(changed)]
    due = before * growth(np.array([others["net_0"].sum(), others["net_1"].sum()]))
    amount = now - due
    dispersion = max(case.dispersion(), 0.0)
    error = dispersion * (now + due**2 / before + due**2 * _inverse(others))
    p_value = chance(standardised(amount, float(np.sqrt(error))))
    is_all = before >= MOST_HANDED * float(inside["net_1"].sum()) and not is_yardstick
    speaks = p_value < SOON or (is_all and abs(amount) >= MOST_HANDED * abs(case.contribution))
    yield Hypothesis(
        "people", "new_reps", now, before, "money", amount, float(np.sqrt(error)), "associated", p_value,
        "loss_with_old_reps", not (speaks and amount * case.sign > 0),
    )  # fmt: skip


SOON = 0.05
"""Level for reps who took over: when, and whose accounts, is known beforehand, so that one test is made."""


def _inverse(others: pd.DataFrame) -> float:
    sums = [float(others[name].sum()) for name in ("net_0", "net_1")]
    return sum(1 / one for one in sums if one > 0)


def _changed(case: Case) -> tuple[set[str], set[str]]:
    """Reps who began after the base, and reps who left before the period ended."""
    reps = case.frames.get("reps")
    if reps is None:
        return set(), set()
    return set(reps.loc[reps["is_new"], "staff_id"]), set(reps.loc[reps["has_left"], "staff_id"])


def _conversion(case: Case) -> Iterator[Hypothesis]:
    """Share of decided leads that were won, beside that outside."""
    if not case.holds("leads"):
        return
    won, decided = case.sums("leads", "won"), case.sums("leads", "decided")
    if (decided < FEWEST).any():
        return
    rate = won / decided
    moved = float((rate[0, 0] - rate[0, 1]) - (rate[1, 0] - rate[1, 1]))
    sd = float(np.sqrt((rate * (1 - rate) / decided).sum()))
    yield _without_amount(case, "conversion", rate[0], "share", moved, sd, "conversion_unchanged")


def _visits(case: Case) -> Iterator[Hypothesis]:
    """Visits made, beside those outside."""
    if not case.holds("visits"):
        return
    visits = case.sums("visits", "visits")
    if (visits < FEWEST).any():
        return
    moved = float(np.log(visits[0, 0] / visits[0, 1]) - np.log(visits[1, 0] / visits[1, 1]))
    sd = float(np.sqrt((1 / visits).sum()))
    yield _without_amount(case, "visits", visits[0], "count", moved, sd, "visits_unchanged")


def _without_amount(
    case: Case, cause: str, figures: Floats, unit: str, moved: float, sd: float, refuted_by: str
) -> Hypothesis:
    none, p_value = float("nan"), chance(standardised(moved, sd))
    holds = p_value < LEVEL and moved * case.sign > 0
    return Hypothesis(
        "people", cause, float(figures[0]), float(figures[1]), unit, none, none, "associated", p_value,
        refuted_by, not holds,
    )  # fmt: skip


def _partners(case: Case, inside: bool = True) -> pd.DataFrame:
    """Partners of the segment, or outside: sums now and before, and what became of them."""
    own = by_key(case.split("partner_id")[0 if inside else 1], "partner_id", ["net", "line_count"])
    states = case.frames["partners"].set_index("partner_id").reindex(own.index)
    return own.assign(
        has_left=states["has_left"].fillna(False).astype(bool),
        is_known=states["has_left"].notna(),
        overdue=states["overdue"].fillna(0.0).astype(float),
        events=states["events"].fillna(0.0).astype(float),
    )


def _gone(case: Case, own: pd.DataFrame, which: pd.Series, cause: str) -> Iterator[Hypothesis]:
    """What partners that left, or ceased to order, sold before; partners alone, never unassigned sales."""
    gone = own[which & own["is_known"] & (own["net_1"] > 0)]
    if gone.empty:
        return
    usual = _usually_gone(case, cause) * float(own["net_1"].sum())
    amount = float(gone["net_0"].sum() - gone["net_1"].sum()) + usual
    sd = float(np.sqrt((gone["net_1"] ** 2).sum()))
    p_value = chance(standardised(amount, sd))
    is_little = abs(amount) < LEAST_LOST * abs(case.contribution) or amount * case.sign <= 0
    yield Hypothesis(
        "partner", cause, float(len(gone)), float("nan"), "count", amount, sd, "measured", p_value,
        "partners_still_buying", is_little or not p_value < SOON,
    )  # fmt: skip


def _usually_gone(case: Case, cause: str) -> float:
    """The share of sales lost so with partners outside the segment."""
    outside = _partners(case, inside=False)
    which = outside["has_left"] if cause == "partner_lost" else _is_silent(outside)
    gone = outside[which & outside["is_known"] & (outside["net_1"] > 0)]
    whole = float(outside["net_1"].sum())
    return float(gone["net_1"].sum() - gone["net_0"].sum()) / whole if whole > 0 else 0.0


def _is_silent(partners: pd.DataFrame) -> pd.Series:
    return (partners["line_count_1"] >= FEWEST) & (partners["line_count_0"] == 0) & ~partners["has_left"]


def _troubled(case: Case, own: pd.DataFrame, silent: pd.Series) -> Iterator[Hypothesis]:
    """Partners still there who owe long overdue money or stand in the registers, beside the others."""
    there = own[~own["has_left"] & ~silent & (own["net_1"] > 0)]
    in_need = there["is_known"] & ((there["overdue"] > OVERDUE * there["net_1"]) | (there["events"] > 0))
    weak, sound = there[in_need], there[~in_need]
    if weak.empty or not sound["net_1"].sum() > 0:
        return
    due = float(weak["net_1"].sum()) * growth(np.array([sound["net_0"].sum(), sound["net_1"].sum()]))
    amount = float(weak["net_0"].sum()) - due
    error = case.dispersion() * (float(weak["net_0"].sum()) + due**2 / float(weak["net_1"].sum()))
    sd = float(np.sqrt(max(error, 0.0)))
    p_value = chance(standardised(amount, sd))
    yield Hypothesis(
        "partner", "partner_in_trouble", float(len(weak)), float(len(there)), "count", amount, sd,
        "associated", p_value, "payments_in_time", not (p_value < LEVEL and amount * case.sign > 0),
    )  # fmt: skip


def _loaded(case: Case) -> Iterator[Hypothesis]:
    """The base held more of its sales in its last days than others did: goods loaded, missing now."""
    late, net = case.sums("partner_id", "late"), case.sums("partner_id", "net")
    if (net <= 0).any() or case.sign > 0:
        return
    shares = late / net
    excess = float(shares[0, 1] - shares[1, 1]) * float(net[0, 1])
    sd = float(np.sqrt(max(case.dispersion(), 0.0) * max(float(late[0, 1]), 0.0)))
    p_value = chance(standardised(excess, sd))
    holds = p_value < LEVEL and excess > 0 and ratio(excess, abs(case.contribution)) >= LEAST_LOST
    yield Hypothesis(
        "partner", "partner_loaded", float(shares[0, 0]), float(shares[0, 1]), "share", -excess, sd,
        "associated", p_value, "base_not_loaded", not holds,
    )  # fmt: skip
