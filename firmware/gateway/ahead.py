"""The slot ahead of the log's head: given up, erased, found blank and marked, outside the tick.

Theory. An erase takes up to 400 ms and stalls everything, so it may not come in the tick: when the open
page is full, the next slot must be ready. Four steps make it so, one operation on flash each, in an
order that power may cut anywhere:

    LOST in the open page    which records go with the slot's page: told before they are gone
    erase                    cut short, the slot may read as anything: the LOST says whose it was
    look                     every byte is read back as erased, or the slot is retired
    mark                     the first 8 bytes of the next header: no mark, perhaps no whole erase

What holds: no record goes before its LOST is durable; no page begins in a slot without a mark; a slot
whose cells refuse is zeroed at its prefix and never written again. Room for a LOST (LOST_BYTES) stays
free in the open page until there is nothing to be given up, so that the first step never lacks it.

Tried and left: a LOST put where room happened to be (an erase could come before it had found any); a
slot whose erase power cut called one that refuses (a good slot was given up for ever); a mark trusted
though the header behind it may have been under way (recovery says where it is trusted: `trusted`).
"""

from micropython import const
from pumpwire import page, records

from .slots import BLANK, FOREIGN, MARK_BYTES, OURS, READY, SPENT

_FLAGS_AT = const(4067)
_TRIES = const(4)  # slots in one append: an erase takes up to 400 ms, and the watchdog waits
LOST_BYTES = const(19)  # a LOST at most: kept free in a page until there is nothing to be given up
_WHOLE = const(4095)  # where a slot that does not come up blank is said to refuse


class Ahead:
    """slots: gateway.slots.Slots; note(kind, a, b, c): puts a record into the open page.

    ready: `slot` is erased and marked. stuck: no slot could be made ready.
    """

    def __init__(self, slots, note):
        self._slots = slots
        self._note = note
        self._erased = False
        self._step = 0  # how many slots `slot` lies behind the head
        self._passed = 0  # how many slots behind the head have refused
        self.slot = -1
        self.ready = False
        self.stuck = False
        self.trusted = False  # at boot: no header can have been under way in a slot that is marked
        self.torn = -1  # at boot: the slot whose erase was under way, or about to be
        self.noted = -1  # first_seq of the page whose LOST is written
        self.failures = 0

    def taken(self):
        """The slot became the head: the next one is to be made ready."""
        self.slot = self.torn = -1
        self._passed = 0
        self.ready = self._erased = self.trusted = False

    def step(self, head, next_seq):
        """Does at most one operation on flash, or writes a record; returns False if none is left."""
        if self.ready:
            return False
        if self.slot < 0 and not self._choose(head):
            return False
        if self._erased:
            self._mark()
        elif not self._given_up(head, next_seq):
            self._erase(head)
        return True

    def make(self, head, next_seq):
        """Makes a slot ready at once, trying a few at most; returns whether one is."""
        self.stuck = False
        tries = self.failures + _TRIES
        while self.step(head, next_seq) and self.failures < tries:
            pass
        return self.ready

    def _choose(self, head):
        slots = self._slots
        for step in range(1 + self._passed, slots.pages + (head < 0)):
            slot = (head + step) % slots.pages
            if self._usable(slot):
                self.slot = slot
                self._step = step
                return True
        self.stuck = True
        self._passed = 0
        return False

    def _usable(self, slot):
        slots = self._slots
        what = slots.look(slot)
        if what == READY:
            # The mark itself may have been under way: where it is trusted it is made again.
            self._erased = self.trusted and slots.blank(slot, MARK_BYTES)
            return True
        return (what in (OURS, SPENT) or slot == self.torn
                or what == BLANK and slots.blank(slot, page.HEADER_BYTES)
                or what == FOREIGN and slots.torn_mark(slot))

    def _given_up(self, head, next_seq):
        """Notes what goes with the slot's page, retires one that has refused; returns whether it did."""
        slots = self._slots
        if slots.look(self.slot) != OURS:
            return False
        first_seq = slots.first_seq
        if first_seq < next_seq and first_seq != self.noted:
            following = slots.after(self.slot, head)
            last_seq = next_seq - 1
            if following >= 0 and slots.look(following) == OURS:
                last_seq = slots.first_seq - 1
            self.noted = first_seq
            if last_seq >= first_seq:
                self._note(records.LOST, first_seq, last_seq, 0)
                return True
            slots.look(self.slot)
        if self.slot == self.torn:
            return False  # a torn erase makes flags of its own
        flags = bytearray(1)
        slots.flash.read(self.slot, _FLAGS_AT, flags)
        if slots.version == page.VERSION and flags[0] != 0xFF and flags[0] & page.FLAG_REFUSED:
            self.refuse(_FLAGS_AT, head)
            return True
        return False

    def _erase(self, head):
        slots = self._slots
        slot = self.slot
        try:
            slots.flash.erase(slot)
            self._erased = slots.blank(slot, 0)
        except OSError:
            pass
        if slot == slots.oldest:
            slots.renew_oldest(head)
        if not self._erased:
            self.refuse(_WHOLE, head)

    def _mark(self):
        slots = self._slots
        try:
            slots.flash.program(self.slot, 0, slots.mark)
            self.ready = slots.look(self.slot) == READY
        except OSError:
            pass
        if not self.ready:
            self.refuse(0, -1)

    def refuse(self, offset, head):
        """Retires the slot: a program or an erase of its cells failed at `offset`."""
        slots = self._slots
        slot = self.slot
        self.failures += 1
        self.retire(slot, offset)
        self.taken()
        self._passed = self._step
        if slot == slots.oldest and head >= 0:
            slots.renew_oldest(head)

    def retire(self, slot, offset):
        """Zeroes a slot's prefix, so that it is never written again, and says so."""
        try:
            self._slots.flash.program(slot, 0, bytes(page.PREFIX_BYTES))
        except OSError:
            pass  # it is tried again when its turn comes
        self._note(records.CELLS, slot, offset, records.CELLS_REFUSED)
