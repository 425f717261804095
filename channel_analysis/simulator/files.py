"""Write columns as files of the contract: Parquet in row groups as the months pass, CSV for small tables."""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..contracts.schema import Column
from ..contracts.tables import TABLES
from .draw import Floats, Ints
from .season import NEVER

ABSENT = int(np.iinfo(np.int64).min)
"""A missing whole number or amount."""

IN_PARQUET = frozenset(
    ("sales", "sell_out", "stock", "receivables", "feedback", "leads", "visits", "costs", "market",
     "targets", "customers")
)  # fmt: skip
"""Tables that grow with the company; the others are CSV."""

_ENDINGS = (".csv", ".parquet", ".xlsx", ".xls", ".duckdb", ".db")
_WORDY = frozenset(
    ("order_id", "original_order_id", "sell_out_id", "invoice_id", "feedback_id", "visit_id", "lead_id")
)
"""Columns whose texts do not repeat, so that a dictionary of them would only be in the way."""
_TYPES = {
    "text": pa.string(), "date": pa.date32(), "integer": pa.int64(), "money": pa.decimal128(18, 4),
    "quantity": pa.decimal128(18, 4), "number": pa.float64(), "flag": pa.bool_(),
}  # fmt: skip
_TO_FOUR_PLACES = {"money": 100, "quantity": 10_000}
"""Money is held in fen and quantities in units; the contract's decimals have four places."""


@dataclass(frozen=True, slots=True)
class Coded:
    """Text as places in a list of texts; -1 is none."""

    codes: Ints
    texts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Numbered:
    """Text as a prefix and a number of fixed width, from 1 for code 0; -1 is none.

    `second` is the prefix where `is_second`; both are equally long.
    """

    prefix: str
    codes: Ints
    width: int
    second: str = ""
    is_second: np.ndarray | None = None


Values = Coded | Numbered | Ints | Floats | np.ndarray | Sequence[str | None]
Columns = Mapping[str, Values]


class Output:
    """The files of one world, gathered in a folder of their own until all are whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: dict[str, pq.ParquetWriter] = {}

    def add(self, table: str, columns: Columns) -> None:
        """Add rows to a table; the columns of all its parts are the same."""
        chosen = [column for column in TABLES[table].columns if column.name in columns]
        content = _table(chosen, columns)
        if table in IN_PARQUET:
            writer = self._writer(table, chosen)
            if len(content):
                writer.write_table(content, row_group_size=1 << 20)
        else:
            _write_csv(self._folder / f"{table}.csv", chosen, content)

    def text(self, name: str, content: str) -> None:
        """Write a text file beside the tables."""
        (self._folder / name).write_bytes(content.encode("utf-8"))

    def finished(self) -> dict[str, int]:
        """Finish every table's file and give the files' sizes in bytes."""
        self.close()
        return {path.name: path.stat().st_size for path in sorted(self._folder.iterdir())}

    def close(self) -> None:
        """Finish every table's file."""
        for writer in self._writers.values():
            writer.close()

    def _writer(self, table: str, columns: list[Column]) -> pq.ParquetWriter:
        if table not in self._writers:
            coded = [c.name for c in columns if c.type == "text" and c.name not in _WORDY]
            plain = pa.schema([pa.field(c.name, _TYPES[c.type]) for c in columns])
            self._writers[table] = pq.ParquetWriter(
                self._folder / f"{table}.parquet",
                plain,
                version="2.6",
                compression="snappy",
                use_dictionary=coded,
                store_schema=False,
            )
        return self._writers[table]


