"""Tables kept by hand: reputation events, financial statements, programmes and measures."""

from __future__ import annotations

import numpy as np

from .company import CHANNEL_NAMES, DISTRIBUTOR, KEY_ACCOUNT, LIVESTREAM, REGIONS, RETAILER
from .draw import Floats, Ints, fen, total
from .files import ABSENT, Coded, Numbered, Output, number_text
from .lifecycle import CAUSES, FAILURE
from .money import Books, rebates
from .season import NEVER
from .world import World

_EVENTS = (
    "lawsuit_defendant", "penalty", "equity_pledge", "representative_change", "headcount_change",
    "press_negative", "award", "enforcement", "equity_freeze", "dishonest_debtor", "insolvency",
)  # fmt: skip
_WITH_AMOUNT = (0, 1, 2, 7, 8)
_HEADCOUNT = _EVENTS.index("headcount_change")
_USUAL = (4, 3, 2, 4, 4, 3, 3, 0, 0, 0, 0)
_IN_TROUBLE = (6, 3, 2, 2, 3, 5, 0, 4, 2, 1, 0)
_USUAL_SHARE, _SHARE_A_SIGN = 0.006, 0.05
_SOURCES = ("court register", "company register", "trade press")
_REPORTING_SHARE = 0.6
_THOUSAND = 100_000
_MEASURES = (
    "Show sizes and colours as they are in the live-stream",
    "Collect invoices more than 30 days late by phone each week",
    "Visit every retailer in Zhejiang and agree on a shelf plan",
    "Renegotiate the commission of the live-stream platforms",
    "Name a second contact for each key account",
)
_MEASURE_DAYS = ((0, 65, 60), (0, 90, 88), (25, 130, -1), (50, 220, -1), (65, 240, -1))
"""Of each measure: when it was decided, is due and was closed (-1: it is open), in days."""


def write_events(world: World, output: Output) -> None:
    """A few events about anyone, many in trouble with reputation, insolvency at a failure."""
    dice, calendar, count = world.dice, world.calendar, world.accounts.partners
    who, month = np.arange(count)[:, None], np.arange(calendar.months)
    sign = np.stack([world.lives.sign(CAUSES.index("reputation"), m) for m in month.tolist()], axis=1)
    money = np.stack([world.lives.sign(CAUSES.index("finance"), m) for m in month.tolist()], axis=1)
    usual = np.argwhere(dice.happens("event", _USUAL_SHARE, who, month))
    grave = np.argwhere(dice.happens("grave event", _SHARE_A_SIGN * (sign + money / 3), who, month))
    failed = np.flatnonzero((world.lives.reason == FAILURE) & (world.dials.trouble_signal > 0))
    partner = np.concatenate([usual[:, 0], grave[:, 0], failed])
    when = np.concatenate([usual[:, 1], grave[:, 1]])
    kind = np.concatenate(
        [
            dice.pick("usual kind", _USUAL, usual[:, 0], usual[:, 1]),
            dice.pick("grave kind", _IN_TROUBLE, grave[:, 0], grave[:, 1]),
            np.full(len(failed), _EVENTS.index("insolvency")),
        ]
    )
    day = calendar.starts[when] + dice.whole("event day", 0, 28, partner[: len(when)], when)
    day = np.concatenate([day, world.lives.exit[failed] - dice.whole("insolvent", 1, 20, failed)])
    here = (day < world.lives.exit[partner]) & (day <= calendar.last_day) & (day >= calendar.first_day)
    here &= day >= world.accounts.start[partner] - 200
    partner, kind, day = partner[here], kind[here], day[here]
    order = np.lexsort((kind, partner, day))
    _write_event_rows(world, partner[order], kind[order], day[order], output)


