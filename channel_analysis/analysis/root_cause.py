"""Why a KPI moved: a ledger that closes, the segments beyond chance, what they point at, what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ..errors import InputError, Problem, refuse
from ..metrics.kpis import Kpi, load_kpis
from ..metrics.leaves import rows_behind
from ..metrics.order_lines import ORDER_LINES, clumping
from ..metrics.periods import Period
from ..results import Caveat, Scope
from ..rootcauses import RootCause, RootCauseReport
from ..store.workspace import Workspace
from .causes import causes_of
from .change_bridge import Bridged, bridge_of
from .change_entries import Entries, entries_of
from .change_leaves import Comparison, Leaves, leaves_of
from .change_ledger import ledger_of
from .change_plan import plan_explanation
from .change_segments import (
    DISCOUNT,
    LINES,
    Search,
    in_money,
    named,
    search_lines,
    search_ratios,
    search_sums,
    together,
)
from .change_whole import Whole, comparison_of, problems_of, searched_dimensions, whole_of
from .measures import measure_plan, measure_review, proposals_of
from .narrow import narrowed_to, only_measures, own_partners
from .provenance import appendix_of, banner_of
from .quality import data_quality
from .scope import begins_late, covered_by, resolve_period, scope_of

EXPLAINED = ("net_sales", "gross_margin", "csat")
"""KPIs that the report explains, as far as they can be had."""

FITTING = {
    "customer": ("stock_out", "new_reps", "visits"),
    "cost": ("discount", "list_price", "promotion", "range", "weak_category"),
    "market": ("partner_lost", "partner_silent", "partner_in_trouble", "stock_out", "market_size", "rival"),
    "promotion": ("promotion", "discount", "list_price"),
}
"""Causes that are looked for behind KPIs that are no results, by the KPI's dimension."""

FEW_PAIRS = 3
"""Fewer earlier comparisons tell what is usual with little certainty."""

CERTAIN = {1: 12.71, 2: 4.30, 3: 3.18, 4: 2.78, 5: 2.57, 6: 2.45, 7: 2.36}
"""Standard deviations beyond which the whole's change is not usual, by how many earlier comparisons told
the deviation, less one (Student's t, 95 %)."""


def explain_change(
    ws: Workspace,
    kpi: str = "net_sales",
    period: str = "last-quarter",
    against: str = "last_year",
    dimensions: Sequence[str] = (),
) -> RootCause:
    """Explain why a KPI changed.

    Parameters
    ----------
    ws : Workspace
    kpi : str
        A KPI of the catalogue, a sum, ratio or count.
    period : str
        "2025Q3", "2025-07", ..., or "last-quarter" (month, half, year).
    against : str
        "last_year" (the same period a year before), "previous" (the period before) or "plan" (the
        targets; net sales only).
    dimensions : sequence of str
        Where to look for segments; by default channel type, region, category, product, team, rep and
        partner, as far as the KPI has them.

    Returns
    -------
    RootCause
        Its verdict is "no_base" where there is nothing to compare with.

    Raises
    ------
    InputError
        When the KPI, the period, what it is compared with or a dimension is not known, or the KPI is
        of a kind that cannot be taken apart.
    """
    kpis = load_kpis(ws)
    refuse(problems_of(kpis, kpi, against, dimensions, ws))
    resolved = resolve_period(ws, period)
    return explanation_of(ws, kpis, kpi, resolved, scope_of(ws, resolved, kpis), against, dimensions)


def rows_of_segment(
    ws: Workspace, explanation: RootCause, place: int, period: str = "", limit: int = 1000
) -> pd.DataFrame:
    """The rows of data behind a segment of an explanation, the largest first.

    Parameters
    ----------
    explanation : RootCause
        What `explain_change` gave.
    place : int
        The segment's place, from 1.
    period : str
        A period's code; by default the one explained. `explanation.base` shows the rows before.
    limit : int
        How many rows at most.

    Raises
    ------
    InputError
        When there is no such segment, or the period is none.
    """
    own = explanation.parts[explanation.parts["place"] == place]
    if own.empty:
        fix = f"there are {len(explanation.segments)}, counted from 1"
        raise InputError([Problem("place", f"there is no segment {place}", fix)])
    kpis = load_kpis(ws)
    where = dict(zip(own["dimension"], own["value"], strict=True))
    wanted = resolve_period(ws, period or explanation.period)
    return rows_behind(ws.facts(), kpis[explanation.kpi], ws.policy, wanted, where, limit)


