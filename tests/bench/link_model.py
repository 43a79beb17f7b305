"""A model of the radio link (a model: nothing here was measured on a radio).

Connection events every 15 ms on Bluetooth's 1M PHY, data length extension (251 bytes a PDU),
encrypted. In an event the two sides take turns: the central's packet, 150 us, the board's packet,
150 us, and so on as long as another pair ends 150 us before the next event. A notification longer
than a PDU takes several. The board's stack has room for 12 notifications, filled between events
only; what a host writes arrives in the next event.
Air times: Bluetooth Core 5.4, volume 6, part B, 2.1 (preamble 1, access address 4, header 2,
payload, MIC 4 where there is a payload, CRC 3 bytes; 8 us a byte).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

INTERVAL_US = 15_000
IFS_US = 150
_EVENT_US = INTERVAL_US - IFS_US
ROOM = 12
ATT_OVERHEAD = 3
L2CAP_OVERHEAD = 4
PDU_BYTES = 251


def air_us(payload_bytes: int) -> int:
    """Returns how long a packet of the link layer is on the air."""
    return 8 * (1 + 4 + 2 + payload_bytes + (4 if payload_bytes else 0) + 3)


def pdus_us(value_bytes: int) -> list[int]:
    """Returns the air time of each packet of a notification, with what answers it."""
    whole, rest = divmod(L2CAP_OVERHEAD + ATT_OVERHEAD + value_bytes, PDU_BYTES)
    return [air_us(0) + air_us(n) + 2 * IFS_US for n in [PDU_BYTES] * whole + [rest] * bool(rest)]


def limit_bytes_s(value_bytes: int) -> float:
    """Returns the link's own limit for notifications of that size, sent without end."""
    pdus = pdus_us(value_bytes)
    events, notifications = 10_000, 0
    left_us, k = 0, 0
    for _ in range(events):
        left_us = _EVENT_US
        while left_us >= pdus[k]:
            left_us -= pdus[k]
            k = (k + 1) % len(pdus)
            notifications += k == 0
    return notifications * value_bytes * 1_000_000 / (events * INTERVAL_US)


@dataclass
class Sent:
    """What a transfer took."""

    events: int = 0
    notifications: int = 0
    value_bytes: int = 0

    @property
    def s(self) -> float:
        """How long it took on this model."""
        return self.events * INTERVAL_US / 1_000_000

    @property
    def att_bytes(self) -> int:
        """Bytes of the attribute protocol that carried it."""
        return self.value_bytes + ATT_OVERHEAD * self.notifications


class ModelLink:
    """A pumplog link to a board's session on this model; time passes only here."""

    description = "link model"

    def __init__(self, mtu: int) -> None:
        self.packet_bytes = mtu - ATT_OVERHEAD
        self.sent = Sent()
        self.session: Any = None  # set once made: it wants this link as its peer
        self._room: deque[tuple[int, bytes]] = deque()  # the board's stack
        self._pdus: list[int] = []  # of its first notification, not yet sent
        self._arrived: deque[tuple[int, bytes]] = deque()
        self._written: deque[tuple[int, bytes]] = deque()

    def notify(self, channel: int, data: bytes) -> bool:
        """Takes a notification into the board's stack while there is room."""
        if len(self._room) >= ROOM:
            return False
        self._room.append((channel, bytes(data)))
        return True

    indicate = notify

    def read(self, channel: int) -> bytes:
        """Reads a value: there and back, two events."""
        self.sent.events += 2
        return bytes(self.session.read(channel))

    def write(self, channel: int, data: bytes) -> None:
        """Writes: it arrives in the next event."""
        self._written.append((channel, data))

    def receive(self, timeout_s: float) -> tuple[int, bytes] | None:
        """Returns what arrives next, letting events pass."""
        for _ in range(int(timeout_s * 1_000_000 / INTERVAL_US)):
            if self._arrived:
                return self._arrived.popleft()
            self._event()
        return self._arrived.popleft() if self._arrived else None

    def close(self) -> None:
        """Lets the board go."""

    def _event(self) -> None:
        self.session.pump()
        self.sent.events += 1
        left_us = _EVENT_US
        while self._room:
            self._pdus = self._pdus or pdus_us(len(self._room[0][1]))
            if left_us < self._pdus[0]:
                break
            left_us -= self._pdus.pop(0)
            if not self._pdus:
                channel, data = self._room.popleft()
                self.sent.notifications += 1
                self.sent.value_bytes += len(data)
                self._arrived.append((channel, data))
        while self._written:
            self.session.written(*self._written.popleft())


def _an_event(value_bytes: int) -> int:
    return min(ROOM, _EVENT_US // sum(pdus_us(value_bytes)))


def plain(records: int, record_bytes: int = 20) -> Sent:
    """Returns what a plain implementation takes: a record of fixed size in each notification."""
    return Sent(-(-records // _an_event(record_bytes)), records, records * record_bytes)


def paged(records: int, a_request: int = 10, record_bytes: int = 26) -> Sent:
    """Returns what asking for so many records at a time takes: a request, then its records, with no
    pause in between (pumps sold today pause 150 ms, and send 26-byte records)."""
    requests = -(-records // a_request)
    events = requests * (1 + -(-a_request // _an_event(record_bytes)))
    return Sent(events, records, records * record_bytes)
