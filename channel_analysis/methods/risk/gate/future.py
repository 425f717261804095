"""Columns from the future: values that other columns, or the label, show only later."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from ..panel import Floats, Ints
from .leak import Case, Leak
from .strength import auc

REACHES = (7, 3, 2, 1)
ROWS = 700
LEAST = 150
TELLING = 50
SAME = 1e-6
OTHER = 1e-3
AHEAD = re.compile(
    r"next|future|lead|ahead|fwd|forward|t\+|plus|later|tomorrow|下一|未来|下月", re.IGNORECASE
)
BACK = re.compile(r"lag|prev|past|last|before|ago|prior|t-|earlier|上|前", re.IGNORECASE)
FIX = "take it out, or build it from the rows up to its own period"


def find_future(case: Case) -> Iterator[Leak]:
    """Features that later rows of others make up, labels of other rows, and values of the next row."""
    if case.period is None:
        return
    for name, values in case.x.items():
        shift = _label_elsewhere(case, values)
        if shift is not None:
            side = "later" if shift > 0 else "before"
            what = f"it is the label '{case.label}' of the row {abs(shift)} {side}, not yet known then"
            yield Leak("future", name, what, FIX, {"rows": shift})
        elif _ends_early(case, values):
            what = (
                "it is missing on the last row of every entity and nowhere else: it comes from the row after"
            )
            yield Leak("future", name, what, FIX)
    yield from _made_of_later(case)


def _label_elsewhere(case: Case, values: Floats) -> int | None:
    """The shift at which a feature is the label itself, while that window still reached beyond the row."""
    if len(np.unique(values[~np.isnan(values)])) > 2:
        return None
    stride = _stride(case)
    for shift in range(-((case.horizon + case.gap - 1) // stride), (case.horizon + case.gap) // stride + 1):
        other = case.later(case.y, shift)
        both = ~np.isnan(other) & ~np.isnan(values)
        if both.sum() >= LEAST and other[both].std() > 0 and (other[both] == values[both]).mean() > 0.999:
            return shift
    return None


def _stride(case: Case) -> int:
    apart = np.diff(case.steps)[np.diff(case.entity) == 0]
    apart = apart[apart > 0]
    return max(int(np.median(apart)), 1) if len(apart) else 1


def _ends_early(case: Case, values: Floats) -> bool:
    """Missing where an entity ends, although the panel goes on, and hardly elsewhere."""
    ended = case.last[(case.steps[case.last] < case.steps.max()) & (case.last > case.first)]
    if len(ended) < 20 or not np.isnan(values[ended]).mean() > 0.95:
        return False
    inner = np.ones(len(values), dtype=bool)
    for back in range(3):
        inner[np.maximum(case.last - back, 0)] = False
    return bool(inner.any() and np.isnan(values[inner]).mean() < 0.02)


def _made_of_later(case: Case) -> Iterator[Leak]:
    names = [name for name in case.x if name not in case.texts]
    reach, rows = _inner_rows(case, names)
    if not len(rows) or len(names) < 2:
        return
    windows = {}
    for name in names:
        seen = np.column_stack([case.x[name][rows + k] for k in range(-reach, reach + 1)])
        if not np.isnan(seen).any(axis=1).mean() > 0.5 and np.nanstd(seen[:, reach]) > 0:
            windows[name] = seen
    for name, own in windows.items():
        when = case.steps[rows]
        sources = [_source(own[:, reach], seen, reach, when) for o, seen in windows.items() if o != name]
        others = [other for other in windows if other != name]
        if any(how == "past" for how, _ in sources):
            continue
        for other, (how, shift) in zip(others, sources, strict=True):
            if how == "later" or (how == "shift" and _comes_from_later(case, name, other, shift)):
                what = f"it is made of values that '{other}' shows only {shift} or more rows later"
                yield Leak("future", name, what, FIX, {"rows_later": shift})
                break


def _inner_rows(case: Case, names: list[str]) -> tuple[int, Ints]:
    """Rows with enough rows of the same entity before and after them, and how many."""
    place = np.arange(len(case.entity))
    first, last = case.first[case.entity], case.last[case.entity]
    for reach in REACHES:
        rows = np.flatnonzero((place - first >= reach) & (last - place >= reach))
        if len(rows) >= LEAST:
            picked = rows[np.unique(np.linspace(0, len(rows) - 1, ROWS).astype(int))]
            return reach, picked
    return 0, np.empty(0, dtype=np.int64)


def _source(own: Floats, seen: Floats, reach: int, when: Ints) -> tuple[str, int]:
    """Whether a feature is a sum of another's values so far, of later ones, or of exactly one later.

    What the calendar alone makes up (ages, month lengths) is taken off first: anything can be built of it.
    """
    known = ~np.isnan(own) & ~np.isnan(seen).any(axis=1)
    if known.sum() < LEAST or _telling(own[known]) < TELLING:
        return "", 0
    both = _without_calendar(np.column_stack([own[known], seen[known]]), when[known])
    target, rest = both[:, 0], both[:, 1:]
    if target.std() < OTHER * own[known].std():
        return "", 0
    later, past = rest[:, reach:], rest[:, : reach + 1]
    unexplained, slopes = _unexplained(target, later)
    if unexplained > SAME:
        return ("past", 0) if _unexplained(target, past)[0] < SAME else ("", 0)
    if _unexplained(target, past)[0] < OTHER:
        return "past", 0
    heavy = np.flatnonzero(np.abs(slopes) > 1e-4 * np.abs(slopes).max())
    nearest = int(heavy[heavy > 0].min()) if (heavy > 0).any() else 0
    if not nearest:
        return "", 0
    return ("shift" if len(heavy) == 1 else "later"), nearest


def _telling(values: Floats) -> int:
    """Rows that hold another value than the usual one: a few odd rows can be built of anything."""
    return int(len(values) - np.unique(values, return_counts=True)[1].max())


def _without_calendar(columns: Floats, when: Ints) -> Floats:
    """Columns less their mean at each step."""
    _, step = np.unique(when, return_inverse=True)
    count = np.bincount(step)
    means = np.column_stack([np.bincount(step, weights=column) / count for column in columns.T])
    return columns - means[step]


def _unexplained(target: Floats, by: Floats) -> tuple[float, Floats]:
    """Share of the variance that a linear combination leaves, and its slopes in standard deviations."""
    centred = by - by.mean(axis=0)
    spread = centred.std(axis=0)
    scaled = centred / np.where(spread > 0, spread, 1.0)
    wanted = (target - target.mean()) / target.std()
    slopes = np.linalg.lstsq(scaled, wanted, rcond=1e-9)[0]
    return float(((wanted - scaled @ slopes) ** 2).mean()), slopes


def _comes_from_later(case: Case, name: str, other: str, shift: int) -> bool:
    """Of two columns that are the same but for a shift, whether this one runs ahead or the other behind.

    The derived one shows at its edge: on the last rows it lacks what would come later, on the first what
    was before. Where neither edge shows, the names decide; where they do not, a leap in strength does.
    """
    long = case.last - case.first >= 2 * shift + 1
    first, last = case.first[long], case.last[long]
    ahead = _is_edge(case.x[name][last], case.x[name][last - 1])
    behind = _is_edge(case.x[other][first], case.x[other][first + 1])
    if ahead > 0.8 or behind > 0.5:
        return ahead > 0.8 and behind <= 0.5
    if bool(AHEAD.search(name)) != bool(BACK.search(other)):
        return bool(AHEAD.search(name))
    rows = ~np.isnan(case.y)
    bad = case.y == 1
    before = case.later(case.x[other], -shift)
    now, then, earlier = (_area(values, bad, rows) for values in (case.x[name], case.x[other], before))
    return now - then > 0.05 + 3 * max(then - earlier, 0.0)


def _is_edge(edge: Floats, inner: Floats) -> float:
    """Share of entities whose outermost value is missing, that of its neighbour, or one for all."""
    if not len(edge):
        return 0.0
    _, counts = np.unique(edge[~np.isnan(edge)], return_counts=True)
    repeated = (edge == inner).mean()
    usual = (counts.max() / len(edge)) if len(counts) else 0.0
    return float(max(np.isnan(edge).mean(), repeated, usual))


def _area(values: Floats, bad: np.ndarray, rows: np.ndarray) -> float:
    known = rows & ~np.isnan(values)
    area = auc(values[known], bad[known])
    return max(area, 1 - area)
