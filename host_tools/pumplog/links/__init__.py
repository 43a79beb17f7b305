"""Ways to a board, one file each; `open_link` picks by the --link option."""

from __future__ import annotations

from ..errors import Usage
from .link import Link


def open_link(spec: str, board: str, pairing_key: bytes | None = None) -> Link:
    """Returns a link to the board of that name over `ble` or `serial:PORT`; over `ble` it is paired
    with, under its pairing key, unless it is already."""
    if spec.startswith("serial:"):
        from .serial_link import SerialLink

        return SerialLink(spec.removeprefix("serial:"))
    if spec == "ble":
        from .ble_link import open_ble

        return open_ble(board, pairing_key)
    raise Usage(f"--link {spec} is none of ble, serial:PORT, file:PATH: write one of them.")
