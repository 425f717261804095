"""Lines that are no rows (blank ones, totals), and what raw texts show that typed values no longer do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .checks import given
from .schema import Column, Table

_WORDS = ("total", "totals", "grand total", "subtotal", "sub-total", "sum")
_WORDS_ZH = (
    "合计",
    "总计",
    "小计",
    "共计",
    "汇总",
    "合 计",
    "总 计",
    "小 计",
    "总合计",
    "本页合计",
    "本月合计",
)

LABELS = tuple(
    dict.fromkeys(
        [*_WORDS, *map(str.upper, _WORDS), *map(str.capitalize, _WORDS), *map(str.title, _WORDS), *_WORDS_ZH]
    )
)
"""What stands in the key or the name of a totals row instead of a value."""

_LABEL = (
    "(合 ?计|总 ?计|小 ?计|共计|汇总|[Tt]otals?|TOTALS?|([Gg]rand|GRAND) ([Tt]otal|TOTAL)|"
    "([Ss]ub|SUB)-?([Tt]otal|TOTAL)|[Ss]um|SUM)"
)

LABEL_FORM = f"^{_LABEL}[ :：].*$|^(.*[^A-Za-z])?{_LABEL}[ :：]*$"
"""A label with what it sums up ("华东 小计:", "Total 2025-03")."""


def line_case(
    table: Table, kinds: Mapping[str, str], from_file: Iterable[str], issue: str, finds_totals: bool = True
) -> str:
    """The issue of a row, or that it is a blank line or a totals row.

    `from_file` names the columns whose values come from the file; `issue` is the name of the column
    that holds the first rule broken by the row's values. Sound rows are only looked at in their key
    and their names.
    """
    given_there = set(from_file) if finds_totals else set()
    texts = [c for c in table.columns if kinds.get(c.name) == "text" and c.name in given_there]
    named = [c for c in texts if c.type == "text" and (c.name in table.key or c.name.endswith("_name"))]
    cases = [f"WHEN {_is_label(c)} THEN 'totals_row:{c.name}'" for c in named]
    cases.append(f"WHEN {issue} IS NULL THEN NULL")
    blank = _all_blank(table, kinds, from_file)
    cases += [f"WHEN {blank} THEN 'blank_line:{table.key[0]}'"] if blank else []
    cases += [f"WHEN {_labelled(c)} THEN 'totals_row:{c.name}'" for c in texts]
    return f"CASE {' '.join(cases)} ELSE {issue} END"


def _is_label(column: Column) -> str:
    """Whether a key or a name is a label; of keys of several words the form is tried, too."""
    name = _name(column)
    exact = f"{name} IN ({_listed(LABELS)})"
    return exact if _names_a_thing(column) else f"{exact} OR ({name} LIKE '% %' AND {_has_form(name)})"


def _labelled(column: Column) -> str:
    """Whether a text of a row that is broken anyway is a label."""
    text = _name(column) if column.type == "text" else f"raw_{column.name}"
    return f"{text} IN ({_listed(LABELS)})" if _names_a_thing(column) else _has_form(text)


def _names_a_thing(column: Column) -> bool:
    """Whether a column holds proper names, in which any word may stand: Total Energies."""
    return column.name.endswith("_name")


def _has_form(text: str) -> str:
    return f"REGEXP_MATCHES({text}, '{LABEL_FORM}')"


def _all_blank(table: Table, kinds: Mapping[str, str], from_file: Iterable[str]) -> str:
    """Whether nothing stands in any column that comes from the file; empty when none does."""
    columns = [c for c in table.columns if c.name in kinds and c.name in set(from_file)]
    return " AND ".join(f"{_blank(c, kinds[c.name])} IS NULL" for c in columns)


def _blank(column: Column, kind: str) -> str:
    """What is NULL where nothing stands in a column; a text was brought to this form before."""
    if column.type == "text":
        return _name(column)
    return given(f"raw_{column.name}") if kind == "text" else f"raw_{column.name}"


def note_case(table: Table, kinds: Mapping[str, str], shifted: Mapping[str, str]) -> str:
    """What raw values show of a row that is used: days moved by a zone, blanks around numbers of things.

    `shifted` gives, by date column, the condition on its raw value that says it was moved.
    """
    cases = [f"WHEN {condition} THEN 'zone_shift:{name}'" for name, condition in shifted.items()]
    for column in table.columns:
        if kinds.get(column.name) == "text" and is_id(table, column):
            raw = f"raw_{column.name}"
            cases.append(f"WHEN {raw} <> {_name(column)} THEN 'invisible_characters:{column.name}'")
    return f"CASE {' '.join(cases)} END" if cases else "CAST(NULL AS VARCHAR)"


def is_id(table: Table, column: Column) -> bool:
    """Whether a column holds numbers of things: keys and what refers to keys."""
    is_named = column.name in table.key or bool(column.references) or column.name.endswith("_id")
    return column.type == "text" and is_named


def _listed(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _name(column: Column) -> str:
    return f'"{column.name}"'
