"""Defects of single rows: keys, references, values, types and texts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from .world import Rng, Truth, World, amount, day, day_text, number

FULL_WIDTH = str.maketrans("0123456789.-", "０１２３４５６７８９．－")


def repeated_lines(world: World, rng: Rng) -> Truth:
    """Lines of sales that stand twice in the export."""
    chosen = world.pick("sales", rng)
    rows = world.append("sales", world.frames["sales"].loc[chosen])
    return world.truth("duplicate_key", "sales", "order_id line_number", rows)


def repeated_keys_with_other_amounts(world: World, rng: Rng) -> Truth:
    """An invoice number given twice: the second invoice has another amount."""
    copies = world.frames["receivables"].loc[world.pick("receivables", rng)]
    copies = copies.assign(amount=amount(number(copies["amount"]) * 1.37))
    return world.truth("duplicate_key", "receivables", "invoice_id", world.append("receivables", copies))


def partners_entered_twice(world: World, rng: Rng) -> Truth:
    """Partners entered again under their number, with another name."""
    copies = world.frames["partners"].loc[world.pick("partners", rng)]
    copies = copies.assign(partner_name=copies["partner_name"] + "（新）")
    return world.truth("duplicate_key", "partners", "partner_id", world.append("partners", copies))


def stock_reported_twice(world: World, rng: Rng) -> Truth:
    """Months of stock that a partner reported twice."""
    copies = world.frames["stock"].loc[world.pick("stock", rng)]
    rows = world.append("stock", copies)
    return world.truth("duplicate_key", "stock", "partner_id product_id month", rows)


def orders_entered_twice(world: World, rng: Rng) -> Truth:
    """Orders of partners entered again under another number on the same day."""
    return _orders_again(world, rng, 0, 1)


def orders_entered_again_the_next_day(world: World, rng: Rng) -> Truth:
    """Orders of several lines entered again under another number a day later."""
    return _orders_again(world, rng, 1, 3)


def _orders_again(world: World, rng: Rng, days_later: int, lines_at_least: int) -> Truth:
    sales = world.frames["sales"]
    size = sales.groupby("order_id")["order_id"].transform("size")
    last = sales["order_date"].max()
    where = (sales["kind"] == "order") & (sales["partner_id"] != "") & (size >= lines_at_least)
    where &= ~sales["order_id"].isin(sales.loc[list(world.touched.get("sales", ())), "order_id"])
    rate = float(rng.choice([0, 0.0005, 0.002]))
    heads = world.pick("sales", rng, where & (sales["order_date"] < last), rate)
    orders = sales.loc[heads, "order_id"].unique()
    lines = sales[sales["order_id"].isin(orders)]
    world.touch("sales", lines.index)
    numbers = {order: f"{order[:2]}{97_000_000 + n}" for n, order in enumerate(orders)}
    days = day_text(day(lines["order_date"]) + pd.Timedelta(days=days_later))
    rows = world.append("sales", lines.assign(order_id=lines["order_id"].map(numbers), order_date=days))
    keys = world.keys("sales", [*rows, *lines.index])
    few = round(0.8 * len(rows))  # small orders of the same goods on the same day may be honest
    return Truth("near_duplicate", "sales", (), (few, 2 * len(rows)), keys)


def invoices_entered_twice(world: World, rng: Rng) -> Truth:
    """Invoices entered again under another number."""
    chosen = world.pick("receivables", rng)
    copies = world.frames["receivables"].loc[chosen]
    copies = copies.assign(invoice_id=[f"IV97{n:06}" for n in range(len(copies))])
    rows = world.append("receivables", copies)
    frame = world.frames["receivables"]
    alike = frame.duplicated(["partner_id", "customer_id", "invoice_date", "amount"], keep=False)
    keys = world.keys("receivables", frame.index[alike])  # an honest twin is alike, too
    few = round(0.8 * len(rows))  # amounts due every month may be alike honestly
    return Truth("near_duplicate", "receivables", (), (few, 2 * len(rows)), keys)


def _set(world: World, rng: Rng, table: str, column: str, values: list[str]) -> pd.Index:
    """Write one of the values into a column of some rows that hold something there."""
    frame = world.frames[table]
    rows = world.pick(table, rng, frame[column] != "")
    frame.loc[rows, column] = rng.choice(np.array(values, dtype=object), len(rows))
    return rows


def unknown_partners(world: World, rng: Rng) -> Truth:
    """Sales to partners that no list holds, one of them written in small letters."""
    first = world.frames["partners"]["partner_id"].iloc[0]
    rows = _set(world, rng, "sales", "partner_id", ["P97001", "P97002", first.lower() + "x"])
    return world.truth("unknown", "sales", "partner_id", rows)


def unknown_products(world: World, rng: Rng) -> Truth:
    """Sales of products that no list holds."""
    rows = _set(world, rng, "sales", "product_id", ["sample_units", "gift-set", "X-OLD-77"])
    return world.truth("unknown", "sales", "product_id", rows)


def unknown_reps(world: World, rng: Rng) -> Truth:
    """Sales of reps that no list holds."""
    return world.truth(
        "unknown", "sales", "rep_id", _set(world, rng, "sales", "rep_id", ["S970", "离职员工"])
    )


def unknown_debtors(world: World, rng: Rng) -> Truth:
    """Invoices to partners that no list holds."""
    rows = _set(world, rng, "receivables", "partner_id", ["P97001", "P97003"])
    return world.truth("unknown", "receivables", "partner_id", rows)


def unknown_products_in_stock(world: World, rng: Rng) -> Truth:
    """Stock of products that no list holds."""
    stock = world.frames["stock"]
    rows = world.pick("stock", rng)
    stock.loc[rows, "product_id"] = [f"X-OLD-{row}" for row in rows]
    return world.truth("unknown", "stock", "product_id", rows)


def missing_amounts(world: World, rng: Rng) -> Truth:
    """Sales without a net amount."""
    return world.truth("missing", "sales", "net_amount", _set(world, rng, "sales", "net_amount", ["", " "]))


def missing_channel_types(world: World, rng: Rng) -> Truth:
    """Sales without a channel type."""
    return world.truth("missing", "sales", "channel_type", _set(world, rng, "sales", "channel_type", [""]))


def missing_costs(world: World, rng: Rng) -> Truth:
    """Bookings of costs without an amount."""
    return world.truth("missing", "costs", "amount", _set(world, rng, "costs", "amount", [""]))


def missing_due_dates(world: World, rng: Rng) -> Truth:
    """Invoices without the day they are due."""
    return world.truth(
        "missing", "receivables", "due_date", _set(world, rng, "receivables", "due_date", [""])
    )


def texts_in_amounts(world: World, rng: Rng) -> Truth:
    """Remarks and signs of money where an amount should stand."""
    values = ["N/A", "#REF!", "待定", "12.5元", "¥1200", "1.234,50", "abc"]
    return world.truth("wrong_type", "sales", "net_amount", _set(world, rng, "sales", "net_amount", values))


def texts_in_quantities(world: World, rng: Rng) -> Truth:
    """Units written behind quantities of stock."""
    values = ["12件", "ca. 5", "two", "3 boxes"]
    rows = _set(world, rng, "stock", "closing_quantity", values)
    return world.truth("wrong_type", "stock", "closing_quantity", rows)


def texts_in_dates(world: World, rng: Rng) -> Truth:
    """Words where a date should stand."""
    values = ["tomorrow", "2025年", "月底", "00/00/0000", "2024-02-30"]
    rows = _set(world, rng, "receivables", "invoice_date", values)
    return world.truth("wrong_type", "receivables", "invoice_date", rows)


def kinds_not_allowed(world: World, rng: Rng) -> Truth:
    """Lines of sales that are neither an order nor a return."""
    return world.truth(
        "not_allowed", "sales", "kind", _set(world, rng, "sales", "kind", ["exchange", "换货"])
    )


def channel_types_not_allowed(world: World, rng: Rng) -> Truth:
    """Channel types that the policy does not know."""
    rows = _set(world, rng, "sales", "channel_type", ["dealer", "门店"])
    return world.truth("not_allowed", "sales", "channel_type", rows)


def cost_types_not_allowed(world: World, rng: Rng) -> Truth:
    """Kinds of cost that the contract does not know."""
    return world.truth(
        "not_allowed", "costs", "cost_type", _set(world, rng, "costs", "cost_type", ["travel"])
    )


def answers_beyond_the_scale(world: World, rng: Rng) -> Truth:
    """Satisfaction from 1 to 5 answered on a scale to 10 or 100."""
    feedback = world.frames["feedback"]
    rows = world.pick("feedback", rng, feedback["kind"] == "csat")
    feedback.loc[rows, "score"] = rng.choice(["8.0", "9.0", "95.0"], len(rows))
    return world.truth("out_of_range", "feedback", "score", rows, "not_allowed")


def recommendations_beyond_the_scale(world: World, rng: Rng) -> Truth:
    """Recommendation from 0 to 10 given as a share of 100."""
    feedback = world.frames["feedback"]
    rows = world.pick("feedback", rng, feedback["kind"] == "nps")
    feedback.loc[rows, "score"] = rng.choice(["70.0", "-100.0", "11.0"], len(rows))
    return world.truth("out_of_range", "feedback", "score", rows, "not_allowed")


def results_beyond_the_scale(world: World, rng: Rng) -> Truth:
    """Points of 100 written without their decimal point."""
    rows = _set(world, rng, "training", "score", ["870", "955"])
    return world.truth("out_of_range", "training", "score", rows, "not_allowed")


def percent_for_share(world: World, rng: Rng) -> Truth:
    """A discount authority of 15 per cent entered as 15."""
    rows = _set(world, rng, "staff", "discount_authority", ["15", "20"])
    truth = world.truth("out_of_range", "staff", "discount_authority", rows)
    return replace(truth, others=("not_allowed", "unit_slip"))


def full_width_amounts(world: World, rng: Rng) -> Truth:
    """Amounts typed with a Chinese keyboard."""
    sales = world.frames["sales"]
    rows = world.pick("sales", rng)
    sales.loc[rows, "net_amount"] = sales.loc[rows, "net_amount"].str.translate(FULL_WIDTH)
    return world.truth("full_width_number", "sales", "net_amount", rows)


def full_width_stock(world: World, rng: Rng) -> Truth:
    """Quantities of stock typed with a Chinese keyboard."""
    stock = world.frames["stock"]
    rows = world.pick("stock", rng)
    stock.loc[rows, "sold_quantity"] = stock.loc[rows, "sold_quantity"].str.translate(FULL_WIDTH)
    return world.truth("full_width_number", "stock", "sold_quantity", rows)


def full_width_keys(world: World, rng: Rng) -> Truth:
    """Numbers of partners typed with a Chinese keyboard."""
    sales = world.frames["sales"]
    rows = world.pick("sales", rng, sales["partner_id"] != "")
    sales.loc[rows, "partner_id"] = sales.loc[rows, "partner_id"].str.translate(FULL_WIDTH)
    return world.truth("full_width_text", "sales", "partner_id", rows)


def _with_sign_inside(text: str, sign: str) -> str:
    return text[: len(text) // 2] + sign + text[len(text) // 2 :]


def invisible_signs_in_keys(world: World, rng: Rng) -> Truth:
    """Zero-width and non-breaking characters in numbers of partners, copied from a page."""
    sales = world.frames["sales"]
    rows = world.pick("sales", rng, sales["partner_id"] != "")
    signs = rng.choice(["\u200b", "\u00a0", "\u200d", "\ufeff"], len(rows))
    keys = [_with_sign_inside(t, s) for t, s in zip(sales.loc[rows, "partner_id"], signs, strict=True)]
    sales.loc[rows, "partner_id"] = keys
    return world.truth("invisible_characters", "sales", "partner_id", rows)


def stray_spaces_in_keys(world: World, rng: Rng) -> Truth:
    """Spaces within numbers of products."""
    stock = world.frames["stock"]
    rows = world.pick("stock", rng)
    stock.loc[rows, "product_id"] = [_with_sign_inside(t, " ") for t in stock.loc[rows, "product_id"]]
    return world.truth("invisible_characters", "stock", "product_id", rows, "unknown")


def excel_serials(world: World, rng: Rng) -> Truth:
    """Dates as the numbers that Excel keeps them in."""
    sales = world.frames["sales"]
    rows = world.pick("sales", rng)
    sales.loc[rows, "order_date"] = _serial(sales.loc[rows, "order_date"])
    return world.truth("excel_serial_date", "sales", "order_date", rows)


def excel_serials_of_invoices(world: World, rng: Rng) -> Truth:
    """Days of payment as the numbers that Excel keeps them in."""
    receivables = world.frames["receivables"]
    rows = world.pick("receivables", rng, receivables["paid_date"] != "")
    receivables.loc[rows, "paid_date"] = _serial(receivables.loc[rows, "paid_date"])
    return world.truth("excel_serial_date", "receivables", "paid_date", rows)


def _serial(days: pd.Series) -> pd.Series:
    return (day(days) - pd.Timestamp("1899-12-30")).dt.days.astype(str)


def scientific_ids(world: World, rng: Rng) -> Truth:
    """Numbers of thirteen digits that Excel wrote as 6.9E+12."""
    sales = world.frames["sales"]
    rows = world.pick("sales", rng, sales["product_id"].str.fullmatch("[0-9]{13}"))
    sales.loc[rows, "product_id"] = [f"{float(t):.5E}" for t in sales.loc[rows, "product_id"]]
    return world.truth("scientific_id", "sales", "product_id", rows, "unknown")


def lost_zeros(world: World, rng: Rng) -> Truth:
    """Numbers of partners that Excel took for figures: their leading zeros are gone."""
    sales = world.frames["sales"]
    rows = world.pick("sales", rng, sales["partner_id"].str.fullmatch("0[0-9]+"))
    sales.loc[rows, "partner_id"] = sales.loc[rows, "partner_id"].str.lstrip("0")
    return world.truth("lost_zeros", "sales", "partner_id", rows, "unknown")


def lost_zeros_of_debtors(world: World, rng: Rng) -> Truth:
    """The same in the table of receivables, in all its rows."""
    receivables = world.frames["receivables"]
    where = receivables["partner_id"].str.fullmatch("0[0-9]+")
    rows = world.touch("receivables", receivables.index[where])
    receivables.loc[rows, "partner_id"] = receivables.loc[rows, "partner_id"].str.lstrip("0")
    return world.truth("lost_zeros", "receivables", "partner_id", rows, "unknown")
