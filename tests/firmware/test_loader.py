"""What the loader starts, under MicroPython on a real littlefs: a row for each state of a board."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.paths import ROOT
from pumpbench.board.usb_board import UsbBoard, fresh_flash, run_on_chip

SCRIPT = """
import hashlib, json, os, machine
from binascii import hexlify
exec({loader!r})
machine.WDT = lambda timeout: print("watchdog", timeout)

def firmware(letter, how):
    os.mkdir("/" + letter)
    if how == "none":
        return
    sums = {{}}
    for name in ("main.mpy", "other.mpy"):
        data = (letter + name).encode() * 300
        sums[name] = hexlify(hashlib.sha256(data).digest()).decode()
        if how == "changed" and name == "other.mpy":
            data = data[:-1] + b"!"
        if how != "lacks a file" or name == "main.mpy":
            with open("/%s/%s" % (letter, name), "wb") as file:
                file.write(data)
    text = json.dumps(sums)
    with open("/%s/manifest.json" % letter, "w") as file:
        file.write(text[:40] if how == "half a manifest" else text)

def board(slot, a, b):
    for name in ("a", "b"):
        try:
            for file in os.listdir("/" + name):
                os.remove("/%s/%s" % (name, file))
            os.rmdir("/" + name)
        except OSError:
            pass
    firmware("a", a)
    firmware("b", b)
    try:
        os.remove("/slot")
    except OSError:
        pass
    if slot is not None:
        with open("/slot", "w") as file:
            file.write(slot)

def after():
    try:
        with open("/slot") as file:
            return file.read()
    except OSError:
        return None

for slot, a, b in {rows!r}:
    board(slot, a, b)
    print(json.dumps(["row", choose(), after()]))
"""
ROWS = (  # slot, /a, /b: what starts, slot then
    ("a ok\n", "whole", "whole", "/a", "a ok\n"),
    ("b ok\n", "whole", "whole", "/b", "b ok\n"),
    ("b 3\n", "whole", "whole", "/b", "b 2\n"),
    ("b 1\n", "whole", "whole", "/b", "b 0\n"),
    ("b 0\n", "whole", "whole", "/a", "a ok\n"),  # it had its three starts
    ("b 0\n", "changed", "whole", "/b", "b 0\n"),  # there is nothing to go back to
    ("b 3\n", "whole", "changed", "/a", "a ok\n"),
    ("b ok\n", "whole", "changed", "/a", "a ok\n"),
    ("a ok\n", "lacks a file", "whole", "/b", "b ok\n"),
    ("a ok\n", "half a manifest", "whole", "/b", "b ok\n"),
    ("a ok\n", "none", "whole", "/b", "b ok\n"),
    ("a ok\n", "changed", "half a manifest", None, "a ok\n"),
    (None, "whole", "none", "/a", None),  # the first deploy was cut before its switch
    (None, "none", "whole", "/b", "b ok\n"),
    ("nonsense", "whole", "whole", "/a", "nonsense"),
    ("", "whole", "none", "/a", ""),
)


@pytest.fixture(scope="module")
def chip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = UsbBoard(tmp_path_factory.mktemp("chip") / "board", fresh_flash()).folder
    (folder / "rtc.bin").touch()
    return folder


def script(rows: tuple[tuple[str | None, str, str], ...], more: str = "") -> str:
    loader = (ROOT / "firmware" / "boards" / "loader" / "loader.py").read_text()
    return SCRIPT.format(loader=loader, rows=rows) + more


def test_it_starts_a_whole_firmware_and_keeps_what_it_did(chip: Path) -> None:
    said = run_on_chip(chip, script(tuple(row[:3] for row in ROWS)))
    found = [json.loads(line) for line in said.splitlines() if line.startswith('["row"')]
    assert [tuple(row[1:]) for row in found] == [row[3:] for row in ROWS]
    assert said.count("no whole firmware is on this board") == 1
    assert said.count("back to the firmware in /") == 7


def test_service_is_once_and_has_a_watchdog_of_ten_minutes(chip: Path) -> None:
    said = run_on_chip(chip, script((), """
board("a ok", "whole", "none")
open("/service", "w").close()
print(choose(), choose())
"""))
    assert "watchdog 600000" in said and said.strip().endswith("None /a")


def test_service_marks_what_the_memory_keeps_and_changes_nothing_else_of_it(chip: Path) -> None:
    said = run_on_chip(chip, script((), """
board("a ok", "whole", "none")
memory = machine.RTC().memory
for kept in (b"", b"PRfirstPRfirst"):
    memory(kept)
    for _ in range(2):
        open("/service", "w").close()
        choose()
        print(memory())
choose()
print(memory())
"""))
    found = [line for line in said.splitlines() if line.startswith("b'")]
    assert found == ["b''"] * 2 + ["b'PSfirstPSfirst'"] * 3


def test_a_firmware_that_came_up_ends_its_trial_and_writes_but_once(chip: Path) -> None:
    said = run_on_chip(chip, script((), """
board("b 2", "whole", "whole")
came_up()
print(repr(after()))
keep = None
came_up()
"""))
    assert said.count("the firmware in /b came up") == 1 and "'b ok\\n'" in said
