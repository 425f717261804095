"""Day and month exchanged: in a file in order of date, days that fit their neighbours only when exchanged."""

from __future__ import annotations

import datetime

from ...contracts.marks import Mark
from .days import main_stretch
from .look import Look, name_of

FEWEST_ROWS = 40
"""A file of fewer rows has no order that could be told."""

FAR = 20
"""Days between a row and its neighbours that are too many; exchanging day and month moves a date further."""

DAY_ZERO = "DATE '2000-01-01'"


def swapped_days(look: Look) -> list[Mark]:
    """Rows whose date is far from their neighbours' in the file, and near with day and month exchanged."""
    date = look.table.date
    if date not in look.filled or look.rows < FEWEST_ROWS:
        return []
    stretch = main_stretch(look.days(date))
    if stretch is None:
        return []
    size = min(256, max(8, look.rows // 100))
    chunks = look.keep("chunks", _chunks_sql(look, size, stretch))
    order = look.ask(_order_sql(chunks))[0]
    if (
        order["step"] is None
        or order["spread"] is None
        or order["step"] > 0.15 * order["spread"]
        or not order["wide"]
    ):
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


def _days(date: str) -> str:
    return f"DATE_DIFF('day', {DAY_ZERO}, {date})"


def _chunks_sql(look: Look, size: int, days: tuple[datetime.date, datetime.date]) -> str:
    """Neighbouring rows of a file: their middle without the two furthest out, and how wide they lie."""
    date = name_of(look.table.date)
    day = _days(date)
    inside = f"{date} BETWEEN DATE '{days[0]}' AND DATE '{days[1]}'"
    return (
        f"SELECT t._block AS block, t._file AS file, {_kind(look)} AS kind, {_number(size)} AS number, "
        f"(SUM({day}) - MIN({day}) - MAX({day})) / (COUNT(*) - 2e0) AS middle, "
        f"MAX({day}) - MIN({day}) AS wide "
        f"FROM {look.view} AS t WHERE t._row IS NOT NULL AND {inside} "
        f"GROUP BY t._block, t._file, {_kind(look)}, {_number(size)} HAVING COUNT(*) > 4"
    )


def _order_sql(chunks: str) -> str:
    """How far neighbouring chunks are apart, and how far chunks are from the middle of all; wide ones."""
    before = "LAG(middle) OVER (PARTITION BY block, file, kind ORDER BY number)"
    stepped = f"SELECT *, middle - {before} AS step FROM {chunks}"
    return (
        "SELECT AVG(ABS(step)) AS step, AVG(ABS(middle - centre)) AS spread, "
        f"COUNT(*) FILTER (WHERE wide > {FAR}) AS wide FROM ({stepped}) AS s "
        f"CROSS JOIN (SELECT AVG(middle) AS centre FROM {chunks}) AS c"
    )


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
    far = f"{day} <= 12 AND ABS({_days(date)} - chunk.middle) > {FAR}"
    nearer = f"ABS({_days(exchanged)} - chunk.middle)"
    return far, f"{far} AND {nearer} <= 15 AND {nearer} < ABS({_days(date)} - chunk.middle) / 2"
