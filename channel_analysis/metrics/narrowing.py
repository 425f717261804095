"""Narrowing: the rows of a workspace that are about one region, channel or owner, under the same names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..contracts.policy import Policy
from ..contracts.tables import TABLES
from ..store.engine import literal, quoted
from ..store.intake import register_tables
from ..store.workspace import Workspace
from .facts import fact_columns

DIMENSIONS = ("region", "channel_family", "channel_type", "owner")
"""What a workspace can be narrowed to."""

COMMON = ("products",)
"""Tables that every part of the company shares."""

WHOLE = "whole_"
"""Prefix of the views with all rows, beside the narrowed ones."""

_JOINS = {
    "partner": f"LEFT JOIN {WHOLE}partners AS pa ON pa.partner_id = t.partner_id",
    "participant": f"LEFT JOIN {WHOLE}partners AS pa ON t.participant_kind = 'partner' "
    "AND pa.partner_id = t.participant_id",
}


def narrowed(ws: Workspace, where: Mapping[str, str]) -> Workspace:
    """The workspace as if it held no other rows than those about what `where` names.

    A row belongs where KPIs by region or channel type count it. An owner has the rows of the partners
    that he or she looks after, and those credited to him or her that name no such partner. Rows that
    name nobody are left out, such as costs of the whole company. Targets set for what `where` names
    become the company's. Products are everybody's. The data are taken in, and judged, as a whole.

    Parameters
    ----------
    where : mapping of str to str
        Names of `DIMENSIONS` with a value each; the same workspace when empty.
    """
    if not where:
        return ws
    whole = ws.whole.facts()
    own = replace(ws.whole, where=dict(where), _whole=ws.whole, _facts=None, _engine=None)
    engine = own.engine
    register_tables(engine, whole.intake, whole.folder, WHOLE)
    for name in TABLES:
        engine.register(name, _rows_sql(name, where, ws.policy))
    own._facts = replace(whole, engine=engine)
    return own


def belongs_to(name: str, dimension: str, policy: Policy) -> tuple[str, str]:
    """SQL of what a table's row (`t`) belongs to, and the join it needs; NULL where a table cannot tell."""
    if dimension == "owner":
        return _owner(name)
    expression, join = fact_columns(TABLES[name], policy).get(dimension, ("NULL", ""))
    return expression, _JOINS.get(join, "")


def _owner(name: str) -> tuple[str, str]:
    """Who looks after a row's partner, else who is credited with the row or answers for it."""
    columns = TABLES[name].column_names
    if name == "programmes":
        staff = "CASE WHEN t.participant_kind = 'staff' THEN t.participant_id END"
        return f"COALESCE(pa.owner_id, {staff})", _JOINS["participant"]
    own = [f"t.{one}" for one in ("owner_id", "rep_id", "staff_id") if one in columns]
    if "partner_id" not in columns or "owner_id" in columns:
        return (own or ["NULL"])[0], ""
    return f"COALESCE({', '.join(['pa.owner_id', *own])})", _JOINS["partner"]


def _rows_sql(name: str, where: Mapping[str, str], policy: Policy) -> str:
    columns = [f"t.{quoted(column)}" for column in TABLES[name].column_names]
    if name in COMMON:
        return f"SELECT {', '.join(columns)} FROM {WHOLE}{name} AS t"
    found = {dimension: belongs_to(name, dimension, policy) for dimension in where}
    condition = " AND ".join(f"{found[one][0]} = {literal(value)}" for one, value in where.items())
    joins = " ".join(dict.fromkeys(join for _, join in found.values() if join))
    if name == "partners":  # those of others too that sold here
        condition = f"({condition}) OR t.partner_id IN (SELECT partner_id FROM sales)"
    rows = f"FROM {WHOLE}{name} AS t {joins} WHERE {condition}"
    sql = f"SELECT {', '.join(columns)} {rows}"
    return f"{sql} UNION ALL {_as_company(columns, rows, where)}" if name == "targets" else sql


def _as_company(columns: list[str], rows: str, where: Mapping[str, str]) -> str:
    """Targets set for the very thing that is left, as the company's of what is left."""
    said = {"target_id": "t.target_id || ' (all)' AS target_id", "level": "'company' AS level"}
    selected = ", ".join(said.get(column.split('"')[1], column) for column in columns)
    dimension = next(iter(where))
    level = {"owner": "rep"}.get(dimension, dimension)
    return f"SELECT {selected} {rows} AND {f't.level = {literal(level)}' if len(where) == 1 else 'FALSE'}"
