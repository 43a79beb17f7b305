"""Signatures: possibilities that a board noticed, each from its beginning to its end.

A signature is a possibility with the evidence that it was decided on. It was found when the log was
pulled; none is an alarm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from pumpwire import names
from pumpwire import records as wire

from ..moments import utc_text
from ..quantities import hex_id, show, show_span
from ..store import StoredRecord

FOUND = "found on pull, not an alarm"
_NAMES = {
    "occlusion": "possible occlusion", "free_flow": "possible free flow",
    "runaway": "possible runaway", "empty": "bag possibly empty",
    "counter_silent": "counter possibly silent", "load_cell_dead": "load cell possibly dead",
    "load_cell_drift": "load cell possibly drifting", "handset_stuck": "handset possibly stuck",
    "regimen_mismatch": "possible regimen mismatch",
}


@dataclass(frozen=True)
class Signature:
    """A possibility that a board noticed, with what it was decided on."""

    kind: str  #: a value of pumpwire.names.SIGNATURES
    noticed_ms: int  #: when the board noticed it, Unix ms UTC
    uncertainty_ms: int  #: noticed_ms is right give or take this, ms
    span_s: int  #: the s before noticed_ms that it was decided on
    by_counts_ul: int  #: what left the bag in that span by the counts, uL
    by_weight_ul: int  #: what left the bag in that span by weight, uL; of `empty`: what is left
    log_id: int  #: the log of its record
    seq: int  #: the number of its record
    over_ms: int | None = None  #: when it was over, Unix ms UTC; None: no end was recorded
    over_seq: int | None = None  #: the number of the record that ended it
    restarted_ms: int | None = None  #: the board restarted then, and nobody watched for its end

    @property
    def name(self) -> str:
        """Its kind as a possibility."""
        return signature_name(self.kind)

    @property
    def restarted(self) -> bool:
        """Whether the board restarted meanwhile, so that nobody watched for its end."""
        return self.restarted_ms is not None

    @property
    def since_ms(self) -> int:
        """When what it was decided on began, Unix ms UTC."""
        return self.noticed_ms - self.span_s * 1000

    def touches(self, begin_ms: int, end_ms: int) -> bool:
        """Returns whether it falls into [begin, end): from its evidence on, until over or noticed."""
        until_ms = self.noticed_ms if self.over_ms is None else self.over_ms
        return self.since_ms < end_ms and until_ms >= begin_ms

    def to_text(self, moment_text: Callable[[int], str]) -> str:
        """Returns a line for the screen; moment_text(Unix ms UTC) prints a time."""
        end = "no end noticed"
        if self.over_ms is not None:
            end = f"lasted {show_span(self.over_ms - self.since_ms)}; over {moment_text(self.over_ms)}"
        elif self.restarted:
            end = "no end noticed before the board restarted"
        said = evidence_text(self.kind, self.span_s, self.by_counts_ul, self.by_weight_ul, first=True)
        return (f"{self.name} since {moment_text(self.since_ms)}:"
                f" {said}{'; ' if said else ''}{end}; {FOUND}")

    def to_json(self) -> dict[str, Any]:
        """Returns it for a program, every quantity a string."""
        return {
            "signature": self.kind, "since_utc": utc_text(self.since_ms),
            "noticed_utc": utc_text(self.noticed_ms),
            "over_utc": None if self.over_ms is None else utc_text(self.over_ms),
            "board_restarted_meanwhile": self.restarted, "span_s": str(self.span_s),
            "by_counts_ul": str(self.by_counts_ul), "by_weight_ul": str(self.by_weight_ul),
            "words": self.to_text(utc_text), "log_id": hex_id(self.log_id), "seq": self.seq,
        }


def signature_name(kind: str) -> str:
    """Returns a kind (a value of pumpwire.names.SIGNATURES) as a possibility."""
    return _NAMES.get(kind, f"possible {kind.replace('_', ' ')}")


def _ml(ul: int) -> str:
    return f"{show(Fraction(ul, 1000), 1)} mL"


def _counts_against_weight(span: str, by_counts_ul: int, by_weight_ul: int) -> str:
    return (f"in {span} counts say {_ml(by_counts_ul)} left the bag,"
            f" weight says {_ml(by_weight_ul)}")


def _counted(span: str, by_counts_ul: int, by_weight_ul: int) -> str:
    return f"{_ml(by_counts_ul)} counted outside boluses in {span}"


_EVIDENCE: dict[str, Callable[[str, int, int], str]] = {  # of the span in words, both volumes in uL
    "occlusion": _counts_against_weight, "free_flow": _counts_against_weight,
    "counter_silent": _counts_against_weight, "load_cell_drift": _counts_against_weight,
    "runaway": _counted, "regimen_mismatch": _counted,
    "empty": lambda span, by_counts_ul, by_weight_ul: f"weight says {_ml(by_weight_ul)} is left",
    "handset_stuck": lambda span, by_counts_ul, by_weight_ul: f"its contact stayed closed for {span}",
    "load_cell_dead": lambda span, by_counts_ul, by_weight_ul: "no weight could be read",
}


def evidence_text(
    kind: str, span_s: int, by_counts_ul: int, by_weight_ul: int, first: bool = False
) -> str:
    """Returns what a signature was decided on, "" for a kind that says nothing by numbers.

    first: it went on after that span, and its volumes are not all that came of it.
    """
    if kind not in _EVIDENCE:
        return ""
    the = "the first " if first and _EVIDENCE[kind] in (_counts_against_weight, _counted) else ""
    return _EVIDENCE[kind](the + show_span(span_s * 1000), by_counts_ul, by_weight_ul)


class SignatureBook:
    """Pairs the SIGNATURE records of one log, told in order of seq."""

    def __init__(self) -> None:
        self.found: list[Signature] = []
        self._open: dict[str, int] = {}  # kind: its place in `found`

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

    def restarted(self, at_ms: int) -> None:
        """Notes that the board restarted: what was open was not followed further."""
        for k in self._open.values():
            self.found[k] = replace(self.found[k], restarted_ms=at_ms)
        self._open.clear()
