"""Defects of figures: units, currencies, signs, sums and stock that does not balance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from .world import Rng, Truth, World, amount, number

MONEY = ["gross_amount", "discount_amount", "net_amount", "cost_amount"]


def _times(world: World, table: str, rows: pd.Index, columns: list[str], factor: float) -> None:
    frame = world.frames[table]
    for column in columns:
        if column in frame:
            frame.loc[rows, column] = amount(number(frame.loc[rows, column]) * factor)


def sales_times_1000(world: World, rng: Rng) -> Truth:
    """All amounts of some lines a thousand times too large: a comma that was taken for a point."""
    sales = world.frames["sales"]
    rows = world.pick("sales", rng, sales["kind"] == "order")
    _times(world, "sales", rows, MONEY, 1000)
    return world.truth("unit_slip", "sales", " ".join(MONEY), rows, "arithmetic")


def sales_in_ten_thousands(world: World, rng: Rng) -> Truth:
    """One region reports a month in 万元 where the others report in 元."""
    sales = world.frames["sales"]
    regions = sales["region"][sales["region"] != ""].unique()
    months = sales["order_date"].str[:7]
    where = (sales["region"] == rng.choice(regions)) & (months == rng.choice(sorted(months.unique())[1:-1]))
    where &= ~sales.index.isin(list(world.touched.get("sales", ()))) & (sales["kind"] == "order")
    rows = world.touch("sales", sales.index[where])
    for column in MONEY:
        sales.loc[rows, column] = (number(sales.loc[rows, column]) / 10_000).map("{:.4f}".format)
    found = world.truth("unit_slip", "sales", " ".join(MONEY), rows, "arithmetic")
    return replace(found, rows=(int(len(rows) * 0.8), len(rows)))


def one_amount_times_1000(world: World, rng: Rng) -> Truth:
    """The net amount alone is a thousand times too large."""
    rows = world.pick("sales", rng)
    _times(world, "sales", rows, ["net_amount"], 1000)
    return world.truth("unit_slip", "sales", " ".join(MONEY), rows, "arithmetic")


def targets_in_ten_thousands(world: World, rng: Rng) -> Truth:
    """Some targets were entered in 万元."""
    targets = world.frames["targets"]
    level = rng.choice(targets["level"].unique())
    rows = world.pick("targets", rng, targets["level"] == level)
    targets.loc[rows, "target_amount"] = (number(targets.loc[rows, "target_amount"]) / 10_000).map(
        "{:.4f}".format
    )
    return _about(world.truth("unit_slip", "targets", "target_amount", rows))


def targets_times_1000(world: World, rng: Rng) -> Truth:
    """Some targets are a thousand times too large."""
    rows = world.pick("targets", rng)
    _times(world, "targets", rows, ["target_amount"], 1000)
    return _about(world.truth("unit_slip", "targets", "target_amount", rows))


def costs_times_1000(world: World, rng: Rng) -> Truth:
    """Some bookings of costs are a thousand times too large."""
    rows = world.pick("costs", rng)
    _times(world, "costs", rows, ["amount"], 1000)
    return _about(world.truth("unit_slip", "costs", "amount", rows))


def costs_times_10000(world: World, rng: Rng) -> Truth:
    """Some bookings of costs are ten thousand times too large."""
    rows = world.pick("costs", rng)
    _times(world, "costs", rows, ["amount"], 10_000)
    return _about(world.truth("unit_slip", "costs", "amount", rows))


def invoices_times_1000(world: World, rng: Rng) -> Truth:
    """Some invoices are a thousand times too large."""
    rows = world.pick("receivables", rng)
    _times(world, "receivables", rows, ["amount"], 1000)
    return _about(world.truth("unit_slip", "receivables", "amount", rows))


def quantities_in_thousands(world: World, rng: Rng) -> Truth:
    """Quantities a thousand times too large, the amounts as they should be."""
    sales = world.frames["sales"]
    rows = world.pick("sales", rng, sales["kind"] == "order")
    _times(world, "sales", rows, ["quantity"], 1000)
    return world.truth("unit_slip", "sales", f"quantity {' '.join(MONEY)}", rows, "arithmetic")


def quantities_in_cartons(world: World, rng: Rng) -> Truth:
    """Quantities in cartons of twelve, the amounts as they should be."""
    sales = world.frames["sales"]
    rows = world.pick("sales", rng, (sales["kind"] == "order") & (number(sales["quantity"]) % 12 != 0))
    sales.loc[rows, "quantity"] = (number(sales.loc[rows, "quantity"]) / 12).map("{:.4f}".format)
    return world.truth("arithmetic", "sales", f"quantity {' '.join(MONEY)}", rows, "unit_slip")


def foreign_currency(world: World, rng: Rng) -> Truth:
    """Lines that say they are in dollars."""
    sales = world.frames["sales"]
    if "currency" not in sales:
        sales["currency"] = "CNY"
    rows = world.pick("sales", rng)
    sales.loc[rows, "currency"] = rng.choice(["USD", "HKD"], len(rows))
    return world.truth("foreign_currency", "sales", "currency", rows)


def partner_in_dollars(world: World, rng: Rng) -> Truth:
    """One partner's amounts are dollars, and nothing says so."""
    sales = world.frames["sales"]
    counts = sales.loc[sales["partner_id"] != "", "partner_id"].value_counts()
    partner = rng.choice(counts.index[(counts >= 30) & (counts <= 600)])
    where = (sales["partner_id"] == partner) & ~sales.index.isin(list(world.touched.get("sales", ())))
    rows = world.touch("sales", sales.index[where])
    _times(world, "sales", rows, MONEY, 1 / 7.13)
    columns = f"partner_id currency {' '.join(MONEY)}"
    found = world.truth("currency_mix", "sales", columns, rows, "arithmetic", "unit_slip")
    return replace(found, rows=(int(len(rows) * 0.7), len(rows)))


