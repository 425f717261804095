"""Priors learnt from closed periods, kept in `priors.csv` once a report that used them is out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError, Problem
from ..files import written_beside

if TYPE_CHECKING:
    import pandas as pd

TABLE = "priors.csv"
"""The table's name in a workspace."""

KEYS = ["period", "level"]
TEXTS = [*KEYS, "group", "kpi", "kind"]


def frozen_priors(root: Path, period: str, level: str) -> pd.DataFrame | None:
    """The priors a period's scores of a level were published with; None when none were.

    Raises
    ------
    InputError
        When the table cannot be read.
    """
    table = _read(root / TABLE)
    if table is None:
        return None
    own = table[(table["period"] == period) & (table["level"] == level)]
    return own.drop(columns=KEYS).reset_index(drop=True) if len(own) else None


def freeze_priors(root: Path, period: str, level: str, priors: pd.DataFrame) -> bool:
    """Keep the priors of a period and level for good; False when some are kept already.

    Raises
    ------
    InputError
        When the table cannot be read or written.
    """
    import pandas as pd

    if not len(priors) or frozen_priors(root, period, level) is not None:
        return False
    before = _read(root / TABLE)
    new = priors.copy()
    new.insert(0, "period", period)
    new.insert(1, "level", level)
    whole = new if before is None else pd.concat([before, new], ignore_index=True)
    try:
        with written_beside(root / TABLE) as beside:
            whole.to_csv(beside, index=False, float_format="%.17g", lineterminator="\n")
    except OSError as error:
        raise _unusable(root / TABLE, str(error.strerror or error)) from None
    return True


def _read(path: Path) -> pd.DataFrame | None:
    import pandas as pd

    try:
        table = pd.read_csv(path, dtype=str)
        missing = {*TEXTS, "mean", "spread", "strength", "unit"} - set(table.columns)
        if missing:
            raise ValueError(f"it lacks {', '.join(sorted(missing))}")
        numbers = [name for name in table.columns if name not in TEXTS]
        return table.astype(dict.fromkeys(TEXTS, object) | dict.fromkeys(numbers, float))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _unusable(path, str(error)) from None


def _unusable(path: Path, why: str) -> InputError:
    fix = "put the file back as it was; without it the priors are learnt anew from the data"
    return InputError([Problem(str(path), f"the priors cannot be used: {why}", fix)])
