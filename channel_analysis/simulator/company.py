"""What the simulated company is before anything happens: channel types, regions and products."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

REGIONS = (
    "Guangdong", "Jiangsu", "Shandong", "Zhejiang", "Henan", "Sichuan",
    "Hubei", "Fujian", "Shanghai", "Beijing", "Liaoning", "Shaanxi",
)  # fmt: skip
REGION_WEIGHTS = np.array([15, 13, 11, 11, 9, 8, 7, 6, 7, 6, 4, 3])

APPROVAL_LIMIT = 5_000_000
"""Net amount of one order, in fen, from which a superior has to approve it."""


@dataclass(frozen=True, slots=True)
class Channel:
    """How one channel type trades.

    `lines` is its share of all order lines; `growth` the rise in demand a year; `festive` the strength
    of the shopping festivals; `weekend` a weekend day's demand to a weekday's; `line_weights` the
    chances of 1, 2, ... lines; `units` the range of units of a line; `discount` the lowest regular
    discount in thousandths of the list price, which ranges over 50; `reps` their share of all reps;
    `score_weights` the chances of 1 to 5 stars from a partner or cell of middling quality.
    """

    name: str
    family: str
    team: str
    lines: float
    growth: float
    festive: float
    weekend: float
    line_weights: tuple[int, ...]
    units: tuple[int, int]
    discount: int
    promotion_share: float
    return_share: float
    complaint_share: float
    reps: int
    score_weights: tuple[int, ...]

    @property
    def mean_lines(self) -> float:
        """Lines of an order on average."""
        counts = range(1, len(self.line_weights) + 1)
        return sum(n * w for n, w in zip(counts, self.line_weights, strict=True)) / sum(self.line_weights)


CHANNELS = (
    Channel("visit", "direct", "Field sales", 0.10, 0.06, 0.2, 0.2, (3, 3, 2), (2, 9),
            150, 0.10, 0.040, 0.013, 12, (2, 3, 8, 42, 45)),
    Channel("phone", "direct", "Phone sales", 0.08, -0.12, 0.4, 0.6, (3, 2, 1), (1, 4),
            150, 0.15, 0.050, 0.022, 8, (3, 5, 13, 43, 36)),
    Channel("livestream", "direct", "Live-stream", 0.18, 0.40, 1.2, 1.5, (3, 2, 1), (1, 3),
            240, 0.80, 0.120, 0.036, 4, (6, 9, 17, 38, 30)),
    Channel("key_account", "direct", "Key accounts", 0.07, 0.12, 0.1, 0.1, (2, 3, 2), (8, 36),
            220, 0.05, 0.030, 0.012, 6, (1, 3, 8, 40, 48)),
    Channel("distributor", "indirect", "Distribution", 0.30, 0.11, 0.3, 0.2, (1, 3, 4, 3, 1), (6, 44),
            260, 0.25, 0.020, 0.018, 12, (2, 4, 11, 43, 40)),
    Channel("agent", "indirect", "Agents", 0.08, 0.08, 0.2, 0.2, (2, 3, 2, 1), (4, 24),
            220, 0.20, 0.022, 0.020, 6, (2, 5, 12, 43, 38)),
    Channel("retailer", "indirect", "Retail", 0.19, 0.03, 0.5, 0.5, (2, 3, 3, 2, 1), (2, 16),
            220, 0.40, 0.028, 0.022, 12, (3, 5, 12, 42, 38)),
)  # fmt: skip
CHANNEL_NAMES = tuple(channel.name for channel in CHANNELS)
DIRECT = tuple(code for code, channel in enumerate(CHANNELS) if channel.family == "direct")
INDIRECT = tuple(code for code, channel in enumerate(CHANNELS) if channel.family == "indirect")
VISIT, PHONE, LIVESTREAM, KEY_ACCOUNT, DISTRIBUTOR, AGENT, RETAILER = range(7)
PARTNER_SHARES = {DISTRIBUTOR: 0.35, AGENT: 0.15, RETAILER: 0.50}
"""How partners divide into channel types, by number."""

FLOOR_DISCOUNT = 460
"""Discount in thousandths at which a price stands at the floor."""
GUIDE_DISCOUNT = 330
AUTHORITY_MARGIN = (160, 180)
"""A rep's authority above the channel's lowest regular discount: of some, of others, in thousandths."""

CATEGORIES = ("Kitchen", "Cooking", "Cleaning", "Air", "Personal care", "Water")
CATEGORY_SEASON = np.array(
    [
        [11, 10, 10, 10, 10, 10, 9, 9, 10, 10, 11, 12],
        [12, 11, 10, 9, 9, 9, 9, 9, 10, 10, 11, 12],
        [12, 12, 10, 10, 10, 10, 9, 9, 10, 10, 11, 11],
        [10, 9, 8, 9, 11, 14, 15, 13, 9, 8, 9, 11],
        [10, 10, 11, 10, 11, 10, 9, 9, 10, 10, 11, 11],
        [9, 9, 10, 10, 11, 12, 12, 11, 10, 10, 9, 9],
    ]
)
"""How much each category is asked for from January to December, in tenths of its mean."""
_BRANDS = ("禾悦 Heyue", "禾悦 Heyue", "清岚 Qinglan", "清岚 Qinglan", "悦己 Yueji", "清岚 Qinglan")

_KINDS = (
    ("rice_cooker", "Rice cooker", "电饭煲", 0, 399, 50, 10),
    ("kettle", "Electric kettle", "电热水壶", 0, 149, 47, 9),
    ("blender", "Blender", "破壁机", 0, 599, 49, 6),
    ("toaster", "Toaster", "多士炉", 0, 199, 48, 5),
    ("pressure_cooker", "Pressure cooker", "电压力锅", 1, 459, 51, 8),
    ("induction_hob", "Induction hob", "电磁炉", 1, 329, 52, 7),
    ("air_fryer", "Air fryer", "空气炸锅", 1, 369, 50, 8),
    ("vacuum", "Vacuum cleaner", "吸尘器", 2, 699, 51, 6),
    ("robot_vacuum", "Robot vacuum", "扫地机器人", 2, 1299, 53, 4),
    ("steam_mop", "Steam mop", "蒸汽拖把", 2, 459, 50, 5),
    ("steamer", "Garment steamer", "挂烫机", 2, 279, 48, 6),
    ("fan", "Fan", "电风扇", 3, 219, 51, 8),
    ("purifier", "Air purifier", "空气净化器", 3, 999, 52, 4),
    ("humidifier", "Humidifier", "加湿器", 3, 199, 48, 6),
    ("heater", "Heater", "取暖器", 3, 349, 50, 5),
    ("hair_dryer", "Hair dryer", "电吹风", 4, 229, 46, 8),
    ("shaver", "Shaver", "剃须刀", 4, 329, 47, 6),
    ("toothbrush", "Electric toothbrush", "电动牙刷", 4, 249, 46, 7),
    ("water_filter", "Water filter", "净水器", 5, 1099, 51, 4),
    ("water_dispenser", "Water dispenser", "饮水机", 5, 459, 51, 5),
)
"""Id, English and Chinese name, category, price in yuan, cost as per cent of it, popularity."""
_MODELS = (("A1", 70, 10), ("A3", 100, 12), ("B5", 135, 8), ("Pro", 190, 4))
"""Model, price and popularity in tenths of the kind's."""


@dataclass(frozen=True, slots=True)
class Product:
    """One product; money in fen."""

    product_id: str
    name: str
    brand: str
    category: int
    list_price: int
    cost: int
    popularity: int


def _products() -> tuple[Product, ...]:
    return tuple(
        Product(
            product_id=f"{kind}_{model.lower()}",
            name=f"{chinese} {english} {model}",
            brand=_BRANDS[category],
            category=category,
            list_price=(price := (yuan * level // 1000 * 10 + 9) * 100),
            cost=price * cost // 100,
            popularity=liking * popularity,
        )
        for kind, english, chinese, category, yuan, cost, popularity in _KINDS
        for model, level, liking in _MODELS
    )


PRODUCTS = _products()
PRODUCT_IDS = tuple(product.product_id for product in PRODUCTS)
PRODUCT_CATEGORY = np.array([product.category for product in PRODUCTS])
LIST_PRICE = np.array([product.list_price for product in PRODUCTS])
UNIT_COST = np.array([product.cost for product in PRODUCTS])
POPULARITY = np.array([product.popularity for product in PRODUCTS])
