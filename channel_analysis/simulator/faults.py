"""Write a month of sales, with faults of data where they are planted: repeated, empty and unknown."""

from __future__ import annotations

import numpy as np

from .company import DIRECT, PRODUCT_IDS
from .draw import Ints
from .files import ABSENT, Coded, Output, number_text, taken
from .ledger import ORDER_WIDTH, Month, sales_rows
from .returns import Returns
from .world import World

_REPEATED, _WITHOUT_NET, _UNKNOWN = 12, 6, 9
_UNKNOWN_IDS = ("rice_cooker", "gift_set", "sample_unit")


def write_sales(
    world: World, month: int, booked: Month, drawn: Returns, output: Output
) -> dict[str, list[str]]:  # fmt: skip
    """Write the rows of a month; gives the orders of those spoilt, by kind of fault.

    Only direct lines of the last complete quarter's second month are spoilt, of orders nothing comes back of.
    """
    rows = dict(sales_rows(world, booked))
    quarters = world.calendar.quarters()
    if not world.dials.faults or not quarters or month != quarters[-1] + 1:
        output.add("sales", rows)
        return {}
    repeated, empty, unknown = _chosen(world, booked, drawn)
    net = np.array(rows["net_amount"])
    net[empty] = ABSENT
    product = rows["product_id"]
    assert isinstance(product, Coded)
    codes = product.codes.copy()
    codes[unknown] = len(PRODUCT_IDS) + np.arange(len(unknown)) % len(_UNKNOWN_IDS)
    rows |= {"net_amount": net, "product_id": Coded(codes, [*PRODUCT_IDS, *_UNKNOWN_IDS])}
    output.add("sales", rows)
    output.add("sales", taken(rows, repeated))
    orders = booked.order[booked.lines.head]
    return {
        name: [number_text("SO", int(order), ORDER_WIDTH) for order in orders[lines]]
        for name, lines in (("repeated", repeated), ("without_net", empty), ("unknown_product", unknown))
    }


def _chosen(world: World, booked: Month, drawn: Returns) -> tuple[Ints, Ints, Ints]:
    """Places of the lines to spoil, none of them twice."""
    direct = np.isin(world.accounts.channel[booked.heads.account], DIRECT)
    spoilable = (direct & ~np.isin(booked.order, drawn.order))[booked.lines.head]
    lines = np.flatnonzero(spoilable)
    lines = lines[np.argsort(world.dice.bits("faults", lines), kind="stable")]
    wanted = [round(count * world.dials.faults) for count in (_REPEATED, _WITHOUT_NET, _UNKNOWN)]
    ends = np.cumsum(wanted)
    repeated, empty, unknown = np.split(lines[: ends[-1]], ends[:-1])
    return np.sort(repeated), np.sort(empty), np.sort(unknown)
