"""Expressions over named figures: + - * / and brackets, parsed without running anything."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np

from ..errors import InputError, Problem, did_you_mean
from .facts import EXTRAS, LEVELS
from .intervals import Floats

MOST_FACTORS = 8
"""Exact parts cost two to the power of the factors."""

_OPERATORS: dict[type[ast.operator], Callable[[Floats, Floats], Floats]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@dataclass(frozen=True, slots=True)
class Tree:
    """An expression of + - * / over names, parsed; `factors` in the order in which they occur."""

    text: str
    node: ast.expr
    factors: tuple[str, ...]

    def value(self, values: Mapping[str, Floats]) -> Floats:
        """The expression's value, entry by entry; not finite where it divides by zero."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return np.asarray(_value(self.node, values), dtype=np.float64)


def parse_tree(text: str, known: Collection[str] = (), where: str = "tree") -> Tree:
    """Read an expression of + - * /, brackets, numbers and names.

    Raises
    ------
    InputError
        With every mistake: other syntax, names that are not among `known` (if any are given), more
        than `MOST_FACTORS` factors.

    Examples
    --------
    >>> parse_tree("orders * price - returns").factors
    ('orders', 'price', 'returns')
    """
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        what = f"'{text}' is no arithmetic: {getattr(error, 'msg', error)}"
        raise InputError([Problem(where, what, "join names by + - * / and brackets")]) from error
    problems = _problems(node, where, known)
    factors = tuple(dict.fromkeys(one.id for one in _in_order(node) if isinstance(one, ast.Name)))
    if len(factors) > MOST_FACTORS:
        what = f"{len(factors)} factors are too many"
        problems.append(Problem(where, what, f"at most {MOST_FACTORS}: merge some"))
    if not factors and not problems:
        problems.append(Problem(where, f"'{text}' names no factor", "name at least one"))
    if problems:
        raise InputError(problems)
    return Tree(text, node, factors)


def tree_problems(
    where: str, expr: str, factors: Mapping[str, str], counts: Collection[str], grain: Collection[str]
) -> list[Problem]:
    """Mistakes of a declared factor tree: in its expression, its factors, its grain.

    Examples
    --------
    >>> found = tree_problems("tree", "orders * valu", {"value": "net / orders"}, ["orders", "net"], [])
    >>> [problem.what for problem in found]
    ["there is no 'valu'"]
    """
    problems = [
        Problem(where, f"'{name}' is both a factor and a count", "rename one")
        for name in factors
        if name in counts
    ]
    asked = [(where, expr, [*factors, *counts])]
    asked += [(f"{where} factors.{name}", text, [*counts]) for name, text in factors.items()]
    for place, text, known in asked:
        try:
            parse_tree(text, known, place)
        except InputError as error:
            problems += error.problems
    levels = [name for name in (*LEVELS, *EXTRAS) if name != "company"]
    unknown = [name for name in grain if name not in levels]
    return problems + [
        Problem(where, f"there is no dimension '{name}'", did_you_mean(name, levels)) for name in unknown
    ]


def _value(node: ast.expr, values: Mapping[str, Floats]) -> Floats:
    if isinstance(node, ast.Name):
        return np.asarray(values[node.id], dtype=np.float64)
    if isinstance(node, ast.Constant):
        return np.asarray(node.value, dtype=np.float64)
    if isinstance(node, ast.UnaryOp):
        inner = _value(node.operand, values)
        return -inner if isinstance(node.op, ast.USub) else inner
    assert isinstance(node, ast.BinOp)
    return _OPERATORS[type(node.op)](_value(node.left, values), _value(node.right, values))


def _in_order(node: ast.expr) -> list[ast.expr]:
    """The node and what it holds, from left to right."""
    inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    return [node, *(one for child in inner for one in _in_order(child))]


def _problems(node: ast.expr, where: str, known: Collection[str]) -> list[Problem]:
    problems = []
    for one in _in_order(node):
        place = f"{where}, column {one.col_offset + 1}"
        if isinstance(one, ast.Name):
            if known and one.id not in known:
                what = f"there is no '{one.id}'"
                problems.append(Problem(place, what, did_you_mean(one.id, known)))
        elif not _is_arithmetic(one):
            what = f"'{ast.unparse(one)}' is not allowed here"
            problems.append(Problem(place, what, "join names by + - * / and brackets"))
            break
    return problems


def _is_arithmetic(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return type(node.op) in _OPERATORS
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub | ast.UAdd)
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)
