"""The log on flash: nothing acknowledged is lost, whatever power does."""

from gateway.clock import Uptime
from gateway.event_log import EventLog, LogError
from nor import Cut, Nor, random
from pumpwire import decoding, page, records
from pumpwire.errors import WireError

EACH, SOME, NEVER = 1, 5, 1 << 29  # how many appends go by between two rounds of the log's service


def _log(flash, uptime=None):
    return EventLog(flash, uptime or Uptime(), random)


def _minute(log, n):
    log.values[0] = 60000
    log.values[1] = n
    log.values[2] = 0
    return log.append(records.MINUTE)


def _pages(flash):
    """Returns [(Header, [Record], closed, error)] of every page on flash that can be read."""
    out = []
    data = bytearray(4096)
    for slot in range(flash.pages):
        flash.read(slot, 0, data)
        try:
            out.append(decoding.decode_page(data))
        except WireError:
            pass
    return out


def _all(flash):
    return _records(_pages(flash))


def _records(pages):
    """Returns {seq: (kind, fields)} of every good record in pages; no seq may come twice."""
    out = {}
    for _, found, _, _ in pages:
        for record in found:
            assert record.seq not in out
            out[record.seq] = (record.kind, record.fields)
    return out


def _service(log, calls=4):
    for _ in range(calls):
        log.service()


def _raises(error, do):
    try:
        do()
    except error as raised:
        return str(raised)
    raise AssertionError("nothing raised")


def test_records_survive_a_remount():
    flash = Nor(4)
    log = _log(flash)
    assert log.mount(1, 100) == 1
    for i in range(50):
        assert _minute(log, i) == i and log.logging
    again = _log(flash)
    assert again.mount() == 2
    assert (again.next_seq, again.log_id, again.oldest_seq) == (50, log.log_id, 0)
    assert _minute(again, 50) == 50
    assert len(_all(flash)) == 51


def test_time_goes_on_through_pages():
    for every in (EACH, SOME, NEVER):
        flash = Nor(4)
        uptime = Uptime()
        log = _log(flash, uptime)
        log.mount(1, 100)
        for i in range(500):
            uptime.advance(i * 60000)
            _minute(log, i)
            if i % every == every - 1:
                _service(log)
        times = {}
        for _, found, _, _ in _pages(flash):
            for record in found:
                times[record.seq] = record.uptime_ms
        assert len(times) == 500
        for i in range(500):
            assert times[i] == i * 60000


def test_wrap_gives_up_the_oldest_and_says_so():
    for every in (EACH, SOME, NEVER):
        flash = Nor(4)
        log = _log(flash)
        log.mount(1, 100)
        for i in range(2500):
            assert _minute(log, i) >= 0
            if i % every == every - 1:
                _service(log)
        _service(log)
        found = _all(flash)
        assert log.oldest_seq > 0 and min(found) == log.oldest_seq
        assert sorted(found) == list(range(log.oldest_seq, log.next_seq))
        lost = [found[seq][1] for seq in sorted(found) if found[seq][0] == records.LOST]
        assert lost[-1]["last_seq"] == log.oldest_seq - 1
        for earlier, later in zip(lost, lost[1:]):
            assert later["first_seq"] == earlier["last_seq"] + 1
        again = _log(flash)
        again.mount()
        assert (again.oldest_seq, again.next_seq) == (log.oldest_seq, log.next_seq)


def test_append_after_service_only_programs_its_record():
    flash = Nor(4)
    log = _log(flash)
    log.mount(1, 100)
    _minute(log, 0)
    opened = 0
    for i in range(2000):
        _service(log)
        programs, erases, closed = flash.programs, flash.erases, log.page_at(log._slot)[2]
        assert _minute(log, i) >= 0
        opened += closed
        assert flash.programs == programs + 1 + closed  # a page's header goes before its first record
        assert flash.erases == erases
    assert opened >= 4


def test_service_does_one_thing_a_call_and_then_rests():
    flash = Nor(4)
    log = _log(flash)
    log.mount(1, 100)
    for i in range(2000):
        _minute(log, i)
        for _ in range(4):
            before = flash.programs + flash.erases
            log.service()
            assert flash.programs + flash.erases <= before + 1
        before = flash.programs + flash.erases
        log.service()
        assert flash.programs + flash.erases == before


class Life:
    """A flash through many boots, and what the log has acknowledged on it."""

    def __init__(self):
        self.flash = Nor(4)
        self.acknowledged = {}  # seq: the value it holds
        self.in_flight = set()  # values being written as power went
        self.value = 0

    def copy(self):
        other = Life()
        other.flash.cells[:] = self.flash.cells
        other.acknowledged = self.acknowledged.copy()
        other.value = self.value
        return other

    def write(self, log):
        self.value += 1
        self.in_flight.add(self.value)
        self.acknowledged[_minute(log, self.value)] = self.value
        self.in_flight.remove(self.value)

    def run(self, every, appends):
        """Boots and writes; returns whether power went."""
        try:
            log = _log(self.flash)
            log.mount(1, 100)
            for i in range(appends):
                self.write(log)
                if i % every == every - 1:
                    log.service()
        except Cut:
            return True
        return False

    def check(self):
        """Boots whole: what was acknowledged is there, what is there is explained and verifies."""
        self.flash.cut_at = -1
        log = _log(self.flash)
        log.mount(1, 100)
        self.write(log)
        assert log.failures == 0
        pages = _pages(self.flash)
        found = _records(pages)
        assert sorted(found) == list(range(log.oldest_seq, log.next_seq))
        for seq in self.acknowledged:
            assert seq < log.oldest_seq or found[seq][1]["counts"] == self.acknowledged[seq]
        for seq in found:
            kind, fields = found[seq]
            if seq not in self.acknowledged and kind not in (records.TORN, records.LOST):
                assert fields["counts"] in self.in_flight
        assert [error for _, _, _, error in pages if error is not None] == []
        assert len([closed for _, _, closed, _ in pages if not closed]) == 1


