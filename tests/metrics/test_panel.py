"""What was known of a partner on a day: nothing that happened, or was told, later."""

import datetime

import numpy as np
import pandas as pd
import pytest

from channel_analysis.errors import InputError
from channel_analysis.metrics.panel.grid import NEVER, Grid, month_end, step_of
from channel_analysis.metrics.panel.outcomes import partner_outcomes
from channel_analysis.metrics.panel.rhythm import gap_lives, gap_quantiles
from channel_analysis.metrics.panel.snapshots import MEASURES, missing_columns, partner_snapshots
from channel_analysis.store.workspace import Workspace
from tests.metrics.small_worlds import company, order, partner, returned

JUNE, JULY = datetime.date(2024, 6, 30), datetime.date(2024, 7, 31)


def monthly(first: str, months: int, net: float = 100.0, name: str = "P", **more) -> list[dict]:
    """An order on the tenth of each of so many months."""
    days = pd.date_range(first, periods=months, freq="MS") + pd.Timedelta(days=9)
    return [order(str(day.date()), net, partner_id=name, **more) for day in days]


def known(folder, *days, policy: str = "", **tables) -> pd.DataFrame:
    """Measures of a company on some days, by partner and snapshot."""
    tables.setdefault("partners", [partner("P")])
    ws = company(folder, policy, **tables)
    facts = ws.facts()
    frame = partner_snapshots(facts.engine, facts.intake, ws.policy, days)
    return frame.set_index(["partner_id", "snapshot"])


def at(frame: pd.DataFrame, day: datetime.date, name: str = "P") -> pd.Series:
    return frame.loc[name, pd.Timestamp(day)]


def test_windows_hold_their_months_and_no_others(tmp_path):
    sales = [order(f"2024-{m:02}-10", 10.0**0 * m, partner_id="P") for m in range(1, 8)]
    sales += [order(f"2023-{m:02}-10", 100 * m, partner_id="P") for m in range(1, 13)]
    found = at(known(tmp_path, JUNE, sales=sales), JUNE)
    assert found["net_3"] == 4 + 5 + 6
    assert found["net_12"] == 21 + 100 * sum(range(7, 13))
    assert found["net_3_year_before"] == 100 * (4 + 5 + 6)
    assert found["net_12_before"] == 100 * sum(range(1, 7))
    assert (found["orders_3"], found["orders_12"], found["orders_3_year_before"]) == (3, 12, 3)
    assert (found["trade_months"], found["days_since_order"]) == (18, 20)


def test_a_return_after_the_snapshot_has_not_happened_yet(tmp_path):
    sales = [*monthly("2024-01-01", 6), returned("2024-07-02", 40, partner_id="P")]
    frame = known(tmp_path, JUNE, JULY, sales=sales)
    assert at(frame, JUNE)[["net_6", "returned_6"]].to_list() == [600, 0]
    assert at(frame, JULY)[["net_6", "returned_6"]].to_list() == [460, 40]


def test_an_order_told_late_enters_only_when_it_was_told(tmp_path):
    sales = [*monthly("2024-01-01", 5, known_at=None)]
    sales += [order("2024-06-10", 70, partner_id="P", known_at="2024-07-05")]
    frame = known(tmp_path, JUNE, JULY, sales=sales)
    assert at(frame, JUNE)[["net_3", "orders_3", "days_since_order"]].to_list() == [200, 2, 51]
    assert at(frame, JULY)[["net_3", "orders_3", "days_since_order"]].to_list() == [170, 2, 51]


