"""The appendix: definitions, weights with their anchors, parameters and provenance."""

from __future__ import annotations

from typing import Any

from ...results import Appendix
from ...words import Words
from ..blocks import Column, Fact, Facts, Section, Table
from .wording import channel_name, kpi_name, kpi_text


def appendix(result: Appendix, words: Words) -> Section:
    """What the page's figures mean and where they come from."""
    parameters = [Fact(words(f"parameter.{name}"), text) for name, text in result.parameters.items()]
    prints = [Fact(words(f"fingerprint.{name}"), text) for name, text in result.fingerprints.items()]
    blocks = (Facts(tuple(parameters + prints)), _weights(result, words), _definitions(result, words))
    return Section("appendix", words("part.appendix"), blocks)


def _weights(result: Appendix, words: Words) -> Table:
    rows = result.weights.to_dict("records")
    columns = (
        Column(
            words("column.channel"),
            tuple(channel_name(words, result.scope, r["channel_type"]) for r in rows),
            False,
        ),
        Column("KPI", tuple(kpi_name(words, result.scope, r["kpi"]) for r in rows), False),
        Column(words("column.weight"), tuple(words.share(r["weight"], 0) for r in rows)),
        *(
            Column(
                words(f"column.{end}"),
                tuple(_anchor(r, end, result, words) for r in rows),
                group=words("column.anchors"),
            )
            for end in ("floor", "target", "stretch")
        ),
    )
    return Table("weights", words("caption.weights"), columns, folded=words("fold.weights"))


def _anchor(row: dict[str, Any], end: str, result: Appendix, words: Words) -> str:
    value = row[end]
    if value is None or value != value:
        return words("none")
    return kpi_text(words, result.scope.names.units[row["kpi"]], value, currency=result.scope.currency)


def _definitions(result: Appendix, words: Words) -> Table:
    rows = result.definitions.to_dict("records")
    columns = (
        Column("KPI", tuple(kpi_name(words, result.scope, r["kpi"]) for r in rows), False),
        Column(
            words("column.definition"),
            tuple(_text(r.get(f"definition_{words.language}"), words) for r in rows),
            False,
        ),
        Column(words("column.unit"), tuple(words(f"unit.name.{r['unit']}") for r in rows), False),
        Column(words("column.better"), tuple(words(f"better.{r['better']}") for r in rows), False),
        Column(words("column.version"), tuple(str(r["version"]) for r in rows)),
    )
    return Table("definitions", words("caption.definitions"), columns, folded=words("fold.definitions"))


def _text(value: object, words: Words) -> str:
    return value if isinstance(value, str) else words("none")
