"""One way of scoring for channels, partners, sales force and candidates; nobody's score depends on others."""

from .engine import Scored, score
from .priors import fit_priors, no_priors, shrink
from .standing import movement, standings

__all__ = ["Scored", "fit_priors", "movement", "no_priors", "score", "shrink", "standings"]
