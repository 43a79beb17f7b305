"""The record kinds: one table that drives encoding, decoding, the documents and the store.

A frame is what one program operation writes: records, then a check. On flash, on the wire and in
the store it is the same bytes. Its first byte tells its form:

    0x00        filler     one byte, no record: cells that a torn write may have touched
    0x01..0x7F  record     kind 1 | n 1 | body n | check 2
    0x80..0xFE  minute     1 r d5 d4 d3 d2 d1 d0, what d and r call for, check 2
    0xFF        erased flash: the end of the page's records

    body        dt varint: ticks of 100 ms since the record before it in the page (the first: since
                the page's base time; BOOT: since the boot); then the kind's fields in order, zero
                bytes at the end left out. Fields may be added at the end of a kind: a reader takes
                those that a record lacks as 0 in their code, and passes over what it does not know.
    minute      a MINUTE 600 ticks after the MINUTE before it, with the usual span_ms of 60000.
                d 0..60: counts are the last MINUTE's plus unfold(d), presses 0;
                61: a folded varint follows, the difference of counts, presses 0;
                62: that varint and another one follow, the second is presses; 63: not used.
                r 1: a folded varint follows at the end, level_ul in its code of a RESERVOIR of the
                same time, its se_ul as in the page's last: two records in one frame.
    check       pumpwire.check.frame_check, little-endian, over the frame before it, started from the
                page header's check, so that a frame of another page does not pass

Field codes, ints as varints (pumpwire.varint):

    u  unsigned         i  folded signed
    d  folded difference to this field in the page's last record of the kind, 0 before the first
    l  as d, to that value plus its last step: what falls evenly differs by nothing
    b  all remaining bytes

Events are often recorded after they happened: `ago_ms` is how long before the record's own time.
"""

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
SKIPPED = 20
CELLS = 21
WEIGHT = 22
ACCESS = 23
MEMORY = 24

