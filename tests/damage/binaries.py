"""Ways in which Parquet files and workbooks break: bytes, archives, types, sheets."""

from __future__ import annotations

import datetime
import io
import zipfile
import zlib
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from .company import HOSTILE, Rows, sales
from .texts import Break, cut, overwritten, spliced

NO_ARCHIVE = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, RuntimeError)
"""What an archive that is broken already answers to being opened."""

NO_NUL = tuple(text for text in HOSTILE if "\x00" not in text)


def arrays(rows: int) -> dict[str, pa.Array]:
    """A column in every type that a program may write, by name."""
    day, moment = datetime.date(2025, 1, 5), datetime.datetime(2025, 1, 5, 16, 0)
    given: dict[str, tuple[object, pa.DataType]] = {
        "int8": (1, pa.int8()),
        "uint64": (2**64 - 1, pa.uint64()),
        "float16": (1.5, pa.float16()),
        "double": (1.25, pa.float64()),
        "nan": (float("nan"), pa.float64()),
        "infinity": (float("inf"), pa.float64()),
        "huge": (1e300, pa.float64()),
        "bool": (True, pa.bool_()),
        "text": ("10.5", pa.string()),
        "large text": ("x" * 1000, pa.large_string()),
        "binary": (b"\xff\x00\x01", pa.binary()),
        "fixed binary": (b"\xff\x00\x01\x02", pa.binary(4)),
        "date": (day, pa.date32()),
        "date64": (day, pa.date64()),
        "early date": (datetime.date(1, 1, 1), pa.date32()),
        "moment": (moment, pa.timestamp("us")),
        "moment with zone": (moment, pa.timestamp("ns", tz="Asia/Shanghai")),
        "late moment": (2**62, pa.timestamp("us")),
        "time": (datetime.time(12, 30), pa.time64("us")),
        "duration": (datetime.timedelta(days=1), pa.duration("us")),
        "decimal": (Decimal("12.34567"), pa.decimal128(38, 10)),
        "wide decimal": (Decimal(10) ** 60, pa.decimal256(76, 4)),
        "nothing": (None, pa.null()),
        "list": ([1, 2], pa.list_(pa.int64())),
        "empty list": ([], pa.list_(pa.string())),
        "struct": ({"amount": 1, "unit": "x"}, pa.struct([("amount", pa.int64()), ("unit", pa.string())])),
        "map": ([("a", 1)], pa.map_(pa.string(), pa.int64())),
        "category": ("visit", pa.dictionary(pa.int8(), pa.string())),
        "all null": (None, pa.decimal128(18, 4)),
    }
    return {name: pa.array([value] * rows, kind) for name, (value, kind) in given.items()}


NO_ROWS = -1
"""Stands for a table of a header alone."""


def as_parquet(rows: int, changes: dict[int, str], names: dict[int, str], **options: object) -> bytes:
    """Sales as a Parquet file; `changes` gives columns of other types by their place, `names` other names."""
    header, *lines = sales(rows) if rows >= 0 else sales()[:1]
    columns = [pa.array(values, pa.string()) for values in zip(*lines, strict=True)] or [[]] * len(header)
    typed = arrays(len(lines))
    columns = [typed[changes[n]] if n in changes else column for n, column in enumerate(columns)]
    table = pa.Table.from_arrays(columns, names=[names.get(n, name) for n, name in enumerate(header)])
    stream = io.BytesIO()
    pq.write_table(table, stream, **options)
    return stream.getvalue()


_some_column = st.sampled_from([7, 8, 8, 8, 8, 6, 5, 4, 3, 2, 1, 0])
parquet_files: st.SearchStrategy[bytes] = st.builds(
    as_parquet,
    st.sampled_from([12, 12, 12, 0, NO_ROWS]),
    st.dictionaries(_some_column, st.sampled_from(sorted(arrays(1))), max_size=2),
    st.dictionaries(_some_column, st.sampled_from([*HOSTILE, "", "order_id", "_file", "Region"]), max_size=1),
    row_group_size=st.sampled_from([1, 5, 1000]),
)
"""A Parquet file whose columns are of all types and names."""

