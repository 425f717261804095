"""Tables of a partner's sheet: the points of its score, which add up as shown, and its open measures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ...sheets import PartnerSheet
from ...words import Words
from ..blocks import Column, Table
from .measures_decided import day_text
from .root_cause_wording import told
from .wording import kpi_name, kpi_text, value_name, with_texts

CAP = "(cap)"
"""Stands for a KPI in the row of what a cap takes away."""

Row = Mapping[Any, Any]


def points_table(result: PartnerSheet, words: Words) -> Table:
    """KPIs with what was measured, the target, what is typical of others, weight and points."""
    rows = result.points.to_dict("records")
    is_scored = result.partner["status"] == "ok"
    kpis = [row for row in rows if row["kpi"] != CAP]
    shown = adjusted([row["points"] for row in rows], result.partner["score"]) if is_scored else []
    points = [words.number(v, 1) for v in shown] or [words("none")] * len(rows)
    names = [
        words("sheet.cap_row") if r["kpi"] == CAP else kpi_name(words, result.scope, r["kpi"]) for r in rows
    ]
    cells = {
        "measured": [_value(r, "measured", result, words) for r in rows],
        "counted": [_counted(r, result, words) for r in rows],
        "target": [_value(r, "target", result, words) for r in rows],
        "others": [_value(r, "peers", result, words) for r in rows],
        "weight": [_weight(r, words) for r in rows],
        "points": points,
    }
    if is_scored:
        names.append(words("sheet.total_row"))
        for name, texts in cells.items():
            texts.append(words.number(result.partner["score"], 1) if name == "points" else "")
    heading = {"target": words("column.target")} | {
        name: words(f"sheet.column.{name}") for name in cells if name != "target"
    }
    columns = [Column("KPI", tuple(names), False)]
    columns += [Column(heading[name], tuple(texts)) for name, texts in cells.items()]
    if not any(text for text in cells["counted"]):
        columns = [column for column in columns if column.heading != heading["counted"]]
    key = "sheet.caption.score" if is_scored else "sheet.caption.score_none"
    numbers = {"n": words.number(len(kpis)), "score": words.number(result.partner["score"], 1)}
    strong = (len(rows),) if is_scored else ()
    return Table("points", words(key, **numbers), tuple(columns), _notes(kpis, result, words), strong)


def adjusted(values: Sequence[float], total: float, decimals: int = 1) -> list[float]:
    """Values rounded up or down so that, as shown, they add up to the total as shown; NaN stays.

    Examples
    --------
    >>> adjusted([1.04, 1.04, 1.04], 3.12)
    [1.1, 1.0, 1.0]
    """
    unit = 10**decimals
    scaled = {place: value * unit for place, value in enumerate(values) if not math.isnan(value)}
    floors = {place: math.floor(round(value, 6)) for place, value in scaled.items()}
    lacking = round(round(total, decimals) * unit) - sum(floors.values())
    by_rest = sorted(scaled, key=lambda place: (floors[place] - scaled[place], place))
    raised = set(by_rest[: max(lacking, 0)])
    return [
        (floors[place] + (place in raised)) / unit if place in floors else value
        for place, value in enumerate(values)
    ]


def _value(row: Row, name: str, result: PartnerSheet, words: Words) -> str:
    if row["kpi"] == CAP:
        return ""
    unit = result.scope.names.units.get(row["kpi"], "ratio")
    return kpi_text(words, unit, float(row[name]), currency=result.scope.currency)


def _counted(row: Row, result: PartnerSheet, words: Words) -> str:
    """The value that counts, where it is shown as another than what was measured."""
    said = _value(row, "value", result, words)
    return "" if said == _value(row, "measured", result, words) else said


def _weight(row: Row, words: Words) -> str:
    weight = row["effective_weight"]
    return "" if row["kpi"] == CAP else words.share(weight) if weight > 0 else words("none")


def _notes(rows: Sequence[Row], result: PartnerSheet, words: Words) -> tuple[str, ...]:
    """Which KPIs could not be measured, and why."""
    left = [row for row in rows if row["status"] != "ok"]
    if not left:
        return ()
    named = [
        words(
            "sheet.unscored_kpi",
            kpi=kpi_name(words, result.scope, row["kpi"]),
            reason=words(f"status.{row['status']}"),
        )
        for row in left
    ]
    key = "sheet.unscored_kpis" if result.partner["status"] == "ok" else "sheet.unmeasured_kpis"
    return (words(key, kpis=words.join(named)),)


def measures_table(result: PartnerSheet, words: Words) -> Table:
    """What was decided about the partner and is not done: by whom, until when."""
    rows = result.measures.to_dict("records")
    columns = (
        Column(words("measures.column.measure"), tuple(_measure(r, result, words) for r in rows), False),
        Column(words("column.owner"), tuple(told(r["owner"]) or words("none") for r in rows), False),
        Column(words("measures.column.due"), tuple(day_text(r["due"], words) for r in rows), False),
        Column(
            words("measures.column.state"), tuple(words(f"measures.state.{r['state']}") for r in rows), False
        ),
        Column(words("measures.column.id"), tuple(str(r["measure_id"]) for r in rows), False),
    )
    caption = words("sheet.caption.measures", n=words.number(len(rows)))
    strong = tuple(place for place, row in enumerate(rows) if row["state"] == "overdue")
    return Table("open_measures", caption, with_texts(words, columns), strong=strong)


def _measure(row: Row, result: PartnerSheet, words: Words) -> str:
    """The catalogue's name of a measure; what a person wrote is for the account manager only."""
    if row["measure"]:
        return told(value_name(words, result.scope, "measure", row["measure"]))
    return told(row["title"]) if result.rules.audience == "internal" else words("sheet.own_words")
