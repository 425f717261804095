"""KPI definitions: data in kpis.toml, checked against empty contract tables before any figure is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from pydantic import Field, model_validator
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ..contracts.policy import Policy
from ..contracts.settings import Label, Rules, validated
from ..contracts.tables import TABLES
from ..errors import InputError, Problem, did_you_mean, refuse
from ..files import CATALOG, overlay, read_toml
from ..store.engine import DuckDBEngine, Engine, EngineError
from ..store.intake import register_empty
from ..store.workspace import Workspace
from .expressions import tree_problems
from .facts import fact_columns, fact_sql
from .targets import NO_ACTUALS
from .terms import FactorTree as FactorTree
from .terms import Term as Term
from .terms import parsed as parsed

NAMES = (
    "period_start",
    "period_end",
    "days",
    "base_start",
    "base_end",
    "lookback_start",
    "activity_start",
    "churn_start",
    "churn_middle",
    "late_start",
    "last_month",
    "recent_start",
    "recent_days",
    "price_tolerance",
)
"""Names a KPI's SQL may use with a colon before them."""

_PROBED = {"days": "90", "recent_days": "90", "price_tolerance": "CAST(0.001 AS DECIMAL(7, 6))"}
"""Values of the names that are no days, for definitions that are checked without a period."""

NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT", "UINTEGER", "FLOAT", "DOUBLE")
"""Types of the engine, beside decimals, that a KPI's terms may have."""


class Kpi(Rules):
    """One KPI as kpis.toml defines it.

    With `numerator_required` an entity without rows in the numerator's table has no figure, not 0.
    """

    label: Label
    definition: Label = {}
    dimension: Literal["result", "promotion", "customer", "market", "cost"]
    kind: Literal["additive", "distinct", "nested", "lagged"]
    unit: Literal["money", "share", "points", "count", "per_1000", "days", "index", "ratio", "weeks"]
    better: Literal["higher", "lower", "none"]
    numerator: list[Term] = []
    denominator: list[Term] = []
    squares: list[Term] = []
    scale: float = Field(1, gt=0)
    interval: Literal["wilson", "mean", ""] = ""
    needs: list[str] = []
    numerator_required: bool = False
    per: str = ""
    inner: dict[str, str] = {}
    window: Literal["period", "churn"] = "period"
    lookback_months: int = Field(0, ge=0, le=60)
    of: str = ""
    base: Literal["previous", "last_year", ""] = ""
    tree: FactorTree | None = None
    market_tree: FactorTree | None = None
    version: int = 1

    @model_validator(mode="before")
    @classmethod
    def _lists_of_terms(cls, data: object) -> object:
        if isinstance(data, Mapping):
            single = ("numerator", "denominator", "squares")
            return {k: [v] if k in single and isinstance(v, Mapping) else v for k, v in data.items()}
        return data

    @model_validator(mode="after")
    def _parts_fit_the_kind(self) -> Kpi:
        if self.kind == "lagged" and not (self.of and self.base):
            raise ValueError("a lagged KPI names the KPI it is 'of' and its 'base'")
        if self.kind != "lagged" and not self.numerator:
            raise ValueError("a numerator is required")
        if self.trees and self.kind not in ("additive", "distinct"):
            raise ValueError("only sums and counts have a factor tree")
        if self.kind == "nested" and not (self.per and self.inner):
            raise ValueError("a nested KPI names what it is 'per' and its 'inner' columns")
        return self

    @property
    def is_ratio(self) -> bool:
        """Whether the KPI has a denominator."""
        return self.kind == "lagged" or bool(self.denominator)

    @property
    def compares(self) -> bool:
        """Whether the KPI sets the period against another one or a target, so that both must be whole."""
        return self.kind == "lagged" or bool(self.base) or "targets" in self.tables

    @property
    def terms(self) -> list[Term]:
        """All terms, numerator first."""
        return [*self.numerator, *self.denominator, *self.squares]

    @property
    def trees(self) -> dict[str, FactorTree]:
        """Its factor trees, by their name in kpis.toml."""
        both = {"tree": self.tree, "market_tree": self.market_tree}
        return {name: tree for name, tree in both.items() if tree}

    @property
    def checked_terms(self) -> list[Term]:
        """All terms, then the counts of its factor trees."""
        return [*self.terms, *(term for tree in self.trees.values() for term in tree.counts.values())]

    @property
    def tables(self) -> list[str]:
        """Contract tables the KPI reads."""
        return list(dict.fromkeys(term.table for term in self.terms))


