"""A link to a board in this process that says which board it is."""

from __future__ import annotations

import struct

from pumpwire import commands, uuids

from helpers.host.loop_link import LoopBoard, LoopLink


class NamedLink(LoopLink):
    """A link to a board that says which board it is."""

    def __init__(self, board: LoopBoard, name: str = "B01", break_at: int = 0) -> None:
        super().__init__(board, break_at)
        self._name = name

    def read(self, channel: int) -> bytes:
        """Reads a value of the board."""
        if channel == uuids.INFO:
            return struct.pack(commands.INFO_BODY, commands.PROTOCOL, 0, self._name.encode())
        return super().read(channel)

    def close(self) -> None:
        """Lets the board go."""
