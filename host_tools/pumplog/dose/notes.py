"""What a reader of one window's figures must know, a sentence each."""

from __future__ import annotations

from collections.abc import Iterable

from .. import host
from ..intervals import clip, length
from ..moments import utc_text
from ..patients import CLEAR_MS, Episode, Observed, conflicts
from ..quantities import show, show_age, show_span
from .bags import BY_START, BY_WEIGHT, Bag
from .volumes import PL_PER_ML
from .window_doses import Doses
from .windows import HOUR_MS

_AROUND_MS = 600_000
_AHEAD_MS = 300_000  # an entry dated beyond this computer's clock by more is told
_UNCERTAINTY_TOLD_MS = 300_000  # clock uncertainty beyond this is told
_REDATED_TOLD_MIN = 2  # a bag dated by so many minutes otherwise than it was entered is told


def notes(episode: Episode, observed: Observed, found: Doses) -> Iterable[str]:
    """Yields the notes of a window."""
    for again in episode.of_kind("patient_start")[1:]:
        yield (f"{episode.patient} was started a second time, on board {again.board}: that entry is not"
               " used; correct the wrong entry")
    for conflict in conflicts(episode):
        if found.begin_ms <= conflict.second.effective_at_ms < found.end_ms:
            yield conflict.words
    for entry in episode.entries:
        age_ms = host.utc_now_ms() - entry.effective_at_ms
        if age_ms < -_AHEAD_MS and not entry.simulated:
            yield (f"an entry ({entry.kind}) is dated {show_age(age_ms)}: check which clock is wrong,"
                   " and have the entry corrected")
    yield from (each.to_text() for each in observed.unproven)
    yield from _of_bags(observed, found)
    yield from _of_contests(observed, found)
    yield from _of_borders(observed, found)
    yield from _of_presses(observed, found)
    yield from _of_bursts(observed, found)
    yield from _of_brackets(found)
    for dispute in found.disputed:
        yield dispute.to_text()
    if found.clock_uncertainty_ms > _UNCERTAINTY_TOLD_MS:
        yield f"the clock is uncertain by {show_span(found.clock_uncertainty_ms)} at the window's edges"
    if observed.unplaced:
        yield f"{observed.unplaced} minutes recorded at times that nobody can tell are in no figure"
    if observed.unsound:
        yield (f"records that cannot be right: {observed.unsound}, in no figure; their time counts as"
               " not observed. Have the board looked at")
    if observed.uncalibrated:
        yield f"{observed.uncalibrated} minutes without a known calibration are in no figure"


def _watched(observed: Observed, at_ms: int) -> bool:
    """Returns whether minutes cover all the time around a moment."""
    around = at_ms - _AROUND_MS, at_ms + _AROUND_MS
    return length(clip(observed.covered, *around)) == 2 * _AROUND_MS


def _of_bags(observed: Observed, found: Doses) -> Iterable[str]:
    for piece in found.pieces:
        bag = piece.bag
        redated = _redated(bag)
        if bag.unconfirmed:
            if _watched(observed, bag.at_ms):  # else no weight could have seen it
                yield (f"a bag was entered for {utc_text(bag.at_ms)} that no weight confirms: check"
                       " whose it is")
        elif redated:
            yield redated
        elif bag.entry is None and piece.volumes.patient_ml.high:
            change = bag.change
            yield ("milligrams unknown: no bag was entered" if change is None
                   else f"milligrams unknown from {utc_text(change.at_ms)} on: the bag was "
                   + ("refilled and nobody entered with what" if change.refill
                      else "changed and nobody entered it"))


def _redated(bag: Bag) -> str | None:
    if bag.dated_by == BY_START:
        return (f"first bag, entered {show_span(bag.redated_ms)} after the start, taken as hung from the"
                " start")
    minutes = bag.redated_ms // 60_000
    if bag.dated_by == BY_WEIGHT and minutes >= _REDATED_TOLD_MIN:
        return f"bag dated by weight, {minutes} min from its entry"
    return None


def _of_contests(observed: Observed, found: Doses) -> Iterable[str]:
    for contest in observed.withheld:
        if contest.begin_ms < found.end_ms and contest.end_ms > found.begin_ms:
            ms = min(contest.end_ms, found.end_ms) - max(contest.begin_ms, found.begin_ms)
            yield f"{ms / HOUR_MS:.1f} h withheld: " + (
                f"two logs of board {contest.board} have the same minutes; see `pumplog verify"
                f" {contest.board}`" if contest.rival is None else
                f"{contest.rival} claims the same board then; correct the wrong entry")


def _of_borders(observed: Observed, found: Doses) -> Iterable[str]:
    """What is nobody's at a border of the stay."""
    window = found.begin_ms, found.end_ms
    boluses = len(observed.perhaps_boluses_in(*window))
    presses = sum(window[0] <= at_ms < window[1] for at_ms in observed.perhaps_presses)
    if boluses or presses or found.border_ms > CLEAR_MS:
        yield ("where this stay meets another, the clock leaves open whose these are:"
               f" {show_span(found.border_ms)} of minutes, boluses {boluses}, presses {presses}. They"
               " are not in the values here, and are in the high bounds of both patients")


def _of_presses(observed: Observed, found: Doses) -> Iterable[str]:
    left = sum(part.bolus.open and part.bolus.likely
               and found.begin_ms <= part.bolus.begin_ms < found.end_ms for part in observed.boluses)
    if left:
        yield (f"boluses proven whose end was not recorded: {left}; each counts as 0 to 1 delivery,"
               " and its volume as continuous")
    without = found.presses.without_outcome
    if without:
        yield f"presses counted without an outcome in the log: {without}, unresolved"


def _of_bursts(observed: Observed, found: Doses) -> Iterable[str]:
    for bolus in (part.bolus for part in observed.boluses):
        if bolus.is_too_fast and found.begin_ms <= bolus.begin_ms < found.end_ms:
            yield (f"{show(bolus.volume_pl / PL_PER_ML, 2)} mL were counted within"
                   f" {show_span(bolus.end_ms - bolus.begin_ms)}, from {utc_text(bolus.begin_ms)} on: no"
                   " pump is so fast. The low bounds leave it out; have the lead to the pump looked at")


def _of_brackets(found: Doses) -> Iterable[str]:
    for each in found.bracketed.brackets:
        bracket, volume = each.bracket, each.volume_ml
        high = show(volume.high, 2)
        if bracket.how == "reset":
            yield (f"bracketed, at most {show_span(bracket.most_ms)}: the board restarted; up to {high}"
                   " mL moved meanwhile, in the high bounds only")
        else:
            yield (f"bracketed, {show_span(bracket.end_ms - bracket.begin_ms)}: the board was off;"
                   f" weight says {show(volume.value, 2)} mL left the bag"
                   f" ({show(volume.low, 2)} to {high}), in the high bounds only")
