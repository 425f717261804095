"""Proposals: a mapping for files nobody has described yet, for a person to finish."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ...contracts.tables import TABLES
from ...errors import InputError, Problem
from ...files import CATALOG, read_toml
from ..engine import DuckDBEngine, Engine, EngineError
from ..numbers import NUMERIC, NumberForm
from .blocks import Block, block_of
from .look import Look, look_into
from .match import Match, best_match, price_of, with_references
from .sample import Sampled, sampled, values_of, words_in
from .text import mapping_text
from .values import common_form

__all__ = ["propose_mapping"]


def propose_mapping(path: Path | str) -> str:
    """Propose a mapping, as TOML, for a file or for the files of a folder.

    Each file or sheet is read as it seems to be written, and compared with every contract table by
    the names of its columns (Chinese and English aliases, nearly equal spelling) and by its values
    (dates, numbers, words that are known, numbers of things found in other files). Beside each line
    stands how sure it is; what could not be placed and what is missing is left as TODO.

    Raises
    ------
    InputError
        When there is nothing that can be read.
    """
    folder, looks, problems = look_into(_existing(Path(path)))
    engine = DuckDBEngine()
    with tempfile.TemporaryDirectory() as scratch:
        matches: list[Match] = []
        for look, view in zip(looks, _views(looks), strict=True):
            try:
                source = sampled(engine, look, view, folder, Path(scratch))
            except InputError as error:
                problems += error.problems
                continue
            except EngineError as error:
                problems.append(Problem(look.label, str(error).splitlines()[0], "export it again"))
                continue
            matches.append(_matched(engine, source))
        if not matches:
            raise InputError(problems or [_nothing(Path(path))])
        _place_references(engine, matches)
        blocks = _blocks(matches)
    return mapping_text(matches, blocks, problems)


def _existing(path: Path) -> Path:
    if not path.exists():
        raise InputError([Problem(str(path), "there is no such file or folder", "name one that is there")])
    return path


def _nothing(path: Path) -> Problem:
    return Problem(str(path), "it holds no file that is read", "use CSV, Parquet or workbooks")


def _views(looks: Iterable[Look]) -> list[str]:
    """A short name for each source, made of its file's and its sheet's."""
    taken: list[str] = []
    for number, look in enumerate(looks, start=1):
        sheet = look.options.get("sheet", "")
        said = f"{Path(look.options['path']).stem} {sheet if isinstance(sheet, str) else ''}"
        name = re.sub("[^a-z0-9]+", "_", said.lower()).strip("_")[:40]
        name = name if re.match("[a-z]", name) else f"file_{number}"
        while name in taken:
            name = f"{name}_{number}"
        taken.append(name)
    return taken


def _matched(engine: Engine, source: Sampled) -> Match:
    """The best table of a source, its columns of certain words looked at in full."""
    channel_types = tuple(read_toml(CATALOG / "policy.toml")["channel_types"])
    match = best_match(source, channel_types)
    if match.table is None:
        return match
    placed = tuple(
        replace(one, sample=words_in(engine, source.view, one.sample))
        if match.table.column(one.target).allowed or match.table.column(one.target).type == "flag"
        else one
        for one in match.placed
    )
    return replace(match, placed=placed)


def _place_references(engine: Engine, matches: list[Match]) -> None:
    """Find columns that hold the numbers of another file's entries, whatever they are called."""
    keys: dict[str, set[str]] = {}
    for match in matches:
        for name, placed in match.targets.items():
            if match.table and match.table.key == (name,):
                found = values_of(engine, match.source.view, placed.sample.name)
                keys[f"{match.table.name}.{name}"] = keys.get(f"{match.table.name}.{name}", set()) | found
    values = {
        f"{match.source.view}.{sample.name}": values_of(engine, match.source.view, sample.name)
        for match in matches
        if match.table is not None and keys
        for sample in match.unplaced
        if sample.type in ("text", "number")
    }
    with_references(matches, keys, values)


def _blocks(matches: list[Match]) -> list[Block]:
    """The blocks in the order of the contracts; the files say how they write their numbers."""
    blocks = []
    for number, match in enumerate(matches):
        if match.table is None:
            continue
        numeric = [p.sample for p in match.placed if match.table.column(p.target).type in NUMERIC]
        price = price_of(match)
        form = common_form([*numeric, price] if price else numeric)
        matches[number] = match = _with_form(match, form)
        blocks.append(block_of(match, form))
    order = list(TABLES)
    return sorted(blocks, key=lambda block: order.index(block.table.name))


def _with_form(match: Match, form: NumberForm | None) -> Match:
    """The match, its file's options saying how numbers are written."""
    if form is None or not str(match.source.options["path"]).lower().endswith((".csv", ".xlsx", ".xls")):
        return match
    said = {"decimal": form.decimal, "thousands": form.thousands, "currency": form.currency}
    if form.thousands or form.currency:
        said["decimal"] = "" if form.decimal == "." else form.decimal
    options = {**match.source.options, **{name: text for name, text in said.items() if text}}
    marks = ", ".join(f'{name} "{text}"' for name, text in said.items() if text)
    notes = (*match.source.notes, f"numbers are written as {form.sample}: {marks}")
    return replace(match, source=replace(match.source, options=options, notes=notes))
