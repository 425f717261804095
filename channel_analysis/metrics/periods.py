"""Periods: months, quarters, halves and years, calendar or fiscal, and when they are complete."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ..contracts.policy import Policy
from ..errors import InputError, Problem, did_you_mean
from ..store.engine import Engine

MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}
_FORMS = (
    ("month", re.compile(r"(\d{4})-(\d{2})")),
    ("quarter", re.compile(r"(FY)?(\d{4})Q([1-4])")),
    ("half", re.compile(r"(FY)?(\d{4})H([12])")),
    ("year", re.compile(r"(FY)?(\d{4})")),
)
LAST = {f"last-{kind}": kind for kind in MONTHS}


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A stretch of whole months: `start` is its first day, `end` the first day after it.

    `fiscal_start` is the first month of the fiscal year for fiscal periods, 0 for calendar ones.
    """

    start: datetime.date
    end: datetime.date
    kind: str
    fiscal_start: int = 0

    @property
    def code(self) -> str:
        """How the period is written: 2013-07, 2013Q3, 2013H2, 2013, FY2014Q1, FY2014."""
        if self.kind == "month":
            return f"{self.start:%Y-%m}"
        first = self.fiscal_start or 1
        year = self.start.year + (1 if first > 1 and self.start.month >= first else 0)
        prefix = "FY" if self.fiscal_start else ""
        number = (self.start.month - first) % 12 // MONTHS[self.kind] + 1
        suffix = {"quarter": f"Q{number}", "half": f"H{number}", "year": ""}[self.kind]
        return f"{prefix}{year}{suffix}"

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.end - self.start).days

    @property
    def last_day(self) -> datetime.date:
        """The last day within the period."""
        return self.end - datetime.timedelta(days=1)

    def late_start(self, share: float) -> datetime.date:
        """First of the last days, which are so large a share of the period; one day at least."""
        return self.end - datetime.timedelta(days=max(1, math.ceil(self.days * share)))

    def shift(self, count: int) -> Period:
        """The period `count` lengths later (earlier when negative)."""
        months = MONTHS[self.kind] * count
        return Period(
            add_months(self.start, months), add_months(self.end, months), self.kind, self.fiscal_start
        )

    @property
    def previous(self) -> Period:
        """The period just before."""
        return self.shift(-1)

    @property
    def last_year(self) -> Period:
        """The same period a year earlier."""
        return self.shift(-12 // MONTHS[self.kind])


@dataclass(frozen=True, slots=True)
class Coverage:
    """First and last order date of a channel type."""

    channel_type: str
    first: datetime.date
    last: datetime.date


def parse_period(text: str, fiscal_start: int = 1) -> Period:
    """Read a period's code; years are read as text even where a scheduler passes an integer.

    Raises
    ------
    InputError
        When the text is no period.

    Examples
    --------
    >>> parse_period("FY2014Q1", fiscal_start=7).start
    datetime.date(2013, 7, 1)
    >>> parse_period("2013H2").code
    '2013H2'
    """
    text = str(text).strip()
    for kind, form in _FORMS:
        match = form.fullmatch(text)
        if match:
            return _built(kind, match, fiscal_start, text)
    raise InputError([_not_a_period(text)])


def check_period(text: str, fiscal_start: int = 1) -> list[Problem]:
    """Problems of a period's code or token, without any data."""
    if text in LAST:
        return []
    try:
        parse_period(text, fiscal_start)
    except InputError as error:
        return list(error.problems)
    return []


@lru_cache(maxsize=4)
def coverage(engine: Engine) -> tuple[Coverage, ...]:
    """How far the sales of each channel type reach, by channel type; read once from an engine."""
    rows = engine.query(
        "SELECT channel_type, MIN(order_date) AS first, MAX(order_date) AS last "
        "FROM sales GROUP BY channel_type ORDER BY channel_type"
    ).to_pylist()
    return tuple(Coverage(**row) for row in rows)


def uncovered_types(
    period: Period,
    covered: Sequence[Coverage],
    active_before: set[str],
    policy: Policy,
    complete_to: datetime.date | None = None,
) -> list[str]:
    """Channel types active in the period before whose data do not reach the period's end."""
    if complete_to is not None:
        return [] if complete_to >= period.last_day else sorted(active_before)
    needed = period.last_day - datetime.timedelta(days=policy.periods.coverage_tolerance_days)
    return [c.channel_type for c in covered if c.channel_type in active_before and c.last < needed]


def active_types(engine: Engine, period: Period) -> set[str]:
    """Channel types with sales in a period."""
    rows = engine.query(
        f"SELECT DISTINCT channel_type FROM sales WHERE order_date >= DATE '{period.start}' "
        f"AND order_date < DATE '{period.end}'"
    )
    return set(rows["channel_type"].to_pylist())


def add_months(day: datetime.date, months: int) -> datetime.date:
    """The first day of the month `months` later than the month of `day`."""
    index = day.year * 12 + day.month - 1 + months
    return datetime.date(index // 12, index % 12 + 1, 1)


def period_at(day: datetime.date, kind: str, fiscal_start: int = 0) -> Period:
    """The period of a kind that holds a day."""
    length = MONTHS[kind]
    offset = (day.month - (fiscal_start or 1)) % 12 % length
    start = add_months(day, -offset)
    return Period(start, add_months(start, length), kind, 0 if kind == "month" else fiscal_start)


def _built(kind: str, match: re.Match[str], fiscal_start: int, text: str) -> Period:
    if kind == "month":
        year, month, fiscal = int(match[1]), int(match[2]), 0
    else:
        fiscal = fiscal_start if match[1] else 0
        number = int(match[3]) if kind != "year" else 1
        first = fiscal or 1
        year = int(match[2]) - (1 if first > 1 else 0)
        month = first + (number - 1) * MONTHS[kind]
    if not 1900 <= year <= 9000 or (kind == "month" and not 1 <= month <= 12):
        raise InputError([_not_a_period(text)])
    start = add_months(datetime.date(year, 1, 1), month - 1)
    return Period(start, add_months(start, MONTHS[kind]), kind, fiscal)


def _not_a_period(text: str) -> Problem:
    forms = "2025Q3, 2025H2, 2025, 2025-07, FY2026Q1, FY2026 or last-quarter"
    near = re.fullmatch(r"(FY)?(\d{4})[-_ ]?[qQ](\d)", text)
    if near and 1900 <= int(near[2]) <= 9000:
        number = min(max(int(near[3]), 1), 4)
        return Problem(
            "period", f"'{text}' is not a period", f"did you mean '{near[1] or ''}{near[2]}Q{number}'?"
        )
    offer = did_you_mean(text, LAST) if text.startswith("l") else ""
    fix = offer if offer.startswith("did") else f"write it as {forms}"
    return Problem("period", f"'{text}' is not a period", fix)
