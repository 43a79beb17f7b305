"""Writes events of the reference days as the log does: programs, pages, seals. On every runtime."""

from page_maker import PageMaker
from pumpwire import frames, page, records
from pumpwire.hmac import hmac_sha256
from pumpwire.units import PAGE_BYTES

KEY = b"k" * 32
KEY_ID = 9


class DayLog:
    """programs: [(page, offset, bytes)] in order; pages: bytes of each, the last one still open.

    One run of all events from its boot on: log_id 5, seq from 0, the device key above.
    """

    def __init__(self, events):
        self.programs = []
        self.pages = []
        self._previous = bytes(page.PREVIOUS_BYTES)
        self._seq = self._base = 0
        self._open()
        self._put(records.BOOT, 0, (1, 1, 100), None)
        for (ticks, kind, values), reservoir in steps(events):
            self._put(kind, ticks, values, reservoir)
        self.used = len(self._maker.data)
        self.pages.append(bytes(self._maker.data))

    def consumed_bytes(self):
        """Returns the bytes of the ring that are gone: closed pages whole, their unused ends too."""
        return (len(self.pages) - 1) * PAGE_BYTES + self.used

    def _open(self):
        self._maker = PageMaker(first_seq=self._seq, base_ticks=self._base)
        self._program(0, bytes(self._maker.data))

    def _put(self, kind, ticks, values, reservoir):
        maker = self._maker
        used, count = len(maker.data), maker.count
        made = maker.put(kind, ticks, values, None, reservoir)
        if len(maker.data) > page.FOOTER_AT:  # moves on to the next page
            maker.data = maker.data[:used]
            maker.count = count
            whole = maker.closed(KEY_ID, 0, self._previous, _hmac)
            self._program(page.FOOTER_AT, whole[page.FOOTER_AT :])
            self.pages.append(whole)
            self._previous = whole[-page.SEAL_BYTES :][: page.PREVIOUS_BYTES]
            self._open()
            self._put(kind, ticks, values, reservoir)
            return
        self._seq += maker.count - count
        self._base = ticks
        at = 0
        while at < len(made):
            length = frames.frame_length(made, at, len(made), maker.seed)
            self._program(used + at, made[at : at + length])
            at += length

    def _program(self, offset, data):
        self.programs.append((len(self.pages), offset, data))


def steps(events):
    """Returns [(event, the values of a reservoir of a minute's own time or None)]."""
    found = []
    for event in events:
        if event[1] == records.RESERVOIR:
            assert found[-1][0][0] == event[0] and found[-1][0][1] == records.MINUTE
            found[-1] = (found[-1][0], event[2])
        else:
            found.append((event, None))
    return found


def _hmac(*parts):
    return hmac_sha256(KEY, *parts)
