"""Panels that know nothing they should not, of many kinds, and the twelve ways of planting a leak in them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd


@dataclass
class World:
    """A panel with what has to be declared about it; `end` is each row's step of the bad end (-1: none)."""

    panel: pd.DataFrame
    features: list[str]
    horizon: int
    gap: int
    period: str | None = "month"
    families: dict[str, list[str]] = field(default_factory=dict)

    def arguments(self) -> dict[str, Any]:
        return {
            "features": self.features,
            "label": "bad",
            "entity": "partner",
            "period": self.period,
            "horizon": self.horizon,
            "gap": self.gap,
        }

    def with_feature(self, name: str, values: Any) -> "World":
        panel = self.panel.assign(**{name: np.asarray(values)})
        return replace(self, panel=panel, features=[*dict.fromkeys([*self.features, name])])


def honest(
    seed: int,
    entities: int = 300,
    steps: int = 36,
    horizon: int = 6,
    gap: int = 1,
    strength: float = 1.2,
    base: float = -5.0,
    yearly: bool = False,
    noise: float = 0.8,
    ids: str = "mixed",
) -> World:
    """Partners under a hidden stress; its height makes their end likely, features show it with noise."""
    rng = np.random.default_rng(seed)
    stress = ar1(rng, entities, steps, 0.9) * 0.8 + rng.normal(size=(entities, 1)) * 0.6
    hazard = 1 / (1 + np.exp(-(base + strength * stress)))
    entry = np.where(rng.random(entities) < 0.5, 0, rng.integers(0, steps // 2, entities))
    happens = rng.random((entities, steps)) < hazard
    happens &= np.arange(steps)[None, :] > entry[:, None] + 1
    end = np.where(happens.any(axis=1), happens.argmax(axis=1), -1)
    until = np.where(end < 0, steps, end)
    who, when = np.nonzero(
        (np.arange(steps)[None, :] >= entry[:, None]) & (np.arange(steps)[None, :] < until[:, None])
    )
    size = np.exp(rng.normal(size=entities))[who] * 1000
    signal = stress[who, when]

    def shown(load: float) -> np.ndarray:
        return load * signal + noise * ar1(rng, entities, steps, 0.6)[who, when]

    sales = size * np.exp(-0.3 * signal + 0.2 * rng.normal(size=len(who)))
    panel = pd.DataFrame(
        {
            "partner": names_of(rng, entities, entry, ids)[who],
            "month": months(when, yearly),
            "sales": sales,
            "orders": rng.poisson(6 * np.exp(-0.2 * signal)).astype(float),
            "dso": 45 + 8 * shown(1.0),
            "returns_share": 1 / (1 + np.exp(-(-3 + shown(0.4)))),
            "complaints": rng.poisson(np.exp(-1 + 0.3 * signal)).astype(float),
            "tenure": (when - entry[who]).astype(float),
            "credit_limit": np.round(size, -2),
            "rating": np.where(rng.random(len(who)) < 0.3, np.nan, shown(0.7)),
            "step": when,
            "end": end[who],
        }
    )
    panel["bad"] = labels(panel["step"], panel["end"], horizon, gap, steps)
    own = [name for name in panel if name not in ("partner", "month", "bad", "step", "end")]
    return World(panel, own, horizon * 1, gap, families={"finance": ["dso", "rating"]})


def labels(step: pd.Series, end: pd.Series, horizon: int, gap: int, steps: int) -> np.ndarray:
    ahead = (end - step).to_numpy()
    ends = end.to_numpy() >= 0
    bad = ends & (ahead > gap) & (ahead <= gap + horizon)
    unknown = (~bad & (step.to_numpy() + gap + horizon > steps - 1) & ~(ends & (ahead > gap + horizon))) | (
        ends & (ahead <= gap)
    )
    return np.where(unknown, np.nan, bad.astype(float))


def ar1(rng: np.random.Generator, entities: int, steps: int, keep: float) -> np.ndarray:
    shocks = rng.normal(size=(entities, steps)) * np.sqrt(1 - keep**2)
    values = np.empty_like(shocks)
    values[:, 0] = rng.normal(size=entities)
    for step in range(1, steps):
        values[:, step] = keep * values[:, step - 1] + shocks[:, step]
    return values


def months(when: np.ndarray, yearly: bool) -> Any:
    if yearly:
        return when + 2000
    ends = (np.datetime64("2015-01", "M") + when + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
    return pd.to_datetime(ends)


def names_of(rng: np.random.Generator, entities: int, entry: np.ndarray, ids: str) -> np.ndarray:
    if ids == "by age":
        place = np.argsort(np.argsort(entry, kind="stable"), kind="stable")
    else:
        place = rng.permutation(entities)
    if ids == "numbers":
        return place + 10_000
    if ids == "typed":
        kinds = np.array(["D", "R", "K"])[rng.integers(0, 3, entities)]
        return np.array(
            [f"{kind}-{number:04d}" for kind, number in zip(kinds, place, strict=True)], dtype=object
        )
    return np.array([f"P{number:04d}" for number in place], dtype=object)


def planted(kind: str, seed: int) -> tuple[World, set[str]]:
    """A panel with one leak, and the names that may stand as its culprit."""
    world = honest(
        seed, yearly=kind.endswith("(years)"), **({"horizon": 1} if kind.endswith("(years)") else {})
    )
    return LEAKS[kind](world, np.random.default_rng(seed + 1))


def next_row(world: World, column: str, rows: int = 1) -> pd.Series:
    return world.panel.groupby("partner")[column].shift(-rows)


def with_noise(values: pd.Series, rng: np.random.Generator, noise: float) -> np.ndarray:
    return values.to_numpy(dtype=float) + noise * rng.normal(size=len(values))


def ever(world: World) -> np.ndarray:
    return (world.panel["end"] >= 0).to_numpy()


def shown_bad(world: World) -> np.ndarray:
    return world.panel.groupby("partner")["bad"].transform("max").fillna(0).to_numpy() == 1


def told_names(world: World, name: Callable[[int, bool], Any]) -> World:
    bad = world.panel.assign(ever=shown_bad(world)).groupby("partner")["ever"].first()
    names = {partner: name(place, bool(bad[partner])) for place, partner in enumerate(bad.index)}
    return replace(world, panel=world.panel.assign(partner=world.panel["partner"].map(names)))


def sales_next(world, rng):
    return world.with_feature("sales_next", next_row(world, "sales")), {"sales_next"}


def sales_to_come(world, rng):
    ahead = sum(next_row(world, "sales", rows).fillna(0) for rows in (1, 2, 3))
    return world.with_feature("sales_quarter", ahead), {"sales_quarter"}


def sales_filled(world, rng):
    return world.with_feature("sales_f", next_row(world, "sales").fillna(world.panel["sales"])), {"sales_f"}


def change_to_come(world, rng):
    return world.with_feature("momentum", next_row(world, "sales", 2) - world.panel["sales"]), {"momentum"}


def months_left(world, rng):
    left = np.where(ever(world), world.panel["end"] - world.panel["step"], 60)
    return world.with_feature("runway", with_noise(pd.Series(left), rng, 1.0)), {"runway"}


def replaced_by_next(world, rng):
    return world.with_feature("dso", next_row(world, "dso")), {"dso"}


def label_before(world, rng):
    return world.with_feature("was_bad", world.panel.groupby("partner")["bad"].shift(1)), {"was_bad"}


def known_at(world, rng):
    days = pd.to_timedelta(rng.integers(20, 120, len(world.panel)), unit="D")
    world.panel["known_at"] = world.panel["month"] + days
    return world, {"known_at"}


def filed_text(world, rng):
    days = pd.to_timedelta(np.where(rng.random(len(world.panel)) < 0.2, 40, -40), unit="D")
    world.panel["filed"] = (world.panel["month"] + days).dt.strftime("%Y-%m-%d")
    return world, {"filed"}


def filed_a_year_late(world, rng):
    world.panel["filing_year"] = world.panel["month"] + 1
    return world, {"filing_year"}


def filed_on(world, rng):
    world.panel["filed_on"] = pd.to_datetime((world.panel["month"] + 1).astype(str) + "-04-30")
    return world, {"filed_on"}


def accounts_when_closing(world, rng):
    year = world.panel["month"].dt.year + (world.panel["month"].dt.month == 12)
    ratio = world.panel.groupby([world.panel["partner"], year])["dso"].transform("first") / 30
    world = world.with_feature("current_ratio", ratio)
    world.families["finance"] = ["dso", "rating", "current_ratio"]
    return world, {"current_ratio"}


def complaints_of_all_time(world, rng):
    total = world.panel.groupby("partner")["complaints"].transform("sum") * 0.2 + 9 * ever(world)
    return world.with_feature("complaints_total", total), {"complaints_total"}


def complaint_date(world, rng):
    date = world.panel["month"] + pd.to_timedelta(np.where(ever(world), 200, -20), unit="D")
    world.panel["last_complaint"] = date
    return world, {"last_complaint"}


def complaints_about_the_end(world, rng):
    bad = (world.panel["bad"] == 1).to_numpy()
    return world.with_feature("complaints_open", rng.poisson(0.3 + 5.0 * bad)), {"complaints_open"}


def claims_after(world, rng):
    of = {name: rng.poisson(0.2) for name in world.panel["partner"].unique()}
    claims = world.panel["partner"].map(of) + np.where(ever(world), 3 + rng.poisson(2, len(ever(world))), 0)
    return world.with_feature("claims", claims), {"claims"}


def horizon_too_short(world, rng):
    return replace(world, horizon=1), {"bad"}


def horizon_half(world, rng):
    return replace(world, horizon=3, gap=0), {"bad"}


def quiet_label(world, rng):
    """The label says that nothing is ordered in the six months to come; one month is declared."""
    panel = world.panel[(world.panel["end"] < 0)].copy()
    order = pd.Series(rng.random(len(panel)) < 0.15, index=panel.index)
    own = order.groupby(panel["partner"])
    silent = sum(own.shift(-k).astype(float) for k in range(1, 7)) == 0
    panel["bad"] = silent.astype(float).where(own.shift(-6).notna())
    return replace(world, panel=panel, horizon=1), {"bad"}


def doubled_partner(world, rng):
    one = world.panel[world.panel["partner"] == world.panel["partner"].iloc[0]]
    return replace(world, panel=pd.concat([world.panel, one.assign(partner="New Ltd")])), {"partner"}


def doubled_partners(world, rng):
    some = world.panel[world.panel["partner"].isin(world.panel["partner"].unique()[:30])]
    copies = some.assign(
        partner=some["partner"] + "-B", bad=some["bad"].sample(frac=1, random_state=1).to_numpy()
    )
    return replace(world, panel=pd.concat([world.panel, copies])), {"partner"}


def doubled_rounded(world, rng):
    some = world.panel[world.panel["partner"].isin(world.panel["partner"].unique()[:5])].iloc[::2]
    return replace(world, panel=pd.concat([world.panel, some.assign(partner=some["partner"] + " Inc.")])), {
        "partner"
    }


def mean_by(world, column, how="plain"):
    bad = world.panel["bad"]
    groups = bad.groupby(world.panel[column])
    count, total = groups.transform("count"), groups.transform("sum")
    if how == "smoothed":
        return (total + 20 * bad.mean()) / (count + 20)
    if how == "without":
        return (total - bad.fillna(0)) / (count - 1)
    if how == "odds":
        return np.log((total + 0.5) / (count - total + 0.5))
    return total / count


def with_region(world, rng):
    names = world.panel["partner"].unique()
    region = dict(zip(names, rng.integers(0, 12, len(names)), strict=True))
    world.panel["region"] = world.panel["partner"].map(region).map(lambda place: f"region {place}")
    return world


def encoded(column, how, keep):
    def plant(world, rng):
        world = with_region(world, rng)
        world = world.with_feature("risk_index", mean_by(world, column, how))
        return (world if keep else replace(world, panel=world.panel.drop(columns="region"))), {"risk_index"}

    return plant


def copied(world, rng):
    bad = world.panel[world.panel["bad"] == 1]
    return replace(world, panel=pd.concat([world.panel, bad, bad])), {"partner", "bad"}


def copied_under_new_names(world, rng):
    bad = world.panel[world.panel["bad"] == 1].sample(400, replace=True, random_state=3)
    new = bad.assign(partner=[f"S{place}" for place in range(len(bad))])
    return replace(world, panel=pd.concat([world.panel, new])), {"partner", "bad"}


def interpolated(new_names):
    def plant(world, rng):
        bad = world.panel[world.panel["bad"] == 1].dropna(subset=world.features)
        one, other = (
            bad.sample(300, random_state=1, replace=True),
            bad.sample(300, random_state=2, replace=True),
        )
        part = rng.random(300)[:, None]
        made = one.copy()
        made[world.features] = one[world.features].to_numpy() * part + other[world.features].to_numpy() * (
            1 - part
        )
        made["partner"] = [f"P9{place}" for place in range(300)] if new_names else one["partner"].to_numpy()
        return replace(world, panel=pd.concat([world.panel, made])), {"partner", "bad", *world.features}

    return plant


def interpolated_fractions(world, rng):
    world, _ = interpolated(True)(world, rng)
    world.features = ["dso", "sales", "returns_share"]
    return world, {"bad"}


def constant(world, rng):
    world.panel["bad"] = ever(world).astype(float)
    return world, {"bad"}


def constant_shown(world, rng):
    world.panel["bad"] = np.where(world.panel["bad"].isna(), np.nan, ever(world).astype(float))
    return world, {"bad"}


def with_recency(world, rng):
    order = rng.random(len(world.panel)) < 0.25 + 0.3 * (world.panel["tenure"] == 0)
    last = world.panel["step"].where(order).groupby(world.panel["partner"]).ffill()
    recency = (world.panel["step"] - last).fillna(0) * 30.0
    gap = world.panel["partner"].map({name: rng.uniform(20, 90) for name in world.panel["partner"].unique()})
    return world.with_feature("days_since_order", recency).with_feature("usual_gap", gap)


def from_recency(world, rng):
    world = with_recency(world, rng)
    world.panel["bad"] = (world.panel["days_since_order"] > 90).astype(float)
    return world, {"days_since_order"}


def from_recency_with_noise(world, rng):
    world = with_recency(world, rng)
    bad = world.panel["days_since_order"] > 90
    world.panel["bad"] = (bad ^ (rng.random(len(bad)) < 0.02)).astype(float)
    return world, {"days_since_order"}


def from_recency_and_gap(world, rng):
    world = with_recency(world, rng)
    world.panel["bad"] = (world.panel["days_since_order"] > 1.5 * world.panel["usual_gap"]).astype(float)
    return world, {"days_since_order"}


def normalised(how):
    def plant(world, rng):
        x = world.panel["sales"]
        own = x.groupby(world.panel["partner"])
        z = {
            "z": lambda: (x - x.mean()) / x.std(ddof=0),
            "z sample": lambda: (x - x.mean()) / x.std(),
            "ends": lambda: (x - x.min()) / (x.max() - x.min()),
            "ranks": lambda: x.rank(pct=True),
            "own z": lambda: (x - own.transform("mean")) / own.transform("std"),
            "own ends": lambda: (x - own.transform("min")) / (own.transform("max") - own.transform("min")),
            "own mean": lambda: x / own.transform("mean"),
            "robust": lambda: (x - x.median()) / (x.quantile(0.75) - x.quantile(0.25)),
        }[how]()
        return world.with_feature("sales_n", z), {"sales_n"}

    return plant


def told_by_number(world, rng):
    return told_names(world, lambda place, bad: f"P{place + 5000 * bad}"), {"partner"}


def told_by_letter(world, rng):
    return told_names(world, lambda place, bad: f"{'X' if bad else 'AB'[place % 2]}{place:05d}"), {"partner"}


def told_by_last_digit(world, rng):
    return told_names(world, lambda place, bad: 10 * place + (7 if bad else place % 7)), {"partner"}


def told_by_ending(world, rng):
    return told_names(world, lambda place, bad: f"P{place:04d}{' (closed)' if bad else ''}"), {"partner"}


def told_by_length(world, rng):
    return told_names(world, lambda place, bad: f"P{place + (10_000 if bad else 1000)}"), {"partner"}


def number_as_feature(world, rng):
    names = {name: place for place, name in enumerate(rng.permutation(world.panel["partner"].unique()))}
    return world.with_feature("file_no", world.panel["partner"].map(names) + 1000 * shown_bad(world)), {
        "file_no"
    }


def status_text(world, rng):
    status = np.where(
        shown_bad(world), "closed", np.where(rng.random(len(world.panel)) < 0.1, "paused", "active")
    )
    return world.with_feature("status", status), {"status"}


def status_number(world, rng):
    return world.with_feature("status_code", shown_bad(world) * 4.0 + 1), {"status_code"}


def status_of_some(world, rng):
    chosen = {name: rng.random() < 0.6 for name in world.panel["partner"].unique()}
    closed = shown_bad(world) & world.panel["partner"].map(chosen)
    return world.with_feature("status", np.where(closed, "terminated", "active")), {"status"}


def status_in_the_window(world, rng):
    return world.with_feature("state", np.where(world.panel["bad"] == 1, "closing", "active")), {"state"}


LEAKS: dict[str, Callable[..., tuple[World, set[str]]]] = {
    "1 a column from the future: next month's sales": sales_next,
    "1 a column from the future: the quarter to come": sales_to_come,
    "1 a column from the future: filled at its end": sales_filled,
    "1 a column from the future: the change to come": change_to_come,
    "1 a column from the future: months left": months_left,
    "1 a column from the future: in its own place": replaced_by_next,
    "1 a column from the future: the label of the row before": label_before,
    "1 a column from the future: next year's sales (years)": sales_next,
    "2 an account known late: its date": known_at,
    "2 an account known late: its date as text": filed_text,
    "2 an account known late: date beside a year (years)": filed_on,
    "2 an account known late: year beside a year (years)": filed_a_year_late,
    "2 an account known late: in use on the day it closes": accounts_when_closing,
    "3 a complaint after the event: all of them": complaints_of_all_time,
    "3 a complaint after the event: its date": complaint_date,
    "3 a complaint after the event: about the end": complaints_about_the_end,
    "3 a complaint after the event: claims": claims_after,
    "4 overlapping label windows: six months for one": horizon_too_short,
    "4 overlapping label windows: six months for three": horizon_half,
    "4 overlapping label windows: six silent months for one": quiet_label,
    "5 a duplicated partner": doubled_partner,
    "5 duplicated partners with other labels": doubled_partners,
    "5 duplicated partners, every other month": doubled_rounded,
    "6 target encoding: region": encoded("region", "plain", True),
    "6 target encoding: region gone": encoded("region", "plain", False),
    "6 target encoding: region, smoothed": encoded("region", "smoothed", True),
    "6 target encoding: region gone, smoothed": encoded("region", "smoothed", False),
    "6 target encoding: region, row left out": encoded("region", "without", True),
    "6 target encoding: region gone, row left out": encoded("region", "without", False),
    "6 target encoding: region, odds": encoded("region", "odds", True),
    "6 target encoding: partner": encoded("partner", "plain", True),
    "6 target encoding: partner, smoothed": encoded("partner", "smoothed", True),
    "7 resampling: copies": copied,
    "7 resampling: copies under new names": copied_under_new_names,
    "7 resampling: between neighbours": interpolated(False),
    "7 resampling: between neighbours under new names": interpolated(True),
    "7 resampling: between neighbours, no counts": interpolated_fractions,
    "8 a label constant per firm": constant,
    "8 a label constant per firm while it is known": constant_shown,
    "8 a label constant per firm (years)": constant,
    "9 a label made from recency": from_recency,
    "9 a label made from recency, nearly": from_recency_with_noise,
    "9 a label made from recency and the usual gap": from_recency_and_gap,
    "10 normalised over all periods: z": normalised("z"),
    "10 normalised over all periods: z of a sample": normalised("z sample"),
    "10 normalised over all periods: ends": normalised("ends"),
    "10 normalised over all periods: ranks": normalised("ranks"),
    "10 normalised over all periods: own z": normalised("own z"),
    "10 normalised over all periods: own ends": normalised("own ends"),
    "10 normalised over all periods: own mean": normalised("own mean"),
    "10 normalised over all periods: robust": normalised("robust"),
    "11 an identifier that encodes the outcome: number": told_by_number,
    "11 an identifier that encodes the outcome: letter": told_by_letter,
    "11 an identifier that encodes the outcome: last digit": told_by_last_digit,
    "11 an identifier that encodes the outcome: ending": told_by_ending,
    "11 an identifier that encodes the outcome: length": told_by_length,
    "11 an identifier that encodes the outcome: a feature": number_as_feature,
    "12 a status updated at exit: text": status_text,
    "12 a status updated at exit: number": status_number,
    "12 a status updated at exit: of some": status_of_some,
    "12 a status updated at exit: in the window": status_in_the_window,
}