def test_a_payment_after_the_snapshot_leaves_the_invoice_open(tmp_path):
    bills = [
        {"invoice_date": "2024-03-01", "due_date": "2024-03-31", "paid_date": "2024-07-01", "amount": 50},
        {"invoice_date": "2024-05-01", "due_date": "2024-05-31", "paid_date": "2024-06-20", "amount": 30},
        {"invoice_date": "2024-06-01", "due_date": "2024-06-30", "paid_date": None, "amount": 7},
    ]
    rows = [bill | {"partner_id": "P"} for bill in bills]
    frame = known(tmp_path, JUNE, JULY, sales=monthly("2024-01-01", 7), receivables=rows)
    june, july = at(frame, JUNE), at(frame, JULY)
    assert june[["receivable", "overdue_0", "overdue_30", "overdue_60", "overdue_90"]].to_list() == [
        57, 50, 50, 50, 50,
    ]  # fmt: skip
    assert june[["paid_amount_12", "paid_amount_days_12", "paid_days_12"]].to_list() == [30, 600, 20]
    assert july[["receivable", "overdue_0", "overdue_30", "overdue_60"]].to_list() == [7, 7, 7, 0]
    assert july[["paid_amount_12", "paid_paid_12", "paid_days_12"]].to_list() == [80, 2, 20 + 92]


@pytest.mark.parametrize(("due", "late"), [("2024-06-29", 1), ("2024-06-30", 0), ("2024-04-01", 90)])
def test_days_past_due_are_counted_to_the_snapshots_day(tmp_path, due, late):
    bill = {"invoice_date": "2024-03-01", "due_date": due, "amount": 10, "partner_id": "P", "paid_date": None}
    paid = bill | {"paid_date": "2024-03-05"}
    found = at(known(tmp_path, JUNE, sales=monthly("2024-01-01", 7), receivables=[bill, paid]), JUNE)
    for above in (0, 30, 60, 90):
        assert found[f"overdue_{above}"] == (10 if late > above else 0)


def test_a_written_off_invoice_is_owed_until_then(tmp_path):
    bill = {"invoice_date": "2024-01-05", "due_date": "2024-02-05", "amount": 10, "partner_id": "P"}
    rows = [bill | {"written_off_date": "2024-07-15", "paid_date": None}, bill | {"paid_date": "2024-02-01"}]
    frame = known(tmp_path, JUNE, JULY, sales=monthly("2024-01-01", 7), receivables=rows)
    assert frame["receivable"].to_list() == [10, 0]
    assert frame["written_off_12"].to_list() == [0, 10]


def test_a_statement_counts_from_the_day_it_was_known(tmp_path):
    def statement(day: str, told: str, sales: float) -> dict:
        return {"partner_id": "P", "statement_date": day, "known_at": told, "sales": sales, "months": 12}

    rows = [statement("2022-12-31", "2023-04-01", 900), statement("2023-12-31", "2024-07-10", 500)]
    frame = known(tmp_path, JUNE, JULY, sales=monthly("2024-01-01", 7), financials=rows)
    june, july = at(frame, JUNE), at(frame, JULY)
    assert june["fin_sales"] == 900
    assert np.isnan(june["fin_sales_before"])
    assert june["fin_age_days"] == 547
    assert july[["fin_sales", "fin_sales_before", "fin_age_days"]].to_list() == [500, 900, 213]


def test_a_year_before_that_was_told_after_the_last_statement_is_not_known_yet(tmp_path):
    rows = [
        {"partner_id": "P", "statement_date": day, "known_at": told, "sales": 9, "months": 12}
        for day, told in (("2022-12-31", "2024-07-10"), ("2023-12-31", "2024-04-10"))
    ]
    frame = known(tmp_path, JUNE, JULY, sales=monthly("2024-01-01", 7), financials=rows)
    assert frame["fin_sales"].to_list() == [9, 9]
    assert np.isnan(at(frame, JUNE)["fin_sales_before"])
    assert at(frame, JULY)["fin_sales_before"] == 9


def test_half_years_are_taken_times_two_and_compared_with_half_years(tmp_path):
    rows = [
        {"partner_id": "P", "statement_date": day, "sales": sales, "months": months, "total_assets": 10}
        for day, sales, months in (("2023-06-30", 100, 6), ("2023-12-31", 900, 12), ("2024-06-30", 60, 6))
    ]
    found = at(known(tmp_path, JULY, sales=monthly("2024-01-01", 7), financials=rows), JULY)
    assert found[["fin_sales", "fin_sales_before", "fin_total_assets"]].to_list() == [120, 200, 10]


