"""Messages of the COMMAND, INFO and STATUS channels. Nothing here can act on the pump.

    request    0 1 op   1 1 id (echoed)   2 4 check code (0: none)   6 .. body
    response   0 1 op | 0x80   1 1 id   2 1 result   3 .. body

The check code stands on the board's label; an entry needs it, or the board's service button. The body
of a write (WRITES) ends with a counter and a code under the device key: pumpwire.proofs.
"""

import struct

from .errors import WireError

PAIR = 0  # no command: names a pairing in ACCESS records
TIME = 1  # body: none; answers <u32 boot> <u32 uptime_s> <u16 uptime_ms>. Needs no check code.
ANCHOR = 2  # <u32 epoch_s> <u16 epoch_ms> <u16 uncertainty_ms> <u32 host_id> <u8 synced>, then what
# TIME answered a minute ago at most: the time was that as TIME was answered. Answers <u32 seq>.
ENTRY = 3  # an entry (pumpwire.entries); answers <u32 seq>
PROVISION = 4  # see PROVISION_BODY; answers <u32 seq>; a provisioned board wants its check code
PROVE = 5  # the board proves its key and gives its session nonce and log: pumpwire.proofs
UNPAIR = 6  # <u8 everyone>: 0 this link's bond, 1 all of them (wants the check code)
ATTEST = 7  # a nonce (pumpwire.seal); answers an attestation

WRITES = (ANCHOR, ENTRY, PROVISION, UNPAIR)

OK, REFUSED, MALFORMED, NO_SUCH_OP, FAILED, ALREADY = 0, 1, 2, 3, 4, 5
REPLAYED, WRONG_KEY, NOT_PROVEN, NO_BOND = 6, 7, 8, 9

ANCHOR_BODY = "<IHHIBIIH"
TIME_BODY = "<IIH"
# name (ASCII, padded with 0), device key, pairing key, check code, pl_per_count,
# uncertainty_ppm, cell_zero, cell_per_kg
PROVISION_BODY = "<12s32s32sIIIii"

# INFO, which a stranger may read: protocol version, provisioned, name
INFO_BODY = "<BB12s"
PROTOCOL = 3
# STATUS: see pumpwire.names.STATUS_FIELDS
STATUS_BODY = "<IIHIIIIIiIIIIIB"
STATUS_CHIP = "<IIIII"  # behind it: pumpwire.names.STATUS_CHIP_FIELDS; earlier firmwares send none
NEVER = 0xFFFFFFFF  # last_bolus_age_s before the first bolus; rates not known yet
FLAG_LOGGING, FLAG_RUNNING, FLAG_ANCHORED = 1, 4, 8  # 2 was never used
FLAG_RADIO_HELD = 16


def request(op, request_id, check_code, body):
    """Returns a request."""
    return struct.pack("<BBI", op, request_id, check_code) + body


def read_request(data):
    """Returns (op, id, check code, body); raises WireError."""
    if len(data) < 6:
        raise WireError("command of %d bytes" % len(data))
    op, request_id, check_code = struct.unpack_from("<BBI", data, 0)
    return op, request_id, check_code, data[6:]


def response(op, request_id, result, body=b""):
    """Returns the answer to a request."""
    return bytes((op | 0x80, request_id, result)) + body
