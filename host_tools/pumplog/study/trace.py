"""What one figure rests on: the very records and entries, so that it can be computed by hand.

The records are those of `pumplog events --json`, named by log_id and seq.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from ..dose.doses import DAY_MS, Piece
from ..dose.volumes import PL_PER_ML, Figure
from ..intervals import clip
from ..log import Bracket, Calibration, Timeline
from ..moments import utc_text
from ..patients.observed import BolusPart, Observed, Stretch
from ..quantities import decimal, hex_id
from .cohort import Case
from .table import ROWS

UNITS = {key: unit for key, _, unit in ROWS}
_CONTINUOUS = ("continuous volume = counts x pl_per_count of the minutes, and of RESUMED records for the"
               " end of the boot before (a minute begins where the one before ended; one that an edge"
               " cuts counts pro rata, less its boluses) less the boluses"
               " in them; a bolus = (counts - continuous_milli_counts / 1000) x pl_per_count, cut pro"
               " rata in time")
_MASS = "; mg = mL x the bag's mg/mL, bag by bag"
_DAILY = "; per 24 h observed"
FORMULAS = {
    "morphine_mg_day": _CONTINUOUS + "; all but primes" + _MASS + _DAILY,
    "bupivacaine_mg_day": _CONTINUOUS + "; all but primes" + _MASS + _DAILY,
    "pcia_morphine_mg_day": "the patient's boluses" + _MASS + _DAILY,
    "pcia_bupivacaine_mg_day": "the patient's boluses" + _MASS + _DAILY,
    "rate_ml_h": _CONTINUOUS + "; by the hours that the pump ran",
    "pcia_per_day": "the patient's boluses that begin in the window" + _DAILY,
}


def trace(case: Case, timepoint: str, key: str) -> dict[str, Any]:
    """Returns a figure of one patient with everything that it rests on; decimals as strings."""
    found = case.doses[timepoint]
    window = found.begin_ms, found.end_ms
    stretches = list(case.seen.stretches_in(*window))
    return {
        "patient": case.one.patient, "timepoint": timepoint, "key": key, "unit": UNITS[key],
        **_figure(found.per_day()[key]), "formula": FORMULAS[key],
        "window": _span(*window), "start_uuid": str(case.one.entries[0].uuid),
        "observed_days": decimal(Fraction(found.observed_ms, DAY_MS)),
        "running_hours": decimal(Fraction(found.running_ms, 3_600_000)),
        "minutes": [_minutes(stretch, *window) for stretch in stretches],
        "bracketed": [_bracket(*one) for one in found.bracketed.brackets],
        "boluses": [_bolus(part, *window) for part in case.seen.boluses_in(*window)],
        "bags": [_bag(piece) for piece in found.pieces],
        "pump": _pump(case.seen, *window),
        "running": [_span(a, b) for a, b in clip(case.seen.ran, *window)],
        "calibrations": _calibrations(stretches), "anchors": _anchors(case.seen, stretches),
        "notes": list(found.notes),
    }


def trace_text(traced: dict[str, Any]) -> str:
    """Returns a trace for the screen."""
    lines = [f"{traced['patient']} {traced['timepoint']}: {traced['key']} ="
             f" {traced['value'] or 'unknown'} {traced['unit']} ({traced['low']} to {traced['high']})",
             f"  {traced['formula']}",
             f"  window {traced['window']['begin_utc']} to {traced['window']['end_utc']}:"
             f" {traced['observed_days']} days observed, pump ran {traced['running_hours']} h"]
    for name in ("minutes", "bracketed", "boluses", "bags", "pump", "running", "calibrations",
                 "anchors"):
        lines.append(f"  {name}: {'none' if not traced[name] else ''}".rstrip())
        lines += ["    " + " ".join(f"{key}={value}" for key, value in line.items())
                  for line in traced[name]]
    return "\n".join([*lines, *(f"  note: {note}" for note in traced["notes"])])


def _figure(figure: Figure) -> dict[str, str | None]:
    return {"value": decimal(figure.value), "low": decimal(figure.low), "high": decimal(figure.high)}


def _span(begin_ms: int, end_ms: int) -> dict[str, str]:
    return {"begin_utc": utc_text(begin_ms), "end_utc": utc_text(end_ms)}


def _minutes(stretch: Stretch, begin_ms: int, end_ms: int) -> dict[str, Any]:
    """Returns an unbroken row of MINUTE records; its edges cut the first and the last of them."""
    run = stretch.run
    first, behind = stretch.minutes(begin_ms, end_ms)
    return {
        "log_id": hex_id(run.log_id), "boot": run.boot, "first_seq": run.seqs[first],
        "last_seq": run.seqs[behind - 1], "minutes": behind - first,
        "counts": run.totals[behind] - run.totals[first], "calibration": _name(run.calibration),
        **_span(max(begin_ms, stretch.begin_ms), min(end_ms, stretch.end_ms)),
    }


def _bracket(bracket: Bracket, volume: Figure) -> dict[str, Any]:
    """Returns time between two boots: in no value, its high volume in the high bounds."""
    return {**_span(bracket.begin_ms, bracket.end_ms), "by": bracket.how,
            "at_most_s": decimal(Fraction(bracket.most_ms, 1000)), "log_id": hex_id(bracket.log_id),
            "seqs": list(bracket.seqs), "ml_low": decimal(volume.low), "ml_high": decimal(volume.high)}


def _bolus(part: BolusPart, begin_ms: int, end_ms: int) -> dict[str, Any]:
    bolus = part.bolus
    starts = begin_ms <= bolus.begin_ms < end_ms and part.begin_ms == bolus.begin_ms
    return {
        "log_id": hex_id(bolus.log_id), "seq": bolus.seq, "source": bolus.source,
        "begin_utc": utc_text(bolus.begin_ms), "inferred": bolus.inferred,
        "counted": starts and bolus.source == "patient",
        "ml_in_window": decimal(bolus.volume_pl * part.share(begin_ms, end_ms) / PL_PER_ML),
    }


def _pump(seen: Observed, begin_ms: int, end_ms: int) -> list[dict[str, Any]]:
    """Returns what was told of the pump in the window, and by each log last before it."""
    out = []
    for view in seen.logs:
        before = [change for change in view.pump_changes if change.at_ms < begin_ms][-1:]
        for change in before + [c for c in view.pump_changes if begin_ms <= c.at_ms < end_ms]:
            out.append({"log_id": hex_id(change.log_id), "seq": change.seq,
                        "utc": utc_text(change.at_ms), "running": change.running})
    return out


def _bag(piece: Piece) -> dict[str, Any]:
    entry, change = piece.bag.entry, piece.bag.change
    strength = {"morphine": piece.bag.morphine_ug_pl, "bupivacaine": piece.bag.bupivacaine_ug_pl}
    return {
        **_span(piece.begin_ms, piece.end_ms),
        "uuid": str(entry.uuid) if entry else None,
        "on_board": _place(entry.log_id, entry.seq) if entry else None,
        "seen_by_weight": _place(change.log_id, change.seq) if change else None,
        **{f"{drug}_mg_ml": decimal(None if ug_pl is None else ug_pl * 1_000_000)
           for drug, ug_pl in strength.items()},
        "patient_ml": decimal(piece.volumes["patient"].value),
        "pcia_ml": decimal(piece.volumes["pcia"].value),
    }


def _place(log_id: int | None, seq: int | None) -> str | None:
    return None if log_id is None else f"{hex_id(log_id)}:{seq}"


def _name(calibration: Calibration) -> str:
    return "store" if calibration.seq is None else str(calibration.seq)


def _calibrations(stretches: list[Stretch]) -> list[dict[str, Any]]:
    """Returns each calibration once; seq null: the log has lost it, the store knows it."""
    found = {(s.run.log_id, s.run.calibration.seq): s.run.calibration for s in stretches}
    return [{"log_id": hex_id(log_id), "seq": seq, "pl_per_count": one.pl_per_count,
             "uncertainty_ppm": one.uncertainty_ppm} for (log_id, seq), one in found.items()]


def _anchors(seen: Observed, stretches: list[Stretch]) -> list[dict[str, Any]]:
    """Returns the clock anchors that place the boots of these minutes."""
    timelines: dict[int, Timeline] = {view.log_id: view.timeline for view in seen.logs}
    boots = sorted({(s.run.log_id, s.run.boot) for s in stretches})
    return [{"log_id": hex_id(log_id), "boot": boot, "seq": anchor.seq, "utc": utc_text(anchor.utc_ms),
             "uptime_ms": anchor.uptime_ms, "uncertainty_ms": anchor.uncertainty_ms}
            for log_id, boot in boots for anchor in timelines[log_id].anchors(boot)]
