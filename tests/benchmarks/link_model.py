"""A model of the radio link (a model: nothing here was measured on a radio).

Connection events every 15 ms on Bluetooth's 1M PHY, data length extension (251 bytes a PDU),
encrypted, nothing lost. In an event the two sides take turns: the central's packet, 150 us, the board's
packet, 150 us, and so on as long as another pair ends 150 us before the next event. A notification
longer than a PDU takes several. The board's stack has room for 12 notifications, filled between
events only; what a host writes arrives in the next event. What runs on it is the board's own session
(gateway.peer_session) and the host's own client (pumplog.sync.client), not a formula.
Air times: Bluetooth Core 5.4, volume 6, part B, 2.1 (preamble 1, access address 4, header 2,
payload, MIC 4 where there is a payload, CRC 3 bytes; 8 us a byte).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from helpers.host.loop_link import LoopBoard, session_of
from pumpwire import uuids

INTERVAL_US = 15_000
IFS_US = 150
_EVENT_US = INTERVAL_US - IFS_US
ROOM = 12
ATT_OVERHEAD = 3  # of a notification, an indication, a write
READ_OVERHEAD = 1  # of the answer to a read
L2CAP_OVERHEAD = 4
PDU_BYTES = 251


def air_us(payload_bytes: int) -> int:
    """Returns how long a packet of the link layer is on the air."""
    return 8 * (1 + 4 + 2 + payload_bytes + (4 if payload_bytes else 0) + 3)


def pdus(value_bytes: int) -> list[int]:
    """Returns the payloads of the link-layer packets that carry a value of so many bytes."""
    whole, rest = divmod(L2CAP_OVERHEAD + ATT_OVERHEAD + value_bytes, PDU_BYTES)
    return [PDU_BYTES] * whole + [rest] * bool(rest)


def pair_us(down: int, up: int) -> int:
    """Returns what a turn takes in which the central sends `down` bytes and the board `up`."""
    return air_us(down) + air_us(up) + 2 * IFS_US


def limit_bytes_s(value_bytes: int) -> float:
    """Returns the link's own limit for notifications of that size, sent without end."""
    parts = pdus(value_bytes)
    events, notifications, k = 10_000, 0, 0
    for _ in range(events):
        left_us = _EVENT_US
        while left_us >= pair_us(0, parts[k]):
            left_us -= pair_us(0, parts[k])
            k = (k + 1) % len(parts)
            notifications += k == 0
    return notifications * value_bytes * 1_000_000 / (events * INTERVAL_US)


@dataclass
class Sent:
    """What a transfer took. att_bytes: of the attribute protocol, from the board to the host;
    waits: events in which the board had nothing to send."""

    events: int = 0
    att_bytes: int = 0
    waits: int = 0
    requests: int = 0  # reads, and writes that are answered

    @property
    def s(self) -> float:
        """How long it took on this model."""
        return self.events * INTERVAL_US / 1_000_000


class ModelLink:
    """A pumplog link to a board's session on this model; time passes only here."""

    description = "link model"
    secured = True

    def __init__(self, board: LoopBoard, mtu: int) -> None:
        self.packet_bytes = mtu - ATT_OVERHEAD
        self.sent = Sent()
        self._session = session_of(board, self)
        self._room: deque[tuple[int, bytes]] = deque()  # the board's stack
        self._up: list[int] = []  # PDUs of its first notification that are still to send
        self._down: deque[int] = deque()  # the central's PDUs
        self._written: deque[tuple[int, bytes]] = deque()
        self.arrived: deque[tuple[int, bytes]] = deque()

    def notify(self, channel: int, data: bytes) -> bool:
        """Takes a notification into the board's stack while there is room."""
        if len(self._room) >= ROOM:
            return False
        self._room.append((channel, bytes(data)))
        return True

    indicate = notify

    def read(self, channel: int) -> bytes:
        """Reads a value: there and back, two events."""
        value = bytes(self._session.read(channel))
        for _ in range(2):
            self.pass_event()
        self.sent.att_bytes += READ_OVERHEAD + len(value)
        self.sent.requests += 1
        return value

    def write(self, channel: int, data: bytes) -> None:
        """Writes: it arrives in the next event."""
        self._written.append((channel, data))
        self._down.extend(pdus(len(data)))
        self.sent.requests += channel != uuids.FLOW

    def receive(self, timeout_s: float) -> tuple[int, bytes] | None:
        """Returns what arrives next, letting events pass."""
        for _ in range(int(timeout_s * 1_000_000 / INTERVAL_US)):
            if self.arrived:
                break
            self.pass_event()
        return self.arrived.popleft() if self.arrived else None

    def close(self) -> None:
        """Lets the board go."""

    def pass_event(self) -> None:
        """Lets one connection event pass."""
        self._session.pump()
        self.sent.events += 1
        self.sent.waits += not self._room
        left_us = _EVENT_US
        while self._room or self._down:
            if self._room and not self._up:
                self._up = pdus(len(self._room[0][1]))
            down, up = self._down[0] if self._down else 0, self._up[0] if self._up else 0
            if left_us < pair_us(down, up):
                break
            left_us -= pair_us(down, up)
            if self._down:
                self._down.popleft()
            if self._up:
                self._up.pop(0)
                if not self._up:
                    self._arrive(*self._room.popleft())
        while self._written:
            self._session.written(*self._written.popleft())

    def _arrive(self, channel: int, data: bytes) -> None:
        self.sent.att_bytes += ATT_OVERHEAD + len(data)
        self.arrived.append((channel, data))


def _an_event(value_bytes: int) -> int:
    return _EVENT_US // sum(pair_us(0, part) for part in pdus(value_bytes))


def plain(records: int, record_bytes: int = 20) -> Sent:
    """Returns what a plain implementation takes at its best: a record of fixed size in each
    notification, as many of them as the air carries."""
    return Sent(-(-records // _an_event(record_bytes)), records * (ATT_OVERHEAD + record_bytes))


def paged(records: int, a_request: int = 10, record_bytes: int = 26) -> Sent:
    """Returns what asking for so many records at a time takes: a request, then its records, with no
    pause in between (pumps sold today pause 150 ms, and send 26-byte records)."""
    requests = -(-records // a_request)
    events = requests * (1 + -(-a_request // _an_event(record_bytes)))
    return Sent(events, records * (ATT_OVERHEAD + record_bytes), requests, requests)
