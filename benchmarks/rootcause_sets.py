"""Cases with known root causes: generated ones, each fixed by its seed, and two public sets.

A case is a leaf table (dimension columns, `real`, `predict`), its dimensions, and the segments that were
planted. Where the parameters come from:

- `s_like`, `l_like`: the published settings of the sets S and L of Kalander, "RiskLoc: Localization of
  Multi-dimensional Root Causes by Weighted Risk" (arXiv:2205.10004), written anew: Weibull leaf sizes of
  shape 0.5 to 1 and scale 100; 0 to 25 % empty leaves; relative noise of up to 25 % (S) or 10 % (L);
  S: 1 to 3 causes of one cuboid each with 1 to 3 elements, severity 0.2 to 1 plus the noise, deviation
  up to 0.1; L: 1 to 5 causes of one single leaf, severity 0.5 to 1 plus the noise.
- `sparse_sales`, `dense_sales`: orders of two periods, each a Poisson count per leaf with lognormal
  values by price level; a planted segment's order rate changes so that its shift is k standard errors.
- `null_*`: noise and one common trend, nothing else.
- `squeeze_b0`, `aiops2019`: see the READMEs beside the data.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from .rootcause_cases import Case, Floats, Rows, f1, hits, inside, micro_f1, named, respelled, spelled, where
from .rootcause_sales import NULLS, background, dense_sales, null_partners, sparse_sales
from .timing import ROOT

__all__ = [
    "DATA",
    "NULLS",
    "PLANTED",
    "PUBLIC",
    "Case",
    "aiops2019",
    "dense_sales",
    "f1",
    "hits",
    "l_like",
    "micro_f1",
    "null_partners",
    "respelled",
    "s_like",
    "sparse_sales",
    "squeeze_b0",
    "where",
]

DATA = ROOT.parent / "shared" / "data"
# --- relative noise: S-like and L-like -------------------------------------------------------------------


def s_like(seed: int) -> Case:
    """48,000 leaves, 5 dimensions, 1 to 3 causes of 1 to 5 dimensions with 1 to 3 elements each."""
    rng = np.random.default_rng([seed, 1])
    cards = {"a": 10, "b": 12, "c": 10, "d": 8, "e": 5}
    noise = rng.uniform(0, 0.25)
    codes, real, predict = background(rng, cards, noise)
    causes = _cuboids(rng, cards, codes, real)
    frame = named(codes, list(cards))
    frame["real"], frame["predict"] = _scaled(rng, codes, real, predict, causes, noise, (0.2, 1.0), 0.1)
    return _case("S-like", frame, list(cards), causes)


def l_like(seed: int) -> Case:
    """36,000 leaves, 4 dimensions, 1 to 5 causes that are single leaves."""
    rng = np.random.default_rng([seed, 2])
    cards = {"a": 10, "b": 24, "c": 10, "d": 15}
    noise = rng.uniform(0, 0.10)
    codes, real, predict = background(rng, cards, noise)
    leaves = rng.choice(np.flatnonzero(real > 0), rng.integers(1, 6), replace=False)
    causes = [(tuple(range(4)), [tuple(int(code) for code in codes[leaf])]) for leaf in leaves]
    frame = named(codes, list(cards))
    frame["real"], frame["predict"] = _scaled(rng, codes, real, predict, causes, noise, (0.5, 1.0), 0.0)
    return _case("L-like", frame, list(cards), causes)


Cause = tuple[tuple[int, ...], list[tuple[int, ...]]]


def _cuboids(rng: np.random.Generator, cards: Mapping[str, int], codes: Rows, real: Floats) -> list[Cause]:
    """1 to 3 cuboids, none twice, with 1 to 3 elements each that share no level with another's."""
    sizes = list(cards.values())
    causes: list[Cause] = []
    for _ in range(int(rng.integers(1, 4))):
        depth, elements = int(rng.integers(1, len(sizes) + 1)), int(rng.integers(1, 4))
        while True:
            places = tuple(sorted(rng.choice(len(sizes), depth, replace=False).tolist()))
            drawn = _elements(rng, sizes, places, elements, causes)
            free = depth == len(sizes) or all(places != one for one, _ in causes)
            if drawn and free and (depth < len(sizes) or _all_sell(codes, real, places, drawn)):
                break
        causes.append((places, drawn))
    return causes


