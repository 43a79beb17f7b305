"""Puts the firmware's whole numbers in place of their names before it is compiled.

A board keeps every name of a module in its memory, and MicroPython's compiler puts in place only what is
private to a file. Here an int that a module gives a public name at its top stands in place wherever that
is loaded, in every file; names, and imports of nothing else, then go.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Container, Iterable, Mapping

_OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.LShift: operator.lshift,
    ast.BitOr: operator.or_, ast.FloorDiv: operator.floordiv}
Numbers = dict[str, dict[str, int]]  # {module: {name: its int}}


def folded(sources: Mapping[str, str], kept: Container[str], program: Iterable[str]) -> dict[str, str]:
    """Returns {path without .py: Python that does the same}; kept: files whose names stay; program: the
    sources of all that may use these, on any board."""
    trees = {path: ast.parse(source) for path, source in sources.items()}
    plain = {alias.name for source in program for node in ast.walk(ast.parse(source))
             if isinstance(node, ast.Import) for alias in node.names}  # whose names are looked up there
    numbers: Numbers = {}
    for path, tree in trees.items():
        module = path.replace("/", ".")
        if path not in kept and module not in plain:
            numbers[module] = _defined(tree)
    for path, tree in trees.items():
        _Folding(path.replace("/", "."), numbers).visit(tree)
    return {path: ast.unparse(ast.fix_missing_locations(tree)) for path, tree in trees.items()}


def _defined(tree: ast.Module) -> dict[str, int]:
    """Returns the public names of ints at a module's top, of those given once."""
    found: dict[str, int] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            for name, value in _pairs(node.targets[0], node.value):
                number = _number(value, found)
                if number is not None and not name.startswith("_"):
                    found[name] = number
    return found


def _pairs(target: ast.expr, value: ast.expr) -> list[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        return [(target.id, value)]
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        both = zip(target.elts, value.elts, strict=True)
        return [pair for name, given in both for pair in _pairs(name, given)]
    return []


def _number(node: ast.expr, known: Mapping[str, int]) -> int | None:
    """Returns what an expression of ints comes to; None if it is anything else."""
    if isinstance(node, ast.Constant):
        return node.value if type(node.value) is int else None
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _number(node.operand, known)
        return None if inner is None else -inner
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        left, right = _number(node.left, known), _number(node.right, known)
        return None if left is None or right is None else _OPERATORS[type(node.op)](left, right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "const":
        return _number(node.args[0], known)
    return None


class _Folding(ast.NodeTransformer):
    """Of a module named by its path with dots."""

    def __init__(self, module: str, numbers: Numbers) -> None:
        self._numbers = numbers
        self._modules: dict[str, str] = {}  # name here: module
        self._names = dict(numbers.get(module, {}))  # names here of ints
        self._own = set(self._names)
        self._package = module.rpartition(".")[0]

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """Folds a file; leaves no import of an int, nor of a module whose ints alone were wanted."""
        for found in ast.walk(node):
            if isinstance(found, ast.ImportFrom):
                self._note(found)
        self.generic_visit(node)
        wanted = {found.id for found in ast.walk(node) if isinstance(found, ast.Name)}
        _Without({*self._names, *(self._modules.keys() - wanted)}).visit(node)
        return node

    def _note(self, node: ast.ImportFrom) -> None:
        place = node.module or ""
        if node.level:
            place = f"{self._package}.{place}".strip(".")
        for alias in node.names:
            name = alias.asname or alias.name
            if f"{place}.{alias.name}" in self._numbers:
                self._modules[name] = f"{place}.{alias.name}"
            elif alias.name in self._numbers.get(place, {}):
                self._names[name] = self._numbers[place][alias.name]

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.AST] | None:
        """Leaves out the ints' own names."""
        if len(node.targets) == 1:
            pairs = _pairs(node.targets[0], node.value)
            if pairs and all(name in self._own for name, _ in pairs):
                return None
        return self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """Puts an int in place of `module.NAME`."""
        if isinstance(node.value, ast.Name) and isinstance(node.ctx, ast.Load):
            number = self._numbers.get(self._modules.get(node.value.id, ""), {}).get(node.attr)
            if number is not None:
                return ast.Constant(number)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """Puts an int in place of NAME."""
        if isinstance(node.ctx, ast.Load) and node.id in self._names:
            return ast.Constant(self._names[node.id])
        return node


class _Without(ast.NodeTransformer):
    """Leaves out imports under these names."""

    def __init__(self, names: set[str]) -> None:
        self._names = names

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom | None:
        """Leaves them out of one import."""
        node.names = [alias for alias in node.names if (alias.asname or alias.name) not in self._names]
        return node if node.names else None
