"""What people enter, as bytes: made on a host, copied to the board's log, never changed.

     0  16  uuid          of this entry
    16   4  author        initials, ASCII, padded with 0
    20   4  entered_at    seconds since 2020, by the host's clock
    24   4  effective_at  seconds since 2020: when it holds from
    28   4  assignment    random id of the patient's stay, kept in a move; never a name
    32   1  kind
    33   1  0
    34  ..  the kind's own fields, u32 each, little-endian
"""

import struct

from .errors import WireError

PATIENT_START, PATIENT_MOVE, PATIENT_WITHDRAW, PATIENT_END = 1, 2, 3, 4
BAG, REGIMEN, READING, CHART, CORRECTION = 5, 6, 7, 8, 9

# kind: (name, fields). A correction names the entry it supersedes by its uuid (four u32).
KINDS = {
    PATIENT_START: ("patient_start", ()),
    PATIENT_MOVE: ("patient_move", ()),
    PATIENT_WITHDRAW: ("patient_withdraw", ()),
    PATIENT_END: ("patient_end", ()),
    BAG: ("bag", ("morphine_ug", "bupivacaine_ug", "volume_ul")),
    REGIMEN: ("regimen", ("rate_ul_h", "bolus_ul", "lockout_s", "lockout_from_end")),
    READING: ("reading", ("volume_ul",)),
    CHART: ("chart", ("item", "value_milli")),
    CORRECTION: ("correction", ("uuid_0", "uuid_1", "uuid_2", "uuid_3", "reason")),
}
HEAD = "<16s4sIIIBB"
HEAD_BYTES = 34


def pack(uuid, author, entered_at_s, effective_at_s, assignment, kind, values):
    """Returns the bytes of an entry; values: ints (0 <= value < 2^32) in the kind's order."""
    if len(values) != len(KINDS[kind][1]):
        raise WireError("entry of kind %d with %d fields" % (kind, len(values)), HEAD_BYTES)
    head = struct.pack(HEAD, uuid, author, entered_at_s, effective_at_s, assignment, kind, 0)
    return head + struct.pack("<%dI" % len(values), *values)


def unpack(data):
    """Returns (uuid, author, entered_at_s, effective_at_s, assignment, kind, {field: value}).

    Fields that a later version added are passed over; raises WireError for what is no entry.
    """
    if len(data) < HEAD_BYTES:
        raise WireError("entry cut short", len(data))
    uuid, author, entered_at_s, effective_at_s, assignment, kind, _ = struct.unpack_from(
        HEAD, data, 0
    )
    fields = {}
    if kind in KINDS:
        names = KINDS[kind][1]
        if len(data) < HEAD_BYTES + 4 * len(names):
            raise WireError("entry cut short", len(data))
        values = struct.unpack_from("<%dI" % len(names), data, HEAD_BYTES)
        for i, name in enumerate(names):
            fields[name] = values[i]
    return (uuid, bytes(author).rstrip(b"\0"), entered_at_s, effective_at_s, assignment, kind,
            fields)
