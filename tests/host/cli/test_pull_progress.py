"""How a pull is going: a live line for each board on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
import re

import pytest
from pumplog.errors import UnreachableError
from pumplog.sync.progress import Progress, StoppedError

BOARDS = {f"B{n:02d}": f"patient P{n:02d} on board B{n:02d}, bed {n}" for n in range(1, 7)}


class Terminal(io.StringIO):
    """A terminal that knows two things: one line up, and clear it."""

    def isatty(self) -> bool:
        """Returns that it is one."""
        return True

    def screen(self) -> list[str]:
        """Returns the lines as they stand."""
        lines, at = [""], 0
        for part in re.findall(r"\033\[\d*[A-Za-z]|\n|[^\033\n]+", self.getvalue()):
            if part == "\033[A":
                at -= 1
            elif part == "\033[2K":
                lines[at] = ""
            elif part == "\n":
                at += 1
                lines += [""] * (at + 1 - len(lines))
            else:
                assert not part.startswith("\033"), f"no colour, nothing else: {part!r}"
                assert lines[at] == "", "written over what was not cleared"
                lines[at] = part
        return [line for line in lines if line]


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")


def a_round(progress: Progress, screens: list[list[str]], out: Terminal | io.StringIO) -> None:
    """Two boards side by side, one breaking off, four waiting."""
    with progress:
        with progress.visit("B01"):
            progress.so_far("B01", 0)
            with pytest.raises(UnreachableError), progress.visit("B02"):
                progress.so_far("B02", 0)
                progress.so_far("B01", 3900)
                progress.so_far("B02", 11_100)
                screens.append(out.screen() if isinstance(out, Terminal) else [])
                raise UnreachableError("the radio link broke", "go nearer")
            progress.again("B02", "the radio link broke")
            screens.append(out.screen() if isinstance(out, Terminal) else [])
        progress.done("B01", 512)


def test_on_a_terminal_each_board_under_way_has_one_line_that_changes() -> None:
    out, screens = Terminal(), []
    a_round(Progress(out, BOARDS), screens, out)
    assert screens == [
        ["patient P01 on board B01, bed 1: connected, 4 kB",
         "patient P02 on board B02, bed 2: connected, 12 kB", "waiting: 4"],
        ["patient P02 on board B02, bed 2: will be tried again: the radio link broke",
         "patient P01 on board B01, bed 1: connected, 4 kB", "waiting: 5"],
    ]
    assert out.screen() == [  # what came of each stays, the live lines are gone
        "patient P02 on board B02, bed 2: will be tried again: the radio link broke",
        "patient P01 on board B01, bed 1: done, new records: 512"]


def test_a_live_line_never_wraps() -> None:
    out = Terminal()
    with Progress(out, {"B01": "patient P01 on board B01, bed " + "9" * 80}) as progress:
        with progress.visit("B01"):
            assert [len(line) for line in out.screen()] == [59]


@pytest.mark.parametrize("out", [io.StringIO(), Terminal()], ids=["piped", "dumb terminal"])
def test_elsewhere_there_are_plain_lines(
    out: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    a_round(Progress(out, BOARDS), [], out)
    assert out.getvalue().splitlines() == [
        "patient P01 on board B01, bed 1: connected",
        "patient P02 on board B02, bed 2: connected",
        "patient P02 on board B02, bed 2: will be tried again: the radio link broke",
        "patient P01 on board B01, bed 1: done, new records: 512"]


@pytest.mark.parametrize("around, live", [
    ({}, False), ({"WT_SESSION": "4f3b"}, True), ({"TERM_PROGRAM": "vscode"}, True),
    ({"TERM": "xterm"}, True), ({"TERM": "dumb", "WT_SESSION": "4f3b"}, False),
], ids=["console", "Windows Terminal", "an editor's", "Git Bash", "dumb"])
def test_the_console_of_windows_gets_plain_lines(
    around: dict[str, str], live: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TERM", "WT_SESSION", "TERM_PROGRAM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in around.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("pumplog.sync.progress.sys.platform", "win32")
    out = Terminal()
    a_round(Progress(out, BOARDS), [], out)
    assert ("\033" in out.getvalue()) == live


def test_a_single_board_says_nothing_when_piped() -> None:
    out = io.StringIO()
    with Progress(out, {"B01": BOARDS["B01"]}) as progress:
        with progress.visit("B01"):
            progress.so_far("B01", 0)
        progress.done("B01", 1)
    assert out.getvalue() == ""


def test_stopped_it_ends_a_visit_at_the_next_bytes() -> None:
    with Progress(io.StringIO(), BOARDS) as progress, pytest.raises(StoppedError):
        with progress.visit("B01"):
            progress.stop()
            progress.so_far("B01", 100)
    with pytest.raises(StoppedError), progress.visit("B02"):
        pass
