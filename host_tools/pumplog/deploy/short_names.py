"""Gives names in the firmware a letter or two before it is compiled: a board keeps each in its memory.

Each different name takes some 15 bytes, and their table doubles as it fills. Arguments have names there
as somebody might give them by name, which nobody does here. What is private to a file may have the names
that are private to another. Functions keep theirs: a board's traceback has nothing else to go by.
"""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import product

_SHORT = "abcdefghijklmnopqrstuvwxyz"
_FUNCTIONS = (ast.FunctionDef, ast.Lambda)


def renamed(sources: Mapping[str, str], program: Iterable[str]) -> dict[str, str]:
    """Returns {path: Python that does the same}; program: the sources of all that may use these, on any
    board, so that a file is the same on each."""
    trees = {path: ast.parse(source) for path, source in sources.items()}
    everywhere = [ast.parse(source) for source in program]
    by_name = {node.arg for tree in everywhere for node in ast.walk(tree)
               if isinstance(node, ast.keyword) and node.arg}
    files = Counter(name for tree in everywhere for name in _private(tree))
    for tree in trees.values():
        known = by_name | set(dir(builtins)) | {"self"} | _of_module(tree)
        for function in _outermost(tree):
            _rename(function, known)
    _share_private(trees.values(), files)
    return {path: ast.unparse(tree) for path, tree in trees.items()}


def _share_private(trees: Iterable[ast.Module], files: Mapping[str, int]) -> None:
    """Names each file's own private data _a, _b and so on, but where a class is another file's kind."""
    for tree in trees:
        names = _private(tree)
        classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
        if all(ast.unparse(base) == "Exception" for node in classes for base in node.bases):
            data = sorted(name for name, is_data in names.items() if is_data and files[name] == 1)
            spare = (f"_{''.join(letters)}" for n in (1, 2) for letters in product(_SHORT, repeat=n))
            free = (name for name in spare if name not in files)
            _put(tree, dict(zip(data, free, strict=False)))


def _private(tree: ast.Module) -> dict[str, bool]:
    """Returns {private name in a file: whether it is data of more than a letter, and nowhere a text}."""
    found: dict[str, bool] = {}
    for node in ast.walk(tree):
        for name in _names(node) | {getattr(node, "attr", "")}:
            if name.startswith("_") and not name.startswith("__"):
                found[name] = len(name) > len("_a")
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name in found:
            found[node.name] = False
        if isinstance(node, ast.Constant) and node.value in found:
            found[node.value] = False
    return found


def _of_module(tree: ast.Module) -> set[str]:
    """Returns the names that a function may find outside of itself."""
    inside = {id(node) for function in _outermost(tree) for node in ast.walk(function)}
    found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(tree):
        if id(node) not in inside or isinstance(node, ast.alias):
            found |= _names(node)
    return found


def _names(node: ast.AST) -> set[str]:
    """Returns the names that a node uses or makes."""
    found = {getattr(node, "id", None), getattr(node, "arg", None), getattr(node, "asname", None)}
    if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.ExceptHandler)):
        found.add(node.name)
    if isinstance(node, ast.alias):
        found.add(node.name.split(".")[0])
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        found.update(node.names)
    return {name for name in found if name}


def _outermost(node: ast.AST) -> Iterable[ast.AST]:
    """Yields the functions that lie in no other."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _FUNCTIONS):
            yield child
        else:
            yield from _outermost(child)


def _rename(function: ast.AST, known: set[str]) -> None:
    """Names the arguments of a function and of those in it."""
    nodes = list(ast.walk(function))
    used = {name for node in nodes for name in _names(node)}
    spare = (letter for letter in _SHORT if letter not in used and letter not in known)
    arguments = {node.arg: None for node in nodes if isinstance(node, ast.arg)}
    _put(function, dict(zip((name for name in arguments if name not in known and len(name) > 1), spare,
                            strict=False)))


def _put(tree: ast.AST, short: Mapping[str, str]) -> None:
    """Puts short names in place."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = short.get(node.id, node.id)
        elif isinstance(node, ast.arg):
            node.arg = short.get(node.arg, node.arg)
        elif isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            node.attr = short.get(node.attr, node.attr)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            node.names = [short.get(name, name) for name in node.names]
