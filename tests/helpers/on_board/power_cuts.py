"""Cuts power in any operation of a log's life, on copies of its flash, and holds what is left against
what the log had acknowledged. For every runtime."""

from helpers.on_board import dice

from gateway.clock import Uptime
from gateway.event_log import EventLog
from helpers.on_board.nor import PREFIX, TEARS, CutError, random
from pumpwire import decoding, page, records
from pumpwire.errors import WireError

KEY = b"key of the cut board's pages...."
OWN = (records.BOOT, records.TORN, records.LOST, records.SKIPPED, records.CELLS)
FIRMWARE = 10203


class Bed:
    """A log on flash that runs on without a cut; tear(bed, page, offset, data) is called before each
    of its operations, data None: an erase."""

    def __init__(self, flash, tear):
        self.flash = flash
        self.acknowledged = {}  # seq: what the record holds
        self.in_flight = []  # what is being written
        self.next_seq = 0  # behind the last record acknowledged
        self.checks = 0
        self.tears = [0] * TEARS  # of each kind
        self.again = 0  # cuts of the boots that came after
        self.skips = 0  # numbers skipped where a torn write looked like a good one gone bad
        self._tear = tear
        self._verified = {}  # bytes of a closed page, all of whose records are right: (first, next seq)
        self.uptime = Uptime()
        self.now_ms = 0
        flash.before = self._before
        self.boot()

    def boot(self):
        """Boots, as after a power cut between two operations."""
        self.log = None
        self.uptime = Uptime()
        self.now_ms = 0
        log = EventLog(self.flash, self.uptime, random)
        log.set_key(KEY)
        log.mount(1, FIRMWARE)
        self.log = log

    def wait(self, ms):
        """Lets time pass."""
        self.now_ms += ms
        self.uptime.advance(self.now_ms)

    def append(self, kind, values, blob=None, reservoir=None):
        """Appends a record, a minute with its reservoir."""
        _append(self.log, self.uptime, kind, values, blob, reservoir, self.acknowledged, self.in_flight)
        self.next_seq = self.log.next_seq

    def _before(self, slot, offset, data):
        self._tear(self, slot, offset, data)

    def cut_here(self, slot, offset, data, tear, torn_bytes, nested=0):
        """Tears the operation that is about to be made, on a copy, boots that and checks it."""
        flash = self.flash.copy()
        flash.tear = tear
        flash.torn_bytes = torn_bytes
        if data is None:
            flash.torn_erase(slot)
        else:
            flash.torn_program(slot, offset, bytes(data))
        life = Life(self, flash)
        for _ in range(nested):
            flash.cut(dice.bits(3), dice.bits(6), dice.bits(8) % TEARS)
            life.run(dice.bits(3))
        life.check()
        self.checks += 1
        self.tears[tear] += 1
        self.again += nested


def _append(log, uptime, kind, values, blob, reservoir, acknowledged, in_flight):
    held = [(kind, log.boot, uptime.s * 1000 + uptime.ms, tuple(values), blob)]
    for i, value in enumerate(values):
        log.values[i] = value
    if reservoir is not None:
        log.hold_reservoir(*reservoir)
        held.append((records.RESERVOIR,) + held[0][1:3] + (reservoir, None))
    in_flight += held
    before = log.next_seq
    seq = log.append(kind, blob)
    assert seq >= before and log.next_seq == seq + len(held), (seq, log.next_seq)
    for i, one in enumerate(held):
        assert seq + i not in acknowledged, seq + i
        acknowledged[seq + i] = one
    in_flight.clear()


