"""Which KPIs can be computed, and what others lack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...summaries import KpiGaps
from ...words import Words
from ..blocks import Column, Prose, Section, Table
from .wording import kpi_name


def kpi_gaps(result: KpiGaps, words: Words) -> Section:
    """KPIs with gaps first; one line where every KPI is there for every channel type."""
    title, table = words("part.kpi_gaps"), result.kpis
    is_whole = (table["status"] == "ok") & (table["measured"] == table["total"])
    if is_whole.all():
        return Section(
            "kpi_gaps", title, (Prose(words("kpi_gaps.none", count=words.number(len(table)))),), "line"
        )
    rows = table[~is_whole].sort_values("status", key=lambda s: s == "ok", kind="stable").to_dict("records")
    lacking = int((table["status"] != "ok").sum())
    numbers = {"all": words.number(len(table)), "lacking": words.number(lacking)}
    lead = words("kpi_gaps.lead", partly=words.number(len(rows) - lacking), **numbers)
    columns = (
        Column("KPI", tuple(kpi_name(words, result.scope, r["kpi"]) for r in rows), False),
        Column(words("kpi_gaps.company"), tuple(words(f"status.{r['status']}") for r in rows), False),
        Column(words("kpi_gaps.types"), tuple(_types(r, words) for r in rows)),
        Column(words("kpi_gaps.missing"), tuple(_missing(r, words) for r in rows), False),
    )
    caption = words("kpi_gaps.caption", n=words.number(len(rows)), period=words.period(result.scope.period))
    return Section("kpi_gaps", title, (Prose(lead, "lead"), Table("kpi_gaps_table", caption, columns)))


def _types(row: Mapping[Any, Any], words: Words) -> str:
    return words("kpi_gaps.of", n=words.number(row["measured"]), all=words.number(row["total"]))


def _missing(row: Mapping[Any, Any], words: Words) -> str:
    names = [name for name in str(row["missing"]).split(",") if name]
    return words.join(words(f"table.{name}") for name in names) or words("none")
