"""What README and docs say is so: commands parse, links resolve, the table is what is printed."""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.docs.readme import printed_table, shown_table
from helpers.paths import ROOT
from pumpbench.cli import _parser as pumpbench_parser
from pumplog.cli import COMMANDS, build_parser
from pumplog.study import KEYS, TIMEPOINTS, Value, build_table, render

NEWCOMERS = [ROOT / "CONTRIBUTING.md", ROOT / "docs" / "ARCHITECTURE.md"]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")),
         *sorted((ROOT / "hardware").glob("*.md")), ROOT / "hardware" / "pico" / "README.md"]
TOP = ("tests/", "firmware/", "host_tools/", "hardware/", "docs/")
FENCED = re.compile(r"^```([a-z]*)\n(.*?)^```$", re.S | re.M)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
INLINE = re.compile(r"`((?:make|pumplog|python3|mpremote) [^`\n]*)`")
NO_COMMANDS = {"pumplog passkey 1"}  # what a key is derived with
ACTIONS = {"patient": ["start", "move", "withdraw", "end", "list"], "bag": ["hang", "list"],
           "regimen": ["set", "show"], "keys": ["list", "export", "import"]}


def fenced_commands(*pages: Path) -> list[tuple[str, list[str]]]:
    """Returns (page, words) of each line in a shell block, settings of variables left out."""
    found = []
    for path in pages or PAGES:
        for language, block in FENCED.findall(path.read_text(encoding="utf-8")):
            if language not in ("", "sh"):
                continue
            for line in block.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True)
                while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                    words.pop(0)
                if words:
                    found.append((path.name, words))
    return found


OURS = [(page, words) for page, words in fenced_commands()
        if words[0] in ("pumplog", "pumpbench", "make")]


@pytest.mark.parametrize("page, words", OURS, ids=lambda value: value if isinstance(value, str)
                         else shlex.join(value))
def test_each_command_in_the_documents_is_one_that_the_tools_take(page: str, words: list[str]) -> None:
    if words[0] == "make":
        assert [word for word in words[1:] if "=" not in word and word not in helped()] == []
        return
    parser: argparse.ArgumentParser = build_parser() if words[0] == "pumplog" else pumpbench_parser()
    try:
        parser.parse_args(words[1:])
    except SystemExit:
        pytest.fail(f"{page}: the tool refuses `{shlex.join(words)}`")


def helped() -> set[str]:
    """Returns the targets that `make help` lists."""
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    return {line.split()[0] for line in done.stdout.splitlines()}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_page_names_in_passing_exists(page: Path) -> None:
    """A command in a sentence is often shortened, but names no target or file that is not there."""
    text = page.read_text(encoding="utf-8")
    shown = [shlex.join(words) for _, words in fenced_commands(page)]
    for line in [*sorted(set(INLINE.findall(text)) - NO_COMMANDS), *shown]:
        words = shlex.split(line)
        if words[0] == "make":
            assert {word for word in words[1:] if re.fullmatch(r"[a-z-]+", word)} <= helped(), line
        elif words[0] == "pumplog":
            named = [word for word in words[1:] if word in COMMANDS]
            assert named or words[1].startswith("-"), line
        for word in words:
            if word.endswith((".py", ".sh")) and "/" in word and not word.startswith(":"):
                assert (ROOT / word).exists(), line


def paths_in(text: str) -> set[str]:
    """Returns what is a path among what is in backticks, unless part of it is to be filled in."""
    code = " ".join(re.findall(r"`([^`\n]+)`", text) + [block for _, block in FENCED.findall(text)])
    words = {word.rstrip("/") for word in re.findall(r"(?<!\S)[\w./-]+(?!\S)", code)}
    return {word for word in words if word.endswith(".py") or word.startswith(TOP)
            if not re.search(r"(?:^|/)[A-Z]+(?:\.(?!md)[a-z]+)?(?:/|$)", word)}


