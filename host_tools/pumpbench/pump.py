"""The pump at the bedside: a continuous rate, boluses on top, a lockout, a motor that counts.

Times are integer milliseconds from the window's start. Nothing here knows of a gateway.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from .errors import BenchError
from .patient import Press
from .volume import MS_PER_H, Flow, VolumeCurve

TICK_MS = 100
MAX_COUNTS = 50_000_000
SHORTEST_LAG_MS, LONGEST_LAG_MS = 300, 800

Span = tuple[int, int]
"""Start and end in ms."""


@dataclass(frozen=True)
class PumpSettings:
    """What the pump is programmed to do; `lockout_from` is "start" or "end" of the bolus."""

    rate_ul_h: int
    bolus_ul: int
    lockout_ms: int
    bolus_speed_ul_h: int = 20_000
    lockout_from: str = "start"

    def __post_init__(self) -> None:
        if self.lockout_from not in ("start", "end"):
            raise BenchError(f"lockout_from {self.lockout_from!r}: write 'start' or 'end'.")
        if self.bolus_speed_ul_h <= 0:
            raise BenchError(f"bolus_speed_ul_h {self.bolus_speed_ul_h}: give more than 0.")

    @property
    def bolus_ms(self) -> int:
        """Time one bolus takes, up to the next whole ms (1 mL at 20 mL/h: 180,000 ms)."""
        return -(-self.bolus_ul * MS_PER_H // self.bolus_speed_ul_h)


@dataclass(frozen=True)
class Bolus:
    """One bolus: from start to end it adds `volume_ul` at an even speed."""

    start_ms: int
    end_ms: int
    volume_ul: Fraction


@dataclass(frozen=True)
class Demand:
    """One press and what the pump made of it.

    outcome: "delivered", "halted" (a stop cut the bolus short), or why it was denied:
    "lockout", "bolus_running", "stopped".
    """

    press: Press
    outcome: str
    bolus: Bolus | None


def draw_lags_ms(presses: int, rng: np.random.Generator) -> list[int]:
    """Return how long the pump would take from each press to the start of its bolus."""
    return [int(lag) for lag in rng.integers(SHORTEST_LAG_MS, LONGEST_LAG_MS + 1, presses)]


def respond(
    settings: PumpSettings, presses: Sequence[Press], lags_ms: Sequence[int], stops: Sequence[Span]
) -> tuple[Demand, ...]:
    """Grant or deny each press (in order of time), given the spans in which the pump stands."""
    demands: list[Demand] = []
    last: Bolus | None = None
    for press, lag_ms in zip(presses, lags_ms, strict=True):
        reason = _denied(settings, press.at_ms, last, stops)
        if reason:
            demands.append(Demand(press, reason, None))
            continue
        last = _bolus(settings, press.at_ms + lag_ms, stops)
        whole = last.volume_ul == settings.bolus_ul
        demands.append(Demand(press, "delivered" if whole else "halted", last))
    return tuple(demands)


def _denied(
    settings: PumpSettings, at_ms: int, last: Bolus | None, stops: Sequence[Span]
) -> str | None:
    if any(start_ms <= at_ms < end_ms for start_ms, end_ms in stops):
        return "stopped"
    if last is None:
        return None
    if at_ms < last.end_ms:
        return "bolus_running"
    from_ms = last.start_ms if settings.lockout_from == "start" else last.end_ms
    return "lockout" if at_ms < from_ms + settings.lockout_ms else None


def _bolus(settings: PumpSettings, start_ms: int, stops: Sequence[Span]) -> Bolus:
    end_ms = full_ms = start_ms + settings.bolus_ms
    for stop_ms, restart_ms in stops:
        if stop_ms < full_ms and restart_ms > start_ms:
            end_ms = min(end_ms, max(stop_ms, start_ms))
    share = Fraction(end_ms - start_ms, settings.bolus_ms) if settings.bolus_ms else Fraction(1)
    return Bolus(start_ms, end_ms, settings.bolus_ul * share)


def running_spans(begin_ms: int, end_ms: int, stops: Sequence[Span]) -> Iterator[Span]:
    """Yield the parts of begin..end outside `stops`, in order."""
    for stop_ms, restart_ms in sorted(stops):
        if stop_ms > begin_ms:
            yield begin_ms, min(stop_ms, end_ms)
        begin_ms = max(begin_ms, restart_ms)
    if begin_ms < end_ms:
        yield begin_ms, end_ms


def continuous_curve(
    settings: PumpSettings, begin_ms: int, end_ms: int, stops: Sequence[Span]
) -> VolumeCurve:
    """Return what the continuous rate delivers from begin to end, stops left out."""
    speed = Fraction(settings.rate_ul_h, MS_PER_H)
    flows = ((start, end, speed) for start, end in running_spans(begin_ms, end_ms, stops))
    return VolumeCurve.from_flows(begin_ms, end_ms, flows)


def bolus_curve(begin_ms: int, end_ms: int, boluses: Sequence[Bolus]) -> VolumeCurve:
    """Return what the boluses deliver from begin to end."""
    flows: list[Flow] = [
        (bolus.start_ms, bolus.end_ms, bolus.volume_ul / (bolus.end_ms - bolus.start_ms))
        for bolus in boluses
        if bolus.end_ms > bolus.start_ms
    ]
    return VolumeCurve.from_flows(begin_ms, end_ms, flows)


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
        raise BenchError(
            f"{float(ul_per_count)} uL a count makes {total} counts in one window: use a larger"
            f" quantum (at most {MAX_COUNTS} counts)."
        )
    volumes_ul = np.arange(1, total + 1, dtype=np.float64) * float(ul_per_count) - float(phase_ul)
    moments_ms = delivered.when_many(volumes_ul)
    tick = np.ceil((moments_ms - begin_ms) / TICK_MS - 1e-6).astype(np.int64).clip(0, ticks - 1)
    return np.cumsum(np.bincount(tick, minlength=ticks), dtype=np.int32)
