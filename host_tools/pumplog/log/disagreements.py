"""Where weight and counts disagree beyond their errors: when, and about how much volume.

A board notes a possibility as soon as it has a millilitre of evidence, and its end once nothing feeds
it. How much is in doubt in all only the levels tell (RESERVOIR records; BAG records at a change).
Between two levels of a hanging bag, what left it uncounted is their fall less what was counted in
between. From the last level before the evidence began, the greatest such fall up to two hours after
its end is the volume, and two standard errors more bound it. Two hours: a level follows the weight
slowly, a 64th of the way every ten seconds. So a pair of levels also tells where the weight must be
that they follow: the greater fall of both counts.

- Free flow, a silent counter, a cell that drifts downwards: more may have left the bag than was
  counted. It may have reached the patient, or not: it belongs into high bounds and into no value.
  Where nobody saw the end, a free flow may have taken all that the bag held: no level follows what
  falls so fast.
- Occlusion: what was counted meanwhile may not have left the bag: it belongs out of low bounds.

A change of bag ends all this: what the levels of two bags differ by says nothing. So a possibility
across a change is taken in parts, one a bag. Possibilities whose levels overlap are taken together:
nothing is in doubt twice.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor, isqrt
from typing import NamedTuple

from ..store import StoredRecord
from .brackets import PL_PER_UL
from .runs import Boluses, Run
from .signatures import Signature

_SIGMAS = 2
_BEFORE_MS = 600_000  # what feeds a suspicion may have begun so long before its sum left zero
_QUIET_MS = 600_000  # a possibility is over once nothing fed it for so long
_SETTLES_MS = 60_000  # so long after a bag was hung its weight is believed
_FOLLOWED_MS = 7_200_000  # a level has come to the weight's: all but 1 part in 80,000 of the way
_PULL = Fraction(63, 64)  # what is left of the way after ten seconds
_TELLING = Fraction(4, 5)  # a level that has more of the way left than this tells noise
_WEIGHT_SE_UL = 500  # of a level right after a bag was hung
_HOLDS_MOST_PL = 500_000 * PL_PER_UL  # no bag on the hook holds more
_WATER_PL = 10**10  # of 10,000 mg; the drug in saline weighs 1.0046 as much
_NO_BOLUSES = Boluses(())


class Level(NamedTuple):
    """What a bag held at a moment, by a RESERVOIR or a BAG record."""

    at_ms: int  #: Unix ms UTC
    pl: int  #: pL
    se_pl: int  #: its standard error, pL
    boot: int  #: the boot that told it
    bag: int  #: which bag of the log: one more at each change
    seq: int  #: the number of its record
    follows: bool = True  #: it follows the weight; False: it is the weight's, at a change


@dataclass(frozen=True)
class Disagreement:
    """A stretch in which weight and counts disagree, and by how much at most."""

    kinds: tuple[str, ...]  #: of the possibilities that tell of it: values of pumpwire.names.SIGNATURES
    begin_ms: int  #: Unix ms UTC
    end_ms: int  #: Unix ms UTC
    more_pl: Fraction  #: left the bag uncounted, at most, pL
    less_pl: Fraction | None  #: was counted and did not leave, at most, pL; None: all that was counted
    log_id: int  #: the log of its records
    seqs: tuple[int, ...]  #: the numbers of its possibilities' and levels' records
    ended: bool  #: somebody saw its end

    def touches(self, begin_ms: int, end_ms: int) -> bool:
        """Returns whether some of it lies in [begin, end)."""
        return self.begin_ms < end_ms and self.end_ms > begin_ms


class LevelBook:
    """Follows one log in order of seq; `levels` holds what the bags held."""

    def __init__(self) -> None:
        self.levels: list[Level] = []
        self._bag = 0
        self._shift_pl = 0  # steps of the weight that were taken out, either way

    def level(self, record: StoredRecord, at_ms: int) -> None:
        """Takes a RESERVOIR record."""
        fields = record.fields
        if fields["level_ul"] >= 0:
            se_pl = fields["se_ul"] * PL_PER_UL
            self._shift_pl = max(0, se_pl - _WEIGHT_SE_UL * PL_PER_UL)
            self.levels.append(Level(at_ms, fields["level_ul"] * PL_PER_UL, se_pl, record.boot,
                                     self._bag, record.seq))

    def bag(self, record: StoredRecord, at_ms: int, uncertainty_ms: int) -> None:
        """Takes a BAG record: a bag that was changed at at_ms."""
        fields, se_pl = record.fields, _WEIGHT_SE_UL * PL_PER_UL

        def level(mg: int, when_ms: int, steps_pl: int) -> Level:
            return Level(when_ms, max(0, mg) * _WATER_PL // 10_046, se_pl + steps_pl, record.boot,
                         self._bag, record.seq, follows=False)

        self.levels.append(level(fields["before_mg"], at_ms - uncertainty_ms, 2 * self._shift_pl))
        self._bag += 1
        self._shift_pl = 0
        self.levels.append(level(fields["after_mg"], at_ms + uncertainty_ms, 0))


class _Span(NamedTuple):
    """Where to look: the possibilities of one bag whose levels overlap."""

    signatures: tuple[Signature, ...]
    begin_ms: int
    end_ms: int
    ended: bool
    unweighed_ms: int = 0  # around a change of bag, which cuts it


def disagreements(
    signatures: Sequence[Signature], levels: Sequence[Level], runs: Sequence[Run]
) -> list[Disagreement]:
    """Returns where weight and counts disagree in one log, in order of time."""
    counts = _Counts(runs)
    told = [signature for signature in signatures
            if _loses(signature) or signature.kind == "occlusion"]
    if not told:
        return []
    bags: dict[int, list[Level]] = {}
    for level in levels:
        bags.setdefault(level.bag, []).append(level)
    hung = [sorted(bag) for bag in bags.values()] or [[]]
    rises = [each for each in signatures if each.kind == "load_cell_drift" and not _loses(each)]
    found = []
    for losing in (True, False):
        spans = [_Span((each,), each.since_ms - _BEFORE_MS, *_end(each, counts))
                 for each in told if _loses(each) is losing]
        for before, bag, after in zip([[], *hung], hung, [*hung[1:], []], strict=False):
            own = [inside for span in spans if (inside := _inside(span, before, bag, after))]
            for whole in _merged(sorted(own, key=lambda span: span.begin_ms)):
                found.append(_measured(whole, bag, counts, rises if losing else None))
    return sorted(found, key=lambda each: each.begin_ms)


def _loses(signature: Signature) -> bool:
    """Returns whether more may have left the bag than was counted."""
    return signature.kind in ("free_flow", "counter_silent") or (
        signature.kind == "load_cell_drift" and signature.by_weight_ul > signature.by_counts_ul)


def _end(signature: Signature, counts: _Counts) -> tuple[int, bool]:
    """Returns until when a possibility lasted, and whether somebody saw that."""
    if signature.over_ms is not None:
        return signature.over_ms, True
    last_ms = counts.boot_ends_ms(signature.noticed_ms) if signature.restarted else counts.last_ms
    return max(signature.noticed_ms + 1, last_ms), False


def _inside(
    span: _Span, before: Sequence[Level], bag: Sequence[Level], after: Sequence[Level]
) -> _Span | None:
    """Returns the part of a span in which a bag hung; a change ends what went on."""
    begin_ms, end_ms, ended, unweighed_ms = span.begin_ms, span.end_ms, span.ended, 0
    if before and begin_ms < bag[0].at_ms:
        begin_ms = bag[0].at_ms
        unweighed_ms += bag[0].at_ms - before[-1].at_ms + _SETTLES_MS
    if after and end_ms > after[0].at_ms:
        end_ms, ended = after[0].at_ms, True
        unweighed_ms += after[0].at_ms - bag[-1].at_ms + _SETTLES_MS
    if begin_ms >= end_ms:
        return None
    return _Span(span.signatures, begin_ms, end_ms, ended, unweighed_ms)


def _merged(spans: Iterable[_Span]) -> Iterator[_Span]:
    """Yields the spans of one bag, those together whose levels overlap."""
    last: _Span | None = None
    for span in spans:
        if last is not None and span.begin_ms <= last.end_ms + _FOLLOWED_MS:
            last = _Span(last.signatures + span.signatures, last.begin_ms, max(last.end_ms, span.end_ms),
                         last.ended and span.ended, max(last.unweighed_ms, span.unweighed_ms))
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last


def _measured(
    span: _Span, bag: Sequence[Level], counts: _Counts, rises: Sequence[Signature] | None
) -> Disagreement:
    """rises: when the weight rose, as of a bag changed unnoticed; None: less left than was counted."""
    at = bisect_right(bag, span.begin_ms, key=lambda level: level.at_ms) - 1
    base = bag[at] if at >= 0 else None  # without a level before it began, nothing tells its volume
    after = [] if base is None else [
        level for level in bag[at + 1 :] if level.at_ms <= span.end_ms + _FOLLOWED_MS]
    falls = [] if base is None else list(_falls(base, after, counts))
    begin_ms = span.begin_ms if base is None else base.at_ms
    seqs = {each.seq for each in span.signatures} | {level.seq for level in (base, *after[-1:]) if level}
    more_pl, less_pl = Fraction(0), None
    if rises is not None:
        held_pl = Fraction(_HOLDS_MOST_PL if base is None else base.pl + _SIGMAS * base.se_pl)
        fast = any(each.kind == "free_flow" for each in span.signatures)
        blind = not falls or fast and not span.ended
        more_pl = held_pl if blind else min(held_pl, _most(falls, span))
        more_pl += sum(-each.by_weight_ul * PL_PER_UL for each in rises
                       if span.begin_ms <= each.noticed_ms < span.end_ms + _QUIET_MS)
    elif falls:
        less_pl = max(Fraction(0), max(-fall.low for fall in falls))
    return Disagreement(
        tuple(dict.fromkeys(each.kind for each in span.signatures)), begin_ms, span.end_ms, more_pl,
        less_pl, span.signatures[0].log_id, tuple(sorted(seqs)), span.ended)


class _Fall(NamedTuple):
    low: Fraction
    high: Fraction


def _most(falls: Sequence[_Fall], span: _Span) -> Fraction:
    """Returns the greatest fall, with what may have run at its speed while a bag was changed."""
    most_pl = max(Fraction(0), max(fall.high for fall in falls))
    lasted_ms = max(span.unweighed_ms, span.end_ms - span.begin_ms - _BEFORE_MS - _QUIET_MS, 1)
    return most_pl + most_pl * span.unweighed_ms / lasted_ms


def _falls(base: Level, after: Sequence[Level], counts: _Counts) -> Iterator[_Fall]:
    """Yields what left the bag uncounted since `base`, in pL: by each level, and by what it follows."""
    before, before_pl = base, base.pl
    counted_pl = Fraction(0)
    for level in after:
        counted_pl += counts.between_pl(before.at_ms, level.at_ms)
        error_pl = (isqrt(base.se_pl**2 + level.se_pl**2) + 1 + counts.quantum_pl
                    + counted_pl * counts.ppm / 1_000_000)
        kept_pl = level.pl + floor(counted_pl)
        weights_pl = [kept_pl]
        if level.follows and before.boot == level.boot and before.se_pl < 2 * level.se_pl:
            left = _PULL ** min(999, max(0, level.at_ms - before.at_ms) // 10_000)
            if left <= _TELLING:
                weights_pl.append(floor((kept_pl - left * before_pl) / (1 - left)))
        for weight_pl in weights_pl:
            fall_pl = base.pl - weight_pl
            yield _Fall(fall_pl - _SIGMAS * error_pl, fall_pl + _SIGMAS * error_pl)
        before, before_pl = level, kept_pl


class _Counts:
    """What one log counted, found by time."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = sorted(runs, key=lambda run: run.begin_ms)
        self.last_ms = max((run.end_ms for run in runs), default=0)
        self.ppm = max((run.calibration.uncertainty_ppm for run in runs), default=0)
        self.quantum_pl = max((run.calibration.pl_per_count for run in runs), default=0)

    def between_pl(self, begin_ms: int, end_ms: int) -> Fraction:
        """Returns what was counted in [begin, end), in pL."""
        first = bisect_right(self._runs, begin_ms, key=lambda run: run.end_ms)
        behind = bisect_left(self._runs, end_ms, key=lambda run: run.begin_ms)
        return sum((run.continuous_pl(begin_ms, end_ms, _NO_BOLUSES)
                    for run in self._runs[first:behind]), Fraction(0))

    def boot_ends_ms(self, at_ms: int) -> int:
        """Returns when the boot ended that counted at a moment, as far as it was counted."""
        k = max(0, bisect_right(self._runs, at_ms, key=lambda run: run.begin_ms) - 1)
        boots = [run for run in self._runs[k:] if run.boot == self._runs[k].boot]
        return max((run.end_ms for run in boots), default=at_ms)
