"""Doses of one patient in one window: volumes by counts, milligrams by the bag then connected.

Every figure is (value, low, high): exact from the records, and the bounds that hold whatever the
motor's phase was (one quantum for each unbroken stretch and each bolus), whether or not unresolved
presses were given, wherever within their uncertainty the clock's and the bags' times lie, and for
the calibration's stated uncertainty at two sigma.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from ..intervals import Interval, clip, length
from ..log import NOT_RECORDED, Bolus, Check, Reliefs, Signature, judge_reliefs
from ..patients.episodes import Episode
from ..patients.observed import Observed
from .bags import Bag, bags
from .bracketed import Bracketed, bracketed
from .notes import notes
from .volumes import ZERO, Figure, Window, total, volumes_ml

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
DRUGS = ("morphine", "bupivacaine")
SUMS = ("continuous_ml", "pcia_ml", "other_ml", "prime_ml", *(f"{drug}_mg" for drug in DRUGS),
        *(f"pcia_{drug}_mg" for drug in DRUGS), "deliveries")
MASSES = (*DRUGS, *(f"pcia_{drug}" for drug in DRUGS))


@dataclass(frozen=True)
class Presses:
    """Presses of the handset: every one, and what came of them. `other`: denied, not by lockout;
    untold: of the unresolved, those that were counted and have no outcome in the log."""

    asked: int
    given: int
    lockout: int
    other: int
    unresolved: int
    untold: int


@dataclass(frozen=True)
class Piece:
    """The part of a window in which one bag hung; volumes in mL (continuous, pcia, other, prime,
    patient: all but the prime), masses in mg by drug and by PCIA drug; at_most: the masses with
    what brackets add to their high bounds."""

    begin_ms: int
    end_ms: int
    bag: Bag
    volumes: dict[str, Figure]
    masses: dict[str, Figure]
    at_most: dict[str, Figure]


@dataclass(frozen=True)
class Doses:
    """One window. Keys of `per_day` are the table's; volumes in mL, masses in mg; seen: masses and
    deliveries of the time observed alone, without brackets."""

    patient: str
    begin_ms: int
    end_ms: int
    observed_ms: int
    running_ms: int
    withheld_ms: int
    outside_ms: int
    clock_uncertainty_ms: int
    continuous_ml: Figure
    pcia_ml: Figure
    other_ml: Figure
    prime_ml: Figure
    morphine_mg: Figure
    bupivacaine_mg: Figure
    pcia_morphine_mg: Figure
    pcia_bupivacaine_mg: Figure
    deliveries: Figure
    rate_ml_h: Figure
    rate_wall_ml_h: Figure
    rate_last_ml_h: Figure
    mean_with_boluses_ml_h: Figure
    presses: Presses
    bracketed: Bracketed
    seen: dict[str, Figure]
    reliefs: Reliefs
    check: Check | None
    signatures: tuple[Signature, ...]
    pieces: tuple[Piece, ...]
    notes: tuple[str, ...]

    @property
    def unknown_ms(self) -> int:
        """Time in the window that no record covers and nothing brackets: unknown, never taken as
        zero. What is withheld or outside the patient's stay is part of it."""
        return self.end_ms - self.begin_ms - self.observed_ms - self.bracketed.ms

    @property
    def denied(self) -> int:
        """Presses that gave nothing."""
        return self.presses.lockout + self.presses.other

    def daily(self, key: str, whole: Figure) -> Figure:
        """Returns a figure per 24 h: the value of observed time; bounds that hold for the mean over
        observed time and for that over observed and bracketed time."""
        alone, seen_ms = self.seen[key], self.observed_ms
        if not seen_ms or whole.high is None or (
                alone.value is None or alone.low is None or alone.high is None):
            return Figure(None)  # unknown in a bracket is unknown in all
        return Figure(alone.value * DAY_MS / seen_ms,
                      alone.low * DAY_MS / (seen_ms + self.bracketed.most_ms),
                      max(alone.high * DAY_MS / seen_ms,
                          whole.high * DAY_MS / (seen_ms + self.bracketed.least_ms)))

    def per_day(self) -> dict[str, Figure]:
        """Returns the table's figures, per 24 h of observed time."""
        return {
            "morphine_mg_day": self.daily("morphine", self.morphine_mg),
            "bupivacaine_mg_day": self.daily("bupivacaine", self.bupivacaine_mg),
            "pcia_morphine_mg_day": self.daily("pcia_morphine", self.pcia_morphine_mg),
            "pcia_bupivacaine_mg_day": self.daily("pcia_bupivacaine", self.pcia_bupivacaine_mg),
            "rate_ml_h": self.rate_ml_h,
            "pcia_per_day": self.daily("deliveries", self.deliveries),
        }


