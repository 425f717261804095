"""Every cuboid of a leaf table rolled up: dense grids by axis sums, the others by coded keys."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Dims = tuple[int, ...]
Sums = dict[Dims, Floats]

DENSE = 4
"""A cuboid is held dense while it has at most this many cells per leaf."""


def cuboids_of(dimensions: int, layers: int) -> tuple[Dims, ...]:
    """Every choice of 1 to `layers` of the dimensions, few ones first.

    Examples
    --------
    >>> cuboids_of(3, 2)
    ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2))
    """
    return tuple(
        c for k in range(1, min(layers, dimensions) + 1) for c in itertools.combinations(range(dimensions), k)
    )


def added(cells: Ints, weights: Floats, size: int) -> Floats:
    """The sum of `weights` in each of `size` cells.

    Examples
    --------
    >>> added(np.array([0, 2, 2]), np.array([1.0, 2.0, 3.0]), 3).tolist()
    [1.0, 0.0, 5.0]
    """
    return np.asarray(np.bincount(cells, weights, size), np.float64)


def is_grid(cards: Sequence[int], leaves: int) -> bool:
    """Whether `leaves` fill the whole product of the levels well enough to hold it as an array."""
    return math.prod(cards) <= DENSE * leaves


@dataclass(eq=False)
class Cube:
    """The leaves of a table by integer codes, and the cells of all their cuboids.

    `cards` holds the levels of each dimension. On a grid the leaves are all cells of the product of
    the levels in C order and `codes` is empty; otherwise `codes` has one int array per dimension.
    """

    cards: tuple[int, ...]
    leaves: int
    layers: int
    codes: tuple[NDArray[np.int32], ...] = ()
    _compressed: dict[Dims, tuple[NDArray[np.int64], NDArray[np.int32]]] = field(default_factory=dict)
    _sizes: dict[Dims, int] = field(default_factory=dict)

    @cached_property
    def cuboids(self) -> tuple[Dims, ...]:
        """The cuboids searched, shallow ones first."""
        return cuboids_of(len(self.cards), self.layers)

    def size(self, dims: Dims) -> int:
        """Cells of a cuboid."""
        if dims not in self._sizes:
            is_dense = self._is_dense(dims)
            self._sizes[dims] = self._product(dims) if is_dense else len(self._compress(dims)[0])
        return self._sizes[dims]

    def sums(self, weights: Floats) -> Sums:
        """The sum of `weights` (one per leaf) in every cell of every cuboid."""
        return self.all_sums([weights])[0]

    def all_sums(self, several: Sequence[Floats]) -> list[Sums]:
        """The sums of several weights, the leaves placed once for all of them."""
        if not self.codes:
            return [self._grid_sums(weights) for weights in several]
        found: list[Sums] = [dict.fromkeys(self.cuboids, np.empty(0)) for _ in several]
        for dims, cells in self.placed():
            for sums, weights in zip(found, several, strict=True):
                sums[dims] = added(cells, weights, self.size(dims))
        return found

    def placed(self, rows: Ints | None = None) -> Iterator[tuple[Dims, Ints]]:
        """Every cuboid with the cell of each leaf (of `rows`, or of all) in it."""
        codes = self.codes_of(tuple(range(len(self.cards))), rows)
        yield from self._placed_below((), None, codes, rows)

    def _placed_below(
        self, held: Dims, key: Ints | None, codes: Sequence[Ints], rows: Ints | None
    ) -> Iterator[tuple[Dims, Ints]]:
        for dim in range(held[-1] + 1 if held else 0, len(self.cards)):
            dims, code = (*held, dim), codes[dim]
            if self._is_dense(dims):
                cells = code if key is None else key * self.cards[dim] + code
            else:
                cells = self.cells(dims, rows)
            yield dims, cells
            if len(dims) < self.layers:
                yield from self._placed_below(dims, cells, codes, rows)

    def cells(self, dims: Dims, rows: Ints | None = None) -> Ints:
        """The cell of each leaf (of `rows`, or of all) in a cuboid."""
        if not self._is_dense(dims):
            index = self._compress(dims)[1]
            return np.asarray(index if rows is None else index[rows], np.intp)
        codes = self.codes_of(dims, rows)
        key = np.zeros(len(codes[0]), np.intp)
        for code, dim in zip(codes, dims, strict=True):
            key *= self.cards[dim]
            key += code
        return key

    def codes_of(self, dims: Dims, rows: Ints | None = None) -> list[Ints]:
        """The level of each leaf in some dimensions."""
        if self.codes:
            return [np.asarray(self.codes[d] if rows is None else self.codes[d][rows], np.intp) for d in dims]
        at = np.arange(self.leaves) if rows is None else rows
        strides = [math.prod(self.cards[d + 1 :]) for d in dims]
        return [(at // stride) % self.cards[d] for d, stride in zip(dims, strides, strict=True)]

    def levels(self, dims: Dims, cell: int) -> tuple[int, ...]:
        """The level of each dimension that a cell stands for."""
        key = cell if self._is_dense(dims) else int(self._compress(dims)[0][cell])
        levels = []
        for dim in reversed(dims):
            key, level = divmod(key, self.cards[dim])
            levels.append(level)
        return tuple(reversed(levels))

    def cell(self, dims: Dims, levels: Mapping[int, int]) -> int:
        """The cell that holds those levels."""
        key = 0
        for dim in dims:
            key = key * self.cards[dim] + levels[dim]
        return key if self._is_dense(dims) else int(np.searchsorted(self._compress(dims)[0], key))

    def members(self, dims: Dims, cell: int) -> Ints:
        """The leaves in a cell, in order."""
        levels = dict(zip(dims, self.levels(dims, cell), strict=True))
        if self.codes:
            inside = np.ones(self.leaves, bool)
            for dim, level in levels.items():
                inside &= self.codes[dim] == level
            return np.flatnonzero(inside)
        ranges = [
            np.array([levels[d]]) if d in levels else np.arange(card) for d, card in enumerate(self.cards)
        ]
        return np.ravel_multi_index(np.ix_(*ranges), self.cards).ravel()

    def _product(self, dims: Dims) -> int:
        return math.prod(self.cards[d] for d in dims)

    def _is_dense(self, dims: Dims) -> bool:
        return not self.codes or self._product(dims) <= DENSE * self.leaves + 1000

    def _compress(self, dims: Dims) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The keys that occur in a cuboid too wide to hold dense, and the place of each leaf among them."""
        if dims not in self._compressed:
            key = np.zeros(self.leaves, np.int64)
            for dim in dims:
                key = key * self.cards[dim] + self.codes[dim]
            found, index = np.unique(key, return_inverse=True)
            self._compressed[dims] = found, index.astype(np.int32)
        return self._compressed[dims]

    def _grid_sums(self, weights: Floats) -> Sums:
        """Each cuboid from its smallest parent, the widest first."""
        count = len(self.cards)
        held: Sums = {tuple(range(count)): weights.reshape(self.cards)}
        for k in range(count - 1, 0, -1):
            for dims in itertools.combinations(range(count), k):
                parents = [tuple(sorted((*dims, d))) for d in range(count) if d not in dims]
                parent = min(parents, key=self._product)
                axis = next(i for i, d in enumerate(parent) if d not in dims)
                held[dims] = held[parent].sum(axis=axis)
        return {dims: held[dims].ravel() for dims in self.cuboids}
