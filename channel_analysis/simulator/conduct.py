"""How people and partners behave month by month: feedback, leads, visits, training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .company import CHANNEL_NAMES, CHANNELS, LIVESTREAM, REGIONS
from .draw import Bits, Flags, Floats, Ints, numbered
from .files import Coded, Columns, Numbered, Output
from .ledger import ORDER_WIDTH, Month
from .lifecycle import CAUSES
from .plot import GHOST_PARTNER
from .rows import Rows
from .season import NEVER, is_weekend
from .world import World

_KINDS = ("csat", "nps", "complaint", "review")
_SOURCES = ("referral", "website", "trade fair", "cold call")
_WIN_SHARES = np.array([0.42, 0.25, 0.33, 0.16])
_COURSES = ("Product knowledge", "Negotiation", "Category management", "After-sales service")
_LEADS, _VISITS = 6, 22
"""Leads and visits of a rep in a month, on average."""
_WANTED_ANSWERS = 6_000
_REPUTATION = CAUSES.index("reputation")


@dataclass(slots=True)
class Serials:
    """Running numbers of what people do."""

    feedback: int = 0
    leads: int = 0
    visits: int = 0


@dataclass(frozen=True, slots=True)
class Answers(Rows):
    """Answers and complaints: the place of the order each is about, kind, score, and day."""

    about: Ints
    kind: Ints
    score: Floats
    given: Ints


def write_feedback(
    world: World, month: int, booked: Month, serials: Serials, output: Output, rate: float
) -> None:
    """Answers and complaints about a month's orders, some days later; `rate` is the share who answer."""
    heads = booked.heads
    heard = heads.account < world.accounts.count
    heard &= ~np.append(world.plot.partners[GHOST_PARTNER], False)[world.partner[heads.account]]
    unhappy = _unhappy(world, month, heads.account)
    parts = []
    for kind in range(len(_KINDS)):
        about = np.flatnonzero(heard & _gives(world, kind, heads.account, heads.key, unhappy, rate))
        score = _scores(world, kind, heads.account[about], heads.key[about], unhappy[about])
        given = heads.day[about] + world.dice.whole("answered after", 2, 21, heads.key[about], kind)
        parts.append(Answers(about, np.full(len(about), kind), score, given))
    answers = Answers.stacked(parts)
    order = np.lexsort((answers.kind, answers.about, answers.given))
    answers = answers.take(order[answers.given[order] <= world.calendar.last_day])
    output.add("feedback", _feedback_rows(world, booked, answers, serials.feedback))
    serials.feedback += len(answers.about)


def answer_rate(lines: int) -> float:
    """Share of orders with an answer: enough answers for a small world, not too many for a large one."""
    orders = lines / 2.2
    return min(max(_WANTED_ANSWERS / orders, 0.04), 0.35)


def _feedback_rows(world: World, booked: Month, answers: Answers, first: int) -> Columns:
    about, kind, given = answers.about, answers.kind, answers.given
    heads, dice = booked.heads, world.dice
    account, key = heads.account[about], heads.key[about]
    is_complaint = kind == 2
    closed = given + dice.whole("settled after", 1, 22, key) + 4 * _late_answers(world, account, given)
    settled = is_complaint & dice.happens("settled", 0.94, key) & (closed <= world.calendar.last_day)
    return {
        "feedback_id": Numbered("F", first + np.arange(len(about)), 8),
        "given_on": given,
        "kind": Coded(kind, _KINDS),
        "score": answers.score,
        "closed_on": np.where(settled, closed, NEVER),
        "order_id": Numbered("SO", booked.order[about], ORDER_WIDTH),
        "channel_type": Coded(world.accounts.channel[account], CHANNEL_NAMES),
        "region": Coded(world.accounts.region[account], REGIONS),
        "partner_id": Numbered("P", world.partner[account], 5),
        "rep_id": Numbered("S", heads.rep[about], 3),
        "customer_id": Numbered("C", heads.customer[about], 6),
    }


def _gives(world: World, kind: int, account: Ints, key: Bits, unhappy: Floats, rate: float) -> Flags:
    """Whether an order leads to an answer of a kind."""
    channel = world.accounts.channel[account]
    if _KINDS[kind] == "complaint":
        share = np.array([one.complaint_share for one in CHANNELS])[channel]
        share = share * (1.5 - world.accounts.quality[account]) * (1 + 0.25 * unhappy)
    elif _KINDS[kind] == "review":
        share = (channel == LIVESTREAM) * min(2 * rate, 0.2)
    else:
        usual = np.array([one.lines / one.mean_lines for one in CHANNELS])
        share = np.minimum(rate * (1 if kind == 0 else 0.6) * (0.2 / usual)[channel], 0.5)
    return world.dice.happens(f"gives {_KINDS[kind]}", share, key)


