"""Intake: source files become contract tables; every row is used, set aside or counted as unreadable."""

from __future__ import annotations

import datetime
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..contracts import checks
from ..contracts.schema import Table
from ..contracts.tables import TABLES
from ..errors import InputError, Problem, refuse
from ..files import written_beside
from .contract import ignored, missing_columns, no_sales
from .engine import Engine, EngineError, quoted
from .mapping import Block, blocks_of, check_block, file_of, numbered_view, raw_query, source_view
from .mapping import Mapping as MappingPlan
from .sources import Source, attach
from .staging import (
    STOPPING,
    Finding,
    IntakeRules,
    Staging,
    TableAccount,
    settle,
    stopping_problem,
    store,
    unreadable_problem,
)

Progress = Callable[[str, int, int], None]
"""Is told what is under way, and how much of how much is done."""

INTAKE_FORMAT = 4
"""Raised when what is stored changes, so that intakes stored before are not reused."""

RETURNED_ORDERS = "returned_orders"
"""Beside the contract tables: orders of which something was returned (order_id, ordered_on).

Found once, when the data are taken in, for it takes a look at every line of all years.
"""

_RULES = {
    "wrong_type": "of a wrong type",
    "not_allowed": "with a value that is not allowed",
    "missing": "without a required value",
    "foreign_currency": "in a foreign currency",
    "duplicate_key": "that repeat an earlier one",
}


@dataclass(frozen=True, slots=True)
class Intake:
    """The outcome of taking data in: accounts per table, findings, and which columns are filled."""

    accounts: tuple[TableAccount, ...]
    findings: tuple[Finding, ...]
    filled: dict[str, tuple[str, ...]]

    def has(self, table: str) -> bool:
        """Whether a table was supplied with at least one usable row."""
        return any(account.table == table and account.rows_used for account in self.accounts)

    def account(self, table: str) -> TableAccount:
        """The account of one table; KeyError when it was not supplied."""
        for account in self.accounts:
            if account.table == table:
                return account
        raise KeyError(table)


def take_in(
    engine: Engine,
    mapping: MappingPlan,
    folder: Path,
    rules: IntakeRules,
    target: Path,
    snapshots: Path,
    progress: Progress = lambda _what, _done, _of: None,
) -> Intake:
    """Read, bind, check and store every table the mapping fills as `target/<table>.parquet`.

    The stored files hold all readable rows; `_issue` is NULL for rows in use and names the broken
    rule otherwise, `_file` and `_row` say where a row came from. Tables of database servers are read
    into `snapshots` unless they lie there already. `progress` is told each source's and each table's name.

    Raises
    ------
    InputError
        For unreadable files, mistakes of the mapping, sales without a usable row, and (unless they
        are to be set aside) unreadable rows and values that are not what they should be, all at once.
    """
    scratch = target / "sources"
    sources = _attach_all(engine, mapping, folder, scratch, snapshots, progress)
    plan = {name: blocks_of(mapping, table, sources) for name, table in TABLES.items()}
    plan = {name: blocks for name, blocks in plan.items() if blocks}
    if "sales" not in plan:
        raise no_sales(mapping)
    refuse(_plan_problems(engine, plan, sources, mapping))
    outcome = Intake((), (), {})
    problems: list[Problem] = []
    if rules.stop_on_bad_rows:
        parts = [part for source in sources.values() for part in source.parts]
        problems = [unreadable_problem(part) for part in parts if part.unreadable_rows]
    for done, (name, blocks) in enumerate(plan.items()):
        progress(name, done, len(plan))
        staging = Staging(engine, TABLES[name], blocks, sources, rules, mapping.is_contract)
        try:
            outcome = _with_table(outcome, staging, target, problems)
        except InputError as error:
            problems += [replace(problem, where=f"{mapping.where} [{name}]") for problem in error.problems]
    refuse(problems or _unusable_sales(outcome, mapping.where))
    _store_returned_orders(engine, target)
    register_tables(engine, outcome, target)
    noted = [*_unknown_references(engine, outcome), *ignored(mapping, plan, sources)]
    shutil.rmtree(scratch, ignore_errors=True)
    return replace(outcome, findings=(*outcome.findings, *noted))


