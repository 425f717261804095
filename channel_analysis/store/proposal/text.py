"""A proposed mapping as TOML: every name of an unknown file written so that it stays what it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...errors import Problem
from .blocks import Block, plain, shown
from .match import Match

_HEAD = """\
# A proposed mapping: finish what is marked TODO, check what is said to be likely or perhaps so, and
# name this file under mapping in workspace.toml. data/DICTIONARY.md lists the columns of every table."""


def mapping_text(matches: Iterable[Match], blocks: Iterable[Block], problems: Iterable[Problem]) -> str:
    """The whole file: sources, a block for each table found, and what could not be placed."""
    matches = list(matches)
    parts = [_HEAD]
    parts += [f"# Not read: {plain(p.where, 120)}: {plain(p.what, 200)}" for p in problems]
    parts += ["\n".join(_file(match)) for match in matches]
    by_view = {match.source.view: match for match in matches}
    parts += ["\n".join(_block(block, by_view[block.view])) for block in blocks]
    loose = [match for match in matches if match.table is None]
    parts += ["\n".join(_loose(match)) for match in loose]
    return "\n\n".join(parts) + "\n"


def value(given: Any) -> str:
    """A value in TOML.

    Examples
    --------
    >>> value(["a", 'b"']), value({"columns": "{month}月", "year": 2025}), value(10000.0)
    ('["a", "b\\\\""]', '{ columns = "{month}月", year = 2025 }', '10000')
    """
    if isinstance(given, Mapping):
        pairs = ", ".join(f"{key(name)} = {value(inner)}" for name, inner in given.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(given, list | tuple):
        return f"[{', '.join(value(inner) for inner in given)}]"
    if isinstance(given, float):
        return f"{given:.0f}" if given.is_integer() else repr(given)
    return json.dumps(given, ensure_ascii=False).replace("\x7f", "\\u007f")


def key(name: str) -> str:
    """A name as a key of TOML: bare where it may be."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else value(name)


def several_lines(text: str) -> str:
    """A text of several lines in TOML, as it reads where possible."""
    if "'''" in text or re.search(r"[^\n -~\x80-\ud7ff\ue000-\U0010ffff]|[\x80-\x9f]", text):
        return value(text)
    return f"'''\n{text}\n'''"


def _file(match: Match) -> Iterator[str]:
    source = match.source
    fills = f"fills {match.table.name}" if match.table else "fills no table"
    yield f"# {plain(source.look.label, 100)}: {fills}"
    yield from (f"# - {plain(note, 160)}" for note in source.notes)
    yield f"[files.{key(source.view)}]"
    yield from (f"{name} = {value(given)}" for name, given in source.options.items())


def _block(block: Block, match: Match) -> Iterator[str]:
    yield f"[[{block.table.name}]]"
    yield f"query = {several_lines(block.query)}"
    for name, format_ in block.dates.items():
        yield f"dates.{name} = {value(format_)}"
    for name, factor in block.units.items():
        yield f"units.{name} = {value(factor)}"
    for reason, condition in block.leave_out.items():
        yield f"leave_out.{key(reason)} = {several_lines(condition)}"
    for name in dict.fromkeys([*block.values, *block.unknown]):
        yield f"[{block.table.name}.values.{name}]"
        yield from (f"{value(theirs)} = {value(ours)}" for theirs, ours in block.values.get(name, {}).items())
        unknown = block.unknown.get(name, [])
        yield from (f"# TODO {value(plain(theirs, 80))} = ..." for theirs in unknown[:30])
        if len(unknown) > 30:
            yield f"# TODO and {len(unknown) - 30} more values"
    yield from _left(match)


def _left(match: Match) -> Iterator[str]:
    """The columns that stand for none of ours, with some of their values."""
    if match.unplaced:
        yield f"# Columns of {plain(match.source.look.label, 100)} that were not placed:"
    yield from (f"#   {plain(sample.name, 80)}: {shown(sample)}" for sample in match.unplaced)


def _loose(match: Match) -> Iterator[str]:
    yield f"# TODO {plain(match.source.look.label, 100)} fits no contract table well enough."
    yield from _left(match)
