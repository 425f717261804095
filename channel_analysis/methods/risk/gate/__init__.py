"""The leakage gate: what a panel knows that nobody could; it stops the fit and names the culprit."""

from .checks import find_leaks, refuse_leaks
from .leak import Leak

__all__ = ["Leak", "find_leaks", "refuse_leaks"]
