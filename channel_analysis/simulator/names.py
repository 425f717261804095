"""Invented names of partners, candidates, staff and key accounts, in Chinese and English."""

from __future__ import annotations

from .company import AGENT, DISTRIBUTOR, RETAILER
from .draw import Dice, Ints

_FIRST = (
    "盛达 Shengda", "鑫源 Xinyuan", "恒通 Hengtong", "瑞丰 Ruifeng", "嘉禾 Jiahe", "永泰 Yongtai",
    "金鼎 Jinding", "宏远 Hongyuan", "佳美 Jiamei", "华宇 Huayu", "聚鑫 Juxin", "德润 Derun",
    "新隆 Xinlong", "顺昌 Shunchang", "万家 Wanjia", "同兴 Tongxing", "泰和 Taihe", "百诚 Baicheng",
    "凯旋 Kaixuan", "明辉 Minghui", "天成 Tiancheng", "福临 Fulin", "海悦 Haiyue", "广利 Guangli",
    "亿佳 Yijia", "汇川 Huichuan", "中意 Zhongyi", "博雅 Boya", "润泽 Runze", "祥云 Xiangyun",
    "腾达 Tengda", "优居 Youju", "科兴 Kexing", "安顺 Anshun", "荣升 Rongsheng", "仁和 Renhe",
)  # fmt: skip
_ENDINGS = {
    DISTRIBUTOR: ("商贸 Trading", "贸易 Commerce", "供应链 Supply", "实业 Industries"),
    AGENT: ("代理 Agency", "营销 Marketing", "渠道 Channels", "销售 Sales"),
    RETAILER: ("家电 Appliances", "电器 Electric", "百货 Stores", "生活馆 Living"),
}
CANDIDATE_ENDINGS = ("电器城 Electric City", "优选 Select", "商行 Merchants", "广场 Plaza")
KEY_ACCOUNT_ENDINGS = ("酒店集团 Hotels", "物业 Property", "地产 Estates", "连锁 Chain")
AWKWARD = (
    (DISTRIBUTOR, "=盛世商贸"), (DISTRIBUTOR, "喆堃镕燊珺商贸"), (RETAILER, '"老街坊"家电'),
    (RETAILER, "<b>恒通</b>电器"), (RETAILER, "🚀飞驰电器"),
)  # fmt: skip
"""Names of partners that pages, spreadsheets and fonts must be able to bear."""
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢"
_GIVEN = "伟芳娜敏静强磊洋艳勇军杰涛明超霞平刚英志建晓博雨"


def company_name(number: int, endings: tuple[str, ...]) -> str:
    """A company's name; the first 144 are different, later ones carry a number."""
    number, ending = divmod(number, len(endings))
    again, first = divmod(number, len(_FIRST))
    chinese, english = _FIRST[first].split(" ")
    kind, english_kind = endings[ending].split(" ", 1)
    serial = f"{again + 1}" if again else ""
    return f"{chinese}{kind}{serial and serial + '号'} {english} {english_kind}{serial and ' ' + serial}"


def partner_names(dice: Dice, channel: Ints) -> list[str]:
    """Names of partners by the kind of their business; `channel` holds their channel types."""
    place = dice.shuffled("names", len(channel))
    turn = dict.fromkeys(_ENDINGS, 0)
    names = [""] * len(channel)
    for partner in place:
        kind = int(channel[partner])
        names[partner] = company_name(turn[kind] * 5 % 144 + turn[kind] // 144 * 144, _ENDINGS[kind])
        turn[kind] += 1
    return names


def staff_name(number: int) -> str:
    """A member of staff's name; the first 576 are different."""
    return _SURNAMES[number % len(_SURNAMES)] + _GIVEN[(number + number // len(_SURNAMES)) % len(_GIVEN)]