def doses(one: Episode, seen: Observed, begin_ms: int, end_ms: int) -> Doses:
    """Computes a patient's doses in [begin, end), Unix ms UTC."""
    hung = bags(one, seen.bag_changes)
    between = bracketed(one, seen, hung, begin_ms, end_ms)
    pieces = tuple(_piece(seen, between, *edges) for edges in _pieces(seen, hung, begin_ms, end_ms))
    alone = volumes_ml(seen, Window.of(seen, begin_ms, end_ms))
    whole = {key: figure if key == "prime" else between.widen(figure, begin_ms, end_ms)
             for key, figure in alone.items()}
    masses = {key: total(piece.masses[key] for piece in pieces) for key in MASSES}
    at_most = {key: total(piece.at_most[key] for piece in pieces) for key in MASSES}
    deliveries = _deliveries(seen, Window.of(seen, begin_ms, end_ms))
    observed_ms = seen.observed_ms(begin_ms, end_ms)
    running = seen.running_ms(begin_ms, end_ms)
    wall = observed_ms, observed_ms, observed_ms
    found = Doses(
        one.patient, begin_ms, end_ms, observed_ms, running[0],
        withheld_ms=sum(max(0, min(end_ms, b) - max(begin_ms, a)) for a, b, _ in seen.withheld),
        outside_ms=end_ms - begin_ms - length(clip(seen.claimed, begin_ms, end_ms)),
        clock_uncertainty_ms=max(seen.uncertainty_ms(begin_ms), seen.uncertainty_ms(end_ms)),
        continuous_ml=whole["continuous"], pcia_ml=whole["pcia"], other_ml=whole["other"],
        prime_ml=whole["prime"],
        morphine_mg=at_most["morphine"], bupivacaine_mg=at_most["bupivacaine"],
        pcia_morphine_mg=at_most["pcia_morphine"], pcia_bupivacaine_mg=at_most["pcia_bupivacaine"],
        deliveries=deliveries + Figure(Fraction(0), Fraction(0), Fraction(between.deliveries)),
        rate_ml_h=_rate(alone["continuous"], *running),
        rate_wall_ml_h=_rate(alone["continuous"], *wall),
        rate_last_ml_h=_last_rate(seen, begin_ms, end_ms),
        mean_with_boluses_ml_h=_rate(alone["patient"], *wall),
        presses=_presses(seen, begin_ms, end_ms), bracketed=between,
        seen={**masses, "deliveries": deliveries}, reliefs=_reliefs(seen, begin_ms, end_ms),
        check=next((check for check in reversed(seen.checks) if begin_ms <= check.at_ms < end_ms), None),
        signatures=tuple(one for one in seen.signatures if one.touches(begin_ms, end_ms)),
        pieces=pieces, notes=(),
    )
    found = replace(found, notes=tuple(notes(one, seen, found, hung)))
    return found if observed_ms or between.ms else _nothing_seen(found)


def _nothing_seen(found: Doses) -> Doses:
    """Returns doses of a window that nothing covers: what adds up to nothing is unknown, not zero."""
    unknown: dict[str, Any] = {name: Figure(None) for name in SUMS if getattr(found, name).high == 0}
    return replace(found, **unknown, notes=("nothing of this window was observed", *found.notes))


def _pieces(seen: Observed, hung: list[Bag], begin_ms: int, end_ms: int) -> list[tuple[Window, Bag]]:
    """Cuts a window where bags change; before the first bag nothing is known of drugs."""
    before = [bag for bag in hung if bag.at_ms <= begin_ms]
    marks = [(begin_ms, seen.uncertainty_ms(begin_ms), before[-1] if before else Bag(begin_ms))]
    for bag in hung:
        if begin_ms < bag.at_ms < end_ms:
            marks.append((bag.at_ms, max(bag.uncertainty_ms, seen.uncertainty_ms(bag.at_ms)), bag))
    ends = [(at_ms, uncertainty_ms) for at_ms, uncertainty_ms, _ in marks[1:]]
    ends.append((end_ms, seen.uncertainty_ms(end_ms)))
    return [(Window(at_ms, to_ms, uncertainty_ms, end_uncertainty_ms), bag)
            for (at_ms, uncertainty_ms, bag), (to_ms, end_uncertainty_ms)
            in zip(marks, ends, strict=True)
            if at_ms < to_ms]


