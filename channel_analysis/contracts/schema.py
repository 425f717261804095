"""The vocabulary of contracts: a table is a grain, a key and columns with types and units."""

from __future__ import annotations

from dataclasses import dataclass

SQL_TYPES = {
    "text": "VARCHAR",
    "date": "DATE",
    "integer": "BIGINT",
    "money": "DECIMAL(18, 4)",
    "quantity": "DECIMAL(18, 4)",
    "number": "DOUBLE",
    "flag": "BOOLEAN",
}

CHANNEL_TYPES = "@channel_types"
"""Stands for the channel types of the policy where a column lists its allowed values."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a contract table.

    `type` is a key of `SQL_TYPES`; `unit` is said in words ("currency" is the workspace's);
    `allowed` holds the permitted values, or `CHANNEL_TYPES`; `references` is "table.column".
    """

    name: str
    type: str
    description: str
    unit: str = ""
    required: bool = False
    allowed: tuple[str, ...] = ()
    references: str = ""

    @property
    def sql_type(self) -> str:
        """The column's type in the engine."""
        return SQL_TYPES[self.type]


@dataclass(frozen=True, slots=True)
class Table:
    """One contract table: what a row is, what identifies it, when it happened.

    `date` names the column that places a row in a period (empty for tables without one);
    `amount` the column counted as the money of a row in the accounts of used and set-aside rows.
    """

    name: str
    description: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    date: str = ""
    amount: str = ""
    required: bool = False

    def column(self, name: str) -> Column:
        """Look a column up by name; KeyError when the contract has none of that name."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names in the order of the contract."""
        return tuple(column.name for column in self.columns)


def known_at(what: str = "fact") -> Column:
    """The day a fact became known to us, which every fact table carries."""
    return Column("known_at", "date", f"day this {what} became known; empty: the event's own date")
