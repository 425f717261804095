"""What is behind segments that moved: evidence is fetched, hypotheses are judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from ..methods.rootcause.case import Case
from ..methods.rootcause.causes import COLUMNS, causes_of_cases
from ..methods.rootcause.causes_offer import dry_runs
from ..metrics import evidence
from ..metrics.kpis import Kpi
from ..metrics.periods import Period
from ..store.workspace import Workspace
from .change_entries import successors

MOST = 12
"""So many segments are looked into, the first of the list."""

SALES = ("day", "all_days", "product_id", "partner_id", "rep_id", "orders", "all_orders", "set_aside")
"""Evidence told by lines of sales."""


TENURE = "tenure"
"""A dimension that is no column: accounts handed over to newcomers between base and period."""


@dataclass(frozen=True, slots=True)
class _Asked:
    ws: Workspace
    period: Period
    base: Period
    places: tuple[Mapping[str, tuple[str, ...]], ...]


def causes_of(
    ws: Workspace, kpi: Kpi, period: Period, base: Period, segments: pd.DataFrame, parts: pd.DataFrame
) -> pd.DataFrame:
    """Judge what may be behind each segment's change, against what happened outside of it.

    Parameters
    ----------
    segments, parts : DataFrame
        As those of `RootCause`; at most the first twelve segments are looked into.

    Returns
    -------
    DataFrame
        As `RootCause.causes`; amounts only where the KPI is money made of sales. Hypotheses that the
        data refute are there too, those they cannot speak on are not.
    """
    chosen = segments.head(MOST)
    if chosen.empty or not ws.facts().intake.has("sales"):
        return pd.DataFrame(columns=list(COLUMNS))
    asked = _Asked(ws, period, base, _places(ws, chosen["place"], parts, period, base))
    frames, told = _frames(asked)
    in_money = kpi.unit == "money" and kpi.tables == ["sales"]
    direction = -1.0 if kpi.better == "lower" and not in_money else 1.0
    factors = chosen["factor"] if "factor" in chosen else [""] * len(chosen)
    cases = [
        Case(
            place=int(row["place"]),
            number=number,
            contribution=float(row["contribution"]) * direction,
            low=float(row["low"]),
            high=float(row["high"]),
            factor=str(factor),
            where=asked.places[number],
            frames=frames,
            is_told=frozenset(name for name, is_told in told.items() if is_told[number]),
            in_money=in_money,
        )
        for number, (row, factor) in enumerate(zip(chosen.to_dict("records"), factors, strict=True))
    ]
    return causes_of_cases(cases)


def _places(
    ws: Workspace, places: Iterable[int], parts: pd.DataFrame, period: Period, base: Period
) -> tuple[Mapping[str, tuple[str, ...]], ...]:
    """Per segment the values of each dimension; a rep stands for those whose accounts were taken over."""
    handed = successors(ws, period, base) if parts["dimension"].isin(["rep", TENURE]).any() else {}
    return tuple(_values(parts[parts["place"] == place], handed) for place in places)


def _values(own: pd.DataFrame, handed: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    told = zip(own["dimension"], own["value"], strict=True)
    values: dict[str, tuple[str, ...]] = {str(name): (str(value),) for name, value in told}
    if values.pop(TENURE, None) and "rep" not in values:
        values["rep"] = tuple(sorted({*handed, *handed.values()})) or ("",)
    elif "rep" in values:
        rep = values["rep"][0]
        values["rep"] = (rep, *sorted(old for old, new in handed.items() if new == rep))
    return values


def _frames(asked: _Asked) -> tuple[dict[str, pd.DataFrame], dict[str, list[bool]]]:
    """Evidence by name, and per name which segments it tells."""
    ws, period, base, places = asked.ws, asked.period, asked.base, asked.places
    engine, has = ws.facts().engine, ws.facts().intake.has
    told_apart = (engine, places, period, base, ws.policy)
    frames = evidence.sales_evidence(*told_apart) | evidence.order_squares(*told_apart)
    if ws.facts().intake.account("sales").rows_set_aside:
        frames["set_aside"] = evidence.set_aside(*told_apart)
    told = {name: evidence.covered("sales", places, ws.policy) for name in SALES if name in frames}
    for name, fetch in (
        ("market", evidence.market_evidence),
        ("leads", evidence.lead_evidence),
        ("visits", evidence.visit_evidence),
    ):
        if has(name):
            frames[name] = fetch(*told_apart)
            told[name] = evidence.covered(name, places, ws.policy)
    return frames | _registers(asked), told


def _registers(asked: _Asked) -> dict[str, pd.DataFrame]:
    """Evidence that is not told by segment: reps, partners, products, dry runs."""
    engine, has = asked.ws.facts().engine, asked.ws.facts().intake.has
    period, base = asked.period, asked.base
    found = {"dry_runs": _dry_runs(asked)}
    if has("staff"):
        found["reps"] = _reps(asked)
    if has("partners"):
        found["partners"] = evidence.partner_states(engine, period, base)
    if has("products"):
        found["products"] = evidence.product_register(engine, period, base)
    return found


def _dry_runs(asked: _Asked) -> pd.DataFrame:
    engine, period, base = asked.ws.facts().engine, asked.period, asked.base
    days = evidence.product_days(engine, period, base)
    start, end, *of_base = (pd.Timestamp(d) for d in (period.start, period.end, base.start, base.end))
    return dry_runs(days, start, end, (of_base[0], of_base[1]), evidence.empty_shelves(engine, period))


def _reps(asked: _Asked) -> pd.DataFrame:
    """Reps with whether they began after the base began, and whether they left before the period ended."""
    reps = evidence.rep_dates(asked.ws.facts().engine)
    start, end = (pd.to_datetime(reps[name]) for name in ("start_date", "end_date"))
    is_new = (start >= pd.Timestamp(asked.base.end)) & (start < pd.Timestamp(asked.period.end))
    has_left = (end >= pd.Timestamp(asked.base.start)) & (end < pd.Timestamp(asked.period.last_day))
    return reps.assign(is_new=is_new, has_left=has_left)
