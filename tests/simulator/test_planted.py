"""What is planted shows in the tables as a careful reader would see it, and truth.json tells it."""

import pandas as pd
import pytest

from channel_analysis.simulator.plot import RULES

LIMIT = 50_000


def orders_of(world, ids=None) -> pd.DataFrame:
    """One row an order: its partner, rep, day and net amount."""
    lines = world.sales.drop_duplicates(["order_id", "line_number"])
    lines = lines[lines["kind"] == "order"]
    lines = lines if ids is None else lines[lines["order_id"].isin(ids)]
    firsts = {
        name: (name, "first")
        for name in ("partner_id", "rep_id", "customer_id", "order_date", "channel_type", "region")
    }
    return (
        lines.groupby("order_id")
        .agg(**firsts, net=("net_amount", "sum"), quantity=("quantity", "sum"), lines=("quantity", "size"))
        .round({"net": 2})
    )


def test_every_rule_is_planted_and_its_money_is_that_of_its_orders(planted):
    assert {entry["rule"] for entry in planted.truth["irregularities"]} == set(RULES)
    net = orders_of(planted)["net"]
    for rule in ("stuffing", "price_below_floor", "threshold_bunching", "ghost_orders", "rep_concentration"):
        for entry in planted.irregular(rule):
            assert net[entry["order_ids"]].sum() == pytest.approx(entry["amount"]), entry


def test_irregular_orders_belong_to_the_partner_or_rep_and_the_days_told(planted):
    orders = orders_of(planted)
    for entry in planted.truth["irregularities"]:
        if entry["rule"] == "late_returns":
            continue
        own = orders.loc[entry["order_ids"]]
        for name in ("partner_id", "rep_id"):
            assert entry[name] is None or (own[name] == entry[name]).all(), entry
        if len(own):
            days = own["order_date"].dt.strftime("%Y-%m-%d")
            assert (days.min(), days.max()) == (entry["first_day"], entry["last_day"]), entry


def test_loads_come_in_a_quarters_last_days_raise_stock_are_paid_late_and_come_back(planted):
    ids = [order for entry in planted.irregular("stuffing") for order in entry["order_ids"]]
    loads = orders_of(planted, ids)
    to_end = (loads["order_date"] + pd.offsets.QuarterEnd(0) - loads["order_date"]).dt.days
    assert to_end.max() <= 9
    returns = planted.sales[planted.sales["original_order_id"].isin(ids)]
    returned = -returns["quantity"].sum() / loads["quantity"].sum()
    assert 0.1 < returned < 0.5
    assert (returns["order_date"].dt.to_period("Q") > loads["order_date"].min().to_period("Q")).all()
    assert weeks_of_supply(planted, ids) > 1.2 * weeks_of_supply(planted, None)
    alone = planted.receivables.merge(
        loads.reset_index(), left_on=["partner_id", "invoice_date"], right_on=["partner_id", "order_date"]
    )
    alone = alone[alone["amount"] == alone["net"]]
    assert days_late(alone).median() > 15 > days_late(planted.receivables).median()


def weeks_of_supply(world, ids) -> float:
    """Closing stock to a week's sell-out at the quarter ends of the loaded partners, or of all others."""
    stock = world.stock.groupby(["partner_id", "month"])[["closing_quantity", "sold_quantity"]].sum()
    loaded = {
        (entry["partner_id"], pd.Timestamp(entry["last_day"]).to_period("M").start_time)
        for entry in world.irregular("stuffing")
    }
    own = stock.index.isin(loaded)
    ends = stock.index.get_level_values("month").month % 3 == 0
    chosen = stock[own if ids else ends & ~own]
    return float(chosen["closing_quantity"].sum() / chosen["sold_quantity"].sum())


def days_late(invoices: pd.DataFrame) -> pd.Series:
    paid = invoices["paid_date"].fillna(pd.Timestamp("2026-01-01"))
    return (paid - invoices["due_date"]).dt.days


def test_diverting_partners_sell_a_large_part_outside_their_region_and_others_little(planted):
    own = planted.sell_out.merge(planted.partners[["partner_id", "authorised_region"]], on="partner_id")
    own = own[own["destination_region"].notna()]
    own["outside"] = own["quantity"] * (own["destination_region"] != own["authorised_region"])
    diverting = {entry["partner_id"] for entry in planted.irregular("diversion")}
    assert diverting
    later = own[own["sold_on"] >= min(entry["first_day"] for entry in planted.irregular("diversion"))]
    sums = later.groupby(later["partner_id"].isin(diverting))[["outside", "quantity"]].sum()
    share = sums["outside"] / sums["quantity"]
    assert share[True] > 0.25
    assert 0 < share[False] < 0.04
    value = sum(entry["amount"] for entry in planted.irregular("diversion"))
    told = later[later["partner_id"].isin(diverting) & (later["outside"] > 0)]["amount"].sum()
    assert value == pytest.approx(told)


