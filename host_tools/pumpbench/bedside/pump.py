"""The pump at the bedside: a continuous rate, boluses on top, a lockout, a motor that counts.

Theory of operation. Nothing is stepped: what the pump does is a handful of spans, and what it moved is a
piecewise-linear curve over them (volume.py), exact in Fractions of a microlitre. Ticks come in only at
the end, when the curve is counted. A pump that is stepped has to round each tick's share of the rate
(100 ms at 0.05 mL/h are 1.4 nL). The rounding adds up over a month of ticks.

A press is decided by three things in this order: does the pump stand, does a bolus run, does the lockout
hold. A bolus that a stop cut short locks out as a whole bolus does. Pumps count the lockout from the
bolus's start or from its end: `lockout_from` says which.

The motor moves in quanta. A count falls each time that volume + phase passes a whole quantum. So the
number of counts by any moment is exact, and the phase, drawn once, is where the motor stood at first.
Each count is placed by its own moment, never from the count before, so no error adds up. The counts are
a cumulative sum, so they cannot fall.

Times are integer milliseconds from the window's start. Nothing here knows of a gateway.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import prod

import numpy as np
from numpy.typing import NDArray

from ..errors import BenchError
from .patient import Press
from .pins import TICK_MS
from .volume import MS_PER_H, Flow, VolumeCurve

MAX_COUNTS = 50_000_000
_NANO = 10**9
SHORTEST_LAG_MS, LONGEST_LAG_MS = 300, 800

Span = tuple[int, int]
"""Start and end in ms."""


@dataclass(frozen=True)
class PumpSettings:
    """What the pump is programmed to do."""

    rate_ul_h: int  #: the continuous rate, microlitres an hour
    bolus_ul: int  #: one bolus, microlitres
    lockout_ms: int  #: how long a bolus locks out the next
    bolus_speed_ul_h: int = 20_000  #: how fast a bolus is given, microlitres an hour
    lockout_from: str = "start"  #: from which end of a bolus that counts: "start" or "end"

    def __post_init__(self) -> None:
        if self.lockout_from not in ("start", "end"):
            raise BenchError(f"lockout_from {self.lockout_from!r}", "write 'start' or 'end'")
        if self.bolus_speed_ul_h <= 0:
            raise BenchError(f"bolus_speed_ul_h {self.bolus_speed_ul_h}", "give more than 0")

    @property
    def bolus_ms(self) -> int:
        """Time one bolus takes, up to the next whole ms (1 mL at 20 mL/h: 180,000 ms)."""
        return -(-self.bolus_ul * MS_PER_H // self.bolus_speed_ul_h)


@dataclass(frozen=True)
class Bolus:
    """One bolus, given at an even speed."""

    start_ms: int  #: when it begins, ms from the window's start
    end_ms: int  #: when it ends
    volume_ul: Fraction  #: what the mechanism moves for it, microlitres


@dataclass(frozen=True)
class Demand:
    """One press and what the pump made of it."""

    press: Press  #: the press
    #: "delivered", "halted" (given in part: less than nine tenths of it), or why denied: "lockout",
    #: "bolus_running", "stopped"
    outcome: str
    bolus: Bolus | None  #: the bolus, as far as it came; None if denied


def draw_lags_ms(presses: int, rng: np.random.Generator) -> list[int]:
    """Return how long the pump would take from each press to the start of its bolus."""
    return [int(lag) for lag in rng.integers(SHORTEST_LAG_MS, LONGEST_LAG_MS + 1, presses)]


def respond(
    settings: PumpSettings, presses: Sequence[Press], lags_ms: Sequence[int],
    stops: Sequence[Span], busy: Sequence[Span] = (),
) -> tuple[Demand, ...]:
    """Grant or deny each press (in order of time), given the spans in which the pump stands.

    busy: boluses begun at the pump itself; they halt a patient's bolus and deny one meanwhile.
    """
    demands: list[Demand] = []
    last: Bolus | None = None
    for press, lag_ms in zip(presses, lags_ms, strict=True):
        reason = _denied(settings, press.at_ms, last, stops, busy)
        if reason:
            demands.append(Demand(press, reason, None))
            continue
        start_ms = press.at_ms + lag_ms
        full = Bolus(start_ms, start_ms + settings.bolus_ms, Fraction(settings.bolus_ul))
        last = cut_short(full, [*stops, *busy])
        whole = 10 * last.volume_ul >= 9 * settings.bolus_ul  # as pumplog and the firmware count it
        demands.append(Demand(press, "delivered" if whole else "halted", last))
    return tuple(demands)


def _denied(
    settings: PumpSettings, at_ms: int, last: Bolus | None, stops: Sequence[Span],
    busy: Sequence[Span],
) -> str | None:
    if any(start_ms <= at_ms < end_ms for start_ms, end_ms in stops):
        return "stopped"
    if any(start_ms <= at_ms < end_ms for start_ms, end_ms in busy):
        return "bolus_running"
    if last is None:
        return None
    if at_ms < last.end_ms:
        return "bolus_running"
    from_ms = last.start_ms if settings.lockout_from == "start" else last.end_ms
    return "lockout" if at_ms < from_ms + settings.lockout_ms else None


def cut_short(bolus: Bolus, stops: Sequence[Span]) -> Bolus:
    """Return the bolus as far as it came before the first of these spans, pro rata."""
    end_ms = bolus.end_ms
    for stop_ms, restart_ms in stops:
        if stop_ms < bolus.end_ms and restart_ms > bolus.start_ms:
            end_ms = min(end_ms, max(stop_ms, bolus.start_ms))
    if end_ms == bolus.end_ms:
        return bolus
    share = Fraction(end_ms - bolus.start_ms, bolus.end_ms - bolus.start_ms)
    return Bolus(bolus.start_ms, end_ms, bolus.volume_ul * share)


def running_spans(begin_ms: int, end_ms: int, stops: Sequence[Span]) -> Iterator[Span]:
    """Yield the parts of begin..end outside `stops`, in order."""
    for stop_ms, restart_ms in sorted(stops):
        if begin_ms >= end_ms:
            return
        if stop_ms > begin_ms:
            yield begin_ms, min(stop_ms, end_ms)
        begin_ms = max(begin_ms, restart_ms)
    if begin_ms < end_ms:
        yield begin_ms, end_ms


def continuous_curve(
    settings: PumpSettings, begin_ms: int, end_ms: int, stops: Sequence[Span],
    runaways: Sequence[tuple[Span, Fraction]] = (),
) -> VolumeCurve:
    """Return what the continuous rate delivers from begin to end, stops left out.

    runaways: spans in which it runs at so many times the programmed rate.
    """
    speed = Fraction(settings.rate_ul_h, MS_PER_H)
    flows: list[Flow] = []
    for start, end in running_spans(begin_ms, end_ms, stops):
        edges = {ms for span, _ in runaways for ms in span if start < ms < end}
        for first, last in pairwise(sorted({start, *edges, end})):
            factor = prod((f for (a, b), f in runaways if a <= first and last <= b), start=Fraction(1))
            flows.append((first, last, speed * factor))
    return VolumeCurve.from_flows(begin_ms, end_ms, flows)


def bolus_curve(begin_ms: int, end_ms: int, boluses: Sequence[Bolus]) -> VolumeCurve:
    """Return what the boluses deliver from begin to end."""
    flows: list[Flow] = [
        (bolus.start_ms, bolus.end_ms, bolus.volume_ul / (bolus.end_ms - bolus.start_ms))
        for bolus in boluses
        if bolus.end_ms > bolus.start_ms
    ]
    return VolumeCurve.from_flows(begin_ms, end_ms, flows)


def as_counted(mechanism: VolumeCurve, drift_per_day: Fraction) -> VolumeCurve:
    """Return the volume that a motor whose quantum stayed as it was at 0 would have moved.

    The quantum grows by drift_per_day of itself in 24 h, in hourly steps (good to a millionth of a
    microlitre): the hidden drift of a calibration.
    """
    if not drift_per_day:
        return mechanism
    begin_ms, end_ms = mechanism.times_ms[0], mechanism.times_ms[-1]
    hours_ms = range(-(-begin_ms // MS_PER_H) * MS_PER_H, end_ms, MS_PER_H)
    times_ms = sorted({*mechanism.times_ms, *hours_ms})
    reached_ul = [mechanism.at(ms) for ms in times_ms]
    volumes_ul = reached_ul[:1]
    for i in range(1, len(times_ms)):
        hours = (times_ms[i] + times_ms[i - 1]) // 2 // MS_PER_H
        nominal_ul = (reached_ul[i] - reached_ul[i - 1]) / (1 + drift_per_day * hours / 24)
        volumes_ul.append(volumes_ul[-1] + Fraction(round(nominal_ul * _NANO), _NANO))
    return VolumeCurve(times_ms, volumes_ul)


def motor_counts(
    delivered: VolumeCurve, ul_per_count: Fraction, phase_ul: Fraction, begin_ms: int, ticks: int
) -> NDArray[np.int32]:
    """Return the motor's cumulative counts at begin + k * 100 ms: int32, shape (ticks,).

    A count falls whenever delivered volume + phase (0 <= phase < quantum) passes a whole
    quantum. The number of counts is exact; each is placed by its own moment in float64
    (good to 1 us), so the result is monotone by construction.
    """
    last_ms = begin_ms + (ticks - 1) * TICK_MS
    total = (delivered.at(last_ms) + phase_ul) // ul_per_count
    if total > MAX_COUNTS:
        raise BenchError(f"{float(ul_per_count)} uL a count makes {total} counts in one window",
                         f"use a larger quantum (at most {MAX_COUNTS} counts)")
    volumes_ul = np.arange(1, total + 1, dtype=np.float64) * float(ul_per_count) - float(phase_ul)
    moments_ms = delivered.when_many(volumes_ul)
    tick = np.ceil((moments_ms - begin_ms) / TICK_MS - 1e-6).astype(np.int64).clip(0, ticks - 1)
    return np.cumsum(np.bincount(tick, minlength=ticks), dtype=np.int32)
