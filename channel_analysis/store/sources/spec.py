"""How a source is named in settings: where it is, how it is written, and which options go together."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Annotated, Literal
from urllib.parse import parse_qsl

from pydantic import AfterValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails

from ...contracts.settings import Rules, wrong
from .wide import Unpivot

WORKBOOKS = (".xlsx", ".xls", ".xlsb", ".ods")
READABLE = (".parquet", ".csv", *WORKBOOKS)
"""Kinds of files that hold one table and can be named by a pattern or lie in a folder."""

KINDS = {".parquet": "parquet", ".csv": "csv", **dict.fromkeys(WORKBOOKS, "workbook")}
KINDS |= {".duckdb": "duckdb", ".db": "duckdb"}

IN_WORDS = {
    "csv": "a CSV file",
    "parquet": "a Parquet file",
    "workbook": "a workbook",
    "duckdb": "a DuckDB file",
    "postgres": "a database server",
}

_OPTIONS = {
    "delimiter": ("csv",),
    "encoding": ("csv",),
    "sheet": ("workbook",),
    "sheet_column": ("workbook",),
    "file_column": ("csv", "workbook"),
    "header_row": ("csv", "workbook"),
    "header_rows": ("csv", "workbook"),
    "fill_down": ("csv", "workbook"),
    "decimal": ("csv", "workbook"),
    "thousands": ("csv", "workbook"),
    "currency": ("csv", "workbook"),
    "table": ("duckdb", "postgres"),
    "query": ("postgres",),
    "password_env": ("postgres",),
}

_NO_FILES = ("undefined", "idna", "punycode", "unicode-escape", "raw-unicode-escape")
"""Encodings of Python that no file is written in."""

Mistakes = Iterator[tuple[str, str, str]]


def _one_character(delimiter: str) -> str:
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise wrong("a delimiter is one character", 'write it as ",", ";", "|" or "\\t"')
    return delimiter


def _known_encoding(encoding: str) -> str:
    try:
        is_text = codecs.lookup(encoding)._is_text_encoding
    except LookupError:
        is_text = False
    if not is_text or codecs.lookup(encoding).name in _NO_FILES:
        raise wrong("there is no such encoding of text", "try utf-8 or gb18030")
    return encoding


def _currency(code: str) -> str:
    if code and not re.fullmatch("[A-Z]{3}", code):
        raise wrong("this is no currency code", "write it as three capital letters, such as CNY")
    return code


Delimiter = Annotated[str, AfterValidator(_one_character)]
Encoding = Annotated[str, AfterValidator(_known_encoding)]
Decimal = Literal["", ".", ","]
Thousands = Literal["", ",", ".", " ", "'"]
Currency = Annotated[str, AfterValidator(_currency)]


class FileSpec(Rules):
    """Where a source is and how it is written.

    `path` is relative to the source folder: a file, a folder, or a pattern for several files. `uri`
    is the address of a PostgreSQL server, without a password: that stands in the environment
    variable PGPASSWORD, or in the one that `password_env` names.

    `sheet` is a sheet's name, a pattern, or a list of names; `sheet_column` and `file_column` name new
    columns for the sheet's or the file's name. The names of the columns stand in `header_rows` rows
    from `header_row` on. Empty cells of the columns in `fill_down` take the value above. `decimal`,
    `thousands` and `currency` say how numbers are written; saying one of them also reads brackets, a
    minus behind and percent signs. `unpivot` makes rows of columns such as 1月..12月.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    path: str = ""
    delimiter: Delimiter = ","
    encoding: Encoding = "utf-8"
    sheet: str | tuple[str, ...] = ""
    sheet_column: str = ""
    file_column: str = ""
    header_row: int = Field(1, ge=1, le=1_048_576)
    header_rows: int = Field(1, ge=1, le=5)
    fill_down: tuple[str, ...] = ()
    decimal: Decimal = ""
    thousands: Thousands = ""
    currency: Currency = ""
    unpivot: Unpivot | None = None
    uri: str = ""
    table: str = ""
    query: str = ""
    password_env: str = ""

    @model_validator(mode="after")
    def _options_go_together(self) -> FileSpec:
        mistakes = list(_place_mistakes(self)) or [
            *misplaced(self, kind_of(self)),
            *_database_mistakes(self),
            *_number_mistakes(self),
        ]
        if mistakes:
            details = [
                InitErrorDetails(type=wrong(what, fix), loc=(option,), input=None)
                for option, what, fix in mistakes
            ]
            raise ValidationError.from_exception_data("FileSpec", details)
        return self


