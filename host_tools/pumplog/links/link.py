"""A link to one board: the same few channels over every medium (pumpwire.uuids)."""

from __future__ import annotations

from typing import Protocol


class Link(Protocol):
    """What the sync client needs. Every method raises UnreachableError when the board is gone."""

    description: str

    def read(self, channel: int) -> bytes:
        """Returns the value of a readable channel."""

    def write(self, channel: int, data: bytes) -> None:
        """Writes to a channel."""

    def receive(self, timeout_s: float) -> tuple[int, bytes] | None:
        """Returns the next (channel, data) that the board sent, None after the timeout."""

    def close(self) -> None:
        """Lets the board go."""
