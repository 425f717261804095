"""The queries behind standard errors: a KPI's aggregates per order, invoice, answer, lead; then squares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
import pandas as pd
from sqlglot import exp

from ..contracts.policy import Policy
from ..store.engine import Engine, quoted
from .intervals import Floats
from .kpis import Kpi, Term, columns_of, parsed, with_names
from .nested import NestedScan, nested_start, rows_sql
from .periods import Period
from .queries import (
    Scan,
    base_of,
    dated_names,
    distinct_columns,
    entity_columns,
    read_sums,
    scan_rows,
)

UNITS = {
    "sales": "CASE WHEN kind = 'return' THEN COALESCE(original_order_id, order_id) ELSE order_id END",
    "receivables": "invoice_id",
    "feedback": "feedback_id",
    "leads": "lead_id",
    "visits": "visit_id",
    "sell_out": "sell_out_id",
}
"""What happens independently of each other, by table; rows of other tables are taken as known."""

COUNTED = {"sales": "order_id"}
"""The column by which units are counted where it is not the unit itself."""

NET = Term(table="sales", expr="sum(net_amount)")
"""Net sales: what is reached of a target is as uncertain as they are."""


@dataclass(frozen=True, slots=True)
class Atom:
    """One aggregate that adds up over units, with the scan it belongs to, and which rows it counts."""

    table: str
    window: str
    date: str
    of_partner: bool
    sql: str
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Split:
    """A term as an expression over atoms; `tree` names them by their place: atom_0, atom_1, ..."""

    tree: exp.Expr
    atoms: tuple[Atom, ...]


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over units by entity: of each atom, of products of two, and how many units have any of it."""

    entities: pd.MultiIndex
    sums: Mapping[tuple[Atom, Atom, str], Floats]

    def of(self, entities: pd.MultiIndex) -> Moments:
        """The moments of some entities; 0 for those without any unit."""
        place = self.entities.get_indexer(entities)
        placed = {key: np.where(place < 0, 0.0, sums[place]) for key, sums in self.sums.items() if len(sums)}
        return Moments(entities, placed or {key: np.zeros(len(entities)) for key in self.sums})

    def total(self, atom: Atom) -> Floats:
        """The atom's sum."""
        return self.sums[atom, atom, "sum"]

    def count(self, atom: Atom) -> Floats:
        """Units of which the atom is not 0."""
        return self.sums[atom, atom, "count"]

    def product(self, one: Atom, other: Atom) -> Floats:
        """The sum of products of two atoms of one table."""
        key = (one, other, "product")
        return self.sums[key if key in self.sums else (other, one, "product")]


def split(term: Term) -> Split | None:
    """Take a term apart; None when an aggregate does not add up over its table's units.

    Examples
    --------
    >>> found = split(Term(table="sales", expr="sum(net_amount) / count(DISTINCT order_id)"))
    >>> found.tree.sql(), [atom.sql for atom in found.atoms]
    ('atom_0 / atom_1', ['SUM(net_amount)', 'MAX(CASE WHEN order_id IS NULL THEN 0 ELSE 1 END)'])
    >>> split(Term(table="sales", expr="count(DISTINCT product_id)")) is None
    True
    """
    root = exp.Paren(this=term.tree.copy())
    atoms: list[Atom] = []
    for aggregate in list(root.find_all(exp.AggFunc)):
        made = aggregate.parent if isinstance(aggregate.parent, exp.Filter) else aggregate
        condition = made.args["expression"].this.sql(dialect="duckdb") if made is not aggregate else ""
        sql = _per_unit(aggregate, made, condition, term.table)
        if sql is None:
            return None
        made.replace(exp.column(f"atom_{len(atoms)}"))
        atoms.append(Atom(term.table, term.window, term.date_column, term.of_partner, sql, condition))
    return Split(root.this, tuple(atoms))


def _per_unit(aggregate: exp.Expr, made: exp.Expr, condition: str, table: str) -> str | None:
    """An aggregate's SQL for the rows of one unit; None for those that do not add up."""
    if not isinstance(aggregate, exp.Sum | exp.Count):
        return None
    distinct = aggregate.find(exp.Distinct)
    if distinct is None:
        return made.sql(dialect="duckdb")
    counted = COUNTED.get(table, UNITS.get(table, ""))
    if [one.sql() for one in distinct.expressions] != [counted]:
        return None
    met = f"WHEN {counted} IS NULL THEN 0"
    if condition:
        return f"MAX(CASE {met} WHEN {condition} THEN 1 ELSE 0 END)"
    return f"MAX(CASE {met} ELSE 1 END)"


def unit_moments(
    engine: Engine,
    table: str,
    together: Iterable[Sequence[Atom]],
    period: Period,
    levels: Sequence[str],
    policy: Policy,
) -> Moments:
    """Moments of atoms of one table in one period; products of those that stand in one of `together`."""
    groups = [list(dict.fromkeys(group)) for group in together]
    atoms = list(dict.fromkeys(atom for group in groups for atom in group))
    entities = entity_columns(table, levels, policy)
    keys = [quoted(column) for column in distinct_columns(entities)]
    scans = dict.fromkeys((atom.window, atom.date, atom.of_partner) for atom in atoms)
    rows = [_unit_rows(table, scan, atoms, entities, period, policy) for scan in scans]
    merged = rows[0]
    if len(rows) > 1:
        sums = ", ".join(f"SUM(atom_{i}) AS atom_{i}" for i in range(len(atoms)))
        by = ", ".join([*keys, "unit_key"])
        merged = f"SELECT {by}, {sums} FROM ({' UNION ALL '.join(rows)}) AS u GROUP BY {by}"
    return _moments(engine, merged, groups, atoms, entities)


