"""The indicators of early warning: what each says, which way it points, what it is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .formulas import (
    altman,
    depth,
    in_distress,
    missed,
    overdue,
    region_pace,
    returned,
    spread_of_lateness,
    statement_change,
)
from .measures import Floats, Measures, share

YEAR_BEFORE = 24
"""Months of trade needed before twelve months are compared with the twelve before them."""

SEASON_BEFORE = 15
"""Months of trade needed before three months are compared with the same three a year earlier."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One indicator.

    `theme` is what a manager reads as one reason; `sign` is +1 where more is riskier, -1 where less
    is, 0 where it depends. `unit` is "share", "days", "count", "ratio", "money" or "score". `formula`
    and `source` (tables) are for readers, `of` makes the values.
    """

    name: str
    family: str
    theme: str
    sign: int
    unit: str
    formula: str
    source: str
    of: Callable[[Measures], Floats]


def features_of(measures: pd.DataFrame) -> pd.DataFrame:
    """The indicators of each partner and snapshot.

    Parameters
    ----------
    measures : DataFrame
        As `metrics.panel.snapshots.partner_snapshots` gives them.

    Returns
    -------
    DataFrame
        partner_id, snapshot and a column of floats for each of `FEATURES`; NaN where it cannot be told.
    """
    known = Measures(measures)
    with np.errstate(invalid="ignore", divide="ignore"):
        columns = {name: feature.of(known) for name, feature in FEATURES.items()}
    keys = {name: measures[name].to_numpy() for name in ("partner_id", "snapshot")}
    return pd.DataFrame(keys | columns)


_SALES = (
    Feature(
        "trend_12", "sales", "trend", -1, "ratio", "(net_12 - net_12_before) / (net_12 + net_12_before)",
        "sales", lambda m: m.change("net_12", "net_12_before", YEAR_BEFORE),
    ),
    Feature(
        "trend_3", "sales", "trend", -1, "ratio",
        "(net_3 - same months a year before) / (net_3 + same months a year before)",
        "sales", lambda m: m.change("net_3", "net_3_year_before", SEASON_BEFORE),
    ),
    Feature(
        "pace_3", "sales", "trend", -1, "ratio", "(net_3 / net_12) / (type's net_3 / type's net_12)",
        "sales", lambda m: m.pace("net_3", "net_12"),
    ),
    Feature(
        "pace_6", "sales", "trend", -1, "ratio", "(net_6 / net_12) / (type's net_6 / type's net_12)",
        "sales", lambda m: m.pace("net_6", "net_12"),
    ),
    Feature(
        "order_trend_3", "sales", "rhythm", -1, "ratio",
        "(orders_3 - same months a year before) / (orders_3 + same months a year before)",
        "sales", lambda m: m.change("orders_3", "orders_3_year_before", SEASON_BEFORE),
    ),
    Feature(
        "order_pace_3", "sales", "rhythm", -1, "ratio",
        "(orders_3 / orders_12) / (type's orders_3 / type's orders_12)",
        "sales", lambda m: m.pace("orders_3", "orders_12"),
    ),
    Feature(
        "order_gap", "sales", "rhythm", 1, "ratio", "days_since_order / own median gap (3 gaps or more)",
        "sales", lambda m: np.where(m["gaps"] >= 3, share(m["days_since_order"], m["gap_median"]), np.nan),
    ),
    Feature(
        "order_gap_long", "sales", "rhythm", 1, "ratio",
        "days_since_order / 95th percentile of own gaps (3 gaps or more)",
        "sales", lambda m: np.where(m["gaps"] >= 3, share(m["days_since_order"], m["gap_p95"]), np.nan),
    ),
    Feature(
        "range_kept", "sales", "range", -1, "share", "products_3 / products_12",
        "sales", lambda m: share(m["products_3"], m["products_12"]),
    ),
    Feature(
        "attainment_6", "sales", "target", -1, "share", "net_6 / target_6, all six months with a target",
        "sales, targets",
        lambda m: np.where(m["target_months_6"] >= 6, share(np.maximum(m["net_6"], 0), m["target_6"]),
        np.nan),
    ),
    Feature(
        "sell_through_3", "sales", "stock", -1, "share", "stock_sold_3 / stock_received_3",
        "stock", lambda m: np.minimum(share(m["stock_sold_3"], m["stock_received_3"]), 4.0),
    ),
    Feature(
        "weeks_of_supply", "sales", "stock", 1, "ratio", "stock_closing / (stock_sold_3 / 13)",
        "stock", lambda m: np.minimum(share(13 * m["stock_closing"], m["stock_sold_3"]), 104.0),
    ),
    Feature(
        "return_rate_12", "sales", "returns", 1, "share",
        "(orders_12 x returned_12 / ordered_12 + WEIGHT x type's rate) / (orders_12 + WEIGHT)",
        "sales", returned,
    ),
    Feature(
        "below_floor_12", "sales", "discipline", 1, "share",
        "(below_floor_12 + WEIGHT x type's rate) / (priced_12 + WEIGHT)",
        "sales, products", lambda m: m.shrunk("below_floor_12", "priced_12"),
    ),
    Feature(
        "discount_12", "sales", "discipline", 1, "share", "discount_12 / gross_12",
        "sales", lambda m: share(m["discount_12"], m["gross_12"]),
    ),
    Feature(
        "quarter_end_12", "sales", "discipline", 1, "share",
        "ordered in the last nine days of quarters / ordered_12",
        "sales", lambda m: share(m["late_12"], m["ordered_12"]),
    ),
    Feature(
        "diversion_12", "sales", "discipline", 1, "share",
        "sold_away_12 / sold_on_12", "sell_out, partners",
        lambda m: share(m["sold_away_12"], m["sold_on_12"]),
    ),
)  # fmt: skip

_FINANCE = (
    Feature(
        "days_of_sales_owed", "finance", "payment", 1, "days", "receivable / invoiced_3 x 91",
        "receivables", lambda m: np.minimum(share(91 * m["receivable"], m["invoiced_3"]), 365.0),
    ),
    Feature(
        "days_late_3", "finance", "payment", 1, "days",
        "days past due of invoices paid in 3 months, by amount",
        "receivables", lambda m: share(m["paid_amount_days_3"], m["paid_amount_3"]),
    ),
    Feature(
        "days_late_12", "finance", "payment", 1, "days",
        "days past due of invoices paid in 12 months, by amount",
        "receivables", lambda m: share(m["paid_amount_days_12"], m["paid_amount_12"]),
    ),
    Feature(
        "days_late_rise", "finance", "payment", 1, "days", "days_late_3 - days_late_12", "receivables",
        lambda m: share(m["paid_amount_days_3"], m["paid_amount_3"])
        - share(m["paid_amount_days_12"], m["paid_amount_12"]),
    ),
    Feature(
        "days_late_spread", "finance", "payment", 1, "days",
        "standard deviation of days past due of invoices paid in 12 months (4 or more)",
        "receivables", spread_of_lateness,
    ),
    Feature("overdue_1_30", "finance", "overdue", 1, "share", "1-30 days past due / receivable",
        "receivables",
            overdue(0, 30)),
    Feature("overdue_31_60", "finance", "overdue", 1, "share", "31-60 days past due / receivable",
        "receivables",
            overdue(30, 60)),
    Feature("overdue_61_90", "finance", "overdue", 1, "share", "61-90 days past due / receivable",
        "receivables",
            overdue(60, 90)),
    Feature("overdue_90", "finance", "overdue", 1, "share", "over 90 days past due / receivable",
        "receivables",
            overdue(90, None)),
    Feature(
        "written_off_12", "finance", "overdue", 1, "share", "written_off_12 / invoiced_12",
        "receivables", lambda m: share(m["written_off_12"], m["invoiced_12"]),
    ),
    Feature(
        "credit_used", "finance", "credit", 1, "share", "receivable / credit_limit",
        "receivables, partners", lambda m: share(m["receivable"], m["credit_limit"]),
    ),
    Feature(
        "months_over_limit", "finance", "credit", 1, "count",
        "month ends of 12 with receivable > credit_limit",
        "receivables, partners", lambda m: m["months_over_limit_12"],
    ),
    Feature(
        "current_ratio", "finance", "statements", -1, "ratio", "current assets / current liabilities",
        "financials", lambda m: share(m["fin_current_assets"], m["fin_current_liabilities"]),
    ),
    Feature(
        "quick_ratio", "finance", "statements", -1, "ratio",
        "(current assets - inventory) / current liabilities",
        "financials",
        lambda m: share(m["fin_current_assets"] - m["fin_inventory"], m["fin_current_liabilities"]),
    ),
    Feature(
        "leverage", "finance", "statements", 1, "ratio", "total liabilities / total assets",
        "financials", lambda m: share(m["fin_total_liabilities"], m["fin_total_assets"]),
    ),
    Feature(
        "ebit_assets", "finance", "statements", -1, "share", "EBIT / total assets",
        "financials", lambda m: share(m["fin_ebit"], m["fin_total_assets"]),
    ),
    Feature(
        "interest_cover", "finance", "statements", -1, "ratio", "EBIT / interest paid, -20 to 50",
        "financials", lambda m: np.clip(share(m["fin_ebit"], m["fin_interest_expense"]), -20, 50),
    ),
    Feature(
        "cash_flow_debt", "finance", "statements", -1, "ratio",
        "cash flow from operations / total liabilities",
        "financials", lambda m: share(m["fin_operating_cash_flow"], m["fin_total_liabilities"]),
    ),
    Feature(
        "altman_z", "finance", "statements", -1, "score",
        "Z'' = 6.56 WC/TA + 3.26 RE/TA + 6.72 EBIT/TA + 1.05 BVE/TL", "financials", altman,
    ),
    Feature(
        "altman_distress", "finance", "statements", 1, "share", "1 when Z'' is below its own zone of 1.10",
        "financials", in_distress,
    ),
    Feature(
        "leverage_rise", "finance", "statements", 1, "ratio", "leverage - leverage a year before",
        "financials", lambda m: share(m["fin_total_liabilities"], m["fin_total_assets"])
        - share(m["fin_total_liabilities_before"], m["fin_total_assets_before"]),
    ),
    Feature(
        "ebit_rise", "finance", "statements", -1, "share", "EBIT / total assets - the same a year before",
        "financials", lambda m: share(m["fin_ebit"], m["fin_total_assets"])
        - share(m["fin_ebit_before"], m["fin_total_assets_before"]),
    ),
    Feature(
        "current_ratio_rise", "finance", "statements", -1, "ratio", "current ratio - the same a year before",
        "financials", lambda m: share(m["fin_current_assets"], m["fin_current_liabilities"])
        - share(m["fin_current_assets_before"], m["fin_current_liabilities_before"]),
    ),
    Feature(
        "statement_sales_rise", "finance", "statements", -1, "ratio",
        "(sales - sales a year before) / (sales + sales a year before)",
        "financials", lambda m: statement_change(m["fin_sales"], m["fin_sales_before"]),
    ),
    Feature(
        "statement_age", "finance", "statements", 1, "days", "days since the last statement's own day",
        "financials", lambda m: m["fin_age_days"],
    ),
)  # fmt: skip

_REPUTATION = (
    Feature(
        "complaint_rate_12", "reputation", "complaints", 1, "ratio",
        "1,000 x (complaints_12 + WEIGHT x type's rate) / (orders_12 + WEIGHT)", "feedback, sales",
        lambda m: m.shrunk("complaints_12", "orders_12", 1000.0),
    ),
    Feature(
        "complaint_days_12", "reputation", "complaints", 1, "days",
        "(days of complaints closed in 12 months + WEIGHT x type's mean) / (their number + WEIGHT)",
        "feedback",
        lambda m: m.shrunk("complaint_days_12", "complaints_closed_12"),
    ),
    Feature(
        "complaints_open", "reputation", "complaints", 1, "count", "complaints not closed",
        "feedback", lambda m: m["complaints_open"],
    ),
    Feature(
        "mark_mean_12", "reputation", "ratings", -1, "score",
        "(sum of marks + WEIGHT x type's mean) / (marks_12 + WEIGHT)", "feedback",
        lambda m: m.shrunk("mark_sum_12", "marks_12"),
    ),
    Feature(
        "one_star_12", "reputation", "ratings", 1, "share",
        "(marks of 1 + WEIGHT x type's rate) / (marks_12 + WEIGHT)", "feedback",
        lambda m: m.shrunk("one_star_12", "marks_12"),
    ),
    Feature(
        "nps_12", "reputation", "ratings", -1, "share",
        "(promoters - detractors + WEIGHT x type's) / (answers + WEIGHT)", "feedback",
        lambda m: m.shrunk("nps_balance_12", "nps_answers_12"),
    ),
    Feature(
        "lawsuits_12", "reputation", "legal", 1, "count", "lawsuits as defendant in 12 months",
        "reputation_events", lambda m: m["lawsuits_12"],
    ),
    Feature(
        "enforced_12", "reputation", "legal", 1, "ratio", "amount enforced in 12 months / net_12, at most 10",
        "reputation_events, sales", lambda m: np.minimum(share(m["enforced_12"], m["net_12"]), 10.0),
    ),
    Feature(
        "penalties_12", "reputation", "legal", 1, "count", "penalties in 12 months",
        "reputation_events", lambda m: m["penalties_12"],
    ),
    Feature(
        "freezes_12", "reputation", "legal", 1, "count", "equity freezes and pledges in 12 months",
        "reputation_events", lambda m: m["freezes_12"],
    ),
    Feature(
        "representatives_12", "reputation", "company", 1, "count",
        "changes of legal representative in 12 months",
        "reputation_events", lambda m: m["representatives_12"],
    ),
    Feature(
        "headcount_12", "reputation", "company", -1, "share", "sum of changes of headcount in 12 months",
        "reputation_events", lambda m: m["headcount_12"],
    ),
    Feature(
        "negative_press_12", "reputation", "press", 1, "count", "negative press in 12 months",
        "reputation_events", lambda m: m["negative_press_12"],
    ),
)  # fmt: skip

_RELATIONSHIP = (
    Feature(
        "contract_years", "relationship", "contract", -1, "ratio", "years since the contract began",
        "partners", lambda m: m["contract_years"],
    ),
    Feature(
        "contract_days_left", "relationship", "contract", -1, "days",
        "days to the contract's end, where the entry says since when it is known",
        "partners", lambda m: m["contract_days_left"],
    ),
    Feature(
        "visits_missed_12", "relationship", "contact", 1, "share",
        "(visits planned and not done + WEIGHT x type's rate) / (visits planned + WEIGHT)", "visits", missed,
    ),
    Feature(
        "visit_pace_3", "relationship", "contact", 0, "ratio",
        "(visits_done_3 / visits_done_12) / (type's visits_done_3 / type's visits_done_12)",
        "visits", lambda m: m.pace("visits_done_3", "visits_done_12"),
    ),
    Feature(
        "training_hours_12", "relationship", "programmes", -1, "count", "hours of training in 12 months",
        "training", lambda m: m["training_hours_12"],
    ),
    Feature(
        "programmes_12", "relationship", "programmes", -1, "count", "programmes joined in 12 months",
        "programmes", lambda m: m["programmes_12"],
    ),
    Feature(
        "leads_won_12", "relationship", "contact", -1, "share",
        "(leads won + WEIGHT x type's rate) / (leads + WEIGHT)", "leads",
        lambda m: m.shrunk("leads_won_12", "leads_12"),
    ),
)  # fmt: skip

_CONTEXT = (
    Feature(
        "size_place", "context", "size", -1, "share", "share of the type's partners with no more net_12",
        "sales", lambda m: m.place("net_12"),
    ),
    Feature(
        "region_pace", "context", "region", -1, "ratio",
        "(region's net_3 / region's net_12) / (company's net_3 / company's net_12)", "sales", region_pace,
    ),
    Feature(
        "data_depth", "context", "data", 0, "count",
        "kinds of data known: orders, payments, statements, answers, visits", "all", depth,
    ),
)  # fmt: skip

FEATURES: dict[str, Feature] = {
    feature.name: feature for feature in (*_SALES, *_FINANCE, *_REPUTATION, *_RELATIONSHIP, *_CONTEXT)
}
"""All indicators by name."""
