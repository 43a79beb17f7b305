"""The radio port of both boards: the log service over Bluetooth LE, on MicroPython's `bluetooth`.

Interrupts only store; `service`, called from the main loop, does the work. Pairing and encryption
belong in `_interrupt` and `_opened` (encryption update, secrets, passkey): until they are built,
any central that connects is served.
"""

import bluetooth
from micropython import const
from pumpwire import uuids

_IRQ_CONNECTED = const(1)
_IRQ_DISCONNECTED = const(2)
_IRQ_WRITTEN = const(3)
_IRQ_INDICATED = const(20)
_IRQ_MTU = const(21)

_ADVERTISE_US = const(250000)
_MTU = const(247)  # one 251-byte link-layer packet a notification; 517 would leave a 19-byte tail
_WRITE_BYTES = const(244)
_MAX_PEERS = const(2)
_FLAGS = {
    uuids.INFO: bluetooth.FLAG_READ,
    uuids.STATUS: bluetooth.FLAG_READ,
    uuids.RACP: bluetooth.FLAG_WRITE | bluetooth.FLAG_INDICATE,
    uuids.LOG: bluetooth.FLAG_NOTIFY,
    uuids.FLOW: bluetooth.FLAG_WRITE_NO_RESPONSE,
    uuids.COMMAND: bluetooth.FLAG_WRITE | bluetooth.FLAG_INDICATE,
}


class Peer:
    """One connected host."""

    def __init__(self, radio, conn):
        self._radio = radio
        self.conn = conn
        self.packet_bytes = 20  # until the MTU is exchanged
        self.indicating = False

    def notify(self, channel, data):
        """Sends a notification; False when the stack has no room."""
        return self._radio.send(self._radio.ble.gatts_notify, self.conn, channel, data)

    def indicate(self, channel, data):
        """Sends an indication; False while the last one is not confirmed."""
        if self.indicating:
            return False
        self.indicating = self._radio.send(
            self._radio.ble.gatts_indicate, self.conn, channel, data
        )
        return self.indicating


class Radio:
    """handler: opened(peer), closed(peer), written(peer, channel, data), info(), status()."""

    def __init__(self):
        self.ble = bluetooth.BLE()
        self._events = []
        self._peers = {}
        self._handles = {}
        self._channels = {}
        self._news = False
        self._unheard = False  # whether an advertisement was refused
        self._name = b""
        self._handler = None

    def start(self, name, handler):
        """Registers the service and advertises under `name` (at most 8 bytes)."""
        self._handler = handler
        self._name = name.encode()[:8]
        ble = self.ble
        ble.active(True)
        ble.config(gap_name=name, mtu=_MTU)
        ble.irq(self._interrupt)
        channels = sorted(_FLAGS)
        chars = tuple((bluetooth.UUID(uuids.CHARACTERISTICS[c]), _FLAGS[c]) for c in channels)
        service = (bluetooth.UUID(uuids.SERVICE), chars)
        (handles,) = ble.gatts_register_services((service,))
        for channel, handle in zip(channels, handles):
            self._handles[channel] = handle
            self._channels[handle] = channel
            ble.gatts_set_buffer(handle, _WRITE_BYTES)
        self._refresh()
        self._advertise()

    def _advertise(self):
        uuid = bytes(bluetooth.UUID(uuids.SERVICE))  # type: ignore[call-overload]
        data = b"\x02\x01\x06" + bytes((17, 0x07)) + uuid
        flags = uuids.HAS_NEWS if self._news else 0
        company = uuids.COMPANY_ID
        response = bytes((len(self._name) + 1, 0x09)) + self._name
        response += bytes((4, 0xFF, company & 255, company >> 8, flags))
        try:
            self.ble.gap_advertise(_ADVERTISE_US, data, resp_data=response)
            self._unheard = False
        except OSError:
            self._unheard = True  # the stack is busy: `service` tries again, and the loop goes on

    def _interrupt(self, event, data):
        if event == _IRQ_WRITTEN:
            conn, handle = data
            self._events.append((event, conn, handle, bytes(self.ble.gatts_read(handle))))
        elif event in (_IRQ_CONNECTED, _IRQ_DISCONNECTED):
            self._events.append((event, data[0], 0, b""))
        elif event in (_IRQ_INDICATED, _IRQ_MTU):
            self._events.append((event, data[0], data[1], b""))

    def service(self):
        """Does what the interrupts stored."""
        drain = getattr(self.ble, "_service", None)
        if drain is not None:  # the virtual board's socket; the ESP32's stack runs by itself
            drain()
        while self._events:
            event, conn, value, data = self._events.pop(0)
            peer = self._peers.get(conn)
            if event == _IRQ_CONNECTED:
                self._opened(conn)
            elif peer is None:
                continue
            elif event == _IRQ_DISCONNECTED:
                del self._peers[conn]
                self._handler.closed(peer)
                self._advertise()
            elif event == _IRQ_WRITTEN:
                self._handler.written(peer, self._channels[value], data)
            elif event == _IRQ_INDICATED:
                peer.indicating = False
            elif event == _IRQ_MTU:
                peer.packet_bytes = min(value, _MTU) - 3
        if self._unheard:
            self._advertise()
        if self._peers:
            self._refresh()

    def _opened(self, conn):
        peer = Peer(self, conn)
        self._peers[conn] = peer
        self._refresh()
        self._handler.opened(peer)
        if len(self._peers) < _MAX_PEERS:
            self._advertise()

    def _refresh(self):
        """Puts the readable values where the stack reads them."""
        self.ble.gatts_write(self._handles[uuids.INFO], self._handler.info())
        self.ble.gatts_write(self._handles[uuids.STATUS], self._handler.status())

    def news(self, news):
        """Says in the advertisement whether there is something new to pull."""
        if news != self._news:
            self._news = news
            if len(self._peers) < _MAX_PEERS:
                self._advertise()

    def send(self, call, conn, channel, data):
        """Makes a stack's sending call; False when it has no room, the peer is gone, or it failed."""
        try:
            call(conn, self._handles[channel], data)
        except OSError:
            return False
        return True
