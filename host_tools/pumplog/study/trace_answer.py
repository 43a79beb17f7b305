"""A trace as JSON, decimals as strings and records by log_id and seq, and as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from ..dose import DAY_MS, HOUR_MS, BracketVolume, Piece, figure_json
from ..log import Calibration, PumpChange
from ..moments import utc_text
from ..patients import DRUGS
from ..quantities import decimal, hex_id
from .trace import Trace, TracedAnchor, TracedBolus, TracedCalibration, TracedMinutes

Line = dict[str, Any]
_MG_ML_PER_UG_PL = 1_000_000


def trace_json(traced: Trace) -> Line:
    """Returns a trace as the command-line contract has it."""
    return {
        "patient": traced.patient, "timepoint": traced.timepoint, "key": traced.key,
        "unit": traced.unit, **figure_json(traced.figure), "formula": traced.formula,
        "window": _span(*traced.window), "start_uuid": str(traced.start_uuid),
        "observed_days": _days(traced), "running_hours": _hours(traced),
        **_parts(traced), "notes": list(traced.notes),
    }


def trace_text(traced: Trace) -> str:
    """Returns a trace for the screen: each part's lines as key=value."""
    figure = figure_json(traced.figure)
    bounds = "" if traced.figure is None else f" ({figure['low']} to {figure['high']})"
    begin_ms, end_ms = traced.window
    lines = [f"{traced.patient} {traced.timepoint}: {traced.key} ="
             f" {figure['value'] or 'unknown'} {traced.unit}{bounds}",
             f"  {traced.formula}",
             f"  window {utc_text(begin_ms)} to {utc_text(end_ms)}: {_days(traced)} days observed, pump"
             f" ran {_hours(traced)} h"]
    for name, part in _parts(traced).items():
        lines.append(f"  {name}:" if part else f"  {name}: none")
        lines += ["    " + " ".join(f"{key}={value}" for key, value in line.items()) for line in part]
    return "\n".join([*lines, *(f"  note: {note}" for note in traced.notes)])


def _days(traced: Trace) -> str | None:
    return decimal(Fraction(traced.observed_ms, DAY_MS))


def _hours(traced: Trace) -> str | None:
    return decimal(Fraction(traced.running_ms, HOUR_MS))


def _parts(traced: Trace) -> Mapping[str, Sequence[Line]]:
    return {
        "minutes": [_minutes(each) for each in traced.minutes],
        "bracketed": [_bracket(each) for each in traced.bracketed],
        "boluses": [_bolus(each) for each in traced.boluses],
        "bags": [_bag(each) for each in traced.bags],
        "pump": [_pump(each) for each in traced.pump],
        "running": [_span(*each) for each in traced.running],
        "calibrations": [_calibration(each) for each in traced.calibrations],
        "anchors": [_anchor(each) for each in traced.anchors],
    }


def _span(begin_ms: int, end_ms: int) -> Line:
    return {"begin_utc": utc_text(begin_ms), "end_utc": utc_text(end_ms)}


def _minutes(traced: TracedMinutes) -> Line:
    return {
        "log_id": hex_id(traced.log_id), "boot": traced.boot, "first_seq": traced.first_seq,
        "last_seq": traced.last_seq, "minutes": traced.minutes, "counts": traced.counts,
        "calibration": _name(traced.calibration), **_span(traced.begin_ms, traced.end_ms),
    }


def _name(calibration: Calibration) -> str:
    return "store" if calibration.seq is None else str(calibration.seq)


def _bracket(traced: BracketVolume) -> Line:
    bracket, volume_ml = traced.bracket, traced.volume_ml
    return {
        **_span(bracket.begin_ms, bracket.end_ms), "by": bracket.how,
        "at_most_s": decimal(Fraction(bracket.most_ms, 1000)), "log_id": hex_id(bracket.log_id),
        "seqs": list(bracket.seqs), "ml_low": decimal(volume_ml.low),
        "ml_high": decimal(volume_ml.high),
    }


def _bolus(traced: TracedBolus) -> Line:
    bolus = traced.bolus
    return {
        "log_id": hex_id(bolus.log_id), "seq": bolus.seq, "source": bolus.source,
        "begin_utc": utc_text(bolus.begin_ms), "inferred": bolus.inferred, "counted": traced.counted,
        "ml_in_window": decimal(traced.volume_ml),
    }


def _bag(piece: Piece) -> Line:
    entry, change, strengths = piece.bag.entry, piece.bag.change, piece.bag.strengths_ug_pl
    return {
        **_span(piece.begin_ms, piece.end_ms),
        "uuid": str(entry.uuid) if entry else None,
        "on_board": _place(entry.log_id, entry.seq) if entry else None,
        "seen_by_weight": _place(change.log_id, change.seq) if change else None,
        **{f"{drug}_mg_ml": _mg_ml(strengths.get(drug)) for drug in DRUGS},
        "patient_ml": decimal(piece.volumes.patient_ml.value),
        "pcia_ml": decimal(piece.volumes.pcia_ml.value),
    }


def _mg_ml(ug_pl: Fraction | None) -> str | None:
    return None if ug_pl is None else decimal(ug_pl * _MG_ML_PER_UG_PL)


def _place(log_id: int | None, seq: int | None) -> str | None:
    return None if log_id is None else f"{hex_id(log_id)}:{seq}"


def _pump(change: PumpChange) -> Line:
    return {"log_id": hex_id(change.log_id), "seq": change.seq, "utc": utc_text(change.at_ms),
            "running": change.running}


def _calibration(traced: TracedCalibration) -> Line:
    calibration = traced.calibration
    return {"log_id": hex_id(traced.log_id), "seq": calibration.seq,
            "pl_per_count": calibration.pl_per_count, "uncertainty_ppm": calibration.uncertainty_ppm}


def _anchor(traced: TracedAnchor) -> Line:
    anchor = traced.anchor
    return {"log_id": hex_id(traced.log_id), "boot": traced.boot, "seq": anchor.seq,
            "utc": utc_text(anchor.utc_ms), "uptime_ms": anchor.uptime_ms,
            "uncertainty_ms": anchor.uncertainty_ms}
