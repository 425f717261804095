"""Mappings: pure data that binds the columns of foreign files to our contract tables."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Names
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope

from ..contracts.checks import NUMBER_FORM, given
from ..contracts.schema import Table
from ..contracts.settings import validated
from ..contracts.tables import TABLES
from ..errors import InputError, Problem, did_you_mean, refuse
from ..files import read_toml
from .engine import FILE, ROW, literal, quoted
from .numbers import MARK, NumberForm, number_form, read_as_written
from .sources import FileSpec, Source
from .written import MappingFile

NOT_A_NUMBER = f"{MARK})"
"""Marks a text in a column with a unit that could not be multiplied."""

VARYING = (
    "now",
    "today",
    "get_current_timestamp",
    "transaction_timestamp",
    "current_localtimestamp",
    "setseed",
)
"""Functions, beside those sqlglot knows, whose value depends on chance or the clock."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block bound to the table it fills; `forms` say how files write their numbers, by file."""

    table: str
    query: str
    values: Names[str, Names[str, str]] = field(default_factory=dict)
    dates: Names[str, str] = field(default_factory=dict)
    units: Names[str, float] = field(default_factory=dict)
    leave_out: Names[str, str] = field(default_factory=dict)
    forms: Names[str, NumberForm] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping and where it stands, for messages; in contract mode the folder itself is the mapping.

    `strangers` are the files of such a folder that no contract knows.
    """

    where: str
    files: dict[str, FileSpec]
    tables: dict[str, tuple[Block, ...]]
    is_contract: bool = False
    strangers: tuple[str, ...] = ()

    @property
    def options_place(self) -> str:
        """Where delimiter and encoding of a file are said."""
        if self.is_contract:
            return "under [data] in workspace.toml"
        return f"for the file under [files] of {self.where}"


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file; InputError lists unknown tables, names and options with the nearest ones."""
    data = read_toml(path)
    where = path.name
    top = {"name", "description", "files"}
    blocks = {key: value for key, value in data.items() if key not in top}
    refuse(
        Problem(f"{where} [{table}]", "there is no contract table of this name", did_you_mean(table, TABLES))
        for table in blocks
        if table not in TABLES
    )
    try:
        written = validated(MappingFile, {**{k: data[k] for k in top & set(data)}, "tables": blocks}, where)
    except InputError as error:
        raise InputError(
            replace(problem, where=problem.where.replace("[tables.", "[")) for problem in error.problems
        ) from None
    forms = _forms(written.files)
    bound = {
        table: tuple(Block(table, **dict(block), forms=forms) for block in blocks)
        for table, blocks in written.tables.items()
    }
    return Mapping(where, written.files, bound)


def _forms(files: Names[str, FileSpec]) -> dict[str, NumberForm]:
    forms = {name: number_form(spec) for name, spec in files.items()}
    return {name: form for name, form in forms.items() if form}


def blocks_of(mapping: Mapping, table: Table, sources: Names[str, Source]) -> tuple[Block, ...]:
    """The blocks that fill a table; without a mapping file, the columns of the table's own file."""
    if not mapping.is_contract or table.name not in sources:
        return mapping.tables.get(table.name, ())
    columns = [name for name in sources[table.name].columns if name in table.column_names]
    selected = ", ".join(quoted(name) for name in columns) or "*"
    query = f"SELECT {selected} FROM {quoted(table.name)}"
    return (Block(table.name, query, forms=_forms(mapping.files)),)


def check_block(block: Block, table: Table, sources: Names[str, Source], where: str) -> list[Problem]:
    """Every problem of one block: syntax, unknown files and columns, targets unknown, twice or missing."""
    try:
        parsed = sqlglot.parse(block.query, read="duckdb")
    except SqlglotError as error:
        return [Problem(where, f"the query is not SQL: {_first_error(error)}")]
    if len(parsed) != 1 or not isinstance(parsed[0], exp.Select):
        return [Problem(where, "a block holds exactly one SELECT")]
    query = parsed[0]
    return [
        *_left_out_problems(block, query, sources, where),
        *_source_problems(query, sources, where),
        *_target_problems(query, table, where),
        *_option_problems(block, query, where),
        *_varying_problems(query, where),
    ]


