"""Power goes in the middle of operations: what was acknowledged stays, nothing is invented.

Every operation of three wraps, and 30 days: tests/soak/test_power_cuts.
"""

import sys

from helpers.on_board import dice
from helpers.on_board.log_lives import live
from helpers.on_board.nor import BARELY, NEARLY, UNSTABLE, CutError, Nor
from helpers.on_board.power_cuts import Bed, Life, every_byte
from pumpwire import page, records
from pumpwire.check import frame_check

FEWER = 12 if sys.implementation.name == "micropython" else 1
MANY = 600 // FEWER


def _now_and_then(stride):
    seen = [0, 0]
    stride *= FEWER

    def tear(bed, slot, offset, data):
        # a page's change is where most can go wrong: of its operations more are torn
        turn = data is None or offset < 28 or offset > 4000
        seen[turn] += 1
        if seen[turn] % (6 * min(FEWER, 4) if turn else stride) == 0:
            every_byte(bed, slot, offset, data)

    return tear


def test_cuts_in_operations_of_every_kind_lose_and_invent_nothing():
    dice.seed(11)
    bed = Bed(Nor(4), _now_and_then(701))
    live(bed, 4200, reboot_every=499)
    assert bed.log.oldest_seq > 0 and bed.checks > 300 // FEWER


def test_cuts_where_the_service_never_came_round():
    dice.seed(12)
    bed = Bed(Nor(4), _now_and_then(1501))
    live(bed, 6000, services=0, reboot_every=1499)
    assert bed.log.oldest_seq > 0 and bed.checks > 100 // FEWER


def test_boots_cut_one_after_the_other_leave_every_page_good():
    """Bits of the first tear read as they like through every boot that is cut in its turn."""
    dice.seed(5)
    tears = []

    def tear(bed, slot, offset, data):
        while len(tears) < MANY:
            tears.append(slot)
            bed.cut_here(slot, offset, data, UNSTABLE, 0, 2 + len(tears) % 4)

    bed = Bed(Nor(4), lambda *_: None)
    for i in range(4):
        bed.wait(60000)
        bed.append(records.MINUTE, (60000, 17 + i, 0))
    bed._tear = tear
    bed.wait(60000)
    bed.append(records.MINUTE, (60000, 21, 0))
    assert bed.checks == MANY


