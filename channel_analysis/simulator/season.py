"""The calendar of a simulated world and how demand moves along it: seasons, New Year, festivals."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np

from .company import CHANNELS, Channel
from .draw import Floats, Ints, total

NEVER = 10_000_000
"""The day number of what has not happened; days count from 1970-01-01."""

_NEW_YEARS = (
    "2000-02-05", "2001-01-24", "2002-02-12", "2003-02-01", "2004-01-22", "2005-02-09", "2006-01-29",
    "2007-02-18", "2008-02-07", "2009-01-26", "2010-02-14", "2011-02-03", "2012-01-23", "2013-02-10",
    "2014-01-31", "2015-02-19", "2016-02-08", "2017-01-28", "2018-02-16", "2019-02-05", "2020-01-25",
    "2021-02-12", "2022-02-01", "2023-01-22", "2024-02-10", "2025-01-29", "2026-02-17", "2027-02-06",
    "2028-01-26", "2029-02-13", "2030-02-03", "2031-01-23", "2032-02-11", "2033-01-31", "2034-02-19",
    "2035-02-08", "2036-01-28", "2037-02-15", "2038-02-04", "2039-01-24", "2040-02-12",
)  # fmt: skip
"""First days of the Chinese year."""
EARLIEST, LATEST = datetime.date(2000, 1, 1), datetime.date(2040, 12, 31)

_MONTH_DEMAND = (102, 96, 97, 97, 100, 104, 94, 94, 101, 101, 106, 108)
_FESTIVALS = (
    ("06-01", "06-20", 0.35), ("06-16", "06-18", 1.60), ("10-31", "11-11", 0.50), ("11-09", "11-11", 2.00),
)  # fmt: skip
_PROMOTIONS = (("618", "06-01", "06-20"), ("SUMMER", "07-12", "08-10"), ("1111", "10-25", "11-12"))


@dataclass(frozen=True, slots=True)
class Calendar:
    """Months counted from 0; `starts` holds their first days and reaches beyond the last.

    `planned` months end with a quarter, so that the quarter now running has a plan; `complete`
    months are covered to their end. `demand` is each channel's share of a mean day, by day from the
    first; `season` the same by planned month; `promotion` the promotion running on a day, or -1.
    """

    first_month: int
    months: int
    planned: int
    complete: int
    last_day: int
    starts: Ints
    demand: Floats
    season: Floats
    promotion: Ints
    promotion_ids: tuple[str, ...]

    @property
    def first_day(self) -> int:
        """The first day."""
        return int(self.starts[0])

    def month_of(self, day: Ints) -> Ints:
        """The month a day falls in; negative before the first."""
        return np.searchsorted(self.starts, day, side="right").astype(np.int64) - 1

    def of_year(self, month: int) -> int:
        """The month of the year, 0 for January."""
        return (self.first_month + month) % 12

    def ends_quarter(self, month: int) -> bool:
        """Whether a month is the last of its quarter."""
        return (self.first_month + month) % 3 == 2

    def quarters(self) -> list[int]:
        """First months of the complete quarters, in order."""
        return [m for m in range(self.complete - 2) if (self.first_month + m) % 3 == 0]

    def month_name(self, month: int) -> str:
        """A month as YYYY-MM."""
        year, of_year = divmod(self.first_month + month, 12)
        return f"{1970 + year:04d}-{of_year + 1:02d}"

    def quarter_name(self, month: int) -> str:
        """The quarter of a month as YYYYQn."""
        year, of_year = divmod(self.first_month + month, 12)
        return f"{1970 + year:04d}Q{of_year // 3 + 1}"


def calendar_of(months: int, last_day: datetime.date) -> Calendar:
    """The calendar of so many months, the last one holding `last_day`."""
    last_month = (last_day.year - 1970) * 12 + last_day.month - 1
    first = last_month - months + 1
    planned = months + (2 - last_month % 3)
    starts = _days(np.arange(first, first + planned + 13).astype("datetime64[M]"))
    end = day_of(last_day.isoformat())
    days = np.arange(starts[0], starts[planned])
    demand = np.stack([_demand(channel, days) for channel in CHANNELS])
    by_month = np.add.reduceat(demand, starts[:planned] - starts[0], axis=1)
    span = starts[min(12, planned)] - starts[0]
    mean = total(demand[:, :span])[:, None] / min(12, planned)
    promotion, ids = _promotions(days)
    complete = months if end + 1 == starts[months] else months - 1
    return Calendar(
        first, months, planned, complete, end, starts, demand, by_month / mean, promotion, ids
    )  # fmt: skip


def day_of(date: str) -> int:
    """The day number of a date written YYYY-MM-DD."""
    return int(_days(np.array([date], dtype="datetime64[D]"))[0])


def date_text(day: int | np.int64) -> str:
    """A day number as YYYY-MM-DD."""
    return str(np.datetime64(int(day), "D"))


def is_weekend(day: Ints) -> np.ndarray:
    """Whether a day is a Saturday or a Sunday (day 0 was a Thursday)."""
    return (day + 3) % 7 >= 5


def _days(dates: np.ndarray) -> Ints:
    return dates.astype("datetime64[D]").astype(np.int64)


def _years(days: Ints) -> range:
    return range(int(date_text(days[0])[:4]), int(date_text(days[-1])[:4]) + 1)


def _demand(channel: Channel, days: Ints) -> Floats:
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    level: Floats = np.array(_MONTH_DEMAND)[months] / 100
    level = level * np.where(is_weekend(days), channel.weekend, 1.0)
    for text in _NEW_YEARS:
        new_year = day_of(text)
        level = np.where((days >= new_year - 30) & (days < new_year - 4), level * 1.15, level)
        level = np.where((days >= new_year - 4) & (days < new_year + 10), level * 0.3, level)
    lift = np.ones(len(days))
    for year in _years(days):
        for start, end, height in _FESTIVALS:
            running = (days >= day_of(f"{year}-{start}")) & (days <= day_of(f"{year}-{end}"))
            lift += running * (height * channel.festive)
    return level * lift


def _promotions(days: Ints) -> tuple[Ints, tuple[str, ...]]:
    spans = [
        (f"{name}-{year}", day_of(f"{year}-{start}"), day_of(f"{year}-{end}"))
        for year in _years(days)
        for name, start, end in _PROMOTIONS
    ]
    spans += [(f"SPRING-{text[:4]}", day_of(text) - 26, day_of(text) - 7) for text in _NEW_YEARS]
    spans = sorted((span for span in spans if span[2] >= days[0] and span[1] <= days[-1]), key=lambda s: s[1])
    running = np.full(len(days), -1, dtype=np.int64)
    for code, (_, start, end) in enumerate(spans):
        running[(days >= start) & (days <= end)] = code
    return running, tuple(name for name, _, _ in spans)
