"""The rules on irregular operations: what each needs, what is measured for it, and its method."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..contracts.policy import Irregularities
from ..methods.irregularities import digits, loads, partners, prices, repeats, reps, returns
from ..methods.irregularities.candidates import Outcome, not_tested
from ..metrics.irregular import digits as digit_counts
from ..metrics.irregular import ghosts
from ..metrics.irregular import loads as load_sums
from ..metrics.irregular import partners as partner_sums
from ..metrics.irregular import prices as price_sums
from ..metrics.irregular import repeats as repeat_sums
from ..metrics.irregular import reps as rep_sums
from ..metrics.irregular.windows import Window
from ..store.engine import Engine
from ..store.intake import Intake

DISCOUNT_BAND = 0.01
"""What counts as just below a discount authority, in points of discount."""


@dataclass(frozen=True, slots=True)
class Search:
    """Where and when a search looks: the data, the periods, the rules, and the data's last day."""

    engine: Engine
    intake: Intake
    windows: tuple[Window, ...]
    policy: Irregularities
    as_of: datetime.date

    @property
    def code(self) -> str:
        """The code of the period under review."""
        return self.windows[0].code

    @property
    def fate_days(self) -> tuple[int, int, bool]:
        """Days within which an order comes back soon, and after which it is unpaid; are there invoices?"""
        invoices = not self.lacks("receivables.partner_id", "receivables.paid_date")
        return self.policy.return_days + self.windows[0].late_days, self.windows[0].days, invoices

    def lacks(self, *columns: str) -> tuple[str, ...]:
        """Which of these tables and columns ("stock", "sales.rep_id") were not supplied."""
        return tuple(name for name in columns if not self._has(*name.split(".")))

    def _has(self, table: str, column: str = "") -> bool:
        return self.intake.has(table) and (not column or column in self.intake.filled[table])


def search_all(search: Search) -> list[Outcome]:
    """The outcome of every rule; those that lack a table or column say so."""
    outcomes = []
    for rule, (kind, needs, look) in RULES.items():
        missing = search.lacks(*needs)
        outcomes.append(not_tested(rule, kind, missing) if missing else look(search))
    return outcomes


def _price_below_floor(search: Search) -> Outcome:
    lines = price_sums.below_floor(search.engine, search.windows[0], search.policy.price_tolerance)
    return prices.price_case(
        "price_below_floor", search.code, lines, search.policy.material_amount, "partner_id"
    )


def _discount_over_authority(search: Search) -> Outcome:
    lines = price_sums.beyond_authority(search.engine, search.windows[0], search.policy.discount_tolerance)
    return prices.price_case(
        "discount_over_authority", search.code, lines, search.policy.material_amount, "rep_id"
    )


def _duplicate_orders(search: Search) -> Outcome:
    return repeats.duplicate_orders(
        search.code,
        repeat_sums.repeated_orders(search.engine, search.windows),
        repeat_sums.repeat_counts(search.engine, search.windows),
        (repeat_sums.NEAR_DAYS, repeat_sums.FAR_DAYS),
        search.policy.false_discovery_rate,
        search.policy.material_amount,
    )


def _stuffing(search: Search) -> Outcome:
    days = {w.number: (w.days - w.late_days, w.late_days) for w in search.windows}
    table = load_sums.end_loads(search.engine, search.windows)
    found = loads.stuffing(search.code, table, days, companions(search), search.policy)
    return _dated(found, search.windows[0].late, search.windows[0].last_day)


def _dated(outcome: Outcome, first: datetime.date, last: datetime.date) -> Outcome:
    """The outcome with days for candidates of a rule that is about a stretch of time as a whole."""
    return replace(outcome, candidates=outcome.candidates.assign(first_day=first, last_day=last))


def companions(search: Search) -> Mapping[str, pd.DataFrame]:
    """What can speak for a load, per partner and window: stock over sales (log), shares overdue, returned."""
    found: dict[str, pd.DataFrame] = {}
    if not search.lacks("stock.closing_quantity", "stock.sold_quantity"):
        covers = load_sums.stock_covers(search.engine, search.windows)
        moved = (covers["closing"] > 0) & (covers["sold"] > 0)
        value = np.log((covers["closing"] / covers["sold"]).where(moved))
        found["stock"] = covers.assign(value=value)
    if not search.lacks("receivables.partner_id", "receivables.paid_date"):
        due = load_sums.overdue_shares(search.engine, search.windows)
        found["payment"] = due.assign(value=due["overdue"] / due["invoiced"].where(due["invoiced"] > 0))
    whole = [w for w in search.windows if w.returned - datetime.timedelta(days=1) <= search.as_of]
    if whole and not search.lacks("sales.original_order_id"):
        back = load_sums.late_returns(search.engine, whole)
        share = back["returned_amount"] / back["amount"].where(back["amount"] > 0)
        found["returns"] = back.assign(value=share)
    return found


