"""Defects of time: impossible dates, dates out of order, months and feeds that are missing, zones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from .world import Rng, Truth, World, day, day_text


def _moved(world: World, rng: Rng, table: str, column: str, to: Callable[[str], str]) -> pd.Index:
    frame = world.frames[table]
    rows = world.pick(table, rng, frame[column] != "")
    frame.loc[rows, column] = frame.loc[rows, column].map(to)
    return rows


def _any_year(text: str) -> str:
    """Month and day as any year has them."""
    return text[4:].replace("-29", "-28")


def orders_of_the_future(world: World, rng: Rng) -> Truth:
    """Years mistyped: orders of years to come."""
    years = ("2052", "2035", "2203", "2027")

    def mistyped(text: str) -> str:
        return f"{rng.choice(years)}{_any_year(text)}"

    rows = _moved(world, rng, "sales", "order_date", mistyped)
    return world.truth("future_date", "sales", "order_date", rows)


def invoices_of_the_future(world: World, rng: Rng) -> Truth:
    """Invoices of years to come, with due dates that follow them."""
    rows = _moved(world, rng, "receivables", "invoice_date", lambda text: f"2052{_any_year(text)}")
    world.frames["receivables"].loc[rows, "due_date"] = "2052-12-31"
    world.frames["receivables"].loc[rows, ["paid_date", "written_off_date"]] = ""
    return world.truth("future_date", "receivables", "invoice_date due_date", rows)


def zero_dates(world: World, rng: Rng) -> Truth:
    """The zero of programs: 1900 and 1970."""
    rows = _moved(world, rng, "sales", "order_date", lambda _: str(rng.choice(["1900-01-01", "1970-01-01"])))
    return world.truth("early_date", "sales", "order_date", rows, "wrong_type")


def orders_before_the_company(world: World, rng: Rng) -> Truth:
    """Years mistyped: orders of twenty years ago."""
    rows = _moved(world, rng, "sales", "order_date", lambda text: f"200{text[3]}{_any_year(text)}")
    return world.truth("early_date", "sales", "order_date", rows)


def answers_of_1970(world: World, rng: Rng) -> Truth:
    """Answers of customers at the zero of a program."""
    rows = _moved(world, rng, "feedback", "given_on", lambda _: "1970-01-01")
    world.frames["feedback"].loc[rows, "closed_on"] = ""
    return world.truth("early_date", "feedback", "given_on", rows)


def _month_of_a_region(world: World, rng: Rng) -> pd.Series:
    sales = world.frames["sales"]
    regions = sales["region"].value_counts().index[:6]
    months = sales["order_date"].str[:7]
    where = (sales["region"] == rng.choice(regions)) & (months == rng.choice(sorted(months.unique())[2:-2]))
    return where & ~sales.index.isin(list(world.touched.get("sales", ())))


def _with_day_first(text: str) -> str:
    return f"{text[:4]}-{text[8:]}-{text[5:7]}"


def days_and_months_swapped(world: World, rng: Rng) -> Truth:
    """One region's month was exported as year, day, month: days after the 12th give no date."""
    sales = world.frames["sales"]
    rows = world.touch("sales", sales.index[_month_of_a_region(world, rng)])
    impossible = rows[sales.loc[rows, "order_date"].str[8:].astype(int) > 12]
    sales.loc[rows, "order_date"] = sales.loc[rows, "order_date"].map(_with_day_first)
    low, high = len(impossible), len(rows)
    return Truth(
        "swapped_date",
        "sales",
        ("order_date",),
        (low, high),
        world.keys("sales", rows),
        others=("wrong_type",),
    )


