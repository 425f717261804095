"""Causes of the last complete quarter's change, each with what it takes from net sales, to the fen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .company import (
    CATEGORIES,
    CHANNEL_NAMES,
    POPULARITY,
    PRODUCT_CATEGORY,
    PRODUCT_IDS,
    REGION_WEIGHTS,
    REGIONS,
    RETAILER,
)
from .dials import Dials
from .draw import Bits, Dice, Flags, Ints
from .season import NEVER, Calendar, date_text
from .staff import Staff

LOST_REGION, WEAK_TEAM, RIVAL_LAUNCH, STOCK_OUT, PRICE_CUT = range(5)
CAUSE_NAMES = ("lost_region", "weak_new_team", "rival_launch", "stock_out", "price_cut")
_STOCK_OUT_DAYS = (12, 75)
"""First and last day without the product, counted from the quarter's first."""


@dataclass(slots=True)
class Causes:
    """What acts from month `first` on (NEVER: nothing), where, and what it has taken so far.

    `strength` is by cause; `lost` sums, in fen and by cause, the net amount of order lines of the
    quarter that each cause took: a line lost to several counts for each with an equal part, which is
    its Shapley value.
    """

    first: int
    first_day: int
    strength: tuple[float, ...]
    region: int
    reps: Ints
    category: int
    product: int
    cut_channel: int
    cut_category: int
    lost: Ints

    def cut(self, channel: Ints, product: Ints, month: int) -> Ints:
        """Further discount of lines in thousandths of the list price."""
        if month < self.first or not self.strength[PRICE_CUT]:
            return np.zeros(len(channel), dtype=np.int64)
        within = (channel == self.cut_channel) & (PRODUCT_CATEGORY[product] == self.cut_category)
        return within * round(self.strength[PRICE_CUT] * 1000)

    def takes(self, dice: Dice, key: Bits, number: Ints, where: dict[str, Ints]) -> Flags:
        """Which of the first four causes takes which line, by cause and line.

        `where` gives region, first rep, product and day of each line.
        """
        within = (
            where["region"] == self.region,
            np.isin(where["rep"], self.reps),
            PRODUCT_CATEGORY[where["product"]] == self.category,
            (where["product"] == self.product) & self._is_out(where["day"]),
        )
        taken = np.zeros((4, len(number)), dtype=np.bool_)
        for cause, scope in enumerate(within):
            if self.strength[cause]:
                taken[cause] = scope & dice.happens(
                    CAUSE_NAMES[cause], self.strength[cause], key, number
                )  # fmt: skip
        return taken

    def account(self, taken: Flags, net: Ints, cut: Ints) -> None:
        """Add what was taken from lines with these net amounts before the cut, and what the cut cost."""
        takers = taken.sum(axis=0)
        for cause in range(4):
            own = taken[cause]
            self.lost[cause] += int((net[own] // takers[own]).sum())
        self.lost[LOST_REGION] += int((net - takers * (net // np.maximum(takers, 1)))[takers > 1].sum())
        self.lost[PRICE_CUT] += int(cut[takers == 0].sum())

    def describe(self, calendar: Calendar, staff: Staff, actual: int) -> dict[str, Any]:
        """The causes as truth: quarter, actual and undisturbed net amount, and each one's contribution."""
        scopes = (
            {"region": REGIONS[self.region]},
            {"rep_ids": [f"S{rep + 1:03d}" for rep in staff.newcomer[self.reps]]},
            {"category": CATEGORIES[self.category]},
            {"product_id": PRODUCT_IDS[self.product], "days": self._days_out()},
            {
                "category": CATEGORIES[self.cut_category],
                "channel_type": CHANNEL_NAMES[self.cut_channel],
            },
        )
        return {
            "quarter": calendar.quarter_name(self.first) if self.first < NEVER else None,
            "basis": "net amount of order lines of the quarter, before returns",
            "actual_amount": actual / 100,
            "undisturbed_amount": (actual + int(self.lost.sum())) / 100,
            "causes": [
                {
                    "cause": CAUSE_NAMES[cause],
                    "scope": scopes[cause],
                    "strength": self.strength[cause],
                    "contribution": -int(self.lost[cause]) / 100,
                }
                for cause in range(5)
                if self.strength[cause] and self.first < NEVER
            ],
        }

    def _is_out(self, day: Ints) -> Flags:
        low, high = _STOCK_OUT_DAYS
        return np.asarray((day >= self.first_day + low) & (day <= self.first_day + high))

    def _days_out(self) -> list[str]:
        return [date_text(self.first_day + days) for days in _STOCK_OUT_DAYS]


def plan_causes(dice: Dice, calendar: Calendar, staff: Staff, dials: Dials) -> Causes:
    """Where each cause acts: different regions, categories and products, so that none hides another."""
    quarters = calendar.quarters()
    first = quarters[-1] if quarters else NEVER
    middling = np.argsort(-REGION_WEIGHTS, kind="stable")[5:9]
    categories = dice.shuffled("causes' categories", len(CATEGORIES))
    in_demand = np.flatnonzero(categories[2] == PRODUCT_CATEGORY)
    in_demand = in_demand[np.argsort(-POPULARITY[in_demand], kind="stable")]
    return Causes(
        first=first,
        first_day=int(calendar.starts[first]) if quarters else NEVER,
        strength=(
            dials.lost_region_strength,
            dials.weak_team_strength,
            dials.rival_launch_strength,
            dials.stock_out_strength,
            dials.price_cut_strength,
        ),
        region=int(middling[int(dice.whole("lost region", 0, 4, 0))]),
        reps=np.flatnonzero(staff.newcomer >= 0),
        category=int(categories[0]),
        product=int(in_demand[0]),
        cut_channel=RETAILER - int(dice.whole("cut channel", 0, 3, 0)),
        cut_category=int(categories[1]),
        lost=np.zeros(5, dtype=np.int64),
    )
