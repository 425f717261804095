"""Tables of root causes: segments, causes with what would refute them, split, drivers, the ledger."""

from __future__ import annotations

import pandas as pd

from ...rootcauses import RootCause
from ...words import Words
from ..blocks import Column, Table
from .root_cause_figures import entity_of, largest_of
from .root_cause_wording import (
    Figures,
    Row,
    base_head,
    branch_name,
    chance,
    figure_text,
    own_words,
    segment_name,
    told,
)
from .wording import kpi_name, with_texts

SHOWN = 20
"""Rows of a table on the page; the saved tables have every row."""

NODES = 60
"""Rows of the folded ledger."""

INDENT = "\N{EM SPACE}"


def segments_table(result: RootCause, figures: Figures, words: Words) -> Table:
    """One row per segment: its figures, what it added with its interval, and the chance of as much."""
    rows = result.segments.head(SHOWN).to_dict("records")
    heads = {
        "before": base_head(result, words),
        "now": words.period_short(result.period),
        "expected": words("column.expected"),
    }
    columns = [
        Column(words("root_cause.column.segment"), tuple(_segment(r, result, words) for r in rows), False)
    ]
    heading = "" if all(row["factor"] for row in rows) else figures.heading  # factors have units of their own
    columns += [
        Column(head, tuple(_level(r, name, figures, words) for r in rows), group=heading)
        for name, head in heads.items()
    ]
    columns += [
        Column(
            figures.titled(words("root_cause.column.contribution")),
            tuple(figures.between(r["contribution"], r["low"], r["high"]) for r in rows),
        ),
        Column(words("root_cause.column.share"), tuple(_share(r["share"], words) for r in rows)),
        Column(words("root_cause.column.chance"), tuple(chance(words, r["p_value"]) for r in rows)),
    ]
    notes = (words("root_cause.note.segments"), *_more(len(result.segments) - len(rows), words))
    caption = _caption("segments", result, words, len(result.segments))
    return Table(f"segments_{result.kpi}", caption, with_texts(words, columns), notes)


def _segment(row: Row, result: RootCause, words: Words) -> str:
    name = segment_name(result, words, row["place"])
    if row["verdict"] == "single_order":
        return words("root_cause.one_order", segment=name)
    return name


def _level(row: Row, name: str, figures: Figures, words: Words) -> str:
    """A value of the segment's own; of a factor searched by itself its rate or its number."""
    if not row["factor"]:
        return figures.cell(row[name])
    return figure_text(words, "share" if row["factor"] == "discount" else "count", row[name], "")


def _share(share: float, words: Words) -> str:
    return words("none") if pd.isna(share) or abs(share) > 10 else words.share(share, 0)


def causes_table(result: RootCause, figures: Figures, words: Words) -> Table:
    """Causes by segment, each with its evidence, how far that goes, and what would refute it."""
    known = set(result.segments["place"])
    listed = result.causes[result.causes["place"].isin(known)].sort_values(["place", "rank"], kind="stable")
    rows = listed.head(SHOWN).to_dict("records")
    columns = [
        Column(
            words("root_cause.column.segment"),
            tuple(segment_name(result, words, r["place"]) for r in rows),
            False,
        ),
        Column(words("root_cause.column.cause"), tuple(_cause(r, words) for r in rows), False),
        Column(words("root_cause.column.evidence"), tuple(_evidence(r, result, words) for r in rows), False),
        Column(
            figures.titled(words("root_cause.column.amount")),
            tuple(_accounted(r, figures, words) for r in rows),
        ),
        Column(
            words("root_cause.column.grade"),
            tuple(own_words(words, "grade", r["grade"]) for r in rows),
            False,
        ),
        Column(words("root_cause.column.refuted_by"), tuple(_refuted_by(r, words) for r in rows), False),
    ]
    notes = (words("root_cause.note.causes"), *_more(len(listed) - len(rows), words))
    caption = _caption("causes", result, words, len(listed))
    first = tuple(place for place, row in enumerate(rows) if row["rank"] == 1 and not row["is_refuted"])
    return Table(f"causes_table_{result.kpi}", caption, with_texts(words, columns), notes, strong=first)


def _cause(row: Row, words: Words) -> str:
    numbers = {"cause": own_words(words, "cause", row["cause"]), "tag": own_words(words, "tag", row["tag"])}
    return words("root_cause.tagged", **numbers)


def _evidence(row: Row, result: RootCause, words: Words) -> str:
    before, now = (
        figure_text(words, row["unit"], row[name], result.scope.currency)
        for name in ("figure_before", "figure")
    )
    if now == words("none"):
        return now
    return now if before == words("none") else words("root_cause.before_now", before=before, now=now)


def _accounted(row: Row, figures: Figures, words: Words) -> str:
    """What a cause accounts for; a refuted one for nothing."""
    return words("none") if row["is_refuted"] else figures.between(row["amount"], row["low"], row["high"])


