"""Messages for rows that stop a run: their place, the value, how many they are, and the ways out."""

from __future__ import annotations

import datetime
from decimal import Decimal, InvalidOperation

from ..contracts import checks
from ..contracts.rules import RULES
from ..contracts.schema import Column
from ..errors import Problem, did_you_mean
from .mapping import NOT_A_NUMBER
from .numbers import remedy_for_number
from .places import Seen
from .sources import Part
from .staging import Finding, Staging

ASIDE = 'or set bad_rows = "set_aside" in workspace.toml to go on without them'

EXCEL_DAY_ZERO = datetime.date(1899, 12, 30)

_LARGEST = {
    "money": Decimal(10) ** 14,
    "quantity": Decimal(10) ** 14,
    "integer": Decimal(2) ** 63,
    "number": Decimal(10) ** 300,
}
"""Numbers from here on do not fit the type."""

_IN_WORDS = {
    "date": "a date",
    "integer": "a whole number",
    "money": "an amount",
    "quantity": "a quantity",
    "number": "a number",
    "flag": "true or false",
}


def stopping_problem(staging: Staging, finding: Finding, seen: Seen) -> Problem:
    """The message for rows that stop a run, or for rows that are not there."""
    if not finding.rows:
        what = f"{finding.sample}: rows of {finding.table} {RULES[finding.rule].what}"
        return Problem(f"{finding.table}, column '{finding.column}'", what, _ways_out(finding.rule))
    rows = f"{finding.rows:,} row{'' if finding.rows == 1 else 's'} of {finding.table}"
    where = f"{seen.place}, column '{finding.column}'" if finding.column else seen.place
    words = _WORDS.get(finding.rule)
    if words is None or seen.given is None:
        value = f"{seen.given!r}: " if seen.given is not None else ""
        what = f"{value}{rows} {RULES[finding.rule].what}"
        return Problem(where, what, _ways_out(finding.rule))
    what, remedy = words(staging, staging.table.column(finding.column), seen.given)
    return Problem(where, f"{seen.given!r} {what} ({rows})", f"{remedy}, {ASIDE}")


def _ways_out(rule: str) -> str:
    """What may be done about a rule that a policy has made to stop a run."""
    others = [way for way in RULES[rule].treatments if way != "stop"]
    chosen = " or ".join(f'"{way}"' for way in others)
    return f"correct the file, or set {rule} = {chosen} under [quality.rules] in policy.toml"


def unreadable_problem(part: Part) -> Problem:
    """The message for rows of a file that stop a strict run because nothing can be read of them."""
    count = part.unreadable_rows
    rows = f"{count:,} row{'' if count == 1 else 's'} of the file"
    what = f"the row cannot be read: {part.why_unreadable} ({rows})"
    return Problem(f"{part.label} line {part.first_unreadable}", what, f"correct the file, {ASIDE}")


def _unreadable(staging: Staging, column: Column, given: str) -> tuple[str, str]:
    words = _IN_WORDS[column.type]
    if _too_large(given, column):
        return f"is too large for {words}", "correct the file"
    currency = staging.rules.currency if staging.is_contract else ""
    return f"is not {words}", remedy_for_number(given, column, currency) or "correct the file"


def _too_large(given: str, column: Column) -> bool:
    try:
        size = abs(Decimal(given.removesuffix(NOT_A_NUMBER).strip()))
    except InvalidOperation:
        return False
    if given.endswith(NOT_A_NUMBER):
        return size.is_finite()
    return size.is_finite() and size >= _LARGEST.get(column.type, Decimal("Infinity"))


def _serial_date(staging: Staging, column: Column, given: str) -> tuple[str, str]:
    day = EXCEL_DAY_ZERO + datetime.timedelta(days=int(float(given.partition(" ")[0])))
    remedy = "format the column as a date in the workbook"
    if not staging.is_contract:
        remedy += f", or compute DATE '1899-12-30' + CAST(... AS INTEGER) AS {column.name} in the mapping"
    return f"is not a date but Excel's number of one, {day}", remedy


def _full_width(staging: Staging, column: Column, _given: str) -> tuple[str, str]:
    remedy = "write the digits in half width"
    if not staging.is_contract:
        translated = "TRANSLATE(..., '０１２３４５６７８９．', '0123456789.')"
        remedy += f", or use {translated} AS {column.name} in the mapping"
    return f"is not {_IN_WORDS[column.type]}: its digits are full-width", remedy


def _foreign(staging: Staging, _column: Column, _given: str) -> tuple[str, str]:
    remedy = "convert the amounts in the mapping"
    if staging.is_contract:
        remedy = "convert the amounts in the file, or in a mapping of your own"
    return f"is not the workspace's currency {staging.rules.currency}", remedy


def _not_allowed(staging: Staging, column: Column, given: str) -> tuple[str, str]:
    values = checks.allowed_values(column, staging.rules.channel_types)
    near = did_you_mean(given, values)
    remedy = "correct the file" if staging.is_contract else "translate it in the mapping's values"
    if values == staging.rules.channel_types:
        remedy += " or add it under [channel_types] in policy.toml"
    return "is not an allowed value", f"{near}{' ' if near.endswith('?') else '; '}{remedy}"


_WORDS = {
    "wrong_type": _unreadable,
    "excel_serial_date": _serial_date,
    "full_width_number": _full_width,
    "foreign_currency": _foreign,
    "not_allowed": _not_allowed,
}
