"""The nouns of root causes: segments that moved, what a change is made of, causes, and measures.

Like those of `results`: frozen, tables first, no words, no HTML. Amounts are in the KPI's unit (money in
the workspace's currency), shares are 0 to 1, intervals are 95 %.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .results import Appendix, Banner, Caveat, Result, Scope

if TYPE_CHECKING:
    import pandas as pd

VERDICTS = ("segments", "everything_moved", "not_in_dimensions", "noise")
"""How a search ends: segments stand out, all moved alike, it moved otherwise than along these, chance."""

TAGS = ("positioning", "strategy", "people", "partner", "market", "data")
"""What a cause points at."""

GRADES = ("measured", "associated", "asserted")
"""How far evidence goes: the effect itself is measured; something moved with it; people say so."""


COLUMNS = {
    "ledger": ("node", "parent", "kind", "amount", "residual"),
    "bridge": ("bar", "amount", "low", "high", "is_total", "count"),
    "drivers": ("driver", "before", "now", "amount"),
    "split": (
        "entity", "name", "weight_before", "weight", "rate_before", "rate", "within", "mix", "entry",
        "amount",
    ),
    "segments": (
        "place", "factor", "segment", "before", "now", "expected", "contribution", "low", "high", "share",
        "p_value", "verdict",
    ),
    "parts": ("place", "dimension", "value", "name"),
    "causes": (
        "place", "rank", "tag", "cause", "figure", "figure_before", "unit", "amount", "low", "high", "grade",
        "p_value", "refuted_by", "is_refuted",
    ),
    "proposals": (
        "measure_id", "measure", "segment", "parts", "kpi", "tag", "cause", "contribution",
        "expected_amount", "owner", "due", "decided_on", "proof_kpi", "state",
    ),
}  # fmt: skip
"""Columns of the tables of an explanation."""


class Segment(dict[str, Any]):
    """A segment: the value of each dimension that bounds it, and what it added to the change.

    `contribution` is what it moved the total by beyond what all have in common, within `low` and
    `high`; `actual` and `expected` are its own sums (of ratios: its own ratios). `p_value` is the
    chance of as strong a segment anywhere in the search when nothing happened. `verdict` is
    "beyond_noise", or "single_order" where one order makes nearly all of it.

    Examples
    --------
    >>> one = Segment({"region": "East"}, contribution=-5.0, low=-7.0, high=-3.0)
    >>> one == {"region": "East"}, one.interval, one.verdict
    (True, (-7.0, -3.0), 'beyond_noise')
    """

    __slots__ = ("actual", "contribution", "expected", "high", "leaves", "low", "p_value", "verdict")

    def __init__(
        self,
        where: Mapping[str, Any],
        *,
        contribution: float,
        low: float,
        high: float,
        actual: float = float("nan"),
        expected: float = float("nan"),
        p_value: float = float("nan"),
        verdict: str = "beyond_noise",
        leaves: int = 0,
    ) -> None:
        super().__init__(where)
        self.contribution, self.low, self.high = contribution, low, high
        self.actual, self.expected = actual, expected
        self.p_value, self.verdict, self.leaves = p_value, verdict, leaves

    @property
    def interval(self) -> tuple[float, float]:
        """Bounds of the contribution."""
        return self.low, self.high


@dataclass(frozen=True, slots=True, repr=False)
class Segments(Result):
    """What a search found. `actual - expected = trend + the segments' contributions + rest`.

    `found`, the strongest first, do not overlap: each holds what those before it left. `trend` is what
    the total moved because everything did (`trend_ratio` to one, less what was expected), `rest` what
    is in no segment. `noise` names the noise model ("given", "history", "counts", "relative"), `placebo`
    where `p_value`, the chance of the strongest segment when nothing happened, comes from ("earlier",
    "permuted", "tail").
    """

    found: tuple[Segment, ...]
    dimensions: tuple[str, ...]
    verdict: str
    actual: float
    expected: float
    trend: float
    trend_ratio: float
    rest: float
    p_value: float
    noise: str
    placebo: str
    placebo_runs: int
    caveats: tuple[Caveat, ...] = ()

    def __iter__(self) -> Iterator[Segment]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def __getitem__(self, place: int) -> Segment:
        return self.found[place]

    def to_frame(self) -> pd.DataFrame:
        """One row per segment: each dimension (missing: any value), then its figures."""
        import pandas as pd

        figures = ("actual", "expected", "contribution", "low", "high", "p_value", "verdict", "leaves")
        rows = [
            {name: one.get(name) for name in self.dimensions} | {name: getattr(one, name) for name in figures}
            for one in self.found
        ]
        return pd.DataFrame(rows, columns=[*self.dimensions, *figures])

    def tables(self) -> dict[str, pd.DataFrame]:
        """The segments."""
        return {"segments": self.to_frame()}


@dataclass(frozen=True, slots=True, repr=False)
class RootCause(Result):
    """Why a KPI moved from a base to a period.

    `against` is "previous", "last_year" or "plan", `base` the base period's code; `now`, `before` and
    `change` are the KPI's values (NaN where it has none), `usual` how much of the change was to be
    expected from how the same comparison went before (of ratios: what the mix did). `verdict` is one of
    `VERDICTS`, "no_base", or "unsearched" (without a dimension over which the KPI adds up).

    `ledger`: node, parent, kind ("total", "factor", "segment", "entity"), amount, residual (a node less
    its children, 0 but for rounding; NaN without children): "change" is told once by "by_factor", once
    by "by_segment" (usual, everything, segments, rest), ratios by "by_entity" too. `bridge`, in the
    order of the waterfall: bar (code), amount, low, high, is_total, count (of what is behind it).
    `drivers`: driver, before, now, amount. `split`, of ratios, per entity of the grain: entity, name,
    weight_before, weight, rate_before, rate, within, mix, entry ("continuing", "new", "lost"), amount.
    `segments`, the largest first: place, factor ("" for the KPI itself, or the bar of the bridge that
    was searched by itself, such as "discount"; those overlap the others), segment ("region=East &
    category=Air"), before, now, expected, contribution, low, high, share (of the change), p_value,
    verdict. `parts`: place,
    dimension, value, name. `causes`, per segment the strongest first: place, rank, tag (of `TAGS`),
    cause (code), figure, figure_before, unit, amount, low, high, grade (of `GRADES`), p_value,
    refuted_by (code of what would refute it), is_refuted. `proposals`: see `MeasurePlan.proposals`.
    """

    kpi: str
    unit: str
    better: str
    period: str
    base: str
    against: str
    now: float
    before: float
    change: float
    usual: float
    verdict: str
    noise: str
    placebo: str
    placebo_runs: int
    p_value: float
    dimensions: tuple[str, ...]
    ledger: pd.DataFrame
    bridge: pd.DataFrame
    drivers: pd.DataFrame
    split: pd.DataFrame
    segments: pd.DataFrame
    parts: pd.DataFrame
    causes: pd.DataFrame
    proposals: pd.DataFrame
    scope: Scope
    caveats: tuple[Caveat, ...] = ()

    @classmethod
    def nothing(cls, heading: Mapping[str, str], scope: Scope, caveats: Sequence[Caveat]) -> RootCause:
        """An explanation with nothing to compare with: every table is empty, the caveats say why."""
        import pandas as pd

        none = float("nan")
        tables = {name: pd.DataFrame(columns=list(columns)) for name, columns in COLUMNS.items()}
        values: dict[str, Any] = dict.fromkeys(("now", "before", "change", "usual", "p_value"), none)
        return cls(
            **heading,  # type: ignore[arg-type]
            **values,
            verdict="no_base",
            noise="",
            placebo="",
            placebo_runs=0,
            dimensions=(),
            **tables,
            scope=scope,
            caveats=tuple(caveats),
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per segment."""
        return self.segments

    def tables(self) -> dict[str, pd.DataFrame]:
        """The ledger and every table of the explanation, by the KPI's name."""
        tables = {
            "ledger": self.ledger,
            "bridge": self.bridge,
            "drivers": self.drivers,
            "split": self.split,
            "segments": self.segments,
            "segment_parts": self.parts,
            "causes": self.causes,
        }
        return {f"{name}_{self.kpi}": table for name, table in tables.items()}


@dataclass(frozen=True, slots=True, repr=False)
class MeasureReview(Result):
    """Measures decided on, and what became of them: first thing of the next review.

    `measures`, overdue ones first: measure_id, measure (code of the catalogue), title (free text of
    measures of one's own), segment, parts, kpi, proof_kpi (the effect is in its unit), tag, period (in
    which it was decided), owner, due, state ("open", "overdue", "done", "dropped"), closed_on,
    expected_amount, effect, effect_low, effect_high, effect_verdict ("told", "cannot_be_told",
    "too_early"), effect_reason (code: "pre_trend", "few_comparable", "no_history", "no_noise",
    "placebo", "dropped", "company_wide", "no_kpi", "not_by_segment", or "shared" with other measures),
    comparable (segments compared with).
    """

    measures: pd.DataFrame
    scope: Scope
    caveats: tuple[Caveat, ...] = ()

    def tables(self) -> dict[str, pd.DataFrame]:
        """The measures."""
        return {"measures": self.measures}


@dataclass(frozen=True, slots=True, repr=False)
class MeasurePlan(Result):
    """Measures this period's findings propose.

    `proposals`: measure_id, measure, segment, kpi, tag, cause, contribution (of the segment),
    expected_amount (what the measure is to bring back), owner ("" where the policy names none), due,
    proof_kpi, state ("complete": enters the register when the report is published; "proposed": needs
    an owner first; "registered": it is there already), parts (JSON), decided_on.
    """

    proposals: pd.DataFrame
    scope: Scope
    caveats: tuple[Caveat, ...] = ()

    def tables(self) -> dict[str, pd.DataFrame]:
        """The proposals."""
        return {"measure_proposals": self.proposals}


@dataclass(frozen=True, slots=True, repr=False)
class RootCauseReport(Result):
    """The report on causes: measures decided before, an explanation per KPI, measures proposed."""

    banner: Banner
    decided: MeasureReview
    explanations: tuple[RootCause, ...]
    plan: MeasurePlan
    appendix: Appendix

    def to_frame(self) -> pd.DataFrame:
        """One row per KPI and segment."""
        import pandas as pd

        found = [one.segments.assign(kpi=one.kpi) for one in self.explanations]
        return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=["kpi"])

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table any part shows."""
        found: dict[str, pd.DataFrame] = {}
        for tables in (
            self.decided.tables(),
            *(one.tables() for one in self.explanations),
            self.plan.tables(),
            self.appendix.tables(),
        ):
            found |= tables
        return found


@dataclass(frozen=True, slots=True, repr=False)
class Effect(Result):
    """What a measure brought, compared with segments that had none.

    `amount` is for the whole time since it began, in the KPI's unit, with a 95 % interval; NaN unless
    `verdict` is "told". `pre_trend_p` tests whether both moved alike before.
    """

    verdict: str
    reason: str
    amount: float
    low: float
    high: float
    pre_trend_p: float
    comparable: int
    since: datetime.date | None

    def tables(self) -> dict[str, pd.DataFrame]:
        """One row with all of it."""
        import pandas as pd

        return {"effect": pd.DataFrame([{name: getattr(self, name) for name in self.__slots__}])}
