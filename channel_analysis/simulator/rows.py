"""Rows as arrays of equal length, one a field: take some of them, put several on top of each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Self

import numpy as np

from .draw import Flags, Ints


class Rows:
    """Base of dataclasses whose fields are arrays by row."""

    __slots__ = ()

    def take(self, chosen: Ints | Flags) -> Self:
        """Some of the rows."""
        return type(self)(*(column[chosen] for column in self._columns()))

    @classmethod
    def stacked(cls, parts: Sequence[Self]) -> Self:
        """The rows of all parts, one after the other."""
        return cls(
            *(np.concatenate(column) for column in zip(*(part._columns() for part in parts), strict=True))
        )

    def _columns(self) -> list[Any]:
        return [getattr(self, field.name) for field in fields(self)]  # type: ignore[arg-type]
