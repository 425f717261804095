"""Text for a terminal: columns that line up whatever the script, and nothing that could steer it."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Sequence

import typer

_STEERING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Kinds of signs that move the cursor, turn the direction of writing or cannot be shown at all."""

_GAP = "  "


def plain(text: str) -> str:
    """A text on one line without control characters; a space stands for each.

    Examples
    --------
    >>> plain("a\\x1b[31mb\\n\\u202ec 伙伴")
    'a [31mb  c 伙伴'
    """
    return "".join(" " if unicodedata.category(sign) in _STEERING else sign for sign in text)


def aligned(
    heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: frozenset[int] = frozenset()
) -> str:
    """Rows under their heads as lines; `numbers` are the columns set to the right.

    A Chinese sign is two places wide.

    Examples
    --------
    >>> print(aligned(["表", "rows"], [["销售", "7"], ["x", "12"]], frozenset({1})))
    表    rows
    销售     7
    x       12
    """
    from rich.cells import cell_len

    lines = [[plain(text) for text in row] for row in (heads, *rows)]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]

    def padded(line: Sequence[str]) -> str:
        blanks = [" " * (width - cell_len(text)) for width, text in zip(widths, line, strict=True)]
        cells = [
            blank + text if number in numbers else text + blank
            for number, (blank, text) in enumerate(zip(blanks, line, strict=True))
        ]
        return _GAP.join(cells).rstrip()

    return "\n".join(map(padded, lines))


def say(text: str = "") -> None:
    """Print lines; a sign the terminal's encoding lacks becomes a question mark."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    typer.echo(text.encode(encoding, "replace").decode(encoding))
