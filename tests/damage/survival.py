"""What holds for every file, however broken: it is refused in words, or its accounts add up."""

from __future__ import annotations

import csv
import io
import re
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import FrameType

from channel_analysis.errors import InputError
from channel_analysis.store.intake import Intake
from channel_analysis.store.workspace import Facts, open_workspace

SECONDS = 120
"""What takes longer than this on a few rows hangs, on however busy a machine."""

_SIMPLE_NUMBER = re.compile(r"[+-]?[0-9]{1,9}([.][0-9]{1,4})?")
_NO_NUMBER = re.compile(r"[A-Za-z]*")
_BLANK = re.compile(r"[\s,;\t|\"\u200b\ufeff]*")


class Hang(BaseException):
    """The time is up; no clause for errors may catch it."""


@dataclass(frozen=True)
class Given:
    """A workspace to be: files below data/raw by name, settings under [data], a mapping."""

    files: dict[str, bytes]
    data: str = 'bad_rows = "set_aside"'
    mapping: str = ""

    def write(self, root: Path) -> None:
        """Write the workspace into an empty folder."""
        raw = root / "data" / "raw"
        raw.mkdir(parents=True)
        for name, content in self.files.items():
            (raw / name).write_bytes(content)
        bound = 'mapping = "ours.toml"\n' if self.mapping else ""
        (root / "workspace.toml").write_text(f"[data]\n{bound}{self.data}\n", encoding="utf-8")
        if self.mapping:
            (root / "ours.toml").write_bytes(self.mapping.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True)
class Physical:
    """What a person counts in a file: rows, lines that are none, and what can be read of rows.

    `ids` are the orders of the rows that have a cell for every column (empty cells more do no
    harm); `money` the sum of their amounts, None where it takes more than arithmetic to tell.
    """

    rows: int
    blank: int
    ids: Counter[str] = field(default_factory=Counter)
    money: Decimal | None = None


def survive(given: Given, root: Path) -> Facts | None:
    """Take a workspace in and assert what must hold; give its facts, None when it was refused."""
    given.write(root)
    with alarm(SECONDS):
        try:
            facts = open_workspace(root).facts()
        except InputError as error:
            _assert_helpful(error, given.mapping)
            facts = None
        again = _again(root, facts)
    _assert_clean(given, root, facts)
    if facts is None:
        return None
    assert again == facts.intake, "what is stored is not what was found"
    assert_accounts(facts)
    return facts


