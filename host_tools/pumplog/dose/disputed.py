"""What weight and counts disagree about in a window: bounds that hold what either of them says.

Values stay those of the counts. What left the bag uncounted at most is added to the high bounds of
every window that the disagreement touches. All of it is, since nobody knows when it moved, nor
whether the pump moved it. What was counted meanwhile and may not have left the bag is taken out of
the low bounds. A silent counter misses boluses too: a press of that time which no count answered may
have been a delivery.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..log import Disagreement, signature_name
from ..moments import utc_text
from ..patients import Observed
from ..quantities import decimal_up, hex_id, show
from .bags import Bag
from .volumes import PL_PER_ML, UncertainSpan, Volumes, volumes


@dataclass(frozen=True)
class Disputed:
    """A disagreement that concerns a window."""

    disagreement: Disagreement  #: when, by which records
    more_ml: Fraction  #: left the bag uncounted, at most, mL
    counted_ml: Fraction  #: was counted in all of it and may not have left the bag, at most, mL
    presses: int  #: how many presses of that time may have been deliveries that nobody counted

    @property
    def name(self) -> str:
        """What it possibly was."""
        return " and ".join(signature_name(kind) for kind in self.disagreement.kinds)

    def to_json(self) -> dict[str, Any]:
        """Returns it for a program, every decimal a string."""
        found = self.disagreement
        return {
            "signatures": list(found.kinds), "begin_utc": utc_text(found.begin_ms),
            "end_utc": utc_text(found.end_ms), "end_noticed": found.ended,
            "uncounted_ml_at_most": decimal_up(self.more_ml),
            "not_delivered_ml_at_most": decimal_up(self.counted_ml),
            "log_id": hex_id(found.log_id), "seqs": list(found.seqs),
        }

    def to_text(self, moment_text: Callable[[int], str] = utc_text) -> str:
        """Returns it in two sentences; moment_text(Unix ms UTC) prints a time."""
        found = self.disagreement
        when = f"from {moment_text(found.begin_ms)} to {moment_text(found.end_ms)}"
        when += "" if found.ended else ", no end noticed"
        if self.more_ml:
            return (f"{self.name}: up to {show(self.more_ml, 2)} mL left the bag uncounted {when}."
                    " The high bounds hold it; milligrams from counts are too low if it reached the"
                    " patient")
        return (f"{self.name}: {show(self.counted_ml, 2)} mL were counted {when}. How much of it"
                " reached the patient is doubtful; the low bounds leave it out")


def disputed(
    observed: Observed, hung: Sequence[Bag], begin_ms: int, end_ms: int
) -> tuple[Disputed, ...]:
    """Returns what weight and counts disagree about in [begin, end)."""
    return tuple(_disputed(observed, hung, each) for each in observed.disagreements
                 if each.touches(begin_ms, end_ms) and (each.more_pl or each.less_pl != 0))


def _disputed(observed: Observed, hung: Sequence[Bag], found: Disagreement) -> Disputed:
    if found.more_pl:
        presses = _unanswered(observed, found, found.begin_ms, found.end_ms)
        unnoticed_ul = sum(bag.entry.fields["volume_ul"] for bag in hung
                           if bag.entry and bag.change is None and not bag.redated_ms
                           and found.begin_ms <= bag.at_ms < found.end_ms)  # the levels hide its fall
        return Disputed(found, found.more_pl / PL_PER_ML + Fraction(unnoticed_ul, 1000), Fraction(0),
                        presses)
    part = volumes(observed, UncertainSpan.of(observed, found.begin_ms, found.end_ms))
    most_ml = _most_ml(found)
    return Disputed(found, Fraction(0), part.patient_ml.high if most_ml is None else min(
        part.patient_ml.high, most_ml), 0)


def _most_ml(found: Disagreement) -> Fraction | None:
    return None if found.less_pl is None else found.less_pl / PL_PER_ML


def _unanswered(observed: Observed, found: Disagreement, begin_ms: int, end_ms: int) -> int:
    """Returns how many presses in [begin, end) no count answered and no lockout denied."""
    return sum(demand.outcome == "denied" and demand.reason != "lockout"
               and found.begin_ms <= demand.at_ms < found.end_ms
               for demand in observed.demands if begin_ms <= demand.at_ms < end_ms)


def widened(
    observed: Observed, found: Volumes, disputes: Sequence[Disputed], begin_ms: int, end_ms: int
) -> Volumes:
    """Returns the volumes of [begin, end) with bounds that hold what weight and counts say."""
    for each in disputes:
        about = each.disagreement
        if not about.touches(begin_ms, end_ms):
            continue
        if each.more_ml:
            found = found.raised(each.more_ml, pcia=each.presses > 0)
        else:
            span = max(begin_ms, about.begin_ms), min(end_ms, about.end_ms)
            found = found.lowered(volumes(observed, UncertainSpan.of(observed, *span)), _most_ml(about))
    return found


def missed_deliveries(
    observed: Observed, disputes: Sequence[Disputed], begin_ms: int, end_ms: int
) -> int:
    """Returns how many boluses may have begun in [begin, end) that nobody counted."""
    return sum(_unanswered(observed, each.disagreement, begin_ms, end_ms)
               for each in disputes if each.more_ml)


def doubtful(plain: Volumes, wide: Volumes) -> tuple[str, ...]:
    """Returns which of the volumes have other bounds once weight and counts are both heard."""
    return tuple(name for name in ("continuous_ml", "pcia_ml", "other_ml", "patient_ml")
                 if getattr(plain, name) != getattr(wide, name))
