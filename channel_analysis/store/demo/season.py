"""The example company's calendar and how demand moves along it."""

from __future__ import annotations

import numpy as np

from .company import Channel
from .draw import Dates, Floats, Ints

FIRST_DAY = np.datetime64("2024-01-01", "D")
LAST_DAY = np.datetime64("2025-10-17", "D")
DAYS = int((LAST_DAY - FIRST_DAY).astype(np.int64)) + 1
MONTHS = 22
COMPLETE_MONTHS = 21
QUARTERS = 8
NEVER = 100_000
"""The day number of what has not happened."""

_MONTH_DEMAND = np.array([102, 96, 97, 97, 100, 104, 94, 94, 101, 101, 106, 108])
_NEW_YEARS = (np.datetime64("2024-02-10", "D"), np.datetime64("2025-01-29", "D"))
_PROMOTIONS = (
    ("SPRING-2024", "2024-01-15", "2024-02-03"),
    ("618-2024", "2024-06-01", "2024-06-20"),
    ("1111-2024", "2024-10-25", "2024-11-12"),
    ("SPRING-2025", "2025-01-06", "2025-01-24"),
    ("618-2025", "2025-06-01", "2025-06-20"),
    ("SUMMER-2025", "2025-07-12", "2025-08-10"),
)
PROMOTION_IDS = np.array([name for name, _, _ in _PROMOTIONS], dtype=object)


def date_of(day: Ints) -> Dates:
    """The date of a day number, counted from the first day; `NEVER` has none."""
    dates = FIRST_DAY + day.astype("timedelta64[D]")
    dates[day >= NEVER] = np.datetime64("NaT")
    return dates


def day_of(date: str) -> int:
    """The day number of a date written YYYY-MM-DD."""
    return int((np.datetime64(date, "D") - FIRST_DAY).astype(np.int64))


def month_of(day: Ints) -> Ints:
    """The month of a day number, 0 for the first month."""
    dates = FIRST_DAY + day.astype("timedelta64[D]")
    months: Ints = dates.astype("datetime64[M]").astype(np.int64)
    return months - int(FIRST_DAY.astype("datetime64[M]").astype(np.int64))


def month_start(month: Ints) -> Dates:
    """The first day of a month number."""
    starts: Dates = (FIRST_DAY.astype("datetime64[M]") + month.astype("timedelta64[M]")).astype(
        "datetime64[D]"
    )
    return starts


def promotion_on(day: Ints) -> Ints:
    """The promotion that runs on a day, -1 without one."""
    running = np.full(DAYS, -1)
    for code, (_, start, end) in enumerate(_PROMOTIONS):
        running[day_of(start) : day_of(end) + 1] = code
    return running[day]


def demand(channel: Channel) -> Floats:
    """Demand on each day, 1 on the mean day before growth is laid upon it."""
    season = _everyday_demand(channel) * _festival_lift(channel.festive)
    mean = float(season.cumsum()[-1]) / DAYS
    return season / mean * trend(channel.growth)


def trend(growth: float) -> Floats:
    """A straight line from 1 on the first day to 1 + growth on the last."""
    return 1 + growth * np.arange(DAYS) / (DAYS - 1)


def is_weekend(day: Ints) -> np.ndarray:
    """Whether a day number falls on Saturday or Sunday (the first day is a Monday)."""
    return day % 7 >= 5


def _everyday_demand(channel: Channel) -> Floats:
    day = np.arange(DAYS)
    month: Floats = _MONTH_DEMAND[month_of(day) % 12] / 100
    week = np.where(is_weekend(day), channel.weekend, 1.0)
    holiday = np.ones(DAYS)
    for new_year in _NEW_YEARS:
        start = int((new_year - FIRST_DAY).astype(np.int64))
        holiday[start - 4 : start + 10] = 0.3
    return month * week * holiday


def _festival_lift(strength: float) -> Floats:
    lift = np.ones(DAYS)
    for start, end, height in (
        ("2024-06-01", "2024-06-20", 0.35),
        ("2024-06-16", "2024-06-18", 1.60),
        ("2024-10-31", "2024-11-11", 0.50),
        ("2024-11-09", "2024-11-11", 2.00),
        ("2025-06-01", "2025-06-20", 0.35),
        ("2025-06-16", "2025-06-18", 1.60),
    ):
        lift[day_of(start) : day_of(end) + 1] += height * strength
    return lift
