"""A made-up company of any size: sales lines written month by month as Parquet, small tables beside them.

Everything about an order follows from its number, so months are made one by one, returns know what
they return, and the same arguments give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from .beside import (
    CUSTOMERS,
    DIRECT,
    MONTHS,
    PARTNERS,
    PRODUCTS,
    REGIONS,
    REPS,
    TYPES,
    month_start,
    names_of,
    region_of,
    small_tables,
    type_of,
)

SETTINGS = """
[company]
name = "Example"
language = "en"

[duckdb]
memory_limit = "1GB"
"""

SLICE = 250_000
"""Lines made at a time, so that memory does not grow with the company."""

Numbers = NDArray[np.int64]


def write_company(folder: Path, lines: int, seed: int = 7) -> Path:
    """Make a workspace whose sales hold `lines` lines; gives its folder."""
    raw = folder / "data" / "raw"
    raw.mkdir(parents=True)
    (folder / "workspace.toml").write_text(SETTINGS, encoding="utf-8")
    for name, table in small_tables(seed).items():
        pq.write_table(table, raw / f"{name}.parquet", compression="zstd")
    sales, options = Sales(lines, seed), {"store_decimal_as_integer": True}
    for month in range(MONTHS):
        target = raw / "sales" / f"month={month_start(month):%Y-%m}"
        target.mkdir(parents=True)
        with pq.ParquetWriter(target / "lines.parquet", SCHEMA, compression="zstd", **options) as writer:
            for table in sales.of_month(month):
                writer.write_table(table)
    return folder


class Sales:
    """The sales lines: every month an equal share of orders, and one return for 24 lines sold."""

    def __init__(self, lines: int, seed: int) -> None:
        self.seed = np.uint64(seed)
        ends = [lines * (month + 1) // MONTHS for month in range(MONTHS)]
        counts = np.diff([0, *ends])
        self.sold = counts * 24 // 25 // 5 * 5  # five lines are two orders; none reaches into the next month
        self.returned = counts - self.sold
        self.first = np.concatenate([[0], np.cumsum(self.sold)])

    def of_month(self, month: int) -> Iterator[pa.Table]:
        """A month's lines, by day, in slices."""
        for start in range(0, self.sold[month], SLICE):
            place = np.arange(start, min(start + SLICE, self.sold[month]), dtype=np.int64)
            yield self._sold(month, place)
        yield self._returned(month)

    def _sold(self, month: int, place: Numbers) -> pa.Table:
        line = place + self.first[month]
        order = line * 2 // 5
        number = line - (order * 5 + 1) // 2 + 1
        day = self._days(month, place - number + 1, self.sold[month])
        kept = {"order_id": _ids(order), "line_number": _texts(number), "kind": _same("order", len(line))}
        kept["original_order_id"] = pa.nulls(len(line), pa.string())
        return _table(kept, day, self._about(line, order), 1)

    def _returned(self, month: int) -> pa.Table:
        """Returns of lines sold since the month before began, up to the day of the return."""
        count = self.returned[month]
        place = np.arange(count, dtype=np.int64)
        lowest = self.first[max(month - 1, 0)]
        sold_by_then = self.first[month] + place * self.sold[month] // count
        number = place + month * 10**9
        line = lowest + self._any(number, 1) % np.maximum(sold_by_then - lowest, 1)
        order = line * 2 // 5
        kept = {
            "order_id": _ids(number, "R"),
            "line_number": _same("1", count),
            "kind": _same("return", count),
        }
        kept["original_order_id"] = _ids(order)
        return _table(kept, self._days(month, place, count), self._about(line, order), -1)

    def _days(self, month: int, place: Numbers, count: int) -> Numbers:
        """Days since 1970: the month's lines spread evenly over its days."""
        first, after = (np.datetime64(month_start(m), "D").astype(np.int64) for m in (month, month + 1))
        return first + place * (after - first) // count

    def _any(self, number: Numbers, salt: int) -> Numbers:
        """Numbers from 0 to 2^62 that look random and depend on nothing but their arguments."""
        with np.errstate(over="ignore"):
            mixed = number.astype(np.uint64) * np.uint64(64) + np.uint64(salt) + (self.seed << np.uint64(56))
            mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(2)).astype(np.int64)

    def _about(self, line: Numbers, order: Numbers) -> dict[str, Numbers]:
        """Who sold what to whom, -1 for nobody, and the amounts in cents."""
        is_direct = self._any(order, 2) % 100 < 45
        partner = (PARTNERS * ((self._any(order, 3) % 10**6) / 10**6) ** 1.5).astype(np.int64)
        month = np.searchsorted(self.first, line, side="right") - 1
        partner += (partner % 20 == 7) & (month > 26 + partner % 8)  # these stopped; a neighbour sells on
        own_type, own_region = self._any(order, 4) % len(DIRECT), self._any(order, 5) % len(REGIONS)
        product, quantity = self._any(line, 6) % PRODUCTS, 1 + self._any(line, 7) % 12
        gross = quantity * (500 + product * 731 % 40_000)
        discount = gross * (self._any(line, 8) % 16) // 100
        return {
            "channel_type": np.where(is_direct, own_type, type_of(partner)),
            "region": np.where(is_direct, own_region, region_of(partner)),
            "partner_id": np.where(is_direct, -1, partner),
            "rep_id": self._any(order, 9) % REPS,
            "customer_id": np.where(is_direct, self._any(order, 10) % CUSTOMERS, -1),
            "product_id": product,
            "quantity": quantity * 100,
            "gross_amount": gross,
            "discount_amount": discount,
            "net_amount": gross - discount,
            "cost_amount": np.where(self._any(line, 11) % 50 == 0, -1, gross * (55 + product % 20) // 100),
        }


_NAMES = {
    "channel_type": pa.array(TYPES),
    "region": pa.array(REGIONS),
    "partner_id": names_of("P", np.arange(PARTNERS), 4),
    "rep_id": names_of("S", np.arange(REPS), 3),
    "customer_id": names_of("C", np.arange(CUSTOMERS), 6),
    "product_id": names_of("A", np.arange(PRODUCTS), 3),
}
_AMOUNTS = ("quantity", "gross_amount", "discount_amount", "net_amount", "cost_amount")
_TEXTS = ("order_id", "line_number", "kind", "original_order_id")
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in _TEXTS),
        ("order_date", pa.date32()),
        *((name, pa.string()) for name in _NAMES),
        *((name, pa.decimal128(18, 4)) for name in _AMOUNTS),
    ]
)


