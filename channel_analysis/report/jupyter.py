"""In Jupyter a result shows itself: the last expression of a cell, without a call of show."""

from __future__ import annotations

import sys
from typing import Any

_RESULTS = "channel_analysis.results"
_SHOWN = ("Banner", "Message", "ChannelResults", "Scorecard", "DataQuality", "Appendix", "Pending")
_OF_A_REVIEW = ("banner", "message", "results", "scorecard", "quality")


def register() -> None:
    """Tell the running IPython how results look; do nothing where none runs.

    Types are named, not imported: nothing is loaded before a result is shown.
    """
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is None:
        return
    formatter = shell.display_formatter.formatters["text/html"]
    for name in _SHOWN:
        formatter.for_type_by_name(_RESULTS, name, _html)
    formatter.for_type_by_name(_RESULTS, "Review", _review_html)


def _html(*results: Any) -> str:
    from .html import style_sheet
    from .show import show

    shown = "".join(show(result).html() for result in results)
    return f'<style>{style_sheet()}</style><div class="channel-analysis">{shown}</div>'


def _review_html(review: Any) -> str:
    return _html(*(getattr(review, part) for part in _OF_A_REVIEW))
