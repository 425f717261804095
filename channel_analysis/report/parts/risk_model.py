"""How far to trust the risk model: reasons that add up, how early it warned, how often it was right."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ...risks import PartnerRisk, RiskModelCard
from ...words import Words
from ..blocks import Block, Column, Figure, Prose, Section, Table
from ..charts import contributions, observed
from ..charts_changes import ticks_of
from .risk_wording import (
    TRAIN,
    Row,
    band_text,
    feature_value,
    of_100,
    own_name,
    range_of_100,
    seen_before,
    units_of,
    window_text,
)
from .wording import known_as, names_text, with_texts

PARTNERS = 5
"""Partners whose reasons are told one by one."""

REASONS = 6
"""Reasons told of each."""

WAYS = 20
"""Ways out told."""


def risk_model(result: RiskModelCard, words: Words) -> Section:
    """Reasons of the first partners, what the past says of the model, and what it rests on."""
    found, title = result.risk, words("part.risk_model")
    if not found.card:
        return Section("risk_model", title, (Prose(words("risk.no_model", command=TRAIN)),), "line")
    blocks: list[Block] = [Prose(_lead(found, words), "lead"), Prose(_window(found, words))]
    blocks += [*_reasons(found, words), *_ways_out(found, words)]
    blocks += [*_lead_time(found, words), *_gains(found, words), *_calibration(found, words)]
    blocks += [*_models(found, words), *_drift(found, words), *_endings(found, words)]
    return Section("risk_model", title, tuple(blocks))


def _lead(found: PartnerRisk, words: Words) -> str:
    card = found.card
    numbers = {
        name: words.number(card.get(name, float("nan"))) for name in ("events", "entities", "rows", "folds")
    }
    first, until = (words.period(str(card.get(name, ""))) or words("none") for name in ("first", "until"))
    said = words("risk.model_lead", first=first, until=until, **numbers)
    verdict, split = str(card.get("verdict", "told")), str(card.get("split", "none"))
    tested = "none" if verdict == "too_few" else split
    return words("risk.two", first=said, second=words(f"risk.tested.{tested}", folds=numbers["folds"]))


def _window(found: PartnerRisk, words: Words) -> str:
    """What a score is about, and the families of indicators that are not in it."""
    gap = found.gap_months
    said = words("risk.window_told", window=window_text(found, words), n=gap, gap=gap)
    families = [own_name(words, "family", str(name)) for name in found.card.get("missing") or ()]
    absent = str(dict(found.card.get("notes") or {}).get("absent", "")).split(", ")
    tables = [_table_name(name, words) for name in absent if name]
    for key, names in (("families", families), ("tables", tables)):
        if names:
            second = words(f"risk.{key}_absent", names=words.join(names))
            said = words("risk.two", first=said, second=second)
    return said


def _table_name(name: str, words: Words) -> str:
    """A table in words; a column of one with its own name."""
    table, _, column = name.partition(".")
    said = own_name(words, "table", table)
    return words("irregular.column_of", table=said, column=column) if column else said


# Reasons


def _first(found: PartnerRisk) -> pd.DataFrame:
    """The first partners that have reasons: those of the watch list, else the gravest."""
    listed = found.watch_list()
    chosen = listed if len(listed) else found.partners
    return chosen[chosen["partner_id"].isin(set(found.reasons["partner_id"]))].head(PARTNERS)


def _reasons(found: PartnerRisk, words: Words) -> list[Block]:
    if not len(found.reasons):
        return []
    shown = _first(found)
    if not len(shown):
        return []
    told = found.reasons[found.reasons["partner_id"].isin(set(shown["partner_id"]))]
    groups = dict(tuple(told.sort_values("place", kind="stable").groupby("partner_id", sort=False)))
    pairs = [
        (partner, reason)
        for partner in shown.to_dict("records")
        for reason in groups[partner["partner_id"]].head(REASONS).to_dict("records")
    ]
    return [_reason_figure(shown, groups, words), _reason_table(found, pairs, len(shown), words)]


def _reason_figure(shown: pd.DataFrame, groups: dict[str, pd.DataFrame], words: Words) -> Figure:
    """Bars of the first partner: right of the line what raises its risk, left what lowers it."""
    partner = shown.iloc[0].to_dict()
    own = groups[partner["partner_id"]]
    own = own.reindex(own["contribution"].abs().sort_values(ascending=False, kind="stable").index)
    own = own.head(REASONS)
    names = [own_name(words, "theme", str(theme)) for theme in own["theme"]]
    labels = [words.signed(value, 2) for value in own["contribution"]]
    svg = contributions(names, own["contribution"].tolist(), labels)
    caption = words(
        "figure.risk_reasons", partner=known_as(partner, "partner"), theme=names[0], contribution=labels[0]
    )
    return Figure("risk_reasons", svg, caption)


def _reason_table(found: PartnerRisk, pairs: Sequence[tuple[Row, Row]], count: int, words: Words) -> Table:
    currency = found.scope.currency

    def value(row: Row, name: str) -> str:
        return feature_value(words, str(row["unit"] or ""), row[name], currency)

    columns = (
        Column(words("column.partner"), tuple(known_as(p, "partner") for p, _ in pairs), False),
        Column(words("column.theme"), tuple(own_name(words, "theme", r["theme"]) for _, r in pairs), False),
        Column(words("column.contribution"), tuple(words.signed(r["contribution"], 2) for _, r in pairs)),
        Column(
            words("column.contribution_before"),
            tuple(words.signed(r["previous_contribution"], 2) for _, r in pairs),
        ),
        Column(
            words("column.indicator"),
            tuple(own_name(words, "feature", r["feature"]) for _, r in pairs),
            False,
        ),
        Column(words("column.value"), tuple(value(r, "value") for _, r in pairs)),
        Column(words("column.peers"), tuple(value(r, "peer_median") for _, r in pairs)),
        Column(
            words("column.family"), tuple(own_name(words, "family", r["family"]) for _, r in pairs), False
        ),
    )
    caption = words("caption.risk_reasons", n=words.number(count))
    return Table("risk_reasons", caption, with_texts(words, columns), (words("risk.adds_up"),))


def _ways_out(found: PartnerRisk, words: Words) -> list[Block]:
    if not len(found.ways_out):
        return []
    partners = found.partners.set_index("partner_id", drop=False)
    rows = [r for r in found.ways_out.head(WAYS).to_dict("records") if r["partner_id"] in partners.index]
    units, currency = units_of(found), found.scope.currency

    def value(row: Row, name: str) -> str:
        return feature_value(words, units.get(row["feature"], ""), row[name], currency)

    whose = [partners.loc[r["partner_id"]].to_dict() for r in rows]
    columns = (
        Column(words("column.partner"), tuple(known_as(p, "partner") for p in whose), False),
        Column(words("column.risk_band"), tuple(band_text(words, p["band"]) for p in whose), False),
        Column(
            words("column.indicator"), tuple(own_name(words, "feature", r["feature"]) for r in rows), False
        ),
        Column(words("column.value_now"), tuple(value(r, "value") for r in rows)),
        Column(words("column.value_needed"), tuple(value(r, "needed") for r in rows)),
        Column(words("column.probability"), tuple(of_100(words, r["probability"]) for r in rows)),
        Column(words("column.then_band"), tuple(band_text(words, r["band"]) for r in rows), False),
    )
    fold, caption = words("fold.risk_ways_out"), words("caption.risk_ways_out")
    return [Table("risk_ways_out", caption, columns, (words("risk.way_note"),), folded=fold)]


# What the past says


def _lead_time(found: PartnerRisk, words: Words) -> list[Block]:
    told = seen_before(found)
    if not len(told):
        return []
    values, lows, highs = ((told[name] * 100).tolist() for name in ("flagged", "low", "high"))
    labels = [of_100(words, share) for share in told["flagged"]]
    ticks = [(float(place), words.number(months)) for place, months in enumerate(told["months"])]
    titles = (words("risk.months_axis"), words("risk.warned_axis"))
    svg = observed([place for place, _ in ticks], values, lows, highs, titles, labels, ticks)
    row = told.loc[(told["months"] - 3).abs().idxmin()]
    numbers = {"months": words.number(row["months"]), "found": of_100(words, row["flagged"])}
    caption = words("figure.risk_lead_time", range=range_of_100(words, row["low"], row["high"]), **numbers)
    return [Figure("risk_lead_time", svg, caption), *_false_flags(told, words)]


def _false_flags(told: pd.DataFrame, words: Words) -> list[Block]:
    if "false_flags" not in told or told["false_flags"].isna().all():
        return []
    share = float(told["false_flags"].iloc[0])
    return [Prose(words("risk.false_flags", n=of_100(words, share)), "note")]


def _gains(found: PartnerRisk, words: Words) -> list[Block]:
    if not len(found.gains):
        return []
    table = found.gains
    columns = (
        Column(words("column.looked_at"), tuple(words.share(s, 0) for s in table["share"]), False),
        Column(words("column.ended_among_them"), tuple(words.number(v) for v in table["events"])),
        Column(words("column.found_of_100"), tuple(of_100(words, v) for v in table["found"])),
        Column(words("column.precision_of_100"), tuple(of_100(words, v) for v in table["precision"])),
    )
    return [Table("risk_gains", words("caption.risk_gains"), columns, (words("risk.gains_note"),))]


def _calibration(found: PartnerRisk, words: Words) -> list[Block]:
    told = found.calibration
    told = told[told["n"] > 0] if len(told) else told
    if not len(told):
        return []
    points = {name: (told[name] * 100).tolist() for name in ("predicted", "observed", "low", "high")}
    end = max(*points["predicted"], *points["high"])
    svg = observed(
        points["predicted"],
        points["observed"],
        points["low"],
        points["high"],
        titles=(words("risk.predicted_axis"), words("risk.observed_axis")),
        ticks=[(mark, words.number(mark)) for mark in ticks_of(0.0, end)],
        diagonal=True,
    )
    top = told.loc[told["predicted"].idxmax()]
    caption = words(
        "figure.risk_calibration",
        predicted=of_100(words, top["predicted"]),
        observed=of_100(words, top["observed"]),
        range=range_of_100(words, top["low"], top["high"]),
        n=words.number(top["n"]),
    )
    return [Figure("risk_calibration", svg, caption)]


def _models(found: PartnerRisk, words: Words) -> list[Block]:
    if "auc" not in found.models:
        return []
    rows = found.models.to_dict("records")
    columns = (
        Column(
            words("column.model"), tuple(own_name(words, "risk.model_name", r["model"]) for r in rows), False
        ),
        Column(words("column.model_auc"), tuple(_within(r, "auc", words) for r in rows)),
        Column(words("column.model_difference"), tuple(_within(r, "difference", words) for r in rows)),
        Column(words("column.model_recall"), tuple(of_100(words, r["recall_5"]) for r in rows)),
        *(
            Column(words(f"column.model_{short}"), tuple(words.number(r[name], 3) for r in rows))
            for short, name in (("ap", "average_precision"), ("brier", "brier"), ("log_loss", "log_loss"))
        ),
    )
    strong = tuple(place for place, row in enumerate(rows) if row["chosen"])
    notes = [words("risk.models_note"), *_leak_meter(found, words)]
    fold, caption = words("fold.risk_models"), words("caption.risk_models")
    return [Table("risk_models", caption, with_texts(words, columns), tuple(notes), strong, fold)]


def _within(row: Row, name: str, words: Words) -> str:
    """A measure with its interval; a difference with its sign, none of a model from itself."""
    value, low, high = row[name], row[f"{name}_low"], row[f"{name}_high"]
    if pd.isna(value):
        return words("none")
    write = words.signed if name == "difference" else words.number
    if pd.isna(low) or low == high:
        return write(value, 3)
    ends = words("range", low=write(low, 3), high=write(high, 3))
    return words("risk.with_range", value=write(value, 3), range=ends)


def _leak_meter(found: PartnerRisk, words: Words) -> list[str]:
    """What rows picked at random would have promised: more than the honest figure is self-deception."""
    random, honest = found.card.get("random_auc"), found.card.get("auc")
    if random is None or honest is None:
        return []
    return [words("risk.leak_meter", random=words.number(random, 3), honest=words.number(honest, 3))]


# What the model rests on


def _drift(found: PartnerRisk, words: Words) -> list[Block]:
    if not len(found.drift):
        return []
    moved = found.drift[found.drift["drifted"].astype(bool)]
    numbers = {"count": words.number(len(moved)), "all": words.number(len(found.drift))}
    names = names_text(words, [own_name(words, "feature", str(f)) for f in moved["feature"]])
    told = (
        words("risk.drifted", names=names, **numbers) if len(moved) else words("risk.not_drifted", **numbers)
    )
    rows = found.drift.to_dict("records")
    columns = (
        Column(
            words("column.indicator"), tuple(own_name(words, "feature", r["feature"]) for r in rows), False
        ),
        Column(words("column.family"), tuple(own_name(words, "family", r["family"]) for r in rows), False),
        Column(words("column.psi"), tuple(_shift(r, words) for r in rows)),
        Column(words("column.psi_critical"), tuple(words.number(r["critical"], 2) for r in rows)),
    )
    fold, caption = words("fold.risk_drift"), words("caption.risk_drift")
    return [Prose(told), Table("risk_drift", caption, columns, (words("risk.drift_note"),), folded=fold)]


def _shift(row: Row, words: Words) -> str:
    shift = words.number(row["psi"], 2)
    return words("risk.drift_yes", shift=shift) if row["drifted"] else shift


def _endings(found: PartnerRisk, words: Words) -> list[Block]:
    if not len(found.endings):
        return []
    rows = found.endings.to_dict("records")
    columns = (
        Column(words("column.ending"), tuple(own_name(words, "ending", r["ending"]) for r in rows), False),
        Column(words("column.events"), tuple(words.number(r["events"]) for r in rows)),
        Column(words("column.observed_rows"), tuple(words.number(r["rows"]) for r in rows)),
    )
    caption = words("caption.risk_endings")
    return [Table("risk_endings", caption, with_texts(words, columns), (words("risk.endings_note"),))]
