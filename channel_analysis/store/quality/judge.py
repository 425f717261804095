"""Judging stored tables: marks are gathered, counted in one scan, set aside where the policy says so."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from ...contracts.marks import MOST_MARKS, Mark, counted_sql, mask_sql, row_marks, set_aside_sql
from ...errors import Problem
from ..places import Seen, finding
from ..refusals import stopping_problem
from ..settling import again
from ..staging import Finding, Staging, TableAccount, rewrite
from .days import counted_days, far_days, main_stretch, past_events
from .gaps import gaps
from .look import MASK, Look, used_view
from .orders import copied_orders, copied_rows
from .prices import odd_prices
from .references import odd_returns
from .slips import counted_scales, slips
from .stock import unbalanced
from .swaps import swapped_days
from .tally import Tally
from .texts import broken_texts, counted_texts, malformed_numbers, spellings, strange_values

COUNTED: tuple[Callable[[Look], list[Tally]], ...] = (counted_days, counted_texts, counted_scales)
"""What looks want to know of all rows of a table, counted for all of them at once."""

LOOKS: tuple[Callable[[Look], list[Mark]], ...] = (
    broken_texts,
    strange_values,
    spellings,
    odd_returns,
    far_days,
    swapped_days,
    slips,
    odd_prices,
    copied_orders,
    copied_rows,
    unbalanced,
)
"""Passes of their own over a table, each giving marks for the scan."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A stored table on its way through the checks: its account, its columns, and what was found."""

    staging: Staging
    account: TableAccount
    filled: tuple[str, ...]
    notes: Mapping[str, int]
    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    aside: tuple[Mark, ...] = ()


def judge(
    tables: Mapping[str, Judged], target: Path, progress: Callable[[str, int, int], None]
) -> dict[str, Judged]:
    """Look at every stored table and set aside what the policy says; all tables are looked at first."""
    looks = _looks({name: table for name, table in tables.items() if table.account.rows_used})
    judged = dict(tables)
    for done, (name, look) in enumerate(looks.items()):
        progress(f"checking {name}", done, len(looks))
        judged[name] = _judged(tables[name], look)
    return {name: _without_marked(table, target / f"{name}.parquet") for name, table in judged.items()}


def _looks(used: Mapping[str, Judged]) -> dict[str, Look]:
    """A look at every table with used rows; all know the last day of the sales, without days far beyond."""
    others, keys = {name: frozenset(table.filled) for name, table in used.items()}, dict[str, Any]()
    for table in used.values():
        _register_used(table.staging)
    looks = {
        name: Look(table.staging, others[name], others, table.notes, table.account.rows_used, None, keys)
        for name, table in used.items()
    }
    if "sales" not in looks:
        return looks
    _count(looks["sales"])
    stretch = main_stretch(looks["sales"].days)
    until = stretch[1] if stretch else used["sales"].account.last_date
    return {name: replace(look, until=until) for name, look in looks.items()}


def _count(look: Look) -> None:
    tallies = [tally for wanted in COUNTED for tally in wanted(look)]
    alone = _alone(look)
    look.count([*tallies, Tally(MASK, number=mask_sql(alone))] if alone else tallies)


def _alone(look: Look) -> list[Mark]:
    """The marks that a row shows by itself, known before anything is counted."""
    marks = [*row_marks(look.table, look.filled), *malformed_numbers(look), *past_events(look)]
    return [mark for mark in marks if _is_wanted(look, mark)][:MOST_MARKS]


def _is_wanted(look: Look, mark: Mark) -> bool:
    return look.staging.rules.treatment(mark.rule) != "off"


