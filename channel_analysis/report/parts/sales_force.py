"""The sales force: how attainment is spread, target or person, scores of reps and teams, recognition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ...appraisals import SalesForce
from ...words import Unit, Words
from ..blocks import Block, Column, Figure, Prose, Section, Table
from ..charts import columns as bar_columns
from .wording import channel_name, known_as, ranks_allowed, rate_text, score_change, with_texts

SHOWN = 25
"""Reps on the page; the saved table has them all."""

BANDS = ("below_50", "from_50_to_80", "from_80_to_100", "from_100_to_120", "above_120")

SERIOUS = ("behind", "target_too_high", "target_too_low", "ahead", "as_expected", "cannot_tell")
"""Verdicts in the order in which they deserve attention."""

CONDUCT = ("win_rate", "visit_completion", "csat")

IN_MONEY = ("customer_development",)
"""Contests whose values are money; those of the others are points."""

IN_PLACE = ("no_staff", "no_reps")
"""Caveats that stand in place of the section."""

Row = Mapping[Any, Any]


def sales_force(result: SalesForce, words: Words) -> Section:
    """Attainment, what explains it, scores and ranks, recognition, and what stands beside them."""
    title = words("part.sales_force")
    instead = next((c.code for c in result.caveats if c.code in IN_PLACE), "")
    if instead:
        return Section("sales_force", title, (Prose(words(f"sales_force.{instead}")),), "line")
    blocks: list[Block] = [Prose(_lead(result, words), "lead"), Prose(words("sales_force.how"), "note")]
    blocks += [Prose(text, kind) for text, kind in _caveats(result, words)]
    if result.reps["attainment"].notna().any():
        blocks.append(_spread(result, words))
    blocks.append(_reps(result, words))
    if len(result.teams):
        blocks.append(_teams(result, words))
    blocks += (
        [_recognition(result, words)] if len(result.recognition) else [Prose(words("sales_force.nobody"))]
    )
    if result.reps[list(CONDUCT)].notna().any(axis=None):
        blocks.append(_conduct(result, words))
    if len(result.training):
        blocks += [_training(result, words)]
    return Section("sales_force", title, tuple(blocks))


def _lead(result: SalesForce, words: Words) -> str:
    reps = result.reps
    verdicts = reps["verdict"].value_counts()
    whole = result.spread[result.spread["group"] == ""]
    if not len(whole) or whole["median"].isna().all():
        return words("sales_force.lead_no_targets", n=words.number(len(reps)))
    high = int(verdicts.get("target_too_high", 0))
    numbers = {
        "n": words.number(len(reps)),
        "median": words.share(float(whole["median"].iloc[0]), 0),
        "behind": words.number(int(verdicts.get("behind", 0))),
        "high": words.number(high),
        "low": words.number(int(verdicts.get("target_too_low", 0))),
    }
    return words("sales_force.lead", **numbers)


def _caveats(result: SalesForce, words: Words) -> list[tuple[str, str]]:
    told = []
    for caveat in result.caveats:
        numbers = {name: words.number(float(value)) for name, value in (caveat.numbers or {}).items()}
        if caveat.code == "two_humped":
            numbers["split"] = words.share(float(caveat.numbers["split"]), 0)
            who = (
                channel_name(words, result.scope, caveat.subject)
                if caveat.subject
                else words("sales_force.all")
            )
            told.append((words("sales_force.two_humped", group=who, **numbers), "warning"))
        elif caveat.code != "training_is_no_effect":
            told.append((words(f"sales_force.{caveat.code}", **numbers), caveat.severity))
    return told


def _spread(result: SalesForce, words: Words) -> Figure:
    """How many reps reached how much of their target."""
    whole = result.spread[result.spread["group"] == ""].iloc[0]
    counts = [round(float(whole[band]) * int(whole["reps"])) for band in BANDS]
    names = [words(f"sales_force.band.{band}") for band in BANDS]
    svg = bar_columns(names, counts, [words.number(count) for count in counts])
    caption = words(
        "figure.attainment",
        n=words.number(sum(counts[:3])),
        all=words.number(int(whole["reps"])),
        median=words.share(float(whole["median"]), 0),
        low=words.share(float(whole["lower_quartile"]), 0),
        high=words.share(float(whole["upper_quartile"]), 0),
    )
    return Figure("attainment", svg, caption)


def _reps(result: SalesForce, words: Words) -> Table:
    """Reps with target, what the territory lets expect, the verdict, and the score."""
    order = (
        result.reps["verdict"].map({name: number for number, name in enumerate(SERIOUS)}).fillna(len(SERIOUS))
    )
    shown = result.reps.assign(_o=order).sort_values(
        ["_o", "actual", "rep_id"], ascending=[True, False, True]
    )
    rows = shown.head(SHOWN).to_dict("records")
    expected = result.targets.set_index("rep_id")
    money = words.money_unit([r["actual"] for r in rows], result.scope.currency)
    columns = (
        Column(words("column.rep"), tuple(known_as(r, "rep") for r in rows), False),
        Column(words("column.team"), tuple(_text(r["team"], words) for r in rows), False),
        _money("column.net_sales", [r["actual"] for r in rows], money, words),
        _money("column.target_amount", [r["target"] for r in rows], money, words),
        Column(words("column.attainment"), tuple(words.share(r["attainment"], 0) for r in rows)),
        _money("column.expected", [_expected(expected, r["rep_id"]) for r in rows], money, words),
        Column(words("column.verdict"), tuple(_verdict(r, words) for r in rows), False),
        Column(words("column.score"), tuple(_score(r, words) for r in rows)),
        Column(words("column.rank"), tuple(_rank(r, words) for r in rows)),
        Column(words("column.change"), tuple(score_change(words, r["change"], r["moved"]) for r in rows)),
    )
    notes = [words("sales_force.expected_note")] if expected["expected"].notna().any() else []
    notes.append(words("sales_force.rank_note", rate=words.share(result.certainty, 0)))
    notes.append(words("partners.chance_note"))
    if len(result.reps) > len(rows):
        notes.append(words("sales_force.more", n=words.number(len(result.reps) - len(rows))))
    caption = words("caption.reps", period=words.period(result.scope.period))
    return Table("sales_reps", caption, with_texts(words, columns), tuple(notes))


def _expected(expected: pd.DataFrame, rep: str) -> float:
    return float(expected.at[rep, "expected"]) if rep in expected.index else float("nan")


def _money(heading: str, values: Sequence[float], money: Unit, words: Words) -> Column:
    name = words("column.with_unit", name=words(heading), unit=money.name)
    return Column(name, tuple(words.money(value, money) for value in values))


def _text(given: object, words: Words) -> str:
    return str(given) if given == given and given not in (None, "") else words("none")


def _verdict(row: Row, words: Words) -> str:
    verdict, reason = row["verdict"], row["reason"]
    if not isinstance(verdict, str):
        return words("none")
    said = words(f"verdict_of_rep.{verdict}")
    if not isinstance(reason, str) or not reason:
        return said
    return words("sales_force.because", verdict=said, reason=words(f"verdict_reason.{reason}"))


def _score(row: Row, words: Words) -> str:
    if row["status"] != "ok":
        return words(f"sales_force.unscored.{row['status']}")
    low, high = words.number(row["low"]), words.number(row["high"])
    return words(
        "sales_force.score", score=words.number(row["score"], 1), range=words("range", low=low, high=high)
    )


def _rank(row: Row, words: Words) -> str:
    if row["rank"] != row["rank"]:
        return words("none")
    between = ranks_allowed(words, row["rank_low"], row["rank_high"])
    return words("sales_force.rank", rank=words.number(row["rank"]), range=between)


def _teams(result: SalesForce, words: Words) -> Table:
    rows = result.teams.sort_values(["rank", "team"]).to_dict("records")
    columns = (
        Column(words("column.team"), tuple(_text(r["team"], words) for r in rows), False),
        Column(words("column.manager"), tuple(_text(r["manager_name"], words) for r in rows), False),
        Column(words("column.reps"), tuple(_people(r, words) for r in rows)),
        Column(words("column.attainment"), tuple(words.share(r["attainment"], 0) for r in rows)),
        Column(words("column.behind"), tuple(words.number(r["behind"]) for r in rows)),
        Column(words("column.targets_too_high"), tuple(words.number(r["targets_too_high"]) for r in rows)),
        Column(words("column.score"), tuple(_score(r, words) for r in rows)),
        Column(words("column.rank"), tuple(_rank(r, words) for r in rows)),
        Column(words("column.change"), tuple(score_change(words, r["change"], r["moved"]) for r in rows)),
        Column(
            words("column.vacant"),
            tuple(words.number(r["vacant_partners"] + r["vacant_customers"]) for r in rows),
        ),
    )
    caption = words("caption.teams", n=words.number(len(rows)))
    notes = (words("sales_force.vacant_note"), words("partners.chance_note"))
    return Table("sales_teams", caption, with_texts(words, columns), notes)


def _people(row: Row, words: Words) -> str:
    """How many reps, newcomers among them."""
    if not row["newcomers"]:
        return words.number(row["reps"])
    return words(
        "sales_force.with_newcomers", n=words.number(row["reps"]), new=words.number(row["newcomers"])
    )


def _recognition(result: SalesForce, words: Words) -> Table:
    """Places of the contests; those who cannot be told apart share one."""
    rows = result.recognition.to_dict("records")
    money = words.money_unit([r["high"] for r in rows if r["contest"] in IN_MONEY], result.scope.currency)
    columns = (
        Column(words("column.contest"), tuple(_contest(r, money, words) for r in rows), False),
        Column(words("column.channel"), tuple(_group(r, result, words) for r in rows), False),
        Column(words("column.place"), tuple(_place(r, words) for r in rows)),
        Column(words("column.rep"), tuple(known_as(r, "rep") for r in rows), False),
        Column(words("column.team"), tuple(_text(r["team"], words) for r in rows), False),
        Column(words("column.value"), tuple(_value(r, "value", money, words) for r in rows)),
        Column(words("column.range"), tuple(_interval(r, money, words) for r in rows)),
    )
    absent = [
        words(f"contest.{name}")
        for name in result.contests["contest"].unique()
        if name not in set(result.recognition["contest"])
    ]
    notes = (words("sales_force.no_winner", contests=words.join(absent)),) if absent else ()
    return Table("sales_recognition", words("caption.recognition"), columns, notes)


def _contest(row: Row, money: Unit, words: Words) -> str:
    """What the contest is about, with the unit of its values where that is money."""
    name = words(f"contest.{row['contest']}")
    return words("column.with_unit", name=name, unit=money.name) if row["contest"] in IN_MONEY else name


def _group(row: Row, result: SalesForce, words: Words) -> str:
    group = row["group"]
    return (
        channel_name(words, result.scope, group)
        if isinstance(group, str) and group
        else words("sales_force.all")
    )


def _place(row: Row, words: Words) -> str:
    place = words.number(row["place"])
    return words("sales_force.shared_place", place=place) if row["is_shared"] else place


def _value(row: Row, name: str, money: Unit, words: Words) -> str:
    if row["contest"] in IN_MONEY:
        return words.money(row[name], money)
    return words.number(float(row[name]), 1)


def _interval(row: Row, money: Unit, words: Words) -> str:
    if row["low"] != row["low"]:
        return words("none")
    return words("range", low=_value(row, "low", money, words), high=_value(row, "high", money, words))


def _conduct(result: SalesForce, words: Words) -> Table:
    """Leads, visits and satisfaction of each rep, with intervals and numbers of observations."""
    rows = result.reps.sort_values(["team", "rep_id"]).head(SHOWN).to_dict("records")
    columns = [Column(words("column.rep"), tuple(known_as(r, "rep") for r in rows), False)]
    for name in CONDUCT:
        texts = tuple(_rate(r, name, words) for r in rows)
        columns.append(Column(words(f"column.{name}"), texts))
    return Table("sales_conduct", words("caption.conduct"), tuple(columns), folded=words("fold.conduct"))


def _rate(row: Row, name: str, words: Words) -> str:
    return rate_text(words, row[name], row[f"{name}_low"], row[f"{name}_high"], row[f"{name}_n"])


def _training(result: SalesForce, words: Words) -> Table:
    rows = result.training.head(SHOWN).to_dict("records")
    columns = [
        Column(words("column.rep"), tuple(known_as(r, "rep") for r in rows), False),
        Column(words("column.held_on"), tuple(words.date(r["held_on"]) for r in rows), False),
        Column(words("column.courses"), tuple(str(r["courses"]) for r in rows), False),
    ]
    for name in ("attainment", "win_rate"):
        for when in ("before", "after"):
            texts = tuple(words.share(r[f"{name}_{when}"], 0) for r in rows)
            columns.append(Column(words(f"column.{when}"), texts, group=words(f"column.{name}")))
    note = words("sales_force.training_is_no_effect")
    caption = words("caption.training", n=words.number(len(result.training)))
    return Table("sales_training", caption, tuple(columns), (note,), folded=words("fold.training"))