@contextmanager
def alarm(seconds: int) -> Iterator[None]:
    """Raise Hang when the time is up."""

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise Hang(f"not done after {seconds} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def assert_accounts(facts: Facts) -> None:
    """Rows and money given are those used, set aside and unreadable, as told and as stored."""
    for account in facts.intake.accounts:
        whole = account.rows_used + account.rows_set_aside + account.rows_unreadable
        assert account.rows_given == whole, account
        assert account.amount_given == account.amount_used + account.amount_set_aside, account
        assert min(account.rows_used, account.rows_set_aside, account.rows_unreadable) >= 0, account
        counted = "COUNT(*) AS readable, COUNT(*) FILTER (WHERE _issue IS NULL) AS used"
        stored = facts.engine.query(f"SELECT {counted} FROM stored_{account.table}").to_pylist()[0]
        assert stored["used"] == account.rows_used, account
        assert stored["readable"] == account.rows_used + account.rows_set_aside, account
        seen = facts.engine.query(f"SELECT COUNT(*) AS n FROM {account.table}")["n"][0].as_py()
        assert seen == account.rows_used, account
    used, given = _money(facts)
    assert facts.intake.account("sales").amount_used == used
    assert facts.intake.account("sales").amount_given == given


def assert_nothing_lost(facts: Facts, there: Physical) -> None:
    """The rows of sales are those that a person counts in the file, cell by cell where they can be read."""
    account = facts.intake.account("sales")
    assert there.rows <= account.rows_given <= there.rows + there.blank, (account, there)
    stored = facts.engine.query(
        "SELECT order_id, COUNT(*) AS n FROM stored_sales GROUP BY order_id"
    ).to_pylist()
    read = Counter({row["order_id"]: row["n"] for row in stored if row["order_id"]})
    assert read == there.ids, {"lost": there.ids - read, "made up": read - there.ids}
    if there.money is not None:
        assert account.amount_given == there.money, (account, there)


def physical(data: bytes, encoding: str = "utf-8", delimiter: str = ",") -> Physical | None:
    """Count a CSV file without quotation marks by hand; None where a person could not either."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    if '"' in text or "\x00" in text:
        return None
    header, *lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    columns = [name.strip() for name in header.split(delimiter)]
    lines = lines[:-1] if lines and not lines[-1] else lines
    rows = [line.split(delimiter) for line in lines if not _BLANK.fullmatch(line)]
    rows = [row[: len(columns)] if not any(row[len(columns) :]) else row for row in rows]
    whole = [dict(zip(columns, row, strict=True)) for row in rows if len(row) == len(columns)]
    ids = Counter(name for row in whole if (name := _id(row.get("order_id", ""))))
    return Physical(len(rows), len(lines) - len(rows), ids, _sum(row.get("net_amount", "") for row in whole))


def records(data: bytes) -> tuple[int, int]:
    """Rows of a CSV file with quotation marks as Python's reader counts them: those with a text, and all."""
    text = data.decode("utf-8-sig")
    _header, *rows = csv.reader(io.StringIO(text, newline=""))
    return sum(any(cell.strip() for cell in row) for row in rows), len(rows)


def _id(text: str) -> str:
    return text.strip(" \t\r\n\u00a0\u2002\u2003\u2009\u200b\u202f\u3000\ufeff")


def _sum(amounts: Iterator[str]) -> Decimal | None:
    total = Decimal(0)
    for amount in amounts:
        if _SIMPLE_NUMBER.fullmatch(amount.strip(" ")):
            total += Decimal(amount.strip(" "))
        elif not _NO_NUMBER.fullmatch(amount):
            return None
    return total


def _again(root: Path, facts: Facts | None) -> Intake | None:
    """The outcome of a second opening; a workspace that was refused is refused again."""
    try:
        return open_workspace(root).facts().intake
    except InputError:
        assert facts is None, "a second opening is refused"
        return None


def _assert_helpful(error: InputError, mapping: str) -> None:
    """Each problem names its place and what to do, in a few lines and without a word from inside.

    What is wrong with a statement of SQL is its own remedy; words of the mapping may come back.
    """
    assert error.problems
    for problem in error.problems:
        text = f"{problem.where}: {problem.what} | {problem.fix}"
        assert problem.where and problem.what, f"no place or no reason: {text}"
        assert problem.fix or mapping, f"no remedy: {text}"
        assert len(text) < 4000, f"{len(text)} signs: {text[:300]}"
        inside = re.search(r"Traceback|numbered_|staged_|\braw_[a-z]+_", text)
        assert not inside or inside[0] in mapping, f"a word from inside: {text}"


def _assert_clean(given: Given, root: Path, facts: Facts | None) -> None:
    """Nothing lies about: the sources as they were, an intake that is whole, or none."""
    for name, content in given.files.items():
        assert (root / "data" / "raw" / name).read_bytes() == content, f"{name} was changed"
    top = {path.name for path in root.iterdir()}
    assert top <= {"data", "workspace.toml", "ours.toml"}, top
    cache = root / "data" / "cache"
    intakes = [path for path in cache.iterdir() if path.name != "snapshots"] if cache.exists() else []
    if facts is None:
        assert not intakes, f"half an intake: {[path.name for path in intakes]}"
        return
    (intake,) = intakes
    stored = {f"{table}.parquet" for table in (*facts.intake.filled, "returned_orders")}
    held = {path.name for path in intake.iterdir()}
    assert held >= stored | {"intake.json"}, held
    assert not {name for name in held if name.startswith(".") or "sources" in name or "unmarked" in name}, (
        held
    )


def _money(facts: Facts) -> tuple[Decimal, Decimal]:
    row = facts.engine.query(
        "SELECT COALESCE(SUM(net_amount) FILTER (WHERE _issue IS NULL), 0) AS used, "
        "COALESCE(SUM(net_amount), 0) AS given FROM stored_sales"
    ).to_pylist()[0]
    return row["used"], row["given"]
