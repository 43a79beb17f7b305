"""What pumplog and pumpbench can print is plain modern English: short sentences, no word out of use.

All texts in the code are read: both fields of each error, and every other text that has a space. What is
filled in counts as a word. A sentence ends at a period, a question or exclamation mark, or a line's end.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.paths import ROOT
from pumplog.study.trace import FORMULAS
from pumplog.verify.findings import KINDS

TOOLS = ROOT / "host_tools"
PUMPLOG = TOOLS / "pumplog"
FILES = sorted(PUMPLOG.rglob("*.py"))
BENCH = sorted((TOOLS / "pumpbench").rglob("*.py"))
MOST_WORDS = 24
FORBIDDEN = re.compile(
    r"\b(?:ones?|till|barred|strange|seen|sight|whoever|whatever|thereof|therein|untold|mend(?:s|ed)?"
    r"|never was|bears?|no more|let be|(?-i:is none)|whence|lest|shall|upon|anew)\b", re.I)
NUMERAL = re.compile(
    r"\bone (?:to (?:four letters|eight letters)|line|board|quantum|window)\b|\bmore than one\b", re.I)
NO_SENTENCE = re.compile(r"\b(?:SELECT|INSERT|UPDATE|DELETE|PRAGMA|ORDER BY|WHERE)\b|<svg|<rect")
ERRORS = {node.name for node in ast.parse((PUMPLOG / "errors.py").read_text()).body
          if isinstance(node, ast.ClassDef)} | {"BenchError"}

# a page may count: "one count more"
FORBIDDEN_IN_PAGES = re.compile(FORBIDDEN.pattern.replace("ones?|", "ones|"), re.I)

Text = tuple[str, str]  # where it stands, and the text with {} for what is filled in


def written(node: ast.AST) -> str | None:
    """Returns the text of a string expression, None where it is another expression."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = [written(side) for side in (node.left, node.right)]
        if any(side is not None for side in sides):
            return "".join("{}" if side is None else side for side in sides)
    return None


def parts(node: ast.AST) -> Iterator[ast.AST]:
    """Yields the pieces of a string expression that are texts themselves."""
    for child in ast.iter_child_nodes(node):
        if written(child) is not None:
            yield child
            yield from parts(child)


def texts(place: str, source: str) -> Iterator[Text]:
    """Yields all texts of a module but its docstrings; an error's two fields as they are printed."""
    tree = ast.parse(source)
    done = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):  # from the outside in
        at = f"{place}:{getattr(node, 'lineno', 0)}"
        if error := fields_of_error(node):
            yield at, f"{error[0]}: {error[1]}."
        text = None if id(node) in done else written(node)
        if text is not None:
            done.update(map(id, parts(node)))
            if " " in text and not NO_SENTENCE.search(text):
                yield at, text


def fields_of_error(node: ast.AST) -> list[str] | None:
    """Returns what happened and what to do, None where no error is made."""
    if not isinstance(node, ast.Call) or len(node.args) != 2:
        return None
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    return [written(field) or "{}" for field in node.args] if name in ERRORS else None


def faults(place: str, text: str) -> list[str]:
    """Returns what is wrong with a text: its long sentences, its words that are out of use."""
    long = [f"{place}: {len(sentence.split())} words: {sentence}"
            for sentence in re.split(r"(?<=[.?!])\s|\n", text) if len(sentence.split()) > MOST_WORDS]
    return long + [f"{place}: {word!r}: {text}" for word in FORBIDDEN.findall(NUMERAL.sub("", text))]


@pytest.mark.parametrize("path", FILES + BENCH, ids=lambda path: str(path.relative_to(TOOLS)))
def test_all_that_a_module_can_print_is_short_and_plain(path: Path) -> None:
    assert [fault for text in texts(path.name, path.read_text()) for fault in faults(*text)] == []


def test_what_verify_finds_is_told_in_short_and_plain_sentences() -> None:
    told = [(name, f"{kind.says}: {kind.do}.") for name, kind in KINDS.items()]
    assert [fault for text in told for fault in faults(*text)] == []


def test_a_formula_is_told_in_short_and_plain_sentences() -> None:
    assert [fault for text in FORMULAS.items() for fault in faults(*text)] == []


def test_every_error_is_read() -> None:
    made = [error for path in FILES for node in ast.walk(ast.parse(path.read_text()))
            if (error := fields_of_error(node))]
    assert len(made) > 100 and len(ERRORS) > 5
    assert sum(1 for path in FILES for _ in texts(path.name, path.read_text())) > 700


LONG = " ".join(["word"] * 13)


@pytest.mark.parametrize("source", [
    f'raise PumplogError("{LONG}", f"{LONG} {{name}}")', f'x = "{LONG} {LONG}"', 'help="one per user"',
    'x = "start " + name + " till"', 'x = f"{a or \'no sight of it\'} b"',
    'x = ("no board "\n     "seen here")',
    'def f():\n    """One."""\n    return "whoever it was"', 'x = "gone. It is on the board no more"',
])
def test_a_long_sentence_and_a_word_out_of_use_are_found(source: str) -> None:
    assert [fault for text in texts("", source) for fault in faults(*text)]


@pytest.mark.parametrize("source", [
    f'raise PumplogError("{LONG}", f"{LONG[:40]} {{name}}")', f'x = "{LONG}. {LONG}"',
    'x = "give one to four letters"',
    'def f():\n    """The one that was seen."""', "x = 'one'", "x = 'SELECT one FROM a'",
])
def test_plain_and_short_sentences_pass(source: str) -> None:
    assert [fault for text in texts("", source) for fault in faults(*text)] == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", *(f"docs/{name}.md" for name in (
    "nurse", "researcher", "biomed", "KEYS"))])
def test_a_page_for_users_or_newcomers_is_written_in_short_and_plain_sentences(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    text = re.sub(r"^```.*?^```$|^<!--.*?-->$", "", text, flags=re.S | re.M)
    text = re.sub(r"`[^`]+`", "CODE", re.sub(r"\]\([^)]*\)", "]", text))
    pieces = re.split(r"\n\s*\n|\n *(?:[-*]|\d+\.) |\n?\|", text)
    sentences = [each for piece in pieces for each in re.split(r"[.?!][\")*]*\s", piece)]
    assert len(sentences) > 40
    assert [each for each in sentences
            if len(each.split()) > MOST_WORDS or FORBIDDEN_IN_PAGES.search(each)] == []
