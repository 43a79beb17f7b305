"""Ways to a board, one file each; `open_link` picks by the --link option."""

from __future__ import annotations

from ..errors import Unreachable, Usage
from .link import Link


def open_link(spec: str, board: str) -> Link:
    """Returns a link to the board of that name over `ble` or `serial:PORT`."""
    if spec.startswith("serial:"):
        from .serial_link import SerialLink

        return SerialLink(spec.removeprefix("serial:"))
    if spec == "ble":
        from pumpwire import uuids

        from . import ble_radio
        from .ble_link import BleLink

        for seen in ble_radio.scan(uuids.SERVICE, until_name=board):
            if seen.name == board:
                return BleLink(seen)
        raise Unreachable(f"board {board} does not answer: go near it and check that its light"
                          " says logging, then do it again.")
    raise Usage(f"--link {spec} is none of ble, serial:PORT, file:PATH: write one of them.")
