"""Files of the house: the catalogue that ships with the package, TOML read and laid over, safe writing."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
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
