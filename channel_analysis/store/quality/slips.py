"""Amounts and quantities in another unit or currency: clusters at a constant factor of their kind's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...contracts.expected import ADDS_UP, SCALES, UNIT_PRICES
from ...contracts.marks import Mark
from .look import Look, name_of
from .scale import STEPS, Scale, step
from .tally import Tally


@dataclass(frozen=True, slots=True)
class Window:
    """Distances from the centre (in steps) that say a value is in another unit.

    `valley` are the distances between honest values and these: where many lie, nothing is said.
    """

    rule: str
    low: int
    high: int
    valley: tuple[int, int]

    def holds(self, distance: int) -> bool:
        """Whether a distance lies in the window."""
        return self.low <= distance <= self.high


def _both_sides(rule: str, low: int, high: int, valley: tuple[int, int]) -> tuple[Window, Window]:
    return Window(rule, low, high, valley), Window(rule, -high, -low, (-valley[1], -valley[0]))


PRICE_WINDOWS = (
    *_both_sides("currency_mix", 172, 225, (110, 160)),
    *_both_sides("unit_slip", 414, 507, (250, 400)),
    *_both_sides("unit_slip", 645, 737, (250, 600)),
    *_both_sides("unit_slip", 875, 967, (250, 850)),
)
"""Prices of a unit lie close together: 5.6 to 9.5 (yuan to a dollar or euro), 100, 1,000 and 10,000."""

AMOUNT_WINDOWS = _both_sides("unit_slip", 530, 1080, (345, 510))
"""Amounts of one kind spread over an order of magnitude or two: 1,000 and 10,000."""


def slips(look: Look) -> list[Mark]:
    """Marks of amounts and quantities in another unit or currency than their kind's."""
    product, quantity, amounts = _priced(look)
    if amounts:
        return list(_of_prices(look, product, quantity, amounts))
    return [
        mark
        for column, (fine, coarse) in _scales_of(look).items()
        for mark in _of_amounts(look, fine, coarse, column)
    ]


def counted_scales(look: Look) -> list[Tally]:
    """What `slips` must know: the orders of magnitude of amounts, by what they are compared with."""
    product, quantity, amounts = _priced(look)
    if not amounts:
        scales = [scale for of_amount in _scales_of(look).values() for scale in of_amount]
        return list(dict.fromkeys(scale.tally for scale in scales))
    checked = [_sums(look)] if _may_add_up(look) else []
    compared = [name for name in amounts if not (checked and name == "net_amount")]
    return [*checked, *(price_scale(look, product, quantity, name).tally for name in compared)]


def _priced(look: Look) -> tuple[str, str, list[str]]:
    """Whose prices a table has, the column of units, and its amounts; none of a table without units."""
    product, quantity, amounts = UNIT_PRICES.get(look.table.name, ("", "", ()))
    known = [name for name in amounts if name in look.filled]
    return product, quantity, known if amounts and look.holds(product, quantity) else []


def _of_prices(look: Look, product: str, quantity: str, amounts: Sequence[str]) -> Iterator[Mark]:
    """Amounts per unit against their product's; a row is told once, at its first amount or its quantity."""
    earlier: list[Mark] = []
    for amount in amounts:
        if amount == "net_amount" and _adds_up(look):
            continue
        scale = price_scale(look, product, quantity, amount)
        for rule, windows in _clusters(scale, PRICE_WINDOWS, 0.6)[1].items():
            centre, join = scale.keep()
            off = f"({step(scale.value)} - {centre}.centre)"
            odd = Mark(rule, amount, f"({_in_any(off, windows)})", (join,))
            units_off = f"(LN(NULLIF(ABS({name_of(quantity)}), 0)) * {STEPS} - {centre}.size)"
            by_units = f"ABS({units_off} + {off}) < ABS({units_off})"
            if rule == "unit_slip":
                yield from _new(odd, quantity, by_units, earlier)
                yield from _new(odd, amount, f"NOT COALESCE({by_units}, FALSE)", earlier)
            else:
                yield from _new(odd, amount, "TRUE", earlier)
            earlier.append(odd)


