"""What is kept over a reset is noted at the next boot, and only if it is whole."""

from gateway.clock import Uptime
from gateway.event_log import EventLog
from gateway.resume import Memory
from helpers.on_board.nor import Nor, random
from pumpwire import decoding, page, records


class Retained:
    """Memory of the board that outlives its reset."""

    def __init__(self):
        self.kept = b""

    def save(self, buf):
        self.kept = bytes(buf)

    def load(self, buf):
        if len(self.kept) != len(buf):
            return False
        buf[:] = self.kept
        return True


def _kept():
    retained = Retained()
    uptime = Uptime()
    uptime.advance(7654321)
    Memory(retained).save(3, uptime, 41000, 12, 1)
    return retained


def _noted(retained, boot=4, reason=3):
    log = EventLog(Nor(2), Uptime(), random)
    log.mount(1, 10000)
    log.append(records.MINUTE)
    Memory(retained).note_resumed(log, boot, reason)
    data = bytearray(page.PAGE_BYTES)
    log.read(0, 0, data)
    return [r.fields for r in decoding.decode_page(data)[1] if r.kind == records.RESUMED]


def test_what_no_minute_holds_is_noted_at_the_next_boot():
    assert _noted(_kept()) == [{
        "boot_before": 3, "uptime_s": 7654, "uptime_ms": 321, "span_ms": 41000, "counts": 12,
        "presses": 1, "lost_ms": 25000,
    }]


def test_a_boot_that_is_not_the_next_one_gets_nothing():
    assert _noted(_kept(), boot=5) == []
    assert _noted(Retained()) == []


def test_who_was_in_service_since_may_have_been_away_for_long():
    retained = _kept()
    retained.kept = b"PS" + retained.kept[2:24] + b"PS" + retained.kept[26:]  # as the loader marks it
    assert _noted(retained, reason=2) == [{
        "boot_before": 3, "uptime_s": 7654, "uptime_ms": 321, "span_ms": 41000, "counts": 12,
        "presses": 1, "lost_ms": 0,
    }]


def test_memory_with_any_bit_faded_is_not_believed():
    for at in range(len(_kept().kept)):
        retained = _kept()
        data = bytearray(retained.kept)
        data[at] ^= 1 << at % 8
        retained.kept = bytes(data)
        assert _noted(retained) == []


def test_a_save_cut_anywhere_gives_what_was_kept_before_or_nothing():
    before, after = _kept().kept, Retained()
    uptime = Uptime()
    uptime.advance(7664421)
    Memory(after).save(3, uptime, 51100, 15, 2)
    whole = [_noted(_kept()), _noted(after)]
    for cut in range(len(before) + 1):
        torn = Retained()
        torn.kept = after.kept[:cut] + before[cut:]
        assert _noted(torn) in (whole[0], whole[1], [])
        assert (_noted(torn) == []) == (torn.kept not in (before, after.kept))
