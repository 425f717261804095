"""Let the months of a world pass and write its tables."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from ..errors import Problem, refuse
from . import conduct, money, parties, plans, registers, truth
from .dials import Dials, check_dials
from .faults import write_sales
from .files import Output, gathered
from .guard import check_place
from .ledger import Month, in_order
from .lines import bunch, copy, draw_lines, misprice, strike
from .orders import draw_heads
from .planted import planted_orders
from .plot import BELOW_FLOOR, BUNCHING, DUPLICATE, OVER_AUTHORITY
from .returns import Returns, draw_returns, nothing_returned
from .season import EARLIEST, LATEST
from .stock import keep_stock, open_warehouse
from .world import World, draw_world

Progress = Callable[[str, int, int], None]


def _silent(_what: str, _done: int, _of: int) -> None:
    """Progress nobody asked for."""


def simulate(
    folder: Path | str,
    *,
    partners: int = 1200,
    months: int = 36,
    lines: int = 600_000,
    seed: int = 7,
    last_day: datetime.date = datetime.date(2025, 12, 31),
    dials: Dials = Dials(),  # noqa: B008
    progress: Progress = _silent,
    force: bool = False,
) -> Path:
    """Write the tables of an invented maker of household appliances, and truth.json, into a folder.

    One file for each contract table, as contract mode reads them: Parquet for those that grow, CSV for the
    small ones; amounts in the workspace's currency. `truth.json` tells what was planted; no method reads it.
    The same arguments give the same values on any machine, and the same bytes with the same libraries.

    Parameters
    ----------
    folder : Path or str
        Made if need be.
    partners, months, lines : int
        Partners ever under contract, months of data, and about how many lines of sales.
    seed : int
        Which of the worlds.
    last_day : date
        Last day of the data; before its month's end that month is incomplete.
    dials : Dials
        What is planted, and how strongly.
    progress : callable
        Called with what is done, how many months of it, and of how many.
    force : bool
        Write over files that no simulation wrote.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        With every parameter that makes no sense, or every file that stands in the way.
    """
    folder = Path(folder)
    refuse(_mistakes(partners, months, lines, seed, last_day))
    check_dials(dials)
    check_place(folder, force=force)
    parameters: dict[str, int | str] = {"partners": partners, "months": months, "lines": lines, "seed": seed}
    parameters["last_day"] = last_day.isoformat()
    world = draw_world(partners, months, lines, seed, last_day, dials)
    with gathered(folder) as output:
        _pass_months(world, parameters, output, progress)
    return folder


def _mistakes(
    partners: int, months: int, lines: int, seed: int, last_day: datetime.date
) -> Iterator[Problem]:
    bounds = {"partners": (partners, 20, 99_999), "months": (months, 6, 240), "lines": (lines, 500, 10**9),
              "seed": (seed, 0, 2**63 - 1)}  # fmt: skip
    sound = True
    for name, (value, low, high) in bounds.items():
        fix = f"give a whole number from {low} to {high}"
        if isinstance(value, bool) or not isinstance(value, int):
            sound = False
            yield Problem(name, f"{value!r} is not a whole number", fix)
        elif not low <= value <= high:
            sound = False
            yield Problem(name, f"{value} is out of range", fix)
    if not isinstance(last_day, datetime.date) or isinstance(last_day, datetime.datetime):
        yield Problem("last_day", f"{last_day!r} is not a date", "give a datetime.date")
    elif sound and not (EARLIEST.year <= last_day.year - (months + 11) // 12 and last_day <= LATEST):
        fix = f"let the months lie between {EARLIEST} and {LATEST}"
        yield Problem("last_day", f"{last_day} with {months} months is out of range", fix)
    if sound and lines < 2 * partners * months:
        fix = f"give at least {2 * partners * months} lines, or fewer partners or months"
        yield Problem("lines", f"{lines} lines are too few for {partners} partners over {months} months", fix)


def _pass_months(world: World, parameters: dict[str, int | str], output: Output, progress: Progress) -> None:
    calendar = world.calendar
    house, books, notes = open_warehouse(world), money.open_books(world), truth.Notes()
    serials, rate = conduct.Serials(), conduct.answer_rate(int(parameters["lines"]))
    coming = [nothing_returned() for _ in range(calendar.months)]
    first_order = first_return = 0
    for month in range(calendar.months):
        progress("simulate: months", month, calendar.months)
        booked, drawn = _book(world, month, coming, first_order, first_return)
        first_order += len(booked.order)
        first_return += len(booked.returns.order)
        notes.faults |= write_sales(world, month, booked, drawn, output)
        truth.note_month(world, month, booked, notes)
        truth.note_gains(world, month, booked, notes)
        truth.note_diverted(world, keep_stock(world, month, booked, drawn, house, output), notes)
        money.book_net(world, month, booked, books)
        money.invoice(world, month, booked, books, output)
        if month < calendar.complete:
            money.write_costs(world, month, books, output)
        conduct.write_feedback(world, month, booked, serials, output, rate)
        conduct.write_leads(world, month, serials, output)
        conduct.write_visits(world, month, serials, output)
    _write_rest(world, books, output)
    costs = registers.programme_costs(world, books)
    output.text("truth.json", truth.tell(world, notes, parameters, costs, output.finished()))
    progress("simulate: months", calendar.months, calendar.months)


def _book(
    world: World, month: int, coming: list[Returns], first_order: int, first_return: int
) -> tuple[Month, Returns]:
    """The month's orders as they are booked, with the returns that come in it; and all it will bring back."""
    heads = draw_heads(world, month, planted_orders(world, month))
    lines = strike(world, month, heads, draw_lines(world, month, heads))
    below, beyond = misprice(world, heads, lines)
    lines, cut = bunch(world, heads, lines)
    once = len(heads.day)
    heads, lines, twice = copy(world, month, heads, lines, np.concatenate([below, beyond, cut]))
    wanted = [below, beyond, cut, twice, once + np.arange(len(twice))]
    heads, lines, order, places = in_order(heads, lines, first_order, wanted)
    drawn = draw_returns(world, month, heads, lines, order)
    _keep(world, drawn, coming)
    back = coming[month]
    coming[month] = nothing_returned()
    back = back.take(np.lexsort((back.product, back.order, back.day)))
    marked = dict(
        zip((BELOW_FLOOR, OVER_AUTHORITY, BUNCHING, DUPLICATE), (*places[:3], places[4]), strict=True)
    )
    return Month(heads, lines, order, back, first_return, marked, places[3]), drawn


def _keep(world: World, drawn: Returns, coming: list[Returns]) -> None:
    """Put each return into the month it comes in."""
    due = world.calendar.month_of(drawn.day)
    for month in np.unique(due):
        coming[month] = Returns.stacked([coming[month], drawn.take(due == month)])


def _write_rest(world: World, books: money.Books, output: Output) -> None:
    """The tables that are written once."""
    parties.write_parties(world, output)
    plans.write_targets(world, output)
    plans.write_market(world, output)
    conduct.write_training(world, output)
    registers.write_events(world, output)
    registers.write_financials(world, output)
    registers.write_programmes(world, books, output)
    registers.write_measures(world, output)
