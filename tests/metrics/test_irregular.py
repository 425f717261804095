"""What the search for irregular operations measures: small companies whose sums are known."""

import datetime

import pytest

from channel_analysis.metrics.irregular import digits, ghosts, loads, partners, prices, repeats, reps
from channel_analysis.metrics.irregular.evidence import MOST_ROWS, evidence_rows
from channel_analysis.metrics.irregular.since import payments_since, trade_since
from channel_analysis.metrics.irregular.windows import windows_of
from channel_analysis.metrics.periods import parse_period
from tests.metrics.small_worlds import company, order, partner, returned

FIRST = datetime.date(2025, 1, 1)
WINDOWS = windows_of(parse_period("2025Q3"), 2, 0.1, 30, FIRST)
DAYS = (40, 92)


def rows(frame) -> list[dict]:
    return frame.to_dict("records")


def test_a_window_has_its_last_days_and_the_days_in_which_returns_count():
    now, before = WINDOWS[0], WINDOWS[1]
    assert (now.code, before.code, len(WINDOWS)) == ("2025Q3", "2025Q2", 3)
    assert (now.late, now.end, now.returned) == tuple(
        datetime.date.fromisoformat(day) for day in ("2025-09-21", "2025-10-01", "2025-10-31")
    )


def test_earlier_windows_end_where_the_data_begin():
    assert [w.code for w in windows_of(parse_period("2025Q3"), 8, 0.1, 30, datetime.date(2025, 2, 1))] == [
        "2025Q3",
        "2025Q2",
    ]


def test_days_for_returns_end_with_the_next_period():
    assert windows_of(parse_period("2025-01"), 0, 0.1, 92, FIRST)[0].returned == datetime.date(2025, 3, 1)


def test_the_load_is_what_falls_on_the_last_days(tmp_path):
    ws = company(
        tmp_path,
        sales=[
            order("2025-07-02", 300, partner_id="A", order_id="1"),
            order("2025-07-02", 100, partner_id="A", order_id="1", line_number=2),
            order("2025-09-21", 50, partner_id="A", order_id="2"),
            order("2025-06-30", 70, partner_id="A", order_id="3"),
            returned("2025-09-30", 50, of="2", partner_id="A"),
        ],
    )
    now, before = rows(loads.end_loads(ws.facts().engine, WINDOWS))
    assert (now["window"], now["orders"], now["late_orders"]) == (0, 2, 1)
    assert (now["amount"], now["late_amount"], now["early_squares"]) == (450.0, 50.0, 160_000.0)
    assert (before["window"], before["amount"], before["late_amount"]) == (1, 70.0, 70.0)


def test_returns_belong_to_the_last_days_of_their_orders_when_they_come_soon(tmp_path):
    ws = company(
        tmp_path,
        sales=[
            order("2025-06-25", 90, partner_id="A", order_id="1"),
            order("2025-06-26", 90, partner_id="A", order_id="2"),
            order("2025-06-27", 90, partner_id="A", order_id="3"),
            order("2025-05-01", 90, partner_id="A", order_id="4"),
            returned("2025-07-05", 90, of="1", partner_id="A"),
            returned("2025-07-05", 20, of="2", partner_id="A"),
            returned("2025-09-05", 90, of="3", partner_id="A"),
            returned("2025-07-05", 90, of="4", partner_id="A"),
        ],
    )
    (other,) = rows(loads.other_returns(ws.facts().engine, WINDOWS, 40))
    assert (other["orders"], other["returned_orders"]) == (1, 0)  # it came back after 65 days
    (found,) = rows(loads.late_returns(ws.facts().engine, WINDOWS[1:]))
    assert (found["orders"], found["returned_orders"], found["returned_amount"]) == (3, 1, 90.0)


