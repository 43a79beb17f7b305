"""MicroPython's `bluetooth` module for the virtual board: forwards to the air over a socket.

Every frame is <u16 big-endian length> <u8 code> <data>. Codes below 64 are the board's interrupts
with MicroPython's own numbers; capital letters are calls, answered by "=" <u8 errno> <data>;
"c" <u16> hands out credits, one for each notification that the air has room for; "t" <u32> tells how
many ms have passed on the air, again every STEP_MS of them at the most; an interrupt that
wants an answer (written, to be read, the secrets) gets an "r" frame. The host's protocol stack, pairing
and encryption too, is Bumble, at the other end (pumpbench/air/board_radio.py).
"""

import errno
import json
import os
import select
import socket
import struct
import time

from chip_memory import LINK_BYTES, PAIRING_BYTES, RADIO_PIECES, chip

STEP_MS = 100

FLAG_READ = 0x02
FLAG_WRITE_NO_RESPONSE = 0x04
FLAG_WRITE = 0x08
FLAG_NOTIFY = 0x10
FLAG_INDICATE = 0x20

_OPTIONS = ("gap_name", "mtu", "bond", "mitm", "io", "le_secure")
_DEFAULT_BYTES = 20  # an attribute's buffer unless gatts_set_buffer says more, as on the ESP32


class UUID:
    """A 16- or 128-bit UUID; iterates over its bytes, lowest first."""

    def __init__(self, value):
        if isinstance(value, int):
            self._bytes = struct.pack("<H", value)
        else:
            self._bytes = bytes(reversed(bytes.fromhex(value.replace("-", ""))))

    def __iter__(self):
        return iter(self._bytes)

    def hex(self):
        """Returns the digits, highest byte first, as the air takes them."""
        return bytes(reversed(self._bytes)).hex()


