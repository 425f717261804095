"""Which contract table a source fills, and which of its columns stand for which of ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ...contracts.checks import allowed_values
from ...contracts.schema import Column, Table
from ...contracts.tables import TABLES
from .names import likeness, table_likeness
from .sample import Sampled
from .values import Sample

_LEAST, _SURE, _LIKELY = 0.5, 0.85, 0.68
_LEAST_FIT = 1.5
LEAST_SHARE = 0.2
"""Whole numbers are those of another table's entries only where they are so many of them."""

ENOUGH_DISTINCT = 0.9
"""The share of values that must differ for a column to be a table's key."""

DERIVED = {
    "sales": ("kind", "line_number"),
    "targets": ("target_id", "level"),
    "market": ("market_id",),
    "costs": ("cost_id",),
    "sell_out": ("sell_out_id",),
    "feedback": ("feedback_id",),
    "leads": ("lead_id",),
    "visits": ("visit_id",),
    "training": ("training_id",),
    "reputation_events": ("event_id",),
    "measures": ("measure_id",),
}
"""Columns that can be made of others where a file has none of its own."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A column of a file that stands for a contract column, and how sure that is, from 0 to 1."""

    target: str
    sample: Sample
    score: float

    @property
    def confidence(self) -> str:
        """How sure it is, in a word."""
        return "sure" if self.score >= _SURE else "likely" if self.score >= _LIKELY else "perhaps"


@dataclass(frozen=True, slots=True)
class Match:
    """A source, the table it fills (None where it fits none), and its columns placed."""

    source: Sampled
    table: Table | None = None
    placed: tuple[Placed, ...] = ()
    fit: float = 0.0
    channel_types: tuple[str, ...] = field(default=())

    @property
    def unplaced(self) -> list[Sample]:
        """The columns of the file that stand for none of ours."""
        taken = {placed.sample.name for placed in self.placed}
        return [sample for sample in self.source.samples if sample.name not in taken]

    @property
    def targets(self) -> dict[str, Placed]:
        """The placed columns by the contract column they fill."""
        return {placed.target: placed for placed in self.placed}


def best_match(source: Sampled, channel_types: tuple[str, ...]) -> Match:
    """The table a source fits best, or none."""
    matches = [_match(source, table, channel_types) for table in TABLES.values()]
    best = max(matches, key=lambda match: match.fit)
    return best if best.fit >= _LEAST_FIT else Match(source, channel_types=channel_types)


def with_references(
    matches: list[Match], keys: Mapping[str, set[str]], values: Mapping[str, set[str]]
) -> None:
    """Place columns that are named strangely but hold the numbers of another table's entries.

    `keys` are the numbers that a table's own file holds, by the table; `values` those of the columns
    left over, by "view.column".
    """
    for number, match in enumerate(matches):
        if match.table is None:
            continue
        found = [*match.placed]
        open_ = [c for c in match.table.columns if c.references and c.name not in match.targets]
        for sample in match.unplaced:
            held = values.get(f"{match.source.view}.{sample.name}", set())
            for column in open_:
                known = keys.get(column.references, set())
                if column.references.split(".")[0] != match.table.name and _are_among(held, known):
                    found.append(Placed(column.name, sample, _LIKELY))
                    open_.remove(column)
                    break
        matches[number] = Match(match.source, match.table, tuple(found), match.fit, match.channel_types)


def _are_among(held: set[str], known: set[str]) -> bool:
    """Whether values are numbers of known entries; whole numbers must be a good share of them."""
    is_counted = all(value.isdigit() for value in held)
    return len(held) >= 3 and held <= known and not (is_counted and len(held) < LEAST_SHARE * len(known))


def price_of(match: Match) -> Sample | None:
    """Of a sales file without an amount: the column of prices that makes one with the quantity."""
    if match.table is None or match.table.name != "sales" or "quantity" not in match.targets:
        return None
    products = TABLES["products"]
    for sample in match.unplaced:
        is_price = likeness(sample.name, products, products.column("list_price")) >= _SURE
        if is_price and sample.forms():
            return sample
    return None


def _match(source: Sampled, table: Table, channel_types: tuple[str, ...]) -> Match:
    pairs = [
        Placed(column.name, sample, _score(sample, table, column, channel_types))
        for sample in source.samples
        for column in table.columns
    ]
    placed = tuple(_assigned(pairs, table))
    names = {one.target for one in placed} | set(DERIVED.get(table.name, ()))
    required = [column for column in table.columns if column.required]
    if price_of(Match(source, table, placed)):
        names |= {"net_amount"}
    lacking = sum(1 for column in required if column.name not in names)
    weights = {column.name: 1.5 if column.required else 1.0 for column in table.columns}
    fit = sum(weights[one.target] * one.score for one in placed) - 1.2 * lacking
    speaks = table_likeness(source.look.title, table)
    fit += 2.0 * speaks
    if not speaks and not set(table.key) & {one.target for one in placed}:
        fit -= 2.0
    if not set(table.key) <= names:
        fit -= 0.8
    if len(placed) < 2:
        fit = 0.0
    return Match(source, table, placed, fit, channel_types)


def _assigned(pairs: Iterable[Placed], table: Table) -> list[Placed]:
    """The best pairs, each column of the file and of the contract once, in the contract's order."""
    order = list(table.column_names)
    found: dict[str, Placed] = {}
    taken: set[str] = set()
    for pair in sorted(pairs, key=lambda pair: (-pair.score, order.index(pair.target))):
        if pair.score >= _LEAST and pair.target not in found and pair.sample.name not in taken:
            found[pair.target] = pair
            taken.add(pair.sample.name)
    return [found[name] for name in order if name in found]


def _score(sample: Sample, table: Table, column: Column, channel_types: tuple[str, ...]) -> float:
    near = likeness(sample.name, table, column)
    if near < _LEAST:
        return 0.0
    return near * _plausible(sample, table, column, channel_types)


def _plausible(sample: Sample, table: Table, column: Column, channel_types: tuple[str, ...]) -> float:
    """How well a column's values fit what ours holds: 1 where they do, little where they cannot."""
    if not sample.values:
        return 0.8
    if column.type == "date":
        return 1.0 if sample.date_format() is not None or sample.are_serial_dates() else 0.2
    if column.type == "flag":
        return 1.0 if sample.type == "flag" or sample.translated(column.name, ("true", "false")) else 0.3
    if column.type != "text":
        return 1.0 if sample.forms() and sample.date_format() is None else 0.2
    if column.name == "currency":
        return 1.0 if all(re.fullmatch("[A-Z]{3}", value) for value in sample.distinct) else 0.2
    if column.allowed:
        known = sample.translated(column.name, allowed_values(column, channel_types))
        few = len(sample.distinct) <= 30
        return (
            1.0 if len(known) >= len(sample.distinct) / 2 else 0.7 if few and known else 0.6 if few else 0.2
        )
    if sample.type == "date" or (sample.date_format() == "" and sample.type == "text"):
        return 0.3
    if table.key == (column.name,) and len(sample.distinct) < ENOUGH_DISTINCT * len(sample.values):
        return 0.5
    if column.name.endswith("_name") and sample.is_plain_number():
        return 0.4
    return 1.0
