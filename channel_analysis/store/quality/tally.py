"""Tallies: how often each value of many columns stands in a table, all of them from one scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True, slots=True)
class Tally:
    """What is counted: a text, a whole number, or pairs of them, as expressions on a row of `t`."""

    name: str
    text: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Counted:
    """Different values of a tally, in no order, and the rows that hold each; NULL is not counted.

    `texts` or `numbers` hold nothing but NULL where the tally has none.
    """

    texts: pa.Array
    numbers: pa.Array
    rows: pa.Array


def tallied_sql(rows: str, tallies: Sequence[Tally]) -> str:
    """The counts of all tallies (by their place) over `rows`, a FROM clause whose rows are called `t`."""
    values, sets, places = list[str](), list[str](), list[str]()
    texts, numbers = list[str](), list[str]()
    for place, tally in enumerate(tallies):
        names = []
        for kind, expression, known in (("text", tally.text, texts), ("number", tally.number, numbers)):
            if expression:
                names.append(f"{kind}_{place}")
                known.append(names[-1])
                values.append(f"{expression} AS {names[-1]}")
        sets.append(f"({', '.join(names)})")
        places.append(f"WHEN GROUPING({names[0]}) = 0 THEN {place}")
    return (
        f"SELECT CASE {' '.join(places)} END AS place, {_first_of(texts, 'VARCHAR')} AS text, "
        f"{_first_of(numbers, 'BIGINT')} AS number, COUNT(*) AS row_count "
        f"FROM (SELECT {', '.join(values)} FROM {rows}) AS r GROUP BY GROUPING SETS ({', '.join(sets)})"
    )


def _first_of(names: Sequence[str], sql_type: str) -> str:
    """The value of the one column that is grouped by; the others are NULL."""
    return f"CAST({'COALESCE(' + ', '.join(names) + ', NULL)' if names else 'NULL'} AS {sql_type})"


def split(answer: pa.Table, tallies: Sequence[Tally]) -> dict[str, Counted]:
    """What `tallied_sql` answers, by the name of each tally."""
    return {tally.name: _part(answer, place, tally) for place, tally in enumerate(tallies)}


def _part(answer: pa.Table, place: int, tally: Tally) -> Counted:
    part = answer.filter(pc.equal(answer["place"], place))
    for column, expression in (("text", tally.text), ("number", tally.number)):
        if expression:
            part = part.filter(pc.is_valid(part[column]))
    texts, numbers, rows = (part[name].combine_chunks() for name in ("text", "number", "row_count"))
    return Counted(texts, numbers, rows)
