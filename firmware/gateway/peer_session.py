"""One link's conversation: hands what a host writes to the part that answers it."""

from micropython import const
from pumpwire import racp, uuids

from .sync_server import SyncServer

_MAX_WAITING = const(8)


class Session:
    """peer: notify(channel, data) -> bool, indicate(channel, data) -> bool, packet_bytes, secured.

    `secured` says whether the link is encrypted, authenticated and bonded, or a cable. On any other
    link nothing that is written is looked at, nothing is sent, and nothing but uuids.OPEN is read:
    here, whatever the link's own stack enforces. values: {readable channel: function};
    guard: what is written passes it.
    """

    def __init__(self, peer, log, command_server, values, guard):
        self._peer = peer
        self._commands = command_server
        self._values = values
        self._guard = guard
        self._sync = SyncServer(log)
        self._waiting = []  # indications that the link had no room for yet

    @property
    def active(self):
        """Whether a transfer runs."""
        return self._sync.active or bool(self._waiting)

    def written(self, channel, data):
        """Takes a host's write; on a link that is not secured, drops it."""
        if not self._peer.secured:
            return
        if channel == uuids.FLOW:
            self._sync.flow(data)
        elif channel == uuids.RACP:
            self._answer(channel, self._sync.request(data))
        elif channel == uuids.COMMAND:
            self._answer(channel, self._commands.handle(data, self._guard))

    def read(self, channel):
        """Returns a readable channel's value, None for other channels."""
        if not self._peer.secured and channel not in uuids.OPEN:
            return None
        value = self._values.get(channel)
        return None if value is None else value()

    def _answer(self, channel, data):
        if data is not None and len(self._waiting) < _MAX_WAITING:
            self._waiting.append((channel, data))

    def pump(self):
        """Sends what the link has room for; returns whether the host now has the whole log."""
        peer = self._peer
        if not peer.secured:
            self.closed()
            return False
        told = self._sync.active
        if told:
            told = self._sync.pump(self._notify, peer.packet_bytes)
            self._answer(uuids.RACP, told)
        while self._waiting and peer.indicate(*self._waiting[0]):
            self._waiting.pop(0)
        return bool(told) and told[3] == racp.SUCCESS and self._sync.to_head

    def _notify(self, packet):
        return self._peer.notify(uuids.LOG, packet)

    def closed(self):
        """Forgets the transfer: the link is gone."""
        self._sync.active = False
        self._waiting.clear()
