"""The appendix: definitions, weights with their anchors, parameters and provenance."""

from __future__ import annotations

from typing import Any

from ...results import Appendix
from ...words import Words
from ..blocks import Column, Fact, Facts, Section, Table
from .wording import channel_name, kpi_name, kpi_text

ENDS = ("floor", "target", "stretch", "too_low", "low", "high", "too_high")


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
    """Weights and anchors, channel types with the same ones on one row; of several rubrics one by one."""
    shared: dict[tuple[Any, ...], list[str]] = {}
    for row in result.weights.sort_values(["kpi"], kind="stable").to_dict("records"):
        rule = tuple(_filled(row[name]) for name in ("rubric", "kpi", "weight", *ENDS))
        shared.setdefault(rule, []).append(channel_name(words, result.scope, row["channel_type"]))
    place = {name: number for number, name in enumerate(result.weights["rubric"].unique())}
    rules = sorted(shared, key=lambda rule: (place[rule[0]], shared[rule], -rule[2]))
    columns = [
        Column(words("column.channel"), tuple(words.join(shared[rule]) for rule in rules), False),
        Column("KPI", tuple(_name(rule, result, words) for rule in rules), False),
        Column(words("column.weight"), tuple(words.share(rule[2], 0) for rule in rules)),
        *(
            Column(
                words(f"column.{end}"),
                tuple(_end(end, rule, result, words) for rule in rules),
                group=words("column.anchors"),
            )
            for end in ENDS[:3]
        ),
    ]
    if len(place) > 1:
        who = tuple(words(f"rubric.{rule[0].partition('.')[0]}") for rule in rules)
        columns.insert(0, Column(words("column.who"), who, False))
    notes = (words("appendix.band"),) if result.weights["low"].notna().any() else ()
    return Table("weights", words("caption.weights"), tuple(columns), notes, folded=words("fold.weights"))


def _name(rule: tuple[Any, ...], result: Appendix, words: Words) -> str:
    """The name of a KPI, or of what candidates are screened by."""
    kpi = str(rule[1])
    if kpi not in result.scope.names.kpis and words.has(f"criterion.{kpi}"):
        return words(f"criterion.{kpi}")
    return kpi_name(words, result.scope, kpi)


def _end(end: str, rule: tuple[Any, ...], result: Appendix, words: Words) -> str:
    """Floor, target or stretch; of a band the values between which it earns something, and most."""
    kpi, ends = str(rule[1]), dict(zip(ENDS, rule[3:], strict=True))
    if ends["low"] is None:
        return _anchor(kpi, ends[end], result, words)
    sides = {"floor": ("too_low", "too_high"), "target": ("low", "high")}
    if end not in sides:
        return words("none")
    low, high = (_anchor(kpi, ends[name], result, words) for name in sides[end])
    return words("range", low=low, high=high)


def _filled(value: Any) -> Any:
    """None for what is empty, so that equal rules are equal."""
    return None if value is None or value != value else value


def _anchor(kpi: str, value: Any, result: Appendix, words: Words) -> str:
    if value is None:
        return words("none")
    unit = result.scope.names.units.get(kpi, "")
    if not unit:
        return words.number(value, 0 if float(value).is_integer() else 2)
    return kpi_text(words, unit, value, currency=result.scope.currency)


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
