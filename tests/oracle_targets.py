"""Targets as the twin reads them: a window each, the sales of just that window, one set per level."""

import datetime
from itertools import pairwise

import pandas as pd

from tests.oracle_world import LEVELS, UNASSIGNED, World, serving_level

SCOPES = ("channel_family", "channel_type", "region", "partner", "rep")


def attainment_parts(
    world: World, start: datetime.date, end: datetime.date
) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], int]]:
    """Sales and targets, by entity, of the windows that have most of their days in the period."""
    targets = with_windows(world.table("targets"))
    sold, aimed = {}, {}
    for level in LEVELS:
        own_set = targets[targets["level"] == serving_level(targets, level)]
        for target in own_set.to_dict("records"):
            if start <= middle_day(target) < end and holds_half(target, start, end):
                entity = (level, target[level])
                sold[entity] = sold.get(entity, 0) + actual(world, target)
                aimed[entity] = aimed.get(entity, 0) + target["target_amount"]
    return sold, aimed


def with_windows(targets: pd.DataFrame) -> pd.DataFrame:
    """End every open window at its own scope's next start, else its level's, else after the usual length."""
    ends = targets["window_end"].copy()
    scope = targets[["rep", "partner", "region", "channel_type", "channel_family"]].agg("|".join, axis=1)
    for level in targets["level"].unique():
        rows = targets[targets["level"] == level]
        lengths = list((rows["window_end"] - rows["window_start"]).dropna())
        for _, own in rows.groupby(scope):
            lengths += [later - earlier for earlier, later in pairwise(sorted(set(own["window_start"])))]
        usual = sorted(lengths)[(len(lengths) - 1) // 2] if lengths else pd.Timedelta(days=91)
        for index, row in rows.iterrows():
            if pd.isna(row["window_end"]):
                gaps = rows["window_start"] - row["window_start"]
                own_gaps = gaps[(scope[rows.index] == scope[index]) & (gaps > pd.Timedelta(0))]
                near = [gap for gap in sorted(own_gaps)[:1] if gap <= 1.5 * usual]
                near += [gap for gap in sorted(gaps[gaps >= usual / 2])[:1] if gap <= 1.5 * usual]
                ends[index] = row["window_start"] + (near[0] if near else usual)
    return targets.assign(window_end=ends)


def middle_day(target: dict) -> pd.Timestamp:
    """The day in the middle of a window; the period that holds it holds most of the window."""
    days = (target["window_end"] - target["window_start"]).days
    return target["window_start"] + pd.Timedelta(days=(days - 1) // 2)


def holds_half(target: dict, start: datetime.date, end: datetime.date) -> bool:
    """Whether at least half of a window's days lie in the period."""
    first, last = max(target["window_start"], start), min(target["window_end"], end)
    return 2 * (last - first) >= target["window_end"] - target["window_start"]


def actual(world: World, target: dict) -> int:
    """Net sales within a target's window and scope."""
    if target["target_id"] not in world.actuals:
        sales = world.table("sales")[["order_date", "net_amount", *SCOPES]]
        dates = sales["order_date"]
        sales = sales[(dates >= target["window_start"]) & (dates < target["window_end"])]
        for scope in SCOPES:
            if scope == target["level"] or target[scope] != UNASSIGNED:
                sales = sales[(sales[scope] == target[scope]) & (sales[scope] != UNASSIGNED)]
        world.actuals[target["target_id"]] = int(sales["net_amount"].sum())
    return world.actuals[target["target_id"]]