@contextmanager
def gathered(folder: Path) -> Iterator[Output]:
    """Write into a folder inside `folder` and move all files out when the block succeeds.

    Files of other kinds that would fill the same tables are removed then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix=".simulated-", dir=folder))
    output = Output(place)
    try:
        try:
            yield output
        finally:
            output.close()
        written = {path.name for path in place.iterdir()}
        for path in table_files(folder):
            if path.name not in written:
                path.unlink()
        for name in sorted(written):
            (place / name).replace(folder / name)
    finally:
        shutil.rmtree(place)


def table_files(folder: Path) -> list[Path]:
    """Files of a folder that a contract table would be read from."""
    named = (folder / f"{table}{ending}" for table in TABLES for ending in _ENDINGS)
    return [path for path in named if path.is_file()]


def taken(columns: Columns, rows: Ints) -> dict[str, Values]:
    """Some of the rows."""
    return {name: _taken(values, rows) for name, values in columns.items()}


def number_text(prefix: str, code: int, width: int) -> str:
    """The text of one code as `Numbered` writes it."""
    return f"{prefix}{code + 1:0{width}d}"


def _taken(values: Values, rows: Ints) -> Values:
    if isinstance(values, Coded):
        return Coded(values.codes[rows], values.texts)
    if isinstance(values, Numbered):
        second = None if values.is_second is None else values.is_second[rows]
        return Numbered(values.prefix, values.codes[rows], values.width, values.second, second)
    return np.asarray(values)[rows]


def _table(columns: list[Column], values: Columns) -> pa.Table:
    arrays = [_array(values[column.name], column) for column in columns]
    return pa.table(arrays, names=[column.name for column in columns])


def _array(values: Values, column: Column) -> pa.Array:
    if isinstance(values, Coded):
        codes = pa.array(values.codes.astype(np.int32), mask=values.codes < 0)
        coded = pa.DictionaryArray.from_arrays(codes, pa.array(list(values.texts), pa.string()))
        return coded.cast(pa.string())
    if isinstance(values, Numbered):
        return _numbered(values)
    if column.type == "text":
        return pa.array(list(values), pa.string())
    given = np.asarray(values)
    if column.type in _TO_FOUR_PLACES:
        return _decimals(given, _TO_FOUR_PLACES[column.type])
    if column.type == "date":
        return pa.array(given.astype(np.int32), mask=given >= NEVER).cast(pa.date32())
    empty = np.isnan(given) if given.dtype.kind == "f" else given == ABSENT
    return pa.array(given, _TYPES[column.type], mask=empty)


def _decimals(values: Ints, factor: int) -> pa.Array:
    """128-bit decimals from whole numbers: the low word and its sign, side by side."""
    empty = values == ABSENT
    words = np.empty((len(values), 2), dtype="<i8")
    words[:, 0] = np.where(empty, 0, values) * factor
    words[:, 1] = words[:, 0] >> 63
    valid = pa.py_buffer(np.packbits(~empty, bitorder="little").tobytes()) if empty.any() else None
    return pa.Array.from_buffers(pa.decimal128(18, 4), len(values), [valid, pa.py_buffer(words)])


def _numbered(values: Numbered) -> pa.Array:
    """Texts of one width, their digits worked out column by column."""
    known = values.codes >= 0
    codes = values.codes[known] + 1
    length = len(values.prefix)
    letters = np.empty((len(codes), length + values.width), dtype=np.uint8)
    letters[:, :length] = np.frombuffer(values.prefix.encode(), dtype=np.uint8)
    if values.is_second is not None:
        other = np.frombuffer(values.second.encode(), dtype=np.uint8)
        letters[values.is_second[known], :length] = other
    for place in range(values.width):
        letters[:, length + values.width - 1 - place] = 48 + codes % 10
        codes = codes // 10
    offsets = np.append(0, np.cumsum(known * (length + values.width))).astype(np.int32)
    valid = None if known.all() else pa.py_buffer(np.packbits(known, bitorder="little").tobytes())
    buffers = [valid, pa.py_buffer(offsets), pa.py_buffer(letters)]
    return pa.Array.from_buffers(pa.string(), len(known), buffers)


def _write_csv(path: Path, columns: list[Column], content: pa.Table) -> None:
    cells = [
        [_text(value, column.type) for value in content[column.name].to_pylist()] for column in columns
    ]  # fmt: skip
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(column.name for column in columns)
    writer.writerows(zip(*cells, strict=True))
    path.write_bytes(stream.getvalue().encode("utf-8"))


def _text(value: Any, kind: str) -> str:
    if value is None:
        return ""
    if kind == "money":
        return f"{value:.2f}"
    if kind == "quantity":
        return f"{value:f}".rstrip("0").rstrip(".")
    return str(value).lower() if kind == "flag" else str(value)
