"""HMAC-SHA256 (RFC 2104) over hashlib.sha256, in two passes: MicroPython has no hmac module."""

import hashlib

_BLOCK_BYTES = 64


class Hmac:
    """One code, over data that come in chunks: update(...) as often as needed, then digest() once."""

    def __init__(self, key):
        if len(key) > _BLOCK_BYTES:
            key = hashlib.sha256(key).digest()
        inner = bytearray(_BLOCK_BYTES)
        outer = bytearray(_BLOCK_BYTES)
        for i in range(_BLOCK_BYTES):
            byte = key[i] if i < len(key) else 0
            inner[i] = byte ^ 0x36
            outer[i] = byte ^ 0x5C
        self._inner = hashlib.sha256(inner)
        self._outer = hashlib.sha256(outer)

    def update(self, data):
        """Takes in more data: bytes, bytearray or memoryview."""
        self._inner.update(data)

    def digest(self):
        """Returns the 32 bytes; nothing can be added after that."""
        self._outer.update(self._inner.digest())
        return self._outer.digest()


def hmac_sha256(key, *parts):
    """Returns the 32-byte code of the parts, one behind the other, under `key`."""
    code = Hmac(key)
    for part in parts:
        code.update(part)
    return code.digest()


def same(a, b):
    """Returns whether two codes are equal, in a time that does not tell where they differ."""
    if len(a) != len(b):
        return False
    difference = 0
    for i in range(len(a)):
        difference |= a[i] ^ b[i]
    return difference == 0
