"""Leads: how many were won, by count and by value, and which sources, channel types and reps differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ...appraisals import Leads
from ...words import Words
from ..blocks import Block, Column, Prose, Section, Table
from .wording import channel_name, value_name

SHOWN = 25
"""Rows of a table on the page; the saved table has them all."""

IN_PLACE = ("no_leads", "no_leads_in_period")
"""Caveats that stand in place of the section."""

DIMENSIONS = ("source", "channel_type", "rep")

Row = Mapping[Any, Any]


def leads(result: Leads, words: Words) -> Section:
    """What became of leads all together, who differs beyond chance, then every source, type and rep."""
    title = words("part.leads")
    instead = next((c.code for c in result.caveats if c.code in IN_PLACE), "")
    if instead:
        text = words(f"leads.{instead}", period=words.period(result.scope.period))
        return Section("leads", title, (Prose(text),), "line")
    blocks: list[Block] = [Prose(_lead(result, words), "lead")]
    blocks += [Prose(text) for text in (*_open(result, words), *_apart(result, words))]
    blocks.append(Prose(words("leads.how", rate=words.share(result.false_discovery_rate, 0)), "note"))
    blocks += [Prose(text, kind) for text, kind in _caveats(result, words)]
    codes = {caveat.code for caveat in result.caveats}
    wanted = [name for name in DIMENSIONS if name != "source" or "no_lead_sources" not in codes]
    return Section("leads", title, (*blocks, *(_table(result, name, words) for name in wanted)))


def _lead(result: Leads, words: Words) -> str:
    whole = result.total.iloc[0]
    numbers = {
        "period": words.period(result.scope.period),
        "won": words.number(whole["won"]),
        "closed": words.number(whole["closed"]),
        "rate": _rate(whole.to_dict(), words),
    }
    if not whole["closed"]:
        return words("leads.lead_none", **numbers)
    if whole["value_rate"] != whole["value_rate"]:
        return words("leads.lead_no_value", **numbers)
    amount = words.amount(float(whole["value_won"]), result.scope.currency)
    return words("leads.lead", by_value=words.share(whole["value_rate"], 0), amount=amount, **numbers)


def _open(result: Leads, words: Words) -> list[str]:
    whole = result.total.iloc[0]
    if not whole["open"]:
        return []
    days = words.number(whole["open_age"])
    return [words("leads.open", count=words.number(whole["open"]), days=days)]


def _apart(result: Leads, words: Words) -> list[str]:
    """Who differs from the others beyond chance, with the rate that leads alike let expect."""
    told = []
    for verdict in ("better", "worse"):
        rows = result.groups[result.groups["verdict"] == verdict].to_dict("records")
        named = [
            words(
                "leads.named",
                name=_name(row, result, words),
                rate=words.share(row["win_rate"], 0),
                expected=words.share(row["expected_rate"], 0),
            )
            for row in rows
        ]
        if named:
            told.append(words(f"leads.{verdict}", names=words.join(named)))
    return told or [words("leads.nobody")]


def _name(row: Row, result: Leads, words: Words) -> str:
    """A source, channel type or rep as the reader knows it."""
    if not row["entity"]:
        return words("leads.not_named")
    if row["dimension"] == "channel_type":
        return channel_name(words, result.scope, row["entity"])
    if row["dimension"] == "source":
        return value_name(words, result.scope, "source", row["entity"])
    return str(row["name"]) if isinstance(row["name"], str) else str(row["entity"])


def _caveats(result: Leads, words: Words) -> list[tuple[str, str]]:
    told = []
    for caveat in result.caveats:
        numbers = {name: words.number(value) for name, value in (caveat.numbers or {}).items()}
        told.append((words(f"leads.{caveat.code}", **numbers), caveat.severity))
    return told


def _table(result: Leads, dimension: str, words: Words) -> Table:
    """The groups of a dimension, most value won first, and all together; reps folded."""
    groups = result.groups[result.groups["dimension"] == dimension]
    rows = [*groups.head(SHOWN).to_dict("records"), *result.total.to_dict("records")]
    heads = [_name(row, result, words) for row in rows[:-1]]
    money = words.money_unit([row["value_won"] for row in rows], result.scope.currency)
    won = words("column.with_unit", name=words("column.value_won"), unit=money.name)
    columns = (
        Column(words(f"column.lead_{dimension}"), (*heads, words("leads.all")), False),
        _numbers("created", rows, words),
        _numbers("closed", rows, words),
        _numbers("won", rows, words),
        Column(words("column.lead_rate"), tuple(_rate(row, words) for row in rows)),
        Column(words("column.expected_rate"), tuple(_expected(row, words) for row in rows)),
        Column(words("column.against_others"), tuple(_verdict(row, words) for row in rows), False),
        Column(won, tuple(words.money(row["value_won"], money) for row in rows)),
        Column(words("column.value_rate"), tuple(_rate(row, words, "value_") for row in rows)),
        _numbers("open", rows, words),
        _numbers("open_age", rows, words),
        _numbers("days_to_close", rows, words),
    )
    more = len(groups) - (len(rows) - 1)
    notes = (words("leads.more", count=words.number(more)),) if more else ()
    caption = words(f"caption.leads_{dimension}", period=words.period(result.scope.period))
    folded = words("fold.leads_rep") if dimension == "rep" else ""
    return Table(f"leads_{dimension}", caption, columns, notes, (len(rows) - 1,), folded)


def _numbers(name: str, rows: list[dict[Any, Any]], words: Words) -> Column:
    return Column(words(f"column.lead_{name}"), tuple(words.number(row[name]) for row in rows))


def _rate(row: Row, words: Words, prefix: str = "") -> str:
    """The share won, by count or by value, with its interval."""
    share = row["value_rate" if prefix else "win_rate"]
    if pd.isna(share):
        return words("none")
    low, high = (words.share(row[f"{prefix}{end}"], 0) for end in ("low", "high"))
    return words("leads.rate", share=words.share(share, 0), range=words("range", low=low, high=high))


def _expected(row: Row, words: Words) -> str:
    return words.share(row.get("expected_rate", float("nan")), 0)


def _verdict(row: Row, words: Words) -> str:
    """What is said against the others; all together have none."""
    if "verdict" not in row:
        return words("none")
    return words(f"leads.verdict.{row['verdict'] or 'alike'}")
