"""The virtual board's wires to the bench: blocks of pin states in simulated time.

The bench writes to the control pipe, and the board answers on the other:

    "T" 0 <u16 n>   then n counts, n presses (i32 each) and n/10 load cell readings (i32):
                    n ticks of 100 ms pass; nothing is answered
    "S" 0 0 0       time stands still, the serial line is served; answers "s"; ends with "E"
    "E" 0 0 0       the session is over; answers "e"
    "Q" 0 0 0       power off
"""

import select
import uctypes
from array import array

BLOCK_TICKS = 600
TICK_MS = 100
WRAP_MASK = (1 << 30) - 1


class Port:
    """A named place for one pin's functions."""


def wires(control, answers, serial):
    """Returns (counter, handset, load cell, ticks): ports that read what the bench last sent."""
    counts = array("i", [0] * BLOCK_TICKS)
    presses = array("i", [0] * BLOCK_TICKS)
    weights = array("i", [0] * (BLOCK_TICKS // 10))
    head = bytearray(4)
    k = 0

    def fill(buf):
        got = 0
        while got < len(buf):
            n = control.readinto(memoryview(buf)[got:])
            if not n:
                return False
            got += n
        return True

    def fill_ints(ints, n):
        return fill(uctypes.bytearray_at(uctypes.addressof(ints), 4 * n))

    def session(service):
        answers.write(b"s")
        poller = select.poll()
        poller.register(control, select.POLLIN)
        poller.register(serial, select.POLLIN)
        while True:
            service()
            for ready in poller.poll(1000):
                if ready[0] is control:
                    fill(head)
                    service()
                    answers.write(b"e")
                    return

    def ticks(service):
        nonlocal k
        now_ms = 0
        while fill(head) and head[0] != 81:  # Q
            if head[0] == 83:  # S
                session(service)
                continue
            n = head[2] | head[3] << 8
            if not (fill_ints(counts, n) and fill_ints(presses, n) and fill_ints(weights, n // 10)):
                return
            for k in range(n):  # noqa: B007 (the ports read k)
                yield now_ms
                now_ms = (now_ms + TICK_MS) & WRAP_MASK
            k = n - 1
            service()

    counter, handset, load_cell = Port(), Port(), Port()
    counter.value = lambda: counts[k]
    handset.value = lambda: presses[k]
    load_cell.read = lambda: weights[k // 10]
    return counter, handset, load_cell, ticks
