"""A small sound company for the checks: ten partners, six products, two years of orders, written as CSV."""

from __future__ import annotations

import csv
import datetime
import io
from dataclasses import dataclass, field
from decimal import Decimal

from channel_analysis.store.intake import Intake

Row = dict[str, str]

PRICES = {f"A{n}": Decimal(30 + 17 * n) for n in range(6)}
"""Price of a unit by product."""

FIRST_DAY = datetime.date(2024, 1, 1)
DAYS = 731


@dataclass
class Company:
    """Tables as rows of texts; spoil them, then write them."""

    tables: dict[str, list[Row]] = field(default_factory=dict)

    def orders(self) -> list[Row]:
        """The lines of orders."""
        return [row for row in self.tables["sales"] if row["kind"] == "order"]

    def files(self) -> dict[str, str]:
        """Every table as the text of a CSV file."""
        return {f"{name}.csv": _text(rows) for name, rows in self.tables.items()}


def told(intake: Intake) -> list[tuple[str, str, str, int]]:
    """What was found: table, rule, column and rows, in order."""
    return sorted((f.table, f.rule, f.column, f.rows) for f in intake.findings)


def company() -> Company:
    """A company without a fault: orders of two lines every day, a return every ninth day, invoices, stock."""
    sales = [line for day in range(DAYS) for line in _order(day)]
    sales += [_return(day) for day in range(20, DAYS, 9)]
    sales.sort(key=lambda row: row["order_date"])
    partners = [
        {"partner_id": partner(n), "partner_name": f"伙伴{n}号", "region": region(n)} for n in range(10)
    ]
    products = [{"product_id": name, "list_price": str(price)} for name, price in PRICES.items()]
    return Company({"sales": sales, "partners": partners, "products": products})


def partner(number: int) -> str:
    """The number of a partner: five digits with zeros in front."""
    return f"{number % 10 + 1:05}"


def region(number: int) -> str:
    """The region of a partner."""
    return ("华东", "华南", "西南")[number % 3]


def iso(day: int) -> str:
    """A day of the company as text."""
    return str(FIRST_DAY + datetime.timedelta(days=day))


def _order(day: int) -> list[Row]:
    lines = []
    for number in (1, 2):
        product, quantity = f"A{(day * 5 + number * 3) % 6}", 1 + (day * 7 + number) % 40
        lines.append(_line(f"SO{day:05}", number, "order", day, day, product, quantity))
    return lines


def _return(day: int) -> Row:
    before = day - 12
    product, quantity = f"A{(before * 5 + 3) % 6}", 1 + (before * 7 + 1) % 40
    line = _line(f"RT{day:05}", 1, "return", day, before, product, -quantity)
    return line | {"original_order_id": f"SO{before:05}"}


def _line(order: str, number: int, kind: str, day: int, whose: int, product: str, quantity: int) -> Row:
    gross = PRICES[product] * quantity
    discount = (gross * (whose % 8) / 100).quantize(Decimal("0.01"))
    return {
        "order_id": order,
        "line_number": str(number),
        "kind": kind,
        "order_date": iso(day),
        "original_order_id": "",
        "channel_type": ("distributor", "agent")[whose % 2],
        "region": region(whose * 3 % 10),
        "partner_id": partner(whose * 3),
        "product_id": product,
        "quantity": str(quantity),
        "gross_amount": str(gross),
        "discount_amount": str(discount),
        "net_amount": str(gross - discount),
    }


def _text(rows: list[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
