"""The log on flash: nothing acknowledged is lost, whatever power, wear and bad cells do.

Power cuts in every operation: test_power_cuts.
"""

from gateway.clock import Uptime
from gateway.event_log import EventLog
from helpers.on_board.nor import Nor, random
from helpers.on_board.page_maker import PageMaker
from pumpwire import check, decoding, page, records
from pumpwire.errors import WireError

EACH, SOME, NEVER = 1, 5, 1 << 29  # how many appends go by between two rounds of the log's service
MINUTE_MS = 60000


def _log(flash, uptime=None):
    log = EventLog(flash, uptime or Uptime(), random)
    log.mount(1, 100)
    return log


def _minute(log, n):
    log.values[0] = 60000
    log.values[1] = n
    log.values[2] = 0
    return log.append(records.MINUTE)


def _service(log, calls=6):
    for _ in range(calls):
        log.service()


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
    """Returns {seq: Record} of every good record; no seq may come twice."""
    out = {}
    for _, found, _, _ in _pages(flash):
        for record in found:
            assert record.seq not in out
            out[record.seq] = record
    return out


def _of_kind(flash, kind):
    found = _all(flash)
    return [found[seq].fields for seq in sorted(found) if found[seq].kind == kind]


def _fill(log, count, every=EACH, uptime=None):
    for i in range(count):
        if uptime is not None:
            uptime.advance((i + 1) * MINUTE_MS & 0x3FFFFFFF)
        assert _minute(log, i * 37 & 255) >= 0
        if i % every == every - 1:
            _service(log, 1)


def test_a_boot_goes_on_in_the_same_page():
    flash = Nor(4)
    log = _log(flash)
    for i in range(50):
        assert _minute(log, i) == i + 1 and log.logging
    for boot in range(2, 8):
        again = _log(flash)
        assert (again.boot, again.log_id, again.oldest_seq) == (boot, log.log_id, 0)
    assert _minute(again, 50) == 57
    found = _all(flash)
    assert len(found) == 58 and len(_pages(flash)) == 1
    assert [found[seq].boot for seq in (0, 50, 51, 52, 57)] == [1, 1, 2, 3, 7]


def test_a_header_taken_away_reads_as_a_page_under_no_id():
    drawn = [b"\xff\x55\x00\x00", b"\x00\x00\x00\x00"]
    prefix = b"PL\x02\x00" + drawn[0] + bytes(8)
    assert page.read_prefix(prefix) == (2, 0x55FF, 0)  # as one in 65,536 would
    draws = drawn[:]
    log = EventLog(Nor(4), Uptime(), lambda n: draws.pop(0))
    log.mount(1, 100)
    assert log.log_id == 1 and not draws
    draws += [drawn[0], b"\x08\x00\x00\x00"]
    log.format()
    assert log.log_id == 8 and not draws


def test_a_slot_made_ready_reads_as_a_page_under_no_id():
    drawn = b"\x0b\xe9\x00\x00"
    prefix = b"PL\x02\x00" + drawn + b"\xff" * 8
    assert page.read_prefix(prefix) == (2, 0xE90B, 0xFFFFFFFF)  # as one in 65,536 would
    draws = [drawn, b"\x0b\x00\x00\x00"]
    log = EventLog(Nor(4), Uptime(), lambda n: draws.pop(0))
    log.mount(1, 100)
    assert log.log_id == 11 and not draws
    _fill(log, 3000)  # under that id every slot was retired before the first record
    assert log.logging and log.trouble is None


def test_time_goes_on_through_pages():
    for every in (EACH, SOME, NEVER):
        flash = Nor(4)
        uptime = Uptime()
        log = _log(flash, uptime)
        _fill(log, 1500, every, uptime)
        found = _all(flash)
        assert len(found) == 1501 and len(_pages(flash)) >= 2
        for i in range(1500):
            assert found[i + 1].uptime_ms == (i + 1) * MINUTE_MS


