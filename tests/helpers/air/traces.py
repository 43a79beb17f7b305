"""What a pull's trace (PUMPLOG_AIR_TRACE) tells: which stretches of log came, and what was answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pumpwire import gatt, receiving, uuids

_LOG = gatt.CHARACTERISTICS[uuids.LOG]


def packets(trace: Path) -> list[bytes]:
    """Returns the packets of log that arrived."""
    return [bytes.fromhex(data) for uuid, data in _lines(trace) if uuid == _LOG]


def answers(trace: Path) -> int:
    """Returns how many requests were answered by an indication."""
    return sum(uuid != _LOG for uuid, _ in _lines(trace))


def log_stretches(trace: Path) -> list[tuple[int, int, bytes]]:
    """Returns (first_seq of its page, offset, bytes) of each stretch of log that arrived, of reports
    that lost nothing on the way."""
    found, reader = [], receiving.SegmentReader()
    for packet in packets(trace):
        if reader.ended:
            reader = receiving.SegmentReader()  # the next report
        found += reader.feed(packet[1:-2])
    return found


def sent_pages(trace: Path) -> set[tuple[int, int]]:
    """Returns (first_seq of its page, offset) of each stretch of log that came over the air."""
    return {(first_seq, offset) for first_seq, offset, _ in log_stretches(trace)}


def came_twice(first: Path, second: Path) -> int:
    """Returns how many bytes of log arrived in both."""
    def places(trace: Path) -> set[tuple[int, int]]:
        return {(page, offset + at) for page, offset, piece in log_stretches(trace)
                for at in range(len(piece))}
    return len(places(first) & places(second))


def _lines(trace: Path) -> Iterator[tuple[str, str]]:
    for line in trace.read_text().splitlines() if trace.exists() else ():
        uuid, _, data = line.partition(" ")
        yield uuid, data
