"""Sales channel performance: KPIs, scorecards and reports from a workspace of a company's own data.

`open_workspace` opens a company's folder, `periods` says which periods it holds, `measure` gives
KPI values, `review` a period's channel review, `show` shows any part of it in Chinese or English,
`publish` makes the pages. Everything is imported when it is first used; `notebooks/tour.ipynb` walks
through it.

>>> import channel_analysis as ca
>>> sorted(ca.__all__)[3:7]
['make_workspace', 'measure', 'open_workspace', 'periods']
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import InputError, Problem

if TYPE_CHECKING:
    from .analysis.measure import measure, periods
    from .analysis.review import review
    from .report.fonts import font_families
    from .report.publish import publish
    from .report.saving import save_tables
    from .report.show import show
    from .store.scaffold import make_workspace
    from .store.workspace import open_workspace

__version__ = "0.1.0"

_DOORS = {
    "make_workspace": "store.scaffold",
    "publish": "report.publish",
    "open_workspace": "store.workspace",
    "font_families": "report.fonts",
    "measure": "analysis.measure",
    "periods": "analysis.measure",
    "review": "analysis.review",
    "show": "report.show",
    "save_tables": "report.saving",
}

__all__ = [
    "InputError",
    "Problem",
    "font_families",
    "make_workspace",
    "measure",
    "open_workspace",
    "periods",
    "publish",
    "review",
    "save_tables",
    "show",
]


def __getattr__(name: str) -> Any:
    if name in _DOORS:
        return getattr(import_module(f".{_DOORS[name]}", __name__), name)
    raise AttributeError(f"module 'channel_analysis' has no attribute '{name}'")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


if "IPython" in sys.modules:
    import_module(".report.jupyter", __name__).register()
