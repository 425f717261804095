"""The language an analyst reads in: of results that show themselves, and of `show` without a language."""

from __future__ import annotations

import os

from ..errors import refuse
from ..words import check_language

DEFAULT_LANGUAGE = "en"

_chosen = {"language": ""}


def use_language(language: str) -> None:
    """From now on results show themselves in this language: "zh" or "en".

    Pages do not follow it: a published report names its languages.

    Raises
    ------
    InputError
        For a language there is no catalogue for.
    """
    refuse(check_language(language))
    _chosen["language"] = language


def reading_language() -> str:
    """The language chosen, or that of the environment (LC_ALL, LC_MESSAGES, LANG), or English."""
    if _chosen["language"]:
        return _chosen["language"]
    told = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return "zh" if told.lower().startswith("zh") else DEFAULT_LANGUAGE
