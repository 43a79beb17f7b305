"""The bench's command line where its extra is not installed."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("command", [["demo"], ["serve", "."], ["board", "absent"],
                                     ["laptop", "--python", "absent"]], ids=lambda command: command[0])
def test_a_base_install_says_how_to_get_the_bench(command: list[str]) -> None:
    script = ("import sys; sys.modules['bumble'] = None; sys.modules['numpy'] = None\n"
              f"from pumpbench.cli import main; sys.exit(main({command!r}))")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == ("pumpbench: this command needs the extra 'bench', which is not installed: pip"
                           " install 'pumplog[bench]'.\n")


def test_the_accuracy_report_says_how_to_get_what_it_needs() -> None:
    script = ("import runpy, sys; sys.modules['matplotlib'] = None\n"
              "runpy.run_module('pumpbench.accuracy', run_name='__main__')")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == ("pumpbench.accuracy: this command needs the extra 'accuracy', which is not"
                           " installed: pip install 'pumplog[accuracy]'.\n")
