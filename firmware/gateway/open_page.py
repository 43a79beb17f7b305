"""The page that records go into: frames, each one program operation, read back before it counts."""

from micropython import const
from pumpwire import page
from pumpwire.deltas import Deltas
from pumpwire.frames import encode, encode_minute
from pumpwire.records import MAX_FRAME

_FOOTER_AT = const(4061)  # page.FOOTER_AT
_HEADER_BYTES = const(28)
_MARK_BYTES = const(8)  # of them, that the slot ahead already has
_MINUTE = const(3)  # pumpwire.records.MINUTE
_ERASED = const(0xFF)
_MOST_BACK = const(4096 - 52)
_FEW = const(8)
# Slices cannot be made in the tick, so these are kept: of 1 to 16 bytes, then in steps of 4. A longer
# frame is filled up with erased bytes, whose programming changes no cell.
_EXACT = const(16)
_STEP = const(4)  # a power of two
SHORT_BYTES = 52  # no frame without a blob is longer; one that is, is announced by a byte of filler
_SHORT = const(52)  # SHORT_BYTES
_FILL_BYTES = const(48)  # less than SHORT_BYTES: it too can be cut, and must look so


def _views(buf):
    lengths = list(range(_EXACT + 1)) + list(range(_EXACT + _STEP, SHORT_BYTES + 1, _STEP))
    return [memoryview(buf)[:n] for n in lengths]


class OpenPage:
    """slot: where it lies, -1: nowhere yet; open: whether records go into it; used: offset behind
    what is durable; end: behind the last good frame; count: records, -1: a page that is closed
    since before this boot; flags: of its footer."""

    def __init__(self, flash):
        self.slot = -1
        self.open = False
        self.first_seq = 0
        self.used = 0
        self.end = 0
        self.count = 0
        self.flags = 0
        self.failures = 0
        self.last_s = 0  # time of the last record
        self.last_ms = 0
        self._flash = flash
        self._seed = 0
        self._deltas = Deltas()
        self._frame = bytearray(MAX_FRAME + _STEP)
        self._frames = _views(self._frame)
        self._back = bytearray(SHORT_BYTES)
        self._few_back = memoryview(self._back)[:_FEW]
        self._header = bytearray(page.HEADER_BYTES)
        self._header_rest = memoryview(self._header)[_MARK_BYTES:]

    def begin(self, slot, log_id, first_seq, boot, uptime):
        """Opens a slot that was made ready; returns whether its cells take the header."""
        header = self._header
        s = uptime.s
        ms = uptime.ms
        page.put_header(header, log_id, first_seq, boot, s, ms // 100)
        if not self._program(slot, _MARK_BYTES, self._header_rest, header, _MARK_BYTES,
                             _HEADER_BYTES - _MARK_BYTES):
            return False
        self.first_seq = first_seq
        self.last_s = s
        self.last_ms = ms
        self._take(slot, header[26] | header[27] << 8, _HEADER_BYTES, 0)
        return True

    def _take(self, slot, seed, used, count):
        self.slot = slot
        self._seed = seed
        self.used = self.end = used
        self.count = count
        self.flags = 0
        self._deltas.reset()
        self.open = True

    def go_on(self, slot, data, extent):
        """Takes a page up that was open when power went; data: its bytes, extent: what they say.

        Bits that were only half programmed become definite: the last good frame (or the header) is
        programmed again, and zeros over all that an operation under way could have touched.
        """
        self.first_seq = extent.first_seq
        self._take(slot, extent.seed, extent.end, extent.count)
        at, end = (extent.last_at, extent.end) if extent.count else (0, _HEADER_BYTES)
        again = bytes(memoryview(data)[at:end])
        self.open = self.write(slot, at, again) and self.fill(extent.reach - extent.end)

    def fill(self, n):
        """Programs n zeros behind what is used; returns whether the cells hold them."""
        while n > 0:
            chunk = bytes(min(n, _FILL_BYTES))
            if not self.write(self.slot, self.used, chunk):
                return False
            self.used += len(chunk)
            n -= len(chunk)
        return True

    def put(self, kind, s, ms, values, blob, ride, room):
        """Encodes a record at uptime s, ms and programs it, with a RESERVOIR `ride` if it can go in
        the same frame, so that `room` bytes stay free before the footer.

        Returns how many records that made, 0: it does not fit, -1: the cells refuse. Only long
        frames, which come outside the tick, allocate anything.
        """
        frame = self._frame
        deltas = self._deltas
        seed = self._seed
        dt = (s - self.last_s) * 10 + (ms - self.last_ms) // 100
        n = 0
        made = 1
        if kind == _MINUTE:
            if ride is not None and not deltas.rides(ride):
                ride = None
            n = encode_minute(frame, dt, values, ride, seed, deltas)
            if n and ride is not None:
                made = 2
        if not n:
            n = encode(frame, kind, dt, values, blob, seed, deltas)
        used = self.used
        if used + n + room > _FOOTER_AT:
            return 0
        if n <= _SHORT:
            k = n
            if n > _EXACT:
                while k & (_STEP - 1):
                    frame[k] = _ERASED
                    k += 1
                k = _EXACT + (k - _EXACT) // _STEP
            good = self._program(self.slot, used, self._frames[k], frame, 0, n)
        elif used + 1 + n + room > _FOOTER_AT:
            return 0
        else:
            good = self.fill(1) and self.write(self.slot, used + 1, bytes(memoryview(frame)[:n]))
            used = self.used
        if not good:
            self.failures += 1
            self.flags = page.FLAG_REFUSED
            self.open = False
            return -1
        self.used = self.end = used + n
        self.last_s = s
        self.last_ms = ms
        self.count += made
        return made

    def _program(self, slot, offset, view, data, start, n):
        """Programs a view of data[start:] and reads n bytes back, n up to SHORT_BYTES; returns
        whether the cells hold them. Allocates nothing."""
        back = self._back
        at = offset
        if n <= _FEW:
            view_back = self._few_back
        else:
            view_back = back
            if at > _MOST_BACK:
                at = _MOST_BACK
        try:
            self._flash.program(slot, offset, view)
            self._flash.read(slot, at, view_back)
        except OSError:
            return False
        at = offset - at
        k = 0
        while k < n:
            if back[at + k] != data[start + k]:
                return False
            k += 1
        return True

    def write(self, slot, offset, data):
        """Programs data and reads it back; returns whether the cells hold it."""
        back = bytearray(len(data))
        try:
            self._flash.program(slot, offset, data)
            self._flash.read(slot, offset, back)
        except OSError:
            return False
        return back == data
