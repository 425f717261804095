"""A company's tables as texts, to be spoiled row by row, and the truth about what was spoiled."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from channel_analysis.contracts.tables import TABLES

Frames = dict[str, pd.DataFrame]
Rng = np.random.Generator
Write = Callable[[str], bytes]

RATES = (0.0, 0.001, 0.005, 0.02)
"""Shares of a table's rows that are spoiled; at least three rows are."""


@dataclass(frozen=True)
class Truth:
    """What was spoiled: the finding it calls for, and where.

    `rows` is the least and the most that a finding may count, both None where no row stands for the
    defect (rows that are missing). `keys` are those of the spoiled rows, as findings write them; one
    of `tokens` must be named by the finding. `others` are rules that are right as well; `columns`
    those that are right, none meaning any. With `may_refuse` the file may be refused instead, by name.
    """

    rule: str
    table: str
    columns: tuple[str, ...] = ()
    rows: tuple[int, int] | None = None
    keys: frozenset[str] = frozenset()
    tokens: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    may_refuse: bool = False


@dataclass
class World:
    """The tables of a company; rows once spoiled are not spoiled again."""

    frames: Frames
    touched: dict[str, set[int]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    written: dict[str, Write] = field(default_factory=dict)

    def copy(self) -> World:
        """A world that can be spoiled without spoiling this one."""
        return World({name: frame.copy() for name, frame in self.frames.items()})

    def pick(
        self, table: str, rng: Rng, where: pd.Series | None = None, rate: float | None = None
    ) -> pd.Index:
        """Rows to spoil: at least three, at a realistic rate, none of them spoiled before."""
        frame = self.frames[table]
        free = pd.Series(True, frame.index) if where is None else where.copy()
        free &= ~frame.index.isin(list(self.touched.get(table, ())))
        rows = frame.index[free]
        rate = float(rng.choice(RATES)) if rate is None else rate
        count = min(len(rows), max(3, round(rate * len(frame))))
        if count == 0:
            raise LookupError(f"no row of {table} can be spoiled so")
        chosen = pd.Index(np.sort(rng.choice(rows.to_numpy(), count, replace=False)))
        return self.touch(table, chosen)

    def touch(self, table: str, rows: pd.Index) -> pd.Index:
        """Note that these rows are spoiled."""
        self.touched.setdefault(table, set()).update(rows)
        self.changed.add(table)
        return rows

    def append(self, table: str, rows: pd.DataFrame) -> pd.Index:
        """Add rows at the end; give their place."""
        start = len(self.frames[table])
        self.frames[table] = pd.concat([self.frames[table], rows], ignore_index=True)
        return self.touch(table, pd.RangeIndex(start, start + len(rows)))

    def drop(self, table: str, where: pd.Series) -> None:
        """Take rows away; those spoiled before stay, and the others keep their order."""
        frame = self.frames[table]
        kept = frame.index[~where | frame.index.isin(list(self.touched.get(table, ())))]
        places = {old: new for new, old in enumerate(kept)}
        self.touched[table] = {places[row] for row in self.touched.get(table, ())}
        self.frames[table] = frame.loc[kept].reset_index(drop=True)
        self.changed.add(table)

    def keys(self, table: str, rows: Iterable[int]) -> frozenset[str]:
        """The keys of rows as findings write them."""
        key = TABLES[table].key
        found = self.frames[table].loc[list(rows), list(key)]
        return frozenset(
            " ".join(f"{name}={value}" for name, value in zip(key, row, strict=True) if value)
            for row in found.itertuples(index=False)
        )

    def truth(
        self, rule: str, table: str, columns: str, rows: pd.Index, *others: str, **more: object
    ) -> Truth:
        """The truth about spoiled rows, to be counted exactly."""
        exact = (len(rows), len(rows))
        return Truth(
            rule,
            table,
            tuple(columns.split()),
            exact,
            self.keys(table, rows),
            others=others,
            **more,  # type: ignore[arg-type]
        )

    def write(self, folder: Path, sound: Path, kind: str = "csv", others: Container[str] = TABLES) -> None:
        """Write spoiled tables anew; link the others that are asked for from the folder of the sound."""
        for path in sorted(sound.iterdir()) if folder != sound else ():
            if path.stem in others and path.stem not in self.changed:
                os.link(path, folder / path.name)
        for table in sorted(self.changed):
            (folder / f"{table}.parquet").unlink(missing_ok=True)
            if kind == "csv" or table in self.written:
                text = self.frames[table].to_csv(index=False, lineterminator="\n")
                content = self.written.get(table, str.encode)(text)
                (folder / f"{table}.csv").write_bytes(content)
            else:
                self.frames[table].replace("", None).to_parquet(folder / f"{table}.parquet", index=False)


def number(values: pd.Series) -> pd.Series:
    """Texts as numbers."""
    return pd.to_numeric(values, errors="coerce")


def amount(values: pd.Series) -> pd.Series:
    """Numbers as the texts of amounts, empty ones empty."""
    return values.map(lambda value: "" if pd.isna(value) else f"{value:.2f}")


def day(values: pd.Series) -> pd.Series:
    """Texts as dates."""
    return pd.to_datetime(values, errors="coerce", format="%Y-%m-%d")


def day_text(values: pd.Series) -> pd.Series:
    """Dates as texts, empty ones empty."""
    return values.dt.strftime("%Y-%m-%d").fillna("")


def read_frames(folder: Path) -> Frames:
    """The tables of a folder as texts, empty where there is no value."""
    frames = {}
    for path in sorted(folder.iterdir()):
        if path.stem not in TABLES:
            continue
        source = f"read_csv('{path}', all_varchar = true)" if path.suffix == ".csv" else f"'{path}'"
        names = [row[0] for row in duckdb.sql(f"DESCRIBE SELECT * FROM {source}").fetchall()]
        texts = ", ".join(f"""COALESCE(CAST("{name}" AS VARCHAR), '') AS "{name}" """ for name in names)
        frames[path.stem] = duckdb.sql(f"SELECT {texts} FROM {source}").df().astype(object)
    return frames