def test_stock_and_overdue_are_those_of_each_window_s_end(tmp_path):
    ws = company(
        tmp_path,
        sales=[order("2025-09-01", 1)],
        stock=[
            {"partner_id": "A", "product_id": p, "month": m, "closing_quantity": closing, "sold_quantity": 5}
            for p, m, closing in (("X", "2025-08-01", 7), ("X", "2025-09-01", 10), ("Y", "2025-09-01", 20))
        ],
        receivables=[
            {"partner_id": "A", "invoice_date": "2025-07-01", "due_date": "2025-08-01", "amount": 10,
             "paid_date": paid}
            for paid in (None, "2025-10-05", "2025-09-05")
        ],
    )  # fmt: skip
    (stock,) = rows(loads.stock_covers(ws.facts().engine, WINDOWS))
    assert (stock["window"], stock["closing"], stock["sold"]) == (0, 30.0, 10.0)
    (due,) = rows(loads.overdue_shares(ws.facts().engine, WINDOWS))
    assert (due["invoiced"], due["overdue"]) == (30.0, 20.0)


PRODUCTS = [{"product_id": "X", "floor_price": 10, "list_price": 20}]


def test_lines_below_the_floor_are_counted_unless_in_a_promotion(tmp_path):
    sold = {"product_id": "X", "quantity": 10, "rep_id": "S", "partner_id": "A"}
    ws = company(
        tmp_path,
        products=PRODUCTS,
        sales=[
            order("2025-08-01", 90, promotion_id=None, **sold),
            order("2025-08-02", 99.95, promotion_id=None, **sold),
            order("2025-08-03", 60, promotion_id="SALE", **sold),
            order("2025-08-04", 120, promotion_id=None, **sold),
            order("2025-06-04", 60, promotion_id=None, **sold),
        ],
    )
    (found,) = rows(prices.below_floor(ws.facts().engine, WINDOWS[0], 0.001))
    assert (found["line_count"], found["in_promotion"], found["found"], found["money"]) == (3, 1, 1, 10.0)


def test_discounts_beyond_the_rep_s_authority_are_counted_with_the_excess(tmp_path):
    ws = company(
        tmp_path,
        staff=[{"staff_id": "S", "discount_authority": 0.2}],
        sales=[
            order("2025-08-01", 70, gross_amount=100, discount_amount=30, rep_id="S"),
            order("2025-08-01", 80, gross_amount=100, discount_amount=20, rep_id="S"),
        ],
    )
    (found,) = rows(prices.beyond_authority(ws.facts().engine, WINDOWS[0], 0.001))
    assert (found["found"], found["line_count"], found["money"]) == (1, 2, 10.0)


def basket(number: str, day: str, *products: str, **more) -> list[dict]:
    return [
        order(day, 10 * (n + 1), order_id=number, line_number=n + 1, product_id=p, quantity=n + 1, **more)
        for n, p in enumerate(products)
    ]


def test_an_order_that_repeats_the_day_before_s_line_by_line_is_found(tmp_path):
    ws = company(
        tmp_path,
        sales=[
            *basket("1", "2025-08-01", "X", "Y", partner_id="A", customer_id=None),
            *basket("2", "2025-08-02", "X", "Y", partner_id="A", customer_id=None),
            *basket("3", "2025-08-02", "X", "Z", partner_id="A", customer_id=None),
            *basket("4", "2025-08-02", "X", "Y", partner_id="B", customer_id=None),
            *basket("5", "2025-08-12", "X", "Y", partner_id="B", customer_id=None),
        ],
    )
    engine = ws.facts().engine
    (pair,) = rows(repeats.repeated_orders(engine, WINDOWS))
    assert (pair["order_id"], pair["repeats"], pair["gap"], pair["amount"]) == ("2", "1", 1, 30.0)
    (counts,) = rows(repeats.repeat_counts(engine, WINDOWS))
    assert (counts["orders"], counts["near"], counts["far"], counts["is_habit"]) == (5, 1, 1, False)


def test_an_order_entered_anew_after_it_was_cancelled_is_no_repeat(tmp_path):
    cancelled = [
        returned("2025-08-01", 10, order_id="C", product_id="X", quantity=-1, partner_id="A"),
        returned("2025-08-01", 20, order_id="C", line_number=2, product_id="Y", quantity=-2, partner_id="A"),
    ]
    ws = company(
        tmp_path,
        sales=[
            *basket("1", "2025-08-01", "X", "Y", partner_id="A"),
            *basket("2", "2025-08-01", "X", "Y", partner_id="A"),
            *cancelled,
        ],
    )
    assert rows(repeats.repeated_orders(ws.facts().engine, WINDOWS)) == []


