"""Texts that are broken, and numbers of things that are not written as they are elsewhere."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from ...contracts.lines import is_id
from ...contracts.marks import Mark
from ...contracts.schema import Column
from ...contracts.texts import BROKEN_TEXT, HAN, ID_FORMS, QUESTION_MARKS, is_misread, one_spelling
from ..engine import literal
from .look import Look, name_of, used_view
from .tally import Tally

_TOLD = ("full_width_text", "invisible_characters")
"""Rules that a value breaks by its form, or by being another spelling of a known one."""

MOST_VALUES = 100_000
"""Columns with more different values are not compared value by value."""

MOST_LABELS = 2_000
"""Columns with more different values hold no names of groups."""

MOST_PADDED = 0.5
"""Where more rows than this have blanks around a number of a thing, that is how the file is written."""


def broken_texts(look: Look) -> list[Mark]:
    """Marks of texts in a broken encoding and of malformed numbers of things, in every text column."""
    marks = [mark for note, rows in look.notes.items() if (mark := _of_note(look, note, rows))]
    marks += malformed_numbers(look)
    for name in sorted(column.name for column in _repeating(look)):
        marks += _malformed(look, look.table.column(name), look.tallied[name].texts)
    return marks


def malformed_numbers(look: Look) -> list[Mark]:
    """Marks of malformed numbers of the table's own, such as those of orders."""
    own = [c for c in look.table.columns if c.name in look.filled and _is_own_id(look, c)]
    return [mark for column in own for mark in _malformed_ids(look, column)]


def counted_texts(look: Look) -> list[Tally]:
    """The values of text columns that repeat, and of keys that are few enough to be compared."""
    names = [column.name for column in _repeating(look)]
    if _has_few_keys(look) and not look.knows_keys():
        names += [name for name in look.table.key if name not in names]
    return [Tally(name, name_of(name)) for name in names]


def _is_own_id(look: Look, column: Column) -> bool:
    """Whether a column holds numbers of its own, nearly all different; others repeat few values."""
    return is_id(look.table, column) and not column.references


def _repeating(look: Look) -> list[Column]:
    """Text columns whose values repeat, so that each is looked at once."""
    texts = [column for column in look.table.columns if column.type == "text" and column.name in look.filled]
    return [column for column in texts if not column.allowed and not _is_own_id(look, column)]


def _of_note(look: Look, note: str, rows: int) -> Mark | None:
    """What was seen in raw values, unless nearly the whole file is written so."""
    rule, column = note.split(":")
    if rule == "invisible_characters" and rows > MOST_PADDED * look.rows:
        return None
    return Mark(rule, column, f"t._note = {literal(note)}")


def _malformed_ids(look: Look, column: Column) -> Iterator[Mark]:
    """Marks of a table's own numbers, tried row by row on those that are odd at a glance."""
    name = name_of(column.name)
    for rule, form in _forms(look, column).items():
        odd = (
            f"{name} LIKE '%E+%'" if rule == "scientific_id" else f"BIT_LENGTH({name}) <> 8 * LENGTH({name})"
        )
        yield Mark(rule, column.name, f"{odd} AND {_like(name, form)} AND {_unnoted(rule, column)}")


def _unnoted(rule: str, column: Column) -> str:
    """That the raw value did not say so already."""
    return f"COALESCE(t._note, '') <> '{rule}:{column.name}'"


def _forms(look: Look, column: Column) -> dict[str, str]:
    return {"broken_text": BROKEN_TEXT} | (ID_FORMS if is_id(look.table, column) else {})


def _malformed(look: Look, column: Column, values: pa.Array) -> Iterator[Mark]:
    name = name_of(column.name)
    for rule, form in _forms(look, column).items():
        lost = rule == "broken_text" and _any_like(values, QUESTION_MARKS) and _any_like(values, HAN)
        if lost or _any_like(values, form):
            shape = f"{form}|{QUESTION_MARKS}" if lost else form
            yield Mark(rule, column.name, f"{_like(name, shape)} AND {_unnoted(rule, column)}")


def _any_like(values: pa.Array, form: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(values, form)).as_py())


def _like(value: str, form: str) -> str:
    return f"REGEXP_MATCHES({value}, {literal(form)})"


def strange_values(look: Look) -> list[Mark]:
    """Marks of references that find nothing: known entries spelt otherwise, lost zeros, and unknown ones."""
    references = {
        column.name: tuple(column.references.split("."))
        for column in look.table.columns
        if column.name in look.filled and column.references.partition(".")[0] in look.others
    }
    marks = []
    for name, (other, key) in references.items():
        values, known = look.tallied[name].texts, look.keys_of(other, key)
        strange = values.filter(pc.invert(pc.is_in(values, value_set=known)))
        if len(strange):
            marks += _unknown(look, name, strange.to_pylist(), other, key)
    return marks


