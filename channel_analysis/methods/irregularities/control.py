"""False discovery over the whole page, and the list cut at what reviewers can take on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .odds import Floats


def q_values(p: Floats, dependence: str = "positive") -> Floats:
    """The least rate of false discovery at which each test would be found.

    `dependence` "positive" is Benjamini and Hochberg's procedure, which holds for independent and
    positively dependent tests; "any" is Benjamini and Yekutieli's, which always holds.

    References
    ----------
    Benjamini, Y. and Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the Royal
    Statistical Society B 57, 289-300. Benjamini, Y. and Yekutieli, D. (2001). The control of the false
    discovery rate in multiple testing under dependency. Annals of Statistics 29, 1165-1188.

    Examples
    --------
    >>> q_values(np.array([0.01, 0.04, 0.03, 0.9])).round(4).tolist()
    [0.04, 0.0533, 0.0533, 0.9]
    """
    count = len(p)
    if not count:
        return p
    factor = 1.0 if dependence == "positive" else float((1 / np.arange(1, count + 1)).sum())
    order = np.argsort(p, kind="stable")
    raised = p[order] * count * factor / np.arange(1, count + 1)
    q = np.empty(count)
    q[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    return q


def ranked(found: pd.DataFrame) -> pd.DataFrame:
    """Candidates by score, the largest first: money at stake times the chance that it is no accident."""
    scored = found.assign(score=found["money"] * (1 - found["q_value"]))
    keys = ["score", "rule", "partner_id", "rep_id", "customer_id", "period"]
    filled = scored.assign(**{key: scored[key].fillna("") for key in keys[2:]})
    order = filled.sort_values(keys, ascending=[False] + [True] * 5, kind="stable").index
    return scored.loc[order].reset_index(drop=True)


def within_capacity(states: pd.Series, rules: pd.Series, capacity: int) -> pd.Series:
    """Which of the ranked cases fit: of the open ones each rule's first, then the first of all.

    So a rule about small sums is seen beside rules about large ones. Decided cases take nobody's time.
    """
    is_open = (states == "open").to_numpy()
    is_later = (rules.where(is_open).duplicated() & is_open).to_numpy()
    order = np.lexsort((np.arange(len(states)), is_later, ~is_open))
    place = np.empty(len(states), dtype=int)
    place[order] = np.arange(len(states))
    return pd.Series(~is_open | (place < capacity), index=states.index)
