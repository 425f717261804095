"""Factor trees: a figure as arithmetic over named factors, and each factor's exact part in its change."""

from __future__ import annotations

from collections.abc import Mapping
from math import factorial

import numpy as np

from ...metrics.expressions import Tree, parse_tree
from ...metrics.intervals import Floats

__all__ = ["Tree", "parse_tree", "parts_of_change", "shapley"]


def shapley(tree: Tree, before: Mapping[str, Floats], now: Mapping[str, Floats]) -> dict[str, Floats]:
    """Each factor's part in the change of the tree's value, averaged over all orders of change.

    Parameters
    ----------
    before, now : mapping of str to array
        Every factor's values, one entry per leaf, in both periods.

    Returns
    -------
    dict of str to array
        The parts add up to `now - before` leaf by leaf, whatever zeros and signs the factors have,
        and change their sign when the periods are swapped. NaN where the tree divides by zero in
        some mixture of the periods; see `parts_of_change`.

    References
    ----------
    Shapley, L. S. (1953), A value for n-person games; for decompositions: Ang, B. W., Liu, F. L. and
    Chew, E. P. (2003), Perfect decomposition techniques in energy and environmental analysis, Energy
    Policy 31, 1561-1566; Sun, J. W. (1998), Energy Economics 20, 85-100.

    Examples
    --------
    >>> one = np.array([1.0])
    >>> parts = shapley(parse_tree("a * b"), {"a": 2 * one, "b": 3 * one}, {"a": 4 * one, "b": 5 * one})
    >>> {name: part.tolist() for name, part in parts.items()}
    {'a': [8.0], 'b': [6.0]}
    """
    factors, count = tree.factors, len(tree.factors)
    sides = [{name: np.asarray(side[name], dtype=np.float64) for name in factors} for side in (before, now)]
    shape = np.broadcast_shapes(*(one.shape for side in sides for one in side.values()))
    parts = {name: np.zeros(shape) for name in factors}
    weights = [factorial(k) * factorial(count - k - 1) / factorial(count) for k in range(count)]
    for chosen in range(2**count):
        value = tree.value({name: sides[chosen >> i & 1][name] for i, name in enumerate(factors)})
        size = chosen.bit_count()
        for i, name in enumerate(factors):
            weight = weights[size - 1] if chosen >> i & 1 else -weights[size]
            with np.errstate(invalid="ignore", over="ignore"):
                parts[name] += weight * value
    return {name: np.where(np.isfinite(part), part, np.nan) for name, part in parts.items()}


def parts_of_change(
    tree: Tree,
    ratios: Mapping[str, Tree],
    before: Mapping[str, Floats],
    now: Mapping[str, Floats],
) -> dict[str, Floats]:
    """Each factor's part in the change where factors are ratios of counts, with new and lost leaves.

    A leaf that one period has no rate for (orders per partner without partners) is "new" or "lost"
    with all that it changed by; what neither period has rates for is "unsplit".

    Parameters
    ----------
    ratios : mapping of str to Tree
        What each factor is made of; factors not named are counts themselves.
    before, now : mapping of str to array
        Every count, leaf by leaf.

    Returns
    -------
    dict of str to array
        The factors, "new", "lost" and "unsplit": they add up to the change, leaf by leaf. The value of
        a period without rates is taken as 0.
    """
    sides = [_factors(tree, ratios, one) for one in (before, now)]
    defined = [np.logical_and.reduce([np.isfinite(v) for v in side.values()]) for side in sides]
    values = [np.where(d, tree.value(s), 0.0) for s, d in zip(sides, defined, strict=True)]
    parts = shapley(tree, *sides)
    sound = defined[0] & defined[1] & np.isfinite(sum(parts.values()))
    change = np.nan_to_num(values[1], nan=0.0, posinf=0.0, neginf=0.0) - np.nan_to_num(
        values[0], nan=0.0, posinf=0.0, neginf=0.0
    )
    found = {name: np.where(sound, part, 0.0) for name, part in parts.items()}
    found["new"] = np.where(~defined[0] & defined[1], change, 0.0)
    found["lost"] = np.where(defined[0] & ~defined[1], change, 0.0)
    found["unsplit"] = np.where(~sound & (defined[0] == defined[1]), change, 0.0)
    return found


def _factors(tree: Tree, ratios: Mapping[str, Tree], counts: Mapping[str, Floats]) -> dict[str, Floats]:
    counts = {name: np.asarray(value, dtype=np.float64) for name, value in counts.items()}
    return {name: ratios[name].value(counts) if name in ratios else counts[name] for name in tree.factors}
