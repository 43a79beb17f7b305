"""Builds everything a gateway could sense over one patient's window, tick by tick.

The arrays begin `lead_s` before the window (bag hung, pump stopped: time for the nurse) and
end `tail_s` after it (pump still running).

    lead_s         window_days * 86400 s          tail_s
    |--------------|------------------------------|------|
    tick 0         tick lead_s * 10
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..board.virtual_board import CLOSED, Pins
from ..errors import BenchError
from ..faults.faults import Fault
from .bag import BagPlan, BagSwap, contents_by_second
from .cohort import Patient
from .fault_effects import Effects, effects_of, meant_presses
from .fault_truth import fault_list
from .handset import Edge, contact_edges, debounce, latched_by_second, latched_by_tick
from .infusion import infuse
from .load_cell import LoadCell
from .patient import plan_presses
from .pump import TICK_MS, PumpSettings, Span, as_counted, draw_lags_ms, motor_counts
from .relief import plan_reliefs
from .room import quarter_degrees, temperature_by_second
from .seeds import stream
from .truth import (
    S_PER_DAY,
    bolus_list,
    demand_list,
    relief_list,
    swap_list,
    trace,
    window_totals,
)

TICKS_PER_S = 1000 // TICK_MS


@dataclass(frozen=True)
class WorldOptions:
    """What may differ from one bench run to another; the defaults are the plain bedside.

    quantum_drift_per_day: the share by which the true quantum grows in 24 h, hidden from the board;
    trace_s: how often truth["trace"] notes the volumes.
    """

    lead_s: int = 60
    tail_s: int = 180
    bag_ul: int = 250_000
    bag_floor_ul: int = 10_000
    bolus_speed_ul_h: int = 20_000
    lockout_from: str = "start"
    denied_share: float = 0.2
    load_cell: LoadCell = field(default_factory=LoadCell)
    quantum_drift_per_day: Fraction = Fraction(0)
    trace_s: int = 3600


@dataclass(frozen=True)
class WindowWorld:
    """One window as the sensors would see it, and the truth behind it.

    counts, presses: int32, cumulative, one a tick of 100 ms; handset_level: uint8, one a tick;
    weights_raw, reliefs (cumulative presses of the relief button) and temperature (quarter
    degrees): int32, one a second, as contents_ul: float64, what the hung bag holds; swaps: seconds
    from the window's start; contact: raw handset edges (us from the window's start, level) before
    the filter; cell_zero (raw, empty bag on the hook) and cell_per_kg: the calibration the gateway
    is told; faults: those of this window.
    """

    patient: str
    timepoint: str
    lead_s: int
    window_s: int
    tail_s: int
    counts: NDArray[np.int32]
    presses: NDArray[np.int32]
    handset_level: NDArray[np.uint8]
    weights_raw: NDArray[np.int32]
    reliefs: NDArray[np.int32]
    temperature: NDArray[np.int32]
    contents_ul: NDArray[np.float64]
    cell_zero: int
    cell_per_kg: int
    bag_ul: int
    swaps: tuple[BagSwap, ...]
    contact: tuple[Edge, ...]
    faults: tuple[Fault, ...]
    truth: dict[str, Any]

    @property
    def swap_times_s(self) -> tuple[int, ...]:
        """When the nurse enters each new bag: it hangs, and the pump still stands."""
        return tuple(swap.entry_s for swap in self.swaps)

    @property
    def pins(self) -> Pins:
        """What the board's pins show."""
        last = TICKS_PER_S - 1  # of each second's ticks: the one at which the board looks
        closed = self.handset_level[last::TICKS_PER_S].astype(np.int32) * CLOSED
        packed = self.temperature << 8 | closed
        return Pins(self.counts, self.presses, self.weights_raw, self.reliefs, packed)


