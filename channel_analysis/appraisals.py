"""The nouns of appraisal: what is concluded about partners, the sales force, candidates and accounts.

Like those of `results`: frozen, tables first, no words, no HTML. Money is in the workspace's currency,
shares are 0 to 1, scores 0 to 120.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .results import Appendix, Banner, Caveat, Result, Scope

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, repr=False)
class PartnerAppraisal(Result):
    """Partners of one period scored, ranked among their channel type, tiered, and what follows.

    `partners`, best first within each channel type: entity, name, group (channel type), region,
    owner_id, net_sales, score, low, high, worst, best, coverage, status, veto, cap, unchecked, rank,
    rank_low, rank_high, peers, percentile, p_best, p_top, tie_zone, previous_score, change, p_change,
    moved, last_year_score, last_year_change, last_year_p_change, last_year_moved, tier, tier_before,
    handling, case (state of the gravest irregularity), strongest, weakest (KPIs).

    `points`: see `methods.scoring.Scored`. `awards`: group, entity, name, place, score, p_best, outcome,
    reason. `tiers`: group, tier, partners, risen, fallen, net_sales. `priors`: see
    `methods.scoring.priors`. `quarters`: entity, period, score, tier (of a year, its quarters).
    `decisions`, what this period leads to, and `earlier`, what earlier reports proposed: see
    `analysis.handling.DECISION_COLUMNS`. `tier_labels`: the tiers, the best first, with their names;
    `approvers`: the role that approves each handling.
    """

    partners: pd.DataFrame
    points: pd.DataFrame
    awards: pd.DataFrame
    tiers: pd.DataFrame
    priors: pd.DataFrame
    quarters: pd.DataFrame
    decisions: pd.DataFrame
    earlier: pd.DataFrame
    tier_labels: Mapping[str, Mapping[str, str]]
    approvers: Mapping[str, str]
    coverage_needed: float
    certainty: float
    scope: Scope
    caveats: tuple[Caveat, ...] = ()

    def tables(self) -> dict[str, pd.DataFrame]:
        """Partners, their points, awards, tiers, priors, and a year's quarters."""
        return {
            "partners": self.partners,
            "partner_points": self.points,
            "partner_awards": self.awards,
            "partner_tiers": self.tiers,
            "partner_priors": self.priors,
            "partner_quarters": self.quarters,
            "decisions": self.decisions,
            "earlier_decisions": self.earlier,
        }