def test_a_complaint_counts_when_it_was_known_and_stays_open_until_it_was_closed(tmp_path):
    def complaint(day: str, told: str | None, closed: str | None) -> dict:
        return {"given_on": day, "kind": "complaint", "known_at": told, "closed_on": closed} | {
            "partner_id": "P"
        }

    rows = [
        complaint("2024-04-02", None, "2024-04-12"),
        complaint("2024-05-02", "2024-07-01", None),
        complaint("2024-06-02", None, "2024-07-02"),
    ]
    frame = known(tmp_path, JUNE, JULY, sales=monthly("2024-01-01", 7), feedback=rows)
    names = ["complaints_3", "complaints_open", "complaints_closed_12", "complaint_days_12"]
    assert at(frame, JUNE)[names].to_list() == [2, 1, 1, 10]
    assert at(frame, JULY)[names].to_list() == [2, 1, 2, 40]


def test_events_count_when_they_were_known_and_grave_ones_stay(tmp_path):
    def event(number: int, day: str, kind: str, told: str | None = None, amount: float = 0.0) -> dict:
        return {"event_id": f"E{number}", "partner_id": "P", "event_date": day, "event_type": kind} | {
            "known_at": told, "amount": amount,
        }  # fmt: skip

    rows = [
        event(1, "2024-02-01", "lawsuit_defendant"),
        event(2, "2024-06-20", "enforcement", "2024-07-03", 5.0),
        event(3, "2022-02-01", "dishonest_debtor"),
    ]
    frame = known(tmp_path, JUNE, JULY, sales=monthly("2024-01-01", 7), reputation_events=rows)
    names = ["lawsuits_12", "enforcements_12", "enforced_12", "dishonest_debtor", "insolvency"]
    assert at(frame, JUNE)[names].to_list() == [1, 0, 0, 1, 0]
    assert at(frame, JULY)[names].to_list() == [1, 1, 5, 1, 0]


def test_a_visit_done_after_the_snapshot_was_only_planned(tmp_path):
    rows = [
        {"visit_id": "V1", "planned_on": "2024-06-05", "done_on": "2024-06-06", "partner_id": "P"},
        {"visit_id": "V2", "planned_on": "2024-06-25", "done_on": "2024-07-02", "partner_id": "P"},
    ]
    frame = known(tmp_path, JUNE, JULY, sales=monthly("2024-01-01", 7), visits=rows)
    assert at(frame, JUNE)[["visits_planned_3", "visits_done_3"]].to_list() == [2, 1]
    assert at(frame, JULY)[["visits_planned_3", "visits_done_3"]].to_list() == [2, 2]


def test_stock_is_that_of_the_last_month_reported_by_then(tmp_path):
    rows = [
        {
            "partner_id": "P", "product_id": "A", "month": f"2024-{m:02}-01",
            "known_at": f"2024-{m + 1:02}-05",
            "received_quantity": 10, "sold_quantity": m, "closing_quantity": 100 + m,
        }
        for m in range(1, 7)
    ]  # fmt: skip
    goods = [{"product_id": "A", "standard_cost": 2.0}]
    frame = known(tmp_path, JUNE, JULY, sales=monthly("2024-01-01", 7), stock=rows, products=goods)
    names = ["stock_closing", "stock_sold_3", "stock_worth"]
    assert at(frame, JUNE)[names].to_list() == [105, 3 + 4 + 5, 210]
    assert at(frame, JULY)[names].to_list() == [106, 4 + 5 + 6, 212]


def test_a_contracts_end_counts_only_where_it_is_known_since_when(tmp_path):
    ends = {"contract_start": "2024-01-01", "contract_end": "2024-08-31"}
    partners = [partner("P", **ends), partner("Q", **ends, known_at="2024-01-15")]
    sales = [*monthly("2024-01-01", 6), *monthly("2024-01-01", 6, name="Q")]
    frame = known(tmp_path, JUNE, sales=sales, partners=partners)
    assert np.isnan(at(frame, JUNE)["contract_days_left"])
    assert at(frame, JUNE, "Q")["contract_days_left"] == 62


