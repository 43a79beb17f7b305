"""Whose clock was minutes off, as a pull tells it: this laptop's, another's, the clock chip's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pumpwire.records import OWN_CLOCK

from .. import host
from ..moments import local_text, utc_text
from ..quantities import hex_id, show_span
from ..store import Store
from .timeline import Timeline

Known = set[tuple[int, int]]  # (log_id, seq)


@dataclass(frozen=True)
class OffClock:
    """A clock that was over a minute off when it told a board the time."""

    host_id: int  #: whose clock it is; 0: the board's own clock chip
    ahead_ms: int  #: how far it was ahead of where the log has that moment, ms; below 0: behind
    at_ms: int  #: where the log has that moment, Unix ms UTC
    uncertainty_ms: int  #: at_ms is right give or take this, ms
    against: tuple[int, ...]  #: the hosts that say otherwise in that boot; (): the boots around it do
    log_id: int  #: the log of its record
    seq: int  #: the number of its record

    def to_text(self) -> str:
        """Returns whose clock it is, how far it is off, by what evidence, and what to do."""
        ahead = f"{show_span(abs(self.ahead_ms))} {'fast' if self.ahead_ms > 0 else 'slow'}"
        by = ", ".join(_name_of(host_id) for host_id in self.against)
        return (f"CLOCK  {_name_of(self.host_id)} was {ahead} at {local_text(self.at_ms)}, by"
                f" {by or 'the visits before and after'}: {self._advice()}; times around that visit are"
                f" held as uncertain by {show_span(self.uncertainty_ms)}")

    def _advice(self) -> str:
        if len(self.against) == 1 and OWN_CLOCK not in (self.host_id, *self.against):
            return "nobody knows which clock is wrong, check both, set them right and pull again"
        if self.host_id == OWN_CLOCK:
            return "have the chip set and its battery looked at"
        return f"check the clock of {_name_of(self.host_id)}, set it right and pull with it again"

    def to_json(self) -> dict[str, Any]:
        """Returns it for a program."""
        return {"host_id": self.host_id, "this_laptop": self.host_id == host.host_id(),
                "own_clock": self.host_id == OWN_CLOCK, "ahead_ms": self.ahead_ms,
                "utc": utc_text(self.at_ms), "utc_uncertainty_ms": self.uncertainty_ms,
                "against_host_ids": list(self.against), "log_id": hex_id(self.log_id), "seq": self.seq}


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

    before: known_anchors before the pull. Left out is what they held already, unless it was the last
    reading that the running boot was given.
    """
    found: dict[tuple[int, int], OffClock] = {}
    for log_id, _ in store.logs.of(board):
        timeline = Timeline.of(store, log_id)
        running = max(store.records.last_uptimes(log_id), default=0)
        last = max((record.seq for record in store.records.of(log_id, "anchor")
                    if record.boot == running), default=None)
        for boot in timeline.boots_disagreed():
            hosts = {anchor.host_id for anchor in timeline.anchors(boot)}
            for anchor, ahead_ms in timeline.disagreeing(boot):
                placed = timeline.utc(boot, anchor.uptime_ms)
                if placed is None or (log_id, anchor.seq) in before and anchor.seq != last:
                    continue
                found[log_id, anchor.host_id] = OffClock(
                    anchor.host_id, ahead_ms, *placed, tuple(sorted(hosts - {anchor.host_id})), log_id,
                    anchor.seq)
    return list(found.values())
