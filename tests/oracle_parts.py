"""Numerators and denominators as the twin counts them: exact, by entity."""

import datetime
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from tests.oracle_world import measured

Entity = tuple[str, str]
Totals = dict[Entity, int] | dict[Entity, Fraction]


@dataclass(frozen=True)
class Parts:
    """Numerators and denominators by entity; no denominators for a plain amount or count.

    `unit` is what the whole numbers of the numerator count: 10,000 for money, 1 for things. With
    `both` there is no value where either is missing, rather than a numerator of 0.
    """

    numerators: Totals
    denominators: Totals | None = None
    unit: int = 1
    denominator_unit: int = 1
    scale: int = 1
    obstacle: str = ""
    both: bool = False


def total(frame: pd.DataFrame, column: str) -> Totals:
    """Exact sums of a column by level and entity; entities without any such figure are left out."""
    given = frame[frame[column].notna()]
    return measured(given, lambda groups: groups[column].sum())


def count(frame: pd.DataFrame) -> Totals:
    """Rows by level and entity."""
    return measured(frame, lambda groups: groups.size())


def distinct(frame: pd.DataFrame, column: str) -> Totals:
    """Different things by level and entity, each counted once."""
    return measured(frame, lambda groups: groups[column].nunique())


def minus(left: Totals, right: Totals) -> Totals:
    """Left less right, entity by entity."""
    return {entity: left.get(entity, 0) - right.get(entity, 0) for entity in {*left, *right}}


def in_window(dates: pd.Series, start: datetime.date, end: datetime.date) -> pd.Series:
    """Which dates lie from `start` up to, not including, `end`."""
    return dates.notna() & (dates >= start) & (dates < end)


def listed(frame: pd.DataFrame, start: datetime.date, end: datetime.date) -> pd.Series:
    """Which rows hold a product that was on the price list during the period."""
    since, until = frame["listed_from"], frame["listed_to"]
    begun = since.isna() | (since < end)
    going = until.isna() | (until >= start)
    return frame["product_is_known"] & begun & going
