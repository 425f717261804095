"""Amounts and quantities in another unit or currency: clusters at a constant factor of their kind's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...contracts.expected import ADDS_UP, SCALES, UNIT_PRICES
from ...contracts.marks import Mark
from .look import Look, name_of

STEPS = 100
"""Values are compared by their natural logarithm, in steps of a hundredth: one per cent."""

FEWEST = 3
"""A group of so many values has a centre."""


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
    product, quantity, amounts = UNIT_PRICES.get(look.table.name, ("", "", ()))
    if amounts and look.holds(product, quantity):
        return list(_of_prices(look, product, quantity, [name for name in amounts if name in look.filled]))
    fine, coarse, columns = SCALES.get(look.table.name, ((), (), ()))
    return [
        mark
        for column in columns
        if column in look.filled
        for mark in _of_amounts(look, fine, coarse, column)
    ]


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


def _adds_up(look: Look) -> bool:
    """Whether every net amount follows from gross and discount: then it is in their unit."""
    _, needs, odd = ADDS_UP["sales"][0]
    if not look.holds(*needs):
        return False
    unknown = " OR ".join(f"{name_of(name)} IS NULL" for name in needs)
    rows = look.ask(f"SELECT COUNT(*) AS n FROM {look.view} AS t WHERE {odd} OR {unknown}")
    return not rows[0]["n"]


def price_scale(look: Look, product: str, quantity: str, amount: str) -> Scale:
    """Amounts per unit by product."""
    value = f"ABS({name_of(amount)} / NULLIF({name_of(quantity)}, 0))"
    return Scale(look, amount, name_of(product), value, name_of(quantity), 100)


def _new(odd: Mark, column: str, condition: str, earlier: Sequence[Mark]) -> Iterator[Mark]:
    """The mark at a column and under one more condition, for rows that were not told before."""
    told = " OR ".join(mark.condition for mark in earlier) or "FALSE"
    joins = tuple(dict.fromkeys(join for mark in (odd, *earlier) for join in mark.joins))
    yield Mark(odd.rule, column, f"{odd.condition} AND {condition} AND NOT COALESCE({told}, FALSE)", joins)


def _of_amounts(look: Look, fine: Sequence[str], coarse: Sequence[str], column: str) -> Iterator[Mark]:
    value = f"ABS({name_of(column)})"
    for names in (fine, coarse):
        group = _joined_text([name for name in names if name in look.filled])
        scale = Scale(look, f"{column}_{len(names)}", group, value, value, 345)
        grouped, found = _clusters(scale, AMOUNT_WINDOWS, 0.9)
        if names == coarse or grouped >= 0.8 * look.rows:
            for rule, windows in found.items():
                centre, join = scale.keep()
                yield Mark(rule, column, _in_any(f"({step(value)} - {centre}.centre)", windows), (join,))
            return


def _joined_text(names: Iterable[str]) -> str:
    return " || '|' || ".join(f"COALESCE({name_of(name)}, '')" for name in names) or "''"


def step(value: str) -> str:
    """The order of magnitude of a value, in steps; NULL for nothing."""
    return f"CAST(ROUND(LN(NULLIF({value}, 0)) * {STEPS}) AS BIGINT)"


@dataclass(frozen=True, slots=True)
class Scale:
    """Values of a table in groups: each has the median of its group, if most values lie within `width` of it.

    `size` is what is averaged beside, to tell which of two columns is the odd one.
    """

    look: Look
    name: str
    group: str
    value: str
    size: str
    width: int

    def bins(self) -> str:
        """Keep how many values of each group lie at each step; the table's name."""
        values = f"SELECT {self.group} AS whose, {step(self.value)} AS bin FROM {self.look.view} AS t"
        return self.look.keep(
            f"{self.name}_bins",
            f"SELECT whose, bin, COUNT(*) AS n FROM ({values}) AS b "
            "WHERE whose IS NOT NULL AND bin IS NOT NULL GROUP BY whose, bin",
        )

    def centres(self, bins: str) -> str:
        """The query for the groups with a centre."""
        ranked = (
            "SELECT whose, bin, n, SUM(n) OVER (PARTITION BY whose) AS total, "
            f"SUM(n) OVER (PARTITION BY whose ORDER BY bin) AS upto FROM {bins}"
        )
        middles = (
            f"SELECT whose, MIN(bin) AS centre FROM ({ranked}) AS r WHERE 2 * upto >= total GROUP BY whose"
        )
        near = f"SUM(CASE WHEN ABS(b.bin - m.centre) <= {self.width} THEN b.n ELSE 0 END)"
        return (
            "SELECT m.whose AS whose, m.centre AS centre "
            f"FROM ({middles}) AS m INNER JOIN {bins} AS b ON b.whose = m.whose "
            f"GROUP BY m.whose, m.centre HAVING SUM(b.n) >= {FEWEST} AND {near} >= 0.6 * SUM(b.n)"
        )

    def keep(self) -> tuple[str, str]:
        """Keep the centres, with the mean size of each group's values; the table's name, and its join."""
        size = f"LN(NULLIF(ABS({self.size}), 0)) * {STEPS}"
        sizes = (
            f"SELECT whose, AVG(size) AS size FROM (SELECT {self.group} AS whose, {size} AS size "
            f"FROM {self.look.view} AS t) AS v GROUP BY whose"
        )
        centre = self.look.keep(
            f"{self.name}_centres",
            "SELECT c.whose AS whose, c.centre AS centre, s.size AS size "
            f"FROM ({self.centres(self.bins())}) AS c "
            f"INNER JOIN ({sizes}) AS s ON s.whose = c.whose",
        )
        return centre, f"LEFT JOIN {centre} AS {centre} ON {centre}.whose = {self.group}"


def _clusters(
    scale: Scale, windows: Sequence[Window], share: float
) -> tuple[int, Mapping[str, list[Window]]]:
    """How many values have a centre, and windows by rule that hold a cluster apart from the honest values."""
    bins = scale.bins()
    sql = (
        f"SELECT CAST(b.bin - c.centre AS BIGINT) AS off, CAST(SUM(b.n) AS BIGINT) AS n FROM {bins} AS b "
        f"INNER JOIN ({scale.centres(bins)}) AS c ON c.whose = b.whose GROUP BY b.bin - c.centre"
    )
    counts = {row["off"]: row["n"] for row in scale.look.ask(sql)}
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
