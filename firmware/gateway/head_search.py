"""Where the log ends: at boot only, so this module is let go afterwards (boot_code)."""

from micropython import const

from .slots import BLANK, FOREIGN, OTHER, OURS, READY

_EACH = const(5)  # slots behind the newest page that are looked at: some may refuse and stay blank


def find(slots):
    """Returns the newest page's slot, -1 where there is no page."""
    head = _search(slots)
    return _scan(slots) if head < 0 else head


def _search(slots):
    """Returns the newest page's slot by bisection, -1 where the ring is not in order."""
    last = slots.pages - 1
    if slots.pages < 4:
        return -1
    what = slots.look(0)
    if what != OURS:
        slots.look(last)  # whose log it is tells the mark of a slot made ready
        what = slots.look(0)
        return _last_before_gap(slots) if what in (BLANK, READY) else -1
    first = newest = slots.first_seq
    low, high = 0, last
    while low < high:
        middle = (low + high + 1) // 2
        what = slots.look(middle)
        if what == OURS and slots.first_seq > newest:
            low = middle
            newest = slots.first_seq
        elif what in (OURS, BLANK, READY):
            high = middle - 1
        else:
            return -1
    wrapped = low < last and slots.look(last) == OURS
    if wrapped and slots.first_seq >= first:
        return -1
    if not wrapped and first and low + 1 < last:
        return -1  # the ring has gone round: what is blank behind the newest page refuses its cells
    slots.oldest, slots.oldest_seq = 0, first
    step = 1
    while low + step <= last:
        what = slots.look(low + step)
        if what == OURS and wrapped and slots.first_seq < first:
            if step <= 2 and not slots.oldest:
                slots.oldest, slots.oldest_seq = low + step, slots.first_seq
        elif what not in (BLANK, READY) or wrapped and step > 1:
            return -1
        step += 1 if step < _EACH else 3 * step
    if wrapped and not slots.oldest:
        return -1
    return low if newest >= first else -1


def _last_before_gap(slots):
    """Returns the last slot if the ring is in order with the first one erased, else -1."""
    last = slots.pages - 1
    if slots.look(last) != OURS:
        return -1
    newest = slots.first_seq
    before = -1
    slot = 1
    while slot < last:
        if slots.look(slot) != OURS or not before < slots.first_seq < newest:
            return -1
        before = slots.first_seq
        if slot == 1:
            slots.oldest, slots.oldest_seq = 1, before
        slot += slot
    return last


def _scan(slots):
    """Returns the newest page's slot by looking at every one, -1 where there is none."""
    _most_pages(slots)
    head = -1
    newest = -1
    slots.kept = []
    for slot in range(slots.pages):
        what = slots.look(slot)
        if what == OURS and slots.log_id:
            if slots.first_seq >= newest:
                head = slot
                newest = slots.first_seq
        elif what == OTHER or what == FOREIGN and not slots.torn_mark(slot):
            slots.kept.append(slot)
    slots.oldest = -1
    if head >= 0:
        slots.renew_oldest(head)
    return head


def _most_pages(slots):
    """Claims the log that has most of the ring's pages."""
    found = []
    for slot in range(slots.pages):
        slots.log_id = 0
        if slots.look(slot) == OURS:
            for each in found:
                if each[1] == slots.log_id:
                    each[0] += 1
                    break
            else:
                found.append([1, slots.log_id])
    if found:
        slots.claim(max(found)[1])
    else:
        slots.log_id = 0
