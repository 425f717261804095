"""Samples: a source read as it would be in an intake, and some values of each of its columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...contracts.checks import given
from ...contracts.settings import validated
from ..engine import FILE, ROW, Engine, literal, quoted
from ..sources import FileSpec, Source, attach
from .grid import is_total
from .look import Look
from .months import month_patterns, year_in
from .values import Sample

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 2_000
"""So many rows tell what a column holds."""

_WORDS = 60


@dataclass(frozen=True, slots=True)
class Sampled:
    """A source with its options completed, its columns, and rows that add up others.

    `totals` are the texts of such rows by the column in which they stand.
    """

    look: Look
    view: str
    options: dict[str, Any]
    samples: tuple[Sample, ...]
    notes: tuple[str, ...]
    totals: dict[str, tuple[str, ...]]

    def sample(self, name: str) -> Sample:
        """A column by its name."""
        return next(sample for sample in self.samples if sample.name == name)


def sampled(engine: Engine, look: Look, view: str, folder: Path, scratch: Path) -> Sampled:
    """Read a source and look at its values; columns of months are turned to rows.

    Raises
    ------
    InputError
        When it cannot be read.
    """
    source = _attached(engine, look.options, view, folder, scratch)
    options, notes = dict(look.options), list(look.notes)
    patterns = month_patterns(source.columns)
    if patterns:
        unpivot = _unpivot(patterns, look.title, source)
        options["unpivot"] = unpivot
        count = (
            "one column for each month" if len(patterns) == 1 else f"{len(patterns)} columns for each month"
        )
        said = f"unpivot reads year {unpivot['year']}" if "year" in unpivot else "unpivot makes rows of them"
        if "year" not in unpivot and not any("{year}" in pattern for pattern in patterns):
            said = "TODO: add their year to unpivot, as in year = 2025"
        notes.append(f"{count}: {said}")
        source = _attached(engine, options, view, folder, scratch)
    samples = tuple(_samples(engine, view))
    totals = dict(_totals(engine, view, samples))
    if totals:
        found = ", ".join(repr(text) for texts in totals.values() for text in texts)
        notes.append(f"rows that add up others are left out: {found}")
    return Sampled(look, view, options, samples, tuple(notes), totals)


def words_in(engine: Engine, view: str, sample: Sample) -> Sample:
    """The column with all its different values, as far as they are few enough to be a list of words."""
    text = given(f"CAST({quoted(sample.name)} AS VARCHAR)")
    rows = engine.query(f"SELECT DISTINCT {text} AS v FROM {quoted(view)} ORDER BY v LIMIT {_WORDS + 1}")
    values = tuple(value for value in rows["v"].to_pylist() if value is not None)
    return replace(sample, values=values) if len(values) <= _WORDS else sample


def values_of(engine: Engine, view: str, column: str) -> set[str]:
    """The different values of a column that may hold the numbers of things."""
    text = given(f"CAST({quoted(column)} AS VARCHAR)")
    rows = engine.query(f"SELECT DISTINCT {text} AS v FROM {quoted(view)} LIMIT 50000")
    return {value for value in rows["v"].to_pylist() if value is not None}


def _attached(engine: Engine, options: dict[str, Any], view: str, folder: Path, scratch: Path) -> Source:
    spec = validated(FileSpec, options, options["path"])
    return attach(engine, view, spec, folder, scratch, scratch, "in the proposed mapping")


def _unpivot(patterns: list[str], title: str, source: Source) -> dict[str, Any]:
    """How columns of months become rows; the new columns get names that are free."""
    lower = {name.lower() for name in source.columns}

    def free(name: str) -> str:
        return next(n for n in (name, f"{name}_value", f"{name}_of_file") if n not in lower)

    unpivot: dict[str, Any] = {"columns": patterns[0]}
    if len(patterns) > 1:
        unpivot["columns"] = {_rest(pattern, number): pattern for number, pattern in enumerate(patterns, 1)}
    elif free("amount") != "amount":
        unpivot["value"] = free("amount")
    if free("month") != "month":
        unpivot["into"] = free("month")
    year = year_in(title)
    if year and not any("{year}" in pattern for pattern in patterns):
        unpivot["year"] = year
    return unpivot


def _rest(pattern: str, number: int) -> str:
    """What a pattern says beside its month, as the name of the values."""
    for place in ("{year}年", "{year}", "{month}月", "{month}"):
        pattern = pattern.replace(place, " ")
    return " ".join(pattern.replace("-", " ").split()) or f"amount_{number}"


def _samples(engine: Engine, view: str) -> Iterator[Sample]:
    schema = engine.schema(f"SELECT * FROM {quoted(view)}")
    names = [name for name in schema.names if name not in (FILE, ROW)]
    texts = ", ".join(f"CAST({quoted(name)} AS VARCHAR) AS c{n}" for n, name in enumerate(names))
    rows = engine.query(f"SELECT {texts} FROM {quoted(view)} LIMIT {ROWS}")
    for number, name in enumerate(names):
        values = (value for value in rows[f"c{number}"].to_pylist() if value and value.strip())
        yield Sample(name, _type(schema.field(name).type), tuple(values))


def _type(given: pa.DataType) -> str:
    import pyarrow.types as is_

    if is_.is_boolean(given):
        return "flag"
    if is_.is_date(given) or is_.is_timestamp(given):
        return "date"
    return "number" if is_.is_integer(given) or is_.is_floating(given) or is_.is_decimal(given) else "text"


def _totals(engine: Engine, view: str, samples: tuple[Sample, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The first column in which rows say that they add up others, looked for in all rows of the file."""
    for sample in samples:
        if sample.type != "text" or sample.is_plain_number():
            continue
        text = given(f"CAST({quoted(sample.name)} AS VARCHAR)")
        like = " OR ".join(f"LOWER({text}) LIKE {literal(f'%{word}')}" for word in ("计", "total", "totals"))
        rows = engine.query(
            f"SELECT DISTINCT {text} AS v FROM {quoted(view)} WHERE {like} ORDER BY v LIMIT 20"
        )
        texts = tuple(value for value in rows["v"].to_pylist() if is_total(value))
        if texts:
            yield sample.name, texts
            return
