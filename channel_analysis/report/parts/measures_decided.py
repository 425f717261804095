"""Measures decided before: overdue, open, done, and what they brought as far as it can be told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from ...results import Scope
from ...rootcauses import MeasureReview
from ...words import Words
from ..blocks import Block, Column, Prose, Section, Table
from .root_cause_wording import DECIMALS, part_name, told
from .wording import kpi_name, value_name, with_texts

SHOWN = 20
"""Rows of a table on the page; the saved tables have every measure."""

STATES = ("overdue", "open", "done", "dropped")

Row = Mapping[Any, Any]


def measures_decided(result: MeasureReview, words: Words) -> Section:
    """How many are overdue, open and done, and each with what it brought; one line where there is none."""
    title, table = words("part.decisions"), result.measures
    notes = [
        Prose(words(f"measures.caveat.{one.code}", **_numbers(one, words)), "note") for one in result.caveats
    ]
    if not len(table):
        text = words("measures.none_decided")
        return Section("decisions", title, (Prose(text), *notes), "section" if notes else "line")
    counts = table["state"].value_counts()
    numbers = {state: words.number(int(counts.get(state, 0))) for state in STATES}
    lead = words("measures.decided", n=len(table), count=words.number(len(table)), **numbers)
    blocks: list[Block] = [Prose(lead, "lead"), _table(result, words)]
    if (table["effect_verdict"] == "told").any():
        blocks.append(Prose(words("measures.how_effect"), "note"))
    return Section("decisions", title, (*blocks, *notes))


def _numbers(caveat: Any, words: Words) -> dict[str, Any]:
    numbers = dict(caveat.numbers or {})
    return {**numbers, "count": words.number(numbers.get("n", float("nan")))}


def _table(result: MeasureReview, words: Words) -> Table:
    scope, rows = result.scope, result.measures.head(SHOWN).to_dict("records")
    columns = (
        Column(words("measures.column.measure"), tuple(measure_name(r, scope, words) for r in rows), False),
        Column(words("measures.column.segment"), tuple(segment_text(r, scope, words) for r in rows), False),
        Column(words("column.owner"), tuple(told(r["owner"]) or words("none") for r in rows), False),
        Column(words("measures.column.due"), tuple(day_text(r["due"], words) for r in rows), False),
        Column(words("measures.column.state"), tuple(_state(r, words) for r in rows), False),
        Column(
            words("measures.column.expected"),
            tuple(change_text(r["expected_amount"], r["kpi"], scope, words) for r in rows),
        ),
        Column(words("measures.column.effect"), tuple(_effect(r, scope, words) for r in rows), False),
    )
    strong = tuple(place for place, row in enumerate(rows) if row["state"] == "overdue")
    caption = words("measures.caption.decided", period=words.period(scope.period))
    return Table(
        "measures_decided",
        caption,
        with_texts(words, columns),
        more_notes(len(result.measures), words),
        strong,
    )


def more_notes(count: int, words: Words) -> tuple[str, ...]:
    """How many rows are in the saved table alone."""
    return (words("measures.more", n=words.number(count - SHOWN)),) if count > SHOWN else ()


def measure_name(row: Row, scope: Scope, words: Words) -> str:
    """A measure by the catalogue's label, or in the words of who decided it."""
    code = str(row["measure"])
    return told(value_name(words, scope, "measure", code) if code else row["title"]) or words("none")


def segment_text(row: Row, scope: Scope, words: Words) -> str:
    """A measure's segment by the names of its parts."""
    parts = [
        part_name(scope, words, {"dimension": dimension, "value": value, "name": name})
        for dimension, value, name in json.loads(str(row["parts"]))
    ]
    return words.join(parts) if parts else words("entity.company")


def day_text(day: object, words: Words) -> str:
    """A date, or that there is none."""
    return words("none") if day is None or pd.isna(day) else words.date(day)  # type: ignore[arg-type]


def change_text(value: float, kpi: object, scope: Scope, words: Words) -> str:
    """A change of a KPI with its sign and unit, such as +1.2 million CNY or −2.0 points."""
    unit = scope.names.units.get(str(kpi), "")
    if unit == "money":
        return words.amount(value, scope.currency, signed=True)
    if unit == "share":
        return words.signed_points(value)
    return words.signed(value, DECIMALS.get(unit, 2))


def kpi_text_of(kpi: object, scope: Scope, words: Words) -> str:
    """A KPI's name as shown."""
    return told(kpi_name(words, scope, str(kpi)))


def _state(row: Row, words: Words) -> str:
    said = words(f"measures.state.{row['state']}")
    if row["closed_on"] is None or pd.isna(row["closed_on"]):
        return said
    return words("measures.closed", state=said, date=words.date(row["closed_on"]))


def _effect(row: Row, scope: Scope, words: Words) -> str:
    """The effect with its interval and KPI; or that it cannot be told, and why."""
    verdict, reason = str(row["effect_verdict"]), str(row["effect_reason"])
    if verdict != "told":
        known = words.has(f"measures.reason.{reason}")
        why = words(f"measures.reason.{reason}") if known else told(reason)
        return words(f"measures.{verdict}", reason=why)
    ends = [change_text(row[f"effect{end}"], row["proof_kpi"], scope, words) for end in ("", "_low", "_high")]
    is_sure = row["effect_low"] > 0 or row["effect_high"] < 0
    said = words(
        "measures.effect" if is_sure else "measures.effect_unsure",
        kpi=kpi_text_of(row["proof_kpi"], scope, words),
        value=ends[0],
        range=words("range", low=ends[1], high=ends[2]),
        n=words.number(row["comparable"]),
    )
    return words("measures.shared", effect=said) if reason == "shared" else said