def root_cause_report(
    ws: Workspace, period: str = "last-quarter", where: Mapping[str, str] | None = None
) -> RootCauseReport:
    """The periodic report on causes: measures decided before, explanations, measures proposed.

    Every KPI of `EXPLAINED` that can be had is compared with last year, or with the period before
    where the data do not reach back that far. `where` narrows it, as `review`. Raises as
    `explain_change`.
    """
    kpis = load_kpis(ws)
    resolved = resolve_period(ws, period)
    own = narrowed_to(ws, where or {}, resolved)
    scope = scope_of(own, resolved, kpis)
    told = tuple(
        explanation_of(own, kpis, name, resolved, scope, usual_base(own, resolved))
        for name in explained_kpis(own, kpis)
    )
    decided = measure_review(ws, scope, told)
    if own.where:
        decided = only_measures(decided, own.where, own_partners(ws, own.where))
    return RootCauseReport(
        banner=banner_of(ws, data_quality(ws, scope), kpis, scope, "root_cause"),
        decided=decided,
        explanations=told,
        plan=measure_plan(ws, scope, told),
        appendix=appendix_of(ws, kpis, scope, {}),
    )


def explained_kpis(ws: Workspace, kpis: Mapping[str, Kpi]) -> list[str]:
    """KPIs that are explained by default and whose tables are there."""
    intake = ws.facts().intake
    known = [name for name in EXPLAINED if name in kpis]
    return [name for name in known if all(intake.has(table) for table in kpis[name].tables)]


def usual_base(ws: Workspace, period: Period) -> str:
    """What a period is compared with by default: last year, or the period before without data of it."""
    covered = covered_by(ws)
    return "previous" if begins_late(ws, period.last_year, covered) else "last_year"


def explanation_of(
    ws: Workspace,
    kpis: Mapping[str, Kpi],
    name: str,
    period: Period,
    scope: Scope,
    against: str = "last_year",
    dimensions: Sequence[str] = (),
) -> RootCause:
    """Explain a KPI's change for a period that is already resolved; see `explain_change`."""
    if against == "plan":
        return plan_explanation(ws, kpis, period, scope)
    comparison = comparison_of(ws, name, kpis[name], period, against)
    whole, why_not = whole_of(ws, comparison)
    if whole is None:
        return RootCause.nothing(comparison.heading, scope, why_not)
    used, dropped = searched_dimensions(ws, comparison, dimensions)
    if not used:
        return _unsearched(ws, comparison, whole, scope, dropped)
    entries = entries_of(ws, comparison.period, comparison.base)
    leaves = leaves_of(ws, comparison, used, entries)
    search = search_ratios(leaves, comparison) if kpis[name].denominator else search_sums(leaves, comparison)
    told = bridge_of(ws, comparison, whole)
    searches = {"": search}
    if name == "net_sales":
        searches[LINES] = _line_search(ws, comparison, used, entries, leaves)
        discounts = _discount_search(ws, kpis, comparison, used, entries)
        searches |= {DISCOUNT: discounts} if discounts else {}
    return _composed(
        ws, comparison, whole, searches, leaves.apart, told, scope, (*dropped, *leaves.caveats, *told.caveats)
    )


def _unsearched(
    ws: Workspace, comparison: Comparison, whole: Whole, scope: Scope, caveats: Sequence[Caveat]
) -> RootCause:
    """An explanation by factors alone: there is no dimension over which the KPI's parts add up."""
    told = bridge_of(ws, comparison, whole)
    return replace(
        RootCause.nothing(comparison.heading, scope, (*caveats, *told.caveats)),
        now=whole.now,
        before=whole.before,
        change=whole.change,
        usual=0.0,
        verdict="unsearched",
        ledger=ledger_of(whole.change, told.bridge, None, pd.DataFrame(), {}, told.split, 1.0),
        bridge=told.bridge,
        drivers=told.drivers,
        split=told.split,
    )


def _line_search(
    ws: Workspace, comparison: Comparison, dimensions: Sequence[str], entries: Entries, amounts: Leaves
) -> Search:
    """Where the number of order lines moved, in what that did to net sales."""
    own = replace(comparison, kpi=ORDER_LINES)
    clumped = clumping(ws.facts().engine, comparison.period)
    return search_lines(leaves_of(ws, own, dimensions, entries), own, clumped, amounts)


