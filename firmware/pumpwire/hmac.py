"""HMAC-SHA256 (RFC 2104) over hashlib: the ESP32's MicroPython has no `hmac` module."""

import hashlib

_BLOCK_BYTES = 64


def _pad(key, byte):
    padded = bytearray(_BLOCK_BYTES)
    padded[: len(key)] = key
    for i in range(_BLOCK_BYTES):
        padded[i] ^= byte
    return padded


def hmac_sha256(key, *parts):
    """Returns the 32 bytes of HMAC-SHA256 under `key` over `parts`, one after the other."""
    if len(key) > _BLOCK_BYTES:
        key = hashlib.sha256(key).digest()
    inner = hashlib.sha256(_pad(key, 0x36))
    for part in parts:
        inner.update(part)
    return hashlib.sha256(bytes(_pad(key, 0x5C)) + inner.digest()).digest()
