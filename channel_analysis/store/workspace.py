"""The workspace: a folder an analyst owns, with its settings, policy, data and reports."""

from __future__ import annotations

import datetime
import hashlib
import os
import re
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from ..contracts.policy import Policy
from ..contracts.settings import Rules, validated, wrong
from ..contracts.tables import TABLES
from ..errors import InputError, Problem, did_you_mean
from ..files import CATALOG, overlay, read_toml
from .browsing import SuppliedTables
from .contract import contract_mapping
from .engine import DuckDBEngine, Engine
from .intake import (
    INTAKE_FORMAT,
    Intake,
    Progress,
    load_intake,
    register_tables,
    save_intake,
    stored_names,
    take_in,
)
from .mapping import Mapping, read_mapping
from .sources import Decimal, Delimiter, Encoding, Thousands, digest, drop_other_snapshots, refresh_snapshots
from .spark import SparkEngine, SparkOptions
from .staging import IntakeRules

UNFINISHED_SECONDS = 24 * 3600
"""After so long without a new file an unfinished intake is taken for abandoned."""

CACHE = Path("data", "cache")
"""Where a workspace keeps its intakes."""


def _currency(code: str) -> str:
    if not re.fullmatch("[A-Z]{3}", code):
        raise wrong("this is no currency code", "write it as three capital letters, such as CNY")
    return code


class Company(Rules):
    """Whose figures these are."""

    name: str = ""
    currency: Annotated[str, AfterValidator(_currency)] = "CNY"
    fiscal_year_start: Annotated[int, Field(ge=1, le=12)] = 1
    language: Literal["zh", "en"] = "zh"


class Data(Rules):
    """Where the data are and how strictly they are taken in."""

    source: str = "data/raw"
    mapping: str = "contract"
    delimiter: Delimiter = ","
    encoding: Encoding = "utf-8"
    decimal: Decimal = ""
    thousands: Thousands = ""
    bad_rows: Literal["stop", "set_aside"] = "stop"
    complete_to: datetime.date | None = None

    @model_validator(mode="after")
    def _marks_differ(self) -> Data:
        if self.thousands == (self.decimal or "."):
            what = f"'{self.thousands}' cannot be both the decimal and the thousands mark"
            raise wrong(what, 'say decimal = "," with thousands = ".", or the other way round')
        return self

    @property
    def lines(self) -> dict[str, str]:
        """How the lines of CSV files are written."""
        return {"delimiter": self.delimiter, "encoding": self.encoding}


def _memory(size: str) -> str:
    if size and not re.fullmatch(r"[0-9]+([.][0-9]+)? ?(KB|MB|GB|TB|KiB|MiB|GiB|TiB)", size):
        raise wrong("this is no size of memory", "write it as 4GB or 512MB")
    return size


class Reporting(Rules):
    """How reports are run; without a memory limit the system's own holds."""

    deadline_minutes: Annotated[float, Field(gt=0, le=24 * 60)] = 30
    memory_limit: Annotated[str, AfterValidator(_memory)] = ""

    @property
    def memory_bytes(self) -> int:
        """The memory limit in bytes; 0 without one."""
        if not self.memory_limit:
            return 0
        number, prefix, binary = re.fullmatch(r"([0-9.]+) ?([KMGT])(i?)B", self.memory_limit).groups()  # type: ignore[union-attr]
        return int(float(number) * (1024 if binary else 1000) ** ("KMGT".index(prefix) + 1))


class DuckDBOptions(Rules):
    """[duckdb]: how much of the machine the embedded engine may take; empty and 0 leave it to DuckDB."""

    memory_limit: Annotated[str, AfterValidator(_memory)] = ""
    threads: Annotated[int, Field(ge=0, le=1024)] = 0


class Settings(Rules):
    """workspace.toml."""

    engine: Literal["duckdb", "spark"] = "duckdb"
    duckdb: DuckDBOptions = DuckDBOptions()
    spark: SparkOptions = SparkOptions()
    company: Company = Company()
    data: Data = Data()
    report: Reporting = Reporting()

    @property
    def numbers(self) -> dict[str, str]:
        """How numbers are written in files of the contract; with marks, the currency's signs are read."""
        marks = {"decimal": self.data.decimal, "thousands": self.data.thousands}
        said = {name: mark for name, mark in marks.items() if mark}
        return {**said, "currency": self.company.currency} if said else {}


