"""Write a frame as a file of the contract: its columns, their order, their types."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ...contracts.schema import Column
from ...contracts.tables import TABLES

_TO_FOUR_PLACES = {"money": 100, "quantity": 10_000}
"""Money is held in fen and quantities in units; the contract's decimals have four places."""
_PLAIN_TYPES = {"integer": pa.int64(), "number": pa.float64(), "flag": pa.bool_()}


def write_parquet(frame: pd.DataFrame, table: str, folder: Path) -> None:
    """Write `<table>.parquet`, uncompressed so that no compressor's version shows."""
    columns = _in_contract_order(frame, table)
    arrays = [_as_array(frame[column.name], column) for column in columns]
    content = pa.table(arrays, names=[column.name for column in columns])
    path = folder / f"{table}.parquet"
    pq.write_table(content, path, compression="NONE", version="2.6", row_group_size=1_000_000)


def write_csv(frame: pd.DataFrame, table: str, folder: Path) -> None:
    """Write `<table>.csv` in UTF-8 with commas and line feeds."""
    columns = _in_contract_order(frame, table)
    cells = [_as_texts(frame[column.name], column) for column in columns]
    with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(column.name for column in columns)
        writer.writerows(zip(*cells, strict=True))


def _in_contract_order(frame: pd.DataFrame, table: str) -> list[Column]:
    contract = TABLES[table]
    given = {contract.column(name).name for name in frame.columns}
    return [column for column in contract.columns if column.name in given]


def _as_array(values: pd.Series, column: Column) -> pa.Array:
    if column.type in _TO_FOUR_PLACES:
        return _as_decimals(values, _TO_FOUR_PLACES[column.type])
    if column.type == "date":
        days = values.to_numpy(dtype="datetime64[D]")
        return pa.array(days.astype(np.int32), mask=np.isnat(days)).cast(pa.date32())
    if column.type == "text":
        return pa.array(values.astype(object).where(values.notna(), None), pa.string())
    return pa.array(values.to_numpy(), _PLAIN_TYPES[column.type], mask=values.isna().to_numpy())


def _as_decimals(values: pd.Series, factor: int) -> pa.Array:
    """128-bit decimals from whole numbers: the low word and its sign, side by side."""
    empty = values.isna().to_numpy()
    words = np.empty((len(values), 2), dtype="<i8")
    words[:, 0] = values.to_numpy(dtype=np.int64, na_value=0) * factor
    words[:, 1] = words[:, 0] >> 63
    valid = pa.py_buffer(np.packbits(~empty, bitorder="little").tobytes())
    buffers = [valid if empty.any() else None, pa.py_buffer(words.tobytes())]
    return pa.Array.from_buffers(pa.decimal128(18, 4), len(values), buffers)


def _as_texts(values: pd.Series, column: Column) -> list[str]:
    return ["" if pd.isna(value) else _as_text(value, column.type) for value in values]


def _as_text(value: Any, kind: str) -> str:
    if kind == "money":
        sign, fen = "-" if value < 0 else "", abs(int(value))
        return f"{sign}{fen // 100}.{fen % 100:02d}"
    if kind == "date":
        return f"{value:%Y-%m-%d}"
    return str(value).lower() if kind == "flag" else str(value)
