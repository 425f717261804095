"""Contracts of money beside sales: costs, receivables, financial statements, programmes."""

from __future__ import annotations

from .schema import CHANNEL_TYPES, Column, Table, known_at

COSTS = Table(
    name="costs",
    description="Costs of the channels, booked directly or allocated from a shared ledger.",
    grain="one booking",
    key=("cost_id",),
    date="month",
    amount="amount",
    columns=(
        Column("cost_id", "text", "number of the booking", required=True),
        Column("month", "date", "first day of the month it belongs to", required=True),
        Column(
            "cost_type",
            "text",
            "kind of cost",
            required=True,
            allowed=(
                "commission",
                "rebate",
                "marketing",
                "price_support",
                "logistics",
                "staff",
                "credit",
                "training",
                "other",
            ),
        ),
        Column("amount", "money", "cost, positive", unit="currency", required=True),
        Column("is_allocated", "flag", "true: a share of a common cost; empty or false: direct"),
        Column("channel_type", "text", "channel type that bears it", allowed=(CHANNEL_TYPES,)),
        Column("region", "text", "region that bears it"),
        Column("partner_id", "text", "partner it was spent on", references="partners.partner_id"),
        Column("rep_id", "text", "member of staff it was spent on", references="staff.staff_id"),
        known_at("booking"),
    ),
)

RECEIVABLES = Table(
    name="receivables",
    description="Invoices on credit and when they were paid.",
    grain="one invoice",
    key=("invoice_id",),
    date="invoice_date",
    amount="amount",
    columns=(
        Column("invoice_id", "text", "number of the invoice", required=True),
        Column("invoice_date", "date", "day of the invoice", required=True),
        Column("due_date", "date", "day payment is due", required=True),
        Column("paid_date", "date", "day it was paid in full; empty: open"),
        Column("written_off_date", "date", "day it was written off; empty: it was not"),
        Column("amount", "money", "amount of the invoice", unit="currency", required=True),
        Column("partner_id", "text", "partner who owes it", references="partners.partner_id"),
        Column("customer_id", "text", "customer who owes it", references="customers.customer_id"),
        Column("channel_type", "text", "channel type it was sold in", allowed=(CHANNEL_TYPES,)),
        Column("region", "text", "region it was sold in"),
        known_at("invoice"),
    ),
)

FINANCIALS = Table(
    name="financials",
    description="Partners' financial statements, with the day they became known.",
    grain="one partner and statement date",
    key=("partner_id", "statement_date"),
    date="statement_date",
    columns=(
        Column("partner_id", "text", "partner", required=True, references="partners.partner_id"),
        Column("statement_date", "date", "last day of the statement's year or half", required=True),
        Column("months", "integer", "months the statement covers", unit="months"),
        *(
            Column(name, "money", description, unit="currency")
            for name, description in (
                ("sales", "sales of the statement's months"),
                ("ebit", "earnings before interest and tax"),
                ("net_income", "net income"),
                ("interest_expense", "interest paid"),
                ("current_assets", "current assets"),
                ("inventory", "inventory"),
                ("total_assets", "total assets"),
                ("current_liabilities", "current liabilities"),
                ("total_liabilities", "total liabilities"),
                ("retained_earnings", "retained earnings"),
                ("equity", "book value of equity"),
                ("market_value", "market value of equity, where listed"),
                ("operating_cash_flow", "cash flow from operations"),
            )
        ),
        known_at("statement"),
    ),
)

PROGRAMMES = Table(
    name="programmes",
    description="Programmes for partners and staff: rebates, subsidies, training, support, contests.",
    grain="one participant in one programme",
    key=("programme_id", "participant_id"),
    date="start_date",
    amount="accrued_amount",
    columns=(
        Column("programme_id", "text", "number of the programme", required=True),
        Column("participant_id", "text", "partner or member of staff taking part", required=True),
        Column("participant_kind", "text", "who takes part", allowed=("partner", "staff")),
        Column(
            "programme_type",
            "text",
            "kind of programme",
            required=True,
            allowed=(
                "commission",
                "bonus",
                "contest",
                "rebate",
                "subsidy",
                "training",
                "technical_support",
                "promotion",
            ),
        ),
        Column("programme_name", "text", "name of the programme"),
        Column("start_date", "date", "first day", required=True),
        Column("end_date", "date", "last day; empty: it goes on"),
        Column(
            "assignment", "text", "how participants were chosen", allowed=("all", "random", "rule", "choice")
        ),
        Column("allocated_amount", "money", "budget set aside", unit="currency"),
        Column("accrued_amount", "money", "owed under the rules", unit="currency"),
        Column("claimed_amount", "money", "claimed by the participant", unit="currency"),
        Column("paid_amount", "money", "paid out", unit="currency"),
        known_at(),
    ),
)