def invoices_with_days_and_months_swapped(world: World, rng: Rng) -> Truth:
    """Days that give another date when swapped: the invoice would be later than its payment is due."""
    receivables = world.frames["receivables"]
    dates = receivables["invoice_date"]
    swapped = dates.map(_with_day_first)
    rows = world.pick(
        "receivables", rng, (dates.str[8:].astype(int) <= 12) & (swapped > receivables["due_date"])
    )
    receivables.loc[rows, "invoice_date"] = swapped[rows]
    found = world.truth("swapped_date", "receivables", "", rows, "dates_out_of_order", "future_date")
    return replace(found, rows=(len(rows), 2 * len(rows)))


def dates_in_another_format(world: World, rng: Rng) -> Truth:
    """Dates as 31.12.2025."""
    rows = _moved(
        world, rng, "receivables", "invoice_date", lambda text: f"{text[8:]}.{text[5:7]}.{text[:4]}"
    )
    return world.truth("wrong_type", "receivables", "invoice_date", rows, "swapped_date")


def _before(world: World, rng: Rng, table: str, column: str, earlier: str) -> Truth:
    """Put the later of two dates before the earlier one."""
    frame = world.frames[table]
    rows = world.pick(table, rng, (frame[column] != "") & (frame[earlier] != ""))
    days = day(frame.loc[rows, earlier]) - pd.to_timedelta(rng.integers(2, 60, len(rows)), unit="D")
    frame.loc[rows, column] = day_text(days)
    return world.truth("dates_out_of_order", table, f"{column} {earlier}", rows)


def paid_before_invoiced(world: World, rng: Rng) -> Truth:
    """Invoices paid before they were written."""
    return _before(world, rng, "receivables", "paid_date", "invoice_date")


def due_before_invoiced(world: World, rng: Rng) -> Truth:
    """Invoices due before they were written."""
    return _before(world, rng, "receivables", "due_date", "invoice_date")


def settled_before_complained(world: World, rng: Rng) -> Truth:
    """Complaints settled before they were made."""
    return _before(world, rng, "feedback", "closed_on", "given_on")


def ended_before_begun(world: World, rng: Rng) -> Truth:
    """Programmes that ended before they began."""
    return _before(world, rng, "programmes", "end_date", "start_date")


def won_before_known(world: World, rng: Rng) -> Truth:
    """Leads won before they came in."""
    return _before(world, rng, "leads", "closed_on", "created_on")


def left_before_joined(world: World, rng: Rng) -> Truth:
    """Contracts of partners that ended before they began."""
    return _before(world, rng, "partners", "contract_end", "contract_start")


def returned_before_ordered(world: World, rng: Rng) -> Truth:
    """Returns dated before the orders they belong to."""
    sales = world.frames["sales"]
    ordered = sales[sales["kind"] == "order"].drop_duplicates("order_id").set_index("order_id")["order_date"]
    origin = sales["original_order_id"].map(ordered)
    first = sales["order_date"].min()
    rows = world.pick(
        "sales", rng, (sales["kind"] == "return") & origin.notna() & (origin > first[:8] + "28")
    )
    days = day(origin[rows]) - pd.to_timedelta(rng.integers(2, 25, len(rows)), unit="D")
    sales.loc[rows, "order_date"] = day_text(days)
    found = world.truth("dates_out_of_order", "sales", "order_date original_order_id", rows)
    return replace(found, rows=(round(0.95 * len(rows)), len(rows)))  # an order may be set aside itself


def _without_month(world: World, rng: Rng, table: str, column: str) -> Truth:
    """A month within the data is not there."""
    months = world.frames[table][column].str[:7]
    counts = months.value_counts()
    inner = sorted(counts.index[counts > counts.median() / 2])[2:-2]
    month = str(rng.choice(inner))
    world.drop(table, months == month)
    return Truth("missing_months", table, tokens=(month,))


def month_of_sales_missing(world: World, rng: Rng) -> Truth:
    """The export of one month was forgotten."""
    return _without_month(world, rng, "sales", "order_date")


def month_of_stock_missing(world: World, rng: Rng) -> Truth:
    """A month of stock was forgotten."""
    found = _without_month(world, rng, "stock", "month")
    return replace(found, others=("stock_balance",))


