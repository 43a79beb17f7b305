"""Builds one bedside: first what happens there, then what the sensors make of it, then the truth.

Each kind of chance (presses, lags, the load cell's noise ...) draws from a random stream of its own,
named after the patient and the window. So a change to one part of the physics leaves the draws of all
others as they were, and the same arguments give the same bytes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cohort import Patient, Regimen
from ..errors import BenchError
from ..faults import Fault
from .bag import BagPlan, contents_by_second
from .bedside import Bedside, BedsideOptions
from .fault_effects import Effects, effects_of, meant_presses
from .fault_truth import fault_list
from .handset import contact_edges, debounce, latched_by_second, latched_by_tick
from .infusion import Infusion, infuse
from .patient import Press, plan_presses
from .pins import TICK_MS
from .pump import PumpSettings, Span, as_counted, draw_lags_ms, motor_counts
from .relief import Relief, plan_reliefs
from .room import quarter_degrees, temperature_by_second
from .seeds import stream
from .truth import S_PER_DAY, bolus_list, demand_list, relief_list, swap_list, trace, window_totals

_Draw = Callable[[str], np.random.Generator]
_Decimal = float | str | Fraction


@dataclass(frozen=True)
class _Course:
    """What happens over one window, whether anybody looks or not."""

    span: Span
    effects: Effects
    bag: BagPlan
    presses: tuple[Press, ...]
    mistaken: tuple[Press, ...]
    infusion: Infusion
    reliefs: tuple[Relief, ...]


@dataclass(frozen=True)
class _Quantum:
    """Microlitres a count: as the board is told, as it is, and where the motor stands at first."""

    told_ul: Fraction
    true_ul: Fraction
    phase_ul: Fraction


def build_bedside(
    patient: Patient,
    timepoint: str,
    seed: int,
    ul_per_count: _Decimal,
    calibration_error: _Decimal = 0,
    options: BedsideOptions | None = None,
    faults: Sequence[Fault] = (),
) -> Bedside:
    """Builds one window; the same arguments give the same bytes. BenchError if it cannot be.

    ul_per_count is what the gateway is told; the motor really moves
    ul_per_count * (1 + calibration_error). faults: those of this patient and timepoint.
    """
    options = options or BedsideOptions()
    regimen = patient.regimen(timepoint)

    def draw(name: str) -> np.random.Generator:
        return stream(seed, patient.code, timepoint, name)

    true_ul = _true_quantum_ul(ul_per_count, calibration_error)
    quantum = _Quantum(Fraction(str(ul_per_count)), true_ul,
                       true_ul * Fraction(int(draw("phase").integers(1 << 20)), 1 << 20))
    course = _course(regimen, options, faults, draw)
    sensed = _sensed(course, options, quantum, draw)
    return Bedside(
        patient=patient.code,
        timepoint=timepoint,
        lead_s=options.lead_s,
        window_s=course.bag.window_s,
        tail_s=options.tail_s,
        cell_zero=options.load_cell.told_tare_raw,
        cell_per_kg=options.load_cell.told_counts_per_kg,
        bag_ul=options.bag_ul,
        swaps=course.infusion.swaps,
        faults=tuple(faults),
        truth={"patient": patient.code, "timepoint": timepoint, "seed": seed,
               **_truth(course, regimen, options, faults, quantum, sensed)},
        **sensed,
    )


def _course(
    regimen: Regimen, options: BedsideOptions, faults: Sequence[Fault], draw: _Draw
) -> _Course:
    """Returns what pump, patient and faults make of the window."""
    window_s = regimen.window_days * S_PER_DAY
    span = -options.lead_s * 1000, (window_s + options.tail_s) * 1000
    settings = PumpSettings(
        regimen.rate_ul_h, regimen.bolus_ul, regimen.lockout_s * 1000, options.bolus_speed_ul_h,
        options.lockout_from,
    )
    effects = effects_of(faults, settings, window_s)
    bag = BagPlan(window_s, options.bag_ul, options.bag_floor_ul, effects.swaps, effects.refills)
    planned = plan_presses(regimen, settings.bolus_ms, options.denied_share, draw("presses"))
    presses, mistaken = meant_presses(effects, planned)
    infusion = infuse(settings, span, presses, draw_lags_ms(len(presses), draw("lags")), effects, bag)
    given = [d.bolus for d in infusion.demands if d.outcome == "delivered" and d.bolus]
    reliefs = plan_reliefs(given, regimen.timepoint, draw("relief"))
    return _Course(span, effects, bag, presses, mistaken, infusion, reliefs)


def _sensed(
    course: _Course, options: BedsideOptions, quantum: _Quantum, draw: _Draw
) -> dict[str, Any]:
    """Returns the sensors' arrays, by the names of Bedside's fields."""
    begin_s, end_s = course.span[0] // 1000, course.span[1] // 1000
    ticks = (course.span[1] - course.span[0]) // TICK_MS
    moved = as_counted(course.infusion.mechanism, options.quantum_drift_per_day)
    counts = motor_counts(moved, quantum.true_ul, quantum.phase_ul, course.span[0], ticks)
    _add_glitches(counts, course.effects, course.span)
    contact = contact_edges(course.presses, draw("bounce"), course.effects.rough)
    presses, level = latched_by_tick(debounce(contact), course.span[0], ticks)
    relief_ms = [ms for relief in course.reliefs for ms in relief.at_ms]
    relief_ms += [press.at_ms for press in course.mistaken]
    contents_ul, hung = contents_by_second(
        course.infusion.left_bag, course.bag, course.infusion.swaps, begin_s, end_s)
    ward_c = temperature_by_second(begin_s, end_s, draw("ward"))
    return {
        "counts": counts,
        "presses": presses,
        "handset_level": level,
        "weights_raw": options.load_cell.read(
            contents_ul, hung, ward_c, begin_s, draw, course.effects.handling),
        "reliefs": latched_by_second(relief_ms, begin_s, end_s - begin_s),
        "temperature": quarter_degrees(ward_c),
        "contents_ul": contents_ul,
        "contact": tuple(contact),
    }


def _truth(
    course: _Course, regimen: Regimen, options: BedsideOptions, faults: Sequence[Fault],
    quantum: _Quantum, sensed: dict[str, Any],
) -> dict[str, Any]:
    """Returns what really happened, in the order of truth.json."""
    infusion, counts, presses = course.infusion, sensed["counts"], sensed["presses"]
    drift = options.quantum_drift_per_day * regimen.window_days
    begin_s = course.span[0] // 1000
    return {
        "window_days": regimen.window_days,
        "programmed_rate_ul_h": regimen.rate_ul_h,
        "told_ul_per_count": float(quantum.told_ul),
        "true_ul_per_count": float(quantum.true_ul),
        "true_ul_per_count_at_end": float(quantum.true_ul * (1 + drift)),
        "phase_ul": float(quantum.phase_ul),
        "counts_total": int(counts[-1]),
        "presses_latched": int(presses[-1]),
        "delivered_total_ul": float(infusion.mechanism.at(course.span[1])),
        **window_totals(regimen, infusion),
        "boluses": bolus_list(infusion.boluses, infusion),
        "clinician_boluses": bolus_list(infusion.clinician, infusion),
        "demand_list": demand_list(infusion.demands),
        "reliefs": relief_list(course.reliefs),
        "stray_relief_s": [press.at_ms / 1000 for press in course.mistaken],
        "swaps": swap_list(infusion),
        "faults": fault_list(faults, infusion, course.effects, counts, presses, begin_s,
                             course.bag.window_s),
        "trace": trace(infusion, sensed["contents_ul"], counts, course.span, options.trace_s),
    }


def _add_glitches(counts: NDArray[np.int32], effects: Effects, span: Span) -> None:
    for at_ms, extra in effects.glitches:
        counts[(at_ms - span[0]) // TICK_MS :] += extra


def _true_quantum_ul(ul_per_count: _Decimal, calibration_error: _Decimal) -> Fraction:
    """Returns what the motor really moves a count; decimals are taken as written."""
    try:
        quantum_ul = Fraction(str(ul_per_count)) * (1 + Fraction(str(calibration_error)))
    except (ValueError, ZeroDivisionError) as error:
        raise BenchError(f"ul_per_count or its error: {error}", "write digits, as in 0.5") from error
    if quantum_ul <= 0:
        raise BenchError(f"ul_per_count {ul_per_count} with a calibration error of"
                         f" {calibration_error} is not above zero", "correct either")
    return quantum_ul