@dataclass(frozen=True, slots=True)
class Facts:
    """The data taken in: an engine with a view per contract table, the accounts of the intake, its folder."""

    engine: Engine
    intake: Intake
    fingerprint: str
    folder: Path


@dataclass(slots=True)
class Workspace:
    """An opened workspace; data are taken in at the first call of `facts`.

    One that is narrowed (`store.narrowing`) holds the rows of a region, channel or owner only; `where`
    says which, and `whole` is the workspace with all of them.
    """

    root: Path
    settings: Settings
    policy: Policy
    mapping: Mapping
    source_folder: Path
    where: dict[str, str] = field(default_factory=dict)
    _whole: Workspace | None = field(default=None, repr=False)
    _facts: Facts | None = field(default=None, repr=False)
    _engine: Engine | None = field(default=None, repr=False)

    @property
    def whole(self) -> Workspace:
        """The workspace with all rows: this one unless it is narrowed."""
        return self._whole or self

    @property
    def tables(self) -> SuppliedTables:
        """The tables supplied, to look at: `ws.tables.sales.head()`."""
        return SuppliedTables(self)

    @property
    def engine(self) -> Engine:
        """The engine that the settings choose, one per workspace."""
        if self._engine is None:
            self._engine = self.new_engine()
        return self._engine

    def new_engine(self) -> Engine:
        """Another engine of the same settings that sees none of this one's tables."""
        if self.settings.engine == "spark":
            return SparkEngine(self.settings.spark)
        return DuckDBEngine(self.settings.duckdb.memory_limit, self.settings.duckdb.threads)

    def facts(self, progress: Progress = lambda _what, _done, _of: None) -> Facts:
        """Take the data in, or reuse the last intake of the very same files, mapping and rules.

        Raises
        ------
        InputError
            When files or the mapping cannot be used; see `take_in`.
        """
        if self._facts is None:
            self._facts = _facts(self, progress)
        return self._facts

    def refresh(self) -> None:
        """Read database servers anew for the next call of `facts`; files are always looked at.

        Raises
        ------
        InputError
            When a server cannot be read; what it gave before stays.
        """
        refresh_snapshots(self.mapping.files.values(), _cache(self.root) / "snapshots")
        self._facts = self._engine = None

    def overlays(self, name: str) -> list[Path]:
        """Files of one name from the catalogue, the shipped mapping and the workspace, in that order."""
        places = [CATALOG, _shipped(self.settings.data.mapping), self.root]
        return [place / name for place in places if place and (place / name).is_file()]


def open_workspace(folder: Path | str = ".") -> Workspace:
    """Open the workspace in `folder`: read its settings, policy and mapping; no data yet.

    Raises
    ------
    InputError
        With every mistake of workspace.toml, policy.toml or the mapping.
    """
    root = Path(folder).resolve()
    settings = read_settings(folder)
    source = (root / settings.data.source).resolve()
    if not source.is_dir():
        fix = "correct source under [data] in workspace.toml"
        raise InputError([Problem(str(source), "the source folder does not exist", fix)])
    mapping = _mapping(root, settings, source)
    policy = read_policy([*_policy_files(root, settings)])
    return Workspace(root, settings, policy, mapping, source)


def read_settings(folder: Path | str) -> Settings:
    """The settings of the workspace in `folder`; InputError names every mistake in them."""
    path = Path(folder).resolve() / "workspace.toml"
    if not path.is_file():
        fix = f"make one with: channel-analysis init {folder}"
        raise InputError([Problem(str(path), "this folder is no workspace: the file is missing", fix)])
    return validated(Settings, read_toml(path), "workspace.toml")


def read_policy(paths: list[Path]) -> Policy:
    """Lay policy files over each other and validate the outcome."""
    merged: dict[str, object] = {}
    for path in paths:
        merged = overlay(merged, read_toml(path))
    return validated(Policy, merged, "policy.toml")


def shipped_mappings() -> list[str]:
    """Names of the mappings that come with the package."""
    return sorted(path.parent.name for path in (CATALOG / "mappings").glob("*/mapping.toml"))


def _policy_files(root: Path, settings: Settings) -> list[Path]:
    shipped = _shipped(settings.data.mapping)
    places = [CATALOG, *([shipped] if shipped else []), root]
    return [place / "policy.toml" for place in places if (place / "policy.toml").is_file()]


def _shipped(mapping: str) -> Path | None:
    return CATALOG / "mappings" / mapping if mapping in shipped_mappings() else None


