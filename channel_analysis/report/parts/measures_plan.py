"""Measures proposed: what is to be done about which segment, by whom, until when, and what will prove it."""

from __future__ import annotations

from ...rootcauses import MeasurePlan
from ...words import Words
from ..blocks import Block, Column, Prose, Section, Table
from .measures_decided import (
    SHOWN,
    Row,
    change_text,
    day_text,
    kpi_text_of,
    measure_name,
    more_notes,
    segment_text,
)
from .root_cause_wording import own_words, told
from .wording import with_texts

COMPLETE = "channel-analysis measures complete"
"""The command that gives a proposal its owner."""


def measures_plan(result: MeasurePlan, words: Words) -> Section:
    """What is proposed, and what lacks an owner; one line where nothing is."""
    title, table = words("part.measures"), result.proposals
    if not len(table):
        return Section("measures", title, (Prose(words("measures.none_proposed")),), "line")
    lacking = int((table["state"] == "proposed").sum())
    numbers = {"n": len(table), "count": words.number(len(table))}
    blocks: list[Block] = [Prose(words("measures.proposed", **numbers), "lead")]
    if lacking:
        count = words.number(lacking)
        blocks.append(Prose(words("measures.lacking", n=lacking, count=count, command=COMPLETE)))
    blocks += [_table(result, words), Prose(words("measures.how_expected"), "note")]
    return Section("measures", title, tuple(blocks))


def _table(result: MeasurePlan, words: Words) -> Table:
    scope, rows = result.scope, result.proposals.head(SHOWN).to_dict("records")
    columns = (
        Column(words("measures.column.measure"), tuple(measure_name(r, scope, words) for r in rows), False),
        Column(words("measures.column.segment"), tuple(segment_text(r, scope, words) for r in rows), False),
        Column(words("measures.column.because"), tuple(_because(r, words) for r in rows), False),
        Column(words("column.owner"), tuple(_owner(r, words) for r in rows), False),
        Column(words("measures.column.due"), tuple(day_text(r["due"], words) for r in rows), False),
        Column(
            words("measures.column.expected"),
            tuple(change_text(r["expected_amount"], r["kpi"], scope, words) for r in rows),
        ),
        Column(
            words("measures.column.proof"),
            tuple(kpi_text_of(r["proof_kpi"], scope, words) for r in rows),
            False,
        ),
        Column(words("measures.column.id"), tuple(str(r["measure_id"]) for r in rows), False),
    )
    caption = words("measures.caption.plan", period=words.period(scope.period))
    return Table(
        "measures_plan", caption, with_texts(words, columns), more_notes(len(result.proposals), words)
    )


def _because(row: Row, words: Words) -> str:
    if not row["cause"]:  # the first step after a finding, whatever its cause
        return own_words(words, "tag", row["tag"])
    return words(
        "measures.because",
        tag=own_words(words, "tag", row["tag"]),
        cause=own_words(words, "cause", row["cause"]),
    )


def _owner(row: Row, words: Words) -> str:
    return told(row["owner"]) or words("measures.no_owner")