class Life:
    """What a cut left: a copy of the flash, through further boots."""

    def __init__(self, bed, flash):
        self.bed = bed
        self.flash = flash
        self.acknowledged = {}
        self.in_flight = list(bed.in_flight)
        self.next_seq = bed.next_seq  # all before it were acknowledged before the cut
        self.oldest_seq = -1  # once it was checked

    def run(self, appends):
        """Boots and appends until power goes, which may be at once."""
        uptime = Uptime()
        in_flight = []
        try:
            log = EventLog(self.flash, uptime, random)
            log.set_key(KEY)
            log.mount(2, FIRMWARE)
            for n in range(appends):
                uptime.advance(60000 * (n + 1))
                _append(log, uptime, records.MINUTE, (60000, dice.bits(8), 0), None,
                        (dice.bits(14), 500) if n & 1 else None, self.acknowledged, in_flight)
                log.service()
        except CutError:
            self.in_flight += in_flight
            return
        self.flash.cut_at = -1

    def check(self):
        """Boots whole: what was acknowledged is there, nothing else is, and every page is good."""
        flash = self.flash
        flash.cut_at = -1
        uptime = Uptime()
        log = EventLog(flash, uptime, random)
        log.set_key(KEY)
        boot = log.mount(3, FIRMWARE)
        assert log.logging and log.failures == 0 and log.trouble is None, log.trouble
        _append(log, uptime, records.MINUTE, (60000, 77, 0), None, None, self.acknowledged, [])
        for _ in range(8):
            log.service()
        assert log.failures == 0 and log.boot == boot
        ranges, skipped, lost_to = self._pages(log)
        at = self.oldest_seq = log.oldest_seq
        for first, following in sorted(ranges):
            while at < first and at in skipped:
                assert at >= self.next_seq and at not in self.acknowledged, at
                self.bed.skips += 1
                at += 1
            assert at == first, (at, first)
            at = following
        assert at == log.next_seq, (at, log.next_seq)
        assert min(self.acknowledged) >= self.next_seq, "a number given twice"
        assert lost_to < 0 or len(ranges) >= flash.pages - 1, "more than the oldest page given up"
        at = log.oldest_seq
        while at - 1 in skipped:  # the first number of all can have been spent on a torn write
            at -= 1
        assert at == 0 or lost_to >= at - 1, (at, log.oldest_seq, lost_to)

    def _pages(self, log):
        ranges = []
        skipped = set()
        lost_to = -1
        still_open = 0
        data = bytearray(4096)
        verified = self.bed._verified
        for slot in range(self.flash.pages):
            self.flash.read(slot, 0, data)
            try:
                first = page.read_prefix(data)[2]
            except WireError:
                continue
            if first < log.oldest_seq:
                continue
            raw = bytes(data)
            known = verified.get(raw)
            if known is None:
                _, found, closed, error = decoding.decode_page(data)
                footer = page.read_footer(data)
                stable = error is None
                if not stable:  # a torn write that looked like a good one whose cells went bad
                    assert footer and footer.flags == page.FLAG_DECAYED, error
                    assert footer.count == len(found)
                    page.check_footer(data, footer)
                still_open += footer is None
                for record in found:
                    stable = self._is_right(record) and stable
                    if record.kind == records.SKIPPED:
                        skipped |= set(range(record.fields["first_seq"], record.fields["last_seq"] + 1))
                    elif record.kind == records.LOST:
                        lost_to = max(lost_to, record.fields["last_seq"])
                        stable = False
                known = first, first + len(found)
                if closed and stable:
                    verified[raw] = known
            ranges.append(known)
        assert still_open == 1
        return ranges, skipped, lost_to

    def _is_right(self, record):
        """Returns whether a record is one that the life before the cut had acknowledged."""
        blob = record.fields.pop("entry", None)
        names = [name for name, _ in records.fields_of(record.kind) if name != "entry"]
        holds = (record.kind, record.boot, record.uptime_ms,
                 tuple([record.fields[name] for name in names]), blob)
        want = self.acknowledged.get(record.seq)
        before = self.bed.acknowledged.get(record.seq)
        if want is not None:
            assert want == holds, (want, holds)
        elif before is not None:
            assert before == holds, (record.seq, before, holds)
            return True
        elif record.kind not in OWN:
            assert holds in self.in_flight, (record.seq, holds)
        return False


def every_byte(bed, slot, offset, data):
    """Tears an operation at each of its bytes, and in each other way; an erase at a few."""
    if data is None:
        for torn in (0, 1, 8, 16, 28, 100, 2048, 4061, 4095):
            bed.cut_here(slot, offset, data, PREFIX, torn)
    else:
        for torn in range(len(data) + 1):
            bed.cut_here(slot, offset, data, PREFIX, torn)
    for tear in range(PREFIX + 1, TEARS):
        for nested in range(3):
            bed.cut_here(slot, offset, data, tear, 0, nested)