def load_kpis(ws: Workspace) -> dict[str, Kpi]:
    """Read the catalogue's KPIs with the workspace's own laid over them, and check them all.

    Raises
    ------
    InputError
        With every mistake: unknown names, SQL that does not fit the contract tables, weights or
        anchors of the policy for KPIs that do not exist.
    """
    merged: dict[str, object] = {}
    for path in ws.overlays("kpis.toml"):
        merged = overlay(merged, read_toml(path))
    kpis: dict[str, Kpi] = {}
    problems: list[Problem] = []
    for name, data in merged.items():
        try:
            kpis[name] = validated(Kpi, data, f"kpis.toml [{name}]")  # type: ignore[arg-type]
        except InputError as error:
            problems += error.problems
    shipped = read_toml(CATALOG / "kpis.toml")
    proven = {name for name, data in merged.items() if data == shipped.get(name)}
    new = {name: kpi for name, kpi in kpis.items() if name not in proven}
    problems += check_kpis(kpis, ws.policy, merged, proven) or _foreign_problems(new, ws)
    refuse([*problems, *check_policy_names(ws.policy, merged)])
    return kpis


def check_kpis(
    kpis: Mapping[str, Kpi], policy: Policy, known: Collection[str] = (), proven: Collection[str] = ()
) -> list[Problem]:
    """Problems of the definitions, found without any data.

    `known` names KPIs that may be referred to, `proven` those whose SQL the engine need not see again.
    """
    by_name = {name: _names_problems(name, kpi, kpis, known or kpis, policy) for name, kpi in kpis.items()}
    sound = {name: kpis[name] for name, found in by_name.items() if not found and name not in proven}
    return [*(p for found in by_name.values() for p in found), *_engine_problems(sound, policy)]


def check_policy_names(policy: Policy, kpis: Collection[str]) -> list[Problem]:
    """Weights and anchors of KPIs that do not exist."""
    return [
        Problem(
            f"policy.toml [scoring.{part}.{scope}]", f"there is no KPI '{name}'", did_you_mean(name, kpis)
        )
        for part in ("weights", "anchors")
        for scope, entries in getattr(policy.scoring, part).items()
        for name in entries
        if name not in kpis
    ]


def with_names(tree: exp.Expr, values: Mapping[str, str]) -> str:
    """The expression's SQL with every :name replaced by its value (an SQL text)."""

    def replaced(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Placeholder) and node.name in values:
            return parsed(values[node.name])
        return node

    return tree.transform(replaced).sql(dialect="duckdb")


def named_sql(sql: str, values: Mapping[str, str]) -> str:
    """Our own SQL text with every :name replaced; for texts that hold no user's names or values."""
    return re.sub(r":(" + "|".join(NAMES) + r")\b", lambda match: values[match[1]], sql)


def columns_of(tree: exp.Expr) -> set[str]:
    """Names of the columns an expression reads."""
    return {column.name for column in tree.find_all(exp.Column)}


