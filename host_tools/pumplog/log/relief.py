"""Relief: from a bolus to the press that says the pain has eased; and presses by mistake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from pumpwire import records as wire

from ..intervals import Interval, clip, length
from ..moments import utc_text
from ..quantities import decimal, hex_id, show
from ..store import StoredRecord

STRAY_AFTER_MS = 3_600_000
_THRICE_MS = 120_000
_SHORT_MS = 120_000  # a reset, and the minute being filled: too short to have missed a bolus's relief
_SAME_BOLUS_MS = 2000  # two presses tell the same bolus: both count from it in whole seconds
MISTAKEN = "handset mistaken?"


@dataclass(frozen=True)
class Relief:
    """A press of the relief button."""

    at_ms: int  #: when it was pressed, Unix ms UTC
    since_bolus_s: int | None  #: s since the last bolus began; None: the board knew of none
    stray: bool  #: it belongs to no bolus, or is one of three presses in two minutes
    log_id: int  #: the log of its record
    seq: int  #: the number of its record
    unsure: bool = False  #: the board did not watch all of the hour before: it may have missed a bolus

    @classmethod
    def of(cls, record: StoredRecord, at_ms: int) -> Relief:
        """Takes a RELIEF record that was made at at_ms."""
        fields = record.fields
        since_s = fields["since_bolus_s"]
        return cls(at_ms - fields["ago_ms"], None if since_s == wire.NEVER_S else since_s,
                   bool(fields["stray"]), record.log_id, record.seq)

    @property
    def bolus_ms(self) -> int | None:
        """When the bolus began that it is for, Unix ms UTC."""
        return None if self.since_bolus_s is None else self.at_ms - self.since_bolus_s * 1000


@dataclass(frozen=True)
class Reliefs:
    """All presses of the relief button in a window."""

    presses: tuple[Relief, ...]  #: judged, in order of time

    @property
    def strays(self) -> tuple[Relief, ...]:
        """The presses that are left out."""
        return tuple(press for press in self.presses if press.stray)

    @property
    def onsets(self) -> tuple[Relief, ...]:
        """The first press for each bolus: since_bolus_s is the time from the bolus to relief."""
        found: list[Relief] = []
        for press in self.presses:
            if press.stray or press.unsure or press.bolus_ms is None:
                continue
            if found and found[-1].bolus_ms is not None and (
                    press.bolus_ms <= found[-1].bolus_ms + _SAME_BOLUS_MS):
                continue  # pressed again for the same bolus
            found.append(press)
        return tuple(found)

    @property
    def onsets_min(self) -> tuple[Fraction, ...]:
        """The time from each bolus's beginning to relief, in minutes, in the order of `onsets`."""
        return tuple(Fraction(press.since_bolus_s or 0, 60) for press in self.onsets)

    @property
    def mean_onset_min(self) -> Fraction | None:
        """The mean of `onsets_min`, None without any."""
        onsets = self.onsets_min
        return sum(onsets, Fraction(0)) / len(onsets) if onsets else None

    def to_json(self) -> dict[str, Any]:
        """Returns the presses for a program, every decimal a string."""
        return {
            "presses": len(self.presses), "stray": len(self.strays),
            "unsure": sum(press.unsure for press in self.presses),
            "onset_min": decimal(self.mean_onset_min),
            "onsets": [{"relief_utc": utc_text(press.at_ms), "onset_min": decimal(minutes),
                        "log_id": hex_id(press.log_id), "seq": press.seq}
                       for press, minutes in zip(self.onsets, self.onsets_min, strict=True)],
            "strays": [{"relief_utc": utc_text(press.at_ms), "words": MISTAKEN,
                        "log_id": hex_id(press.log_id), "seq": press.seq} for press in self.strays],
        }

    def to_text(self) -> str:
        """Returns the presses, and what they say of the onset, for the screen."""
        if not self.presses:
            return "relief button: no press recorded"
        text = f"relief button: pressed {len(self.presses)} times"
        onsets, mean = self.onsets_min, self.mean_onset_min
        if mean is not None:
            text += (f"; onset {show(mean, 1)} min from a bolus's beginning to relief"
                     f" ({len(onsets)} times, {show(min(onsets), 1)} to {show(max(onsets), 1)} min)")
        if self.strays:
            text += f"; {len(self.strays)} stray, left out: {MISTAKEN}"
        unsure = sum(press.unsure for press in self.presses)
        return text + (f"; {unsure} after a restart, left out: no bolus known" if unsure else "")


def judge_reliefs(
    presses: Sequence[Relief], boluses_ms: Sequence[int], observed: list[Interval]
) -> tuple[Relief, ...]:
    """Returns presses in order of time, judged by everything that the boards recorded around them.

    boluses_ms: when boluses began, sorted, Unix ms UTC; observed: when a board watched.
    Three presses within two minutes are all stray, the first two as well. A board that had just
    restarted knows no bolus: then the boluses of the hour before tell.
    """
    ordered = sorted(presses, key=lambda press: press.at_ms)
    thrice = {k + j for k in range(len(ordered) - 2) for j in range(3)
              if ordered[k + 2].at_ms - ordered[k].at_ms <= _THRICE_MS}
    found = []
    for k, press in enumerate(ordered):
        if k in thrice:
            press = replace(press, stray=True)
        elif press.since_bolus_s is None:
            press = _judged_by_log(press, boluses_ms, observed)
        found.append(press)
    return tuple(found)


def _judged_by_log(
    press: Relief, boluses_ms: Sequence[int], observed: list[Interval]
) -> Relief:
    """Returns a press before which the board knew of no bolus, judged by what the log has."""
    hour = press.at_ms - STRAY_AFTER_MS, press.at_ms
    before = [at_ms for at_ms in boluses_ms if hour[0] <= at_ms < hour[1]]
    since_ms = before[-1] if before else hour[0]
    observed_ms = length(clip(observed, since_ms, press.at_ms))
    unsure = observed_ms < press.at_ms - since_ms - _SHORT_MS
    if before and not unsure:
        return replace(press, stray=False, since_bolus_s=(press.at_ms - before[-1]) // 1000)
    return replace(press, stray=not unsure, unsure=unsure)
