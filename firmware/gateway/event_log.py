"""The event log: records in a ring of pages on raw flash. What `append` has returned survives.

Every record is programmed at once and read back. In the tick `append` programs its frame, and where
that does not fit first the header of the slot that was made ready ahead: nothing is allocated,
erased or sealed. `service`, outside the tick, does the rest: the footer of the page left behind, the
slot ahead. An append that finds this undone does it itself.
Parts: slots, ahead, open_page, page_extent; recovery takes them up at a boot.
Formats: pumpwire.page, pumpwire.records.
"""

import binascii
from array import array

from micropython import const
from pumpwire import page, records, seal
from pumpwire.errors import WireError
from pumpwire.frames import frame_length, records_in
from pumpwire.records import MAX_FRAME
from pumpwire.units import PAGE_BYTES

from .ahead import LOST_BYTES, Ahead
from .open_page import OpenPage
from .slots import MARK_BYTES, OURS, RETIRED, Slots

_FOOTER_AT = const(4061)  # page.FOOTER_AT
_CHUNK_BYTES = const(320)  # more than a frame
_MINUTE = const(3)  # pumpwire.records.MINUTE
_RESERVOIR = const(6)
_MOST_UNNOTED = const(8)
_FULL = "the log's flash takes no more records: pull the log, then send the board in"


