"""A board's serial port in this process, deaf while it boots, and time that passes as it is read."""

from __future__ import annotations

import random
from collections.abc import Callable

import serial
from pumplog import host
from pumpwire import serial_frame
from pytest import MonkeyPatch

ROM = (b"ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"
       b"\xc0\xdb\xff\x00\xc0\xdb\xc0\x80load:0x3fff0030,len:4892\r\nentry 0x400805b4\r\n")
ANSWER = b"\x01\x01B01"


class DeafPort:
    """boots_s: for how long it prints noise and hears nothing; answers(channel, data) -> frames to send;
    chatter(time in s) -> bytes that it says at every look."""

    dtr = rts = True

    def __init__(self, boots_s: float = 0, seed: int = 0, takes_s: float = 0,
                 chatter: Callable[[float], bytes] = lambda s: b"") -> None:
        self.boots_s, self.takes_s, self._chatter = boots_s, takes_s, chatter
        self._dice = random.Random(seed)
        self.now_s = 1000.0
        self._opened_s = self.now_s
        self._reader = serial_frame.FrameReader()
        self._waiting: list[tuple[float, bytes]] = []
        self.asked = 0
        self.asleep_s = 0.0  # at the next look

    def install(self, monkeypatch: MonkeyPatch) -> None:
        """Puts itself into the place of every port, and its time into that of waits."""
        monkeypatch.setattr(serial, "serial_for_url", lambda *_, **__: self)
        monkeypatch.setattr(host, "waited_s", lambda: self.now_s)

    def open(self) -> None:
        """The board starts anew."""
        self._opened_s = self.now_s

    def close(self) -> None:
        """Nothing happens."""

    @property
    def booting(self) -> bool:
        """Whether it hears nothing yet."""
        return self.now_s - self._opened_s < self.boots_s

    def write(self, data: bytes) -> None:
        """Takes requests, or loses them."""
        for channel, body in self._reader.feed(data):
            self.asked += 1
            if not self.booting:
                self._waiting.append((self.now_s + self.takes_s, self.answer(channel, body)))

    def answer(self, channel: int, body: bytes) -> bytes:
        """Returns what it says to a request."""
        if channel & serial_frame.READ_REQUEST:
            return ROM + bytes(serial_frame.wrap(channel & ~serial_frame.READ_REQUEST, ANSWER))
        return b""

    @property
    def in_waiting(self) -> int:
        """Whether anything is there."""
        return int(any(at_s <= self.now_s for at_s, _ in self._waiting))

    def read(self, most: int) -> bytes:
        """Returns all that is there; time passes as it waits."""
        if not most:
            return b""
        self.now_s += 0.05 + self.asleep_s
        self.asleep_s = 0.0
        data = self._chatter(self.now_s)
        if self.booting:
            begin = self._dice.randrange(len(ROM))
            return ROM[begin : begin + self._dice.randrange(40)] + data
        ready = [said for at_s, said in self._waiting if at_s <= self.now_s]
        self._waiting = [(at_s, said) for at_s, said in self._waiting if at_s > self.now_s]
        return b"".join(ready) + data
