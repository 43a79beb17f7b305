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

BLANK = const(0)
READY = const(1)
SPENT = const(2)
OURS = const(3)
OTHER = const(4)
RETIRED = const(5)
FOREIGN = const(6)
MARK_BYTES = const(8)
ANY_SEQ = const(0x3FFFFFFF)  # no record of a log has it
_PREFIX_BYTES = const(16)
_CHUNK_BYTES = const(64)
_PAGE_BYTES = const(4096)
_BLANK = b"\xff" * page.PREFIX_BYTES
_BLANK_CHUNK = b"\xff" * _CHUNK_BYTES
_ZEROS = bytes(page.PREFIX_BYTES)


def is_blank(data):
    """Returns whether every byte is erased."""
    for byte in data:
        if byte != 0xFF:
            return False
    return True


class Slots:
    """flash: the port. After head_search.find(): log_id (0: there is none), oldest and oldest_seq,
    kept: the slots that hold what is not this log's. After look(): first_seq and version of that
    page."""

    def __init__(self, flash):
        self.flash = flash
        self.pages = flash.pages
        self.log_id = 0
        self.mark = _BLANK[:MARK_BYTES]
        self.first_seq = 0
        self.version = 0
        self.oldest = -1
        self.oldest_seq = 0
        self.kept = []
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

    # ---- pages in order

    def renew_oldest(self, head):
        """Finds the oldest page anew; one newer than the head is none, however its header reads."""
        newest = self.first_seq if head >= 0 and self.look(head) == OURS else ANY_SEQ
        for step in range(1, self.pages + 1):
            slot = (head + step) % self.pages
            if self.look(slot) == OURS and (slot == head or self.first_seq < newest):
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

    def before(self, slot, here=-1):
        """Returns the slot of the page before this one, -1 if there is none; here: its first_seq
        where that cannot be read."""
        if here < 0:
            if slot == self.oldest or self.look(slot) != OURS:
                return -1
            here = self.first_seq
        for step in range(1, self.pages):
            other = (slot - step) % self.pages
            if self.look(other) == OURS:
                return other if self.first_seq < here else -1
        return -1