# kind: a code for each field, the name, the fields' names; one string each, for a board keeps them
KINDS = {
    # The board started: in a page, time and differences begin anew here. reason: see
    # pumpwire.names.BOOT_REASONS; firmware: its version as 10000 * major + 100 * minor + patch.
    BOOT: b"uuu boot boot reason firmware",
    # A host said what time it was when this record was written: seconds since 2020 and ms.
    # uncertainty_ms: half the round trip plus the host's own; host_id: 30 bits; synced: 0 no,
    # 1 yes, 2 not known.
    ANCHOR: b"uuuuu anchor epoch_s epoch_ms uncertainty_ms host_id synced",
    # All counts and handset presses in the span_ms that end at this record's time, whatever they
    # were taken for; span_ms is 60000 but for the first after boot.
    MINUTE: b"udu minute span_ms counts presses",
    # A press of the handset at ago_ms before this record: see OUTCOMES and REASONS in pumpwire.names.
    # inferred: 1 when counts alone could not tell, or the reason is a conclusion.
    DEMAND: b"uuuu demand ago_ms outcome reason inferred",
    # A burst of counts that began ago_ms before this record and took duration_ms. counts: all
    # counts in that span; continuous_milli_counts: thousandths of counts of them that the
    # continuous rate accounts for; source: see pumpwire.names.SOURCES; halted: 1 given in part: the
    # pump ended it, and by the counts it was surely less than nine tenths of programmed_ul;
    # inferred: 1 when the counts do not tell whether anything was given: between nothing and
    # programmed_ul or one count more than was seen; programmed_ul: as prescribed then, 0: not known.
    BOLUS: (b"dddddddd bolus ago_ms duration_ms counts continuous_milli_counts source halted inferred "
        b"programmed_ul"),
    # What the bag holds by counts and weight together, -1: neither is known; its standard error.
    RESERVOIR: b"ld reservoir level_ul se_ul",
    # The pump was seen to run or to stop (state: see pumpwire.names.PUMP_STATES); ago_ms the middle,
    # uncertainty_ms half the width of the interval in which it happened.
    PUMP: b"uuu pump state ago_ms uncertainty_ms",
    # The weight says that the bag was changed (refill 0: the hook was empty in between) or refilled.
    BAG: b"uuiiu bag ago_ms uncertainty_ms before_mg after_mg refill",
    # What a person entered (pumpwire.entries), copied to the board.
    ENTRY: b"b entry entry",
    # The signed calibration in force from here: picolitres a count and its relative standard
    # uncertainty in parts per million; load cell: raw counts with an empty bag hung, raw counts per kg.
    CALIBRATION: b"uuii calibration pl_per_count uncertainty_ppm cell_zero cell_per_kg",
    # Samples or events that the board did not see or could not keep: see pumpwire.names.GAPS.
    GAP: b"uuu gap cause count span_ms",
    # The ring was full: the oldest page was given up, records first_seq .. last_seq with it.
    LOST: b"uu lost first_seq last_seq",
    # At boot this many bytes of the open page did not form a record (power was cut in a write).
    TORN: b"u torn bytes",
    # A press of the relief button: the pain has eased. since_bolus_s: seconds since the last bolus
    # began, NEVER_S: none known; stray: 1 when no bolus was given in the hour before, or when this
    # is the third press within two minutes, the two before it included.
    RELIEF: b"uuu relief ago_ms since_bolus_s stray",
    # A possibility (see pumpwire.names.SIGNATURES) that began or was over when the evidence
    # sufficed: over the last span_s seconds counts said that by_counts_ul left the bag, and weight
    # that by_weight_ul did.
    SIGNATURE: b"uuuii signature signature state span_s by_counts_ul by_weight_ul",
    # The calibration as found, reported and never applied: since it was set, weight says that
    # difference_ppm more left the bag than by_counts_ul, give or take uncertainty_ppm (one standard
    # uncertainty).
    CHECK: b"uiu check by_counts_ul difference_ppm uncertainty_ppm",
    # The loop in the last span_s seconds: the latest tick came late_ms late, skipped never came.
    LOOP: b"uuu loop span_s late_ms skipped",
    # After a reset that kept the memory: the boot before had come to uptime_s and uptime_ms, with
    # counts and presses that no minute holds yet; at most lost_ms passed unseen from there to here.
    RESUMED: b"uuuuuuu resumed boot_before uptime_s uptime_ms span_ms counts presses lost_ms",
    # The supply (pumpwire.names.SUPPLY_STATES). After `failing` the hold-up carries on for a moment.
    POWER: b"u power state",
    # Sequence numbers that no record of this log was ever given, or that stand in a page of another
    # format version: what follows that page's first_seq cannot be counted.
    SKIPPED: b"uu skipped first_seq last_seq",
    # The load cell's last ten-second mean less the tare, of so many readings that agree, 0: fewer than
    # five did; temperature_c4: quarter degrees Celsius at the cell, NO_TEMPERATURE: not measured.
    WEIGHT: b"iui weight weight_mg samples temperature_c4",
    # Flash of this slot of the ring refused (what: see pumpwire.names.CELLS); it is written no more.
    CELLS: b"uuu cells slot offset what",
    # Who wrote to the board and has no record of that (as ANCHOR and ENTRY are), or was refused. op: see
    # pumpwire.names.ACCESS_OPS; result: see pumpwire.names.ACCESS_RESULTS; host_id: the computer in
    # its own words, 0: it gave none; count: how many; address_high, address_low: three bytes each of
    # the Bluetooth address of a computer that paired, else 0. Of refusals the first in an hour of
    # uptime is told at once, and at the hour's end how many more there were, with the last one's
    # fields.
    ACCESS: b"uuuuuu access op result host_id count address_high address_low",
    # What Python left of the chip's internal memory to its system, out of which the radio takes its own:
    # bytes free, those in one piece, and the fewest that were free since the board began. when: see
    # pumpwire.names.MEMORY_MOMENTS; radio: see pumpwire.names.RADIO_STATES. Told when what it may do
    # changes, when a pairing window is refused, and at each new low of less than 60 kB.
    MEMORY: b"uuuuu memory when free largest lowest radio",
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
AT_START, AT_WINDOW, AT_LINK, AT_MINUTE = 1, 2, 3, 4
RADIO_ON, RADIO_HELD, RADIO_OFF = 1, 2, 3
NEVER_S = (1 << 30) - 1
NO_TEMPERATURE = -4096

NOT_SYNCED, SYNCED, SYNC_NOT_KNOWN = 0, 1, 2
OWN_CLOCK = 0  # host_id of an anchor by the board's own clock chip
CELLS_REFUSED, CELLS_DECAYED = 1, 2

_fields = {}  # what fields_of has made: for who decodes, which a board does not
HEAD_BYTES = 2
CHECK_BYTES = 2
MAX_BODY = 250
MAX_FRAME = HEAD_BYTES + MAX_BODY + CHECK_BYTES
MAX_FIELDS = 8
ERASED = 0xFF
FILLER = 0x00
MINUTE_MS = 60000
MINUTE_TICKS = 600


def name_of(kind):
    """Returns the name of a kind."""
    return KINDS[kind].decode().split()[1]


def fields_of(kind):
    """Returns the fields of a kind in order: [(name, code)], codes as ints."""
    if kind not in _fields:
        words = KINDS[kind].decode().split(" ")
        _fields[kind] = list(zip(words[2:], KINDS[kind]))
    return _fields[kind]
