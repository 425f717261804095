"""Days far from the rest: a main stretch of days is found, and what lies long before or after it."""

from __future__ import annotations

import datetime
import statistics
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from ...contracts.expected import AHEAD, PAST_EVENTS
from ...contracts.marks import Mark
from .look import Days, Look, day_number, name_of
from .tally import Tally

FEWEST_DAYS = 4
"""With fewer different days there is no main stretch to compare with."""

MOST_OUTSIDE = 0.15
"""A larger share of rows outside is no mistake but another stretch."""


def main_stretch(days: Days) -> tuple[datetime.date, datetime.date] | None:
    """First and last day of the stretch that holds nearly all rows; None where there is none.

    Days belong together unless more lies between them than ten times what usually does, and than
    three weeks in data of every day, or 200 days in others. At the end, months with hardly any rows do
    not belong to it either, but for the first ten days after it: data are often taken on the first days
    of a month.

    Examples
    --------
    >>> day = datetime.date(2025, 1, 1)
    >>> days = {day + datetime.timedelta(days=n): 9 for n in range(90)}
    >>> str(main_stretch({**days, datetime.date(2099, 12, 31): 1, datetime.date(1970, 1, 1): 1})[1])
    '2025-03-31'
    """
    if len(days) < FEWEST_DAYS:
        return None
    gaps = [(b - a).days for a, b in pairwise(days)]
    allowed = max(21 if _is_daily(list(days)) else 200, 10 * statistics.median(gaps))
    stretches: list[list[datetime.date]] = [[next(iter(days))]]
    for (_, day), gap in zip(pairwise(days), gaps, strict=True):
        if gap > allowed:
            stretches.append([])
        stretches[-1].append(day)
    main = max(stretches, key=lambda stretch: sum(days[day] for day in stretch))
    kept = _without_sparse_end(main, days)
    outside = sum(days.values()) - sum(days[day] for day in kept)
    return (kept[0], kept[-1]) if outside <= MOST_OUTSIDE * sum(days.values()) else None


def _is_daily(days: Sequence[datetime.date]) -> bool:
    """Whether there are rows on nearly every other day at least; days at the ends do not decide."""
    trimmed = days[len(days) // 20 : len(days) - len(days) // 20]
    return len(trimmed) >= 20 and len(trimmed) >= 0.4 * (trimmed[-1] - trimmed[0]).days


def _without_sparse_end(stretch: Sequence[datetime.date], days: Days) -> Sequence[datetime.date]:
    """A stretch of many rows without months at its end that hold hardly any."""
    months: Counter[tuple[int, int]] = Counter()
    for day in stretch:
        months[day.year, day.month] += days[day]
    usual = statistics.median(months.values())
    if usual < 100:
        return stretch
    last = max(month for month, count in months.items() if count >= usual / 50)
    end = datetime.date(last[0] + last[1] // 12, last[1] % 12 + 1, 10)
    return [day for day in stretch if day <= end]


def counted_days(look: Look) -> list[Tally]:
    """The days of a table's own date."""
    date = look.table.date
    return [Tally(date, number=day_number(name_of(date)))] if date in look.filled else []


def far_days(look: Look) -> list[Mark]:
    """Rows dated long before or after the table's main stretch."""
    date = look.table.date
    if date not in look.filled:
        return []
    days = look.days
    stretch = main_stretch(days)
    marks = []
    if stretch and min(days) < stretch[0]:
        marks.append(Mark("early_date", date, f"{name_of(date)} < DATE '{stretch[0]}'"))
    if stretch and max(days) > stretch[1] and not _is_ahead(look, max(days)):
        marks.append(Mark("future_date", date, f"{name_of(date)} > DATE '{stretch[1]}'"))
    return [*marks, *past_events(look)]


def _is_ahead(look: Look, last: datetime.date) -> bool:
    """Whether plans may lie as far ahead as a day does."""
    return look.table.name in AHEAD and look.until is not None and (last - look.until).days < 3 * 366


def past_events(look: Look) -> list[Mark]:
    """What is said to have happened after the end of all sales, or before anything could."""
    marks = []
    for column in PAST_EVENTS.get(look.table.name, ()):
        if column in look.filled and look.until is not None:
            latest = look.until + datetime.timedelta(days=92)
            marks.append(Mark("future_date", column, f"{name_of(column)} > DATE '{latest}'"))
            marks.append(Mark("early_date", column, f"{name_of(column)} <= DATE '1970-01-01'"))
    return marks
