"""The contract's sales from the ledger, with a few planted faults for the data section to find."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .company import CHANNEL_NAMES, PRODUCT_IDS, REGIONS
from .draw import Rng, label, named
from .orders import ORDER, RETURN
from .season import PROMOTION_IDS, date_of

DUPLICATED, WITHOUT_NET, UNKNOWN_PRODUCT = 12, 6, 9
_UNKNOWN_IDS = ("rice_cooker", "gift_sets", "sample_units")
_FAULTY_QUARTER = 6


def sales_table(rng: Rng, ledger: pd.DataFrame) -> pd.DataFrame:
    """The contract's sales by date, the repeated lines at the end."""
    ledger = ledger.sort_values(["day", "kind"], kind="stable", ignore_index=True)
    return _plant_faults(rng, ledger, _as_contract(ledger))


def order_ids(kind: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Ids of orders (SO...) and returns (RT...)."""
    return np.where(kind == RETURN, label("RT", order, 6), label("SO", order, 6))


def _as_contract(ledger: pd.DataFrame) -> pd.DataFrame:
    codes = {name: ledger[name].to_numpy() for name in ledger}
    return pd.DataFrame(
        {
            "order_id": order_ids(codes["kind"], codes["order"]),
            "line_number": named([str(n) for n in range(10)], codes["line"]),
            "kind": named(("order", "return"), codes["kind"]),
            "order_date": date_of(codes["day"]),
            "original_order_id": label("SO", codes["origin"], 6),
            "channel_type": named(CHANNEL_NAMES, codes["channel"]),
            "region": named(REGIONS, codes["region"]),
            "partner_id": label("P", codes["partner"], 5),
            "rep_id": label("S", codes["rep"], 3),
            "customer_id": label("", codes["customer"], 6),
            "product_id": named(PRODUCT_IDS, codes["product"]),
            "promotion_id": named(PROMOTION_IDS, codes["promotion"]),
            "quantity": codes["quantity"],
            "gross_amount": codes["gross"],
            "discount_amount": codes["discount"],
            "net_amount": pd.array(codes["net"], dtype="Int64"),
            "cost_amount": codes["cost"],
        }
    )


def _plant_faults(rng: Rng, ledger: pd.DataFrame, sales: pd.DataFrame) -> pd.DataFrame:
    """Spoil direct lines of the last complete quarter that nobody returned."""
    spoilable = (
        (ledger["partner"] < 0)
        & (ledger["kind"] == ORDER)
        & (ledger["quarter"] == _FAULTY_QUARTER)
        & ~ledger["order"].isin(ledger["origin"])
    )
    rows = rng.permutation(np.flatnonzero(spoilable))
    repeated, rest = rows[:DUPLICATED], rows[DUPLICATED:]
    without_net, rest = rest[:WITHOUT_NET], rest[WITHOUT_NET:]
    sales.loc[without_net, "net_amount"] = pd.NA
    sales.loc[rest[:UNKNOWN_PRODUCT], "product_id"] = [
        _UNKNOWN_IDS[turn % len(_UNKNOWN_IDS)] for turn in range(UNKNOWN_PRODUCT)
    ]
    return pd.concat([sales, sales.iloc[np.sort(repeated)]], ignore_index=True)
