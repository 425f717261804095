"""The contract tables as the twin sees them: whole numbers, real dates, every row with its entities."""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import pandas as pd

LEVELS = ("company", "channel_family", "channel_type", "region", "partner", "rep", "team", "category")
UNASSIGNED = "(unassigned)"
EXACT = {
    "sales": ("quantity", "gross_amount", "discount_amount", "net_amount", "cost_amount"),
    "market": ("market_amount", "rival_amount"),
    "costs": ("amount",),
    "receivables": ("amount",),
    "stock": ("opening_quantity", "received_quantity", "closing_quantity"),
    "sell_out": ("quantity",),
    "targets": ("target_amount",),
    "feedback": (),
    "partners": (),
    "products": ("guide_price",),
    "leads": (),
    "visits": (),
    "programmes": ("allocated_amount", "claimed_amount"),
}
"""Tables the twin reads, and their columns that are kept as whole ten-thousandths."""

DATES = {
    "sales": ("order_date",),
    "market": ("month",),
    "costs": ("month",),
    "receivables": ("invoice_date", "due_date", "paid_date", "written_off_date"),
    "stock": ("month",),
    "sell_out": ("sold_on",),
    "targets": ("window_start", "window_end"),
    "feedback": ("given_on",),
    "partners": ("contract_start", "contract_end", "exit_date"),
    "products": ("listed_from", "listed_to"),
    "leads": ("created_on", "closed_on"),
    "visits": ("planned_on", "done_on"),
    "programmes": ("start_date", "end_date"),
}
"""Their columns that are days; the first one places a row in a period."""

OWN_ONLY = ("sales", "partners", "market", "targets")
"""Tables whose rows say themselves what they belong to; the others fall back on their partner."""

TARGETS_FINEST_FIRST = ("channel_type", "rep", "partner", "region", "channel_family", "company")
USUAL_ACTIVITY_MONTHS, USUAL_CHURN_MONTHS = 3, 6


@dataclass
class World:
    """The tables of one company with its channel types: (family, activity months, churn months)."""

    tables: dict[str, pd.DataFrame]
    channel_types: dict[str, tuple[str, int, int]]
    tolerance_days: int = 3
    late_share: float = 0.1
    price_tolerance: float = 0.001
    actuals: dict[str, int] = field(default_factory=dict)
    levels_of: dict[str, set[str]] = field(default_factory=dict)

    def table(self, name: str) -> pd.DataFrame:
        """All rows of a table."""
        return self.tables[name]

    def within(self, name: str, start: datetime.date, end: datetime.date) -> pd.DataFrame:
        """Rows of a table dated from `start` up to, not including, `end`."""
        frame = self.tables[name]
        dates = frame[DATES[name][0]]
        return frame[(dates >= start) & (dates < end)]

    def orders_by_partner(self) -> pd.DataFrame:
        """Lines of orders that name a partner, under the partner's own channel type and region."""
        return self.tables["orders by partner"]

    def is_missing(self, name: str) -> bool:
        """Whether a table was not supplied at all."""
        return self.tables[name].empty

    def told_apart(self, name: str) -> set[str]:
        """Levels at which at least one row of the table names its entity."""
        if name not in self.levels_of:
            frame = self.tables[name]
            named = {level for level in LEVELS if level in frame and (frame[level] != UNASSIGNED).any()}
            served = {level for level in LEVELS if name == "targets" and serving_level(frame, level)}
            self.levels_of[name] = served if name == "targets" else named
        return self.levels_of[name]

    def begins_after(self, name: str, day: datetime.date) -> bool:
        """Whether a table's rows begin later than a day, the policy's tolerance apart."""
        first = self.tables[name][DATES[name][0]].min()
        return bool(first - pd.Timedelta(days=self.tolerance_days) > pd.Timestamp(day))

    def activity_months(self, channel_type: str) -> int:
        """Months within which a partner of this channel type must order to be active."""
        return self.channel_types.get(channel_type, ("", USUAL_ACTIVITY_MONTHS, 0))[1]

    def churn_months(self, channel_type: str) -> int:
        """Months without an order after which a partner of this channel type is lost."""
        return self.channel_types.get(channel_type, ("", 0, USUAL_CHURN_MONTHS))[2]

    @cached_property
    def entities(self) -> list[tuple[str, str]]:
        """Every level and entity that any row of any table names."""
        met = {
            (level, entity)
            for frame in self.tables.values()
            for level in LEVELS
            if level in frame
            for entity in frame[level].unique()
        }
        return sorted(met | {("company", "")})


def world_of(read: Callable[[str], pd.DataFrame], policy: Any) -> World:
    """Build the world from a way to read a contract table and the policy's plain settings."""
    types = {
        name: (rule.family, rule.activity_window_months, rule.churn_window_months)
        for name, rule in policy.channel_types.items()
    }
    tables = {name: plain(read(name), name) for name in EXACT}
    partners = tables["partners"].set_index("partner_id")[["channel_type", "region"]]
    category = tables["products"].set_index("product_id")["category"]
    team = read("staff").set_index("staff_id")["team"]
    name_participants(tables["programmes"])
    for name, frame in tables.items():
        add_entities(frame, name, partners, category, types)
        if "rep_id" in frame:
            frame["team"] = looked_up(frame["rep_id"], team)
            frame["team"] = frame["team"].where(frame["team"].notna(), UNASSIGNED)
    add_sales_columns(tables, partners, types)
    authorised = read("partners").set_index("partner_id")["authorised_region"]
    tables["sell_out"]["authorised_region"] = looked_up(tables["sell_out"]["partner_id"], authorised)
    tolerances = policy.irregularities.late_share_of_days, policy.irregularities.price_tolerance
    return World(tables, types, policy.periods.coverage_tolerance_days, *tolerances)