def _with_table(outcome: Intake, staging: Staging, target: Path, problems: list[Problem]) -> Intake:
    """The outcome with one more table stored and settled; what stops a strict run joins `problems`."""
    name = staging.table.name
    try:
        filled = store(staging, target / f"{name}.parquet")
        account, found = settle(staging)
    except EngineError as error:
        raise InputError([_engine_problem(name, error)]) from None
    if staging.rules.stop_on_bad_rows:
        problems += [stopping_problem(staging, f) for f in found if f.rule in STOPPING]
    return Intake((*outcome.accounts, account), (*outcome.findings, *found), {**outcome.filled, name: filled})


def save_intake(intake: Intake, target: Path) -> None:
    """Write the outcome as JSON, so that the same data need not be taken in twice."""
    with written_beside(target) as temporary:
        text = json.dumps(asdict(intake), default=str, ensure_ascii=False, indent=1)
        temporary.write_text(text, encoding="utf-8")


def load_intake(path: Path) -> Intake:
    """Read what `save_intake` wrote."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return Intake(
        tuple(TableAccount(**_restored(row)) for row in data["accounts"]),
        tuple(Finding(**_restored(row)) for row in data["findings"]),
        {table: tuple(columns) for table, columns in data["filled"].items()},
    )


def stored_names(intake: Intake) -> list[str]:
    """Names of the Parquet files, or folders of them, that an intake consists of."""
    return [*intake.filled, RETURNED_ORDERS]


def register_tables(engine: Engine, intake: Intake, folder: Path) -> None:
    """Make every contract table a view of its usable rows; tables not supplied are empty."""
    for name, table in TABLES.items():
        if name in intake.filled:
            columns = ", ".join(quoted(column) for column in table.column_names)
            engine.register(f"stored_{name}", folder / f"{name}.parquet")
            engine.register(name, f"SELECT {columns} FROM stored_{name} WHERE _issue IS NULL")
        else:
            engine.register(name, empty_table_sql(table))
    if "sales" in intake.filled:
        engine.register(RETURNED_ORDERS, folder / f"{RETURNED_ORDERS}.parquet")
        _fill_regions(engine)


def _store_returned_orders(engine: Engine, folder: Path) -> None:
    used = "_issue IS NULL AND kind"
    engine.register("stored_sales", folder / "sales.parquet")
    returned = f"SELECT original_order_id FROM stored_sales WHERE {used} = 'return'"
    engine.write(
        "SELECT order_id, MIN(order_date) AS ordered_on FROM stored_sales "
        f"WHERE {used} = 'order' AND order_id IN ({returned}) GROUP BY order_id ORDER BY order_id",
        folder / f"{RETURNED_ORDERS}.parquet",
    )


def _fill_regions(engine: Engine) -> None:
    """Sales lines that name no region take their partner's; the line's own wins where it has one."""
    open_lines = "SELECT COUNT(*) AS n FROM sales WHERE region IS NULL AND partner_id IS NOT NULL"
    if not engine.query(open_lines)["n"][0].as_py():
        return
    columns = ", ".join(
        "COALESCE(s.region, p.region) AS region" if name == "region" else f"s.{quoted(name)}"
        for name in TABLES["sales"].column_names
    )
    lines = "SELECT * FROM stored_sales WHERE _issue IS NULL"
    partners = "LEFT JOIN partners AS p ON p.partner_id = s.partner_id"
    engine.register("sales", f"SELECT {columns} FROM ({lines}) AS s {partners}")


def register_empty(engine: Engine) -> None:
    """Make every contract table a view without rows."""
    for name, table in TABLES.items():
        engine.register(name, empty_table_sql(table))
    columns = "CAST(NULL AS VARCHAR) AS order_id, CAST(NULL AS DATE) AS ordered_on"
    engine.register(RETURNED_ORDERS, f"SELECT {columns} WHERE FALSE")


def empty_table_sql(table: Table) -> str:
    """A query with the table's columns and no rows."""
    columns = ", ".join(f"CAST(NULL AS {c.sql_type}) AS {quoted(c.name)}" for c in table.columns)
    return f"SELECT {columns} WHERE FALSE"


