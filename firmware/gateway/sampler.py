"""The tight loop: reads the two hardware counters ten times a second.

Most ticks see nothing new. Those cost two port reads and two comparisons, 6.5 times the instructions
of an empty loop over the same ticks (`make bench`; the average tick of an hour: 19 times), and
allocate nothing; what did change is handed on with the time of the tick.
"""

from micropython import const
from pumpwire.units import TICKS_WRAP

_MASK = TICKS_WRAP - 1
_TICKS_PER_SECOND = const(10)


def run(ticks, counter, handset, first_counts, first_presses, change, second):
    """Samples for as long as `ticks` yields times (ms modulo 2^30).

    counter(), handset(): cumulative counts and presses modulo 2^30, only their differences count,
    the first ones from first_counts and first_presses;
    change(now_ms, counts, presses, span_ms): called with what is new in the span_ms since the tick
    before; second(now_ms): every tenth tick.
    """
    last_counts = first_counts
    last_presses = first_presses
    last_ms = 0
    left = _TICKS_PER_SECOND
    for now_ms in ticks:
        counts = counter()
        presses = handset()
        if counts != last_counts or presses != last_presses:
            change(now_ms, (counts - last_counts) & _MASK, (presses - last_presses) & _MASK,
                   (now_ms - last_ms) & _MASK)
            last_counts = counts
            last_presses = presses
        last_ms = now_ms
        left -= 1
        if not left:
            left = _TICKS_PER_SECOND
            second(now_ms)