def _mapping(root: Path, settings: Settings, source: Path) -> Mapping:
    name = settings.data.mapping
    if name == "contract":
        return contract_mapping(source, settings.data.lines, settings.numbers)
    shipped = _shipped(name)
    path = shipped / "mapping.toml" if shipped else root / name
    if not path.is_file():
        options = ["contract", *shipped_mappings()]
        what = f"there is no mapping '{name}', neither shipped nor as a file"
        raise InputError([Problem("workspace.toml [data.mapping]", what, did_you_mean(name, options))])
    return read_mapping(path)


def _facts(ws: Workspace, progress: Progress) -> Facts:
    rules = IntakeRules(
        currency=ws.settings.company.currency,
        channel_types=tuple(ws.policy.channel_types),
        stop_on_bad_rows=ws.settings.data.bad_rows == "stop",
        treatments=tuple(sorted(ws.policy.quality.rules.items())),
    )
    cache, engine = _cache(ws.root), ws.engine
    snapshots = cache / "snapshots"
    fingerprint = _fingerprint(ws, rules, snapshots)
    if ws.settings.engine == "spark":
        progress("starting Spark", 0, 1)
        engine.schema("SELECT 1 AS one")  # what it lacks is told once, not for every file
    for folder in dict.fromkeys((ws.root / CACHE, cache)):
        intake = _stored(engine, folder / fingerprint[:16])
        if intake is not None:
            return Facts(engine, intake, fingerprint, folder / fingerprint[:16])
    target = cache / fingerprint[:16]
    _drop_older(target)
    try:
        intake = take_in(engine, ws.mapping, ws.source_folder, rules, target, snapshots, progress)
    except (InputError, RuntimeError, OSError):
        shutil.rmtree(target, ignore_errors=True)
        raise
    save_intake(intake, target / "intake.json")
    drop_other_snapshots(ws.mapping.files.values(), snapshots)
    return Facts(engine, intake, fingerprint, target)


def _stored(engine: Engine, target: Path) -> Intake | None:
    """The intake stored in a folder, its tables registered; None unless it is whole."""
    outcome = target / "intake.json"
    intake = load_intake(outcome) if outcome.is_file() else None
    if intake is None or not all((target / f"{name}.parquet").exists() for name in stored_names(intake)):
        return None
    register_tables(engine, intake, target)
    return intake


def _cache(root: Path) -> Path:
    """Where intakes are kept: in the workspace, or elsewhere when it cannot be written to."""
    own = root / CACHE
    return own if _is_writable(own) else _cache_elsewhere(root)


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _cache_elsewhere(root: Path) -> Path:
    """Where the intake of a workspace that cannot be written to is kept: one folder per workspace."""
    name = f"channel-analysis-{hashlib.sha256(str(root).encode()).hexdigest()[:16]}"
    folder = Path(tempfile.gettempdir()) / name
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        is_ours = not hasattr(os, "getuid") or folder.lstat().st_uid == os.getuid()
    except FileExistsError:
        is_ours = False
    return folder if is_ours else Path(tempfile.mkdtemp(prefix=f"{name}-"))


def _fingerprint(ws: Workspace, rules: IntakeRules, snapshots: Path) -> str:
    """Hash of everything intake depends on: files, mapping, rules and contracts; not the engine."""
    total = hashlib.sha256()
    total.update(repr((INTAKE_FORMAT, ws.mapping.tables, ws.mapping.strangers, rules, TABLES)).encode())
    for name, spec in sorted(ws.mapping.files.items()):
        content = digest(spec, ws.source_folder, snapshots)
        total.update(f"{name} {spec!r} {content}\n".encode())
    return total.hexdigest()


def _drop_older(target: Path) -> None:
    """Keep the newest finished intake beside the one to come; abandoned ones go as well."""
    others = (target, target.parent / "snapshots")
    folders = [path for path in target.parent.glob("*") if path.is_dir() and path not in others]
    finished = [folder for folder in folders if (folder / "intake.json").is_file()]
    newest = max(finished, key=lambda folder: (folder / "intake.json").stat().st_mtime, default=None)
    for folder in folders:
        if folder == newest or (folder not in finished and _is_fresh(folder)):
            continue
        (folder / "intake.json").unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


def _is_fresh(folder: Path) -> bool:
    """Whether an unfinished intake may still be under way in another process."""
    return time.time() - folder.stat().st_mtime < UNFINISHED_SECONDS
