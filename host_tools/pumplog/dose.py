"""Doses of one patient in one window: volumes by counts, milligrams by the bag then connected.

Every figure is (value, low, high): exact from the records, and the bounds that hold whatever the
motor's phase was (one quantum for each unbroken stretch and each bolus), whether or not unresolved
presses were given, wherever within their uncertainty the clock's and the bags' times lie, and for
the calibration's stated uncertainty at two sigma.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from .bags import Bag, bags
from .episodes import Episode
from .intervals import Interval, clip, length
from .observed import Observed
from .volumes import ZERO, Figure, Window, total, volumes_ml

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
DRUGS = ("morphine", "bupivacaine")
_DOUBT_TOLD_MS = 300_000  # clock uncertainty beyond this is told


@dataclass(frozen=True)
class Presses:
    """Presses of the handset: every one, and what came of them. `other`: denied, not by lockout."""

    asked: int
    given: int
    lockout: int
    other: int
    unresolved: int


@dataclass(frozen=True)
class Piece:
    """The part of a window in which one bag hung; volumes in mL (continuous, pcia, other, prime,
    patient: all but the prime), masses in mg by drug and by PCIA drug."""

    begin_ms: int
    end_ms: int
    bag: Bag
    volumes: dict[str, Figure]
    masses: dict[str, Figure]


@dataclass(frozen=True)
class Doses:
    """One window. Keys of `per_day` are the table's; volumes in mL, masses in mg."""

    patient: str
    begin_ms: int
    end_ms: int
    observed_ms: int
    running_ms: int
    withheld_ms: int
    outside_ms: int
    clock_doubt_ms: int
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
    pieces: tuple[Piece, ...]
    notes: tuple[str, ...]

    @property
    def unknown_ms(self) -> int:
        """Time in the window that no record covers: unknown, never taken as zero. What is withheld
        or outside the patient's stay is part of it."""
        return self.end_ms - self.begin_ms - self.observed_ms

    @property
    def denied(self) -> int:
        """Presses that gave nothing."""
        return self.presses.lockout + self.presses.other

    def daily(self, figure: Figure) -> Figure:
        """Returns a figure per 24 h of observed time."""
        if not self.observed_ms:
            return Figure(None)
        return figure.map(lambda value: value * DAY_MS / self.observed_ms)

    def per_day(self) -> dict[str, Figure]:
        """Returns the table's figures, per 24 h of observed time."""
        return {
            "morphine_mg_day": self.daily(self.morphine_mg),
            "bupivacaine_mg_day": self.daily(self.bupivacaine_mg),
            "pcia_morphine_mg_day": self.daily(self.pcia_morphine_mg),
            "pcia_bupivacaine_mg_day": self.daily(self.pcia_bupivacaine_mg),
            "rate_ml_h": self.rate_ml_h,
            "pcia_per_day": self.daily(self.deliveries),
        }


def doses(one: Episode, seen: Observed, begin_ms: int, end_ms: int) -> Doses:
    """Computes a patient's doses in [begin, end), Unix ms UTC."""
    hung = bags(one, seen.bag_changes)
    pieces = tuple(_piece(seen, *edges) for edges in _pieces(seen, hung, begin_ms, end_ms))
    whole = volumes_ml(seen, Window.of(seen, begin_ms, end_ms))
    masses = {key: total(piece.masses[key] for piece in pieces)
              for key in ("morphine", "bupivacaine", "pcia_morphine", "pcia_bupivacaine")}
    observed_ms = seen.observed_ms(begin_ms, end_ms)
    running = seen.running_ms(begin_ms, end_ms)
    wall = observed_ms, observed_ms, observed_ms
    return Doses(
        one.patient, begin_ms, end_ms, observed_ms, running[0],
        withheld_ms=sum(max(0, min(end_ms, b) - max(begin_ms, a)) for a, b, _ in seen.withheld),
        outside_ms=end_ms - begin_ms - length(clip(seen.claimed, begin_ms, end_ms)),
        clock_doubt_ms=max(seen.doubt_ms(begin_ms), seen.doubt_ms(end_ms)),
        continuous_ml=whole["continuous"], pcia_ml=whole["pcia"], other_ml=whole["other"],
        prime_ml=whole["prime"],
        morphine_mg=masses["morphine"], bupivacaine_mg=masses["bupivacaine"],
        pcia_morphine_mg=masses["pcia_morphine"], pcia_bupivacaine_mg=masses["pcia_bupivacaine"],
        deliveries=_deliveries(seen, Window.of(seen, begin_ms, end_ms)),
        rate_ml_h=_rate(whole["continuous"], *running),
        rate_wall_ml_h=_rate(whole["continuous"], *wall),
        rate_last_ml_h=_last_rate(seen, begin_ms, end_ms),
        mean_with_boluses_ml_h=_rate(whole["patient"], *wall),
        presses=_presses(seen, begin_ms, end_ms), pieces=pieces,
        notes=tuple(_notes(one, seen, pieces, begin_ms, end_ms)),
    )


