"""A second reader of the log's format, from docs/LOG_FORMAT.md alone: it imports nothing of ours.

It reads the kinds from the document's own tables, so what it cannot read the document does not say.
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
BOOT, MINUTE, RESERVOIR, LOST, SKIPPED = 1, 3, 6, 12, 20


class UnreadableError(Exception):
    """Bytes that the document does not allow."""


@dataclass
class Page:
    """records: (seq, kind, boot, uptime_ms, fields); damaged: they end before the page's do; decayed:
    the board closed it so; end: behind the last good frame and the filler after it."""

    log_id: int
    first_seq: int
    records: list[tuple[int, int, int, int, Fields]] = field(default_factory=list)
    closed: bool = False
    damaged: bool = False
    footer: dict[str, Any] | None = None
    footer_fits: bool = False
    decayed: bool = False
    end: int = 28
    torn_bytes: int = 0  # in an image: left out at its end
    given_up: bool = False  # in an image: a LOST names it; it may be half erased
    raw: bytes = b""  # in an image


def kinds_in_doc() -> dict[int, list[tuple[str, str]]]:
    """Returns the fields of each kind, (name, code), from the document's table."""
    found = {}
    for line in DOC.read_text().splitlines():
        row = re.match(r"\| (\d+) \| \w+ \| ((?:\w+ [uidlb](?:, )?)+) \|", line)
        if row:
            pairs = [pair.split() for pair in row[2].split(", ")]
            found[int(row[1])] = [(name, code) for name, code in pairs]
    return found


def entries_in_doc() -> dict[int, tuple[str, list[str]]]:
    """Returns name and fields of each kind of entry, from the document's table."""
    block = DOC.read_text().split("<!-- made: entries -->")[1].split("<!-- end -->")[0]
    rows = re.findall(r"^\| (\d+) \| (\w+) \| ([\w, ]*?) *\|", block, re.MULTILINE)
    return {int(kind): (name, fields.split(", ") if fields else []) for kind, name, fields in rows}


def names_in_doc() -> dict[int, str]:
    """Returns the name of each kind, from the document's table."""
    block = DOC.read_text().split("<!-- made: kinds -->")[1].split("<!-- end -->")[0]
    return {int(kind): name for kind, name in re.findall(r"^\| (\d+) \| (\w+) \|", block, re.MULTILINE)}


KINDS = kinds_in_doc()
KIND_NAMES = names_in_doc()
ENTRY_KINDS = entries_in_doc()
EPOCH_UNIX_S = int(re.search(  # type: ignore[union-attr]
    r"which is ([\d,]+) in Unix time", DOC.read_text())[1].replace(",", ""))


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


def _checked(data: bytes, at: int, seed: int) -> tuple[list[int], int]:
    """Returns (the varints of a minute frame, offset of the check) of a frame whose check fits."""
    values: list[int] = []
    if data[at] < 0x80:
        if at + 1 >= len(data) or not 1 <= data[at + 1] <= 250:
            raise UnreadableError("no frame")
        end = at + 2 + data[at + 1]
    else:
        values, end = _minute(data, at)
    if end + 2 > len(data) or frame_check(data[at:end], seed) != u(data, end, 2):
        raise UnreadableError("check")
    return values, end


def _frame(
    data: bytes, at: int, seed: int, state: _State
) -> tuple[list[tuple[int, int, int, Fields]], int]:
    """Returns ([(kind, boot, uptime_ms, fields)], offset behind the frame) of the frame at `at`."""
    first = data[at]
    values, end = _checked(data, at, seed)
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
    out.footer_fits = out.footer is not None and not out.damaged
    most = out.footer["count"] if out.footer and out.footer["flags"] & 2 and out.footer_fits else -1
    try:
        _frames(data[:end], u(data, 26, 2), state, out, most)
    except UnreadableError:
        out.damaged = True
    if out.footer and out.footer["count"] != len(out.records):
        out.damaged = True
    out.closed = out.footer is not None and not out.damaged
    out.decayed = most >= 0 and out.closed
    return out


def _frames(data: bytes, seed: int, state: _State, out: Page, most: int) -> None:
    """Reads frames to the end of the page's records; most: so many records end them too, if not -1."""
    at = 28
    while at < len(data) and data[at] != 0xFF and len(out.records) != most:
        if data[at] == 0:
            at += 1
        else:
            found, at = _frame(data, at, seed, state)
            out.records += [(out.first_seq + len(out.records) + n, *each)
                            for n, each in enumerate(found)]
        out.end = at


def entry(data: bytes) -> Fields:
    """Reads the bytes of an entry."""
    if len(data) < 34:
        raise UnreadableError("no entry")
    out: Fields = {"uuid": data[:16], "author": data[16:20].rstrip(b"\0"), "entered_at": u(data, 20, 4),
                   "effective_at": u(data, 24, 4), "assignment": u(data, 28, 4), "kind": data[32]}
    name, fields = ENTRY_KINDS.get(data[32], ("", []))
    if len(data) < 34 + 4 * len(fields):
        raise UnreadableError("entry cut short")
    return out | {"name": name, "fields": {
        each: u(data, 34 + 4 * n, 4) for n, each in enumerate(fields)}}


