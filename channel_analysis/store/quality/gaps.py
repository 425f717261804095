"""Rows that are not there: whole months, regions and channel types that end early, silent partners."""

from __future__ import annotations

import datetime
import statistics
from collections.abc import Iterable, Iterator
from itertools import pairwise

from ..staging import Finding
from .days import main_stretch
from .look import Days, Look, day_number, day_of, name_of, used_view
from .tally import Tally

FEWEST_MONTHS = 6
"""A rhythm takes so many months to be known."""

USUAL_DAYS = 8
"""With rows on so many days of a month, a month without any is no chance."""

QUIET_DAYS = 45
"""A feed may be silent for so many days before it counts as stopped."""

MOST_GROUPS = 200

GROUPS = {
    "sales": ("channel_type", "region"),
    "receivables": ("channel_type", "region"),
    "leads": ("region",),
}
"""Columns whose values each have a rhythm of their own."""

REPORTED = ("sell_out", "stock")
"""Tables that partners report."""


def gaps(look: Look) -> list[Finding]:
    """Months and feeds that are missing, each with its column and what is affected."""
    date = look.table.date
    if date not in look.filled:
        return []
    days = _inside(look.days)
    empty = empty_months(days)
    found = [_months(look, date, "", empty), _late(look, days)]
    columns = [column for column in GROUPS.get(look.table.name, ()) if column in look.filled]
    for column, held in _grouped(look, columns, days).items():
        found += _by_group(look, column, held, max(days), set(empty))
    if look.table.name in REPORTED:
        found.append(_silent_partners(look, days))
    return [finding for finding in found if finding]


def _inside(days: Days) -> Days:
    """Days of the main stretch, or all where there is none."""
    stretch = main_stretch(days)
    return {day: n for day, n in days.items() if not stretch or stretch[0] <= day <= stretch[1]}


def empty_months(days: Iterable[datetime.date]) -> list[int]:
    """Months (12 x year + month - 1) without rows between months that have their usual number of days.

    Examples
    --------
    >>> first_days = [datetime.date(2025, month, 1) for month in (1, 2, 3, 5, 6, 7, 8)]
    >>> [month % 12 + 1 for month in empty_months(first_days)]
    [4]
    """
    held = _days_by_month(days)
    if len(held) < FEWEST_MONTHS:
        return []
    missing = [month for month in range(min(held), max(held)) if month not in held]
    if len(missing) > 0.2 * len(held):
        return []
    if all(count == 1 for count in held.values()):
        return missing if {day.day for day in days} == {1} else []
    return [month for month in missing if _usual(held, month) >= USUAL_DAYS]


def _days_by_month(days: Iterable[datetime.date]) -> dict[int, int]:
    held: dict[int, int] = {}
    for day in days:
        month = 12 * day.year + day.month - 1
        held[month] = held.get(month, 0) + 1
    return held


def _usual(held: dict[int, int], month: int) -> float:
    """The smaller of the usual numbers of days in the three months with rows before and after."""
    before = [held[m] for m in sorted(held) if m < month][-3:]
    after = [held[m] for m in sorted(held) if m > month][:3]
    return min(statistics.median(before), statistics.median(after))


def _months(look: Look, column: str, whose: str, months: list[int]) -> Finding | None:
    if not months:
        return None
    named = [f"{month // 12}-{month % 12 + 1:02}" for month in months]
    who = f"{column}={whose} " if whose else ""
    sample = f"{who}{', '.join(named)}"
    return look.gap("missing_months", column, sample, [f"{who}month={name}" for name in named])


def _late(look: Look, days: Days) -> Finding | None:
    """A table with a monthly rhythm that ends well before the sales do."""
    held = _days_by_month(days)
    if look.until is None or len(held) < FEWEST_MONTHS or look.table.name == "sales":
        return None
    is_monthly = len(held) >= 0.8 * (max(held) - min(held) + 1)
    until = 12 * look.until.year + look.until.month - 1
    if not is_monthly or until - max(held) < 3:
        return None
    last = max(days)
    return look.gap("stopped_feed", look.table.date, f"last row {last}", [f"{look.table.date}={last}"])


