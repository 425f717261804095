"""What people call our tables and columns: the alias table, and how near a name comes to it."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from ...contracts.schema import Column, Table
from ...contracts.tables import TABLES
from ...files import CATALOG, read_toml

UNITS = {"百万": 1e6, "千万": 1e7, "十万": 1e5, "万": 1e4, "亿": 1e8, "千": 1e3, "百": 1e2}
UNITS |= {"thousand": 1e3, "thousands": 1e3, "million": 1e6, "millions": 1e6, "bn": 1e9, "k": 1e3, "mn": 1e6}
"""Units that names of columns carry in brackets, and what turns them into ours."""

_UNIT = re.compile(r"[(（\[【]([^()（）\[\]【】]*)[)）\]】]")
_NEAR = 0.82


@dataclass(frozen=True, slots=True)
class _Aliases:
    """The names of one table's columns, those of its own and those it shares, ready to compare."""

    own: dict[str, tuple[str, ...]]
    shared: dict[str, tuple[str, ...]]


def key(name: str) -> str:
    """A name as it is compared: without brackets, capitals, spaces and signs.

    Examples
    --------
    >>> key("Sales_Order Number"), key("SalesOrderNumber"), key("金额（万元）")
    ('salesordernumber', 'salesordernumber', '金额')
    """
    plain = unicodedata.normalize("NFKC", _UNIT.sub("", name)) or name
    return "".join(character for character in plain.lower() if character.isalnum())


def unit(name: str) -> float:
    """The factor that a name's unit asks for; 1 where it names none.

    Examples
    --------
    >>> unit("金额(万元)"), unit("Sales [k EUR]"), unit("数量(台)"), unit("销售额_万元")
    (10000.0, 1000.0, 1.0, 10000.0)
    """
    said = [*_UNIT.findall(name), *re.findall(r"[_\s/-]([十百千]?[万亿千]元?)$", name)]
    for text in said:
        for word in re.split(r"[\s,/]+", text.strip().lower()):
            factor = UNITS.get(word.removesuffix("元").removesuffix("人民币"))
            if factor:
                return factor
    return 1.0


def likeness(name: str, table: Table, column: Column) -> float:
    """How near a name comes to a contract column, from 0 to 1."""
    ours, theirs = key(column.name), key(name)
    if not theirs:
        return 0.0
    aliases = _aliases(table.name)
    own, shared = aliases.own.get(column.name, ()), aliases.shared.get(column.name, ())
    if theirs == ours or theirs in own:
        return 1.0
    if theirs in shared:
        return 0.9
    near = [(alias, 0.75) for alias in (ours, *own)] + [(alias, 0.65) for alias in shared]
    return max((weight * _near(theirs, alias) for alias, weight in near), default=0.0)


def table_likeness(text: str, table: Table) -> float:
    """How much a text, such as the names of a file and its sheet, speaks of a table, from 0 to 1."""
    said = key(text)
    names = [key(name) for name in (table.name, *read_aliases()["tables"][table.name]["names"])]
    return max((min(1.0, len(n) / max(len(said), 1) + 0.3) for n in names if n and n in said), default=0.0)


@cache
def read_aliases() -> Mapping[str, Any]:
    """The alias table of the catalogue."""
    return read_toml(CATALOG / "aliases.toml")


@cache
def words_for(column: str) -> Mapping[str, str]:
    """What people write in a column of certain values, as it is compared, and the value it means."""
    values = read_aliases()["values"].get(column, {})
    return {key(word): ours for ours, words in values.items() for word in (ours, *words)}


@cache
def _aliases(table: str) -> _Aliases:
    data: Mapping[str, Any] = read_aliases()
    own, shared = data["tables"][table].get("columns", {}), data["columns"]
    names = TABLES[table].column_names
    return _Aliases(dict(_keys(own, names)), dict(_keys(shared, names)))


def _keys(lists: Mapping[str, list[str]], names: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name in names:
        if name in lists:
            yield name, tuple(dict.fromkeys(key(alias) for alias in lists[name]))


@lru_cache(maxsize=1 << 18)
def _near(theirs: str, alias: str) -> float:
    """How much two names share: one within the other, or spelt nearly alike."""
    short, long = sorted((theirs, alias), key=len)
    if len(short) >= (5 if short.isascii() else 2) and short in long:
        return float((len(short) / len(long)) ** 0.5)
    if 2 * len(short) < _NEAR * (len(short) + len(long)):
        return 0.0
    spelt = difflib.SequenceMatcher(None, theirs, alias)
    ratio = spelt.ratio() if spelt.quick_ratio() >= _NEAR else 0.0
    return ratio if ratio >= _NEAR else 0.0
