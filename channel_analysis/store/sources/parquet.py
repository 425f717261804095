"""Parquet files: read where they are, with the types they have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import InputError, Problem, refuse
from .found import Found
from .parts import Part, Reading, each, refuse_other_columns

if TYPE_CHECKING:
    import pyarrow as pa


def parquet_parts(_reading: Reading, found: Found) -> tuple[Part, ...]:
    """The Parquet files of a source, all with the same columns.

    Of files in folders `key=value` only the first is looked into, so that a question about one
    month opens the files of that month alone.
    """
    if found.is_partitioned:
        refuse(_other_folders(found))
        _schema(found.files[0])
    else:
        schemas = dict(zip(found.files, each(found.files, _schema), strict=True))
        first = found.label(found.files[0])
        refuse_other_columns({str(path): tuple(schema.names) for path, schema in schemas.items()}, first)
        refuse(_other_types(schemas, first))
    return tuple(Part(path, found.label(path)) for path in found.files)


def _schema(path: Path) -> pa.Schema:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        first_line = str(error).splitlines()[0]
        raise InputError(
            [Problem(str(path), f"not a Parquet file: {first_line}", "export it again")]
        ) from None


def _other_folders(found: Found) -> list[Problem]:
    """Files whose folders do not say what those of the first file say."""
    first = _keys(found, found.files[0])
    fix = "give all files the same folders, or name fewer files"
    return [
        Problem(str(file), f"its folders name {_listed(keys)}, those of the first file {_listed(first)}", fix)
        for file in found.files
        if (keys := _keys(found, file)) != first
    ]


def _keys(found: Found, file: Path) -> list[str]:
    folders = file.relative_to(found.base).parts[:-1]
    return [name.partition("=")[0] for name in folders if "=" in name]


def _listed(keys: list[str]) -> str:
    return ", ".join(f"'{key}'" for key in keys) or "nothing"


def _other_types(schemas: dict[Path, pa.Schema], first_name: str) -> list[Problem]:
    """Columns that are text in one file and something else in the first, so that zeros would be lost."""
    import pyarrow as pa

    (_, first), *others = schemas.items()
    problems = []
    for path, schema in others:
        for name in schema.names:
            here, there = schema.field(name).type, first.field(name).type
            if pa.types.is_null(here) or _is_text(here) == _is_text(there):
                continue
            what = f"its column '{name}' is of type {here}; in {first_name} it is {there}"
            problems.append(Problem(str(path), what, "export all files with the same types"))
    return problems


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))
