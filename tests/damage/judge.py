"""The judge: spoil a sound company, take it in, and compare what was found with what was done."""

from __future__ import annotations

import functools
import re
import tempfile
from collections.abc import Container, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from channel_analysis.contracts.tables import TABLES
from channel_analysis.errors import InputError, Problem
from channel_analysis.simulator import NOTHING_PLANTED, simulate
from channel_analysis.store.staging import Finding
from channel_analysis.store.workspace import Facts, open_workspace

from .kinds import Kind
from .survival import assert_accounts
from .world import Truth, World, read_frames

REGIONS = ("安徽", "北京", "广东", "河北", "河南", "湖北", "湖南", "江苏", "山东", "上海", "四川", "浙江")

REFERRED_TO = ("sales", "partners", "staff", "customers", "products")
"""Tables that others refer to."""

_PLAIN = re.compile(r"-?[0-9]{1,12}([.][0-9]{1,4})?")


@dataclass(frozen=True)
class Taken:
    """What the intake said of a company: its facts, or the problems for which it was refused."""

    facts: Facts | None
    problems: tuple[Problem, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings; none of a company that was refused."""
        return self.facts.intake.findings if self.facts else ()


@dataclass(frozen=True)
class Verdict:
    """Of one defect: whether it was found, and what was said of its table."""

    kind: str
    truth: Truth
    is_found: bool
    said: str


@dataclass(frozen=True)
class Judged:
    """Of one company: a verdict for each defect, findings on tables that nobody spoiled, and others.

    `beside` are findings on spoiled tables that no defect called for: consequences, mostly.
    """

    verdicts: tuple[Verdict, ...]
    false_alarms: tuple[str, ...]
    beside: tuple[str, ...] = ()


def sound_company(folder: Path, seed: int) -> Path:
    """Write a company without a fault as `sound-<seed>`; give the folder of its files in other dress.

    They are dressed as real ones are: numbers with leading zeros, bar codes, regions in Chinese.
    """
    raw = folder / f"sound-{seed}"
    simulate(raw, partners=150, months=18, lines=20_000, seed=seed, dials=NOTHING_PLANTED)
    shown = folder / f"dressed-{seed}"
    shown.mkdir()
    dressed(World(read_frames(raw))).write(shown, raw)
    return shown


@functools.lru_cache(maxsize=2)
def frames_of(sound: Path) -> World:
    """The tables of a sound company, read once."""
    return World(read_frames(sound))


def dressed(world: World) -> World:
    """Numbers with leading zeros, bar codes, regions in Chinese: nothing is wrong with them."""
    frames = world.frames
    codes = {old: f"{6901234500017 + 11 * n}" for n, old in enumerate(frames["products"]["product_id"])}
    places = sorted({text for text in frames["sales"]["region"] if text})
    regions = dict(zip(places, REGIONS, strict=False))
    for table, frame in frames.items():
        for name in frame.columns:
            column = TABLES[table].column(name)
            target = column.references or f"{table}.{name}"
            if target == "products.product_id":
                frame[name] = frame[name].map(lambda text: codes.get(text, text))
            elif target == "partners.partner_id" or name == "participant_id":
                frame[name] = frame[name].str.replace("^P", "0", regex=True)
            elif name.endswith("region"):
                frame[name] = frame[name].map(lambda text: regions.get(text, text))
    world.changed = set(frames)
    return world


def take_in(
    world: World, sound: Path, root: Path, kind: str = "csv", others: Container[str] = TABLES
) -> Taken:
    """Write a company into an empty folder and take it in, bad rows set aside."""
    raw = root / "data" / "raw"
    raw.mkdir(parents=True)
    world.write(raw, sound, kind, others)
    (root / "workspace.toml").write_text('[data]\nbad_rows = "set_aside"\n', encoding="utf-8")
    try:
        return Taken(open_workspace(root).facts())
    except InputError as error:
        return Taken(None, error.problems)


def judge(sound: Path, kinds: Sequence[Kind], seed: int, kind_of_file: str = "csv") -> Judged:
    """Spoil a sound company in these ways, take it in, and compare; accounts must add up in any case.

    Tables that nobody spoiled and nothing refers to are left out; `judge_clean` has them all.
    """
    world = frames_of(sound).copy()
    random = np.random.default_rng([seed, *kinds[0].__name__.encode()])
    truths = [(kind.__name__, kind(world, random)) for kind in kinds]
    with tempfile.TemporaryDirectory() as folder:
        taken = take_in(world, sound, Path(folder), kind_of_file, REFERRED_TO)
        if taken.facts:
            assert_accounts(taken.facts)
            assert_given(world, taken.facts)
        verdicts = [
            Verdict(name, truth, is_found(truth, taken), said_of(truth.table, taken))
            for name, truth in truths
        ]
    spoiled = {truth.table for _, truth in truths}
    alarms = tuple(f"{f.table} {_short(f)}" for f in taken.findings if f.table not in spoiled)
    called_for = [(t.table, rule) for _, t in truths for rule in (t.rule, *t.others)]
    others = [f for f in taken.findings if f.table in spoiled and (f.table, f.rule) not in called_for]
    return Judged(tuple(verdicts), alarms, tuple(f"{f.table} {f.rule}({f.column})" for f in others))


def judge_clean(sound: Path) -> list[str]:
    """What is said of a company without a fault: nothing should be."""
    with tempfile.TemporaryDirectory() as folder:
        taken = take_in(World({}), sound, Path(folder))
        return [str(p) for p in taken.problems] + [f"{f.table} {_short(f)}" for f in taken.findings]


def is_found(truth: Truth, taken: Taken) -> bool:
    """Whether a finding, or a problem for which the files were refused, names the defect where it is."""
    if taken.facts is None:
        return any(_names(problem, truth) for problem in taken.problems)
    fitting = [finding for finding in taken.findings if _fits(finding, truth)]
    if truth.rows is None:
        return bool(fitting)
    low, high = truth.rows
    return any(low <= finding.rows <= high for finding in fitting) or (
        low <= sum(finding.rows for finding in fitting) <= high
    )


def said_of(table: str, taken: Taken) -> str:
    """What was said of a table, for whoever looks for the cause of a miss."""
    said = [_short(finding) for finding in taken.findings if finding.table == table]
    said += [f"{problem.where}: {problem.what}" for problem in taken.problems]
    return "; ".join(said) or "nothing"


def assert_given(world: World, facts: Facts) -> None:
    """The rows and the money given are those that stand in the files."""
    for account in facts.intake.accounts:
        frame = world.frames.get(account.table)
        if frame is None:
            continue
        assert account.rows_given == len(frame), (account.table, account.rows_given, len(frame))
        column = TABLES[account.table].amount
        if column in frame and all(not text.strip() or _PLAIN.fullmatch(text) for text in frame[column]):
            money = sum((Decimal(text) for text in frame[column] if text.strip()), Decimal(0))
            assert account.amount_given == money, (account.table, account.amount_given, money)


def _fits(finding: Finding, truth: Truth) -> bool:
    if finding.table != truth.table or finding.rule not in (truth.rule, *truth.others):
        return False
    if truth.columns and finding.column not in truth.columns:
        return False
    text = " ".join((finding.column, finding.sample, *finding.keys))
    if truth.tokens and not any(token in text for token in truth.tokens):
        return False
    return not truth.keys or (bool(finding.keys) and {_plain(key) for key in finding.keys} <= truth.keys)


def _plain(key: str) -> str:
    """A key without the quotation marks around values with spaces, and without values that are empty."""
    return re.sub(r" ?\w+=(?= |$)", "", key.replace("'", "")).strip()


def _names(problem: Problem, truth: Truth) -> bool:
    text = f"{problem.where} {problem.what} {problem.fix}"
    if f"{truth.table}." not in text and f"of {truth.table}" not in text:
        return False
    if truth.may_refuse:
        return any(token in text for token in truth.tokens)
    counted = truth.rows is None or re.search(rf"\b{truth.rows[0]:,} rows?\b", text) is not None
    return counted and (not truth.columns or any(f"'{column}'" in text for column in truth.columns))


def _short(finding: Finding) -> str:
    where = f"{list(finding.keys)[:2]}, {finding.sample[:80]}"
    return f"{finding.rule}({finding.column}) {finding.rows} rows, {where}"
