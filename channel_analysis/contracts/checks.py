"""Checks of a contract as SQL: which rule a row breaks first, and the accounts of a whole table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .schema import CHANNEL_TYPES, Column, Table

NUMBER_FORM = "^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$"
"""What a text must look like to be read as a number; engines differ in what else they would take."""

DATE_FORM = (
    "^([0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2})"
    "([ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?(Z|[+-][0-9]{2}:?([0-9]{2})?)?)?$"
)
"""What a text must look like to be read as a date: year, month, day, and perhaps a time that is left out."""


FIRST_DAY, LAST_DAY = "DATE '1900-01-01'", "DATE '9999-12-31'"
"""Days before and after these are mistakes: a year of two digits, a program's zero."""

BLANKS = " \t\r\n\u00a0\u2002\u2003\u2009\u200b\u202f\u3000\ufeff"
"""What is taken off the ends of a text: spaces of all widths, tabs, line ends and byte order marks."""


SERIAL_FORM = "^[2-6][0-9]{4}([.][0-9]+)?( [(]not .*)?$"
"""Excel's number of a day, from 1954 to 2091, in a column of dates."""

FULL_WIDTH_FORM = "[０-９]"
"""A digit as wide as a Chinese character, in a column of numbers or dates."""


def given(text: str) -> str:
    """A text without blanks at its ends; NULL where nothing else stands in it."""
    return f"NULLIF(TRIM({text}, '{BLANKS}'), '')"


def typed(column: Column, raw: str, kind: str) -> str:
    """The raw expression in the contract's type; NULL where it cannot be read so.

    `kind` says what the raw value is: "same" (of the contract's own type), "text", "float",
    "number" (whole or decimal), "date" (with or without a time), "flag" or "other".
    """
    if column.type == "text":
        return _as_text(raw, kind)
    if kind == "other":
        raw = f"CAST({raw} AS VARCHAR)"
    if kind in ("text", "other"):
        raw = given(raw)
    readable = _READERS[column.type](raw, "text" if kind == "other" else kind, column.sql_type)
    return readable or f"CAST(NULL AS {column.sql_type})"


def _as_text(raw: str, kind: str) -> str:
    """Text without blanks at its ends; a whole number that came as a float loses its point (17850.0)."""
    text = f"CAST({raw} AS VARCHAR)"
    if kind == "float":
        whole = f"{raw} = ROUND({raw}) AND ABS({raw}) < 9e15"
        text = f"CASE WHEN {whole} THEN CAST(CAST({raw} AS BIGINT) AS VARCHAR) ELSE {text} END"
    return given(text)


def _as_decimal(raw: str, kind: str, sql_type: str) -> str:
    """A decimal; a float is rounded half away from zero at the fourth digit, on every engine alike."""
    if kind == "text":
        return f"CASE WHEN {_looks_like(raw, NUMBER_FORM)} THEN TRY_CAST({raw} AS {sql_type}) END"
    if kind == "float":
        units = f"CAST(ROUND({raw} * 10000e0) AS DECIMAL(18, 0)) * CAST(0.0001 AS DECIMAL(5, 4))"
        return f"CASE WHEN ABS({raw}) < 1e14 THEN CAST({units} AS {sql_type}) END"
    return _same_or(raw, kind, sql_type, ("number",))


def _as_integer(raw: str, kind: str, sql_type: str) -> str:
    if kind == "text":
        number = f"TRY_CAST({raw} AS DECIMAL(38, 6))"
        readable = f"{_looks_like(raw, NUMBER_FORM)} AND {number} = FLOOR({number})"
        return f"CASE WHEN {readable} THEN TRY_CAST({number} AS {sql_type}) END"
    if kind in ("float", "number"):
        return f"CASE WHEN {raw} = ROUND({raw}) THEN TRY_CAST({raw} AS {sql_type}) END"
    return _same_or(raw, kind, sql_type)


def _as_number(raw: str, kind: str, sql_type: str) -> str:
    cast = f"TRY_CAST({raw} AS {sql_type})"
    finite = f"ABS({cast}) < 1e300"
    if kind == "text":
        return f"CASE WHEN {_looks_like(raw, NUMBER_FORM)} AND {finite} THEN {cast} END"
    return f"CASE WHEN {finite} THEN {cast} END" if kind in ("same", "float", "number") else ""


def _as_date(raw: str, kind: str, sql_type: str) -> str:
    if kind == "text":
        day = f"REPLACE(REGEXP_EXTRACT({raw}, '{DATE_FORM}', 1), '/', '-')"
        cast = f"CASE WHEN {_looks_like(raw, DATE_FORM)} THEN TRY_CAST({day} AS {sql_type}) END"
    elif kind in ("same", "date"):
        cast = f"TRY_CAST({raw} AS {sql_type})"
    else:
        return ""
    return f"CASE WHEN {cast} BETWEEN {FIRST_DAY} AND {LAST_DAY} THEN {cast} END"


def _as_flag(raw: str, kind: str, sql_type: str) -> str:
    if kind in ("float", "number"):
        return f"CASE WHEN {raw} = 1 THEN TRUE WHEN {raw} = 0 THEN FALSE END"
    return _same_or(raw, kind, sql_type, ("text",))


_READERS = {
    "money": _as_decimal,
    "quantity": _as_decimal,
    "integer": _as_integer,
    "number": _as_number,
    "date": _as_date,
    "flag": _as_flag,
}


def _looks_like(raw: str, form: str) -> str:
    return f"REGEXP_MATCHES({raw}, '{form}')"


def _same_or(raw: str, kind: str, sql_type: str, castable: tuple[str, ...] = ()) -> str:
    """The value itself, a cast of it, or "" for kinds that cannot be such a value."""
    if kind == "same":
        return raw
    return f"TRY_CAST({raw} AS {sql_type})" if kind in castable else ""


