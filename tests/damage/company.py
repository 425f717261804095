"""A company of a few rows, as texts, for files to be broken: small enough to be taken in a thousand times."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

Rows = list[list[str]]
"""A table as it is written: the header, then the rows."""

HOSTILE = (
    "'; DROP TABLE sales; --",
    '"; DROP TABLE "sales',
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "../../../etc/passwd",
    "🚀👩‍👩‍👧",
    "喆堃镕燊珺",
    "a\x00b",
    "\u202eabc",
    "\u200b",
    "\ufeff",
    "\ufffd",
    "é",
    "é",
    "NULL",
    "nan",
    "-inf",
    "1e400",
    "9" * 400,
    "１２３",
    "1,234.50",
    "(5)",
    "45658",
    "0x1A",
    "1_000",
    "$$",
    "{text}",
    "%s%n",
    "\\",
    "_row",
    "[*?]",
)
"""Texts that programs stumble over: as values, as names of columns, of files and of sheets."""


def sales(rows: int = 12) -> Rows:
    """Sales of two channels, an order a day, the last one a return."""
    header = ["order_id", "line_number", "kind", "order_date", "channel_type", "net_amount", "quantity"]
    lines = [
        [f"A{n:03}", "1", "order", f"2025-01-{n % 28 + 1:02}", ("visit", "agent")[n % 2], f"{n * 7}.25", "3"]
        for n in range(rows)
    ]
    lines.append(["R001", "1", "return", "2025-02-01", "visit", "-7.25", "-3"])
    wide = [[*line, f"P{n % 3}", "上海"] for n, line in enumerate(lines)]
    return [[*header, "partner_id", "region"], *wide]


def partners() -> Rows:
    """The partners of these sales."""
    return [["partner_id", "partner_name", "outlets"], *([f"P{n}", f"Partner {n}", str(n)] for n in range(3))]


def as_csv(rows: Sequence[Sequence[str]], delimiter: str = ",", line_end: str = "\n") -> str:
    """Rows as the text of a CSV file; texts with a delimiter, a quote or a line end are quoted."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=line_end).writerows(rows)
    return text.getvalue()
