"""Relief: from a bolus to the press that says the pain has eased; and presses by mistake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..intervals import Interval, clip, length

STRAY_AFTER_MS = 3_600_000
_THRICE_MS = 120_000
_SHORT_MS = 120_000  # a reset, and the minute being filled: too short to have missed a bolus's relief
MISTAKEN = "handset mistaken?"


@dataclass(frozen=True)
class Relief:
    """A press of the relief button; since_bolus_s: since the last bolus began, None: the board knew
    of none; stray: not of a bolus, or one of three in two minutes; unsure: the board was not
    watching all of the hour before, and may have missed the bolus."""

    at_ms: int
    since_bolus_s: int | None
    stray: bool
    log_id: int
    seq: int
    unsure: bool = False

    @property
    def bolus_ms(self) -> int | None:
        """When the bolus began that it is for."""
        return None if self.since_bolus_s is None else self.at_ms - self.since_bolus_s * 1000


@dataclass(frozen=True)
class Reliefs:
    """All presses of a window; onsets: the first press for each bolus, strays left out."""

    presses: tuple[Relief, ...]

    @property
    def strays(self) -> tuple[Relief, ...]:
        """The presses that are left out."""
        return tuple(press for press in self.presses if press.stray)

    @property
    def onsets(self) -> tuple[Relief, ...]:
        """The presses that tell an onset: since_bolus_s after their bolus began."""
        found: list[Relief] = []
        for press in self.presses:
            if press.stray or press.unsure or press.bolus_ms is None:
                continue
            if found and found[-1].bolus_ms is not None and (
                    press.bolus_ms <= found[-1].bolus_ms + 2000):
                continue  # pressed again for the same bolus
            found.append(press)
        return tuple(found)


def judge(
    presses: Sequence[Relief], boluses_ms: Sequence[int], observed: list[Interval]
) -> tuple[Relief, ...]:
    """Returns presses in order of time, judged by all that was seen around them.

    Three within two minutes are all stray, the first two as well. A board that had just restarted
    knows no bolus: then the beginnings of boluses (boluses_ms, sorted) in the hour before tell.
    """
    ordered = sorted(presses, key=lambda press: press.at_ms)
    thrice = {k + j for k in range(len(ordered) - 2) for j in range(3)
              if ordered[k + 2].at_ms - ordered[k].at_ms <= _THRICE_MS}
    found = []
    for k, press in enumerate(ordered):
        if k in thrice:
            press = replace(press, stray=True)
        elif press.since_bolus_s is None:
            press = _by_host(press, boluses_ms, observed)
        found.append(press)
    return tuple(found)


def _by_host(press: Relief, boluses_ms: Sequence[int], observed: list[Interval]) -> Relief:
    hour = press.at_ms - STRAY_AFTER_MS, press.at_ms
    before = [at_ms for at_ms in boluses_ms if hour[0] <= at_ms < hour[1]]
    unseen_since = before[-1] if before else hour[0]
    seen_ms = length(clip(observed, unseen_since, press.at_ms))
    unsure = seen_ms < press.at_ms - unseen_since - _SHORT_MS
    if before and not unsure:
        return replace(press, stray=False, since_bolus_s=(press.at_ms - before[-1]) // 1000)
    return replace(press, stray=not unsure, unsure=unsure)
