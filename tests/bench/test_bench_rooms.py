"""The bench's rooms lie one above the other: who may import whom, and by which names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from helpers.paths import ROOT

BENCH = ROOT / "host_tools" / "pumpbench"
# from the ground up; a room imports only from those before it
ROOMS = ["errors", "cohort", "air", "faults", "bedside", "board", "nurse", "runs", "accuracy", "cli",
         "__main__"]
BESIDE = {"cohort_data"}  # files alone


def room_of(path: Path) -> str:
    return path.relative_to(BENCH).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[tuple[str, ...]]:
    """Yields what a file imports of the bench, as the parts of a module's path below pumpbench."""
    here = path.relative_to(BENCH).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            if node.level:
                base = here[: len(here) - node.level + 1]
            elif (node.module or "").split(".")[0] == "pumpbench":
                base = ()
            else:
                continue
            module = (node.module or "").removeprefix("pumpbench").strip(".")
            whole = (*base, *filter(None, module.split(".")))
            yield from [whole] if module else [(*whole, alias.name) for alias in node.names]


def files() -> list[Path]:
    found = [path for path in sorted(BENCH.rglob("*.py")) if path != BENCH / "__init__.py"]
    assert len(found) > 50
    return found


def test_a_room_imports_only_rooms_below_it_and_only_by_their_own_names() -> None:
    assert {room_of(path) for path in files()} == set(ROOMS)
    assert {path.name for path in BENCH.iterdir() if path.is_dir()} - {"__pycache__"} <= {
        *ROOMS, *BESIDE}
    for path in files():
        here = room_of(path)
        for module in imported(path):
            if module[0] != here:
                assert ROOMS.index(module[0]) < ROOMS.index(here), (path, module)
                assert len(module) == 1, (path, module)


def test_the_bench_takes_pumplogs_names_from_pumplogs_rooms() -> None:
    for path in files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "pumplog":
                assert (node.module or "").count(".") == 1, (path, node.module)


def test_no_two_files_import_each_other_in_a_circle() -> None:
    names = {path.relative_to(BENCH).with_suffix("").parts: path for path in files()}
    arrows = {name: {module for module in imported(path) if module in names}
              for name, path in names.items()}
    while arrows:
        ground = {name for name, below in arrows.items() if not below & set(arrows)}
        assert ground, f"a circle is among {sorted(arrows)}"
        arrows = {name: below for name, below in arrows.items() if name not in ground}


def test_each_room_says_what_comes_in_and_out_and_hands_out_only_what_others_use() -> None:
    for room in ROOMS:
        face = BENCH / room / "__init__.py"
        if not face.exists():
            continue
        tree = ast.parse(face.read_text())
        told = ast.get_docstring(tree) or ""
        assert "In: " in told and "Out: " in told, face
        handed_out = {alias.name for node in tree.body if isinstance(node, ast.ImportFrom)
                      for alias in node.names}
        used = {alias.name for path in files() if room_of(path) != room
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.ImportFrom) and node.module == room for alias in node.names}
        assert handed_out == used, (room, handed_out ^ used)