def nested_moments(
    engine: Engine,
    kpi: Kpi,
    groups: Sequence[Sequence[Atom]],
    period: Period,
    levels: Sequence[str],
    policy: Policy,
) -> Moments:
    """Moments of atoms over the rows that a nested KPI makes first, one per customer."""
    atoms = list(dict.fromkeys(atom for group in groups for atom in group))
    names = dated_names(period, policy, base_of(kpi, period), kpi.lookback_months)
    scan = NestedScan(("",), kpi, tuple(kpi.terms))
    entities = entity_columns(scan.source.table, levels, policy)
    rows = rows_sql(scan, entities, names, nested_start(kpi, period, policy), policy)
    keys = ", ".join([*(quoted(column) for column in distinct_columns(entities)), "per_key"])
    sums = ", ".join(_narrow(with_names(parsed(a.sql), names), i) for i, a in enumerate(atoms))
    return _moments(
        engine, f"SELECT {keys}, {sums} FROM ({rows}) AS n GROUP BY {keys}", groups, atoms, entities
    )


def _unit_rows(
    table: str,
    key: tuple[str, str, bool],
    atoms: Sequence[Atom],
    entities: Mapping[str, str],
    period: Period,
    policy: Policy,
) -> str:
    """One row per entity and unit with the atoms of one scan; those of other scans are 0 in it."""
    window, date, of_partner = key
    mine = [(atom.window, atom.date, atom.of_partner) == key for atom in atoms]
    terms = [Term(table=table, expr=atom.sql) for atom, own in zip(atoms, mine, strict=True) if own]
    scan = Scan(table, window, date, of_partner, tuple(terms))
    names = dated_names(period, policy)
    unit = parsed(UNITS[table])
    facts, where = scan_rows(scan, period, policy, {*entities.values(), *columns_of(unit)})
    counted = [atom.condition for atom, own in zip(atoms, mine, strict=True) if own]
    if all(counted):  # other rows add nothing
        where += f" AND ({' OR '.join(with_names(parsed(one), names) for one in dict.fromkeys(counted))})"
    made = ", ".join(
        _narrow(with_names(parsed(atom.sql), names) if own else "0", i)
        for i, (atom, own) in enumerate(zip(atoms, mine, strict=True))
    )
    keys = [quoted(column) for column in distinct_columns(entities)]
    sets = ", ".join(
        f"({', '.join([quoted(column), 'unit_key'] if column else ['unit_key'])})"
        for column in dict.fromkeys(entities.values())
    )
    source = f"(SELECT *, {UNITS[table]} AS unit_key FROM ({facts}) AS g) AS f WHERE {where}"
    return f"SELECT {', '.join([*keys, 'unit_key'])}, {made} FROM {source} GROUP BY GROUPING SETS ({sets})"


def _narrow(sql: str, number: int) -> str:
    """An atom in hundredths, narrow enough for exact sums of products."""
    return f"TRY_CAST(COALESCE({sql}, 0) AS DECIMAL(16, 2)) AS atom_{number}"


def _moments(
    engine: Engine,
    rows: str,
    groups: Sequence[Sequence[Atom]],
    atoms: Sequence[Atom],
    entities: Mapping[str, str],
) -> Moments:
    wanted = _aggregates(groups, atoms)
    if not entities:  # the table tells no level apart
        nobody = pd.MultiIndex.from_arrays([[], []], names=["level", "entity"])
        return Moments(nobody, dict.fromkeys(wanted, np.zeros(0)))
    keys = [quoted(column) for column in distinct_columns(entities)]
    named = [f"m_{number}" for number in range(len(wanted))]
    measured = ", ".join(f"{sql} AS {name}" for sql, name in zip(wanted.values(), named, strict=True))
    by = f" GROUP BY {', '.join(keys)}" if keys else ""
    query = f"SELECT {', '.join([*keys, measured])} FROM ({rows}) AS r{by}"
    frame = read_sums(engine, query, entities, named)
    found = (np.nan_to_num(frame[name].to_numpy(dtype=float)) for name in named)
    return Moments(frame.index, dict(zip(wanted, found, strict=True)))


def _aggregates(groups: Sequence[Sequence[Atom]], atoms: Sequence[Atom]) -> dict[tuple[Atom, Atom, str], str]:
    """The SQL of every moment over the rows of units."""
    place = {atom: f"atom_{number}" for number, atom in enumerate(atoms)}
    pairs = dict.fromkeys(pair for group in groups for pair in combinations_with_replacement(group, 2))
    wanted: dict[tuple[Atom, Atom, str], str] = {}
    for atom in atoms:
        wanted[atom, atom, "sum"] = f"SUM({place[atom]})"
        wanted[atom, atom, "count"] = f"COUNT(*) FILTER (WHERE {place[atom]} <> 0)"
    for one, other in pairs:
        wanted[one, other, "product"] = f"SUM({place[one]} * {place[other]})"
    return wanted
