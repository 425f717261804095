"""The house stands as ARCHITECTURE.md draws it: read from the syntax tree, all offences at once."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = "channel_analysis"
FLOORS = [
    {"errors", "files", "words", "catalog"},
    {"contracts"},
    {"simulator"},
    {"store"},
    {"metrics"},
    {"results", "appraisals", "risks", "rootcauses", "sheets", "summaries"},
    {"methods"},
    {"analysis"},
    {"report"},
    {"cli"},
]
HEIGHT = {name: height for height, floor in enumerate(FLOORS) for name in floor}
LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 40


def test_the_package_stands_as_the_architecture_draws_it():
    offences = find_offences(Path(__file__).resolve().parent.parent / PACKAGE)
    assert not offences, "\n" + "\n".join(offences)


def test_a_sound_package_has_no_offence(tmp_path):
    write(tmp_path, "errors.py", '"""Errors."""\n')
    write(tmp_path, "methods/causes/tree.py", '"""Tree."""\nfrom ..causes import split\n')
    write(tmp_path, "methods/causes/split.py", '"""Split."""\nfrom channel_analysis import errors\n')
    write(tmp_path, "report/page.py", '"""Page."""\nfrom ..methods.causes.tree import grow\n')
    write(tmp_path, "cli.py", '"""Roof."""\nimport channel_analysis as ca\nprint(ca)\n')
    assert find_offences(tmp_path / PACKAGE) == []


def test_an_empty_package_has_no_offence(tmp_path):
    assert find_offences(tmp_path / PACKAGE) == []


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        ("store/a.py", "from channel_analysis.report.page import x", "'store' imports 'report'"),
        ("store/a.py", "import channel_analysis.metrics.kpis", "'store' imports 'metrics'"),
        ("store/a.py", "from channel_analysis import methods", "'store' imports 'methods'"),
        ("store/a.py", "from ..results import Scorecard", "'store' imports 'results'"),
        ("store/a.py", "from .. import analysis", "'store' imports 'analysis'"),
        ("store/b/c.py", "from ...cli import app", "'store' imports 'cli'"),
        ("store/__init__.py", "from ..metrics import kpis", "'store' imports 'metrics'"),
        ("errors.py", "def f():\n    from .contracts import x", "'errors' imports 'contracts'"),
        ("store/a.py", "if TYPE_CHECKING:\n    from ..cli import app", "'store' imports 'cli'"),
        ("store/a.py", "import_module('channel_analysis.cli')", "'store' imports 'cli'"),
        (
            "report/a.py",
            "from channel_analysis import review",
            "imports 'review', which is on no floor",
        ),
        ("report/a.py", "import channel_analysis as ca", "imports 'channel_analysis', which"),
        ("attic.py", "", "'attic' is on no floor"),
        ("methods/a.py", "from channel_analysis.methods.b import x", "imports its sibling 'b'"),
        ("methods/a.py", "from channel_analysis.methods import b", "imports its sibling 'b'"),
        ("methods/a.py", "from . import b", "imports its sibling 'b'"),
        ("methods/a/c.py", "from ..b import x", "imports its sibling 'b'"),
        ("store/a.py", "x = 1\n" * 400, "401 lines, 400 are allowed"),
        ("store/a.py", "def f():\n" + "    x = 1\n" * 40, "f: 41 lines, 40 are allowed"),
        ("store/utils.py", "", "utils.py says nothing"),
        ("store/a.py", "try:\n    x\nexcept Exception:\n    y", "catches Exception"),
        ("store/a.py", "try:\n    x\nexcept (OSError, BaseException):\n    y", "catches BaseExc"),
        ("store/a.py", "try:\n    x\nexcept:\n    y", "catches everything"),
        ("store/a.py", "with suppress(Exception):\n    y", "catches Exception"),
        ("store/a.py", "print(1)", "prints"),
    ],
)
def test_a_planted_offence_is_found(tmp_path, path, code, message):
    write(
        tmp_path,
        path,
        f'"""Planted."""; {code}\n' if code.startswith("x =") else f'"""P."""\n{code}\n',
    )
    offences = find_offences(tmp_path / PACKAGE)
    assert len(offences) == 1, offences
    assert message in offences[0]


def test_a_module_without_a_docstring_is_found(tmp_path):
    write(tmp_path, "store/a.py", "x = 1\n")
    assert find_offences(tmp_path / PACKAGE) == ["store/a.py:1: no docstring"]


def test_a_docstring_does_not_lengthen_its_function(tmp_path):
    text = '    """Say.\n' + "    more\n" * 60 + '    """\n'
    write(tmp_path, "store/a.py", '"""A."""\ndef f():\n' + text + "    x = 1\n" * 39)
    assert find_offences(tmp_path / PACKAGE) == []


def test_every_offence_is_told_at_once(tmp_path):
    write(tmp_path, "store/a.py", "print(1)\nfrom ..cli import app\n")
    write(tmp_path, "store/utils.py", '"""U."""\n')
    assert len(find_offences(tmp_path / PACKAGE)) == 4


def write(folder: Path, path: str, code: str) -> None:
    """Plant one module of the package."""
    target = folder / PACKAGE / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(code, encoding="utf-8")


def find_offences(package: Path) -> list[str]:
    """List what breaks the rules in a package's folder, as `file:line: what`."""
    return [
        f"{path.relative_to(package).as_posix()}:{line}: {what}"
        for path in sorted(package.rglob("*.py"))
        for line, what in sorted(offences_of(path, package))
    ]