def _write_event_rows(world: World, partner: Ints, kind: Ints, day: Ints, output: Output) -> None:
    dice = world.dice
    size = world.accounts.size[partner]
    amount = fen(size * dice.whole("event amount", 5, 300, partner, day)) * 1_000_000
    change = -dice.whole("people lost", 5, 41, partner, day) / 100
    output.add(
        "reputation_events",
        {
            "event_id": Numbered("E", np.arange(len(partner)), 5),
            "partner_id": Numbered("P", partner, 5),
            "event_date": day,
            "event_type": Coded(kind, _EVENTS),
            "amount": np.where(np.isin(kind, _WITH_AMOUNT), amount, ABSENT),
            "change_share": np.where(kind == _HEADCOUNT, change, np.nan),
            "source": Coded(dice.whole("event source", 0, 3, partner, day), _SOURCES),
            "known_at": day + dice.whole("event known", 0, 30, partner, day),
        },
    )


def write_financials(world: World, output: Output) -> None:
    """Yearly statements of most partners, known four months later, worse in trouble with money."""
    calendar, count = world.calendar, world.accounts.partners
    reporting = np.flatnonzero(world.dice.happens("hands in statements", _REPORTING_SHARE, np.arange(count)))
    first, last = (int(calendar.month_name(month)[:4]) for month in (0, calendar.months - 1))
    years = np.arange(first - 2, last)
    partner, year = np.repeat(reporting, len(years)), np.tile(years, len(reporting))
    closing = (np.datetime64("1970-01-01", "D") - np.timedelta64(1, "D")).astype(np.int64)
    ends = (year + 1 - 1970).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64) + int(closing)
    known = ends + world.dice.whole("statement known", 100, 150, partner, year)
    here = (known < world.lives.exit[partner]) & (known <= calendar.last_day)
    here &= ends > world.accounts.start[partner] - 800
    partner, year, ends, known = (column[here] for column in (partner, year, ends, known))
    month = np.clip(calendar.month_of(ends), 0, calendar.planned - 1)
    deep = np.minimum(world.lives.depth[partner, month], 9) * (ends >= calendar.first_day)
    sign = deep * (world.lives.cause[partner] == CAUSES.index("finance")) * world.lives.signal / 9
    output.add(
        "financials",
        {
            "partner_id": Numbered("P", partner, 5),
            "statement_date": ends,
            "months": np.full(len(partner), 12),
            **_statement(world, partner, year, sign),
            "known_at": known,
        },
    )


def _statement(world: World, partner: Ints, year: Ints, sign: Floats) -> dict[str, Ints]:
    """Figures that fit each other: assets = liabilities + equity, income follows from sales.

    What a firm is like stays from year to year; `sign` (0 to 1) is how deep its trouble is.
    """

    def draw(purpose: str, low: float, high: float) -> Floats:
        steady, wobble = world.dice.share(purpose, partner), world.dice.share(purpose, partner, year)
        return np.asarray(low + (high - low) * (0.75 * steady + 0.25 * wobble))

    own = total(world.accounts.planned_net[:, :12])[partner] / _THOUSAND
    growth = 1 + 0.05 * (year - year.min(initial=0))
    sales = (own * draw("times ours", 1.5, 4.0) + 300) * growth * (1 - 0.3 * sign)
    ebit = sales * (draw("margin", 0.02, 0.07) - 0.10 * sign)
    interest = sales * (draw("interest", 0.004, 0.015) + 0.012 * sign)
    income = ebit - interest
    income = income * np.where(income > 0, 0.75, 1.0)
    assets = np.rint(sales * draw("assets", 0.45, 0.80))
    liabilities = np.rint(assets * np.minimum(draw("debt", 0.40, 0.68) + 0.35 * sign, 1.15))
    current = assets * draw("current", 0.60, 0.85) * (1 - 0.15 * sign)
    figures = {
        "sales": sales,
        "ebit": ebit,
        "net_income": income,
        "interest_expense": interest,
        "current_assets": current,
        "inventory": current * np.minimum(draw("inventory", 0.25, 0.50) + 0.2 * sign, 0.9),
        "total_assets": assets,
        "current_liabilities": liabilities * draw("short debt", 0.65, 0.95),
        "total_liabilities": liabilities,
        "retained_earnings": (assets - liabilities) * draw("retained", 0.2, 0.6) - sales * 0.05 * sign,
        "equity": assets - liabilities,
        "operating_cash_flow": income + sales * (draw("cash", -0.02, 0.03) - 0.05 * sign),
    }
    return {name: fen(figure) * _THOUSAND for name, figure in figures.items()}


