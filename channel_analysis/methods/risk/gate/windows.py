"""Label windows: longer than declared, the same for all time, or reaching from training into the test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from ..panel import Ints, steps_of
from .leak import Case, Leak

RUNS = 10
MANY_RUNS = 30
SHORTER = 0.02
"""Share of runs that may be shorter than the window they show: gaps in the panel cut some."""
SHARP = 0.15
SHARP_OF_FEW = 0.5
CONSTANT = 0.9


def find_windows(case: Case) -> Iterator[Leak]:
    """A label that never changes within an entity, and one whose windows are longer than declared."""
    if case.period is None:
        return
    constant = _constant(case)
    if constant is not None:
        yield constant
        return
    for value in (1.0, 0.0):
        longer = _longer(case, value)
        if longer is not None:
            yield longer
            return


def find_overlaps(
    panel: pd.DataFrame,
    entity: str,
    period: str | None,
    horizon: int,
    gap: int,
    folds: Sequence[tuple[Ints, Ints]],
) -> Iterator[Leak]:
    """Folds whose training labels were not yet known when their test begins."""
    steps = steps_of(panel[period]) if period is not None else None
    late = shared = 0
    for train, test in folds:
        if not len(train) or not len(test):
            continue
        if steps is not None:
            late += int((steps[train] + gap + horizon > steps[test].min()).sum())
        else:
            own = panel[entity].iloc[test].unique()
            shared += int(panel[entity].iloc[train].isin(own).sum())
    if late:
        what = f"the label windows of {late} training rows reach into the test period"
        fix = f"leave out training rows of the last horizon + gap = {horizon + gap} steps before the test"
        yield Leak("windows", "folds", what, fix, {"rows": late})
    if shared:
        what = f"{shared} training rows are of entities that stand in the test, too"
        yield Leak("windows", "folds", what, "split by entity", {"rows": shared})


def _constant(case: Case) -> Leak | None:
    """Entities that are bad in every row though they are seen for longer than the windows reach."""
    known = ~np.isnan(case.y)
    entity, y, steps = case.entity[known], case.y[known], case.steps[known]
    table = pd.DataFrame({"entity": entity, "y": y, "step": steps}).groupby("entity")
    found = table.agg(low=("y", "min"), high=("y", "max"), begin=("step", "min"), end=("step", "max"))
    long = found[found["end"] - found["begin"] >= max(case.horizon, 1) + case.gap]
    bad = long[long["high"] == 1]
    share = float((bad["low"] == 1).mean()) if len(bad) else 0.0
    if len(bad) < 5 or len(bad) > 0.98 * len(long) or share < CONSTANT:
        return None
    what = (
        f"{share:.0%} of the {len(bad)} entities with a bad end carry it on every row, from the first on: "
        "the label is one of the entity, not of the period"
    )
    fix = f"label a row 1 only when the end falls within {case.horizon} steps after it"
    return Leak("constant label", case.label, what, fix, {"entities": len(bad), "share": share})


def _longer(case: Case, value: float) -> Leak | None:
    """Runs of equal labels are as long as the window: one event makes a whole window of ones.

    (Where the label says that something did NOT happen, one event makes a whole window of zeros.)
    """
    lengths = _runs(case, value)
    if len(lengths) < RUNS:
        return None
    window = int(np.quantile(lengths, SHORTER, method="lower"))
    sharp = float((lengths == window).mean())
    if window <= max(case.horizon, 1) or sharp < (SHARP if len(lengths) >= MANY_RUNS else SHARP_OF_FEW):
        return None
    what = (
        f"labels of {value:.0f} come in runs of {window} steps, never shorter: its windows are {window} "
        f"steps long, horizon={case.horizon} is declared; windows of training overlap those of the test"
    )
    fix = f"declare horizon={window}, or make the label with windows of {case.horizon}"
    return Leak("windows", case.label, what, fix, {"window": window, "runs": len(lengths), "share": sharp})


def _runs(case: Case, value: float) -> Ints:
    """Lengths, in steps, of the runs of a value that begin and end within what is known."""
    known = np.flatnonzero(~np.isnan(case.y))
    entity, y, steps = case.entity[known], case.y[known], case.steps[known]
    if len(known) < 2:
        return np.empty(0, dtype=np.int64)
    fresh = np.r_[True, (np.diff(entity) != 0) | (np.diff(y) != 0)]
    begins = np.flatnonzero(fresh)
    ends = np.r_[begins[1:], len(known)] - 1
    stride = _stride(entity, steps)
    before = np.maximum(begins - 1, 0)
    after = np.minimum(ends + 1, len(known) - 1)
    begun = (begins > 0) & (entity[before] == entity[begins]) & (steps[begins] - steps[before] == stride)
    followed = (ends < len(known) - 1) & (entity[after] == entity[ends])
    ended = followed if value == 0 else followed | (steps[ends] < steps.max())
    lengths = steps[ends] - steps[begins] + stride
    return np.asarray(lengths[begun & ended & (y[begins] == value)], dtype=np.int64)


def _stride(entity: Ints, steps: Ints) -> int:
    """Steps between neighbouring rows of an entity: 1, or 3 where a monthly panel has quarterly rows."""
    apart = np.diff(steps)[np.diff(entity) == 0]
    apart = apart[apart > 0]
    return int(np.median(apart)) if len(apart) else 1
