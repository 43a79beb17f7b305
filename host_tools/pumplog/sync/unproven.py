"""What of a log neither a seal nor the board's word covers: kept to be looked at, and in no figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..quantities import hex_id
from ..store import Store


@dataclass(frozen=True)
class UnprovenRecords:
    """Records that nothing proves to be the board's."""

    log_id: int  #: of the log that names itself in them, 32 bits
    records: int  #: how many there are
    all_of_it: bool  #: nothing at all proves that the log is the board's

    def to_json(self) -> dict[str, Any]:
        """Returns it for a program."""
        return {"log_id": hex_id(self.log_id), "records": self.records, "all_of_it": self.all_of_it}

    def to_text(self) -> str:
        """Returns how many there are, and what to do."""
        log = hex_id(self.log_id)
        what = ("nothing proves that this log is the board's" if self.all_of_it
                else "the end of its log has no seal yet")
        return (f"in no figure: {self.records} records of log {log}, for {what}. Pull the board itself;"
                f" if it no longer answers, `pumplog doses` takes them in with --unproven {log}")


def unproven_of(store: Store, log_id: int) -> UnprovenRecords | None:
    """Returns what nothing proves of a log, None if there is nothing such."""
    records = sum(end - first for first, end in store.pages.unproven(log_id))
    return UnprovenRecords(log_id, records, not store.pages.proves_some(log_id)) if records else None