def _scores(world: World, kind: int, account: Ints, key: Bits, unhappy: Floats) -> Floats:
    """1 to 5 stars, more from good partners; 0 to 10 for recommendation; none for complaints."""
    if _KINDS[kind] == "complaint":
        return np.full(len(account), np.nan)
    bounds = np.cumsum(np.array([one.score_weights for one in CHANNELS]), axis=1) / 100
    tilt = 0.12 * (world.accounts.quality[account] - 0.5) - 0.03 * unhappy
    draw = np.clip(world.dice.share(f"stars {_KINDS[kind]}", key) + tilt, 0.0, 0.999999)
    stars = 1 + (draw[:, None] >= bounds[world.accounts.channel[account], :4]).sum(axis=1)
    if _KINDS[kind] != "nps":
        return stars.astype(np.float64)
    return np.minimum(stars * 2 - 1 + world.dice.whole("nps", 0, 2, key), 10).astype(np.float64)


def _unhappy(world: World, month: int, account: Ints) -> Floats:
    """Signs of trouble with reputation at the account of each order."""
    signs = np.append(world.lives.sign(_REPUTATION, month), 0.0)
    return np.asarray(signs[world.partner[account]])


def _late_answers(world: World, account: Ints, given: Ints) -> Ints:
    month = np.minimum(world.calendar.month_of(given), world.calendar.planned - 1)
    depth = np.append(world.lives.depth, np.zeros((1, world.lives.depth.shape[1]), dtype=np.int64), axis=0)
    own = np.append(world.lives.cause == _REPUTATION, False)[world.partner[account]]
    return np.floor(depth[world.partner[account], month] * own * min(world.lives.signal, 2.0)).astype(
        np.int64
    )


def write_leads(world: World, month: int, serials: Serials, output: Output) -> None:
    """Leads of the reps there in a month; skill wins more of them."""
    dice, staff, calendar = world.dice, world.staff, world.calendar
    rep = _reps(world, month)
    count = dice.whole("leads", _LEADS - 3, _LEADS + 4, rep, month)
    who, number = np.repeat(rep, count), numbered(count)
    length = int(calendar.starts[month + 1] - calendar.starts[month])
    created = calendar.starts[month] + dice.whole("lead day", 0, length, who, number, month)
    keep = created <= calendar.last_day
    who, number, created = who[keep], number[keep], created[keep]
    order = np.argsort(created, kind="stable")
    who, number, created = who[order], number[order], created[order]
    closed = created + dice.whole("lead closed", 8, 90, who, number, month)
    is_open = closed > calendar.last_day
    source = dice.pick("lead source", (3, 4, 2, 4), who, number, month)
    won = dice.happens("won", _WIN_SHARES[source] * _skill(world)[who], who, number, month)
    channel = staff.channel[who]
    region = np.where(
        staff.region[who] >= 0,
        staff.region[who],
        dice.whole("lead region", 0, len(REGIONS), who, number, month),
    )
    output.add(
        "leads",
        {
            "lead_id": Numbered("L", serials.leads + np.arange(len(who)), 7),
            "created_on": created,
            "closed_on": np.where(is_open, NEVER, closed),
            "status": Coded(np.where(is_open, 0, np.where(won, 1, 2)), ("open", "won", "lost")),
            "source": Coded(source, _SOURCES),
            "value": dice.whole("lead value", 5, 400, who, number, month) * 100_000,
            "channel_type": Coded(channel, CHANNEL_NAMES),
            "region": Coded(region, REGIONS),
            "rep_id": Numbered("S", who, 3),
        },
    )
    serials.leads += len(who)


def write_visits(world: World, month: int, serials: Serials, output: Output) -> None:
    """Visits the reps plan on working days, to partners and customers of theirs; skill makes more of them."""
    dice, calendar = world.dice, world.calendar
    rep = _reps(world, month)
    count = np.rint(
        dice.between("visits", 0.8, 1.2, rep, month) * _VISITS * np.minimum(_skill(world)[rep], 1.05)
    )
    who = np.repeat(rep, count.astype(np.int64))
    number = numbered(count.astype(np.int64))
    length = int(calendar.starts[month + 1] - calendar.starts[month])
    planned = calendar.starts[month] + dice.whole("visit day", 0, length, who, number, month)
    account = _visited(world, month, who, number)
    fits = (account >= 0) & (planned <= calendar.last_day) & ~is_weekend(planned)
    fits &= (planned >= world.accounts.start[account]) & (planned < world.exit[account])
    who, number, planned, account = (column[fits] for column in (who, number, planned, account))
    order = np.argsort(planned, kind="stable")
    who, number, planned, account = (column[order] for column in (who, number, planned, account))
    done = planned + dice.pick("visit delay", (8, 1, 1), who, number, month)
    is_done = dice.happens("visit done", 0.87, who, number, month) & (done <= calendar.last_day)
    pool = world.accounts.customers[account]
    customer = world.accounts.customer[account] + np.floor(
        pool * 0.3 * dice.share("visited customer", who, number, month)
    ).astype(np.int64)
    output.add(
        "visits",
        {
            "visit_id": Numbered("V", serials.visits + np.arange(len(who)), 8),
            "planned_on": planned,
            "done_on": np.where(is_done, done, NEVER),
            "kind": Coded(
                dice.pick("visit kind", (6, 3, 1), who, number, month), ("visit", "phone", "video")
            ),
            "rep_id": Numbered("S", who, 3),
            "partner_id": Numbered("P", world.partner[account], 5),
            "customer_id": Numbered("C", np.where(pool > 0, customer, -1), 6),
        },
    )
    serials.visits += len(who)


