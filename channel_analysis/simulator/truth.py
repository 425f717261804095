"""What was planted and what came of it: gathered while the months pass, told in truth.json."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from .company import CHANNEL_NAMES, REGIONS
from .draw import Ints
from .files import number_text
from .ledger import ORDER_WIDTH, Month
from .lifecycle import CAUSES, REASONS
from .lines import order_sums
from .orders import BOOKED, CONCENTRATED, INCREMENTAL, LOADED
from .plans import misjudged_rep
from .plot import (
    BUNCHING,
    CONCENTRATION,
    DIVERSION,
    DUPLICATE,
    GHOST_ORDER,
    GHOST_PARTNER,
    LATE_RETURN,
    OVER_AUTHORITY,
    RULES,
    STUFFING,
)
from .returns import LATE
from .season import NEVER, Calendar, date_text
from .stock import Diverted
from .world import World

_ALSO = {
    STUFFING: ("late_returns",),
    GHOST_ORDER: ("late_returns",),
}
"""Other rules under which a careful reader may meet the same orders."""
_OF_REPS = (OVER_AUTHORITY, BUNCHING, CONCENTRATION)
_SINGLE = (GHOST_ORDER, DUPLICATE)


@dataclass(frozen=True, slots=True)
class Found:
    """Orders of one month under one rule, with the partner or first subject they belong to."""

    rule: int
    partner: Ints
    rep: Ints
    group: Ints
    order: Ints
    day: Ints
    amount: Ints
    prefix: str = "SO"


@dataclass(slots=True)
class Notes:
    """What is remembered of the months: irregular orders, and what each programme brought."""

    found: list[Found] = field(default_factory=list)
    gained: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    margin: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    quarter_net: int = 0
    faults: dict[str, list[str]] = field(default_factory=dict)


def note_month(world: World, month: int, booked: Month, notes: Notes) -> None:
    """Remember the irregular orders of a month."""
    heads = booked.heads
    net = order_sums(booked.lines.net, booked.lines.head, len(heads.day))
    quarter = (world.calendar.first_month + month) // 3
    is_ghost = np.append(world.plot.partners[GHOST_PARTNER], False)[world.partner[heads.account]]
    marked = booked.marked | {
        STUFFING: np.flatnonzero(heads.source == LOADED),
        GHOST_ORDER: np.flatnonzero(heads.source == BOOKED),
        CONCENTRATION: np.flatnonzero(heads.source == CONCENTRATED),
        GHOST_PARTNER: np.flatnonzero(is_ghost),
    }
    for rule, places in marked.items():
        if len(places):
            notes.found.append(_found(world, booked, rule, places, quarter, net[places]))
    if len(booked.twins):
        copies = booked.order[booked.marked[DUPLICATE]]
        twin = _found(world, booked, DUPLICATE, booked.twins, quarter, net[booked.twins] * 0)
        notes.found.append(replace(twin, group=copies))
    _note_late(world, month, booked, notes)
    if world.causes.first <= month < world.causes.first + 3:
        notes.quarter_net += int(net.sum())


def _found(world: World, booked: Month, rule: int, places: Ints, quarter: int, amount: Ints) -> Found:
    """Orders under a rule: those of reps name the rep, others the partner, single orders both."""
    partner, rep = world.partner[booked.heads.account[places]], booked.heads.rep[places]
    order, none = booked.order[places], np.full(len(places), -1)
    if rule in _SINGLE:
        group = order
    elif rule in _OF_REPS:
        partner, group = none, np.full(len(places), quarter)
    else:
        rep, group = none, np.full(len(places), 0 if rule == GHOST_PARTNER else quarter)
    return Found(rule, partner, rep, group, order, booked.heads.day[places], amount)


def _note_late(world: World, month: int, booked: Month, notes: Notes) -> None:
    back = booked.returns
    late = np.flatnonzero(back.source == LATE)
    if len(late):
        quarter = np.full(len(late), (world.calendar.first_month + month) // 3)
        partner, none = world.partner[back.account[late]], np.full(len(late), -1)
        number = booked.first_return + late
        notes.found.append(
            Found(LATE_RETURN, partner, none, quarter, number, back.day[late], back.net[late], "RT")
        )  # fmt: skip
        zero = np.zeros(len(late), dtype=np.int64)
        notes.found.append(
            Found(LATE_RETURN, partner, none, quarter, back.order[late], back.day[late], zero)
        )  # fmt: skip


def note_diverted(world: World, diverted: Diverted, notes: Notes) -> None:
    """Remember the goods that left their region in a month."""
    if len(diverted.partner):
        count = len(diverted.partner)
        none = np.full(count, -1)
        quarter = np.full(count, (world.calendar.first_month + diverted.month) // 3)
        day = np.full(count, world.calendar.starts[diverted.month])
        notes.found.append(Found(DIVERSION, diverted.partner, none, quarter, none, day, diverted.amount))


def note_gains(world: World, month: int, booked: Month, notes: Notes) -> None:
    """Remember what programmes brought: orders that would not have come without them, shared by effect."""
    if not len(notes.gained):
        notes.gained, notes.margin = (np.zeros(len(world.programmes.each), dtype=np.int64) for _ in range(2))
    extra = (booked.heads.source == INCREMENTAL)[booked.lines.head]
    if not extra.any():
        return
    account = booked.heads.account[booked.lines.head][extra]
    net, cost = booked.lines.net[extra], booked.lines.cost[extra]
    parts = world.programmes.parts(month)[:, account]
    parts = parts / np.maximum(np.cumsum(parts, axis=0)[-1], 1e-12)
    for code in np.flatnonzero(parts.any(axis=1)):
        notes.gained[code] += int(np.rint(np.cumsum(parts[code] * net)[-1]))
        notes.margin[code] += int(np.rint(np.cumsum(parts[code] * (net - cost))[-1]))


def tell(
    world: World, notes: Notes, parameters: dict[str, int | str], costs: list[int], files: dict[str, int]
) -> str:
    """The text of truth.json; `files` are the sizes of the tables' files."""
    truth = {
        "simulated": files,
        "parameters": parameters,
        "dials": asdict(world.dials),
        "partners": list(_partners(world)),
        "change": world.causes.describe(world.calendar, world.staff, notes.quarter_net),
        "irregularities": list(_irregularities(world.calendar, notes.found)),
        "programmes": list(_programmes(world, notes, costs)),
        "territories": _territories(world),
        "faults": notes.faults,
    }
    return json.dumps(truth, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _partners(world: World) -> Iterable[dict[str, Any]]:
    lives, accounts, calendar = world.lives, world.accounts, world.calendar
    rank = np.argsort(np.argsort(-accounts.quality[: accounts.partners], kind="stable"), kind="stable")
    for partner in range(accounts.partners):
        cause, reason = int(lives.cause[partner]), int(lives.reason[partner])
        hazard = lives.hazard[partner, : calendar.months]
        yield {
            "partner_id": number_text("P", partner, 5),
            "quality": round(float(accounts.quality[partner]), 6),
            "quality_rank": int(rank[partner]) + 1,
            "onset_hazard": round(float(lives.onset[partner]), 6),
            "trouble_start": _month(calendar, int(lives.trouble[partner])),
            "cause": CAUSES[cause] if cause >= 0 else None,
            "recovered": _month(calendar, int(lives.recovery[partner])),
            "exit_hazard": {
                calendar.month_name(int(m)): round(float(hazard[m]), 6) for m in np.flatnonzero(hazard)
            },
            "exit_date": date_text(lives.exit[partner]) if reason >= 0 else None,
            "exit_reason": REASONS[reason] if reason >= 0 else None,
            "exit_from_trouble": reason >= 0 and not bool(lives.is_hidden_exit[partner]),
        }


def _month(calendar: Calendar, month: int) -> str | None:
    return None if month >= NEVER else calendar.month_name(month)


def _irregularities(calendar: Calendar, found: list[Found]) -> Iterable[dict[str, Any]]:
    """One entry per rule, subject and quarter, per order for those that stand alone."""
    entries: dict[tuple[int, int, int, int], dict[str, Any]] = {}
    for part in found:
        columns = (part.partner, part.rep, part.group, part.order, part.day, part.amount)
        for partner, rep, group, order, day, amount in zip(*(c.tolist() for c in columns), strict=True):
            key = (part.rule, partner, rep, group)
            entry = entries.setdefault(key, {"orders": {}, "first": day, "last": day, "amount": 0})
            if order >= 0:
                entry["orders"][number_text(part.prefix, order, ORDER_WIDTH)] = None
            entry["first"], entry["last"] = min(entry["first"], day), max(entry["last"], day)
            entry["amount"] += amount
    for (rule, partner, rep, _), entry in sorted(entries.items()):
        yield {
            "rule": RULES[rule],
            "partner_id": number_text("P", partner, 5) if partner >= 0 else None,
            "rep_id": number_text("S", rep, 3) if rep >= 0 else None,
            "order_ids": list(entry["orders"]),
            "first_day": date_text(entry["first"]),
            "last_day": date_text(entry["last"]),
            "amount": entry["amount"] / 100,
            "also": list(_ALSO.get(rule, ())),
        }


def _programmes(world: World, notes: Notes, costs: list[int]) -> Iterable[dict[str, Any]]:
    for code, one in enumerate(world.programmes.each):
        yield {
            "programme_id": one.number,
            "programme_type": one.kind,
            "assignment": one.assignment,
            "effect": round(float(world.programmes.effect[code]), 6),
            "incremental_amount": int(notes.gained[code]) / 100,
            "incremental_margin": int(notes.margin[code]) / 100,
            "cost": costs[code] / 100,
            "participants": int(
                (world.programmes.staff if one.for_staff else world.programmes.accounts)[code].sum()
            ),
        }


def _territories(world: World) -> dict[str, Any]:
    """The territory whose target is set too high, and the rep who is weak on a fair one."""
    misjudged, weak = misjudged_rep(world), world.staff.weak_rep
    return {
        "badly_set_target": None
        if misjudged < 0
        else {
            "rep_id": number_text("S", misjudged, 3),
            "channel_type": CHANNEL_NAMES[int(world.staff.channel[misjudged])],
            "region": REGIONS[int(world.staff.region[misjudged])],
            "too_high_share": world.dials.bad_target_strength,
        },
        "weak_rep": None
        if weak < 0
        else {"rep_id": number_text("S", weak, 3), "orders_missed_share": world.dials.weak_rep_strength},
    }
