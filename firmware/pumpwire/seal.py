"""What the device key proves: seals over closed pages, and where the log ended at a pull.

    attestation   0  4  log_id
                  4  4  next_seq     the record that would come next: all before it are in the log
                  8  4  first_seq    of the open page
                 12  2  used         bytes of the open page that are durable
                 14  4  CRC-32       of those bytes
                 18  8  previous     the first bytes of the seal of the page before the open one
                 26  2  key_id
                 28 16  mac          the first 16 bytes of HMAC-SHA256, under the device key, of
                                     "pumplog attest", bytes 0..27 and the host's nonce

A page's seal stands in its footer (pumpwire.page). Who holds the key can forge both.
"""

import hashlib
import struct

from .hmac import hmac_sha256

NONCE_BYTES = 16
FORMAT = "<IIIHI8sH"
DOMAIN = b"pumplog attest"


def key_id(key):
    """Returns the 16-bit name of a device key: it tells keys apart and gives nothing of them away."""
    digest = hashlib.sha256(b"pumplog key " + key).digest()
    return digest[0] | digest[1] << 8 or 1


def attest(key, nonce, log_id, next_seq, first_seq, used, crc, previous):
    """Returns the 44 bytes that say, under `key`, where the log ends."""
    name = key_id(key) if key else 0
    said = struct.pack(FORMAT, log_id, next_seq, first_seq, used, crc, previous, name)
    mac = hmac_sha256(key, DOMAIN, said, nonce)[:16] if key else bytes(16)
    return said + mac