def _refuted_by(row: Row, words: Words) -> str:
    if not isinstance(row["refuted_by"], str) or not row["refuted_by"]:
        return words("none")
    said = own_words(words, "refuted_by", row["refuted_by"])
    return words("root_cause.refuted", what=said) if row["is_refuted"] else said


def split_table(result: RootCause, figures: Figures, words: Words) -> Table:
    """The entities that moved a ratio most: weight and rate before and now, within and mix."""
    rows = largest_of(result).to_dict("records")
    entries = tuple(_entry(r, result, words) for r in rows)
    columns = [Column(words("root_cause.column.entity"), entries, False)]
    for name, group in (("weight", "root_cause.column.weight"), ("rate", "root_cause.column.rate")):
        for when, head in (("_before", base_head(result, words)), ("", words.period_short(result.period))):
            texts = tuple(_end(r, name, when, figures, words) for r in rows)
            columns.append(Column(head, texts, group=words(group)))
    for name in ("within", "mix", "amount"):
        texts = tuple(figures.cell_change(r[name]) for r in rows)
        columns.append(
            Column(words(f"root_cause.column.{name}"), texts, group=words("root_cause.column.added"))
        )
    notes = (words("root_cause.note.split"), *_more(len(result.split) - len(rows), words))
    return Table(f"split_table_{result.kpi}", _caption("split", result, words), tuple(columns), notes)


def _entry(row: Row, result: RootCause, words: Words) -> str:
    name = entity_of(dict(row), result, words)
    entry = row["entry"]
    return words(f"root_cause.entry.{entry}", name=name) if entry in ("new", "lost") else name


def _end(row: Row, name: str, when: str, figures: Figures, words: Words) -> str:
    if row["entry"] == ("new" if when else "lost"):
        return words("none")
    value = row[f"{name}{when}"]
    return words.share(value) if name == "weight" else figures.cell(value)


def drivers_table(result: RootCause, figures: Figures, words: Words) -> Table:
    """The factors of the KPI's tree: before, now, and what each added; they add up to the change."""
    rows = result.drivers.to_dict("records")
    columns = [
        Column(
            words("root_cause.column.driver"),
            tuple(own_words(words, "driver", r["driver"]) for r in rows),
            False,
        ),
        Column(base_head(result, words), tuple(figure_text(words, "", r["before"], "") for r in rows)),
        Column(words.period_short(result.period), tuple(figure_text(words, "", r["now"], "") for r in rows)),
        Column(
            figures.titled(words("root_cause.column.contribution")),
            tuple(figures.cell_change(r["amount"]) for r in rows),
        ),
    ]
    name, caption = f"drivers_{result.kpi}", _caption("drivers", result, words)
    return Table(name, caption, tuple(columns), folded=words("root_cause.fold.drivers"))


def ledger_table(result: RootCause, figures: Figures, words: Words) -> Table:
    """Every node of the ledger with what is left between it and its parts, indented by depth."""
    rows = result.ledger.head(NODES).to_dict("records")
    columns = (
        Column(words("root_cause.column.node"), tuple(_node(r, result, words) for r in rows), False),
        Column(
            words("root_cause.column.kind"), tuple(own_words(words, "kind", r["kind"]) for r in rows), False
        ),
        Column(
            figures.titled(words("root_cause.column.amount")),
            tuple(figures.cell_change(r["amount"]) for r in rows),
        ),
        Column(
            figures.titled(words("root_cause.column.residual")),
            tuple(figures.cell_change(r["residual"]) for r in rows),
        ),
    )
    largest = result.ledger["residual"].abs().max()
    residual = figures.cell(0.0 if pd.isna(largest) else largest)
    caption = _caption("ledger", result, words, len(result.ledger), residual=residual)
    notes = _more(len(result.ledger) - len(rows), words)
    return Table(f"ledger_{result.kpi}", caption, columns, notes, folded=words("root_cause.fold.ledger"))


def _node(row: Row, result: RootCause, words: Words) -> str:
    """A node by what it is: a branch, a bar, a segment by its names, or an entity."""
    node, parent = str(row["node"]), str(row["parent"])
    last = node.removeprefix(f"{parent}/")
    depth = 0 if not parent else 2 if node != last else 1
    families = {"factor": "bar", "total": "node"}
    if row["kind"] == "segment":
        name = branch_name(result, words, last)
    else:
        name = own_words(words, families[row["kind"]], last) if row["kind"] in families else told(last)
    return INDENT * depth + name


def _caption(name: str, result: RootCause, words: Words, count: int = 0, **values: str) -> str:
    """A table's caption begins with its KPI: tables of several KPIs stand on one page."""
    numbers = {"n": count, "count": words.number(count), **values}
    return words(f"root_cause.caption.{name}", kpi=kpi_name(words, result.scope, result.kpi), **numbers)


def _more(beyond: int, words: Words) -> tuple[str, ...]:
    return (words("root_cause.more", n=words.number(beyond)),) if beyond > 0 else ()