def issue_case(table: Table, kinds: Mapping[str, str], channel_types: Iterable[str], currency: str) -> str:
    """A CASE that names the first rule a row breaks as 'rule:column', NULL for a sound row.

    Reads columns `<name>` (typed) and `raw_<name>` of the staged rows.
    """
    bound = [column for column in table.columns if column.name in kinds]
    cases = [
        *(
            f"WHEN {_unreadable(c, kinds[c.name])} THEN {_why_unreadable(c, kinds[c.name])}"
            for c in bound
            if _can_fail(c, kinds[c.name])
        ),
        *(f"WHEN {_outside(c, channel_types)} THEN 'not_allowed:{c.name}'" for c in bound if c.allowed),
        *(f"WHEN {_name(c)} IS NULL THEN 'missing:{c.name}'" for c in bound if c.required),
    ]
    if table.name == "sales" and "currency" in kinds:
        cases.append(f"WHEN currency <> '{currency}' THEN 'foreign_currency:currency'")
    return f"CASE {' '.join(cases)} END" if cases else "CAST(NULL AS VARCHAR)"


def accounts_sql(table: Table, staged: str) -> str:
    """One aggregate scan: rows, money, first and last date for every issue and note of a table."""
    amount = (
        f"CAST(COALESCE(SUM({table.amount}), 0) AS DECIMAL(38, 4))"
        if table.amount
        else "CAST(0 AS DECIMAL(38, 4))"
    )
    first, last = (f"{fn}({table.date})" if table.date else "CAST(NULL AS DATE)" for fn in ("MIN", "MAX"))
    return (
        f"SELECT _issue AS issue, _note AS note, COUNT(*) AS row_count, {amount} AS amount, "
        f"{first} AS first_date, {last} AS last_date "
        f"FROM {staged} GROUP BY _issue, _note"
    )


def marked_duplicates_sql(table: Table, staged: str) -> str:
    """All staged rows again, those beyond the first of each key marked as duplicates."""
    key = ", ".join(_quoted(name) for name in table.key)
    columns = ", ".join([*(_quoted(name) for name in table.column_names), "_file", "_row", "_block", "_note"])
    return (
        f"SELECT {columns}, CASE WHEN _issue IS NULL AND copy > 1 "
        f"THEN 'duplicate_key:{table.key[0]}' ELSE _issue END AS _issue FROM ("
        f"SELECT *, ROW_NUMBER() OVER (PARTITION BY {key}, _issue ORDER BY {in_order(table)}) AS copy "
        f"FROM {staged}) AS copies ORDER BY _block, _file, _row"
    )


def in_order(table: Table) -> str:
    """The order of staged rows: that of their blocks and files, then, where these are silent, of values."""
    return ", ".join(["_block", "_file", "_row", *(_quoted(name) for name in table.column_names)])


def settled_sql(table: Table, staged: str) -> str:
    """The accounts, and among them a row that says how many keys stand twice (`doubled`)."""
    keys = has_duplicates_sql(table, staged)
    kinds = ("VARCHAR", "VARCHAR", "BIGINT", "DECIMAL(38, 4)", "DATE", "DATE")
    columns = ", ".join(f"CAST(NULL AS {kind})" for kind in kinds)
    return (
        f"SELECT a.*, CAST(NULL AS BIGINT) AS doubled FROM ({accounts_sql(table, staged)}) AS a "
        f"UNION ALL SELECT {columns}, n AS doubled FROM ({keys}) AS k"
    )


def has_duplicates_sql(table: Table, staged: str) -> str:
    """Whether any key stands twice; cheaper than finding the rows."""
    key = ", ".join(_quoted(name) for name in table.key)
    return (
        f"SELECT COUNT(*) AS n FROM (SELECT {key} FROM {staged} WHERE _issue IS NULL "
        f"GROUP BY {key} HAVING COUNT(*) > 1) AS keys"
    )


def allowed_values(column: Column, channel_types: Iterable[str]) -> tuple[str, ...]:
    """Values a column may hold, with the policy's channel types filled in."""
    return tuple(channel_types) if column.allowed == (CHANNEL_TYPES,) else column.allowed


def _can_fail(column: Column, kind: str) -> bool:
    return column.type in ("number", "date") or (column.type != "text" and kind != "same")


def _unreadable(column: Column, kind: str) -> str:
    raw = f"raw_{column.name}"
    return f"{given(raw) if kind == 'text' else raw} IS NOT NULL AND {_name(column)} IS NULL"


def _why_unreadable(column: Column, kind: str) -> str:
    """The rule broken by a value that cannot be read: some mistakes are known by their looks."""
    other, raw = f"'wrong_type:{column.name}'", f"raw_{column.name}"
    if column.type == "date" and kind in ("number", "float"):
        return (
            f"CASE WHEN {raw} BETWEEN 20000 AND 69999 THEN 'excel_serial_date:{column.name}' ELSE {other} END"
        )
    if kind != "text":
        return other
    cases = f"WHEN {_looks_like(raw, FULL_WIDTH_FORM)} THEN 'full_width_number:{column.name}'"
    if column.type == "date":
        cases += f" WHEN {_looks_like(given(raw), SERIAL_FORM)} THEN 'excel_serial_date:{column.name}'"
    return f"CASE {cases} ELSE {other} END"


def _outside(column: Column, channel_types: Iterable[str]) -> str:
    values = ", ".join("'" + v.replace("'", "''") + "'" for v in allowed_values(column, channel_types))
    return f"{_name(column)} NOT IN ({values})"


def _name(column: Column) -> str:
    return _quoted(column.name)


def _quoted(name: str) -> str:
    return f'"{name}"'
