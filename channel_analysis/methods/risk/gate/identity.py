"""Names, fields and first rows that already tell how an entity will end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from ..panel import Floats, Ints
from .leak import Case, Leak
from .outcome import is_too_good
from .strength import binned, ranked

LEAST = 10
CHANCE = 1e-6
CHANCE_OF_NAMES = 1e-8
"""Many parts of names are tried."""
PURE = 0.95
PLACES = 8
FEW = 30


def find_identity(case: Case) -> Iterator[Leak]:
    """An entity's name that encodes its end, and features of first rows that tell it."""
    ever = case.ever
    if min(ever.sum(), (~ever).sum()) < LEAST:
        return
    everybody = np.arange(len(case.names))
    told = _told_by_name(case.names, ever, everybody)
    if told:
        what = f"the entity's own name tells whether it ever comes to a bad end ({told})"
        fix = "give entities neutral names, such as numbers in random order"
        yield Leak("identifier", case.key, what, fix, {"bad_entities": int(ever.sum())})
    if case.period is not None:
        yield from _told_by_first_rows(case, ever)


def _told_by_first_rows(case: Case, ever: np.ndarray) -> Iterator[Leak]:
    """Values on first rows, while all is still well, of entities that are seen again later."""
    well = (case.y[case.first] == 0) & (case.last > case.first)
    rows, bad = case.first[well], ever[well]
    if min(bad.sum(), (~bad).sum()) < LEAST:
        return
    entity = case.entity[rows]
    for name, values in case.x.items():
        is_text = name in case.texts
        seen = values[rows]
        area = max(0.5 if is_text else ranked(seen, bad), binned(seen, bad, entity, is_text))
        told = f"AUC {area:.3f}" if is_too_good(area, int(bad.sum()), int((~bad).sum())) else ""
        if not told and (is_text or len(np.unique(seen[~np.isnan(seen)])) <= FEW):
            told = _pure(pd.Series(seen), bad, CHANCE)
        if not told and not is_text and _is_number_of_entity(case, values):
            told = _told_by_name(
                [str(int(value)) for value in values[case.first]], ever, np.arange(len(ever))
            )
        if told:
            what = f"on an entity's first row it tells whether the entity ever comes to a bad end ({told})"
            fix = (
                "it was written or updated after the end: take it as it stood at each period, or leave it out"
            )
            yield Leak("status", name, what, fix, {"auc": area, "bad_entities": int(bad.sum())})


def _is_number_of_entity(case: Case, values: Floats) -> bool:
    """Whole numbers that stand for one entity each, on all its rows."""
    own = values[case.first]
    if np.isnan(values).any() or (own != np.rint(own)).any() or len(np.unique(own)) < len(own):
        return False
    return bool((values == own[case.entity]).all())


def _told_by_name(names: Sequence[str], bad: np.ndarray, entity: Ints) -> str:
    """Which part of the names tells bad from good; empty when none does."""
    counted = int(bad.sum()), int((~bad).sum())
    for part, values in _orders(names).items():
        area = max(ranked(values, bad), binned(values, bad, entity))
        if is_too_good(area, *counted):
            return f"{part}: AUC {area:.3f}"
    for part, texts in _parts(names).items():
        column = pd.Series(texts, dtype=object)
        codes = pd.factorize(column)[0].astype(np.float64)
        area = binned(codes, bad, entity, is_text=True)
        if is_too_good(area, *counted):
            return f"{part}: AUC {area:.3f}"
        pure = _pure(column, bad, CHANCE_OF_NAMES)
        if pure:
            return f"{part}: {pure}"
    return ""


def _orders(names: Sequence[str]) -> dict[str, Floats]:
    digits = [re.findall(r"\d{1,15}", name) for name in names]
    return {
        "last number": np.array([float(found[-1]) if found else np.nan for found in digits]),
        "first number": np.array([float(found[0]) if found else np.nan for found in digits]),
        "length": np.array([float(len(name)) for name in names]),
        "order": pd.Series(names, dtype=object).rank().to_numpy(dtype=np.float64),
    }


def _parts(names: Sequence[str]) -> dict[str, list[str]]:
    ends = {f"last {count} characters": [name[-count:] for name in names] for count in (1, 2, 3)}
    starts = {f"first {count} characters": [name[:count] for name in names] for count in (1, 2, 3)}
    places = {
        f"character {place + 1}": [name[place : place + 1] for name in names] for place in range(PLACES)
    }
    letters = {"words": ["".join(re.findall(r"[^\W\d_]+", name)) for name in names]}
    numbers = [re.findall(r"\d{1,15}", name) for name in names]
    odd = {"odd or even": [str(int(found[-1]) % 2) if found else "" for found in numbers]}
    return {**starts, **ends, **letters, **odd, **places}


def _pure(values: pd.Series, bad: np.ndarray, chance: float) -> str:
    """A value whose holders nearly all end badly, far beyond chance; empty when there is none."""
    base = float(bad.mean())
    table = pd.DataFrame({"value": values, "bad": bad}).groupby("value")["bad"].agg(["size", "mean"])
    surely = (table["mean"] >= PURE) & (table["size"] * np.log(base) <= np.log(chance))
    if base > 0.6 or not surely.any():
        return ""
    best = table[surely].sort_values("size").iloc[-1]
    return f"{best['mean']:.0%} of {int(best['size'])} with one value, {base:.0%} of all"
