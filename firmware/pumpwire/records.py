"""The record kinds: one table that drives encoding, decoding, the documents and the store.

A record on flash, on the wire and in the store is the same frame:

    byte 0      kind        1..254 (0xFF is erased flash: the end of the page's records)
    byte 1      n           length of the body in bytes, 0..250
    2 .. 2+n    body        dt_ms varint: time since the record before it in the page (the first:
                            since the page's base time), then the kind's fields in order
    2+n, 3+n    check       CRC-16, little-endian, over everything before it, started from the
                            page header's check, so that a frame of another page does not pass

Field codes: `u` unsigned varint, `i` folded signed varint, `b` all remaining bytes. Fields may be
added at the end of a kind: readers fill those that an older record lacks with 0.
Events are often recorded after they happened: `ago_ms` is how long before the record's own time.
"""

from .check import crc16
from .errors import WireError
from .varint import fold, get_uint, put_uint, unfold

BOOT = 1
ANCHOR = 2
MINUTE = 3
DEMAND = 4
BOLUS = 5
RESERVOIR = 6
PUMP = 7
BAG = 8
ENTRY = 9
CALIBRATION = 10
GAP = 11
LOST = 12
TORN = 13

# kind: (name, ((field, code), ...))
KINDS = {
    # The board started. reason: see BOOT_REASONS; firmware: version as 10000*major+100*minor+patch.
    BOOT: ("boot", (("boot", "u"), ("reason", "u"), ("firmware", "u"))),
    # A host said what time it was when this record was written: seconds since 2020 and ms.
    # uncertainty_ms: half the round trip plus the host's own; host_id: 30 bits; synced: 0 no,
    # 1 yes, 2 not known.
    ANCHOR: (
        "anchor",
        (("epoch_s", "u"), ("epoch_ms", "u"), ("uncertainty_ms", "u"), ("host_id", "u"),
         ("synced", "u")),
    ),
    # All counts and handset presses in the span_ms that end at this record's time, whatever they
    # were taken for; span_ms is 60000 but for the first after boot.
    MINUTE: ("minute", (("span_ms", "u"), ("counts", "u"), ("presses", "u"))),
    # A press of the handset at ago_ms before this record: see OUTCOMES and REASONS.
    # inferred: 1 when counts alone could not tell, or the reason is a conclusion.
    DEMAND: (
        "demand",
        (("ago_ms", "u"), ("outcome", "u"), ("reason", "u"), ("inferred", "u")),
    ),
    # A burst of counts that began ago_ms before this record and took duration_ms. counts: all
    # counts in that span; continuous_milli_counts: thousandths of counts of them that the
    # continuous rate accounts for; source: see SOURCES; halted: 1 stopped early;
    # inferred: 1 when the burst is too coarse to be told from the continuous rate.
    BOLUS: (
        "bolus",
        (("ago_ms", "u"), ("duration_ms", "u"), ("counts", "u"),
         ("continuous_milli_counts", "u"), ("source", "u"), ("halted", "u"), ("inferred", "u")),
    ),
    # What the bag holds: by counts since it was hung, and by weight; weight_mg is the mean over
    # the last minute less the tare of cell and hook; samples: how many readings it rests on (0: none).
    RESERVOIR: (
        "reservoir",
        (("by_counts_ul", "i"), ("by_weight_ul", "i"), ("weight_mg", "i"), ("samples", "u")),
    ),
    # The pump was seen to run or to stop: see PUMP_STATES; ago_ms the middle, uncertainty_ms
    # half the width of the interval in which it happened.
    PUMP: ("pump", (("state", "u"), ("ago_ms", "u"), ("uncertainty_ms", "u"))),
    # The weight says that the bag was changed or refilled.
    BAG: ("bag", (("ago_ms", "u"), ("uncertainty_ms", "u"), ("before_mg", "i"), ("after_mg", "i"))),
    # What a person entered (pumpwire.entries), copied to the board.
    ENTRY: ("entry", (("entry", "b"),)),
    # The signed calibration in force from here: picolitres a count and its relative standard
    # uncertainty in parts per million; load cell: raw counts at no load, raw counts per kg.
    CALIBRATION: (
        "calibration",
        (("pl_per_count", "u"), ("uncertainty_ppm", "u"), ("cell_zero", "i"),
         ("cell_per_kg", "i")),
    ),
    # Samples or events that the board did not see or could not keep: see GAPS.
    GAP: ("gap", (("cause", "u"), ("count", "u"), ("span_ms", "u"))),
    # The ring was full: the oldest page was given up, records first_seq .. last_seq with it.
    LOST: ("lost", (("first_seq", "u"), ("last_seq", "u"))),
    # At boot this many bytes of the open page did not form a record (power was cut in a write).
    TORN: ("torn", (("bytes", "u"),)),
}

