"""A second reader of the log's format, written from docs/LOG_FORMAT.md alone: it imports no pumpwire.

It reads the kinds from the document's own table, so that what it cannot read the document does not say.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Any

from helpers.paths import ROOT

DOC = ROOT / "docs" / "LOG_FORMAT.md"
Fields = dict[str, Any]
BOOT, MINUTE, RESERVOIR = 1, 3, 6


class UnreadableError(Exception):
    """Bytes that the document does not allow."""


@dataclass
class Page:
    """records: (seq, kind, boot, uptime_ms, fields); damaged: they end before the page's do."""

    log_id: int
    first_seq: int
    records: list[tuple[int, int, int, int, Fields]] = field(default_factory=list)
    closed: bool = False
    damaged: bool = False
    footer: dict[str, Any] | None = None


def kinds_in_doc() -> dict[int, list[tuple[str, str]]]:
    """Returns the fields of each kind, (name, code), from the document's table."""
    found = {}
    for line in DOC.read_text().splitlines():
        row = re.match(r"\| (\d+) \| \w+ \| ((?:\w+ [uidlb](?:, )?)+) \|", line)
        if row:
            pairs = [pair.split() for pair in row[2].split(", ")]
            found[int(row[1])] = [(name, code) for name, code in pairs]
    return found


KINDS = kinds_in_doc()


def crc16(data: bytes, start: int = 0xFFFF) -> int:
    """CRC-16/CCITT-FALSE, bit by bit."""
    crc = start
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021) & 0xFFFF if crc & 0x8000 else crc << 1
    return crc


def frame_check(data: bytes, seed: int) -> int:
    crc = crc16(data, seed)
    if crc >> 9 == 0x7F:
        crc &= 0xFEFF
    return (crc >> 5 << 5) + sum(f"{byte:08b}".count("0") for byte in data) % 32


