"""The hosts connected to the radio: which links are secured, and who has to go.

There is room for MOST_PEERS links; while a place is free, the board advertises. A link that is not
secured within STRANGER_S is ended. When all places are taken, the oldest link that has been a
stranger's for KNOCK_S is ended, so that a bonded host finds a free place within KNOCK_S, whoever
holds the others. If all of them are secured, the link that was silent for the longest, SILENT_S at
least, is ended: a computer keeps the link of a program that crashed. While a host gives its passkey no
stranger is let in beside it.
"""

from micropython import const

MOST_PEERS = const(3)
STRANGER_S = const(30)
KNOCK_S = const(5)
SILENT_S = const(120)
_LAST_WORD_S = const(2)  # for the answer to what ended the bond
_DEFAULT_PACKET_BYTES = const(20)  # until the MTU is exchanged


class Peer:
    """One connected host; since_s: when it came, or was asked for the passkey."""

    def __init__(self, peers, conn, visit, address, now_s):
        self._peers = peers
        self._visit = visit
        self.conn = conn
        self.address = address  # type, then 6 bytes, lowest first
        self.since_s = now_s
        self.heard_s = now_s  # when it last wrote
        self.until_s = -1  # when it has to leave; -1: it may stay
        self.packet_bytes = _DEFAULT_PACKET_BYTES
        self.indicating = False
        self.pairing = False  # from when it is asked for the passkey until its bond is kept
        self.newly_bonded = False
        self.leaving = False
        self.asked = False  # whether the stack has taken it that it has to leave

    @property
    def secured(self):
        """Whether the stack has told that this very link is encrypted, authenticated and bonded."""
        return self._peers.secured_visit(self.conn) == self._visit

    def notify(self, channel, data):
        """Sends a notification; False when the stack has no room."""
        return self._peers.send(self._peers.ble.gatts_notify, self, channel, data)

    def indicate(self, channel, data):
        """Sends an indication; False while the last one is not confirmed."""
        if self.indicating:
            return False
        self.indicating = self._peers.send(self._peers.ble.gatts_indicate, self, channel, data)
        return self.indicating


class Peers:
    """All of them. The irq_ methods are called in interrupts, the others in the main loop.

    Connections are numbered as they come (visits): the stack gives a handle to the next host as soon as
    the last is gone, and what one of them may do must never pass to the other.
    """

    def __init__(self, ble, send):
        self.ble = ble
        self.send = send
        self._peers = {}
        self._visits = {}  # conn: number of the connection
        self._secured = {}  # conn: number of the connection, of those that are secured
        self._count = 0

    # ---- in interrupts

    def irq_connected(self, conn):
        """A link came up, a stranger's; returns its number."""
        self._count += 1
        self._visits[conn] = self._count
        self._secured.pop(conn, None)
        return self._count

    def irq_disconnected(self, conn):
        """A link is gone."""
        self._visits.pop(conn, None)
        self._secured.pop(conn, None)

    def irq_encryption(self, conn, secured):
        """A link is encrypted, authenticated and bonded, or is not."""
        if secured and conn in self._visits:
            self._secured[conn] = self._visits[conn]
        else:
            self._secured.pop(conn, None)

    def is_secured(self, conn):
        """Returns whether the link that has this handle now is secured."""
        return conn in self._secured

    # ---- in the main loop

    def secured_visit(self, conn):
        """Returns the number of the secured connection on a handle, -1 without one."""
        return self._secured.get(conn, -1)

    def any_secured(self):
        """Returns whether any link is secured."""
        return bool(self._secured)

    def add(self, conn, visit, address, now_s):
        """Returns the peer of a link that came up."""
        peer = Peer(self, conn, visit, address, now_s)
        self._peers[conn] = peer
        return peer

    def get(self, conn):
        """Returns the peer on a handle, or None."""
        return self._peers.get(conn)

    def remove(self, conn):
        """Forgets a peer whose link is gone."""
        del self._peers[conn]

    def count(self):
        """Returns how many there are."""
        return len(self._peers)

    def all(self):
        """Returns them."""
        return self._peers.values()

    def any_pairing(self):
        """Returns whether a host is giving its passkey."""
        return any(peer.pairing for peer in self._peers.values())

    def disconnect(self, conn):
        """Ends a link; `put_out` asks a busy stack again."""
        peer = self._peers.get(conn)
        if peer is not None:
            peer.leaving = True
        visit = self._visits.get(conn)
        try:
            there = self.ble.gap_disconnect(conn)
        except OSError:
            return
        if peer is not None:
            peer.asked = True
        if there is False and self._visits.get(conn) == visit:  # the stack has no such link
            self.irq_disconnected(conn)

    def over(self):
        """Returns a peer whose link is gone, though its end was not told or is still to be told; None if
        there is none."""
        for peer in self._peers.values():
            if self._visits.get(peer.conn) != peer._visit:
                return peer
        return None

    def disconnect_all(self):
        """Ends every link, those too that the main loop has not met."""
        for conn in list(self._visits):
            self.disconnect(conn)

    def disconnect_strangers(self, but):
        """Ends the links of all strangers but one."""
        for peer in self._peers.values():
            if peer is not but and not peer.secured:
                self.disconnect(peer.conn)

    def leave(self, address, now_s):
        """Lets the links of that host (None: of all) end in a moment: its bond is gone."""
        for peer in self._peers.values():
            if address is None or peer.address == address:
                peer.until_s = now_s + _LAST_WORD_S

    def put_out(self, now_s):
        """Ends the links of whoever stayed too long."""
        oldest = silent = None
        strangers = False
        for peer in self._peers.values():
            strangers = strangers or not peer.secured
            if peer.leaving:
                if not peer.asked:
                    self.disconnect(peer.conn)
                continue
            age_s = now_s - peer.since_s
            if 0 <= peer.until_s <= now_s or age_s >= STRANGER_S and not peer.secured:
                self.disconnect(peer.conn)
            elif peer.secured:
                if now_s - peer.heard_s >= SILENT_S:
                    if silent is None or peer.heard_s < silent.heard_s:
                        silent = peer
            elif not (peer.pairing or age_s < KNOCK_S):
                if oldest is None or peer.since_s < oldest.since_s:
                    oldest = peer
        last = oldest if strangers else silent
        if last is not None and len(self._peers) >= MOST_PEERS:
            self.disconnect(last.conn)
