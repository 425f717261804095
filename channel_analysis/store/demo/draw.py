"""Random draws and sums that give the same figures on every machine.

Only uniform numbers, integers and single IEEE operations are used; distributions that call the
machine's exp or log are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Dates = npt.NDArray[np.datetime64]
Texts = npt.NDArray[np.object_]
Rng = np.random.Generator


def streams(seed: int, names: Sequence[str]) -> dict[str, Rng]:
    """One independent stream of random numbers for each name."""
    children = np.random.SeedSequence(seed).spawn(len(names))
    return {
        name: np.random.Generator(np.random.PCG64(child)) for name, child in zip(names, children, strict=True)
    }


def between(rng: Rng, low: float, high: float, size: int | tuple[int, ...]) -> Floats:
    """Numbers spread evenly from low to high."""
    return low + (high - low) * rng.random(size)


def happens(rng: Rng, chance: npt.ArrayLike, size: int) -> npt.NDArray[np.bool_]:
    """Whether each of `size` things happens, by its chance."""
    return rng.random(size) < np.asarray(chance)


def pick(rng: Rng, weights: npt.ArrayLike, size: int) -> Ints:
    """Positions drawn in proportion to their weights, again and again."""
    bounds = np.cumsum(np.asarray(weights, dtype=np.float64))
    places: Ints = np.searchsorted(bounds[:-1], rng.random(size) * bounds[-1], side="right")
    return places


def sample(rng: Rng, among: Ints, size: int) -> Ints:
    """`size` different members of `among`, in ascending order."""
    return np.sort(rng.permutation(among)[:size])


def label(prefix: str, codes: Ints, width: int) -> Texts:
    """Ids such as P00017 for code 16; none for a negative code."""
    known = int(codes.max(initial=-1)) + 1
    ids = [f"{prefix}{code + 1:0{width}d}" for code in range(known)]
    return named([*ids], codes)


def named(names: Sequence[str] | Texts, codes: Ints) -> Texts:
    """The name at each code; none for a negative code."""
    return np.array([*names, None], dtype=object)[np.where(codes < 0, len(names), codes)]


def cents(amount: Floats) -> Ints:
    """Money rounded to the cent (here: fen) at once."""
    return np.rint(amount).astype(np.int64)


def totals(lines: pd.DataFrame, by: dict[str, int], values: str = "net") -> Ints:
    """Sum a column of whole numbers over the cells of the columns in `by` (name: cells)."""
    keys: Any = tuple(lines[name].to_numpy() for name in by)
    cell = np.ravel_multi_index(keys, tuple(by.values()))
    size = int(np.prod(list(by.values())))
    sums = np.bincount(cell, weights=lines[values].to_numpy(np.float64), minlength=size)
    return sums.astype(np.int64).reshape(tuple(by.values()))