def test_what_is_not_there_is_missing_and_named_and_never_zero(tmp_path):
    ws = company(tmp_path, sales=monthly("2024-01-01", 7))
    facts = ws.facts()
    frame = partner_snapshots(facts.engine, facts.intake, ws.policy, [JUNE])
    absent = missing_columns(facts.intake)
    assert {"receivables", "financials", "feedback", "reputation_events", "sales.product_id"} <= set(absent)
    for name in ("receivable", "fin_sales", "complaints_12", "lawsuits_12", "visits_done_3", "products_3"):
        assert frame[name].isna().all()
    assert frame["net_3"].to_list() == [300]


def test_before_the_first_fact_of_a_table_nothing_is_known_rather_than_none(tmp_path):
    rows = [{"given_on": "2024-07-03", "kind": "complaint", "partner_id": "P", "score": None}]
    frame = known(tmp_path, JUNE, JULY, sales=monthly("2024-01-01", 7), feedback=rows)
    assert np.isnan(at(frame, JUNE)["complaints_12"])
    assert at(frame, JULY)["complaints_12"] == 1


def test_a_partner_is_on_the_panel_from_its_contract_or_first_order_on(tmp_path):
    partners = [partner("P", contract_start="2024-07-01"), partner("Q", contract_start="2024-06-15")]
    frame = known(tmp_path, JUNE, JULY, sales=monthly("2024-07-01", 1), partners=partners)
    assert list(frame.index.get_level_values("partner_id")) == ["Q", "P", "Q"]


@pytest.mark.parametrize("days", [[], [datetime.date(2024, 6, 29)]])
def test_a_day_within_a_month_is_no_snapshot(tmp_path, days):
    ws = company(tmp_path, sales=monthly("2024-01-01", 7))
    with pytest.raises(InputError, match="snapshot"):
        partner_snapshots(ws.facts().engine, ws.facts().intake, ws.policy, days)


DAYS = [month_end(step_of(datetime.date(2023, 11, 1)) + m) for m in range(6)]


@pytest.fixture(scope="module")
def world() -> dict[str, pd.DataFrame]:
    return random_world(np.random.default_rng(5))


@pytest.fixture(scope="module")
def taken_in(world, tmp_path_factory) -> Workspace:
    return company_of(tmp_path_factory.mktemp("world") / "whole", world)


@pytest.fixture(scope="module")
def whole(taken_in) -> pd.DataFrame:
    return measured(taken_in, DAYS)


@pytest.mark.parametrize("day", [DAYS[1], DAYS[4]], ids=str)
def test_what_is_told_after_a_snapshot_never_changes_it(tmp_path, world, whole, day):
    then = measured(company_of(tmp_path / "then", cut(world, day)), [day])
    seen = whole[whole["snapshot"] == pd.Timestamp(day)].reset_index(drop=True)
    assert len(then) > 3
    assert then[list(MEASURES)].notna().any().sum() > 80
    pd.testing.assert_frame_equal(then, seen, check_exact=True)


