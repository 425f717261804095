"""Hypotheses that the data themselves moved: order dates that bunch, rows left out, a feed that ends."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from .case import WINDOW, Case, Hypothesis

FEWEST_ORDERS = 10
BUNCHED = 0.5
"""Orders bunch where they fall on less than this share of the days they would fall on by chance."""
BATCH = 0.2
"""A day belongs to the batches where it has at least this share of the largest one."""
SILENCE = 3.0
"""A feed ends where the last days without lines are so many times the longest gap before."""
LEAST_SILENCE = 7


def data_causes(case: Case) -> Iterator[Hypothesis]:
    """Whether it is the data that moved; looked at before any cause in trade."""
    yield from _order_dates(case)
    yield from _set_aside(case)
    yield from _feed(case)


def _order_dates(case: Case) -> Iterator[Hypothesis]:
    """Orders come in batches on few days, and one period holds more of these than the other."""
    days, orders = case.split("all_days")[0], case.split("all_orders")[0]
    days = days[days["line_count"] > 0]
    days = days.groupby([WINDOW, "day"], as_index=False)["net"].sum()
    placed = [float(orders.loc[orders[WINDOW] == w, "orders"].sum()) for w in (0, 1)]
    if min(placed) < FEWEST_ORDERS or not all(_is_bunched(case, days, w, n) for w, n in enumerate(placed)):
        return
    batches = days[days["net"] >= BATCH * days["net"].max()]
    count = [int((batches[WINDOW] == w).sum()) for w in (0, 1)]
    each = float(batches["net"].mean())
    spread = float(batches["net"].std(ddof=1)) if len(batches) > 1 else 0.0
    more = count[0] - count[1]
    is_aligned = more * case.sign <= 0
    yield Hypothesis(
        "data", "order_dates", count[0], count[1], "count", more * each,
        abs(more) ** 0.5 * spread, "measured", float("nan"), "dates_aligned", is_aligned,
    )  # fmt: skip


def _is_bunched(case: Case, days: pd.DataFrame, window: int, orders: float) -> bool:
    """Whether orders fall on far fewer days than they would by chance."""
    count = int((days[WINDOW] == window).sum())
    return 0 < count < BUNCHED * _days_by_chance(orders, _length(case))


def _days_by_chance(orders: float, length: float) -> float:
    """Days on which so many orders fall when each falls on any day."""
    return length * (1 - (1 - 1 / length) ** orders)


def _length(case: Case) -> float:
    """Days on which the company takes orders at all, the larger of both windows, at least 28."""
    days = case.frames["all_days"]
    spans = [pd.to_datetime(days.loc[days[WINDOW] == w, "day"]) for w in (0, 1)]
    return float(max(28, *((s.max() - s.min()).days + 1 if len(s) else 0 for s in spans)))


def _set_aside(case: Case) -> Iterator[Hypothesis]:
    """Lines left out of the figures for a broken rule."""
    if not case.holds("set_aside"):
        return
    lines, net = case.sums("set_aside", "line_count")[0], case.sums("set_aside", "net")[0]
    if not lines.any():
        return
    amount = -float(net[0] - net[1])
    yield Hypothesis(
        "data", "quality", float(lines[0]), float(lines[1]), "count", amount, 0.0, "measured",
        float("nan"), "rows_confirmed", amount * case.sign <= 0,
    )  # fmt: skip


def _feed(case: Case) -> Iterator[Hypothesis]:
    """No lines at a period's end although there were such gaps never before."""
    inside, outside = case.split("all_days")
    now = inside.loc[(inside[WINDOW] == 0) & (inside["line_count"] > 0), "day"]
    others = outside.loc[(outside[WINDOW] == 0) & (outside["line_count"] > 0), "day"]
    if len(now) < FEWEST_ORDERS or others.empty or case.sign > 0:
        return
    told = pd.to_datetime(now).sort_values()
    silent = (pd.to_datetime(others).max() - told.iloc[-1]).days
    gaps = np.diff(told.unique()).astype("timedelta64[D]").astype(float)
    if silent < max(LEAST_SILENCE, SILENCE * gaps.max(initial=1.0)):
        return
    net = float(inside.loc[inside[WINDOW] == 0, "net"].sum())
    covered = (told.iloc[-1] - told.iloc[0]).days + 1
    amount = -net / covered * silent
    yield Hypothesis(
        "data", "feed", silent, 0.0, "days", amount, abs(amount) / math.sqrt(len(now)), "measured",
        float("nan"), "feed_complete", False,
    )  # fmt: skip