def test_only_planted_orders_are_priced_below_the_floor(planted):
    lines = planted.sales[planted.sales["kind"] == "order"].merge(planted.products, on="product_id")
    below = lines[lines["net_amount"] / lines["quantity"] < lines["floor_price"]]
    told = {order for entry in planted.irregular("price_below_floor") for order in entry["order_ids"]}
    assert set(below["order_id"]) == told
    assert told


def test_only_planted_orders_exceed_a_reps_authority(planted):
    lines = planted.sales[planted.sales["kind"] == "order"].dropna(subset=["net_amount"])
    authority = lines["rep_id"].map(planted.staff.set_index("staff_id")["discount_authority"])
    beyond = lines[lines["discount_amount"] / lines["gross_amount"] > authority]
    told = {order for entry in planted.irregular("discount_over_authority") for order in entry["order_ids"]}
    assert set(beyond["order_id"]) == told
    assert told


def basket(lines: pd.DataFrame) -> pd.Series:
    """The contents of each order as one text."""
    content = lines["product_id"] + "x" + lines["quantity"].astype(int).astype(str)
    return content.sort_values().groupby(lines["order_id"]).agg(" ".join)


def test_only_planted_orders_repeat_a_basket_within_a_day(planted):
    lines = planted.sales[(planted.sales["kind"] == "order") & planted.sales["partner_id"].notna()]
    orders = orders_of(planted, lines["order_id"]).assign(basket=basket(lines)).sort_values("order_date")
    orders = orders[orders["lines"] > 1].reset_index()
    pairs = orders.merge(orders, on=["partner_id", "basket"])
    gap = (pairs["order_date_y"] - pairs["order_date_x"]).dt.days
    close = pairs[(pairs["order_id_x"] < pairs["order_id_y"]) & gap.between(0, 1)]
    found = {frozenset(pair) for pair in close[["order_id_x", "order_id_y"]].itertuples(index=False)}
    told = {frozenset(entry["order_ids"]) for entry in planted.irregular("duplicate_orders")}
    assert len(told) >= 10
    assert found <= told
    assert len(found) > 0.6 * len(told)


def test_standing_orders_repeat_a_basket_in_other_weeks(honest):
    lines = honest.sales[(honest.sales["kind"] == "order") & honest.sales["partner_id"].notna()]
    orders = orders_of(honest, lines["order_id"]).assign(basket=basket(lines)).reset_index()
    repeated = orders.duplicated(["partner_id", "basket"], keep=False).mean()
    assert 0.03 < repeated < 0.3
    orders = orders[orders["lines"] > 1]
    days = orders.sort_values("order_date").groupby(["partner_id", "basket"])["order_date"].diff().dt.days
    assert days.min() >= 3


def test_bunching_reps_cut_orders_to_just_below_the_limit(planted):
    told = {order for entry in planted.irregular("threshold_bunching") for order in entry["order_ids"]}
    orders = orders_of(planted)
    cut = orders.loc[list(told)]
    assert len(cut) >= 5
    assert cut["net"].between(0.9 * LIMIT, LIMIT, inclusive="left").all()
    reps = {entry["rep_id"] for entry in planted.irregular("threshold_bunching")}
    own = orders[orders["rep_id"].isin(reps)]
    assert own["net"].between(0.9 * LIMIT, LIMIT).sum() > 3 * own["net"].between(LIMIT, 1.1 * LIMIT).sum()


def test_ghost_partners_order_and_leave_no_other_trace(planted):
    ghosts = {entry["partner_id"] for entry in planted.irregular("ghost_partner")}
    orders = orders_of(planted)
    assert ghosts
    for entry in planted.irregular("ghost_partner"):
        own = orders[orders["partner_id"] == entry["partner_id"]]
        assert sorted(own.index) == sorted(entry["order_ids"])
    for name in ("sell_out", "stock", "visits", "feedback"):
        assert not getattr(planted, name)["partner_id"].isin(ghosts).any(), name
    own = planted.receivables[planted.receivables["partner_id"].isin(ghosts)]
    assert len(own)
    assert own["paid_date"].isna().all()


