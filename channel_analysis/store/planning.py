"""Planning an intake: files attached, blocks bound to tables, and what is wrong before any row is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ..contracts.tables import TABLES
from ..errors import InputError, Problem
from .contract import missing_columns
from .engine import Engine, EngineError, quoted
from .mapping import Block, check_block, file_of, numbered_view, raw_query, source_view
from .mapping import Mapping as MappingPlan
from .sources import Source, attach

Plan = dict[str, tuple[Block, ...]]
"""The blocks of every table that a mapping fills."""


def attach_all(
    engine: Engine,
    mapping: MappingPlan,
    folder: Path,
    scratch: Path,
    snapshots: Path,
    progress: Callable[[str, int, int], None],
) -> tuple[dict[str, Source], list[Problem]]:
    """Every file of the mapping as two views, its columns alone and with the place of each row.

    Files that cannot be read are missing among the sources; why is among the problems.
    """
    sources: dict[str, Source] = {}
    problems: list[Problem] = []
    for done, (name, spec) in enumerate(mapping.files.items()):
        progress(f"reading {name}", done, len(mapping.files))
        numbered = numbered_view(name)
        try:
            source = attach(engine, numbered, spec, folder, scratch, snapshots, mapping.options_place)
        except InputError as error:
            problems += error.problems
            continue
        columns = ", ".join(quoted(column) for column in source.columns)
        engine.register(source_view(name), f"SELECT {columns} FROM {quoted(numbered)}")
        sources[name] = source
    return sources, problems


def plan_problems(
    engine: Engine,
    plan: Plan,
    sources: Mapping[str, Source],
    mapping: MappingPlan,
) -> dict[str, list[Problem]]:
    """What is known against tables before any row is taken in, by table; sales without a row come first."""
    if mapping.is_contract:
        lacking = {name: missing_columns(TABLES[name], sources[name], mapping.where) for name in plan}
        return _only_problems(_empty_sales(engine, plan, sources)) or _only_problems(lacking)
    mistakes = {
        name: _mapping_problems(engine, name, blocks, sources, mapping) for name, blocks in plan.items()
    }
    return _only_problems(mistakes) or _only_problems(_empty_sales(engine, plan, sources))


def reads_only(block: Block, sources: Mapping[str, Source], mapping: MappingPlan) -> bool:
    """Whether every file of the mapping that a block reads could be attached."""
    try:
        query = sqlglot.parse_one(block.query, read="duckdb")
    except SqlglotError:
        return True  # what is no SQL is told of its own
    read = {table.name for table in query.find_all(exp.Table)}
    return not any(name in mapping.files and name not in sources for name in read)


def _only_problems(by_table: Mapping[str, list[Problem]]) -> dict[str, list[Problem]]:
    return {name: problems for name, problems in by_table.items() if problems}


def _empty_sales(engine: Engine, plan: Plan, sources: Mapping[str, Source]) -> dict[str, list[Problem]]:
    """The files of sales, when not one of them holds a row."""
    read = (file_of(block, sources) for block in plan.get("sales", ()))
    files = {source.name: source for source in read if source}
    for source in files.values():
        if source.unreadable_rows or _holds_rows(engine, source):
            return {}
    what, fix = "the file holds a header and no rows", "export it again, with its rows"
    return {"sales": [Problem(source.label, what, fix) for source in files.values()]}


def _holds_rows(engine: Engine, source: Source) -> bool:
    """Whether a source holds any row; of a wide one the engine knows."""
    if not source.is_wide:
        return source.rows_of_parts > 0
    rows = engine.query(f"SELECT COUNT(*) AS n FROM (SELECT 1 FROM {quoted(source.name)} LIMIT 1) AS one")
    return bool(rows["n"][0].as_py())


def _mapping_problems(
    engine: Engine,
    name: str,
    blocks: tuple[Block, ...],
    sources: Mapping[str, Source],
    mapping: MappingPlan,
) -> list[Problem]:
    problems = []
    for number, block in enumerate(blocks, start=1):
        which = f" block {number}" if len(blocks) > 1 else ""
        where = f"{mapping.where} [{name}]{which}"
        problems += check_block(block, TABLES[name], sources, where) or _engine_problems(engine, block, where)
    return problems


def _engine_problems(engine: Engine, block: Block, where: str) -> list[Problem]:
    """What the engine says against a block that reads well: unknown functions, formats, types."""
    try:
        engine.schema(raw_query(block))
    except EngineError as error:
        return [engine_problem(where, error)]
    return []


def engine_problem(where: str, error: Exception) -> Problem:
    first, *more = str(error).splitlines()
    near = next((line for line in more if line.startswith("Did you mean")), "")
    return Problem(where, first, near or "correct the query, or export the file again if it is damaged")