def write_programmes(world: World, books: Books, output: Output) -> None:
    """Participants of every programme; rebates owe what the costs book for the partner and year."""
    parts = [_participants(world, books, code) for code in range(len(world.programmes.each))]
    code, who, is_staff, accrued = (np.concatenate(column) for column in zip(*parts, strict=True))
    each, starts, dice = world.programmes.each, world.calendar.starts, world.dice
    claimed = fen(accrued * dice.between("claimed", 0.7, 1.0, code, who))
    prefix = [
        number_text("S" if staff else "P", int(w), 3 if staff else 5)
        for w, staff in zip(who, is_staff, strict=True)
    ]
    output.add(
        "programmes",
        {
            "programme_id": Coded(code, [one.number for one in each]),
            "participant_id": prefix,
            "participant_kind": Coded(is_staff.astype(np.int64), ("partner", "staff")),
            "programme_type": Coded(code, [one.kind for one in each]),
            "programme_name": Coded(code, [one.name for one in each]),
            "start_date": starts[np.array([one.first for one in each])][code],
            "end_date": starts[np.array([one.end for one in each])][code] - 1,
            "assignment": Coded(code, [one.assignment for one in each]),
            "allocated_amount": fen(accrued * 1.15 / _THOUSAND) * _THOUSAND + _THOUSAND,
            "accrued_amount": accrued,
            "claimed_amount": claimed,
            "paid_amount": fen(claimed * dice.between("paid", 0.6, 1.0, code, who)),
        },
    )


def programme_costs(world: World, books: Books) -> list[int]:
    """What each programme costs in fen: all that is owed to its participants."""
    return [int(_participants(world, books, code)[3].sum()) for code in range(len(world.programmes.each))]


def _participants(world: World, books: Books, code: int) -> tuple[Ints, Ints, np.ndarray, Ints]:
    """Programme, participants, whether these are staff, and what is owed to each in fen."""
    one, count = world.programmes.each[code], world.accounts.partners
    months = range(one.first, min(one.end, world.calendar.complete))
    if one.for_staff:
        who = np.flatnonzero(world.programmes.staff[code])
        owed = world.dice.whole(one.number, 3, 25, who) * _THOUSAND
    else:
        who = np.flatnonzero(world.programmes.accounts[code, :count])
        if one.kind == "rebate":
            owed = sum(
                (rebates(world, month, books)[who] for month in months), np.zeros(len(who), dtype=np.int64)
            )
        else:
            plan = total(world.accounts.planned_net[who][:, one.first : one.end])
            owed = fen(plan * one.cost_share / _THOUSAND) * _THOUSAND + _THOUSAND
    return np.full(len(who), code), who, np.full(len(who), one.for_staff), owed


def write_measures(world: World, output: Output) -> None:
    """What was decided about two of the quarters before: done, open, and past its due date."""
    calendar = world.calendar
    quarters = calendar.quarters()
    decided = int(calendar.starts[quarters[-1]] - 70) if quarters else calendar.last_day - 100
    day, due, closed = (np.array(column) for column in zip(*_MEASURE_DAYS, strict=True))
    channel = np.array([LIVESTREAM, DISTRIBUTOR, RETAILER, LIVESTREAM, KEY_ACCOUNT])
    region = np.array([-1, -1, 3, -1, -1])
    output.add(
        "measures",
        {
            "measure_id": Numbered("A", np.arange(len(day)), 3),
            "decided_on": decided + day,
            "measure": _MEASURES,
            "owner_id": Numbered("S", world.staff.manager_of(channel), 3),
            "due_on": decided + due,
            "status": ("done", "done", "open", "open", "open"),
            "closed_on": np.where(closed >= 0, decided + closed, NEVER),
            "kpi": ("return_rate", "overdue_ratio", "attainment", "channel_cost_ratio", "csat"),
            "expected_effect": np.array([-0.02, -0.03, 0.05, -0.01, 0.03]),
            "channel_type": Coded(channel, CHANNEL_NAMES),
            "region": Coded(region, REGIONS),
        },
    )
