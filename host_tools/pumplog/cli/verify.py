"""`pumplog verify`: proves what the store holds of boards' logs, or names what is wrong with it."""

from __future__ import annotations

import argparse
from typing import Any

from ..errors import NotFound, Usage
from ..log import Timeline
from ..moments import age_s, local_text, since_text, utc_text
from ..patients.episodes import episode
from ..quantities import hex_id
from ..store import Log, Store
from ..verify.findings import BROKEN, PARTLY, Finding
from ..verify.verify import Evidence, Report, verify_log
from .common import open_store, print_json

_VERDICTS = {0: "proven", PARTLY: "partly", BROKEN: "broken"}
_Span = tuple[int | None, int | None]


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="patient, board or bed")


def run(options: argparse.Namespace) -> int:
    """Judges each log; exit 0 if all are proven, 1 if partly, 4 if one is not as its board wrote it."""
    code, found = 0, False
    with open_store(options) as store:
        for log_id, board in _logs(store, options.name):
            evidence = Evidence.of(store, log_id, board)
            if not (evidence.pages or evidence.attestations or evidence.reached):
                continue
            found = True
            report = verify_log(evidence)
            code = max(code, report.exit_code)
            timeline = Timeline.of(store, log_id)
            spans = [_span(store, timeline, log_id, one) for one in report.findings]
            if options.json:
                print_json(_json(board, report, spans))
            else:
                print(_text(board, report, spans, _span(store, timeline, log_id, Finding(
                    "all", report.oldest_seq, report.end_seq - 1, ""))))
    if not found:
        raise NotFound("nothing recorded to verify: pull the board first.")
    return code


def _logs(store: Store, name: str | None) -> list[Log]:
    """Returns (log_id, board) of what a name means: a patient, a bed, a board, without one all."""
    if name is None:
        return store.logs.all()
    try:
        boards = [stay.board for stay in episode(store, name).stays]
    except (NotFound, Usage):
        if store.boards.named(name) is None:
            raise
        boards = [name]
    return [log for board in dict.fromkeys(boards) for log in store.logs.of(board)]


def _span(store: Store, timeline: Timeline, log_id: int, one: Finding) -> _Span:
    """Returns when (Unix ms UTC) the records next to a finding were made, None where not known."""
    last = one.first if one.last is None else one.last
    around = store.records.around(log_id, one.first, last)
    begin, end = (timeline.utc(*at) if at else None for at in around)
    return begin[0] if begin else None, end[0] if end and one.last is not None else None


def _when(span: _Span) -> str:
    begin, end = (None if ms is None else local_text(ms) for ms in span)
    if begin and end:
        return f" ({begin} to {end})"
    return f" (from {begin} on)" if begin else f" (up to {end})" if end else " (time unknown)"


def _text(board: str, report: Report, spans: list[_Span], whole: _Span) -> str:
    here = f"records {report.oldest_seq} to {report.end_seq - 1}{_when(whole)}"
    attested = "nothing attested yet"
    if report.attested:
        attested = f"attested by the board {since_text(report.attested[0].at_ms)}"
    heads = {
        0: f"complete and untouched: {here}, {attested}",
        PARTLY: f"nothing was changed, but not all is here or proven yet: {here}, {attested}",
        BROKEN: f"NOT AS THE BOARD WROTE IT, do not rely on what is named below: {here}, {attested}",
    }
    lines = [f"board {board}, log {hex_id(report.log_id)}: {heads[report.exit_code]}"]
    for one, span in zip(report.findings, spans, strict=True):
        lines.append(f"    {one.sentence(_when(span))}")
    return "\n".join(lines)


def _json(board: str, report: Report, spans: list[_Span]) -> dict[str, Any]:
    at_ms = report.attested[0].at_ms if report.attested else None
    return {
        "board": board, "log_id": hex_id(report.log_id), "verdict": _VERDICTS[report.exit_code],
        "oldest_seq": report.oldest_seq, "end_seq": report.end_seq, "pages": report.pages,
        "sealed_pages": report.sealed,
        "attested_next_seq": report.attested[1]["next_seq"] if report.attested else None,
        "attested_utc": None if at_ms is None else utc_text(at_ms),
        "attested_age_s": None if at_ms is None else age_s(at_ms),
        "findings": [{
            "kind": one.kind, "exit_code": one.weight, "first_seq": one.first, "last_seq": one.last,
            "page_first_seqs": list(one.pages), "why": one.why, "text": one.sentence(),
            "from_utc": None if span[0] is None else utc_text(span[0]),
            "to_utc": None if span[1] is None else utc_text(span[1]),
        } for one, span in zip(report.findings, spans, strict=True)],
    }
