"""A mapping file as written in TOML: files by short name, and SELECTs per contract table."""

from __future__ import annotations

from itertools import accumulate
from typing import Annotated

from pydantic import AfterValidator, field_validator

from ..contracts.settings import Rules, wrong
from .sources import FileSpec

DEEPEST = 60
"""Parentheses within parentheses that a query may have."""

LONGEST_NAME = 60
"""Signs that a file's short name may have; it becomes part of names of files."""


def _shallow(query: str) -> str:
    depths = accumulate({"(": 1, ")": -1}.get(sign, 0) for sign in query)
    if max(depths, default=0) > DEEPEST:
        raise wrong("the query is nested too deeply", f"write it with at most {DEEPEST} nested parentheses")
    return query


class Written(Rules):
    """A block as written in TOML: one SELECT over the source files, and how its columns become ours.

    `values` translates enumerations (theirs to ours) of a target column, `dates` names the format
    of dates kept as text, `units` the factor that turns their unit into ours (10000 for 万元).
    `leave_out` names conditions of rows that are no facts of this table (postage, corrections of
    stock); they are counted with their money and shown.
    """

    query: Annotated[str, AfterValidator(_shallow)]
    values: dict[str, dict[str, str]] = {}
    dates: dict[str, str] = {}
    units: dict[str, float] = {}
    leave_out: dict[str, str] = {}


def _short(name: str) -> str:
    if len(name) > LONGEST_NAME:
        raise wrong("the name of a file is too long", f"give it a short one, of at most {LONGEST_NAME} signs")
    return name


class MappingFile(Rules):
    """A mapping as written in TOML: the files by short name, and blocks per contract table."""

    name: str = ""
    description: str = ""
    files: dict[Annotated[str, AfterValidator(_short)], FileSpec]
    tables: dict[str, list[Written]]

    @field_validator("files", mode="before")
    @classmethod
    def _bare_paths(cls, data: object) -> object:
        """A bare text stands for a file's path."""
        if isinstance(data, dict):
            return {name: {"path": spec} if isinstance(spec, str) else spec for name, spec in data.items()}
        return data
