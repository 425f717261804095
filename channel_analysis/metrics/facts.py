"""Facts ready to be grouped: a contract table with its entity columns and what KPIs derive from joins."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..contracts.policy import Policy
from ..contracts.schema import Table
from ..contracts.tables import TABLES
from ..store.engine import literal, quoted
from ..store.intake import RETURNED_ORDERS

LEVELS = {
    "company": "",
    "channel_family": "channel_family",
    "channel_type": "channel_type",
    "region": "region",
    "partner": "partner_id",
    "rep": "rep_id",
    "team": "team",
    "category": "category",
}
"""Entity levels and the column that holds the entity; the company has none."""

EXTRAS = {
    "product": "product_id",
    "brand": "brand",
    "customer": "customer_id",
    "promotion": "promotion_id",
}
"""Dimensions beside the levels of `LEVELS`, with their column."""

UNASSIGNED = "(unassigned)"
"""Entity of rows that name none at a level, so that entities always add up to the company."""

_JOINS = {
    "partner": "LEFT JOIN partners AS pa ON pa.partner_id = t.partner_id",
    "participant": "LEFT JOIN partners AS pa ON t.participant_kind = 'partner' "
    "AND pa.partner_id = t.participant_id",
    "staff": "LEFT JOIN staff AS st ON st.staff_id = t.rep_id",
    "colleague": "LEFT JOIN staff AS st ON t.participant_kind = 'staff' AND st.staff_id = t.participant_id",
    "product": "LEFT JOIN products AS pr ON pr.product_id = t.product_id",
    "order": f"LEFT JOIN {RETURNED_ORDERS} AS oo ON t.kind = 'return' AND oo.order_id = t.original_order_id",
    "actual": "LEFT JOIN target_actuals AS ta ON ta.target_id = t.target_id",
}


def fact_columns(table: Table, policy: Policy, of_partner: bool = False) -> dict[str, tuple[str, str]]:
    """Columns a KPI may use beside the contract's own: name to (SQL expression, join it needs).

    A row's own channel type and region win over its partner's, unless `of_partner` asks for the
    partner's, as counts of partners do.
    """
    has_partner = "partner_id" in table.column_names and table.name != "partners"
    derived: dict[str, tuple[str, str]] = {}
    if table.name == "programmes":
        derived |= {name: (f"pa.{name}", "participant") for name in ("channel_type", "region")}
    for name in ("channel_type", "region"):
        own = f"t.{name}" if name in table.column_names else ""
        if has_partner and of_partner:
            derived[name] = (f"pa.{name}", "partner")
        elif has_partner and table.name not in ("sales", "targets"):
            both = f"COALESCE({own}, pa.{name})" if own else f"pa.{name}"
            derived[name] = (both, "partner")
        elif own:
            derived[name] = (own, "")
    if "channel_type" in derived:
        expression, join = derived["channel_type"]
        family = channel_family_case(expression, policy)
        if "channel_family" in table.column_names:
            family = f"COALESCE(t.channel_family, {family})"
        derived["channel_family"] = (family, join)
    if "product_id" in table.column_names and table.name != "products":
        derived |= {name: (f"pr.{name}", "product") for name in ("category", "brand")}
    if "rep_id" in table.column_names:
        derived["team"] = ("st.team", "staff")
    derived |= _OF_TABLE.get(table.name, {})
    return derived


ALWAYS_NAMED = ("selling_point",)
"""Derived columns that are never empty: a test of them on every line would cost more than the sums."""

_SALES = {
    "selling_point": ("COALESCE(t.partner_id, t.channel_type || ' / ' || COALESCE(t.region, ''))", ""),
    "cohort_date": ("COALESCE(oo.ordered_on, t.order_date)", "order"),
    "under_contract": (
        "(pa.partner_id IS NOT NULL AND (pa.contract_start IS NULL OR pa.contract_start < :period_end) "
        "AND (pa.contract_end IS NULL OR pa.contract_end >= :period_start) "
        "AND (pa.exit_date IS NULL OR pa.exit_date >= :period_start))",
        "partner",
    ),
    "product_listed": (
        "(pr.product_id IS NOT NULL AND (pr.listed_from IS NULL OR pr.listed_from < :period_end) "
        "AND (pr.listed_to IS NULL OR pr.listed_to >= :period_start))",
        "product",
    ),
    "guide_price": ("pr.guide_price", "product"),
    "below_guide": (
        "(CASE WHEN t.quantity > 0 AND pr.guide_price > 0 THEN CAST(t.quantity AS DECIMAL(38, 4)) * "
        "CAST(CAST(pr.guide_price AS DECIMAL(38, 4)) * (1 - :price_tolerance) AS DECIMAL(18, 4)) "
        "> t.net_amount END)",
        "product",
    ),
}
_OF_TABLE = {
    "sales": _SALES,
    "sell_out": {"authorised_region": ("pa.authorised_region", "partner")},
    "programmes": {
        "partner_id": ("CASE WHEN t.participant_kind = 'partner' THEN t.participant_id END", ""),
        "rep_id": ("CASE WHEN t.participant_kind = 'staff' THEN t.participant_id END", ""),
        "team": ("st.team", "colleague"),
    },
    "targets": {
        name: (f"ta.{name}", "actual")
        for name in ("target_date", "window_start", "window_end", "actual_amount")
    },
}
"""What single tables have beside their own columns."""


def fact_sql(
    name: str, columns: Iterable[str], policy: Policy, of_partner: bool = False, source: str = ""
) -> str:
    """A SELECT of the named columns of a contract table, own or derived, with the joins they need.

    Entity columns are text and never NULL: rows that name no entity hold `UNASSIGNED`. A query in
    brackets as `source` stands in for the table.
    """
    table = TABLES[name]
    derived = fact_columns(table, policy, of_partner)
    entities = set(LEVELS.values())
    selected, joins = [], []
    for column in dict.fromkeys(columns):
        expression, join = derived.get(column, (f"t.{quoted(column)}", ""))
        if column in entities:
            expression = f"COALESCE({expression}, '{UNASSIGNED}')"
        selected.append(f"{expression} AS {quoted(column)}")
        if join and join not in joins:
            joins.append(join)
    joined = " ".join(_JOINS[join] for join in joins)
    return f"SELECT {', '.join(selected) or '1 AS one'} FROM {source or name} AS t {joined}".rstrip()


def own_columns(name: str, columns: Iterable[str], policy: Policy, of_partner: bool = False) -> list[str]:
    """The table's own columns of which the named ones, own or derived, are made."""
    text = fact_sql(name, columns, policy, of_partner)
    named = set(re.findall(r'\bt\."?(\w+)', text))
    return [column for column in TABLES[name].column_names if column in named]


def entity_column(name: str, level: str, policy: Policy) -> str | None:
    """The column of a table that holds a level's entity: "" for the company, None when it has none."""
    column = LEVELS[level]
    table = TABLES[name]
    if not column or column in table.column_names or column in fact_columns(table, policy):
        return column
    return None


def channel_family_case(channel_type: str, policy: Policy) -> str:
    """SQL that turns a channel type into its family, by the policy."""
    cases = " ".join(
        f"WHEN {literal(name)} THEN {literal(rule.family)}" for name, rule in policy.channel_types.items()
    )
    return f"CASE {channel_type} {cases} END"
