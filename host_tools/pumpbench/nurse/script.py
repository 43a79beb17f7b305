"""The nurse's visits to one window, people's faults included: when, what is entered, by which clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ..cohort import BAG_COLUMN_ML, Regimen
from ..errors import BenchError
from .nurse import Nurse

if TYPE_CHECKING:  # each visit is a program of its own, which starts sooner without the physics
    from ..bedside import Bedside
    from ..faults import Fault


@dataclass(frozen=True)
class Visit:
    """pumplog commands at a moment."""

    at_s: int  #: when, seconds from the window's start
    commands: tuple[list[str], ...]  #: the commands' arguments, in order
    clock_offset_s: int = 0  #: how far the laptop's clock is ahead
    linked: bool = True  #: over the board's cable, else on the laptop alone
    refused_ok: bool = False  #: the board may be the wrong one, and say so


@dataclass(frozen=True)
class _Bag:
    due_s: int
    at_s: int
    volume_ul: int
    factor: Fraction = Fraction(1)
    entered: bool = True
    named: str = ""
    said_ago_s: int = 0


def scripted_visits(
    nurse: Nurse, regimen: Regimen, bedside: Bedside, arrival: Sequence[list[str]],
    lockout_from: str, all_visits: bool = True, swapped: bool = False,
) -> tuple[tuple[Visit, ...], list[dict[str, Any]]]:
    """Returns the visits in order, and what was entered of each bag for the truth.

    arrival: commands before all others at 0 (provisioning, the patient's start); all_visits False:
    bags after the first are not entered; swapped: the board is another patient's. BenchError if a
    fault needs a bag that is never due.
    """
    faults = bedside.faults
    clock = _clock(faults, bedside.window_s)
    due = [(0, bedside.bag_ul)] + [(swap.entry_s, swap.volume_ul) for swap in bedside.swaps]
    bags = _bags(due if all_visits else due[:1], faults, bedside)
    kinds = {fault.kind for fault in faults}
    commands: dict[int, list[list[str]]] = {0: list(arrival)}
    if "regimen_unentered" not in kinds:
        commands[0].append(nurse.regimen(regimen.rate_ul_h, regimen.bolus_ul, regimen.lockout_s,
                                         lockout_from))
    for bag in bags:
        if bag.entered and not bag.named:
            commands.setdefault(bag.at_s, []).append(_enter(nurse, regimen, bag))
    for fault in faults:
        if fault.kind == "laptop_clock_wrong":
            commands.setdefault(fault.at_s, []).append(nurse.pull())
    visits = [Visit(at_s, tuple(commands[at_s]), clock(at_s), refused_ok=swapped)
              for at_s in sorted(commands)]
    visits += [Visit(bag.at_s, (_enter(nurse, regimen, bag),), clock(bag.at_s), linked=False)
               for bag in bags if bag.entered and bag.named]
    told = [{"hung_s": bag.due_s, "entered_s": bag.at_s if bag.entered else None,
             "entered_for": (bag.named or nurse.patient) if bag.entered else None,
             "strength_factor": float(bag.factor)} for bag in bags]
    return tuple(visit for visit in visits if visit.commands), told


def _enter(nurse: Nurse, regimen: Regimen, bag: _Bag) -> list[str]:
    """Returns the command that enters a bag of the regimen's mixture, as the nurse believes it."""
    share = Fraction(bag.volume_ul, BAG_COLUMN_ML * 1000) * bag.factor
    return nurse.bag(round(regimen.morphine_ug_per_bag * share),
                     round(regimen.bupivacaine_ug_per_bag * share), bag.volume_ul,
                     bag.named or nurse.patient, bag.said_ago_s)


def _clock(faults: Sequence[Fault], window_s: int) -> Callable[[int], int]:
    wrong = [(*fault.span_s(window_s + 1), int(fault.number("offset_s"))) for fault in faults
             if fault.kind == "laptop_clock_wrong"]
    return lambda at_s: sum(offset_s for a, b, offset_s in wrong if a <= at_s < b)


def _bags(
    due: Sequence[tuple[int, int]], faults: Sequence[Fault], bedside: Bedside
) -> list[_Bag]:
    bags = [_Bag(at_s, at_s, volume_ul) for at_s, volume_ul in due]
    last_s = bedside.window_s + bedside.tail_s - 1
    for fault in sorted(faults, key=lambda fault: (fault.at_s, fault.kind)):
        if fault.kind not in ("bag_late", "bag_unentered", "bag_wrong_strength", "wrong_patient"):
            continue
        i = next((i for i, bag in enumerate(bags) if bag.due_s >= fault.at_s), None)
        if i is None:
            raise BenchError(f"{fault.kind} of {bedside.patient} {bedside.timepoint}: no bag is due"
                             f" at or after {fault.at_s} s", "add a bag_change fault, or move it")
        bag = bags[i]
        if fault.kind == "bag_late":
            bag = replace(bag, at_s=bag.at_s + int(fault.number("late_s")),
                          said_ago_s=int(fault.number("said_ago_s")))
        elif fault.kind == "bag_unentered":
            bag = replace(bag, entered=False)
        elif fault.kind == "bag_wrong_strength":
            bag = replace(bag, factor=bag.factor * fault.number("factor"))
        else:
            bag = replace(bag, named=fault.text("named"))
        if bag.at_s > last_s:
            raise BenchError(f"bag_late of {bedside.patient} {bedside.timepoint}: the entry at"
                             f" {bag.at_s} s is past the window's end", "make late_s smaller")
        bags[i] = bag
    return bags