def _late_returns(search: Search) -> Outcome:
    if len(search.windows) < 2:
        return not_tested("late_returns", "test", reason="no_history")
    table = load_sums.late_returns(search.engine, search.windows[1:])
    others = load_sums.other_returns(search.engine, search.windows, search.fate_days[0])
    return returns.late_returns(search.windows[1].code, table, others, search.policy)


def _ghost_orders(search: Search) -> Outcome:
    if len(search.windows) < 2:
        return not_tested("ghost_orders", "test", reason="no_history")
    before, (back, unpaid, invoices) = search.windows[1:], search.fate_days
    orders = ghosts.ghost_orders(search.engine, before[0], (back, unpaid), with_invoices=invoices)
    counts = ghosts.ghost_counts(search.engine, before, (back, unpaid), with_invoices=invoices)
    return returns.ghost_orders(before[0].code, orders, counts, search.policy)


def _diversion(search: Search) -> Outcome:
    table = partner_sums.destinations(search.engine, search.windows[0])
    return partners.diversion(search.code, table, search.policy)


def _ghost_partner(search: Search) -> Outcome:
    names = [name for name in partner_sums.TRACES if not search.lacks(f"{name}.partner_id")]
    table = partner_sums.traces(search.engine, search.windows, names)
    return partners.ghost_partners(search.code, table, names, search.policy)


def _threshold_bunching(search: Search) -> Outcome:
    policy, first = search.policy, search.windows[: reps.POOLED]
    parts = []
    if policy.approval_limits:
        near = rep_sums.around_limits(search.engine, first, policy.approval_limits, policy.limit_band)
        parts.append(near.assign(limit_kind="order"))
    if not search.lacks("staff.discount_authority", "sales.discount_amount", "sales.gross_amount"):
        near = rep_sums.around_authority(search.engine, first, DISCOUNT_BAND)
        parts.append(near.assign(limit_kind="discount"))
    if not parts:
        return not_tested("threshold_bunching", "test", reason="no_limits")
    return reps.threshold_bunching(search.code, pd.concat(parts, ignore_index=True), policy)


def _rep_concentration(search: Search) -> Outcome:
    return reps.rep_concentration(
        search.code, rep_sums.concentrations(search.engine, search.windows), search.policy
    )


def _first_digits(search: Search) -> Outcome:
    table = digit_counts.first_digits(search.engine, search.windows)
    found = digits.first_digits(search.code, table, search.policy)
    return _dated(found, search.windows[-1].start, search.windows[0].last_day)


Rule = tuple[str, tuple[str, ...], Callable[[Search], Outcome]]

RULES: dict[str, Rule] = {
    "price_below_floor": (
        "fact",
        ("sales.product_id", "sales.quantity", "products.floor_price"),
        _price_below_floor,
    ),
    "discount_over_authority": (
        "fact",
        ("sales.rep_id", "sales.gross_amount", "sales.discount_amount", "staff.discount_authority"),
        _discount_over_authority,
    ),
    "duplicate_orders": ("fact", ("sales.product_id", "sales.quantity"), _duplicate_orders),
    "stuffing": ("test", ("sales.partner_id",), _stuffing),
    "diversion": (
        "test",
        ("partners.authorised_region", "sell_out.destination_region"),
        _diversion,
    ),
    "threshold_bunching": ("test", ("sales.rep_id",), _threshold_bunching),
    "ghost_partner": ("test", ("sales.partner_id",), _ghost_partner),
    "ghost_orders": ("fact", ("sales.original_order_id",), _ghost_orders),
    "late_returns": ("test", ("sales.partner_id", "sales.original_order_id"), _late_returns),
    "rep_concentration": ("test", ("sales.rep_id",), _rep_concentration),
    "first_digits": ("test", ("sales.rep_id",), _first_digits),
}
"""Rules in the order of the page: fact or test, tables and columns without which there is none, and how."""