def test_some_real_partners_report_nothing_either(honest):
    silent = set(honest.partners["partner_id"]) - set(honest.stock["partner_id"])
    own = honest.receivables[honest.receivables["partner_id"].isin(silent)]
    assert own["paid_date"].notna().any()


def test_ghost_orders_come_back_whole_or_are_never_paid(planted):
    entries = planted.irregular("ghost_orders")
    assert len(entries) >= 5
    for entry in entries:
        (order,) = entry["order_ids"]
        own = orders_of(planted, [order]).iloc[0]
        back = -planted.sales.loc[planted.sales["original_order_id"] == order, "quantity"].sum()
        later = own["order_date"] + pd.Timedelta(days=60) > pd.Timestamp("2025-12-31")
        bills = planted.receivables[
            (planted.receivables["partner_id"] == own["partner_id"])
            & (planted.receivables["amount"] == own["net"])
        ]
        unpaid = len(bills) == 1 and bills["paid_date"].isna().all()
        assert back == own["quantity"] or unpaid or (later and not len(bills)), entry


def test_late_returns_come_just_after_the_quarter_of_orders_just_before(planted):
    entries = planted.irregular("late_returns")
    assert entries
    sales = planted.sales.drop_duplicates(["order_id", "line_number"])
    for entry in entries:
        back = sales[sales["order_id"].isin([one for one in entry["order_ids"] if one.startswith("RT")])]
        orders = orders_of(planted, back["original_order_id"])
        begin = pd.Timestamp(entry["first_day"]).to_period("Q").start_time
        assert ((back["order_date"] - begin).dt.days < 15).all()
        assert ((begin - orders["order_date"]).dt.days.between(1, 11)).all()
        assert -back["net_amount"].sum() == pytest.approx(entry["amount"])


def test_a_concentrating_rep_sells_most_to_two_customers_on_two_days(planted):
    entries = planted.irregular("rep_concentration")
    assert entries
    orders = orders_of(planted)
    for entry in entries:
        bulk = orders.loc[entry["order_ids"]]
        quarter = orders["order_date"].dt.to_period("Q") == bulk["order_date"].iloc[0].to_period("Q")
        own = orders[(orders["rep_id"] == entry["rep_id"]) & quarter]
        assert bulk["net"].sum() > 0.4 * own["net"].sum()
        assert bulk["customer_id"].nunique() <= 2
        assert bulk["order_date"].nunique() <= 2


def test_trouble_shows_by_its_cause_before_it_ends(made):
    from channel_analysis.simulator import Dials

    world = made(Dials(trouble_hazard=0.03), partners=300, months=30, lines=60_000)
    partners = pd.DataFrame(world.truth["partners"]).set_index("partner_id")
    start = pd.to_datetime(partners["trouble_start"])
    late = world.receivables.assign(late=days_late(world.receivables)).dropna(subset=["partner_id"])
    since = late["invoice_date"] - late["partner_id"].map(start)
    in_finance = late["partner_id"].map(partners["cause"]) == "finance"
    deep = in_finance & (since.dt.days > 60)
    assert late[deep]["late"].median() > late[since.isna()]["late"].median() + 15
    events = world.reputation_events.assign(cause=lambda f: f["partner_id"].map(partners["cause"]))
    per_partner = events.groupby("cause").size() / partners["cause"].value_counts()
    assert per_partner["reputation"] > 2 * per_partner["sales"]
    orders = orders_of(world)
    month = orders["order_date"].dt.to_period("M")
    counts = orders.groupby([orders["partner_id"], month]).size().unstack(fill_value=0)
    falls = []
    for partner, begun in start[(partners["cause"] == "sales")].dropna().items():
        first = begun.to_period("M")
        if partner in counts.index and first - 6 >= counts.columns[0] and first + 7 <= counts.columns[-1]:
            falls.append(
                (
                    counts.loc[partner, first - 6 : first - 1].mean(),
                    counts.loc[partner, first + 3 : first + 7].mean(),
                )
            )
    before, after = (sum(part) for part in zip(*falls, strict=True))
    assert after < 0.75 * before


