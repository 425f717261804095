"""Leaf tables: a KPI's sums for every combination of dimensions in several windows, and the rows behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from ..contracts.policy import Policy
from ..contracts.tables import TABLES
from ..errors import Problem, refuse
from ..store.engine import literal, quoted
from ..store.workspace import Facts
from .kpis import Kpi
from .leaf_queries import (
    SQUARES,
    WINDOW,
    count_parts,
    filled_columns,
    inner_scan,
    kpi_rows,
    let_in,
    nested_parts,
    plain_parts,
    several_valued,
    text_of,
)
from .leaf_terms import (
    adds_up,
    check_can_be_explained,
    columns_for,
    counted_terms,
    dimensions_of,
    distinct_columns,
    tree_columns,
    tree_of,
)
from .periods import Period
from .queries import dated_names, scans_of

__all__ = ["additive_dimensions", "dimensions_of", "driver_table", "leaf_table", "rows_behind"]

MEASURED = ("numerator", "denominator", "rows", SQUARES)
"""Columns of a leaf table after the window and the dimensions."""


def leaf_table(
    facts: Facts, kpi: Kpi, policy: Policy, windows: Sequence[Period], dimensions: Sequence[str]
) -> pd.DataFrame:
    """A KPI's sums for every combination of the dimensions' values in every window.

    Parameters
    ----------
    windows : sequence of Period
        Stretches of time; they may overlap.
    dimensions : sequence of str
        Keys of `dimensions_of`; none gives one row per window.

    Returns
    -------
    DataFrame
        Sorted by `window` (its place among the windows) and the dimensions, which are text and hold
        "(unassigned)" where a row names nothing. `numerator` and `denominator` as the KPI defines
        them (without scale; NaN where it has no denominator), `rows` the rows of the numerator's
        tables, `squares` the sum over orders of the squared order sums, which is the variance of the
        numerator if orders came one by one at random (compound Poisson); NaN unless the numerator is
        a sum over sales. Leaves that no row belongs to are left out.

    Raises
    ------
    InputError
        When a table is missing, a dimension is unknown, or the KPI is no sum over parts.

    References
    ----------
    Compound Poisson variance: Klugman, Panjer and Willmot, Loss Models, 4th ed., section 9.4.
    """
    columns = columns_for(kpi, policy, dimensions)
    check_tables(facts, kpi.tables)
    keys = [WINDOW, *columns]
    parts = nested_parts if kpi.kind == "nested" else plain_parts
    found = [frame for frame in parts(facts, kpi, policy, windows, columns) if len(frame)]
    if not found:
        return pd.DataFrame(columns=[*keys, *MEASURED]).astype(dict.fromkeys(MEASURED, float))
    table = pd.concat(found, ignore_index=True).groupby(keys, sort=True)[list(MEASURED)].sum(min_count=1)
    table = table.reset_index()
    table[["numerator", "rows"]] = table[["numerator", "rows"]].fillna(0.0)
    table["denominator"] = table["denominator"].fillna(0.0) if kpi.denominator else np.nan
    table["rows"] = table["rows"].astype("int64")
    if table[SQUARES].notna().any():
        table[SQUARES] = table[SQUARES].fillna(0.0)
    return table


def driver_table(
    facts: Facts,
    kpi: Kpi,
    policy: Policy,
    windows: Sequence[Period],
    by: Sequence[str] | None = None,
    tree: str = "tree",
) -> pd.DataFrame:
    """The counts of a KPI's factor tree for every combination of dimensions in every window.

    Parameters
    ----------
    by : sequence of str, optional
        Dimensions; the tree's grain, as far as its tables fill it, unless given.
    tree : str
        "tree" or "market_tree".

    Returns
    -------
    DataFrame
        Sorted by `window` and the dimensions; one column per count, 0 where there are no rows.

    Raises
    ------
    InputError
        When the KPI has no such tree, a table is missing or a dimension is unknown.
    """
    made = tree_of(kpi, tree)
    check_tables(facts, dict.fromkeys(term.table for term in made.counts.values()))
    columns = tree_columns(kpi, tree, policy, made.grain if by is None else by)
    if by is None:
        columns = filled_columns(facts, made.counts.values(), policy, columns)
    keys = [WINDOW, *columns]
    found = [f for f in count_parts(facts, made.counts, policy, windows, columns) if len(f)]
    if not found:
        return pd.DataFrame(columns=[*keys, *made.counts]).astype(dict.fromkeys(made.counts, float))
    table = pd.concat(found, ignore_index=True).groupby(keys, sort=True)[list(made.counts)].sum()
    return table.reset_index()


def additive_dimensions(
    facts: Facts, kpi: Kpi, policy: Policy, windows: Sequence[Period], dimensions: Sequence[str]
) -> list[str]:
    """Those of the dimensions over which a KPI's parts add up to its whole.

    Sums add up over all. Distinct things (orders, partners) add up over dimensions of which each of
    them has one value in a window: an order of two categories counts in both.
    """
    columns = columns_for(kpi, policy, dimensions)
    check_tables(facts, kpi.tables)
    if kpi.kind == "nested":
        several = [
            several_valued(facts, inner_scan(kpi), kpi.per, kpi, policy, one, columns) for one in windows
        ]
        return [name for name in columns if name not in set().union(*several)]
    terms = counted_terms(kpi)
    if not all(adds_up(term) for term in terms):
        return []
    found: set[str] = set()
    for scan in scans_of(terms):
        for counted in sorted(set[str]().union(*(distinct_columns(term) for term in scan.terms))):
            for one in windows:
                found |= several_valued(facts, scan, counted, kpi, policy, one, columns)
    return [name for name in columns if name not in found]


def rows_behind(
    facts: Facts, kpi: Kpi, policy: Policy, period: Period, where: Mapping[str, str], limit: int = 1000
) -> pd.DataFrame:
    """The rows that make a KPI's numerator in a segment, the largest first.

    `where` holds dimensions and their values, "(unassigned)" for rows that name none. Columns are the
    contract's, then those of the dimensions that are not among them; every row of the numerator's
    first table that its (or the same table's denominator's) filters let in; at most `limit`.
    """
    check_can_be_explained(kpi)
    columns = columns_for(kpi, policy, list(where))
    check_tables(facts, kpi.tables)
    scan = inner_scan(kpi) if kpi.kind == "nested" else scans_of(counted_terms(kpi))[0]
    table = TABLES[scan.table]
    shown = list(dict.fromkeys([*table.column_names, *columns.values()]))
    rows, within = kpi_rows(kpi, scan, period, policy, shown)
    tests = [within, *(f"{text_of(columns[name])} = {literal(value)}" for name, value in where.items())]
    tests += let_in(scan, dated_names(period, policy)) if kpi.kind != "nested" else []
    order = [f"ABS({quoted(table.amount)}) DESC NULLS LAST"] if table.amount else []
    order += [quoted(column) for column in table.key]
    selected = ", ".join(quoted(column) for column in shown)
    query = (
        f"SELECT {selected} FROM ({rows}) AS f WHERE {' AND '.join(tests)} "
        f"ORDER BY {', '.join(order)} LIMIT {int(limit)}"
    )
    return facts.engine.query(query).to_pandas()


def check_tables(facts: Facts, tables: Iterable[str]) -> None:
    """Refuse when a table that is needed was not supplied."""
    refuse(
        Problem("data", f"the table '{name}' was not supplied", "add it to the source, or ask another KPI")
        for name in tables
        if not facts.intake.has(name)
    )