def _table(kept: dict[str, pa.Array], day: Numbers, about: dict[str, Numbers], sign: int) -> pa.Table:
    columns = {**kept, "order_date": pa.array(day.astype(np.int32), pa.date32())}
    for name, options in _NAMES.items():
        found = pa.array(about[name], mask=about[name] < 0)
        columns[name] = pc.take(options, found)
    for name in _AMOUNTS:
        columns[name] = _amounts(sign * about[name], about[name] < 0)
    return pa.table([columns[name] for name in SCHEMA.names], schema=SCHEMA)


def _amounts(cents: Numbers, unknown: NDArray[np.bool_]) -> pa.Array:
    """Exact decimals of four places: the low and the high half of each 128-bit number."""
    halves = np.stack([cents * 100, cents >> 63], axis=1)
    known = pa.array(~unknown).buffers()[1]
    return pa.Array.from_buffers(pa.decimal128(18, 4), len(cents), [known, pa.py_buffer(halves.tobytes())])


def _ids(number: Numbers, letter: str = "O") -> pa.Array:
    digits = pc.utf8_lpad(pc.cast(pa.array(number), pa.string()), 11, "0")
    return pc.binary_join_element_wise(letter, digits, "")


def _texts(number: Numbers) -> pa.Array:
    return pc.cast(pa.array(number), pa.string())


def _same(text: str, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(text), int(count))
