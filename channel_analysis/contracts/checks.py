"""Checks of a contract as SQL: which rule a row breaks first, and the accounts of a whole table."""

from __future__ import annotations

from collections.abc import Iterable

from .schema import CHANNEL_TYPES, SQL_TYPES, Column, Table


def typed(column: Column, raw: str, raw_type: str) -> str:
    """The raw expression in the contract's type; NULL where it cannot be read so."""
    if column.type == "text":
        return f"NULLIF(TRIM(CAST({raw} AS VARCHAR)), '')"
    if raw_type == "VARCHAR":
        raw = f"NULLIF(TRIM({raw}), '')"
    cast = f"TRY_CAST({raw} AS {column.sql_type})"
    if column.type == "number":
        return f"CASE WHEN ABS({cast}) < 1e300 THEN {cast} END"
    if column.type == "integer":
        given = f"TRY_CAST({raw} AS DOUBLE)"
        return f"CASE WHEN {given} = FLOOR({given}) THEN {cast} END"
    if column.type == "date":
        return f"CASE WHEN {cast} BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN {cast} END"
    return cast


def issue_case(table: Table, raw_types: dict[str, str], channel_types: Iterable[str], currency: str) -> str:
    """A CASE that names the first rule a row breaks as 'rule:column', NULL for a sound row.

    Reads columns `<name>` (typed) and `raw_<name>` of the staged rows.
    """
    bound = [column for column in table.columns if column.name in raw_types]
    cases = [
        *(
            f"WHEN {_unreadable(c, raw_types[c.name])} THEN 'wrong_type:{c.name}'"
            for c in bound
            if _can_fail(c, raw_types)
        ),
        *(f"WHEN {_outside(c, channel_types)} THEN 'not_allowed:{c.name}'" for c in bound if c.allowed),
        *(f"WHEN {_name(c)} IS NULL THEN 'missing:{c.name}'" for c in bound if c.required),
    ]
    if table.name == "sales" and "currency" in raw_types:
        cases.append(f"WHEN currency <> '{currency}' THEN 'foreign_currency:currency'")
    return f"CASE {' '.join(cases)} END" if cases else "CAST(NULL AS VARCHAR)"


def accounts_sql(table: Table, staged: str) -> str:
    """One aggregate scan: rows, money, first and last date, sample rows for every issue of a table."""
    amount = (
        f"CAST(COALESCE(SUM({table.amount}), 0) AS DECIMAL(38, 4))"
        if table.amount
        else "CAST(0 AS DECIMAL(38, 4))"
    )
    first, last = (f"{fn}({table.date})" if table.date else "CAST(NULL AS DATE)" for fn in ("MIN", "MAX"))
    return (
        f"SELECT _issue AS issue, COUNT(*) AS row_count, {amount} AS amount, "
        f"{first} AS first_date, {last} AS last_date, MIN(_row) AS first_row "
        f"FROM {staged} GROUP BY _issue ORDER BY _issue NULLS FIRST"
    )


def marked_duplicates_sql(table: Table, staged: str) -> str:
    """All staged rows again, those beyond the first of each key marked as duplicates."""
    key = ", ".join(_quoted(name) for name in table.key)
    columns = ", ".join([*(_quoted(name) for name in table.column_names), "_row", "_block"])
    return (
        f"SELECT {columns}, CASE WHEN _issue IS NULL AND copy > 1 "
        f"THEN 'duplicate_key:{table.key[0]}' ELSE _issue END AS _issue FROM ("
        f"SELECT *, ROW_NUMBER() OVER (PARTITION BY {key}, _issue ORDER BY _block, _row) AS copy "
        f"FROM {staged}) AS copies ORDER BY _block, _row"
    )


def has_duplicates_sql(table: Table, staged: str) -> str:
    """Whether any key stands twice; cheaper than finding the rows."""
    key = ", ".join(_quoted(name) for name in table.key)
    return (
        f"SELECT COUNT(*) AS n FROM (SELECT {key} FROM {staged} WHERE _issue IS NULL "
        f"GROUP BY {key} HAVING COUNT(*) > 1) AS keys"
    )


def unknown_references_sql(table: Table, column: Column, amount: str) -> str:
    """Rows, money and samples whose reference finds nothing in the table it names."""
    other, other_column = column.references.split(".")
    name = _quoted(column.name)
    return (
        f"SELECT COUNT(*) AS row_count, CAST(COALESCE(SUM({amount}), 0) AS DECIMAL(38, 4)) AS amount, "
        f"MIN(t.{name}) AS sample FROM {table.name} AS t "
        f"LEFT JOIN {other} AS o ON o.{_quoted(other_column)} = t.{name} "
        f"WHERE t.{name} IS NOT NULL AND o.{_quoted(other_column)} IS NULL"
    )


def allowed_values(column: Column, channel_types: Iterable[str]) -> tuple[str, ...]:
    """Values a column may hold, with the policy's channel types filled in."""
    return tuple(channel_types) if column.allowed == (CHANNEL_TYPES,) else column.allowed


def _can_fail(column: Column, raw_types: dict[str, str]) -> bool:
    if column.type == "text":
        return False
    return raw_types[column.name] != SQL_TYPES[column.type].replace(" ", "") or column.type in (
        "number",
        "date",
    )


def _unreadable(column: Column, raw_type: str) -> str:
    raw = f"raw_{column.name}"
    given = f"NULLIF(TRIM({raw}), '')" if raw_type == "VARCHAR" else raw
    return f"{given} IS NOT NULL AND {_name(column)} IS NULL"


def _outside(column: Column, channel_types: Iterable[str]) -> str:
    values = ", ".join("'" + v.replace("'", "''") + "'" for v in allowed_values(column, channel_types))
    return f"{_name(column)} NOT IN ({values})"


def _name(column: Column) -> str:
    return _quoted(column.name)


def _quoted(name: str) -> str:
    return f'"{name}"'