@dataclass(frozen=True, slots=True, repr=False)
class PolicyAudit(Result):
    """How much hangs on the policy's weights, and whether the policy can be gamed.

    `weights`: group, kpi, weight, entropy, critic (what those diagnostics would make of this period).
    `flips`: group, first, first_name, second, second_name, kpi, weight, flips_at, move (of the two best
    of each group).
    `robustness`: group, entity, rank, rank_low, rank_high, first_share (under random weights).
    `hiding`, `steps`, `crowds`: see `methods.scoring.gaming`.
    """

    weights: pd.DataFrame
    flips: pd.DataFrame
    robustness: pd.DataFrame
    hiding: pd.DataFrame
    steps: pd.DataFrame
    crowds: pd.DataFrame
    scope: Scope
    caveats: tuple[Caveat, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """What hiding each KPI does."""
        return self.hiding

    def tables(self) -> dict[str, pd.DataFrame]:
        """Weights, flips, robustness, hiding, cheapest steps and crowds."""
        return {
            "policy_weights": self.weights,
            "policy_flips": self.flips,
            "policy_robustness": self.robustness,
            "policy_hiding": self.hiding,
            "policy_steps": self.steps,
            "policy_crowds": self.crowds,
        }


@dataclass(frozen=True, slots=True, repr=False)
class Screening(Result):
    """Candidates screened: who is on the shortlist, and what to ask.

    `candidates`, the shortlist first, those with a veto last: candidate_id, candidate_name, applied_on,
    channel_type, region and what they tell; score (of what is known), worst and best (with what they do
    not tell at its worst and at its best), coverage (share of the weights known), status ("ok", "coverage",
    "no_weights", "vetoed"), veto, cap, capped_from, open_vetoes (that what is not told may bring),
    place, is_shortlisted, is_close (what is not told may move it on or off the list), new_coverage,
    coverage_status, partners, active_partners, partner_amount (net sales of those active partners) and
    our_share in its territory, overlap ("none", "possible", "unknown").

    `points`: candidate_id, channel_type, criterion and what scoring says; those of a candidate add up
    to its score. `reasons`: candidate_id, code, criterion, value, kpi_score, points. `questions`:
    candidate_id, code, criterion, value, kpi_score, weight, what matters most first. `territories`: see
    `metrics.screening.territory_sums`. Who applied after `day` is not here.
    """

    candidates: pd.DataFrame
    points: pd.DataFrame
    reasons: pd.DataFrame
    questions: pd.DataFrame
    territories: pd.DataFrame
    places: int
    minimum_score: float
    day: datetime.date
    scope: Scope
    caveats: tuple[Caveat, ...] = ()

    @property
    def shortlist(self) -> pd.DataFrame:
        """The candidates on the shortlist, the best first."""
        return self.candidates[self.candidates["is_shortlisted"]]

    def tables(self) -> dict[str, pd.DataFrame]:
        """Candidates, the points behind their scores, reasons, questions and territories."""
        return {
            "candidates": self.candidates,
            "candidate_points": self.points,
            "candidate_reasons": self.reasons,
            "candidate_questions": self.questions,
            "territories": self.territories,
        }


@dataclass(frozen=True, slots=True, repr=False)
class WhatIf(Result):
    """Partners under other rules beside the rules as they are, period by period.

    `partners`: period, entity, group, net_sales, score_today, score_changed, score_change, tier_today,
    tier_changed ("" without a tier), move ("risen", "fallen", "entered", "left" or ""), cost_today,
    cost_changed, cost_change (extra rebate of the tier times net sales). `costs`, a row per period:
    partners, how many of them move each way, and the costs added up.
    """

    partners: pd.DataFrame
    costs: pd.DataFrame
    periods: tuple[str, ...]

    @property
    def moves(self) -> pd.DataFrame:
        """Only those that are in another tier."""
        return self.partners[self.partners["move"] != ""].reset_index(drop=True)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Partners and costs."""
        return {"what_if_partners": self.partners, "what_if_costs": self.costs}


@dataclass(frozen=True, slots=True, repr=False)
class SalesForce(Result):
    """Reps and teams of one period: attainment, what explains it, scores, recognition.

    `reps`: rep_id, rep_name, group (channel type), region, team, manager_id, start_date, end_date,
    days_in_role, period_days, is_part, is_short (too few days: shown, not scored), is_newcomer, has_left,
    actual, full_target, target (the part due for the days in role), attainment, then of the verdict
    verdict, reason, window, basis, then peer_group (channel type, or "newcomers"), score, low, high,
    worst, best, coverage, status ("few_days": too short), rank, rank_low, rank_high, percentile, p_best,
    p_top, tie_zone, previous_score, change, p_change, moved, last_year_score, last_year_change,
    last_year_p_change, last_year_moved, and of csat, win_rate, visit_completion the value, `_low`,
    `_high` (Wilson, 95 %) and `_n`.

    `teams`: team, manager_id, manager_name, group, reps, newcomers, vacant_partners, vacant_customers
    (their owner left), actual, target, attainment, targets_too_high, targets_too_low, behind, ahead,
    and the columns of scores as those of reps (ranked among all teams).

    `spread`: see `methods.sales_force.spread`. `targets`: see `methods.sales_force.verdicts`, with
    rep_name and group. `recognition`: contest, group, place, rep_id, rep_name, team, value, low, high,
    is_shared. `contests`: see `methods.sales_force.contests`; contests are best_performance,
    best_newcomer (score), most_improved (change of score, movers only) and customer_development
    (sales to new customers, by channel type). `leads_by_rep`: rep_id, rep_name, group, source ("" all
    together), won, closed, open, win_rate, low, high, won_value. `training`: rep_id, rep_name, group,
    held_on (the first day), courses, hours, attainment_before, attainment_after, win_rate_before,
    win_rate_after: the period before that of the training and the one after it; a description.
    `points`: see `methods.scoring.Scored`.
    """

    reps: pd.DataFrame
    teams: pd.DataFrame
    spread: pd.DataFrame
    targets: pd.DataFrame
    recognition: pd.DataFrame
    contests: pd.DataFrame
    leads_by_rep: pd.DataFrame
    training: pd.DataFrame
    points: pd.DataFrame
    coverage_needed: float
    certainty: float
    scope: Scope
    caveats: tuple[Caveat, ...] = ()

    def tables(self) -> dict[str, pd.DataFrame]:
        """Reps, teams, and what is concluded about them."""
        return {
            "sales_reps": self.reps,
            "sales_teams": self.teams,
            "sales_spread": self.spread,
            "sales_targets": self.targets,
            "sales_recognition": self.recognition,
            "sales_contests": self.contests,
            "sales_leads": self.leads_by_rep,
            "sales_training": self.training,
            "sales_points": self.points,
        }


@dataclass(frozen=True, slots=True, repr=False)
class Lifecycle(Result):
    """Where partners stand in their lives, and how much hangs on few of them.

    `partners`: partner_id, partner_name, channel_type, region, state, previous_state ("" when it was not
    there, or the data begin later), contract_start, left_on, first_order, last_order, steady_on, orders,
    net_sales, previous_net_sales, gross_profit. `states`: channel_type ("" all), state, partners,
    partners_before, net_sales. `transitions`: before, now, partners, net_sales; each partner once. `ramp`:
    channel_type, step ("first_order", "steady"), partners, reached, median, low, high (days after the
    contract's beginning). `concentration`: see `methods.lifecycle.concentration`. `losses`: see
    `methods.lifecycle.losses`. `company_sales` hold direct sales as well.
    """

    partners: pd.DataFrame
    states: pd.DataFrame
    transitions: pd.DataFrame
    ramp: pd.DataFrame
    concentration: pd.DataFrame
    losses: pd.DataFrame
    company_sales: float
    scope: Scope
    caveats: tuple[Caveat, ...] = ()

    def tables(self) -> dict[str, pd.DataFrame]:
        """Partners, states, how they changed, the ramp, concentration and what could be lost."""
        return {
            "lifecycle_partners": self.partners,
            "lifecycle_states": self.states,
            "lifecycle_transitions": self.transitions,
            "lifecycle_ramp": self.ramp,
            "concentration": self.concentration,
            "concentration_losses": self.losses,
        }


@dataclass(frozen=True, slots=True, repr=False)
class KeyAccounts(Result):
    """The key accounts side by side, the largest first.

    `accounts`: see `methods.key_accounts.COLUMNS`. `team`, who sold to or visited whom: customer_id,
    customer_name, rep_id, rep_name, is_owner, net_sales, visits.
    """

    accounts: pd.DataFrame
    team: pd.DataFrame
    company_sales: float
    scope: Scope
    caveats: tuple[Caveat, ...] = ()

    def tables(self) -> dict[str, pd.DataFrame]:
        """Accounts and their project teams."""
        return {"key_accounts": self.accounts, "key_account_team": self.team}


@dataclass(frozen=True, slots=True, repr=False)
class Leads(Result):
    """What became of leads.

    `groups`: dimension ("source", "channel_type", "rep"), entity ("" where none is named), name (of a
    rep), then `methods.leads.COLUMNS`, q_value and verdict: "better" or "worse" than the others under
    the rate of false discovery, "" (cannot be told apart) or "too_few". `total` is one row for all.
    """

    groups: pd.DataFrame
    total: pd.DataFrame
    false_discovery_rate: float
    scope: Scope
    caveats: tuple[Caveat, ...] = ()

    def tables(self) -> dict[str, pd.DataFrame]:
        """Leads by group and all together."""
        return {"leads": self.groups, "leads_total": self.total}


@dataclass(frozen=True, slots=True, repr=False)
class Incentives(Result):
    """Support programmes and incentives, described; no effect is claimed.

    `programmes`: see `metrics.incentives.programme_sums`. `spend`: channel_type, cost_type, amount, last_year
    (missing where the data do not reach back), net_sales and share of them.
    """

    programmes: pd.DataFrame
    spend: pd.DataFrame
    scope: Scope
    caveats: tuple[Caveat, ...] = ()

    def tables(self) -> dict[str, pd.DataFrame]:
        """Programmes and spend."""
        return {"programmes": self.programmes, "incentive_spend": self.spend}


@dataclass(frozen=True, slots=True, repr=False)
class Appraisal(Result):
    """The periodic appraisal of everybody who sells: its parts in the order of the page."""

    banner: Banner
    partners: PartnerAppraisal
    lifecycle: Lifecycle
    sales_force: SalesForce
    key_accounts: KeyAccounts
    leads: Leads
    incentives: Incentives
    screening: Screening
    audit: PolicyAudit
    appendix: Appendix

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table any part shows."""
        parts = (
            self.partners,
            self.lifecycle,
            self.sales_force,
            self.key_accounts,
            self.leads,
            self.incentives,
            self.screening,
            self.audit,
            self.appendix,
        )
        found: dict[str, pd.DataFrame] = {}
        for part in parts:
            found |= part.tables()
        return found
