"""What holds for the tracker whatever happens, in whatever order: counts, presses, small ints."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.clock import Uptime
from gateway.tracker import Tracker
from helpers.on_board.tracker_bed import Notes
from hypothesis import given, settings
from hypothesis import strategies as st
from pumpwire import records
from pumpwire.units import SMALL_INT_LIMIT, TICKS_WRAP

YEARS_30_S = 30 * 365 * 86_400
FULL_SCALE = (1 << 23) - 1
COUNTS_A_TICK = 200  # 2 kHz
ASKED = 1  # gateway.bolus


@dataclass(frozen=True)
class Span:
    """Seconds alike: each with counts in some of its ticks, perhaps a press, a weight, a relief."""

    seconds: int
    counts: tuple[int, ...]  # of each tick
    presses: int  # latched in the first tick
    raw: int | None
    wobble: int
    reliefs: int
    closed: bool
    stalls_ms: int  # the loop stands before each second: the watchdog lets it for 10 s at most


TICKS = st.one_of(
    st.just((0,) * 10), st.just((1,) + (0,) * 9), st.just((0, 1) * 5), st.just((COUNTS_A_TICK,) * 10),
    st.tuples(*[st.integers(0, COUNTS_A_TICK)] * 10), st.tuples(*[st.integers(0, 2)] * 10),
)
RAW = st.one_of(st.none(), st.integers(-30_000, 500_000), st.sampled_from((-FULL_SCALE, FULL_SCALE, 0)),
                st.integers(-FULL_SCALE, FULL_SCALE))
SPAN = st.builds(
    Span, st.one_of(st.integers(1, 90), st.integers(1, 700)), TICKS, st.integers(0, 4), RAW,
    st.integers(0, 40), st.integers(0, 3), st.booleans(), st.one_of(st.just(0), st.integers(0, 10_000)),
)
U30 = st.integers(0, SMALL_INT_LIMIT - 1)
CALIBRATION = st.tuples(
    st.just("calibration"),
    st.one_of(st.integers(100_000, 50_000_000), st.integers(1, SMALL_INT_LIMIT - 1)),
    st.one_of(st.integers(0, 50_000), U30), st.integers(1 - SMALL_INT_LIMIT, SMALL_INT_LIMIT - 1),
    st.one_of(st.just(420_000), st.integers(1 - SMALL_INT_LIMIT, SMALL_INT_LIMIT - 1).filter(bool)),
)
REGIMEN = st.tuples(
    st.just("regimen"), st.one_of(st.integers(0, 2000), U30), st.one_of(st.integers(0, 2000), U30),
    st.one_of(st.integers(0, 3600), U30), st.integers(0, 1),
)
BAG = st.tuples(st.just("bag"), U30)
CUT = st.just(("interrupt",))
EVENTS = st.lists(st.one_of(SPAN, SPAN, SPAN, CALIBRATION, REGIMEN, BAG, CUT), max_size=10)


class Rig:
    """A tracker with a log, and what went in."""

    def __init__(self, uptime_s: int, begin_ms: int, reliefs: int) -> None:
        self.uptime = Uptime()
        self.uptime._last_ms = self.now_ms = begin_ms
        self.notes = Notes(self.uptime)
        self.kept = (0, 0, 0)
        self.tracker = Tracker(self.notes, self.uptime, self._keep, reliefs)
        self._age(uptime_s)
        self.counts = 0
        self.reliefs = self.first_reliefs = reliefs
        self._tick = 0

    def _age(self, uptime_s: int) -> None:
        """Has the board run for so long already, with a pump that stood."""
        tracker = self.tracker
        self.begin_s = self.uptime.s = tracker._second_s = tracker._minute_s = tracker._ten_s = uptime_s
        tracker._pump._last_s = uptime_s
        tracker._next_s += uptime_s

    def _keep(self, *kept: int) -> None:
        self.kept = kept

    def _pass(self, ms: int) -> int:
        self.now_ms = (self.now_ms + ms) % TICKS_WRAP
        self.uptime.advance(self.now_ms)
        return self.now_ms

    def happens(self, event: Any) -> None:
        if isinstance(event, Span):
            for second in range(event.seconds):
                self._second(event, second)
        elif event[0] == "calibration":
            self.tracker.set_calibration(*event[1:])
        elif event[0] == "regimen":
            self.tracker.set_regimen(*event[1:])
        elif event[0] == "bag":
            self.tracker.set_bag(event[1])
        else:
            self.tracker.interrupt(self.now_ms)

    def _second(self, span: Span, second: int) -> None:
        self._pass(span.stalls_ms)
        span_ms = 100 + span.stalls_ms
        for tick, n in enumerate(span.counts):
            presses = span.presses if second + tick == 0 else 0
            now_ms = self._pass(100)
            if n or presses:
                self.counts += n
                self.tracker.change(now_ms, n, presses, span_ms)
            span_ms = 100
        if second == 0:
            self.reliefs = (self.reliefs + span.reliefs) % TICKS_WRAP
        raw = None if span.raw is None else max(
            -FULL_SCALE, min(FULL_SCALE, span.raw + second * 7 % (span.wobble + 1)))
        self.tracker.second(self.now_ms, raw, self.reliefs, span.closed, lambda: 88)

    def total(self, kind: int, field: str) -> int:
        return sum(fields[field] for fields in self.notes.of(kind))


def ints_of(thing: Any, where: str, seen: set[int]) -> Iterator[tuple[str, int]]:
    """Yields every int that an object of the gateway holds, however deep, and where."""
    if isinstance(thing, int):
        yield where, thing
    elif isinstance(thing, (tuple, list, array)):
        for value in thing:
            yield from ints_of(value, where, seen)
    elif type(thing).__module__.startswith("gateway") and id(thing) not in seen:
        seen.add(id(thing))
        for name, value in vars(thing).items():
            yield from ints_of(value, f"{where}.{name}", seen)


def check(rig: Rig) -> None:
    tracker = rig.tracker
    assert rig.total(records.MINUTE, "counts") + tracker._counts == rig.counts
    demands = len(rig.notes.of(records.DEMAND))
    asked = 1 if tracker._boluses.state == ASKED else 0
    assert rig.total(records.MINUTE, "presses") + tracker._presses == demands + asked
    assert rig.total(records.BOLUS, "counts") <= rig.counts
    given_or_open = [d for d in rig.notes.of(records.DEMAND) if d["outcome"] != records.DENIED]
    boluses = [b for b in rig.notes.of(records.BOLUS) if b["source"] == records.PATIENT]
    assert 0 <= len(given_or_open) - len(boluses) <= may_lack_a_bolus(rig)
    assert len(rig.notes.of(records.RELIEF)) == (rig.reliefs - rig.first_reliefs) % TICKS_WRAP
    for kind, fields, at_ms in rig.notes.kept:
        for name, code in records.fields_of(kind):
            low = 0 if code == ord("u") else 1 - SMALL_INT_LIMIT
            assert low <= fields[name] < SMALL_INT_LIMIT, (records.name_of(kind), name, fields)
        if kind != records.PUMP:  # which may have begun to run before the board did
            assert fields.get("ago_ms", 0) <= at_ms - rig.begin_s * 1000
    for where, value in ints_of(tracker, "tracker", set()):
        assert -SMALL_INT_LIMIT < value < SMALL_INT_LIMIT, (where, value)
    for shown in (tracker.rate_low_ul_h(), tracker.rate_ul_h(), tracker.rate_high_ul_h(),
                  tracker.reservoir.level_ul()):
        assert shown >= -1


def may_lack_a_bolus(rig: Rig) -> int:
    """Returns how many demands may: of the bolus that runs, and of bursts that were a rate."""
    return 1 + (rig.uptime.s - rig.begin_s) // 1800


@given(EVENTS, st.sampled_from((0, YEARS_30_S)), st.sampled_from((0, TICKS_WRAP - 50_000)),
       st.sampled_from((0, TICKS_WRAP - 1)))
@settings(max_examples=150, deadline=None)
def test_whatever_happens_counts_and_presses_are_booked_once_and_ints_stay_small(
    events: list[Any], uptime_s: int, begin_ms: int, reliefs: int
) -> None:
    rig = Rig(uptime_s, begin_ms, reliefs)
    for event in events:
        rig.happens(event)
        check(rig)
    rig.tracker.interrupt(rig.now_ms)
    check(rig)
    assert rig.tracker._counts == rig.tracker._presses == 0
    assert rig.total(records.MINUTE, "presses") == len(rig.notes.of(records.DEMAND))