def _by_group(
    look: Look, column: str, held: dict[str, list[datetime.date]], end: datetime.date, known: set[int]
) -> Iterator[Finding | None]:
    """Each value's missing months, and one finding for all values that ended early."""
    stopped = []
    for value, own in sorted(held.items()):
        yield _months(look, column, value, [m for m in empty_months(own) if m not in known])
        if has_stopped(own, end):
            stopped.append((value, max(own)))
    if stopped:
        keys = [f"{column}={value}" for value, _ in stopped]
        told = ", ".join(f"{column}={value} last row {last}" for value, last in stopped[:5])
        yield look.gap("stopped_feed", column, told, keys)


def _grouped(look: Look, columns: list[str], days: Days) -> dict[str, dict[str, list[datetime.date]]]:
    """By column and value, the days with rows in the main stretch; not of columns of many values."""
    date = name_of(look.table.date)
    inside = f"{date} BETWEEN DATE '{min(days)}' AND DATE '{max(days)}'"
    few = [column for column in columns if not _has_many(look, column, inside)]
    tallies = [Tally(column, name_of(column), day_number(date)) for column in few]
    found: dict[str, dict[str, list[datetime.date]]] = {}
    for column, counted in (look.counted(tallies, inside) if tallies else {}).items():
        held: dict[str, list[datetime.date]] = {}
        pairs = zip(counted.texts.to_pylist(), counted.numbers.to_pylist(), strict=True)
        for value, number in sorted(pairs):
            held.setdefault(value, []).append(day_of(number))
        found[column] = held if len(held) <= MOST_GROUPS else {}
    return found


def _has_many(look: Look, column: str, inside: str) -> bool:
    """Whether a column has too many values for each to have a rhythm; asked only where it may be so."""
    if column not in look.tallied or len(look.tallied[column].rows) <= MOST_GROUPS:
        return False
    name = name_of(column)
    values = f"SELECT {name} FROM {look.view} AS t WHERE {inside} AND {name} IS NOT NULL GROUP BY {name}"
    return len(look.ask(f"{values} LIMIT {MOST_GROUPS + 1}")) > MOST_GROUPS


def has_stopped(own: list[datetime.date], end: datetime.date) -> bool:
    """Whether a regular feed fell silent before the end, for much longer than it ever did before."""
    held = _days_by_month(own)
    last = max(own)
    recent = [
        held.get(month, 0)
        for month in range(12 * last.year + last.month - 7, 12 * last.year + last.month - 1)
    ]
    if len(held) < FEWEST_MONTHS or statistics.median(recent) < USUAL_DAYS:
        return False
    longest = max((b - a).days for a, b in pairwise(own))
    return (end - last).days > max(QUIET_DAYS, 2.5 * longest)


def _silent_partners(look: Look, days: Days) -> Finding | None:
    """Partners whose reports ended three months before the others' although they go on buying."""
    if "partner_id" not in look.others.get("sales", ()) or look.until is None:
        return None
    end, date = max(days), name_of(look.table.date)
    quiet = end - datetime.timedelta(days=QUIET_DAYS * 2)
    buys = look.until - datetime.timedelta(days=QUIET_DAYS)
    reports = (
        f"SELECT t.partner_id, MAX({date}) AS last_day, "
        f"COUNT(DISTINCT YEAR({date}) * 12 + MONTH({date})) AS months "
        f"FROM {look.view} AS t WHERE {date} <= DATE '{end}' GROUP BY t.partner_id"
    )
    buyers = (
        f"SELECT partner_id, COUNT(DISTINCT YEAR(order_date) * 12 + MONTH(order_date)) AS months "
        f"FROM {used_view('sales')} WHERE kind = 'order' AND order_date > DATE '{quiet}' "
        f"AND order_date <= DATE '{look.until}' GROUP BY partner_id HAVING MAX(order_date) > DATE '{buys}'"
    )
    silent = look.ask(
        f"SELECT r.partner_id, r.last_day FROM ({reports}) AS r INNER JOIN ({buyers}) AS b "
        f"ON b.partner_id = r.partner_id WHERE r.months >= {FEWEST_MONTHS} AND b.months >= 3 "
        f"AND r.last_day < DATE '{quiet}' ORDER BY r.partner_id"
    )
    if not silent:
        return None
    keys = [f"partner_id={row['partner_id']}" for row in silent]
    told = f"{len(silent)} partner(s); partner_id={silent[0]['partner_id']} last row {silent[0]['last_day']}"
    return look.gap("stopped_feed", "partner_id", told, keys)