def _pieces(seen: Observed, hung: list[Bag], begin_ms: int, end_ms: int) -> list[tuple[Window, Bag]]:
    """Cuts a window where bags change; before the first bag nothing is known of drugs."""
    before = [bag for bag in hung if bag.at_ms <= begin_ms]
    marks = [(begin_ms, seen.doubt_ms(begin_ms), before[-1] if before else Bag(begin_ms))]
    for bag in hung:
        if begin_ms < bag.at_ms < end_ms:
            marks.append((bag.at_ms, max(bag.doubt_ms, seen.doubt_ms(bag.at_ms)), bag))
    ends = [(at_ms, doubt_ms) for at_ms, doubt_ms, _ in marks[1:]] + [(end_ms, seen.doubt_ms(end_ms))]
    return [(Window(at_ms, to_ms, doubt_ms, end_doubt_ms), bag)
            for (at_ms, doubt_ms, bag), (to_ms, end_doubt_ms) in zip(marks, ends, strict=True)
            if at_ms < to_ms]


def _piece(seen: Observed, window: Window, bag: Bag) -> Piece:
    volumes = volumes_ml(seen, window)
    strengths = {"morphine": bag.morphine_ug_pl, "bupivacaine": bag.bupivacaine_ug_pl}
    masses = {drug: _mass(volumes["patient"], strengths[drug]) for drug in DRUGS}
    masses.update({f"pcia_{drug}": _mass(volumes["pcia"], strengths[drug]) for drug in DRUGS})
    return Piece(window.begin_ms, window.end_ms, bag, volumes, masses)


def _deliveries(seen: Observed, window: Window) -> Figure:
    """Counts the patient's boluses that begin in the window, surely, and at most."""
    starts = [part.bolus for part in seen.boluses_in(*window.wide)
              if part.bolus.source == "patient" and part.begin_ms == part.bolus.begin_ms]

    def within(edges: Interval, surely: bool = False) -> Fraction:
        return Fraction(sum(edges[0] <= bolus.begin_ms < edges[1] and not (surely and bolus.inferred)
                            for bolus in starts))

    return Figure(within((window.begin_ms, window.end_ms)), within(window.narrow, surely=True),
                  within(window.wide))


def _presses(seen: Observed, begin_ms: int, end_ms: int) -> Presses:
    found = [(d.outcome, d.reason) for d in seen.demands if begin_ms <= d.at_ms < end_ms]
    denied = [reason for outcome, reason in found if outcome == "denied"]
    outcomes = [outcome for outcome, _ in found]
    return Presses(len(found), outcomes.count("given"), denied.count("lockout"),
                   len(denied) - denied.count("lockout"), outcomes.count("unresolved"))


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


def _notes(one: Episode, seen: Observed, pieces: Iterable[Piece], begin_ms: int,
           end_ms: int) -> Iterable[str]:
    """Yields what a reader of the figures must know, a sentence each."""
    for again in one.of_kind("patient_start")[1:]:
        yield (f"{one.patient} was started a second time, on board {again.board}: that entry is not"
               " used; correct one of them")
    for piece in pieces:
        if piece.bag.note:
            yield piece.bag.note
        elif piece.bag.entry is None and piece.volumes["patient"].high:
            yield ("milligrams unknown: the bag was changed and nobody entered it" if piece.bag.change
                   else "milligrams unknown: no bag was entered")
    for a_ms, b_ms, rival in seen.withheld:
        if a_ms < end_ms and b_ms > begin_ms:
            hours = Fraction(min(b_ms, end_ms) - max(a_ms, begin_ms), HOUR_MS)
            yield (f"{float(hours):.1f} h withheld: {rival} claims the same board then; correct one"
                   " of them")
    doubt_ms = max(seen.doubt_ms(begin_ms), seen.doubt_ms(end_ms))
    if doubt_ms > _DOUBT_TOLD_MS:
        yield f"the clock is uncertain by {doubt_ms // 1000} s at the window's edges"
    if seen.unplaced:
        yield f"{seen.unplaced} minutes recorded at times that nobody can tell are in no figure"
    if seen.uncalibrated:
        yield f"{seen.uncalibrated} minutes without a known calibration are in no figure"


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
