"""What a reader of one window's figures must know, a sentence each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from ..intervals import clip, length
from ..log import Signature
from ..patients.conflicts import conflicts
from ..patients.episodes import Episode
from ..patients.observed import Observed
from ..quantities import show, show_span
from .bags import UNCONFIRMED, Bag
from .volumes import Window, volumes_ml

if TYPE_CHECKING:
    from .doses import Doses

_HOUR_MS = 3_600_000
_AROUND_MS = 600_000
_UNCERTAINTY_TOLD_MS = 300_000  # clock uncertainty beyond this is told


def notes(one: Episode, seen: Observed, found: Doses, hung: Sequence[Bag]) -> Iterable[str]:
    """Yields the notes of a window."""
    for again in one.of_kind("patient_start")[1:]:
        yield (f"{one.patient} was started a second time, on board {again.board}: that entry is not"
               " used; correct one of them")
    for each in conflicts(one):
        if found.begin_ms <= each.second.effective_at_ms < found.end_ms:
            yield each.words
    yield from _of_bags(seen, found)
    for a_ms, b_ms, rival in seen.withheld:
        if a_ms < found.end_ms and b_ms > found.begin_ms:
            hours = Fraction(min(b_ms, found.end_ms) - max(a_ms, found.begin_ms), _HOUR_MS)
            yield (f"{float(hours):.1f} h withheld: {rival} claims the same board then; correct one"
                   " of them")
    yield from _of_presses(seen, found)
    yield from _of_brackets(found)
    yield from _of_signatures(seen, found)
    uncertainty_ms = max(seen.uncertainty_ms(found.begin_ms), seen.uncertainty_ms(found.end_ms))
    if uncertainty_ms > _UNCERTAINTY_TOLD_MS:
        yield f"the clock is uncertain by {uncertainty_ms // 1000} s at the window's edges"
    if seen.unplaced:
        yield f"{seen.unplaced} minutes recorded at times that nobody can tell are in no figure"
    if seen.uncalibrated:
        yield f"{seen.uncalibrated} minutes without a known calibration are in no figure"


def _watched(seen: Observed, at_ms: int) -> bool:
    """Returns whether the board watched all the minutes around a moment."""
    around = at_ms - _AROUND_MS, at_ms + _AROUND_MS
    return length(clip(seen.observed, *around)) == 2 * _AROUND_MS


def _of_bags(seen: Observed, found: Doses) -> Iterable[str]:
    for piece in found.pieces:
        bag = piece.bag
        if bag.note == UNCONFIRMED:
            if _watched(seen, bag.at_ms):  # else no weight could have seen it
                yield bag.note
        elif bag.note:
            yield bag.note
        elif bag.entry is None and piece.volumes["patient"].high:
            change = bag.change
            yield ("milligrams unknown: no bag was entered" if change is None
                   else "milligrams unknown: the bag was refilled and nobody entered with what"
                   if change.refill
                   else "milligrams unknown: the bag was changed and nobody entered it")


def _of_presses(seen: Observed, found: Doses) -> Iterable[str]:
    left = sum(part.bolus.open and part.bolus.likely
               and found.begin_ms <= part.bolus.begin_ms < found.end_ms for part in seen.boluses)
    if left:
        yield (f"boluses proven whose end was not recorded: {left}; each counts as a delivery, surely"
               " none, at most one, and its volume as continuous")
    if found.presses.untold:
        yield f"presses counted without an outcome in the log: {found.presses.untold}, unresolved"


def _of_brackets(found: Doses) -> Iterable[str]:
    for bracket, volume in found.bracketed.brackets:
        high = show(volume.high or 0, 2)
        if bracket.how == "reset":
            yield (f"bracketed, at most {show_span(bracket.most_ms)}: the board restarted; up to {high}"
                   " mL moved meanwhile, in the high bounds only")
        else:
            yield (f"bracketed, {show_span(bracket.end_ms - bracket.begin_ms)}: the board was off;"
                   f" weight says {show(volume.value or 0, 2)} mL left the bag"
                   f" ({show(volume.low or 0, 2)} to {high}), in the high bounds only")


def _of_signatures(seen: Observed, found: Doses) -> Iterable[str]:
    for one in found.signatures:
        if one.kind == "occlusion":
            yield (f"{one.name}: {show(doubtful_ml(seen, one), 2)} mL were counted from its"
                   " beginning on; how much of it reached the patient is doubtful")
        elif one.kind in ("free_flow", "counter_silent"):
            missed = max(0, one.by_weight_ul - one.by_counts_ul)
            yield (f"{one.name}: {show(Fraction(missed, 1000), 2)} mL or more left the bag"
                   " uncounted; milligrams from counts are too low if it reached the patient")


def doubtful_ml(seen: Observed, one: Signature) -> Fraction:
    """Returns what was counted from the beginning of a signature's evidence until it was over."""
    end_ms = seen.observed[-1][1] if one.over_ms is None and seen.observed else (
        one.over_ms or one.noticed_ms)
    volume = volumes_ml(seen, Window(one.since_ms, max(one.noticed_ms, end_ms), 0, 0))["patient"]
    return volume.value or Fraction(0)
