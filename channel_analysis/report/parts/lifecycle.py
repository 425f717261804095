"""Partners' lives: states now and before, who came and went, the ramp, and how much hangs on few."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ...appraisals import Lifecycle
from ...words import Words
from ..blocks import Block, Column, Figure, Prose, Section, Table
from ..charts import shares
from .wording import channel_name, known_as, names_text, value_name

SHOWN = 10
"""Partners gone that a table names; the saved table has them all."""

STATES = ("active", "reactivated", "ramp", "new", "dormant", "lost")
"""States from firm to gone, as they are shown."""

GONE = ("dormant", "lost")

Row = Mapping[Any, Any]


def lifecycle(result: Lifecycle, words: Words) -> Section:
    """Where partners stand and what changed, how long they take to begin, and what hangs on few."""
    title = words("part.lifecycle")
    if not len(result.partners):
        return Section("lifecycle", title, (Prose(words("lifecycle.no_partners")),), "line")
    blocks: list[Block] = [Prose(_lead(result, words), "lead")]
    blocks += [Prose(text, kind) for text, kind in _caveats(result, words)]
    blocks += [_figure(result, words), _states(result, words), *_changes(result, words)]
    blocks.append(
        _ramp(result, words) if result.ramp["partners"].any() else Prose(words("lifecycle.no_ramp"))
    )
    if result.concentration["partners"].any():
        blocks += _concentrated(result, words)
    return Section("lifecycle", title, tuple(blocks))


def _lead(result: Lifecycle, words: Words) -> str:
    partners = result.partners
    gone = int(partners["state"].isin(GONE).sum())
    numbers = {"n": words.number(len(partners)), "gone": words.number(gone)}
    if not _has_past(result):
        return words("lifecycle.lead_no_past", **numbers)
    for name, state in (("joined", "new"), ("back", "reactivated"), ("dormant", "dormant"), ("lost", "lost")):
        numbers[name] = words.number(len(_became(result, state)))
    return words("lifecycle.lead", base=words.period(result.scope.previous), **numbers)


def _has_past(result: Lifecycle) -> bool:
    """Whether the data reach back to before the period."""
    first = result.partners["first_order"].dropna()
    return bool(len(first) and first.min() < result.scope.start)


def _became(result: Lifecycle, state: str) -> pd.DataFrame:
    """Partners in a state that they were not in before, the largest then and now first."""
    partners = result.partners
    own = partners[(partners["state"] == state) & (partners["previous_state"] != state)]
    by = ["previous_net_sales", "net_sales", "partner_id"]
    return own.sort_values(by, ascending=[False, False, True], kind="stable")


def _caveats(result: Lifecycle, words: Words) -> list[tuple[str, str]]:
    told = []
    for caveat in result.caveats:
        numbers = dict(caveat.numbers or {})
        if "amount" in numbers:
            numbers["amount"] = words.amount(float(numbers["amount"]), result.scope.currency)
        if "partners" in numbers:
            numbers["partners"] = words.number(numbers["partners"])
        told.append((words(f"lifecycle.{caveat.code}", **numbers), caveat.severity))
    return told


def _figure(result: Lifecycle, words: Words) -> Figure:
    """One bar per channel type, cut by state."""
    own = result.states[result.states["channel_type"] != ""]
    counts = own.pivot(index="channel_type", columns="state", values="partners")
    present = [state for state in STATES if counts[state].any()]
    counts = counts[present]
    whole = counts.sum(axis=1)
    names = [
        words("partners.of_type", channel=_channel(name, result, words), n=words.number(whole[name]))
        for name in counts.index
    ]
    labels = [[words.number(v) if v else "" for v in row] for row in counts.to_numpy()]
    parts = counts.div(whole, axis=0).to_numpy().tolist()
    svg = shares(names, parts, labels, [words(f"lifecycle.state.{name}") for name in present])
    return Figure("partner_states", svg, _caption(result, whole, words))


def _channel(name: object, result: Lifecycle, words: Words) -> str:
    return channel_name(words, result.scope, str(name)) if name else words("entity.unassigned")


def _caption(result: Lifecycle, whole: pd.Series, words: Words) -> str:
    """How many are gone, and where most of them are; else how many are active."""
    partners = result.partners
    gone = partners[partners["state"].isin(GONE)].groupby("channel_type").size()
    n, everybody = int(gone.sum()), len(partners)
    counts = {"n": words.number(n), "all": words.number(everybody), "share": words.share(n / everybody, 0)}
    if not n:
        return words("figure.partner_states_none", **counts)
    worst = (gone / whole).fillna(0.0).idxmax()
    counts |= {"most": words.number(gone[worst]), "of": words.number(whole[worst])}
    return words("figure.partner_states", channel=_channel(worst, result, words), **counts)


def _states(result: Lifecycle, words: Words) -> Table:
    rows = result.states[result.states["channel_type"] == ""].set_index("state").loc[list(STATES)]
    whole = float(rows["net_sales"].sum())
    columns = [
        Column(
            words("column.partner_state"), tuple(words(f"lifecycle.state.{n}") for n in rows.index), False
        ),
        Column(words("column.now"), tuple(words.number(v) for v in rows["partners"])),
    ]
    if _has_past(result):
        change = rows["partners"] - rows["partners_before"]
        before = tuple(words.number(v) for v in rows["partners_before"])
        columns.append(Column(words("column.previous_score"), before))
        columns.append(Column(words("column.change"), tuple(words.signed(v) for v in change)))
    part = tuple(words.share(v / whole, 0) if whole > 0 else words("none") for v in rows["net_sales"])
    columns.append(Column(words("column.partner_sales_share"), part))
    caption = words("caption.partner_states", period=words.period(result.scope.period))
    return Table("partner_states_now", caption, tuple(columns), (words("lifecycle.states_note"),))


def _changes(result: Lifecycle, words: Words) -> list[Block]:
    """Who joined and who came back by name; who went, the largest first, in a table."""
    if not _has_past(result):
        return []
    blocks: list[Block] = []
    for key, state in (("joined", "new"), ("back", "reactivated")):
        names = [known_as(row, "partner") for row in _became(result, state).to_dict("records")]
        if names:
            blocks.append(Prose(words(f"lifecycle.{key}", names=names_text(words, names))))
    gone = pd.concat([_became(result, state) for state in GONE])
    if len(gone):
        blocks.append(_gone(result, gone, words))
    return blocks


def _gone(result: Lifecycle, gone: pd.DataFrame, words: Words) -> Table:
    by = ["previous_net_sales", "net_sales", "partner_id"]
    rows = gone.sort_values(by, ascending=[False, False, True]).head(SHOWN).to_dict("records")
    amounts = [r[name] for r in rows for name in ("previous_net_sales", "net_sales")]
    money = words.money_unit(amounts, result.scope.currency)
    columns = [
        Column(words("column.partner"), tuple(known_as(r, "partner") for r in rows), False),
        Column(
            words("column.channel"), tuple(_channel(r["channel_type"], result, words) for r in rows), False
        ),
        Column(
            words("column.region"),
            tuple(value_name(words, result.scope, "region", r["region"]) for r in rows),
            False,
        ),
        Column(words("column.partner_state"), tuple(_step(r, words) for r in rows), False),
        Column(words("column.last_order"), tuple(words.date(r["last_order"]) for r in rows)),
    ]
    group = words("column.with_unit", name=words("column.net_sales"), unit=money.name)
    for heading, name in (("previous_score", "previous_net_sales"), ("now", "net_sales")):
        texts = tuple(words.money(r[name], money) for r in rows)
        columns.append(Column(words(f"column.{heading}"), texts, group=group))
    more = len(gone) - len(rows)
    notes = (words("partners.more", n=words.number(more)),) if more else ()
    caption = words("caption.partners_gone", n=words.number(len(gone)))
    return Table("partners_gone", caption, tuple(columns), notes)


def _step(row: Row, words: Words) -> str:
    before = words(f"lifecycle.state.{row['previous_state'] or 'absent'}")
    return words("partners.tier_step", before=before, now=words(f"lifecycle.state.{row['state']}"))


def _ramp(result: Lifecycle, words: Words) -> Table:
    """Days from the contract to the first order and to a steady level, by channel type."""
    first = result.ramp[result.ramp["step"] == "first_order"]
    heads = tuple(_channel(n, result, words) if n else words("lifecycle.all") for n in first["channel_type"])
    columns = [
        Column(words("column.channel"), heads, False),
        Column(words("column.contracts"), tuple(words.number(v) for v in first["partners"])),
    ]
    for step in ("first_order", "steady"):
        rows = result.ramp[result.ramp["step"] == step].to_dict("records")
        group = words(f"column.{step}")
        reached = tuple(words.number(r["reached"]) for r in rows)
        columns.append(Column(words("column.reached"), reached, group=group))
        columns.append(Column(words("column.days_to"), tuple(_days(r, words) for r in rows), group=group))
    notes = (words("lifecycle.ramp_note"),)
    return Table("partner_ramp", words("caption.partner_ramp"), tuple(columns), notes, strong=(0,))


def _days(row: Row, words: Words) -> str:
    """The median with its interval, as far as either is known."""
    if row["median"] != row["median"]:
        return words("lifecycle.not_half" if row["partners"] else "none")
    low, high, days = (words.number(row[name]) for name in ("low", "high", "median"))
    if row["high"] != row["high"]:
        return words("lifecycle.days", days=days, range=words("lifecycle.or_more", low=low))
    if row["low"] == row["high"]:
        return days
    return words("lifecycle.days", days=days, range=words("range", low=low, high=high))


def _concentrated(result: Lifecycle, words: Words) -> list[Block]:
    """How concentrated sales are, and what the loss of the largest would mean."""
    table = result.concentration
    blocks: list[Block] = [
        _concentration("concentration", table[table["level"] != "region"], result, words),
        *_loss(result, words),
        _losses(result, words),
    ]
    regions = table[table["level"] == "region"]
    if len(regions) > 1:
        blocks.append(_concentration("concentration_regions", regions, result, words))
    return blocks


def _concentration(name: str, rows: pd.DataFrame, result: Lifecycle, words: Words) -> Table:
    heads = tuple(_where(r, result, words) for r in rows.to_dict("records"))
    columns = [
        Column(words("column.where"), heads, False),
        Column(words("column.selling"), tuple(words.number(v) for v in rows["partners"])),
    ]
    for top in ("top_1", "top_5", "top_10"):
        texts = tuple(words.share(v) for v in rows[top])
        columns.append(Column(words(f"column.{top}"), texts, group=words("column.partner_sales_share")))
    columns += [
        Column(words("column.effective"), tuple(words.number(v, 1) for v in rows["effective"])),
        Column(words("column.hhi"), tuple(words.number(v) for v in rows["hhi"])),
        Column(words("column.gini"), tuple(words.number(v, 2) for v in rows["gini"])),
    ]
    folded = words("fold.concentration_regions") if name == "concentration_regions" else ""
    notes = () if folded else (words("lifecycle.concentration_note"),)
    return Table(name, words(f"caption.{name}"), tuple(columns), notes, () if folded else (0,), folded)


def _where(row: Row, result: Lifecycle, words: Words) -> str:
    if row["level"] == "company":
        return words("lifecycle.all")
    if row["level"] == "channel_type":
        return _channel(row["entity"], result, words)
    return value_name(words, result.scope, "region", row["entity"])


def _loss(result: Lifecycle, words: Words) -> list[Prose]:
    """What goes with the largest partner and with the largest few, by name, and where nobody is left."""
    whole = result.losses[result.losses["level"] == "company"].set_index("loss")
    sold = result.partners[result.partners["net_sales"] > 0]
    ordered = sold.sort_values(["net_sales", "partner_id"], ascending=[False, True])
    first, *others = [
        known_as(row, "partner") for row in ordered.head(int(whole.at["top_5", "lost"])).to_dict("records")
    ]
    numbers = {"first": first, "names": words.join(others), "count": words.number(len(others) + 1)}
    for loss in ("top_1", "top_5"):
        numbers[loss] = words.amount(float(whole.at[loss, "net_sales"]), result.scope.currency)
        numbers[f"{loss}_share"] = words.share(float(whole.at[loss, "net_share"]))
    told = Prose(words("lifecycle.loss" if others else "lifecycle.loss_one", **numbers))
    bare = result.losses[(result.losses["level"] == "region") & (result.losses["left"] == 0)]
    regions = [value_name(words, result.scope, "region", name) for name in bare["entity"].unique()]
    if not regions:
        return [told, Prose(words("lifecycle.no_bare"))]
    return [told, Prose(words("lifecycle.bare", regions=names_text(words, regions)))]


def _losses(result: Lifecycle, words: Words) -> Table:
    table = result.losses
    size = int(table.loc[(table["loss"] == "top_5") & (table["level"] == "company"), "lost"].iloc[0])
    rows = (table if size > 1 else table[table["loss"] == "top_1"]).to_dict("records")
    money = words.money_unit([r["net_sales"] for r in rows], result.scope.currency)
    named = {
        "top_1": words("lifecycle.largest"),
        "top_5": words("lifecycle.largest_few", count=words.number(size)),
    }
    columns = (
        Column(words("column.where"), tuple(_place(r, result, words) for r in rows), False),
        Column(words("column.without"), tuple(named[r["loss"]] for r in rows), False),
        Column(words("column.partners_lost"), tuple(words.number(r["lost"]) for r in rows)),
        Column(words("column.partners_left"), tuple(words.number(r["left"]) for r in rows)),
        Column(
            words("column.with_unit", name=words("column.sales_lost"), unit=money.name),
            tuple(words.money(r["net_sales"], money) for r in rows),
        ),
        Column(words("column.share_there"), tuple(words.share(r["net_share"], 0) for r in rows)),
        Column(words("column.profit_share"), tuple(words.share(r["profit_share"], 0) for r in rows)),
    )
    notes = (words("lifecycle.loss_note"),)
    return Table("partner_losses", words("caption.partner_losses"), columns, notes)


def _place(row: Row, result: Lifecycle, words: Words) -> str:
    return words("entity.company") if row["level"] == "company" else _where(row, result, words)
