"""Texts that are broken, and numbers of things that are not written as they are elsewhere."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from ...contracts.lines import is_id
from ...contracts.marks import Mark
from ...contracts.schema import Column
from ...contracts.texts import BROKEN_TEXT, HAN, ID_FORMS, QUESTION_MARKS, is_misread, one_spelling
from ..engine import literal
from .look import Look, name_of, used_view

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
    for column in look.table.columns:
        if column.name in look.filled and _is_own_id(look, column):
            marks += _malformed_ids(look, column)
    if _repeating(look):
        for found in look.ask(_tests_sql(_values(look))):
            marks += _malformed(look, look.table.column(found["name"]), found)
    return marks


def _is_own_id(look: Look, column: Column) -> bool:
    """Whether a column holds numbers of its own, nearly all different; others repeat few values."""
    return is_id(look.table, column) and not column.references


def _repeating(look: Look) -> list[Column]:
    """Text columns whose values repeat, so that each is looked at once."""
    texts = [column for column in look.table.columns if column.type == "text" and column.name in look.filled]
    return [column for column in texts if not column.allowed and not _is_own_id(look, column)]


def _values(look: Look) -> str:
    """Keep the different values of these columns, with the rows that hold them; the table's name."""
    counted = (
        f"SELECT '{column.name}' AS name, {name} AS value, COUNT(*) AS n FROM {look.view} AS t "
        f"WHERE {name} IS NOT NULL GROUP BY {name}"
        for column in _repeating(look)
        if (name := name_of(column.name))
    )
    return look.keep("values", " UNION ALL ".join(counted))


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


def _tests_sql(values: str) -> str:
    """By column, whether any of its values has one of the forms."""
    forms = {"broken_text": BROKEN_TEXT, **ID_FORMS, "lost": QUESTION_MARKS, "han": HAN}
    tests = ", ".join(
        f"MAX(CASE WHEN {_like('value', form)} THEN 1 ELSE 0 END) AS {rule}" for rule, form in forms.items()
    )
    return f"SELECT name, {tests} FROM {values} GROUP BY name ORDER BY name"


def _malformed(look: Look, column: Column, found: Mapping[str, int]) -> Iterator[Mark]:
    name = name_of(column.name)
    for rule, form in _forms(look, column).items():
        lost = rule == "broken_text" and found["lost"] and found["han"]
        if found[rule] or lost:
            shape = f"{form}|{QUESTION_MARKS}" if lost else form
            yield Mark(rule, column.name, f"{_like(name, shape)} AND {_unnoted(rule, column)}")


def _like(value: str, form: str) -> str:
    return f"REGEXP_MATCHES({value}, {literal(form)})"


def strange_values(look: Look) -> list[Mark]:
    """Marks of references that find nothing: known entries spelt otherwise, lost zeros, and unknown ones."""
    references = {
        column.name: tuple(column.references.split("."))
        for column in look.table.columns
        if column.name in look.filled and column.references.partition(".")[0] in look.others
    }
    if not references:
        return []
    strange: dict[str, list[str]] = {}
    for row in look.ask(" UNION ALL ".join(_strangers_sql(look, c, *to) for c, to in references.items())):
        strange.setdefault(row["name"], []).append(row["value"])
    return [
        mark for name, values in strange.items() for mark in _unknown(look, name, values, *references[name])
    ]


def _strangers_sql(look: Look, column: str, other: str, key: str) -> str:
    """The values of a column that the table it refers to does not hold."""
    missing = (
        f"SELECT v.value AS value FROM {_values(look)} AS v "
        f"LEFT JOIN {used_view(other)} AS o "
        f"ON o.{key} = v.value WHERE v.name = '{column}' AND o.{key} IS NULL "
        f"ORDER BY v.value LIMIT {MOST_VALUES}"
    )
    return f"SELECT '{column}' AS name, m.value AS value FROM ({missing}) AS m"


def _unknown(look: Look, column: str, values: list[str], other: str, key: str) -> list[Mark]:
    if len(values) == MOST_VALUES:
        joins = f"LEFT JOIN {used_view(other)} AS known_{column} ON known_{column}.{key} = {name_of(column)}"
        nobody = f"{name_of(column)} IS NOT NULL AND known_{column}.{key} IS NULL"
        return [Mark("unknown", column, nobody, (joins,))]
    known = [row["value"] for row in look.ask(f"SELECT {key} AS value FROM {used_view(other)}")]
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
    name = f"look_{look.table.name}_{column}"
    strange = pa.table({"value": list(rules), "rule": list(rules.values())})
    look.staging.engine.register(name, strange)
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
    counts: dict[str, dict[str, int]] = {}
    for row in look.ask(_labels_sql(_values(look), labels)) if labels else ():
        counts.setdefault(row["name"], {})[row["value"]] = row["n"]
    for name, used in counts.items():
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


def _labels_sql(values: str, labels: Sequence[str]) -> str:
    """The values of columns that hold few."""
    listed = ", ".join(f"'{name}'" for name in labels)
    few = f"SELECT name FROM {values} WHERE name IN ({listed}) GROUP BY name HAVING COUNT(*) <= {MOST_LABELS}"
    return f"SELECT name, value, n FROM {values} WHERE name IN ({few}) ORDER BY name, value"


def _spelt_keys(look: Look) -> list[Mark]:
    (key, *more) = look.table.key
    if more or key not in look.filled or look.rows > MOST_VALUES or look.table.column(key).type != "text":
        return []
    keys = [row["value"] for row in look.ask(f"SELECT {name_of(key)} AS value FROM {look.view} AS t")]
    rules = dict.fromkeys(_twins(keys), "invisible_characters") | dict.fromkeys(
        _shortened(keys), "lost_zeros"
    )
    return _marks_of(look, key, rules) if rules else []


def _twins(keys: list[str]) -> list[str]:
    """Keys written in another way than an equal one that is plainer."""
    spelt = Counter(map(one_spelling, keys))
    doubled = [key for key in keys if spelt[one_spelling(key)] > 1]
    plain: dict[str, str] = {}
    for key in sorted(doubled, key=lambda text: (len(text.encode()), text)):
        plain.setdefault(one_spelling(key), key)
    return [key for key in doubled if plain[one_spelling(key)] != key]


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
