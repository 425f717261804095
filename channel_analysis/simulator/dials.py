"""What is planted in a simulated world, and how strongly: one dial each, 0 plants nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields

from ..errors import Problem, refuse


@dataclass(frozen=True, slots=True)
class Dials:
    """Strengths and shares of everything planted; at 0 neither tables nor truth hold any of it.

    Parameters
    ----------
    trouble_hazard : float
        Monthly chance that a partner of middling quality gets into trouble (sales, finance or reputation).
    trouble_signal : float
        How strongly trouble shows before the exit: orders, payments, statements, events. 0: out of the blue.
    exit_hazard : float
        Monthly chance that a sound partner leaves, or is left, without any sign.
    price_cut_strength, lost_region_strength, weak_team_strength, rival_launch_strength, stock_out_strength : float
        Causes of the last complete quarter's change: the further discount (share of list price) in one
        category of one channel type; the shares of lines lost in one region, with the accounts of a new
        team, in one category, of one product for some weeks.
    bad_target_strength : float
        How much too high the target of one sound territory is, as a share of it.
    weak_rep_strength : float
        Share of orders one rep misses on a fair target.
    programme_strength : float
        1: programmes have their true effects; 0: they are run, without effect.
    programme_bias : float
        How much those who choose participants prefer the partners that grow anyway.
    stuffing_share, diversion_share, price_breach_share, ghost_partner_share, late_return_share : float
        Shares of partners with goods loaded at quarter ends, sold on outside their region, sold below the
        floor price, partners without any life beside their orders, and with returns after quarter ends.
    stuffing_strength, diversion_strength : float
        Goods loaded as a share of a quarter's, goods sold outside as a share of those sold on.
    discount_abuse_share, bunching_share, rep_concentration_share : float
        Shares of reps who discount beyond their authority, cut orders to just below the approval limit,
        sell most to one or two customers on few days.
    discount_abuse_strength : float
        How far beyond the authority, from 0 to 1.
    duplicate_order_share, ghost_order_share : float
        Shares of partners' orders entered twice, and of those booked at quarter ends that never were.
    faults : float
        1: twelve repeated sales lines, six without net amount, nine of unknown products.
    """  # noqa: E501

    trouble_hazard: float = 0.008
    trouble_signal: float = 1.0
    exit_hazard: float = 0.002
    price_cut_strength: float = 0.05
    lost_region_strength: float = 0.35
    weak_team_strength: float = 0.30
    rival_launch_strength: float = 0.20
    stock_out_strength: float = 0.80
    bad_target_strength: float = 0.35
    weak_rep_strength: float = 0.25
    programme_strength: float = 1.0
    programme_bias: float = 1.0
    stuffing_share: float = 0.03
    stuffing_strength: float = 0.6
    diversion_share: float = 0.02
    diversion_strength: float = 0.4
    price_breach_share: float = 0.01
    discount_abuse_share: float = 0.05
    discount_abuse_strength: float = 0.5
    duplicate_order_share: float = 0.001
    bunching_share: float = 0.05
    ghost_partner_share: float = 0.005
    ghost_order_share: float = 0.002
    late_return_share: float = 0.02
    rep_concentration_share: float = 0.03
    faults: float = 0.0


NOTHING_PLANTED = Dials(**{field.name: 0.0 for field in fields(Dials)})

_HIGHEST = {
    "trouble_hazard": 0.2,
    "trouble_signal": 2.0,
    "exit_hazard": 0.1,
    "price_cut_strength": 0.06,
    "bad_target_strength": 2.0,
    "weak_rep_strength": 0.9,
    "programme_strength": 5.0,
    "stuffing_strength": 2.0,
    "diversion_strength": 0.9,
    "duplicate_order_share": 0.2,
    "ghost_order_share": 0.1,
    "faults": 10.0,
}
"""Highest settings that make sense; 1 for all others."""


def check_dials(dials: Dials) -> None:
    """Refuse settings that are no numbers or out of range; InputError lists every one of them."""
    refuse(_mistakes(dials))


def _mistakes(dials: Dials) -> Iterator[Problem]:
    for field in fields(Dials):
        value, highest = getattr(dials, field.name), _HIGHEST.get(field.name, 1.0)
        fix = f"give a number from 0 (nothing planted) to {highest:g}"
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield Problem(f"dials.{field.name}", f"{value!r} is not a number", fix)
        elif not math.isfinite(value) or not 0 <= value <= highest:
            yield Problem(f"dials.{field.name}", f"{value:g} is out of range", fix)
