"""What the boards noticed of a patient since a moment, the worst first; also what is over by now.

A nurse who pulls in the morning has to hear of the night: a pump that stood, free flow, an occlusion
that cleared, presses that were denied. It is read from the log at each question and never stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..intervals import Interval, clip, length, merge
from ..log import Demand, Signature, Standstill, Timeline, noticed_in
from ..moments import local_text, span_text, utc_text
from ..quantities import show_span
from ..store import Pull, Store
from .episodes import Episode

STOOD, OFF, DENIED = "pump_stood", "board_off", "presses_denied"
SHORTEST_MS = 10 * 60_000  # a pump that stood for less is a bag change, or a hand on its key
SHORTEST_OFF_MS = 2 * 60_000  # a board that was off for less only restarted
_BY_HARM = ("free_flow", "runaway", "occlusion", STOOD, OFF, "counter_silent", "empty", "load_cell_dead",
            "load_cell_drift", "regimen_mismatch", "handset_stuck", DENIED)


@dataclass(frozen=True)
class Denied:
    """Presses of the handset of which some gave nothing."""

    first_ms: int  #: the first of them all, Unix ms UTC
    last_ms: int  #: the last of them all, Unix ms UTC
    asked: int  #: all of them
    lockout: int  #: denied during lockout
    stopped: int  #: denied while the pump stood
    other: int  #: denied for another reason, or for a reason that the board did not know

    def to_text(self) -> str:
        """Returns a sentence for the screen; a reason that no press had is not in it."""
        reasons = [(self.lockout, "of them during lockout"), (self.stopped, "while the pump stood"),
                   (self.other, "for a reason that the board did not know")]
        why = "".join(f", {n} {words}" for n, words in reasons if n)
        return (f"presses of the handset, {span_text(self.first_ms, self.last_ms)}: {self.asked} asked,"
                f" {self.lockout + self.stopped + self.other} gave nothing{why}")


@dataclass(frozen=True)
class Off:
    """Times in which a board was off, so that nobody knows what the pump did."""

    begin_ms: int  #: when the first began, Unix ms UTC
    until_ms: int  #: when the last ended, Unix ms UTC
    times: int  #: how many there were
    off_ms: int  #: how long they were in all, ms

    def to_text(self) -> str:
        """Returns a sentence for the screen."""
        span = show_span(self.off_ms)
        often = f"{self.times} times " if self.times > 1 else ""
        return (f"the board was off {often}from {span_text(self.begin_ms, self.until_ms)}, {span}"
                f"{' in all' if self.times > 1 else ''}: what the pump did then was not recorded")


@dataclass(frozen=True)
class Noticed:
    """A thing that a board noticed."""

    kind: str  #: a value of pumpwire.names.SIGNATURES, STOOD, OFF or DENIED
    begin_ms: int  #: Unix ms UTC
    over_ms: int | None  #: Unix ms UTC; None: no end was recorded
    source: Signature | Standstill | Off | Denied  #: what it was taken from

    @property
    def rank(self) -> int:
        """How much harm it may do, 0 the most; a kind of a later version comes first."""
        return _BY_HARM.index(self.kind) + 1 if self.kind in _BY_HARM else 0

    def to_text(self) -> str:
        """Returns a sentence for the screen."""
        if isinstance(self.source, Signature):
            return self.source.to_text(local_text)
        if isinstance(self.source, Standstill):
            return _stood_text(self.source)
        return self.source.to_text()

    def to_json(self) -> dict[str, Any]:
        """Returns it for a program."""
        return {"kind": self.kind, "begin_utc": utc_text(self.begin_ms),
                "over_utc": None if self.over_ms is None else utc_text(self.over_ms),
                "words": self.to_text()}


def _stood_text(stood: Standstill) -> str:
    span = show_span(stood.until_ms - stood.begin_ms)
    if stood.over:
        return f"the pump stood from {span_text(stood.begin_ms, stood.until_ms)}, {span}"
    return (f"the pump stood since {local_text(stood.begin_ms)}, and still did when the record ends,"
            f" {span} later")


def noticed_of(store: Store, patient: Episode, since_ms: int) -> list[Noticed]:
    """Returns what was noticed in a patient's stays since a moment, the worst first.

    A thing that began before and was not over then counts as well.
    """
    found: list[Noticed] = []
    for board, claims in patient.claims().items():
        spans = [(max(begin_ms, since_ms), end_ms, begin_ms) for begin_ms, end_ms in claims
                 if end_ms > since_ms]
        for log_id, _ in store.logs.of(board) if spans else ():
            told = noticed_in(store, log_id)
            for begin_ms, end_ms, claimed_ms in spans:
                found += _of_outages(clip(merge((off.begin_ms, off.until_ms) for off in told.outages
                                                if off.until_ms >= begin_ms), claimed_ms, end_ms))
                found += _of_signatures(told.signatures, begin_ms, end_ms)
                found += _of_standstills(told.standstills, begin_ms, end_ms)
                found += _of_demands([demand for demand in told.demands
                                      if begin_ms <= demand.at_ms < end_ms])
    return sorted(found, key=lambda each: (each.rank, each.begin_ms))


def reached_ms(store: Store, pull: Pull | None) -> int | None:
    """Returns when the last record was made that a pull brought, Unix ms UTC; None: there is none.

    Not when the pull was, for that is by the laptop's clock, which may have been wrong.
    """
    if pull is None:
        return None
    moment, _ = store.records.around(pull.log_id, pull.next_seq - 1, pull.next_seq)
    placed = Timeline.of(store, pull.log_id).utc(*moment) if moment else None
    return placed[0] if placed else None


def _of_signatures(signatures: list[Signature], begin_ms: int, end_ms: int) -> Iterator[Noticed]:
    for signature in signatures:
        followed_to_ms = signature.over_ms or signature.restarted_ms or end_ms
        if signature.since_ms < end_ms and followed_to_ms >= begin_ms:
            yield Noticed(signature.kind, signature.since_ms, signature.over_ms, signature)


def _of_standstills(standstills: list[Standstill], begin_ms: int, end_ms: int) -> Iterator[Noticed]:
    for stood in standstills:
        long_enough = stood.until_ms - stood.begin_ms >= SHORTEST_MS
        if long_enough and stood.begin_ms < end_ms and stood.until_ms >= begin_ms:
            yield Noticed(STOOD, stood.begin_ms, stood.until_ms if stood.over else None, stood)


def _of_outages(off: list[Interval]) -> Iterator[Noticed]:
    if off and length(off) >= SHORTEST_OFF_MS:
        yield Noticed(OFF, off[0][0], off[-1][1], Off(off[0][0], off[-1][1], len(off), length(off)))


def _of_demands(demands: list[Demand]) -> Iterator[Noticed]:
    denied = [demand for demand in demands if demand.outcome == "denied"]
    if denied:
        lockout, stopped = (sum(demand.reason == reason for demand in denied)
                            for reason in ("lockout", "stopped"))
        yield Noticed(DENIED, demands[0].at_ms, demands[-1].at_ms, Denied(
            demands[0].at_ms, demands[-1].at_ms, len(demands), lockout, stopped,
            len(denied) - lockout - stopped))
