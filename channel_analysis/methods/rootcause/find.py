"""Segments of a plain table: read it, search, weigh, say."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ...rootcauses import Segment, Segments
from .cube import Floats, Ints
from .noise import Gaps, Leaves, measure, widened
from .placebo import LEVEL, Placebo, placebo_of
from .search import Cover, Found, search
from .table import Column, Table, read_table

ROUNDS = 3
"""Searches at most: trend and noise are read again from what is in no segment."""

ONE_ORDER = 0.8
"""Share of a segment's gap from which one leaf makes it."""


def find_segments(
    frame: pd.DataFrame,
    dimensions: Sequence[str],
    actual: Column,
    expected: Column,
    *,
    earlier: Sequence[Column] = (),
    variance: str = "",
) -> Segments:
    """The segments in which actual and expected part by more than chance and more than all have in common.

    Parameters
    ----------
    frame : DataFrame
        Rows of any grain: rows of the same leaf are added up.
    dimensions : sequence of str
        Columns of text or anything hashable; missing values are a level of their own (None).
    actual, expected : str or (str, str)
        A column each, or of ratios (numerator, denominator) each. Negative values are allowed; noise then
        goes with their size.
    earlier : sequence of str or (str, str)
        The same leaves' values in earlier periods, oldest first; from `noise.HISTORY` on the noise is that
        of each cell's own past.
    variance : str
        Column with the noise variance of actual - expected, where it is known; additive.

    Returns
    -------
    Segments
        actual - expected = trend + contributions + rest, whatever the noise. Of ratios, a segment's
        contribution is (numerator - expected ratio x denominator) / total denominator, so that a shift
        of weights alone is in the rest.

    Raises
    ------
    InputError
        With every problem of the input at once.

    Examples
    --------
    >>> import itertools
    >>> cells = pd.DataFrame(itertools.product("abcdef", "uvwxyz", range(8)), columns=["one", "two", "three"])
    >>> cells["before"] = [100.0 + place % 7 for place in range(len(cells))]
    >>> cells["now"] = cells["before"] + [place * 37 % 11 - 5.0 for place in range(len(cells))]
    >>> cells.loc[cells["one"] == "c", "now"] *= 0.5
    >>> found = find_segments(cells, ["one", "two", "three"], "now", "before")
    >>> found.verdict, dict(found[0]), round(found[0].contribution, -2)
    ('segments', {'one': 'c'}, -2400.0)
    """
    return segments_of(read_table(frame, dimensions, actual, expected, earlier, variance))


def segments_of(table: Table) -> Segments:
    """Search the leaves of a table, trend and noise read again from outside the segments until they stay."""
    cube, leaves = table.cube, table.leaves
    if not cube.cards or not leaves.live.any():
        return _unsearched(table)
    counted = np.ones(cube.leaves, bool)
    known: list[dict[int, int]] | None = None
    for _ in range(ROUNDS):
        gaps = measure(cube, leaves, counted)
        found, cover = search(cube, gaps)
        told = [one.levels for one in found]
        if not found or told == known or gaps.model == "relative":
            break
        known, counted = told, cover.live.copy()
        if not (counted & leaves.live).any():
            break
    wider = widened(cube, gaps, cover.live & leaves.live)
    if wider is not gaps:
        gaps = wider
        found, cover = search(cube, gaps)
    placebo = placebo_of(Cover(cube, gaps)) if gaps.beyond > 1 else placebo_of(cover, gaps.past)
    found = [one for one in found if placebo.p_value(one.strength) <= LEVEL]
    return _said(table, gaps, found, cover, placebo)


def _unsearched(table: Table) -> Segments:
    """A table with nothing in it, or without a dimension of two levels: the change, and no segment."""
    actual, expected = float(table.leaves.actual.sum()), float(table.numerator_expected.sum())
    if table.asked is not None and table.observed is not None:
        asked, observed = float(table.asked.sum()), float(table.observed.sum())
        actual, expected = (
            actual / asked if asked else math.nan,
            expected / observed if observed else math.nan,
        )
    figures = (actual, expected, 0.0, 1.0, actual - expected, 1.0)
    return Segments((), table.names, "noise", *figures, "counts", "tail", 0, table.caveats)