_at = st.integers(0, 1000)
byte_breaks: st.SearchStrategy[Break] = st.one_of(
    st.builds(partial, st.just(cut), at=_at),
    st.builds(partial, st.just(spliced), at=_at, junk=st.binary(min_size=1, max_size=9)),
    st.builds(partial, st.just(overwritten), at=_at, junk=st.binary(min_size=1, max_size=9)),
)
"""One way of breaking a file of any kind."""


def as_workbook(sheets: Sequence[tuple[str, str]]) -> bytes:
    """The least that a reader of .xlsx takes for a workbook: sheets by name, each the XML of its rows."""
    office = "http://schemas.openxmlformats.org"
    main, links = f"{office}/spreadsheetml/2006/main", f"{office}/officeDocument/2006/relationships"
    package = f"{office}/package/2006"
    named = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="r{n}"/>' for n, (name, _) in enumerate(sheets, 1)
    )
    related = f'<Relationship Id="r0" Type="{links}/styles" Target="styles.xml"/>' + "".join(
        f'<Relationship Id="r{n}" Type="{links}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n, _ in enumerate(sheets, 1)
    )
    first = f'<Relationship Id="r1" Type="{links}/officeDocument" Target="xl/workbook.xml"/>'
    kinds = '<Default Extension="xml" ContentType="application/xml"/>'
    styles = '<cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/></cellXfs>'
    related = f'<Relationships xmlns="{package}/relationships">{related}</Relationships>'
    members = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">{kinds}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">{first}</Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{links}"><sheets>{named}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": related,
        "xl/styles.xml": f'<styleSheet xmlns="{main}">{styles}</styleSheet>',
    }
    for number, (_, xml) in enumerate(sheets, start=1):
        members[f"xl/worksheets/sheet{number}.xml"] = (
            xml if xml.startswith("<?") else f'<worksheet xmlns="{main}">{xml}</worksheet>'
        )
    return zipped(members)


def zipped(members: dict[str, str] | dict[str, bytes]) -> bytes:
    """An archive of these members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def unzipped(data: bytes) -> dict[str, bytes]:
    """The members of an archive by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


TABLES: dict[str, Rows] = {"sales": sales(), "header": sales()[:1], "nothing": []}
TABLES["titled"] = [["Sales"], ["2025"], *sales()]


def rows_xml(table: str, cells: dict[tuple[int, int], str], more: str = "") -> str:
    """Rows as the XML of a sheet; `cells` gives the XML of single cells by row and column from 0."""
    lines = []
    for n, row in enumerate(TABLES[table]):
        written = [
            cells.get((n, c), '<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>').format(
                place=f"{chr(65 + c)}{n + 1}", text=escape(_shown(text))
            )
            for c, text in enumerate(row)
        ]
        lines.append(f'<row r="{n + 1}">{"".join(written)}</row>')
    return f"<sheetData>{''.join(lines)}</sheetData>{more}"


def _shown(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable())


