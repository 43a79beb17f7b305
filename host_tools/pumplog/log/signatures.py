"""Signatures: possibilities that a board noticed, from their beginning to their end, in words.

Each is a possibility with what it was decided on, found when the log was pulled; none is an alarm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from pumpwire import names
from pumpwire import records as wire

from ..quantities import show, show_span
from ..store.store import StoredRecord

FOUND = "found on pull, not an alarm"
_NAMES = {
    "occlusion": "possible occlusion", "free_flow": "possible free flow",
    "runaway": "possible runaway", "empty": "bag possibly empty",
    "counter_silent": "counter possibly silent", "load_cell_dead": "load cell possibly dead",
    "load_cell_drift": "load cell possibly drifting", "handset_stuck": "handset possibly stuck",
    "regimen_mismatch": "possible regimen mismatch",
}
_WEIGHED = ("occlusion", "free_flow", "counter_silent", "load_cell_drift")
_RATED = ("runaway", "regimen_mismatch")


@dataclass(frozen=True)
class Signature:
    """A possibility noticed at noticed_ms (Unix ms UTC, give or take uncertainty_ms) from what the
    span_s
    before said; over_ms: when it was seen to be over, None: not seen; restarted: the board began
    anew meanwhile, so that nobody watched for its end."""

    kind: str
    noticed_ms: int
    uncertainty_ms: int
    span_s: int
    by_counts_ul: int
    by_weight_ul: int
    log_id: int
    seq: int
    over_ms: int | None = None
    over_seq: int | None = None
    restarted: bool = False

    @property
    def since_ms(self) -> int:
        """When what it was decided on began."""
        return self.noticed_ms - self.span_s * 1000

    def touches(self, begin_ms: int, end_ms: int) -> bool:
        """Returns whether it falls into [begin, end): from its evidence on, until over or noticed."""
        until_ms = self.noticed_ms if self.over_ms is None else self.over_ms
        return self.since_ms < end_ms and until_ms >= begin_ms

    def words(self, moment: Callable[[int], str]) -> str:
        """Returns a line for the screen; moment(ms) words a time."""
        end = "not seen to be over"
        if self.over_ms is not None:
            end = f"over {moment(self.over_ms)}"
        elif self.restarted:
            end = "not seen to be over before the board restarted"
        parts = [f"{name_of(self.kind)} since {moment(self.since_ms)}"]
        said = evidence(self.kind, self.span_s, self.by_counts_ul, self.by_weight_ul)
        return f"{parts[0]}: {said}{'; ' if said else ''}{end}; {FOUND}"


def name_of(kind: str) -> str:
    """Returns a kind (a value of pumpwire.names.SIGNATURES) as a possibility."""
    return _NAMES.get(kind, f"possible {kind.replace('_', ' ')}")


def evidence(kind: str, span_s: int, by_counts_ul: int, by_weight_ul: int) -> str:
    """Returns in words what a signature was decided on, "" where it says nothing by numbers."""
    if kind in _WEIGHED:
        return (f"in {show_span(span_s * 1000)} counts say {_ml(by_counts_ul)} mL left the bag,"
                f" weight says {_ml(by_weight_ul)} mL")
    if kind in _RATED:
        return f"{_ml(by_counts_ul)} mL counted outside boluses in {show_span(span_s * 1000)}"
    if kind == "empty":
        return f"weight says {_ml(by_weight_ul)} mL is left"
    if kind == "handset_stuck":
        return f"its contact stayed closed for {show_span(span_s * 1000)}"
    return "no weight could be read" if kind == "load_cell_dead" else ""


def _ml(ul: int) -> str:
    return show(Fraction(ul, 1000), 1)


class SignatureBook:
    """Pairs the SIGNATURE records of one log, told in order of seq."""

    def __init__(self) -> None:
        self.found: list[Signature] = []
        self._open: dict[str, int] = {}

    def take(self, record: StoredRecord, at_ms: int, uncertainty_ms: int) -> None:
        """Takes a SIGNATURE record that is placed at at_ms."""
        fields: dict[str, Any] = record.fields
        kind = names.SIGNATURES.get(fields["signature"], f"signature_{fields['signature']}")
        if fields["state"] == wire.BEGAN:
            self._open[kind] = len(self.found)
            self.found.append(Signature(
                kind, at_ms, uncertainty_ms, fields["span_s"], fields["by_counts_ul"],
                fields["by_weight_ul"], record.log_id, record.seq))
        elif kind in self._open:
            k = self._open.pop(kind)
            self.found[k] = replace(self.found[k], over_ms=at_ms, over_seq=record.seq)

    def restarted(self) -> None:
        """The board began anew: what was open was not followed further."""
        for k in self._open.values():
            self.found[k] = replace(self.found[k], restarted=True)
        self._open.clear()
