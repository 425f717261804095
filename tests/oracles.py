"""A slow, obvious twin of the KPI values: the definitions in words, pandas, and exact whole numbers.

Nothing here calls the code under test or reads its SQL. Money and quantities are whole
ten-thousandths, so that sums are exact; only the last division gives a float.
"""

import datetime
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from tests.oracle_conduct import conduct_parts
from tests.oracle_parts import Entity, Parts, Totals, count, distinct, in_window, listed, minus, total
from tests.oracle_targets import attainment_parts
from tests.oracle_world import LEVELS, UNASSIGNED, World, months_later

READS = {
    "net_sales": ("sales",),
    "like_for_like_yoy": ("sales",),
    "attainment": ("targets",),
    "market_share": ("sales", "market"),
    "relative_market_share": ("sales", "market"),
    "csat": ("feedback",),
    "nps": ("feedback",),
    "complaint_rate": ("feedback", "sales"),
    "return_rate": ("sales",),
    "channel_cost_ratio": ("costs", "sales"),
    "allocated_cost_share": ("costs",),
    "gross_profit": ("sales",),
    "gross_margin": ("sales",),
    "channel_contribution": ("sales", "costs"),
    "channel_contribution_margin": ("sales", "costs"),
    "contribution_after_allocation": ("sales", "costs"),
    "discount_rate": ("sales",),
    "active_partner_rate": ("orders by partner", "partners"),
    "partner_churn": ("orders by partner",),
    "orders": ("sales",),
    "average_order_value": ("sales",),
    "new_customer_share": ("sales",),
    "concentration_hhi": ("sales",),
    "top_1_share": ("sales",),
    "top_5_share": ("sales",),
    "top_10_share": ("sales",),
    "dso": ("receivables",),
    "overdue_ratio": ("receivables",),
    "sell_through": ("sell_out", "stock"),
    "sku_movement": ("sales", "products"),
    "promotion_response": ("sales",),
    "weeks_of_supply": ("stock", "sell_out"),
    "win_rate": ("leads",),
    "visit_completion": ("visits",),
    "rebate_rate": ("costs", "sales"),
    "mdf_utilisation": ("programmes",),
    "price_violation_rate": ("sales",),
    "diversion_rate": ("sell_out",),
    "quarter_end_load": ("sales",),
}
"""Tables each KPI cannot do without."""


@dataclass(frozen=True)
class Answer:
    """What the twin says of one entity and KPI."""

    numerator: float | None
    denominator: float | None
    value: float | None
    status: str


def answers(world: World, start: datetime.date, end: datetime.date) -> dict[str, dict[Entity, Answer]]:
    """Every KPI of every entity in the period from `start` up to, not including, `end`."""
    start, end = pd.Timestamp(start), pd.Timestamp(end)
    found = {}
    for kpi, parts in all_parts(world, start, end).items():
        found[kpi] = {entity: answer(world, kpi, parts, entity) for entity in world.entities}
    months = (end.year - start.year) * 12 + end.month - start.month
    found["growth_previous"] = growth(world, start, end, months)
    found["growth_yoy"] = growth(world, start, end, 12)
    return found


def answer(world: World, kpi: str, parts: Parts, entity: Entity) -> Answer:
    """Divide, or say why that cannot be done."""
    missing = reading_obstacle(world, kpi, entity[0])
    obstacle = missing if missing == "no_table" else parts.obstacle or missing
    if obstacle:
        return Answer(None, None, None, obstacle)
    numerator = Fraction(parts.numerators.get(entity, 0), parts.unit)
    if parts.denominators is None:
        return Answer(float(numerator), 1.0, float(parts.scale * numerator), "ok")
    if entity not in parts.denominators or (parts.both and entity not in parts.numerators):
        return Answer(None, None, None, "nothing")
    denominator = Fraction(parts.denominators[entity], parts.denominator_unit)
    if denominator <= 0:
        return Answer(None, float(denominator), None, "nothing" if denominator == 0 else "negative")
    value = parts.scale * numerator / denominator
    return Answer(float(numerator), float(denominator), float(value), "ok")


def reading_obstacle(world: World, kpi: str, level: str) -> str:
    """A table that was not supplied, or that does not tell entities of this level apart."""
    if any(world.is_missing(table) for table in READS[kpi]):
        return "no_table"
    if any(level not in world.told_apart(table) for table in READS[kpi]):
        return "no_level"
    return ""


