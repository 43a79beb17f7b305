"""Powers the boards of an earlier run up on a virtual air, until interrupted."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from ..air import Air
from ..board import AIR_HEAP, VirtualBoard, compiled_firmware
from ..errors import BenchError

_PRESS_EVERY_S = 100.0  # a board's pairing window stays open for 120
_LOOK_S = 0.05
_READY_S = 120  # boards take a second or two: this only ends a wait that would never end


def boards_in(folder: Path) -> list[Path]:
    """Returns the folders of the boards that a run left; raises BenchError if there are none."""
    found = sorted(path.parent for path in folder.glob("*/pins.json"))
    if not found:
        raise BenchError(f"no boards in {folder}", f"make some with `pumpbench run --out {folder}`")
    return found


async def serve_boards(
    folder: Path, ready: Callable[[str], None], by_hand: bool = False, enforces: bool = True,
    power_cuts: Mapping[str, int] = MappingProxyType({}),
) -> None:
    """Runs air and boards until SIGINT or SIGTERM; calls `ready(address)` once all advertise.

    by_hand: who presses the boards' service buttons: lines on standard input, `press B01`, or, where
    it is False, a tester who stands by and sees to it that a host can always pair.
    enforces False: the boards' Bluetooth stacks demand neither encryption nor authentication.
    power_cuts: {board: n}: its power goes as it gives its n-th notification or indication away.
    """
    boards: list[_BoardOnAir] = []

    def power_cut(address: str, n: int) -> bool:
        for board in boards:
            if board.address == address and power_cuts.get(board.name) == n:
                board.process.kill()
                return True
        return False

    air = Air(enforces, power_cut)
    board_port, laptop_port = await air.start()
    boards += [_BoardOnAir(path, board_port) for path in boards_in(folder)]
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    tasks: list[asyncio.Task[None]] = []
    try:
        unknown = sorted(set(power_cuts) - {board.name for board in boards})
        if unknown:
            raise BenchError(f"no board {unknown[0]} in {folder}", "check --power-cut")
        await _until_all_advertise(air, boards, folder)
        tasks.append(asyncio.create_task(_by_hand(air, boards) if by_hand else _stand_by(air, boards)))
        ready(f"127.0.0.1:{laptop_port}")
        tasks.append(asyncio.create_task(_lose_links(air, folder)))
        await stop.wait()
    finally:
        for task in reversed(tasks):
            task.cancel()
        for board in boards:
            board.process.terminate()
        for board in boards:
            board.process.wait()
        while air.boards:
            await asyncio.sleep(_LOOK_S)


class _BoardOnAir:
    """A board with power, on the air at its folder's own address, its service button in our hand."""

    def __init__(self, path: Path, board_port: int) -> None:
        self.name = path.name
        digits = hashlib.sha256(str(path.resolve()).encode()).hexdigest().upper()
        self.address = ":".join(["F0", "F0", *(digits[k : k + 2] for k in range(0, 8, 2))])
        button, self._button = os.pipe()
        pins = json.loads((path / "pins.json").read_text())
        board = VirtualBoard(path, f"{path.name}/air", compiled_firmware())
        env = {"PUMPBENCH_AIR": f"127.0.0.1:{board_port}", "PUMPBENCH_ADDRESS": self.address}
        board.lose_power()
        self.process = board.spawn({**pins, "button": button}, env, (button,), AIR_HEAP)
        os.close(button)

    def press(self) -> None:
        """Presses the service button, and lets it go."""
        with contextlib.suppress(BrokenPipeError):  # its power is cut
            os.write(self._button, b"10")


async def _stand_by(air: Air, boards: list[_BoardOnAir]) -> None:
    """Presses every board's service button, again before its pairing window ends, and again after each
    host that paired. Then it presses at once, and when the board has answered that host: a board that
    felt the press before it took the pairing in has closed its window since."""
    paired: dict[str, int] = {}
    owed: dict[str, int] = {}  # address: what the board had said as a host paired
    due_s = 0.0
    while True:
        pressed = set()
        now_s = asyncio.get_running_loop().time()
        if now_s >= due_s:
            due_s = now_s + _PRESS_EVERY_S
            pressed = {board.address for board in boards}
        for radio in air.boards:
            now = radio.security.paired if radio.security else 0
            if now != paired.get(radio.address, 0):
                paired[radio.address], owed[radio.address] = now, radio.said
                pressed.add(radio.address)
            elif radio.said > owed.get(radio.address, radio.said):
                del owed[radio.address]
                pressed.add(radio.address)
        for board in boards:
            if board.address in pressed:
                board.press()
        await asyncio.sleep(_LOOK_S)


async def _by_hand(air: Air, boards: list[_BoardOnAir]) -> None:
    """Does what each line of standard input says: `press B01`, the service button; `drop`, all links."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := (await reader.readline()).decode():
        verb, _, name = line.strip().partition(" ")
        pressed = [board for board in boards if verb == "press" and board.name == name]
        for board in pressed:
            board.press()
        if verb == "drop":
            air.drop_links()
        print(f"pressed {name}" if pressed else "dropped" if verb == "drop" else
              "say: press BOARD, or drop", flush=True)


async def _lose_links(air: Air, folder: Path) -> None:
    """Breaks the links as the run's radio_loss faults say, one fault after the other."""
    for path in boards_in(folder):
        pins = json.loads((path / "pins.json").read_text())
        for drops, every_s in pins.get("radio_loss", []):
            for _ in range(drops):
                await asyncio.sleep(every_s)
                air.drop_links()


async def _until_all_advertise(air: Air, boards: list[_BoardOnAir], folder: Path) -> None:
    loop = asyncio.get_running_loop()
    end_s = loop.time() + _READY_S
    while air.advertising < len(boards):
        if any(board.process.poll() is not None for board in boards):
            raise BenchError("a board stopped as it started", "see its firmware.err")
        if loop.time() > end_s:
            raise BenchError(f"only {air.advertising} of {len(boards)} boards advertise after"
                             f" {_READY_S} s", f"see the firmware.err of each below {folder}")
        await asyncio.sleep(_LOOK_S)
