"""Aggregates in two steps: once per combination of keys, then over those few rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlglot import exp

_MERGED = {exp.Sum: exp.Sum, exp.Count: exp.Sum, exp.Min: exp.Min, exp.Max: exp.Max}
"""How the parts of an aggregate become the whole: counts are added up."""


@dataclass(frozen=True, slots=True)
class Folded:
    """`parts` to be made per combination of keys, by name; `wholes` are the expressions over them."""

    parts: dict[str, str]
    wholes: dict[str, str]


def folded(trees: Mapping[str, exp.Expr], columns: Collection[str]) -> Folded | None:
    """Split aggregates over `columns` into parts and wholes; None when one of them cannot be.

    Examples
    --------
    >>> import sqlglot
    >>> found = folded({"n": sqlglot.parse_one("count(*) FILTER (WHERE x > 0)")}, {"x"})
    >>> found.parts, found.wholes
    ({'part_0': 'COUNT(*) FILTER(WHERE x > 0)'}, {'n': 'SUM(part_0)'})
    """
    parts: dict[str, str] = {}
    wholes: dict[str, str] = {}
    for name, tree in trees.items():
        whole = _whole(tree.copy(), parts)
        if whole is None:
            return None
        wholes[name] = whole
    used = {column.name for tree in trees.values() for column in tree.find_all(exp.Column)}
    return Folded(parts, wholes) if used <= set(columns) else None


def _whole(tree: exp.Expr, parts: dict[str, str]) -> str | None:
    """The expression over parts, which join `parts`; None for aggregates whose parts do not add up."""
    root = exp.Paren(this=tree)
    if root.find(exp.Window, exp.Subquery):
        return None
    for aggregate in list(root.find_all(exp.AggFunc)):
        if type(aggregate) not in _MERGED or aggregate.find(exp.Distinct):
            return None
        made = aggregate.parent if isinstance(aggregate.parent, exp.Filter) else aggregate
        name = f"part_{len(parts)}"
        parts[name] = made.sql(dialect="duckdb")
        made.replace(_MERGED[type(aggregate)](this=exp.column(name)))
    has_others = any(not column.name.startswith("part_") for column in root.find_all(exp.Column))
    return None if has_others else root.this.sql(dialect="duckdb")
