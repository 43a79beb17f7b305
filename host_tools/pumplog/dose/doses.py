"""Doses of one patient in one window: volumes by counts, milligrams by the bag then connected.

Every figure has a value, exact from the records, and bounds. The bounds hold for any phase of the motor:
one quantum for each unbroken stretch and each bolus. They hold whether or not unresolved presses were
given, and wherever within their uncertainty the clock's and the bags' times lie. They hold for the
calibration's stated uncertainty at two sigma, and for what weight and counts disagree about. Where no
records cover anything, what adds up to nothing is unknown, not zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from ..intervals import Interval, clip, length, merge
from ..log import NOT_RECORDED, Bolus, Reliefs, judge_reliefs
from ..patients import MASSES, Episode, Observed, Running
from .bags import Bag, bags
from .bracketed import Bracketed, bracketed, programmed_pl
from .disputed import Disputed, disputed, doubtful, missed_deliveries, widened
from .figure import ZERO, Figure, total
from .hidden import hidden
from .notes import notes
from .volumes import UncertainSpan, Volumes, volumes
from .window_doses import Doses, Piece, Presses
from .windows import HOUR_MS

_MG_PER_UG_PL_ML = 1_000_000  # ug/pL x 1e9 pL/mL / 1e3 ug/mg


def doses(episode: Episode, observed: Observed, begin_ms: int, end_ms: int) -> Doses:
    """Computes a patient's doses in [begin, end), Unix ms UTC."""
    hung = bags(episode, observed.bag_changes)
    between = bracketed(episode, observed, hung, begin_ms, end_ms)
    disputes = disputed(observed, hung, begin_ms, end_ms)
    pieces = tuple(_piece(observed, between, disputes, *cut)
                   for cut in _cuts(observed, hung, begin_ms, end_ms))
    span = UncertainSpan.of(observed, begin_ms, end_ms)
    counted = volumes(observed, span)
    alone = widened(observed, counted, disputes, begin_ms, end_ms)
    whole = alone.raised(between.high_ml(begin_ms, end_ms))
    bolus_pl = min(programmed_pl(episode, observed), default=None)
    deliveries, in_part = _deliveries(observed, span, bolus_pl)
    deliveries = deliveries.raised(Fraction(missed_deliveries(observed, disputes, *span.wide)))
    running = observed.running(begin_ms, end_ms)
    wall = observed.watched(begin_ms, end_ms)
    covered_ms = wall.ms
    found = Doses(
        patient=episode.patient, begin_ms=begin_ms, end_ms=end_ms,
        observed_ms=covered_ms, running_ms=running.ms,
        withheld_ms=length(clip(merge((each.begin_ms, each.end_ms) for each in observed.withheld),
                                begin_ms, end_ms)),
        outside_ms=end_ms - begin_ms - length(clip(observed.claimed, begin_ms, end_ms)),
        border_ms=wall.most_ms - covered_ms, unsure_ms=covered_ms - wall.least_ms,
        unproven=tuple(observed.unproven),
        clock_uncertainty_ms=max(span.begin_uncertainty_ms, span.end_uncertainty_ms),
        continuous_ml=whole.continuous_ml, pcia_ml=whole.pcia_ml, other_ml=whole.other_ml,
        prime_ml=whole.prime_ml,
        masses_mg=_added_up([piece.masses_mg for piece in pieces]),
        deliveries=deliveries.raised(Fraction(between.deliveries)),
        given_in_part=in_part.raised(Fraction(between.deliveries)),
        rate_ml_h=_rate(alone.continuous_ml, running), rate_wall_ml_h=_rate(alone.continuous_ml, wall),
        rate_last_ml_h=_last_rate(observed, disputes, begin_ms, end_ms),
        mean_with_boluses_ml_h=_rate(alone.patient_ml, wall),
        presses=_presses(observed, begin_ms, end_ms), bracketed=between,
        observed_masses_mg=_added_up([piece.observed_masses_mg for piece in pieces]),
        observed_deliveries=deliveries, reliefs=_reliefs(observed, begin_ms, end_ms),
        check=next((check for check in reversed(observed.checks)
                    if begin_ms <= check.at_ms < end_ms), None),
        signatures=tuple(s for s in observed.signatures if s.touches(begin_ms, end_ms)),
        disputed=disputes, doubtful_volumes=doubtful(counted, alone), pieces=pieces, notes=(),
    )
    found = replace(found, notes=tuple(notes(episode, observed, found)))
    return found if covered_ms or between.ms else _nothing_observed(found)


def _nothing_observed(found: Doses) -> Doses:
    """Returns doses of a window that nothing covers: what adds up to nothing is unknown, not zero."""
    def known(figure: Figure | None) -> Figure | None:
        return None if figure is None or figure.high == 0 else figure

    return replace(
        found, continuous_ml=known(found.continuous_ml), pcia_ml=known(found.pcia_ml),
        other_ml=known(found.other_ml), prime_ml=known(found.prime_ml),
        masses_mg={name: known(figure) for name, figure in found.masses_mg.items()},
        deliveries=known(found.deliveries), given_in_part=known(found.given_in_part),
        notes=("nothing of this window was observed", *found.notes),
    )