def is_there(path: str) -> bool:
    """Returns whether a path is one from the top, of pumplog or the firmware, or a file's bare name."""
    if "/" not in path:
        return any(path == file.name for top in TOP for file in (ROOT / top).rglob("*.py"))
    return any((ROOT / base / path).exists()
               for base in (".", "host_tools", "host_tools/pumplog", "firmware"))


@pytest.mark.parametrize("page", NEWCOMERS, ids=lambda path: path.name)
def test_each_path_that_a_newcomer_is_sent_to_exists(page: Path) -> None:
    named = paths_in(page.read_text(encoding="utf-8"))
    assert len(named) > 20
    assert [path for path in sorted(named) if not is_there(path)] == []


def test_a_path_that_is_not_there_is_found() -> None:
    text = ("`tests/host/gone`, `cli/gone.py`, `python tests/gone.py`, `gone.py`, `cli/NAME.py`,\n"
            "`tests/host/ROOM`, `status`, `make firmware`, `docs/GONE.md`\n"
            "```sh\npytest firmware/gone\n```\n")
    assert paths_in(text) == {"tests/host/gone", "cli/gone.py", "tests/gone.py", "gone.py",
                              "docs/GONE.md", "firmware/gone"}
    assert not any(map(is_there, paths_in(text))) and is_there("cli/status.py") and is_there("host.py")


def test_the_certificate_of_the_guide_is_one_that_its_tool_writes() -> None:
    guide = ROOT / "hardware" / "GUIDE.md"
    words = next(words for _, words in fenced_commands(guide) if "hardware/certificate.py" in words)
    done = subprocess.run([sys.executable, *words[1:words.index(">")]], cwd=ROOT, capture_output=True,
                          text=True, check=True)
    written = next(words for _, words in fenced_commands(guide) if "24.23 uL" in words)
    for option in ("--ul-per-count", "--uncertainty-percent"):
        value = written[written.index(option) + 1]
        assert f"{option} {shlex.quote(value)}" in done.stdout


def test_each_page_is_checked_for_commands() -> None:
    assert {page for page, _ in OURS} >= {"README.md", "nurse.md", "researcher.md", "biomed.md",
                                          "test_engineer.md", "GUIDE.md"}


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_of_pumplog_is_in_the_documents(command: str) -> None:
    shown = [words for page, words in OURS if words[0] == "pumplog"
             and page not in ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md")]
    assert any(command in words for words in shown)
    for action in ACTIONS.get(command, []):
        assert any([command, action] == words[1:3] for words in shown), (command, action)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_inside_the_project_resolve(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists() and target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(target), link


def anchors(page: Path) -> set[str]:
    """Returns the anchors that a page's headings get on a code host."""
    return {re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-")
            for heading in re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)}


def shape(table: str) -> list[str]:
    """Returns a table's lines without its figures: its title, heads, labels, units and rows."""
    return [re.sub(r"\d+\.\d+", "0", line) for line in table.splitlines()]


def test_the_table_in_the_readme_is_laid_out_as_the_product_prints_it() -> None:
    values = [Value(f"P{n:02d}", timepoint, key, value, (value, value))
              for n in range(1, 13) for index, timepoint in enumerate(TIMEPOINTS) for key in KEYS
              for value in [10 + n * (1 + index)]]
    fresh = shape(render(build_table(values)))
    body = [line for line in shape(shown_table()) if "mean lies within" not in line]
    rows = len(KEYS) + 5  # title, blank, head, rule, rows, rule
    assert [line[:49] for line in body[:rows]] == [line[:49] for line in fresh[:rows]]
    assert "synthetic" in shown_table()


def test_the_printed_table_is_found_in_what_the_demo_prints() -> None:
    table = shown_table()
    for tail in ("\n\nBeside published_table4.csv: measured\n", "\n\nEverything is in x", "\n", ""):
        assert printed_table(f"pulled  patient P01\n\n{table}{tail}") == table


def test_the_readme_says_the_limits() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for words in ("no alarm system", "No real ESP32 has run it", "can read the whole log", "is untested",
                  "synthetic"):
        assert words in text
