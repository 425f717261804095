"""Explanations made by hand: what each page on causes must be able to show."""

import dataclasses
import datetime

import pandas as pd

from channel_analysis.results import Caveat, Names, Scope
from channel_analysis.rootcauses import COLUMNS, RootCause

NAN = float("nan")
HOSTILE = "<script>alert(1)</script> =cmd('x') \"quoted\" & 'quoted' 🚀 喆堃镕燊珺 {n} ]]>"
SCOPE = Scope(
    "Example", "2025Q3", datetime.date(2025, 7, 1), datetime.date(2025, 10, 1), "2025Q2", "2024Q3", "CNY",
    datetime.date(2025, 9, 30), None, (), {},
    Names(
        {"distributor": {"en": "Distributors", "zh": "经销商"}},
        {
            "net_sales": {"en": "Net sales", "zh": "净销售额"},
            "csat": {"en": "Satisfied customers", "zh": "客户满意率"},
        },
        {"net_sales": "money", "csat": "share"},
        {
            "region": {"east": {"en": "East", "zh": "华东"}, "north": {"en": "North", "zh": "华北"}},
            "category": {"air": {"en": "Air", "zh": "空气"}},
        },
    ),
)  # fmt: skip


def frame(name: str, *rows: tuple) -> pd.DataFrame:
    """One of an explanation's tables."""
    return pd.DataFrame(list(rows), columns=list(COLUMNS[name]))


def ledger(change: float, **branches: dict[str, float]) -> pd.DataFrame:
    """A ledger of branches, each of which adds up to the change."""
    kinds = {"by_factor": "factor", "by_segment": "segment", "by_entity": "entity"}
    rows = [("change", "", "total", change, NAN)]
    for node, parts in branches.items():
        rows.append((node, "change", "total", change, change - sum(parts.values())))
        rows += [(f"{node}/{name}", node, kinds[node], amount, NAN) for name, amount in parts.items()]
    return frame("ledger", *rows)


EAST, ONLINE = "region=east & category=air", "channel_type=online"


def usual() -> RootCause:
    """Net sales 1.28 million lower than last year: a region's category, all online sales, and discounts."""
    bars = {
        "new_partners": 240_000.0, "lost_partners": -610_000.0, "new_products": 90_000.0,
        "lost_products": -20_000.0, "volume": -830_000.0, "mix": 60_000.0, "price": 140_000.0,
        "discount": -350_000.0, "returns": 0.0,
    }  # fmt: skip
    change = sum(bars.values())
    segments = {EAST: -1_020_000.0, ONLINE: -210_000.0}
    where = {"usual": -100_000.0, "everything": 30_000.0, **segments}
    return RootCause(
        kpi="net_sales", unit="money", better="higher", period="2025Q3", base="2024Q3", against="last_year",
        now=41_220_000.0, before=42_500_000.0, change=change, usual=-100_000.0, verdict="segments",
        noise="history", placebo="earlier", placebo_runs=11, p_value=0.004,
        dimensions=("channel_type", "region", "category", "partner"),
        ledger=ledger(change, by_factor=bars, by_segment={**where, "rest": change - sum(where.values())}),
        bridge=frame(
            "bridge",
            ("before", 42_500_000.0, NAN, NAN, True, NAN),
            *((bar, amount, NAN, NAN, False, 3 if "partner" in bar else NAN) for bar, amount in bars.items()),
            ("now", 41_220_000.0, NAN, NAN, True, NAN),
        ),
        drivers=frame(
            "drivers",
            ("partners", 412.0, 397.0, -600_000.0),
            ("value_per_order", 1830.5, 1792.25, -680_000.0),
        ),
        split=frame("split"),
        segments=frame(
            "segments",
            (1, "", EAST, 3_400_000.0, 2_350_000.0, 3_370_000.0, -1_020_000.0, -1_310_000.0, -730_000.0,
             0.797, 0.0004, "beyond_noise"),
            (2, "discount", "region=north", 0.12, 0.155, NAN, -330_000.0, -420_000.0, -240_000.0,
             0.258, 0.004, "beyond_noise"),
            (3, "", ONLINE, 9_000_000.0, 8_700_000.0, 8_910_000.0, -210_000.0, -400_000.0, -20_000.0,
             0.164, 0.031, "single_order"),
        ),
        parts=frame(
            "parts",
            (1, "region", "east", "east"),
            (1, "category", "air", "air"),
            (2, "region", "north", "north"),
            (3, "channel_type", "online", "online"),
        ),
        causes=frame(
            "causes",
            (1, 1, "strategy", "stock_out", 0.31, 0.02, "share", -640_000.0, -810_000.0, -470_000.0,
             "measured", 0.001, "sold_on_gap_days", False),
            (1, 2, "market", "rival", 0.18, 0.12, "share", NAN, NAN, NAN,
             "associated", 0.04, "rival_not_grown", False),
            (1, 3, "people", "new_reps", 1.0, 0.0, "count", NAN, NAN, NAN,
             "asserted", NAN, "loss_with_old_reps", True),
            (2, 1, "strategy", "discount", 0.155, 0.12, "share", -330_000.0, -420_000.0, -240_000.0,
             "measured", 0.004, "discount_unchanged", False),
        ),
        proposals=pd.DataFrame({"measure_id": ["M1"], "measure": ["restore_stock"], "segment": [EAST]}),
        scope=SCOPE,
        caveats=(Caveat("usual_known", "note", "net_sales", {"pairs": 8}),),
    )  # fmt: skip


