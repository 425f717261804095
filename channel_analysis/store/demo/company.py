"""What the example company is: its channels, regions and products, before anything happens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

REGIONS = ("East", "North", "South", "Central", "Southwest", "Northeast")
REGION_WEIGHTS = np.array([28, 20, 20, 14, 10, 8])
DECLINING_RETAIL = "North"
"""The region in which the retailers order less from month to month."""


@dataclass(frozen=True, slots=True)
class Channel:
    """How one channel type trades.

    `orders` and `customers` count the direct business (0: partners order instead); `growth` is the
    rise from the first day to the last; `festive` the strength of the shopping festivals;
    `weekend` a weekend day's demand to a weekday's; `line_weights` the chances of 1, 2, ... lines.
    """

    name: str
    orders: int
    customers: int
    growth: float
    festive: float
    weekend: float
    line_weights: tuple[int, ...]
    units: tuple[int, int]
    bulk_share: float
    discount: float
    promotion_share: float
    return_share: float
    complaint_share: float
    score_weights: tuple[int, ...]


CHANNELS = (
    Channel("visit", 2000, 260, 0.05, 0.2, 0.2, (3, 3, 2), (3, 13), 0.0,
            0.20, 0.10, 0.020, 0.012, (2, 3, 10, 45, 40)),
    Channel("phone", 1900, 420, -0.10, 0.4, 0.6, (3, 2, 1), (1, 5), 0.0,
            0.19, 0.15, 0.050, 0.022, (3, 5, 15, 45, 32)),
    Channel("livestream", 5000, 1500, 3.00, 1.4, 1.5, (3, 2, 1), (1, 3), 0.03,
            0.29, 0.80, 0.170, 0.060, (11, 15, 22, 34, 18)),
    Channel("key_account", 2600, 60, 0.15, 0.1, 0.1, (2, 3, 2), (8, 31), 0.0,
            0.27, 0.05, 0.015, 0.012, (1, 3, 9, 44, 43)),
    Channel("online", 7600, 2400, 0.20, 1.2, 1.3, (3, 2, 1), (1, 3), 0.10,
            0.18, 0.60, 0.060, 0.028, (3, 6, 14, 43, 34)),
    Channel("distributor", 0, 0, 0.10, 0.3, 0.2, (2, 3, 3, 2, 1), (10, 45), 0.0,
            0.355, 0.25, 0.020, 0.018, (2, 5, 15, 46, 32)),
    Channel("retailer", 0, 0, 0.06, 0.5, 0.5, (2, 3, 3, 2, 1), (4, 17), 0.0,
            0.30, 0.40, 0.030, 0.022, (3, 6, 16, 45, 30)),
)  # fmt: skip
CHANNEL_NAMES = tuple(channel.name for channel in CHANNELS)
DIRECT = tuple(code for code, channel in enumerate(CHANNELS) if channel.orders)
INDIRECT = tuple(code for code, channel in enumerate(CHANNELS) if not channel.orders)
WITH_REPS = (0, 3, 5, 6)
"""Codes of visit, key_account, distributor and retailer."""


CATEGORIES = ("Kitchen", "Cleaning", "Air", "Personal care")
CATEGORY_SEASON = np.array(
    [
        [11, 10, 10, 10, 10, 10, 9, 9, 10, 10, 11, 12],
        [12, 12, 10, 10, 10, 10, 9, 9, 10, 10, 11, 11],
        [11, 9, 7, 8, 11, 15, 16, 14, 9, 8, 10, 12],
        [10, 10, 11, 10, 11, 10, 9, 9, 10, 10, 11, 11],
    ]
)
"""How much each category is asked for from January to December, in tenths of its mean."""

PRODUCTS = (
    ("rice_cookers", "电饭煲", 0, 39900, 50, 10),
    ("pressure_cookers", "电压力锅", 0, 45900, 51, 8),
    ("induction_hobs", "电磁炉", 0, 32900, 52, 7),
    ("electric_kettles", "电热水壶", 0, 12900, 47, 9),
    ("blenders", "破壁机", 0, 59900, 49, 6),
    ("woks", "炒锅", 0, 19900, 46, 7),
    ("vacuum_cleaners", "吸尘器", 1, 69900, 51, 6),
    ("handheld_vacuums", "手持吸尘器", 1, 39900, 50, 6),
    ("robot_vacuums", "扫地机器人", 1, 159900, 54, 4),
    ("steam_mops", "蒸汽拖把", 1, 49900, 50, 4),
    ("window_cleaners", "擦窗机", 1, 89900, 53, 3),
    ("garment_steamers", "挂烫机", 1, 27900, 48, 6),
    ("fans", "电风扇", 2, 17900, 51, 8),
    ("tower_fans", "塔扇", 2, 29900, 51, 5),
    ("air_purifiers", "空气净化器", 2, 129900, 52, 4),
    ("humidifiers", "加湿器", 2, 19900, 48, 6),
    ("dehumidifiers", "除湿机", 2, 99900, 53, 3),
    ("heaters", "取暖器", 2, 34900, 50, 5),
    ("hair_dryers", "电吹风", 3, 22900, 46, 8),
    ("shavers", "剃须刀", 3, 32900, 47, 6),
    ("electric_toothbrushes", "电动牙刷", 3, 24900, 46, 7),
    ("curling_irons", "卷发棒", 3, 15900, 46, 5),
    ("massagers", "按摩仪", 3, 36900, 48, 5),
    ("foot_baths", "足浴盆", 3, 28900, 50, 5),
)
"""Id, name, category, list price in fen, cost as per cent of it, popularity."""

PRODUCT_IDS = np.array([row[0] for row in PRODUCTS], dtype=object)
PRODUCT_CATEGORY = np.array([row[2] for row in PRODUCTS])
LIST_PRICE = np.array([row[3] for row in PRODUCTS])
UNIT_COST = LIST_PRICE * np.array([row[4] for row in PRODUCTS]) // 100
POPULARITY = np.array([row[5] for row in PRODUCTS])