def kind_of(spec: FileSpec) -> str:
    """The kind of a source as far as its name tells; empty for folders and unknown endings."""
    return "postgres" if spec.uri else KINDS.get(PurePath(spec.path).suffix.lower(), "")


def is_pattern(path: str) -> bool:
    """Whether a path may stand for several files."""
    return any(character in path for character in "*?[")


def misplaced(spec: FileSpec, kind: str) -> Mistakes:
    """Options that are given although this kind of source has none of them: option, mistake, remedy."""
    for option, kinds in _OPTIONS.items():
        if kind and option in spec.model_fields_set and kind not in kinds:
            owners = " or ".join(IN_WORDS[owner] for owner in kinds)
            yield option, f"{IN_WORDS[kind]} has no '{option}'", f"remove it; it belongs to {owners}"


def table_name(table: str) -> tuple[str, ...]:
    """The parts of a table's name: its schema where given, and the name itself.

    Examples
    --------
    >>> table_name('sales."order.lines"')
    ('sales', 'order.lines')
    """
    found = re.findall(r'"((?:[^"]|"")+)"|([^".]+)', table)
    return tuple(name.replace('""', '"') if name else plain for name, plain in found)


def _number_mistakes(spec: FileSpec) -> Mistakes:
    if spec.thousands == (spec.decimal or "."):
        what = f"'{spec.thousands}' cannot be both the decimal and the thousands mark"
        yield "thousands", what, 'say decimal = "," with thousands = ".", or the other way round'


def _place_mistakes(spec: FileSpec) -> Mistakes:
    if not spec.path and not spec.uri:
        yield "path", "nothing says where the source is", 'give path = "..." or uri = "postgresql://..."'
    elif spec.path and spec.uri:
        yield "uri", "a source has a path or a uri, not both", "keep one of them"
    elif "://" in spec.path or "password=" in spec.path:
        yield "path", "this is an address, not a path", 'write it as uri = "postgresql://..."'
    elif spec.uri:
        yield from _uri_mistakes(spec.uri)


def _uri_mistakes(uri: str) -> Mistakes:
    """What speaks against an address; no message repeats it, because it may hold a password."""
    scheme, _, rest = uri.partition("://")
    if scheme not in ("postgresql", "postgres"):
        yield "uri", "only PostgreSQL servers are read", 'a uri begins with "postgresql://"'
        return
    user, _, _ = rest.rpartition("@")
    parameters = {name.lower() for name, _ in parse_qsl(rest.partition("?")[2], keep_blank_values=True)}
    if ":" in user or parameters & {"password", "sslpassword"}:
        fix = (
            "take it out and put it into the environment variable PGPASSWORD, or into another one and "
            'say password_env = "ITS_NAME"; a file of libpq (PGPASSFILE) works too'
        )
        yield "uri", "a password stands in the uri, where everybody can read it", fix
    elif not _ports_are_numbers(rest.rpartition("@")[2]):
        yield "uri", "the port is not a number", 'write "postgresql://user@host:5432/database"'


def _ports_are_numbers(rest: str) -> bool:
    hosts = re.split(r"[/?]", rest, maxsplit=1)[0]
    ports = [re.sub(r"\[.*\]", "", host).partition(":")[2] for host in hosts.split(",")]
    return all(not port or (port.isascii() and port.isdigit()) for port in ports)


def _database_mistakes(spec: FileSpec) -> Mistakes:
    kind = kind_of(spec)
    if kind == "duckdb":
        if not spec.table:
            yield "table", "a DuckDB file holds many tables", 'name one: table = "main.orders"'
        if is_pattern(spec.path):
            yield "path", "a pattern cannot stand for DuckDB files", "name one file"
    elif kind == "postgres" and bool(spec.table) == bool(spec.query):
        what = "give a table or a query, not both" if spec.table else "nothing says what to read"
        yield "table", what, 'table = "public.orders" or query = "SELECT ..."'
    if spec.table and not 1 <= len(table_name(spec.table)) <= 2:
        yield "table", "this is not the name of a table", 'write "orders" or "public.orders"'
    if spec.password_env and not re.fullmatch(r"[A-Za-z_]\w*", spec.password_env, re.ASCII):
        what = "this is not the name of an environment variable"
        yield "password_env", what, "give the variable's name, never the password itself"
