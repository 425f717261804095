"""Programmes for partners and reps: who takes part, how they were chosen, and what they truly bring."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .accounts import Accounts
from .company import AGENT, DISTRIBUTOR, INDIRECT, RETAILER
from .dials import Dials
from .draw import Dice, Flags, Floats
from .lifecycle import Lives
from .season import Calendar
from .staff import Staff


@dataclass(frozen=True, slots=True)
class Programme:
    """One programme: months from `first` to before `end`, whom it is for, its true effect on orders.

    `share` is how many of those it is for take part; `cost_share` its cost to their net sales.
    """

    number: str
    kind: str
    name: str
    first: int
    end: int
    assignment: str
    channels: tuple[int, ...]
    share: float
    effect: float
    cost_share: float
    for_staff: bool = False


def _model(
    kind: str, name: str, how: str, channels: tuple[int, ...], share: float, effect: float, cost: float
) -> Programme:
    return Programme("", kind, name, 0, 0, how, channels, share, effect, cost, kind == "contest")


_SPREAD = (
    (0.30, 6, _model("training", "Product training 产品培训", "random", INDIRECT, 0.5, 0.06, 0.010)),
    (0.42, 6, _model("subsidy", "Shop front subsidy 门头补贴", "rule", (RETAILER,), 0.5, 0.04, 0.020)),
    (0.50, 12, _model("technical_support", "Service desk on site 驻点技术支持", "choice", (DISTRIBUTOR,),
                      0.3, 0.0, 0.015)),
    (0.62, 6, _model("subsidy", "Display subsidy 陈列补贴", "choice", (RETAILER, AGENT), 0.3, 0.05, 0.020)),
    (0.72, 6, _model("promotion", "Joint promotion 联合促销", "random", INDIRECT, 0.4, 0.08, 0.020)),
    (0.80, 3, _model("contest", "Contest 销售竞赛", "random", (DISTRIBUTOR, RETAILER), 0.5, 0.03, 0.01)),
)  # fmt: skip
"""Beside the rebates: when each begins as a share of all months, how many months it runs, and what it is."""


@dataclass(frozen=True, slots=True)
class Programmes:
    """The programmes, who takes part (by programme and account; by programme and rep), and the uplift.

    `uplift` is the further share of orders by account and planned month, all programmes together;
    `effect` the true effect of each.
    """

    each: tuple[Programme, ...]
    accounts: Flags
    staff: Flags
    effect: Floats
    uplift: Floats

    def parts(self, month: int) -> Floats:
        """The programmes' uplift in a month by programme and account."""
        running = np.array([one.first <= month < one.end for one in self.each])
        return np.asarray(self.accounts * (self.effect * running)[:, None])


def run_programmes(
    dice: Dice, calendar: Calendar, accounts: Accounts, staff: Staff, lives: Lives, dials: Dials
) -> Programmes:
    """Choose the participants of every programme."""
    each = _programmes(calendar)
    chosen = np.zeros((len(each), accounts.count), dtype=np.bool_)
    reps = np.zeros((len(each), staff.count), dtype=np.bool_)
    for code, programme in enumerate(each):
        if programme.for_staff:
            team = np.isin(staff.channel, programme.channels) & staff.is_rep
            team &= np.arange(staff.count) < int(staff.team_size.cumsum()[-1])
            reps[code] = team & dice.happens(
                programme.number[7:], programme.share, np.arange(staff.count)
            )  # fmt: skip
            chosen[code] = reps[code][accounts.rep] & np.isin(accounts.channel, programme.channels)
        else:
            chosen[code] = _participants(dice, calendar, accounts, lives, programme, dials)
    effect = np.array([one.effect for one in each]) * dials.programme_strength
    uplift = np.zeros((accounts.count, calendar.planned))
    for code, programme in enumerate(each):
        uplift[chosen[code], programme.first : programme.end] += effect[code]
    return Programmes(each, chosen, reps, effect, uplift)


def _programmes(calendar: Calendar) -> tuple[Programme, ...]:
    """The yearly rebates, and six further programmes spread over the months."""
    rebates = []
    for year in sorted({calendar.month_name(month)[:4] for month in range(calendar.months)}):
        inside = [m for m in range(calendar.planned) if calendar.month_name(m)[:4] == year]
        number, name = f"PG{year}-R", f"Annual rebate {year} 年度返利"
        first, end = inside[0], inside[-1] + 1
        rebates.append(Programme(number, "rebate", name, first, end, "all", INDIRECT, 1.0, 0.0, 0.025))
    others = []
    for turn, (place, length, programme) in enumerate(_SPREAD):
        first = int(calendar.months * place)
        number = f"PG{calendar.month_name(first)[:4]}-{turn + 1}"
        end = min(first + length, calendar.planned)
        others.append(replace(programme, number=number, first=first, end=end))
    return (*rebates, *others)


def _participants(
    dice: Dice, calendar: Calendar, accounts: Accounts, lives: Lives, programme: Programme, dials: Dials
) -> Flags:
    """Partners under contract when it begins: all, at random, the small ones, or those chosen."""
    count = accounts.partners
    day = calendar.starts[programme.first]
    fits = np.isin(accounts.channel[:count], programme.channels) & (lives.exit > day + 30)
    latest = calendar.starts[programme.end] - 60 if programme.assignment == "all" else day
    fits &= accounts.start[:count] <= latest
    draw = dice.share(f"part in {programme.number[7:]}", np.arange(count))
    if programme.assignment == "random":
        taken = fits & (draw < programme.share)
    elif programme.assignment == "rule":
        taken = fits & (accounts.size[:count] < 0.75)
    elif programme.assignment == "choice":
        growing = accounts.quality[:count] - 0.08 * lives.depth[:, programme.first]
        taken = _best(draw + dials.programme_bias * 2 * growing, fits, programme.share)
    else:
        taken = fits
    return np.append(taken, np.zeros(accounts.count - count, dtype=np.bool_))


def _best(score: Floats, fits: Flags, share: float) -> Flags:
    """The given share of those who fit, with the highest scores."""
    place = np.argsort(np.where(fits, -score, np.inf), kind="stable")
    taken = np.zeros(len(score), dtype=np.bool_)
    taken[place[: round(share * int(fits.sum()))]] = True
    return taken & fits