def test_failures_and_exits_are_those_the_truth_tells(planted):
    truth = pd.DataFrame(planted.truth["partners"]).set_index("partner_id")
    table = planted.partners.set_index("partner_id")
    assert (table["exit_reason"].fillna("-") == truth["exit_reason"].fillna("-")).all()
    assert (table["exit_date"].dropna() == pd.to_datetime(truth["exit_date"]).dropna()).all()
    from_trouble = truth[truth["exit_from_trouble"]]
    assert from_trouble["trouble_start"].notna().all()
    assert all(row.exit_hazard.get(row.exit_date[:7], 0) > 0 for row in from_trouble.itertuples())
    assert (truth["exit_reason"] == "failure").sum() >= 3


def test_leading_partners_grow_and_satisfy_more(made):
    from channel_analysis.simulator import NOTHING_PLANTED

    world = made(NOTHING_PLANTED, partners=300, months=30, lines=60_000)
    quality = pd.DataFrame(world.truth["partners"]).set_index("partner_id")["quality"]
    answers = world.feedback[(world.feedback["kind"] == "csat") & world.feedback["partner_id"].notna()]
    satisfied = (answers["score"] >= 4).groupby(answers["partner_id"].map(quality) > 0.5).mean()
    assert satisfied[True] > satisfied[False] + 0.02
    orders = orders_of(world).dropna(subset=["partner_id"])
    orders["year"] = pd.cut(
        orders["order_date"],
        pd.to_datetime(["2023-06-30", "2024-06-30", "2024-12-31", "2025-12-31"]),
        labels=["first", "-", "last"],
    )
    old = world.partners[world.partners["contract_start"] < "2023-01-01"]["partner_id"]
    own = orders[orders["partner_id"].isin(old)]
    net = own.pivot_table("net", own["partner_id"].map(quality) > 0.5, "year", "sum", observed=True)
    growth = net["last"] / net["first"]
    assert growth[True] > growth[False] + 0.1


def test_the_causes_of_the_quarters_change_are_told_to_the_fen(made):
    """Each cause alone: the world with it lacks exactly its contribution against the world without."""
    from dataclasses import replace

    from channel_analysis.simulator import NOTHING_PLANTED

    without = made(NOTHING_PLANTED)
    names = (
        "price_cut_strength",
        "lost_region_strength",
        "weak_team_strength",
        "rival_launch_strength",
        "stock_out_strength",
    )
    strengths = (0.05, 0.5, 0.4, 0.4, 0.9)
    for name, strength in zip(names, strengths, strict=True):
        world = made(replace(NOTHING_PLANTED, **{name: strength}))
        (cause,) = world.truth["change"]["causes"]
        gap = last_quarter(world) - last_quarter(without)
        assert cause["contribution"] < 0, name
        assert gap == pytest.approx(cause["contribution"], abs=0.005), name


def test_all_causes_together_close_to_the_fen(planted):
    change = planted.truth["change"]
    told = change["undisturbed_amount"] + sum(cause["contribution"] for cause in change["causes"])
    assert told == pytest.approx(change["actual_amount"], abs=0.01)
    assert len(change["causes"]) == 5


def last_quarter(world) -> float:
    orders = world.sales[(world.sales["kind"] == "order") & (world.sales["order_date"] >= "2025-10-01")]
    return float(orders["net_amount"].sum())


def test_causes_act_where_the_truth_says(made):
    from dataclasses import replace

    from channel_analysis.simulator import NOTHING_PLANTED

    without = made(NOTHING_PLANTED)
    region = made(replace(NOTHING_PLANTED, lost_region_strength=0.5))
    (cause,) = region.truth["change"]["causes"]
    lost = quantity_by(without, "region") - quantity_by(region, "region")
    assert (lost[lost > 0].index == [cause["scope"]["region"]]).all()
    out = made(replace(NOTHING_PLANTED, stock_out_strength=0.9))
    (cause,) = out.truth["change"]["causes"]
    lost = quantity_by(without, "product_id") - quantity_by(out, "product_id")
    assert (lost[lost != 0].index == [cause["scope"]["product_id"]]).all()
    rival = made(replace(NOTHING_PLANTED, rival_launch_strength=0.4))
    (cause,) = rival.truth["change"]["causes"]
    both = rival.market.merge(without.market, on="market_id", suffixes=("", "_without"))
    moved = both[both["rival_amount"] > 1.1 * both["rival_amount_without"]]
    assert set(moved["category"]) == {cause["scope"]["category"]}
    assert moved["month"].min() == pd.Timestamp("2025-10-01")


def quantity_by(world, column: str) -> pd.Series:
    orders = world.sales[(world.sales["kind"] == "order") & (world.sales["order_date"] >= "2025-10-01")]
    return orders.groupby(column)["quantity"].sum()