def build_window(
    patient: Patient,
    timepoint: str,
    seed: int,
    ul_per_count: float | str | Fraction,
    calibration_error: float | str | Fraction = 0,
    options: WorldOptions | None = None,
    faults: Sequence[Fault] = (),
) -> WindowWorld:
    """Build one window; the same arguments give the same bytes. BenchError if it cannot be.

    ul_per_count is what the gateway is told; the motor really moves
    ul_per_count * (1 + calibration_error). faults: those of this patient and timepoint.
    """
    options = options or WorldOptions()
    regimen = patient.regimen(timepoint)
    names = (patient.code, timepoint)

    def draw(name: str) -> np.random.Generator:
        return stream(seed, *names, name)

    quantum_ul = _true_quantum_ul(ul_per_count, calibration_error)
    window_s = regimen.window_days * S_PER_DAY
    begin_s, end_s = -options.lead_s, window_s + options.tail_s
    span = (begin_s * 1000, end_s * 1000)
    settings = PumpSettings(
        regimen.rate_ul_h, regimen.bolus_ul, regimen.lockout_s * 1000, options.bolus_speed_ul_h,
        options.lockout_from,
    )
    effects = effects_of(faults, settings, window_s)
    bag = BagPlan(window_s, options.bag_ul, options.bag_floor_ul, effects.swaps, effects.refills)
    plan = plan_presses(regimen, settings.bolus_ms, options.denied_share, draw("presses"))
    presses_made, mistaken = meant_presses(effects, plan)
    lags_ms = draw_lags_ms(len(presses_made), draw("lags"))
    infusion = infuse(settings, span, presses_made, lags_ms, effects, bag)

    ticks = (span[1] - span[0]) // TICK_MS
    phase_ul = quantum_ul * Fraction(int(draw("phase").integers(1 << 20)), 1 << 20)
    moved = as_counted(infusion.mechanism, options.quantum_drift_per_day)
    counts = motor_counts(moved, quantum_ul, phase_ul, span[0], ticks)
    _add_glitches(counts, effects, span)
    contact = contact_edges(presses_made, draw("bounce"), effects.rough)
    presses, level = latched_by_tick(debounce(contact), span[0], ticks)
    given = [d.bolus for d in infusion.demands if d.outcome == "delivered" and d.bolus]
    reliefs = plan_reliefs(given, timepoint, draw("relief"))
    relief_ms = [ms for relief in reliefs for ms in relief.at_ms] + [p.at_ms for p in mistaken]
    contents_ul, hung = contents_by_second(infusion.left_bag, bag, infusion.swaps, begin_s, end_s)
    ward_c = temperature_by_second(begin_s, end_s, draw("ward"))
    cell = options.load_cell
    return WindowWorld(
        patient=patient.code,
        timepoint=timepoint,
        lead_s=options.lead_s,
        window_s=window_s,
        tail_s=options.tail_s,
        counts=counts,
        presses=presses,
        handset_level=level,
        weights_raw=cell.read(contents_ul, hung, ward_c, begin_s, draw, effects.handling),
        reliefs=latched_by_second(relief_ms, begin_s, end_s - begin_s),
        temperature=quarter_degrees(ward_c),
        contents_ul=contents_ul,
        cell_zero=cell.told_tare_raw,
        cell_per_kg=cell.told_counts_per_kg,
        bag_ul=options.bag_ul,
        swaps=infusion.swaps,
        contact=tuple(contact),
        faults=tuple(faults),
        truth={
            "patient": patient.code,
            "timepoint": timepoint,
            "seed": seed,
            "window_days": regimen.window_days,
            "programmed_rate_ul_h": regimen.rate_ul_h,
            "told_ul_per_count": float(Fraction(str(ul_per_count))),
            "true_ul_per_count": float(quantum_ul),
            "true_ul_per_count_at_end": float(
                quantum_ul * (1 + options.quantum_drift_per_day * regimen.window_days)),
            "phase_ul": float(phase_ul),
            "counts_total": int(counts[-1]),
            "presses_latched": int(presses[-1]),
            "delivered_total_ul": float(infusion.mechanism.at(span[1])),
            **window_totals(regimen, infusion),
            "boluses": bolus_list(infusion.boluses, infusion),
            "clinician_boluses": bolus_list(infusion.clinician, infusion),
            "demand_list": demand_list(infusion.demands),
            "reliefs": relief_list(reliefs),
            "stray_relief_s": [press.at_ms / 1000 for press in mistaken],
            "swaps": swap_list(infusion),
            "faults": fault_list(faults, infusion, effects, counts, presses, begin_s, window_s),
            "trace": trace(infusion, contents_ul, counts, span, options.trace_s),
        },
    )


def _add_glitches(counts: NDArray[np.int32], effects: Effects, span: Span) -> None:
    for at_ms, extra in effects.glitches:
        counts[(at_ms - span[0]) // TICK_MS :] += extra


def _true_quantum_ul(
    ul_per_count: float | str | Fraction, calibration_error: float | str | Fraction
) -> Fraction:
    """Return what the motor really moves a count; decimals are taken as written."""
    try:
        quantum_ul = Fraction(str(ul_per_count)) * (1 + Fraction(str(calibration_error)))
    except (ValueError, ZeroDivisionError) as error:
        raise BenchError(f"ul_per_count or its error: {error}: write digits, as in 0.5.") from error
    if quantum_ul <= 0:
        raise BenchError(
            f"ul_per_count {ul_per_count} with a calibration error of {calibration_error} is"
            " not above zero: correct one of them."
        )
    return quantum_ul
