"""What the compiler is given in place of the firmware's source does the same, with fewer names."""

from __future__ import annotations

import ast
from collections import Counter
from typing import Any

import pytest
from pumplog.deploy import constants, firmware_build, short_names

BOARDS = ("esp32", "virtual", None)
PROGRAM = [path.read_text() for path in firmware_build.sources().rglob("*.py")]
FILE = '''
_KEPT = 3
LIMIT = 7

def total(first, second=2, *, named=5):
    third = first + second
    return (lambda added: added + third + named + _KEPT)(10)

class Box:
    def __init__(self, content):
        self._n = 0
        self._content = content
        self._grown = [content]

    def grow(self, amount):
        n = self._n
        self._grown.append(amount)
        self._n = n + 1
        return self._content, self._grown, self._n, LIMIT

def looked_up(box):
    return getattr(box, "_content")
'''


def sources(board: str | None) -> dict[str, str]:
    return {name: path.read_text() for name, path in firmware_build.files(board).items()}


def folded(board: str | None) -> dict[str, str]:
    return constants.folded(sources(board), firmware_build.KEEPS, PROGRAM)


def executed(source: str) -> dict[str, Any]:
    space: dict[str, Any] = {}
    exec(source, space)
    return space


def test_a_program_does_the_same() -> None:
    caller = "from package.file import LIMIT, total\nfrom package import file\n" \
             "SUM = total(1, named=LIMIT) + file.LIMIT\n"
    program = {"package/file": FILE, "caller": caller}
    out = short_names.renamed(constants.folded(program, (), program.values()), program.values())
    file, plain = out["package/file"], executed(FILE)
    made = executed(file)
    assert made["total"](1) == plain["total"](1) and made["total"](4, 5, named=6) == plain["total"](
        4, 5, named=6)
    assert [made["Box"]("x").grow(1), made["looked_up"](made["Box"](4))] == [
        plain["Box"]("x").grow(1), plain["looked_up"](plain["Box"](4))]
    assert "LIMIT" not in file + out["caller"] and "_grown" not in file
    assert "first" not in file and "named" in file  # somebody gives it by name
    assert "import file" not in out["caller"] and "total(1, named=7) + 7" in out["caller"]


@pytest.mark.parametrize("board", BOARDS)
def test_what_is_looked_up_in_a_module_is_there(board: str | None) -> None:
    made = short_names.renamed(folded(board), PROGRAM)
    defined = {path.replace("/", "."): top(ast.parse(text)) for path, text in made.items()}
    before = {path.replace("/", "."): top(ast.parse(text)) for path, text in sources(board).items()}
    gone = {module: names - defined[module] for module, names in before.items()}
    looked_up = 0
    for path, text in made.items():
        tree = ast.parse(text)
        modules = imported(tree, path.replace("/", ".").rpartition(".")[0], defined)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                module = modules.get(node.value.id)
                assert module is None or node.attr not in gone[module], (path, ast.unparse(node))
                looked_up += module is not None
            if isinstance(node, ast.ImportFrom):
                place = named(node, path.replace("/", ".").rpartition(".")[0])
                for alias in node.names:
                    assert alias.name not in gone.get(place, ()), (path, alias.name)
    assert looked_up > 50


def named(node: ast.ImportFrom, package: str) -> str:
    """Returns the module that names come from."""
    place = node.module or ""
    return f"{package}.{place}".strip(".") if node.level else place


def imported(tree: ast.AST, package: str, defined: dict[str, set[str]]) -> dict[str, str]:
    """Returns {name in a file: the program's module that it is}."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update({alias.asname or alias.name: alias.name for alias in node.names})
        if isinstance(node, ast.ImportFrom):
            found.update({alias.asname or alias.name: f"{named(node, package)}.{alias.name}".strip(".")
                          for alias in node.names})
    return {name: module for name, module in found.items() if module in defined}


def top(tree: ast.Module) -> set[str]:
    """Returns the names at a module's top, one level of blocks deep."""
    return {name for node in ast.walk(tree) for name in (
        [node.name] if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else
        [node.id] if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else
        [alias.asname or alias.name for alias in node.names]
        if isinstance(node, (ast.Import, ast.ImportFrom)) else [])}


@pytest.mark.parametrize("board", BOARDS)
def test_no_two_names_become_the_same(board: str | None) -> None:
    before = {path: ast.parse(text) for path, text in folded(board).items()}
    after = short_names.renamed(folded(board), PROGRAM)
    for path, tree in before.items():
        new = ast.parse(after[path])
        assert len(attributes(tree)) == len(attributes(new)), path
        for old_function, function in zip(functions(tree), functions(new), strict=True):
            assert sorted(Counter(names(old_function)).values()) == sorted(
                Counter(names(function)).values()), (path, ast.unparse(old_function))


@pytest.mark.parametrize("board", BOARDS)
def test_a_number_stands_where_its_name_did(board: str | None) -> None:
    made = folded(board)
    assert "records.BOOT" not in made["gateway/recovery"] and made.keys() == sources(board).keys()
    kinds = executed("def const(n):\n    return n\n" + made["pumpwire/records"])
    plain = executed(sources(board)["pumpwire/records"])
    assert kinds["KINDS"] == plain["KINDS"] and "BOOT" not in kinds and plain["BOOT"] == 1
    version = "gateway/version"
    assert made[version] == ast.unparse(ast.parse(sources(board)[version]))


def attributes(tree: ast.AST) -> set[str]:
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def functions(tree: ast.AST) -> list[ast.AST]:
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.Lambda))]


def names(function: ast.AST) -> list[str]:
    return [node.arg if isinstance(node, ast.arg) else node.id for node in ast.walk(function)
            if isinstance(node, (ast.arg, ast.Name))]
