"""What is compared with what: the periods of a change, the whole's values, and where to look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..errors import Problem, did_you_mean
from ..metrics.kpis import Kpi
from ..metrics.leaves import additive_dimensions, dimensions_of
from ..metrics.periods import Period
from ..results import Caveat
from ..store.workspace import Workspace
from .change_leaves import Comparison
from .measure import values_of
from .scope import begins_late, covered_by, incomplete

AGAINST = ("last_year", "previous", "plan")
"""What a period can be compared with."""

DIMENSIONS = ("channel_type", "region", "category", "product", "team", "rep", "partner")
"""Where segments are looked for unless told otherwise, as far as the KPI has them."""

MOST_EARLIER = 8
"""So many earlier comparisons at most tell what is usual."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A KPI's values for the company in both periods, with numerators and denominators."""

    now: float
    before: float
    now_parts: tuple[float, float]
    before_parts: tuple[float, float]

    @property
    def change(self) -> float:
        """Now less before."""
        return self.now - self.before


def problems_of(
    kpis: Mapping[str, Kpi], name: str, against: str, dimensions: Sequence[str], ws: Workspace
) -> Iterator[Problem]:
    """Everything wrong with what is asked for."""
    if against not in AGAINST:
        yield Problem(
            "against", f"a period cannot be compared with '{against}'", did_you_mean(against, AGAINST)
        )
    if name not in kpis:
        yield Problem("kpi", f"there is no KPI '{name}'", did_you_mean(name, kpis))
        return
    if against == "plan" and name != "net_sales":
        yield Problem("against", f"there is no plan for '{name}'", "plans are for net_sales")
    if kpis[name].kind == "lagged":
        yield Problem("kpi", f"'{name}' is itself a change", f"explain '{kpis[name].of}' instead")
        return
    known = dimensions_of(kpis[name], ws.policy)
    for one in dimensions:
        if one not in known:
            yield Problem("dimensions", f"'{name}' has no dimension '{one}'", did_you_mean(one, known))
    for one in sorted({one for one in dimensions if list(dimensions).count(one) > 1}):
        yield Problem("dimensions", f"'{one}' is named twice", "name it once")


def comparison_of(ws: Workspace, name: str, kpi: Kpi, period: Period, against: str) -> Comparison:
    """The periods compared, and earlier comparisons of the same kind as far as the data reach.

    They end before the base, whose own chance would be in both, unless there is none without it.
    """
    base = period.previous if against == "previous" else period.last_year
    covered = covered_by(ws)
    pairs: list[tuple[Period, Period]] = []
    for back in range(1, MOST_EARLIER + 1):
        pair = _earlier(period, against, back)
        if begins_late(ws, pair[1], covered) or (pairs and pair[0] <= base):
            break
        pairs.append(pair)
    return Comparison(name, kpi, period, base, against, tuple(pairs))


def _earlier(period: Period, against: str, back: int) -> tuple[Period, Period]:
    """The earlier comparison `back` steps before: of the same season where neighbours are compared."""
    if against == "last_year":
        now = period.shift(-back)
        return now, now.last_year
    now = period
    for _ in range(back):
        now = now.last_year
    return now, now.previous


def whole_of(ws: Workspace, comparison: Comparison) -> tuple[Whole | None, list[Caveat]]:
    """The company's values; None, and why, where one of both cannot be had."""
    name = comparison.name
    values = values_of(ws, {name: comparison.kpi}, [comparison.period, comparison.base], ("company",))
    rows = values.set_index("period")
    early = incomplete(ws, [comparison.period, comparison.base])
    if comparison.period.code in early or (early and not begins_late(ws, comparison.base, covered_by(ws))):
        return None, [Caveat("change_incomplete", "warning", name, {"periods": tuple(sorted(early))})]
    if early:
        why = {"period": comparison.base.code, "reason": "no_history"}
        return None, [Caveat("change_no_base", "note", name, why)]
    reasons = {code: str(status) for code, status in rows["status"].items() if status != "ok"}
    if reasons:
        code, reason = next(iter(sorted(reasons.items())))
        return None, [Caveat("change_no_base", "note", name, {"period": code, "reason": reason})]
    now, before = (rows.loc[period.code] for period in (comparison.period, comparison.base))
    told = Whole(
        now=float(now["value"]),
        before=float(before["value"]),
        now_parts=(float(now["numerator"]), float(now["denominator"])),
        before_parts=(float(before["numerator"]), float(before["denominator"])),
    )
    return told, []


def searched_dimensions(
    ws: Workspace, comparison: Comparison, wanted: Sequence[str]
) -> tuple[list[str], list[Caveat]]:
    """Where to look: what was asked for or the usual, without dimensions over which parts do not add up."""
    kpi = comparison.kpi
    known = dimensions_of(kpi, ws.policy)
    used = list(wanted) or [name for name in DIMENSIONS if name in known and name not in ws.where]
    whole = (
        additive_dimensions(ws.facts(), kpi, ws.policy, [comparison.period, comparison.base], used)
        if kpi.kind != "additive"
        else used
    )
    dropped = [name for name in used if name not in whole]
    return whole, [Caveat("dimension_not_additive", "note", name) for name in dropped]
