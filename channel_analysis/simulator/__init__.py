"""An invented manufacturer with all its tables, and the truth about it: what was planted, and where."""

from .dials import NOTHING_PLANTED, Dials
from .run import simulate

__all__ = ["NOTHING_PLANTED", "Dials", "simulate"]