def test_a_minute_takes_its_reservoir_along():
    flash = Nor(4)
    uptime = Uptime()
    log = _log(flash, uptime)
    for i in range(20):
        uptime.advance((i + 1) * MINUTE_MS)
        log.hold_reservoir(250000 - 17 * i, 500 + i // 10)
        programs = flash.programs
        assert _minute(log, 17) == 2 * i + 1 and log.next_seq == 2 * i + 3
        assert flash.programs == programs + (2 if i in (0, 10) else 1)
    found = _all(flash)
    for i in range(20):
        assert found[2 * i + 1].kind == records.MINUTE
        assert found[2 * i + 2].fields == {"level_ul": 250000 - 17 * i, "se_ul": 500 + i // 10}
        assert found[2 * i + 2].uptime_ms == (i + 1) * MINUTE_MS


def test_wrap_gives_up_the_oldest_and_says_so():
    for every in (EACH, SOME, NEVER):
        flash = Nor(4)
        log = _log(flash)
        _fill(log, 5000, every)
        _service(log)
        found = _all(flash)
        assert log.oldest_seq > 0 and min(found) == log.oldest_seq
        assert sorted(found) == list(range(log.oldest_seq, log.next_seq))
        lost = _of_kind(flash, records.LOST)
        assert lost[-1]["last_seq"] >= log.oldest_seq - 1
        for earlier, later in zip(lost, lost[1:]):
            assert later["first_seq"] == earlier["last_seq"] + 1
        again = _log(flash)
        assert (again.oldest_seq, again.next_seq) == (log.oldest_seq, log.next_seq + 1)


def test_append_after_service_programs_its_record_and_at_most_a_header():
    flash = Nor(4)
    log = _log(flash)
    turned = 0
    for i in range(4000):
        _service(log)
        programs, erases, reads = flash.programs, flash.erases, flash.reads
        assert _minute(log, i & 255) >= 0
        turns = flash.programs - programs - 1
        assert turns in (0, 1) and flash.erases == erases and flash.reads - reads == turns + 1
        turned += turns
    assert turned >= 4


def test_service_does_one_thing_a_call_and_then_rests():
    flash = Nor(4)
    log = _log(flash)
    for i in range(4000):
        _minute(log, i & 255)
        for _ in range(6):
            before = flash.programs + flash.erases
            log.service()
            assert flash.programs + flash.erases <= before + 1
        before = flash.programs + flash.erases
        log.service()
        assert flash.programs + flash.erases == before


def test_entries_of_any_length_go_between_the_minutes():
    flash = Nor(4)
    log = _log(flash)
    written = {}
    for i in range(100):
        blob = bytes([i]) * (i * 7 % 200)
        written[log.append(records.ENTRY, blob)] = blob
        _minute(log, i)
    found = _all(flash)
    assert len(found) == 201
    for seq in written:
        assert found[seq].fields == {"entry": written[seq]}


def test_a_page_that_refuses_is_retired_and_told():
    flash = Nor(5)
    log = _log(flash)
    flash.bad = (2,)
    _fill(log, 6000)
    assert log.failures > 0 and log.page_at(2)[1] == 0
    assert sorted(_all(flash)) == list(range(log.oldest_seq, log.next_seq))
    told = [fields["slot"] for fields in _of_kind(flash, records.CELLS)]
    assert not told or set(told) == {2}
    again = _log(flash)
    assert (again.oldest_seq, again.next_seq) == (log.oldest_seq, log.next_seq + 1)


def test_one_stuck_bit_costs_no_acknowledged_record():
    for at in (3, 30, 100, 2000, 4070):
        for value in (0, 16):
            flash = Nor(4)
            flash.stuck = {4096 + at: (16, value)}
            log = _log(flash)
            _fill(log, 4000)
            found = _all(flash)
            assert sorted(found) == list(range(log.oldest_seq, log.next_seq)), (at, value)


def test_flash_that_refuses_everywhere_is_told_and_tried_again_by_append():
    flash = Nor(4)
    log = _log(flash)
    _minute(log, 0)
    flash.bad = (0, 1, 2, 3)
    assert _minute(log, 1) == -1 and log.failures > 0 and not log.logging
    assert "pull the log" in log.trouble
    _service(log, 40)
    flash.bad = ()
    assert _minute(log, 2) >= 0 and log.logging


def test_seqs_of_records_that_decayed_are_not_given_again():
    for at in (2000, 60, 3500):
        flash = Nor(4)
        log = _log(flash)
        _fill(log, 900)
        last = log.next_seq
        flash.cells[at] ^= 1
        again = _log(flash)
        assert again.next_seq > last
        assert _minute(again, 1) >= last
        _all(flash)


def test_a_bit_of_the_newest_header_is_no_torn_erase_though_no_service_came_round():
    flash = Nor(4)
    log = _log(flash)
    n = 0
    while not log.oldest_seq or log.opened.count < 200:
        _minute(log, n % 50 * 9)
        n += 1
    at = log.opened.slot * 4096
    for bit in range(8 * page.PREFIX_BYTES):
        rotten = flash.copy()
        rotten.cells[at + bit // 8] ^= 1 << bit % 8
        again = _log(rotten)
        assert again.next_seq > log.next_seq, bit


def test_slots_that_somebody_swapped_do_not_hide_the_newest_page():
    flash = Nor(4)
    log = _log(flash)
    n = 0
    while log.opened.slot != 2 or not log.ahead.ready:
        _minute(log, n % 50 * 9)
        _service(log)
        n += 1
    cells = flash.cells
    cells[4096:8192], cells[12288:] = cells[12288:], cells[4096:8192]
    again = _log(flash)
    assert again.next_seq == log.next_seq + 1  # its BOOT


def test_a_first_and_last_slot_that_somebody_swapped_do_not_hide_the_newest_page():
    flash = Nor(4)
    log = _log(flash)
    n = 0
    while not log.oldest_seq or log.opened.slot != 0 or not log.ahead.ready:
        _minute(log, n % 50 * 9)
        _service(log)
        n += 1
    cells = flash.cells
    cells[:4096], cells[12288:] = cells[12288:], cells[:4096]
    again = _log(flash)
    assert again.next_seq == log.next_seq + 1  # its BOOT
    _minute(again, 1)
    assert _log(flash).next_seq == again.next_seq + 1


def test_an_old_page_put_behind_the_newest_one_does_not_hide_it():
    flash = Nor(4)
    log = _log(flash)
    n = 0
    while log.opened.slot != 1:
        _minute(log, n % 50 * 9)
        n += 1
    _fill(log, 20)
    flash.cells[8192:12288] = flash.cells[:4096]
    again = _log(flash)
    assert again.next_seq == log.next_seq + 1  # its BOOT


def test_foreign_flash_is_kept_and_the_erased_slots_are_used():
    flash = Nor(4)
    flash.cells[0:4096] = b"\x12" * 4096
    flash.cells[4096:8192] = b"\x34" * 4096
    before = bytes(flash.cells[:8192])
    log = _log(flash)
    assert "something else" in log.trouble
    _fill(log, 3000)
    assert bytes(flash.cells[:8192]) == before and log.oldest_seq > 0
    assert sorted(_all(flash)) == list(range(log.oldest_seq, log.next_seq))
    log.format()
    assert log.trouble is None and log.boot == 1 and _minute(log, 1) == 1
    assert b"\x12" not in bytes(flash.cells)


def test_flash_full_of_something_else_keeps_the_board_alive_and_itself():
    flash = Nor(3)
    for slot in range(3):
        flash.cells[slot * 4096 : slot * 4096 + 4096] = bytes((7 + slot,)) * 4096
    before = bytes(flash.cells)
    log = _log(flash)
    assert not log.logging and log.trouble and _minute(log, 1) == -1
    _service(log)
    assert bytes(flash.cells) == before


def _versioned(version, log_id, first_seq):
    data = bytearray(PageMaker(log_id, first_seq).data) + b"\x55" * 4068
    data[2] = version
    crc = check.crc16(data, 0, 14)
    data[14] = crc & 255
    data[15] = crc >> 8
    return data


def test_pages_of_other_versions_are_kept_and_count_as_this_logs():
    for version in (1, 3):
        flash = Nor(4)
        log = _log(flash)
        _fill(log, 100)
        flash.cells[4096:8192] = _versioned(version, log.log_id, log.next_seq)
        first = log.next_seq
        before = bytes(flash.cells[4096:8192])
        again = _log(flash)
        assert again.log_id == log.log_id and again.next_seq > first + 4096
        assert bytes(flash.cells[4096:8192]) == before
        assert again.page_at(1) == (first, 4096, True)
        skipped = _of_kind(flash, records.SKIPPED)
        assert skipped == [{"first_seq": first, "last_seq": first + 4095}]
        _fill(again, 200)
        assert again.following(0) == 1 and again.following(1) == 2


def test_pages_of_another_log_are_kept_and_told():
    flash = Nor(5)
    log = _log(flash)
    _fill(log, 1500)
    flash.cells[4 * 4096 :] = _versioned(2, log.log_id ^ 1, 7)
    kept = bytes(flash.cells[4 * 4096 :])
    again = _log(flash)
    assert again.log_id == log.log_id and "something else" in again.trouble
    _fill(again, 4000)
    assert bytes(flash.cells[4 * 4096 :]) == kept


def test_closed_pages_are_sealed_in_a_chain_and_the_end_is_attested():
    key = b"k" * 32
    flash = Nor(8)
    log = EventLog(flash, Uptime(), random)
    log.set_key(key)
    log.mount(1, 100)
    _fill(log, 2300)
    previous = bytes(8)
    sealed = 0
    data = bytearray(4096)
    for slot in range(8):
        flash.read(slot, 0, data)
        footer = page.read_footer(data)
        if data[:2] != page.MAGIC or footer is None:
            continue
        assert decoding.sealed(data, footer, key) and bytes(footer.previous) == previous
        previous = bytes(footer.seal[:8])
        sealed += 1
    assert sealed >= 4
    nonce = bytes(16)
    said = log.attest(nonce)
    assert decoding.attested(said, key, nonce)
    told = decoding.read_attestation(said)
    assert told["next_seq"] == log.next_seq and bytes(told["previous"]) == previous


def test_locate_finds_the_place_behind_every_record():
    flash = Nor(4)
    uptime = Uptime()
    log = _log(flash, uptime)
    for i in range(1400):
        uptime.advance((i + 1) * MINUTE_MS & 0x3FFFFFFF)
        if i % 50 == 49:
            log.append(records.ENTRY, bytes((i & 255,)) * (i % 200))
        if i % 5 == 4:
            log.hold_reservoir(250000 - i, 500)
        _minute(log, i & 15)
        _service(log, 2)
    data = bytearray(4096)
    for slot in range(4):
        first, used, _ = log.page_at(slot)
        if not used:
            continue
        flash.read(slot, 0, data)
        seq = first
        durable = memoryview(data)[: min(used, page.FOOTER_AT)]
        for at, length in page.walk(durable, page.read_header(data)):
            two = data[at] >= 0xC0
            if two:
                assert log.locate(seq + 1) == (slot, at)
            seq += 2 if two else 1
            assert log.locate(seq) == (slot, at + length)


def _lives_on(pages, rounds, bad, before):
    """Boots again and again while slots refuse and stay blank; before: pages written until they do."""
    flash = Nor(pages)
    log = _log(flash)
    n = 0
    for k in range(rounds):
        flash.bad = bad if k >= before else ()
        for _ in range(300):
            _minute(log, n % 50 * 9)
            _service(log, 3)
            n += 1
        reached = log.next_seq
        log = _log(flash)
        assert log.next_seq > reached, (pages, bad, k)


def test_slots_that_refuse_and_stay_blank_do_not_hide_the_newest_page():
    for pages, at, refusing in ((6, 2, 1), (6, 2, 2), (6, 1, 3), (6, 2, 4), (16, 1, 2), (16, 9, 2),
                                (16, 4, 4), (40, 1, 2)):
        _lives_on(pages, 2 * pages, tuple(range(at, at + refusing)), 0)
    for pages, at, refusing in ((6, 2, 3), (16, 3, 7), (16, 5, 11), (16, 1, 6)):
        _lives_on(pages, 3 * pages, tuple(range(at, at + refusing)), pages + pages // 2)
