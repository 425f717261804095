"""Pages of sections alone: no notebook, no kernel, the same page function and the same style."""

from __future__ import annotations

from collections.abc import Sequence

from ..words import Words
from .blocks import Section
from .html import section_html
from .page import Entry, page_html


def sheet_html(sections: Sequence[Section], words: Words, others: Sequence[str], report: str) -> str:
    """A whole page of sections, the banner first, linked to the same page in `others`.

    `report` is the name pages are filed under, such as "quality".
    """
    return page_html(
        body="\n".join(section_html(section, words).strip() for section in sections),
        title=sections[0].title,
        language=words.language,
        contents=[Entry(section.id, section.title) for section in sections if section.kind == "section"],
        others=others,
        report=report,
    )
