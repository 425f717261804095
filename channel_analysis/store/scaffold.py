"""A new workspace: the folder an analyst owns, with settings that explain themselves."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections.abc import Iterable
from pathlib import Path

from ..contracts.dictionary import dictionary
from ..contracts.settings import validated
from ..errors import InputError, Problem, did_you_mean, nearest, refuse
from ..files import CATALOG
from .workspace import Settings, shipped_mappings

TEMPLATES = CATALOG / "templates"
_POLICY = "policy.toml"
_NOBODY = '#[measures]\n#default_owner = "channel manager"\n'
_SOMEBODY = '[measures]\ndefault_owner = "渠道总监 Channel director"\n'
FOLDERS = ("data/raw", "notebooks/explore", "notebooks/reports", "reports")
DEMO = "data/demo"

_SETTINGS = "workspace.toml"
_CURRENCIES = {"adventureworks": "USD", "online_retail": "GBP"}
"""Currency of the companies whose mapping is shipped."""
_COMPANIES = {"adventureworks": "AdventureWorks", "online_retail": "Online Retail"}
"""Their names."""
_EXAMPLE = "示例家电 Example Appliances"


def make_workspace(
    folder: Path | str,
    *,
    mapping: str = "contract",
    source: str | None = None,
    company: str = "",
    currency: str | None = None,
    language: str | None = None,
    fiscal_year_start: int = 1,
    demo: bool = False,
) -> list[Path]:
    """Make a workspace in `folder` and give the files written; files already there stay as they are.

    Parameters
    ----------
    folder : Path
        Made if need be.
    mapping : str
        "contract", the name of a shipped mapping, or a mapping file of the folder.
    source : str, optional
        Folder of the source files, absolute or as seen from `folder`; one outside of it has to exist.
        Without it, ``data/raw``.
    company, currency, language, fiscal_year_start
        As in workspace.toml; what is not given has its default there, or that of the example
        company or the shipped mapping.
    demo : bool
        Whether to fill ``data/demo`` with the example company and bind the workspace to it.

    Raises
    ------
    InputError
        With every reason why nothing was made: a workspace is there already, no such mapping or
        source, settings that are not allowed, a folder that cannot be written.
    """
    folder = Path(folder)
    defaults = Settings()
    values: dict[str, str | int] = {
        "company": company or (_EXAMPLE if demo else _COMPANIES.get(mapping, "")),
        "currency": currency or _CURRENCIES.get(mapping, defaults.company.currency),
        "language": language or defaults.company.language,
        "fiscal_year_start": fiscal_year_start,
        "source": source or (DEMO if demo else defaults.data.source),
        "mapping": mapping,
    }
    settings = _filled((TEMPLATES / _SETTINGS).read_text(encoding="utf-8"), values)
    refuse(
        [
            *_folder_problems(folder, mapping, source),
            *_demo_problems(demo, mapping, source),
            *_settings_problems(settings, values),
        ]
    )
    try:
        texts = {**_plain_texts(demo), "data/DICTIONARY.md": dictionary(), _SETTINGS: settings}
        return _written(folder, texts, demo)
    except OSError as error:
        what = f"the workspace cannot be written: {error.strerror or error}"
        fix = "choose a folder you may write to, with nothing of the same name in the way"
        raise InputError([Problem(str(error.filename or folder), what, fix)]) from None


def _plain_texts(demo: bool) -> dict[str, str]:
    """The templates that are copied as they are, by their place in the workspace.

    In the example company somebody answers for measures.
    """
    texts = {
        path.relative_to(TEMPLATES).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(TEMPLATES.rglob("*"))
        if path.is_file() and path.name != _SETTINGS
    }
    if demo:
        texts[_POLICY] = texts[_POLICY].replace(_NOBODY, _SOMEBODY, 1)
    return texts


def _filled(template: str, values: dict[str, str | int]) -> str:
    """The template with every @name@ replaced by its value in TOML."""
    return re.sub(r"@(\w+)@", lambda match: _toml(values[match[1]]), template)


def _toml(value: str | int) -> str:
    """A value as TOML writes it; a JSON text is a basic string of TOML but for the delete character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _folder_problems(folder: Path, mapping: str, source: str | None) -> Iterable[Problem]:
    path = folder / _SETTINGS
    if path.exists():
        yield Problem(
            str(path), "this folder is a workspace already", "edit the file, or choose another folder"
        )
    shipped = ["contract", *shipped_mappings()]
    if mapping not in shipped and not (folder / mapping).is_file():
        what = f"there is no mapping '{mapping}', neither shipped nor as a file"
        yield Problem("mapping", what, did_you_mean(mapping, shipped))
    if source is None:
        return
    place = (folder / source).resolve()
    if not place.is_dir() and (place.exists() or not place.is_relative_to(folder.resolve())):
        what = "this is a file, not a folder" if place.exists() else "the source folder does not exist"
        near = nearest(place.name, sorted(path.name for path in place.parent.glob("*") if path.is_dir()))
        fix = f"did you mean '{near}'?" if near else "name the folder of the source files"
        yield Problem(str(place), what, fix)


def _demo_problems(demo: bool, mapping: str, source: str | None) -> Iterable[Problem]:
    if demo and (mapping != "contract" or source is not None):
        what = "the example company comes with files and names of its own"
        yield Problem("demo", what, "leave out the mapping and the source, or the example company")


def _settings_problems(text: str, values: dict[str, str | int]) -> Iterable[Problem]:
    for name, value in values.items():
        try:
            str(value).encode()
        except UnicodeEncodeError:
            yield Problem(name, f"{value!r} is not text in UTF-8", "write it in letters")
    try:
        validated(Settings, tomllib.loads(text), _SETTINGS)
    except InputError as error:
        yield from error.problems


def _written(folder: Path, texts: dict[str, str], demo: bool) -> list[Path]:
    """Write the files that are not there yet, the settings last; on a failure take all of it back."""
    made: list[Path] = []
    written: list[Path] = []
    done = False
    try:
        for name in FOLDERS:
            _make_folder(folder / name, made)
        if demo:
            written += _example(folder / DEMO, made)
        for name, text in texts.items():
            path = folder / name
            if not path.exists():
                with path.open("x", encoding="utf-8", newline="\n") as stream:
                    written.append(path)
                    stream.write(text)
        done = True
    finally:
        if not done:
            _take_back(written, made)
    return written


def _example(folder: Path, made: list[Path]) -> list[Path]:
    """Write the example company, unless something stands in its folder."""
    from ..simulator.example import write_example

    _make_folder(folder, made)
    if any(folder.iterdir()):
        return []
    write_example(folder)
    return sorted(folder.iterdir())


def _make_folder(path: Path, made: list[Path]) -> None:
    missing = [place for place in (path, *path.parents) if not place.is_dir()]
    for place in reversed(missing):
        place.mkdir()
        made.append(place)


def _take_back(written: list[Path], made: list[Path]) -> None:
    """Remove the files written and the folders made; what stood there before is not touched."""
    for path in written:
        path.unlink(missing_ok=True)
    for place in reversed(made):
        shutil.rmtree(place, ignore_errors=True)
