"""What a report says first, in every language: its run record keeps it for the shelf and for mail."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..results import Scope
from ..words import Words, languages, words
from .blocks import Block, Card, Cards, Comparison, Fact, Item, Items, Prose, Section
from .parts.wording import where_name
from .show import section_of


def first_words(result: object) -> dict[str, Any]:
    """What a report's message says: per language title, lead, cards and findings, and the cards' values.

    A report without a message says nothing; money and shares of cards are plain numbers, None where missing.
    """
    message = getattr(result, "message", None) or getattr(result, "summary", None)
    if message is None:
        return {}
    said = {language: _said(section_of(message, words(language))) for language in languages()}
    return {"message": said, **_numbers(result)}


def _said(section: Section) -> dict[str, Any]:
    lead = next((b.text for b in section.blocks if isinstance(b, Prose) and b.kind == "lead"), "")
    cards = [card for block in section.blocks if isinstance(block, Cards) for card in block.items]
    items = [item for block in section.blocks if isinstance(block, Items) for item in block.items]
    return {
        "title": section.title,
        "lead": lead,
        "cards": [
            {
                **{name: getattr(card, name) for name in ("title", "value", "unit", "detail")},
                "comparisons": [[one.against, one.text, one.mood] for one in card.comparisons],
            }
            for card in cards
        ],
        "findings": [
            {"text": item.text, "facts": [[fact.term, fact.text] for fact in item.facts]} for item in items
        ],
    }


def _numbers(result: object) -> dict[str, Any]:
    """The values of the cards, in their order, and net sales of the periods before."""
    cards = getattr(getattr(result, "message", None), "cards", None)
    history = getattr(getattr(result, "results", None), "history", None)
    found: dict[str, Any] = {}
    if cards is not None:
        found["cards"] = [
            {"kpi": row["kpi"], "unit": row["unit"], "value": _plain(row["value"])}
            for row in cards.to_dict("records")
        ]
    if history is not None and len(history):
        whole = history.groupby("period", sort=False)["net_sales"].sum(min_count=1)
        found["history"] = [[str(period), _plain(value)] for period, value in whole.items()]
    return found


def _plain(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None


def told_again(told: Mapping[str, Any], title: str, id: str, trends: Sequence[str] = ()) -> Section:
    """The section that a run record keeps; `trends` are drawings for its cards, in their order."""
    blocks: list[Block] = [Prose(told["lead"], "lead")] if told["lead"] else []
    drawn = [*trends, *[""] * len(told["cards"])]
    cards = [
        Card(
            **{name: card[name] for name in ("title", "value", "unit", "detail")},
            comparisons=tuple(Comparison(*one) for one in card["comparisons"]),
            trend=drawn[number],
        )
        for number, card in enumerate(told["cards"])
    ]
    findings = [
        Item(one["text"], facts=tuple(Fact(*fact) for fact in one["facts"])) for one in told["findings"]
    ]
    if cards:
        blocks.append(Cards(tuple(cards)))
    if findings:
        blocks.append(Items(tuple(findings)))
    return Section(id, title, tuple(blocks))


def part_names(scope: Scope) -> dict[str, str]:
    """Per language what a report is narrowed to, in words; nothing for the company."""
    return {language: where_name(words(language), scope) for language in languages()} if scope.where else {}


def part_of(record: Mapping[str, Any], said: Words) -> str:
    """What a published report is narrowed to: in words, as they stand in the data where it did not tell."""
    told = record.get("summary", {}).get("part", {}).get(said.language)
    return told or said.join(record.get("where", {}).values())


def title_of(record: Mapping[str, Any], said: Words) -> str:
    """What a published report is called: the report, its period and the part of the company."""
    report = record["report"]
    named = said(f"report.{report}") if said.has(f"report.{report}") else report
    period = said.period(record["period"]) if record["period"] else ""
    return " · ".join(filter(None, [named, period, part_of(record, said)]))
