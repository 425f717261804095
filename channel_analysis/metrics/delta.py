"""Expressions of sums with their slopes: how a figure moves when one of the sums in it does."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
from sqlglot import exp

from .intervals import Floats

Sum = TypeVar("Sum", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Sloped(Generic[Sum]):
    """A value per entity, its slope in each sum, and the sums that something is divided by."""

    value: Floats
    by: Mapping[Sum, Floats] = field(default_factory=dict)
    divisors: frozenset[Sum] = frozenset()

    def scaled(self, factor: Floats) -> dict[Sum, Floats]:
        """The slopes times a factor."""
        return {one: slope * factor for one, slope in self.by.items()}


def sloped(tree: exp.Expr, sums: Mapping[str, Sloped[Sum]]) -> Sloped[Sum] | None:
    """Evaluate an expression whose columns are `sums`; None when it holds anything but arithmetic.

    Examples
    --------
    >>> import sqlglot
    >>> sums = {name: Sloped(np.array([v]), {name: np.ones(1)}) for name, v in (("a", 6.0), ("b", 2.0))}
    >>> found = sloped(sqlglot.parse_one("a / b * 10"), sums)
    >>> found.value.tolist(), {name: slope.tolist() for name, slope in found.by.items()}
    ([30.0], {'a': [5.0], 'b': [-15.0]})
    """
    if isinstance(tree, exp.Column):
        return sums.get(tree.name)
    if isinstance(tree, exp.Literal) and not tree.is_string:
        return Sloped(np.array(float(tree.name)))
    if isinstance(tree, exp.Paren | exp.Coalesce):  # what a sum is without rows is 0 already
        return sloped(tree.this, sums)
    if isinstance(tree, exp.Neg):
        inner = sloped(tree.this, sums)
        return inner and Sloped(-inner.value, inner.scaled(np.array(-1.0)), inner.divisors)
    combined = _COMBINED.get(type(tree))
    if combined is None:
        return None
    left, right = sloped(tree.this, sums), sloped(tree.expression, sums)
    return combined(left, right) if left and right else None


def added(left: Sloped[Sum], right: Sloped[Sum]) -> Sloped[Sum]:
    """The sum of two values."""
    one = np.array(1.0)
    return _joined(left.value + right.value, left.scaled(one), right.scaled(one), left, right)


def _subtracted(left: Sloped[Sum], right: Sloped[Sum]) -> Sloped[Sum]:
    minus, one = np.array(-1.0), np.array(1.0)
    return _joined(left.value - right.value, left.scaled(one), right.scaled(minus), left, right)


def _multiplied(left: Sloped[Sum], right: Sloped[Sum]) -> Sloped[Sum]:
    slopes = left.scaled(right.value), right.scaled(left.value)
    return _joined(left.value * right.value, *slopes, left, right)


def _divided(left: Sloped[Sum], right: Sloped[Sum]) -> Sloped[Sum]:
    with np.errstate(divide="ignore", invalid="ignore"):
        value = left.value / right.value
        slopes = left.scaled(1 / right.value), right.scaled(-value / right.value)
    return _joined(value, *slopes, left, right, frozenset(right.by))


def _joined(
    value: Floats,
    one: Mapping[Sum, Floats],
    other: Mapping[Sum, Floats],
    left: Sloped[Sum],
    right: Sloped[Sum],
    divisors: frozenset[Sum] = frozenset(),
) -> Sloped[Sum]:
    by = {name: one.get(name, 0.0) + other.get(name, 0.0) for name in dict.fromkeys([*one, *other])}
    return Sloped(value, by, left.divisors | right.divisors | divisors)  # type: ignore[arg-type]


_COMBINED: dict[type[exp.Expr], Callable[[Sloped[Sum], Sloped[Sum]], Sloped[Sum]]] = {
    exp.Add: added,
    exp.Sub: _subtracted,
    exp.Mul: _multiplied,
    exp.Div: _divided,
}
