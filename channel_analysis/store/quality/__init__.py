"""The checks of stored tables: looks of their own give marks, one scan per table counts them all."""

from .judge import Judged, judge

__all__ = ["Judged", "judge"]
