"""What faults do to the bedside's physics: pump, line, bag, load cell, handset, buttons.

Effects of several faults add up. Faults of the board stand in faults/of_board.py, those of people in
nurse/script.py. Times in ms from the window's start unless named otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from ..errors import BenchError
from ..faults import Fault
from .bag import BagSwap, Refill
from .load_cell import Garbage, Handling
from .patient import Press
from .pump import Bolus, PumpSettings, Span
from .volume import MS_PER_H, Flow

_BREATHER_MS = 60_000  # the pump stands before and after a prime


@dataclass(frozen=True)
class Occlusion:
    """The line is blocked until some time past the pump's own alarm."""

    start_ms: int  #: when it is blocked, ms from the window's start
    alarm_ul: int  #: what the mechanism moves until the pump stops, microlitres
    cleared_after_ms: int  #: from the pump's stop until the line is free and the pump runs


@dataclass
class Effects:
    """What all faults of a window come to; empty: nothing goes wrong."""

    stops: list[Span] = field(default_factory=list)  #: spans in which the pump stands
    occlusions: list[Occlusion] = field(default_factory=list)  #: blocked lines, in order of time
    #: spans at so many times the continuous rate
    runaways: list[tuple[Span, Fraction]] = field(default_factory=list)
    gravity: list[Flow] = field(default_factory=list)  #: what runs past the mechanism
    primes: list[Flow] = field(default_factory=list)  #: flows through the mechanism into no patient
    clinician: list[Bolus] = field(default_factory=list)  #: boluses begun at the pump itself
    glitches: list[tuple[int, int]] = field(default_factory=list)  #: (ms, counts that no motor made)
    swaps: list[BagSwap] = field(default_factory=list)  #: bag changes that must happen
    refills: list[Refill] = field(default_factory=list)  #: what is added to a hanging bag
    #: spans in which a worn contact bounces for so many us more
    rough: list[tuple[Span, int]] = field(default_factory=list)
    stuck: list[Press] = field(default_factory=list)  #: presses that are a contact that stays closed
    #: (from ms, how many presses go to the relief button)
    mistaken: list[tuple[int, int]] = field(default_factory=list)
    handling: Handling = field(default_factory=Handling)  #: what is done to hook and load cell


def effects_of(faults: Sequence[Fault], settings: PumpSettings, end_s: int) -> Effects:
    """Returns what these faults of one window do; end_s: the window's end. BenchError if two
    bag changes overlap."""
    effects = Effects()
    for fault in sorted(faults, key=lambda fault: (fault.at_s, fault.kind)):
        if fault.kind in _EFFECTS:
            _EFFECTS[fault.kind](effects, fault, settings, end_s)
    for swap, later in zip(effects.swaps, effects.swaps[1:], strict=False):
        if later.stop_s < swap.restart_s:
            raise BenchError(f"The bag changes at {swap.stop_s} and {later.stop_s} s overlap",
                             "move either")
    return effects


def meant_presses(
    effects: Effects, planned: Sequence[Press]
) -> tuple[tuple[Press, ...], tuple[Press, ...]]:
    """Returns the presses of the handset that come about, and those made on the relief button.

    A press while the contact is stuck closes nothing; a mistaken one goes to the other button.
    """
    left = [press for press in planned if not any(
        stuck.at_ms < press.at_ms + press.hold_ms and press.at_ms < stuck.at_ms + stuck.hold_ms
        for stuck in effects.stuck)]
    mistaken: list[Press] = []
    for from_ms, n in effects.mistaken:
        taken = [press for press in left if press.at_ms >= from_ms][:n]
        mistaken += taken
        left = [press for press in left if press not in taken]
    return tuple(sorted([*left, *effects.stuck])), tuple(sorted(mistaken))


def _ms(fault: Fault, end_s: int) -> Span:
    begin_s, until_s = fault.span_s(end_s)
    return begin_s * 1000, until_s * 1000


def _occlusion(effects: Effects, fault: Fault, settings: PumpSettings, end_s: int) -> None:
    effects.occlusions.append(Occlusion(
        fault.at_s * 1000, int(fault.number("alarm_ul")), int(fault.number("duration_s")) * 1000))


def _free_flow(effects: Effects, fault: Fault, settings: PumpSettings, end_s: int) -> None:
    effects.gravity.append((*_ms(fault, end_s), fault.number("rate_ml_h") * 1000 / MS_PER_H))


