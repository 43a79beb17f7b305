"""docs/DESIGN.md draws the rooms as the imports have them: every arrow drawn is there, and no other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DESIGN = (ROOT / "docs" / "DESIGN.md").read_text()


def drawn(package: str) -> set[tuple[str, str]]:
    """Returns the arrows (from, to) of a package's drawing."""
    match = re.search(rf"<!-- drawn: {package} -->\n```mermaid\n(.*?)```", DESIGN, re.S)
    assert match, package
    return set(re.findall(r"^ +(\w+) --> (\w+)$", match[1], re.M))


def rooms(package: str) -> set[str]:
    """Returns the rooms that have code."""
    return {path.parent.name for path in (ROOT / "host_tools" / package).glob("*/__init__.py")}


def imported(path: Path, package: str) -> set[str]:
    """Returns the rooms of a package that a file of it imports from."""
    here = list(path.relative_to(ROOT / "host_tools").with_suffix("").parts[:-1])
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else []
            whole = base + (node.module.split(".") if node.module else [])
            found |= {tuple([*whole, alias.name][:2]) for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {tuple(alias.name.split(".")[:2]) for alias in node.names}
    return {parts[1] for parts in found if parts[0] == package and len(parts) > 1} & rooms(package)


@pytest.mark.parametrize("package", ["pumplog", "pumpbench"])
def test_the_drawing_is_what_the_imports_say(package: str) -> None:
    folder = ROOT / "host_tools" / package
    there = {(room, other) for room in rooms(package) - {"cli"}
             for path in (folder / room).rglob("*.py") for other in imported(path, package) - {room}}
    assert there == drawn(package)
    assert len(there) > 10


def test_each_word_of_the_glossary_stands_once() -> None:
    words = re.findall(r"^\| (\w+) \|", DESIGN[DESIGN.index("## Words") :], re.M)
    assert len(words) == len(set(words)) > 20