def growth(world: World, start: datetime.date, end: datetime.date, back: int) -> dict[Entity, Answer]:
    """Net sales against those of the period `back` months earlier."""
    base_start, base_end = months_later(start, -back), months_later(end, -back)
    now = total(world.within("sales", start, end), "net_amount")
    before = total(world.within("sales", base_start, base_end), "net_amount")
    found = {}
    for entity in world.entities:
        change = now.get(entity, 0) - before.get(entity, 0)
        obstacle = reading_obstacle(world, "net_sales", entity[0])
        if not obstacle and world.begins_after("sales", base_start):
            obstacle = "no_history"
        elif not obstacle and before.get(entity, 0) <= 0:
            obstacle = "no_base"
        if obstacle:
            found[entity] = Answer(None, None, None, obstacle)
        else:
            base = Fraction(before[entity], 10_000)
            value = Fraction(change, 10_000) / base
            found[entity] = Answer(change / 10_000, float(base), float(value), "ok")
    return found


def all_parts(world: World, start: datetime.date, end: datetime.date) -> dict[str, Parts]:
    """Numerators and denominators of every KPI that is not a change against another period."""
    return {
        **sales_parts(world, start, end),
        **cost_parts(world, start, end),
        **opinion_parts(world, start, end),
        **partner_parts(world, start, end),
        **concentration_parts(world, start, end),
        **like_for_like_parts(world, start, end),
        **new_customer_parts(world, start, end),
        **receivable_parts(world, start, end),
        **stock_parts(world, start, end),
        **conduct_parts(world, start, end),
        "attainment": Parts(*attainment_parts(world, start, end), 10_000, 10_000),
    }


def sales_parts(world: World, start: datetime.date, end: datetime.date) -> dict[str, Parts]:
    """What the sales lines of the period alone tell, and their share of the market."""
    sales = world.within("sales", start, end)
    ordered = sales[sales["kind"] == "order"]
    costed = sales[sales["cost_amount"].notna()]
    profit = total(costed.assign(profit=costed["net_amount"] - costed["cost_amount"]), "profit")
    returns = world.table("sales")
    returns = returns[(returns["kind"] == "return") & in_window(returns["shipped_on"], start, end)]
    market = world.within("market", start, end)
    net, orders = total(sales, "net_amount"), distinct(ordered, "order_id")
    has_cost = "" if world.table("sales")["cost_amount"].notna().any() else "no_data"
    has_discount = "" if world.table("sales")["discount_amount"].notna().any() else "no_data"
    has_returns = "" if (world.table("sales")["kind"] == "return").any() else "no_data"
    returned = {entity: -amount for entity, amount in total(returns, "net_amount").items()}
    listed_sold = distinct(ordered[listed(ordered, start, end)], "product_id")
    products = world.table("products")
    return {
        "net_sales": Parts(net, None, 10_000),
        "market_share": Parts(net, total(market, "market_amount"), 10_000, 10_000),
        "relative_market_share": Parts(net, total(market, "rival_amount"), 10_000, 10_000),
        "return_rate": Parts(returned, total(ordered, "net_amount"), 10_000, 10_000, obstacle=has_returns),
        "gross_profit": Parts(profit, None, 10_000, obstacle=has_cost),
        "gross_margin": Parts(profit, total(costed, "net_amount"), 10_000, 10_000, obstacle=has_cost),
        "discount_rate": Parts(
            total(ordered, "discount_amount"),
            total(ordered, "gross_amount"),
            10_000,
            10_000,
            obstacle=has_discount,
        ),
        "orders": Parts(orders),
        "average_order_value": Parts(total(ordered, "net_amount"), orders, 10_000),
        "sku_movement": Parts(listed_sold, distinct(products[listed(products, start, end)], "product_id")),
    }