def _elements(
    rng: np.random.Generator, sizes: list[int], places: tuple[int, ...], elements: int, causes: list[Cause]
) -> list[tuple[int, ...]]:
    """Elements of a cuboid made of levels that no earlier cause uses; empty if they are not distinct."""
    columns = []
    for at in places:
        used = {one[own.index(at)] for own, drawn in causes if at in own for one in drawn}
        free = [level for level in range(sizes[at]) if level not in used]
        if not free:
            return []
        columns.append(rng.choice(free, elements).tolist())
    drawn = list(zip(*columns, strict=True))
    return drawn if len(set(drawn)) == elements else []


def _all_sell(codes: Rows, real: Floats, places: tuple[int, ...], drawn: list[tuple[int, ...]]) -> bool:
    return all(real[inside(codes, places, one)].sum() > 0 for one in drawn)


def _scaled(
    rng: np.random.Generator,
    codes: Rows,
    real: Floats,
    predict: Floats,
    causes: list[Cause],
    noise: float,
    severity: tuple[float, float],
    deviation: float,
) -> tuple[Floats, Floats]:
    """Both columns with the causes in them: all rise or all fall, towards where the noise leans."""
    falls = real.sum() <= predict.sum()
    base, moved = (predict, real) if falls else (real, predict)
    for places, drawn in causes:
        share, spread = rng.uniform(*severity) + noise, rng.uniform(0, deviation) if deviation else 0.0
        for one in drawn:
            rows = np.flatnonzero(inside(codes, places, one))
            moved[rows] = np.maximum(base[rows] * (1 - rng.normal(share, spread, len(rows))), 0)
    return (moved, base) if falls else (base, moved)


def _case(name: str, frame: pd.DataFrame, dimensions: list[str], causes: list[Cause]) -> Case:
    truth = {spelled(dimensions, places, one) for places, drawn in causes for one in drawn}
    return Case(name, frame, dimensions, truth, depth=max(len(places) for places, _ in causes))


PLANTED: dict[str, Callable[[int], Case]] = {
    "S-like": s_like,
    "L-like": l_like,
    "sparse sales": sparse_sales,
    "dense sales": dense_sales,
}


# --- public sets -----------------------------------------------------------------------------------------


def squeeze_b0(data: Path = DATA) -> Iterator[Case]:
    """The 45 cases of B0 at hand; none, and a line that says so, where the data are absent."""
    folder = data / "rc_squeeze_b0"
    if not _is_there(folder):
        return
    truth = pd.read_csv(folder / "ground_truth.csv").set_index("case")["set"]
    rows = pd.read_parquet(folder / "leaf_rows.parquet")
    names = ["a", "b", "c", "d"]
    rows = rows.astype(dict.fromkeys((*names, "case"), str) | {"real": float, "predict": float})
    for case, frame in rows.groupby("case", sort=True):
        planted = {
            frozenset((part.split("=")[0], part.split("=")[1]) for part in one.split("&"))
            for one in str(truth[case]).split(";")
        }
        frame = frame.drop(columns="case").reset_index(drop=True)
        yield Case("B0", frame, names, planted, depth=max(map(len, planted)))


def aiops2019(data: Path = DATA) -> Iterator[Case]:
    """The 25 injected cases on real leaves; none, and a line that says so, where the data are absent."""
    folder = data / "rc_aiops2019_injected"
    if not _is_there(folder):
        return
    truth = pd.read_csv(folder / "ground_truth.csv").set_index("timestamp")["root_cause"]
    rows = pd.read_parquet(folder / "leaf_rows.parquet")
    names = ["i", "e", "c", "p", "l"]
    rows = rows.rename(columns={"baseline": "predict", "actual": "real"}).astype(dict.fromkeys(names, str))
    for moment, frame in rows.groupby("timestamp", sort=True):
        planted = {
            frozenset((value[0], value) for value in one) for one in ast.literal_eval(str(truth[moment]))
        }
        frame = frame.drop(columns="timestamp").reset_index(drop=True)
        yield Case("AIOps 2019", frame, names, planted, depth=max(map(len, planted)), is_nested=True)


def _is_there(folder: Path) -> bool:
    if not folder.is_dir():
        print(f"{folder.name}: not on this machine, left out", flush=True)
    return folder.is_dir()


PUBLIC: dict[str, Callable[[Path], Iterator[Case]]] = {"B0": squeeze_b0, "AIOps 2019": aiops2019}
