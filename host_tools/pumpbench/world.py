"""Builds everything a gateway could sense over one patient's window, tick by tick.

The arrays begin `lead_s` before the window (bag hung, pump stopped: time for the nurse) and
end `tail_s` after it (pump still running).

    lead_s         window_days * 86400 s          tail_s
    |--------------|------------------------------|------|
    tick 0         tick lead_s * 10
"""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bag import BagSwap, contents_by_second, schedule_swaps
from .cohort import Patient, Regimen
from .errors import BenchError
from .handset import Edge, contact_edges, debounce, latched_by_tick
from .load_cell import LoadCell
from .patient import plan_presses
from .pump import (
    TICK_MS,
    Demand,
    PumpSettings,
    Span,
    bolus_curve,
    continuous_curve,
    draw_lags_ms,
    motor_counts,
    respond,
    running_spans,
)
from .seeds import stream
from .truth import S_PER_DAY, bolus_list, demand_list, window_totals
from .volume import VolumeCurve

TICKS_PER_S = 1000 // TICK_MS


@dataclass(frozen=True)
class WorldOptions:
    """What may differ from one bench run to another; the defaults are the plain bedside."""

    lead_s: int = 60
    tail_s: int = 180
    bag_ul: int = 250_000
    bag_floor_ul: int = 10_000
    bolus_speed_ul_h: int = 20_000
    lockout_from: str = "start"
    denied_share: float = 0.2
    load_cell: LoadCell = field(default_factory=LoadCell)


@dataclass(frozen=True)
class WindowWorld:
    """One window as the sensors would see it, and the truth behind it.

    counts, presses: int32, cumulative, one a tick of 100 ms; handset_level: uint8, one a tick;
    weights_raw: int32, one a second; swaps: seconds from the window's start; contact: raw
    handset edges (us from the window's start, level) before the filter; cell_zero (raw, empty
    bag on the hook) and cell_per_kg: the calibration the gateway is told.
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
    cell_zero: int
    cell_per_kg: int
    bag_ul: int
    swaps: tuple[BagSwap, ...]
    contact: tuple[Edge, ...]
    truth: dict[str, Any]

    @property
    def swap_times_s(self) -> tuple[int, ...]:
        """When the nurse enters each new bag: it hangs, and the pump still stands."""
        return tuple(swap.entry_s for swap in self.swaps)


def build_window(
    patient: Patient,
    timepoint: str,
    seed: int,
    ul_per_count: float | str | Fraction,
    calibration_error: float | str | Fraction = 0,
    options: WorldOptions | None = None,
) -> WindowWorld:
    """Build one window; the same arguments give the same bytes. BenchError if it cannot be.

    ul_per_count is what the gateway is told; the motor really moves
    ul_per_count * (1 + calibration_error).
    """
    options = options or WorldOptions()
    regimen = patient.regimen(timepoint)
    quantum_ul = _true_quantum_ul(ul_per_count, calibration_error)
    names = (patient.code, timepoint)
    span = (-options.lead_s * 1000, (_window_s(regimen) + options.tail_s) * 1000)
    settings = _settings(regimen, options)
    demands = _demands(settings, regimen, options, seed)
    boluses = [demand.bolus for demand in demands if demand.bolus is not None]
    before = (span[0], 0)
    swaps = schedule_swaps(
        settings,
        span,
        _window_s(regimen),
        [before],
        boluses,
        [demand.press.at_ms for demand in demands],
        options.bag_ul,
        options.bag_floor_ul,
    )
    stops = [before, *(swap.stop for swap in swaps)]
    continuous = continuous_curve(settings, *span, stops)
    pcia = bolus_curve(*span, boluses)
    delivered = continuous + pcia

    ticks = (span[1] - span[0]) // TICK_MS
    phase_ul = quantum_ul * Fraction(int(stream(seed, *names, "phase").integers(1 << 20)), 1 << 20)
    counts = motor_counts(delivered, quantum_ul, phase_ul, span[0], ticks)
    contact = contact_edges([d.press for d in demands], stream(seed, *names, "bounce"))
    presses, level = latched_by_tick(debounce(contact), span[0], ticks)
    contents_ul, hung = contents_by_second(
        delivered, swaps, options.bag_ul, span[0] // 1000, span[1] // 1000
    )
    cell = options.load_cell
    return WindowWorld(
        patient=patient.code,
        timepoint=timepoint,
        lead_s=options.lead_s,
        window_s=_window_s(regimen),
        tail_s=options.tail_s,
        counts=counts,
        presses=presses,
        handset_level=level,
        weights_raw=cell.read(contents_ul, hung, stream(seed, *names, "load_cell")),
        cell_zero=cell.told_tare_raw,
        cell_per_kg=cell.told_counts_per_kg,
        bag_ul=options.bag_ul,
        swaps=swaps,
        contact=tuple(contact),
        truth={
            "patient": patient.code,
            "timepoint": timepoint,
            "seed": seed,
            "window_days": regimen.window_days,
            "programmed_rate_ul_h": regimen.rate_ul_h,
            "told_ul_per_count": float(Fraction(str(ul_per_count))),
            "true_ul_per_count": float(quantum_ul),
            "phase_ul": float(phase_ul),
            "counts_total": int(counts[-1]),
            "delivered_total_ul": float(delivered.at(span[1])),
            **_totals(regimen, continuous, pcia, stops, demands),
            "boluses": bolus_list(demands),
            "demand_list": demand_list(demands),
            "swaps": [vars(swap) for swap in swaps],
        },
    )


def _window_s(regimen: Regimen) -> int:
    return regimen.window_days * S_PER_DAY


def _settings(regimen: Regimen, options: WorldOptions) -> PumpSettings:
    return PumpSettings(
        rate_ul_h=regimen.rate_ul_h,
        bolus_ul=regimen.bolus_ul,
        lockout_ms=regimen.lockout_s * 1000,
        bolus_speed_ul_h=options.bolus_speed_ul_h,
        lockout_from=options.lockout_from,
    )


def _demands(
    settings: PumpSettings, regimen: Regimen, options: WorldOptions, seed: int
) -> tuple[Demand, ...]:
    """Let the patient press and the pump answer; bag changes come later and avoid both."""
    names = (regimen.patient, regimen.timepoint)
    plan = plan_presses(
        regimen, settings.bolus_ms, options.denied_share, stream(seed, *names, "presses")
    )
    lags_ms = draw_lags_ms(len(plan), stream(seed, *names, "lags"))
    return respond(settings, plan, lags_ms, [(-options.lead_s * 1000, 0)])


def _totals(
    regimen: Regimen,
    continuous: VolumeCurve,
    pcia: VolumeCurve,
    stops: list[Span],
    demands: tuple[Demand, ...],
) -> dict[str, Any]:
    running = running_spans(0, _window_s(regimen) * 1000, stops)
    running_ms = sum(end_ms - start_ms for start_ms, end_ms in running)
    return window_totals(regimen, continuous, pcia, running_ms, demands)


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
