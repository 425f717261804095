"""What is wrong with single rows is found with its column, rows, money, place and keys; nothing else is."""

import datetime
from decimal import Decimal

import pytest

from tests.store.quality_worlds import Row, company, iso, told


def times(row: Row, factor: Decimal, *columns: str) -> None:
    for column in columns or ("gross_amount", "discount_amount", "net_amount"):
        row[column] = f"{Decimal(row[column]) * factor:f}"


def test_of_a_sound_company_nothing_is_said(judged):
    assert told(judged(company())) == []


def test_a_finding_names_place_keys_money_and_treatment(judged):
    spoiled = company()
    lines = spoiled.orders()[100:106]
    for line in lines:
        line["quantity"] = f"-{line['quantity']}"
    (finding,) = judged(spoiled).findings
    place = 2 + spoiled.tables["sales"].index(lines[0])
    assert (finding.table, finding.rule, finding.column, finding.rows) == ("sales", "sign", "quantity", 6)
    assert finding.amount == sum(Decimal(line["net_amount"]) for line in lines)
    assert finding.sample == f"sales.csv row {place}: '{lines[0]['quantity']}'"
    assert finding.keys == tuple(
        f"order_id={line['order_id']} line_number={line['line_number']}" for line in lines[:5]
    )
    assert (finding.treatment, finding.is_set_aside) == ("flagged", False)


def test_hostile_texts_are_shown_as_data(judged):
    spoiled = company()
    spoiled.orders()[0].update(order_id="a 'b'\n<script>", quantity="-1")
    found = next(f for f in judged(spoiled).findings if f.rule == "sign")
    assert found.keys == ("order_id=\"a 'b'\\n<script>\" line_number=1",)


@pytest.mark.parametrize("factor", [1000, 10_000, 100, Decimal("0.001"), Decimal("0.0001")])
def test_lines_in_another_unit_are_told_once_and_not_as_wrong_sums(judged, factor):
    spoiled = company()
    for line in spoiled.orders()[50:1300:100]:
        times(line, Decimal(factor))
    assert told(judged(spoiled)) == [("sales", "unit_slip", "gross_amount", 13)]


def test_one_amount_in_another_unit_is_told_at_its_column(judged):
    spoiled = company()
    for line in spoiled.orders()[50:1300:100]:
        times(line, Decimal(1000), "net_amount")
    assert told(judged(spoiled)) == [("sales", "unit_slip", "net_amount", 13)]


def test_quantities_in_another_unit_are_told_at_the_quantity(judged):
    spoiled = company()
    for line in spoiled.orders()[50:1300:100]:
        times(line, Decimal(1000), "quantity")
    assert told(judged(spoiled)) == [("sales", "unit_slip", "quantity", 13)]


def test_a_partner_in_dollars_is_told_although_nothing_says_so(judged):
    spoiled = company()
    lines = [line for line in spoiled.orders() if line["partner_id"] == "00003"]
    for line in lines:
        times(line, 1 / Decimal("7.13"))
    assert told(judged(spoiled)) == [("sales", "currency_mix", "gross_amount", len(lines))]


def test_prices_that_spread_like_honest_ones_are_no_slip(judged):
    spread = company()
    for number, line in enumerate(spread.tables["sales"]):
        times(line, Decimal(10) ** (number % 5 - 2))
    assert [f for f in told(judged(spread)) if f[1] in ("unit_slip", "currency_mix")] == []


@pytest.mark.parametrize("factor", [2, 5, Decimal(1) / 12])
def test_a_quantity_that_does_not_fit_price_and_amount_is_told(judged, factor):
    spoiled = company()
    for line in spoiled.orders()[50:1300:100]:
        times(line, Decimal(factor), "quantity")
    assert told(judged(spoiled)) == [("sales", "arithmetic", "quantity", 13)]


def test_a_price_list_that_changes_is_no_mistake(judged):
    changed = company()
    for line in changed.tables["sales"]:
        if line["order_date"] >= iso(715):
            times(line, Decimal("1.05"))
            line["net_amount"] = str(Decimal(line["gross_amount"]) - Decimal(line["discount_amount"]))
    assert told(judged(changed)) == []


def test_amounts_that_do_not_add_up_are_told(judged):
    spoiled = company()
    for line in spoiled.orders()[50:1300:100]:
        times(line, Decimal("1.2"), "net_amount")
    assert told(judged(spoiled)) == [("sales", "arithmetic", "net_amount", 13)]


def test_cents_lost_by_rounding_add_up(judged):
    rounded = company()
    for line in rounded.tables["sales"]:
        line["net_amount"] = f"{Decimal(line['net_amount']) + Decimal('0.01'):f}"
    assert told(judged(rounded)) == []


