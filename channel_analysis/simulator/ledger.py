"""Book a month: number its orders and returns, and give the rows of the sales table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .company import CHANNEL_NAMES, PRODUCT_IDS, REGIONS
from .draw import Flags, Ints
from .files import Coded, Columns, Numbered
from .lines import Lines
from .orders import Heads
from .returns import Returns
from .world import World

_LINE_NUMBERS = [str(number + 1) for number in range(20)]
ORDER_WIDTH = 9


@dataclass(slots=True)
class Month:
    """Orders of a month in the order of their numbers, their lines, and the returns that came in it.

    `marked` holds the places of irregular orders by rule; `twins` the places of the orders that those
    entered twice repeat.
    """

    heads: Heads
    lines: Lines
    order: Ints
    returns: Returns
    first_return: int
    marked: dict[int, Ints]
    twins: Ints


def in_order(
    heads: Heads, lines: Lines, first: int, wanted: list[Ints]
) -> tuple[Heads, Lines, Ints, list[Ints]]:
    """Leave out empty orders and number the others by day; `wanted` places of orders are carried over."""
    count = np.bincount(lines.head, minlength=len(heads.day))
    filled = np.flatnonzero(count)
    order = filled[np.lexsort((heads.key[filled], heads.day[filled]))]
    place = np.full(len(count), -1)
    place[order] = np.arange(len(order))
    start = np.cumsum(count) - count
    size = count[order]
    within = np.arange(int(size.sum())) - np.repeat(np.cumsum(size) - size, size)
    by_head = np.argsort(lines.head, kind="stable")
    sorted_lines = lines.take(by_head[np.repeat(start[order], size) + within])
    sorted_lines.head = np.repeat(np.arange(len(order)), size)
    carried = [found[found >= 0] for found in (place[one] for one in wanted)]
    return heads.take(order), sorted_lines, first + np.arange(len(order)), carried


def sales_rows(world: World, month: Month) -> Columns:
    """The contract's sales of a month: orders by number, then returns by day."""
    heads, lines, back = month.heads, month.lines, month.returns
    account = np.concatenate([heads.account[lines.head], back.account])
    count, returned = len(lines.head), len(back.order)
    is_return: Flags = np.arange(count + returned) >= count
    number = np.concatenate([month.order[lines.head], month.first_return + np.arange(returned)])
    gross = np.concatenate([lines.gross, -back.gross])
    discount = np.concatenate([lines.discount, -back.discount])
    none = np.full(count, -1)
    return {
        "order_id": Numbered("SO", number, ORDER_WIDTH, "RT", is_return),
        "line_number": Coded(np.concatenate([lines.number, back.order * 0]), _LINE_NUMBERS),
        "kind": Coded(is_return.astype(np.int64), ("order", "return")),
        "order_date": np.concatenate([heads.day[lines.head], back.day]),
        "original_order_id": Numbered("SO", np.concatenate([none, back.order]), ORDER_WIDTH),
        "channel_type": Coded(world.accounts.channel[account], CHANNEL_NAMES),
        "region": Coded(world.accounts.region[account], REGIONS),
        "partner_id": Numbered("P", world.partner[account], 5),
        "rep_id": Numbered("S", np.concatenate([heads.rep[lines.head], back.rep]), 3),
        "customer_id": Numbered("C", np.concatenate([heads.customer[lines.head], back.customer]), 6),
        "product_id": Coded(np.concatenate([lines.product, back.product]), PRODUCT_IDS),
        "promotion_id": Coded(
            np.concatenate([heads.promotion[lines.head], back.order * 0 - 1]), world.calendar.promotion_ids
        ),
        "quantity": np.concatenate([lines.quantity, -back.quantity]),
        "gross_amount": gross,
        "discount_amount": discount,
        "net_amount": gross - discount,
        "cost_amount": np.concatenate([lines.cost, -back.cost]),
    }