def offences_of(path: Path, package: Path) -> Iterator[tuple[int, str]]:
    """Apply every rule to one file."""
    parts = path.relative_to(package).with_suffix("").parts
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source, str(path))
    if len(source.splitlines()) > LINES_OF_A_FILE:
        yield 1, f"{len(source.splitlines())} lines, {LINES_OF_A_FILE} are allowed"
    if path.name == "utils.py":
        yield 1, "utils.py says nothing; name the module by what it does"
    if not ast.get_docstring(tree):
        yield 1, "no docstring"
    yield from long_functions(tree)
    yield from wide_catches(tree)
    if parts[0] != "cli":
        yield from prints(tree)
    if parts != ("__init__",):
        yield from forbidden_imports(tree, parts)


def forbidden_imports(tree: ast.Module, parts: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Imports go to lower floors only, and methods do not know each other."""
    floor = parts[0]
    if floor not in HEIGHT:
        yield 1, f"'{floor}' is on no floor; ARCHITECTURE.md and this test name them all"
        return
    for line, target in own_imports(tree, parts):
        if not target or target[0] not in HEIGHT:
            if floor != "cli":
                yield (
                    line,
                    f"'{floor}' imports '{'.'.join(target) or PACKAGE}', which is on no floor",
                )
        elif HEIGHT[target[0]] > HEIGHT[floor]:
            yield line, f"'{floor}' imports '{target[0]}', which is a floor above"
        elif is_sibling(parts, target):
            yield line, f"imports its sibling '{target[1]}'; move down what both need"


def is_sibling(parts: tuple[str, ...], target: tuple[str, ...]) -> bool:
    """Say whether a module of methods imports another one; the floor's own door may."""
    inside = parts[0] == target[0] == "methods" and len(target) > 1
    return inside and parts[1] not in ("__init__", target[1])


def own_imports(tree: ast.Module, parts: tuple[str, ...]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Give line and path below the package of everything a module imports from it."""
    for node in ast.walk(tree):
        for name in imported_names(node, parts):
            first, *rest = name.split(".")
            if first == PACKAGE and not (rest and rest[0].startswith("__")):
                yield node.lineno, tuple(rest)


def imported_names(node: ast.AST, parts: tuple[str, ...]) -> list[str]:
    """Spell out in full what one statement imports."""
    match node:
        case ast.Import():
            return [alias.name for alias in node.names]
        case ast.ImportFrom():
            folder = [PACKAGE, *parts[:-1]]
            base = folder[: len(folder) - node.level + 1] if node.level else []
            stem = ".".join([*base, *filter(None, [node.module])])
            deep = stem in (PACKAGE, f"{PACKAGE}.methods")
            return [f"{stem}.{alias.name}" for alias in node.names] if deep else [stem]
        case ast.Call(args=[ast.Constant(value=str(name)), *_]) if "import" in called(node):
            return [name]
    return []


def long_functions(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Find functions that want splitting; a docstring does not count."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = node.end_lineno - node.lineno + 1
            if ast.get_docstring(node):
                length -= node.body[0].end_lineno - node.body[0].lineno + 1
            if length > LINES_OF_A_FUNCTION:
                yield node.lineno, f"{node.name}: {length} lines, {LINES_OF_A_FUNCTION} are allowed"


def wide_catches(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Find handlers that swallow what nobody foresaw."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and node.type is None:
            yield node.lineno, "catches everything; name the errors"
        caught = node.type if isinstance(node, ast.ExceptHandler) else None
        named = list(ast.walk(caught)) if caught else []
        if isinstance(node, ast.Call) and called(node) == "suppress":
            named = node.args
        for name in named:
            if isinstance(name, ast.Name) and name.id in ("Exception", "BaseException"):
                yield node.lineno, f"catches {name.id}; name the errors"


def prints(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Find print calls; only the roof speaks."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and called(node) == "print":
            yield node.lineno, "prints; only the cli does"


def called(node: ast.Call) -> str:
    """Return the last name of what is called."""
    return getattr(node.func, "attr", getattr(node.func, "id", ""))
