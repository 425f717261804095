"""Secrets kept out of what is told: messages, failure pages and run records."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..store.workspace import Workspace

MASK = "•••"

_NAMES = r"pass(?:word|wd|phrase)?|pwd|secret|token|credential|api[_-]?key|access[_-]?key|private[_-]?key"
_NAMED = re.compile(
    rf"(?i)((?:[\w.-]*(?:{_NAMES})[\w.-]*)[\"']?\s*[=:]\s*)(\"[^\"\n]*\"|'[^'\n]*'|[^\s,;&)\"']+)"
)
_IN_ADDRESS = re.compile(r"(\w[\w+.-]*://[^\s/:@]*:)[^\s/]+(@)")
_BEARER = re.compile(r"(?i)\b(bearer|basic)(\s+)[\w.~+/=-]{8,}")
_SECRET_NAME = re.compile(rf"(?i){_NAMES}|_key$")
_PLACES = ("PWD", "OLDPWD")
"""Variables of the shell that are called like a secret and are none."""

_SHORTEST = 6
"""A value of the environment that is shorter may stand in any text by chance."""


def secret_names(ws: Workspace) -> set[str]:
    """Variables that a workspace takes its passwords from, whatever they are called."""
    own = {spec.password_env for spec in ws.mapping.files.values() if spec.password_env}
    return own | {ws.settings.spark.token_env}


def without_secrets(
    text: str, environment: Mapping[str, str] = os.environ, names: Collection[str] = ()
) -> str:
    """A text with passwords, tokens and whatever the environment keeps under such names, or `names`, masked.

    Examples
    --------
    >>> without_secrets("no route to postgresql://ann:hunter2@db/sales, password=hunter2", {})
    'no route to postgresql://ann:•••@db/sales, password=•••'
    >>> without_secrets("login with s3cr3t-one failed", {"SMTP_PASSWORD": "s3cr3t-one"})
    'login with ••• failed'
    """
    called = {name for name in environment if _SECRET_NAME.search(name) and name not in _PLACES}
    kept = {environment[name] for name in called | {name for name in names if name in environment}}
    for value in sorted((value for value in kept if len(value) >= _SHORTEST), key=len, reverse=True):
        text = text.replace(value, MASK)
    text = _IN_ADDRESS.sub(rf"\1{MASK}\2", text)
    return _BEARER.sub(rf"\1\2{MASK}", _NAMED.sub(rf"\1{MASK}", text))