class BLE:
    """The radio; one object however often it is made."""

    _only = None

    def __new__(cls):
        if cls._only is None:
            cls._only = super().__new__(cls)
            cls._only._begin()
        return cls._only

    def _begin(self):
        self._socket = None
        self._irq = None
        self._received = b""
        self._chunk = bytearray(512)  # kept: a fresh one at every look would tear at a small heap
        self._events = []
        self._values = {}
        self._limits = {}
        self._credits = 0
        self._air_ms = self._told_ms = 0

    # ---- frames

    def _send(self, code, data=b""):
        self._socket.setblocking(True)
        self._socket.write(struct.pack(">HB", len(data) + 1, code) + data)

    def _receive(self, block):
        if block:
            self._poller.poll()
        self._socket.setblocking(False)  # a blocking readinto would wait for a full chunk
        n = self._socket.readinto(self._chunk)
        if n is None:
            return False
        if not n:
            raise SystemExit("the air is gone")
        self._received += self._chunk[:n]
        return True

    def _frames(self):
        received = self._received
        at = 0
        out = []
        while len(received) - at >= 2:
            length = received[at] << 8 | received[at + 1]
            if len(received) - at < 2 + length:
                break
            out.append((received[at + 2], received[at + 3 : at + 2 + length]))
            at += 2 + length
        self._received = received[at:]
        return out

    def _take(self, code, data):
        if code == 0x63:  # c
            self._credits += struct.unpack(">H", data)[0]
        elif code == 0x74:  # t
            self._air_ms = struct.unpack(">I", data)[0]
            self._told_ms = time.ticks_ms()
        else:
            self._events.append((code, data))

    def _call(self, code, data=b""):
        self._send(ord(code), data)
        while True:
            answer = None
            for frame in self._frames():
                if frame[0] == 0x3D:  # =
                    answer = frame[1]
                else:
                    self._take(*frame)
            if answer is not None:
                if answer[0]:
                    raise OSError(answer[0])
                return answer[1:]
            self._receive(True)

    def air_ms(self):
        """Returns the ms that passed on the air, and how many until it will tell more, None if that is
        due: a busy computer makes the air's time pass more slowly than its own."""
        since_ms = time.ticks_diff(time.ticks_ms(), self._told_ms)
        if since_ms >= STEP_MS:
            return self._air_ms + STEP_MS, None
        return self._air_ms + since_ms, STEP_MS - since_ms

    def _fileno_object(self):
        """Returns what select.poll can wait on."""
        return self._socket

    def _service(self):
        """Takes in what came and runs the interrupt handler, as MicroPython's scheduler does."""
        while self._receive(False):
            pass
        for frame in self._frames():
            self._take(*frame)
        while self._events:
            self._interrupt(*self._events.pop(0))

    def _interrupt(self, event, data):
        self._takes(event, data)
        if event in (1, 2):  # central connected, disconnected: handle, address type, address
            self._irq(event, struct.unpack(">HB", data[:3]) + (data[3:],))
        elif event == 3:  # written: kept up to the buffer's size, the rest falls off silently
            conn, handle = struct.unpack(">HH", data[:4])
            self._values[handle] = data[4 : 4 + self._limits[handle]]
            self._irq(event, (conn, handle))
            self._send(0x72, b"\0")
        elif event == 4:  # to be read
            conn, handle = struct.unpack(">HH", data)
            refusal = self._irq(event, (conn, handle)) or 0
            self._send(0x72, bytes((refusal,)) + self._values[handle])
        elif event == 20:  # indication done
            self._irq(event, struct.unpack(">HHB", data))
        elif event == 21:  # MTU exchanged
            self._irq(event, struct.unpack(">HH", data))
        elif event == 28:  # encryption: handle, encrypted, authenticated, bonded, key size
            conn, encrypted, authenticated, bonded, size = struct.unpack(">HBBBB", data)
            self._irq(event, (conn, bool(encrypted), bool(authenticated), bool(bonded), size))
        elif event == 29:  # get a secret: type, index, key (empty: the index-th)
            self._send(0x72, self._irq(event, (data[0], data[1], data[2:] or None)) or b"")
        elif event == 30:  # set a secret: type, key length, key, value (empty: delete)
            key, value = data[2 : 2 + data[1]], data[2 + data[1] :]
            self._send(0x72, b"\1" if self._irq(event, (data[0], key, value or None)) else b"\0")
        elif event == 31:  # passkey: handle, action, number to compare
            self._irq(event, struct.unpack(">HBI", data))

    def _takes(self, event, data):
        """Takes and gives back the chip's memory as a stack does."""
        conn = data[:2]
        if event == 1:
            chip.take(conn, LINK_BYTES)
        elif event == 31:
            chip.take(b"pairing" + conn, PAIRING_BYTES)
        elif event in (2, 28):  # gone; or encrypted, or not to be
            chip.give(b"pairing" + conn)
            if event == 2:
                chip.give(conn)

    # ---- MicroPython's calls

    def active(self, on=None):
        """Switches the radio on, or says whether it is."""
        if on is False:
            chip.give(b"radio")
        if on and self._socket is None:
            chip.take(b"radio", *RADIO_PIECES)
            host, port = os.getenv("PUMPBENCH_AIR").split(":")
            self._socket = socket.socket()
            self._socket.connect(socket.getaddrinfo(host, int(port))[0][-1])
            self._poller = select.poll()
            self._poller.register(self._socket, select.POLLIN)
            self._call("A", os.getenv("PUMPBENCH_ADDRESS").encode())
        return self._socket is not None

    def config(self, **options):
        """Sets options: gap_name, mtu, bond, mitm, io, le_secure."""
        for name in options:
            if name not in _OPTIONS:
                raise ValueError("unknown config param")
        self._call("C", json.dumps(options).encode())

    def irq(self, handler):
        """Sets the interrupt handler."""
        self._irq = handler

    def gap_advertise(self, interval_us, adv_data=b"", resp_data=b"", connectable=True):
        """Starts advertising; None stops it."""
        if len(adv_data) > 31 or len(resp_data) > 31:
            raise OSError(errno.EINVAL)
        head = struct.pack(">IB", interval_us or 0, len(adv_data))
        self._call("V", head + bytes(adv_data) + bytes(resp_data))

    def gap_disconnect(self, conn):
        """Ends a connection."""
        self._call("D", struct.pack(">H", conn))

    def gap_pair(self, conn):
        """Asks the central to pair."""
        self._call("P", struct.pack(">H", conn))

    def gap_passkey(self, conn, action, passkey):
        """Answers a passkey interrupt: what this board would display."""
        self._call("K", struct.pack(">HBI", conn, action, passkey))

    def gatts_register_services(self, services):
        """Registers services; returns a tuple of value handles for each."""
        plain = [[s[0].hex(), [[c[0].hex(), c[1]] for c in s[1]]] for s in services]
        handles = json.loads(self._call("R", json.dumps(plain).encode()))
        for service in handles:
            for handle in service:
                self._values[handle] = b""
                self._limits[handle] = _DEFAULT_BYTES
        return tuple(tuple(service) for service in handles)

    def gatts_set_buffer(self, handle, length, append=False):
        """Sets how much of a write is kept."""
        self._limits[handle] = length

    def gatts_read(self, handle):
        """Returns the value last written."""
        return self._values[handle]

    def gatts_write(self, handle, data):
        """Sets the value that is read."""
        self._values[handle] = bytes(data)

    def gatts_notify(self, conn, handle, data):
        """Sends a notification; OSError ENOMEM when the stack has no room."""
        if self._credits <= 0:
            raise OSError(errno.ENOMEM)
        self._credits -= 1
        self._send(0x4E, struct.pack(">HH", conn, handle) + bytes(data))

    def gatts_indicate(self, conn, handle, data):
        """Sends an indication; its confirmation comes as an interrupt."""
        self._send(0x49, struct.pack(">HH", conn, handle) + bytes(data))
