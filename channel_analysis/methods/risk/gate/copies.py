"""Rows that stand in the panel more than once: a partner under two names, resampled or made-up rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ..panel import Floats, Ints
from .leak import Case, Leak
from .segments import on_segments

OWN = 3
"""A whole number is an entity's own when so few entities ever hold it."""
LEAST = 5
MATCHED = 0.8
WHOLE = 0.99
TURNS = 3

Pair = tuple[int, int, int]
"""In how many periods two entities are alike, and their numbers."""


def find_copies(case: Case) -> Iterator[Leak]:
    """Repeated keys, entities that share their rows, bad rows that were multiplied or interpolated."""
    repeated = list(_repeated_keys(case))
    yield from repeated
    telling = _telling_rows(case)
    multiplied = _multiplied(telling, case)
    if multiplied is not None:
        yield multiplied
    else:
        yield from _same_partner(telling, case)
    if not repeated:
        yield from _fractions(case)
        yield from _between(case)


def _repeated_keys(case: Case) -> Iterator[Leak]:
    if case.period is None:
        return
    again = np.r_[False, (np.diff(case.entity) == 0) & (np.diff(case.steps) == 0)]
    if not again.any():
        return
    name = case.names[case.entity[np.argmax(again)]]
    bad = float(np.nanmean(case.y[again] == 1))
    what = (
        f"{int(again.sum())} rows repeat an entity and period (such as '{name}'), {bad:.0%} of them bad: "
        "rows were resampled or doubled before the split"
    )
    fix = "give each entity one row per period; weigh rows within training instead of repeating them"
    yield Leak("resampling", case.key, what, fix, {"rows": int(again.sum()), "bad_share": bad})


def _telling_rows(case: Case) -> pd.DataFrame:
    """Rows with at least two values that hardly any other entity holds.

    `row` stands for all values, `own` for the precise ones hardly shared, `count` says how many are own,
    `is_rich` whether about as many different precise ones stand in it as in other rows: where a partner's
    only order is all there is to know, another may well have made the same.
    """
    columns = {name: _short(values) for name, values in case.x.items()}
    held = {name: _is_own(short, case) for name, short in columns.items() if name not in case.texts}
    count = np.sum([*held.values(), np.zeros(len(case.y), dtype=bool)], axis=0)
    rows = np.flatnonzero(count >= min(2, max(len(columns), 1)))
    own = {
        name: np.where(is_own & _is_precise(columns[name]), columns[name], 0) for name, is_own in held.items()
    }
    return pd.DataFrame(
        {
            "row": _hashed(columns, rows),
            "own": _hashed(own, rows),
            "count": count[rows],
            "is_rich": _is_rich(own, len(case.y))[rows],
            "step": case.steps[rows],
            "entity": case.entity[rows],
            "bad": case.y[rows] == 1,
        }
    )


def _is_rich(own: dict[str, Floats], rows: int) -> np.ndarray:
    if not own:
        return np.zeros(rows, dtype=bool)
    values = np.sort(np.nan_to_num(np.column_stack(list(own.values()))), axis=1)
    fresh = np.column_stack([values[:, 0] != 0, (np.diff(values, axis=1) != 0) & (values[:, 1:] != 0)])
    different = fresh.sum(axis=1)
    return np.asarray(different >= max(0.5 * np.median(different), 1))


def _is_precise(values: Floats) -> np.ndarray:
    """Values of some length: days and counts coincide, amounts hardly do."""
    return np.asarray((values != np.rint(values)) | (np.abs(values) >= 1000))


def _hashed(columns: dict[str, Floats], rows: Ints) -> Ints:
    frame = pd.DataFrame(columns).iloc[rows] if columns else pd.DataFrame({"none": np.zeros(len(rows))})
    return np.asarray(pd.util.hash_pandas_object(frame, index=False).to_numpy().view(np.int64))


def _short(values: Floats) -> Floats:
    """Six significant digits, so that a copy through a text file is still a copy."""
    size = np.floor(
        np.log10(np.abs(values), where=(values != 0) & ~np.isnan(values), out=np.zeros(len(values)))
    )
    unit = 10.0 ** (5 - size)
    return np.asarray(np.rint(values * unit) / unit)