def month_of_costs_missing(world: World, rng: Rng) -> Truth:
    """A month of costs was forgotten."""
    return _without_month(world, rng, "costs", "month")


def month_of_market_missing(world: World, rng: Rng) -> Truth:
    """A month of the market was forgotten."""
    return _without_month(world, rng, "market", "month")


def _stopped(world: World, rng: Rng, column: str) -> Truth:
    """One of the larger groups of sales ends three months before the others."""
    sales = world.frames["sales"]
    shares = sales.loc[sales[column] != "", column].value_counts(normalize=True)
    group = str(rng.choice(shares.index[shares > 0.04]))
    stop = pd.Timestamp(sales["order_date"].max()) - pd.Timedelta(days=int(rng.integers(80, 130)))
    world.drop("sales", (sales[column] == group) & (sales["order_date"] > f"{stop:%Y-%m-%d}"))
    return Truth("stopped_feed", "sales", (column,), tokens=(group,), others=("missing_months",))


def region_stops(world: World, rng: Rng) -> Truth:
    """A region's branch no longer reports."""
    return _stopped(world, rng, "region")


def channel_feed_stops(world: World, rng: Rng) -> Truth:
    """A platform's feed no longer arrives."""
    return _stopped(world, rng, "channel_type")


def region_pauses(world: World, rng: Rng) -> Truth:
    """A region's branch reported nothing for two months in the middle."""
    sales = world.frames["sales"]
    shares = sales.loc[sales["region"] != "", "region"].value_counts(normalize=True)
    region = str(rng.choice(shares.index[shares > 0.06]))
    months = sorted(sales["order_date"].str[:7].unique())
    first = int(rng.integers(3, len(months) - 5))
    world.drop(
        "sales", (sales["region"] == region) & sales["order_date"].str[:7].isin(months[first : first + 2])
    )
    return Truth("missing_months", "sales", (), tokens=(region,), others=("stopped_feed",))


def _in_utc(texts: pd.Series, zone: str) -> np.ndarray:
    """Midnight in Shanghai, written in the time of Greenwich."""
    moved = day(texts) - pd.Timedelta(hours=8)
    return np.where(texts == "", "", moved.dt.strftime("%Y-%m-%d %H:%M:%S").fillna("") + zone)


def time_stamps_of_another_zone(world: World, rng: Rng) -> Truth:
    """All days are 16:00 of the day before: those of month ends fall into another month."""
    sales = world.frames["sales"]
    rows = world.touch("sales", sales.index)
    sales["order_date"] = _in_utc(sales["order_date"], str(rng.choice(["", "Z", "+00:00"])))
    return _most(world.truth("zone_shift", "sales", "order_date", rows))


def invoices_of_another_zone(world: World, rng: Rng) -> Truth:
    """All invoices are dated 16:00 of the day before, month ends included."""
    receivables = world.frames["receivables"]
    rows = world.touch("receivables", receivables.index)
    receivables["invoice_date"] = _in_utc(receivables["invoice_date"], "")
    return _most(world.truth("zone_shift", "receivables", "invoice_date", rows))


def some_months_of_another_zone(world: World, rng: Rng) -> Truth:
    """From some month on a new system writes the time of Greenwich."""
    sales = world.frames["sales"]
    months = sorted(sales["order_date"].str[:7].unique())
    where = sales["order_date"].str[:7] >= months[int(rng.integers(len(months) // 2, len(months) - 1))]
    rows = world.touch("sales", sales.index[where])
    sales.loc[rows, "order_date"] = _in_utc(sales.loc[rows, "order_date"], "")
    return _most(world.truth("zone_shift", "sales", "order_date", rows))


def _most(found: Truth) -> Truth:
    assert found.rows is not None
    return replace(found, rows=(1, found.rows[1]))
