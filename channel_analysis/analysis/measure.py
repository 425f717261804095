"""KPI values of a workspace, by period and level."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ..errors import InputError, Problem, did_you_mean, refuse
from ..metrics.facts import LEVELS
from ..metrics.kpis import Kpi, load_kpis
from ..metrics.periods import MONTHS, Period
from ..metrics.values import kpi_values
from ..store.workspace import Workspace
from .names import with_names
from .scope import begins_late, covered_by, incomplete, last_complete, resolve_period


def measure(
    ws: Workspace,
    period: str | Sequence[str] = "last-quarter",
    *,
    by: str | Sequence[str] = "channel_type",
    kpis: str | Sequence[str] = (),
    language: str = "",
) -> pd.DataFrame:
    """Compute KPIs of a workspace.

    Parameters
    ----------
    ws : Workspace
    period : str or list of str
        Codes such as "2025Q3", "2025-07", "FY2026H1", or "last-quarter".
    by : str or list of str
        Levels: company, channel_family, channel_type, region, partner, rep, team, category.
    kpis : str or list of str
        Names of KPIs; all of them when empty.
    language : str
        "en" or "zh" adds the columns `name` (of the entity) and `kpi_name`.

    Returns
    -------
    DataFrame
        One row per level, entity, period and KPI, with numerator, denominator, value, the bounds
        of its interval (low, high) and status; see `metrics.values.kpi_values`. Every entity that
        any of the periods or KPIs knows has a row for each: one without sales has net sales of 0.

    Raises
    ------
    InputError
        When a period, level, KPI or language is not known, with the nearest name.
    """
    levels, names = _listed(by), _listed(kpis)
    known = load_kpis(ws)
    refuse(
        [
            *(Problem(name, "nothing is asked for", "name at least one") for name in _empty(period, by)),
            *(
                Problem("by", f"there is no level '{v}'", did_you_mean(v, LEVELS))
                for v in levels
                if v not in LEVELS
            ),
            *(
                Problem("kpis", f"there is no KPI '{k}'", did_you_mean(k, known))
                for k in names
                if k not in known
            ),
        ]
    )
    periods = [resolve_period(ws, code) for code in _listed(period)]
    wanted = names or list(known)
    frame = values_of(ws, _with_bases(known, wanted), periods, levels)
    frame = frame[frame["kpi"].isin(wanted)].reset_index(drop=True)
    return with_names(ws, frame, known, language) if language else frame


def periods(ws: Workspace, kind: str = "quarter", *, last: int = 12) -> list[str]:
    """Codes of the last complete periods of a kind, the oldest first.

    Parameters
    ----------
    ws : Workspace
    kind : str
        month, quarter, half or year.
    last : int
        How many at most; fewer where the data do not reach so far back.

    Raises
    ------
    InputError
        When there is no such kind, or no period of it is complete.
    """
    if kind not in MONTHS:
        raise InputError(
            [Problem("kind", f"there is no kind of period '{kind}'", did_you_mean(kind, MONTHS))]
        )
    if last < 1:
        raise InputError([Problem("last", f"{last} periods cannot be listed", "ask for one or more")])
    covered = covered_by(ws)
    period = last_complete(ws, kind, covered)
    found = [period]
    while len(found) < last and not begins_late(ws, period.previous, covered):
        period = period.previous
        found.append(period)
    return [p.code for p in reversed(found)]


def values_of(
    ws: Workspace, kpis: dict[str, Kpi], periods: Sequence[Period], levels: Sequence[str]
) -> pd.DataFrame:
    """KPI values for periods that are already resolved; incomplete ones are not compared."""
    compares = any(kpi.compares for kpi in kpis.values())
    early = incomplete(ws, periods) if compares else set()
    return kpi_values(ws.facts(), kpis, ws.policy, periods, levels, early)


def _empty(period: str | Sequence[str], by: str | Sequence[str]) -> list[str]:
    return [name for name, given in (("period", period), ("by", by)) if not _listed(given)]


def _with_bases(known: dict[str, Kpi], wanted: Sequence[str]) -> dict[str, Kpi]:
    """The wanted KPIs and those they are changes of."""
    names = dict.fromkeys([*wanted, *(known[name].of for name in wanted if known[name].of)])
    return {name: known[name] for name in names}


def _listed(given: str | Sequence[str]) -> list[str]:
    return [given] if isinstance(given, str) else list(given)
