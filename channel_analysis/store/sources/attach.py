"""The entry: any source becomes a view of the engine, and a fingerprint of what it holds."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ...errors import InputError, Problem, refuse
from ...files import sha256_of_file
from ..engine import FILE, ROW, Engine, EngineError, ParquetFiles, quoted
from .csv_files import csv_parts
from .databases import duckdb_part
from .excel import workbook_parts
from .found import find, fingerprinted
from .parquet import parquet_parts
from .parts import Part, Reading, Source
from .postgres import postgres_part, snapshot
from .spec import FileSpec
from .wide import widened

_READERS = {"csv": csv_parts, "workbook": workbook_parts, "parquet": parquet_parts, "duckdb": duckdb_part}


def attach(
    engine: Engine,
    name: str,
    spec: FileSpec,
    folder: Path,
    scratch: Path,
    snapshots: Path,
    options_place: str = "for the file under [files] of the mapping",
) -> Source:
    """Make a source readable as the view `name`; its rows carry the columns `_file` and `_row`.

    CSV files and workbooks are all text. What is no Parquet becomes Parquet in `scratch`, which must
    last as long as the view; what comes from a database server is kept in `snapshots`.
    `options_place` is where the source's options are said, for messages.

    Raises
    ------
    InputError
        With every problem of every file of the source.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    reading = Reading(name, spec, folder, scratch, snapshots, options_place)
    base = None
    if spec.uri:
        parts: tuple[Part, ...] = (postgres_part(spec, snapshots),)
    else:
        found = find(spec, folder)
        parts = _READERS[found.kind](reading, found)
        base = found.base if found.kind == "parquet" and found.is_partitioned else None
    where = parts[0].label if spec.uri else str(folder / spec.path)
    _refuse_taken_names(parts[0], where)
    files = ParquetFiles(tuple(part.path for part in parts), base, numbered=True)
    if spec.unpivot is None:
        return Source(name, _registered(engine, name, files, where), parts)
    as_it_is = f"wide_{name}"
    wide = widened(spec.unpivot, _registered(engine, as_it_is, files, where), where)
    return Source(name, _registered(engine, name, wide.sql(as_it_is), where), parts, is_wide=True)


def digest(spec: FileSpec, folder: Path, snapshots: Path) -> str:
    """A fingerprint of all that a source holds: names and content of its files; "missing" without any.

    What a database server gave is part of it; where nothing was read from there yet, it is read now.

    Raises
    ------
    InputError
        When a database server must be read and cannot be.
    """
    if spec.uri:
        return sha256_of_file(snapshot(spec, snapshots))
    try:
        files = fingerprinted(spec, folder)
    except InputError:
        return "missing"
    if not files:
        return "missing"
    total = hashlib.sha256()
    for name, path in files:
        total.update(f"{name!r} {_content(path)}\n".encode())
    return total.hexdigest()


def _content(path: Path) -> str:
    try:
        return sha256_of_file(path)
    except OSError:
        return "missing"


def _refuse_taken_names(part: Part, where: str) -> None:
    import pyarrow.parquet as pq

    refuse(
        Problem(where, f"the column '{name}' has the name of one that numbers the rows", "rename it")
        for name in pq.read_schema(part.path).names
        if name.lower() in (FILE, ROW)
    )


def _registered(engine: Engine, name: str, rows: ParquetFiles | str, where: str) -> tuple[str, ...]:
    """Give a name to Parquet files or a query; the names of their columns but those that number rows."""
    try:
        engine.register(name, rows)
        names = engine.schema(f"SELECT * FROM {quoted(name)}").names
    except EngineError as error:
        what = f"the engine cannot read it: {str(error).splitlines()[0]}"
        raise InputError([Problem(where, what, "export it again")]) from None
    return tuple(column for column in names if column not in (FILE, ROW))
