"""Powers the boards of an earlier run up on a virtual air, until interrupted."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from .air.server import Air
from .errors import BenchError
from .firmware import compiled_firmware
from .virtual_board import VirtualBoard

_READY_S = 120  # boards take a second or two: this only ends a wait that would never end


def boards_in(folder: Path) -> list[Path]:
    """Returns the folders of the boards that a run left; raises BenchError if there are none."""
    found = sorted(path.parent for path in folder.glob("*/pins.json"))
    if not found:
        raise BenchError(f"no boards in {folder}: make some with `pumpbench run --out {folder}`.")
    return found


async def serve(folder: Path, ready: Callable[[str], None]) -> None:
    """Runs air and boards until SIGINT or SIGTERM; calls `ready(address)` once all advertise."""
    air = Air()
    board_port, central_port = await air.start()
    running = [_power_on(path, board_port, index) for index, path in enumerate(boards_in(folder))]
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        try:
            async with asyncio.timeout(_READY_S):
                await _until_all_advertise(air, running)
        except TimeoutError:
            raise BenchError(
                f"only {air.advertising} of {len(running)} boards advertise after {_READY_S} s: see"
                f" the firmware.err of each below {folder}."
            ) from None
        ready(f"127.0.0.1:{central_port}")
        lossy = asyncio.create_task(_lose_links(air, folder))
        await stop.wait()
        lossy.cancel()
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()


def _power_on(path: Path, board_port: int, index: int) -> subprocess.Popen[bytes]:
    pins = json.loads((path / "pins.json").read_text())
    board = VirtualBoard(path, f"{path.name}/air", compiled_firmware())
    env = {
        "PUMPBENCH_AIR": f"127.0.0.1:{board_port}",
        "PUMPBENCH_ADDRESS": f"F0:F0:F0:00:{index >> 8:02X}:{index & 255:02X}",
    }
    board.lose_power()
    return board.spawn(pins, env)


async def _lose_links(air: Air, folder: Path) -> None:
    """Breaks the links as the run's radio_loss faults say, one fault after the other."""
    for path in boards_in(folder):
        pins = json.loads((path / "pins.json").read_text())
        for drops, every_s in pins.get("radio_loss", []):
            for _ in range(drops):
                await asyncio.sleep(every_s)
                air.drop_links()


async def _until_all_advertise(air: Air, running: list[subprocess.Popen[bytes]]) -> None:
    while air.advertising < len(running):
        for process in running:
            if process.poll() is not None:
                raise BenchError("a board stopped as it started: see its firmware.err.")
        await asyncio.sleep(0.05)
