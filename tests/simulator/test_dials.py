"""A dial at 0 leaves nothing, a dial moves nothing but its own, equal arguments give equal worlds."""

import ast
import datetime
import hashlib
from dataclasses import fields, replace
from pathlib import Path

import pandas as pd
import pytest

import channel_analysis
from channel_analysis.contracts.tables import TABLES
from channel_analysis.errors import InputError
from channel_analysis.simulator import NOTHING_PLANTED, Dials, simulate

from .conftest import STRONG

TINY = {"partners": 30, "months": 8, "lines": 1_500}
SHARES = {
    "stuffing": "stuffing_share",
    "diversion": "diversion_share",
    "price_below_floor": "price_breach_share",
    "discount_over_authority": "discount_abuse_share",
    "duplicate_orders": "duplicate_order_share",
    "threshold_bunching": "bunching_share",
    "ghost_partner": "ghost_partner_share",
    "ghost_orders": "ghost_order_share",
    "late_returns": "late_return_share",
    "rep_concentration": "rep_concentration_share",
}
LINE = [
    "kind", "order_date", "channel_type", "region", "partner_id", "rep_id", "customer_id", "product_id",
    "promotion_id", "quantity", "gross_amount", "discount_amount", "net_amount",
]  # fmt: skip
STORED_DIGEST = "459018966276b9f1964ed18e48632e66b5cead2e39eebe5db529610e320f48fc"


def bag(frame: pd.DataFrame) -> pd.Series:
    """How often each line of sales occurs, whatever its number."""
    return (
        frame[LINE]
        .fillna({"partner_id": "-", "customer_id": "-", "promotion_id": "-"})
        .value_counts(dropna=False)
    )


def test_with_all_dials_at_nothing_the_truth_tells_of_nothing(honest):
    truth = honest.truth
    assert truth["irregularities"] == []
    assert truth["change"]["causes"] == []
    assert truth["change"]["undisturbed_amount"] == truth["change"]["actual_amount"]
    assert truth["faults"] == {}
    assert truth["territories"] == {"badly_set_target": None, "weak_rep": None}
    assert {programme["effect"] for programme in truth["programmes"]} == {0.0}
    assert {programme["incremental_amount"] for programme in truth["programmes"]} == {0.0}
    for partner in truth["partners"]:
        assert partner["trouble_start"] is partner["cause"] is partner["exit_date"] is None
        assert partner["exit_hazard"] == {}
    assert honest.partners["exit_date"].isna().all()
    assert honest.staff["end_date"].isna().all()
    assert not honest.reputation_events["event_type"].isin(["insolvency", "dishonest_debtor"]).any()


@pytest.mark.parametrize("rule", SHARES)
def test_a_share_of_zero_plants_nothing_of_its_rule(made, rule):
    world = made(replace(STRONG, **{SHARES[rule]: 0.0}))
    assert world.irregular(rule) == []
    others = {entry["rule"] for entry in world.truth["irregularities"]}
    assert others == set(SHARES) - {rule}


@pytest.mark.parametrize("rule", ["discount_over_authority", "price_below_floor", "threshold_bunching"])
def test_one_rule_alone_changes_only_the_orders_it_tells_of(made, honest, rule):
    world = made(replace(NOTHING_PLANTED, discount_abuse_strength=0.5, **{SHARES[rule]: 0.05}))
    told = {order for entry in world.irregular(rule) for order in entry["order_ids"]}
    assert told
    touched = world.sales["order_id"].isin(told) | world.sales["original_order_id"].isin(told)
    same_orders = honest.sales["order_id"].isin(told) | honest.sales["original_order_id"].isin(told)
    pd.testing.assert_series_equal(
        bag(world.sales[~touched]).sort_index(), bag(honest.sales[~same_orders]).sort_index()
    )


@pytest.mark.parametrize("rule", ["stuffing", "ghost_orders", "duplicate_orders", "rep_concentration"])
def test_orders_planted_beside_the_others_leave_these_as_they_were(made, honest, rule):
    dials = replace(NOTHING_PLANTED, stuffing_strength=0.6, **{SHARES[rule]: 0.05})
    world = made(dials)
    told = {order for entry in world.irregular(rule) for order in entry["order_ids"]}
    assert told
    touched = world.sales["order_id"].isin(told) | world.sales["original_order_id"].isin(told)
    left = bag(world.sales[~touched])
    before = bag(honest.sales)
    assert set(left.index) <= set(before.index)
    assert len(left) > 0.98 * len(before) - len(told) * 4


def test_trouble_takes_orders_away_and_leaves_the_others_as_they_were(made, honest):
    world = made(replace(NOTHING_PLANTED, trouble_hazard=0.03, trouble_signal=1.0))
    assert set(bag(world.sales).index) <= set(bag(honest.sales).index)
    for name in ("products", "customers", "candidates", "market"):
        pd.testing.assert_frame_equal(getattr(world, name), getattr(honest, name))


def test_trouble_without_signal_comes_out_of_the_blue(made):
    size = {"partners": 200, "months": 24, "lines": 30_000}
    blind = made(replace(NOTHING_PLANTED, trouble_hazard=0.03), **size)
    calm = made(NOTHING_PLANTED, **size)
    partners = pd.DataFrame(blind.truth["partners"]).set_index("partner_id")
    assert partners["exit_from_trouble"].sum() > 20
    pd.testing.assert_frame_equal(blind.reputation_events, at_exit(blind, calm.reputation_events))
    months = blind.sales["partner_id"].map(partners["trouble_start"])
    troubled = months.notna() & (blind.sales["order_date"].dt.strftime("%Y-%m") >= months.fillna("9"))
    assert set(bag(blind.sales[troubled & (blind.sales["kind"] == "order")]).index) <= set(
        bag(calm.sales).index
    )


