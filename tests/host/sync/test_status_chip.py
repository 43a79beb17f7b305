"""What STATUS says of the chip: of a board that says it, and of one that does not yet."""

from __future__ import annotations

import struct

from pumplog.sync.client import Client
from pumpwire import commands, names

BODY = struct.pack(commands.STATUS_BODY, *range(1, 16))


class Link:
    """A link from which STATUS is read."""

    def __init__(self, status: bytes) -> None:
        self.status = status

    def read(self, channel: int) -> bytes:
        return self.status


def status(data: bytes) -> dict[str, int]:
    return Client(Link(data)).status()  # type: ignore[arg-type]


def test_a_board_that_says_how_its_chip_is_is_understood() -> None:
    told = status(BODY + struct.pack(commands.STATUS_CHIP, 70_000, 40_000, 65_000, 2, 140))
    assert [told[name] for name in names.STATUS_CHIP_FIELDS] == [70_000, 40_000, 65_000, 2, 140]
    assert told["flags"] == 15


def test_a_board_from_before_it_did_and_one_that_says_more_are_too() -> None:
    older = status(BODY)
    assert set(older) == set(names.STATUS_FIELDS)
    assert status(BODY + bytes(19)) == older
    newer = status(BODY + struct.pack(commands.STATUS_CHIP, 1, 2, 3, 4, 5) + bytes(9))
    assert set(newer) == set(names.STATUS_FIELDS + names.STATUS_CHIP_FIELDS)
