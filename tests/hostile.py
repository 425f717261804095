"""A hostile company: a small simulated one in which every text from data is an attack or an accident."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pandas as pd

from channel_analysis.contracts.tables import TABLES
from channel_analysis.simulator import simulate
from channel_analysis.simulator.example import EXAMPLE
from channel_analysis.store.alerts import override
from channel_analysis.store.cases import Found, case_id, open_cases, read_cases
from channel_analysis.store.cases import append as append_cases
from channel_analysis.store.measures import MeasureRegister
from channel_analysis.store.scaffold import make_workspace

LONG = "長" * 5_000 + "W" * 5_000
RIGHT_TO_LEFT = "\u202eevil"

TEXTS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "=cmd|'/C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "\t=1+1",
    "../../etc/passwd",
    "a\x00b",
    RIGHT_TO_LEFT,
    "שלום",
    "🚀👩‍👩‍👧",
    "喆堃镕燊珺",
    LONG,
    "{{7*7}}",
    "{% raw %}",
    "{amount}%s%n",
    "</style><style>*{display:none}",
    "]]><!--",
    "&#x3c;b&#x3e;&amp;",
    "%0d%0aBcc: x@example.com",
    "line\r\nBcc: x@example.com",
    "__proto__",
    "zero\u200bwidth\ufeff",
    "javascript:alert(1)",
    "[a](javascript:alert(1))",
    "<svg onload=alert(1)>",
    "</script><iframe src=http://evil.example/>",
    "'; DROP TABLE sales; --",
    "| a | b |",
    "C:\\con\\nul",
    "bell\x07\x1b[31m",
)
"""What names are made of; each is followed by the name it stands for, so that no two are the same."""

COMPANY = "=1+1 <script>alert(1)</script>\u202e🚀喆{{7*7}}\"'&%0d%0a"
_ID_EVERY = 3
"""Every third number of a partner, member of staff, product ... is hostile as well."""
_PLAIN = ("currency", "kpi", "line_number", "original_order_id", "order_id")
_NAMES = ("region", "destination_region", "authorised_region")


def make_hostile_company(folder: Path) -> Path:
    """Write a workspace whose every text is hostile, with what people entered; give its folder."""
    simulate(folder / "plain", **{**EXAMPLE, "partners": 30, "months": 24, "lines": 3_000})
    source = folder / "files"
    source.mkdir()
    spelt = _Spelling()
    for path in sorted((folder / "plain").iterdir()):
        if path.stem in TABLES:
            _hostile(_read(path), path.stem, spelt).to_parquet(source / f"{path.stem}.parquet", index=False)
    workspace = folder / "workspace"
    make_workspace(workspace, source=str(source), company=COMPANY)
    _enter(workspace, spelt)
    return workspace


class _Spelling:
    """The hostile text that stands for a plain one: the same everywhere, so that tables still join."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}
        self._next = cycle(TEXTS)
        self._count = 0

    def name(self, plain: str) -> str:
        if plain not in self._given:
            self._given[plain] = next(self._next) + plain
        return self._given[plain]

    def id(self, plain: str) -> str:
        if plain not in self._given:
            self._count += 1
            hostile = self._count % _ID_EVERY == 0
            self._given[plain] = next(self._next) + plain if hostile else plain
        return self._given[plain]

    def given(self) -> Iterator[tuple[str, str]]:
        """All that were spelt so far, plain and hostile."""
        yield from self._given.items()


def _read(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype=str)


def _hostile(rows: pd.DataFrame, table: str, spelt: _Spelling) -> pd.DataFrame:
    contract = TABLES[table]
    for column in contract.columns:
        if column.type != "text" or column.allowed or column.name in _PLAIN or column.name not in rows:
            continue
        is_own_key = (column.name,) == contract.key and table not in ("partners", "staff", "products")
        if is_own_key and table not in ("customers", "candidates", "measures"):
            continue
        spell = spelt.id if column.name.endswith("_id") else spelt.name
        rows[column.name] = rows[column.name].map(spell, na_action="ignore")
    return rows


def _enter(workspace: Path, spelt: _Spelling) -> None:
    """What people wrote by hand: notes and names as hostile as those of the data."""
    today = datetime.date(2025, 9, 30)
    partners = [hostile for plain, hostile in spelt.given() if plain != hostile and "P0" in plain][:4]
    found = [Found("stuffing", {"partner_id": one}) for one in partners]
    open_cases(workspace, "2025Q2", today, found)
    cases = read_cases(workspace)
    for one, author in zip(found, TEXTS, strict=False):
        case = cases[case_id(one.rule, one.subject)]
        append_cases(workspace, [case.decided("confirmed", _written(author), today, _written(TEXTS[1]))])
    for text in TEXTS[:6]:
        MeasureRegister(workspace).add(
            kpi="net_sales",
            period="2025Q2",
            owner=_written(text),
            due=today,
            author=_written(text),
            date=datetime.date(2025, 7, 9),
            title=_written(text) + " do it",
            note=_written(text),
        )
    for one in partners:
        override(
            workspace,
            one,
            band="red",
            author=_written(TEXTS[0]),
            reason=_written(TEXTS[1]) + RIGHT_TO_LEFT,
            date=today,
            until=datetime.date(2025, 10, 30),
            most_days=90,
        )


def _written(text: str) -> str:
    """A text as a terminal hands it over: without NUL."""
    return text.replace("\x00", "")


def told(folder: Path) -> dict[str, object]:
    """The run records of a report's folder."""
    found: dict[str, object] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return found