def _may_add_up(look: Look) -> bool:
    return look.table.name == "sales" and look.holds(*ADDS_UP["sales"][0][1])


def _adds_up(look: Look) -> bool:
    """Whether every net amount follows from gross and discount: then it is in their unit."""
    return _may_add_up(look) and "odd" not in look.tallied["sums"].texts.to_pylist()


def _sums(look: Look) -> Tally:
    """Net amounts that follow from gross and discount, and those that do not or cannot be told."""
    _, needs, odd = ADDS_UP["sales"][0]
    unknown = " OR ".join(f"{name_of(name)} IS NULL" for name in needs)
    return Tally("sums", f"CASE WHEN {odd} OR {unknown} THEN 'odd' ELSE 'sound' END")


def price_scale(look: Look, product: str, quantity: str, amount: str) -> Scale:
    """Amounts per unit by product."""
    value = f"ABS({name_of(amount)} / NULLIF({name_of(quantity)}, 0))"
    return Scale(look, amount, name_of(product), value, name_of(quantity), 100)


def _new(odd: Mark, column: str, condition: str, earlier: Sequence[Mark]) -> Iterator[Mark]:
    """The mark at a column and under one more condition, for rows that were not told before."""
    told = " OR ".join(mark.condition for mark in earlier) or "FALSE"
    joins = tuple(dict.fromkeys(join for mark in (odd, *earlier) for join in mark.joins))
    yield Mark(odd.rule, column, f"{odd.condition} AND {condition} AND NOT COALESCE({told}, FALSE)", joins)


def _of_amounts(look: Look, fine: Scale, coarse: Scale, column: str) -> Iterator[Mark]:
    for scale in (fine, coarse):
        grouped, found = _clusters(scale, AMOUNT_WINDOWS, 0.9)
        if scale == coarse or grouped >= 0.8 * look.rows:
            for rule, windows in found.items():
                centre, join = scale.keep()
                off = f"({step(scale.value)} - {centre}.centre)"
                yield Mark(rule, column, _in_any(off, windows), (join,))
            return


def _scales_of(look: Look) -> dict[str, tuple[Scale, Scale]]:
    """By amount, the scales of a table without units: one of fine groups and one of coarse ones."""
    fine, coarse, columns = SCALES.get(look.table.name, ((), (), ()))
    return {
        column: (_amount_scale(look, column, fine), _amount_scale(look, column, coarse))
        for column in columns
        if column in look.filled
    }


def _amount_scale(look: Look, column: str, names: Sequence[str]) -> Scale:
    value = f"ABS({name_of(column)})"
    group = _joined_text([name for name in names if name in look.filled])
    return Scale(look, f"{column}_{len(names)}", group, value, value, 345)


def _joined_text(names: Iterable[str]) -> str:
    return " || '|' || ".join(f"COALESCE({name_of(name)}, '')" for name in names) or "''"


def _clusters(
    scale: Scale, windows: Sequence[Window], share: float
) -> tuple[int, Mapping[str, list[Window]]]:
    """How many values have a centre, and windows by rule that hold a cluster apart from the honest values."""
    counts = scale.bins().distances(scale.width)
    bulk = sum(n for off, n in counts.items() if abs(off) <= scale.width)
    found: dict[str, list[Window]] = {}
    total = sum(counts.values())
    if bulk < share * total:
        return total, found
    for window in windows:
        hits = sum(n for off, n in counts.items() if window.holds(off))
        low, high = window.valley
        between = sum(
            n for off, n in counts.items() if low <= off <= high and not any(w.holds(off) for w in windows)
        )
        if hits >= 2 and between <= 0.2 * hits:
            found.setdefault(window.rule, []).append(window)
    return total, found


def _in_any(off: str, windows: Sequence[Window]) -> str:
    return " OR ".join(f"{off} BETWEEN {window.low} AND {window.high}" for window in windows)
