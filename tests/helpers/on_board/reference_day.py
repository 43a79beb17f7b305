"""Reads and writes the reference days: tests/vectors/reference_day/days.txt.

The file is text; lines of `#` say where it comes from. Then, in order:

    day WHAT                        a day begins, at tick 0
    minutes COUNTS[!PRESSES][/LEVEL_UL[/SE_UL]] ...
                                    minutes of 600 ticks, one after the other; with /: the
                                    reservoir of the same time, SE_UL left out where as before
    TICKS KIND VALUE...             a bolus or a demand, in its place among the minutes

An event is (ticks since the day's begin, kind, values), ticks of 100 ms.
"""

from pumpwire import records

EVENTS = 1748
MINUTES, RESERVOIRS = 1440, 288
DAY_TICKS = MINUTES * records.MINUTE_TICKS
_PER_LINE = 60
_KINDS = {records.name_of(kind): kind for kind in (records.BOLUS, records.DEMAND)}


def read(file):
    """Yields (what, [event]) of each day in an open days.txt."""
    what = None
    events = []
    for line in file:
        words = line.split()
        if not words or words[0][0] == "#":
            continue
        if words[0] == "day":
            if what is not None:
                yield what, events
            what = " ".join(words[1:])
            events = []
            ticks = se_ul = 0
        elif words[0] == "minutes":
            for word in words[1:]:
                ticks += records.MINUTE_TICKS
                minute, slash, reservoir = word.partition("/")
                counts, _, presses = minute.partition("!")
                values = (records.MINUTE_MS, int(counts), int(presses or 0))
                events.append((ticks, records.MINUTE, values))
                if slash:
                    level_ul, _, new_se_ul = reservoir.partition("/")
                    se_ul = int(new_se_ul or se_ul)
                    events.append((ticks, records.RESERVOIR, (int(level_ul), se_ul)))
        else:
            values = tuple([int(word) for word in words[2:]])
            events.append((int(words[0]), _KINDS[words[1]], values))
    yield what, events


def lines(what, events):
    """Yields the lines of a day."""
    yield "day " + what
    minutes = []
    se_ul = 0
    for ticks, kind, values in events:
        if kind == records.RESERVOIR:
            minutes[-1] += "/%d" % values[0] if values[1] == se_ul else "/%d/%d" % values
            se_ul = values[1]
            continue
        if minutes and (kind != records.MINUTE or len(minutes) == _PER_LINE):
            yield "minutes " + " ".join(minutes)
            minutes = []
        if kind == records.MINUTE:
            minutes.append("%d!%d" % values[1:] if values[2] else str(values[1]))
        else:
            yield " ".join([str(ticks), records.name_of(kind)] + [str(value) for value in values])
    yield "minutes " + " ".join(minutes)


def steps(events):
    """Returns [(event, the values of a reservoir of a minute's own time or None)]."""
    found = []
    for event in events:
        if event[1] == records.RESERVOIR:
            assert found[-1][0][0] == event[0] and found[-1][0][1] == records.MINUTE
            found[-1] = (found[-1][0], event[2])
        else:
            found.append((event, None))
    return found
