"""What a tick costs, in ratios within one run, and the goals beside them.

The goal of 1/8 is judged by a plain tick as a first draft has it (first_draft.py). Against the thrifty
one (plain_tick.py: sums kept, the weight read once a second) the same ratios are told, not judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean

from benchmarks.fuel import HOUR, Tick, ticks_of
from pumpwire.records import name_of

TICKS = 2 * HOUR  # the second hour is measured
SECOND, TEN_SECONDS = 10, 100  # ticks
AVERAGE_OF_THRIFTY = "average, of the thrifty plain tick, which keeps its sums"
MINUTE_OF_SECOND = "a tick with a minute's record, of a second's tick without"
MOST_OF_EMPTY, MOST_OF_PLAIN, MOST_OF_SILENT = 80, 1 / 8, 3


@dataclass(frozen=True)
class Row:
    """A kind of tick: how many came in the hour and what one cost in instructions, on the mean."""

    name: str
    count: int
    cost: float


@dataclass(frozen=True)
class Goal:
    """A ratio and the most that it may be."""

    name: str
    ratio: float
    most: float

    def met(self) -> bool:
        """Returns whether the ratio is within its limit."""
        return self.ratio <= self.most


@dataclass(frozen=True)
class Figures:
    """The rows, first the empty loop's, the goals, and what is told beside them without being one."""

    rows: list[Row]
    goals: list[Goal]
    beside: list[Goal]


def measure() -> Figures:
    """Runs the empty loop, the gateway and both plain ticks over the same hours."""
    empty = _row("empty loop", ticks_of("empty", HOUR))
    firmware = ticks_of("firmware", TICKS)
    draft = ticks_of("draft", HOUR)  # its window starts full
    thrifty = ticks_of("plain", TICKS)
    silent = [tick for tick in firmware if not tick.records]
    nothing = _row("nothing new", [t for t in silent if not _second(t) and not _news(t)])
    tens = _row("ten seconds: a weight judged", [t for t in silent if _tens(t) and not _news(t)])
    seconds = _row("a second: ports and timers", [
        t for t in silent if _second(t) and not _tens(t) and not _news(t)])
    average = _row("average of the hour", firmware)
    recording = [_row(name, ticks) for name, ticks in _by_records(firmware).items()]
    draft_nothing, draft_average, draft_record = _plain_rows("first draft", draft)
    thrifty_nothing, thrifty_average, thrifty_record = _plain_rows("thrifty plain", thrifty)
    rows = [
        empty, nothing,
        _row("a count", [t for t in silent if t.counts and not _second(t)]),
        seconds,
        tens, average, *recording,
        draft_nothing, draft_average, draft_record,
        thrifty_nothing, thrifty_average, thrifty_record,
    ]
    minute = next(row for row in recording if row.name == "a record: minute")
    worst = max(recording, key=lambda row: row.cost)
    goals = [
        Goal("nothing new, of an empty loop", nothing.cost / empty.cost, MOST_OF_EMPTY),
        Goal("nothing new, of the first draft's plain tick", nothing.cost / draft_nothing.cost,
             MOST_OF_PLAIN),
        Goal("average, of an empty loop", average.cost / empty.cost, MOST_OF_EMPTY),
        Goal("average, of the first draft's plain tick", average.cost / draft_average.cost,
             MOST_OF_PLAIN),
        Goal(MINUTE_OF_SECOND, minute.cost / seconds.cost, MOST_OF_SILENT),
        Goal("the dearest tick with a record, of a ten-second tick without",
             worst.cost / tens.cost, MOST_OF_SILENT),
    ]
    beside = [
        Goal("nothing new, of the thrifty plain tick", nothing.cost / thrifty_nothing.cost,
             MOST_OF_PLAIN),
        Goal(AVERAGE_OF_THRIFTY, average.cost / thrifty_average.cost, MOST_OF_PLAIN),
    ]
    return Figures(rows, goals, beside)


def _plain_rows(name: str, ticks: list[Tick]) -> tuple[Row, Row, Row]:
    """Returns a plain tick's rows: nothing new, the average, a record."""
    nothing = [t for t in ticks if not t.records and not _news(t) and t.k % SECOND == SECOND // 2]
    return (_row(f"{name}: nothing new", nothing), _row(f"{name}: average of the hour", ticks),
            _row(f"{name}: a record", [t for t in ticks if t.records]))


def _row(name: str, ticks: list[Tick]) -> Row:
    return Row(name, len(ticks), mean(tick.cost for tick in ticks))


def _second(tick: Tick) -> bool:
    return tick.k % SECOND == SECOND - 1


def _tens(tick: Tick) -> bool:
    return tick.k % TEN_SECONDS == TEN_SECONDS - 1


def _news(tick: Tick) -> bool:
    return bool(tick.counts or tick.presses)


def _by_records(ticks: list[Tick]) -> dict[str, list[Tick]]:
    """Returns the ticks that wrote records, by how many, and which was the last of them."""
    found: dict[str, list[Tick]] = {}
    for tick in ticks[1:]:  # what came before the hour is told with its first
        if tick.records:
            last = _kind(tick.last_kind)
            name = f"a record: {last}" if tick.records == 1 else f"{tick.records} records to a {last}"
            found.setdefault(name, []).append(tick)
    return found


def _kind(first: int) -> str:
    """Returns what a frame of this first byte holds (pumpwire.records)."""
    if first < 0x80:
        return name_of(first)
    return "minute and reservoir" if first & 0x40 else "minute"
