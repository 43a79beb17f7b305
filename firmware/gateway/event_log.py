"""The event log: records in a ring of pages on raw flash. What `append` has returned survives.

Every record is programmed at once, in one operation, behind the last; a page is closed by its
footer when it is full, when power came back, or when a program failed.

In the tick `append` allocates nothing, erases nothing and seals nothing: `service`, which runs
outside the tick, erases the next page ahead, closes a page that is nearly full and makes the
header that the next append programs first. An append that finds this undone does it itself.
Formats: pumpwire.page, pumpwire.records.
"""

from array import array

from micropython import const
from pumpwire import page, records
from pumpwire.errors import WireError
from pumpwire.records import encode
from pumpwire.units import PAGE_BYTES
from pumpwire.varint import MAX_BYTES

from . import page_extent

_NEARLY_FULL = page.FOOTER_AT - 128  # a tick that emits one record of each kind needs about 100
# Slices cannot be made in the tick, so a few are kept: a frame is filled up with erased bytes, whose
# programming changes no cell, to the next of their lengths. Longer frames hold blobs (entries), which
# come outside the tick; header and footer are 32 and 8 bytes.
_STEP = const(4)  # a power of two
_FOOTER_AT = const(4088)  # page.FOOTER_AT
_ERASED = const(0xFF)  # records.ERASED
_LONGEST = records.HEAD_BYTES + (1 + records.MAX_FIELDS) * MAX_BYTES + records.CHECK_BYTES
_SLICES = (_LONGEST + _STEP - 1) // _STEP


def _slices(buf):
    return [memoryview(buf)[: _STEP * (k + 1)] for k in range(_SLICES)]


def _slice_of(slices, buf, n):
    k = (n - 1) // _STEP
    return slices[k] if k < _SLICES else memoryview(buf)[:n]


class LogError(Exception):
    """The flash cannot be used as a log; the text says why and what to do."""


