"""The event log: records in a ring of pages on raw flash. What `append` has returned survives.

Every record is programmed at once, in one operation, behind the last; a page is closed by its
footer when it is full, when power came back, or when a program failed; the next page has been
erased ahead by `service`, outside the tick. Formats: pumpwire.page, pumpwire.records.
"""

from array import array

from pumpwire import page, records
from pumpwire.errors import WireError
from pumpwire.units import PAGE_BYTES

_ERASED_BYTE = 0xFF


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
        self._flash = flash
        self._uptime = uptime
        self._random = random
        self._frame = bytearray(records.MAX_FRAME)
        self._readback = bytearray(records.MAX_FRAME)
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
        self._given_up = None  # (first, last) seq of the page erased ahead, until it is noted

    # ---- boot

    def mount(self):
        """Finds the log on flash, or starts one on erased flash; returns this boot's number.

        Raises LogError for flash that holds something else: it is never formatted unasked.
        """
        newest = self._scan()
        if newest < 0:
            self.format()
            return self.boot
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

    def _scan(self):
        """Notes every page's first seq; returns the newest page's slot, -1 on erased flash."""
        header = bytearray(page.HEADER_BYTES)
        newest = -1
        foreign = 0
        for slot in range(self._flash.pages):
            self._used[slot] = 0
            self._flash.read(slot, 0, header)
            try:
                version, log_id, first_seq = page.read_prefix(header)
            except WireError:
                foreign += 0 if self._is_blank(header) else 1
                continue
            if version != page.VERSION:
                raise LogError(
                    "the log has pages of format version %d: install the firmware that wrote it,"
                    " or pull it and format" % version
                )
            try:
                page.read_header(header)
            except WireError:
                continue  # power was cut as this page was opened: no record was in it yet
            self._first_seq[slot] = first_seq
            self._used[slot] = 1
            if newest < 0 or first_seq > self._first_seq[newest]:
                newest = slot
                self.log_id = log_id
        if newest < 0 and foreign > 1:
            raise LogError("the log partition holds something else: read it out, then format")
        return newest

    def _is_blank(self, data):
        for byte in data:
            if byte != _ERASED_BYTE:
                return False
        return True

    def _is_erased(self, slot):
        chunk = bytearray(256)
        for offset in range(0, PAGE_BYTES, 256):
            self._flash.read(slot, offset, chunk)
            if not self._is_blank(chunk):
                return False
        return True

    def _recover(self, newest):
        """Takes the ring up where it was left: the newest page is closed, a torn end noted."""
        data = self._page
        for slot in range(self._flash.pages):
            if self._used[slot]:
                self._used[slot] = self._used_on_flash(slot, data)
        torn = 0
        self._flash.read(newest, 0, data)
        header = page.read_header(data)
        self.boot = header.boot + 1
        self._slot = newest
        self._seed = header.seed
        self._count, used = self._walk(data, header)
        self.next_seq = header.first_seq + self._count
        self._used[newest] = used
        footer = page.read_footer(data)
        if footer is None:
            torn = self._torn_bytes(data, used)
            self._close()
        else:
            self._previous = footer[2]
        if torn:
            self.values[0] = torn
            self.append(records.TORN)

    def _used_on_flash(self, slot, data):
        """Returns where a page's records end."""
        self._flash.read(slot, 0, data)
        header = page.read_header(data)
        footer = page.read_footer(data)
        if footer is not None and page.HEADER_BYTES <= footer[0] <= page.FOOTER_AT:
            return footer[0]
        return self._walk(data, header)[1]

    def _walk(self, data, header):
        """Returns (number of good frames, offset behind the last)."""
        count = 0
        used = page.HEADER_BYTES
        try:
            for at, length in page.walk(data, header):
                count += 1
                used = at + length
        except WireError:
            pass  # a torn frame: what lies before it is good
        return count, used

    def _torn_bytes(self, data, used):
        end = page.FOOTER_AT
        while end > used and data[end - 1] == _ERASED_BYTE:
            end -= 1
        return end - used

    # ---- writing

    def append(self, kind, blob=None):
        """Makes a record of self.values (and blob) durable; returns its seq, -1 if flash refuses.

        Its time is the uptime's. One program operation; a page is opened first where needed.
        """
        if self._closed and not self._open_next():
            return -1
        for _ in range(3):
            length = self._encode(kind, blob)
            used = self._used[self._slot]
            if used + length <= page.FOOTER_AT:
                if self._program(self._slot, used, memoryview(self._frame)[:length]):
                    self._used[self._slot] = used + length
                    self._base_s = self._uptime.s
                    self._base_ms = self._uptime.ms
                    self._count += 1
                    self.next_seq += 1
                    return self.next_seq - 1
                self.failures += 1
            self._close()
            if not self._open_next():
                break
        return -1

    def _encode(self, kind, blob):
        uptime = self._uptime
        dt_ms = (uptime.s - self._base_s) * 1000 + uptime.ms - self._base_ms
        return records.encode(self._frame, kind, dt_ms, self.values, blob, self._seed)

    def _program(self, slot, offset, data):
        """Programs and reads back; returns whether the cells hold what they should."""
        try:
            self._flash.program(slot, offset, data)
        except OSError:
            return False
        back = memoryview(self._readback)[: len(data)]
        self._flash.read(slot, offset, back)
        return back == data

    def _close(self):
        """Programs the open page's footer; it can never grow again."""
        data = self._page
        self._flash.read(self._slot, 0, data)
        footer = page.build_footer(data, self._used[self._slot], self._count)
        self._program(self._slot, page.FOOTER_AT, footer)
        self._previous = int.from_bytes(footer[4:8], "little")
        self._closed = True

    def _open_next(self):
        """Opens the slot behind the open page's; returns False if flash refuses everywhere."""
        saved = tuple(self.values)
        for _ in range(self._flash.pages):
            slot = (self._slot + 1) % self._flash.pages
            lost = self._prepare(slot)
            uptime = self._uptime
            header = page.build_header(
                self.log_id, self.next_seq, self.boot, uptime.s, uptime.ms, self._previous
            )
            self._slot = slot
            self._ahead = -1
            if self._program(slot, 0, header):
                self._first_seq[slot] = self.next_seq
                self._used[slot] = page.HEADER_BYTES
                self._seed = header[30] | header[31] << 8
                self._base_s = uptime.s
                self._base_ms = uptime.ms
                self._count = 0
                self._closed = False
                if lost is not None:
                    self.values[0], self.values[1] = lost
                    self.append(records.LOST)
                for i in range(records.MAX_FIELDS):
                    self.values[i] = saved[i]
                return True
            self.failures += 1
            self._used[slot] = 0
        return False

    def _prepare(self, slot):
        """Erases a slot unless that was done ahead; returns the seqs given up with it, or None."""
        lost = self._given_up
        self._given_up = None
        if slot == self._ahead:
            return lost
        return self._erase(slot)

    def _erase(self, slot):
        lost = None
        if self._used[slot]:
            following = (slot + 1) % self._flash.pages
            last = self._first_seq[following] - 1 if self._used[following] else self.next_seq - 1
            lost = (self._first_seq[slot], last)
        self._used[slot] = 0
        try:
            self._flash.erase(slot)
        except OSError:
            self.failures += 1
        return lost

    def service(self):
        """Erases the next page ahead of need; at most one erase a call. Outside the tick."""
        if self._ahead >= 0:
            return
        slot = (self._slot + 1) % self._flash.pages
        self._given_up = self._erase(slot)
        self._ahead = slot

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
        for at, length in page.walk(memoryview(data)[: self._used[slot]], header):
            left -= 1
            if left == 0:
                return slot, at + length
        return slot, page.HEADER_BYTES

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
