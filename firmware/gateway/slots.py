"""The ring's slots: what each holds, told by its first 16 bytes, and which one is the newest page.

    16 bytes of FF                        BLANK     erased, or a beginning that looks so
    a header's first 8 bytes, then FF     READY     erased whole and found blank: the next page
    those 8 (one may have rotted), else   SPENT     ours, but no page that can be read
    a good prefix, this log's             OURS      of any format version
    a good prefix, another log's          OTHER     kept
    16 zeros                              RETIRED   its cells refuse; never written again
    anything else                         FOREIGN   kept
"""

import struct

from micropython import const
from pumpwire import page
from pumpwire.errors import WireError

from .page_extent import is_blank

BLANK = const(0)
READY = const(1)
SPENT = const(2)
OURS = const(3)
OTHER = const(4)
RETIRED = const(5)
FOREIGN = const(6)
MARK_BYTES = const(8)
_PREFIX_BYTES = const(16)
_CHUNK_BYTES = const(256)
_PAGE_BYTES = const(4096)
_BLANK = b"\xff" * page.PREFIX_BYTES
_BLANK_CHUNK = b"\xff" * _CHUNK_BYTES
_ZEROS = bytes(page.PREFIX_BYTES)


class Slots:
    """flash: the port. After find(): log_id (0: there is none), oldest and oldest_seq, kept: how
    many slots hold what is not this log's. After look(): first_seq and version of that page."""

    def __init__(self, flash):
        self.flash = flash
        self.pages = flash.pages
        self.log_id = 0
        self.mark = _BLANK[:MARK_BYTES]
        self.first_seq = 0
        self.version = 0
        self.oldest = -1
        self.oldest_seq = 0
        self.kept = 0
        self._prefix = bytearray(_PREFIX_BYTES)

    def claim(self, log_id):
        """Takes this log's pages, and no others, for ours."""
        self.log_id = log_id
        self.mark = struct.pack("<2sBBI", page.MAGIC, page.VERSION, 0, log_id)

    def look(self, slot):
        """Returns what a slot holds."""
        data = self._prefix
        try:
            self.flash.read(slot, 0, data)
        except OSError:
            return FOREIGN
        try:
            self.version, log_id, self.first_seq = page.read_prefix(data)
        except WireError:
            return self._no_page(data)
        if not self.log_id:
            self.claim(log_id)
        return OURS if log_id == self.log_id else OTHER

    def _no_page(self, data):
        if data == _BLANK:
            return BLANK
        if data == _ZEROS:
            return RETIRED
        same = 0
        for i in range(MARK_BYTES):
            same += data[i] == self.mark[i]
        if same == MARK_BYTES and data[MARK_BYTES:] == _BLANK[MARK_BYTES:]:
            return READY
        return SPENT if same >= MARK_BYTES - 1 else FOREIGN

    def blank(self, slot, start):
        """Returns whether all of a slot's bytes from `start` on are erased."""
        chunk = bytearray(_CHUNK_BYTES)
        try:
            for offset in range(0, _PAGE_BYTES, _CHUNK_BYTES):
                self.flash.read(slot, offset, chunk)
                if chunk != _BLANK_CHUNK and (offset or not is_blank(memoryview(chunk)[start:])):
                    return False
        except OSError:
            return False
        return True

    def holds_records(self, slot):
        """Returns whether a slot without a good header has bytes that may be records."""
        chunk = bytearray(_CHUNK_BYTES)
        for offset in range(0, _PAGE_BYTES, _CHUNK_BYTES):
            self.flash.read(slot, offset, chunk)
            for i in range(0 if offset else page.HEADER_BYTES, _CHUNK_BYTES):
                if chunk[i] and chunk[i] != 0xFF:
                    return True
        return False

    def cleared(self, slot):
        """Returns whether the header of a slot's page was taken away: it held no record."""
        self.flash.read(slot, 0, self._prefix)
        return self._prefix[MARK_BYTES:] == _ZEROS[MARK_BYTES:]

    def torn_mark(self, slot):
        """Returns whether a slot holds nothing but the torn beginning of a page."""
        data = self._prefix
        self.flash.read(slot, 0, data)
        for i, want in enumerate(page.MAGIC):
            if data[i] & want != want:
                return False
        return data[2] & page.VERSION != 0 and self.blank(slot, page.HEADER_BYTES)

    # ---- where the log ends

    def find(self):
        """Returns the newest page's slot, -1 where there is no page."""
        head = self._search()
        return self._scan() if head < 0 else head

    def _search(self):
        """Returns the newest page's slot by bisection, -1 where the ring is not in order."""
        last = self.pages - 1
        if self.pages < 4:
            return -1
        what = self.look(0)
        if what != OURS:
            return self._last_before_gap() if what in (BLANK, READY) else -1
        first = newest = self.first_seq
        low, high = 0, last
        while low < high:
            middle = (low + high + 1) // 2
            what = self.look(middle)
            if what == OURS and self.first_seq >= first:
                low = middle
                newest = self.first_seq
            elif what in (OURS, BLANK, READY):
                high = middle - 1
            else:
                return -1
        wrapped = low < last and self.look(last) == OURS
        self.oldest, self.oldest_seq = 0, first
        step = 1
        while low + step <= last:
            what = self.look(low + step)
            if what == OURS and wrapped and self.first_seq < first:
                if step <= 2 and not self.oldest:
                    self.oldest, self.oldest_seq = low + step, self.first_seq
            elif what not in (BLANK, READY) or wrapped and step > 1:
                return -1
            step += step if step == 1 else 3 * step
        if wrapped and not self.oldest:
            return -1
        return low if newest >= first else -1

    def _last_before_gap(self):
        """Returns the last slot if the ring is in order with the first one erased, else -1."""
        last = self.pages - 1
        if self.look(last) != OURS:
            return -1
        newest = self.first_seq
        before = -1
        slot = 1
        while slot < last:
            if self.look(slot) != OURS or not before < self.first_seq < newest:
                return -1
            before = self.first_seq
            if slot == 1:
                self.oldest, self.oldest_seq = 1, before
            slot += slot
        return last

    def _scan(self):
        """Returns the newest page's slot by looking at every one, -1 where there is none."""
        self._most_pages()
        head = -1
        newest = -1
        self.kept = 0
        for slot in range(self.pages):
            what = self.look(slot)
            if what == OURS and self.log_id:
                if self.first_seq >= newest:
                    head = slot
                    newest = self.first_seq
            elif what == OTHER or what == FOREIGN and not self.torn_mark(slot):
                self.kept += 1
        self.oldest = -1
        if head >= 0:
            self.renew_oldest(head)
        return head

    def _most_pages(self):
        """Claims the log that has most of the ring's pages."""
        found = []
        for slot in range(self.pages):
            self.log_id = 0
            if self.look(slot) == OURS:
                for each in found:
                    if each[1] == self.log_id:
                        each[0] += 1
                        break
                else:
                    found.append([1, self.log_id])
        if found:
            self.claim(max(found)[1])
        else:
            self.log_id = 0

    # ---- pages in order

    def renew_oldest(self, head):
        """Finds the oldest page anew."""
        for step in range(1, self.pages + 1):
            slot = (head + step) % self.pages
            if self.look(slot) == OURS:
                self.oldest, self.oldest_seq = slot, self.first_seq
                return
        self.oldest = -1

    def after(self, slot, head):
        """Returns the slot of the page after this one, -1 at the head."""
        while slot != head:
            slot = (slot + 1) % self.pages
            if slot == head or self.look(slot) == OURS:
                return slot
        return -1

    def before(self, slot):
        """Returns the slot of the page before this one, -1 if there is none."""
        if self.look(slot) != OURS:
            return -1
        here = self.first_seq
        for step in range(1, self.pages):
            other = (slot - step) % self.pages
            if self.look(other) == OURS:
                return other if self.first_seq < here else -1
        return -1
