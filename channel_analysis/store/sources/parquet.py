"""Parquet files: read where they are, with the types they have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import InputError, Problem, refuse
from .found import Found
from .parts import Part, Reading, each, header_problem, refuse_other_columns

if TYPE_CHECKING:
    import pyarrow as pa


def parquet_parts(reading: Reading, found: Found) -> tuple[Part, ...]:
    """The Parquet files of a source, all with the same columns.

    An engine reads all files by the types of the first. Where others differ without loss (whole
    amounts in one month, fractions in the next), the files are rewritten in the type that holds both.
    """
    if found.is_partitioned:
        refuse(_other_folders(found))
    schemas = dict(zip(found.files, each(found.files, _schema), strict=True))
    first = found.label(found.files[0])
    refuse_other_columns({str(path): tuple(schema.names) for path, schema in schemas.items()}, first)
    refuse(_other_types(schemas, first))
    types = _common_types(schemas)
    differing = [path for path in found.files if not _is_of(schemas[path], types)]
    if differing and found.is_partitioned:
        refuse(_not_of(differing, schemas, types))
    read = {path: _rewritten(path, types, reading.target(n)) for n, path in enumerate(differing, start=1)}
    return tuple(Part(read.get(path, path), found.label(path)) for path in found.files)


def column_names(path: Path) -> tuple[str, ...]:
    """The names of a Parquet file's columns; InputError when it cannot be read."""
    return tuple(_schema(path).names)


def _common_types(schemas: dict[Path, pa.Schema]) -> dict[str, pa.DataType]:
    """For every column the type that holds the values of all files; InputError where there is none."""
    import pyarrow as pa

    (_, first), *_others = schemas.items()
    types: dict[str, pa.DataType] = {}
    problems = []
    for name in first.names:
        given = [pa.schema([(name, schema.field(name).type)]) for schema in schemas.values()]
        try:
            types[name] = pa.unify_schemas(given, promote_options="permissive").field(name).type
        except pa.ArrowException as error:
            where, what = str(next(iter(schemas))), f"the files differ in the type of '{name}': {error}"
            problems.append(Problem(where, what, "export all files with the same types"))
    refuse(problems)
    return types


def _is_of(schema: pa.Schema, types: dict[str, pa.DataType]) -> bool:
    return all(schema.field(name).type == wanted or _is_text(wanted) for name, wanted in types.items())


def _not_of(
    files: list[Path], schemas: dict[Path, pa.Schema], types: dict[str, pa.DataType]
) -> list[Problem]:
    """Files of a lake that would have to be rewritten: their folders could not come along."""
    return [
        Problem(
            str(path),
            f"its column '{name}' is of type {schemas[path].field(name).type}, in other files it is {wanted}",
            "export all files with the same types",
        )
        for path in files
        for name, wanted in types.items()
        if schemas[path].field(name).type != wanted and not _is_text(wanted)
    ]


def _rewritten(path: Path, types: dict[str, pa.DataType], target: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(list(types.items()))
    try:
        with pq.ParquetWriter(target, schema, compression="zstd") as writer:
            for batch in pq.ParquetFile(path).iter_batches(columns=schema.names):
                writer.write_table(pa.Table.from_batches([batch]).select(schema.names).cast(schema))
    except pa.ArrowException as error:
        what = f"its values do not fit the types of the other files: {str(error).splitlines()[0]}"
        raise InputError([Problem(str(path), what, "export all files with the same types")]) from None
    return target


def _schema(path: Path) -> pa.Schema:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        first_line = str(error).splitlines()[0]
        raise InputError(
            [Problem(str(path), f"not a Parquet file: {first_line}", "export it again")]
        ) from None
    problem = header_problem(str(path), tuple(schema.names))
    if problem:
        raise InputError([problem])
    return schema


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