def _runaway(effects: Effects, fault: Fault, settings: PumpSettings, end_s: int) -> None:
    effects.runaways.append((_ms(fault, end_s), fault.number("factor")))


def _pump_stop(effects: Effects, fault: Fault, settings: PumpSettings, end_s: int) -> None:
    effects.stops.append(_ms(fault, end_s))


def _prime(effects: Effects, fault: Fault, settings: PumpSettings, end_s: int) -> None:
    ul_per_ms = fault.number("rate_ml_h") * 1000 / MS_PER_H
    begin_ms = fault.at_s * 1000 + _BREATHER_MS
    end_ms = begin_ms + int(fault.number("volume_ml") * 1000 / ul_per_ms)
    effects.primes.append((begin_ms, end_ms, ul_per_ms))
    effects.stops.append((fault.at_s * 1000, end_ms + _BREATHER_MS))


def _clinician_bolus(effects: Effects, fault: Fault, settings: PumpSettings, end_s: int) -> None:
    volume_ul = fault.number("volume_ml") * 1000 or Fraction(settings.bolus_ul)
    begin_ms = fault.at_s * 1000
    lasts_ms = -(-volume_ul * MS_PER_H // settings.bolus_speed_ul_h)
    effects.clinician.append(Bolus(begin_ms, begin_ms + int(lasts_ms), volume_ul))


def _count_glitch(effects: Effects, fault: Fault, settings: PumpSettings, end_s: int) -> None:
    effects.glitches.append((fault.at_s * 1000, int(fault.number("counts"))))


def _bag_change(effects: Effects, fault: Fault, settings: PumpSettings, end_s: int) -> None:
    effects.swaps.append(BagSwap.at(fault.at_s, int(fault.number("volume_ml") * 1000), forced=True))


def _refill(effects: Effects, fault: Fault, settings: PumpSettings, end_s: int) -> None:
    effects.refills.append(Refill(
        *fault.span_s(end_s), int(fault.number("volume_ml") * 1000)))


def _handset_bounce(effects: Effects, fault: Fault, settings: PumpSettings, end_s: int) -> None:
    effects.rough.append((_ms(fault, end_s), int(fault.number("bounce_ms")) * 1000))


def _handset_stuck(effects: Effects, fault: Fault, settings: PumpSettings, end_s: int) -> None:
    begin_ms, until_ms = _ms(fault, end_s)
    effects.stuck.append(Press(begin_ms, until_ms - begin_ms))


def _wrong_button(effects: Effects, fault: Fault, settings: PumpSettings, end_s: int) -> None:
    effects.mistaken.append((fault.at_s * 1000, int(fault.number("presses"))))


def _knock(effects: Effects, fault: Fault, settings: PumpSettings, end_s: int) -> None:
    effects.handling.knocks.append((fault.span_s(end_s), float(fault.number("grams"))))


def _tilt(effects: Effects, fault: Fault, settings: PumpSettings, end_s: int) -> None:
    effects.handling.tilts.append((fault.span_s(end_s), float(fault.number("degrees"))))


def _load_cell_dead(effects: Effects, fault: Fault, settings: PumpSettings, end_s: int) -> None:
    effects.handling.dead.append(fault.span_s(end_s))


def _load_cell_drift(effects: Effects, fault: Fault, settings: PumpSettings, end_s: int) -> None:
    effects.handling.drifts.append((fault.span_s(end_s), float(fault.number("g_per_h"))))


def _load_cell_garbage(
    effects: Effects, fault: Fault, settings: PumpSettings, end_s: int
) -> None:
    effects.handling.garbage.append(Garbage(
        fault.span_s(end_s), float(fault.number("share_percent")) / 100,
        int(fault.number("least_raw")), int(fault.number("most_raw"))))


_EFFECTS: dict[str, Callable[[Effects, Fault, PumpSettings, int], None]] = {
    "occlusion": _occlusion,
    "free_flow": _free_flow,
    "runaway": _runaway,
    "pump_stop": _pump_stop,
    "prime": _prime,
    "clinician_bolus": _clinician_bolus,
    "count_glitch": _count_glitch,
    "bag_change": _bag_change,
    "refill": _refill,
    "handset_bounce": _handset_bounce,
    "handset_stuck": _handset_stuck,
    "wrong_button": _wrong_button,
    "knock": _knock,
    "tilt": _tilt,
    "load_cell_dead": _load_cell_dead,
    "load_cell_drift": _load_cell_drift,
    "load_cell_garbage": _load_cell_garbage,
}
