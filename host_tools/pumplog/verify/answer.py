"""What `verify` answers of one log: the report with the times of its records, as JSON and as text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..moments import age_s, dated_text, since_text, span_text, utc_text
from ..quantities import hex_id
from ..store import Log, Store
from .evidence import Evidence
from .findings import BROKEN, PARTLY, PROVEN, Finding
from .verify import Report, verify_log

# (boot, uptime_ms) -> (Unix ms UTC, give or take ms), None where nobody can tell
Place = Callable[[int, int], tuple[int, int] | None]
_VERDICTS = {PROVEN: "proven", PARTLY: "partly", BROKEN: "broken"}
_HEADS = {
    PROVEN: "complete and untouched",
    PARTLY: "nothing was changed, but not all is here or proven yet",
    BROKEN: "NOT AS THE BOARD WROTE IT, do not rely on what is named below",
}


@dataclass(frozen=True)
class Span:
    """When some records were made, by the records held next to them."""

    from_ms: int | None  #: Unix ms UTC; None: nobody can tell
    to_ms: int | None  #: Unix ms UTC; None: nobody can tell, or they go on

    def to_text(self) -> str:
        """Returns it in brackets, to stand behind what it is the time of."""
        if self.from_ms is not None and self.to_ms is not None:
            return f" ({span_text(self.from_ms, self.to_ms)})"
        if self.from_ms is not None:
            return f" (from {dated_text(self.from_ms)} on)"
        return " (time unknown)" if self.to_ms is None else f" (up to {dated_text(self.to_ms)})"


@dataclass(frozen=True)
class Answer:
    """A report, and when what it tells of was recorded."""

    board: str  #: whose log it is
    report: Report  #: what came of it
    whole: Span  #: when the records held were made
    spans: tuple[Span, ...]  #: when the records of each finding were made

    def to_json(self) -> dict[str, Any]:
        """Returns it for a program; what is not known is None."""
        report = self.report
        attested_ms = report.attested.attestation.at_ms if report.attested else None
        return {
            "board": self.board, "log_id": hex_id(report.log_id),
            "verdict": _VERDICTS[report.exit_code], "oldest_seq": report.oldest_seq,
            "end_seq": report.end_seq, "pages": report.pages, "sealed_pages": report.sealed,
            "attested_next_seq": report.attested.told["next_seq"] if report.attested else None,
            "attested_utc": None if attested_ms is None else utc_text(attested_ms),
            "attested_age_s": None if attested_ms is None else age_s(attested_ms),
            "findings": [_finding_json(finding, span)
                         for finding, span in zip(report.findings, self.spans, strict=True)],
        }

    def to_text(self) -> str:
        """Returns a line on the log, and a line on each finding."""
        report, said = self.report, "nothing attested yet"
        if report.attested:
            said = f"attested by the board {since_text(report.attested.attestation.at_ms)}"
        lines = [f"board {self.board}, log {hex_id(report.log_id)}: {_HEADS[report.exit_code]}: records"
                 f" {report.oldest_seq} to {report.end_seq - 1}{self.whole.to_text()}, {said}"]
        lines += [f"    {finding.sentence(span.to_text())}"
                  for finding, span in zip(report.findings, self.spans, strict=True)]
        return "\n".join(lines)


def verify_stored(store: Store, log: Log, place: Place) -> Answer | None:
    """Judges a log; None if nothing of it was ever here. place: gives the time of a moment of it."""
    evidence = Evidence.of(store, log.log_id, log.board)
    if evidence.empty:
        return None
    report = verify_log(evidence)

    def span(first: int, last: int | None) -> Span:
        before, after = store.records.around(log.log_id, first, first if last is None else last)
        begin, end = (place(*moment) if moment else None for moment in (before, after))
        return Span(begin[0] if begin else None, end[0] if end and last is not None else None)

    return Answer(log.board, report, span(report.oldest_seq, report.end_seq - 1),
                  tuple(span(finding.first, finding.last) for finding in report.findings))


def _finding_json(finding: Finding, span: Span) -> dict[str, Any]:
    return {
        "kind": finding.kind, "exit_code": finding.weight, "first_seq": finding.first,
        "last_seq": finding.last, "page_first_seqs": list(finding.pages), "why": finding.why,
        "text": finding.sentence(),
        "from_utc": None if span.from_ms is None else utc_text(span.from_ms),
        "to_utc": None if span.to_ms is None else utc_text(span.to_ms),
    }
