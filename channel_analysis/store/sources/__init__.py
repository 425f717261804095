"""What facts are read from: CSV, Parquet, workbooks and databases, all made Parquet for the engine."""

from .attach import attach, digest
from .excel import sheet_names
from .found import kind_in
from .parts import Part, Source
from .postgres import refresh_snapshots
from .spec import READABLE, WORKBOOKS, Delimiter, Encoding, FileSpec

__all__ = [
    "READABLE",
    "WORKBOOKS",
    "Delimiter",
    "Encoding",
    "FileSpec",
    "Part",
    "Source",
    "attach",
    "digest",
    "kind_in",
    "refresh_snapshots",
    "sheet_names",
]
