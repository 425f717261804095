"""The search for segments: gain per bit of description, widened as far as the same effect holds."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from .cube import Cube, Dims, Floats, Ints, added
from .noise import Gaps, bits_of, gain_of

MOST = 15
"""Segments told at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A segment: the level of each dimension that bounds it, its leaves, its gain beyond its bits.

    `wider` and `freedom` are its cell's, see `Gaps`.
    """

    levels: dict[int, int]
    rows: Ints
    strength: float
    wider: float
    freedom: float


class Cover:
    """The sums of every cell over the leaves that no segment holds yet."""

    def __init__(self, cube: Cube, gaps: Gaps) -> None:
        self.cube, self.gaps = cube, gaps
        self.live = np.ones(cube.leaves, bool)
        is_own = gaps.variance is not gaps.mass
        weights = [gaps.gap, gaps.mass, *([gaps.variance] if is_own else [])]
        weights += [gaps.square] if gaps.square is not None else []
        self._held = list(zip(cube.all_sums(weights), weights, strict=True))
        self.gap, self.mass = self._held[0][0], self._held[1][0]
        self.variance = self._held[2][0] if is_own else self.mass
        self.square = self._held[-1][0] if gaps.square is not None else None
        self.bits = {c: bits_of(cube, c, self.variance[c]) for c in cube.cuboids}

    def noise(self, dims: Dims, cells: Ints | int | slice = slice(None)) -> Floats:
        """Variance of the gap of cells."""
        variance = np.maximum(self.variance[dims][cells], 1.0)
        return variance * self.gaps.wider[dims][cells] if self.gaps.wider else variance

    def gain(self, dims: Dims, cells: Ints | int | slice = slice(None), gap: Floats | None = None) -> Floats:
        """Log-likelihood a cell gains by an effect of its own: half its squared standard score."""
        gap = (self.gap[dims] if gap is None else gap)[cells]
        return gain_of(gap * gap / self.noise(dims, cells), self.gaps.freedom.get(dims, math.inf))

    def strength(self, dims: Dims, gap: Floats | None = None) -> float:
        """The largest gain beyond its bits of any cell of a cuboid whose effect is worth naming."""
        own = self.gap[dims] if gap is None else gap
        told = (np.abs(own) > self.gaps.least * self.mass[dims]) & (self.variance[dims] > 1e-9)
        best = float(self.gain(dims, gap=gap)[told].max()) if told.any() else 0.0
        return best - self.bits[dims]

    def candidates(self, dims: Dims) -> tuple[Ints, Floats]:
        """The cells of a cuboid that gain more than they cost, and their gains."""
        gap, gain = self.gap[dims], self.gain(dims)
        cells = np.flatnonzero(gain > self.bits[dims] + self.gaps.margin)
        cells = cells[np.abs(gap[cells]) > self.gaps.least * self.mass[dims][cells]]
        return cells, gain[cells]

    def take(self, rows: Ints) -> None:
        """Take leaves out of every cell."""
        self.live[rows] = False
        taken = [(sums, weights[rows]) for sums, weights in self._held]
        for dims, cells in self.cube.placed(rows):
            size = self.cube.size(dims)
            for sums, weights in taken:
                sums[dims] = sums[dims] - added(cells, weights, size)


def search(cube: Cube, gaps: Gaps) -> tuple[list[Found], Cover]:
    """The segments that stand out, the best described first, each without those before it; what is left."""
    cover = Cover(cube, gaps)
    found: list[Found] = []
    while len(found) < MOST:
        core = _best(cover)
        if core is None:
            break
        dims, cell = _widen(cover, *core)
        rows = cube.members(dims, cell)
        rows = rows[cover.live[rows]]
        if not len(rows):
            break
        levels = dict(zip(dims, cube.levels(dims, cell), strict=True))
        strength = max(float(cover.gain(d, c)) - cover.bits[d] for d, c in (core, (dims, cell)))
        wider = float(gaps.wider[dims][cell]) if gaps.wider else 1.0
        found.append(Found(levels, rows, strength, wider, gaps.freedom.get(dims, math.inf)))
        cover.take(rows)
    return found, cover


def _best(cover: Cover) -> tuple[Dims, int] | None:
    """The cell with the largest gain per bit, the misfit of what it holds paid for."""
    scores: list[tuple[float, int, Dims, int]] = []
    for place, dims in enumerate(cover.cube.cuboids):
        cells, gain = cover.candidates(dims)
        if not len(cells):
            continue
        cost = cover.bits[dims] + 2
        if cover.square is not None:
            score = gain / (cost + _spread(cover, dims, cells))
            top = int(np.argmax(score))
            scores.append((-float(score[top]), place, dims, int(cells[top])))
        else:
            told = zip((gain / cost).tolist(), cells.tolist(), strict=True)
            scores += [(-score, place, dims, cell) for score, cell in told]
    scores.sort()
    if cover.square is not None:
        return scores[0][2:] if scores and -scores[0][0] > 1.15 else None
    return _best_of(cover, scores)


def _best_of(cover: Cover, scores: list[tuple[float, int, Dims, int]]) -> tuple[Dims, int] | None:
    """The best once children's misfit is paid for, which only ever lowers a score."""
    best, top = 0.0, None
    for score, _, dims, cell in scores:
        if -score <= best + 1e-12:
            break
        cost = cover.bits[dims] + 2
        paid = -score * cost / (cost + _misfit(cover, dims, cell))
        if paid > best + 1e-12:
            best, top = paid, (dims, cell)
    return top


