"""What facts are read from: CSV, Parquet, workbooks and databases, all made Parquet for the engine."""

from .attach import attach, digest
from .excel import sheet_names
from .found import kind_in
from .parts import Part, Source
from .postgres import drop_other_snapshots, refresh_snapshots
from .spec import READABLE, WORKBOOKS, Currency, Decimal, Delimiter, Encoding, FileSpec, Thousands
from .wide import Unpivot

__all__ = [
    "READABLE",
    "WORKBOOKS",
    "Currency",
    "Decimal",
    "Delimiter",
    "Encoding",
    "FileSpec",
    "Part",
    "Source",
    "Thousands",
    "Unpivot",
    "attach",
    "digest",
    "drop_other_snapshots",
    "kind_in",
    "refresh_snapshots",
    "sheet_names",
]
