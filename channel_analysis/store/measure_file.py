"""The file of the register of measures: written whole, and read with every row checked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from ..errors import InputError, Problem, nearest, refuse
from ..files import written_beside
from .measure_entries import REGISTER, Draft, Entry, objections

_FIX = "put the file back as it was, or move it away to begin with an empty register"


def write_entries(path: Path, entries: Mapping[str, Entry]) -> None:
    """Write the whole register in place of what was there; InputError when it cannot be."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pylist([asdict(one) for one in entries.values()], schema=_schema())
    try:
        with written_beside(path) as beside:
            pq.write_table(table, beside)
    except OSError as error:
        what = f"cannot be written to: {error.strerror or error}"
        raise InputError([Problem(str(path), what, "correct its permissions")]) from None


def read_entries(path: Path) -> dict[str, Entry]:
    """Every measure by its id; empty without a file, InputError with every row that is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.exists():
        return {}
    try:
        with path.open("rb") as stream:
            table = pq.read_table(stream)
    except (OSError, ValueError, pa.ArrowException) as error:
        what = f"the register of measures cannot be read: {str(error).splitlines()[0]}"
        raise InputError([Problem(str(path), what, _FIX)]) from None
    refuse(_wrong_columns(path, table))
    entries: dict[str, Entry] = {}
    problems = []
    for number, row in enumerate(table.select(_schema().names).to_pylist(), start=1):
        why = _fault(row, entries)
        if why:
            problems.append(Problem(f"{path} row {number}", f"this is no measure: {why}", _FIX))
        else:
            entries[row["measure_id"]] = Entry(**row)
    refuse(problems)
    return entries


def _schema() -> Any:
    import pyarrow as pa

    types = {"text": pa.string(), "number": pa.float64(), "date": pa.date32()}
    return pa.schema([pa.field(column.name, types[column.type]) for column in REGISTER.columns])


def _wrong_columns(path: Path, table: Any) -> Iterator[Problem]:
    names = set(table.column_names)
    for field in _schema():
        if field.name not in names:
            near = nearest(field.name, names)
            what = f"the column '{field.name}' is missing" + (f"; there is a '{near}'" if near else "")
            yield Problem(str(path), what, _FIX)
        elif not table.schema.field(field.name).type.equals(field.type):
            given = table.schema.field(field.name).type
            yield Problem(str(path), f"the column '{field.name}' is {given}, not {field.type}", _FIX)


def _fault(row: Mapping[str, Any], known: Mapping[str, Entry]) -> str:
    """What is wrong with a row; "" if nothing is."""
    texts = [column.name for column in REGISTER.columns if column.type == "text"]
    for name in (*texts, "due", "decided_on"):
        if row[name] is None:
            return f"{name} is empty"
    for column in REGISTER.columns:
        if column.allowed and row[column.name] not in column.allowed:
            return f"{column.name} is '{row[column.name]}'"
    if row["measure_id"] in known:
        return "its measure_id stands there twice"
    if (row["state"] == "open") != (row["closed_on"] is None):
        return "state and closed_on do not agree"
    if not _are_parts(row["parts"]):
        return "parts is no list of dimension, value and name"
    made = Draft(**{one.name: row[one.name] for one in fields(Draft)})
    return next((problem.what for problem in objections(made)), "")


def _are_parts(text: str) -> bool:
    try:
        parts = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(parts, list) and all(
        isinstance(part, list) and len(part) == 3 and all(isinstance(one, str) for one in part)
        for part in parts
    )