def _spread(cover: Cover, dims: Dims, cells: Ints) -> Floats:
    """What it costs that the leaves of a cell differ among themselves."""
    assert cover.square is not None
    n = np.maximum(cover.mass[dims][cells], 1.0)
    mean = cover.gap[dims][cells] / n
    variance = np.maximum(cover.square[dims][cells] / n - mean * mean, 0) / (1 + 2 * np.sqrt(2 / n))
    return np.asarray(n / 2 * np.log(np.maximum(variance, 1)))


def _misfit(cover: Cover, dims: Dims, cell: int) -> float:
    """What it costs that the children of a cell do not share its effect: the worst dimension's chi-square."""
    cube, gaps = cover.cube, cover.gaps
    rows = cube.members(dims, cell)
    rows = rows[cover.live[rows]]
    gap, mass, variance = gaps.gap[rows], gaps.mass[rows], gaps.variance[rows]
    ratio = cover.gap[dims][cell] / max(cover.mass[dims][cell], 1e-9)
    widen = float(gaps.wider[dims][cell]) if gaps.wider else 1.0
    worst = 0.0
    for dim in range(len(cube.cards)):
        if dim in dims:
            continue
        code, card = cube.codes_of((dim,), rows)[0], cube.cards[dim]
        s, m, v = (np.bincount(code, w, card) for w in (gap, mass, variance))
        has = v > 0
        fitted = np.maximum((1 + ratio) * m + (1 + ratio) ** 2 * m, 1.0) * widen
        chi = float((((s - ratio * m) ** 2 / fitted)[has]).sum())
        free = max(int(has.sum()) - 1, 0)
        worst = max(worst, (chi - free - 2 * math.sqrt(2 * free)) / 2)
    return worst


def _widen(cover: Cover, dims: Dims, cell: int) -> tuple[Dims, int]:
    """The ancestor (or itself) where the core's effect explains the most."""
    levels = dict(zip(dims, cover.cube.levels(dims, cell), strict=True))
    effect = cover.gap[dims][cell] / max(cover.mass[dims][cell], 1e-9)
    unit = cover.noise(dims, cell) / max(cover.mass[dims][cell], 1e-9)
    best, top = -math.inf, (dims, cell)
    for k in range(1, len(dims) + 1):
        for wide in itertools.combinations(dims, k):
            at = cover.cube.cell(wide, levels)
            fit = effect * cover.gap[wide][at] - effect * effect * cover.mass[wide][at] / 2
            value = fit / unit - 2 * cover.bits[wide]
            if value > best + 1e-9:
                best, top = value, (wide, at)
    return top
