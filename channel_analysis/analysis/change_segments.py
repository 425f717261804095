"""Which segments moved a KPI: its leaves in both periods, what was to be expected, and the search."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..methods.rootcause.find import find_segments
from ..methods.rootcause.rates import expected_rates
from ..methods.rootcause.usual import Pair, Usual, usual_change
from ..metrics.periods import Period
from ..rootcauses import COLUMNS, Segment, Segments
from ..store.workspace import Workspace
from .change_leaves import SETTLED, TENURE, Comparison, Leaves
from .names import names_of

MOST_SEGMENTS = 12
"""So many are shown; the rest of what stands out is in the ledger's rest."""

IMMATERIAL = 0.0005
"""What moves less of the whole is nobody's concern, however certain."""

FAMILY_WISE = 0.05
"""Chance of any segment at all when nothing happened."""

OWN_PART = 0.5
"""So much of a contribution must be the segment's own gap; the rest is what all others did."""

LINES, DISCOUNT = "lines", "discount"
"""Factors of net sales that are searched by themselves: how many order lines, and the discount rate."""

NAMED = ("partner", "rep", "customer")
"""Dimensions whose values have names in a table."""


@dataclass(frozen=True, slots=True)
class Search:
    """A search and what it rests on; `usual` is how much of the change was to be expected."""

    segments: Segments
    usual: float
    whole_variance: float
    frame: pd.DataFrame
    table: pd.DataFrame
    parts: pd.DataFrame


def search_sums(leaves: Leaves, comparison: Comparison, clumping: float = 1.0) -> Search:
    """Search a KPI that is a sum: what is beyond the usual change of each level.

    `clumping` is the variance of counts by their mean.
    """
    now = leaves.sums("numerator", comparison.period)
    base = leaves.sums("numerator", comparison.base)
    now_noise, base_noise = (_noise(leaves, p, clumping) for p in (comparison.period, comparison.base))
    usual = _usual(leaves, comparison, base, clumping)
    expected = base * usual.ratio
    frame = leaves.frame.loc[:, list(leaves.dimensions)].assign(
        now=now,
        before=base,
        expected=expected,
        variance=now_noise + base_noise * usual.ratio**2,
    )
    known = {"variance": "variance"} if frame["variance"].sum() > 0 else {}
    found = find_segments(frame, list(leaves.dimensions), "now", "expected", **known)
    search = as_search(found, frame, comparison, float((expected - base).sum()), usual.whole)
    codes = {name: codes for name, (codes, _) in _codes(leaves).items()}
    likely = np.maximum(expected, 0.0)
    wide = _widened(search, lambda own: usual.variance(np.where(own, likely, 0.0), codes))
    return _moved_themselves(wide)


def _widened(search: Search, beyond: Callable[[np.ndarray], float]) -> Search:
    """A search whose intervals and chances also hold how well the expectation is known.

    `beyond` is the variance of what is expected of some leaves, beyond the chance of single rows.
    """
    table, frame = search.table.copy(), search.frame
    variance = frame["variance"].to_numpy(dtype=float)
    free = np.ones(len(frame), dtype=bool)
    for row, one in enumerate(search.segments.found[:MOST_SEGMENTS]):
        own = free & within(frame, one)
        free &= ~own
        chance = float(variance[own].sum())
        wider = 1 + beyond(own) / chance if chance > 0 else 1.0
        middle, ends = table["contribution"].iat[row], table[["low", "high"]].iloc[row]
        table.loc[table.index[row], ["low", "high"]] = (middle + (ends - middle) * np.sqrt(wider)).to_numpy()
        table.loc[table.index[row], "p_value"] = one.p_value ** (1 / wider)
    return replace(search, table=table)


def search_lines(leaves: Leaves, comparison: Comparison, clumping: float, amounts: Leaves) -> Search:
    """Search the number of order lines, told in money: a segment's lines at its amount per line.

    Money hides what few large orders do; how many lines there are varies less. `amounts` are the
    leaves of the KPI itself.
    """
    found = search_sums(leaves, comparison, clumping)
    keys = list(leaves.dimensions)
    money = amounts.frame.loc[:, keys].assign(
        now=amounts.sums("numerator", comparison.period), before=amounts.sums("numerator", comparison.base)
    )
    table = found.table.copy()
    for row, place in enumerate(table["place"]):
        where = found.parts[found.parts["place"] == place].set_index("dimension")["value"].to_dict()
        lines = float(table["now"].iat[row] + table["before"].iat[row])
        own = money[within(money, where)]
        per_line = float(own["now"].sum() + own["before"].sum()) / lines if lines > 0 else 0.0
        table.loc[table.index[row], ["contribution", "low", "high"]] *= max(per_line, 0.0)
    return replace(found, table=table)