def test_orders_of_the_last_days_that_come_back_whole_or_are_passed_over_in_payment(tmp_path):
    bill = {"partner_id": "A", "due_date": "2025-07-10"}
    ws = company(
        tmp_path,
        sales=[
            order("2025-06-28", 90, partner_id="A", order_id="back"),
            order("2025-06-29", 80, partner_id="A", order_id="unpaid"),
            order("2025-06-29", 70, partner_id="A", order_id="paid"),
            order("2025-05-01", 60, partner_id="A", order_id="early"),
            returned("2025-07-05", 90, of="back", partner_id="A"),
        ],
        receivables=[
            bill | {"invoice_date": "2025-06-29", "amount": 80, "paid_date": None},
            bill | {"invoice_date": "2025-06-29", "amount": 70, "paid_date": "2025-07-20"},
            bill | {"invoice_date": "2025-07-03", "amount": 5, "paid_date": "2025-08-01"},
        ],
    )
    engine = ws.facts().engine
    found = ghosts.ghost_orders(engine, WINDOWS[1], DAYS, with_invoices=True)
    assert found[["order_id", "fate"]].values.tolist() == [["back", "whole"], ["unpaid", "unpaid"]]
    other, late = rows(ghosts.ghost_counts(engine, WINDOWS[1:], DAYS, with_invoices=True))
    assert (other["is_late"], other["orders"], other["whole"]) == (False, 1, 0)
    assert (late["orders"], late["whole"], late["billed"], late["unpaid"]) == (3, 1, 2, 1)
    without = ghosts.ghost_orders(engine, WINDOWS[1], DAYS, with_invoices=False)
    assert without["order_id"].tolist() == ["back"]


def test_goods_outside_the_authorised_region_are_counted_and_valued(tmp_path):
    ws = company(
        tmp_path,
        sales=[order("2025-08-01", 1, partner_id="A")],
        products=PRODUCTS,
        partners=[partner("A", authorised_region="East"), partner("B", authorised_region=None)],
        sell_out=[
            {"partner_id": who, "sold_on": "2025-08-01", "product_id": "X", "quantity": 2, "amount": amount,
             "destination_region": region}
            for who, region, amount in (
                ("A", "East", 30), ("A", "West", 50), ("A", "West", None), ("A", None, 9), ("B", "West", 9)
            )
        ],
    )  # fmt: skip
    (found,) = rows(partners.destinations(ws.facts().engine, WINDOWS[0]))
    assert (found["partner_id"], found["reports"], found["outside"]) == ("A", 3, 2)
    assert (found["amount"], found["outside_amount"]) == (120.0, 90.0)


def test_traces_are_counted_beside_the_orders(tmp_path):
    ws = company(
        tmp_path,
        sales=[
            order("2025-08-01", 5, partner_id="A"),
            order("2025-02-01", 7, partner_id="A"),
            order("2025-08-01", 9, partner_id="B"),
        ],
        visits=[
            {"visit_id": n, "partner_id": "A", "planned_on": "2025-08-01", "done_on": done}
            for n, done in enumerate(("2025-08-01", None))
        ],
    )
    one, other = rows(partners.traces(ws.facts().engine, WINDOWS, ["visits", "feedback"]))
    assert (one["orders"], one["amount"], one["amount_now"], one["visits"]) == (2, 12.0, 5.0, 1)
    assert (other["partner_id"], other["visits"], other["feedback"]) == ("B", 0, 0)


def test_orders_around_a_limit_fall_into_bands(tmp_path):
    amounts = (980, 951, 949, 850, 849, 1000, 1099, 1100)
    ws = company(tmp_path, sales=[order("2025-08-01", amount, rep_id="S") for amount in amounts])
    (found,) = rows(reps.around_limits(ws.facts().engine, WINDOWS, [1000.0], 0.05))
    assert (found["below"], found["left_count"], found["right_count"]) == (2, 2, 2)
    assert found["money"] == 1931.0


