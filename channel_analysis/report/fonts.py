"""Fonts for charts and for measuring text: the extra `zh`'s Noto Sans SC, else what the machine has."""

from __future__ import annotations

from functools import cache
from pathlib import Path

CHINESE = ("Noto Sans SC", "Noto Sans CJK SC", "WenQuanYi Micro Hei", "PingFang SC", "Microsoft YaHei")


@cache
def font_families(language: str = "en") -> list[str]:
    """Families for matplotlib that show Chinese too, first choice first: of the extra `zh`, or the machine's.

    In a notebook: `sns.set_theme(font=ca.font_families())`. A page uses its reader's own fonts.
    """
    from matplotlib import font_manager

    packaged = packaged_font()
    if packaged is not None:
        font_manager.fontManager.addfont(packaged)
    known = {entry.name for entry in font_manager.fontManager.ttflist}
    chinese = [name for name in CHINESE if name in known][:1]
    return ["DejaVu Sans", *chinese] if language == "en" else [*chinese, "DejaVu Sans"]


def packaged_font() -> Path | None:
    """Noto Sans SC of the extra `zh`; None when that is not installed."""
    try:
        import pylopdf_fonts_zh_cn
    except ImportError:
        return None
    found = sorted(Path(pylopdf_fonts_zh_cn.__file__).parent.glob("NotoSansSC-Regular.*"))
    return found[0] if found else None