CELLS = (
    '<c r="{place}"><v>45658</v></c>',
    '<c r="{place}" s="1"><v>45658</v></c>',
    '<c r="{place}" s="2"><v>45658.6666</v></c>',
    '<c r="{place}" s="1"><v>-1</v></c>',
    '<c r="{place}" s="1"><v>99999999999</v></c>',
    '<c r="{place}" s="2"><v>1E+300</v></c>',
    '<c r="{place}" s="99"><v>1</v></c>',
    '<c r="{place}"><f>SUM(F2:F9)</f></c>',
    '<c r="{place}"><f>1/0</f><v>#DIV/0!</v></c>',
    '<c r="{place}" t="e"><f>NA()</f><v>#N/A</v></c>',
    '<c r="{place}" t="e"><v>#NONSENSE</v></c>',
    '<c r="{place}" t="b"><v>1</v></c>',
    '<c r="{place}" t="b"><v>maybe</v></c>',
    '<c r="{place}" t="s"><v>77</v></c>',
    '<c r="{place}" t="s"><v>-1</v></c>',
    '<c r="{place}" t="d"><v>2025-01-05T00:00:00</v></c>',
    '<c r="{place}" t="d"><v>yesterday</v></c>',
    '<c r="{place}"><v>NaN</v></c>',
    '<c r="{place}"><v>1e400</v></c>',
    '<c r="{place}"><v>ten</v></c>',
    '<c r="{place}"><v></v></c>',
    '<c r="{place}"/>',
    '<c r="A0"><v>1</v></c>',
    '<c r=""><v>1</v></c>',
    '<c r="1A"><v>1</v></c>',
    '<c r="é1" t="e"><v>#REF!</v></c>',
    '<c t="e"><v>#REF!</v></c>',
    '<c r="A" t="e"><v>#REF!</v></c>',
    '<c r="{place}" t="str"><f>A1</f><v>&lt;script&gt;</v></c>',
    '<c r="{place}" t="inlineStr"><is><t>_x0000_</t></is></c>',
    '<c r="{place}" t="inlineStr"><is><r><t>A0</t></r><r><t>02</t></r></is></c>',
)
"""Cells as programs write them, and as none should."""

FAR_CELLS = ("XFD1048576", "ZZZZZZZ1", "A99999999999")
"""Places of cells that span a rectangle no memory holds."""

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefg", "bcdefgh", strict=True))
    + ']><worksheet><sheetData><row r="1"><c r="A1" t="e"><v>&h;</v></c></row></sheetData></worksheet>'
)
"""A sheet of entities that grow tenfold seven times."""

_MERGED = '<mergeCells count="1"><mergeCell ref="A1:C1"/></mergeCells>'
_sheet_names = st.sampled_from(
    ["sales", "sales", "Sales", " sales ", "Sheet1", "合计", "a" * 300, *NO_NUL[:6]]
)
_sheets = st.builds(
    rows_xml,
    st.sampled_from(["sales", "sales", "sales", "header", "nothing", "titled"]),
    st.dictionaries(
        st.tuples(st.integers(0, 6), st.sampled_from([8, 8, 8, 7, 6, 5, 3, 0])),
        st.sampled_from(CELLS),
        max_size=3,
    ),
    st.sampled_from(["", "", _MERGED, "<autoFilter ref='A1:Z9'/>"]),
)
_named_sheet = st.tuples(_sheet_names, _sheets)
workbooks: st.SearchStrategy[bytes] = st.builds(
    as_workbook,
    st.one_of(
        st.tuples(_named_sheet),
        st.lists(st.tuples(_sheet_names, st.one_of(_sheets, st.just(BOMB))), max_size=3),
    ),
)
"""A workbook with sheets, names and cells of all kinds."""

_MEMBERS = (
    "xl/workbook.xml",
    "xl/worksheets/sheet1.xml",
    "xl/styles.xml",
    "xl/_rels/workbook.xml.rels",
    "_rels/.rels",
)


def member_broken(data: bytes, member: str, change: Break | None) -> bytes:
    """One member of the archive is gone, or broken."""
    members = unzipped(data)
    content = members.pop(member, b"")
    return zipped(members if change is None else {**members, member: change(content)})


archive_breaks: st.SearchStrategy[Break] = st.builds(
    partial,
    st.just(member_broken),
    member=st.sampled_from(_MEMBERS),
    change=st.one_of(st.none(), byte_breaks),
)
"""One way of breaking a member of a workbook's archive."""


def file_of(folder: Path, name: str, content: bytes) -> Path:
    """Write a file and give its path."""
    path = folder / name
    path.write_bytes(content)
    return path
