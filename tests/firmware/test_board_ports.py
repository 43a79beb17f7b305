"""Both boards offer the ports that boards/esp32/board.py lists: each of them, and none beside."""

from __future__ import annotations

import ast
import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.hil.virtual_air import VirtualAir
from helpers.paths import ROOT, STAND_INS, TESTS, micropython_path
from pumpbench.board.virtual_board import find_micropython

BOARDS = ROOT / "firmware" / "boards"


def contract() -> dict[str, set[str]]:
    """Returns {port: its functions} of the list in the ESP32 board's docstring."""
    text = ast.get_docstring(ast.parse((BOARDS / "esp32" / "board.py").read_text())) or ""
    ports: dict[str, set[str]] = {}
    name = ""
    for line in text.splitlines():
        begins = re.match(r"    (\w+) +(?=\S)", line)
        if begins:
            name = begins[1]
            ports[name] = set()
        if name and line.startswith("    "):
            ports[name] |= set(re.findall(r"(\w+)\(", line))
    return ports


def built(board: str, stand_ins: str, settings: dict[str, object]) -> dict[str, list[str] | str | None]:
    """Returns what a board offers once it is built under MicroPython."""
    path = micropython_path(STAND_INS / stand_ins, BOARDS / board, BOARDS)
    done = subprocess.run(
        [find_micropython(), str(TESTS / "helpers" / "esp32" / "ports.py"), stand_ins],
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
        env={**os.environ, "MICROPYPATH": path,
             "PUMPBENCH_BOARD": json.dumps(settings)},
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def virtual(folder: Path, **wiring: object) -> dict[str, list[str] | str | None]:
    (folder / "flash").write_bytes(b"\xff" * 8192)
    (folder / "nvs").write_text("{}")
    files = {name: str(folder / name) for name in ("flash", "nvs", "retained")}
    return built("virtual", "none", {
        **files, "identity": "x", "seed": "1", "reset_reason": 1, "rtc_s": None, **wiring,
    })


def esp32(folder: Path) -> dict[str, list[str] | str | None]:
    return built("esp32", "esp32", {})


def in_the_bench(folder: Path) -> dict[str, list[str] | str | None]:
    return virtual(folder, control="/dev/null", answers="/dev/null", serial="/dev/null",
                   counters_from=0)


def on_the_air(folder: Path) -> dict[str, list[str] | str | None]:
    """On an air of its own: a board registers its services as it is built."""
    with VirtualAir() as air, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PUMPBENCH_AIR", air.for_boards)
        patch.setenv("PUMPBENCH_ADDRESS", "F0:F0:F0:F0:F0:01")
        return off_the_wires(folder)


def off_the_wires(folder: Path) -> dict[str, list[str] | str | None]:
    return virtual(folder, counts=0, presses=0, reliefs=0, weight_raw=0, button=None)


def test_an_air_that_ends_lets_go_of_its_boards() -> None:
    with VirtualAir() as air:
        host, port = air.for_boards.split(":")
        board = socket.create_connection((host, int(port)), timeout=10)
        while not air.air.boards:
            time.sleep(0.01)
    assert board.recv(1) == b""
    board.close()


def test_the_list_names_all_ports() -> None:
    ports = contract()
    assert len(ports) == 24
    assert ports["flash"] == {"read", "program", "erase"} and ports["handset"] == {"value", "closed"}


@pytest.mark.parametrize("board, lacks", [
    (esp32, set()), (in_the_bench, {"radio"}), (on_the_air, {"serial"}),
])
def test_a_board_offers_every_port_and_none_beside(
    board: Callable[[Path], dict[str, list[str] | str | None]], lacks: set[str], tmp_path: Path,
) -> None:
    ports = contract()
    offers = board(tmp_path)
    assert offers.keys() == ports.keys()
    assert {name for name, offer in offers.items() if offer is None} == lacks
    for name, functions in ports.items():
        offer = offers[name]
        if isinstance(offer, list):
            assert functions <= set(offer), name
        elif offer == "function":
            assert name in functions
