"""A plain table as leaves by integer codes: checked, missing values a level, equal leaves added."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...errors import Problem, did_you_mean, refuse
from ...results import Caveat
from .cube import Cube, Floats, Ints, added, cuboids_of, is_grid
from .noise import Leaves

Column = str | tuple[str, str]

ID_LEVELS = 1000
"""A dimension with more levels than this, and with half as many as there are leaves, is an id."""

LAYERS = 3
"""Dimensions a segment has at most where there are many dimensions or leaves."""

WORK = 400_000_000
"""Leaves times cuboids beyond which deep layers are left out."""

CELLS = 30_000_000
"""Cells held at once: some 30 bytes each."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Leaves ready for the search; `asked` and `observed` are the denominators of ratios (None: sums)."""

    cube: Cube
    leaves: Leaves
    names: tuple[str, ...]
    levels: tuple[tuple[object, ...], ...]
    asked: Floats | None
    observed: Floats | None
    numerator_expected: Floats
    caveats: tuple[Caveat, ...]


def read_table(
    frame: pd.DataFrame,
    dimensions: Sequence[str],
    actual: Column,
    expected: Column,
    earlier: Sequence[Column],
    variance: str,
) -> Table:
    """Check a table and code it.

    Raises
    ------
    InputError
        All at once: columns that are not there, not numbers, not finite; pairs on one side only; values
        that cannot be told apart (lists).
    """
    if not isinstance(frame, pd.DataFrame):
        refuse([Problem("frame", "it is not a DataFrame", "give a pandas DataFrame")])
    columns = [actual, expected, *earlier]
    refuse(_problems(frame, list(dimensions), columns, variance))
    codes, levels, names, caveats = _code(frame, list(dict.fromkeys(dimensions)))
    cards = tuple(len(one) for one in levels)
    key, leaves = _keys(codes, cards, len(frame))
    flat = [name for column in columns for name in _names(column)]
    sums = {name: _added(frame[name], key[0], leaves) for name in dict.fromkeys((*flat, *_names(variance)))}
    layers = layers_for(cards, leaves)
    if 0 < layers < len(cards):
        caveats.append(Caveat("layers_limited", "info", "", {"layers": layers, "dimensions": len(cards)}))
    cube = Cube(cards, leaves, layers, key[1])
    known = sums[variance] if variance else None
    return _table(cube, sums, actual, expected, earlier, known, tuple(names), tuple(levels), tuple(caveats))


def layers_for(cards: Sequence[int], leaves: int) -> int:
    """How deep a search can go within its limits of time and memory.

    Examples
    --------
    >>> layers_for((10, 5, 25, 20, 8, 5), 1_000_000), layers_for((50,) * 12, 1_000_000)
    (6, 3)
    """
    for layers in range(len(cards), 1, -1):
        cuboids = cuboids_of(len(cards), layers) if len(cards) <= 12 or layers <= LAYERS else ()
        cells = sum(min(math.prod(cards[d] for d in c), leaves) for c in cuboids)
        if cuboids and cells <= CELLS and (is_grid(cards, leaves) or len(cuboids) * leaves <= WORK):
            return layers
    return min(len(cards), 1)


def _names(column: Column) -> tuple[str, ...]:
    return (column,) if isinstance(column, str) and column else tuple(column)


def _problems(
    frame: pd.DataFrame, dimensions: list[str], columns: list[Column], variance: str
) -> list[Problem]:
    problems = []
    if not dimensions:
        problems.append(Problem("dimensions", "there is none", "name the columns along which to search"))
    for name in sorted({str(one) for one in dimensions if dimensions.count(one) > 1}):
        problems.append(Problem(f"column {name!r}", "it is named twice as a dimension", "name it once"))
    if len({isinstance(column, str) for column in columns}) > 1:
        fix = "give each as one column, or each as (numerator, denominator)"
        problems.append(Problem("actual, expected, earlier", "some are pairs and some are not", fix))
    values = list(dict.fromkeys(name for column in (*columns, variance) for name in _names(column)))
    for column in columns:
        if len(_names(column)) != (1 if isinstance(column, str) else 2):
            problems.append(
                Problem(f"column {column!r}", "it is not a pair", "give (numerator, denominator)")
            )
    for name in dict.fromkeys([*dimensions, *values]):
        if name not in frame.columns:
            fix = did_you_mean(str(name), map(str, frame.columns))
            problems.append(Problem(f"column {name!r}", "the table has none of this name", fix))
        elif not isinstance(frame[name], pd.Series):
            problems.append(Problem(f"column {name!r}", "the table has it twice", "rename one of them"))
        elif name in values:
            problems += _value_problems(name, frame[name], name == variance)
            if name in dimensions:
                fix = "leave it out of the dimensions"
                problems.append(Problem(f"column {name!r}", "it is a dimension and a value", fix))
    return problems


def _value_problems(name: str, values: pd.Series, is_variance: bool) -> list[Problem]:
    if not pd.api.types.is_numeric_dtype(values) and not _holds_decimals(values):
        return [Problem(f"column {name!r}", "it holds no numbers", "convert it to numbers first")]
    numbers = values.to_numpy(np.float64, na_value=np.nan)
    bad = int((~np.isfinite(numbers)).sum())
    if bad:
        fix = "put 0 where there was nothing, and leave out what is not known"
        return [Problem(f"column {name!r}", f"{bad} values are missing or infinite", fix)]
    if is_variance and (numbers < 0).any():
        return [Problem(f"column {name!r}", "a variance is negative", "variances are 0 or more")]
    return []


