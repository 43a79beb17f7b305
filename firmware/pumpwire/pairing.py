"""The PAIRING value, readable by anybody, and the passkey that only holders of the pairing key know.

    0   1  open           1 while the board's pairing window is
    1   1  attempts_left  passkeys that may still be tried in this window; 0 while it is closed: all were
    2  16  nonce          of the passkey that is asked for next; zeros while the window is closed

    passkey = HMAC-SHA256(pairing key, PASSKEY_DOMAIN + nonce), first 4 bytes little-endian,
              modulo 1,000,000
"""

import struct

from .errors import WireError
from .hmac import hmac_sha256

NONCE_BYTES = 16
PAIRING_BODY = "<BB16s"
PASSKEY_DOMAIN = b"pumplog passkey 1"
PASSKEYS = 1000000


def value(open_, attempts_left, nonce):
    """Returns the PAIRING value."""
    return struct.pack(PAIRING_BODY, 1 if open_ else 0, attempts_left, nonce if open_ else bytes(16))


def read_value(data):
    """Returns (open, attempts left, nonce) of a PAIRING value; raises WireError."""
    if len(data) < struct.calcsize(PAIRING_BODY):
        raise WireError("pairing value of %d bytes" % len(data))
    open_, attempts_left, nonce = struct.unpack_from(PAIRING_BODY, data, 0)
    return bool(open_), attempts_left, bytes(nonce)


def passkey(pairing_key, nonce):
    """Returns the passkey of that nonce: 0 to 999,999, typed as six digits."""
    return struct.unpack_from("<I", hmac_sha256(pairing_key, PASSKEY_DOMAIN, nonce), 0)[0] % PASSKEYS
