"""Makes pages for tests as the log writes them, a record at a time."""

from pumpwire import frames, page, records
from pumpwire.deltas import Deltas


class PageMaker:
    """data: the page's bytes so far; at(ticks) of uptime since boot, 100 ms each."""

    def __init__(self, log_id=5, first_seq=100, boot=1, base_ticks=0):
        self.data = bytearray(page.HEADER_BYTES)
        page.put_header(self.data, log_id, first_seq, boot, base_ticks // 10, base_ticks % 10)
        self.seed = page.read_header(self.data).seed
        self.count = 0
        self._ticks = base_ticks
        self._deltas = Deltas()
        self._frame = bytearray(records.MAX_FRAME)

    def put(self, kind, ticks, values=(), blob=None, reservoir=None):
        """Adds a record of uptime `ticks`, a minute in its short form where that holds, with a
        RESERVOIR if one is given; returns its bytes."""
        if kind == records.BOOT:
            self._ticks = 0
        dt = ticks - self._ticks
        n = 0
        ride = reservoir is not None and self._deltas.rides(reservoir)
        if kind == records.MINUTE:
            n = frames.encode_minute(
                self._frame, dt, values, reservoir if ride else None, self.seed, self._deltas)
        if n:
            self.count += 1 if ride else 0
        else:
            ride = False
            n = frames.encode(self._frame, kind, dt, values, blob, self.seed, self._deltas)
        self._ticks = ticks
        self.count += 1
        made = bytes(self._frame[:n])
        self.data += made
        if reservoir is not None and not ride:
            made += self.put(records.RESERVOIR, ticks, reservoir)
        return made

    def closed(self, key_id=0, flags=0, previous=bytes(8), key=None):
        """Returns the whole page with its footer."""
        used = len(self.data)
        footer = page.build_footer((self.data,), used, self.count, key_id, flags, previous, key)
        return bytes(self.data) + b"\xff" * (page.FOOTER_AT - used) + bytes(footer)
