"""What a command asks for, spelt out: which reports, which periods, which parts of the company."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..errors import InputError, Problem, refuse
from ..metrics.periods import parse_period
from ..store.workspace import Workspace
from .notebooks import report_names
from .sheets import SHEETS

ALL = "all"
"""Stands for every report that comes along and whose data are there."""

_TABLES = {
    "sales_team": ("staff",),
    "screening": ("candidates",),
    "partner_sheet": ("partners",),
}
"""Tables without which a report would say nothing."""

_MODEL = ("partner_risk",)
"""Reports that need a trained model."""


def shipped_reports() -> list[str]:
    """Every report that comes along, the review first."""
    return sorted({*report_names(), *SHEETS}, key=lambda name: (name != "review", name))


def reports_with_data(ws: Workspace) -> list[str]:
    """Reports that come along and whose tables, or model, a workspace has."""
    from ..analysis.risk import model_path

    filled = ws.facts().intake.filled
    return [
        name
        for name in shipped_reports()
        if all(table in filled for table in _TABLES.get(name, ()))
        and (name not in _MODEL or model_path(ws).is_file())
    ]


def periods_of(ws: Workspace, period: str, since: str) -> list[str]:
    """Codes of the periods to report: the one named, or all complete ones from `since` on, oldest first."""
    from ..analysis.scope import begins_late, last_complete, resolve_period
    from ..metrics.periods import active_types, coverage

    if not since:
        return [resolve_period(ws, period).code]
    engine = ws.facts().engine
    one, covered, found = parse_period(since, ws.settings.company.fiscal_year_start), coverage(engine), []
    last = last_complete(ws, one.kind, covered)
    while one.end <= last.end:
        if not begins_late(ws, one, covered) and active_types(engine, one):
            found.append(one.code)
        one = one.shift(1)
    return found


def parts_of(ws: Workspace, where: Mapping[str, str], each: str) -> list[dict[str, str]]:
    """What reports are narrowed to: `where`, or with `each` a part for every value of a dimension.

    Raises
    ------
    InputError
        For a value without sales, with the nearest.
    """
    if not where and not each:
        return [{}]
    from ..analysis.narrow import choices, problems_of_where

    refuse(problems_of_where(ws, where))
    if not each:
        return [dict(where)]
    found = [{**where, each: value} for value in choices(ws, each)]
    if not found:
        fix = "name another dimension, or leave --each out"
        raise InputError([Problem("each", f"no sales name a {each}", fix)])
    return found


def file_names(ws: Workspace, parts: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Names of files for the values of parts, made together with all the others of their dimension."""
    from ..analysis.narrow import choices
    from ..files import safe_names

    names: dict[str, str] = {}
    for dimension in sorted({name for part in parts for name in part}):
        names |= safe_names(choices(ws, dimension))
    return names
