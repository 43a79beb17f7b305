"""The radio port of both boards: the log service over Bluetooth LE, on MicroPython's `bluetooth`.

Interrupts only store; `service`, called from the main loop, does the work. Two things cannot wait and
are answered in the interrupt: the stack's own secrets, and whether a value may be read. A link is
secured once the stack has told that it is encrypted, authenticated and bonded, all three: until then
it is open to strangers (gateway.peer_session). Who may stay: boards/radio_peers.py. What a client finds:
boards/radio_services.py.
"""

import sys

import bluetooth
from micropython import const
from pumpwire import commands, elapsed, uuids
from radio_peers import MOST_PEERS, Peers
from radio_secrets import Secrets

_IRQ_CONNECTED = const(1)
_IRQ_DISCONNECTED = const(2)
_IRQ_WRITTEN = const(3)
_IRQ_READ = const(4)
_IRQ_INDICATED = const(20)
_IRQ_MTU = const(21)
_IRQ_ENCRYPTION = const(28)
_IRQ_GET_SECRET = const(29)
_IRQ_SET_SECRET = const(30)
_IRQ_PASSKEY = const(31)

_ADVERTISE_US = const(250000)
_AGAIN_S = const(30)  # a stack may end the advertising without a word
_MTU = const(247)  # one 251-byte link-layer packet a notification; 517 would leave a 19-byte tail
_MOST_EVENTS = const(32)
_MOST_WRITES = const(24)  # of them: the rest is room for what must not be lost
_INSUFFICIENT_AUTHENTICATION = const(5)
_DISPLAY_ONLY = const(0)
_DISPLAY = const(3)  # passkey action


