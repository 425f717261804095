"""The rules audited: what hiding would gain, cheapest steps, crowds at thresholds, what hangs on weights."""

from __future__ import annotations

from ...appraisals import PolicyAudit
from ...words import Words
from ..blocks import Block, Column, Prose, Section, Table
from .wording import channel_name, kpi_name

CROWDED = 0.01
"""So small a chance of so many just above a threshold is worth a word."""


def policy_audit(result: PolicyAudit, words: Words) -> Section:
    """A sentence for each question, and the tables behind them folded."""
    title = words("part.policy_audit")
    if not result.hiding["entities"].sum():
        return Section("policy_audit", title, (Prose(words("policy_audit.nobody")),), "line")
    blocks: list[Block] = [Prose(_lead(result, words), "lead")]
    blocks += [Prose(text) for text in (_steps_text(result, words), _weights_text(result, words)) if text]
    blocks += [Prose(text, "warning") for text in _crowds(result, words)]
    blocks.append(_hiding(result, words))
    if len(result.flips):
        blocks.append(_flips(result, words))
    return Section("policy_audit", title, tuple(blocks))


def _lead(result: PolicyAudit, words: Words) -> str:
    """Whether hiding pays: with the score that is certain it must not."""
    holes = result.hiding[(result.hiding["certain_gain"] > 1e-9) | (result.hiding["escapes"] > 0)]
    risen = int((result.hiding["would_rise"] > 0).sum())
    if len(holes):
        named = words.join(kpi_name(words, result.scope, str(kpi)) for kpi in holes["kpi"])
        return words("policy_audit.hole", kpis=named)
    return words("policy_audit.no_hole", n=words.number(risen), all=words.number(len(result.hiding)))


def _steps_text(result: PolicyAudit, words: Words) -> str:
    """The KPI that is most often the cheapest way into the next tier."""
    found = result.steps[result.steps["kpi"] != ""]
    if not len(found):
        return ""
    counts = found["kpi"].value_counts()
    kpi = min(counts[counts == counts.max()].index)
    numbers = {"n": words.number(counts[kpi]), "all": words.number(len(found))}
    return words("policy_audit.cheapest", kpi=kpi_name(words, result.scope, str(kpi)), **numbers)


def _weights_text(result: PolicyAudit, words: Words) -> str:
    """How far ranks move when nobody is quite sure of the weights."""
    if not len(result.robustness):
        return ""
    width = float((result.robustness["rank_high"] - result.robustness["rank_low"] + 1).median())
    leaders = result.robustness[result.robustness["rank"] == 1].groupby("group")["first_share"].max()
    return words(
        "policy_audit.robust", places=words.number(width), share=words.share(float(leaders.median()), 0)
    )


def _crowds(result: PolicyAudit, words: Words) -> list[str]:
    return [
        words(
            "policy_audit.crowd",
            begins=words.number(row["begins"]),
            above=words.number(row["above"]),
            below=words.number(row["below"]),
        )
        for row in result.crowds.to_dict("records")
        if row["p_value"] <= CROWDED
    ]


def _hiding(result: PolicyAudit, words: Words) -> Table:
    rows = result.hiding.to_dict("records")
    columns = (
        Column("KPI", tuple(kpi_name(words, result.scope, str(r["kpi"])) for r in rows), False),
        Column(words("column.would_rise"), tuple(words.number(r["would_rise"]) for r in rows)),
        Column(words("column.who_have_it"), tuple(words.number(r["entities"]) for r in rows)),
        Column(words("column.mean_shift"), tuple(words.signed(r["mean_shift"], 1) for r in rows)),
        Column(words("column.largest_gain"), tuple(words.signed(r["largest_gain"], 1) for r in rows)),
        Column(words("column.certain_gain"), tuple(words.signed(r["certain_gain"], 1) for r in rows)),
    )
    note = words("policy_audit.hiding_note")
    return Table("policy_hiding", words("caption.hiding"), columns, (note,), folded=words("fold.hiding"))


def _flips(result: PolicyAudit, words: Words) -> Table:
    """For the two best of each channel type, the weights at which they change places."""
    rows = result.flips[result.flips["flips_at"].notna()].to_dict("records")
    columns = (
        Column(
            words("column.channel"), tuple(channel_name(words, result.scope, r["group"]) for r in rows), False
        ),
        Column(words("column.first"), tuple(str(r["first_name"]) for r in rows), False),
        Column(words("column.second"), tuple(str(r["second_name"]) for r in rows), False),
        Column("KPI", tuple(kpi_name(words, result.scope, str(r["kpi"])) for r in rows), False),
        Column(words("column.weight"), tuple(words.share(r["weight"], 0) for r in rows)),
        Column(words("column.flips_at"), tuple(words.share(r["flips_at"], 1) for r in rows)),
    )
    note = words("policy_audit.flips_note")
    return Table("policy_flips", words("caption.flips"), columns, (note,), folded=words("fold.flips"))
