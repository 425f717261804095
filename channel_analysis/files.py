"""Files of the house: the catalogue that ships with the package, TOML read and laid over, safe writing."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import InputError, Problem

CATALOG = Path(__file__).parent / "catalog"


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; InputError names the line when it is not valid."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise InputError([Problem(str(path), "there is no such file")]) from None
    except UnicodeDecodeError as error:
        raise InputError(
            [Problem(str(path), f"byte {error.start} is not UTF-8", "save the file as UTF-8")]
        ) from None
    except tomllib.TOMLDecodeError as error:
        fix = "every name may stand once in its table" if "overwrite" in str(error) else ""
        raise InputError([Problem(str(path), f"not valid TOML: {error}", fix)]) from None


def overlay(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lay `over` upon `base` key by key; tables merge, everything else is replaced.

    Examples
    --------
    >>> overlay({"a": {"x": 1, "y": 2}}, {"a": {"y": 3}})
    {'a': {'x': 1, 'y': 3}}
    """
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        both_tables = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = overlay(below, value) if both_tables else value  # type: ignore[arg-type]
    return merged


def sha256_of_file(path: Path) -> str:
    """Hash a file's content, a megabyte at a time."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def remove(path: Path) -> None:
    """Remove a file or a folder with all it holds."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def written_beside(target: Path) -> Iterator[Path]:
    """Give a temporary path beside `target`; rename it into place when the block succeeds."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".", suffix=target.suffix, dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
"""Names that Windows keeps for devices, with any ending."""

LONGEST_NAME = 80
"""Bytes that a name taken from data may have in a file's name; with endings every file system takes it."""


def safe_names(texts: Iterable[str]) -> dict[str, str]:
    """For each text a file's name that says it as far as every system allows; no two share a name.

    Letters and digits of all scripts, `-` and `_` stay; what else there is becomes `-`. A text that
    cannot stay as it is, or differs from another by capitals alone, gets eight digits of its hash.

    Examples
    --------
    >>> safe_names(["P00123", "华东", "../east", "west", "West"])
    {'P00123': 'P00123', '华东': '华东', '../east': 'east-09bc21f0', 'west': 'west', 'West': 'West-41a6741e'}
    """
    names, taken = {}, set()
    for text in sorted(set(texts), key=lambda text: (text.casefold(), text != text.lower(), text)):
        name = _plain_name(text)
        if not name or name != text or name.casefold() in taken:
            mark = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:8]
            name = f"{name}-{mark}" if name else mark
        taken.add(name.casefold())
        names[text] = name
    return {text: names[text] for text in texts}


def _plain_name(text: str) -> str:
    """What of a text may stand in a file's name; "" where nothing may."""
    kept = re.sub(r"[^\w-]+", "-", unicodedata.normalize("NFC", text)).strip("-_")
    short = kept.encode()[:LONGEST_NAME].decode(errors="ignore")
    return "" if short.casefold() in _RESERVED else short