def name_participants(programmes: pd.DataFrame) -> None:
    """Say of every participant whether it is a partner or a rep."""
    who, kind = programmes["participant_id"], programmes["participant_kind"]
    programmes["partner_id"] = who.where(kind == "partner", None)
    programmes["rep_id"] = who.where(kind == "staff", None)


def plain(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table with exact whole numbers, days as timestamps and None for every empty text."""
    frame = frame.astype(object).where(frame.notna(), None)
    for column in EXACT[name]:
        whole = [None if value is None else int(value * 10_000) for value in frame[column]]
        frame[column] = pd.array(whole, dtype="Int64")
    for column in DATES[name]:
        frame[column] = pd.to_datetime(frame[column])
    if name == "feedback":
        frame["score"] = frame["score"].astype(float)
    return frame


def add_entities(
    frame: pd.DataFrame,
    name: str,
    partners: pd.DataFrame,
    category: pd.Series,
    types: Mapping[str, tuple[str, int, int]],
) -> None:
    """Write the entity of every row at every level the table knows."""
    frame["company"] = ""
    for column in ("channel_type", "region"):
        given = frame.get(column)
        if name not in OWN_ONLY and "partner_id" in frame:
            of_partner = looked_up(frame["partner_id"], partners[column])
            given = of_partner if given is None else given.where(given.notna(), of_partner)
        if given is not None:
            frame[column] = given
    if "channel_type" in frame:
        family = frame["channel_type"].map(lambda one: types[one][0] if one in types else None)
        own = frame.get("channel_family")
        frame["channel_family"] = family if own is None else own.where(own.notna(), family)
    if "partner_id" in frame:
        frame["partner"] = frame["partner_id"]
    if "rep_id" in frame:
        frame["rep"] = frame["rep_id"]
    if "product_id" in frame and name != "products":
        frame["category"] = looked_up(frame["product_id"], category)
    for level in LEVELS:
        if level in frame:
            frame[level] = frame[level].astype(object).where(frame[level].notna(), UNASSIGNED)


def add_sales_columns(
    tables: dict[str, pd.DataFrame], partners: pd.DataFrame, types: Mapping[str, tuple[str, int, int]]
) -> None:
    """What a sales line means in the light of other rows: its shipment, its product, its partner."""
    sales, products = tables["sales"], tables["products"]
    orders = sales[sales["kind"] == "order"]
    first_day = orders.groupby("order_id")["order_date"].min()
    shipped = pd.to_datetime(looked_up(sales["original_order_id"], first_day))
    is_return = sales["kind"] == "return"
    sales["shipped_on"] = sales["order_date"].where(~is_return | shipped.isna(), shipped)
    region = sales["region"].where(sales["region"] != UNASSIGNED, "")
    direct = sales["channel_type"] + " / " + region
    sales["selling_point"] = sales["partner_id"].where(sales["partner_id"].notna(), direct)
    products["product_is_known"] = True
    sales["guide_price"] = looked_up(sales["product_id"], products.set_index("product_id")["guide_price"])
    sales["product_is_known"] = sales["product_id"].isin(products["product_id"])
    for column in ("listed_from", "listed_to"):
        day = looked_up(sales["product_id"], products.set_index("product_id")[column])
        sales[column] = pd.to_datetime(day)
    bought = sales[(sales["kind"] == "order") & sales["partner_id"].notna()].reset_index(drop=True)
    for column in ("channel_type", "region"):
        own = looked_up(bought["partner_id"], partners[column])
        bought[column] = own.where(own.notna(), UNASSIGNED)
    family = bought["channel_type"].map(lambda one: types[one][0] if one in types else UNASSIGNED)
    tables["orders by partner"] = bought.assign(channel_family=family)


def looked_up(keys: pd.Series, values: pd.Series) -> pd.Series:
    """The value that stands beside each key, None where there is none."""
    known = {key: value for key, value in values.items() if not pd.isna(value)}
    return pd.Series([known.get(key) for key in keys], index=keys.index, dtype=object)


def serving_level(targets: pd.DataFrame, wanted: str) -> str:
    """The one set of targets that speaks for a level: its own, else one that names it on every row."""
    present = [level for level in TARGETS_FINEST_FIRST if (targets["level"] == level).any()]
    if wanted == "team":
        return next((level for level in present if adds_up_to_teams(targets, level)), "")
    if wanted in present:
        return wanted
    for level in present:
        rows = targets[targets["level"] == level]
        if wanted in rows and (rows[wanted] != UNASSIGNED).all():
            return level
    return ""


def adds_up_to_teams(targets: pd.DataFrame, level: str) -> bool:
    """Whether every target of a set names a rep, and any of these a team."""
    rows = targets[targets["level"] == level]
    return bool((rows["rep"] != UNASSIGNED).all() and (rows["team"] != UNASSIGNED).any())


def measured(frame: pd.DataFrame, reduce: Callable[[Any], pd.Series]) -> dict[tuple[str, str], int]:
    """A whole number for every entity of every level that the frame knows."""
    return {
        (level, entity): int(number)
        for level in LEVELS
        if level in frame
        for entity, number in reduce(frame.groupby(level)).items()
    }


@cache
def months_later(day: datetime.date, months: int) -> pd.Timestamp:
    """The same day of the month so many months later."""
    return pd.Timestamp(day) + pd.DateOffset(months=months)