def _varying_problems(query: exp.Expr, where: str) -> Iterator[Problem]:
    """Chance and the clock, by which the same files would be taken in differently each time."""
    if any(True for _ in query.find_all(exp.TableSample)):
        yield Problem(where, "a sample holds other rows at every run", "take all rows, or name a condition")
    kinds = (exp.Rand, exp.Uuid, exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.Localtimestamp)
    named = [node.sql(dialect="duckdb") for node in query.find_all(*kinds)]
    named += [node.name for node in query.find_all(exp.Anonymous) if node.name.lower() in VARYING]
    if named:
        what = f"{named[0]} gives something else at every run"
        yield Problem(where, what, "name a date or a condition in the query")


def main_file(block: Block) -> str:
    """The file a block reads in its FROM; the others are joined to it."""
    source = _read(block.query).find(exp.From)
    return source.this.name if source is not None and isinstance(source.this, exp.Table) else ""


def file_of(block: Block, sources: Names[str, Source]) -> Source | None:
    """The file a block's rows come from: that of its FROM, else the first it reads."""
    read = [main_file(block), *(table.name for table in _read(block.query).find_all(exp.Table))]
    return next((sources[name] for name in read if name in sources), None)


def is_plain_copy(block: Block) -> bool:
    """Whether a block gives one row for each row of its file, in the file's order."""
    query = _read(block.query)
    reshaping = (
        *(exp.Join, exp.Where, exp.Group, exp.Distinct, exp.Subquery, exp.CTE, exp.Limit, exp.Order),
        *(exp.TableSample, exp.Qualify),
    )
    found = (node for node in query.find_all(*reshaping) if not node.find_ancestor(exp.Window))
    return bool(main_file(block)) and not any(True for _ in found)


def source_view(file: str) -> str:
    """The engine's name of a file, apart from the contract tables' names."""
    return f"source_{file}"


def numbered_view(file: str) -> str:
    """The engine's name of a file whose rows carry the file they stand in and their number."""
    return f"numbered_{file}"


def raw_query(block: Block) -> str:
    """A block's SELECT with files under their engine names, enumerations, dates and units in our terms.

    Rows that come from one row of the file in FROM carry its place (`FILE`, `ROW`); of others,
    grouped ones for example, these are NULL.
    """
    kept = [f"NOT COALESCE({condition}, FALSE)" for condition in block.leave_out.values()]
    return _in_engine_terms(block, _parsed(block).where(*kept, dialect="duckdb")).sql(dialect="duckdb")


def left_out_query(block: Block) -> str:
    """The rows that a block leaves out, with the reason of each, the first that holds (`_left_out`)."""
    cases = " ".join(f"WHEN {cond} THEN {literal(reason)}" for reason, cond in block.leave_out.items())
    anyone = " OR ".join(f"COALESCE({condition}, FALSE)" for condition in block.leave_out.values())
    query = _parsed(block).select(f"CASE {cases} END AS _left_out", dialect="duckdb")
    return _in_engine_terms(block, query.where(f"({anyone})", dialect="duckdb")).sql(dialect="duckdb")


def _in_engine_terms(block: Block, query: exp.Select) -> exp.Select:
    """The query with its files under their engine names and every value in our terms."""
    _name_plainly(query)
    main = _row_by_row(query)
    read_as_written(query, block.table, block.forms)
    common = {cte.alias for cte in query.find_all(exp.CTE)}
    for table in list(query.find_all(exp.Table)):
        if table.name not in common:
            alias = table.alias_or_name
            view = numbered_view(table.name) if table is main else source_view(table.name)
            table.set("this", exp.to_identifier(view, quoted=True))
            table.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
    for projection in query.expressions:
        name = projection.alias_or_name
        value = _in_our_terms(projection.unalias().copy(), name, block)
        projection.replace(exp.alias_(value, name, quoted=True))
    for name, type_name in ((FILE, "text"), (ROW, "bigint")):
        place = exp.column(name, table=main.alias_or_name, quoted=True) if main else exp.null()
        query = query.select(exp.alias_(place if main else exp.cast(place, type_name), name))
    return query


