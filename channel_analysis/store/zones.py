"""Days that a time zone moved: midnights of the company's zone, written as an evening of the day before."""

from __future__ import annotations

from collections.abc import Mapping

from ..contracts.checks import given
from ..contracts.schema import Table
from .engine import Engine, quoted

CLOCKS = (
    *(f"{hour}:00" for hour in range(13, 24)),
    *("14:30", "17:30", "18:15", "18:30", "19:30", "20:30"),
)
"""What a clock in Greenwich shows when a day begins in the zones east of it."""

MOST_CLOCKS = 2
"""Summer time gives a zone two such clock times; real times of a day are many."""

FEWEST_ROWS = 3


def shifted_days(engine: Engine, rows: str, table: Table, kinds: Mapping[str, str]) -> dict[str, str]:
    """By date column, the condition on `raw_<column>` that says that a row's day was moved.

    Days were moved when every time of day in a column is midnight or an hour at which, in Greenwich,
    a day begins elsewhere. A column of real times has many others.
    """
    dates = {
        column.name: kinds[column.name]
        for column in table.columns
        if column.type == "date" and kinds.get(column.name) in ("text", "date")
    }
    raw = ", ".join(f"r.{quoted(name)} AS raw_{name}" for name in dates)
    rows = f"SELECT {raw} FROM ({rows}) AS r"
    timed = _timed(engine, rows, dates)
    clocks = {name: _clock(f"raw_{name}", dates[name]) for name in timed}
    found = {}
    for name, shown in _shown(engine, rows, clocks).items():
        odd = {time: count for time, count in shown.items() if time != "00:00"}
        is_moved = odd and len(odd) <= MOST_CLOCKS and set(odd) <= set(CLOCKS)
        if is_moved and sum(odd.values()) >= FEWEST_ROWS:
            listed = ", ".join(f"'{time}'" for time in sorted(odd))
            found[name] = f"{clocks[name]} IN ({listed})"
    return found


def _timed(engine: Engine, rows: str, kinds: Mapping[str, str]) -> list[str]:
    """The columns of which enough values show a time of day other than midnight's 00:00."""
    if not kinds:
        return []
    counts = ", ".join(
        f"COUNT(*) FILTER (WHERE {_shows_time(f'raw_{name}', kind)}) AS {name}"
        for name, kind in kinds.items()
    )
    (held,) = engine.query(f"SELECT {counts} FROM ({rows}) AS t").to_pylist()
    return [name for name in kinds if held[name] >= FEWEST_ROWS]


def _shows_time(raw: str, kind: str) -> str:
    """Whether a raw value may show such a time; cheaper than to read it."""
    if kind == "date":
        return f"HOUR({raw}) <> 0 OR MINUTE({raw}) <> 0"
    return f"LENGTH({raw}) > 12 AND {raw} LIKE '%:%'"


def _clock(raw: str, kind: str) -> str:
    """The time of day of a raw value as HH:MM; NULL where there is none."""
    if kind == "date":
        parts = (f"LPAD(CAST({part}({raw}) AS VARCHAR), 2, '0')" for part in ("HOUR", "MINUTE"))
        return " || ':' || ".join(parts)
    text = given(raw)
    time = f"REGEXP_EXTRACT({text}, '^[0-9/-]+[ T]([0-9]{{1,2}}:[0-9]{{2}})', 1)"
    return f"CASE WHEN LENGTH({text}) > 12 AND {time} <> '' THEN LPAD({time}, 5, '0') END"


def _shown(engine: Engine, rows: str, clocks: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """By column, how often each time of day stands; a few more than moved midnights could be are enough."""
    if not clocks:
        return {}
    counted = (
        f"SELECT '{name}' AS name, c.clock AS clock, c.row_count AS row_count FROM ("
        f"SELECT {clock} AS clock, COUNT(*) AS row_count FROM ({rows}) AS t GROUP BY {clock} "
        f"ORDER BY row_count DESC, clock LIMIT {MOST_CLOCKS + 3}) AS c WHERE c.clock IS NOT NULL"
        for name, clock in clocks.items()
    )
    found: dict[str, dict[str, int]] = {}
    for row in engine.query(" UNION ALL ".join(counted)).to_pylist():
        found.setdefault(row["name"], {})[row["clock"]] = row["row_count"]
    return found
