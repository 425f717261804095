"""The scorecard: scores with their range, the points by dimension, every KPI behind them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from ...results import Scorecard
from ...words import Words
from ..blocks import Block, Column, Figure, Prose, Section, Table
from ..charts import ranges
from .wording import channel_name, kpi_name, kpi_text, ranks_allowed, score_change

DIMENSIONS = ("result", "market", "customer", "cost")


def scorecard(result: Scorecard, words: Words) -> Section:
    """Scores, ranges, points and the weights they rest on."""
    scored = result.scores[result.scores["status"] == "ok"]
    blocks: list[Block] = [Prose(words("scorecard.how"), "note")]
    if len(scored):
        blocks += [_figure(result, scored, words), _scores(result, scored, words), _points(result, words)]
    for row in result.scores[result.scores["status"] != "ok"].to_dict("records"):
        blocks.append(Prose(_not_scored(row, result, words), "warning"))
    return Section("scorecard", words("part.scorecard"), tuple(blocks))


def _figure(result: Scorecard, scored: pd.DataFrame, words: Words) -> Figure:
    names = [channel_name(words, result.scope, name) for name in scored["channel_type"]]
    score, low, high, before = (
        list(scored[name].astype(float)) for name in ("score", "score_low", "score_high", "previous_score")
    )
    labels = [words.number(value, 1) for value in scored["score"]]
    svg = ranges(names, score, low, high, before, labels, 100.0, words("scorecard.target_line"))
    best = scored.iloc[0]
    tied = [
        channel_name(words, result.scope, row["channel_type"])
        for row in scored.iloc[1:].to_dict("records")
        if row["score_high"] >= best["score_low"]
    ]
    has_range = best["score_high"] > best["score_low"]
    caption = words(
        "figure.scores_tied" if tied else "figure.scores" if has_range else "figure.scores_exact",
        channel=channel_name(words, result.scope, best["channel_type"]),
        score=words.number(best["score"], 1),
        low=words.number(best["score_low"], 1),
        high=words.number(best["score_high"], 1),
        others=words.join(tied),
    )
    return Figure("scores", svg, caption)


def _scores(result: Scorecard, scored: pd.DataFrame, words: Words) -> Table:
    points = result.points.groupby(["channel_type", "dimension"])["points"].sum()
    names = tuple(channel_name(words, result.scope, name) for name in scored["channel_type"])
    columns = [
        Column(words("column.channel"), names, is_number=False),
        Column(words("column.score"), tuple(words.number(v, 1) for v in scored["score"])),
        Column(
            words("column.range"),
            tuple(
                words("range", low=words.number(low, 1), high=words.number(high, 1))
                for low, high in zip(scored["score_low"], scored["score_high"], strict=True)
            ),
        ),
        Column(
            words("column.rank"), tuple(_rank(row, len(scored), words) for row in scored.to_dict("records"))
        ),
    ]
    columns += [
        Column(
            words(f"column.{heading}"),
            tuple(
                score_change(words, row[f"{prefix}change"], row[f"{prefix}moved"])
                for row in scored.to_dict("records")
            ),
        )
        for heading, prefix in (("against_previous", ""), ("against_last_year", "last_year_"))
    ]
    for dimension in DIMENSIONS:
        texts = [
            words.number(points.get((name, dimension), float("nan")), 1) for name in scored["channel_type"]
        ]
        if any(text != words("none") for text in texts):
            columns.append(
                Column(words(f"dimension.{dimension}"), tuple(texts), group=words("column.points"))
            )
    columns.append(Column(words("column.coverage"), tuple(words.share(v, 0) for v in scored["coverage"])))
    caption = words("caption.scores", period=words.period(result.scope.period))
    return Table(
        "scores", caption, tuple(columns), (words("scorecard.range_note"), words("scorecard.rank_note"))
    )


def _rank(row: Mapping[Hashable, Any], count: int, words: Words) -> str:
    between = ranks_allowed(words, row["rank_low"], row["rank_high"])
    return words("partners.rank", rank=words.number(row["rank"]), range=between, n=words.number(count))


def _points(result: Scorecard, words: Words) -> Table:
    rows = result.points.to_dict("records")
    scope = result.scope
    columns = (
        Column(
            words("column.channel"), tuple(channel_name(words, scope, r["channel_type"]) for r in rows), False
        ),
        Column("KPI", tuple(kpi_name(words, scope, r["kpi"]) for r in rows), False),
        Column(words("column.value"), tuple(_value(r, result, words) for r in rows)),
        Column("n", tuple(words.number(r["n"]) for r in rows)),
        Column(words("column.weight"), tuple(words.share(r["weight"], 0) for r in rows)),
        Column(words("column.effective_weight"), tuple(words.share(r["effective_weight"], 0) for r in rows)),
        Column(words("column.kpi_score"), tuple(words.number(r["kpi_score"], 1) for r in rows)),
        Column(words("column.points"), tuple(words.number(r["points"], 1) for r in rows)),
    )
    return Table("points", words("caption.points"), columns, folded=words("fold.points"))


def _value(row: dict[str, object], result: Scorecard, words: Words) -> str:
    if row["status"] != "ok":
        return words(f"status.{row['status']}")
    unit = result.scope.names.units[str(row["kpi"])]
    return kpi_text(words, unit, float(row["value"]), currency=result.scope.currency)  # type: ignore[arg-type]


def _not_scored(row: dict[str, object], result: Scorecard, words: Words) -> str:
    channel = channel_name(words, result.scope, str(row["channel_type"]))
    return words(
        f"not_scored.{row['status']}",
        channel=channel,
        coverage=words.share(float(row["coverage"]), 0),  # type: ignore[arg-type]
        needed=words.share(result.coverage_needed, 0),
    )
