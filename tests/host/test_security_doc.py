"""docs/SECURITY.md promises nothing without a test that is there."""

from __future__ import annotations

import ast
import re

import pytest
from helpers.paths import ROOT

PAGE = (ROOT / "docs" / "SECURITY.md").read_text(encoding="utf-8")
NAMED = re.findall(r"\| (tests/[\w/.]+)::(\w+) \|", PAGE)


def test_every_promise_names_a_test() -> None:
    assert len(NAMED) == rows("promise") + rows("attacker") and rows("promise") >= 20


def rows(heading: str) -> int:
    """Returns how many lines a table has below its heading."""
    return PAGE.split(f"| {heading} | test |")[1].split("\n\n")[0].count("\n| ")


def test_each_attacker_of_the_done_when_list_is_in_the_table() -> None:
    table = PAGE.split("| attacker | test |")[1].split("\n\n")[0]
    for attacker in ("unpaired", "wrong passkey", "just works", "replayed", "wrong key", "cloned",
                     "oversize", "malformed", "without encryption", "hogging"):
        assert attacker in table, attacker


@pytest.mark.parametrize("path, name", NAMED, ids=[name for _, name in NAMED])
def test_the_test_of_each_promise_is_there_and_asserts(path: str, name: str) -> None:
    found = [node for node in ast.walk(ast.parse((ROOT / path).read_text()))
             if isinstance(node, ast.FunctionDef) and node.name == name]
    assert len(found) == 1
    calls = {node.func.id for node in ast.walk(found[0])
             if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert any(isinstance(node, ast.Assert) for node in ast.walk(found[0])) or calls & {"attack"} or (
        "raises" in ast.unparse(found[0]))