@dataclass
class Log:
    """The pages of one log in an image, in order; missing: (first, last seq) behind the oldest page that
    no record says why; gone: those that a LOST or SKIPPED names."""

    pages: list[Page] = field(default_factory=list)
    missing: list[tuple[int, int]] = field(default_factory=list)
    gone: list[tuple[int, int]] = field(default_factory=list)

    @property
    def records(self) -> list[tuple[int, int, int, int, Fields]]:
        return [record for page in self.pages for record in page.records]


def slot_kind(data: bytes) -> tuple[str, int]:
    """Returns what a slot is, by the table of the ring, and whose log's."""
    mark, rest = data[:8], data[8:16]
    of_a_log = mark[:2] == b"PL" and mark[2] not in (0, 0xFF) and mark[3] == 0
    if data[:16] == b"\xff" * 16:
        return "erased", 0
    if data[:16] == bytes(16):
        return "retired", 0
    if of_a_log and rest in (b"\xff" * 8, bytes(8)):
        return "taken back" if rest[0] == 0 else "ready", u(data, 4, 4)
    try:
        return "page", read_prefix(data)[1]
    except UnreadableError:
        return "foreign", 0


def read_ring(image: bytes) -> dict[int, Log]:
    """Reads an image of a board's flash; returns the logs in it by log_id."""
    logs: dict[int, Log] = {}
    slots = [image[at : at + 4096] for at in range(0, len(image), 4096)]
    for data in slots:
        kind, log_id = slot_kind(data)
        if kind == "page":
            try:
                page = read_page(data)
            except UnreadableError:
                page = Page(log_id, read_prefix(data)[2], damaged=True)
            page.raw = data
            logs.setdefault(log_id, Log()).pages.append(page)
    for log in logs.values():
        log.pages.sort(key=lambda page: page.first_seq)
        for page in log.pages[-2:]:
            _leave_out_torn_end(page)
        _find_missing(log)
    return logs


def _leave_out_torn_end(page: Page) -> None:
    """Tells a torn end, or a torn footer, from damage."""
    if not page.damaged or page.footer_fits or len(page.raw) < 28:
        return
    behind = page.raw[page.end : 4061].rstrip(b"\xff")
    filler = page.end > 28 and page.raw[page.end - 1] == 0 and _ends_in_filler(page)
    if page.footer is not None:  # torn too, or nothing but it
        page.damaged = bool(behind)
    elif len(behind) <= (254 if filler else 52) and not _frame_in(page.raw, page.end, len(behind)):
        page.damaged, page.torn_bytes = False, len(behind)


def _ends_in_filler(page: Page) -> bool:
    """Returns whether filler stands right before the end: the last frame ends elsewhere."""
    without = read_page(page.raw[: page.end - 1])
    return len(without.records) == len(page.records) and not without.damaged


def _frame_in(raw: bytes, begin: int, length: int) -> bool:
    """Returns whether a good frame lies behind the bytes at `begin`: its check alone is asked."""
    seed = u(raw, 26, 2)
    for at in range(begin + 1, begin + length):
        try:
            if raw[at] not in (0, 0xFF):
                _checked(raw, at, seed)
                return True
        except UnreadableError:
            continue
    return False


def _find_missing(log: Log) -> None:
    for _, kind, _, _, fields in log.records:
        if kind in (LOST, SKIPPED):
            log.gone.append((fields["first_seq"], fields["last_seq"]))
            for page in log.pages:
                page.given_up |= kind == LOST and (
                    fields["first_seq"] <= page.first_seq <= fields["last_seq"])
    at = log.pages[0].first_seq  # what came before was given up
    for page in log.pages:
        if page.first_seq > at:
            log.missing += _without(at, page.first_seq - 1, log.gone)
        at = page.first_seq + len(page.records)


def _without(first: int, last: int, gone: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Returns what of first..last no stretch of `gone` holds."""
    left = [(first, last)]
    for begin, end in gone:
        left = [piece for a, b in left for piece in ((a, min(b, begin - 1)), (max(a, end + 1), b))
                if piece[0] <= piece[1]]
    return sorted(set(left))


def key_id(key: bytes) -> int:
    """Returns the number that names a key."""
    return u(hashlib.sha256(b"pumplog key " + key).digest(), 0, 2) or 1


def sealed(data: bytes, key: bytes) -> bool:
    """Returns whether the seal of a page with a footer fits."""
    made = hmac.new(key, data[: u(data, 4061, 2)] + data[4061:4080], "sha256").digest()
    return made[:16] == data[4080:4096]


def attestation(data: bytes, key: bytes | None, nonce: bytes) -> Fields:
    """Reads an attestation; fits: whether it was made under the key for that nonce."""
    if len(data) != 44:
        raise UnreadableError("no attestation")
    made = bytes(16)
    if key is not None:
        made = hmac.new(key, b"pumplog attest" + data[:28] + nonce, "sha256").digest()[:16]
    return {"log_id": u(data, 0, 4), "next_seq": u(data, 4, 4), "first_seq": u(data, 8, 4),
            "used": u(data, 12, 2), "crc": u(data, 14, 4), "previous": data[18:26],
            "key_id": u(data, 26, 2), "fits": made == data[28:]}
