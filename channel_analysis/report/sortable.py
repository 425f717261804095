"""Tables that can be sorted and searched in JupyterLab, without a network."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..errors import InputError, Problem

if TYPE_CHECKING:
    import pandas as pd

PLAIN_ROWS = 20
"""Frames of so many rows stay as they are: they are seen whole."""

_LINKS = re.compile(r"\(need <a href=https:[^>]*>help</a>\?\)|<a href=https://itables[^>]*>.*?</a>")
"""Links of the library to its own pages, unescaped; those in data are escaped and stay."""

_LOOKS: dict[str, Any] = {
    "classes": "display compact",
    "style": "table-layout:auto;width:auto;margin:0;caption-side:top",
    "display_logo_when_loading": False,
    "maxBytes": "1MB",
    "allow_html": False,
}


def interactive_tables() -> None:
    """From now on, frames of more than 20 rows that a notebook shows can be sorted and searched.

    What it takes is written into the notebook's output; nothing is loaded from elsewhere. Published
    reports stay plain.

    Raises
    ------
    InputError
        When there is no notebook, or itables (of the extra `lab`) is not installed.
    """
    try:
        from IPython import get_ipython
        from itables import init_notebook_mode
    except ImportError:
        fix = "install the extra: pip install 'channel_analysis[lab]'"
        raise InputError([Problem("interactive_tables", "itables is not installed", fix)]) from None
    shell = get_ipython()
    if shell is None:
        what = "there is no notebook to show tables in"
        raise InputError([Problem("interactive_tables", what, "call it in a notebook")])
    import pandas as pd

    init_notebook_mode(all_interactive=False, connected=False)
    shell.display_formatter.formatters["text/html"].for_type(pd.DataFrame, sortable_html)


def sortable_html(frame: pd.DataFrame) -> str | None:
    """The frame's HTML: sortable when it is long, as pandas writes it otherwise."""
    if len(frame) <= PLAIN_ROWS:
        plain: str | None = frame._repr_html_()
        return plain
    from itables import to_html_datatable

    return _LINKS.sub("", to_html_datatable(frame, connected=False, **_LOOKS))
