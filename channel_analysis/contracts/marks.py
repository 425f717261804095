"""Marks: conditions on single rows, each naming the rule a row breaks; counted together in one scan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .expected import ADDS_UP, DATES_IN_ORDER, NOT_NEGATIVE, OUT_OF_RANGE
from .schema import Table

MOST_MARKS = 60
"""So many bits a mask has; a table has far fewer rules."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A rule, the column it is shown at, and the condition under which a row of `t` breaks it.

    `joins` are LEFT JOINs that the condition needs; each gives at most one row for a row of `t`.
    """

    rule: str
    column: str
    condition: str
    joins: tuple[str, ...] = ()


def row_marks(table: Table, filled: Iterable[str]) -> list[Mark]:
    """What can be told from a row alone: dates in order, signs, scales, sums; only of columns filled."""
    has = set(filled)
    return [mark for mark, needs in _declared(table) if has.issuperset(needs)]


def _declared(table: Table) -> Iterator[tuple[Mark, Sequence[str]]]:
    for first, second in DATES_IN_ORDER.get(table.name, ()):
        yield Mark("dates_out_of_order", second, f"t.{second} < t.{first}"), (first, second)
    for name in NOT_NEGATIVE.get(table.name, ()):
        yield Mark("sign", name, f"t.{name} < 0"), (name,)
    for name, needs, condition in OUT_OF_RANGE.get(table.name, ()):
        yield Mark("out_of_range", name, condition), (name, *needs)
    for name, needs, condition in ADDS_UP.get(table.name, ()):
        yield Mark("arithmetic", name, condition), (name, *needs)
    if table.name == "sales":
        yield from _signs_of_sales()


def _signs_of_sales() -> Iterator[tuple[Mark, Sequence[str]]]:
    """Orders are positive and returns negative; a row wrong in both is told once."""
    odd = "((t.kind = 'order' AND {0} < 0) OR (t.kind = 'return' AND {0} > 0))"
    by_quantity = odd.format("t.quantity")
    yield Mark("sign", "quantity", by_quantity), ("quantity",)
    by_amount = f"{odd.format('t.net_amount')} AND NOT COALESCE({by_quantity}, FALSE)"
    yield Mark("sign", "net_amount", by_amount), ("net_amount",)
    for name in ("cost_amount", "gross_amount"):
        other = f"(t.net_amount < 0 AND t.{name} > 0 OR t.net_amount > 0 AND t.{name} < 0)"
        yield Mark("sign", name, f"{odd.format(f't.{name}')} AND {other}"), (name,)


def counted_sql(table: Table, rows: str, marks: Sequence[Mark]) -> str:
    """One aggregate scan: rows and money for every combination of marks, as bits of `mask`.

    `rows` is the name of a view.
    """
    amount = f"t.{table.amount}" if table.amount else "0"
    return (
        f"SELECT mask, COUNT(*) AS row_count, CAST(COALESCE(SUM(amount), 0) AS DECIMAL(38, 4)) AS amount "
        f"FROM (SELECT {mask_sql(marks)} AS mask, {amount} AS amount "
        f"FROM {rows} AS t {joined(marks)}) AS marked GROUP BY mask"
    )


def mask_sql(marks: Sequence[Mark]) -> str:
    """The marks that stand for a row, as one number: bit n (1, 2, 4 ...) is that of place n."""
    bits = " + ".join(f"CASE WHEN {mark.condition} THEN {1 << n} ELSE 0 END" for n, mark in enumerate(marks))
    return f"CAST({bits} AS BIGINT)"


def joined(marks: Iterable[Mark]) -> str:
    """The joins of all marks, each once."""
    return " ".join(dict.fromkeys(join for mark in marks for join in mark.joins))


def first_rows_sql(table: Table, rows: str, mark: Mark, count: int = 5) -> str:
    """The first rows that a mark stands for: their keys, the value shown, and where they come from."""
    names = dict.fromkeys([*table.key, mark.column])
    columns = ", ".join(f't."{name}"' for name in names if name)
    order = ", ".join(["t._block", "t._file", "t._row", *(f't."{name}"' for name in table.key)])
    return (
        f"SELECT {columns}, t._file, t._row, t._block FROM {rows} AS t {joined([mark])} "
        f"WHERE {mark.condition} ORDER BY {order} LIMIT {count}"
    )


def set_aside_sql(table: Table, stored: str, marks: Sequence[Mark]) -> str:
    """All stored rows again; those in use that a mark stands for are set aside by the first of them."""
    columns = ", ".join([*(f't."{name}"' for name in table.column_names), "t._file", "t._row", "t._block"])
    cases = " ".join(f"WHEN {mark.condition} THEN '{mark.rule}:{mark.column}'" for mark in marks)
    issue = f"CASE WHEN t._issue IS NOT NULL THEN t._issue {cases} END"
    return (
        f"SELECT {columns}, t._note, {issue} AS _issue FROM {stored} AS t {joined(marks)} "
        "ORDER BY _block, _file, _row"
    )
