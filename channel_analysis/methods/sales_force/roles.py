"""Who is a rep in a period, how long they were in their role, and what target is due for that time."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd

from ...contracts.appraisal import SalesForce

ROLE_COLUMNS = [
    "rep_id", "rep_name", "group", "region", "team", "manager_id", "start_date", "end_date",
    "days_in_role", "period_days", "is_part", "is_short", "is_newcomer", "has_left",
]  # fmt: skip


def reps_of(
    staff: pd.DataFrame,
    sales: pd.DataFrame,
    targets: pd.DataFrame,
    span: tuple[datetime.date, datetime.date],
    policy: SalesForce,
) -> pd.DataFrame:
    """The reps of a period: those with a target in it, or with sales and nobody who reports to them.

    Parameters
    ----------
    staff, sales, targets : DataFrame
        As `metrics.sales_force` gives them; period 0 is looked at.
    span : tuple of date
        First day of the period, and the first after it.

    Returns
    -------
    DataFrame
        Indexed by rep_id: `ROLE_COLUMNS`. `group` is the channel type of the staff table, else of
        most of their sales. Without a start or end in the table the role covers the period.
        `is_newcomer`: within the policy's ramp days of the start at the period's end.
    """
    start, end = span
    aimed = set(targets.loc[targets["number"] == 0, "rep_id"])
    sold = set(sales.loc[sales["number"] == 0, "rep_id"]) - set(staff["manager_id"].dropna())
    found = staff[staff["staff_id"].isin(aimed | sold)].set_index("staff_id").rename_axis("rep_id")
    main = sales.groupby(["rep_id", "channel_type"])["amount"].sum().reset_index()
    main = main.sort_values(["rep_id", "amount", "channel_type"], ascending=[True, False, True])
    mostly = main.drop_duplicates("rep_id").set_index("rep_id")["channel_type"]
    began = _days(found["start_date"], start)
    left = _days(found["end_date"], end - datetime.timedelta(days=1))
    here = (np.minimum(left, _day(end) - 1) - np.maximum(began, _day(start)) + 1).clip(lower=0)
    is_known = found["start_date"].notna()
    found, here, began, left, is_known = (
        part[(here > 0) | found.index.isin(aimed)] for part in (found, here, began, left, is_known)
    )
    return found.assign(
        rep_name=found["staff_name"],
        group=found["channel_type"].where(found["channel_type"].notna(), found.index.map(mostly)).fillna(""),
        region=found["region"].fillna(""),
        team=found["team"].fillna(""),
        days_in_role=here.astype(int),
        period_days=(end - start).days,
        is_part=here < (end - start).days,
        is_short=here < min(policy.minimum_days, (end - start).days),
        is_newcomer=is_known & (began > _day(end) - policy.ramp_days),
        has_left=left < _day(end) - 1,
    )[ROLE_COLUMNS[1:]]


def due_targets(targets: pd.DataFrame, reps: pd.DataFrame) -> pd.DataFrame:
    """Targets with the part of them due for the days in role: a window half served asks for half.

    Returns
    -------
    DataFrame
        The rows of `targets` whose rep is known, with `due` (currency) and `due_share`.
    """
    own = targets[targets["rep_id"].isin(reps.index)].reset_index(drop=True)
    first, end = (_days(own[name], None) for name in ("window_start", "window_end"))
    began = _days(own["rep_id"].map(reps["start_date"]), datetime.date.min)
    left = _days(own["rep_id"].map(reps["end_date"]), datetime.date.max)
    served = (np.minimum(end, left + 1) - np.maximum(first, began)).clip(lower=0)
    share = (served / (end - first).where(end > first)).fillna(1.0).clip(upper=1.0)
    return own.assign(due=own["target"] * share, due_share=share)


def attained(due: pd.DataFrame, count: int) -> pd.DataFrame:
    """By rep: actual, target (due for the days in role) and full_target of periods 0 to `count` - 1.

    `periods` is how many of these hold a target that was due.
    """
    own = due[(due["number"] < count) & (due["due"] > 0)]
    return own.groupby("rep_id").agg(
        actual=("actual", "sum"),
        target=("due", "sum"),
        full_target=("target", "sum"),
        periods=("number", "nunique"),
    )


def _days(values: pd.Series, missing: datetime.date | None) -> pd.Series:
    """Days as whole numbers; `missing` stands in where there is none."""
    filled = [_day(v if isinstance(v, datetime.date) else missing) for v in values]
    return pd.Series(filled, index=values.index, dtype="int64")


def _day(day: datetime.date | None) -> int:
    return day.toordinal() if day is not None else 0
