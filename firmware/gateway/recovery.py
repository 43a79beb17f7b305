"""How the event log is taken up where power left it: a part of EventLog, at boot only.

Theory. An erase sets bits of a page to 1, a program sets some to 0, and power can go at any moment of
either. What was under way then is *undecided*: its bits may read as before or as after, and otherwise
at every look. A boot can itself be cut at any moment, and so can the boot after it.

What holds after every boot:
1. Every record that `append` returned is there, with its number.
2. No number is given twice. So numbers that undecided bytes may have held are skipped.
3. Every number that no record has is told by a SKIPPED, every page given up by a LOST.
4. What one boot decided, all later ones decide. So before a boot builds on undecided bytes it makes
   them decided: the last good frame is programmed again (`settle`), a header that may read as none is
   written again or taken away (`clear`), a torn end is filled with zeros or closed by a footer.
5. A later boot believes of a closed page what its footer counts, and nothing else in it.

Order: the newest page is found (head_search), its end is looked at several times (`_reread_end`), it
is gone on with or closed (`_take_up`), the slot ahead of it is judged (`_look_ahead`). The footer of
the page before comes with the first `seal`, and with it the gaps that boots cut short did not tell
(`note_gaps`): the pages tell, back to where two of them follow on without a gap.

Tried and left: a new page at each boot (a board that reboots every ten seconds gave up its history);
one look at the end of the page (hardly begun, a footer reads as erased now and then); a header behind
the head taken for the oldest page because it read as good once; a SKIPPED believed in a page whose
footer did not count it (nobody was told of a gap). Each has its test in
tests/firmware/both/test_power_cuts.py.

The log's parts (slots, ahead, opened, the page that was left) are public for this module's sake. It is
let go after a boot (boot_code): its heap is worth more than its speed.
"""

from micropython import const
from pumpwire import page, records
from pumpwire.check import crc16
from pumpwire.errors import WireError

from .ahead import LOST_BYTES
from .page_extent import Extent
from .slots import ANY_SEQ, FOREIGN, OTHER, OURS, READY, RETIRED, SPENT, is_blank

_FOOTER_AT = const(4061)  # page.FOOTER_AT
_COUNT_AT = const(4063)
_SEAL_AT = const(4080)
_CHECK_AT = const(14)  # of a page's prefix
_CLEARED_BYTES = const(6)  # that this check covers, behind the mark
_ERASED_CHECK = const(0xFFFF)
_PAGE_BYTES = const(4096)
_CHUNK_BYTES = const(256)
_MOST_RECORDS = const(4096)  # more than any page of any version holds
_TOO_FULL = const(64)  # a page with less room is not taken up again
_A_HEADER_MAY_COME = const(320)  # with less room a page may have been left for the next one
_READS = const(12)
_ROTTEN_BITS = const(2)
_END_AT = _FOOTER_AT - LOST_BYTES
_SURE = const(2)  # pages in succession without a gap, behind which none is looked for


def new_id(slots, random):
    """Draws a log's id; not one under which a header that was taken away, or a slot that is ready, reads
    as a page: of the second kind no slot could ever be made ready."""
    while True:
        slots.claim(int.from_bytes(random(4), "little") or 1)
        if (crc16(slots.mark + bytes(_CLEARED_BYTES), 0, _CHECK_AT)
                and crc16(slots.mark + b"\xff" * _CLEARED_BYTES, 0, _CHECK_AT) != _ERASED_CHECK):
            return


def resume(log, head):
    """Takes the ring up where it was left; returns the records that say what was found."""
    slots = log.slots
    opened = log.opened
    data = log.boot_page
    extent = None
    while True:
        log.flash.read(head, 0, data)
        first_seq = 0
        try:
            version, _, first_seq = page.read_prefix(data)
            if version != page.VERSION:
                break
            _reread_end(log, head, data)
            extent = Extent(data)
            if not extent.count:  # power may have gone in its header: it reads so from here on
                opened.write(head, 0, data[: page.HEADER_BYTES])
            break
        except WireError:
            if not is_blank(memoryview(data)[page.HEADER_BYTES :]):
                break  # its header rotted
        log.clear(head)  # power went as this page was being opened: it is none, however it reads
        before = slots.before(head, ANY_SEQ)
        if before < 0:
            log.next_seq = first_seq
            log.boot = first_seq + 1
            slots.oldest = -1
            return []
        head = before
    opened.slot = head
    opened.first_seq = first_seq
    if slots.oldest < 0 or slots.look(slots.oldest) != OURS or slots.first_seq > first_seq:
        slots.renew_oldest(head)
    return _take_up(log, head, first_seq, extent)