class Radio:
    """handler: opened(peer), closed(peer), written(peer, channel, data), info(), status(),
    pairing_value(), passkey() -> int or None, paired(address), wrote(op, result, host_id), uptime,
    room() -> bool: whether the system has the memory for one more link.

    dropped: events that found no room since boot.
    """

    def __init__(self, nvs):
        self.ble = bluetooth.BLE()
        self.dropped = 0
        self._secrets = Secrets(nvs)
        self._peers = Peers(self.ble, self.send)
        self._events = []
        self._news = False
        self._unheard = False  # whether an advertisement was refused
        self._advertised_s = 0
        self._lost = False  # whether the end of a link may have been missed
        self._now_s = 0
        self._name = b""
        self._handler = None
        self.ble.active(True)
        self.ble.irq(self._interrupt)
        self._register()

    def _register(self):
        """Registers the services, as long as the heap has much room, and lets the code for that go."""
        import radio_services

        (self._handles, self._open, self._serial, self._time, self._advertisement, self._company,
         self._has_news) = radio_services.register(self.ble)
        self._channels = {handle: channel for channel, handle in self._handles.items()}
        for name in ("radio_services", "pumpwire.gatt"):
            sys.modules.pop(name, None)
        package = sys.modules["pumpwire"]
        if hasattr(package, "gatt"):
            del package.gatt

    def start(self, name, handler):
        """Advertises under `name` (at most 8 bytes)."""
        self._handler = handler
        self.ble.config(mtu=_MTU)
        self.ble.config(bond=True, le_secure=True, mitm=True, io=_DISPLAY_ONLY)
        self._refresh()
        self.rename(name)

    def rename(self, name):
        """Advertises under another name from now on."""
        self._name = name.encode()[:8]
        self.ble.config(gap_name=name)
        self.ble.gatts_write(self._serial, self._name)
        self._advertise()

    def _advertise(self):
        """Begins the advertising anew while there is a place: any link that comes up ends it, also a
        link that comes to nothing. Without the memory for one more link, ends it until there is."""
        self._advertised_s = self._now_s
        self._unheard = False
        if self._peers.count() >= MOST_PEERS:
            return
        if not self._handler.room():
            self._silence()
            return
        flags = self._has_news if self._news else 0
        response = bytes((len(self._name) + 1, 0x09)) + self._name + self._company + bytes((flags,))
        try:
            self.ble.gap_advertise(_ADVERTISE_US, self._advertisement, resp_data=response)
        except OSError:
            self._unheard = True  # the stack is busy: `service` tries again, and the loop goes on

    def _silence(self):
        """Ends the advertising."""
        try:
            self.ble.gap_advertise(None)
        except OSError:
            self._unheard = True

    def stop(self):
        """Switches the radio off, for good, and lets go of this object."""
        self.ble.irq(None)
        self.ble.active(False)

    # ---- interrupts

    def _interrupt(self, event, data):
        """Stores what happened; what it returns is the stack's answer."""
        if event == _IRQ_READ:
            conn, handle = data
            allowed = handle in self._open or self._peers.is_secured(conn)
            return 0 if allowed else _INSUFFICIENT_AUTHENTICATION
        if event == _IRQ_GET_SECRET:
            return self._secrets.get(*data)
        if event == _IRQ_SET_SECRET:
            return self._secrets.set(*data)
        if event == _IRQ_WRITTEN:
            conn, handle = data
            if handle in self._channels:
                self._store(event, conn, handle, bytes(self.ble.gatts_read(handle)))
        elif event == _IRQ_CONNECTED:
            conn, kind, address = data
            visit = self._peers.irq_connected(conn)
            self._store(event, conn, visit, bytes((kind,)) + bytes(reversed(bytes(address))))
        elif event == _IRQ_DISCONNECTED:
            self._peers.irq_disconnected(data[0])
            self._store(event, data[0], 0, b"")
        elif event == _IRQ_ENCRYPTION:
            conn, encrypted, authenticated, bonded, _ = data
            secured = bool(encrypted and authenticated and bonded) and not self._refused(conn)
            self._peers.irq_encryption(conn, secured)
            self._store(event, conn, (bool(encrypted and authenticated), secured), b"")
        elif event in (_IRQ_INDICATED, _IRQ_MTU, _IRQ_PASSKEY):
            self._store(event, data[0], data[1], b"")
        return None

    def _store(self, event, conn, value, data):
        events = self._events
        if len(events) < (_MOST_WRITES if event == _IRQ_WRITTEN else _MOST_EVENTS):
            events.append((event, conn, value, data))
        else:
            self.dropped += 1
            self._lost = self._lost or event != _IRQ_WRITTEN

    # ---- the main loop

    def service(self, now_s):
        """Does what the interrupts stored; now_s: seconds since boot."""
        drain = getattr(self.ble, "_service", None)
        if drain is not None:  # the virtual board's socket; the ESP32's stack runs by itself
            drain()
        self._now_s = now_s
        if self._lost:  # who is connected is not known any more: all begin anew
            self._lost = False
            self._peers.disconnect_all()
        while self._events:
            self._event(*self._events.pop(0))
        bond = self._secrets.settle()
        if bond is not None:
            self._bonded(bond)
        if self._secrets.legacy:
            self._put_out_legacy()
        self._peers.put_out(now_s)
        over = self._peers.over()
        if over is not None:  # nobody told of its end
            self._gone(over)
        if self._unheard or now_s - self._advertised_s >= _AGAIN_S:
            self._advertise()
        if self._peers.count():
            self._refresh()

    def _event(self, event, conn, value, data):
        if event == _IRQ_CONNECTED:
            self._connected(conn, value, data)
            return
        peer = self._peers.get(conn)
        if peer is None:
            if event == _IRQ_DISCONNECTED:  # of a link that failed as it came up
                self._advertise()
            return
        if event == _IRQ_DISCONNECTED:
            self._gone(peer)
        elif event == _IRQ_WRITTEN:
            peer.heard_s = self._now_s
            self._handler.written(peer, self._channels[value], data)
        elif event == _IRQ_INDICATED:
            peer.indicating = False
        elif event == _IRQ_MTU:
            peer.packet_bytes = min(value, _MTU) - 3
        elif event == _IRQ_PASSKEY:
            self._passkey(peer, value)
        elif event == _IRQ_ENCRYPTION:
            self._encryption(peer, *value)

    def _connected(self, conn, visit, address):
        stale = self._peers.get(conn)
        if stale is not None:  # its end found no room among the events
            self._gone(stale)
        peer = self._peers.add(conn, visit, address, self._now_s)
        self._refresh()
        self._handler.opened(peer)
        if self._peers.any_pairing() and not self._secrets.known(address):
            self._peers.disconnect(conn)
        self._advertise()

    def _gone(self, peer):
        self._peers.remove(peer.conn)
        if peer.pairing or peer.newly_bonded:
            self._secrets.drop()
        if peer.pairing:
            self._refuse(peer)
        self._secrets.show()
        self._handler.closed(peer)
        self._advertise()

    def _passkey(self, peer, action):
        """Tells the stack the passkey of the window that is open; without one, ends the link."""
        passkey = None
        if action == _DISPLAY and not self._peers.any_pairing():
            passkey = self._handler.passkey()
        if passkey is None:
            self._peers.disconnect(peer.conn)
            return
        self._peers.disconnect_strangers(peer)
        self._secrets.expect()
        peer.pairing = True
        peer.since_s = self._now_s
        try:
            self.ble.gap_passkey(peer.conn, _DISPLAY, passkey)
        except OSError:
            self._peers.disconnect(peer.conn)

    def _encryption(self, peer, authenticated, secured):
        if not peer.pairing:
            return
        if secured:
            self._secrets.confirm()
        elif not authenticated:  # else its keys are still to come
            self._secrets.drop()
            self._refuse(peer)

    def _refuse(self, peer):
        """Notes that a host was asked for the passkey and did not give it."""
        peer.pairing = False
        self._handler.wrote(commands.PAIR, commands.WRONG_KEY, 0)

    def _refused(self, conn):
        """Returns whether a link is to end, or its host is pairing by the older protocol."""
        peer = self._peers.get(conn)
        return peer is not None and (peer.leaving or peer.pairing and self._secrets.legacy)

    def _put_out_legacy(self):
        """Ends the link of a host that pairs by the older protocol: its passkey may have been heard."""
        self._secrets.drop()
        for peer in self._peers.all():
            if peer.pairing:
                self._peers.irq_encryption(peer.conn, False)
                self._peers.disconnect(peer.conn)
                self._refuse(peer)

    def _bonded(self, address):
        """A pairing host's keys are kept: its link goes by the address under which they are."""
        for peer in self._peers.all():
            if peer.pairing:
                peer.address = address
                peer.pairing = False
                peer.newly_bonded = True
                self._handler.paired(address)

    def unpair(self, peer):
        """Forgets a peer's bond, with None all bonds; their links end in a moment. Returns whether
        there was one."""
        if peer is None:
            self._peers.leave(None, self._now_s)
            return self._secrets.forget_all()
        address = getattr(peer, "address", None)  # a cable has none
        if address is None or not self._secrets.forget(address):
            return False
        self._peers.leave(address, self._now_s)
        return True

    def _refresh(self):
        """Puts the readable values where the stack reads them."""
        handler = self._handler
        write = self.ble.gatts_write
        write(self._handles[uuids.INFO], handler.info())
        write(self._handles[uuids.PAIRING], handler.pairing_value())
        secured = self._peers.any_secured()
        write(self._handles[uuids.STATUS], handler.status() if secured else b"")
        uptime = handler.uptime
        write(self._time, elapsed.value(uptime.s, uptime.ms) if secured else b"")

    def news(self, news):
        """Says in the advertisement whether there is something new to pull."""
        if news != self._news:
            self._news = news
            self._advertise()

    def send(self, call, peer, channel, data):
        """Makes a stack's sending call to a secured peer; False when it has no room, or it failed."""
        if not peer.secured:
            return False
        try:
            call(peer.conn, self._handles[channel], data)
        except OSError:
            return False
        return True