def _cuts(
    observed: Observed, hung: list[Bag], begin_ms: int, end_ms: int
) -> list[tuple[UncertainSpan, Bag]]:
    """Cuts a window where bags change; before the first bag nothing is known of drugs."""
    before = [bag for bag in hung if bag.at_ms <= begin_ms]
    marks = [(begin_ms, observed.uncertainty_ms(begin_ms), before[-1] if before else Bag(begin_ms))]
    for bag in hung:
        if begin_ms < bag.at_ms < end_ms:
            marks.append((bag.at_ms, max(bag.uncertainty_ms, observed.uncertainty_ms(bag.at_ms)), bag))
    ends = [(at_ms, uncertainty_ms) for at_ms, uncertainty_ms, _ in marks[1:]]
    ends.append((end_ms, observed.uncertainty_ms(end_ms)))
    return [(UncertainSpan(at_ms, to_ms, uncertainty_ms, end_uncertainty_ms), bag)
            for (at_ms, uncertainty_ms, bag), (to_ms, end_uncertainty_ms)
            in zip(marks, ends, strict=True)
            if at_ms < to_ms]


def _piece(observed: Observed, between: Bracketed, disputes: Sequence[Disputed], span: UncertainSpan,
           bag: Bag) -> Piece:
    found = widened(observed, volumes(observed, span), disputes, *span.exact)
    raised = found.raised(between.high_ml(*span.exact))
    return Piece(*span.exact, bag, found, _masses(found, bag), _masses(raised, bag))


def _masses(found: Volumes, bag: Bag) -> dict[str, Figure | None]:
    return {mass.name: _mass(found.pcia_ml if mass.pcia else found.patient_ml,
                             bag.strengths_ug_pl.get(mass.drug)) for mass in MASSES}


def _mass(volume_ml: Figure, ug_pl: Fraction | None) -> Figure | None:
    """Returns mg; nothing of an unknown drug is nothing."""
    if volume_ml.high == 0:
        return ZERO
    return None if ug_pl is None else volume_ml.map(lambda ml: ml * ug_pl * _MG_PER_UG_PL_ML)


def _added_up(masses: list[Mapping[str, Figure | None]]) -> dict[str, Figure | None]:
    return {mass.name: total(each[mass.name] for each in masses) for mass in MASSES}


def _deliveries(
    observed: Observed, span: UncertainSpan, least_bolus_pl: Fraction | None
) -> tuple[Figure, Figure]:
    """Counts the patient's boluses that begin in the span, whole, and given in part: likely, surely,
    and at most. least_bolus_pl: the smallest bolus that was programmed, None if nobody knows."""
    parts = [part for part in observed.boluses_in(*span.wide) if part.is_asked]
    starts = [part.bolus for part in parts]
    certain = [part.bolus for part in parts if part.surely]
    perhaps = [each.bolus for each in observed.perhaps_boluses_in(*span.wide) if each.is_asked]
    unheard = hidden(observed, *span.wide)

    def within(boluses: Iterable[Bolus], edges: Interval) -> Fraction:
        return Fraction(sum(edges[0] <= bolus.begin_ms < edges[1] for bolus in boluses))

    return Figure(
        within((bolus for bolus in starts if bolus.likely and not bolus.in_part), span.exact),
        within((bolus for bolus in certain if bolus.surely_whole), span.narrow),
        within((bolus for bolus in starts if bolus.may_be_whole), span.wide)
        + sum(bolus.may_be_whole for bolus in perhaps)
        + sum(each.may_be_whole(least_bolus_pl) for each in unheard),
    ), Figure(
        within((bolus for bolus in starts if bolus.in_part), span.exact),
        within((bolus for bolus in certain if bolus.surely_in_part), span.narrow),
        within((bolus for bolus in starts if not bolus.surely_whole), span.wide)
        + sum(not bolus.surely_whole for bolus in perhaps) + len(unheard),
    )


def _presses(observed: Observed, begin_ms: int, end_ms: int) -> Presses:
    found = [(d.outcome, d.reason) for d in observed.demands if begin_ms <= d.at_ms < end_ms]
    denied = [reason for outcome, reason in found if outcome == "denied"]
    outcomes = [outcome for outcome, _ in found]
    return Presses(len(found), outcomes.count("given"), denied.count("lockout"),
                   len(denied) - denied.count("lockout"), outcomes.count("unresolved"),
                   sum(reason == NOT_RECORDED for _, reason in found))


def _reliefs(observed: Observed, begin_ms: int, end_ms: int) -> Reliefs:
    starts = [part.bolus.begin_ms for part in observed.boluses
              if part.bolus.source == "patient" and part.bolus.likely and not part.bolus.continues]
    return Reliefs(tuple(press for press in judge_reliefs(observed.reliefs, starts, observed.covered)
                         if begin_ms <= press.at_ms < end_ms))


def _last_rate(
    observed: Observed, disputes: Sequence[Disputed], begin_ms: int, end_ms: int
) -> Figure | None:
    """Returns the continuous rate over the last hour of the window that the pump is known to run."""
    left_ms = HOUR_MS
    volume = ZERO
    for since_ms, until_ms in reversed(clip(observed.ran, begin_ms, end_ms)):
        since_ms = max(since_ms, until_ms - left_ms)
        part = volumes(observed, UncertainSpan(since_ms, until_ms))
        volume = volume + widened(observed, part, disputes, since_ms, until_ms).continuous_ml
        left_ms -= until_ms - since_ms
        if not left_ms:
            break
    ran_ms = HOUR_MS - left_ms
    return _rate(volume, Running(ran_ms, ran_ms, ran_ms))


def _rate(volume_ml: Figure, time: Running) -> Figure | None:
    """Returns mL/h over a time; unknown over none."""
    if not time.ms:
        return None
    return Figure(volume_ml.value * HOUR_MS / time.ms, volume_ml.low * HOUR_MS / time.most_ms,
                  volume_ml.high * HOUR_MS / (time.least_ms or time.ms))
