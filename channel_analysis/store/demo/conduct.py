"""How people and partners behave: feedback, leads, visits, training, events, measures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .company import CHANNEL_NAMES, CHANNELS, REGION_WEIGHTS, REGIONS, WITH_REPS
from .draw import Ints, Rng, happens, label, named, pick
from .orders import ORDER
from .parties import REPS, rep_of
from .season import DAYS, NEVER, date_of, is_weekend

_ANSWERS_A_CHANNEL = {"csat": 360, "nps": 220}
_LEAD_SOURCES = ("referral", "website", "trade fair", "cold call")
_WIN_SHARES = np.array([0.45, 0.25, 0.35, 0.15])
_COURSES = ("Product knowledge", "Negotiation", "Category management", "After-sales service")
_EVENTS = (
    "lawsuit_defendant", "penalty", "equity_pledge", "representative_change",
    "headcount_change", "press_negative", "award",
)  # fmt: skip
_GRAVE_EVENTS = ("enforcement", "equity_freeze", "lawsuit_defendant")
_EVENT_SOURCES = ("court register", "company register", "trade press")
_WITH_AMOUNT = ("lawsuit_defendant", "enforcement", "penalty", "equity_freeze", "equity_pledge")


def feedback_table(rng: Rng, ledger: pd.DataFrame) -> pd.DataFrame:
    """The contract's feedback, each row about an order some days before."""
    orders = ledger[(ledger["kind"] == ORDER) & (ledger["line"] == 1)].reset_index(drop=True)
    parts = [_answers(rng, orders, kind, count) for kind, count in _ANSWERS_A_CHANNEL.items()]
    parts.append(_complaints(rng, orders))
    rows = pd.concat(parts, ignore_index=True)
    rows["given"] = rows["day"] + rng.integers(2, 21, len(rows))
    rows = rows[rows["given"] < DAYS].sort_values("given", kind="stable", ignore_index=True)
    return pd.DataFrame(
        {
            "feedback_id": label("F", np.arange(len(rows)), 6),
            "given_on": date_of(rows["given"].to_numpy()),
            "kind": rows["answer"],
            "score": rows["score"],
            "closed_on": date_of(_closing_days(rng, rows)),
            "order_id": label("SO", rows["order"].to_numpy(), 6),
            **_who(rows),
        }
    )


def leads_table(rng: Rng) -> pd.DataFrame:
    """The contract's leads of the channels that have reps; those not yet closed are open."""
    count = 900
    created = np.sort(rng.integers(0, DAYS, count))
    closed = created + rng.integers(10, 90, count)
    closed = np.where(closed < DAYS, closed, NEVER)
    channel = np.array(WITH_REPS)[pick(rng, (5, 3, 2, 3), count)]
    region = pick(rng, REGION_WEIGHTS, count)
    source = pick(rng, (3, 4, 2, 4), count)
    won = happens(rng, _WIN_SHARES[source], count)
    status = np.where(won, "won", "lost").astype(object)
    status[closed == NEVER] = "open"
    return pd.DataFrame(
        {
            "lead_id": label("L", np.arange(count), 5),
            "created_on": date_of(created),
            "closed_on": date_of(closed),
            "status": status,
            "source": named(_LEAD_SOURCES, source),
            "value": rng.integers(5, 400, count) * 100_000,
            "channel_type": named(CHANNEL_NAMES, channel),
            "region": named(REGIONS, region),
            "rep_id": label("S", rep_of(channel, region, np.arange(count)), 3),
        }
    )


def visits_table(rng: Rng, ledger: pd.DataFrame, partners: pd.DataFrame) -> pd.DataFrame:
    """The contract's visits: reps plan them around the time of orders, on working days."""
    sold = ledger[(ledger["kind"] == ORDER) & (ledger["line"] == 1) & (ledger["rep"] >= 0)]
    rows = sold.iloc[np.sort(rng.permutation(len(sold))[:4200])].reset_index(drop=True)
    rows["planned"] = rows["day"] + rng.integers(-45, 46, len(rows))
    rows = rows[_can_be_visited(rows, partners)].sort_values("planned", kind="stable")
    planned = rows["planned"].to_numpy()
    done = planned + pick(rng, (8, 1, 1), len(rows))
    is_done = happens(rng, 0.86, len(rows)) & (done < DAYS)
    return pd.DataFrame(
        {
            "visit_id": label("V", np.arange(len(rows)), 6),
            "planned_on": date_of(planned),
            "done_on": date_of(np.where(is_done, done, NEVER)),
            "kind": named(("visit", "phone", "video"), pick(rng, (6, 3, 1), len(rows))),
            "rep_id": label("S", rows["rep"].to_numpy(), 3),
            "partner_id": label("P", rows["partner"].to_numpy(), 5),
            "customer_id": label("", rows["customer"].to_numpy(), 6),
        }
    )


def training_table(rng: Rng, partners: pd.DataFrame) -> pd.DataFrame:
    """The contract's training of our reps and, while their contract runs, of partners' people."""
    count = 280
    held = np.sort(rng.integers(0, DAYS, count))
    of_staff = happens(rng, 0.4, count)
    partner = rng.integers(0, len(partners), count)
    chosen = partners.iloc[partner]
    is_active = (chosen["start"].to_numpy() <= held) & (held < chosen["exit"].to_numpy())
    table = pd.DataFrame(
        {
            "held_on": date_of(held),
            "course": named(_COURSES, pick(rng, (5, 2, 2, 3), count)),
            "staff_id": label("S", np.where(of_staff, rng.integers(0, REPS, count), -1), 3),
            "partner_id": label("P", np.where(of_staff, -1, partner), 5),
            "hours": rng.integers(2, 17, count) / 2,
            "score": rng.integers(55, 101, count).astype(float),
        }
    )
    table = table[of_staff | is_active].reset_index(drop=True)
    return table.assign(training_id=label("TR", np.arange(len(table)), 4))


