"""Intake: source files become contract tables; every row is used, set aside or counted as unreadable."""

from __future__ import annotations

import datetime
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

from ..contracts.rules import RULES
from ..contracts.schema import Table
from ..contracts.tables import TABLES
from ..errors import InputError, Problem, refuse
from ..files import written_beside
from .contract import ignored, no_sales
from .engine import Engine, EngineError, quoted
from .left_out import left_out
from .mapping import Mapping as MappingPlan
from .mapping import blocks_of
from .places import rows_with_issue
from .planning import Plan, attach_all, engine_problem, plan_problems, reads_only
from .quality import Judged, judge
from .refusals import stopping_problem, unreadable_problem
from .settling import settle
from .sources import Source
from .staging import Finding, IntakeRules, Staging, TableAccount, store

Progress = Callable[[str, int, int], None]
"""Is told what is under way, and how much of how much is done."""

INTAKE_FORMAT = 5
"""Raised when what is stored changes, so that intakes stored before are not reused."""

RETURNED_ORDERS = "returned_orders"
"""Beside the contract tables: orders of which something was returned (order_id, ordered_on).

Found once, when the data are taken in, for it takes a look at every line of all years.
"""


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
        are to be set aside) unreadable rows and values that are not what they should be, all at once;
        `so_far` is the outcome by then, where tables were taken in.
    """
    scratch, progress = target / "sources", _counted_through(mapping, progress)
    sources, problems = attach_all(engine, mapping, folder, scratch, snapshots, progress)
    plan = _plan(engine, mapping, sources, problems)
    if rules.stop_on_bad_rows:
        parts = [part for source in sources.values() for part in source.parts]
        problems += [unreadable_problem(part) for part in parts if part.unreadable_rows]
    tables: dict[str, Judged] = {}
    for done, (name, blocks) in enumerate(plan.items()):
        progress(name, done, len(plan))
        staging = Staging(engine, TABLES[name], blocks, sources, rules, mapping.is_contract)
        try:
            tables[name] = _taken(staging, target)
        except EngineError as error:
            problems.append(engine_problem(f"{mapping.where} [{name}]", error))
    tables = _judged(tables, target, progress, mapping.where, problems)
    outcome = _outcome(tables)
    stopping = [*problems, *(problem for table in tables.values() for problem in table.problems)]
    if stopping := stopping or _unusable_sales(outcome, mapping.where):
        raise InputError(stopping, so_far=outcome)
    _store_returned_orders(engine, target)
    register_tables(engine, outcome, target)
    shutil.rmtree(scratch, ignore_errors=True)
    noted = [] if rules.treatment("ignored") == "off" else ignored(mapping, plan, sources)
    return replace(outcome, findings=(*outcome.findings, *noted))


def _counted_through(mapping: MappingPlan, progress: Progress) -> Progress:
    """Progress that counts once: every file is read, every table stored and then checked."""
    steps = count()
    of = len(mapping.files) + 2 * len(mapping.files if mapping.is_contract else mapping.tables)
    return lambda what, _done, _of: progress(what, next(steps), of)


def _plan(
    engine: Engine, mapping: MappingPlan, sources: Mapping[str, Source], problems: list[Problem]
) -> Plan:
    """The tables that can be taken in; why others cannot joins `problems`.

    Mistakes of a mapping are told before anything is read; files that cannot be used do not keep the
    others from being checked.
    """
    bound = {name: blocks_of(mapping, table, sources) for name, table in TABLES.items()}
    plan = {
        name: blocks
        for name, blocks in bound.items()
        if blocks and all(reads_only(block, sources, mapping) for block in blocks)
    }
    if "sales" not in plan and not problems:
        raise no_sales(mapping)
    found = plan_problems(engine, plan, sources, mapping)
    told = [problem for of_table in found.values() for problem in of_table]
    if not mapping.is_contract or "sales" in found:
        refuse([*problems, *told] if told else [])
    problems += told
    return {name: blocks for name, blocks in plan.items() if name not in found}


def _taken(staging: Staging, target: Path) -> Judged:
    """A table stored and settled, with what stops a run."""
    stored = target / f"{staging.table.name}.parquet"
    filled = store(staging, stored)
    account, found, notes = settle(staging, stored)
    stopped = [finding for finding in found if finding.treatment == "stopped"]
    problems = [
        stopping_problem(staging, finding, rows_with_issue(staging, f"{finding.rule}:{finding.column}"))
        for finding in stopped
    ]
    return Judged(staging, account, filled, notes, (*found, *left_out(staging)), tuple(problems))


def _judged(
    tables: dict[str, Judged], target: Path, progress: Progress, where: str, problems: list[Problem]
) -> dict[str, Judged]:
    try:
        return judge(tables, target, progress)
    except EngineError as error:
        problems.append(engine_problem(where, error))
        return tables


def _outcome(tables: Mapping[str, Judged]) -> Intake:
    return Intake(
        tuple(table.account for table in tables.values()),
        tuple(finding for table in tables.values() for finding in table.findings),
        {name: table.filled for name, table in tables.items()},
    )


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


def register_tables(engine: Engine, intake: Intake, folder: Path, prefix: str = "") -> None:
    """Make every contract table a view of its usable rows; tables not supplied are empty.

    With a prefix the views are called by it and the table's name.
    """
    for name, table in TABLES.items():
        if name in intake.filled:
            columns = ", ".join(quoted(column) for column in table.column_names)
            engine.register(f"stored_{name}", folder / f"{name}.parquet")
            engine.register(f"{prefix}{name}", f"SELECT {columns} FROM stored_{name} WHERE _issue IS NULL")
        else:
            engine.register(f"{prefix}{name}", empty_table_sql(table))
    if "sales" in intake.filled:
        engine.register(RETURNED_ORDERS, folder / f"{RETURNED_ORDERS}.parquet")
        _fill_regions(engine, prefix)


def _store_returned_orders(engine: Engine, folder: Path) -> None:
    used = "_issue IS NULL AND kind"
    engine.register("stored_sales", folder / "sales.parquet")
    returned = f"SELECT original_order_id FROM stored_sales WHERE {used} = 'return'"
    engine.write(
        "SELECT order_id, MIN(order_date) AS ordered_on FROM stored_sales "
        f"WHERE {used} = 'order' AND order_id IN ({returned}) GROUP BY order_id ORDER BY order_id",
        folder / f"{RETURNED_ORDERS}.parquet",
    )


def _fill_regions(engine: Engine, prefix: str) -> None:
    """Sales lines that name no region take their partner's; the line's own wins where it has one."""
    wanted = "region IS NULL AND partner_id IS NOT NULL"
    open_lines = f"SELECT COUNT(*) AS n FROM {prefix}sales WHERE {wanted}"
    if not engine.query(open_lines)["n"][0].as_py():
        return
    columns = ", ".join(
        "COALESCE(s.region, p.region) AS region" if name == "region" else f"s.{quoted(name)}"
        for name in TABLES["sales"].column_names
    )
    lines = "SELECT * FROM stored_sales WHERE _issue IS NULL"
    partners = f"LEFT JOIN {prefix}partners AS p ON p.partner_id = s.partner_id"
    engine.register(f"{prefix}sales", f"SELECT {columns} FROM ({lines}) AS s {partners}")


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


def _unusable_sales(outcome: Intake, where: str) -> list[Problem]:
    """The message for sales of which every row is set aside, with what was found."""
    account = outcome.account("sales")
    if account.rows_used:
        return []
    found = [
        f"{finding.rows:,} {RULES[finding.rule].what} ({finding.column}; {finding.sample})"
        for finding in outcome.findings
        if finding.table == "sales" and finding.is_set_aside
    ]
    if account.rows_unreadable:
        found.append(f"{account.rows_unreadable:,} that cannot be read")
    what = f"no row of sales can be used: {'; '.join(found) or 'the query gives none'}"
    return [Problem(where, what, "correct the file or its mapping")]


def _restored(row: dict[str, Any]) -> dict[str, Any]:
    """Decimals and dates back from their JSON texts."""
    for field, value in row.items():
        if field.startswith("amount"):
            row[field] = Decimal(value)
        elif field.endswith("_date") and value is not None:
            row[field] = datetime.date.fromisoformat(value)
        elif field == "keys":
            row[field] = tuple(value)
    return row