def cost_parts(world: World, start: datetime.date, end: datetime.date) -> dict[str, Parts]:
    """Costs of the channels and what they leave of gross profit."""
    sales, costs = world.within("sales", start, end), world.within("costs", start, end)
    costed = sales[sales["cost_amount"].notna()]
    profit = total(costed.assign(profit=costed["net_amount"] - costed["cost_amount"]), "profit")
    allocated = costs["is_allocated"].eq(True)
    every, direct = total(costs, "amount"), total(costs[~allocated], "amount")
    net = total(sales, "net_amount")
    has_cost = "" if world.table("sales")["cost_amount"].notna().any() else "no_data"
    contribution = minus(profit, direct)
    return {
        "channel_cost_ratio": Parts(every, net, 10_000, 10_000),
        "allocated_cost_share": Parts(total(costs[allocated], "amount"), every, 10_000, 10_000),
        "channel_contribution": Parts(contribution, None, 10_000, obstacle=has_cost),
        "channel_contribution_margin": Parts(contribution, net, 10_000, 10_000, obstacle=has_cost),
        "contribution_after_allocation": Parts(minus(profit, every), None, 10_000, obstacle=has_cost),
    }


def opinion_parts(world: World, start: datetime.date, end: datetime.date) -> dict[str, Parts]:
    """Satisfaction, recommendation and complaints."""
    feedback, sales = world.within("feedback", start, end), world.within("sales", start, end)
    kinds = world.table("feedback")["kind"]
    missing = {kind: "" if (kinds == kind).any() else "no_data" for kind in ("csat", "nps", "complaint")}
    answered = feedback[feedback["score"].notna()]
    csat, nps = answered[answered["kind"] == "csat"], answered[answered["kind"] == "nps"]
    promoters, detractors = count(nps[nps["score"] >= 9]), count(nps[nps["score"] <= 6])
    orders = distinct(sales[sales["kind"] == "order"], "order_id")
    complaints = count(feedback[feedback["kind"] == "complaint"])
    return {
        "csat": Parts(count(csat[csat["score"] >= 4]), count(csat), obstacle=missing["csat"]),
        "nps": Parts(minus(promoters, detractors), count(nps), scale=100, obstacle=missing["nps"]),
        "complaint_rate": Parts(complaints, orders, scale=1000, obstacle=missing["complaint"]),
    }


def partner_parts(world: World, start: datetime.date, end: datetime.date) -> dict[str, Parts]:
    """Partners that buy and partners lost; a partner belongs to its own channel type and region."""
    partners = world.table("partners")
    contracted = partners[
        (partners["contract_start"].isna() | (partners["contract_start"] < end))
        & (partners["contract_end"].isna() | (partners["contract_end"] >= start))
        & (partners["exit_date"].isna() | (partners["exit_date"] >= start))
    ]
    orders = world.orders_by_partner()
    active, before, lost = [], [], []
    for row in orders.itertuples():
        window = min(start, months_later(end, -world.activity_months(row.channel_type)))
        if row.net_amount > 0 and window <= row.order_date < end:
            active.append(row.Index)
        churn = world.churn_months(row.channel_type)
        if months_later(start, -churn) <= row.order_date < start:
            before.append(row.Index)
        if months_later(end, -churn) <= row.order_date < end:
            lost.append(row.Index)
    known = contracted["partner_id"]
    buying = orders.loc[active]
    return {
        "active_partner_rate": Parts(
            distinct(buying[buying["partner_id"].isin(known)], "partner_id"),
            distinct(contracted, "partner_id"),
        ),
        "partner_churn": churn_parts(world, orders.loc[before], orders.loc[lost], start),
    }


def churn_parts(world: World, before: pd.DataFrame, lately: pd.DataFrame, start: datetime.date) -> Parts:
    """Partners that ordered in the window before the period and not in the one up to its end."""
    numerators, denominators = {}, {}
    for level in LEVELS:
        earlier = before.groupby(level)["partner_id"].agg(set)
        later = lately.groupby(level)["partner_id"].agg(set)
        for entity, partners in earlier.items():
            denominators[level, entity] = len(partners)
            numerators[level, entity] = len(partners - later.get(entity, set()))
    longest = max(churn for _family, _activity, churn in world.channel_types.values())
    too_early = world.begins_after("sales", months_later(start, -longest))
    return Parts(numerators, denominators, obstacle="no_history" if too_early else "")