def test_a_header_that_power_cut_short_hides_no_page_however_it_reads():
    """A page left with room for one more record; the next one's header good in one boot only."""
    dice.seed(6)
    headers = []

    def tear(bed, slot, offset, data):
        if data is not None and offset == 8 and len(data) == 20:
            headers.append(slot)
            for i in range(MANY // 8):
                bed.cut_here(slot, offset, data, NEARLY, 0, i % 4)

    bed = Bed(Nor(4), tear)
    live(bed, 500 if FEWER == 1 else 210, services=0, entry_every=3)
    assert len(headers) >= (5 if FEWER == 1 else 2)


def test_a_lost_that_power_cut_short_makes_no_good_page_refuse():
    """The last bytes of a page are kept for it: where it was torn it is not put a second time."""
    dice.seed(9)
    losts = []

    def tear(bed, slot, offset, data):
        if data is not None and data[0] == records.LOST and offset + len(data) > page.FOOTER_AT - 16:
            losts.append(slot)
            for i in range(MANY // 8):
                bed.cut_here(slot, offset, data, (UNSTABLE, BARELY)[i % 2], 0, i % 3)

    bed = Bed(Nor(4), tear)
    live(bed, 1200 if FEWER == 1 else 500, services=0, entry_every=3)
    assert losts


def test_an_erase_that_power_cut_short_gives_no_slot_for_bad_or_foreign():
    """Few bits of the old page are undecided, or nearly all of them gone, its flags among them."""
    dice.seed(7)
    erases = []

    def tear(bed, slot, offset, data):
        if data is None and any(bed.flash.cells[slot * 4096 : slot * 4096 + 16]):
            erases.append(slot)
            for i in range(max(6, MANY // 20)):
                bed.cut_here(slot, offset, data, NEARLY + i % 2, 0, i % 3)

    bed = Bed(Nor(4), lambda *_: None)
    live(bed, 420, entry_every=3)
    bed._tear = tear
    live(bed, 250 if FEWER == 1 else 70, entry_every=3)
    assert len(erases) >= (2 if FEWER == 1 else 1)


def test_an_erase_hardly_begun_is_not_told_as_something_else_however_it_reads():
    """Two bits of the mark are undecided: now the page reads as this log's, now as foreign."""
    dice.seed(13)
    erases = []

    def tear(bed, slot, offset, data):
        if data is None and not erases and any(bed.flash.cells[slot * 4096 : slot * 4096 + 16]):
            erases.append(slot)
            for _ in range(max(20, MANY // 10)):
                flash = bed.flash.copy()
                flash.unstable[slot * page.PAGE_BYTES] = 8
                flash.unstable[slot * page.PAGE_BYTES + 7] = 8
                Life(bed, flash).check()

    bed = Bed(Nor(4), lambda *_: None)
    live(bed, 420, entry_every=3)
    bed._tear = tear
    live(bed, 250 if FEWER == 1 else 70, entry_every=3)
    assert erases


def _lacks_a_bit(data):
    """Returns a frame in whose second byte the lowest 0 is still 1."""
    data = bytearray(data)
    data[1] |= data[1] + 1
    return bytes(data)


class _CutIn:
    """Cuts power in the next program that `which` picks: `torn` of what it is given is done."""

    def __init__(self, flash, which, torn):
        self.flash = flash
        self.which = which
        self.torn = torn
        self.cut = None  # (slot, offset, data)
        flash.before = self.before

    def before(self, slot, offset, data):
        if data is not None and self.which(offset, data):
            self.flash.before = None
            self.cut = slot, offset, bytes(data)
            self.flash.program(slot, offset, self.torn(data))
            raise CutError


def _decayed_pages(n):
    """Yields a life for each of n records: its newest page ends in that frame, which lacks a bit."""
    lives = []

    def tear(bed, slot, offset, data):
        flash = bed.flash.copy()
        flash.program(slot, offset, _lacks_a_bit(data))
        lives.append(Life(bed, flash))

    bed = Bed(Nor(8), lambda *_: None)
    for i in range(4):
        bed.wait(60000)
        bed.append(records.MINUTE, (60000, 17 + i, 0))
    bed._tear = tear
    for i in range(n):
        bed.wait(60000)
        bed.append(records.MINUTE, (60000, 21 + i, 0))
        yield lives.pop()


def test_gaps_of_boots_that_were_all_cut_before_they_told_of_them():
    """A frame that lacks one bit looks like one gone bad, so its page is closed and numbers are left
    out; so is each next boot's page, whose CELLS lacks one bit in its turn."""
    for boots, life in enumerate(_decayed_pages(5)):
        for _ in range(boots):
            _CutIn(life.flash, lambda _, data: data[0] == records.CELLS, _lacks_a_bit)
            life.run(1)
        life.flash.before = None
        skips = life.bed.skips
        life.check()
        assert life.bed.skips - skips > 2 * boots


def test_a_skipped_that_its_pages_footer_does_not_vouch_for_tells_no_gap():
    """One undecided bit of it read as torn as its page was closed, and reads as good ever after."""
    (life,) = _decayed_pages(1)
    cuts = []
    for torn in (_lacks_a_bit, lambda data: b"\xff"):
        cuts.append(_CutIn(life.flash, lambda _, data: data[0] == records.SKIPPED, torn))
        life.run(1)
    assert cuts[0].cut[0] + 1 == cuts[1].cut[0]
    life.flash.program(*cuts[0].cut)  # decided at last
    life.check()


def test_numbers_of_a_page_that_was_closed_without_a_record_are_not_given_again():
    """Its only frame read as torn as it was closed, and reads as good ever after."""
    (life,) = _decayed_pages(1)
    boot = _CutIn(life.flash, lambda _, data: data[0] == records.BOOT, _lacks_a_bit)
    life.run(1)
    _CutIn(life.flash, lambda offset, data: not offset and len(data) == 8, lambda data: b"\xff")
    life.run(1)
    life.flash.program(*boot.cut)  # decided at last
    _CutIn(life.flash, lambda _, data: data[0] == records.BOOT, lambda data: b"\xff")
    life.run(1)
    life.check()


def test_a_header_behind_the_head_that_reads_as_good_now_and_then_is_not_the_oldest_page():
    """One bit of it is undecided through all the looks of a boot: nothing was given up."""
    dice.seed(10)
    for _ in range(MANY // 6):
        (life,) = _decayed_pages(1)
        cut = _CutIn(life.flash, lambda offset, data: offset == 8 and len(data) == 20, lambda data: data)
        life.run(1)
        life.flash.unstable[cut.cut[0] * page.PAGE_BYTES + 13] = 4
        life.check()
        assert life.oldest_seq == 0


class _FootersTorn:
    """Cuts power in each footer that says DECAYED."""

    def __init__(self, flash):
        self.flash = flash
        self.torn = 0

    def before(self, slot, offset, data):
        if offset == page.FOOTER_AT and data[6] & page.FLAG_DECAYED:
            self.torn += 1
            self.flash.tear = (UNSTABLE, NEARLY, BARELY)[dice.bits(4) % 3]
            self.flash.torn_program(slot, offset, data)
            raise CutError


class _FootersHardlyBegun(_FootersTorn):
    """Leaves one bit of such a seal undecided, and all others of the footer as they were."""

    def before(self, slot, offset, data):
        if offset == page.FOOTER_AT and data[6] & page.FLAG_DECAYED:
            self.torn += 1
            at = len(data) - 1 - dice.bits(3)
            to_change = ~data[at] & 255
            self.flash.unstable[slot * 4096 + offset + at] = to_change & -to_change
            raise CutError


def test_a_torn_footer_of_the_newest_page_is_completed_as_it_was_begun():
    """Its last frame is undecided too: that the page was found decayed, no later boot may see."""
    for torn in (_FootersTorn, _FootersHardlyBegun):
        _tear_footers(torn)


def _tear_footers(torn):
    dice.seed(8)
    counts = [0, 0]

    def tear(bed, slot, offset, data):
        for i in range(MANY // 2):
            flash = bed.flash.copy()
            flash.tear = NEARLY
            flash.torn_program(slot, offset, data)
            life = Life(bed, flash)
            for _ in range(1 + i % 3):
                footers = torn(flash)
                flash.before = footers.before
                life.run(1)
                flash.before = None
                counts[0] += footers.torn
            life.check()
            counts[1] += 1

    bed = Bed(Nor(4), lambda *_: None)
    for i in range(4):
        bed.wait(60000)
        bed.append(records.MINUTE, (60000, 17 + i, 0))
    bed._tear = tear
    bed.wait(60000)
    bed.append(records.MINUTE, (60000, 21, 0))
    assert counts[1] == MANY // 2 and counts[0] > MANY // 10


def test_a_torn_record_that_reads_as_a_minute_where_none_can_be_is_torn():
    """A kind whose bit 7 stayed 1, and a check that fits, as one in some ten thousand does."""
    for minutes in range(3):
        bed = Bed(Nor(4), lambda *_: None)
        if minutes:
            bed.wait(60000)
            bed.append(records.MINUTE, (60000, 0, 0))
        if minutes == 2:
            bed.wait(30000)
            bed.append(records.RELIEF, (0, 1 << 20, 0))
            bed.wait(60000)
            bed.append(records.RELIEF, (0, 1 << 20, 0))
        opened = bed.log.opened
        frame = bytearray(8)
        raw = bytearray(28)
        bed.flash.read(opened.slot, 0, raw)
        seed = page.read_header(raw).seed
        frame[0] = 0x81  # a count fewer than the minute before
        check = frame_check(frame, 0, 1, seed)
        flash = bed.flash.copy()
        flash.program(opened.slot, opened.used, bytes((frame[0], check & 255, check >> 8)))
        Life(bed, flash).check()
