"""Terms: SQL aggregates over a contract table, and trees that are made of them."""

from __future__ import annotations

from functools import cache, cached_property
from typing import Literal

import sqlglot
from sqlglot import exp

from ..contracts.settings import Rules
from ..contracts.tables import TABLES


class Term(Rules):
    """An SQL aggregate over one contract table, of the rows in a window of a date column.

    With `of_partner` a row belongs to its partner's own channel type and region, not to the line's.
    """

    table: str
    expr: str
    window: Literal["period", "activity", "known"] = "period"
    date: str = ""
    of_partner: bool = False

    @property
    def date_column(self) -> str:
        """The column that places a row in time; "" when the table has none."""
        if self.date:
            return self.date
        return "target_date" if self.table == "targets" else TABLES[self.table].date

    @cached_property
    def tree(self) -> exp.Expr:
        """The expression's syntax tree."""
        return parsed(self.expr)


class FactorTree(Rules):
    """What a KPI is made of: `expr` over `factors` (ratios of counts) and `counts` (terms like a KPI's).

    `grain` names the dimensions by which it is taken apart unless others are asked for.
    """

    expr: str
    counts: dict[str, Term]
    factors: dict[str, str] = {}
    grain: list[str] = []


@cache
def parsed(text: str) -> exp.Expr:
    """An SQL expression's syntax tree, not to be changed; SqlglotError when it is none."""
    return sqlglot.parse_one(text, read="duckdb")
