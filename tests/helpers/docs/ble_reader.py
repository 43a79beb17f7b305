"""The wire read a second time, from docs/BLE.md alone: packets, cable frames, commands, proofs.

It imports nothing of ours; numbers are the document's.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field

from helpers.docs.log_format_reader import attestation, crc16, entry, u
from helpers.paths import ROOT

DOC = ROOT / "docs" / "BLE.md"
ATTESTATION, ENTRY_OF = attestation, entry  # by the log's format
SEGMENT_HEAD, WINDOW, TELL_EVERY = 8, 64, 16


class UnreadableError(Exception):
    """Bytes that the document does not allow."""


def examples(name: str) -> list[tuple[str, bytes]]:
    """Returns (what it is, bytes) of each line of a made block of bytes, in order."""
    block = DOC.read_text().split(f"<!-- made: {name} -->\n")[1].split("<!-- end -->")[0]
    found: list[tuple[str, bytes]] = []
    for line in block.split("```text\n")[1].split("```")[0].splitlines():
        what, data = line[:35].strip(), bytes.fromhex(line[35:])
        if what:
            found.append((what, data))
        else:
            found[-1] = (found[-1][0], found[-1][1] + data)
    return found


# ---- reports


@dataclass
class Report:
    """The packets of one report, as they come: lost, doubled, out of order."""

    tag: int = 0
    expected: int = 0
    stream: bytes = b""
    told: list[bytes] = field(default_factory=list)  # what is to be written to FLOW

    def take(self, packet: bytes) -> None:
        """Takes a packet, or anything that came on LOG."""
        if len(packet) < 3:
            return self.tell(again=True)
        near = self.expected + ((packet[0] - self.expected + 128) % 256 - 128)
        start = 0xFFFF ^ (self.tag << 8 | near >> 8 & 255)
        if crc16(packet[:-2], start) != u(packet, len(packet) - 2, 2):
            return self.tell(again=True)
        if near < self.expected:
            return None
        if near > self.expected:
            return self.tell(again=True)
        self.expected += 1
        self.stream += packet[1:-2]
        if self.ended or self.expected % TELL_EVERY == 0:
            self.tell(again=False)
        return None

    def tell(self, again: bool) -> None:
        """Writes to FLOW what came."""
        self.told.append((self.expected % 65536).to_bytes(2, "little") + bytes((again, self.tag)))

    @property
    def ended(self) -> bool:
        """Whether the closing segment came."""
        return self.segments()[1] is not None

    def segments(self) -> tuple[list[tuple[int, int, bytes]], tuple[int, int] | None]:
        """Returns ([(first_seq, offset, bytes)], where the report ended or None) as far as they came."""
        at, found = 0, []
        while at + SEGMENT_HEAD <= len(self.stream):
            first_seq, offset, length = (u(self.stream, at + k, n) for k, n in ((0, 4), (4, 2), (6, 2)))
            at += SEGMENT_HEAD
            if not length:
                if at != len(self.stream):
                    raise UnreadableError("bytes behind the end")
                return found, (first_seq, offset)
            found.append((first_seq, offset, self.stream[at : at + length]))
            at += length
        return found, None


# ---- the cable

_ESCAPES = {0xC0: b"\xdb\xdc", 0xDB: b"\xdb\xdd", 0x03: b"\xdb\xde"}
_PLAIN = {escape: bytes((byte,)) for byte, escape in _ESCAPES.items()}


def frame(channel: int, data: bytes) -> bytes:
    """Returns a frame of the cable."""
    body = bytes((channel,)) + data
    body += crc16(body).to_bytes(2, "little")
    return b"\xc0" + b"".join(_ESCAPES.get(byte, bytes((byte,))) for byte in body) + b"\xc0"


def frames(line: bytes) -> list[tuple[int, bytes]]:
    """Returns the frames among whatever came on the line."""
    found = []
    for piece in line.split(b"\xc0"):
        body = re.sub(b"\xdb[\xdc\xdd\xde]", lambda escape: _PLAIN[escape[0]], piece)
        if 3 <= len(body) <= 515 and crc16(body[:-2]) == u(body, len(body) - 2, 2):
            found.append((body[0], body[1:-2]))
    return found


# ---- commands


def _code(key: bytes, *pieces: bytes) -> bytes:
    return hmac.new(key, b"".join(pieces), hashlib.sha256).digest()[:16]


def request(op: int, number: int, code: int, body: bytes = b"") -> bytes:
    """Returns a request."""
    return bytes((op, number)) + code.to_bytes(4, "little") + body


def board_proves(key: bytes, asked: bytes, answer: bytes) -> bool:
    """Returns whether PROVE's answer was made under the key; asked: the request's body."""
    return answer[24:40] == _code(key, b"pumplog board 1", asked, answer[:24])


def sealed(key: bytes, nonce: bytes, host_id: int, counter: int, head: bytes, body: bytes) -> bytes:
    """Returns a write's body; head: the request's first 6 bytes."""
    written = b"".join((host_id.to_bytes(4, "little"), counter.to_bytes(4, "little"), head[:2],
                        head[2:6], body))
    return body + counter.to_bytes(4, "little") + _code(key, b"pumplog write 1", nonce, written)


def passkey(pairing_key: bytes, nonce: bytes) -> int:
    """Returns the passkey."""
    return u(hmac.new(pairing_key, b"pumplog passkey 1" + nonce, "sha256").digest(), 0, 4) % 1_000_000


@dataclass
class Said:
    """What a request is, and what the board knows, for `result`."""

    proven: bool = True  # a PROVE came on this connection
    room: bool = True  # for counter and code
    code_fits: bool = True
    fresh: bool = True  # the counter is greater than the last
    by_cable: bool = False
    shaped: bool = True  # of the body's length, or an entry that is long enough
    present: bool = True  # code or button
    in_time: bool = True  # what TIME answered is of this boot, a minute old at most
    known: bool = False  # it has that entry, or knows the time as well
    values_fit: bool = True
    bond: bool = True


TIME, ANCHOR, ENTRY, PROVISION, PROVE, UNPAIR, ATTEST = range(1, 8)
WRITES = (ANCHOR, ENTRY, PROVISION, UNPAIR)


def result(op: int, said: Said, everyone: bool = False) -> int:
    """Returns the result of a command on a board with a device key, by the document's order."""
    if op not in range(1, 8):
        return 3
    if op not in WRITES:
        return 0 if op == TIME or said.shaped else 2
    needs_presence = op in (ENTRY, PROVISION) or op == UNPAIR and everyone
    order = ((8, not said.proven), (2, not said.room), (7, not said.code_fits), (6, not said.fresh),
             (1, op == PROVISION and not said.by_cable), (2, not said.shaped),
             (1, needs_presence and not said.present), (1, op == ANCHOR and not said.in_time),
             (5, op in (ENTRY, ANCHOR) and said.known), (2, op != UNPAIR and not said.values_fit),
             (9, op == UNPAIR and not said.bond))
    return next((answer for answer, holds in order if holds), 0)


@dataclass(frozen=True)
class Told:
    """A time that a computer told: ms since 2020 at a moment of the board's uptime."""

    epoch_ms: int
    uncertainty_ms: int
    synced: int
    uptime_ms: int


def takes(last: Told | None, new: Told) -> bool:
    """Returns whether a board takes a time, by the document."""
    if last is None:
        return True
    past_s = new.uptime_ms // 1000 - last.uptime_ms // 1000
    allowed_ms = last.uncertainty_ms + past_s // 10
    off_ms = abs(new.epoch_ms - last.epoch_ms - (new.uptime_ms - last.uptime_ms))
    if off_ms > allowed_ms + new.uncertainty_ms:
        return True
    if (new.synced == 0) != (last.synced == 0):
        return last.synced == 0
    return new.uncertainty_ms < allowed_ms