def test_returns_before_their_order_and_of_no_order_are_told(judged):
    spoiled = company()
    returns = [row for row in spoiled.tables["sales"] if row["kind"] == "return"]
    for row in returns[10:14]:
        row["order_date"] = str(datetime.date.fromisoformat(row["order_date"]) - datetime.timedelta(days=15))
    for row in returns[20:23]:
        row["original_order_id"] = "SO99999"
    assert told(judged(spoiled)) == [
        ("sales", "dates_out_of_order", "order_date", 4),
        ("sales", "unknown", "original_order_id", 3),
    ]


def test_orders_entered_twice_are_told_and_standing_orders_are_not(judged):
    spoiled = company()
    copies = [line | {"order_id": f"X{line['order_id']}"} for line in spoiled.orders()[100:110]]
    weekly = [
        line | {"order_id": f"W{day}", "order_date": iso(day)}
        for day in range(7, 700, 7)
        for line in spoiled.orders()[:2]
    ]
    spoiled.tables["sales"] += [*weekly, *copies]
    assert told(judged(spoiled)) == [("sales", "near_duplicate", "order_id", 10)]


def test_small_orders_that_buyers_repeat_by_chance_are_not_told(judged):
    busy = company()
    line = busy.orders()[0]
    busy.tables["sales"] += [
        line | {"order_id": f"Z{n:04}", "order_date": iso(n * 37 % 730)} for n in range(1500)
    ]
    assert told(judged(busy)) == []


@pytest.mark.parametrize(
    ("table", "rows", "expected"),
    [
        (
            "feedback",
            [{"feedback_id": f"{n}", "given_on": "2025-01-05", "kind": kind, "score": score}
             for n, (kind, score) in enumerate([("csat", "5"), ("csat", "9"), ("nps", "10"), ("nps", "11")])],
            [("feedback", "out_of_range", "score", 2)],
        ),
        (
            "receivables",
            [{"invoice_id": f"{n}", "invoice_date": "2025-01-05", "due_date": due, "paid_date": paid,
              "amount": "5"}
             for n, (due, paid) in enumerate(
                 [("2025-02-04", ""), ("2025-01-01", ""), ("2025-02-04", "2024-12-31")])],
            [("receivables", "dates_out_of_order", "due_date", 1),
             ("receivables", "dates_out_of_order", "paid_date", 1)],
        ),
        (
            "stock",
            [{"partner_id": "00001", "product_id": "A1", "month": f"2025-0{n}-01",
              "opening_quantity": opening, "received_quantity": "5", "sold_quantity": "3",
              "returned_quantity": "0", "closing_quantity": closing}
             for n, (opening, closing) in enumerate(
                 [("10", "12"), ("12", "14"), ("20", "22"), ("22", "30"), ("30", "32")], start=1)],
            [("stock", "stock_balance", "closing_quantity", 1),
             ("stock", "stock_balance", "opening_quantity", 1)],
        ),
        (
            "costs",
            [{"cost_id": f"{n}", "month": "2025-01-01", "cost_type": "staff", "amount": amount}
             for n, amount in enumerate(["5", "-5"])],
            [("costs", "sign", "amount", 1)],
        ),
    ],
)  # fmt: skip
def test_other_tables_are_judged_by_rules_of_their_own(judged, table, rows, expected):
    sound = company()
    sound.tables[table] = rows
    assert told(judged(sound)) == expected


def test_targets_in_ten_thousands_are_told(judged):
    spoiled = company()
    spoiled.tables["targets"] = [
        {
            "target_id": f"T{n}",
            "level": "region",
            "region": ("华东", "华南")[n % 2],
            "window_start": str(datetime.date(2025, 1 + n // 2, 1)),
            "target_amount": "31" if n in (4, 11) else str(300_000 + 7_000 * n),
        }
        for n in range(24)
    ]
    assert told(judged(spoiled)) == [("targets", "unit_slip", "target_amount", 2)]


@pytest.mark.parametrize("largest", ["99999999999999.9999", "-99999999999999.9999"])
def test_amounts_at_the_limit_of_what_can_be_stored_are_counted_and_do_not_stop_the_checks(judged, largest):
    spoiled = company()
    lines = spoiled.orders()[100:103]
    for line in lines:
        line |= dict.fromkeys(("gross_amount", "discount_amount", "net_amount", "quantity"), largest)
    given = sum(Decimal(line["net_amount"]) for line in spoiled.tables["sales"])
    intake = judged(spoiled)
    account = intake.account("sales")
    assert (account.rows_used, account.amount_given) == (len(spoiled.tables["sales"]), given)
    assert any(finding.rule == "arithmetic" and finding.rows == 3 for finding in intake.findings)