def at_exit(world, events: pd.DataFrame) -> pd.DataFrame:
    """Events of partners still there, numbered anew."""
    left = events["partner_id"].map(world.partners.set_index("partner_id")["exit_date"])
    kept = events[~(events["event_date"] >= left)].reset_index(drop=True)
    return kept.assign(event_id=[f"E{number + 1:05d}" for number in range(len(kept))])


def test_the_same_arguments_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        simulate(tmp_path / name, **TINY)
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert len(files) == len(TABLES) + 1
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_another_seed_is_another_world(tmp_path):
    for seed in (7, 8):
        simulate(tmp_path / str(seed), **TINY, seed=seed)
    for name in ("sales.parquet", "partners.csv", "stock.parquet", "feedback.parquet", "financials.csv"):
        assert (tmp_path / "7" / name).read_bytes() != (tmp_path / "8" / name).read_bytes(), name


def test_the_values_of_a_world_are_those_stored(made):
    """The values, not the bytes of the files, which also depend on the version of the Parquet library."""
    world = made(STRONG, **TINY)
    digest = hashlib.sha256()
    for name in TABLES:
        frame = getattr(world, name)
        digest.update(f"{name} {list(frame.columns)} {len(frame)}".encode())
        for column in frame:
            values = frame[column]
            if values.dtype.kind == "f":
                values = (values * 10_000).round()
            digest.update("\n".join(values.map(str).fillna("-")).encode())
    assert digest.hexdigest() == STORED_DIGEST


HOSTILE = {
    "partners": [0, 19, -5, 10**6, 1.5, "many", None, True],
    "months": [0, 5, 241, 12.0, None],
    "lines": [0, 10**10, 1e5, "600_000"],
    "seed": [-1, 2**63, 0.5, None],
}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in HOSTILE.items() for v in values])
def test_parameters_that_make_no_sense_are_refused(tmp_path, name, value):
    with pytest.raises(InputError) as refused:
        simulate(tmp_path / "x", **{**TINY, name: value})
    assert [problem.where for problem in refused.value.problems] == [name]
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "day",
    ["2025-12-31", None, datetime.datetime(2025, 1, 1), datetime.date(1990, 1, 1), datetime.date(2200, 1, 1)],
)
def test_last_days_that_make_no_sense_are_refused(tmp_path, day):
    with pytest.raises(InputError, match="last_day"):
        simulate(tmp_path, **TINY, last_day=day)


def test_too_few_lines_for_the_partners_are_refused(tmp_path):
    with pytest.raises(InputError, match="too few for 500 partners over 24 months"):
        simulate(tmp_path, partners=500, months=24, lines=20_000)


def test_all_wrong_dials_are_told_at_once(tmp_path):
    dials = Dials(stuffing_share=1.5, faults=float("nan"), price_cut_strength=0.5, trouble_hazard="high")
    with pytest.raises(InputError) as refused:
        simulate(tmp_path, **TINY, dials=dials)
    places = [problem.where for problem in refused.value.problems]
    assert places == [
        "dials.trouble_hazard",
        "dials.price_cut_strength",
        "dials.stuffing_share",
        "dials.faults",
    ]


@pytest.mark.parametrize("dial", [field.name for field in fields(Dials)])
def test_every_dial_can_be_turned_to_its_end(tmp_path, dial):
    from channel_analysis.simulator.dials import _HIGHEST

    simulate(tmp_path, **TINY, dials=replace(Dials(), **{dial: _HIGHEST.get(dial, 1.0)}))
    stock = pd.read_parquet(tmp_path / "stock.parquet")
    moved = stock["opening_quantity"] + stock["received_quantity"] - stock["sold_quantity"]
    assert (moved - stock["returned_quantity"] == stock["closing_quantity"]).all()
    assert (stock["closing_quantity"] >= 0).all()


def test_progress_is_told_month_by_month(tmp_path):
    told = []
    simulate(tmp_path, **TINY, progress=lambda what, done, of: told.append((done, of)))
    assert told == [(month, 8) for month in range(9)]


def test_files_of_another_company_are_not_written_over(tmp_path):
    (tmp_path / "sales.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match=r"no simulation wrote: sales\.csv"):
        simulate(tmp_path, **TINY)
    assert [path.name for path in tmp_path.iterdir()] == ["sales.csv"]
    simulate(tmp_path, **TINY, force=True)
    assert (tmp_path / "sales.parquet").exists()


def test_a_simulation_writes_over_its_own_files_but_not_over_changed_ones(tmp_path):
    simulate(tmp_path, **TINY)
    simulate(tmp_path, **TINY, seed=8)
    with (tmp_path / "partners.csv").open("a", encoding="utf-8") as file:
        file.write("mine\n")
    with pytest.raises(InputError, match=r"partners\.csv"):
        simulate(tmp_path, **TINY)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "x").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="this is a file, not a folder"):
        simulate(tmp_path / "x", **TINY)


def test_nothing_half_written_is_left_behind(tmp_path):
    def fail(_what, done, _of):
        if done == 3:
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        simulate(tmp_path, **TINY, progress=fail)
    assert list(tmp_path.iterdir()) == []


def test_nothing_but_the_simulator_knows_of_the_truth():
    package = Path(channel_analysis.__file__).parent
    readers = [
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if path.relative_to(package).parts[0] not in ("simulator", "cli") and "truth.json" in strings_of(path)
    ]
    assert readers == []


def strings_of(path: Path) -> str:
    """All texts of a module but its docstrings and comments."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return "\n".join(
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def test_the_dials_of_nothing_are_all_zero():
    assert {getattr(NOTHING_PLANTED, field.name) for field in fields(Dials)} == {0.0}
