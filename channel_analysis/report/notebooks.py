"""Report notebooks: where they are, what parameters they take, whether given ones fit."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError, Problem, did_you_mean, refuse
from ..files import CATALOG


def notebook_folders(root: Path | None = None) -> list[Path]:
    """Folders with notebooks, first choice first: those that come along, or a workspace's own.

    The package's notebooks lie in the catalogue of an installed wheel, and in `notebooks/` beside
    the package where the repository itself is installed.
    """
    shipped = [CATALOG / "notebooks", CATALOG.parent.parent / "notebooks"]
    return [folder for folder in ([root / "notebooks"] if root else shipped) if folder.is_dir()]


def report_names(root: Path | None = None) -> list[str]:
    """Names of the reports that come along, or of a workspace's own."""
    found = {path.stem for folder in notebook_folders(root) for path in (folder / "reports").glob("*.ipynb")}
    return sorted(found)


def find_report(
    name: str, root: Path | None = None, own: bool = False, sheets: Iterable[str] = ()
) -> tuple[Path | None, bool]:
    """The notebook of a report and whether it is the workspace's own; no notebook for one of `sheets`.

    A notebook runs whatever code it holds, and a workspace may come from anywhere: its own notebooks
    are taken only if `own` says so.

    Raises
    ------
    InputError
        With the nearest name when there is no such report, or how to run a workspace's own.
    """
    shipped, mine = report_names(), report_names(root) if root else []
    if root and own and name in mine:
        return root / "notebooks" / "reports" / f"{name}.ipynb", True
    if name in sheets:
        return None, False
    if name in shipped:
        places = [folder / "reports" / f"{name}.ipynb" for folder in notebook_folders()]
        return next(path for path in places if path.is_file()), False
    if name in mine:
        what = f"'{name}' is a notebook of this workspace, and may run any code"
        raise InputError([Problem("report", what, "read it, then add --own-notebooks to run it")])
    fix = did_you_mean(name, sorted({*shipped, *sheets, *mine}))
    raise InputError([Problem("report", f"there is no report '{name}'", fix)])


def default_parameters(notebook: Path) -> dict[str, Any]:
    """Names and defaults of the cell tagged `parameters`; plain literals only.

    Raises
    ------
    InputError
        When the file is no notebook or has no such cell.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    except (ValueError, KeyError):
        raise InputError([Problem(str(notebook), "this is not a notebook")]) from None
    for cell in cells:
        if "parameters" in cell.get("metadata", {}).get("tags", []):
            return _literals("".join(cell["source"]), notebook)
    fix = "tag the cell that sets them with 'parameters'"
    raise InputError([Problem(str(notebook), "no cell is tagged 'parameters'", fix)])


def with_parameters(notebook: Path, given: Mapping[str, Any]) -> dict[str, Any]:
    """The notebook's defaults with the given values in place.

    Text given for a number, a flag or a list is read as such; unknown names and unreadable values
    are refused, all at once.
    """
    return filled_in(notebook.stem, default_parameters(notebook), given)


def filled_in(report: str, defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """A report's default parameters with the given values in place; see `with_parameters`."""
    problems, read = [], dict(defaults)
    for name, value in given.items():
        if name not in defaults:
            fix = did_you_mean(name, defaults)
            problems.append(Problem(f"parameter '{name}'", f"{report} has no such parameter", fix))
            continue
        try:
            read[name] = _like(defaults[name], value)
        except ValueError:
            kind = type(defaults[name]).__name__
            fix = f"give one like its default, {defaults[name]!r}"
            problems.append(Problem(f"parameter '{name}'", f"{value!r} is no {kind}", fix))
    refuse(problems)
    return read


def _literals(source: str, notebook: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    try:
        for node in ast.parse(source).body:
            target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
            value = getattr(node, "value", None)
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(target, ast.Name) and value:
                found[target.id] = ast.literal_eval(value)
    except (SyntaxError, ValueError):
        fix = 'keep the cell to lines such as: period = "last-quarter"'
        raise InputError([Problem(str(notebook), "its parameters are not plain literals", fix)]) from None
    return found


def _like(default: Any, value: Any) -> Any:
    """A value in the type of the default; ValueError when it cannot be read so."""
    if default is None or isinstance(value, type(default)):
        return value
    if isinstance(default, str):
        return str(value)
    if isinstance(default, bool):
        return _flag(str(value).lower())
    if isinstance(default, int | float):
        return type(default)(value)
    if isinstance(default, list):
        return [part.strip() for part in str(value).split(",") if part.strip()]
    raise ValueError(value)


def _flag(text: str) -> bool:
    if text in ("true", "yes", "1"):
        return True
    if text in ("false", "no", "0"):
        return False
    raise ValueError(text)