def test_a_new_team_took_over_and_sells_and_wins_less(made):
    from dataclasses import replace

    from channel_analysis.simulator import NOTHING_PLANTED

    world = made(replace(NOTHING_PLANTED, weak_team_strength=0.6))
    (cause,) = world.truth["change"]["causes"]
    staff = world.staff.set_index("staff_id")
    new = staff.loc[cause["scope"]["rep_ids"]]
    assert (new["start_date"] == "2025-10-01").all()
    assert (staff["end_date"] == "2025-09-30").sum() == len(new)
    leads = world.leads[world.leads["status"] != "open"]
    won = (leads["status"] == "won").groupby(leads["rep_id"].isin(new.index)).mean()
    assert won[True] < 0.7 * won[False]


def test_programmes_bring_what_the_truth_says(made):
    from dataclasses import replace

    from channel_analysis.simulator import NOTHING_PLANTED

    without, world = made(NOTHING_PLANTED), made(replace(NOTHING_PLANTED, programme_strength=3.0))
    orders, before = orders_of(world), orders_of(without)
    extra = orders["net"].sum() - before["net"].sum()
    told = sum(programme["incremental_amount"] for programme in world.truth["programmes"])
    assert told > 0
    assert extra == pytest.approx(told, rel=1e-6)
    effects = {programme["programme_type"]: programme["effect"] for programme in world.truth["programmes"]}
    assert effects["rebate"] == effects["technical_support"] == 0
    assert effects["promotion"] == pytest.approx(0.24)
    assert {"all", "random", "rule", "choice"} == set(world.programmes["assignment"])


def test_those_who_choose_prefer_partners_that_grow_anyway(made):
    from dataclasses import replace

    from channel_analysis.simulator import NOTHING_PLANTED

    size = {"partners": 300, "months": 30, "lines": 60_000}
    fair, biased = made(NOTHING_PLANTED, **size), made(replace(NOTHING_PLANTED, programme_bias=1.0), **size)
    assert chosen_quality(biased) > chosen_quality(fair) + 0.15


def chosen_quality(world) -> float:
    quality = pd.DataFrame(world.truth["partners"]).set_index("partner_id")["quality"]
    chosen = world.programmes[world.programmes["assignment"] == "choice"]["participant_id"]
    return float(quality[chosen].mean())


def test_a_badly_set_target_is_missed_by_a_sound_rep_and_a_fair_one_by_a_weak_rep(made):
    from dataclasses import replace

    from channel_analysis.simulator import NOTHING_PLANTED

    without = made(NOTHING_PLANTED)
    world = made(replace(NOTHING_PLANTED, bad_target_strength=0.5, weak_rep_strength=0.4))
    told = world.truth["territories"]
    misjudged, weak = told["badly_set_target"]["rep_id"], told["weak_rep"]["rep_id"]
    assert misjudged != weak
    targets = [rep_sums(one, one.targets, "target_amount") for one in (world, without)]
    sales = [rep_sums(one, one.sales, "net_amount") for one in (world, without)]
    assert targets[0][misjudged] == pytest.approx(1.5 * targets[1][misjudged], rel=0.02)
    assert targets[0][weak] == targets[1][weak]
    assert sales[0][misjudged] == pytest.approx(sales[1][misjudged], rel=1e-9)
    assert sales[0][weak] < 0.75 * sales[1][weak]


def rep_sums(world, table: pd.DataFrame, column: str) -> pd.Series:
    return table.dropna(subset=["rep_id"]).groupby("rep_id")[column].sum()


def test_faults_are_exactly_those_told(planted):
    sales, told = planted.sales, planted.truth["faults"]
    repeated = sales[sales.duplicated()]
    assert sorted(repeated["order_id"]) == sorted(told["repeated"])
    empty = sales[sales["net_amount"].isna()]
    assert sorted(empty["order_id"]) == sorted(told["without_net"])
    unknown = sales[~sales["product_id"].isin(planted.products["product_id"])]
    assert sorted(unknown["order_id"]) == sorted(told["unknown_product"])
    assert [len(told[name]) for name in ("repeated", "without_net", "unknown_product")] == [12, 6, 9]
    spoilt = pd.concat([repeated, empty, unknown])
    assert spoilt["partner_id"].isna().all()
    assert spoilt["order_date"].dt.to_period("Q").nunique() == 1
