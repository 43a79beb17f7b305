"""Ways to a board: its radio and its cable, one file each, behind the same few calls.

In: how to reach a board (`ble` or `serial:PORT`), its name, and the key that pairs with it. Out: a Link,
with the same channels over every medium (pumpwire.uuids), or which boards are heard. Nothing here knows
the store, what a log is, or whom a board serves.
"""

from __future__ import annotations

from collections.abc import Callable

from ..errors import UsageError
from .link import Link

__all__ = ["BLE", "FILE", "SERIAL", "Link", "open_link"]

BLE = "ble"
SERIAL = "serial:"  # and the port's name
FILE = "file:"  # and a path: a flash image, which is pulled (pumplog.sync) and no link


def open_link(spec: str, board: str, pairing_key: bytes | None = None,
              proves: Callable[[Link], object] = lambda _: None) -> Link:
    """Returns a link to the board of that name over `ble` or `serial:PORT`; UsageError for another spec.

    Over `ble` an unpaired computer pairs first, under the board's pairing key; NotPairedError if it
    cannot. Of several devices that use the name it is the first for which `proves` does not raise
    IntegrityError.
    """
    if spec.startswith(SERIAL):
        from .serial_link import SerialLink

        return SerialLink(spec.removeprefix(SERIAL))
    if spec == BLE:
        from .ble_link import open_ble

        return open_ble(board, pairing_key, proves)
    raise UsageError(f"--link {spec} is not a link", "write ble, serial:PORT or file:PATH")