def _take_up(log, head, first_seq, extent):
    opened = log.opened
    data = log.boot_page
    noted = []
    _find_previous(log, head)
    opened.count = -1
    if extent is None:
        return _skip(log, first_seq, first_seq + _MOST_RECORDS, noted)
    vouched = extent
    log.boot = extent.boot + 1
    count = extent.count
    rest = extent.written - extent.filled
    decayed = extent.decayed
    shut = not is_blank(memoryview(data)[_FOOTER_AT:])
    if shut:
        footer = page.read_footer(data)
        try:
            page.check_footer(data, footer)
            count = footer.count
            decayed = footer.flags & page.FLAG_DECAYED or count != extent.count
        except (WireError, AttributeError):
            # A boot was closing a page that a torn write had spoilt: as it decided then, so it stays.
            count = min(count, _close_again(log, head, data))
            decayed = True
        if decayed:  # what the footer does not vouch for may have been records, however it reads now
            rest = max(1, rest + extent.count - count)
        if count < extent.count:
            vouched = Extent(data, count)
    log.told_gaps += vouched.skipped
    rotten = _look_ahead(log, head, extent, shut, decayed, first_seq + count)
    log.lost_noted = vouched.lost_seq >= 0
    log.next_seq = first_seq + count
    if not shut:
        if decayed:
            opened.count = count
            opened.end = opened.used = extent.covered
            opened.flags = page.FLAG_DECAYED
        else:
            opened.go_on(head, data, extent)
            if rest:
                noted.append((records.TORN, rest, 0, 0))
            if opened.used + _TOO_FULL > _FOOTER_AT or rotten:
                opened.open = False
    if decayed:
        noted.append((records.CELLS, head, extent.end, records.CELLS_DECAYED))
    slots = log.slots
    if not opened.open and slots.look((head + 1) % slots.pages) != OURS:
        _note_lost(log)
    if decayed or rotten:
        _skip(log, log.next_seq, log.next_seq + (_MOST_RECORDS if rotten else rest), noted)
        if decayed and not shut:  # that stands before a slot is erased for what comes
            log.left = head
            log.left_count = count
            log.left_end = opened.end
            log.left_flags = opened.flags
            opened.count = -1
            log.seal()
        return noted
    log.ahead.trusted = opened.open and _trusted(extent)
    return noted


def _close_again(log, head, data):
    """Completes the footer of the newest page; returns the count in it, and in data the page."""
    log.seal()
    log.left = head
    log.left_count = -1
    log.seal()
    log.flash.read(head, 0, data)
    return data[_COUNT_AT] | data[_COUNT_AT + 1] << 8


def _skip(log, first_seq, next_seq, noted):
    log.seal()  # of the page before, with what was skipped there
    log.told_gaps.append((first_seq, next_seq - 1))
    log.next_seq = next_seq
    log.boot = max(log.boot, next_seq) + 1  # no boot has had that: each wrote a record
    noted.append((records.SKIPPED, first_seq, next_seq - 1, 0))
    return noted


def _find_previous(log, head):
    """Finds the page before the head, whose footer may be torn or missing."""
    slots = log.slots
    before = slots.before(head)
    if before < 0 or slots.version != page.VERSION:
        return
    log.left = before
    log.left_count = -1
    before = slots.before(before)
    if before >= 0 and slots.version == page.VERSION:
        log.previous = _seal_of(log, before)


def _seal_of(log, slot):
    made = bytearray(page.PREVIOUS_BYTES)
    log.flash.read(slot, _SEAL_AT, made)
    return bytes(made)


def _look_ahead(log, head, extent, shut, decayed, next_seq):
    """Tells the slot whose erase power cut from one that cells spoilt; returns whether the slot
    after the head is a page of records whose header rotted.

    A header that power cut short is taken away before another record gets its number: it may read
    as good the next time.
    """
    slots = log.slots
    ahead = log.ahead
    garbage = []
    what = FOREIGN
    for step in range(1, slots.pages):
        slot = (head + step) % slots.pages
        what = slots.look(slot)
        if what in (OTHER, RETIRED):
            continue
        if ((what == SPENT or what == OURS and slots.first_seq > extent.first_seq)
                and slots.blank(slot, page.HEADER_BYTES)):
            log.clear(slot)
            continue
        if what not in (SPENT, FOREIGN) and (what or slots.blank(slot, page.HEADER_BYTES)):
            _not_kept(slots, slot)
            break
        garbage.append(slot)
    giving_up = extent.lost_seq >= 0 and not shut
    if what == READY and not _trusted(extent):
        log.clear(slot)
    elif giving_up:
        ahead.noted = extent.lost_seq
        if what == OURS and slots.first_seq == extent.lost_seq:
            ahead.torn = slot
            giving_up = False
    if what == OURS and slots.first_seq != extent.lost_seq:
        if extent.written <= _END_AT:  # nothing under way reached into the room kept for its LOST
            extent.reach = min(extent.reach, _END_AT)
        if not shut and extent.filled > _END_AT:
            giving_up = True  # its LOST found no room before the erase
    if not garbage:
        return False
    if _is_next(slots, garbage[0], next_seq):
        return _holds_records(slots, garbage[0])
    if giving_up or shut and decayed and slots.look(garbage[0]) != SPENT:
        if len(garbage) == 1:
            ahead.torn = garbage[0]
            _not_kept(slots, ahead.torn)
        return False
    slot = garbage[0]
    return slots.look(slot) == SPENT and not slots.cleared(slot) and _holds_records(slots, slot)