def _unknown(look: Look, column: str, values: list[str], other: str, key: str) -> list[Mark]:
    if len(values) >= MOST_VALUES:
        joins = f"LEFT JOIN {used_view(other)} AS known_{column} ON known_{column}.{key} = {name_of(column)}"
        nobody = f"{name_of(column)} IS NOT NULL AND known_{column}.{key} IS NULL"
        return [Mark("unknown", column, nobody, (joins,))]
    known = look.keys_of(other, key).drop_null().to_pylist()
    return _marks_of(look, column, dict(_why(sorted(values), known)))


def _why(values: list[str], known: list[str]) -> Iterator[tuple[str, str]]:
    """The rule that each unknown value breaks: it is a known one written differently, or known to nobody."""
    spelt = {one_spelling(text) for text in known}
    bare = {text.lstrip("0") for text in known if text.startswith("0") and text.isdecimal()}
    for value in values:
        if re.search(ID_FORMS["scientific_id"], value):
            continue
        if value in bare:
            yield value, "lost_zeros"
        elif one_spelling(value) not in spelt:
            yield value, "unknown"
        elif one_spelling(value) == one_spelling(_narrowed(value)) and _narrowed(value) != value:
            yield value, "full_width_text"
        else:
            yield value, "invisible_characters"


def _narrowed(text: str) -> str:
    """A text with its full-width letters and digits made narrow."""
    return "".join(chr(ord(sign) - 0xFEE0) if "！" <= sign <= "～" else sign for sign in text)


def _marks_of(look: Look, column: str, rules: dict[str, str], told: Sequence[str] = _TOLD) -> list[Mark]:
    """Marks of values by the rule each breaks, unless their form, one of `told`, gives them away already."""
    name, _ = look.keep(column, pa.table({"value": list(rules), "rule": list(rules.values())}))
    joins = f"LEFT JOIN {name} AS {name} ON {name}.value = {name_of(column)}"
    seen = "".join(f" AND NOT {_like(name_of(column), ID_FORMS[rule])}" for rule in told)
    return [
        Mark(rule, column, f"{name}.rule = '{rule}'{seen if rule in told else ''}", (joins,))
        for rule in dict.fromkeys(rules.values())
    ]


def spellings(look: Look) -> list[Mark]:
    """Marks of keys and labels that differ from others of their column by spelling, or lost their zeros."""
    return [*_spelt_keys(look), *_spelt_labels(look)]


def _spelt_labels(look: Look) -> Iterator[Mark]:
    """Names (of regions, categories, teams) in another encoding, or the less used of two spellings."""
    labels = [column.name for column in _repeating(look) if not is_id(look.table, column)]
    for name in sorted(labels):
        counted = look.tallied[name]
        if len(counted.rows) > MOST_LABELS:
            continue
        used = dict(sorted(zip(counted.texts.to_pylist(), counted.rows.to_pylist(), strict=True)))
        twins = [] if name.endswith("_name") else _less_used(used)
        rules = dict.fromkeys(twins, "invisible_characters")
        rules |= {value: "broken_text" for value in used if is_misread(value)}
        if rules:
            yield from _marks_of(look, name, dict(sorted(rules.items())), ())


def _less_used(used: Mapping[str, int]) -> list[str]:
    """Values that are another spelling of one that stands in more rows."""
    first: dict[str, str] = {}
    for value in sorted(used, key=lambda text: (-used[text], text)):
        first.setdefault(one_spelling(value), value)
    return [value for value in used if first[one_spelling(value)] != value]


def _has_few_keys(look: Look) -> bool:
    """Whether the keys are single texts, and few enough to be compared with each other."""
    (key, *more) = look.table.key
    is_text = not more and key in look.filled and look.table.column(key).type == "text"
    return is_text and look.rows <= MOST_VALUES


def _spelt_keys(look: Look) -> list[Mark]:
    if not _has_few_keys(look):
        return []
    key = look.table.key[0]
    keys = sorted(look.keys_of(look.table.name, key).drop_null().to_pylist())
    rules = dict.fromkeys(_twins(keys), "invisible_characters") | dict.fromkeys(
        _shortened(keys), "lost_zeros"
    )
    return _marks_of(look, key, rules) if rules else []


def _twins(keys: list[str]) -> list[str]:
    """Keys written in another way than an equal one that is plainer."""
    spelt = dict(zip(keys, map(one_spelling, keys), strict=True))
    if len(set(spelt.values())) == len(keys):
        return []
    times = Counter(spelt.values())
    doubled = [key for key in keys if times[spelt[key]] > 1]
    plain: dict[str, str] = {}
    for key in sorted(doubled, key=lambda text: (len(text.encode()), text)):
        plain.setdefault(spelt[key], key)
    return [key for key in doubled if plain[spelt[key]] != key]


def _shortened(keys: list[str]) -> list[str]:
    """Digits shorter than nearly all others of the column, some of which begin with zeros."""
    digits = [key for key in keys if key.isdecimal()]
    widths = Counter(map(len, digits))
    if not digits or len(widths) < 2:
        return []
    width, count = widths.most_common(1)[0]
    is_padded = any(key.startswith("0") for key in digits if len(key) == width)
    short = [key for key in digits if len(key) < width and not key.startswith("0")]
    return short if is_padded and count >= 0.8 * len(keys) and len(short) == len(digits) - count else []
