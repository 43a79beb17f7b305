"""How far a page's bytes can be believed after a torn write, or when cells have decayed.

At boot only, so this module is let go afterwards (boot_code).
"""

from micropython import const
from pumpwire import page
from pumpwire.check import TABLE, ZEROS, crc16, frame_check
from pumpwire.errors import WireError
from pumpwire.frames import frame_length, records_in, varints_in
from pumpwire.hmac import hmac_sha256
from pumpwire.records import (
    BOOT, CHECK_BYTES, ERASED, HEAD_BYTES, KINDS, LOST, MAX_FRAME, MINUTE, MINUTE_TICKS, SKIPPED,
)
from pumpwire.varint import get_uint, unfold

from .open_page import SHORT_BYTES

_FOOTER_AT = const(4061)  # page.FOOTER_AT
_MINUTE_FORM = const(0x80)
_LONGEST_MINUTE = const(18)
_DIRECT = const(60)
_END = const(32)  # of a kind's codes
_BYTES = const(98)  # b


class Extent:
    """What the frames of a page say; raises WireError where its header cannot be read.

    most: of how many records, as the page's footer counts them; -1: of all that read as good.
    count: good records; end: offset behind the last good frame, which begins at last_at (-1: there
    is none); before: behind the frame before it; filled: offset behind the filler after it; reach:
    how far an operation cut by a power failure can have touched cells; written: offset behind the
    last byte that is not erased; decayed: what lies behind `end` is more than such a cut explains;
    covered: offset behind what a footer vouches for, never for bytes that a cut can have left
    undecided; lost_seq: first_seq of the last LOST, -1; skipped: (first_seq, last_seq) of each SKIPPED.
    """

    def __init__(self, data, most=-1):
        header = page.read_header(data)
        self.first_seq = header.first_seq
        self.seed = header.seed
        self.boot = header.boot
        self.count = 0
        self.end = self.before = page.HEADER_BYTES
        self.last_at = -1
        self.lost_seq = -1
        self.skipped = []
        self._walk(data, header, most)
        at = self.end
        while at < _FOOTER_AT and not data[at]:
            at += 1
        self.filled = at
        self.reach = min(at + (MAX_FRAME if at > self.end else SHORT_BYTES), _FOOTER_AT)
        at = _FOOTER_AT
        while at > self.filled and data[at - 1] == ERASED:
            at -= 1
        self.written = at
        self.decayed = at > self.filled and (
            at > self.reach or self._frame_inside(data) or self._one_bit_off(data))
        self.covered = at if at > self.reach else self.end

    def _walk(self, data, header, most):
        story = _Story()
        try:
            for at, length in page.walk(data, header):
                if self.count == most:
                    break
                values = story.read(data, at, at + length - CHECK_BYTES)
                kind = data[at]
                if kind == BOOT:
                    self.boot = values[1]
                elif kind == LOST:
                    self.lost_seq = values[1]
                elif kind == SKIPPED:
                    self.skipped.append((values[1], values[2]))
                self.count += records_in(data, at)
                self.last_at = at
                self.before = self.end
                self.end = at + length
        except WireError:
            pass  # torn or decayed: what lies before it is good

    def _frame_inside(self, data):
        """Returns whether a good frame lies behind bytes that are none."""
        for at in range(self.filled + 1, self.written):
            try:
                if data[at] and frame_length(data, at, _FOOTER_AT, self.seed):
                    return True
            except WireError:
                pass
        return False

    def _one_bit_off(self, data):
        """Returns whether one bit makes what lies behind the last frame a good one: it was one."""
        for start in range(max(self.end, self.filled - 1), self.filled + 1):
            minute = start < self.filled or data[start] & _MINUTE_FORM
            stop = start + (_LONGEST_MINUTE if minute else HEAD_BYTES)
            for at in range(start, min(stop, self.written)):
                for bit in range(8):
                    data[at] ^= 1 << bit
                    good = self._fits(data, start)
                    data[at] ^= 1 << bit
                    if good:
                        return True
        stop = self.filled + HEAD_BYTES + data[self.filled + 1]
        return (data[self.filled] < _MINUTE_FORM and stop <= self.written <= stop + CHECK_BYTES
                and self._off_by_a_bit(data, stop))

    def _fits(self, data, at):
        """Returns whether there is a good frame that ends where the page does."""
        try:
            behind = frame_length(data, at, _FOOTER_AT, self.seed) + at - self.written
            return 0 <= behind <= CHECK_BYTES  # the check's bytes may look erased
        except WireError:
            return False

    def _off_by_a_bit(self, data, stop):
        there = data[stop] | data[stop + 1] << 8
        off = frame_check(data, self.filled, stop, self.seed) ^ there
        if off & (off - 1) == 0:
            return True
        zeros = -there
        for at in range(self.filled, stop):
            zeros += ZEROS[data[at]]
        kept = 0xFFE0 if there < 0xFE00 else 0xFEE0  # of the CRC
        off = crc16(data, self.filled, stop, self.seed) ^ there
        effects = [TABLE[1 << bit] for bit in range(8)]
        for at in range(stop - 1, self.filled - 1, -1):
            for bit in range(8):
                was = 1 if data[at] >> bit & 1 else -1
                if not (off ^ effects[bit]) & kept and not zeros + was & 31:
                    return True
            effects = [(e & 255) << 8 ^ TABLE[e >> 8] for e in effects]
        return False


