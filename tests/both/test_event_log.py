"""The log on flash: nothing acknowledged is lost, whatever power does."""

import sys

from gateway.clock import Uptime
from gateway.event_log import EventLog, LogError
from nor import Cut, Nor, random
from pumpwire import page, records
from pumpwire.errors import WireError

_COARSE = sys.implementation.name == "micropython"


def _log(flash, uptime=None):
    return EventLog(flash, uptime or Uptime(), random)


def _minute(log, n):
    log.values[0] = 60000
    log.values[1] = n
    log.values[2] = 0
    return log.append(records.MINUTE)


def _all(flash):
    """Returns {seq: (kind, fields)} of every good record on flash."""
    out = {}
    data = bytearray(4096)
    for slot in range(flash.pages):
        flash.read(slot, 0, data)
        try:
            for record in page.decode_page(data)[1]:
                out[record.seq] = (record.kind, record.fields)
        except WireError:
            pass
    return out


def test_records_survive_a_remount():
    flash = Nor(4)
    log = _log(flash)
    assert log.mount() == 1
    for i in range(50):
        assert _minute(log, i) == i
    again = _log(flash)
    assert again.mount() == 2
    assert (again.next_seq, again.log_id, again.oldest_seq) == (50, log.log_id, 0)
    assert _minute(again, 50) == 50
    assert len(_all(flash)) == 51


def test_time_goes_on_through_pages():
    flash = Nor(4)
    uptime = Uptime()
    log = _log(flash, uptime)
    log.mount()
    for i in range(500):
        uptime.advance(i * 60000)
        _minute(log, i)
    data = bytearray(4096)
    times = {}
    for slot in range(4):
        flash.read(slot, 0, data)
        try:
            for record in page.decode_page(data)[1]:
                times[record.seq] = record.uptime_ms
        except WireError:
            pass
    assert len(times) == 500
    for i in range(500):
        assert times[i] == i * 60000


def test_wrap_gives_up_the_oldest_and_says_so():
    flash = Nor(4)
    log = _log(flash)
    log.mount()
    for i in range(2500):
        assert _minute(log, i) >= 0
        log.service()
    found = _all(flash)
    lost = [fields for kind, fields in found.values() if kind == records.LOST]
    assert lost and log.oldest_seq > 0
    assert min(found) == log.oldest_seq
    assert sorted(found) == list(range(log.oldest_seq, log.next_seq))
    again = _log(flash)
    again.mount()
    assert (again.oldest_seq, again.next_seq) == (log.oldest_seq, log.next_seq)


def test_power_cut_at_every_operation():
    for cut_at in range(0, 760, 97 if _COARSE else 7):
        for torn in (0, 1, 5, 11, 31, 2048):
            flash = Nor(4)
            flash.cut_at = cut_at
            flash.torn_bytes = torn
            acknowledged = {}
            log = _log(flash)
            try:
                log.mount()
                for i in range(800):
                    seq = _minute(log, i)
                    acknowledged[seq] = i
                    log.service()
            except Cut:
                pass
            flash.cut_at = -1
            after = _log(flash)
            after.mount()
            seq = _minute(after, 9999)
            found = _all(flash)
            for known in acknowledged:
                assert found[known][1]["counts"] == acknowledged[known]
            assert seq >= len(acknowledged)
            extra = [s for s in found if s not in acknowledged and s != seq]
            for s in extra:  # the one in flight, or the note that it was torn
                kind, fields = found[s]
                assert kind == records.TORN or fields["counts"] == len(acknowledged)


def test_foreign_flash_is_not_touched():
    flash = Nor(4)
    flash.cells[0:4096] = b"\x12" * 4096
    flash.cells[4096:8192] = b"\x34" * 4096
    before = bytes(flash.cells)
    try:
        _log(flash).mount()
        raise AssertionError()
    except LogError as error:
        assert "something else" in str(error)
    assert bytes(flash.cells) == before
    log = _log(flash)
    log.format()
    assert _minute(log, 1) == 0
