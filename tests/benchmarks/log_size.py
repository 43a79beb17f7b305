"""What the reference days take as pages of the log, beside other formats of the same events.

The others carry less: the time to the second, the kind, one value and a flag, nothing that guards a
record, and nothing that says where it belongs; the 16-byte structs have a sequence number and a
16-bit check. zlib is at its best (level 9, 32 KiB window) over a whole day, which no board could hold.
"""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass

import cbor2
from helpers.on_board import reference_day, verbose_events
from helpers.on_board.day_log import DayLog
from helpers.paths import VECTORS
from pumpwire import frames, page, records

DAYS = VECTORS / "reference_day" / "days.txt"
MOST_BYTES_AN_EVENT = 3.2
LEAST_BELOW_VERBOSE = 35

Event = tuple[int, int, tuple[int, ...]]


@dataclass(frozen=True)
class Size:
    """Bytes that a format takes for a day, as they are and through zlib; means over the days."""

    name: str
    day: float
    zipped: float

    def an_event(self) -> float:
        """Returns the bytes of one event."""
        return self.day / reference_day.EVENTS


def read_days() -> list[list[Event]]:
    """Returns the events of each day; the first is the reference day."""
    with DAYS.open() as file:
        return [events for _, events in reference_day.read(file)]


def one_after_the_other(days: list[list[Event]]) -> list[Event]:
    """Returns the days' events as those of one run."""
    return [(ticks + number * reference_day.DAY_TICKS, kind, values)
            for number, day in enumerate(days) for ticks, kind, values in day]


def logged(days: list[list[Event]]) -> DayLog:
    """Returns the log of all days in one run."""
    return DayLog(one_after_the_other(days), 2 * len(days))


def check_bits(whole: bytes, offset: int, data: bytes) -> int:
    """Returns the bits of the check that guards what a program operation wrote, 0: none that fits.

    whole: its page in the end. A slot's mark, the first 8 bytes, has no check of its own until the
    header's rest comes: it counts by what it must be to the bit. A footer is judged with its whole page
    (pumpwire.page.check_footer).
    """
    header = page.read_header(whole)  # raises unless both of its checks fit
    if offset + len(data) <= page.PREFIX_BYTES // 2:
        return 8 * len(data)
    if offset + len(data) == page.HEADER_BYTES:
        return 16
    if offset == page.FOOTER_AT:
        return 32
    length = frames.frame_length(data, 0, len(data), header.seed)
    erased = data[length:].count(records.ERASED)  # a long frame may be filled up: no cell changes
    return 16 if length and length + erased == len(data) else 0


def verbose_lines(day: list[Event]) -> bytes:
    """Returns a day as JSON lines as a plain logger writes them."""
    return "".join(json.dumps(verbose_events.verbose(event)) + "\n" for event in day).encode()


def _arrays(day: list[Event]) -> bytes:
    return "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in map(_row, day)).encode()


def _cbor_maps(day: list[Event]) -> bytes:
    return b"".join(cbor2.dumps(dict(zip("tkvf", row, strict=True))) for row in map(_row, day))


def _structs(day: list[Event]) -> bytes:
    found = b""
    for seq, (time_s, kind, value, flag) in enumerate(map(_row, day)):
        data = struct.pack("<IIBBi", seq, time_s, kind, flag, value)
        found += data + struct.pack("<H", zlib.crc32(data) & 0xFFFF)
    return found


def _row(event: Event) -> tuple[int, int, int, int]:
    """Returns (seconds, kind, its one value, a flag) of an event."""
    ticks, kind, values = event
    time_s = verbose_events.T0_S + ticks // 10
    if kind == records.MINUTE:
        return time_s, kind, values[1], values[2]
    if kind == records.RESERVOIR:
        return time_s, kind, values[0], 0
    return time_s, kind, values[2], int(kind == records.DEMAND)


def sizes(days: list[list[Event]]) -> list[Size]:
    """Returns what each format takes for a day, the log's pages first and the verbose lines second.

    The pages are those of one run of all days: every byte of the ring that is gone, by the day.
    """
    log = logged(days)
    found = [Size("pages of the log, everything", log.consumed_bytes() / len(days),
                  sum(len(_zip(data)) for data in log.pages) / len(days))]
    for name, write in (("JSON lines, verbose", verbose_lines), ("JSON lines, arrays", _arrays),
                        ("CBOR maps", _cbor_maps), ("16-byte structs", _structs)):
        made = [write(day) for day in days]
        found.append(Size(name, sum(map(len, made)) / len(days),
                          sum(len(_zip(data)) for data in made) / len(days)))
    return found


def _zip(data: bytes) -> bytes:
    return zlib.compress(data, 9)
