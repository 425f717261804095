"""From segment to cause: every hypothesis with its size, test and grade, the strongest first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import pandas as pd

from .case import Case, Hypothesis
from .causes_data import data_causes
from .causes_market import market_causes
from .causes_offer import offer_causes
from .causes_people import partner_causes, people_causes

COLUMNS = (
    "place", "rank", "tag", "cause", "figure", "figure_before", "unit", "amount", "low", "high", "grade",
    "p_value", "refuted_by", "is_refuted",
)  # fmt: skip

MAIN, MINOR = 0.5, 0.2
"""A cause of at least the first share of the change comes before what is left over, one of less than the
second after all others, however well it is measured."""

_GRADES = {"measured": 0, "associated": 1, "asserted": 2}
_Z95 = 1.959963984540054


def causes_of_cases(cases: Sequence[Case]) -> pd.DataFrame:
    """Judge every segment.

    Returns
    -------
    DataFrame
        Columns as `RootCause.causes`. `amount` is what a cause accounts for of the segment's
        contribution: never more than it, nothing of the other sign, with a 95 % interval within that of
        the contribution. Per segment, hypotheses that hold come before refuted ones; causes in the data
        before all others; then definite ones that make most of the change, what is left over (our share
        moved), those that make some of it, minor ones; then the better grade, then the larger amount.
    """
    rows = [row for case in cases for row in _ranked(case)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def hypotheses(case: Case) -> Iterator[Hypothesis]:
    """All hypotheses that the data can speak on."""
    if case.holds("all_days"):
        yield from data_causes(case)
    if not case.holds("day"):
        return
    yield from offer_causes(case)
    if case.factor == "discount":
        return
    yield from people_causes(case)
    yield from partner_causes(case)
    yield from market_causes(case)


def _ranked(case: Case) -> Iterable[tuple[object, ...]]:
    told = sorted(hypotheses(case), key=lambda one: _order(case, one))
    for rank, one in enumerate(told, start=1):
        amount, low, high = _bounded(case, one)
        yield (
            case.place, rank, one.tag, one.cause, one.figure, one.figure_before, one.unit, amount, low, high,
            one.grade, one.p_value, one.refuted_by, one.is_refuted,
        )  # fmt: skip


def _order(case: Case, one: Hypothesis) -> tuple[object, ...]:
    amount = abs(_bounded(case, one)[0])
    share = 0.0 if math.isnan(amount) or not case.contribution else amount / abs(case.contribution)
    standing = 0 if share >= MAIN else 2 if share >= MINOR else 3
    if one.tag == "data":
        standing = -1 if share >= MINOR else standing
    elif one.is_residual:
        standing = max(standing, 1)
    return one.is_refuted, standing, _GRADES[one.grade], -share, one.cause


def _bounded(case: Case, one: Hypothesis) -> tuple[float, float, float]:
    """Amount and its interval, cut to what the segment moved; nothing for what is refuted."""
    if not case.in_money or math.isnan(one.amount) or math.isnan(case.contribution):
        return float("nan"), float("nan"), float("nan")
    if one.is_refuted:
        return 0.0, 0.0, 0.0
    least, most = min(case.contribution, 0.0), max(case.contribution, 0.0)
    wide_least, wide_most = min(case.low, least), max(case.high, most)
    amount = min(max(one.amount, least), most)
    sd = 0.0 if math.isnan(one.sd) else one.sd
    low, high = one.amount - _Z95 * sd, one.amount + _Z95 * sd
    return amount, min(max(low, wide_least), amount), max(min(high, wide_most), amount)