class EventLog:
    """The log of one board.

    flash: port with `pages`, read(page, offset, buf), program(page, offset, buf), erase(page);
    uptime: gateway.clock.Uptime; random(n): n random bytes for a new log's id.
    logging: whether the last record became durable; trouble: None, or what is wrong in a sentence.
    slots, ahead, opened: the log's parts; left, left_end, left_count, left_flags, previous: the page
    that was left and waits for its footer, and the seal before it; unnoted, lost_noted, told_gaps: what
    the log has yet to tell of itself, and has told. Only gateway.recovery touches these from outside.
    """

    def __init__(self, flash, uptime, random):
        self.values = array("i", [0] * records.MAX_FIELDS)
        self.boot = 0
        self.next_seq = 0
        self.logging = False
        self.trouble = None
        self.flash = flash
        self._uptime = uptime
        self._random = random
        self.slots = Slots(flash)
        self.ahead = Ahead(self.slots, self._note)
        self.opened = OpenPage(flash)
        self.boot_page = None  # a whole one, at boot only
        self._chunk = bytearray(_CHUNK_BYTES)
        self._reservoir = array("i", (0, 0))
        self._holding = False
        self.unnoted = []  # records that could not be put yet: (kind, values)
        self._key = None
        self._key_id = 0
        self.previous = bytes(page.PREVIOUS_BYTES)
        self.left = -1  # slot of the page that was left and has no footer yet
        self.left_end = 0
        self.left_count = 0  # -1: left before this boot
        self.left_flags = 0
        self.lost_noted = True
        self.told_gaps = []  # (first_seq, last_seq) of SKIPPED records, as far as a boot needs them
        self._started = (0, 0)

    @property
    def log_id(self):
        """Tells this log from all others; 0: there is none yet."""
        return self.slots.log_id

    @property
    def failures(self):
        """How many programs and erases failed since the start."""
        return self.opened.failures + self.ahead.failures

    def set_key(self, key):
        """Takes the key under which pages are sealed from here on, None: without."""
        self._key_id = seal.key_id(key) if key else 0
        self._key = key

    # ---- boot

    def mount(self, reason, firmware):
        """Finds the log on flash or starts one, and writes BOOT; returns this boot's number.

        Never raises: what is wrong stands in `trouble`.
        """
        self._started = (reason, firmware)
        slots = self.slots
        from . import head_search, recovery

        self.boot_page = bytearray(PAGE_BYTES)
        head = head_search.find(slots)
        noted = []
        if head < 0:
            if not slots.log_id:
                self._new_id()
            self.boot = 1
        else:
            noted = recovery.resume(self, head)
        if slots.kept:
            self.trouble = (
                "%d pages of the log's flash hold something else, which is kept:"
                " read them out, then format" % len(slots.kept))
        self._write_boot()
        for kind, a, b, c in noted:
            self._note(kind, a, b, c)
        if self.left < 0:
            self._booted()  # else once its footer is known to be whole
        return self.boot

    def _booted(self):
        from . import boot_code

        self.boot_page = None
        boot_code.let_go()

    def format(self):
        """Starts a new log, giving up whatever the flash holds."""
        slots = self.slots
        slots.log_id = 0
        for slot in range(self.flash.pages):
            if slots.look(slot) != RETIRED:
                try:
                    self.flash.erase(slot)
                except OSError:
                    self.ahead.failures += 1
        self.trouble = None
        self.ahead.taken()
        self.ahead.stuck = False
        self.opened.slot = self.left = slots.oldest = -1
        self.opened.open = False
        self.previous = bytes(page.PREVIOUS_BYTES)
        self.unnoted.clear()
        self._new_id()
        self.boot = 1
        self.next_seq = 0
        self._write_boot()
        self._booted()

    def _new_id(self):
        from . import recovery

        recovery.new_id(self.slots, self._random)

    def _write_boot(self):
        if self.opened.open or self._turn():
            self.opened.last_s = self.opened.last_ms = 0
        seq = self._put(records.BOOT, (self.boot,) + self._started, None, None)
        self.logging = seq >= 0

    # ---- writing

    def hold_reservoir(self, level_ul, se_ul):
        """Keeps a RESERVOIR, of the time of the next minute, for that minute to take along."""
        self._reservoir[0] = level_ul
        self._reservoir[1] = se_ul
        self._holding = True

    def append(self, kind, blob=None):
        """Makes a record of self.values (and blob) durable; returns its seq, -1 if flash refuses.

        Its time is the uptime's. A MINUTE takes the reservoir along that was held for it.
        """
        if kind == _MINUTE and self._holding:
            self._holding = False
            seq = self._put(kind, self.values, None, self._reservoir)
            if seq >= 0 and self.next_seq - seq == 1:
                self._put(_RESERVOIR, self._reservoir, None, None)
        else:
            seq = self._put(kind, self.values, blob, None)
        self.logging = seq >= 0
        return seq

    def _put(self, kind, values, blob, ride):
        uptime = self._uptime
        opened = self.opened
        for _ in range(6):
            if not opened.open and not self._turn():
                return -1
            room = 0 if self.ahead.ready else LOST_BYTES
            made = opened.put(kind, uptime.s, uptime.ms, values, blob, ride, room)
            if made > 0:
                seq = self.next_seq
                self.next_seq = seq + made
                return seq
            if not made:
                opened.open = False
        return -1

    def _note(self, kind, a, b, c):
        """Puts a record of the log's own; one that finds no page waits for the next."""
        values = (a, b, c)
        opened = self.opened
        uptime = self._uptime
        made = 0
        if opened.slot >= 0 and opened.count >= 0 and not opened.flags:
            room = 0 if self.ahead.ready or kind == records.LOST else LOST_BYTES
            made = opened.put(kind, uptime.s, uptime.ms, values, None, None, room)
        if made > 0:
            self.next_seq += made
            self.logging = True
        elif len(self.unnoted) < _MOST_UNNOTED:
            self.unnoted.append((kind, values))

    def _turn(self):
        """Goes on to the slot ahead; returns False if flash gives none."""
        opened = self.opened
        ahead = self.ahead
        if self.left >= 0:
            self.seal()
        for _ in range(2):
            if not ahead.ready and not ahead.make(opened.slot, self.next_seq):
                break
            if opened.slot >= 0 and not opened.count and opened.first_seq == self.next_seq:
                self._spoil(opened)
            left = opened.slot
            end = opened.end
            count = opened.count
            flags = opened.flags
            slot = ahead.slot
            if opened.begin(slot, self.slots.log_id, self.next_seq, self.boot, self._uptime):
                ahead.taken()
                self.left = left
                self.left_end = end
                self.left_count = count
                self.left_flags = flags
                if self.slots.oldest < 0:
                    self.slots.oldest = slot
                    self.slots.oldest_seq = self.next_seq
                if self.trouble is _FULL:
                    self.trouble = None
                return True
            ahead.refuse(page.PREFIX_BYTES, opened.slot)
        self.trouble = _FULL
        return False

    def _spoil(self, opened):
        """Takes its header from a page that got no record: the next page has its first_seq."""
        slots = self.slots
        slot = opened.slot
        before = slots.before(slot)
        if opened.flags & page.FLAG_REFUSED:
            self.ahead.retire(slot, page.HEADER_BYTES)
        else:
            self.clear(slot)
        if slots.oldest == slot:
            slots.oldest = -1
        opened.slot = before
        opened.count = -1

    def clear(self, slot):
        try:
            self.flash.program(slot, MARK_BYTES, bytes(page.PREFIX_BYTES - MARK_BYTES))
        except OSError:
            self.opened.failures += 1

    def service(self):
        """Does outside the tick what append would else have to do: at most one thing a call."""
        if self.left >= 0:
            self.seal()
        elif self.unnoted and self.opened.open:
            kind, values = self.unnoted.pop(0)
            self._put(kind, values, None, None)
        elif not self.ahead.stuck:
            self.ahead.step(self.opened.slot, self.next_seq)

    def seal(self):
        """Programs the footer of the page that waits for it; not in the tick."""
        slot = self.left
        if slot < 0:
            return
        self.left = -1
        unnoted = self.unnoted  # a LOST among them stands before the footer of a page that could not
        self.unnoted = []
        for kind, values in unnoted:
            self._note(kind, *values)
        if self.slots.look(slot) != OURS or self.slots.version != page.VERSION:
            self.previous = bytes(page.PREVIOUS_BYTES)
            return
        if self.left_count < 0:
            from . import page_extent, recovery

            data = self.boot_page or bytearray(PAGE_BYTES)
            self.flash.read(slot, 0, data)
            recovery.settle(self, slot, data)
            footer, count = page_extent.footer_again(
                data, self.opened.first_seq, self.previous, self._key_id, self._key)
            recovery.note_gaps(self, slot, data, footer, count)
            self._booted()
        else:
            footer = page.build_footer(self._chunks(slot, self.left_end), self.left_end, self.left_count,
                                       self._key_id, self.left_flags, self.previous, self._key)
        back = bytearray(page.FOOTER_BYTES)
        try:
            self.flash.program(slot, _FOOTER_AT, footer)
            self.flash.read(slot, _FOOTER_AT, back)
        except OSError:
            pass
        if back != footer:
            self.opened.failures += 1
        self.previous = bytes(footer[19:27])

    # ---- reading, outside the tick, never in the way of append

    @property
    def oldest_seq(self):
        """Seq of the oldest record kept; next_seq when there is none."""
        return self.slots.oldest_seq if self.slots.oldest >= 0 else self.next_seq

    @property
    def head(self):
        """Slot of the newest page; -1 when there is none."""
        return self.opened.slot

    def locate(self, seq):
        """Returns (slot, offset) right behind record seq-1; the oldest page's start if that is gone.

        In the middle of a frame of two records: before it.
        """
        slots = self.slots
        slot = slots.oldest
        if slot < 0 or seq <= slots.oldest_seq:
            return slot, 0
        slot = self.opened.slot
        while slots.look(slot) != OURS or slots.first_seq >= seq:
            slot = (slot - 1) % slots.pages
        if slots.version != page.VERSION:
            return slot, 0
        return slot, self._behind(slot, seq - slots.first_seq)

    def _behind(self, slot, count):
        """Returns the offset in a page behind its first `count` records, 0: they cannot be read."""
        data = self._chunk
        end = min(self.page_at(slot)[1], _FOOTER_AT)
        self.flash.read(slot, 0, data)
        at = page.HEADER_BYTES  # in the page
        begin = 0  # of what is in the chunk
        have = min(_CHUNK_BYTES, end)
        try:
            seed = page.read_header(data).seed
            while count > 0 and at < end:
                if at - begin > _CHUNK_BYTES - MAX_FRAME and begin + have < end:
                    begin = at
                    have = min(_CHUNK_BYTES, end - begin)
                    self.flash.read(slot, begin, memoryview(data)[:have])
                if not data[at - begin]:
                    at += 1
                    continue
                length = frame_length(data, at - begin, have, seed)
                if not length:
                    return 0
                count -= records_in(data, at - begin)
                if count < 0:
                    return at
                at += length
        except WireError:
            return 0  # cells that went bad: the host gets the whole page, and sees it
        return at if not count else 0

    def _chunks(self, slot, end):
        """Yields the first `end` bytes of a page, in pieces that are overwritten by the next."""
        chunk = memoryview(self._chunk)
        for offset in range(0, end, _CHUNK_BYTES):
            piece = chunk[: min(_CHUNK_BYTES, end - offset)]
            self.flash.read(slot, offset, piece)
            yield piece

    def page_at(self, slot):
        """Returns (first_seq, offset behind what is durable, closed); offset 0: no page here."""
        opened = self.opened
        if slot < 0:
            return 0, 0, False
        if slot == opened.slot and opened.count >= 0:
            return opened.first_seq, opened.used, False
        if slot == self.left:
            self.seal()
        slots = self.slots
        if slots.look(slot) != OURS:
            return 0, 0, False
        first_seq = slots.first_seq
        used = PAGE_BYTES
        if slots.version == page.VERSION:
            raw = bytearray(2)
            self.flash.read(slot, _FOOTER_AT, raw)
            used = raw[0] | raw[1] << 8
            if not page.HEADER_BYTES <= used <= _FOOTER_AT:
                used = PAGE_BYTES  # its footer cannot be read: all of it is sent
        return first_seq, used, True

    def following(self, slot):
        """Returns the slot of the page after this one, or -1 at the head."""
        return self.slots.after(slot, self.opened.slot)

    def read(self, slot, offset, buf):
        """Reads durable bytes of a page."""
        self.flash.read(slot, offset, buf)

    def attest(self, nonce):
        """Returns the 44 bytes that say where the log ends: see pumpwire.seal."""
        self.seal()
        opened = self.opened
        used = opened.used if opened.slot >= 0 and opened.count >= 0 else 0
        crc = 0
        for piece in self._chunks(opened.slot, used):
            crc = binascii.crc32(piece, crc) & 0xFFFFFFFF
        first_seq = opened.first_seq if used else self.next_seq
        return seal.attest(self._key, nonce, self.log_id, self.next_seq, first_seq, used, crc,
                           self.previous)
