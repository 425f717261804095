"""All checks of the gate, in order; the first thing a fit does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ....errors import Problem, refuse
from ..panel import Ints
from .copies import find_copies
from .encoding import find_encodings
from .future import find_future
from .identity import find_identity
from .known import find_known_late
from .leak import Case, Leak, case_of
from .outcome import find_outcome
from .scaling import find_scaling
from .windows import find_overlaps, find_windows

Fold = tuple[Ints, Ints]


def find_leaks(
    panel: pd.DataFrame,
    features: Sequence[str],
    label: str,
    entity: str,
    period: str | None,
    horizon: int,
    gap: int,
    folds: Sequence[Fold] = (),
    shuffled_auc: float | None = None,
    families: Mapping[str, Sequence[str]] | None = None,
) -> list[Leak]:
    """Look for facts that a row could not have known at its time.

    Parameters
    ----------
    panel : DataFrame
        One row per entity and period. Columns of dates are looked at even when they are no features.
    features : sequence of str
        Columns a model would learn from, numbers or texts.
    label, entity, period : str
        The label of step t is 1, 0 or NaN for (t + gap, t + gap + horizon]; `period` None: no time.
    folds : sequence of (training rows, test rows)
        By place in the panel; training labels must be known before the test begins.
    shuffled_auc : float, optional
        Area reached on shuffled labels.
    families : mapping, optional
        Which features are of "finance": those are held against the closing of accounts.

    Returns
    -------
    list of Leak
        Empty for a clean panel; a culprit is named once for each kind.

    Notes
    -----
    Panels of more than 200,000 rows are judged on a sample of whole entities, except for target encoding
    and scaling, which are exact statements about all rows.
    """
    case = case_of(panel, features, label, entity, period, horizon, gap)
    found = [
        *find_copies(case),
        *find_windows(case),
        *find_overlaps(panel, entity, period, horizon, gap, folds),
        *find_known_late(panel, case, (families or {}).get("finance", ())),
        *find_scaling(panel, features, entity, period),
        *find_encodings(panel, features, label, entity, period),
    ]
    if not any(leak.kind == "constant label" for leak in found):
        named = {leak.culprit for leak in found}
        rest = [*find_future(case), *find_identity(case), *find_outcome(case)]
        found += [leak for leak in rest if leak.culprit not in named]
    found += _shuffled(shuffled_auc, case)
    return [_with_sample(leak, len(panel), len(case.y)) for leak in _once(found)]


def refuse_leaks(leaks: Sequence[Leak]) -> None:
    """Stop when there is a leak.

    Raises
    ------
    InputError
        With one problem for each leak, the culprit named.

    Examples
    --------
    >>> refuse_leaks([])
    >>> refuse_leaks([Leak("normalised", "sales_z", "it is normalised", "do it by period")])
    Traceback (most recent call last):
    channel_analysis.errors.InputError: 1 problem found
      1. leak in sales_z: it is normalised
         fix: do it by period
    """
    refuse(Problem(f"leak in {leak.culprit}", leak.what, leak.fix) for leak in leaks)


def _shuffled(area: float | None, case: Case) -> Iterator[Leak]:
    if area is None or np.isnan(area):
        return
    bads = max(int(case.ever.sum()), 1)
    room = max(0.05, 4 / np.sqrt(12 * bads))
    if abs(area - 0.5) > room:
        what = f"shuffled labels are told apart with an AUC of {area:.3f}: rows of training stand in the test"
        fix = "look for rows that stand in the panel several times, and split by time"
        yield Leak("shuffled labels", "split", what, fix, {"auc": area, "room": room})


def _once(leaks: Sequence[Leak]) -> list[Leak]:
    found: dict[tuple[str, str], Leak] = {}
    for leak in leaks:
        found.setdefault((leak.kind, leak.culprit), leak)
    return list(found.values())


def _with_sample(leak: Leak, rows: int, looked: int) -> Leak:
    if rows == looked:
        return leak
    evidence: dict[str, Any] = {**leak.evidence, "rows": rows, "rows_looked_at": looked}
    return Leak(leak.kind, leak.culprit, leak.what, leak.fix, evidence)
