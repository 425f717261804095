"""Who does what is to be found: the partners and reps behind each planted irregularity, and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .accounts import Accounts
from .company import AGENT, DISTRIBUTOR, KEY_ACCOUNT, PHONE, REGION_WEIGHTS, VISIT
from .dials import Dials
from .draw import Dice, Flags, Floats, Ints
from .season import Calendar
from .staff import Staff

RULES = (
    "stuffing", "diversion", "price_below_floor", "discount_over_authority", "duplicate_orders",
    "threshold_bunching", "ghost_partner", "ghost_orders", "late_returns", "rep_concentration",
)  # fmt: skip
(
    STUFFING, DIVERSION, BELOW_FLOOR, OVER_AUTHORITY, DUPLICATE,
    BUNCHING, GHOST_PARTNER, GHOST_ORDER, LATE_RETURN, CONCENTRATION,
) = range(10)  # fmt: skip
_OF_PARTNERS = (STUFFING, DIVERSION, BELOW_FLOOR, GHOST_PARTNER, LATE_RETURN)
_TEAMS = {
    OVER_AUTHORITY: (VISIT, KEY_ACCOUNT, DISTRIBUTOR, AGENT, 6),
    BUNCHING: (KEY_ACCOUNT, DISTRIBUTOR),
    CONCENTRATION: (VISIT, PHONE),
}
_LOSS_TO_DIVERSION = 0.5
"""Of the goods that come from outside, the share that partners of the region would have sold."""


@dataclass(frozen=True, slots=True)
class Plot:
    """Flags by partner (or first rep), and by partner (rep) and complete quarter.

    `victim` is the region a diverting partner sells into from month `diverts_from` on; `lost` the share
    of orders that accounts lose to such goods.
    """

    partners: dict[int, Flags]
    reps: dict[int, Flags]
    stuffs: Flags
    returns_late: Flags
    concentrates: Flags
    victim: Ints
    diverts_from: int
    lost: Floats


def plot(dice: Dice, calendar: Calendar, accounts: Accounts, staff: Staff, dials: Dials) -> Plot:
    """Choose who does what, each rule by itself, so that no dial moves another's choice."""
    shares = (
        dials.stuffing_share if dials.stuffing_strength else 0.0,
        dials.diversion_share if dials.diversion_strength else 0.0,
        dials.price_breach_share,
        dials.ghost_partner_share,
        dials.late_return_share,
    )
    count = accounts.partners
    among = {rule: np.arange(count) for rule in _OF_PARTNERS}
    among[GHOST_PARTNER] = np.flatnonzero(accounts.start[:count] >= calendar.first_day)
    partners = {
        rule: _chosen(dice, rule, share, among[rule], turn, len(_OF_PARTNERS), count)
        for turn, (rule, share) in enumerate(zip(_OF_PARTNERS, shares, strict=True))
    }
    reps = _reps(dice, staff, dials)
    quarters = np.arange(len(calendar.quarters()))
    who, rep = np.arange(count)[:, None], np.arange(len(reps[BUNCHING]))[:, None]
    last = quarters == len(quarters) - 1
    diverts = partners[DIVERSION]
    victim = (accounts.region[:count] + dice.whole("victim", 1, len(REGION_WEIGHTS), np.arange(count))) % len(
        REGION_WEIGHTS
    )
    return Plot(
        partners=partners,
        reps=reps,
        stuffs=partners[STUFFING][:, None]
        & (dice.happens("stuffs", np.where(last, 0.8, 0.55), who, quarters))
        & (quarters > 0),
        returns_late=partners[LATE_RETURN][:, None] & dice.happens("returns late", 0.7, who, quarters),
        concentrates=reps[CONCENTRATION][:, None]
        & (dice.happens("concentrates", 0.12, rep, quarters) | last),
        victim=np.where(diverts, victim, -1),
        diverts_from=calendar.complete // 2,
        lost=_lost(accounts, diverts, victim, dials.diversion_strength),
    )


def _reps(dice: Dice, staff: Staff, dials: Dials) -> dict[int, Flags]:
    reps = int(staff.team_size.cumsum()[-1])
    shares = {
        OVER_AUTHORITY: dials.discount_abuse_share if dials.discount_abuse_strength else 0.0,
        BUNCHING: dials.bunching_share,
        CONCENTRATION: dials.rep_concentration_share,
    }
    return {
        rule: _chosen(
            dice, rule, share, np.flatnonzero(np.isin(staff.channel[:reps], _TEAMS[rule])), turn, 3, reps
        )
        for turn, (rule, share) in enumerate(shares.items())
    }


def _chosen(dice: Dice, rule: int, share: float, among: Ints, turn: int, turns: int, count: int) -> Flags:
    """The share of all `count`, at least one, from `among`; rules choose apart while they can."""
    flags = np.zeros(count, dtype=np.bool_)
    if share > 0 and len(among):
        own_class = dice.shuffled("classes", count)[among] % turns == turn
        draw = dice.share(RULES[rule], among)
        order = np.argsort(np.where(own_class, draw, draw + 1), kind="stable")
        flags[among[order[: max(1, round(share * count))]]] = True
    return flags


def _lost(accounts: Accounts, diverts: Flags, victim: Ints, strength: float) -> Floats:
    """What each account loses: goods from outside against the sales of its channel type in its region."""
    lost = np.zeros(accounts.count)
    usual = accounts.planned_net[:, -1]
    for partner in np.flatnonzero(diverts):
        hit = (accounts.channel == accounts.channel[partner]) & (accounts.region == victim[partner])
        hit[partner] = False
        base = float(np.cumsum(np.append(usual[hit], 0.0))[-1])
        if base > 0:
            lost[hit] += _LOSS_TO_DIVERSION * strength * usual[partner] / base
    return np.minimum(lost, 0.4)