def _discount_search(
    ws: Workspace,
    kpis: Mapping[str, Kpi],
    comparison: Comparison,
    dimensions: Sequence[str],
    entries: Entries,
) -> Search | None:
    """Where the discount rate moved, in what it took from net sales; None where none is recorded."""
    kpi = kpis.get("discount_rate")
    if kpi is None or not ws.facts().intake.has("sales"):
        return None
    own = replace(comparison, name="discount_rate", kpi=kpi, earlier=())
    leaves = leaves_of(ws, own, dimensions, entries)
    gross, before = (float(leaves.sums("denominator", one).sum()) for one in (own.period, own.base))
    if gross <= 0 or before <= 0:
        return None
    return in_money(search_ratios(leaves, own), -gross)


def _composed(
    ws: Workspace,
    comparison: Comparison,
    whole: Whole,
    searches: Mapping[str, Search],
    apart: Mapping[str, float],
    told: Bridged,
    scope: Scope,
    caveats: Sequence[Caveat],
) -> RootCause:
    main = searches[""]
    found = main.segments
    segments, parts, causes = _findings(ws, comparison, whole, searches)
    scale = 1.0 if comparison.kpi.denominator else comparison.kpi.scale
    return RootCause(
        **comparison.heading,
        now=whole.now,
        before=whole.before,
        change=whole.change,
        usual=main.usual * scale,
        verdict=_verdict(main, segments, len(comparison.earlier)),
        noise=found.noise,
        placebo=found.placebo,
        placebo_runs=found.placebo_runs,
        p_value=float(np.nanmin([found.p_value, *segments["p_value"]])),
        dimensions=found.dimensions,
        ledger=ledger_of(whole.change, told.bridge, main, segments, apart, told.split, scale),
        bridge=told.bridge,
        drivers=told.drivers,
        split=told.split,
        segments=segments,
        parts=parts,
        causes=causes,
        proposals=proposals_of(ws.policy, segments, parts, causes, scope, comparison.kpi, comparison.name),
        scope=scope,
        caveats=(*caveats, *_on_usual(comparison), *found.caveats),
    )


def _findings(
    ws: Workspace, comparison: Comparison, whole: Whole, searches: Mapping[str, Search]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Segments of all searches, what bounds them, and what each points at."""
    kpi = comparison.kpi
    segments, parts = together(searches, whole.change, max(abs(whole.now), abs(whole.before)))
    parts = named(ws, parts)
    causes = causes_of(ws, kpi, comparison.period, comparison.base, segments, parts)
    return segments, parts, fitting(causes, kpi)


def fitting(causes: pd.DataFrame, kpi: Kpi) -> pd.DataFrame:
    """Causes that can move a KPI of this kind: stock-outs move no market, a rival no complaint."""
    allowed = FITTING.get(kpi.dimension)
    if allowed is None:
        return causes
    kept = causes[causes["cause"].isin(allowed) | (causes["tag"] == "data")]
    ranks = kept.groupby("place").cumcount() + 1
    return kept.assign(rank=ranks).reset_index(drop=True)


def _verdict(search: Search, segments: pd.DataFrame, pairs: int) -> str:
    """The search's own, unless what all did lies within what it does from one time to the next."""
    if len(segments):
        return "segments"
    found = search.segments
    if found.verdict == "not_in_dimensions":
        return found.verdict
    if np.isfinite(search.whole_variance):
        moved = abs(np.log(max(found.trend_ratio, 1e-12)))
        certain = CERTAIN[min(max(pairs - 1, 1), max(CERTAIN))]
        return "everything_moved" if moved > certain * np.sqrt(search.whole_variance) else "noise"
    return "noise" if found.verdict == "segments" else found.verdict


def _on_usual(comparison: Comparison) -> list[Caveat]:
    """Whether there were earlier comparisons to tell what is usual, and how many."""
    if comparison.kpi.denominator:
        return []
    if not comparison.earlier:
        return [Caveat("usual_unknown", "warning", comparison.name, {"against": comparison.against})]
    severity = "note" if len(comparison.earlier) >= FEW_PAIRS else "warning"
    return [Caveat("usual_known", severity, comparison.name, {"pairs": len(comparison.earlier)})]
