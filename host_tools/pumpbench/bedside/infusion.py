"""What the pump does over one window: moves, lets out of the bag, gives to the patient.

Three volumes that are the same while all is well, and that faults part:

    mechanism        what the pump's mechanism moved: it makes the counts
    left_bag         what left the bag: the weight shows it
    reached_patient  what the patient got: the truth
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

from ..errors import BenchError
from .bag import BagPlan, BagSwap, schedule_swaps
from .fault_effects import Effects, Occlusion
from .patient import Press
from .pump import (
    Bolus,
    Demand,
    PumpSettings,
    Span,
    bolus_curve,
    continuous_curve,
    cut_short,
    respond,
)
from .volume import Flow, VolumeCurve

_ROUNDS = 12


@dataclass(frozen=True)
class Infusion:
    """One window's infusion; curves over the whole span, times in ms from the window's start."""

    span: Span  #: from the arrays' begin to their end
    demands: tuple[Demand, ...]  #: every press and what the pump made of it
    clinician: tuple[Bolus, ...]  #: boluses begun at the pump itself
    swaps: tuple[BagSwap, ...]  #: all bag changes
    stops: tuple[Span, ...]  #: every span in which the pump stands
    blocked: tuple[Span, ...]  #: one span for each occlusion, in their order
    alarms: tuple[int | None, ...]  #: when the pump stopped for each occlusion, None if it never did
    continuous: VolumeCurve  #: what the continuous rate moved
    pcia: VolumeCurve  #: what the patient's boluses moved
    by_clinician: VolumeCurve  #: what the clinician's boluses moved
    primed: VolumeCurve  #: what primes moved
    gravity: VolumeCurve  #: what ran past the mechanism

    @property
    def boluses(self) -> tuple[Bolus, ...]:
        """The patient's boluses."""
        return tuple(demand.bolus for demand in self.demands if demand.bolus is not None)

    def through(self, curve: VolumeCurve) -> VolumeCurve:
        """Returns what of a flow of the mechanism really flowed: none while the line is blocked."""
        return curve.outside(self.blocked)

    @cached_property
    def mechanism(self) -> VolumeCurve:
        """What the mechanism moved."""
        return self.continuous + self.pcia + self.by_clinician + self.primed

    @cached_property
    def left_bag(self) -> VolumeCurve:
        """What left the bag."""
        return self.through(self.mechanism) + self.gravity

    @cached_property
    def reached_patient(self) -> VolumeCurve:
        """What the patient got."""
        return self.through(self.continuous + self.pcia + self.by_clinician) + self.gravity


def infuse(
    settings: PumpSettings, span: Span, presses: Sequence[Press], lags_ms: Sequence[int],
    effects: Effects, bag: BagPlan,
) -> Infusion:
    """Lets the pump run over `span` (standing before 0), with bags changed as `bag` says.

    When a pump stops for an occlusion depends on the bag changes before it, and they on such
    stops: both are found by repeating until they agree. BenchError if they never do.
    """
    alarms: tuple[int | None, ...] = tuple(None for _ in effects.occlusions)
    for _ in range(_ROUNDS):
        found = _with_alarms(settings, span, presses, lags_ms, effects, bag, alarms)
        now = tuple(_alarm_ms(found.mechanism, occlusion) for occlusion in effects.occlusions)
        if now == alarms:
            return found
        alarms = now
    raise BenchError("An occlusion and the bag changes move each other for ever", "move its at_s")


def _with_alarms(
    settings: PumpSettings, span: Span, presses: Sequence[Press], lags_ms: Sequence[int],
    effects: Effects, bag: BagPlan, alarms: Sequence[int | None],
) -> Infusion:
    held = [(ms, ms + occlusion.cleared_after_ms)
            for ms, occlusion in zip(alarms, effects.occlusions, strict=True) if ms is not None]
    stops = [(span[0], 0), *effects.stops, *(swap.stop for swap in bag.forced), *held]
    clinician = tuple(cut_short(bolus, stops) for bolus in effects.clinician)
    busy = [(bolus.start_ms, bolus.end_ms) for bolus in clinician]
    demands = respond(settings, presses, lags_ms, stops, busy)
    boluses = [demand.bolus for demand in demands if demand.bolus is not None]
    blocked = tuple(
        (occlusion.start_ms, span[1] if ms is None else ms + occlusion.cleared_after_ms)
        for ms, occlusion in zip(alarms, effects.occlusions, strict=True)
    )
    primed = VolumeCurve.from_flows(*span, ())
    for flow in effects.primes:
        primed += VolumeCurve.from_flows(*span, [flow])

    def infusion(swaps: Sequence[BagSwap]) -> Infusion:
        standing = [*stops, *(swap.stop for swap in swaps if not swap.forced)]
        return Infusion(
            span, demands, clinician, tuple(swaps), tuple(standing), blocked, tuple(alarms),
            continuous_curve(settings, *span, standing, effects.runaways),
            bolus_curve(*span, boluses), bolus_curve(*span, clinician), primed,
            _gravity(span, effects.gravity, [swap.stop for swap in [*bag.forced, *swaps]]),
        )

    given = [(bolus.start_ms, bolus.end_ms) for bolus in boluses]
    clear = replace(bag, no_change_ms=[*given, *busy, *((a, b) for a, b, _ in effects.primes)])
    presses_ms = [demand.press.at_ms for demand in demands]
    return infusion(schedule_swaps(lambda swaps: infusion(swaps).left_bag, clear, presses_ms))


def _gravity(span: Span, flows: Sequence[Flow], swaps: Sequence[Span]) -> VolumeCurve:
    """Returns what runs past the mechanism; the line is clamped while a bag is changed."""
    total = VolumeCurve.from_flows(*span, ())
    for flow in flows:
        total += VolumeCurve.from_flows(*span, [flow])
    return total.outside(swaps)


def _alarm_ms(mechanism: VolumeCurve, occlusion: Occlusion) -> int | None:
    booked_ul = mechanism.at(occlusion.start_ms) + Fraction(occlusion.alarm_ul)
    at_ms = mechanism.when(booked_ul)
    return None if at_ms is None else -(-at_ms.numerator // at_ms.denominator)
