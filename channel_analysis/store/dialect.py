"""Queries in DuckDB's dialect, told in Spark's words with the same meaning."""

from __future__ import annotations

import re
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from .engine import EngineError

_JAVA = {
    "%Y": "yyyy",
    "%y": "yy",
    "%m": "MM",
    "%-m": "M",
    "%d": "dd",
    "%-d": "d",
    "%H": "HH",
    "%-H": "H",
    "%M": "mm",
    "%S": "ss",
    "%f": "SSSSSS",
    "%b": "MMM",
    "%B": "MMMM",
    "%p": "a",
    "%I": "hh",
    "%%": "%",
}
"""Directives of `strptime` as letters of Java's DateTimeFormatter."""

_LENIENT = {"MM": "M", "dd": "d", "HH": "H", "mm": "m", "ss": "s", "hh": "h"}
"""One letter reads one digit or two, as `strptime` does."""


@lru_cache(maxsize=2048)
def to_spark(sql: str) -> str:
    """The Spark SQL of a query in DuckDB's dialect; EngineError when it cannot be read.

    Beyond the words, these meanings are carried over: division and averages give a double, division
    and remainder by zero NULL, and a date's format reads what `strptime` would.

    Examples
    --------
    >>> to_spark('SELECT a / b AS "a b" FROM t ORDER BY a')
    'SELECT CAST(a AS DOUBLE) / NULLIF(CAST(b AS DOUBLE), 0) AS `a b` FROM t ORDER BY a NULLS LAST'
    """
    try:
        tree = sqlglot.parse_one(sql, read="duckdb")
        return _same_meaning(tree).sql(dialect="spark")
    except SqlglotError as error:
        raise EngineError(str(error).splitlines()[0]) from error


def _same_meaning(tree: exp.Expr) -> exp.Expr:
    """The tree with DuckDB's division, averages and date formats in terms that Spark takes alike."""
    for node in reversed(list(tree.walk())):  # the innermost first: a cast holds a copy of what is inside
        if isinstance(node, exp.Div):
            node.set("this", exp.cast(node.this, "double"))
            node.set("expression", _never_zero(exp.cast(node.expression, "double")))
        elif isinstance(node, exp.IntDiv | exp.Mod):
            node.set("expression", _never_zero(node.expression))
        elif isinstance(node, exp.Avg):
            node.set("this", exp.cast(node.this, "double"))
        elif isinstance(node, exp.Anonymous) and node.name.upper() == "TRY_STRPTIME":
            node.set("this", "TRY_TO_TIMESTAMP")
            node.set("expressions", [node.expressions[0], _java_format(node.expressions[1])])
    return tree


def _never_zero(divisor: exp.Expr) -> exp.Expr:
    return exp.Nullif(this=divisor, expression=exp.Literal.number(0))


def _java_format(form: exp.Expr) -> exp.Expr:
    """A format of `strptime` as one of Java's; what stands between the directives is kept as it is."""
    if not isinstance(form, exp.Literal):
        raise EngineError("the format of TRY_STRPTIME must be a plain text")
    parts = re.findall(r"%-?.|[^%]+", form.name)
    java = []
    for before, part, after in zip(["", *parts], parts, [*parts[1:], ""], strict=False):
        if not part.startswith("%"):
            java.append(re.sub(r"[A-Za-z]+", lambda match: f"'{match[0]}'", part.replace("'", "''")))
        elif part not in _JAVA:
            raise EngineError(f"the directive {part} of the date format '{form.name}' is not known to Spark")
        else:
            letters = _JAVA[part]
            stands_alone = not before.startswith("%") and not after.startswith("%")
            java.append(_LENIENT.get(letters, letters) if stands_alone else letters)
    return exp.Literal.string("".join(java))
