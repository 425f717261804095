"""The whole simulated world, drawn once before its months pass: who, when, and what lies in store."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np

from .accounts import Accounts, open_accounts
from .causes import Causes, plan_causes
from .dials import Dials
from .draw import Dice, Floats, Ints
from .lifecycle import Lives, live
from .plot import DIVERSION, STUFFING, Plot, plot
from .programmes import Programmes, run_programmes
from .season import NEVER, Calendar, calendar_of
from .staff import Staff, hire

_UNREPORTING_SHARE = 0.03
_AFTER_STUFFING = 0.4


@dataclass(frozen=True, slots=True)
class World:
    """Everything fixed in advance. `rate` is the expected number of orders by account and planned month."""

    dice: Dice
    dials: Dials
    calendar: Calendar
    staff: Staff
    accounts: Accounts
    lives: Lives
    programmes: Programmes
    plot: Plot
    causes: Causes
    rate: Floats
    terms: Ints
    tardiness: Floats
    reports: np.ndarray

    @property
    def exit(self) -> Ints:
        """The day each account left, NEVER for those that are no partners."""
        rest = np.full(self.accounts.count - self.accounts.partners, NEVER)
        return np.append(self.lives.exit, rest)

    @property
    def partner(self) -> Ints:
        """The partner of each account, -1 for direct ones."""
        who = np.arange(self.accounts.count)
        return np.where(who < self.accounts.partners, who, -1)


def draw_world(
    partners: int, months: int, lines: int, seed: int, last_day: datetime.date, dials: Dials
) -> World:
    """Draw everything that is fixed before the first month."""
    dice = Dice(seed)
    calendar = calendar_of(months, last_day)
    staff = hire(dice, calendar, partners, dials.weak_team_strength, dials.weak_rep_strength)
    accounts = open_accounts(dice, calendar, staff, partners, lines)
    lives = live(dice, calendar, accounts, dials)
    plotted = plot(dice, calendar, accounts, staff, dials)
    who = np.arange(partners)
    return World(
        dice=dice,
        dials=dials,
        calendar=calendar,
        staff=staff,
        accounts=accounts,
        lives=lives,
        programmes=run_programmes(dice, calendar, accounts, staff, lives, dials),
        plot=plotted,
        causes=plan_causes(dice, calendar, staff, dials),
        rate=_rates(dice, calendar, staff, accounts, lives, plotted, dials),
        terms=np.array([30, 45, 60])[dice.whole("terms", 0, 3, np.arange(accounts.count))],
        tardiness=dice.between("tardiness", 0.0, 0.30, who) * (1.2 - accounts.quality[:partners]),
        reports=~dice.happens("reports nothing", _UNREPORTING_SHARE, who) | plotted.partners[DIVERSION],
    )


def _rates(
    dice: Dice,
    calendar: Calendar,
    staff: Staff,
    accounts: Accounts,
    lives: Lives,
    plotted: Plot,
    dials: Dials,
) -> Floats:
    """Expected orders as they come: the plan, moved by months, reps, trouble and what is planted."""
    who, month = np.arange(accounts.count)[:, None], np.arange(calendar.planned)
    rate = accounts.plan * dice.between("good and bad months", 0.78, 1.22, who, month)
    weak = np.where(accounts.rep == staff.weak_rep, 1 - dials.weak_rep_strength, 1.0)
    rate = rate * (staff.skill[accounts.rep] * weak)[:, None]
    rate[: accounts.partners] *= lives.orders_kept()
    rate[:, plotted.diverts_from :] *= (1 - plotted.lost)[:, None]
    if plotted.partners[STUFFING].any():
        for code, first in enumerate(calendar.quarters()):
            full = plotted.stuffs[:, code]
            after = slice(first + 3, min(first + 5, calendar.planned))
            rate[: accounts.partners, after][full] *= 1 - _AFTER_STUFFING * min(dials.stuffing_strength, 1.0)
    return np.asarray(rate)