def _name_plainly(query: exp.Select) -> None:
    """Give every column its name at hand, and quotes to names that not every engine takes without."""
    for select in query.find_all(exp.Select):
        for projection in select.expressions:
            if isinstance(projection, exp.Column) and not isinstance(projection.this, exp.Star):
                projection.replace(exp.alias_(projection.copy(), projection.name, quoted=True))
    for identifier in query.find_all(exp.Identifier):
        if not identifier.name.isascii():
            identifier.set("quoted", True)


def _row_by_row(query: exp.Select) -> exp.Table | None:
    """The file in FROM when each row of the query comes from one of its rows."""
    source = query.args.get("from_")
    if source is None or not isinstance(source.this, exp.Table):
        return None
    if query.args.get("group") or query.args.get("distinct") or query.args.get("having"):
        return None
    if source.this.name in {cte.alias for cte in query.find_all(exp.CTE)}:
        return None
    totals = (f for f in query.find_all(exp.AggFunc) if not f.find_ancestor(exp.Window, exp.Subquery))
    return None if any(True for _ in totals) else source.this


def _in_our_terms(value: exp.Expr, name: str, block: Block) -> exp.Expr:
    if block.values.get(name):
        text = exp.cast(value, "text")
        case = exp.Case()
        for theirs, ours in block.values[name].items():
            same = exp.EQ(this=text.copy(), expression=exp.Literal.string(theirs))
            case = case.when(same, exp.Literal.string(ours))
        value = case.else_(text)
    if name in block.dates:
        form = literal(block.dates[name])
        value = _or_marked(value, f"CAST(TRY_STRPTIME({{text}}, {form}) AS DATE)", block.dates[name])
    if name in block.units:
        factor = _exact(block.units[name])
        is_number = f"REGEXP_MATCHES({{text}}, {literal(NUMBER_FORM)})"
        amount = f"CASE WHEN {is_number} THEN TRY_CAST({{text}} AS DECIMAL(20, 6)) END * {factor}"
        value = _or_marked(value, amount, "a number")
    return value


def _exact(factor: float) -> str:
    """A factor as a decimal with all its digits, up to 15 behind the point."""
    decimals = min(15, max(0, -int(Decimal(repr(factor)).as_tuple().exponent)))
    return f"CAST({Decimal(repr(factor)):f} AS DECIMAL(18, {decimals}))"


def _or_marked(value: exp.Expr, reading: str, expected: str) -> exp.Expr:
    """The value as `reading` reads its text; a text it cannot read is kept and marked, to be found later."""
    text = given(f"CAST({value.sql(dialect='duckdb')} AS VARCHAR)")
    mark = literal(f" (not {expected})")
    marked = f"{text} || CASE WHEN {text} LIKE {literal(f'%{MARK}%')} THEN '' ELSE {mark} END"
    return sqlglot.parse_one(
        f"COALESCE(CAST({reading.replace('{text}', text)} AS VARCHAR), {marked})", read="duckdb"
    )


def _parsed(block: Block) -> exp.Select:
    """A block's SELECT as a tree of its own, to be changed."""
    return _read(block.query).copy()


@lru_cache(maxsize=256)
def _read(text: str) -> exp.Select:
    """A SELECT as a tree that nobody changes."""
    query = sqlglot.parse_one(text, read="duckdb")
    assert isinstance(query, exp.Select)
    for node in query.walk():
        node.pop_comments()
    return query


def _first_error(error: SqlglotError) -> str:
    details: list[dict[str, Any]] = getattr(error, "errors", [])
    if not details:
        return str(error).splitlines()[0]
    first = details[0]
    return f"{first['description']} (line {first['line']}, near '{first['highlight']}')"