def _names_problems(
    name: str, kpi: Kpi, kpis: Mapping[str, Kpi], known: Collection[str], policy: Policy
) -> list[Problem]:
    where = f"kpis.toml [{name}]"
    problems = []
    for term in kpi.checked_terms:
        if term.table not in TABLES:
            what = f"there is no contract table '{term.table}'"
            problems.append(Problem(where, what, did_you_mean(term.table, TABLES)))
    for text in [*(term.expr for term in kpi.checked_terms), *kpi.inner.values(), *kpi.needs]:
        try:
            tree = parsed(text)
        except SqlglotError as error:
            problems.append(Problem(where, f"'{text}' is not SQL: {str(error).splitlines()[0]}"))
            continue
        for used in sorted({node.name for node in tree.find_all(exp.Placeholder)} - set(NAMES)):
            problems.append(Problem(where, f"there is no dated name ':{used}'", did_you_mean(used, NAMES)))
    if kpi.of and kpi.of not in known:
        problems.append(Problem(where, f"there is no KPI '{kpi.of}'", did_you_mean(kpi.of, known)))
    if kpi.of in kpis and kpis[kpi.of].kind == "lagged":
        what = f"'{kpi.of}' is itself a change; there is no change of a change"
        problems.append(Problem(where, what, "name a KPI that is not lagged"))
    for place, made in kpi.trees.items():
        problems += tree_problems(
            f"kpis.toml [{name}.{place}]", made.expr, made.factors, made.counts, made.grain
        )
    return problems or [*_column_problems(where, kpi, policy), *_dated_needs(where, kpi, policy)]


def _dated_needs(where: str, kpi: Kpi, policy: Policy) -> list[Problem]:
    """Conditions that depend on the period: `needs` ask for rows of whatever date."""
    table = TABLES[kpi.terms[0].table] if kpi.terms else None
    made = fact_columns(table, policy) if table else {}
    problems = []
    for text in kpi.needs:
        tree = parsed(text)
        dated = {f":{node.name}" for node in tree.find_all(exp.Placeholder)}
        for name in columns_of(tree) & set(made):
            expression, join = made[name]
            dated |= {name} if ":period" in expression or join == "actual" else set()
        what = f"'{text}' depends on the period ({', '.join(sorted(dated))})"
        fix = "needs are met by rows of whatever date; put the condition into the numerator's FILTER"
        problems += [Problem(where, what, fix)] if dated else []
    return problems


def _column_problems(where: str, kpi: Kpi, policy: Policy) -> list[Problem]:
    """Columns that neither the contract nor the joins have, with the nearest that they do."""
    problems = []
    for number, term in enumerate(kpi.checked_terms):
        table = TABLES[term.table]
        options = [*table.column_names, *fact_columns(table, policy, term.of_partner)]
        texts = [parsed(text) for text in (*kpi.inner.values(), *kpi.needs)] if number == 0 else []
        per = {kpi.per} if number == 0 else set()
        used = set[str]().union(*(columns_of(tree) for tree in texts), per, {term.date}) - {""}
        missing = dict.fromkeys(used - set(options), options)
        of_outer = [*kpi.inner, kpi.per, "rank"] if kpi.kind == "nested" else options
        missing |= dict.fromkeys(columns_of(term.tree) - set(of_outer), of_outer)
        problems += [
            Problem(where, f"'{term.table}' has no column '{name}'", did_you_mean(name, missing[name]))
            for name in sorted(missing)
        ]
    return problems


def _engine_problems(kpis: Mapping[str, Kpi], policy: Policy) -> list[Problem]:
    """Let the engine run each KPI's SQL on empty tables; all at once first, singly on failure."""
    probes = _all_probes(kpis, policy)
    if not probes:
        return []
    engine = DuckDBEngine()
    engine.connection.execute("PRAGMA disable_optimizer")  # binding alone shows every mistake
    _register_empty(engine)
    try:
        rows = engine.query(_together(probes))
    except EngineError:
        return _refused(engine.query, probes)
    types = dict(zip(rows["i"].to_pylist(), rows["v"].to_pylist(), strict=True))
    return [p for i, (name, _) in enumerate(probes) if (p := _type_problem(name, types.get(i)))]


