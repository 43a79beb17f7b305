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
RELIEF = 14
SIGNATURE = 15
CHECK = 16
LOOP = 17
RESUMED = 18
POWER = 19

# kind: (name, a code for each field, the fields' names)
KINDS = {
    # The board started. reason: see pumpwire.names.BOOT_REASONS; firmware: its version as
    # 10000 * major + 100 * minor + patch.
    BOOT: ("boot", b"uuu", "boot reason firmware"),
    # A host said what time it was when this record was written: seconds since 2020 and ms.
    # uncertainty_ms: half the round trip plus the host's own; host_id: 30 bits; synced: 0 no,
    # 1 yes, 2 not known.
    ANCHOR: ("anchor", b"uuuuu", "epoch_s epoch_ms uncertainty_ms host_id synced"),
    # All counts and handset presses in the span_ms that end at this record's time, whatever they
    # were taken for; span_ms is 60000 but for the first after boot.
    MINUTE: ("minute", b"uuu", "span_ms counts presses"),
    # A press of the handset at ago_ms before this record: see OUTCOMES and REASONS in pumpwire.names.
    # inferred: 1 when counts alone could not tell, or the reason is a conclusion.
    DEMAND: ("demand", b"uuuu", "ago_ms outcome reason inferred"),
    # A burst of counts that began ago_ms before this record and took duration_ms. counts: all
    # counts in that span; continuous_milli_counts: thousandths of counts of them that the
    # continuous rate accounts for; source: see pumpwire.names.SOURCES; halted: 1 stopped early;
    # inferred: 1 when the counts do not tell whether anything was given: between nothing and
    # programmed_ul or one count more than was seen; programmed_ul: as prescribed then, 0: not known.
    BOLUS: (
        "bolus", b"uuuuuuuu",
        "ago_ms duration_ms counts continuous_milli_counts source halted inferred programmed_ul",
    ),
    # What the bag holds. by_counts_ul: since a person entered the bag (-1: nobody did);
    # by_weight_ul and weight_mg: the last ten-second mean less the tare, meaningful where
    # samples > 0; level_ul: both together, -1: neither is known; se_ul: its standard error;
    # temperature_c4: quarter degrees Celsius at the cell, NO_TEMPERATURE: not measured.
    RESERVOIR: (
        "reservoir", b"iiiuiui",
        "by_counts_ul by_weight_ul weight_mg samples level_ul se_ul temperature_c4",
    ),
    # The pump was seen to run or to stop (state: see pumpwire.names.PUMP_STATES); ago_ms the middle,
    # uncertainty_ms half the width of the interval in which it happened.
    PUMP: ("pump", b"uuu", "state ago_ms uncertainty_ms"),
    # The weight says that the bag was changed (refill 0: the hook was empty in between) or refilled.
    BAG: ("bag", b"uuiiu", "ago_ms uncertainty_ms before_mg after_mg refill"),
    # What a person entered (pumpwire.entries), copied to the board.
    ENTRY: ("entry", b"b", "entry"),
    # The signed calibration in force from here: picolitres a count and its relative standard
    # uncertainty in parts per million; load cell: raw counts at no load, raw counts per kg.
    CALIBRATION: ("calibration", b"uuii", "pl_per_count uncertainty_ppm cell_zero cell_per_kg"),
    # Samples or events that the board did not see or could not keep: see pumpwire.names.GAPS.
    GAP: ("gap", b"uuu", "cause count span_ms"),
    # The ring was full: the oldest page was given up, records first_seq .. last_seq with it.
    LOST: ("lost", b"uu", "first_seq last_seq"),
    # At boot this many bytes of the open page did not form a record (power was cut in a write).
    TORN: ("torn", b"u", "bytes"),
    # A press of the relief button: the pain has eased. since_bolus_s: seconds since the last bolus
    # began, NEVER_S: none known; stray: 1 when no bolus was given in the hour before, or when this
    # is the third press within two minutes, the two before it included.
    RELIEF: ("relief", b"uuu", "ago_ms since_bolus_s stray"),
    # A possibility (see pumpwire.names.SIGNATURES) that began or was over when the evidence
    # sufficed: over the last span_s seconds counts said that by_counts_ul left the bag, and weight
    # that by_weight_ul did.
    SIGNATURE: ("signature", b"uuuii", "signature state span_s by_counts_ul by_weight_ul"),
    # The calibration as found, reported and never applied: since it was set, weight says that
    # difference_ppm more left the bag than by_counts_ul, give or take uncertainty_ppm (one standard
    # uncertainty).
    CHECK: ("check", b"uiu", "by_counts_ul difference_ppm uncertainty_ppm"),
    # The loop in the last span_s seconds: the latest tick came late_ms late, skipped never came.
    LOOP: ("loop", b"uuu", "span_s late_ms skipped"),
    # After a reset that kept the memory: the boot before had come to uptime_s and uptime_ms, with
    # counts and presses that no minute holds yet; at most lost_ms passed unseen from there to here.
    RESUMED: ("resumed", b"uuuuuuu", "boot_before uptime_s uptime_ms span_ms counts presses lost_ms"),
    # The supply (pumpwire.names.SUPPLY_STATES). After `failing` the hold-up carries on for a moment.
    POWER: ("power", b"u", "state"),
}

