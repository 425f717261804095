"""What needs no search in a change: products listed or taken off, partners that began, reps replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from ..metrics.facts import UNASSIGNED
from ..metrics.handover import served_points
from ..metrics.periods import Period
from ..store.workspace import Workspace

RANGE, NEW_PARTNERS = "range", "new_partners"

MOST_OF_ACCOUNTS = 0.5
"""A successor serves at least this share of what the one before served."""


@dataclass(frozen=True, slots=True)
class Entries:
    """Ids set apart by what they are set apart for, and per rep that left the one who took over."""

    apart: Mapping[str, tuple[str, frozenset[str]]]
    successors: Mapping[str, str]


def entries_of(ws: Workspace, period: Period, base: Period) -> Entries:
    """What changed by decision between the start of the base and the end of the period."""
    apart = {
        RANGE: ("product", _ids(ws, "products", "product_id", ("listed_from", "listed_to"), period, base)),
        NEW_PARTNERS: ("partner", _ids(ws, "partners", "partner_id", ("contract_start",), period, base)),
    }
    return Entries({name: one for name, one in apart.items() if one[1]}, successors(ws, period, base))


def _ids(
    ws: Workspace, table: str, key: str, dates: tuple[str, ...], period: Period, base: Period
) -> frozenset[str]:
    if not ws.facts().intake.has(table):
        return frozenset()
    between = [f"({name} > DATE '{base.start}' AND {name} < DATE '{period.end}')" for name in dates]
    query = f"SELECT DISTINCT {key} AS id FROM {table} WHERE {' OR '.join(between)}"
    return frozenset(ws.facts().engine.query(query)["id"].to_pylist())


def successors(ws: Workspace, period: Period, base: Period) -> dict[str, str]:
    """Per rep with sales in the base and none now, the newcomer who serves most of the same accounts."""
    if not ws.facts().intake.has("sales"):
        return {}
    served = served_points(ws.facts().engine, period, base)
    served = served[served["rep"] != UNASSIGNED]
    before, now = served[served["before"] > 0], served[served["now"] > 0]
    left = before[~before["rep"].isin(now["rep"])]
    came = now[~now["rep"].isin(before["rep"])]
    both = left.merge(came, on="point", suffixes=("", "_new"))
    if both.empty:
        return {}
    shared = both.groupby(["rep", "rep_new"], sort=True)["before"].sum().reset_index()
    whole = left.groupby("rep")["before"].sum()
    best = shared.sort_values(["rep", "before"], ascending=[True, False], kind="stable").drop_duplicates(
        "rep"
    )
    enough = best["before"] >= MOST_OF_ACCOUNTS * best["rep"].map(whole)
    return dict(zip(best.loc[enough, "rep"], best.loc[enough, "rep_new"], strict=True))


def team_of(ws: Workspace) -> pd.Series:
    """Teams by member of staff."""
    if not ws.facts().intake.has("staff"):
        return pd.Series(dtype=object)
    table = ws.facts().engine.query("SELECT staff_id, team FROM staff WHERE team IS NOT NULL").to_pandas()
    return table.set_index("staff_id")["team"]
