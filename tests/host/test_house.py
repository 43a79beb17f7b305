"""The house keeps its rules: who may import whom, how large files may be, how things are named and told.

The bench's own rooms: tests/bench/test_bench_rooms.py. The drawing of both: test_design_doc.py.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from helpers.paths import ROOT

HOST_TOOLS = ROOT / "host_tools"
PUMPLOG = HOST_TOOLS / "pumplog"
FILES = sorted(HOST_TOOLS.rglob("*.py"))
OF_PUMPLOG = [path for path in FILES if path.is_relative_to(PUMPLOG)]

# a room: the rooms that it may import besides what lies at the top
MAY_IMPORT: dict[str, set[str]] = {
    "store": set(),
    "links": set(),
    "log": {"store"},
    "verify": {"store"},
    "patients": {"log", "store"},
    "sync": {"links", "store", "log", "patients"},
    "dose": {"patients", "log", "store"},
    "study": {"dose", "patients", "log", "store", "verify"},
    "deploy": {"links", "sync", "store"},
    "release": {"links", "sync", "store"},
    "cli": {"store", "links", "log", "verify", "patients", "sync", "dose", "study", "deploy", "release"},
}
MOST_AT_THE_TOP = 14  # files
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 330, 45
NOT_IN_NAMES = {"one", "seen", "sight", "till", "strange", "barred", "untold", "mend", "mends", "doubt"}
NAMES_OF_OTHERS = {"seen_devices"}  # a scanner's, as bleak reads it


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def module_of(path: Path) -> tuple[str, ...]:
    """Returns a file's module; a package is its __init__."""
    return path.relative_to(HOST_TOOLS).with_suffix("").parts


MODULES = {module_of(path): path for path in FILES}


def imported(path: Path) -> Iterator[tuple[str, ...]]:
    """Yields each module that a file imports anywhere in it, as the parts of its name; of ours the file
    that stands for it, of others the name alone."""
    package = module_of(path)[:-1]
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield standing_for(tuple(alias.name.split(".")))
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            base += tuple(node.module.split(".")) if node.module else ()
            for alias in node.names:
                whole = (*base, alias.name)
                yield standing_for(whole if standing_for(whole) in MODULES else base)


def standing_for(module: tuple[str, ...]) -> tuple[str, ...]:
    package = (*module, "__init__")
    return package if package in MODULES else module


def room_of(module: tuple[str, ...]) -> str:
    """Returns the room of one of pumplog's modules, "" at the top."""
    return module[1] if len(module) > 2 else ""


def circle(arrows: dict[object, set[object]]) -> set[object]:
    """Returns what is left when whatever imports nothing of the rest is taken away, again and again."""
    left = dict(arrows)
    while left:
        ground = {name for name, below in left.items() if not below & set(left) - {name}}
        if not ground:
            break
        left = {name: below for name, below in left.items() if name not in ground}
    return set(left)


def test_every_room_of_pumplog_stands_in_the_table_and_the_table_has_no_circle() -> None:
    rooms = {room_of(module_of(path)) for path in OF_PUMPLOG} - {""}
    assert rooms - {"data"} == set(MAY_IMPORT)
    assert not circle({room: set(below) for room, below in MAY_IMPORT.items()})


@pytest.mark.parametrize("room", ["", *MAY_IMPORT])
def test_a_room_imports_only_what_the_table_allows(room: str) -> None:
    for path in OF_PUMPLOG:
        if room_of(module_of(path)) == room and path.name != "__main__.py":
            others = {room_of(module) for module in imported(path) if module[0] == "pumplog"}
            assert others <= {"", room, *MAY_IMPORT.get(room, ())}, (path, others)


def test_nothing_of_the_bench_and_nothing_of_tests_is_in_pumplog() -> None:
    for path in OF_PUMPLOG:
        assert not {module[0] for module in imported(path)} & {
            "pumpbench", "gateway", "tests", "helpers", "benchmarks", "pytest"}, path


def test_no_files_import_each_other_in_a_circle() -> None:
    arrows = {module: {below for below in imported(path) if below in MODULES}
              for module, path in MODULES.items()}
    assert not circle(arrows)


def test_few_files_lie_at_the_top() -> None:
    assert len(list(PUMPLOG.glob("*.py"))) <= MOST_AT_THE_TOP


def test_no_file_and_no_function_is_too_long() -> None:
    long = [f"{path.relative_to(HOST_TOOLS)}: {lines} lines" for path in FILES
            if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES]
    for path in FILES:
        long += [f"{path.relative_to(HOST_TOOLS)}: {node.name} has {lines} lines"
                 for node in ast.walk(tree_of(path))
                 if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
                 and (lines := (node.end_lineno or 0) - node.lineno + 1) > MOST_LINES_OF_A_FUNCTION]
    assert not long


def test_each_field_of_a_public_dataclass_is_told_where_it_stands() -> None:
    assert not [f"{path.relative_to(HOST_TOOLS)}: {name}" for path in FILES for name in untold_in(path)]


def untold_in(path: Path) -> Iterator[str]:
    """Yields the fields that have no `#:` on their own line or right above."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.ClassDef) or node.name[0] == "_" or not is_dataclass(node):
            continue
        for field in node.body:
            if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
                continue
            own = "\n".join(lines[field.lineno - 1 : field.end_lineno])
            above = lines[field.lineno - 2].strip()
            if field.target.id[0] != "_" and "ClassVar" not in ast.unparse(field.annotation) and not (
                    "#:" in own or above.startswith("#:")):
                yield f"{node.name}.{field.target.id}"


def is_dataclass(node: ast.ClassDef) -> bool:
    return any(re.fullmatch(r"(dataclasses\.)?dataclass(\(.*\))?", ast.unparse(decorator))
               for decorator in node.decorator_list)


def test_names_say_what_things_are() -> None:
    found = set()
    for path in FILES:
        for name in {path.stem, *names_in(tree_of(path))} - NAMES_OF_OTHERS:
            words = re.findall(r"[a-z]+|[A-Z][a-z]*", name)
            if NOT_IN_NAMES & {word.lower() for word in words}:
                found.add(f"{path.relative_to(HOST_TOOLS)}: {name}")
    assert not found, sorted(found)


def names_in(tree: ast.Module) -> Iterator[str]:
    """Yields every identifier: variables, arguments, attributes, functions, classes, modules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.arg, ast.keyword)) and node.arg:
            yield node.arg
        elif isinstance(node, ast.alias):
            yield node.asname or node.name
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name


def test_no_method_is_left_to_be_written() -> None:
    for path in FILES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Raise) and node.exc is not None:
                assert "NotImplementedError" not in ast.unparse(node.exc), (path, node.lineno)


def test_no_except_takes_whatever_comes() -> None:
    for path in FILES:
        for node in ast.walk(tree_of(path)):
            assert not isinstance(node, ast.ExceptHandler) or node.type is not None, (path, node.lineno)


def test_these_rules_find_what_breaks_them(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text('from dataclasses import dataclass\n\n\n@dataclass(frozen=True)\nclass Told:\n'
                      '    a_ms: int  #: a moment\n    #: in two\n    b_ms: int\n    c_ms: int\n')
    assert list(untold_in(broken)) == ["Told.c_ms"]
    assert "ALL_SEEN" in names_in(ast.parse("ALL_SEEN = 1"))
    assert circle({1: {2}, 2: {3}, 3: {2}, 4: set()}) == {1, 2, 3}
