"""What customers, courts and registries said of a partner, as known at each month's end."""

from __future__ import annotations

import datetime

from ...contracts.policy import Policy
from ...store.engine import Engine
from ..queries import sql_day
from .grid import NEVER, Floats, Grid, known_facts, known_sql, month_sql
from .parts import Part

COUNTED = {
    "lawsuits": ("lawsuit_defendant",),
    "enforcements": ("enforcement",),
    "penalties": ("penalty",),
    "freezes": ("equity_freeze", "equity_pledge"),
    "representatives": ("representative_change",),
    "negative_press": ("press_negative",),
    "awards": ("award",),
}
"""Kinds of events that are counted over twelve months."""

GRAVE = ("dishonest_debtor", "insolvency", "termination")
"""Kinds of events that stay for good."""


def complaints(engine: Engine, grid: Grid, policy: Policy) -> dict[str, Floats]:
    """Complaints of 3 and 12 months, how long those closed in 12 months took, and those still open."""
    facts = known_facts("feedback", "given_on", grid, "partner_id, given_on, closed_on, known_at, kind")
    given = f"SELECT * FROM ({facts}) AS f WHERE kind = 'complaint'"
    cells = grid.read(
        engine,
        "SELECT partner_id, month, known, "
        f"COALESCE({month_sql('closed_on')}, {NEVER}) AS closed, COUNT(*) AS complaints, "
        "SUM(GREATEST(DATE_DIFF('day', given_on, closed_on), 0)) AS days "
        f"FROM ({given}) AS c GROUP BY partner_id, month, known, COALESCE({month_sql('closed_on')}, {NEVER})",
    )
    settled = cells | {"month": cells["closed"]}
    return {
        "complaints_3": grid.within(cells, "complaints", 3),
        "complaints_12": grid.within(cells, "complaints", 12),
        "complaints_open": grid.standing(cells, "complaints", cells["known"], cells["closed"]),
        "complaints_closed_12": grid.within(settled, "complaints", 12),
        "complaint_days_12": grid.within(settled, "days", 12),
    }


def answers(engine: Engine, grid: Grid, policy: Policy) -> dict[str, Floats]:
    """Marks of 12 months (1 to 5): their number, sum and how many were 1; answers to recommending us."""
    rated = "kind IN ('csat', 'review') AND score IS NOT NULL"
    facts = known_facts("feedback", "given_on", grid, "partner_id, kind, score")
    cells = grid.read(
        engine,
        f"SELECT partner_id, month, known, SUM(CASE WHEN {rated} THEN 1 ELSE 0 END) AS marks, "
        f"SUM(CASE WHEN {rated} THEN CAST(score AS DECIMAL(18, 4)) ELSE 0 END) AS mark_sum, "
        f"SUM(CASE WHEN {rated} AND score < 1.5 THEN 1 ELSE 0 END) AS one_star, "
        "SUM(CASE WHEN kind = 'nps' AND score IS NOT NULL THEN 1 ELSE 0 END) AS nps_answers, "
        "SUM(CASE WHEN kind = 'nps' AND score >= 9 THEN 1 WHEN kind = 'nps' AND score <= 6 THEN -1 "
        f"ELSE 0 END) AS nps_balance FROM ({facts}) AS f GROUP BY partner_id, month, known",
    )
    names = ("marks", "mark_sum", "one_star", "nps_answers", "nps_balance")
    return {f"{name}_12": grid.within(cells, name, 12) for name in names}


def events(engine: Engine, grid: Grid, policy: Policy) -> dict[str, Floats]:
    """Events of 12 months by kind, amounts enforced, change of headcount, and what stays for good."""
    sums = [f"SUM(CASE WHEN {_is(kinds)} THEN 1 ELSE 0 END) AS {name}" for name, kinds in COUNTED.items()]
    sums += [f"SUM(CASE WHEN event_type = '{kind}' THEN 1 ELSE 0 END) AS {kind}" for kind in GRAVE]
    facts = known_facts(
        "reputation_events", "event_date", grid, "partner_id, event_type, amount, change_share"
    )
    cells = grid.read(
        engine,
        f"SELECT partner_id, month, known, {', '.join(sums)}, "
        f"SUM(CASE WHEN {_is(COUNTED['enforcements'])} THEN amount ELSE 0 END) AS enforced, "
        "SUM(CASE WHEN event_type = 'headcount_change' THEN CAST(change_share AS DECIMAL(18, 4)) ELSE 0 END) "
        f"AS headcount FROM ({facts}) AS e GROUP BY partner_id, month, known",
    )
    found = {f"{name}_12": grid.within(cells, name, 12) for name in (*COUNTED, "enforced", "headcount")}
    return found | {kind: grid.standing(cells, kind, cells["known"], NEVER) for kind in GRAVE}


def _is(kinds: tuple[str, ...]) -> str:
    return f"event_type IN ({', '.join(repr(kind) for kind in kinds)})"


def grave_events(kind: str, until: datetime.date) -> str:
    """SQL of how many events of a kind (`value`) there were by partner and month, known by a day."""
    month = month_sql("event_date")
    return (
        f"SELECT partner_id, {month} AS month, COUNT(*) AS value FROM reputation_events "
        f"WHERE partner_id IS NOT NULL AND event_type = '{kind}' "
        f"AND {known_sql('event_date')} <= {sql_day(until)} GROUP BY partner_id, {month}"
    )


PARTS = (
    Part(
        ("complaints_3", "complaints_12", "complaints_open", "complaints_closed_12", "complaint_days_12"),
        ("feedback.partner_id", "feedback.kind"),
        complaints,
    ),
    Part(
        ("marks_12", "mark_sum_12", "one_star_12", "nps_answers_12", "nps_balance_12"),
        ("feedback.partner_id", "feedback.score"),
        answers,
    ),
    Part(
        (*(f"{name}_12" for name in (*COUNTED, "enforced", "headcount")), *GRAVE),
        ("reputation_events.event_type",),
        events,
    ),
)