class _Story:
    """Where the minutes of a page stand. One torn record in some ten thousands reads as a minute
    whose check fits: here is told whether there can be one, as pumpwire.decoding will see it."""

    def __init__(self):
        self._since = -1  # ticks from the last MINUTE to the last record
        self._counts = 0  # of that MINUTE

    def read(self, data, at, stop):
        """Returns dt and the fields of the record at data[at:stop], as they are on flash, of a
        minute form nothing; raises WireError where it cannot be read."""
        kind = data[at]
        if kind & _MINUTE_FORM:
            return self._minute(data, at, stop)
        dt, at = get_uint(data, at + HEAD_BYTES, stop)
        values = [dt]
        for code in KINDS.get(kind, b""):
            if code in (_END, _BYTES):
                break
            value = 0
            if at < stop:
                value, at = get_uint(data, at, stop)
            values.append(value)
        if kind == BOOT:
            self.__init__()
        elif kind == MINUTE:
            self._since = 0
            self._counts += unfold(values[2])
        elif self._since >= 0:
            self._since += dt
        return values

    def _minute(self, data, at, stop):
        step = data[at] & 63
        more = varints_in(data, at)
        if not 0 <= self._since <= MINUTE_TICKS:
            raise WireError("no minute can stand here", at)
        counted = step > _DIRECT
        at += 1
        for k in range(more):
            value, at = get_uint(data, at, stop)
            if not k and counted:
                step = value
        self._since = 0
        self._counts += unfold(step)
        if self._counts < 0:
            raise WireError("minute of fewer counts than none", at)


def footer_again(data, next_seq, previous, key_id, key):
    """Returns (footer, count) of a page that was left before this boot: its footer may be torn.

    The same bytes go over what is there of it; where none can be found that do, what is there.
    next_seq: first_seq of the page after it, its own if it is the newest; previous, key_id, key: as of
    pumpwire.page.build_footer, for a page that has no footer yet.
    """
    there = bytes(data[_FOOTER_AT:])
    try:
        footer = page.read_footer(data)
        if footer is not None:
            page.check_footer(data, footer)
            if footer.key_id == key_id and key:
                view = memoryview(data)
                code = hmac_sha256(key, view[: footer.used], view[_FOOTER_AT : _FOOTER_AT + 19])
                made = there[:19] + code[:16]
                if _goes_over(made, there):
                    return made, footer.count
            return there, footer.count
    except WireError:
        pass  # torn, or the page's cells decayed
    try:
        extent = Extent(data)
    except WireError:
        return there, -1
    used = extent.covered
    count = extent.count
    tries = [(used, count, flag) for flag in (0, page.FLAG_REFUSED, page.FLAG_DECAYED)]
    newest = next_seq == extent.first_seq  # which is closed before another is opened if it decayed
    if extent.decayed or newest:
        tries.reverse()
    if count and not extent.decayed:
        # The last frame may have been none then: undecided, it reads as it likes.
        without = (extent.before, count - records_in(data, extent.last_at), page.FLAG_DECAYED)
        if newest:
            tries.insert(1, without)
        elif not 0 < next_seq - extent.first_seq - count <= MAX_FRAME:
            tries.append(without)  # unless numbers were skipped it was one
        elif extent.written == extent.end:
            tries.insert(0, without)
        else:
            tries.insert(0, tries.pop())
            tries.append(without)
    for used, count, flag in tries:
        made = bytes(page.build_footer(
            (memoryview(data)[:used],), used, count, key_id, flag, previous, key))
        if _goes_over(made, there):
            return made, count
    return there, extent.count


def _goes_over(made, there):
    """Returns whether programming `made` over the bytes `there` gives `made`."""
    for i in range(len(made)):
        if made[i] & ~there[i]:
            return False
    return True