def test_discounts_around_the_authority_fall_into_bands(tmp_path):
    discounts = (20, 19.5, 18.9, 17.5, 16.9, 20.5, 22.5)
    ws = company(
        tmp_path,
        staff=[{"staff_id": "S", "discount_authority": 0.2}],
        sales=[
            order("2025-08-01", 100 - d, gross_amount=100, discount_amount=d, rep_id="S") for d in discounts
        ],
    )
    (found,) = rows(reps.around_authority(ws.facts().engine, WINDOWS, 0.01))
    assert (found["below"], found["left_count"], found["right_count"]) == (2, 2, 1)


def test_concentration_names_the_largest_buyer_and_sums_squares(tmp_path):
    ws = company(
        tmp_path,
        sales=[
            order("2025-08-01", 30, rep_id="S", partner_id="A", customer_id=None),
            order("2025-08-01", 30, rep_id="S", partner_id="A", customer_id=None),
            order("2025-08-02", 40, rep_id="S", partner_id=None, customer_id="C"),
        ],
    )
    (found,) = rows(reps.concentrations(ws.facts().engine, WINDOWS))
    assert (found["buyers"], found["top_buyer"], found["top_is_partner"]) == (2, "A", True)
    assert (found["orders"], found["amount"], found["top_amount"]) == (3, 100.0, 60.0)
    assert (found["buyer_squares"], found["day_squares"], found["days"]) == (5200.0, 5200.0, 2)


def test_first_digits_go_by_decade(tmp_path):
    ws = company(tmp_path, sales=[order("2025-08-01", a, rep_id="S") for a in (9.99, 10, 19, 123, 0.5)])
    found = digits.first_digits(ws.facts().engine, WINDOWS)
    assert found[["digit", "decade", "orders"]].values.tolist() == [[1, 1, 2], [1, 2, 1], [9, 0, 1]]


def test_evidence_names_rows_by_their_keys_the_largest_first(tmp_path):
    ws = company(
        tmp_path, sales=[order("2025-09-25", n + 1, partner_id="it's", order_id=n) for n in range(60)]
    )
    found = evidence_rows(
        ws.facts().engine, "stuffing", ["partner it's"], WINDOWS, (0.0, 0.0), (*DAYS, False)
    )
    assert len(found) == MOST_ROWS
    assert found.loc[0, ["subject", "table", "keys", "amount"]].tolist() == [
        "partner it's", "sales", "order_id=59", 60.0,
    ]  # fmt: skip


@pytest.mark.parametrize("column", ["partner_id", "rep_id"])
def test_trade_since_a_day_adds_orders_and_returns_after_it(tmp_path, column):
    who = {"partner_id": "A", "rep_id": "A"}
    ws = company(
        tmp_path,
        sales=[
            order("2025-08-01", 5, **who),
            order("2025-08-02", 7, **who),
            returned("2025-08-03", 2, **who),
            order("2025-09-30", 9, **who),
        ],
    )
    days = datetime.date(2025, 8, 1), datetime.date(2025, 8, 31)
    (found,) = rows(trade_since(ws.facts().engine, column, "A", *days))
    assert found == {"orders_amount": 7.0, "returned_amount": 2.0}


def test_payments_since_a_day_are_of_what_was_owed_on_it(tmp_path):
    bill = {"partner_id": "A", "due_date": "2025-08-15"}
    ws = company(
        tmp_path,
        sales=[order("2025-08-01", 5)],
        receivables=[
            bill | {"invoice_date": "2025-07-01", "amount": 10, "paid_date": "2025-08-20"},
            bill | {"invoice_date": "2025-08-05", "amount": 20, "paid_date": "2025-08-20"},
            bill | {"invoice_date": "2025-07-01", "amount": 40, "paid_date": None},
        ],
    )
    (found,) = rows(
        payments_since(ws.facts().engine, "A", datetime.date(2025, 8, 1), datetime.date(2025, 8, 31))
    )
    assert found == {"paid_amount": 10.0, "overdue_amount": 40.0}
