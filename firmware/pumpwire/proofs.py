"""Who speaks: the board's proof that it holds the device key, and the host's under what it writes.

All codes are HMAC-SHA256 under the device key, cut to 16 bytes.

    PROVE, request body     0 16  host_nonce    fresh, from the host
                           16  4  host_id       which computer writes
    PROVE, answer           0 16  session_nonce fresh, from the board; holds for this connection
                           16  4  log_id
                           20  4  firmware
                           24 16  code over    BOARD_DOMAIN, host_nonce, host_id, bytes 0..23
    write, request body     0  n  the op's own body
                            n  4  counter       greater than in any write before on this connection
                          n+4 16  code over    WRITE_DOMAIN, session_nonce, host_id, counter, op,
                                                request id, check code, the op's own body

The session nonce and the counter make a write good once, on one connection. A board without a
device key answers with a code of zeros, and asks for none.
"""

import struct

from .errors import WireError
from .hmac import hmac_sha256

NONCE_BYTES = 16
CODE_BYTES = 16
PROVE_REQUEST = "<16sI"
PROVE_ANSWER = "<16sII"
PROVE_ANSWER_BYTES = 40
BOARD_DOMAIN = b"pumplog board 1"
WRITE_DOMAIN = b"pumplog write 1"
_SEAL_BYTES = 20


def board_code(device_key, request, answer):
    """Returns the board's code for a PROVE request body and its own answer's first 24 bytes."""
    if device_key is None:
        return bytes(CODE_BYTES)
    return hmac_sha256(device_key, BOARD_DOMAIN, request, answer)[:CODE_BYTES]


def write_code(device_key, session_nonce, host_id, counter, op, request_id, check_code, body):
    """Returns the host's code for a write."""
    head = struct.pack("<IIBBI", host_id, counter, op, request_id, check_code)
    return hmac_sha256(device_key, WRITE_DOMAIN, session_nonce, head, body)[:CODE_BYTES]


def unseal(data):
    """Returns (op's own body, counter, code) of a write's request body; raises WireError."""
    end = len(data) - _SEAL_BYTES
    if end < 0:
        raise WireError("write without a code")
    return data[:end], struct.unpack_from("<I", data, end)[0], data[end + 4 :]
