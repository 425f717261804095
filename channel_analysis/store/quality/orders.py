"""Orders alike in everything but their number, and invoices alike; more often than chance would have it."""

from __future__ import annotations

import pyarrow.compute as pc

from ...contracts.expected import ALIKE
from ...contracts.marks import Mark
from .look import Look, name_of

MANY_LINES = 3
"""Orders of so many lines are not alike by chance, also when they are some days apart."""

FEWEST_COPIES = 2
"""One pair of invoices alike among thousands is chance."""

_BUYER = "COALESCE(t.partner_id, t.customer_id)"
_BASKET = (
    "MIN(t.order_date) AS day, MIN(t.partner_id) AS partner, MIN(t.customer_id) AS customer, "
    "COUNT(*) AS line_count, SUM(t.net_amount) AS amount, SUM(t.quantity) AS units, "
    "MIN(t.product_id) AS product, MAX(t.product_id) AS last_product, "
    "MAX(t.net_amount) AS largest, MIN(t.net_amount) AS smallest"
)
_SAME = "partner, customer, line_count, amount, units, product, last_product, largest, smallest"


def copied_orders(look: Look) -> list[Mark]:
    """Whole orders with buyer and lines of another on the same day; of many lines, also on the day before.

    Buyers repeat small orders honestly: their copies are only told when there are clearly more on
    one day than those some days apart let expect.
    """
    buyers = {"partner_id", "customer_id"} & look.filled
    if look.table.name != "sales" or not buyers or not look.holds("order_id", "product_id", "quantity"):
        return []
    twins, found = look.keep("twins", _twins_sql(look))
    few = found.filter(pc.invert(found["is_many"]))
    on_one_day = pc.sum(pc.equal(few["first_day"], few["last_day"])).as_py() or 0
    takes_few = on_one_day > 2 + 3 * (len(few) - on_one_day)
    if len(few) == len(found) and not takes_few:
        return []
    is_copy = f"gap = 0 OR (gap = 1 AND line_count >= {MANY_LINES})"
    alike = _alike_sql(look, twins, "TRUE" if takes_few else "is_many")
    copies, found = look.keep("copies", f"SELECT order_id FROM ({alike}) AS a WHERE {is_copy}")
    if not len(found):
        return []
    joins = f"LEFT JOIN {copies} AS copied ON copied.order_id = t.order_id"
    return [Mark("near_duplicate", "order_id", "copied.order_id IS NOT NULL AND t.kind = 'order'", (joins,))]


def _amounts_sql(look: Look) -> str:
    """Every order of a known buyer with its day, lines and amount; without those of several days."""
    return (
        f"SELECT t.order_id, MIN(t.order_date) AS day, MIN({_BUYER}) AS buyer, COUNT(*) AS line_count, "
        "SUM(t.net_amount) AS amount, MAX(t.net_amount) AS largest "
        f"FROM {look.view} AS t WHERE t.kind = 'order' AND {_BUYER} IS NOT NULL "
        "GROUP BY t.order_id HAVING MIN(t.order_date) = MAX(t.order_date)"
    )


def _twins_sql(look: Look) -> str:
    """Buyers and amounts of several orders: of few lines in a pair of days, of more lines ever.

    In pairs of days as many pairs of orders lie on both days as on one of them, if chance alone decides.
    """
    is_many = f"line_count >= {MANY_LINES}"
    pair = f"CASE WHEN NOT ({is_many}) THEN FLOOR(DATE_DIFF('day', DATE '2000-01-01', day) / 2e0) END"
    return (
        f"SELECT buyer, amount, largest, {is_many} AS is_many, MIN(day) AS first_day, MAX(day) AS last_day "
        f"FROM ({_amounts_sql(look)}) AS o "
        f"GROUP BY buyer, amount, largest, line_count, {pair} HAVING COUNT(*) > 1"
    )


def _alike_sql(look: Look, twins: str, which: str) -> str:
    """Orders with an equal basket before them, and how many days before; in the order of days and rows."""
    place = "MIN(t._block) AS block, MIN(t._file) AS file, MIN(t._row) AS line"
    wanted = f"SELECT DISTINCT buyer, largest FROM {twins} WHERE {which}"
    likely_ids = (
        f"SELECT t.order_id FROM {look.view} AS t INNER JOIN ({wanted}) AS w "
        f"ON w.buyer = {_BUYER} AND w.largest = t.net_amount WHERE t.kind = 'order'"
    )
    orders = (
        f"SELECT t.order_id, MIN({_BUYER}) AS buyer, {place}, {_BASKET} FROM {look.view} AS t "
        f"WHERE t.kind = 'order' AND t.order_id IN ({likely_ids}) GROUP BY t.order_id "
        "HAVING MIN(t.order_date) = MAX(t.order_date)"
    )
    likely = (
        f"SELECT o.* FROM ({orders}) AS o INNER JOIN "
        f"(SELECT DISTINCT buyer, amount FROM {twins} WHERE {which}) AS w "
        "ON w.buyer = o.buyer AND w.amount = o.amount"
    )
    before = f"LAG(day) OVER (PARTITION BY {_SAME} ORDER BY day, block, file, line, order_id)"
    return (
        f"SELECT order_id, line_count, DATE_DIFF('day', before, day) AS gap FROM "
        f"(SELECT order_id, line_count, day, {before} AS before FROM ({likely}) AS l) AS s "
        "WHERE before IS NOT NULL"
    )


def copied_rows(look: Look) -> list[Mark]:
    """Rows of other tables that are alike in all that matters, such as invoices entered twice.

    Amounts that also stand at other dates (a standing order, a rent) are alike honestly.
    """
    columns = ALIKE.get(look.table.name, ())
    used = [column for column in columns if column in look.filled]
    if not used or not {"partner_id", "customer_id"} & set(used):
        return []
    same = ", ".join(f"t.{name}" for name in used)
    key = ", ".join(f"t.{name}" for name in look.table.key)
    place = f"ROW_NUMBER() OVER (PARTITION BY {same} ORDER BY t._block, t._file, t._row, {key}) AS place"
    someone = "COALESCE(" + ", ".join(f"t.{n}" for n in used if n.endswith("_id")) + ") IS NOT NULL"
    usual = ", ".join(f"t.{name}" for name in used if not name.endswith("_date"))
    again = f"COUNT(*) OVER (PARTITION BY {usual}) AS ever, COUNT(*) OVER (PARTITION BY {same}) AS alike"
    ranked = f"SELECT {key}, {place}, {again} FROM {look.view} AS t WHERE {someone}"
    keys = ", ".join(look.table.key)
    copies, found = look.keep(
        "copies", f"SELECT {keys} FROM ({ranked}) AS r WHERE place > 1 AND ever = alike"
    )
    if len(found) < FEWEST_COPIES or len(found) > 0.1 * look.rows:
        return []
    first = look.table.key[0]
    joins = f"LEFT JOIN {copies} AS copied ON copied.{first} = {name_of(first)}"
    return [Mark("near_duplicate", first, f"copied.{first} IS NOT NULL", (joins,))]