def test_power_cut_at_every_operation():
    for every in (EACH, SOME, NEVER):
        for cut_at in range(0, 1160, 53):
            for torn_bytes in (0, 1, 5, 11, 31, 32, 2048):
                life = Life()
                life.flash.cut(cut_at, torn_bytes)
                assert life.run(every, 1150)
                life.check()


def test_power_cut_again_and_again_as_the_page_changes_and_at_boot():
    for every in (EACH, SOME, NEVER):
        filled = Life()
        filled.run(every, 1130)  # round the ring: from now on every new page gives up an old one
        changes = _operations_to_a_page_change(filled, every)
        for cut_at in [n for n in range(12)] + [changes + n for n in range(12)]:
            for torn_bytes in (0, 3, 31, 32, 40):
                life = filled.copy()
                life.flash.cut(cut_at, torn_bytes)
                assert life.run(every, 500)
                for at_boot in range(4):
                    life.flash.cut(at_boot, torn_bytes)
                    life.run(every, 1)
                life.check()
                life.check()


def _operations_to_a_page_change(life, every):
    """Returns how many operations after a boot a full page is about to be followed by the next."""
    life = life.copy()
    log = _log(life.flash)
    log.mount(1, 100)
    appends = 0
    while True:
        operations = life.flash.programs + life.flash.erases
        life.write(log)
        appends += 1
        if appends % every == 0:
            log.service()
        _, used, closed = log.page_at(log._slot)
        if closed or used > page.FOOTER_AT - 12:
            return operations


def test_entries_of_any_length_go_between_the_minutes():
    flash = Nor(4)
    log = _log(flash)
    log.mount(1, 100)
    written = {}
    for i in range(130):
        blob = bytes([i]) * (i * 7 % 200)
        written[log.append(records.ENTRY, blob)] = blob
        _minute(log, i)
    found = _all(flash)
    assert len(found) == 260
    for seq in written:
        assert found[seq] == (records.ENTRY, {"entry": written[seq]})


def test_a_page_that_refuses_is_passed_over():
    flash = Nor(4)
    log = _log(flash)
    log.mount(1, 100)
    flash.bad = (2,)
    for i in range(800):
        assert _minute(log, i) >= 0
        _service(log)
    assert log.failures > 0 and log.page_at(2)[1] == 0
    assert sorted(_all(flash)) == list(range(log.oldest_seq, log.next_seq))
    again = _log(flash)
    again.mount()
    assert (again.oldest_seq, again.next_seq) == (log.oldest_seq, log.next_seq)


def test_a_page_that_fails_at_its_first_record_does_not_hide_the_next():
    flash = Nor(4)
    flash.cells[page.HEADER_BYTES] = 0  # worn out: no erase mends it
    flash.erase = lambda slot: None
    log = _log(flash)
    log.mount(1, 100)
    assert _minute(log, 7) == 0
    assert log.failures > 0
    for _ in range(2):
        log = _log(flash)
        log.mount(1, 100)
    assert _minute(log, 8) == 1
    assert [fields["counts"] for _, fields in _all(flash).values()] == [7, 8]


def test_flash_that_refuses_everywhere_is_told_and_tried_again_by_append_alone():
    flash = Nor(4)
    log = _log(flash)
    log.mount(1, 100)
    _minute(log, 0)
    flash.bad = (0, 1, 2, 3)
    assert _minute(log, 1) == -1 and log.failures > 0 and not log.logging
    _service(log)
    before = flash.programs + flash.erases
    for _ in range(100):
        log.service()
    assert flash.programs + flash.erases == before
    flash.bad = ()
    assert _minute(log, 2) >= 0
    assert [fields["counts"] for _, fields in _all(flash).values()][-1] == 2


def test_seqs_of_records_that_decayed_are_not_given_again():
    flash = Nor(4)
    log = _log(flash)
    log.mount(1, 100)
    while not log.page_at(0)[2]:
        _minute(log, 0)
        log.service()
    last = log.next_seq
    flash.cells[2000] ^= 1
    again = _log(flash)
    again.mount()
    assert _minute(again, 1) == last


def test_foreign_flash_is_not_touched():
    flash = Nor(4)
    flash.cells[0:4096] = b"\x12" * 4096
    flash.cells[4096:8192] = b"\x34" * 4096
    before = bytes(flash.cells)
    assert "something else" in _raises(LogError, _log(flash).mount)
    assert bytes(flash.cells) == before
    log = _log(flash)
    log.format()
    assert _minute(log, 1) == 0
