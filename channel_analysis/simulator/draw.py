"""Random numbers that are looked up, not rolled: the same purpose and keys always give the same number.

A number is a hash of the seed, the purpose it is for and whole-number keys (which partner, which
month, which order). So no draw depends on how many were made before it: what one dial plants moves
no other draw. Only whole numbers and single IEEE operations are used, so every machine agrees.
"""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Bits = npt.NDArray[np.uint64]
Keys = Ints | Bits | int

_FULL = (1 << 64) - 1
_GOLD = 0x9E3779B97F4A7C15
_STEPS = (_GOLD, 0xD1B54A32D192ED03, 0xABC98388FB8FAC03, 0x8CB92BA72F3D8DD7)
"""What one step of each key adds: odd numbers without a simple relation."""
_BLOCK = 1 << 15
"""So many numbers at a time stay in the processor's cache."""


class Dice:
    """All chance of one simulated world.

    Examples
    --------
    >>> dice = Dice(7)
    >>> bool((dice.share("day", np.arange(3)) == Dice(7).share("day", np.arange(3))).all())
    True
    """

    def __init__(self, seed: int) -> None:
        self._seed = _mixed(seed + _GOLD)

    def bits(self, purpose: str, *keys: Keys) -> Bits:
        """64 random bits for each combination of the keys, which are broadcast against each other."""
        start = _mixed(self._seed ^ (zlib.crc32(purpose.encode()) * _GOLD & _FULL))
        columns = np.broadcast_arrays(*(np.asarray(key) for key in keys))
        shape, flat = columns[0].shape, [column.reshape(-1) for column in columns]
        drawn = np.empty(flat[0].size, dtype=np.uint64)
        for at in range(0, drawn.size, _BLOCK):
            block = drawn[at : at + _BLOCK]
            block[:] = start
            for column, step in zip(flat, _STEPS, strict=False):
                block += column[at : at + _BLOCK].astype(np.uint64) * np.uint64(step)
            _mix(block)
        return drawn.reshape(shape)

    def share(self, purpose: str, *keys: Keys) -> Floats:
        """Numbers spread evenly over 0 to 1, 1 excluded."""
        return (self.bits(purpose, *keys) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def between(self, purpose: str, low: float, high: float, *keys: Keys) -> Floats:
        """Numbers spread evenly from low to high."""
        return low + (high - low) * self.share(purpose, *keys)

    def whole(self, purpose: str, low: int, high: int, *keys: Keys) -> Ints:
        """Whole numbers from low up to, not including, high."""
        return low + np.floor((high - low) * self.share(purpose, *keys)).astype(np.int64)

    def happens(self, purpose: str, chance: npt.ArrayLike, *keys: Keys) -> Flags:
        """Whether each thing happens, by its chance."""
        return np.asarray(self.share(purpose, *keys) < np.asarray(chance))

    def pick(self, purpose: str, weights: npt.ArrayLike, *keys: Keys) -> Ints:
        """Positions drawn in proportion to their weights."""
        bounds = np.cumsum(np.asarray(weights, dtype=np.float64))
        places = np.searchsorted(bounds[:-1], self.share(purpose, *keys) * bounds[-1], side="right")
        return np.asarray(places, dtype=np.int64)

    def shuffled(self, purpose: str, count: int) -> Ints:
        """The numbers from 0 to count - 1 in random order."""
        return np.argsort(self.bits(purpose, np.arange(count)), kind="stable").astype(np.int64)


def total(values: Floats | Ints, axis: int = -1) -> Floats:
    """A sum added up from first to last, the same on every machine."""
    return np.asarray(np.take(np.cumsum(values, axis=axis), -1, axis=axis))


def fen(amount: Floats) -> Ints:
    """Money rounded to the fen at once."""
    return np.rint(amount).astype(np.int64)


def numbered(counts: Ints) -> Ints:
    """0, 1, 2, ... within each of the groups of the given sizes."""
    ends = np.cumsum(counts)
    size = int(ends[-1]) if len(ends) else 0
    return np.arange(size) - np.repeat(ends - counts, counts)


def _mixed(number: int) -> int:
    block = np.array([number & _FULL], dtype=np.uint64)
    _mix(block)
    return int(block[0])


def _mix(block: Bits) -> None:
    """The finalizer of SplitMix64, in place (Steele, Lea and Flood, OOPSLA 2014)."""
    block ^= block >> np.uint64(30)
    block *= np.uint64(0xBF58476D1CE4E5B9)
    block ^= block >> np.uint64(27)
    block *= np.uint64(0x94D049BB133111EB)
    block ^= block >> np.uint64(31)