def _not_kept(slots, slot):
    """Notes that a slot holds nothing foreign: half erased, it may have read so before."""
    if slot in slots.kept:
        slots.kept.remove(slot)


def _is_next(slots, slot, first_seq):
    """Returns whether a slot bears, but for a bit or two, the prefix of the page that begins with
    first_seq: no torn erase of an older page leaves that."""
    prefix = slots.mark + first_seq.to_bytes(4, "little") + bytes(2)
    prefix += crc16(prefix, 0, _CHECK_AT).to_bytes(2, "little")
    found = bytearray(len(prefix))
    slots.flash.read(slot, 0, found)
    wrong = 0
    for i, byte in enumerate(prefix):
        byte ^= found[i]
        while byte:
            wrong += byte & 1
            byte >>= 1
    return wrong <= _ROTTEN_BITS


def _trusted(extent):
    return extent.filled + _A_HEADER_MAY_COME < _FOOTER_AT


def _reread_end(log, slot, data):
    """Takes what a torn write left undecided in a footer, or in the room that is kept for a LOST, for
    the zeros that it was to become, where some of a few reads have them so: hardly begun, either may
    read as erased."""
    again = bytearray(_PAGE_BYTES - _END_AT)
    for _ in range(_READS):
        log.flash.read(slot, _END_AT, again)
        for i in range(len(again)):
            data[_END_AT + i] &= again[i]


def settle(log, slot, data):
    """Programs the last good frame of a page without a footer again: a cut can have left it undecided,
    and a footer is to vouch for it."""
    try:
        footer = page.read_footer(data)
        if footer is not None:
            page.check_footer(data, footer)
            return
    except WireError:
        pass
    _reread_end(log, slot, data)
    try:
        extent = Extent(data)
    except WireError:
        return
    if extent.last_at >= 0:
        log.opened.write(slot, extent.last_at, bytes(data[extent.last_at : extent.end]))


def note_gaps(log, slot, data, footer, count):
    """Says that seqs were skipped, or a page given up, where power went before that could be written.

    data, footer, count: of the page before the open one. Boots cut one after the other may have
    left several gaps, each in a page of its own that had no room or no time for its SKIPPED; so the
    pages themselves tell, back to where two of them in succession followed on without one.
    """
    if footer[6] & page.FLAG_DECAYED or not is_blank(memoryview(data)[_END_AT:_FOOTER_AT]):
        try:
            if Extent(data, count).lost_seq < 0:
                _note_lost(log)
        except WireError:
            pass
    slots = log.slots
    following = log.opened.first_seq
    unread = []  # (slot, count) of pages behind the gap, whose SKIPPED may tell of it
    sure = 0
    while sure < _SURE:
        slots.look(slot)
        first_seq = slots.first_seq
        sure += 1
        if 0 <= count < following - first_seq:
            sure = 0
            _note_gap(log, first_seq + count, following - 1, unread, data)
        unread.append((slot, count))
        following = first_seq
        slot = slots.before(slot)
        if slot < 0:
            break
        count = _count(log, slot, following, data)


def _note_gap(log, first_seq, last_seq, unread, data):
    for slot, count in unread:
        log.flash.read(slot, 0, data)
        try:
            log.told_gaps += Extent(data, count).skipped
        except WireError:
            pass
    unread.clear()
    for told in log.told_gaps:
        if told[0] <= first_seq and last_seq <= told[1]:
            return
    log.told_gaps.append((first_seq, last_seq))
    log.unnoted.append((records.SKIPPED, (first_seq, last_seq, 0)))


def _count(log, slot, following, data):
    """Returns how many records a page's footer says, -1: it has no good one; following: first_seq of
    the page after it; data: room for a page."""
    slots = log.slots
    slots.look(slot)
    if slots.version != page.VERSION:
        return -1
    count = bytearray(2)
    log.flash.read(slot, _COUNT_AT, count)
    count = count[0] | count[1] << 8
    if slots.first_seq + count != following:  # a gap is said of a page that is whole only
        log.flash.read(slot, 0, data)
        try:
            page.check_footer(data, page.read_footer(data))
        except (WireError, AttributeError):
            return -1
    return count


def _note_lost(log):
    """Says what was given up when no LOST for it could be put."""
    oldest_seq = log.slots.oldest_seq
    if not log.lost_noted and oldest_seq > 0:
        log.lost_noted = True
        log.unnoted.append((records.LOST, (0, oldest_seq - 1, 0)))


def _holds_records(slots, slot):
    """Returns whether a slot without a good header has bytes that may be records."""
    chunk = bytearray(_CHUNK_BYTES)
    for offset in range(0, _PAGE_BYTES, _CHUNK_BYTES):
        slots.flash.read(slot, offset, chunk)
        for i in range(0 if offset else page.HEADER_BYTES, _CHUNK_BYTES):
            if chunk[i] and chunk[i] != 0xFF:
                return True
    return False