def _piece(seen: Observed, between: Bracketed, window: Window, bag: Bag) -> Piece:
    volumes = volumes_ml(seen, window)
    edges = window.begin_ms, window.end_ms
    widened = {key: between.widen(volumes[key], *edges) for key in ("patient", "pcia")}
    return Piece(*edges, bag, volumes, _masses(volumes, bag), _masses(widened, bag))


def _masses(volumes: dict[str, Figure], bag: Bag) -> dict[str, Figure]:
    strengths = {"morphine": bag.morphine_ug_pl, "bupivacaine": bag.bupivacaine_ug_pl}
    masses = {drug: _mass(volumes["patient"], strengths[drug]) for drug in DRUGS}
    masses.update({f"pcia_{drug}": _mass(volumes["pcia"], strengths[drug]) for drug in DRUGS})
    return masses


def _deliveries(seen: Observed, window: Window) -> Figure:
    """Counts the patient's boluses that begin in the window, surely, and at most."""
    starts = [part.bolus for part in seen.boluses_in(*window.wide)
              if part.bolus.source == "patient" and part.begin_ms == part.bolus.begin_ms
              and not part.bolus.continues]
    likely = [bolus for bolus in starts if bolus.likely]
    surely = [bolus for bolus in starts if not bolus.inferred]

    def within(boluses: list[Bolus], edges: Interval) -> Fraction:
        return Fraction(sum(edges[0] <= bolus.begin_ms < edges[1] for bolus in boluses))

    return Figure(within(likely, (window.begin_ms, window.end_ms)), within(surely, window.narrow),
                  within(starts, window.wide))


def _presses(seen: Observed, begin_ms: int, end_ms: int) -> Presses:
    found = [(d.outcome, d.reason) for d in seen.demands if begin_ms <= d.at_ms < end_ms]
    denied = [reason for outcome, reason in found if outcome == "denied"]
    outcomes = [outcome for outcome, _ in found]
    return Presses(len(found), outcomes.count("given"), denied.count("lockout"),
                   len(denied) - denied.count("lockout"), outcomes.count("unresolved"),
                   sum(reason == NOT_RECORDED for _, reason in found))


def _reliefs(seen: Observed, begin_ms: int, end_ms: int) -> Reliefs:
    starts = [part.bolus.begin_ms for part in seen.boluses
              if part.bolus.source == "patient" and part.bolus.likely and not part.bolus.continues]
    return Reliefs(tuple(press for press in judge_reliefs(seen.reliefs, starts, seen.observed)
                         if begin_ms <= press.at_ms < end_ms))


def _last_rate(seen: Observed, begin_ms: int, end_ms: int) -> Figure:
    """Returns the continuous rate over the last hour of the window that the pump is known to run."""
    left_ms = HOUR_MS
    volume = ZERO
    for since_ms, until_ms in reversed(clip(seen.ran, begin_ms, end_ms)):
        since_ms = max(since_ms, until_ms - left_ms)
        volume = volume + volumes_ml(seen, Window(since_ms, until_ms, 0, 0))["continuous"]
        left_ms -= until_ms - since_ms
        if not left_ms:
            break
    ran_ms = HOUR_MS - left_ms
    return _rate(volume, ran_ms, ran_ms, ran_ms)


def _mass(volume_ml: Figure, ug_pl: Fraction | None) -> Figure:
    if volume_ml.high == 0:
        return ZERO
    # ug/pL x 1e9 pL/mL / 1e3 ug/mg
    return Figure(None) if ug_pl is None else volume_ml.map(lambda ml: ml * ug_pl * 1_000_000)


def _rate(volume_ml: Figure, ms: int, low_ms: int, high_ms: int) -> Figure:
    """Returns mL/h over a time that is low_ms at least and high_ms at most."""
    if not ms or volume_ml.value is None or volume_ml.low is None or volume_ml.high is None:
        return Figure(None)
    return Figure(volume_ml.value * HOUR_MS / ms, volume_ml.low * HOUR_MS / high_ms,
                  volume_ml.high * HOUR_MS / (low_ms or ms))