def _said(table: Table, gaps: Gaps, found: list[Found], cover: Cover, placebo: Placebo) -> Segments:
    """The segments with their amounts; all amounts close."""
    leaves, scale = table.leaves, 1.0
    outside = leaves.live.copy()
    for one in found:
        outside[one.rows] = False
    trend, error = _trend(leaves, gaps, outside)
    actual, expected = float(leaves.actual.sum()), float(table.numerator_expected.sum())
    if table.asked is not None and table.observed is not None:
        asked, observed = float(table.asked.sum()), float(table.observed.sum())
        scale = 1 / asked if asked else math.nan
        actual, expected = actual * scale, expected / observed if observed else math.nan
    segments = [_segment(table, gaps, one, trend, error, scale, placebo) for one in found]
    strengths = [one.strength for one in found] or [cover.strength(c) for c in cover.cube.cuboids]
    common = (trend - 1) * float(leaves.expected.sum()) * scale
    rest = actual - expected - common - math.fsum(one.contribution for one in segments)
    return Segments(
        tuple(segments),
        table.names,
        "segments" if segments else _nothing_found(leaves, gaps, trend, error),
        actual,
        expected,
        common,
        trend,
        rest,
        placebo.p_value(max(strengths, default=-math.inf)),
        gaps.model,
        placebo.source,
        placebo.runs,
        table.caveats,
    )


def _trend(
    leaves: Leaves, gaps: Gaps, outside: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> tuple[float, float]:
    """What all have in common, read from outside the segments, and its standard error."""
    now, before = float(leaves.actual[outside].sum()), float(leaves.expected[outside].sum())
    if before == 0 or now / before <= 0:
        return gaps.trend, 0.0
    trend = gaps.trend if gaps.model == "relative" else now / before
    return trend, math.sqrt(float(gaps.money[outside].sum())) / abs(before)


def _segment(
    table: Table, gaps: Gaps, one: Found, trend: float, error: float, scale: float, placebo: Placebo
) -> Segment:
    leaves, rows = table.leaves, one.rows
    gap = leaves.actual[rows] - trend * leaves.expected[rows]
    amount, base = float(gap.sum()), float(leaves.expected[rows].sum())
    spread = math.sqrt(float(gaps.money[rows].sum()) * one.wider + (base * error) ** 2)
    reach = _quantile(one.freedom) * spread
    sides = [float(leaves.actual[rows].sum()), base]
    if table.asked is not None and table.observed is not None:
        under = [float(table.asked[rows].sum()), float(table.observed[rows].sum())]
        sides[1] = float(table.numerator_expected[rows].sum())
        sides = [top / bottom if bottom else math.nan for top, bottom in zip(sides, under, strict=True)]
    low, high = sorted(((amount - reach) * scale, (amount + reach) * scale))
    return Segment(
        {table.names[dim]: table.levels[dim][level] for dim, level in sorted(one.levels.items())},
        contribution=amount * scale,
        low=low,
        high=high,
        actual=sides[0],
        expected=sides[1],
        p_value=placebo.p_value(one.strength),
        verdict="single_order" if _is_one_order(table, gaps, rows, gap) else "beyond_noise",
        leaves=int(leaves.live[rows].sum()),
    )


def _is_one_order(table: Table, gaps: Gaps, rows: Ints, gap: Floats) -> bool:
    """Whether one leaf makes nearly all of a segment, the others nothing, and it is one order's doing."""
    if table.asked is not None or gaps.model == "relative":
        return False
    top = int(np.argmax(np.abs(gap)))
    others = math.sqrt(max(float(gaps.money[rows].sum() - gaps.money[rows][top]), 0.0))
    rest = float(gap.sum() - gap[top])
    if abs(gap[top]) < ONE_ORDER * abs(gap.sum()) or abs(rest) > 2 * others:
        return False
    if table.leaves.variance is not None:
        return bool(table.leaves.variance[rows][top] > 0.5 * gap[top] ** 2)
    usual = min(abs(table.leaves.actual[rows][top]), abs(table.leaves.expected[rows][top]))
    return bool(usual <= 3 * gaps.money[rows][top] / max(_size(table.leaves, rows, top), 1e-300))


def _size(leaves: Leaves, rows: Ints, top: int) -> float:
    return float(abs(leaves.actual[rows][top]) + abs(leaves.expected[rows][top]))


def _quantile(freedom: float) -> float:
    """97.5th percentile of a t distribution."""
    if not math.isfinite(freedom):
        return 1.959963984540054
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.975))


def _nothing_found(leaves: Leaves, gaps: Gaps, trend: float, error: float) -> str:
    """Why there is no segment: all moved alike, leaves moved across these dimensions, or chance."""
    if gaps.beyond > 1:
        return "not_in_dimensions"
    if gaps.model == "history":
        past = [math.log(a.sum() / b.sum()) for a, b in leaves.pairs if a.sum() > 0 and b.sum() > 0]
        error = max(error, float(np.std(past)) if len(past) > 1 else 0.0)
    moved = abs(trend - 1) > 1e-9
    return "everything_moved" if moved and abs(math.log(max(trend, 1e-12))) > 1.96 * error else "noise"