def orders_below_zero(world: World, rng: Rng) -> Truth:
    """Returns that are booked as orders: quantity and amounts are negative."""
    sales = world.frames["sales"]
    rows = world.pick("sales", rng, sales["kind"] == "order")
    _times(world, "sales", rows, ["quantity", *MONEY], -1)
    return world.truth("sign", "sales", f"kind quantity {' '.join(MONEY)}", rows)


def quantities_below_zero(world: World, rng: Rng) -> Truth:
    """Orders whose quantity alone is negative."""
    sales = world.frames["sales"]
    rows = world.pick("sales", rng, sales["kind"] == "order")
    _times(world, "sales", rows, ["quantity"], -1)
    return world.truth("sign", "sales", f"kind quantity {' '.join(MONEY)}", rows, "arithmetic")


def returns_above_zero(world: World, rng: Rng) -> Truth:
    """Returns whose quantity and amounts are positive."""
    sales = world.frames["sales"]
    rows = world.pick("sales", rng, sales["kind"] == "return")
    _times(world, "sales", rows, ["quantity", *MONEY], -1)
    return world.truth("sign", "sales", f"kind quantity {' '.join(MONEY)}", rows)


def costs_below_zero(world: World, rng: Rng) -> Truth:
    """Costs booked as credits."""
    rows = world.pick("costs", rng)
    _times(world, "costs", rows, ["amount"], -1)
    return world.truth("sign", "costs", "amount", rows)


def net_amounts_that_do_not_add_up(world: World, rng: Rng) -> Truth:
    """Gross less discount is not net: figures were typed over."""
    sales = world.frames["sales"]
    rows = world.pick("sales", rng, number(sales["net_amount"]).abs() > 20)
    factors = rng.choice([0.9, 1.1, 1.3], len(rows))
    sales.loc[rows, "net_amount"] = amount(number(sales.loc[rows, "net_amount"]) * factors)
    return world.truth("arithmetic", "sales", " ".join(MONEY), rows)


def quantities_that_do_not_add_up(world: World, rng: Rng) -> Truth:
    """Quantity times price is not gross: a digit too many or too few."""
    sales = world.frames["sales"]
    rows = world.pick("sales", rng, (sales["kind"] == "order") & (number(sales["quantity"]) > 0))
    factors = rng.choice([10, 2, 5], len(rows))
    sales.loc[rows, "quantity"] = amount(number(sales.loc[rows, "quantity"]) * factors)
    return world.truth("arithmetic", "sales", f"quantity {' '.join(MONEY)}", rows, "unit_slip")


def stock_that_vanishes(world: World, rng: Rng) -> Truth:
    """Closing stock that is not opening plus received less sold and returned."""
    stock = world.frames["stock"]
    rows = world.pick("stock", rng)
    stock.loc[rows, "closing_quantity"] = amount(
        number(stock.loc[rows, "closing_quantity"]) + rng.integers(5, 60, len(rows))
    )
    found = world.truth("stock_balance", "stock", "closing_quantity opening_quantity", rows)
    following = _following(stock, rows)
    keys = found.keys | world.keys("stock", following)
    return replace(found, rows=(len(rows), 2 * len(rows)), keys=keys)


def stock_that_leaps(world: World, rng: Rng) -> Truth:
    """Opening stock that is not the month before's closing stock; each month balances in itself."""
    stock = world.frames["stock"]
    ordered = stock.sort_values(["partner_id", "product_id", "month"])
    item = ordered[["partner_id", "product_id"]]
    rows = world.pick("stock", rng, item.eq(item.shift()).all(axis=1).reindex(stock.index))
    more = rng.integers(5, 60, len(rows))
    for column in ("opening_quantity", "closing_quantity"):
        stock.loc[rows, column] = amount(number(stock.loc[rows, column]) + more)
    found = world.truth("stock_balance", "stock", "closing_quantity opening_quantity", rows)
    keys = found.keys | world.keys("stock", _following(stock, rows))
    return replace(found, rows=(int(0.8 * len(rows)), 2 * len(rows)), keys=keys)


def stock_below_zero(world: World, rng: Rng) -> Truth:
    """More sold than there was: the stock closes below zero, though it balances."""
    stock = world.frames["stock"]
    rows = world.pick("stock", rng)
    more = number(stock.loc[rows, "closing_quantity"]) + rng.integers(1, 20, len(rows))
    stock.loc[rows, "sold_quantity"] = amount(number(stock.loc[rows, "sold_quantity"]) + more)
    stock.loc[rows, "closing_quantity"] = amount(number(stock.loc[rows, "closing_quantity"]) - more)
    found = world.truth("stock_balance", "stock", "closing_quantity opening_quantity", rows, "sign")
    keys = found.keys | world.keys("stock", _following(stock, rows))
    return replace(found, rows=(len(rows), 2 * len(rows)), keys=keys)


def _following(stock: pd.DataFrame, rows: pd.Index) -> np.ndarray:
    """The rows of the same partner and product one row later."""
    ordered = stock.sort_values(["partner_id", "product_id", "month"])
    item = ordered[["partner_id", "product_id"]]
    after = pd.Series(ordered.index, ordered.index).shift(-1)[item.eq(item.shift(-1)).all(axis=1)]
    return after.reindex(rows).dropna().astype(int).to_numpy()


def _about(found: Truth) -> Truth:
    """With a tolerance: an amount may still be within what its neighbours are."""
    assert found.rows is not None
    return replace(found, rows=(max(1, int(found.rows[0] * 0.8)), found.rows[1]))
