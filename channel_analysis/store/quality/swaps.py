"""Day and month exchanged: in a file in order of date, days that fit their neighbours only when exchanged."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...contracts.marks import Mark
from .days import main_stretch
from .look import DAY_ZERO, Look, day_number, name_of

FEWEST_ROWS = 40
"""A file of fewer rows has no order that could be told."""

NEAR = 15
"""Days between a row and its neighbours that are few."""

FAR = 20
"""Days between a row and its neighbours that are too many; exchanging day and month moves a date further."""


def swapped_days(look: Look) -> list[Mark]:
    """Rows whose date is far from their neighbours' in the file, and near with day and month exchanged."""
    date = look.table.date
    if date not in look.filled or look.rows < FEWEST_ROWS:
        return []
    stretch = main_stretch(look.days)
    if stretch is None:
        return []
    size = min(256, max(8, look.rows // 100))
    chunks, found = look.keep("chunks", _chunks_sql(look, size, stretch))
    if not _is_in_order(found) or not _may_fit(found, look.days):
        return []
    joins = (
        f"LEFT JOIN {chunks} AS chunk ON chunk.block = t._block AND chunk.file = t._file "
        f"AND chunk.kind = {_kind(look)} AND chunk.number = {_number(size)}"
    )
    far, fits = _conditions(name_of(date))
    counts = look.ask(
        f"SELECT COUNT(*) FILTER (WHERE {far}) AS far, COUNT(*) FILTER (WHERE {fits}) AS fits "
        f"FROM {look.view} AS t {joins} WHERE DAY({name_of(date)}) <= 12 "
        f"AND {name_of(date)} BETWEEN DATE '{stretch[0]}' AND DATE '{stretch[1]}'"
    )[0]
    if counts["fits"] < 2 or counts["fits"] < 0.4 * counts["far"]:
        return []
    return [Mark("swapped_date", date, fits, (joins,))]


def _kind(look: Look) -> str:
    """Orders and returns may each have an order of their own within a file."""
    return "t.kind" if look.table.name == "sales" else "''"


def _number(size: int) -> str:
    return f"CAST(FLOOR(t._row / {size}e0) AS BIGINT)"


def _chunks_sql(look: Look, size: int, days: tuple[datetime.date, datetime.date]) -> str:
    """Neighbouring rows of a file: their middle without the two furthest out, and how wide they lie."""
    date = name_of(look.table.date)
    day = day_number(date)
    inside = f"{date} BETWEEN DATE '{days[0]}' AND DATE '{days[1]}'"
    return (
        f"SELECT t._block AS block, t._file AS file, {_kind(look)} AS kind, {_number(size)} AS number, "
        f"(SUM({day}) - MIN({day}) - MAX({day})) / (COUNT(*) - 2e0) AS middle, "
        f"MIN({day}) AS earliest, MAX({day}) AS latest "
        f"FROM {look.view} AS t WHERE t._row IS NOT NULL AND {inside} "
        f"GROUP BY t._block, t._file, {_kind(look)}, {_number(size)} HAVING COUNT(*) > 4"
    )


def _is_in_order(chunks: pa.Table) -> bool:
    """Whether neighbouring chunks are near each other, and chunks so wide that a row in one may be far."""
    wide = pc.subtract(chunks["latest"], chunks["earliest"])
    if not pc.any(pc.greater(wide, FAR)).as_py():
        return False
    ordered = chunks.sort_by([(name, "ascending") for name in ("block", "file", "kind", "number")])
    middles = ordered["middle"].to_numpy()
    follows = np.ones(len(middles) - 1, dtype=bool)
    for name in ("block", "file", "kind"):
        codes = ordered[name].combine_chunks().dictionary_encode().indices.to_numpy()
        follows &= codes[1:] == codes[:-1]
    steps = abs(np.diff(middles))[follows]
    spread = abs(middles - middles.mean()).mean()
    return len(steps) > 0 and bool(steps.mean() <= 0.15 * spread)


def _may_fit(chunks: pa.Table, days: Iterable[datetime.date]) -> bool:
    """Whether any day there is would be far from a chunk that holds it, and near it when exchanged."""
    earliest, latest, middle = (chunks[name].to_numpy() for name in ("earliest", "latest", "middle"))
    for day in days:
        if day.day <= 12 and day.day != day.month:
            exchanged = day.replace(month=day.day, day=day.month)
            number = (day - DAY_ZERO).days
            off, nearer = abs(number - middle), abs((exchanged - DAY_ZERO).days - middle)
            fits = (earliest <= number) & (number <= latest) & (off > FAR) & (nearer <= NEAR)
            if (fits & (nearer < off / 2)).any():
                return True
    return False


def _conditions(date: str) -> tuple[str, str]:
    """Whether a row of day 12 or before is far from its chunk, and whether its exchanged date is near it."""
    month, day = f"MONTH({date})", f"DAY({date})"
    text = " || '-' || ".join(
        (
            f"CAST(YEAR({date}) AS VARCHAR)",
            f"LPAD(CAST({day} AS VARCHAR), 2, '0')",
            f"LPAD(CAST({month} AS VARCHAR), 2, '0')",
        )
    )
    exchanged = f"TRY_CAST({text} AS DATE)"
    far = f"{day} <= 12 AND ABS({day_number(date)} - chunk.middle) > {FAR}"
    nearer = f"ABS({day_number(exchanged)} - chunk.middle)"
    return far, f"{far} AND {nearer} <= {NEAR} AND {nearer} < ABS({day_number(date)} - chunk.middle) / 2"
