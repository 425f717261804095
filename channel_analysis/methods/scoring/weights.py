"""Where weights come from, and how much hangs on them.

Weights are the policy's. Pairwise comparisons (AHP) are a way to agree on them; entropy and CRITIC
weights follow this quarter's spread, so they are shown beside, never used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.polynomial import Polynomial

from ...errors import InputError, Problem, refuse
from .engine import CAP, shared_weights
from .places import Floats

RANDOM_INDEX = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.54, 1.56, 1.57, 1.59)
"""Mean consistency index of random pairwise tables of 1 to 15 criteria (Saaty 1980)."""

MOST_INCONSISTENT = 0.10


def ahp_weights(pairs: pd.DataFrame) -> tuple[pd.Series, float]:
    """Weights from pairwise comparisons, and the consistency ratio (Saaty 1980).

    Parameters
    ----------
    pairs : DataFrame
        A square table with the same names as rows and columns: how many times more important the row
        is than the column (1/9 to 9). What stands below the diagonal may be left empty.

    Returns
    -------
    weights : Series
        The principal eigenvector, summing to 1.
    ratio : float
        Consistency index over that of random tables.

    Raises
    ------
    InputError
        For a table that is not square, not positive or not reciprocal, and above a ratio of 0.10:
        then the three comparisons that disagree most with the rest are named.

    Examples
    --------
    >>> names = ["sales", "share", "cost"]
    >>> pairs = pd.DataFrame([[1, 2, 4], [1 / 2, 1, 2], [1 / 4, 1 / 2, 1]], names, names)
    >>> weights, ratio = ahp_weights(pairs)
    >>> weights.round(3).to_dict(), round(abs(ratio), 6)
    ({'sales': 0.571, 'share': 0.286, 'cost': 0.143}, 0.0)
    """
    table = _pairs(pairs)
    size = len(table)
    vector = np.ones(size) / size
    for _ in range(1000):
        new = table @ vector
        new /= new.sum()
        if np.abs(new - vector).max() < 1e-15:
            break
        vector = new
    largest = float((table @ vector / vector).mean())
    index = (largest - size) / (size - 1) if size > 1 else 0.0
    random = RANDOM_INDEX[min(size, len(RANDOM_INDEX)) - 1]
    ratio = index / random if random else 0.0
    if ratio > MOST_INCONSISTENT:
        raise InputError([_inconsistent(table, vector, list(pairs.index), ratio)])
    return pd.Series(vector, index=list(pairs.index)), ratio


def _pairs(pairs: pd.DataFrame) -> Floats:
    """The table as numbers, its lower half filled from the upper one where it is empty."""
    if not isinstance(pairs, pd.DataFrame):
        fix = "give a pandas DataFrame with the same names as index and columns"
        raise InputError([Problem("pairs", f"this is a {type(pairs).__name__}, not a table", fix)])
    if pairs.shape[0] != pairs.shape[1] or list(pairs.index) != list(pairs.columns) or not len(pairs):
        raise InputError([Problem("pairs", "rows and columns must be the same names", "make it square")])
    table = pairs.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    with np.errstate(divide="ignore"):
        table = np.where(np.isnan(table), 1 / table.T, table)
    np.fill_diagonal(table, np.where(np.isnan(np.diag(table)), 1.0, np.diag(table)))
    problems = []
    for row, column in zip(*np.triu_indices(len(table)), strict=True):
        where = f"pairs [{pairs.index[row]}, {pairs.columns[column]}]"
        value, back = table[row, column], table[column, row]
        if not (np.isfinite(value) and value > 0):
            problems.append(Problem(where, "this comparison is missing or not positive", "give 1/9 to 9"))
        elif not np.isclose(value * back, 1.0, rtol=1e-2):
            problems.append(Problem(where, f"{value:g} one way is not 1/{back:g}", "leave one of them empty"))
    refuse(problems)
    return table


def _inconsistent(table: Floats, weights: Floats, names: Sequence[str], ratio: float) -> Problem:
    implied = weights[:, None] / weights[None, :]
    gap = np.triu(np.abs(np.log(table / implied)), 1)
    worst = np.argsort(-gap, axis=None, kind="stable")[:3]
    told = [
        f"{names[r]} : {names[c]} = {table[r, c]:g}, the rest says {implied[r, c]:.2g}"
        for r, c in (divmod(int(place), len(table)) for place in worst)
        if gap[r, c] > 0
    ]
    return Problem(
        "pairs", f"consistency ratio {ratio:.2f} is above 0.10", "think again about " + "; ".join(told)
    )


def entropy_weights(points: pd.DataFrame) -> pd.Series:
    """Weights that reward spread (Shannon entropy of shares): a diagnostic, never the policy.

    Parameters
    ----------
    points : DataFrame
        Entities x KPIs, points of 0 or more; rows with gaps are left out.
    """
    full = points.dropna().clip(lower=0)
    share = full / full.sum().where(full.sum() > 0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -(share * np.log(share.where(share > 0, 1.0))).sum() / np.log(max(len(full), 2))
    spare = (1 - entropy).clip(lower=0.0).where(full.sum() > 0, 0.0)
    return _to_one(spare)


def critic_weights(points: pd.DataFrame) -> pd.Series:
    """Weights by spread and disagreement (CRITIC, Diakoulaki 1995): a diagnostic, never the policy."""
    full = points.dropna()
    spread = full.std(ddof=0)
    conflict = (1 - full.corr().fillna(0.0)).sum()
    return _to_one(spread * conflict)


def _to_one(raw: pd.Series) -> pd.Series:
    total = float(raw.sum())
    return raw / total if total > 0 else pd.Series(1 / max(len(raw), 1), index=raw.index)


def flips(points: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """How far each weight must move before `second` overtakes `first`; exact.

    The other weights keep their proportions; what is missing is shared out as in the score.

    Parameters
    ----------
    points : DataFrame
        The points of `Scored` of both entities, which are scored with the same weights.

    Returns
    -------
    DataFrame
        kpi, weight, flips_at (the nearest weight from 0 to 1 at which both score the same; NaN when
        none does), move (flips_at - weight); the smallest move first.
    """
    own = points[points["kpi"] != CAP]
    one, two = (own[own["entity"] == name].set_index("kpi") for name in (first, second))
    two = two.reindex(one.index)
    rows = []
    for kpi, weight in one["weight"].items():
        top, bottom = _as_ratio(one, str(kpi))
        other_top, other_bottom = _as_ratio(two, str(kpi))
        rest = float(one["weight"].sum()) - weight
        found = [y / (y + rest) for y in _roots(top * other_bottom - other_top * bottom) if y + rest > 0]
        nearest = min(found, key=lambda at: abs(at - weight), default=np.nan)
        rows.append([kpi, float(weight), nearest, nearest - weight])
    table = pd.DataFrame(rows, columns=["kpi", "weight", "flips_at", "move"])
    return table.sort_values("move", key=lambda move: move.abs(), kind="stable").reset_index(drop=True)


def _as_ratio(table: pd.DataFrame, kpi: str) -> tuple[Polynomial, Polynomial]:
    """The score as a ratio of polynomials in y, the weight of one KPI while the others keep theirs.

    Scores do not depend on what the weights sum to, so y stands for the weight y / (y + the others).
    """
    y = Polynomial([0.0, 1.0])
    earned, weighed = 0.0, 0.0
    known = table[(table["status"] == "ok") & (table.index != kpi)]
    own = table.loc[kpi]
    for dimension, there in known.groupby("dimension", sort=False):
        if dimension != own["dimension"]:
            whole = float(table.loc[table["dimension"] == dimension, "weight"].sum())
            weighed += whole
            earned += whole * float((there["weight"] * there["kpi_score"]).sum() / there["weight"].sum())
    beside = known[known["dimension"] == own["dimension"]]
    inside = table["dimension"] == own["dimension"]
    rest = y + float(table.loc[inside, "weight"].sum() - own["weight"])
    held = Polynomial([float(beside["weight"].sum())])
    gained = Polynomial([float((beside["weight"] * beside["kpi_score"]).sum())])
    if own["status"] == "ok":
        held, gained = held + y, gained + float(own["kpi_score"]) * y
    elif not len(beside):
        return Polynomial([earned]), Polynomial([weighed])
    if not len(beside):
        return rest * float(own["kpi_score"]) + earned, rest + weighed
    return held * earned + rest * gained, (rest + weighed) * held


def _roots(difference: Polynomial) -> list[float]:
    """Real roots of 0 or more."""
    largest = float(np.abs(difference.coef).max())
    trimmed = difference.trim(1e-12 * largest)
    if trimmed.degree() < 1:
        return []
    roots = [complex(root) for root in trimmed.roots()]
    return sorted(root.real for root in roots if abs(root.imag) < 1e-9 and root.real >= 0)


def under_random_weights(
    points: pd.DataFrame, draws: int = 1000, spread: float = 0.2, seed: int = 0
) -> pd.DataFrame:
    """How ranks hold when nobody is quite sure of the weights.

    Each weight is multiplied by a random factor (log-normal, standard deviation `spread`) and all are
    brought to sum to 1; what is missing is shared out as in the score. Caps are left out.

    Parameters
    ----------
    points : DataFrame
        The points of `Scored`, of entities scored with the same weights.

    Returns
    -------
    DataFrame
        entity, rank, rank_low, rank_high (of 90 % of the draws), first_share (of draws it leads in).
    """
    own = points[(points["kpi"] != CAP) & points["points"].notna()]
    wide = own.pivot(index="entity", columns="kpi", values="kpi_score")
    there = own.pivot(index="entity", columns="kpi", values="status").to_numpy() == "ok"
    named = own.drop_duplicates("kpi").set_index("kpi").reindex(wide.columns)
    dimension, weight = named["dimension"].to_numpy(), named["weight"].to_numpy(dtype=float)
    chance = np.random.Generator(np.random.Philox(key=seed))
    factors = np.exp(spread * chance.standard_normal((draws, len(weight))))
    placed = np.nan_to_num(wide.to_numpy(dtype=float))
    scores = np.column_stack(
        [(shared_weights(row / row.sum(), dimension, there) * placed).sum(axis=1) for row in factors * weight]
    )
    usual = (shared_weights(weight, dimension, there) * placed).sum(axis=1)
    ranks = _ranked(scores)
    low, high = np.quantile(ranks, [0.05, 0.95], axis=1, method="nearest")
    found = {
        "entity": wide.index.to_numpy(),
        "rank": 1 + (usual[None, :] > usual[:, None] + 1e-9).sum(axis=1),
        "rank_low": low.astype(int),
        "rank_high": high.astype(int),
        "first_share": (ranks == 1).mean(axis=1),
    }
    return pd.DataFrame(found).sort_values(["rank", "entity"]).reset_index(drop=True)


def _ranked(scores: Floats) -> Floats:
    """Ranks in each column, 1 the best; those level share the best of theirs."""
    columns = [np.searchsorted(np.sort(-column), -column - 1e-9) + 1 for column in scores.T]
    return np.column_stack(columns)


def weight_table(weights: Mapping[str, float], points: pd.DataFrame) -> pd.DataFrame:
    """The policy's weights beside what entropy and CRITIC would make of this period's points.

    Returns
    -------
    DataFrame
        kpi, weight, entropy, critic.
    """
    wide = points[points["kpi"] != CAP].pivot(index="entity", columns="kpi", values="kpi_score")
    wide = wide.reindex(columns=list(weights)).dropna(axis="columns", how="all")
    table = pd.DataFrame({"kpi": list(weights), "weight": list(weights.values())})
    for name, found in (("entropy", entropy_weights(wide)), ("critic", critic_weights(wide))):
        table[name] = table["kpi"].map(found)
    return table