def write_training(world: World, output: Output) -> None:
    """Courses of our reps, of partners' people, and those of the training programme."""
    dice, calendar, count = world.dice, world.calendar, world.accounts.partners
    staff = _courses(world, world.staff.start, np.minimum(world.staff.end, NEVER), 0.08, "staff course")
    partners = _courses(world, world.accounts.start[:count], world.lives.exit, 0.03, "partner course")
    taught = [
        np.flatnonzero(world.programmes.accounts[code, :count])
        for code, one in enumerate(world.programmes.each)
        if one.kind == "training"
    ]
    first = [calendar.starts[one.first] for one in world.programmes.each if one.kind == "training"]
    pupil = np.concatenate([*taught, np.zeros(0, dtype=np.int64)])
    day = np.repeat(np.array(first, dtype=np.int64), [len(part) for part in taught]) + dice.whole(
        "lesson", 3, 150, pupil
    )
    held = np.concatenate([staff[1], partners[1], day])
    who = np.concatenate([staff[0], np.full(len(partners[0]) + len(pupil), -1)])
    partner = np.concatenate([np.full(len(staff[0]), -1), partners[0], pupil])
    known = held <= calendar.last_day
    held, who, partner = held[known], who[known], partner[known]
    order = np.lexsort((partner, who, held))
    held, who, partner = held[order], who[order], partner[order]
    key = np.where(who >= 0, who, 1_000_000 + partner)
    output.add(
        "training",
        {
            "training_id": Numbered("TR", np.arange(len(held)), 6),
            "held_on": held,
            "course": Coded(dice.pick("course", (5, 2, 2, 3), key, held), _COURSES),
            "staff_id": Numbered("S", who, 3),
            "partner_id": Numbered("P", partner, 5),
            "hours": dice.whole("hours", 4, 33, key, held) / 4,
            "score": dice.whole("test", 55, 101, key, held).astype(np.float64),
        },
    )


def _courses(world: World, start: Ints, end: Ints, share: float, purpose: str) -> tuple[Ints, Ints]:
    """Who takes a course in which month and on which day, while they are here."""
    who, month = np.arange(len(start))[:, None], np.arange(world.calendar.months)
    taken, when = np.nonzero(world.dice.happens(purpose, share, who, month))
    day = world.calendar.starts[when] + world.dice.whole(f"{purpose} day", 0, 28, taken, when)
    here = (day >= start[taken]) & (day < end[taken])
    return taken[here], day[here]


def _reps(world: World, month: int) -> Ints:
    """Reps in their role in a month."""
    begins = world.calendar.starts[month]
    here = (world.staff.start <= begins) & (world.staff.end >= begins)
    return np.flatnonzero(world.staff.is_rep & here)


def _skill(world: World) -> Floats:
    """Skill of each member, the weak rep's lowered."""
    weak = np.where(
        np.arange(world.staff.count) == world.staff.weak_rep, 1 - world.dials.weak_rep_strength, 1.0
    )
    return np.asarray(world.staff.skill * weak)


def _visited(world: World, month: int, rep: Ints, number: Ints) -> Ints:
    """An account of each rep's own; never a partner that does not exist. -1 for a rep without any."""
    holder = world.staff.holder(world.accounts.rep, month)
    real = ~np.append(world.plot.partners[GHOST_PARTNER], False)[world.partner]
    own = np.flatnonzero(real & (world.accounts.channel != LIVESTREAM))
    own = own[np.argsort(holder[own], kind="stable")]
    begin = np.searchsorted(holder[own], rep, side="left")
    size = np.searchsorted(holder[own], rep, side="right") - begin
    place = begin + np.floor(size * world.dice.share("visited", rep, number, month)).astype(np.int64)
    return np.where(size > 0, own[np.minimum(place, len(own) - 1)], -1)
