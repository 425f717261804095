"""Which KPIs can be taken apart, along which dimensions, and which of their terms add up."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from ..contracts.policy import Policy
from ..contracts.tables import TABLES
from ..errors import InputError, Problem, did_you_mean, refuse
from .facts import EXTRAS as EXTRAS
from .facts import LEVELS, fact_columns
from .kpis import FactorTree, Kpi, Term, columns_of

NO_DIMENSIONS = ("original_order_id", "level")
"""Text columns that number rows or say what a row is split by."""


def dimensions_of(kpi: Kpi, policy: Policy) -> dict[str, str]:
    """Dimensions a KPI can be taken apart by: name to column, the levels first.

    Those of every table that the KPI reads: cost of sales cannot be told by product where costs are
    not. Numbers of rows (of orders, of cost lines) and names of things are no dimensions.

    Raises
    ------
    InputError
        For a KPI that is itself a change, or whose terms cannot be added up over parts.

    Examples
    --------
    >>> rule = {"family": "indirect"}
    >>> costs = {"kind": "additive", "unit": "money", "better": "lower", "dimension": "cost"}
    >>> kpi = Kpi(**costs, label={"en": "Cost"}, numerator=[{"table": "costs", "expr": "sum(amount)"}])
    >>> list(dimensions_of(kpi, Policy(channel_types={"retail": rule})))[:3]
    ['channel_family', 'channel_type', 'region']
    """
    check_can_be_explained(kpi)
    return _common(counted_terms(kpi), policy)


def columns_for(kpi: Kpi, policy: Policy, dimensions: Sequence[str]) -> dict[str, str]:
    """The column of each dimension asked for; InputError with every one that the KPI lacks."""
    return _chosen(kpi, dimensions_of(kpi, policy), dimensions)


def tree_of(kpi: Kpi, name: str) -> FactorTree:
    """A KPI's factor tree; InputError when it has none of that name."""
    found = kpi.trees.get(name)
    if found is None:
        what = f"{kpi.label.get('en', 'the KPI')} has no {name}"
        raise InputError(
            [Problem("kpis.toml", what, "declare it beside the KPI, or explain it without drivers")]
        )
    return found


def tree_columns(kpi: Kpi, name: str, policy: Policy, dimensions: Sequence[str]) -> dict[str, str]:
    """The column of each dimension asked for; InputError with those a factor tree cannot be told by."""
    terms = list(tree_of(kpi, name).counts.values())
    return _chosen(kpi, _common(terms, policy), dimensions)


def _common(terms: Sequence[Term], policy: Policy) -> dict[str, str]:
    """Dimensions that the tables of all terms have."""
    tables = dict.fromkeys((term.table, term.of_partner) for term in terms)
    found = [_of_table(*table, policy) for table in tables]
    return {n: c for n, c in found[0].items() if all(n in other for other in found)}


def _chosen(kpi: Kpi, known: dict[str, str], dimensions: Sequence[str]) -> dict[str, str]:
    name = kpi.label.get("en", "the KPI")
    refuse(
        Problem("dimensions", f"{name} cannot be told by '{one}'", did_you_mean(one, known))
        for one in dimensions
        if one not in known
    )
    return {one: known[one] for one in dict.fromkeys(dimensions)}


def counted_terms(kpi: Kpi) -> list[Term]:
    """Terms of numerator and denominator; of nested KPIs all are made of the first one's rows."""
    return kpi.numerator[:1] if kpi.kind == "nested" else [*kpi.numerator, *kpi.denominator]


def check_can_be_explained(kpi: Kpi) -> None:
    """Refuse what is no sum over parts: changes, ranks, squares of sums."""
    name = kpi.label.get("en", "the KPI")
    if kpi.kind == "lagged":
        what = f"{name} is itself a change"
        raise InputError([Problem("kpi", what, f"explain '{kpi.of}' instead, against '{kpi.base}'")])
    terms = [*kpi.numerator, *kpi.denominator]
    if kpi.kind == "nested" and not all(adds_up(term) for term in terms):
        what = f"{name} compares the parts of a total with each other, so it is no sum over parts"
        raise InputError([Problem("kpi", what, "explain 'net_sales' by partner instead")])


def adds_up(term: Term) -> bool:
    """Whether a term's values of disjoint sets of rows add up, distinct things apart.

    Sums and counts do, as do their sums, and their products with what holds no aggregate.
    """
    return "rank" not in columns_of(term.tree) and _is_linear(term.tree)


def distinct_columns(term: Term) -> set[str]:
    """Columns of which a term counts the distinct values."""
    found = [count for count in term.tree.find_all(exp.Count) if isinstance(count.this, exp.Distinct)]
    return set[str]().union(*(columns_of(count) for count in found))


def _is_linear(tree: exp.Expr) -> bool:
    if isinstance(tree, exp.Filter):
        return _is_linear(tree.this)
    if isinstance(tree, exp.Sum | exp.Count):
        return True
    if isinstance(tree, exp.Paren | exp.Neg):
        return _is_linear(tree.this)
    if isinstance(tree, exp.Coalesce):
        return _is_linear(tree.this) and all(str(other) == "0" for other in tree.expressions)
    if isinstance(tree, exp.Add | exp.Sub):
        return _is_linear(tree.this) and _is_linear(tree.expression)
    if isinstance(tree, exp.Mul) and not tree.this.find(exp.AggFunc):
        return _is_linear(tree.expression)
    if isinstance(tree, exp.Mul | exp.Div) and not tree.expression.find(exp.AggFunc):
        return _is_linear(tree.this)
    return False


def _of_table(name: str, of_partner: bool, policy: Policy) -> dict[str, str]:
    table, derived = TABLES[name], fact_columns(TABLES[name], policy, of_partner)
    named = {one: column for one, column in {**LEVELS, **EXTRAS}.items() if column}
    found = {n: c for n, c in named.items() if c in table.column_names or c in derived}
    taken = {*found.values(), *table.key, *NO_DIMENSIONS}
    own = [column.name for column in table.columns if column.type == "text"]
    return found | {c: c for c in own if c not in taken and not c.endswith("_name")}