def _is_own(values: Floats, case: Case) -> np.ndarray:
    """Whether few entities hold the value: of whole numbers three, of others up to one in fifty."""
    known = ~np.isnan(values)
    codes, distinct = pd.factorize(values)
    pairs = pd.unique(codes[known].astype(np.int64) * len(case.names) + case.entity[known])
    holders = np.bincount(pairs // len(case.names), minlength=max(len(distinct), 1))
    found = np.zeros(len(values), dtype=bool)
    whole = values[known] == np.rint(values[known])
    most = np.where(whole, OWN, max(len(case.names) // 50, OWN))
    found[known] = (holders[codes[known]] <= most) & (values[known] != 0)
    return found


def _multiplied(telling: pd.DataFrame, case: Case) -> Leak | None:
    """Bad rows that stand there several times, under any name or period, far more often than good ones."""
    rich = telling[telling["is_rich"]]
    again = rich[rich["row"].duplicated(keep=False)]
    copies = _copied_once(rich, case) if case.period is not None else again
    bad, every = int(copies["bad"].sum()), case.y == 1
    base = float(every.mean())
    if bad < LEAST or bad / len(copies) < min(3 * base, 0.5 + base / 2) or bad < 0.05 * every.sum():
        return None
    what = (
        f"{bad} bad rows stand in the panel several times under other names or periods "
        f"({bad / len(copies):.0%} of the copies, {base:.0%} of all rows): resampled before the split"
    )
    fix = "give each row once; weigh rows within training instead of repeating them"
    return Leak("resampling", case.label, what, fix, {"copies": len(copies), "bad": bad})


def _copied_once(rich: pd.DataFrame, case: Case) -> pd.DataFrame:
    """A row for each pair of entities that share rows, but for pairs that go the same way for long.

    Those are one partner twice, or two partners of whom little is known.
    """
    frame = rich.drop_duplicates(["row", "entity"])
    frame = frame[frame["row"].duplicated(keep=False)]
    first = frame.groupby("row")["entity"].transform("min")
    pairs = frame.assign(first=first)[frame["entity"] != first].groupby(["first", "entity"])
    met = pairs.agg(rows=("row", "size"), bad=("bad", "mean")).reset_index()
    rows = np.bincount(case.entity, minlength=len(case.names))
    fewer = np.minimum(rows[met["first"]], rows[met["entity"]])
    together = (met["rows"] >= 2) & (met["rows"] >= 0.5 * fewer)
    return met[~together].assign(bad=lambda of: of["bad"] > 0.5)


def _same_partner(telling: pd.DataFrame, case: Case) -> Iterator[Leak]:
    """Entities whose rows of the same periods hold the same values."""
    found = _lively(_met(telling, case), case) or _lively(_same_course(case), case)
    if not found:
        return
    named = sorted((count, case.names[one], case.names[other]) for count, one, other in found)
    told = "; ".join(f"'{one}' and '{other}' in {count} periods" for count, one, other in named[-3:])
    what = (
        f"{len(found)} pairs of entities hold the same values in the same periods ({told}): one partner twice"
    )
    fix = "join the names of one partner into one, so that it cannot stand in training and in the test"
    yield Leak("duplicate", case.key, what, fix, {"pairs": len(found), "periods": max(found)[0]})


def _lively(pairs: list[Pair], case: Case) -> list[Pair]:
    """Pairs of which a quarter of the features (two at least, no ranks) turn again and again."""
    if case.period is None or not pairs:
        return pairs
    features = [
        values for name, values in case.x.items() if name not in case.texts and not _is_rank(values, case)
    ]
    found = []
    for pair in pairs:
        _, one, other = pair
        rows = np.flatnonzero(case.entity == one)
        rows = rows[np.isin(case.steps[rows], case.steps[case.entity == other])]
        turns = [_turns(values[rows]) for values in features if np.ptp(np.nan_to_num(values[rows])) > 0]
        if sum(turn >= TURNS for turn in turns) >= max(2, 0.25 * len(turns)):
            found.append(pair)
    return found


def _turns(values: Floats) -> int:
    change = np.diff(values[~np.isnan(values)])
    return int((np.diff(np.sign(change[change != 0])) != 0).sum())


def _is_rank(values: Floats, case: Case) -> bool:
    """Places among the rows of a period, as shares: they move when others do."""
    known = ~np.isnan(values)
    if not known.any() or values[known].min() <= 0 or values[known].max() > 1:
        return False
    _, when = np.unique(case.steps[known], return_inverse=True)
    places = 2 * values[known] * np.bincount(when)[when]
    return bool((np.abs(places - np.rint(places)) < 1e-6).mean() > WHOLE)


def _met(telling: pd.DataFrame, case: Case) -> list[Pair]:
    """Pairs that share most rows: in time at least three that differ, else one of many own values."""
    frame = telling.drop_duplicates(["row", "step", "entity"])
    size = frame.groupby(["row", "step"])["entity"].transform("size")
    shared = frame[(size > 1) & (size <= 10)]
    pairs = shared.merge(shared[["row", "step", "entity"]], on=["row", "step"], suffixes=("", "_too"))
    pairs = pairs[pairs["entity"] < pairs["entity_too"]].groupby(["entity", "entity_too"])
    met = pairs.agg(rows=("row", "size"), kinds=("own", "nunique"), count=("count", "max")).reset_index()
    rows = frame.groupby("entity").size()
    fewer = np.minimum(rows[met["entity"]].to_numpy(), rows[met["entity_too"]].to_numpy())
    enough = met["kinds"] >= 3 if case.period is not None else met["count"] >= 5
    same = met[enough & (met["rows"] >= MATCHED * fewer)]
    return [
        (int(count), int(one), int(other))
        for count, one, other in zip(same["rows"], same["entity"], same["entity_too"], strict=True)
    ]


def _same_course(case: Case) -> list[Pair]:
    """Entities of the same course, where all values are common ones; quiet courses say nothing."""
    if case.period is None or len(case.names) < 2:
        return []
    names = [name for name, values in case.x.items() if not _is_clock(values, case)]
    if not names:
        return []
    frame = pd.DataFrame({name: _short(case.x[name]) for name in names})
    row = pd.util.hash_pandas_object(frame, index=False).to_numpy().view(np.int64)
    moved = np.r_[False, (np.diff(row) != 0) & (np.diff(case.entity) == 0)]
    table = pd.DataFrame({"entity": case.entity, "row": row, "step": case.steps, "moved": moved})
    mixed = pd.util.hash_pandas_object(table[["row", "step"]], index=False).to_numpy().view(np.int64)
    course = (
        table.assign(mixed=mixed)
        .groupby("entity")
        .agg(course=("mixed", "sum"), rows=("row", "size"), moved=("moved", "sum"), kinds=("row", "nunique"))
    )
    lively = course[(course["rows"] >= 6) & (course["moved"] >= 6) & (course["kinds"] >= 5)]
    again = lively[lively["course"].duplicated(keep=False)].sort_values("course", kind="stable")
    same = np.flatnonzero(np.diff(again["course"]) == 0)
    return [
        (int(again["rows"].iloc[place]), int(again.index[place]), int(again.index[place + 1]))
        for place in same
    ]


def _is_clock(values: Floats, case: Case) -> bool:
    """Whether a feature only stands still or counts on, as age does."""
    change = np.diff(values)[np.diff(case.entity) == 0]
    change = change[~np.isnan(change)]
    if not len(change):
        return True
    _, counts = np.unique(change, return_counts=True)
    return bool(counts.max() > 0.9 * len(change))


def _fractions(case: Case) -> Iterator[Leak]:
    """Whole-number features that are fractions on bad rows alone: rows made up between others."""
    bad, good = case.y == 1, case.y == 0
    for name, values in case.x.items():
        known = ~np.isnan(values)
        broken = known & (values != np.rint(values))
        if name in case.texts or not broken.any() or (known & good).sum() < 50:
            continue
        among_bad, among_good = int((broken & bad).sum()), int((broken & good).sum())
        whole = 1 - among_good / (known & good).sum()
        distinct = len(np.unique(values[known & good]))
        if whole >= WHOLE and distinct >= 3 and among_bad >= 10 and among_bad > 20 * among_good:
            what = (
                f"it holds whole numbers, but fractions on {among_bad} bad rows (on {among_good} good ones): "
                "bad rows were made up between others before the split"
            )
            yield _made_up(name, what, among_bad)


def _between(case: Case) -> Iterator[Leak]:
    """Bad rows that lie exactly on the line between two others, which never happens by itself."""
    columns = [
        values
        for name, values in case.x.items()
        if name not in case.texts and _is_continuous(values) and not _is_clock(values, case)
    ]
    if len(columns) < 3:
        return
    x = np.column_stack(columns)
    found, tried = on_segments(x, case.y == 1, case.entity)
    if found < max(LEAST, 0.05 * tried):
        return
    usual, of = on_segments(x, case.y == 0, case.entity)
    if found / tried > 0.05 + 5 * usual / max(of, 1):
        what = (
            f"{found} of {tried} bad rows lie exactly between two other bad rows in all features: "
            "they were made up before the split"
        )
        yield _made_up(case.label, what, found)


def _is_continuous(values: Floats) -> bool:
    known = values[~np.isnan(values)]
    return bool(
        len(known) and (known != np.rint(known)).mean() > 0.5 and len(np.unique(known)) > len(known) / 4
    )


def _made_up(culprit: str, what: str, rows: int) -> Leak:
    fix = "take made-up rows out; weigh rows within training instead"
    return Leak("resampling", culprit, what, fix, {"rows": rows})
