"""The Bluetooth stack's secrets: a pairing host's wait here until its link proves to be authenticated.

Strangers who pair without a passkey leave secrets too: these are dropped, so that nobody but a host that
knew the passkey pushes another's bond out of the table (radio_bonds). The ESP32's stack must not learn
of that: a secret that is refused, or a bond that is still there after it had it deleted to pair anew, it
tries again for ever (ble_store_write, ble_sm_chk_repeat_pairing in NimBLE). So every secret is said to
be kept, and a bond that it deletes is hidden from it until a link ends: whoever bears a bonded host's
address cannot have that host forgotten.

A host that paired by the older protocol (LE legacy) leaves secrets that are not kept either: who
listened to such a pairing has its passkey and its keys.
"""

from radio_bonds import ADDRESS_BYTES, TYPES, Bonds, secure_connections


class Secrets:
    """get and set are called in interrupts, the others in the main loop."""

    def __init__(self, nvs):
        self._bonds = Bonds(nvs)
        self._fresh = {}  # (key, value) by type
        self._hidden = []  # (type, address) of bonds that the stack takes for deleted
        self._expecting = False  # whether a host was told to give the passkey
        self._confirmed = False  # whether it gave it
        self.legacy = False  # whether its secrets are of the older protocol

    def get(self, kind, index, key):
        """Returns a secret's value or None; without a key, the index-th of its type."""
        key = None if key is None else bytes(key)
        found = self._fresh.get(kind)
        if found and key is not None and found[0][: len(key)] == key:
            return found[1]
        if key is not None and (kind, key[:ADDRESS_BYTES]) in self._hidden:
            return None
        return self._bonds.get(kind, index, key)

    def set(self, kind, key, value):
        """Holds a fresh secret, or (value None) hides a bond; returns what the stack is to believe."""
        key = bytes(key)
        if value is None:
            return self._hide(kind, key)
        value = bytes(value)
        if not self._expecting or not self._bonds.fits(kind, key, value):
            return True
        if self.legacy or not secure_connections(value):
            self.legacy = True
            self._fresh = {}
        else:
            self._fresh[kind] = (key, value)
        return True

    def _hide(self, kind, key):
        """Returns whether there was something that the stack has not deleted before."""
        if self._fresh.pop(kind, None) is not None:
            return True
        bond = (kind, key[:ADDRESS_BYTES])
        if bond in self._hidden or self._bonds.get(kind, 0, key) is None:
            return False
        self._hidden.append(bond)
        return True

    def expect(self):
        """A host is asked for the passkey: what secrets come now are its own."""
        self.drop()
        self._expecting = True

    def confirm(self):
        """The link is authenticated: its secrets, those to come too, may be kept."""
        self._confirmed = self._expecting

    def settle(self):
        """Keeps what is fresh and confirmed; returns the host's address there, None if nothing is."""
        if not self._confirmed or not self._fresh:
            return None
        fresh = self._fresh
        self._fresh = {}
        if len(fresh) == len(TYPES):
            self._expecting = self._confirmed = False
        self.show()
        return self._bonds.keep(fresh)

    def drop(self):
        """Drops what is fresh: the passkey was wrong, or the link is gone."""
        self._fresh = {}
        self._expecting = self._confirmed = self.legacy = False

    def show(self):
        """Lets the stack see all bonds again: a link ended, or a bond was renewed."""
        self._hidden = []

    def known(self, address):
        """Returns whether a host of that address has a bond."""
        return self._bonds.known(address[:ADDRESS_BYTES])

    def forget(self, address):
        """Gives up a host's bond; returns whether there was one."""
        return self._bonds.forget(address)

    def forget_all(self):
        """Gives up all bonds; returns whether there were any."""
        return self._bonds.forget_all()