def search_ratios(leaves: Leaves, comparison: Comparison) -> Search:
    """Search a KPI that is a ratio: where rates moved beyond chance; `usual` is what the mix did.

    Contributions are in the ratio's unit, before the KPI's scale.
    """
    now, base = comparison.period, comparison.base
    denominator = leaves.sums("denominator", now)
    before = leaves.sums("numerator", base), leaves.sums("denominator", base)
    rates = expected_rates(
        _codes(leaves), (*before, leaves.sums("rows", base)), (denominator, leaves.sums("rows", now))
    )
    frame = leaves.frame.loc[:, list(leaves.dimensions)].assign(
        now=leaves.sums("numerator", now),
        expected=rates.numerator,
        variance=rates.chance,
        denominator=denominator,
        before=before[0],
        base_denominator=before[1],
    )
    known = {"variance": "variance"} if frame["variance"].sum() > 0 else {}
    found = find_segments(frame, list(leaves.dimensions), "now", "expected", **known)
    total, base_total = denominator.sum(), before[1].sum()
    mix = float(rates.numerator.sum() / total - before[0].sum() / base_total)
    search = as_search(_of_whole(found, float(total)), frame, comparison, mix)
    return _moved_themselves(_widened(search, lambda own: rates.variance(np.where(own, denominator, 0.0))))


def _moved_themselves(search: Search) -> Search:
    """Without segments that only stand out because all others moved.

    A segment is told when its own gap to what was expected makes at least half of its contribution, and
    a rate it had before moved the same way.
    """
    frame = search.frame
    stays: list[bool] = []
    whole = float(frame["denominator"].sum()) if "denominator" in frame else 1.0
    gaps = (frame["now"] - frame["expected"]).to_numpy(dtype=float) / whole
    free = np.ones(len(frame), dtype=bool)
    for one in search.segments.found[:MOST_SEGMENTS]:
        own = free & within(frame, one)
        free &= ~own
        stays.append(bool(one.contribution * gaps[own].sum() >= OWN_PART * one.contribution**2))
    kept = np.array(stays, dtype=bool)
    if "denominator" in frame:
        moved = (search.table["now"] - search.table["before"]).to_numpy(dtype=float)
        kept &= ~(moved * search.table["contribution"].to_numpy(dtype=float) <= 0)
    return replace(search, table=search.table[kept].reset_index(drop=True))


def _of_whole(found: Segments, total: float) -> Segments:
    """A search of numerators told in the unit of the ratio."""
    segments = tuple(
        Segment(
            one,
            contribution=one.contribution / total,
            low=one.low / total,
            high=one.high / total,
            p_value=one.p_value,
            verdict=one.verdict,
            leaves=one.leaves,
        )
        for one in found.found
    )
    return replace(found, found=segments, trend=found.trend / total, rest=found.rest / total)


def _noise(leaves: Leaves, period: Period, clumping: float) -> np.ndarray:
    """Variance of sums by the chance of orders: squares of orders where there are any, counts of counts."""
    squares = leaves.sums("squares", period)
    if np.nansum(squares) > 0:
        return np.nan_to_num(squares)
    sums = leaves.sums("numerator", period)
    return sums * clumping if _is_count(sums) else np.zeros_like(sums)


def _is_count(sums: np.ndarray) -> bool:
    return bool((sums >= 0).all() and np.array_equal(sums, np.round(sums)))


def _usual(leaves: Leaves, comparison: Comparison, base: np.ndarray, clumping: float) -> Usual:
    pairs = [
        Pair(
            leaves.sums("numerator", now),
            leaves.sums("numerator", before),
            _noise(leaves, now, clumping),
            _noise(leaves, before, clumping),
        )
        for now, before in comparison.earlier
    ]
    return usual_change(base, _codes(leaves), pairs)


def _codes(leaves: Leaves) -> dict[str, tuple[np.ndarray, int]]:
    """Per dimension the leaves' codes and how many levels there are."""
    found = {name: pd.factorize(leaves.frame[name], sort=True) for name in leaves.dimensions}
    return {name: (codes, len(levels)) for name, (codes, levels) in found.items()}


def as_search(
    found: Segments,
    frame: pd.DataFrame,
    comparison: Comparison,
    usual: float = 0.0,
    whole_variance: float = float("nan"),
) -> Search:
    """The segments as tables: their own figures are those of rows that no earlier segment holds."""
    rows, parts = [], []
    free = np.ones(len(frame), dtype=bool)
    for place, one in enumerate(found.found[:MOST_SEGMENTS], start=1):
        own = free & within(frame, one)
        free &= ~own
        rows.append(_row(place, one, frame[own], comparison))
        parts += [(place, name, str(value), str(value)) for name, value in one.items()]
    return Search(
        segments=found,
        usual=usual,
        whole_variance=whole_variance,
        frame=frame,
        table=pd.DataFrame(rows, columns=list(COLUMNS["segments"])),
        parts=pd.DataFrame(parts, columns=list(COLUMNS["parts"])),
    )