def ratio() -> RootCause:
    """Satisfaction 1.9 points lower: one region's own rate, a new partner, a mix that moved."""
    rows = (
        ("P1", "Hangzhou Air", 0.30, 0.26, 0.84, 0.80, -0.0112, 0.0008, "continuing", -0.0104),
        (
            "P2",
            "华东精工家电经销有限责任公司",
            0.40,
            0.42,
            0.88,
            0.87,
            -0.0041,
            0.0006,
            "continuing",
            -0.0035,
        ),
        ("P3", "", NAN, 0.12, NAN, 0.79, 0.0, -0.0072, "new", -0.0072),
        ("P4", "Old Friends", 0.30, NAN, 0.852, NAN, 0.0, 0.0021, "lost", 0.0021),
        ("P5", "Fuzhou", 0.0, 0.20, 0.86, 0.86, 0.0, 0.0, "continuing", 0.0),
    )
    amounts = {row[0]: row[-1] for row in rows}
    change = sum(amounts.values())
    where = {"usual": 0.0, "everything": -0.002, "region=east": -0.0165}
    empty = {name: frame(name) for name in ("bridge", "drivers", "proposals")}
    return dataclasses.replace(
        usual(), kpi="csat", unit="share", before=0.8586, now=0.8586 + change, change=change, usual=0.0,
        **empty,
        ledger=ledger(change, by_entity=amounts, by_segment={**where, "rest": change - sum(where.values())}),
        split=frame("split", *rows), placebo="permuted", placebo_runs=199, p_value=0.02,
        segments=frame(
            "segments",
            (1, "", "region=east", 0.861, 0.803, 0.857, -0.0165, -0.024, -0.009, -0.0165 / change,
             0.02, "beyond_noise"),
        ),
        parts=frame("parts", (1, "region", "east", "east")), causes=frame("causes"), caveats=(),
    )  # fmt: skip


def offsetting() -> RootCause:
    """Two segments that cancel."""
    told = usual()
    moved = told.segments.assign(factor="", contribution=[500.0, -500.0, 0.0], low=[400.0, -600.0, -1.0])
    moved = moved.assign(high=[600.0, -400.0, 1.0], share=NAN).head(2)
    where = {EAST: 500.0, "region=north": -500.0, "rest": 0.0}
    return dataclasses.replace(
        told, segments=moved, change=0.0, usual=0.0, now=told.before, ledger=ledger(0.0, by_segment=where)
    )


def quiet(verdict: str) -> RootCause:
    """Nothing found, for one of the reasons there are."""
    empty = {name: frame(name) for name in ("segments", "parts", "causes", "proposals")}
    told = usual()
    where = {"usual": told.usual, "everything": 30_000.0}
    book = ledger(told.change, by_segment={**where, "rest": told.change - sum(where.values())})
    return dataclasses.replace(told, verdict=verdict, p_value=0.43, ledger=book, **empty)


def noise() -> RootCause:
    return quiet("noise")


def everything_moved() -> RootCause:
    return quiet("everything_moved")


def not_in_dimensions() -> RootCause:
    return quiet("not_in_dimensions")


def no_base() -> RootCause:
    why = (Caveat("change_no_base", "note", "net_sales", {"period": "2024Q3", "reason": "no_rows"}),)
    told = usual()
    heading = {name: getattr(told, name) for name in ("kpi", "unit", "better", "period", "base", "against")}
    return RootCause.nothing(heading, SCOPE, why)


def plan() -> RootCause:
    """Against plan: bars below and above it, no past to compare with."""
    told = usual()
    bars = (("below_plan", -1_500_000.0), ("above_plan", 220_000.0))
    bridge = frame(
        "bridge",
        ("before", 42_500_000.0, NAN, NAN, True, NAN),
        *((bar, amount, amount - 9e4, amount + 9e4, False, 4) for bar, amount in bars),
        ("now", 41_220_000.0, NAN, NAN, True, NAN),
    )
    return dataclasses.replace(told, against="plan", base="2025Q3", bridge=bridge, usual=NAN, placebo="tail")


def hostile() -> RootCause:
    """Every name from data means harm, or has no end."""
    told = usual()
    bad = told.parts.assign(dimension="partner", value=HOSTILE, name=HOSTILE)
    bad.loc[bad["place"] == 2, ["value", "name"]] = "\u202egnorw\u202c " + "很长" * 5000
    causes = told.causes.assign(cause=HOSTILE, refuted_by=HOSTILE, tag="own", grade="own", unit="own")
    split = ratio().split.assign(name=HOSTILE, entity=HOSTILE)
    caveats = (Caveat("own_caveat", "warning", HOSTILE, {"a": HOSTILE}), Caveat("usual_known", "note"))
    return dataclasses.replace(told, parts=bad, causes=causes, split=split, caveats=caveats)


CASES = {
    case.__name__: case
    for case in (usual, ratio, offsetting, noise, everything_moved, not_in_dimensions, no_base, plan, hostile)
}
