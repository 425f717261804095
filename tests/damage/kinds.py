"""Every kind of defect there is, and which of them one company can have at once."""

from __future__ import annotations

from collections.abc import Callable

from . import figures, rows, times, writing
from .world import Rng, Truth, World

Kind = Callable[[World, Rng], Truth]

OF_ROWS: dict[str, tuple[Kind, ...]] = {
    "sales": (
        rows.repeated_lines,
        rows.orders_entered_twice,
        rows.orders_entered_again_the_next_day,
        rows.unknown_partners,
        rows.unknown_products,
        rows.unknown_reps,
        rows.missing_amounts,
        rows.missing_channel_types,
        rows.texts_in_amounts,
        rows.kinds_not_allowed,
        rows.channel_types_not_allowed,
        rows.full_width_amounts,
        rows.full_width_keys,
        rows.invisible_signs_in_keys,
        rows.excel_serials,
        rows.scientific_ids,
        rows.lost_zeros,
        figures.sales_times_1000,
        figures.one_amount_times_1000,
        figures.quantities_in_thousands,
        figures.quantities_in_cartons,
        figures.foreign_currency,
        figures.orders_below_zero,
        figures.quantities_below_zero,
        figures.returns_above_zero,
        figures.net_amounts_that_do_not_add_up,
        figures.quantities_that_do_not_add_up,
        times.orders_of_the_future,
        times.zero_dates,
        times.orders_before_the_company,
        times.returned_before_ordered,
        writing.total_at_the_end,
        writing.totals_of_months,
        writing.totals_of_regions_in_full,
        writing.blank_lines,
        writing.mojibake_of_regions,
    ),
    "receivables": (
        rows.repeated_keys_with_other_amounts,
        rows.invoices_entered_twice,
        rows.unknown_debtors,
        rows.missing_due_dates,
        rows.texts_in_dates,
        rows.excel_serials_of_invoices,
        figures.invoices_times_1000,
        times.invoices_of_the_future,
        times.dates_in_another_format,
        times.invoices_with_days_and_months_swapped,
        times.paid_before_invoiced,
        times.due_before_invoiced,
        writing.header_in_the_middle,
    ),
    "stock": (
        rows.stock_reported_twice,
        rows.unknown_products_in_stock,
        rows.texts_in_quantities,
        rows.full_width_stock,
        rows.stray_spaces_in_keys,
        figures.stock_that_vanishes,
        figures.stock_that_leaps,
        figures.stock_below_zero,
    ),
    "costs": (
        rows.missing_costs,
        rows.cost_types_not_allowed,
        figures.costs_times_1000,
        figures.costs_times_10000,
        figures.costs_below_zero,
        writing.totals_of_costs,
    ),
    "feedback": (
        rows.answers_beyond_the_scale,
        rows.recommendations_beyond_the_scale,
        times.answers_of_1970,
        times.settled_before_complained,
    ),
    "partners": (
        rows.partners_entered_twice,
        times.left_before_joined,
        writing.replaced_signs,
        writing.mojibake,
        writing.question_marks,
    ),
    "targets": (figures.targets_in_ten_thousands, figures.targets_times_1000),
    "training": (rows.results_beyond_the_scale,),
    "staff": (rows.percent_for_share,),
    "programmes": (times.ended_before_begun,),
    "leads": (times.won_before_known,),
}
"""Defects of single rows by table; two at once do not disturb each other."""

OF_TABLES: dict[str, tuple[Kind, ...]] = {
    "sales": (
        times.days_and_months_swapped,
        times.region_stops,
        times.channel_feed_stops,
        times.month_of_sales_missing,
        figures.sales_in_ten_thousands,
        figures.partner_in_dollars,
        times.region_pauses,
    ),
    "stock": (times.month_of_stock_missing,),
    "costs": (times.month_of_costs_missing,),
    "market": (times.month_of_market_missing,),
}
"""Defects of a table as a whole; one at a time, beside defects of rows."""

ALONE: tuple[Kind, ...] = (
    times.time_stamps_of_another_zone,
    times.some_months_of_another_zone,
    times.invoices_of_another_zone,
    rows.lost_zeros_of_debtors,
    writing.half_in_gb18030,
)
"""Defects that leave no room for others in their table."""

AT_ONCE = 4
"""So many defects of rows one table has at once."""


def every_kind() -> tuple[Kind, ...]:
    """All kinds of defects."""
    by_table = [kinds for table in (OF_TABLES, OF_ROWS) for kinds in table.values()]
    return (*(kind for kinds in by_table for kind in kinds), *ALONE)


def companies() -> list[tuple[Kind, ...]]:
    """All kinds, shared out to companies that have several at once.

    Kinds that stand side by side above, and are alike, go to different companies; tables are
    spoiled as a whole first, so that no row of theirs is spoiled twice.
    """
    count = -(-max(len(kinds) for kinds in OF_ROWS.values()) // AT_ONCE)
    spoiled: list[list[Kind]] = [[] for _ in range(count)]
    for by_table in (OF_TABLES, OF_ROWS):
        for kinds in by_table.values():
            for place, kind in enumerate(kinds):
                spoiled[place % count].append(kind)
    return [*(tuple(kinds) for kinds in spoiled), *((kind,) for kind in ALONE)]
