"""Our sales people: a team of reps for each channel type with its manager, and a team that changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .company import AUTHORITY_MARGIN, CHANNELS, KEY_ACCOUNT, LIVESTREAM, REGIONS, RETAILER, VISIT
from .draw import Dice, Flags, Floats, Ints
from .season import NEVER, Calendar

_MOST_REPS, _FEWEST_REPS, _PARTNERS_A_REP = 60, 24, 20
MANAGER_AUTHORITY = 600
"""A manager's authority in thousandths of the list price."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Reps by team, then managers, the director, and the newcomers of the team that changed.

    Fields are arrays by member: channel (-1: the director), region (the first of several, or -1),
    manager, first and last day in the role, authority in thousandths, skill (1 is usual). `team_start`
    and `team_size` say where each channel's reps stand. `newcomer` gives, by member, who took over
    (-1: nobody) in month `change_month`; `slow` marks the weak rep.
    """

    channel: Ints
    region: Ints
    manager: Ints
    start: Ints
    end: Ints
    authority: Ints
    skill: Floats
    is_rep: Flags
    team_start: Ints
    team_size: Ints
    newcomer: Ints
    change_month: int
    weak_rep: int

    @property
    def count(self) -> int:
        """All members, those who left included."""
        return len(self.channel)

    def manager_of(self, channel: Ints) -> Ints:
        """The manager of a channel's team."""
        return int(self.team_size.cumsum()[-1]) + channel

    def holder(self, rep: Ints, month: int) -> Ints:
        """Who holds the territory of a first rep in a month."""
        if month < self.change_month:
            return rep
        taken = np.append(self.newcomer, -1)[rep]
        return np.where(taken >= 0, taken, rep)

    def rep_of(self, channel: Ints, region: Ints, number: Ints) -> Ints:
        """The first rep of a territory; key accounts and rooms are shared out by their number."""
        size = self.team_size[channel]
        by_region = region * size // len(REGIONS)
        shared = (channel == KEY_ACCOUNT) | (channel == LIVESTREAM)
        return self.team_start[channel] + np.where(shared, number % size, by_region)


def hire(dice: Dice, calendar: Calendar, partners: int, weak_team: float, weak_rep: float) -> Staff:
    """Staff of a company of so many partners, with a weak new team and a weak rep where planted."""
    size = _team_sizes(max(_FEWEST_REPS, min(_MOST_REPS, partners // _PARTNERS_A_REP)))
    reps = int(size.cumsum()[-1])
    channel = np.repeat(np.arange(len(CHANNELS)), size)
    newcomers = _changed(dice, size) if weak_team and calendar.quarters() else np.zeros(0, dtype=np.int64)
    change = calendar.quarters()[-1] if len(newcomers) else NEVER
    count = reps + len(CHANNELS) + 1
    channel = np.concatenate([channel, np.arange(len(CHANNELS)), [-1], channel[newcomers]])
    start = calendar.first_day - dice.whole("staff start", 200, 2500, np.arange(count))
    end = np.full(len(channel), NEVER)
    start_new = np.full(len(newcomers), calendar.starts[change] if len(newcomers) else 0)
    end[newcomers] = start_new - 1
    newcomer = np.full(len(channel), -1)
    newcomer[newcomers] = count + np.arange(len(newcomers))
    is_rep = (np.arange(len(channel)) < reps) | (np.arange(len(channel)) >= count)
    region = _regions(channel, size)
    region = np.concatenate([region[:count], region[newcomers]])
    return Staff(
        channel=channel,
        region=region,
        manager=np.where(is_rep, reps + channel, np.where(channel >= 0, count - 1, -1)),
        start=np.concatenate([start, start_new]),
        end=end,
        authority=_authority(dice, channel, is_rep),
        skill=_skills(dice, len(channel), newcomer, weak_team),
        is_rep=is_rep,
        team_start=size.cumsum() - size,
        team_size=size,
        newcomer=newcomer,
        change_month=change,
        weak_rep=_weak_rep(dice, size, newcomers) if weak_rep else -1,
    )


def _team_sizes(reps: int) -> Ints:
    """Reps by channel in proportion to their usual numbers, at least two each."""
    usual = np.array([channel.reps for channel in CHANNELS])
    size = np.maximum(usual * reps // int(usual.cumsum()[-1]), 2)
    size[RETAILER] += reps - int(size.cumsum()[-1])
    return size


def _changed(dice: Dice, size: Ints) -> Ints:
    """Reps of field sales or retail who are replaced: a run of about half the team."""
    team = (VISIT, RETAILER)[int(dice.whole("changed team", 0, 2, 0))]
    first = int((size.cumsum() - size)[team])
    count = max(1, int(size[team]) // 2)
    offset = int(dice.whole("changed reps", 0, int(size[team]) - count + 1, 0))
    return first + offset + np.arange(count)


def _weak_rep(dice: Dice, size: Ints, newcomers: Ints) -> int:
    """A rep of distribution who sells less than the territory gives."""
    team = RETAILER - 2
    first = int((size.cumsum() - size)[team])
    return first + int(dice.whole("weak rep", 0, int(size[team]), 0))


def _regions(channel: Ints, size: Ints) -> Ints:
    """The first region of each rep's territory; -1 for those without one."""
    region = np.full(len(channel), -1)
    at = 0
    for code, count in enumerate(size):
        if code not in (KEY_ACCOUNT, LIVESTREAM):
            region[at : at + count] = -(-np.arange(count) * len(REGIONS) // count)
        at += int(count)
    return region


def _authority(dice: Dice, channel: Ints, is_rep: Flags) -> Ints:
    lowest = np.array([one.discount for one in CHANNELS])[channel]
    margin = np.array(AUTHORITY_MARGIN)[dice.whole("authority", 0, 2, np.arange(len(channel)))]
    return np.where(is_rep, lowest + margin, MANAGER_AUTHORITY)


def _skills(dice: Dice, count: int, newcomer: Ints, weak_team: float) -> Floats:
    skill = dice.between("skill", 0.94, 1.06, np.arange(count))
    skill[newcomer[newcomer >= 0]] *= 1 - weak_team
    return skill
