"""Invented names of partners, candidates, staff and key accounts."""

from __future__ import annotations

from .draw import Rng

_PAIRS = (
    "盛达鑫源恒通瑞丰嘉禾永泰金鼎宏远佳美华宇聚鑫德润新隆顺昌万家同兴泰和百诚"
    "凯旋明辉天成福临海悦广利亿佳汇川中意博雅润泽祥云腾达优居科兴安顺荣升仁和"
)
_FIRST = [_PAIRS[place : place + 2] for place in range(0, len(_PAIRS), 2)]
_ENDINGS = {
    "distributor": ("商贸", "贸易", "供应链", "实业"),
    "retailer": ("家电", "电器", "百货", "生活馆"),
    "candidate": ("电器城", "优选", "商行"),
    "key_account": ("酒店集团", "物业", "地产", "连锁"),
}
AWKWARD = {
    "distributor": ("=盛世商贸", "喆堃镕燊珺商贸"),
    "retailer": ('"老街坊"家电', "<b>恒通</b>电器", "🚀飞驰电器"),
}
"""Names of partners that pages, spreadsheets and fonts must be able to bear."""
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢"
_GIVEN = "伟芳娜敏静强磊洋艳勇军杰涛明超霞平刚英志建晓博雨"

STAFF_NAMES = tuple(name + given for name, given in zip(_SURNAMES, _GIVEN, strict=True))


def company_names(rng: Rng, kind: str, count: int) -> list[str]:
    """`count` different plain names for a kind of company."""
    names = [first + ending for first in _FIRST for ending in _ENDINGS[kind]]
    return [names[place] for place in rng.permutation(len(names))[:count]]
