"""What a report is about: its period resolved against the data, its company, its names."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from ..errors import InputError, Problem
from ..metrics.kpis import Kpi
from ..metrics.periods import (
    LAST,
    Coverage,
    Period,
    active_types,
    add_months,
    coverage,
    parse_period,
    period_at,
    uncovered_types,
)
from ..results import Names, Scope
from ..store.engine import literal
from ..store.workspace import Workspace
from ..words import languages

LAST_DAY = datetime.date(9000, 12, 31)
"""No period begins later, whatever stands in the data."""


def resolve_period(ws: Workspace, text: str) -> Period:
    """Turn a period's code, or last-quarter and its kin, into a period that holds sales.

    Raises
    ------
    InputError
        When the text is no period, or the data hold no sales in it.
    """
    covered = covered_by(ws)
    if str(text) in LAST:
        return last_complete(ws, LAST[str(text)], covered)
    period = parse_period(text, ws.settings.company.fiscal_year_start)
    first, last = min(c.first for c in covered), max(c.last for c in covered)
    if period.end <= first or period.start > last or not active_types(ws.whole.facts().engine, period):
        what = f"there are no sales in {period.code}; the data run from {first} to {last}"
        fix = _offer(ws, period.kind, covered)
        raise InputError([Problem("period", what, fix)])
    return period


def last_complete(ws: Workspace, kind: str, covered: Sequence[Coverage]) -> Period:
    """The last period of a kind that all channels active before it cover to its end."""
    period = period_at(min(max(c.last for c in covered), LAST_DAY), kind)
    first = min(c.first for c in covered)
    while period.end > first:
        whole = not begins_late(ws, period, covered) and not uncovered(ws, period, covered)
        if whole and active_types(ws.whole.facts().engine, period):
            return period
        period = period.previous
    what = f"no {kind} is complete: the data run from {first} to {max(c.last for c in covered)}"
    fix = f"name a period that may be incomplete, such as {period_at(first, kind).code}"
    raise InputError([Problem("period", what, fix)])


def uncovered(ws: Workspace, period: Period, covered: Sequence[Coverage]) -> list[str]:
    """Channel types whose data do not reach a period's end though they sold in it or in the year before.

    A feed that stopped stays uncovered for a year, so that its gap is not taken for a fall in sales;
    `complete_to` in workspace.toml settles it earlier.
    """
    complete_to = ws.settings.data.complete_to
    every = {c.channel_type for c in covered}
    if not uncovered_types(period, covered, every, ws.policy, complete_to):
        return []
    year_before = Period(add_months(period.start, -12), period.end, period.kind)
    active = active_types(ws.whole.facts().engine, year_before)
    return uncovered_types(period, covered, active, ws.policy, complete_to)


def begins_late(ws: Workspace, period: Period, covered: Sequence[Coverage]) -> bool:
    """Whether the data begin only after a period's first days."""
    tolerance = datetime.timedelta(days=ws.policy.periods.coverage_tolerance_days)
    return min(c.first for c in covered) > period.start + tolerance


def incomplete(ws: Workspace, periods: Sequence[Period]) -> set[str]:
    """Codes of the periods that the data do not cover from their beginning to their end."""
    covered = covered_by(ws)
    return {p.code for p in periods if begins_late(ws, p, covered) or uncovered(ws, p, covered)}


def scope_of(ws: Workspace, period: Period, kpis: dict[str, Kpi]) -> Scope:
    """The scope of a report on a period."""
    covered = covered_by(ws)
    company = ws.settings.company
    open_ended = uncovered(ws, period, covered)
    silent = [c.channel_type for c in covered if c.channel_type in open_ended and c.last < period.start]
    return Scope(
        company=company.name,
        period=period.code,
        start=period.start,
        end=period.end,
        previous=period.previous.code,
        last_year=period.last_year.code,
        currency=company.currency,
        as_of=max(c.last for c in covered),
        begins=min(c.first for c in covered) if begins_late(ws, period, covered) else None,
        uncovered=tuple(open_ended),
        stopped={c.channel_type: c.last for c in covered if c.channel_type in silent},
        where=dict(ws.where),
        names=Names(
            channel_types={name: rule.label for name, rule in ws.policy.channel_types.items()},
            kpis={name: kpi.label for name, kpi in kpis.items()},
            units={name: kpi.unit for name, kpi in kpis.items()},
            values={
                **ws.policy.labels,
                "owner": _owner_name(ws),
                "measure": {name: one.label for name, one in ws.policy.measures.catalogue.items()},
            },
        ),
    )


def covered_by(ws: Workspace) -> Sequence[Coverage]:
    """From when to when each channel type's data reach: the company's, for what is narrowed as well."""
    return coverage(ws.whole.facts().engine)


def _owner_name(ws: Workspace) -> dict[str, dict[str, str]]:
    """The name of the owner that a workspace is narrowed to."""
    if "owner" not in ws.where:
        return {}
    owner = ws.where["owner"]
    asked = f"SELECT staff_name FROM staff WHERE staff_id = {literal(owner)}"
    found = ws.whole.facts().engine.query(asked)["staff_name"].to_pylist()
    return {owner: dict.fromkeys(languages(), found[0])} if found and found[0] else {}


def _offer(ws: Workspace, kind: str, covered: Sequence[Coverage]) -> str:
    try:
        return f"the last complete {kind} is {last_complete(ws, kind, covered).code}"
    except InputError:
        return f"try {period_at(min(c.first for c in covered), kind).code}"