def _marks(look: Look) -> list[Mark]:
    """What a table is scanned for: all marks but those that are known to stand for no row."""
    wanted = [*row_marks(look.table, look.filled), *(mark for see in LOOKS for mark in see(look))]
    wanted = [mark for mark in wanted if _is_wanted(look, mark)]
    seen = functools.reduce(operator.or_, look.masks, 0)
    absent = {mark for bit, mark in enumerate(_alone(look)) if not seen >> bit & 1}
    places = list(dict.fromkeys((mark.rule, mark.column) for mark in wanted))
    marks = merged(mark for mark in wanted if mark not in absent)
    return sorted(marks, key=lambda mark: places.index((mark.rule, mark.column)))


def _register_used(staging: Staging) -> None:
    name = staging.table.name
    staging.engine.register(used_view(name), f"SELECT * FROM {staging.view} WHERE _issue IS NULL")


def _judged(table: Judged, look: Look) -> Judged:
    """A table with all that a look at it finds."""
    _count(look)
    marks = _marks(look)
    counts = _counted(look, marks)
    found, problems, aside = [], [], []
    for mark, (rows, amount) in zip(marks, counts, strict=True):
        if rows:
            seen = look.seen(mark)
            found.append(finding(table.staging, mark.rule, mark.column, rows, amount, seen))
            if found[-1].treatment == "stopped":
                problems.append(stopping_problem(table.staging, found[-1], seen))
            aside += [mark] if found[-1].treatment == "set_aside" else []
    missing = gaps(look)
    problems += [
        stopping_problem(table.staging, gap, Seen(look.table.name, None, ()))
        for gap in missing
        if gap.treatment == "stopped"
    ]
    return replace(
        table,
        findings=(*table.findings, *found, *missing),
        problems=(*table.problems, *problems),
        aside=tuple(aside),
    )


EXPLAINED = {
    "arithmetic": ("unit_slip", "currency_mix"),
    "dates_out_of_order": ("swapped_date", "future_date", "early_date"),
}
"""What breaks the first rule because it breaks one of the others is told once, under the other."""


def merged(marks: Iterable[Mark]) -> list[Mark]:
    """One mark for each rule and column, without rows that another rule explains."""
    by_subject: dict[tuple[str, str], list[Mark]] = {}
    for mark in marks:
        by_subject.setdefault((mark.rule, mark.column), []).append(mark)
    joint = [_joint(group) for group in by_subject.values()]
    return [_unless(mark, [m for m in joint if m.rule in EXPLAINED.get(mark.rule, ())]) for mark in joint]


def _joint(group: list[Mark]) -> Mark:
    condition = " OR ".join(f"({mark.condition})" for mark in group)
    joins = dict.fromkeys(join for mark in group for join in mark.joins)
    return replace(group[0], condition=f"({condition})", joins=tuple(joins))


def _unless(mark: Mark, others: list[Mark]) -> Mark:
    if not others:
        return mark
    joint = _joint([mark, *others])
    explained = " OR ".join(other.condition for other in others)
    return replace(joint, condition=f"{mark.condition} AND NOT COALESCE({explained}, FALSE)")


def _counted(look: Look, marks: list[Mark]) -> list[tuple[int, Decimal]]:
    """Rows and money of each mark, from one scan over the used rows."""
    if not marks:
        return []
    if len(marks) > MOST_MARKS:
        return [*_counted(look, marks[:MOST_MARKS]), *_counted(look, marks[MOST_MARKS:])]
    masks = look.ask(counted_sql(look.table, look.view, marks))
    return [
        (
            sum(row["row_count"] for row in masks if row["mask"] >> bit & 1),
            sum((row["amount"] for row in masks if row["mask"] >> bit & 1), Decimal(0)),
        )
        for bit in range(len(marks))
    ]


def _without_marked(table: Judged, target: Path) -> Judged:
    """A table whose marked rows are set aside, and its account after that."""
    if not table.aside:
        return table
    staging = table.staging

    def rows(stored: str) -> str:
        _register_used(staging)
        return set_aside_sql(staging.table, stored, table.aside)

    rewrite(staging, target, rows)
    _register_used(staging)
    return replace(table, account=again(staging, table.account))