def u(data: bytes, at: int, n: int) -> int:
    return int.from_bytes(data[at : at + n], "little")


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Returns (value, offset behind it)."""
    value = 0
    for n in range(5):
        if at + n >= len(data):
            raise UnreadableError("varint cut short")
        byte = data[at + n]
        value += (byte & 0x7F) << 7 * n
        if byte < 0x80:
            if n and byte == 0:
                raise UnreadableError("needless byte")
            return value, at + n + 1
    raise UnreadableError("varint too long")


def unfold(value: int) -> int:
    return value // 2 if value % 2 == 0 else -(value + 1) // 2


class _State:
    """What differences start from, and the time."""

    def __init__(self, boot: int, ticks: int) -> None:
        self.boot = boot
        self.ticks = ticks
        self.clear()

    def clear(self) -> None:
        self.last: dict[tuple[int, str], int] = {}
        self.step = 0
        self.minute_at: int | None = None

    def differing(self, kind: int, name: str, code: str, difference: int) -> int:
        last = self.last.get((kind, name), 0)
        value = last + difference + (self.step if code == "l" else 0)
        if abs(value) > 2**30 - 1:
            raise UnreadableError("value out of range")
        if code == "l":
            self.step = value - last if last else 0
        self.last[kind, name] = value
        return value


def _record(body: bytes, kind: int, state: _State) -> Fields:
    dt, at = varint(body, 0)
    if kind == BOOT:
        state.clear()
        state.ticks = 0
    state.ticks += dt
    if kind not in KINDS:
        return {"raw": body[at:]}
    fields: Fields = {}
    for name, code in KINDS[kind]:
        if code == "b":
            fields[name], at = body[at:], len(body)
            continue
        value, at = varint(body, at) if at < len(body) else (0, at)
        if code != "u":
            value = unfold(value)
        if code in "dl":
            value = state.differing(kind, name, code, value)
        fields[name] = value
    if kind == BOOT:
        state.boot = fields["boot"]
    if kind == MINUTE:
        state.minute_at = state.ticks
    return fields


def _minute(data: bytes, at: int) -> tuple[list[int], int]:
    """Returns (the varints of a minute frame, offset behind them)."""
    d = data[at] & 0x3F
    if d == 63:
        raise UnreadableError("minute of form 63")
    values = []
    at += 1
    for _ in range(max(0, d - 60) + (data[at - 1] >> 6 & 1)):
        value, at = varint(data, at)
        values.append(value)
    return values, at


def _frame(
    data: bytes, at: int, seed: int, state: _State
) -> tuple[list[tuple[int, int, int, Fields]], int]:
    """Returns ([(kind, boot, uptime_ms, fields)], offset behind the frame) of the frame at `at`."""
    first = data[at]
    values: list[int] = []
    if first < 0x80:
        if at + 1 >= len(data) or not 1 <= data[at + 1] <= 250:
            raise UnreadableError("no frame")
        end = at + 2 + data[at + 1]
    else:
        values, end = _minute(data, at)
    if end + 2 > len(data) or frame_check(data[at:end], seed) != u(data, end, 2):
        raise UnreadableError("check")
    if first < 0x80:
        fields = _record(data[at + 2 : end], first, state)
        return [(first, state.boot, state.ticks * 100, fields)], end + 2
    if state.minute_at is None:
        raise UnreadableError("no minute before")
    d = first & 0x3F
    step = d if d <= 60 else values.pop(0)
    if state.ticks > state.minute_at + 600:
        raise UnreadableError("minute in the past")
    counts = state.differing(MINUTE, "counts", "d", unfold(step))
    if counts < 0:
        raise UnreadableError("negative counts")
    state.ticks = state.minute_at = state.minute_at + 600
    fields = {"span_ms": 60000, "counts": counts, "presses": values.pop(0) if d == 62 else 0}
    found = [(MINUTE, state.boot, state.ticks * 100, fields)]
    if first & 0x40:
        level = state.differing(RESERVOIR, "level_ul", "l", unfold(values.pop(0)))
        fields = {"level_ul": level, "se_ul": state.last.get((RESERVOIR, "se_ul"), 0)}
        found.append((RESERVOIR, state.boot, state.ticks * 100, fields))
    return found, end + 2


def read_prefix(data: bytes) -> tuple[int, int, int]:
    """Returns (version, log_id, first_seq)."""
    if len(data) < 16 or data[:2] != b"PL" or crc16(data[:14]) != u(data, 14, 2):
        raise UnreadableError("prefix")
    return data[2], u(data, 4, 4), u(data, 8, 4)


def read_page(data: bytes) -> Page:
    """Reads a page or its first bytes; raises UnreadableError where its header cannot be read."""
    version, log_id, first_seq = read_prefix(data)
    if len(data) > 4096:
        raise UnreadableError("more than a page")
    if version != 2 or len(data) < 28 or crc16(data[16:26], u(data, 14, 2)) != u(data, 26, 2):
        raise UnreadableError("header")
    out = Page(log_id, first_seq)
    state = _State(u(data, 16, 4), u(data, 20, 4) * 10 + data[24])
    end = min(len(data), 4061)
    used = u(data, 4061, 2)
    if len(data) == 4096 and used != 0xFFFF:
        out.footer = {"used": used, "count": u(data, 4063, 2), "key_id": u(data, 4065, 2),
                      "flags": data[4067], "previous": data[4068:4076], "crc": u(data, 4076, 4),
                      "seal": data[4080:]}
        fits = 28 <= used <= 4061 and binascii.crc32(data[:used] + data[4061:4076]) == u(data, 4076, 4)
        out.damaged = not fits
        end = used if fits else end
    at = 28
    try:
        while at < end and data[at] != 0xFF:
            if data[at] == 0:
                at += 1
                continue
            found, at = _frame(data[:end], at, u(data, 26, 2), state)
            out.records += [(first_seq + len(out.records) + n, *each) for n, each in enumerate(found)]
    except UnreadableError:
        out.damaged = True
    if out.footer and out.footer["count"] != len(out.records):
        out.damaged = True
    out.closed = out.footer is not None and not out.damaged
    return out


def key_id(key: bytes) -> int:
    """Returns the number that names a key."""
    return u(hashlib.sha256(b"pumplog key " + key).digest(), 0, 2) or 1


def sealed(data: bytes, key: bytes) -> bool:
    """Returns whether the seal of a page with a footer fits."""
    made = hmac.new(key, data[: u(data, 4061, 2)] + data[4061:4080], "sha256").digest()
    return made[:16] == data[4080:4096]
