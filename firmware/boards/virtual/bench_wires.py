"""The virtual board's wires to the bench: blocks of pin states in simulated time.

The bench writes messages of a letter, 0 and <u16 n> to the control pipe, and the board answers on
the other:

    "T" n   n ticks of 100 ms pass. Then follow n counts and n presses of the handset, cumulative,
            one a tick; then for each second that these ticks touch a load cell reading (NO_READING:
            none), presses of the relief button, cumulative, and a packed word:
                bit 0       the handset's contact is closed
                bit 1       there is no temperature
                bit 2       the service button is held
                bits 8..31  temperature in quarter degrees Celsius, signed
            all i32, little-endian
    "K" n   n ticks pass unseen: time and counters go on, the loop does not run
    "F" 0   the 5 V supply fails and the hold-up runs; a "Q" is to follow
    "S" 0   time stands still, the serial line is served; answers "s"; ends with "E"
    "E" 0   the session is over; answers "e"
    "Q" 0   power off, or a reset: the program ends at once
"""

import select
import uctypes
from array import array

BLOCK_TICKS = 200
TICK_MS = 100
TICKS_PER_S = 10
WRAP_MASK = (1 << 30) - 1
NO_READING = -(1 << 31)

_CLOSED = 1
_NO_TEMPERATURE = 2
_SERVICE = 4


class Port:
    """A named place for one pin's functions."""


def wires(board, control, answers, serial, counters_from):
    """Connects the board's ports to what the bench last sent, and gives the board its `ticks`.

    counters_from: what all counters show before the first block.
    """
    seconds = BLOCK_TICKS // TICKS_PER_S + 1
    counts = array("i", [counters_from] * BLOCK_TICKS)
    presses = array("i", [counters_from] * BLOCK_TICKS)
    weights = array("i", [NO_READING] * seconds)
    reliefs = array("i", [counters_from] * seconds)
    packed = array("i", [_NO_TEMPERATURE] * seconds)
    head = bytearray(4)
    k = 0  # tick within the block
    begun = 0  # ticks since boot before this block
    now_ms = 0  # modulo 2^30, at a tick or behind the block's last
    phase = 0  # ticks of the block's first second that were before it

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

    def block(n):
        touched = (phase + n + TICKS_PER_S - 1) // TICKS_PER_S
        return (
            fill_ints(counts, n) and fill_ints(presses, n) and fill_ints(weights, touched)
            and fill_ints(reliefs, touched) and fill_ints(packed, touched)
        )

    def session(service):
        answers.write(b"s")
        poller = select.poll()
        poller.register(control, select.POLLIN)
        poller.register(serial, select.POLLIN)
        while True:
            busy = service()
            for ready in poller.poll(0 if busy else 1000):
                if ready[0] is control:
                    fill(head)
                    service()
                    answers.write(b"e")
                    return

    def ticks(service):
        nonlocal k, begun, phase, now_ms
        gone = 0
        while fill(head) and head[0] != 81:  # Q
            n = head[2] | head[3] << 8
            if head[0] == 84:  # T
                begun = gone
                phase = gone % TICKS_PER_S
                if not block(n):
                    return
                for k in range(n):  # noqa: B007 (the ports read k)
                    yield now_ms
                    now_ms = (now_ms + TICK_MS) & WRAP_MASK
                k = n - 1
                gone += n
                service()
            elif head[0] == 75:  # K
                now_ms = (now_ms + n * TICK_MS) & WRAP_MASK
                gone += n
                board.skipped += n
                board.late_ms = max(board.late_ms, n * TICK_MS)
            elif head[0] == 70:  # F
                board.supply.failed = True
                service()
            elif head[0] == 83:  # S
                session(service)

    def flags():
        return packed[(phase + k) // TICKS_PER_S]

    def weight():
        raw = weights[(phase + k) // TICKS_PER_S]
        return None if raw == NO_READING else raw

    board.counter.value = lambda: counts[k]
    board.handset.value = lambda: presses[k]
    board.handset.closed = lambda: bool(flags() & _CLOSED)
    board.relief.value = lambda: reliefs[(phase + k) // TICKS_PER_S]
    board.service.pressed = lambda: bool(flags() & _SERVICE)
    board.load_cell.read = weight
    board.temperature.read = lambda: None if flags() & _NO_TEMPERATURE else flags() >> 8
    board.rtc.elapsed_s = lambda: (begun + k) // TICKS_PER_S
    board.clock_ms = lambda: now_ms
    board.ticks = ticks
