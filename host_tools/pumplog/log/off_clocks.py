"""Whose clock was minutes off, as a pull tells it: this laptop's, another's, the clock chip's.

Nobody knows from a contradiction alone who is wrong. The reading that fits the rest least is named, with
those that deny it. A contradiction is told when it is new, whichever of its readings came first: an old
reading may be the wrong one, or a right one that a new reading outranks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pumpwire.records import OWN_CLOCK

from .. import host
from ..moments import local_text, utc_text
from ..quantities import hex_id, show_span
from ..store import Store, without
from .anchors import Anchor, PlacedAnchor
from .timeline import Timeline

Known = set[tuple[int, int]]  # (log_id, seq)


@dataclass(frozen=True)
class OffClock:
    """A clock that was over a minute off when it told a board the time."""

    host_id: int  #: whose clock it is; 0: the board's own clock chip
    ahead_ms: int  #: how far it was ahead of where the log has that moment, ms; below 0: behind
    at_ms: int  #: where the log has that moment, Unix ms UTC
    uncertainty_ms: int  #: at_ms is right give or take this, ms
    against: tuple[int, ...]  #: the other hosts that say otherwise in that boot
    log_id: int  #: the log of its record
    seq: int  #: the number of its record
    #: where nobody else does in that boot: the other hosts that say otherwise in other boots
    against_elsewhere: tuple[int, ...] = ()
    #: where nobody else does at all: when its own visit says otherwise, Unix ms UTC
    own_visit_ms: int | None = None
    restarted: bool = False  #: all that denies it is a restart in between, short by the board's count

    def to_text(self) -> str:
        """Returns whose clock it is, how far it is off, by what evidence, and what to do."""
        so, else_so = ("fast", "slow") if self.ahead_ms > 0 else ("slow", "fast")
        by = ", ".join(_name_of(host_id) for host_id in self.against or self.against_elsewhere)
        what = f", by {by or 'the visits before and after'}"
        if self.own_visit_ms is not None:
            what = f", or {else_so} at {local_text(self.own_visit_ms)}"
        if self.restarted:
            what += ", or the board's restart between them took so long"
        return (f"CLOCK  {_name_of(self.host_id)} was {show_span(abs(self.ahead_ms))} {so} at"
                f" {local_text(self.at_ms)}{what}: {self._advice()}; times around that visit are"
                f" held as uncertain by {show_span(self.uncertainty_ms)}")

    def _advice(self) -> str:
        others = self.against or self.against_elsewhere
        if len(others) == 1 and OWN_CLOCK not in (self.host_id, *others):
            return "nobody knows which clock is wrong, check both, set them right and pull again"
        if self.host_id == OWN_CLOCK:
            return "have the chip set and its battery looked at"
        if self.own_visit_ms is not None:
            return "nobody knows which, check its clock, set it right and pull with it again"
        return f"check the clock of {_name_of(self.host_id)}, set it right and pull with it again"

    def to_json(self) -> dict[str, Any]:
        """Returns it for a program."""
        return {"host_id": self.host_id, "this_laptop": self.host_id == host.host_id(),
                "own_clock": self.host_id == OWN_CLOCK, "ahead_ms": self.ahead_ms,
                "utc": utc_text(self.at_ms), "utc_uncertainty_ms": self.uncertainty_ms,
                "against_host_ids": list(self.against),
                "against_elsewhere_host_ids": list(self.against_elsewhere),
                "own_visit_utc": None if self.own_visit_ms is None else utc_text(self.own_visit_ms),
                "board_restarted_between": self.restarted,
                "log_id": hex_id(self.log_id), "seq": self.seq}


def _name_of(host_id: int) -> str:
    if host_id == host.host_id():
        return "this laptop"
    return "the board's clock chip" if host_id == OWN_CLOCK else f"laptop {host_id}"


def known_anchors(store: Store, board: str) -> Known:
    """Returns the clock readings of a board that the store holds."""
    return {(log_id, record.seq) for log_id, _ in store.logs.of(board)
            for record in store.records.of(log_id, "anchor")}


def clocks_off(store: Store, board: str, before: Known) -> list[OffClock]:
    """Returns the clocks that were over a minute off, each host's last such visit in a log.

    before: known_anchors before the pull. Left out is what was off by these already, unless it was the
    last reading that the running boot was given.
    """
    found: dict[tuple[int, int], OffClock] = {}
    for log_id, _ in store.logs.of(board):
        timeline = Timeline.of(store, log_id)
        off, denied = list(_off(timeline)), timeline.resets_denied()
        if not off and not denied:
            continue
        earlier = Timeline.of(store, log_id, {seq for known_log, seq in before if known_log == log_id})
        was_off = {anchor.seq for _, anchor, _ in _off(earlier)}
        were_denied = {(a.anchor.seq, b.anchor.seq) for a, b, _ in earlier.resets_denied()}
        last = _last_of_running_boot(store, log_id)
        told = [_around_a_reset(timeline, log_id, *each) for each in denied
                if (each[0].anchor.seq, each[1].anchor.seq) not in were_denied]
        told += [_off_clock(timeline, log_id, *each) for each in off
                 if each[1].seq not in was_off or each[1].seq == last]
        found |= {(log_id, clock.host_id): clock for clock in told if clock}
    return list(found.values())


def _last_of_running_boot(store: Store, log_id: int) -> int | None:
    but = store.pages.claimed(log_id) if store.pages.proves_some(log_id) else []
    running = max(store.records.last_uptimes(log_id, but), default=0)
    return max((record.seq for record in without(store.records.of(log_id, "anchor"), but)
                if record.boot == running), default=None)


def _off_clock(timeline: Timeline, log_id: int, boot: int, anchor: Anchor, ahead_ms: int
               ) -> OffClock | None:
    """Returns whose reading is off, and who denies it; None for a reading that has no time."""
    placed = timeline.utc(boot, anchor.uptime_ms)
    if placed is None:
        return None
    here = {other.host_id for other in timeline.anchors(boot)} - {anchor.host_id}
    denied_by = [] if here else timeline.denied_by(boot, anchor)
    elsewhere = {other.anchor.host_id for other in denied_by} - {anchor.host_id}
    own_ms = None if here or elsewhere or not denied_by else _placed_ms(timeline, denied_by[-1])
    return OffClock(anchor.host_id, ahead_ms, *placed, tuple(sorted(here)), log_id, anchor.seq,
                    tuple(sorted(elsewhere)), own_ms)


def _around_a_reset(timeline: Timeline, log_id: int, before: PlacedAnchor, after: PlacedAnchor,
                    apart_ms: int) -> OffClock | None:
    """Returns the reading after a reset that is longer by the readings on both sides than it says."""
    placed = timeline.utc(after.boot, after.anchor.uptime_ms)
    if placed is None:
        return None
    other, host_id = before.anchor.host_id, after.anchor.host_id
    return OffClock(host_id, apart_ms, *placed, (), log_id, after.anchor.seq,
                    () if other == host_id else (other,),
                    _placed_ms(timeline, before) if other == host_id else None, restarted=True)


def _off(timeline: Timeline) -> Iterator[tuple[int, Anchor, int]]:
    """Yields (boot, reading, ms that it is ahead) of each that is over a minute off."""
    for boot in timeline.boots_disagreed():
        for anchor, ahead_ms in timeline.disagreeing(boot):
            yield boot, anchor, ahead_ms


def _placed_ms(timeline: Timeline, visit: PlacedAnchor) -> int | None:
    placed = timeline.utc(visit.boot, visit.anchor.uptime_ms)
    return placed and placed[0]
