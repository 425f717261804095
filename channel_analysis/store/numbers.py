"""Numbers as people write them: 1.234,56, ¥1,234.50, (12.00), 3.5%; read only where a file says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import Scope, build_scope

from ..contracts.checks import given
from ..contracts.schema import Column
from ..contracts.tables import TABLES
from .engine import literal
from .sources import FileSpec

MARK = " (not a number"
"""What is put behind a text that is no number, so that it is found with its row; more may follow."""

NUMERIC = ("money", "quantity", "integer", "number")
"""Types of contract columns whose texts are read as a file says."""

SIGNS = {
    "CNY": ("CN¥", "¥", "￥", "RMB", "CNY", "人民币", "元"),
    "JPY": ("JP¥", "¥", "￥", "JPY", "円"),
    "USD": ("US[$]", "[$]", "USD"),
    "HKD": ("HK[$]", "[$]", "HKD"),
    "TWD": ("NT[$]", "[$]", "TWD"),
    "EUR": ("€", "EUR"),
    "GBP": ("£", "GBP"),
}
"""Signs of currencies as parts of a regular expression; of others the code alone."""

_GROUPS = {"": "", ",": ",", ".": ".", " ": " \u00a0\u2002\u2003\u2009\u202f", "'": "'’"}
"""Characters that a declared thousands mark stands for."""

_SPACE = "[ \u00a0\u2009\u202f]*"
_MARKS = (("", ""), ("", ","), (",", ""), (",", "."), ("", " "), (",", " "), ("", "'"), (",", "'"))
"""Decimal and thousands marks in the order in which they are offered; an empty decimal mark is a point."""


@dataclass(frozen=True, slots=True)
class NumberForm:
    """How a file writes its numbers: decimal mark, thousands mark, and the currency whose signs it uses.

    Signs of the currency, brackets and a minus behind stand for themselves; a percent sign is read
    where a share is meant, and nowhere else.
    """

    decimal: str = "."
    thousands: str = ""
    currency: str = ""

    @property
    def sample(self) -> str:
        """How one thousand two hundred thirty-four and 56 hundredths look in this form."""
        return f"1{self.thousands}234{self.decimal}56"

    def pattern(self, percent: bool) -> str:
        """A regular expression of whole texts, with one meaning to RE2, Java and Python."""
        digits = f"{self._whole}([{self.decimal}][0-9]*)?|[{self.decimal}][0-9]+"
        number = f"({digits})([eE][+-]?[0-9]+)?"
        sign = f"({'|'.join(SIGNS.get(self.currency, (self.currency,)))})?" if self.currency else ""
        behind = f"{_SPACE}{sign}"
        if percent:
            behind = f"({_SPACE}[%％]|{behind})"
        before = f"{sign}{_SPACE}[+−-]?{_SPACE}{sign}{_SPACE}"
        open_, close = f"{sign}{_SPACE}[(]{_SPACE}{sign}{_SPACE}", f"{_SPACE}[)]"
        forms = (
            f"{before}{number}{behind}",
            f"{sign}{_SPACE}{number}{behind}{_SPACE}[−-]",
            f"{open_}{number}{behind}{close}",
        )
        return f"^({'|'.join(forms)})$"

    @property
    def _whole(self) -> str:
        if not self.thousands:
            return "[0-9]+"
        return f"([0-9]{{1,3}}([{_GROUPS[self.thousands]}][0-9]{{3}})+|[0-9]+)"

    def plain_sql(self, text: str, percent: bool = False) -> str:
        """A text without blanks at its ends as a plain number such as -1234.56; NULL where it is none."""
        inside = f"[0-9{_GROUPS[self.thousands]}{self.decimal}]*"
        core = f"REGEXP_EXTRACT({text}, {literal(f'([{self.decimal}]?[0-9]{inside}([eE][+-]?[0-9]+)?)')}, 1)"
        for mark in _GROUPS[self.thousands]:
            core = f"REPLACE({core}, {literal(mark)}, '')"
        if self.decimal != ".":
            core = f"REPLACE({core}, {literal(self.decimal)}, '.')"
        negative = f"REGEXP_MATCHES({text}, '^[^0-9]*[(−-]|[−-]$')"
        share = f" || CASE WHEN REGEXP_MATCHES({text}, '[%％]') THEN 'e-2' ELSE '' END" if percent else ""
        plain = f"CASE WHEN {negative} THEN '-' ELSE '' END || {core}{share}"
        return f"CASE WHEN REGEXP_MATCHES({text}, {literal(self.pattern(percent))}) THEN {plain} END"

    def read_sql(self, column: str, percent: bool = False) -> str:
        """A column's texts as plain numbers; one that is none is kept and marked, to be found later."""
        text = given(column)
        marked = f"{text} || {literal(f'{MARK} written as {self.sample})')}"
        return f"COALESCE({self.plain_sql(text, percent)}, {marked})"


def number_form(spec: FileSpec) -> NumberForm | None:
    """How a file writes its numbers; None where nothing is said of it."""
    if not (spec.decimal or spec.thousands or spec.currency):
        return None
    return NumberForm(spec.decimal or ".", spec.thousands, spec.currency)


def remedy_for_number(text: str, column: Column, own_currency: str = "") -> str:
    """What to say in the settings so that a text is read as a number; empty when nothing helps.

    `own_currency` is the company's where the settings of the workspace speak of all files alike; its
    signs are read there as soon as marks are named.
    """
    if column.type not in NUMERIC:
        return ""
    text = text.partition(MARK)[0]
    percent = column.type == "number"
    if not own_currency:
        said = offer(text, percent)
        return f"say {said} for the file under [files] of the mapping" if said else ""
    said = offer(text, percent, (own_currency,)).replace(f', currency = "{own_currency}"', "")
    said = said.replace(f'currency = "{own_currency}"', 'decimal = "."')
    return f"say {said} under [data] in workspace.toml" if said else ""


