"""A chip that holds nothing yet: its ROM loader on a serial port, for esptool to write to."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

from esp32_mock_bootloader import server

_SERVES_S = 120


class Nor(bytearray):
    """Flash cells: a byte FF that is programmed (esptool fills blocks up with them) changes nothing."""

    def __setitem__(self, at: Any, value: Any) -> None:
        if value != 0xFF:
            super().__setitem__(at, value)


def rom_loader(folder: Path) -> tuple[str, Nor]:
    """Returns the port of a blank chip in its loader, and its flash."""
    server.reset_flash_image()
    # it forgets esptool's stub that long after each part: packing MicroPython takes longer
    server._FLASH_END_IDLE_SEC = _SERVES_S
    flash = server.get_flash_image().data = Nor(b"\xff" * (4 << 20))
    said = folder / "port"
    threading.Thread(target=server.run_pty_server, args=(_SERVES_S, str(said), "esp32"),
                     daemon=True).start()
    while not (said.exists() and said.read_text()):
        time.sleep(0.01)
    return said.read_text().strip(), flash