def concentration_parts(world: World, start: datetime.date, end: datetime.date) -> dict[str, Parts]:
    """How much of the partners' sales falls on a few; partners with net sales of 0 or less left out."""
    sales = world.within("sales", start, end)
    sold = sales[sales["partner"] != UNASSIGNED]
    squares, whole, square_of_whole = {}, {}, {}
    top: dict[int, Totals] = {1: {}, 5: {}, 10: {}}
    for level in LEVELS:
        shares: dict[str, list[int]] = {}
        for (entity, _partner), amount in sold.groupby([level, "partner_id"])["net_amount"].sum().items():
            if amount > 0:
                shares.setdefault(entity, []).append(int(amount))
        for entity, amounts in shares.items():
            amounts.sort(reverse=True)
            squares[level, entity] = sum(amount * amount for amount in amounts)
            whole[level, entity] = sum(amounts)
            square_of_whole[level, entity] = sum(amounts) ** 2
            for size, found in top.items():
                found[level, entity] = sum(amounts[:size])
    return {
        "concentration_hhi": Parts(squares, square_of_whole, 10**8, 10**8, 10_000),
        **{f"top_{size}_share": Parts(found, whole, 10_000, 10_000) for size, found in top.items()},
    }


def like_for_like_parts(world: World, start: datetime.date, end: datetime.date) -> dict[str, Parts]:
    """Growth on last year of those who sold in both: partners, and direct sales by type and region."""
    base_start, base_end = months_later(start, -12), months_later(end, -12)
    now, before = world.within("sales", start, end), world.within("sales", base_start, base_end)
    change, base = {}, {}
    for level in LEVELS:
        earlier = before.groupby([level, "selling_point"])["net_amount"].sum()
        later = now.groupby([level, "selling_point"])["net_amount"].sum()
        for (entity, point), amount in earlier.items():
            sold = int(later.get((entity, point), 0))
            if amount > 0 and sold > 0:
                base[level, entity] = base.get((level, entity), 0) + int(amount)
                change[level, entity] = change.get((level, entity), 0) + sold - int(amount)
    obstacle = "no_history" if world.begins_after("sales", base_start) else ""
    return {"like_for_like_yoy": Parts(change, base, 10_000, 10_000, obstacle=obstacle)}


def new_customer_parts(world: World, start: datetime.date, end: datetime.date) -> dict[str, Parts]:
    """Sales to customers the entity had not sold to in the 12 months before."""
    since = months_later(start, -12)
    now, before = world.within("sales", start, end), world.within("sales", since, start)
    before = before[before["kind"] == "order"]
    new, known = {}, {}
    for level in LEVELS:
        earlier = set(zip(before[level], before["customer_id"], strict=True))
        sums = now[now["customer_id"].notna()].groupby([level, "customer_id"])["net_amount"].sum()
        for (entity, customer), amount in sums.items():
            known[level, entity] = known.get((level, entity), 0) + int(amount)
            if (entity, customer) not in earlier:
                new[level, entity] = new.get((level, entity), 0) + int(amount)
    obstacle = "no_history" if world.begins_after("sales", since) else ""
    obstacle = obstacle if world.table("sales")["customer_id"].notna().any() else "no_data"
    return {"new_customer_share": Parts(new, known, 10_000, 10_000, obstacle=obstacle)}


def receivable_parts(world: World, start: datetime.date, end: datetime.date) -> dict[str, Parts]:
    """What is owed at the end of the period, in days of its credit sales, and how much is overdue."""
    invoices = world.table("receivables")
    issued = invoices[invoices["invoice_date"] < end]
    unpaid = issued["paid_date"].isna() | (issued["paid_date"] >= end)
    kept = issued["written_off_date"].isna() | (issued["written_off_date"] >= end)
    open_then = issued[unpaid & kept]
    owed = total(open_then, "amount")
    owed_days = {entity: amount * (end - start).days for entity, amount in owed.items()}
    credit_sales = total(world.within("receivables", start, end), "amount")
    overdue = total(open_then[open_then["due_date"] < end], "amount")
    return {
        "dso": Parts(owed_days, credit_sales, 10_000, 10_000),
        "overdue_ratio": Parts(overdue, owed, 10_000, 10_000),
    }


def stock_parts(world: World, start: datetime.date, end: datetime.date) -> dict[str, Parts]:
    """Units sold on, of those at hand at the start and those received since."""
    stock, sold = world.within("stock", start, end), world.within("sell_out", start, end)
    opening = total(stock[stock["month"] == start], "opening_quantity")
    received = total(stock, "received_quantity")
    at_hand = {entity: amount + opening.get(entity, 0) for entity, amount in received.items()}
    return {"sell_through": Parts(total(sold, "quantity"), at_hand, 10_000, 10_000)}
