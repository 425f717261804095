"""Facts known late: dates after the row's period, and accounts that change on the day they close."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from ..panel import Floats
from .leak import Case, Leak

PLANNED = re.compile(
    r"contract|due|expir|valid|until|renew|plan|matur|expect|target|next_visit|到期|有效|合同|计划|预计",
    re.IGNORECASE,
)
"""Columns of such names hold dates that are agreed before: the end of a contract may lie ahead."""

YEARLY = re.compile(r"year|年", re.IGNORECASE)
CHANGES = 40
ON_THE_DAY = 0.95


def find_known_late(panel: pd.DataFrame, case: Case, finance: Sequence[str]) -> Iterator[Leak]:
    """Columns of dates that lie after the period, and accounts in use before anybody had them."""
    if case.period is None:
        return
    ends = _ends(panel[case.period])
    for name in map(str, panel.columns):
        if name in (case.period, case.key, case.label) or PLANNED.search(name):
            continue
        dates = _dates(panel[name], name)
        if dates is None:
            continue
        late = (dates > ends) & dates.notna()
        if late.any():
            yield _late(name, int(late.sum()), len(panel), _of_the_fact(panel, case, name))
    if pd.api.types.is_numeric_dtype(panel[case.period].dtype):
        return
    for name in finance:
        if name in case.x and _changes_when_closing(case, case.x[name]):
            what = "it changes in December and never else: accounts are not known on the day they close"
            fix = "take each statement from the day it was filed or received on"
            yield Leak("known late", name, what, fix)


def _late(name: str, rows: int, of: int, facts: Sequence[str]) -> Leak:
    told = f"; with it come {', '.join(facts)}" if facts else ""
    what = f"{rows} of {of} rows hold a date after their period: the fact was not known then{told}"
    fix = "let a fact enter from the first period on that ends after it was known"
    return Leak("known late", name, what, fix, {"rows": rows, "share": rows / of})


def _of_the_fact(panel: pd.DataFrame, case: Case, name: str) -> list[str]:
    """The features that stay the same for an entity as long as this date does: they are of one statement."""
    keys = [panel[case.key].astype(object).map(str), panel[name].astype(object).map(str)]
    groups = panel.groupby(keys, sort=False)
    if groups.ngroups > 0.9 * len(panel):
        return []
    own = panel.groupby(keys[0], sort=False)
    names = [feature for feature in case.x if feature != name]
    within, among = groups[names].nunique().max(), own[names].nunique().max()
    return [feature for feature in names if within[feature] <= 1 < among[feature]][:5]


def _ends(periods: pd.Series) -> pd.Series:
    """The last moment of each period: the day's, of firsts of months the month's, of a year the year's."""
    if isinstance(periods.dtype, pd.PeriodDtype):
        return periods.dt.end_time
    if pd.api.types.is_numeric_dtype(periods.dtype):
        years = periods.where(periods.between(1700, 2200)).astype("Int64").astype("string")
        return pd.to_datetime(years + "-12-31 23:59:59", errors="coerce")
    days = pd.to_datetime(periods).dt.tz_localize(None).dt.normalize()
    if bool((days.dt.day == 1).all()):
        days = days + pd.offsets.MonthEnd(0)
    return days + pd.Timedelta(hours=24) - pd.Timedelta(seconds=1)


def _dates(column: pd.Series, name: str) -> pd.Series | None:
    """The column as moments, when it holds dates: of a date type, as texts, or as years."""
    if isinstance(column.dtype, pd.PeriodDtype):
        return column.dt.start_time
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column.dt.tz_localize(None) if column.dt.tz is not None else column
    known = column.dropna()
    if not len(known):
        return None
    if pd.api.types.is_numeric_dtype(column.dtype):
        return _years(column, known, name)
    sample = known.iloc[:: max(len(known) // 200, 1)].map(str)
    if not sample.str.match(r"\d{4}[-/.年]\d{1,2}([-/.月]|$)").mean() > 0.9:
        return None
    tidy = column.astype("string").str.replace(r"[/.年月]", "-", regex=True).str.replace("日", "")
    return pd.to_datetime(tidy.str.strip("-"), errors="coerce", format="ISO8601").dt.tz_localize(None)


def _years(column: pd.Series, known: pd.Series, name: str) -> pd.Series | None:
    whole = bool(known.between(1950, 2150).all()) and bool((known == known.round()).all())
    if not whole or not YEARLY.search(name) or pd.api.types.is_bool_dtype(column.dtype):
        return None
    return pd.to_datetime(column.astype("Int64").astype("string") + "-01-01", errors="coerce")


def _changes_when_closing(case: Case, values: Floats) -> bool:
    """Whether a feature changes once a year at most, and then in December."""
    same = np.diff(case.entity) == 0
    next_month = np.diff(case.steps) == 1
    before, after = values[:-1], values[1:]
    changed = same & next_month & (before != after) & ~np.isnan(before) & ~np.isnan(after)
    pairs = int((same & next_month).sum())
    if changed.sum() < CHANGES or changed.sum() > pairs / 10:
        return False
    december = (case.steps[1:][changed] % 12) == 11
    return bool(december.mean() >= ON_THE_DAY)
