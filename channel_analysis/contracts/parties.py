"""Contracts of who and what takes part: partners, candidates, staff, customers, products."""

from __future__ import annotations

from .schema import CHANNEL_TYPES, Column, Table, known_at

PARTNERS = Table(
    name="partners",
    description="Distributors, agents, retailers and other partners of the indirect channels.",
    grain="one partner",
    key=("partner_id",),
    columns=(
        Column("partner_id", "text", "our number of the partner", required=True),
        Column("partner_name", "text", "name of the partner as people write it"),
        Column("channel_type", "text", "main channel type", allowed=(CHANNEL_TYPES,)),
        Column("region", "text", "region the partner is in"),
        Column("authorised_region", "text", "region the contract allows the partner to sell in"),
        Column("parent_id", "text", "partner this one belongs to", references="partners.partner_id"),
        Column("owner_id", "text", "our member of staff who looks after it", references="staff.staff_id"),
        Column("contract_start", "date", "first day of the contract"),
        Column("contract_end", "date", "last day of the contract; empty: open"),
        Column("exit_date", "date", "day the partnership ended; empty: it goes on"),
        Column(
            "exit_reason",
            "text",
            "who ended it",
            allowed=("ours", "theirs", "failure"),
        ),
        Column("credit_limit", "money", "most it may owe us", unit="currency"),
        Column("staff_count", "integer", "people it employs", unit="people"),
        Column("outlets", "integer", "outlets it serves", unit="outlets"),
        known_at("entry"),
    ),
)

CANDIDATES = Table(
    name="candidates",
    description="Companies that may become partners, with what is known for screening.",
    grain="one candidate",
    key=("candidate_id",),
    date="applied_on",
    columns=(
        Column("candidate_id", "text", "number of the candidate", required=True),
        Column("candidate_name", "text", "name of the candidate"),
        Column("applied_on", "date", "day of the application"),
        Column("channel_type", "text", "channel type applied for", allowed=(CHANNEL_TYPES,)),
        Column("region", "text", "region applied for"),
        Column("outlets", "integer", "outlets it can reach", unit="outlets"),
        Column("staff_count", "integer", "sales people", unit="people"),
        Column("annual_sales", "money", "sales of its last year", unit="currency"),
        Column("working_capital", "money", "working capital", unit="currency"),
        Column("years_in_business", "number", "age of the business", unit="years"),
        Column("category_experience", "number", "years in our category", unit="years"),
        Column("reputation_grade", "text", "grade of a credit agency"),
        known_at(),
    ),
)

STAFF = Table(
    name="staff",
    description="Our sales people and their teams.",
    grain="one member of staff",
    key=("staff_id",),
    columns=(
        Column("staff_id", "text", "number of the member of staff", required=True),
        Column("staff_name", "text", "name"),
        Column("team", "text", "sales team"),
        Column("role", "text", "role, such as rep or manager"),
        Column("manager_id", "text", "whom they report to", references="staff.staff_id"),
        Column("channel_type", "text", "channel type they sell in", allowed=(CHANNEL_TYPES,)),
        Column("region", "text", "region they sell in"),
        Column("start_date", "date", "first day in this role"),
        Column("end_date", "date", "last day in this role; empty: still in it"),
        Column("discount_authority", "number", "largest discount they may give", unit="share"),
        known_at("entry"),
    ),
)

CUSTOMERS = Table(
    name="customers",
    description="Who buys from us directly, or the partner's customers where they are known.",
    grain="one customer",
    key=("customer_id",),
    columns=(
        Column("customer_id", "text", "number of the customer", required=True),
        Column("customer_name", "text", "name of the customer"),
        Column("region", "text", "region the customer is in"),
        Column("segment", "text", "segment, such as industry or size"),
        Column("is_key_account", "flag", "whether it is looked after as a key account"),
        Column("owner_id", "text", "member of staff responsible", references="staff.staff_id"),
        Column("first_contact", "date", "day of the first contact"),
        known_at("entry"),
    ),
)

PRODUCTS = Table(
    name="products",
    description="What we sell, with the prices the policy guides.",
    grain="one product",
    key=("product_id",),
    columns=(
        Column("product_id", "text", "number of the product", required=True),
        Column("product_name", "text", "name of the product"),
        Column("category", "text", "product category"),
        Column("brand", "text", "brand"),
        Column("list_price", "money", "list price of one unit", unit="currency per unit"),
        Column("guide_price", "money", "price partners are guided to", unit="currency per unit"),
        Column("floor_price", "money", "lowest price allowed", unit="currency per unit"),
        Column("standard_cost", "money", "standard cost of one unit", unit="currency per unit"),
        Column("listed_from", "date", "first day on the price list"),
        Column("listed_to", "date", "last day on the price list; empty: still listed"),
    ),
)
