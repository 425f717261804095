"""Contracts of conduct: feedback, reputation, leads, visits, training, measures."""

from __future__ import annotations

from .schema import CHANNEL_TYPES, Column, Table, known_at

FEEDBACK = Table(
    name="feedback",
    description="Answers of customers and partners, and their complaints.",
    grain="one answer or complaint",
    key=("feedback_id",),
    date="given_on",
    columns=(
        Column("feedback_id", "text", "number of the answer or complaint", required=True),
        Column("given_on", "date", "day it was given", required=True),
        Column("kind", "text", "what it is", required=True, allowed=("csat", "nps", "complaint", "review")),
        Column("score", "number", "csat and review 1 to 5, nps 0 to 10; empty for complaints"),
        Column("closed_on", "date", "for a complaint: day it was settled"),
        Column("order_id", "text", "order it is about"),
        Column("channel_type", "text", "channel type it is about", allowed=(CHANNEL_TYPES,)),
        Column("region", "text", "region it is about"),
        Column("partner_id", "text", "partner it is about", references="partners.partner_id"),
        Column("rep_id", "text", "member of staff it is about", references="staff.staff_id"),
        Column("customer_id", "text", "customer who gave it", references="customers.customer_id"),
        known_at("answer"),
    ),
)

REPUTATION_EVENTS = Table(
    name="reputation_events",
    description="What courts, registries and the press say about partners.",
    grain="one event",
    key=("event_id",),
    date="event_date",
    amount="amount",
    columns=(
        Column("event_id", "text", "number of the event", required=True),
        Column("partner_id", "text", "partner", required=True, references="partners.partner_id"),
        Column("event_date", "date", "day of the event", required=True),
        Column(
            "event_type",
            "text",
            "kind of event",
            required=True,
            allowed=(
                "lawsuit_defendant",
                "enforcement",
                "penalty",
                "equity_freeze",
                "equity_pledge",
                "representative_change",
                "headcount_change",
                "dishonest_debtor",
                "insolvency",
                "termination",
                "press_negative",
                "award",
            ),
        ),
        Column("amount", "money", "amount at stake", unit="currency"),
        Column("change_share", "number", "for a headcount change: change", unit="share"),
        Column("source", "text", "where it was published"),
        known_at("event"),
    ),
)

LEADS = Table(
    name="leads",
    description="Chances to sell, from first notice to won or lost.",
    grain="one lead",
    key=("lead_id",),
    date="created_on",
    amount="value",
    columns=(
        Column("lead_id", "text", "number of the lead", required=True),
        Column("created_on", "date", "day it came in", required=True),
        Column("closed_on", "date", "day it was won or lost; empty: open"),
        Column("status", "text", "where it stands", required=True, allowed=("open", "won", "lost")),
        Column("source", "text", "where it came from"),
        Column("value", "money", "value, estimated or won", unit="currency"),
        Column("channel_type", "text", "channel type working on it", allowed=(CHANNEL_TYPES,)),
        Column("region", "text", "region"),
        Column("rep_id", "text", "member of staff working on it", references="staff.staff_id"),
        Column("partner_id", "text", "partner working on it", references="partners.partner_id"),
        Column("customer_id", "text", "customer", references="customers.customer_id"),
        known_at("lead"),
    ),
)

VISITS = Table(
    name="visits",
    description="Visits and calls, planned and done.",
    grain="one visit",
    key=("visit_id",),
    date="planned_on",
    columns=(
        Column("visit_id", "text", "number of the visit", required=True),
        Column("planned_on", "date", "day it was planned for", required=True),
        Column("done_on", "date", "day it took place; empty: it did not"),
        Column("kind", "text", "how", allowed=("visit", "phone", "video")),
        Column("rep_id", "text", "member of staff", references="staff.staff_id"),
        Column("partner_id", "text", "partner visited", references="partners.partner_id"),
        Column("customer_id", "text", "customer visited", references="customers.customer_id"),
        known_at("visit"),
    ),
)

TRAINING = Table(
    name="training",
    description="Training taken by staff and by partners' people.",
    grain="one person and course",
    key=("training_id",),
    date="held_on",
    columns=(
        Column("training_id", "text", "number of the attendance", required=True),
        Column("held_on", "date", "day of the course", required=True),
        Column("course", "text", "name of the course"),
        Column("staff_id", "text", "member of staff trained", references="staff.staff_id"),
        Column("partner_id", "text", "partner trained", references="partners.partner_id"),
        Column("hours", "number", "length", unit="hours"),
        Column("score", "number", "result of the test", unit="points of 100"),
        known_at("attendance"),
    ),
)

MEASURES = Table(
    name="measures",
    description="Measures decided, with owner and due date, and what became of them.",
    grain="one measure",
    key=("measure_id",),
    date="decided_on",
    columns=(
        Column("measure_id", "text", "number of the measure", required=True),
        Column("decided_on", "date", "day it was decided", required=True),
        Column("measure", "text", "what is to be done", required=True),
        Column("owner_id", "text", "who answers for it", references="staff.staff_id"),
        Column("due_on", "date", "day it is due"),
        Column(
            "status",
            "text",
            "where it stands",
            required=True,
            allowed=("proposed", "open", "done", "dropped"),
        ),
        Column("closed_on", "date", "day it was done or dropped"),
        Column("kpi", "text", "KPI that will prove it"),
        Column("expected_effect", "number", "expected change of that KPI"),
        Column("channel_type", "text", "scope: channel type", allowed=(CHANNEL_TYPES,)),
        Column("region", "text", "scope: region"),
        Column("partner_id", "text", "scope: partner", references="partners.partner_id"),
        known_at("measure"),
    ),
)