BOOT_REASONS = {0: "unknown", 1: "power_on", 2: "reset", 3: "watchdog", 4: "deep_sleep", 5: "soft"}
OUTCOMES = {1: "given", 2: "denied", 3: "unresolved"}
GIVEN, DENIED, UNRESOLVED = 1, 2, 3
REASONS = {0: "none", 1: "lockout", 2: "stopped", 3: "limit", 4: "unknown"}
NO_REASON, LOCKOUT, STOPPED, LIMIT, UNKNOWN = 0, 1, 2, 3, 4
SOURCES = {1: "patient", 2: "clinician", 3: "prime"}
PATIENT, CLINICIAN, PRIME = 1, 2, 3
PUMP_STATES = {1: "running", 2: "stopped"}
PUMP_RUNNING, PUMP_STOPPED = 1, 2
GAPS = {1: "ticks_skipped", 2: "ring_overflow", 3: "sensor_silent"}
TICKS_SKIPPED, RING_OVERFLOW, SENSOR_SILENT = 1, 2, 3

HEAD_BYTES = 2
CHECK_BYTES = 2
MAX_BODY = 250
MAX_FRAME = HEAD_BYTES + MAX_BODY + CHECK_BYTES
MAX_FIELDS = 8
ERASED = 0xFF


def encode(frame, kind, dt_ms, values, blob, seed):
    """Writes a frame into `frame` (bytearray of MAX_FRAME); returns its length in bytes.

    values: indexable of ints, one for each `u` and `i` field in order; blob: bytes of the `b`
    field or None; seed: check of the page header. Ints stay below 2^30. Allocates nothing when
    blob is None.
    """
    at = put_uint(frame, HEAD_BYTES, dt_ms)
    k = 0
    for field in KINDS[kind][1]:
        code = field[1]
        if code == "b":
            if at + len(blob) > HEAD_BYTES + MAX_BODY:
                raise WireError("record body over %d bytes" % MAX_BODY, at)
            frame[at : at + len(blob)] = blob
            at += len(blob)
        else:
            value = values[k]
            k += 1
            at = put_uint(frame, at, value if code == "u" else fold(value))
    frame[0] = kind
    frame[1] = at - HEAD_BYTES
    check = crc16(frame, 0, at, seed)
    frame[at] = check & 255
    frame[at + 1] = check >> 8
    return at + CHECK_BYTES


def frame_length(data, at, end, seed):
    """Returns the length of the good frame at data[at:end], 0 at the end of the page's records.

    Raises WireError for bytes that are neither.
    """
    if at >= end or data[at] == ERASED:
        return 0
    if end - at < HEAD_BYTES + CHECK_BYTES or data[at] == 0:
        raise WireError("no record", at)
    body = data[at + 1]
    if body > MAX_BODY or at + HEAD_BYTES + body + CHECK_BYTES > end:
        raise WireError("record longer than its page", at)
    stop = at + HEAD_BYTES + body
    if crc16(data, at, stop, seed) != data[stop] | data[stop + 1] << 8:
        raise WireError("record check does not match", at)
    return HEAD_BYTES + body + CHECK_BYTES


def decode(data, at, length):
    """Returns (kind, dt_ms, {field: value}) of the checked frame data[at:at+length].

    A kind that this version does not know gives its body, after dt_ms, as {"raw": bytes}.
    """
    stop = at + length - CHECK_BYTES
    kind = data[at]
    dt_ms, at = get_uint(data, at + HEAD_BYTES, stop)
    fields = {}
    if kind not in KINDS:
        fields["raw"] = bytes(data[at:stop])
        return kind, dt_ms, fields
    for name, code in KINDS[kind][1]:
        if code == "b":
            fields[name] = bytes(data[at:stop])
            at = stop
        elif at == stop:
            fields[name] = 0
        else:
            value, at = get_uint(data, at, stop)
            fields[name] = value if code == "u" else unfold(value)
    return kind, dt_ms, fields
