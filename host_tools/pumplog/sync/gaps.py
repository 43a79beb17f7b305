"""Stretches of a log that no longer came, placed in time by the records around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..log import Timeline
from ..moments import dated_text, utc_text
from ..quantities import hex_id
from ..store import Hole, Store
from .client import PullResult


@dataclass(frozen=True)
class Gap:
    """Records that the board no longer had when they were asked for."""

    log_id: int  #: of the board's log, 32 bits
    first_seq: int  #: the first that is missing
    last_seq: int  #: the last that is missing
    memory_failed: bool  #: the board could not read its own flash there
    begin_ms: int | None  #: when the record before was made, Unix ms UTC; None: not known
    end_ms: int | None  #: when the record behind was made, Unix ms UTC; None: not known

    def to_json(self) -> dict[str, Any]:
        """Returns it for a program."""
        return {"log_id": hex_id(self.log_id), "first_seq": self.first_seq, "last_seq": self.last_seq,
                "memory_failed": self.memory_failed,
                "from_utc": None if self.begin_ms is None else utc_text(self.begin_ms),
                "to_utc": None if self.end_ms is None else utc_text(self.end_ms)}

    def to_text(self) -> str:
        """Returns when nothing is known, why, and what to do."""
        begin, end = (dated_text(ms) if ms is not None else "a time not known"
                      for ms in (self.begin_ms, self.end_ms))
        if self.memory_failed:
            return (f"UNKNOWN from {begin} to {end}: the board's memory failed, and records from"
                    f" {self.first_seq} on may be lost. Have the board looked at; pull it more often")
        return (f"UNKNOWN from {begin} to {end}: records {self.first_seq} to {self.last_seq} were no"
                " longer on the board. Its log had gone on, or a page was lost; pull it more often")


def gaps_of(store: Store, pulled: PullResult) -> tuple[Gap, ...]:
    """Returns the stretches that a pull found missing, each with when it lies."""
    return tuple(_gap(store, *gap) for gap in pulled.gaps)


def _gap(store: Store, log_id: int, hole: Hole) -> Gap:
    timeline = Timeline.of(store, log_id)
    begin, end = (timeline.utc(*at) if at else None
                  for at in store.records.around(log_id, hole.first, hole.last))
    return Gap(log_id, *hole, begin[0] if begin else None, end[0] if end else None)
