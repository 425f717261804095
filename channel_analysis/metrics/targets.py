"""Targets with the window they hold for, and what was sold in exactly that window."""

from __future__ import annotations

import datetime
import itertools
from statistics import median_low
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..contracts.policy import Policy
from ..store.engine import Engine, quoted
from .facts import LEVELS, channel_family_case
from .periods import Period

SCOPES = {level: column for level, column in LEVELS.items() if level not in ("team", "category")}
"""Levels a set of targets may be split by, with the column that names the scope."""
FINER_FIRST = ("channel_type", "rep", "partner", "region", "channel_family", "company")


def closed_windows(engine: Engine) -> pa.Table:
    """Every target's level, window and date, with the columns `_WINDOWS`.

    A window without an end runs to its scope's next start, the last one is as long as the median; it
    belongs to the period that holds its middle day, which is the one with most of its days.
    """
    given = engine.query(
        "SELECT target_id, level, COALESCE(rep_id, partner_id, region, channel_type, channel_family, '') "
        "AS scope, window_start, window_end FROM targets "
        "ORDER BY level, window_start, target_id"
    )
    if given["window_end"].null_count:
        return pa.Table.from_pylist(target_windows(given.to_pylist()), schema=_WINDOWS)
    start, end = (given[name].cast(pa.int32()).to_numpy() for name in ("window_start", "window_end"))
    middle = pa.array(start + (end - start - 1) // 2, pa.int32()).cast(pa.date32())
    return given.drop_columns("scope").append_column("target_date", middle).cast(_WINDOWS)


def register_target_actuals(engine: Engine, policy: Policy, windows: pa.Table) -> None:
    """Register `target_actuals`: of some targets the window, its date and the net sales of its scope."""
    engine.register("target_windows", windows)
    family_case = channel_family_case("s.channel_type", policy)
    first, end = pc.min(windows["window_start"]).as_py(), pc.max(windows["window_end"]).as_py()
    sales = f"(SELECT * FROM sales WHERE order_date >= DATE '{first}' AND order_date < DATE '{end}')"
    levels = sorted(windows["level"].unique().to_pylist())
    parts = [_actuals_sql(level, family_case, sales) for level in levels] or [NO_ACTUALS]
    engine.register("target_actuals", " UNION ALL ".join(parts))


def target_windows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Close open windows and date each target by the middle of its window.

    Examples
    --------
    >>> day = datetime.date.fromisoformat
    >>> rows = [{"target_id": i, "level": "rep", "scope": "7", "window_start": day(d), "window_end": None}
    ...         for i, d in (("a", "2025-01-01"), ("b", "2025-04-01"))]
    >>> [str(w["window_end"]) for w in target_windows(rows)]
    ['2025-04-01', '2025-06-30']
    """
    closed = []
    for level in dict.fromkeys(row["level"] for row in rows):
        own = [row for row in rows if row["level"] == level]
        usual = _usual_length(own)
        for row in own:
            start = row["window_start"]
            end = row["window_end"] or _end_of(row, own, usual)
            middle = start + (end - start - datetime.timedelta(days=1)) / 2
            closed.append(
                {
                    "target_id": row["target_id"],
                    "level": level,
                    "window_start": start,
                    "window_end": end,
                    "target_date": middle,
                }
            )
    return closed


def _usual_length(rows: list[dict[str, Any]]) -> datetime.timedelta:
    """The median length of a level's windows, stated or up to the next start of the same scope."""
    lengths = [row["window_end"] - row["window_start"] for row in rows if row["window_end"]]
    starts: dict[str, set[datetime.date]] = {}
    for row in rows:
        starts.setdefault(row["scope"], set()).add(row["window_start"])
    for own in starts.values():
        lengths += [later - earlier for earlier, later in itertools.pairwise(sorted(own))]
    return median_low(lengths) if lengths else datetime.timedelta(days=91)


def _end_of(row: dict[str, Any], rows: list[dict[str, Any]], usual: datetime.timedelta) -> datetime.date:
    """Where an open window ends: at its scope's next start, else at the level's, else after the usual length.

    A scope that skipped a target does not stretch its window: its next start counts up to one and a
    half usual lengths; a start of others counts from half a usual length on.
    """
    start: datetime.date = row["window_start"]
    later = [other for other in rows if other["window_start"] > start]
    own = min((o["window_start"] for o in later if o["scope"] == row["scope"]), default=None)
    if own is not None and own - start <= 1.5 * usual:
        return own
    others = min((o["window_start"] for o in later if o["window_start"] - start >= usual / 2), default=None)
    return others if others is not None and others - start <= 1.5 * usual else start + usual


def holds_most_of(period: Period) -> str:
    """SQL that tells the targets of which a period holds at least half of the window's days."""
    first, end = f"DATE '{period.start}'", f"DATE '{period.end}'"
    inside = f"DATE_DIFF('day', GREATEST(window_start, {first}), LEAST(window_end, {end}))"
    return f"2 * {inside} >= DATE_DIFF('day', window_start, window_end)"


def level_for(wanted: str, supplied: dict[str, set[str]]) -> str | None:
    """The set of targets that serves a level: its own, else the first that can be rolled up to it.

    Targets of reps roll up to their teams.

    `supplied` maps each level of targets at hand to the scope columns its rows fill throughout.
    """
    if wanted in supplied:
        return wanted
    column = LEVELS[wanted]
    for level in FINER_FIRST:
        if level in supplied and (not column or column in supplied[level]):
            return level
    return None


def supplied_levels(engine: Engine) -> dict[str, set[str]]:
    """Levels of targets at hand, each with the scope columns that all of its rows fill."""
    scopes = [column for column in SCOPES.values() if column]
    counts = ", ".join(f"COUNT(t.{quoted(column)}) AS {quoted(column)}" for column in scopes)
    rows = engine.query(
        f"SELECT t.level, COUNT(*) AS n, COUNT(st.team) AS teams, {counts} FROM targets AS t "
        "LEFT JOIN staff AS st ON st.staff_id = t.rep_id GROUP BY t.level"
    ).to_pylist()
    filled = {row["level"]: {c for c in scopes if row[c] == row["n"]} for row in rows}
    for row in rows:
        columns = filled[row["level"]]
        columns |= {"channel_family"} if "channel_type" in columns else set()
        columns |= {"team"} if "rep_id" in columns and row["teams"] else set()
    return filled


_WINDOWS = pa.schema(
    [
        ("target_id", pa.string()),
        ("level", pa.string()),
        ("window_start", pa.date32()),
        ("window_end", pa.date32()),
        ("target_date", pa.date32()),
    ]
)
NO_ACTUALS = (
    "SELECT CAST(NULL AS VARCHAR) AS target_id, CAST(NULL AS DATE) AS window_start, "
    "CAST(NULL AS DATE) AS window_end, CAST(NULL AS DATE) AS target_date, "
    "CAST(NULL AS DECIMAL(38, 4)) AS actual_amount WHERE FALSE"
)


def _actuals_sql(level: str, family_case: str, sales: str) -> str:
    """Targets of one level joined to sales by its scope column, other filled scopes as conditions."""
    own = SCOPES[level]
    column = {"channel_family": family_case}
    conditions = ["s.order_date >= w.window_start", "s.order_date < w.window_end"]
    if own:
        conditions.insert(0, f"{column.get(own, f's.{own}')} = g.{own}")
    for scope in SCOPES.values():
        if scope and scope != own:
            conditions.append(f"(g.{scope} IS NULL OR g.{scope} = {column.get(scope, f's.{scope}')})")
    return (
        "SELECT w.target_id, w.window_start, w.window_end, w.target_date, "
        "COALESCE(SUM(s.net_amount), CAST(0 AS DECIMAL(38, 4))) AS actual_amount "
        "FROM target_windows AS w JOIN targets AS g ON g.target_id = w.target_id "
        f"LEFT JOIN {sales} AS s ON {' AND '.join(conditions)} WHERE g.level = '{level}' "
        "GROUP BY w.target_id, w.window_start, w.window_end, w.target_date"
    )