def offer(text: str, percent: bool = True, currencies: Iterable[str] = SIGNS) -> str:
    """The options under which a text would be a number; empty when there are none.

    Examples
    --------
    >>> offer("1.234,56"), offer("¥12.50"), offer("(12.50)"), offer("12 Stück")
    ('decimal = ",", thousands = "."', 'currency = "CNY"', 'decimal = "."', '')
    >>> offer("1,234")
    'thousands = "," if this is 1234, or decimal = "," if it is 1.234'
    """
    text = text.strip()
    either = re.fullmatch("[^0-9.,]*([0-9]{1,3}),([0-9]{3})[^0-9.,]*", text)
    if either:
        whole, rest = either.groups()
        return f'thousands = "," if this is {whole}{rest}, or decimal = "," if it is {whole}.{rest}'
    for currency in ("", *currencies):
        for decimal, thousands in _MARKS:
            if _pattern(NumberForm(decimal or ".", thousands, currency), percent).search(text):
                return _said(decimal, thousands, currency)
    return ""


@lru_cache(maxsize=256)
def _pattern(form: NumberForm, percent: bool) -> re.Pattern[str]:
    return re.compile(form.pattern(percent))


def _said(decimal: str, thousands: str, currency: str) -> str:
    options = {"decimal": decimal, "thousands": thousands, "currency": currency}
    said = ", ".join(f'{name} = "{value}"' for name, value in options.items() if value)
    return said or 'decimal = "."'


def read_as_written(query: exp.Select, table: str, forms: Mapping[str, NumberForm]) -> None:
    """Let a query read the numbers of its files as these write them.

    That are the columns that make up a numeric column of the contract table, through common tables
    and subqueries, and those that are cast to a number anywhere; conditions compare texts as they are.
    """
    root = build_scope(query)
    if not forms or root is None:
        return
    found: dict[int, tuple[exp.Column, NumberForm, bool]] = {}

    def note(column: exp.Column, form: NumberForm, percent: bool) -> None:
        seen = found.get(id(column))
        found[id(column)] = (column, form, percent or bool(seen and seen[2]))

    types = {column.name: column.type for column in TABLES[table].columns} if table in TABLES else {}
    for projection in query.expressions:
        if types.get(projection.alias_or_name) in NUMERIC:
            is_share = types[projection.alias_or_name] == "number"
            _trace(projection, root, forms, is_share, note)
    for scope in root.traverse():
        for cast in scope.find_all(exp.Cast, exp.TryCast):
            if cast.to.is_type(*exp.DataType.NUMERIC_TYPES):
                _trace(cast, scope, forms, False, note)
    for column, form, percent in found.values():
        reading = form.read_sql(column.sql(dialect="duckdb"), percent)
        value = sqlglot.parse_one(reading, read="duckdb")
        is_projection = isinstance(column.parent, exp.Select) and column.arg_key == "expressions"
        column.replace(exp.alias_(value, column.name, quoted=True) if is_projection else value)


def _trace(
    node: exp.Expr,
    scope: Scope,
    forms: Mapping[str, NumberForm],
    percent: bool,
    note: Callable[[exp.Column, NumberForm, bool], None],
) -> None:
    """Note the columns of files that a value is made of."""
    for column in _made_of(node):
        source = _source(column, scope, forms)
        if isinstance(source, exp.Table):
            if source.name in forms:
                note(column, forms[source.name], percent)
        elif isinstance(source, Scope):
            for inner, below in _projections(source, column.name):
                _trace(inner, below, forms, percent, note)


def _made_of(node: exp.Expr) -> Iterator[exp.Column]:
    for column in node.find_all(exp.Column):
        below: exp.Expr = column
        while below is not node and not _is_condition(below):
            assert below.parent is not None
            below = below.parent
        if below is node:
            yield column


def _is_condition(node: exp.Expr) -> bool:
    """Whether a part of an expression decides rather than gives the value."""
    parent, key = node.parent, node.arg_key
    if isinstance(parent, exp.Predicate | exp.Subquery):
        return True
    if isinstance(parent, exp.If | exp.Case):
        return key == "this"
    return isinstance(parent, exp.Window | exp.Filter) and key != "this"


def _source(column: exp.Column, scope: Scope, forms: Mapping[str, NumberForm]) -> exp.Table | Scope | None:
    """What a column comes from; without a name before it, the only source or one of those alike."""
    if column.table:
        return scope.sources.get(column.table)
    sources = [source for _, source in scope.selected_sources.values()]
    written = {forms.get(s.name) if isinstance(s, exp.Table) else None for s in sources}
    return sources[0] if len(sources) == 1 or (len(written) == 1 and None not in written) else None


def _projections(scope: Scope, name: str) -> Iterator[tuple[exp.Expr, Scope]]:
    """The expressions that a common table or subquery gives under a name, those of a union each."""
    query = scope.expression
    names = [selected.lower() for selected in query.named_selects] if isinstance(query, exp.Query) else []
    if name.lower() in names:
        yield from _at(scope, names.index(name.lower()))


def _at(scope: Scope, place: int) -> Iterator[tuple[exp.Expr, Scope]]:
    for below in scope.set_operation_scopes:
        yield from _at(below, place)
    if isinstance(scope.expression, exp.Select) and place < len(scope.expression.expressions):
        yield scope.expression.expressions[place], scope
