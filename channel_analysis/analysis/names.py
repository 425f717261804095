"""Readable names of entities and KPIs, from the policy, the definitions and the tables that hold them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from ..errors import refuse
from ..metrics.facts import UNASSIGNED
from ..metrics.kpis import Kpi
from ..store.engine import literal
from ..store.workspace import Workspace
from ..words import Words, check_language
from ..words import words as words_of

_TABLES = {
    "partner": ("partners", "partner_id", "partner_name"),
    "rep": ("staff", "staff_id", "staff_name"),
    "customer": ("customers", "customer_id", "customer_name"),
}
"""Levels whose names stand in a table: the table, its key and its column of names."""


def with_names(ws: Workspace, values: pd.DataFrame, kpis: Mapping[str, Kpi], language: str) -> pd.DataFrame:
    """KPI values with two more columns: `name` beside the entity and `kpi_name` beside the KPI.

    Raises
    ------
    InputError
        When there is no such language.
    """
    refuse(check_language(language))
    words = words_of(language)
    name = pd.Series(index=values.index, dtype=object)
    for level, rows in values.groupby("level", observed=True):
        known = _names(ws, str(level), words)
        entities = rows["entity"]
        name[rows.index] = entities.map(known).where(entities.isin(known), entities)
    labels = {kpi: words.label(kpis[kpi].label, kpi) for kpi in values["kpi"].unique()}
    named = values.assign(name=name, kpi_name=values["kpi"].map(labels))
    order = [
        column
        for given in values.columns
        for column in (given, *{"entity": ["name"], "kpi": ["kpi_name"]}.get(given, []))
    ]
    return named.loc[:, order]


def names_of(ws: Workspace, level: str, ids: Iterable[str]) -> dict[str, str]:
    """Names of some partners, reps or customers by their ids, as far as their table gives any."""
    table, key, column = _TABLES[level]
    wanted = ", ".join(literal(name) for name in sorted(set(ids)))
    if not wanted:
        return {}
    found = ws.facts().engine.query(
        f"SELECT {key} AS k, {column} AS v FROM {table} WHERE {column} IS NOT NULL AND {key} IN ({wanted})"
    )
    return dict(zip(found["k"].to_pylist(), found["v"].to_pylist(), strict=True))


def _names(ws: Workspace, level: str, words: Words) -> dict[str, str]:
    """Names of a level's entities, as far as there are any."""
    known = {UNASSIGNED: words("entity.unassigned")}
    if level == "company":
        known[""] = ws.settings.company.name or words("entity.company")
    elif level == "channel_type":
        known |= {name: words.label(rule.label, name) for name, rule in ws.policy.channel_types.items()}
    elif level == "channel_family":
        known |= {name: words(f"entity.family.{name}") for name in ("direct", "indirect")}
    elif level in _TABLES:
        table, key, column = _TABLES[level]
        found = ws.facts().engine.query(
            f"SELECT {key} AS k, {column} AS v FROM {table} WHERE {column} IS NOT NULL"
        )
        known |= dict(zip(found["k"].to_pylist(), found["v"].to_pylist(), strict=True))
    else:
        labels = ws.policy.labels.get(level, {})
        known |= {value: words.label(label, value) for value, label in labels.items()}
    return known
