"""How often a partner orders, and its own gaps between orders, as known at each month's end."""

from __future__ import annotations

import numpy as np

from ...contracts.policy import Policy
from ...store.engine import Engine
from .grid import NEVER, Cells, Floats, Grid, Ints
from .parts import Part
from .trade import order_days


def rhythm(engine: Engine, grid: Grid, policy: Policy) -> dict[str, Floats]:
    """Orders of windows, days since first and last order, median and 95th percentile of the gaps."""
    cells = order_days(engine, grid)
    first, last = grid.earliest(cells, "day"), grid.latest(cells, "day")
    count, median, high = gap_quantiles(grid, *gap_lives(cells))
    return {
        "orders_3": grid.within(cells, "orders", 3),
        "orders_12": grid.within(cells, "orders", 12),
        "orders_3_year_before": grid.within(cells, "orders", 3, back=12),
        "orders_12_before": grid.within(cells, "orders", 12, back=12),
        "days_since_order": grid.end_days - last,
        "trade_months": grid.steps - grid.earliest(cells, "month") + 1,
        "days_of_trade": grid.end_days - first,
        "gaps": count,
        "gap_median": median,
        "gap_p95": high,
    }


def gap_lives(cells: Cells) -> tuple[Ints, Floats, Floats, Floats]:
    """Gaps between a partner's order days: partner, days, months from and until which they stand.

    A gap is there from the month in which both its days were known until the one in which a day
    between them became known.
    """
    order = np.lexsort((cells["known"], cells["day"], cells["partner"]))
    partner, day, known = (cells[name][order] for name in ("partner", "day", "known"))
    new = np.ones(len(day), dtype=bool)
    new[1:] = (partner[1:] != partner[:-1]) | (day[1:] != day[:-1])
    whose, day, known = partner[new].astype(np.int64), day[new], known[new]
    follows = np.zeros(len(day), dtype=bool)
    follows[1:] = whose[1:] == whose[:-1]
    late = np.zeros(len(day), dtype=bool)
    late[1:] = follows[1:] & (known[1:] < known[:-1])
    odd = np.isin(whose, whose[late])
    plain = np.flatnonzero(follows & ~odd)
    never: Floats = np.full(len(plain), float(NEVER))
    found: list[tuple[Ints, Floats, Floats, Floats]] = [
        (whose[plain], day[plain] - day[plain - 1], known[plain], never)
    ]
    for one in np.unique(whose[odd]).tolist():
        found.append(_told_late(one, day[whose == one], known[whose == one]))
    one, two, three, four = (np.concatenate(column) for column in zip(*found, strict=True))
    return one, two, three, four


def _told_late(partner: int, day: Floats, known: Floats) -> tuple[Ints, Floats, Floats, Floats]:
    """The gaps of a partner with days told after later ones: the last told is taken out first."""
    count = len(day)
    before, after = list(range(-1, count - 1)), list(range(1, count + 1))
    stop = [float(NEVER)] * count  # of the gap that ends at a day
    rows: list[tuple[float, float, float]] = []
    for place in np.argsort(-known, kind="stable").tolist():
        left, right, told = before[place], after[place], float(known[place])
        if left >= 0:
            rows.append((day[place] - day[left], told, stop[place]))
            after[left] = right
        if right < count:
            rows.append((day[right] - day[place], told, stop[right]))
            before[right], stop[right] = left, told
    lives = np.array(rows, dtype=np.float64).reshape(-1, 3)
    stands = lives[:, 1] < lives[:, 2]
    gap, start, until = lives[stands].T
    return np.full(len(gap), partner, dtype=np.int64), gap, start, until


def gap_quantiles(
    grid: Grid, partner: Ints, gap: Floats, start: Floats, stop: Floats
) -> tuple[Floats, Floats, Floats]:
    """How many gaps stand at each month, their median and their 95th percentile (NaN without any).

    A quantile is the lowest gap that so large a share of the gaps does not exceed. Gaps are sorted
    once; at each month the one in its place among those that stand is looked up.
    """
    order = np.lexsort((gap, partner))
    partner, gap, start, stop = partner[order], gap[order], start[order], stop[order]
    ends = np.searchsorted(partner, np.arange(len(grid.partners) + 1))
    shape = (len(grid.partners), grid.months)
    counts, median, high = np.zeros(shape), np.full(shape, np.nan), np.full(shape, np.nan)
    for column, step in enumerate(grid.steps):
        so_far = np.append(0, np.cumsum((start <= step) & (step < stop)))
        base = so_far[ends[:-1]]
        standing = so_far[ends[1:]] - base
        counts[:, column] = standing
        some = standing > 0
        for share, found in ((0.5, median), (0.95, high)):
            rank = np.ceil(share * standing[some] - 1e-9).astype(np.int64)
            found[some, column] = gap[np.searchsorted(so_far, base[some] + rank) - 1]
    return counts, median, high


PARTS = (
    Part(
        (
            "orders_3", "orders_12", "orders_3_year_before", "orders_12_before", "days_since_order",
            "trade_months", "days_of_trade", "gaps", "gap_median", "gap_p95",
        ),
        ("sales.order_date",),
        rhythm,
    ),
)  # fmt: skip
