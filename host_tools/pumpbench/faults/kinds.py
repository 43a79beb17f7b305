"""Every kind of fault: its parameters, what happens at the bedside, what the host must show.

The one table of faults: `pumpbench run --faults` reads files by it, and docs/FAULTS.md is made
from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Place = Literal["pump and line", "bag and load cell", "handset and buttons", "board", "people"]


@dataclass(frozen=True)
class Parameter:
    """A number with its limits, or a text."""

    default: int | float | str  #: what holds if the file leaves it out; a text where this is ""
    low: float = 0  #: the least that is taken
    high: float = 0  #: the most that is taken
    whole: bool = True  #: whole numbers alone are taken
    note: str = ""  #: what the documentation says of it


@dataclass(frozen=True)
class Kind:
    """One kind of fault."""

    place: Place  #: where it happens
    parameters: dict[str, Parameter]  #: by name
    does: str  #: what happens at the bedside, for the documentation
    leads_to: str  #: what the host must show for it
    at_start: bool = False  #: it holds for the whole window, so at_s is 0


_DAY_S = 86_400
_LONGEST_S = 60 * _DAY_S


def _lasting(default_s: int) -> Parameter:
    return Parameter(default_s, 0 if default_s == 0 else 1, _LONGEST_S,
                     note="0: to the window's end" if default_s == 0 else "")


def _real(default: float, low: float, high: float, note: str = "") -> Parameter:
    return Parameter(default, low, high, whole=False, note=note)


KINDS: dict[str, Kind] = {
    "occlusion": Kind(
        "pump and line",
        {"alarm_ul": Parameter(1200, 1, 100_000), "duration_s": _lasting(1800)},
        "The line between bag and pump is blocked: counts go on, nothing leaves the bag, nothing"
        " reaches the patient. Once the mechanism has moved alarm_ul the pump stops; duration_s"
        " later it is cleared and runs on.",
        "Possible occlusion, before 1.5 mL of false volume is booked. Doses say how much was counted"
        " from then on and that it is doubtful. Their low bounds leave it out. The pump's stop is a"
        " stop.",
    ),
    "free_flow": Kind(
        "pump and line",
        {"rate_ml_h": _real(15, 0.1, 500), "duration_s": _lasting(1200)},
        "The bag runs into the patient past the mechanism: weight falls, no counts. It pauses while"
        " a bag is changed.",
        "Possible free flow, within 1.5 mL of it, with what counts and weight say; doses say that"
        " milligrams from counts are too low. Their bounds hold what left the bag, and say doubtful. So"
        " does the reservoir in a status, until an hour after.",
    ),
    "runaway": Kind(
        "pump and line",
        {"factor": _real(3, 1.01, 100), "duration_s": _lasting(3600)},
        "The continuous rate runs at factor times what is programmed; it is counted, leaves the bag"
        " and reaches the patient.",
        "Possible runaway, or regimen mismatch: counts above the regimen; the volume is booked as it"
        " was counted.",
    ),
    "pump_stop": Kind(
        "pump and line",
        {"duration_s": _lasting(1800)},
        "The pump stands: a running bolus is halted, presses are denied. A bolus halted before nine"
        " tenths of it were given is given in part.",
        "Pump stopped and running again, each with its uncertainty; demands denied, reason stopped. A"
        " bolus given in part is no delivery: it is counted apart, with its volume.",
    ),
    "prime": Kind(
        "pump and line",
        {"volume_ml": _real(3, 0.1, 50), "rate_ml_h": _real(60, 1, 1000)},
        "Disconnected from the patient, the line is flushed through the mechanism: it is counted and"
        " leaves the bag. The pump stands for a minute before and after.",
        "A prime: in the reservoir, in no dose and no frequency.",
    ),
    "clinician_bolus": Kind(
        "pump and line",
        {"volume_ml": _real(0, 0, 50, "0: the patient's bolus")},
        "A bolus begun at the pump, on top of the continuous rate, without a press and outside the"
        " lockout. It halts a patient's bolus that runs; presses are denied until it ends.",
        "A bolus by a clinician: in the dose, not in the frequency.",
    ),
    "knock": Kind(
        "bag and load cell",
        {"grams": _real(50, -1000, 1000), "duration_s": Parameter(10, 1, 60)},
        "Something bumps the hook: the reading swings by grams and is back after duration_s.",
        "Nothing: no event, no volume, no bag change.",
    ),
    "tilt": Kind(
        "bag and load cell",
        {"degrees": _real(10, -60, 60), "duration_s": _lasting(3600)},
        "The hook leans: the cell reads the cosine of the load (10 degrees: 1.5 % less).",
        "No bag change, no free flow. The weight of that stretch takes no part in the check of the"
        " calibration, or its error says so.",
    ),
    "bag_change": Kind(
        "bag and load cell",
        {"volume_ml": _real(250, 10, 500)},
        "An unplanned fresh bag: the pump stands for 180 s, the hook is empty for 60 s."
        " The nurse enters it unless another fault says otherwise.",
        "A bag change, with time and uncertainty, beside the nurse's entry.",
    ),
    "refill": Kind(
        "bag and load cell",
        {"volume_ml": _real(100, 5, 400), "duration_s": Parameter(120, 10, 3600)},
        "The hanging bag is filled up through its port while the pump runs; nobody enters it.",
        "A refill, with time and uncertainty; the reservoir goes up by it; milligrams unknown from"
        " there, since nobody said what was added.",
    ),
    "load_cell_dead": Kind(
        "bag and load cell",
        {"duration_s": _lasting(0)},
        "The load cell gives no readings.",
        "Load cell dead; the reservoir goes on by counts alone, with a growing error; doses stay.",
    ),
    "load_cell_drift": Kind(
        "bag and load cell",
        {"g_per_h": _real(1, -100, 100), "duration_s": _lasting(0)},
        "The cell's zero drifts by g_per_h, and stays where it got to.",
        "Load cell possibly drifting, or a disagreement of counts and weight, which may be worded as a"
        " possible occlusion. Weight alone cannot tell them apart. Never a dose, never applied to the"
        " calibration.",
    ),
    "load_cell_garbage": Kind(
        "bag and load cell",
        {"share_percent": _real(1, 0.001, 10),
         "least_raw": Parameter(-8_388_608, -8_388_608, 8_388_607),
         "most_raw": Parameter(8_388_607, -8_388_608, 8_388_607, note="least_raw: a constant"),
         "duration_s": _lasting(0)},
        "Single readings of the cell are numbers that no load made, share_percent of them, evenly from"
        " least_raw to most_raw.",
        "Nothing: no event, no bag change, no bolus of another kind. Milligrams stay known.",
    ),
    "count_glitch": Kind(
        "pump and line",
        {"counts": Parameter(5, 1, 1_000_000)},
        "The motor tap picks up counts that no motor made.",
        "Booked as counted, since the board cannot know (five and more at once as a clinician's bolus)."
        " What came faster than a pump gives is out of the low bounds, and told."
        " Once it is over the weight's error, a disagreement of counts and weight.",
    ),
    "handset_bounce": Kind(
        "handset and buttons",
        {"bounce_ms": Parameter(80, 20, 250), "duration_s": _lasting(_DAY_S)},
        "A worn contact bounces so long at both ends of a press that the filter lets it through.",
        "Every press logged once.",
    ),
    "handset_stuck": Kind(
        "handset and buttons",
        {"duration_s": _lasting(600)},
        "The handset's contact stays closed: a demand as it closes, none for presses until it opens.",
        "Handset stuck, with its beginning and end; a single demand.",
    ),
    "wrong_button": Kind(
        "handset and buttons",
        {"presses": Parameter(1, 1, 100)},
        "The patient takes the relief button for the handset, at the next presses due: no bolus.",
        "No demand. Without a bolus in the hour before, or three in two minutes: stray, shown as"
        " \"handset mistaken?\", left out of onset. Within the hour after a bolus: a later press for"
        " that bolus, and no onset. If its relief was never pressed, nothing tells them apart.",
    ),
    "power_cut": Kind(
        "board",
        {"off_s": Parameter(600, 1, _LONGEST_S)},
        "The gateway's 5 V go, the hold-up runs, then it is off for off_s while the pump runs on. A"
        " visit in that time is entered on the laptop alone.",
        "A last-gasp record with the minute so far, a boot (power on). The stretch off is bracketed by"
        " the weight on both sides, else unknown; never zero, in no value, in the high bounds. The boot"
        " is placed by its own clock or the next visit, else its minutes are told as without a time. The"
        " next pull tells that the board was off, from two minutes on, with its times.",
    ),
    "brownout": Kind(
        "board",
        {"off_s": Parameter(2, 1, 3600)},
        "The gateway's supply dips without warning: it resets, and what it retained is lost.",
        "A boot (power on); the time since the last minute is bracketed by the weight. A bolus that ran"
        " is a single delivery, with bounds, since its end was not recorded. What comes of it after the"
        " boot is the patient's too.",
    ),
    "watchdog_reset": Kind(
        "board",
        {"off_s": Parameter(8, 1, 3600)},
        "The firmware hangs and the watchdog resets it, off_s from hang to boot; the counters begin"
        " at zero, retained memory is kept.",
        "A boot (watchdog), placed by the boot before it. What had been counted is kept, and the time"
        " lost is bracketed: at most 25 s, in no value, in the high bounds.",
    ),
    "flash_stall": Kind(
        "board",
        {"stall_ms": Parameter(400, 100, 60_000, note="in steps of 100"),
         "every_ms": Parameter(1000, 200, 600_000, note="in steps of 100"),
         "duration_s": _lasting(60)},
        "Flash erases hold the loop for stall_ms out of every_ms; the hardware counters go on.",
        "Counts and presses exact; ticks skipped recorded with their number.",
    ),
    "radio_loss": Kind(
        "board",
        {"drops": Parameter(3, 1, 1000), "every_s": _real(2, 0.1, 600)},
        "Nothing in the window. When the run is served, every link on the air breaks, drops times,"
        " every_s after the break before.",
        "Pulls broken off in a sentence, exit 3, what came kept; after another pull nothing lacks.",
        at_start=True,
    ),
    "bag_late": Kind(
        "people",
        {"late_s": Parameter(3600, 1, _LONGEST_S),
         "said_ago_s": Parameter(0, 0, _LONGEST_S, note="how long ago the nurse says; 0: not said")},
        "The first bag due at or after at_s (the first of the window is due at 0) is entered late_s"
        " after it hangs.",
        "Millilitres throughout. Within two hours of the change that the weight saw, the bag counts from"
        " that change, and a note says so. Later than that, milligrams are unknown from the change to"
        " the moment that the entry speaks of.",
    ),
    "bag_unentered": Kind(
        "people", {},
        "The first bag due at or after at_s is never entered.",
        "Millilitres shown, milligrams unknown after the change.",
    ),
    "bag_wrong_strength": Kind(
        "people",
        {"factor": _real(2, 0.01, 100)},
        "The first bag due at or after at_s is entered with factor times the drugs it holds.",
        "Milligrams wrong by factor until corrected. The entry's twofold question and the echo of mg"
        " per day are what can catch it. After a correction all figures are right.",
    ),
    "regimen_unentered": Kind(
        "people", {},
        "Nobody enters the regimen of this window.",
        "Doses and volumes stand, with no comparison with what was prescribed. Denied demands have an"
        " unknown reason. On a later window the old regimen gives a possible regimen mismatch.",
        at_start=True,
    ),
    "wrong_patient": Kind(
        "people",
        {"named": Parameter("", note="another patient's code; left out: the next in the file")},
        "The first bag due at or after at_s is entered for another patient, without a link: it waits"
        " for that patient's board.",
        "This patient: milligrams unknown after the change. The other: a bag that no weight confirms,"
        " told so; right once corrected.",
    ),
    "board_swapped": Kind(
        "people",
        {"named": Parameter("", note="the other patient's code; left out: the next in the file")},
        "From this window on the boards of two patients hang at each other's pumps, and nobody says"
        " so. The laptop refuses a board that is not the board named, and keeps the entries.",
        "Nothing is written to the wrong board, which so is not told the time either. As long as nobody"
        " pulls it by its own name, the window is unknown. Its log holds a possible regimen mismatch or"
        " runaway, since it watches the other's pump.",
        at_start=True,
    ),
    "laptop_clock_wrong": Kind(
        "people",
        {"offset_s": Parameter(3600, -_LONGEST_S, _LONGEST_S), "duration_s": _lasting(0)},
        "The laptop's clock is off by offset_s at every visit from at_s on; at at_s itself the board"
        " is pulled over its cable.",
        "Both anchors kept, the uncertainty widened to hold both times; no time stepped.",
    ),
}
