"""Seals a host's write (pumpwire.proofs). For hosts: a board never imports it, to save its heap."""

import struct

from .proofs import write_code


def seal(device_key, session_nonce, host_id, counter, op, request_id, check_code, body):
    """Returns the request body of a write: the op's own, counter and code behind it."""
    code = write_code(device_key, session_nonce, host_id, counter, op, request_id, check_code, body)
    return body + struct.pack("<I", counter) + code
