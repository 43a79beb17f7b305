"""Hosts that paired: their keys in the board's settings, at most HOSTS of them, the oldest given up.

The Bluetooth stack hands keys over as secrets (type, key, value) and asks for them again. What they
hold is its own affair, but for whether the host paired by LE Secure Connections. A secret is kept under
the setting b<slot>.<type>:

    0  4  age    when this slot was filled: higher is later
    4  1  n      length of the stack's key; 0: the slot is empty
    5  n  key    begins with the host's address: type, then 6 bytes, lowest first
    .. .. value
"""

import struct

from micropython import const

HOSTS = const(8)
TYPES = (1, 2)  # keys that we gave, keys that the host gave
_RAND = const(16)  # in NimBLE's struct ble_store_value_sec, of every version
_LTK_PRESENT = const(40)
_MOST_BYTES = const(256)  # that a setting holds
_HEAD_BYTES = const(5)
ADDRESS_BYTES = const(7)
_EMPTY = b"\0\0\0\0\0"


def secure_connections(value):
    """Returns whether a secret is from LE Secure Connections: a key without a number to find it by.

    In legacy pairing the board draws that number, 64 bits, for the key that it gives.
    """
    return len(value) <= _LTK_PRESENT or value[_LTK_PRESENT] & 1 and not any(value[_RAND : _RAND + 8])


class Bonds:
    """nvs: get(key) -> bytes or None, set(key, bytes)."""

    def __init__(self, nvs):
        self._nvs = nvs
        self._slots = [None] * HOSTS  # type: list  # of (age, address, {type: (key, value)})
        for slot in range(HOSTS):
            self._load(slot)

    def _load(self, slot):
        secrets = {}
        age = 0
        for kind in TYPES:
            data = self._nvs.get("b%d.%d" % (slot, kind))
            if data and len(data) > _HEAD_BYTES and data[4]:
                age, n = struct.unpack_from("<IB", data, 0)
                if not secure_connections(data[_HEAD_BYTES + n :]):
                    return  # kept by a firmware that did not ask
                secrets[kind] = (data[_HEAD_BYTES : _HEAD_BYTES + n], data[_HEAD_BYTES + n :])
                address = data[_HEAD_BYTES : _HEAD_BYTES + ADDRESS_BYTES]
        if secrets:
            self._slots[slot] = (age, address, secrets)

    def count(self):
        """Returns how many hosts are known."""
        return sum(1 for slot in self._slots if slot is not None)

    def known(self, address):
        """Returns whether a host of that address (type and 6 bytes) paired."""
        return self._slot_of(address) >= 0

    def _slot_of(self, address):
        for slot in range(HOSTS):
            kept = self._slots[slot]
            if kept is not None and kept[1] == address:
                return slot
        return -1

    def get(self, kind, index, key):
        """Returns the value kept for a key, or without a key the index-th of its type; or None."""
        for kept in self._slots:
            found = kept and kept[2].get(kind)
            if not found:
                continue
            if key is not None:
                if found[0][: len(key)] == key:
                    return found[1]
            elif index == 0:
                return found[1]
            else:
                index -= 1
        return None

    def fits(self, kind, key, value):
        """Returns whether a secret is of a kind and size that can be kept."""
        size = _HEAD_BYTES + len(key) + len(value)
        return kind in TYPES and len(key) >= ADDRESS_BYTES and size <= _MOST_BYTES

    def keep(self, secrets):
        """Keeps the secrets of one host, {type: (key, value)}, beside or in place of earlier ones of its
        own; returns its address. If the settings refuse, they are kept until the next start."""
        for kind in secrets:
            address = secrets[kind][0][:ADDRESS_BYTES]
        ages = [-1 if kept is None else kept[0] for kept in self._slots]
        slot = self._slot_of(address)
        if slot < 0:
            slot = ages.index(min(ages))
            merged = secrets
        else:
            merged = dict(self._slots[slot][2])
            merged.update(secrets)
        try:
            self._put(slot, max(ages) + 1, address, merged)
        except OSError:
            pass
        return address

    def _put(self, slot, age, address, secrets):
        self._slots[slot] = (age, address, secrets) if secrets else None
        for kind in TYPES:
            data = _EMPTY
            if kind in secrets:
                key, value = secrets[kind]
                data = struct.pack("<IB", age, len(key)) + key + value
            elif self._nvs.get("b%d.%d" % (slot, kind)) is None:
                continue
            self._nvs.set("b%d.%d" % (slot, kind), data)

    def forget(self, address):
        """Gives up a host; returns whether it was known. OSError: it would be back at the next start."""
        slot = self._slot_of(address)
        if slot >= 0:
            self._put(slot, 0, None, {})
        return slot >= 0

    def forget_all(self):
        """Gives up every host; returns whether there were any."""
        had = self.count() > 0
        for slot in range(HOSTS):
            if self._slots[slot] is not None:
                self._put(slot, 0, None, {})
        return had