def reputation_events_table(rng: Rng, partners: pd.DataFrame) -> pd.DataFrame:
    """The contract's events: a few about anyone, three about each partner that is to fail."""
    failed = np.repeat(np.flatnonzero(partners["reason"] == "failure"), len(_GRAVE_EVENTS))
    before_exit = partners["exit"].to_numpy()[failed] - rng.integers(15, 140, len(failed))
    others = rng.integers(0, len(partners), 32)
    anywhen = rng.integers(0, DAYS, len(others))
    kinds = [*named(_EVENTS, pick(rng, (4, 3, 2, 4, 4, 3, 3), len(others)))]
    rows = pd.DataFrame(
        {
            "partner": np.concatenate([others, failed]),
            "day": np.concatenate([anywhen, before_exit]),
            "kind": kinds + list(_GRAVE_EVENTS) * (len(failed) // len(_GRAVE_EVENTS)),
        }
    )
    ends = partners["exit"].to_numpy()[rows["partner"]]
    rows = rows[rows["day"] < ends].sort_values("day", kind="stable", ignore_index=True)
    return _as_events(rng, rows)


def measures_table() -> pd.DataFrame:
    """The contract's measures: five of 2025Q2, two done, one past its due date."""
    columns = ["decided_on", "measure", "owner_id", "due_on", "status", "closed_on"]
    columns += ["kpi", "expected_effect", "channel_type", "region"]
    rows = (
        ("2025-04-22", "Show sizes and colours as they are in the livestream", "S023",
         "2025-06-30", "done", "2025-06-26", "return_rate", -0.02, "livestream", None),
        ("2025-04-22", "Collect invoices more than 30 days late by phone each week", "S024",
         "2025-07-31", "done", "2025-07-29", "overdue_ratio", -0.03, "distributor", None),
        ("2025-05-15", "Visit every retailer in the North and agree on a shelf plan", "S018",
         "2025-08-31", "open", None, "sales_attainment", 0.05, "retailer", "North"),
        ("2025-06-10", "Renegotiate the platform's commission", "S023",
         "2025-11-30", "open", None, "channel_cost_ratio", -0.01, "online", None),
        ("2025-06-24", "Name a second contact for each key account", "S007",
         "2025-12-15", "open", None, "csat", 0.03, "key_account", None),
    )  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    for name in ("decided_on", "due_on", "closed_on"):
        table[name] = table[name].astype("datetime64[s]")
    return table.assign(measure_id=label("A", np.arange(len(rows)), 3))


def _answers(rng: Rng, orders: pd.DataFrame, kind: str, count: int) -> pd.DataFrame:
    parts = []
    for code, channel in enumerate(CHANNELS):
        about = np.flatnonzero(orders["channel"] == code)
        chosen = np.sort(rng.permutation(about)[:count])
        stars = pick(rng, channel.score_weights, len(chosen)) + 1
        wobble = rng.integers(0, 2, len(chosen))
        score = stars if kind == "csat" else np.minimum(stars * 2 + wobble - 1, 10)
        parts.append(orders.iloc[chosen].assign(answer=kind, score=score.astype(float)))
    return pd.concat(parts, ignore_index=True)


def _complaints(rng: Rng, orders: pd.DataFrame) -> pd.DataFrame:
    chance = np.array([channel.complaint_share for channel in CHANNELS])[orders["channel"]]
    unhappy = orders[happens(rng, chance, len(orders))]
    return unhappy.assign(answer="complaint", score=np.nan)


def _closing_days(rng: Rng, rows: pd.DataFrame) -> Ints:
    closed = rows["given"].to_numpy() + rng.integers(1, 26, len(rows))
    is_settled = (rows["answer"] == "complaint").to_numpy() & happens(rng, 0.93, len(rows))
    return np.where(is_settled & (closed < DAYS), closed, NEVER)


def _who(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    return {
        "channel_type": named(CHANNEL_NAMES, rows["channel"].to_numpy()),
        "region": named(REGIONS, rows["region"].to_numpy()),
        "partner_id": label("P", rows["partner"].to_numpy(), 5),
        "rep_id": label("S", rows["rep"].to_numpy(), 3),
        "customer_id": label("", rows["customer"].to_numpy(), 6),
    }


def _can_be_visited(rows: pd.DataFrame, partners: pd.DataFrame) -> np.ndarray:
    planned, partner = rows["planned"].to_numpy(), rows["partner"].to_numpy()
    start = np.append(partners["start"].to_numpy(), -NEVER)[partner]
    leaving = np.append(partners["exit"].to_numpy(), NEVER)[partner]
    in_range = (planned >= 0) & (planned < DAYS) & ~is_weekend(planned)
    return np.asarray(in_range & (planned >= start) & (planned < leaving))


def _as_events(rng: Rng, rows: pd.DataFrame) -> pd.DataFrame:
    kind = rows["kind"]
    amount = pd.Series(rng.integers(5, 300, len(rows)) * 1_000_000, dtype="Int64")
    change = pd.Series(-rng.integers(5, 40, len(rows)) / 100)
    return pd.DataFrame(
        {
            "event_id": label("E", np.arange(len(rows)), 4),
            "partner_id": label("P", rows["partner"].to_numpy(), 5),
            "event_date": date_of(rows["day"].to_numpy()),
            "event_type": kind,
            "amount": amount.where(kind.isin(_WITH_AMOUNT)),
            "change_share": change.where(kind == "headcount_change"),
            "source": named(_EVENT_SOURCES, rng.integers(0, 3, len(rows))),
        }
    )