class EventLog:
    """The log of one board.

    flash: port with `pages`, read(page, offset, buf), program(page, offset, buf), erase(page);
    uptime: gateway.clock.Uptime; random(n): n random bytes for a new log's id.
    """

    def __init__(self, flash, uptime, random):
        self.values = array("i", [0] * records.MAX_FIELDS)
        self.log_id = 0
        self.boot = 0
        self.next_seq = 0
        self.failures = 0
        self.logging = False  # whether the last record became durable
        self._flash = flash
        self._uptime = uptime
        self._random = random
        self._frame = bytearray(records.MAX_FRAME + _STEP)
        self._frames = _slices(self._frame)
        self._readback = bytearray(records.MAX_FRAME + _STEP)
        self._readbacks = _slices(self._readback)
        self._page = bytearray(PAGE_BYTES)  # one for all: the heap has no room for a second
        self._first_seq = array("I", [0] * flash.pages)
        self._used = array("H", [0] * flash.pages)  # 0: the slot holds no page
        self._slot = -1  # of the open page
        self._seed = 0
        self._count = 0
        self._base_s = 0
        self._base_ms = 0
        self._previous = 0
        self._ahead = -1  # slot known to be erased
        self._closed = True
        self._header = None  # of the page to be opened next, once it is made
        self._lost = array("i", (-1, -1))  # first and last seq given up and not yet noted, or -1

    # ---- boot

    def mount(self):
        """Finds the log on flash, or starts one on erased flash; returns this boot's number.

        Raises LogError for flash that holds something else: it is never formatted unasked.
        """
        newest = self._survey()
        if newest < 0:
            self.format()
        else:
            self._recover(newest)
        return self.boot

    def format(self):
        """Starts a new log, giving up whatever the flash holds."""
        self.log_id = int.from_bytes(self._random(4), "little") or 1
        self.boot = 1
        self.next_seq = 0
        for slot in range(self._flash.pages):
            self._used[slot] = 0
            if not self._is_erased(slot):
                self._flash.erase(slot)
        self._slot = self._flash.pages - 1
        self._ahead = 0
        self._previous = 0
        self._closed = True
        self._header = None
        self._lost[0] = -1

    def _survey(self):
        """Notes every page that holds records; returns the newest one's slot, -1 on erased flash."""
        data = self._page
        newest = -1
        foreign = 0
        for slot in range(self._flash.pages):
            self._used[slot] = 0
            self._flash.read(slot, 0, data)
            try:
                version, log_id, first_seq = page.read_prefix(data)
            except WireError:
                foreign += 0 if page_extent.is_blank(data[: page.HEADER_BYTES]) else 1
                continue
            if version != page.VERSION:
                raise LogError(
                    "the log has pages of format version %d: install the firmware that wrote it,"
                    " or pull it and format" % version
                )
            try:
                count, used = page_extent.extent(data, page.read_header(data))
            except WireError:
                continue  # power was cut as this page was opened: no record was in it yet
            if not count:
                continue  # the same, a moment later: the next page takes up its first_seq
            self._first_seq[slot] = first_seq
            self._used[slot] = used
            if newest < 0 or first_seq > self._first_seq[newest]:
                newest = slot
                self.log_id = log_id
        if newest < 0 and foreign > 1:
            raise LogError("the log partition holds something else: read it out, then format")
        return newest

    def _is_erased(self, slot):
        chunk = bytearray(256)
        for offset in range(0, PAGE_BYTES, 256):
            self._flash.read(slot, offset, chunk)
            if not page_extent.is_blank(chunk):
                return False
        return True

    def _recover(self, newest):
        """Takes the ring up where it was left: the newest page is closed, a torn end noted."""
        data = self._page
        self._flash.read(newest, 0, data)
        header = page.read_header(data)
        self.boot = header.boot + 1
        self._slot = newest
        self._count, used = page_extent.good_frames(data, header)
        torn = page_extent.torn_bytes(data, used)
        if torn and page_extent.decayed(data, self._count):
            _, self._count, self._previous = page.read_footer(data)  # their seqs are not given again
            torn = 0
        else:
            self._used[newest] = used
            self._close()  # over the torn beginning of a footer go the same bytes
        self.next_seq = header.first_seq + self._count
        torn += self._torn_opening((newest + 1) % self._flash.pages)
        if torn:
            self.values[0] = torn
            self.append(records.TORN)

    def _torn_opening(self, slot):
        """Returns how much of its first record a page holds that was opened but got none whole."""
        if self._used[slot]:
            return 0
        self._flash.read(slot, 0, self._page)
        try:
            page.read_header(self._page)
        except WireError:
            return 0
        return page_extent.torn_bytes(self._page, page.HEADER_BYTES)

    # ---- writing

    def append(self, kind, blob=None):
        """Makes a record of self.values (and blob) durable; returns its seq, -1 if flash refuses.

        Its time is the uptime's. One program operation; a page is opened first where needed.
        """
        seq = self._write(kind, self.values, blob)
        self.logging = seq >= 0
        return seq

    def _write(self, kind, values, blob):
        uptime = self._uptime
        for _ in range(3):
            if self._closed and not self._open():
                return -1
            s = uptime.s
            ms = uptime.ms
            dt_ms = (s - self._base_s) * 1000 + ms - self._base_ms
            length = self._encode(kind, dt_ms, values, blob)
            slot = self._slot
            used = self._used[slot]
            if used + length <= _FOOTER_AT:
                if self._program(used, _slice_of(self._frames, self._frame, length)):
                    self._used[slot] = used + length
                    self._base_s = s
                    self._base_ms = ms
                    self._count += 1
                    seq = self.next_seq
                    self.next_seq = seq + 1
                    return seq
                self.failures += 1
            self._close()
        return -1

    def _encode(self, kind, dt_ms, values, blob):
        frame = self._frame
        length = encode(frame, kind, dt_ms, values, blob, self._seed)
        end = length
        while end & _STEP - 1:
            frame[end] = _ERASED
            end += 1
        return length

    def _program(self, offset, data):
        """Programs into the open page and reads back; returns whether the cells hold it."""
        back = _slice_of(self._readbacks, self._readback, len(data))
        flash = self._flash
        slot = self._slot
        try:
            flash.program(slot, offset, data)
            flash.read(slot, offset, back)
        except OSError:
            return False
        return back == data

    def _close(self):
        """Programs the open page's footer; it can never grow again. Without a record it is none."""
        self._closed = True
        self._header = None
        if not self._count:
            self._used[self._slot] = 0
            return
        data = self._page
        self._flash.read(self._slot, 0, data)
        footer = page.build_footer(data, self._used[self._slot], self._count)
        self._program(page.FOOTER_AT, footer)
        self._previous = int.from_bytes(footer[4:8], "little")

    def _make_header(self):
        uptime = self._uptime
        self._base_s = uptime.s
        self._base_ms = uptime.ms
        self._header = page.build_header(
            self.log_id, self.next_seq, self.boot, uptime.s, uptime.ms, self._previous
        )

    def _open(self):
        """Opens the slot behind the last page's; returns False if flash refuses everywhere."""
        if self._header is None:
            self._make_header()
        header = self._header
        for _ in range(self._flash.pages):
            slot = (self._slot + 1) % self._flash.pages
            if slot != self._ahead:
                self._erase(slot)
            self._slot = slot
            self._ahead = -1
            if self._program(0, header):
                self._first_seq[slot] = self.next_seq
                self._used[slot] = page.HEADER_BYTES
                self._seed = header[30] | header[31] << 8
                self._count = 0
                self._closed = False
                return True
            self.failures += 1
        self._header = None  # its time grows old
        return False

    def _erase(self, slot):
        """Erases a slot; `service` notes the records that are given up with it."""
        if self._used[slot]:
            if self._lost[0] < 0:
                self._lost[0] = self._first_seq[slot]
            following = self.following(slot)
            ends = self.next_seq if following < 0 else self._first_seq[following]
            self._lost[1] = ends - 1
        self._used[slot] = 0
        try:
            self._flash.erase(slot)
        except OSError:
            self.failures += 1

    def service(self):
        """Does outside the tick what append would else have to do: at most one thing a call."""
        if self._lost[0] >= 0 and not self._closed:
            if self._write(records.LOST, self._lost, None) >= 0:
                self._lost[0] = -1
        elif self._ahead < 0:
            slot = (self._slot + 1) % self._flash.pages
            self._erase(slot)
            self._ahead = slot
        elif self._closed:
            if self._header is None:
                self._make_header()
        elif self._used[self._slot] > _NEARLY_FULL:
            self._close()

    # ---- reading, never in the way of append

    @property
    def oldest_seq(self):
        """Seq of the oldest record kept; next_seq when there is none."""
        slot = self._oldest_slot()
        return self._first_seq[slot] if slot >= 0 else self.next_seq

    def _oldest_slot(self):
        pages = self._flash.pages
        if self._slot < 0:
            return -1
        for step in range(1, pages + 1):
            slot = (self._slot + step) % pages
            if self._used[slot]:
                return slot
        return -1

    def locate(self, seq):
        """Returns (slot, offset) right behind record seq-1; the oldest page's start if that is gone."""
        oldest = self._oldest_slot()
        if oldest < 0:
            return -1, 0
        if seq <= self._first_seq[oldest]:
            return oldest, 0
        slot = self._slot_of(seq - 1)
        data = self._page
        self._flash.read(slot, 0, data)
        header = page.read_header(data)
        left = seq - header.first_seq
        try:
            for at, length in page.walk(memoryview(data)[: self._used[slot]], header):
                left -= 1
                if left == 0:
                    return slot, at + length
        except WireError:
            pass  # cells that went bad: the host gets the whole page, and sees it
        return slot, 0

    def _slot_of(self, seq):
        slot = self._slot
        while self._first_seq[slot] > seq or not self._used[slot]:
            slot = (slot - 1) % self._flash.pages
        return slot

    def page_at(self, slot):
        """Returns (first_seq, offset behind its last record, closed); used 0: no page here."""
        closed = slot != self._slot or self._closed
        return self._first_seq[slot], self._used[slot], closed

    def following(self, slot):
        """Returns the slot of the page after this one, or -1 at the head."""
        if slot == self._slot:
            return -1
        for step in range(1, self._flash.pages):
            other = (slot + step) % self._flash.pages
            if self._used[other]:
                return other
            if other == self._slot:
                return -1
        return -1

    def read(self, slot, offset, buf):
        """Reads durable bytes of a page."""
        self._flash.read(slot, offset, buf)
