"""Ways in which a CSV file breaks, each a function of its bytes; `breaks` draws them for Hypothesis."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from hypothesis import strategies as st

from .company import HOSTILE

Break = Callable[[bytes], bytes]
BOM = b"\xef\xbb\xbf"
JUNK = (b'"', b'""', b'"\n', b"\x00", b"\r", b"\n", b"\r\n", b"\n\n", b",", b";", b"\t", BOM, b"\xff\xfe")
JUNK += (
    b"\xd6\xd0",
    b"\xc3",
    b"\x1a",
    b"\\",
    b"'",
    b" ",
    b"\xe3\x80\x80",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
    b"\x0b\x0c",
)


def cut(data: bytes, at: int) -> bytes:
    """The transfer broke off."""
    return data[: _place(data, at)]


def spliced(data: bytes, at: int, junk: bytes) -> bytes:
    """Something got in between."""
    return data[: _place(data, at)] + junk + data[_place(data, at) :]


def overwritten(data: bytes, at: int, junk: bytes) -> bytes:
    """Some bytes are others."""
    return data[: _place(data, at)] + junk + data[_place(data, at) + len(junk) :]


def recoded(data: bytes, encoding: str, from_line: int) -> bytes:
    """The file, from some line on, was saved by a program of another encoding."""
    lines = data.split(b"\n")
    text = b"\n".join(lines[from_line:]).decode("utf-8", "replace")
    return b"".join(line + b"\n" for line in lines[:from_line]) + text.encode(encoding, "replace")


def with_line_ends(data: bytes, end: bytes, every: int) -> bytes:
    """Every so many lines end in another way."""
    *lines, last = data.split(b"\n")
    return b"".join(line + (end if n % every == 0 else b"\n") for n, line in enumerate(lines)) + last


def with_bom(data: bytes, times: int) -> bytes:
    """Byte order marks before everything."""
    return BOM * times + data


def delimited(data: bytes, delimiter: bytes, from_line: int) -> bytes:
    """From some line on columns are set apart in another way."""
    lines = data.split(b"\n")
    return b"\n".join([*lines[:from_line], *(x.replace(b",", delimiter) for x in lines[from_line:])])


def shortened(data: bytes, line: int, cells: int) -> bytes:
    """A row lacks its last cells."""
    return _line_changed(data, line, lambda cut: b",".join(cut.split(b",")[:-cells]))


def lengthened(data: bytes, line: int, more: bytes) -> bytes:
    """A row has cells without a column."""
    return _line_changed(data, line, lambda cut: cut + more)


def header_again(data: bytes, line: int, times: int) -> bytes:
    """Files were put together with their headers."""
    lines = data.split(b"\n")
    return b"\n".join([*lines[:line], *lines[:1] * times, *lines[line:]])


def renamed(data: bytes, column: int, name: str) -> bytes:
    """A column has another name, or that of its neighbour, or none."""
    return _cell_changed(data, 0, column, name)


def refilled(data: bytes, line: int, column: int, value: str) -> bytes:
    """A cell holds something else."""
    return _cell_changed(data, line, column, value)


def without_header(data: bytes) -> bytes:
    """The header was taken for a row and removed."""
    return data.partition(b"\n")[2]


def with_lines(data: bytes, line: int, added: bytes, times: int) -> bytes:
    """Lines that are no rows: empty, of spaces, of delimiters, of remarks."""
    lines = data.split(b"\n")
    return b"\n".join([*lines[:line], *[added] * times, *lines[line:]])


def only(_data: bytes, rest: bytes) -> bytes:
    """Nothing is left but this."""
    return rest


def header_only(data: bytes) -> bytes:
    """The export gave no row."""
    return data.partition(b"\n")[0] + b"\n"


def twice(data: bytes) -> bytes:
    """The file was appended to itself."""
    return data + data


def widened(data: bytes, columns: int) -> bytes:
    """Very many columns more, empty in all rows."""
    header, _, rest = data.partition(b"\n")
    names = b"".join(b",c%d" % n for n in range(columns))
    return header + names + b"\n" + b"\n".join(x + b"," * columns if x else x for x in rest.split(b"\n"))


def _place(data: bytes, at: int) -> int:
    return len(data) * at // 1000


def _line_changed(data: bytes, line: int, change: Callable[[bytes], bytes]) -> bytes:
    lines = data.split(b"\n")
    lines[line % len(lines)] = change(lines[line % len(lines)])
    return b"\n".join(lines)


def _cell_changed(data: bytes, line: int, column: int, value: str) -> bytes:
    quote = '"' if any(sign in value for sign in ',"\n\r') else ""
    written = (quote + value.replace('"', '""') + quote).encode("utf-8", "surrogatepass")

    def change(cut: bytes) -> bytes:
        cells = cut.split(b",")
        cells[column % len(cells)] = written
        return b",".join(cells)

    return _line_changed(data, line, change)


_at, _line, _column = st.integers(0, 1000), st.integers(0, 16), st.integers(0, 8)
_junk = st.one_of(st.sampled_from(JUNK), st.binary(min_size=1, max_size=12))
_values = st.one_of(st.sampled_from(HOSTILE), st.sampled_from(["", " ", "x" * 300_000]), st.text(max_size=8))
_names = st.one_of(
    st.sampled_from(HOSTILE), st.sampled_from(["", "order_id", "ORDER_ID", "net_amount", "_row"])
)
_fillings = st.sampled_from([b"", b" ", b"," * 8, b"# note", b"\t", b'""'])
_rests = st.sampled_from([b"", b"\n", BOM, b"\r", b" ", b"\x00", b'"', b",", b"\n\n\n", b"order_id"])
_encodings = st.sampled_from(["gb18030", "utf-16", "utf-16-le", "cp1252", "utf-7", "shift_jis", "utf-32"])


def _broken(change: Callable[..., bytes], **drawn: st.SearchStrategy) -> st.SearchStrategy[Break]:
    return st.builds(partial, st.just(change), **drawn)


breaks: st.SearchStrategy[Break] = st.one_of(
    _broken(cut, at=_at),
    _broken(spliced, at=_at, junk=_junk),
    _broken(overwritten, at=_at, junk=_junk),
    _broken(recoded, encoding=_encodings, from_line=_line),
    _broken(with_line_ends, end=st.sampled_from([b"\r\n", b"\r", b"\n\r", b"\x85"]), every=st.integers(1, 4)),
    _broken(with_bom, times=st.integers(1, 3)),
    _broken(
        delimited, delimiter=st.sampled_from([b";", b"\t", b"|", b" ", b"\xef\xbc\x8c"]), from_line=_line
    ),
    _broken(shortened, line=_line, cells=st.integers(1, 9)),
    _broken(lengthened, line=_line, more=st.sampled_from([b",", b",,,", b",x", b'"', b',"', b"\r"])),
    _broken(header_again, line=_line, times=st.integers(1, 2)),
    _broken(renamed, column=_column, name=_names),
    _broken(refilled, line=st.integers(1, 13), column=_column, value=_values),
    _broken(without_header),
    _broken(with_lines, line=_line, added=_fillings, times=st.integers(1, 3)),
    _broken(only, rest=_rests),
    _broken(header_only),
    _broken(twice),
    _broken(widened, columns=st.sampled_from([1, 40, 700])),
)
"""One way of breaking a CSV file in UTF-8 with commas and line feeds."""
