"""Screening of candidates: the shortlist with reasons and questions, close calls, vetoes, the rest folded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ...appraisals import Screening
from ...words import Words
from ..blocks import Block, Column, Prose, Section, Table
from .wording import channel_name, value_name

SHOWN = 15
"""Candidates of the folded table; the saved one has them all."""

MONEY = ("annual_sales", "working_capital")
SHARES = ("new_coverage",)
IN_PLACE = ("no_candidates", "nobody_applied")
"""Caveats that stand in place of the section."""

Row = Mapping[Any, Any]


def screening(result: Screening, words: Words) -> Section:
    """Who is on the shortlist and why, what to ask, who is ruled out, and all others."""
    title = words("part.screening")
    codes = [caveat.code for caveat in result.caveats]
    instead = next((code for code in IN_PLACE if code in codes), "")
    if instead:
        return Section("screening", title, (Prose(words(f"screening.{instead}")),), "line")
    blocks: list[Block] = [Prose(_lead(result, words), "lead"), Prose(words("screening.how"), "note")]
    if len(result.shortlist):
        blocks.append(_shortlist(result, words))
    blocks += [Prose(text, "note") for text in _left_out(result, words)]
    others = result.candidates[~result.candidates["is_shortlisted"]]
    if len(others):
        blocks.append(_others(result, others, words))
    blocks += [Prose(text, kind) for text, kind in _caveats(result, words)]
    return Section("screening", title, tuple(blocks))


def _lead(result: Screening, words: Words) -> str:
    key = "screening.lead" if len(result.shortlist) else "screening.lead_nobody"
    return words(
        key,
        n=words.number(len(result.candidates)),
        short=words.number(len(result.shortlist)),
        minimum=words.number(result.minimum_score),
    )


def _shortlist(result: Screening, words: Words) -> Table:
    rows = result.shortlist.to_dict("records")
    columns = (
        Column(words("column.candidate"), tuple(str(r["candidate_name"]) for r in rows), False),
        Column(words("column.territory"), tuple(_territory(r, result, words) for r in rows), False),
        Column(words("column.score"), tuple(_score(r, words) for r in rows)),
        Column(words("column.coverage_gained"), tuple(words.share(r["new_coverage"], 0) for r in rows)),
        Column(words("column.partners_there"), tuple(_there(r, words) for r in rows)),
        Column(words("column.why"), tuple(_reasons(r, result, words) for r in rows), False),
        Column(words("column.to_ask"), tuple(_questions(r, result, words) for r in rows), False),
    )
    notes = _score_notes(rows, words)
    if result.candidates["is_close"].any():
        names = result.candidates.loc[result.candidates["is_close"], "candidate_name"]
        notes.append(words("screening.close", names=words.join(map(str, names))))
    caption = words("caption.shortlist", n=words.number(len(rows)), period=words.period(result.scope.period))
    return Table("shortlist", caption, columns, tuple(notes))


def _territory(row: Row, result: Screening, words: Words) -> str:
    channel = row["channel_type"]
    kind = (
        channel_name(words, result.scope, channel) if isinstance(channel, str) and channel else words("none")
    )
    region = value_name(words, result.scope, "region", row["region"]) if row["region"] else words("none")
    return words("screening.territory", channel=kind, region=region)


def _is_open(row: Row) -> bool:
    """Whether what is not told may change the score."""
    return bool(row["best"] - row["worst"] >= 0.05)


def _score_notes(rows: list[dict[Any, Any]], words: Words) -> list[str]:
    """What the brackets mean, where there are any."""
    return [words("screening.score_note")] if any(_is_open(row) for row in rows) else []


def _score(row: Row, words: Words) -> str:
    if not _is_open(row):
        return words.number(row["worst"], 1)
    ends = words("range", low=words.number(row["worst"]), high=words.number(row["best"]))
    return words("screening.score", score=words.number(row["score"], 1), range=ends)


def _there(row: Row, words: Words) -> str:
    if row["active_partners"] != row["active_partners"]:
        return words("none")
    return words.number(row["active_partners"])


def _reasons(row: Row, result: Screening, words: Words) -> str:
    own = result.reasons[result.reasons["candidate_id"] == row["candidate_id"]]
    told = []
    for code in ("strength", "weakness"):
        named = [_criterion(r, result, words) for r in own[own["code"] == code].to_dict("records")]
        if named:
            told.append(words(f"screening.reason.{code}", criteria=words.join(named)))
    return words("screening.between").join(told) or words("none")


def _criterion(row: Row, result: Screening, words: Words) -> str:
    name, value = str(row["criterion"]), row["value"]
    said = words(f"criterion.{name}")
    if value is None or value != value:
        return said
    if name in MONEY:
        text = words.amount(float(value), result.scope.currency)
    elif name in SHARES:
        text = words.share(float(value), 0)
    else:
        text = words.number(float(value))
    return words("screening.with_value", criterion=said, value=text)


def _questions(row: Row, result: Screening, words: Words) -> str:
    own = result.questions[result.questions["candidate_id"] == row["candidate_id"]]
    told = []
    for question in own.to_dict("records"):
        what = _criterion(question, result, words) if question["criterion"] else ""
        numbers = {"criterion": what, "n": words.number(question["value"])}
        told.append(_sentence(words(f"screening.question.{question['code']}", **numbers)))
    return " ".join(told) or words("none")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _left_out(result: Screening, words: Words) -> list[str]:
    """Those ruled out by a veto, by which one; those of whom too little is known."""
    told = []
    vetoed = result.candidates[result.candidates["status"] == "vetoed"]
    for veto, own in vetoed.groupby("veto", sort=True):
        names = words.join(words(f"veto.{v}") if words.has(f"veto.{v}") else v for v in str(veto).split(", "))
        listed = words.join(map(str, own["candidate_name"]))
        told.append(words("screening.vetoed", n=words.number(len(own)), veto=names, names=listed))
    few = result.candidates[result.candidates["status"] == "coverage"]
    if len(few):
        listed = words.join(map(str, few["candidate_name"]))
        told.append(words("screening.too_little_known", n=words.number(len(few)), names=listed))
    return told


def _others(result: Screening, others: pd.DataFrame, words: Words) -> Table:
    rows = others.head(SHOWN).to_dict("records")
    columns = (
        Column(words("column.candidate"), tuple(str(r["candidate_name"]) for r in rows), False),
        Column(words("column.territory"), tuple(_territory(r, result, words) for r in rows), False),
        Column(words("column.score"), tuple(_scored(r, words) for r in rows)),
        Column(words("column.coverage_gained"), tuple(words.share(r["new_coverage"], 0) for r in rows)),
        Column(words("column.why"), tuple(_reasons(r, result, words) for r in rows), False),
    )
    beyond = len(others) - len(rows)
    notes = [
        *_score_notes([r for r in rows if r["status"] == "ok"], words),
        *([words("screening.more", n=words.number(beyond))] if beyond else []),
    ]
    caption = words("caption.other_candidates", n=words.number(len(others)))
    return Table("other_candidates", caption, columns, tuple(notes), folded=words("fold.other_candidates"))


def _scored(row: Row, words: Words) -> str:
    return _score(row, words) if row["status"] == "ok" else words(f"screening.status.{row['status']}")


def _caveats(result: Screening, words: Words) -> list[tuple[str, str]]:
    told = []
    for caveat in result.caveats:
        numbers = {name: words.number(float(value)) for name, value in (caveat.numbers or {}).items()}
        subject = caveat.subject
        for table in ("criterion", "veto"):
            if words.has(f"{table}.{caveat.subject}"):
                subject = words(f"{table}.{caveat.subject}")
        told.append((words(f"screening.{caveat.code}", subject=subject, **numbers), caveat.severity))
    return told
