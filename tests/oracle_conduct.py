"""The twin of what is known beside sales and money: promotions, prices, stock, leads, visits, programmes."""

import datetime
import math
from fractions import Fraction

import pandas as pd

from tests.oracle_parts import Parts, Totals, count, in_window, total
from tests.oracle_world import World, months_later

SUPPORT = ("training", "promotion", "subsidy", "technical_support")


def conduct_parts(world: World, start: datetime.date, end: datetime.date) -> dict[str, Parts]:
    """Everything that this module knows, by KPI."""
    return {
        **promotion_parts(world, start, end),
        **price_parts(world, start, end),
        **goods_parts(world, start, end),
        **people_parts(world, start, end),
        **programme_parts(world, start, end),
    }


def promotion_parts(world: World, start: datetime.date, end: datetime.date) -> dict[str, Parts]:
    """The usual line under a promotion and without one, and how much is ordered on the last days."""
    sales = world.within("sales", start, end)
    ordered = sales[sales["kind"] == "order"]
    promoted = ordered[ordered["promotion_id"].notna()]
    plain = ordered[ordered["promotion_id"].isna()]
    last_days = max(1, math.ceil((end - start).days * world.late_share))
    late = ordered[ordered["order_date"] >= end - pd.Timedelta(days=last_days)]
    has_promotions = "" if world.table("sales")["promotion_id"].notna().any() else "no_data"
    return {
        "promotion_response": Parts(
            means(promoted), means(plain), 10_000, 10_000, obstacle=has_promotions, both=True
        ),
        "quarter_end_load": Parts(total(late, "net_amount"), total(ordered, "net_amount"), 10_000, 10_000),
    }


def price_parts(world: World, start: datetime.date, end: datetime.date) -> dict[str, Parts]:
    """Lines without a promotion that fetched less than the guide price allows."""
    sales = world.within("sales", start, end)
    lines = sales[(sales["kind"] == "order") & sales["promotion_id"].isna() & (sales["quantity"] > 0)]
    lines = lines[lines["guide_price"].notna() & (lines["guide_price"] > 0)]
    allowed = 1_000_000 - round(world.price_tolerance * 1_000_000)
    floors = {price: rounded(Fraction(int(price) * allowed, 1_000_000)) for price in lines["guide_price"]}
    below = [
        int(line.net_amount) * 10_000 < int(line.quantity) * floors[line.guide_price]
        for line in lines.itertuples()
    ]
    known = world.table("products")["guide_price"].notna().any()
    sold_below = count(lines[pd.Series(below, index=lines.index, dtype=bool)])
    obstacle = "" if known and world.table("sales")["guide_price"].notna().any() else "no_data"
    return {"price_violation_rate": Parts(sold_below, count(lines), obstacle=obstacle)}


def goods_parts(world: World, start: datetime.date, end: datetime.date) -> dict[str, Parts]:
    """Stock against what is sold on in a week, and where it goes."""
    since = max(start, months_later(end, -3))
    weeks = Fraction((end - since).days, 7)
    stock = world.table("stock")
    closing = stock[stock["month"] == months_later(end, -1)]
    sold = total(world.within("sell_out", since, end), "quantity")
    reports = world.within("sell_out", start, end)
    known = reports[reports["destination_region"].notna() & reports["authorised_region"].notna()]
    outside = known[known["destination_region"] != known["authorised_region"]]
    ever = world.table("sell_out")
    told = ever["destination_region"].notna().any() and ever["authorised_region"].notna().any()
    return {
        "weeks_of_supply": Parts(
            total(closing, "closing_quantity"),
            {entity: units / weeks for entity, units in sold.items()},
            10_000,
            10_000,
            obstacle="" if stock["closing_quantity"].notna().any() else "no_data",
            both=True,
        ),
        "diversion_rate": Parts(
            total(outside, "quantity"),
            total(known, "quantity"),
            10_000,
            10_000,
            obstacle="" if told else "no_data",
        ),
    }


def people_parts(world: World, start: datetime.date, end: datetime.date) -> dict[str, Parts]:
    """Leads that were decided, and visits that took place."""
    leads, visits = world.table("leads"), world.within("visits", start, end)
    closed = leads[in_window(leads["closed_on"], start, end)]
    done = visits[visits["done_on"].notna() & (visits["done_on"] < end)]
    any_closed, any_done = leads["closed_on"].notna().any(), world.table("visits")["done_on"].notna().any()
    return {
        "win_rate": Parts(
            count(closed[closed["status"] == "won"]),
            count(closed[closed["status"].isin(["won", "lost"])]),
            obstacle="" if any_closed else "no_data",
        ),
        "visit_completion": Parts(count(done), count(visits), obstacle="" if any_done else "no_data"),
    }


def programme_parts(world: World, start: datetime.date, end: datetime.date) -> dict[str, Parts]:
    """Rebates to net sales, and what is claimed of the funds of support programmes."""
    costs, programmes = world.within("costs", start, end), world.table("programmes")
    rebates = total(costs[costs["cost_type"] == "rebate"], "amount")
    net = total(world.within("sales", start, end), "net_amount")
    running = programmes[
        (programmes["start_date"] < end)
        & (programmes["end_date"].isna() | (programmes["end_date"] >= start))
        & programmes["programme_type"].isin(SUPPORT)
    ]
    funded = running[running["allocated_amount"].notna() & running["claimed_amount"].notna()]
    any_rebate = (world.table("costs")["cost_type"] == "rebate").any()
    known = programmes["claimed_amount"].notna().any()
    return {
        "rebate_rate": Parts(rebates, net, 10_000, 10_000, obstacle="" if any_rebate else "no_data"),
        "mdf_utilisation": Parts(
            total(funded, "claimed_amount"),
            total(funded, "allocated_amount"),
            10_000,
            10_000,
            obstacle="" if known else "no_data",
        ),
    }


def rounded(number: Fraction) -> int:
    """To whole ten-thousandths, halves upwards."""
    return math.floor(number + Fraction(1, 2))


def means(lines: pd.DataFrame) -> Totals:
    """The mean net amount of a line, by entity."""
    amounts, counts = total(lines, "net_amount"), count(lines)
    return {entity: Fraction(amounts[entity], counts[entity]) for entity in counts}