def _source_problems(query: exp.Select, sources: Names[str, Source], where: str) -> list[Problem]:
    problems = []
    for scope in traverse_scope(query):
        for source in scope.sources.values():
            if isinstance(source, exp.Table) and source.name not in sources:
                what = f"there is no file '{source.name or source.sql()}' in [files]"
                problems.append(Problem(where, what, did_you_mean(source.name, sources)))
        problems += _column_problems(scope, sources, where)
    for lateral in query.find_all(exp.Lateral):
        if not isinstance(lateral.this, exp.Subquery):
            what = f"there is no file '{lateral.this.sql(dialect='duckdb')}' in [files]"
            problems.append(Problem(where, what, did_you_mean("", sources)))
    return problems


def _column_problems(scope: Scope, sources: Names[str, Source], where: str) -> list[Problem]:
    offered = {alias: _columns_of(source, sources) for alias, source in scope.sources.items()}
    every = [name for names in offered.values() if names for name in names]
    problems = []
    for column in scope.columns:
        if column.table and column.table not in offered:
            what = f"'{column.table}' in '{column.sql()}' names no file of this query"
            problems.append(Problem(where, what, did_you_mean(column.table, offered)))
            continue
        names = offered[column.table] if column.table else every
        unknown_source = None in offered.values() if not column.table else names is None
        if unknown_source or column.name.lower() in {name.lower() for name in names or ()}:
            continue
        what = f"there is no column '{column.name}' in {_listed(column.table or '', scope)}"
        problems.append(Problem(where, what, did_you_mean(column.name, names or ())))
    return problems


def _columns_of(source: exp.Table | Scope | Any, sources: Names[str, Source]) -> list[str] | None:
    if isinstance(source, exp.Table):
        return list(sources[source.name].columns) if source.name in sources else None
    expression = source.expression
    if not isinstance(expression, exp.Query) or "*" in expression.named_selects:
        return None
    return list(expression.named_selects)


def _listed(alias: str, scope: Scope) -> str:
    wanted = [alias] if alias else list(scope.sources)
    names = [getattr(scope.sources[name], "name", "") or name for name in wanted]
    return ", ".join(names)


def _target_problems(query: exp.Select, table: Table, where: str) -> list[Problem]:
    targets = query.named_selects
    problems = []
    for name in dict.fromkeys(targets):
        if name not in table.column_names:
            what = f"'{name}' is no column of {table.name}"
            problems.append(Problem(where, what, did_you_mean(name, table.column_names)))
        elif targets.count(name) > 1:
            what = f"the column '{name}' is filled {targets.count(name)} times"
            problems.append(Problem(where, what, "keep one of them"))
    for column in table.columns:
        if column.required and column.name not in targets:
            what = f"the required column '{column.name}' is not filled ({column.description})"
            problems.append(Problem(where, what, f"add '... AS {column.name}' to the query"))
    return problems


def _left_out_problems(
    block: Block, query: exp.Select, sources: Names[str, Source], where: str
) -> list[Problem]:
    """What speaks against the conditions of rows to leave out."""
    if block.leave_out and not _row_by_row(query.copy()):
        what = "rows can be left out only where each row comes from one row of a file"
        return [Problem(f"{where} [leave_out]", what, "use WHERE in the query, or take GROUP BY out of it")]
    known = [problem.what for problem in _source_problems(query, sources, where)]
    problems = []
    for reason, condition in block.leave_out.items():
        place = f"{where} [leave_out.{reason}]"
        try:
            with_condition = query.copy().where(condition, dialect="duckdb")
        except SqlglotError as error:
            problems.append(Problem(place, f"the condition is not SQL: {_first_error(error)}"))
            continue
        found = _source_problems(with_condition, sources, place)
        problems += [problem for problem in found if problem.what not in known]
    return problems


def _option_problems(block: Block, query: exp.Select, where: str) -> list[Problem]:
    targets = query.named_selects
    return [
        Problem(f"{where} [{option}.{name}]", "the query fills no such column", did_you_mean(name, targets))
        for option in ("values", "dates", "units")
        for name in getattr(block, option)
        if name not in targets
    ]
