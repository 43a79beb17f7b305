"""Replays a recorded trace into the tracker, line by line.

A trace is text; lines of `#` say where it comes from. Then, in order:

    calibration PL_PER_COUNT PPM ZERO PER_KG      regimen RATE_UL_H BOLUS_UL LOCKOUT_S FROM_END
    WEIGHT EVENT...    ten seconds: a raw reading (- for none), and what came at which tick (0..99):
                       12+3 three counts, 12!1 a press, 12@1 a relief press, 12x a contact closed
                       from that tick on, 12o an open one
    = UPTIME_MS KIND VALUE...    a record that the line above must bring

Readings are dithered by 2 raw counts within the ten seconds: one that never moves is a dead cell's.
"""

from array import array

from gateway.clock import Uptime
from gateway.tracker import Tracker
from pumpwire import records


class Log:
    """Keeps each record as the line that the trace has for it."""

    def __init__(self, uptime):
        self.values = array("i", [0] * records.MAX_FIELDS)
        self.uptime = uptime
        self.lines = []
        self._held = None

    def hold_reservoir(self, level_ul, se_ul):
        self._held = (level_ul, se_ul)

    def append(self, kind):
        self._say(kind, self.values)
        if kind == records.MINUTE and self._held:
            self._say(records.RESERVOIR, self._held)
            self._held = None
        return len(self.lines)

    def _say(self, kind, values):
        words = [str(self.uptime.s * 1000 + self.uptime.ms), records.name_of(kind)]
        for i in range(len(records.fields_of(kind))):
            words.append(str(values[i]))
        self.lines.append(" ".join(words))


class Replay:
    """`counts`, `presses`: what was put in so far."""

    def __init__(self):
        self.uptime = Uptime()
        self.log = Log(self.uptime)
        self.tracker = Tracker(self.log, self.uptime, lambda span_ms, counts, presses: None)
        self.tick = 0
        self.counts = self.presses = self.reliefs = 0
        self.closed = False

    def take(self, line):
        """Takes a line that is neither a remark nor a record; returns the records it brought."""
        words = line.split()
        if words[0] == "calibration":
            self.tracker.set_calibration(*[int(word) for word in words[1:]])
        elif words[0] == "regimen":
            self.tracker.set_regimen(*[int(word) for word in words[1:]])
        else:
            raw = None if words[0] == "-" else int(words[0])
            self._ten_seconds(raw, [_event(word) for word in words[1:]])
        lines = self.log.lines
        self.log.lines = []
        return lines

    def _ten_seconds(self, raw, events):
        at = 0
        for tick in range(100):
            now_ms = self.tick * 100
            counts = presses = 0
            while at < len(events) and events[at][0] == tick:
                _, what, n = events[at]
                at += 1
                if what == "+":
                    counts += n
                elif what == "!":
                    presses += n
                elif what == "@":
                    self.reliefs += n
                else:
                    self.closed = what == "x"
            if counts or presses:
                self.counts += counts
                self.presses += presses
                self.uptime.advance(now_ms)
                self.tracker.change(now_ms, counts, presses, 100)
            if tick % 10 == 9:
                self.uptime.advance(now_ms)
                shown = None if raw is None else raw + tick // 10 % 5 - 2
                self.tracker.second(now_ms, shown, self.reliefs, self.closed, lambda: None)
            self.tick += 1


def _event(word):
    """Returns (tick, what, how many) of 12+3 or 12x."""
    n = 0
    while n < len(word) and word[n].isdigit():
        n += 1
    return int(word[:n]), word[n], int(word[n + 1 :] or 0)
