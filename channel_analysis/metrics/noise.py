"""How far chance alone may move a KPI: standard errors from the period's own orders, answers and leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pandas as pd

from ..contracts.policy import Policy
from ..store.workspace import Facts
from .delta import Sloped, added, sloped
from .intervals import Z_95, Floats
from .kpis import NAMES, Kpi, Term, columns_of, parsed, with_names
from .periods import Period
from .queries import base_of, dated_names
from .units import NET, UNITS, Atom, Moments, Split, nested_moments, split, unit_moments
from .values import kpi_values

CUSTOMER = "customer_id"
"""Whom a nested KPI may make rows of that are units; partners are not drawn by chance."""

COLUMNS = ("level", "entity", "period", "kpi", "n", "se")
"""Columns of the table of standard errors."""


def kpi_noise(
    facts: Facts,
    kpis: Mapping[str, Kpi],
    policy: Policy,
    periods: Sequence[Period],
    levels: Sequence[str] = ("partner",),
    values: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Standard errors of KPI values, from the data of the period itself.

    What happens independently of each other are orders (a return belongs to its order, or stands for
    itself), invoices, answers, leads, visits, reports of sell-out, and customers where a KPI first
    makes a row per customer. Their number is random, too: a sum has the variance of a compound
    Poisson count, the sum of its units' squares. A ratio, or any expression of sums, is linearised in
    its sums, which for a ratio gives sum((n - R d)^2) / D^2 with m / (m - 1) for m units; of a single
    unit nothing is known. Targets, market, costs, stock and partners are taken as known, so that the
    noise of attainment, market share or cost ratio is that of sales; attainment's is the relative one
    of the period's net sales. Changes are linearised over both periods. Shares with a Wilson interval
    are binomial and mean scores have their sample variance, neither below what four more answers, half
    of them to either side, would leave (Agresti and Coull); other shares at 0 or 1 have that
    floor, and rates per 1,000 that of the score test of a Poisson count.

    Parameters
    ----------
    levels : sequence of str
        Keys of `metrics.facts.LEVELS`.
    values : DataFrame, optional
        What `kpi_values` gives for the same KPIs, periods and levels; computed when not given.

    Returns
    -------
    DataFrame
        `COLUMNS`, a row for each row of the values: `n` units (orders, answers, ...) that count for the
        figure, the fewest where several sums divide; `se` in the KPI's unit. Both are NaN where the
        value has a status other than "ok". `se` is NaN where nothing sensible is known: concentration,
        top shares, like-for-like growth, product counts (`sku_movement`), programme funds
        (`mdf_utilisation`), costs alone (`allocated_cost_share`), and ratios of a single unit.

    References
    ----------
    Cochran, W. G. (1977). Sampling Techniques, 3rd ed., section 6.3 (variance of a ratio).
    Agresti, A. and Coull, B. A. (1998). Approximate is better than "exact" for interval estimation of
    binomial proportions. The American Statistician 52, 119-126.
    """
    periods = list(dict.fromkeys(periods))
    if values is None:
        values = kpi_values(facts, kpis, policy, periods, levels)
    codes = {period.code: period for period in periods}
    noise = _Noise(facts, kpis, policy, tuple(levels), frozenset(periods))
    found = [
        noise.of_kpi(str(name), codes[str(code)], rows)
        for (code, name), rows in values.groupby(["period", "kpi"], sort=False, observed=True)
        if code in codes and name in kpis
    ]
    if not found:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(found).sort_index(kind="stable").loc[:, list(COLUMNS)].reset_index(drop=True)


@dataclass(frozen=True, slots=True)
class _Estimate:
    """Units that count, and the standard error before scaling, entity by entity."""

    n: Floats
    se: Floats