# What the numbers in the fields mean; pumpwire.names has their words.
GIVEN, DENIED, UNRESOLVED = 1, 2, 3
NO_REASON, LOCKOUT, STOPPED, LIMIT, UNKNOWN = 0, 1, 2, 3, 4
PATIENT, CLINICIAN, PRIME = 1, 2, 3
PUMP_RUNNING, PUMP_STOPPED = 1, 2
TICKS_SKIPPED, RING_OVERFLOW, SENSOR_SILENT = 1, 2, 3
OCCLUSION, FREE_FLOW, RUNAWAY, EMPTY, COUNTER_SILENT = 1, 2, 3, 4, 5
CELL_DEAD, CELL_DRIFT, HANDSET_STUCK, REGIMEN_MISMATCH = 6, 7, 8, 9
BEGAN, OVER = 1, 2
SUPPLY_FAILING, SUPPLY_BACK = 1, 2
NEVER_S = (1 << 30) - 1
NO_TEMPERATURE = -4096

_UNSIGNED, _BYTES = 117, 98  # u, b
_fields = {}  # what fields_of has made: for who decodes, which a board does not
HEAD_BYTES = 2
CHECK_BYTES = 2
MAX_BODY = 250
MAX_FRAME = HEAD_BYTES + MAX_BODY + CHECK_BYTES
MAX_FIELDS = 8
ERASED = 0xFF


def fields_of(kind):
    """Returns the fields of a kind in order: [(name, code)], codes as ints."""
    if kind not in _fields:
        _, codes, names = KINDS[kind]
        _fields[kind] = list(zip(names.split(), codes))
    return _fields[kind]


def encode(frame, kind, dt_ms, values, blob, seed):
    """Writes a frame into `frame` (bytearray of MAX_FRAME); returns its length in bytes.

    values: indexable of ints, one for each `u` and `i` field in order; blob: bytes of the `b`
    field or None; seed: check of the page header. Ints stay below 2^30. Allocates nothing when
    blob is None.
    """
    at = put_uint(frame, HEAD_BYTES, dt_ms)
    k = 0
    for code in KINDS[kind][1]:
        if code == _BYTES:
            if at + len(blob) > HEAD_BYTES + MAX_BODY:
                raise WireError("record body over %d bytes" % MAX_BODY, at)
            frame[at : at + len(blob)] = blob
            at += len(blob)
        else:
            value = values[k]
            k += 1
            if code != _UNSIGNED:
                value = fold(value)
            if value < 128:  # most are: no call
                frame[at] = value
                at += 1
            else:
                at = put_uint(frame, at, value)
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
    for name, code in fields_of(kind):
        if code == _BYTES:
            fields[name] = bytes(data[at:stop])
            at = stop
        elif at == stop:
            fields[name] = 0
        else:
            value, at = get_uint(data, at, stop)
            fields[name] = value if code == _UNSIGNED else unfold(value)
    return kind, dt_ms, fields