def _foreign_problems(kpis: Mapping[str, Kpi], ws: Workspace) -> list[Problem]:
    """What the workspace's engine says against definitions that DuckDB understands."""
    engine = ws.new_engine()
    if engine.name == "duckdb" or not kpis:
        return []
    _register_empty(engine)
    probes = _all_probes(kpis, ws.policy)
    try:
        engine.schema(_together(probes))
    except EngineError:
        refused = _refused(engine.schema, probes)
        return [replace(p, what=f"not understood by {engine.name}: {p.what}") for p in refused]
    return []


def _refused(ask: Callable[[str], object], probes: Iterable[tuple[str, str]]) -> list[Problem]:
    """Ask for each probe by itself; the first refusal of each KPI."""
    problems: dict[str, Problem] = {}
    for name, sql in probes:
        try:
            ask(sql)
        except EngineError as error:
            problems.setdefault(name, _engine_problem(f"kpis.toml [{name}]", str(error)))
    return list(problems.values())


def _register_empty(engine: Engine) -> None:
    """Every contract table, without rows."""
    register_empty(engine)
    engine.register("target_actuals", NO_ACTUALS)


def _type_problem(name: str, found: str | None) -> Problem | None:
    """A term that is no aggregate (no row for empty tables) or gives no number."""
    if found is not None and (found.startswith("DECIMAL") or found in NUMBERS):
        return None
    what = "a term gives no single number" if found is None else f"a term gives a {found}, not a number"
    return Problem(f"kpis.toml [{name}]", what, "aggregate to a number, such as sum(...) or count(...)")


def _engine_problem(where: str, message: str) -> Problem:
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    offers = next((line for line in lines if "andidate" in line), "")
    return Problem(where, lines[0], offers)


def _all_probes(kpis: Mapping[str, Kpi], policy: Policy) -> list[tuple[str, str]]:
    return [(name, sql) for name, kpi in kpis.items() for sql in _probes(kpi, policy)]


def _together(probes: Sequence[tuple[str, str]]) -> str:
    """One query that asks for every probe: a row per term, with its number and the type of its value."""
    return " UNION ALL ".join(f"SELECT {i} AS i, v FROM ({sql}) AS p" for i, (_, sql) in enumerate(probes))


def _probes(kpi: Kpi, policy: Policy) -> list[str]:
    """Queries with the shape of the KPI's own, one per term, that give the type of its value."""
    values = dict.fromkeys(NAMES, "DATE '2025-01-01'") | _PROBED
    found = []
    for term in kpi.checked_terms:
        if kpi.kind == "nested":
            found.append(_nested_probe(kpi, term, policy, values))
            continue
        needs = [parsed(text) for text in kpi.needs] if term in kpi.numerator[:1] else []
        used = sorted(columns_of(term.tree).union(*(columns_of(tree) for tree in needs)))
        facts = named_sql(fact_sql(term.table, used, policy, term.of_partner), values)
        aggregate = with_names(term.tree, values)
        where = " AND ".join(f"({with_names(tree, values)})" for tree in needs) or "TRUE"
        found.append(f"SELECT TYPEOF({aggregate}) AS v FROM ({facts}) AS f WHERE {where}")
    return found


def _nested_probe(kpi: Kpi, term: Term, policy: Policy, values: Mapping[str, str]) -> str:
    inner = {name: parsed(text) for name, text in kpi.inner.items()}
    used = set[str]().union(*(columns_of(tree) for tree in inner.values()), {kpi.per})
    known = {*TABLES[term.table].column_names, *fact_columns(TABLES[term.table], policy)}
    facts = named_sql(fact_sql(term.table, sorted(used & known) or [kpi.per], policy), values)
    columns = ", ".join(f"{with_names(tree, values)} AS {name}" for name, tree in inner.items())
    return (
        f"SELECT TYPEOF({with_names(term.tree, values)}) AS v FROM "
        f"(SELECT {kpi.per}, 1 AS rank, {columns} FROM ({facts}) AS f GROUP BY {kpi.per}) AS n"
    )