def segment_code(where: Mapping[str, object]) -> str:
    """A segment as one text: "region=East & category=Air"."""
    return " & ".join(f"{name}={value}" for name, value in where.items())


def within(frame: pd.DataFrame, where: Mapping[str, object]) -> np.ndarray:
    """Which rows lie in a segment."""
    inside = np.ones(len(frame), dtype=bool)
    for name, value in where.items():
        inside &= (frame[name] == value).to_numpy()
    return inside


def _row(place: int, one: Segment, own: pd.DataFrame, comparison: Comparison) -> tuple[object, ...]:
    if "denominator" in own:
        scale = comparison.kpi.scale
        now, expected = (
            _ratio(own[name].sum(), own["denominator"].sum(), scale) for name in ("now", "expected")
        )
        before = _ratio(own["before"].sum(), own["base_denominator"].sum(), scale)
    else:
        now, before, expected = (float(own[name].sum()) for name in ("now", "before", "expected"))
        scale = 1.0
    code = segment_code(one)
    figures = (one.contribution * scale, one.low * scale, one.high * scale)
    return (place, "", code, before, now, expected, *figures, float("nan"), one.p_value, one.verdict)


def _ratio(numerator: float, denominator: float, scale: float) -> float:
    return scale * numerator / denominator if denominator > 0 else float("nan")


def in_money(search: Search, factor: float) -> Search:
    """A search of a ratio with its contributions as amounts: so much of the whole's denominator."""
    table = search.table.copy()
    bounds = np.sort(table[["low", "high"]].to_numpy(dtype=float) * factor, axis=1)
    table["contribution"] = table["contribution"] * factor
    table["low"], table["high"] = bounds[:, 0], bounds[:, 1]
    return replace(search, table=table)


def together(searches: Mapping[str, Search], change: float, size: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables of searches, by the factor each looks at, as one: the largest first, shares beside.

    The more searches, the less chance each may have (Bonferroni); of rates, which have habits that no
    model holds, the more was found as well. Of a segment and a part of it, told by the KPI and by its
    order lines, the larger stays; what moves next to nothing of the whole is left out.
    """
    tables = []
    for factor, search in searches.items():
        times = len(searches) * (len(search.table) if "denominator" in search.frame else 1)
        likely = search.table["p_value"] * times > FAMILY_WISE
        complement = search.table["segment"].str.contains(f"{TENURE}={SETTLED}", regex=False)
        slight = search.table["contribution"].abs() < IMMATERIAL * size
        open_ended = (search.table["low"] <= 0) & (search.table["high"] >= 0)
        tables.append(search.table[~(likely | slight | open_ended | complement)].assign(factor=factor))
    every = pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)
    every = every.iloc[np.argsort(-every["contribution"].abs().to_numpy(), kind="stable")]
    parts_of = {
        (factor, place): dict(zip(own["dimension"], own["value"], strict=True))
        for factor, search in searches.items()
        for place, own in search.parts.groupby("place")
    }
    keys = list(zip(every["factor"], every["place"], strict=True))
    stays = [not _told_by_another(key, keys, parts_of) for key in keys]
    every = every[np.array(stays, dtype=bool)].head(MOST_SEGMENTS).reset_index(drop=True)
    parts = [
        (number, dimension, value, value)
        for number, key in enumerate(zip(every["factor"], every["place"], strict=True), start=1)
        for dimension, value in parts_of[key].items()
    ]
    shares = every["contribution"] / change if change else float("nan")
    every = every.assign(place=np.arange(1, len(every) + 1), share=shares)
    return every, pd.DataFrame(parts, columns=list(COLUMNS["parts"]))


def _told_by_another(
    key: tuple[str, int],
    keys: Sequence[tuple[str, int]],
    parts_of: Mapping[tuple[str, int], Mapping[str, str]],
) -> bool:
    """Whether another of the searches for amounts and lines tells the same segment, or one around it."""
    own = parts_of[key].items()
    for other in keys:
        if {key[0], other[0]} != {"", LINES}:
            continue
        around = parts_of[other].items()
        if around < own or (around == own and key[0] == LINES):
            return True
    return False


def named(ws: Workspace, parts: pd.DataFrame) -> pd.DataFrame:
    """Parts with the names that tables give partners, reps, customers and products."""
    names = parts["value"].copy()
    for level in NAMED:
        own = parts["dimension"] == level
        known = names_of(ws, level, parts.loc[own, "value"]) if own.any() else {}
        names[own] = parts.loc[own, "value"].map(lambda value, known=known: known.get(value, value))
    return parts.assign(name=names)
