"""The nouns: what methods conclude, frozen; tables first, then what explains them; no words, no HTML.

Every result derives from `Result`: it gives its tables by name, and shows itself in Jupyter.
Money is in the workspace's currency, shares are 0 to 1, periods are codes such as 2025Q3.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from .appraisals import PartnerAppraisal
    from .errors import Problem
    from .risks import PartnerRisk
    from .rootcauses import MeasurePlan, MeasureReview, RootCause


class Result:
    """What every noun can do: give its tables, the main one by itself, and tell of itself in a line."""

    __slots__ = ()

    def tables(self) -> dict[str, pd.DataFrame]:
        """The frames a reader sees, by name, the main one first."""
        return {}

    def to_frame(self) -> pd.DataFrame:
        """The main table, the first of `tables()` unless said otherwise."""
        return next(iter(self.tables().values()))

    def __repr__(self) -> str:
        scope = getattr(self, "scope", None) or getattr(getattr(self, "banner", None), "scope", None)
        about = [scope.period, *(f"{name}={value}" for name, value in scope.where.items())] if scope else []
        sizes = {name: len(frame) for name, frame in self.tables().items()}
        found = [f"{name} {n} row{'s' * (n != 1)}" for name, n in sizes.items()]
        held = [", ".join(found[:3]) + (f" and {len(found) - 3} tables more" if found[3:] else "")]
        head = " ".join([type(self).__name__, *about])
        return f"{head}: {'; '.join([*filter(None, held), '.to_frame(), .tables()'])}"


@dataclass(frozen=True, slots=True)
class Caveat:
    """Something a reader must know: a code (its words are in the catalogue), whom, and numbers."""

    code: str
    severity: str
    subject: str = ""
    numbers: Mapping[str, Any] = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Names:
    """Names of things in each language, as policy and KPI definitions give them, and KPIs' units."""

    channel_types: Mapping[str, Mapping[str, str]]
    kpis: Mapping[str, Mapping[str, str]]
    units: Mapping[str, str]
    values: Mapping[str, Mapping[str, Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a report is about, shared by all its parts.

    `begins` is the data's first day where they begin after the period's; `uncovered` names channel
    types whose data do not reach its end, `stopped` those without a row in it, with their last day.
    `where` is what the report is narrowed to, such as region: East; empty for the company.
    """

    company: str
    period: str
    start: datetime.date
    end: datetime.date
    previous: str
    last_year: str
    currency: str
    as_of: datetime.date
    begins: datetime.date | None
    uncovered: tuple[str, ...]
    stopped: Mapping[str, datetime.date]
    names: Names
    where: Mapping[str, str] = field(default_factory=dict)

    @property
    def last_day(self) -> datetime.date:
        """The period's last day."""
        return self.end - datetime.timedelta(days=1)

    @property
    def is_provisional(self) -> bool:
        """Whether the data do not cover the period from its beginning to its end."""
        return bool(self.uncovered) or self.begins is not None


@dataclass(frozen=True, slots=True, repr=False)
class Banner(Result):
    """What stands above everything: scope, as-of date, data grade, how much was set aside."""

    scope: Scope
    grade: str
    rows_given: int
    rows_set_aside: int
    rows_unreadable: int
    amount_set_aside: Decimal
    definitions: str
    report: str = "review"

    def to_frame(self) -> pd.DataFrame:
        """One row: company, period, as_of, grade and what became of the rows."""
        import pandas as pd

        own = ("grade", "rows_given", "rows_set_aside", "rows_unreadable", "amount_set_aside")
        scope = {name: getattr(self.scope, name) for name in ("company", "period", "as_of")}
        return pd.DataFrame([scope | {name: getattr(self, name) for name in own}])


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth a manager's time: a code, its subject, numbers, and the part it links to.

    `table` is the table or figure of that part which shows it, `weight` its money (NaN where nobody knows
    it), `sure` a code for how sure it is. `measure` (code of the catalogue), `owner` and `due` are of the
    measure proposed; without a measure, `owner` is who should look at it; "" and None where there is none.
    """

    code: str
    subject: str
    numbers: Mapping[str, float | str]
    part: str
    table: str = ""
    weight: float = math.nan
    sure: str = "exact"
    measure: str = ""
    owner: str = ""
    due: datetime.date | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Message(Result):
    """The page's message.

    `cards` has one row per KPI: kpi, unit, better, value, low, high, denominator, target, previous,
    previous_is_noise, last_year, last_year_is_noise (true: sampling error may explain the change).
    """

    cards: pd.DataFrame
    verdict: Finding
    findings: tuple[Finding, ...]
    scope: Scope
    caveats: tuple[Caveat, ...] = ()

    def tables(self) -> dict[str, pd.DataFrame]:
        """The KPI cards."""
        return {"message_cards": self.cards}


@dataclass(frozen=True, slots=True, repr=False)
class ChannelResults(Result):
    """Results by channel type.

    `channels`: one row per channel type, family and the company, wide: a column per KPI, and
    `<kpi>_status`. `history`: channel_type, period, net_sales, status. `changes`: channel_type,
    now, last_year, change; the changes add up to the company's.
    """

    channels: pd.DataFrame
    history: pd.DataFrame
    changes: pd.DataFrame
    kpis: tuple[str, ...]
    scope: Scope
    caveats: tuple[Caveat, ...] = ()

    def tables(self) -> dict[str, pd.DataFrame]:
        """Channels, their history and what each added to the change."""
        return {"channels": self.channels, "channel_history": self.history, "channel_changes": self.changes}


@dataclass(frozen=True, slots=True, repr=False)
class Scorecard(Result):
    """Scores of channel types against fixed anchors.

    `scores`: channel_type, family, score, low, high (by chance), worst, best (by what is missing),
    score_low, score_high (both together), coverage, status, rank, rank_low, rank_high, p_best, tie_zone,
    previous_score, change, p_change, moved, and the same four against last year (`last_year_`);
    `points`: channel_type, kpi, dimension, weight, effective_weight, value, kpi_score, points,
    status. The points of a channel add up to its score.
    """

    scores: pd.DataFrame
    points: pd.DataFrame
    coverage_needed: float
    scope: Scope
    caveats: tuple[Caveat, ...] = ()

    def tables(self) -> dict[str, pd.DataFrame]:
        """Scores and the points that make them."""
        return {"scorecard": self.scores, "scorecard_points": self.points}


@dataclass(frozen=True, slots=True, repr=False)
class DataQuality(Result):
    """What became of the data: accounts and a grade per table, findings, and what stopped the intake.

    `accounts`: table, rows_given, rows_used, rows_set_aside, rows_unreadable, amount_given,
    amount_used, amount_set_aside. `grades`, a row per account: table, grade, worst_rule,
    worst_column, worst_share. `findings`, most serious first: case_id, table, rule, column, rows,
    amount, rows_share, amount_share, treatment, is_set_aside, state ("open", "cleared", "confirmed";
    "minor" within grade A's limit, "noted" where it never counts), counts (whether the grade follows
    it), is_case (whether it is worth a case), opened, author, decided, note, sample, keys.

    `limits` are the largest shares for the grades A, B and C; `required` names the tables whose
    gaps make a D. `scope` is None where no period is asked for; with `problems` the intake stopped
    and the rest is what had been read by then.
    """

    accounts: pd.DataFrame
    grades: pd.DataFrame
    findings: pd.DataFrame
    grade: str
    affected_rows_share: float
    affected_amount_share: float
    limits: tuple[float, float, float]
    required: tuple[str, ...]
    absent: tuple[str, ...]
    company: str
    currency: str
    as_of: datetime.date | None
    fingerprint: str
    scope: Scope | None = None
    problems: tuple[Problem, ...] = ()
    caveats: tuple[Caveat, ...] = ()

    @property
    def stopped(self) -> Mapping[str, datetime.date]:
        """Channel types whose sales ended before the period, with their last day."""
        return self.scope.stopped if self.scope else {}

    def tables(self) -> dict[str, pd.DataFrame]:
        """Accounts, grades and findings."""
        return {"data_accounts": self.accounts, "data_grades": self.grades, "data_findings": self.findings}


@dataclass(frozen=True, slots=True, repr=False)
class Irregularities(Result):
    """What in trade is to be checked, as far as the reviewers' capacity goes.

    `cases`, the most at stake first: case_id, rule, period, partner_id, partner_name, rep_id,
    rep_name, customer_id, customer_name, first_day, last_day, money, score (money times the chance
    that it is no accident), p_value (missing for facts), q_value, observed, expected, count, total,
    peers, companions, untested, state, author, state_date.

    `evidence`: case_id, rule, table, keys ("order_id=SO1"), day, amount, note. `rules`:
    rule, kind ("fact" or "test"), tested, too_few, missing, reason, found, listed, beyond_capacity.
    `previous`, cases of earlier periods: case_id, rule, partner_id, partner_name, rep_id, rep_name,
    period, state, author, state_date, is_found_again, and since then orders_amount, returned_amount,
    paid_amount, overdue_amount (missing where it cannot be known).
    """

    cases: pd.DataFrame
    evidence: pd.DataFrame
    rules: pd.DataFrame
    previous: pd.DataFrame
    false_discovery_rate: float
    capacity: int
    scope: Scope
    caveats: tuple[Caveat, ...] = ()

    def tables(self) -> dict[str, pd.DataFrame]:
        """Cases, their evidence, the rules, and what became of earlier cases."""
        return {
            "irregularities": self.cases,
            "irregular_evidence": self.evidence,
            "irregular_rules": self.rules,
            "irregular_previous": self.previous,
        }


@dataclass(frozen=True, slots=True, repr=False)
class Pending(Result):
    """A part of the report that is one line: data absent, method not there yet, or in another `report`."""

    part: str
    missing_tables: tuple[str, ...]
    supplied_tables: tuple[str, ...]
    report: str = ""

    def to_frame(self) -> pd.DataFrame:
        """One row: part, and the tables it would need."""
        import pandas as pd

        return pd.DataFrame({"part": [self.part], "missing_tables": [", ".join(self.missing_tables)]})


@dataclass(frozen=True, slots=True, repr=False)
class Appendix(Result):
    """Definitions, weights, parameters and provenance.

    `definitions`: kpi, unit, better, version and the definition per language; `weights`:
    rubric, channel_type, kpi, weight, then floor, target, stretch of anchors or too_low, low, high,
    too_high of a band; `fingerprints` name the inputs.
    """

    definitions: pd.DataFrame
    weights: pd.DataFrame
    parameters: Mapping[str, str]
    fingerprints: Mapping[str, str]
    scope: Scope

    def tables(self) -> dict[str, pd.DataFrame]:
        """Definitions and weights."""
        return {"definitions": self.definitions, "weights": self.weights}


@dataclass(frozen=True, slots=True, repr=False)
class Review(Result):
    """The periodic channel review: its parts in the order of the page."""

    banner: Banner
    message: Message
    decided: MeasureReview
    results: ChannelResults
    explanation: RootCause
    scorecard: Scorecard
    partners: PartnerAppraisal
    risk: PartnerRisk
    quality: DataQuality
    irregularities: Irregularities
    plan: MeasurePlan
    appendix: Appendix
    pending: Mapping[str, Pending]
    values: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """One row per channel type, family and the company."""
        return self.results.channels

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table any part shows, and the KPI values behind them."""
        parts = (
            self.message,
            self.decided,
            self.results,
            self.explanation,
            self.scorecard,
            self.partners,
            self.risk,
            self.quality,
            self.irregularities,
            self.plan,
            self.appendix,
        )
        found: dict[str, pd.DataFrame] = {"kpi_values": self.values}
        for part in parts:
            found |= part.tables()
        return found
