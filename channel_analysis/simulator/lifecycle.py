"""What becomes of partners: trouble with a cause and signs, recovery, failure, and exits without a sign."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .accounts import Accounts
from .dials import Dials
from .draw import Dice, Flags, Floats, Ints
from .season import NEVER, Calendar

CAUSES = ("sales", "finance", "reputation")
_CAUSE_WEIGHTS = (4, 3, 3)
OURS, THEIRS, FAILURE = range(3)
REASONS = ("ours", "theirs", "failure")
_ENDINGS = np.array([[0.00, 0.60, 0.40], [0.05, 0.20, 0.75], [0.30, 0.25, 0.45]])
"""How trouble ends by its cause: ours, theirs, failure."""
_FADING = np.array([0.11, 0.05, 0.06])
_FADED = np.array([0.35, 0.60, 0.50])
"""What each month of trouble takes from orders, and what is left at least, by cause."""
_FIRST_SIGNS = 3
"""Months of trouble before it can end."""
_RECOVERY = 0.04


@dataclass(frozen=True, slots=True)
class Lives:
    """Arrays by partner, and by partner and planned month.

    `depth` counts the months of trouble so far, 0 in health; `hazard` is the chance that trouble ends
    the partnership in a month, given how the month began; `onset` the chance that trouble begins.
    `cause` is -1 for those never in trouble; `trouble` and `recovery` are months (NEVER: none).
    """

    cause: Ints
    trouble: Ints
    recovery: Ints
    exit: Ints
    reason: Ints
    is_hidden_exit: Flags
    onset: Floats
    depth: Ints
    hazard: Floats
    signal: float

    def orders_kept(self) -> Floats:
        """Share of the planned orders that come, by partner and planned month."""
        fading, faded = (np.append(part, 0.0)[self.cause][:, None] for part in (_FADING, _FADED))
        lost = np.minimum(fading * self.depth, 1 - faded) * min(self.signal, 1.5)
        return np.asarray(np.maximum(1 - lost, 0.05))

    def sign(self, cause: int, month: int) -> Floats:
        """Strength of a cause's own signs in a month: months of trouble, at most 9, times the signal."""
        own = np.minimum(self.depth[:, month], 9) * (self.cause == cause)
        return np.asarray(own * self.signal)


def live(dice: Dice, calendar: Calendar, accounts: Accounts, dials: Dials) -> Lives:
    """Follow every partner month by month, from health to trouble and its end."""
    count = accounts.partners
    who = np.arange(count)
    onset = dials.trouble_hazard * (1.6 - 1.2 * accounts.quality[:count])
    cause = dice.pick("cause", _CAUSE_WEIGHTS, who)
    shape = (count, calendar.planned)
    depth, hazard = np.zeros(shape, dtype=np.int64), np.zeros(shape)
    trouble, recovery, leaving = (np.full(count, NEVER) for _ in range(3))
    deep = np.zeros(count, dtype=np.int64)
    for month in range(calendar.complete):
        begun = accounts.start[:count] < calendar.starts[month] - 60
        strikes = begun & (trouble == NEVER) & dice.happens("onset", onset, who, month)
        trouble[strikes] = month
        deep = np.where(strikes | (deep > 0), deep + 1, 0)
        hazard[:, month] = np.where(deep > _FIRST_SIGNS, np.minimum(0.07 * (deep - _FIRST_SIGNS), 0.4), 0.0)
        ends = (leaving == NEVER) & dice.happens("ends", hazard[:, month], who, month)
        leaving[ends] = month
        mends = (deep > _FIRST_SIGNS + 1) & ~ends & dice.happens("mends", _RECOVERY, who, month)
        recovery[mends] = month
        depth[:, month] = deep
        deep[ends | mends] = 0
    depth[:, calendar.complete :] = deep[:, None]
    hidden = _hidden_exits(dice, calendar, accounts, dials.exit_hazard)
    is_hidden = hidden < leaving
    is_troubled = (trouble < NEVER) & (trouble <= np.minimum(hidden, leaving))
    ending = np.where(is_hidden, dice.whole("hidden reason", OURS, FAILURE, who), _endings(dice, cause))
    leaving = np.minimum(leaving, hidden)
    depth *= (np.arange(calendar.planned) <= leaving[:, None]) & is_troubled[:, None]
    return Lives(
        cause=np.where(is_troubled, cause, -1),
        trouble=np.where(is_troubled, trouble, NEVER),
        recovery=np.where(recovery < leaving, recovery, NEVER),
        exit=_exit_days(dice, calendar, leaving),
        reason=np.where(leaving < NEVER, ending, -1),
        is_hidden_exit=is_hidden & (leaving < NEVER),
        onset=onset,
        depth=depth,
        hazard=hazard * (np.arange(calendar.planned) <= leaving[:, None]) * is_troubled[:, None],
        signal=dials.trouble_signal,
    )


def _hidden_exits(dice: Dice, calendar: Calendar, accounts: Accounts, hazard: float) -> Ints:
    """The month in which a sound partner leaves, or NEVER."""
    who, month = np.arange(accounts.partners), np.arange(calendar.complete)
    begun = accounts.start[: accounts.partners, None] < calendar.starts[: calendar.complete] - 120
    leaves = dice.happens("hidden exit", hazard, who[:, None], month) & begun
    return np.where(leaves.any(axis=1), leaves.argmax(axis=1), NEVER)


def _endings(dice: Dice, cause: Ints) -> Ints:
    bounds = np.cumsum(_ENDINGS, axis=1)[cause]
    draw = dice.share("ending", np.arange(len(cause)))
    return (draw >= bounds[:, 0]).astype(np.int64) + (draw >= bounds[:, 1])


def _exit_days(dice: Dice, calendar: Calendar, month: Ints) -> Ints:
    """A day in the month of the exit."""
    known = np.minimum(month, calendar.months)
    length = calendar.starts[known + 1] - calendar.starts[known]
    day = calendar.starts[known] + np.floor(length * dice.share("exit day", np.arange(len(month))))
    return np.where(month < NEVER, day.astype(np.int64), NEVER)