def _holds_decimals(values: pd.Series) -> bool:
    return pd.api.types.infer_dtype(values, skipna=True) in (
        "decimal",
        "integer",
        "floating",
        "mixed-integer-float",
    )


def _code(
    frame: pd.DataFrame, dimensions: list[str]
) -> tuple[list[Ints], list[tuple[object, ...]], list[str], list[Caveat]]:
    """Codes and levels of the dimensions that can tell something; what was left out or taken as a level."""
    problems, coded, caveats = [], {}, []
    for name in dimensions:
        try:
            coded[name] = _levels(frame[name])
        except TypeError:
            problems.append(Problem(f"column {name!r}", "its values are lists or the like", "make them text"))
    refuse(problems)
    for name, (_, _, missing) in coded.items():
        if missing:
            caveats.append(Caveat("missing_values", "info", name, {"rows": missing}))
    kept = {name: one for name, one in coded.items() if len(one[1]) > 1}
    for name in _ids({name: (one[0], len(one[1])) for name, one in kept.items()}, len(frame)):
        caveats.append(Caveat("dimension_is_id", "warning", name, {"levels": len(kept.pop(name)[1])}))
    return [one[0] for one in kept.values()], [one[1] for one in kept.values()], list(kept), caveats


def _levels(values: pd.Series) -> tuple[Ints, tuple[object, ...], int]:
    """Codes by the order of the levels' text, the levels (None last), and how many rows have none."""
    codes, found = pd.factorize(values)
    plain = [one.item() if isinstance(one, np.generic) else one for one in found]
    order = sorted(range(len(plain)), key=lambda place: (type(plain[place]).__name__, str(plain[place])))
    place = np.empty(len(plain) + 1, np.intp)
    place[order], place[-1] = np.arange(len(plain)), len(plain)
    missing = int((codes < 0).sum())
    levels = tuple(plain[one] for one in order)
    return place[codes], (*levels, None) if missing else levels, missing


def _ids(coded: dict[str, tuple[Ints, int]], rows: int) -> list[str]:
    """The dimensions with half as many levels as there are leaves, the most first; one always stays."""
    many = sorted((name for name in coded if coded[name][1] > ID_LEVELS), key=lambda name: -coded[name][1])
    ids: list[str] = []
    for name in many[: len(coded) - 1]:
        left = [one for other, one in coded.items() if other not in ids]
        leaves = len(np.unique(_combined([one[0] for one in left], [one[1] for one in left], rows)))
        if coded[name][1] * 2 >= leaves:
            ids.append(name)
    return ids


def _combined(codes: Sequence[Ints], cards: Sequence[int], rows: int) -> Ints:
    """One key per row that tells leaves apart, in the order of the codes, however many dimensions."""
    key, size = np.zeros(rows, np.int64), 1
    for code, card in zip(codes, cards, strict=True):
        if size * card > 2**62:
            found, key = np.unique(key, return_inverse=True)
            size = len(found)
        key, size = key * card + code, size * card
    return np.asarray(key)


def _keys(
    codes: list[Ints], cards: tuple[int, ...], rows: int
) -> tuple[tuple[Ints, tuple[np.ndarray[tuple[int], np.dtype[np.int32]], ...]], int]:
    """The leaf of each row; codes of the leaves unless they fill the grid; how many leaves."""
    key = _combined(codes, cards, rows)
    if not cards or is_grid(cards, rows):
        return (key, ()), math.prod(cards)
    _, first, index = np.unique(key, return_index=True, return_inverse=True)
    if is_grid(cards, len(first)):
        return (key, ()), math.prod(cards)
    return (index, tuple(code[first].astype(np.int32) for code in codes)), len(first)


def _added(values: pd.Series, key: Ints, leaves: int) -> Floats:
    return added(key, values.to_numpy(np.float64), leaves)


def _table(
    cube: Cube,
    sums: dict[str, Floats],
    actual: Column,
    expected: Column,
    earlier: Sequence[Column],
    variance: Floats | None,
    names: tuple[str, ...],
    levels: tuple[tuple[object, ...], ...],
    caveats: tuple[Caveat, ...],
) -> Table:
    series = [[sums[name] for name in _names(one)] for one in (*earlier, expected)]
    if isinstance(actual, str):
        pairs = tuple((b[0], a[0]) for a, b in itertools.pairwise(series))
        leaves = Leaves(sums[actual], series[-1][0], variance, pairs)
        return Table(cube, leaves, names, levels, None, None, series[-1][0], caveats)
    numerator, asked = (sums[name] for name in actual)
    top, observed = series[-1]
    pairs = tuple((b[0], rates(cube, *a) * b[1]) for a, b in itertools.pairwise(series))
    unsure = np.clip(np.divide(asked, observed, out=np.ones(len(asked)), where=observed > 0), 0.01, 100)
    leaves = Leaves(numerator, rates(cube, top, observed) * asked, variance, pairs, unsure)
    return Table(cube, leaves, names, levels, asked, observed, top, caveats)


def rates(cube: Cube, numerator: Floats, denominator: Floats) -> Floats:
    """Each leaf's rate; where it has none, the whole's by how its levels differ from it."""
    told = denominator != 0
    whole = float(numerator.sum() / denominator.sum()) if denominator.sum() != 0 else 0.0
    rate = np.full(len(numerator), whole)
    for dim, card in enumerate(cube.cards) if whole and not told.all() else ():
        level = cube.codes_of((dim,))[0]
        top, under = np.bincount(level, numerator, card), np.bincount(level, denominator, card)
        rate *= np.divide(top / whole, under, out=np.ones(card), where=under != 0)[level]
    return np.divide(numerator, denominator, out=rate, where=told)