def _attach_all(
    engine: Engine, mapping: MappingPlan, folder: Path, scratch: Path, snapshots: Path, progress: Progress
) -> dict[str, Source]:
    """Every file of the mapping as two views: its columns alone, and with the place of each row."""
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
    refuse(problems)
    return sources


def _plan_problems(
    engine: Engine,
    plan: Mapping[str, tuple[Block, ...]],
    sources: dict[str, Source],
    mapping: MappingPlan,
) -> list[Problem]:
    """What is known before any row is taken in; sales that hold no row come first."""
    if mapping.is_contract:
        lacking = [
            problem
            for name in plan
            for problem in missing_columns(TABLES[name], sources[name], mapping.where)
        ]
        return _empty_sales(engine, plan["sales"], sources) or lacking
    mistakes = _mapping_problems(engine, plan, sources, mapping)
    return mistakes or _empty_sales(engine, plan["sales"], sources)


def _empty_sales(engine: Engine, blocks: tuple[Block, ...], sources: Mapping[str, Source]) -> list[Problem]:
    """The files of sales, when not one of them holds a row."""
    files = {source.name: source for source in (file_of(block, sources) for block in blocks) if source}
    for source in files.values():
        rows = engine.query(f"SELECT COUNT(*) AS n FROM (SELECT 1 FROM {quoted(source.name)} LIMIT 1) AS one")
        if rows["n"][0].as_py() or source.unreadable_rows:
            return []
    what, fix = "the file holds a header and no rows", "export it again, with its rows"
    return [Problem(source.label, what, fix) for source in files.values()]


def _unusable_sales(outcome: Intake, where: str) -> list[Problem]:
    """The message for sales of which every row is set aside, with what was found."""
    account = outcome.account("sales")
    if account.rows_used:
        return []
    found = [
        f"{finding.rows:,} {_RULES[finding.rule]} ({finding.column}; {finding.sample})"
        for finding in outcome.findings
        if finding.table == "sales"
    ]
    if account.rows_unreadable:
        found.append(f"{account.rows_unreadable:,} that cannot be read")
    what = f"no row of sales can be used: {'; '.join(found) or 'the query gives none'}"
    return [Problem(where, what, "correct the file or its mapping")]


def _mapping_problems(
    engine: Engine,
    plan: Mapping[str, tuple[Block, ...]],
    sources: Mapping[str, Source],
    mapping: MappingPlan,
) -> list[Problem]:
    problems = []
    for name, blocks in plan.items():
        for number, block in enumerate(blocks, start=1):
            which = f" block {number}" if len(blocks) > 1 else ""
            where = f"{mapping.where} [{name}]{which}"
            problems += check_block(block, TABLES[name], sources, where) or _engine_problems(
                engine, block, where
            )
    return problems


def _engine_problems(engine: Engine, block: Block, where: str) -> list[Problem]:
    """What the engine says against a block that reads well: unknown functions, formats, types."""
    try:
        engine.schema(raw_query(block))
    except EngineError as error:
        return [_engine_problem(where, error)]
    return []


def _engine_problem(where: str, error: Exception) -> Problem:
    first, *more = str(error).splitlines()
    return Problem(where, first, next((line for line in more if line.startswith("Did you mean")), ""))


def _unknown_references(engine: Engine, intake: Intake) -> list[Finding]:
    """Rows that are used although they name an entry no table holds; noted with their money."""
    found = []
    for name, columns in intake.filled.items():
        table = TABLES[name]
        amount = f"t.{table.amount}" if table.amount else "0"
        for column in (table.column(c) for c in columns):
            other = column.references.partition(".")[0]
            if not other or not intake.has(other):
                continue
            row = engine.query(checks.unknown_references_sql(table, column, amount)).to_pylist()[0]
            if row["row_count"]:
                sample = f"{column.name} {row['sample']}"
                found.append(
                    Finding(name, "unknown", column.name, row["row_count"], row["amount"], sample, False)
                )
    return found


def _restored(row: dict[str, Any]) -> dict[str, Any]:
    """Decimals and dates back from their JSON texts."""
    for field, value in row.items():
        if field.startswith("amount"):
            row[field] = Decimal(value)
        elif field.endswith("_date") and value is not None:
            row[field] = datetime.date.fromisoformat(value)
    return row