@dataclass(slots=True)
class _Noise:
    """Estimates KPI by KPI; the units of a period are asked for once per table."""

    facts: Facts
    kpis: Mapping[str, Kpi]
    policy: Policy
    levels: tuple[str, ...]
    periods: frozenset[Period]
    _moments: dict[tuple[Period, str], dict[str, Moments]] = field(default_factory=dict)
    _rows: tuple[np.ndarray, np.ndarray, pd.MultiIndex] | None = None

    def of_kpi(self, name: str, period: Period, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows of values of one KPI and period with `n` and `se`."""
        kpi = self.kpis[name]
        usable = (rows["status"] == "ok").to_numpy()
        if not usable.any():
            return rows.assign(n=np.nan, se=np.nan)
        over, under = (rows[side].to_numpy(dtype=float) for side in ("numerator", "denominator"))
        entities = self._entities_of(rows)
        with np.errstate(divide="ignore", invalid="ignore"):
            if kpi.kind == "lagged":
                found = self._of_change(kpi, period, entities, over + under, under)
            elif kpi.interval == "wilson":
                found = _Estimate(under, _binomial(over, under))
            elif kpi.interval == "mean":
                found = _Estimate(under, _of_mean(rows, kpi.scale, over, under))
            else:
                found = self._linearised(name, period, entities, over, under)
        usable = usable & (found.n > 0)
        se = np.where(usable, kpi.scale * found.se, np.nan)
        return rows.assign(n=np.where(usable, found.n, np.nan), se=se)

    def _of_change(
        self, kpi: Kpi, period: Period, entities: pd.MultiIndex, now: Floats, before: Floats
    ) -> _Estimate:
        """The change of a KPI between two periods, which are independent."""
        of, base = self.kpis[kpi.of], base_of(kpi, period)
        assert base is not None
        scale = of.scale if not of.is_ratio else np.nan  # sides of a ratio are not those of its change
        late = self._linearised(kpi.of, period, entities, now / scale, np.ones_like(now))
        early = self._linearised(kpi.of, base, entities, before / scale, np.ones_like(now))
        se = scale * np.hypot(late.se, now / before * early.se) / before
        return _Estimate(np.fmin(late.n, early.n), se / kpi.scale)

    def _linearised(
        self, name: str, period: Period, entities: pd.MultiIndex, over: Floats, under: Floats
    ) -> _Estimate:
        """The error of over / under, linearised in the sums that both are made of."""
        kpi, sides = self.kpis[name], _sides(self.kpis[name])
        if sides is None:
            return _Estimate(np.full(len(entities), np.nan), np.full(len(entities), np.nan))
        units = _Units(self._moments_of(name, period, entities), len(entities))
        names = dated_names(period, self.policy)
        up, down = (units.slopes(side, names, over) for side in sides)
        ratio = over / under
        slopes = {atom: slope / under for atom, slope in up.by.items()}
        for atom, slope in down.by.items():
            slopes[atom] = slopes.get(atom, 0.0) - ratio * slope / under
        n = units.fewest([*up.divisors, *down.divisors, *down.by] or [*up.by])
        variance = units.variance(slopes)
        if kpi.unit == "per_1000":  # things that happen, per so many
            variance = np.maximum(variance, (over + Z_95**2 / 4) / under**2)
        if not {atom.table for atom in up.by} & {atom.table for atom in down.by}:
            return _Estimate(n, np.sqrt(variance))
        se = np.sqrt(np.where(n > 1, variance * n / (n - 1), np.nan))
        is_end = ((ratio == 0) | (ratio == 1)) & (kpi.unit == "share")
        return _Estimate(n, np.where(is_end, _binomial(ratio * n, n), se))

    def _entities_of(self, rows: pd.DataFrame) -> pd.MultiIndex:
        """Level and entity of the rows; those of the rows before where they are the same."""
        level, entity = rows["level"].to_numpy(), rows["entity"].to_numpy()
        if self._rows is None or not all(map(np.array_equal, self._rows[:2], (level, entity))):
            self._rows = (level, entity, pd.MultiIndex.from_arrays([level, entity]))
            self._moments.clear()
        return self._rows[2]

    def _moments_of(self, name: str, period: Period, entities: pd.MultiIndex) -> Mapping[str, Moments]:
        """Moments by table: a nested KPI's own, or those of all other KPIs together."""
        is_nested = self.kpis[name].kind == "nested"
        key = (period, name if is_nested else "")
        if key not in self._moments:
            asked = [name] if is_nested or period not in self.periods else self._linear()
            groups = [[atom for side in sides for part in side for atom in part.split.atoms]
                      for sides in (_sides(self.kpis[one]) for one in asked) if sides]  # fmt: skip
            found = self._asked(self.kpis[name], groups, period)
            self._moments[key] = {table: moments.of(entities) for table, moments in found.items()}
        return self._moments[key]

    def _asked(self, kpi: Kpi, groups: Sequence[Sequence[Atom]], period: Period) -> dict[str, Moments]:
        engine, levels, policy = self.facts.engine, self.levels, self.policy
        if kpi.kind == "nested":
            return {kpi.tables[0]: nested_moments(engine, kpi, groups, period, levels, policy)}
        tables = dict.fromkeys(atom.table for group in groups for atom in group)
        found = {}
        for table in filter(self.facts.intake.has, tables):
            own = [[atom for atom in group if atom.table == table] for group in groups]
            found[table] = unit_moments(engine, table, own, period, levels, policy)
        return found

    def _linear(self) -> list[str]:
        """KPIs that are made of sums over the units of tables."""
        return [
            name
            for name, kpi in self.kpis.items()
            if kpi.kind not in ("nested", "lagged") and not kpi.interval
        ]


@dataclass(frozen=True, slots=True)
class _Part:
    """A term taken apart; `is_relative`: its relative error is that of net sales."""

    split: Split
    is_relative: bool = False


@dataclass(frozen=True, slots=True)
class _Units:
    """The units of so many entities, by table."""

    moments: Mapping[str, Moments]
    size: int

    def slopes(self, side: Sequence[_Part], names: Mapping[str, str], over: Floats) -> Sloped[Atom]:
        """The sum of a side's terms with its slope in each atom."""
        whole: Sloped[Atom] = Sloped(np.zeros(self.size))
        for part in side:
            atoms = {f"atom_{i}": self._atom(atom) for i, atom in enumerate(part.split.atoms)}
            found = sloped(parsed(with_names(part.split.tree, names)), atoms)
            assert found is not None
            whole = added(
                whole, Sloped(found.value, found.scaled(over / found.value)) if part.is_relative else found
            )
        return whole

    def fewest(self, atoms: Sequence[Atom]) -> Floats:
        """How many units count: of several atoms those with the fewest."""
        counts = [self.moments[atom.table].count(atom) for atom in atoms]
        return np.minimum.reduce(counts)

    def variance(self, slopes: Mapping[Atom, Floats]) -> Floats:
        """The variance of a sum of slopes times atoms; those of different tables are independent."""
        found = np.zeros(self.size)
        for one, other in product(slopes, slopes):
            if one.table == other.table:
                found = found + slopes[one] * slopes[other] * self.moments[one.table].product(one, other)
        return np.maximum(found, 0)

    def _atom(self, atom: Atom) -> Sloped[Atom]:
        return Sloped(self.moments[atom.table].total(atom), {atom: np.ones(self.size)})


def _sides(kpi: Kpi) -> tuple[list[_Part], list[_Part]] | None:
    """The terms that chance moves, taken apart; None when there are none, or one does not add up."""
    if kpi.kind == "nested" and kpi.per != CUSTOMER:
        return None
    sides = []
    for terms in (kpi.numerator, kpi.denominator):
        parts = [_part(term) for term in terms if term.table in UNITS or _is_actual(term)]
        if any(part is None for part in parts):
            return None
        sides.append([part for part in parts if part])
    return (sides[0], sides[1]) if any(sides) else None


def _part(term: Term) -> _Part | None:
    found = split(NET if _is_actual(term) else term)
    atoms: dict[str, Sloped[Atom]] = {}
    if found:
        atoms = {f"atom_{i}": Sloped(np.ones(1)) for i in range(len(found.atoms))}
    known = dict.fromkeys(NAMES, "1")
    if found is None or sloped(parsed(with_names(found.tree, known)), atoms) is None:
        return None
    return _Part(found, _is_actual(term))


def _is_actual(term: Term) -> bool:
    """Whether a term is what was reached of targets."""
    return term.table == "targets" and "actual_amount" in columns_of(term.tree)


def _binomial(hits: Floats, trials: Floats) -> Floats:
    """The error of a share, not below that with Agresti's and Coull's four more trials."""
    plain = hits / trials * (1 - hits / trials) / trials
    more, share = trials + Z_95**2, (hits + Z_95**2 / 2) / (trials + Z_95**2)
    return np.sqrt(np.maximum(plain, share * (1 - share) / more))


def _of_mean(rows: pd.DataFrame, scale: float, total: Floats, count: Floats) -> Floats:
    """The error of a mean of scores from -1 to 1, not below that with two more at either end."""
    half = (rows["high"] - rows["low"]).to_numpy(dtype=float) / (2 * scale * Z_95)
    plain = np.nan_to_num(half**2)
    squares = count * (count * plain + (total / count) ** 2)
    more, mean = count + Z_95**2, total / (count + Z_95**2)
    floor = ((squares + Z_95**2) / more - mean**2) / more
    return np.sqrt(np.maximum(plain, floor))
