"""The appendix: definitions, weights with their anchors, parameters and provenance."""

from __future__ import annotations

from typing import Any

from ...results import Appendix
from ...words import Words
from ..blocks import Column, Fact, Facts, Section, Table
from .wording import channel_name, kpi_name, kpi_text

ENDS = ("floor", "target", "stretch")


def appendix(result: Appendix, words: Words) -> Section:
    """What the page's figures mean and where they come from."""
    parameters = [
        Fact(words(f"parameter.{name}"), words(f"setting.{text}") if words.has(f"setting.{text}") else text)
        for name, text in result.parameters.items()
    ]
    prints = [Fact(words(f"fingerprint.{name}"), text) for name, text in result.fingerprints.items()]
    blocks = (Facts(tuple(parameters + prints)), _weights(result, words), _definitions(result, words))
    return Section("appendix", words("part.appendix"), blocks)


def _weights(result: Appendix, words: Words) -> Table:
    """Weights and anchors, channel types with the same ones on one row."""
    shared: dict[tuple[object, ...], list[str]] = {}
    for row in result.weights.sort_values(["kpi"], kind="stable").to_dict("records"):
        rule = tuple(_filled(row[name]) for name in ("kpi", "weight", *ENDS))
        shared.setdefault(rule, []).append(channel_name(words, result.scope, row["channel_type"]))
    rules = sorted(shared, key=lambda rule: (shared[rule], -float(str(rule[1]))))
    columns = (
        Column(words("column.channel"), tuple(words.join(shared[rule]) for rule in rules), False),
        Column("KPI", tuple(kpi_name(words, result.scope, str(rule[0])) for rule in rules), False),
        Column(words("column.weight"), tuple(words.share(rule[1], 0) for rule in rules)),  # type: ignore[arg-type]
        *(
            Column(
                words(f"column.{end}"),
                tuple(_anchor(str(rule[0]), rule[place], result, words) for rule in rules),
                group=words("column.anchors"),
            )
            for place, end in enumerate(ENDS, start=2)
        ),
    )
    return Table("weights", words("caption.weights"), columns, folded=words("fold.weights"))


def _filled(value: Any) -> Any:
    """None for what is empty, so that equal rules are equal."""
    return None if value is None or value != value else value


def _anchor(kpi: str, value: Any, result: Appendix, words: Words) -> str:
    if value is None:
        return words("none")
    return kpi_text(words, result.scope.names.units[kpi], value, currency=result.scope.currency)


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