def test_two_snapshots_alone_are_those_of_the_long_panel(taken_in, whole):
    few = measured(taken_in, [DAYS[1], DAYS[4]])
    kept = whole[whole["snapshot"].isin(few["snapshot"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(few, kept, check_exact=True)


def test_products_and_gaps_are_those_a_count_by_hand_gives(world, whole):
    frame = whole.set_index(["partner_id", "snapshot"])
    for (name, snapshot), found in frame.iterrows():
        own = world["sales"]
        told = own[["order_date", "known_at"]].astype("datetime64[ns]").max(axis=1)
        own = own[(own["partner_id"] == name) & (own["kind"] == "order") & (told <= snapshot)]
        day = pd.to_datetime(own["order_date"])
        for months in (3, 12):
            since = snapshot - pd.offsets.MonthEnd(months)
            assert found[f"products_{months}"] == own[day > since]["product_id"].nunique()
        gaps = np.diff(np.unique(day.to_numpy())).astype("timedelta64[D]").astype(int)
        assert found["gaps"] == len(gaps)
        if len(gaps):
            expected = np.quantile(gaps, [0.5, 0.95], method="inverted_cdf")
            assert found[["gap_median", "gap_p95"]].to_list() == expected.tolist()


def test_gaps_split_by_days_told_late_are_those_known_at_each_month():
    dice = np.random.default_rng(11)
    for _round in range(30):
        size = int(dice.integers(2, 30))
        day = np.sort(dice.choice(900, size, replace=False)).astype(float)
        told = np.floor(day / 30) + dice.integers(0, 6, size)
        cells = {"partner": np.zeros(size), "day": day, "known": told}
        grid = Grid(np.array(["P"], dtype=object), 0, 36)
        partner, gap, start, stop = gap_lives(cells)
        assert (stop > start).all() and (stop <= NEVER).all()
        count, median, _high = gap_quantiles(grid, partner, gap, start, stop)
        for step in range(37):
            gaps = np.diff(day[told <= step])
            assert count[0, step] == len(gaps)
            if len(gaps):
                assert median[0, step] == np.quantile(gaps, 0.5, method="inverted_cdf")


def test_outcomes_are_those_of_the_window_and_of_the_same_months_a_year_before(tmp_path):
    sales = [*monthly("2022-01-01", 24, 100), *monthly("2024-01-01", 3, 10)]
    rows = [partner("P", exit_date="2024-04-02", exit_reason="theirs")]
    ws = company(tmp_path, sales=sales, partners=rows)
    days = [datetime.date(2023, 8, 31), datetime.date(2023, 9, 30)]
    until = datetime.date(2024, 3, 31)
    facts = ws.facts()
    found = partner_outcomes(facts.engine, facts.intake, ws.policy, days, until).iloc[0]
    assert str(found["window_start"].date()) == "2023-10-01"
    assert str(found["window_end"].date()) == "2024-03-31"
    assert (found["net"], found["net_before"]) == (330, 600)
    assert (found["orders"], found["orders_before"]) == (6, 6)
    assert str(found["exit_on"].date()) == "2024-04-02"
    complete = partner_outcomes(facts.engine, facts.intake, ws.policy, days, until)["is_complete"]
    assert complete.to_list() == [True, False]


def company_of(folder, world: dict[str, pd.DataFrame]) -> Workspace:
    tables = {name: rows.astype(object).where(rows.notna(), None) for name, rows in world.items()}
    return company(folder, **{name: rows.to_dict("records") for name, rows in tables.items()})


def measured(ws: Workspace, days) -> pd.DataFrame:
    facts = ws.facts()
    return partner_snapshots(facts.engine, facts.intake, ws.policy, days)


CLOSING = {
    "receivables": ("paid_date", "written_off_date"), "feedback": ("closed_on",), "visits": ("done_on",),
    "leads": ("closed_on",), "partners": ("exit_date",),
}  # fmt: skip
EVENT = {
    "sales": "order_date", "receivables": "invoice_date", "feedback": "given_on", "visits": "planned_on",
    "reputation_events": "event_date", "financials": "statement_date", "stock": "month",
    "leads": "created_on",
    "sell_out": "sold_on", "targets": "window_start", "training": "held_on", "programmes": "start_date",
}  # fmt: skip


def cut(world: dict[str, pd.DataFrame], day: datetime.date) -> dict[str, pd.DataFrame]:
    """The same world as it was known on a day."""
    found, last = {}, str(day)
    for name, rows in world.items():
        if name in EVENT:
            told = rows[[EVENT[name], "known_at"]].max(axis=1)
            rows = rows[told <= last].copy()
        else:
            rows = rows.copy()
        for column in CLOSING.get(name, ()):
            rows.loc[rows[column].fillna("") > last, column] = None
        found[name] = rows
    return found


def random_world(dice: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Six partners with facts of every kind, all told up to three months late."""

    def days(count: int) -> pd.DatetimeIndex:
        return pd.Timestamp("2022-10-01") + pd.to_timedelta(dice.integers(0, 600, count), unit="D")

    def later(start: pd.DatetimeIndex, most: int) -> list[str]:
        return [str(d.date()) for d in start + pd.to_timedelta(dice.integers(0, most, len(start)), unit="D")]

    def some(start: pd.DatetimeIndex, most: int, share: float) -> list[str | None]:
        return [d if dice.random() < share else None for d in later(start, most)]

    def table(count: int, event: str, key: str, **columns) -> pd.DataFrame:
        start = days(count) if event != "month" else days(count).to_period("M").to_timestamp()
        names = [f"P{n}" for n in dice.integers(0, 6, count)]
        rows = {key: [f"{key}{n}" for n in range(count)], event: later(start, 1), "partner_id": names}
        rows |= {name: make(start) for name, make in columns.items()}
        return pd.DataFrame(rows | {"known_at": later(start, 90)})

    def number(low: int, high: int):
        return lambda start: dice.integers(low, high, len(start))

    def pick(*values: str):
        return lambda start: dice.choice(values, len(start))

    sales = table(
        500, "order_date", "order_id", net_amount=number(1, 900), quantity=number(1, 9),
            product_id=pick(*"ABCDE"),
        kind=pick("order", "order", "order", "return"), cost_amount=number(1, 500), gross_amount=number(900,
            999),
        discount_amount=number(0, 99),
    ).assign(channel_type="distributor", line_number=1)  # fmt: skip
    sales.loc[sales["kind"] == "return", ["net_amount", "quantity"]] *= -1
    statements = table(
        40, "statement_date", "id", sales=number(1, 99), ebit=number(-9, 9), months=pick("6", "12")
    )
    stock = table(
        90, "month", "id", closing_quantity=number(0, 9), sold_quantity=number(0, 9),
        received_quantity=number(0, 9),
    ).assign(product_id="A")  # fmt: skip
    targets = table(30, "window_start", "target_id", target_amount=number(100, 900)).assign(level="partner")
    starts = pd.to_datetime(targets["window_start"]).dt.to_period("M").dt.to_timestamp()
    targets = targets.assign(
        window_start=starts.dt.date.astype(str),
        window_end=(starts + pd.offsets.MonthBegin(3)).dt.date.astype(str),
    )
    programmes = table(20, "start_date", "programme_id").assign(
        participant_kind="partner", programme_type="rebate"
    )
    return {
        "sales": sales,
        "partners": pd.DataFrame(
            [
                partner(f"P{n}", contract_start="2022-01-01", credit_limit=900, authorised_region="East")
                | {"exit_date": None if n else "2024-02-10"}
                for n in range(6)
            ]
        ),
        "products": pd.DataFrame([{"product_id": p, "floor_price": 40, "standard_cost": 3} for p in "ABCDE"]),
        "receivables": table(
            300, "invoice_date", "invoice_id", due_date=lambda s: later(s, 60), amount=number(1, 900),
            paid_date=lambda s: some(s, 200, 0.8),
        ).assign(written_off_date=None),
        "feedback": table(
            200, "given_on", "feedback_id", kind=pick("complaint", "csat", "nps", "review"),
            score=number(1, 6), closed_on=lambda s: some(s, 90, 0.7),
        ),
        "visits": table(200, "planned_on", "visit_id", done_on=lambda s: some(s, 60, 0.7)),
        "training": table(60, "held_on", "training_id", hours=number(1, 9)),
        "leads": table(80, "created_on", "lead_id", closed_on=lambda s: some(s, 90, 0.9), status=pick("won",
        "lost")),
        "reputation_events": table(
            80, "event_date", "event_id", amount=number(1, 99),
            event_type=pick("lawsuit_defendant", "enforcement", "insolvency", "penalty"),
        ),
        "financials": statements.drop(columns="id").drop_duplicates(["partner_id", "statement_date"]),
        "stock": stock.drop(columns="id").drop_duplicates(["partner_id", "month"]),
        "sell_out": table(90, "sold_on", "sell_out_id", quantity=number(1, 9),
        destination_region=pick("East", "West")),
        "targets": targets,
        "programmes": programmes.rename(columns={"partner_id": "participant_id"}),
    }  # fmt: skip
