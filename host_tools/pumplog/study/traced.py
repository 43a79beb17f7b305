"""A figure's trace: data, with its JSON and text; decimals as strings, records by log_id and seq."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from uuid import UUID

from ..dose import DAY_MS, HOUR_MS, BracketVolume, Figure, Piece, figure_json
from ..intervals import Interval
from ..log import Anchor, Bolus, Calibration, PumpChange
from ..moments import utc_text
from ..patients import DRUGS
from ..quantities import decimal, decimal_down, decimal_up, hex_id

Line = dict[str, Any]
_MG_ML_PER_UG_PL = 1_000_000


@dataclass(frozen=True)
class TracedMinutes:
    """An unbroken row of MINUTE records; the window's edges may cut the first and the last of them."""

    log_id: int  #: of the records
    boot: int  #: of the records
    first_seq: int  #: of the first record
    last_seq: int  #: of the last record
    minutes: int  #: how many records
    counts: int  #: what they counted in all
    calibration: Calibration  #: that holds for them
    begin_ms: int  #: within the window, Unix ms UTC
    end_ms: int  #: within the window, Unix ms UTC

    def to_json(self) -> Line:
        """Returns it for a program; calibration: its record, or the store where the log lost it."""
        seq = self.calibration.seq
        return {
            "log_id": hex_id(self.log_id), "boot": self.boot, "first_seq": self.first_seq,
            "last_seq": self.last_seq, "minutes": self.minutes, "counts": self.counts,
            "calibration": "store" if seq is None else str(seq), **_span(self.begin_ms, self.end_ms),
        }


@dataclass(frozen=True)
class TracedBolus:
    """A bolus of which some part lies in the window."""

    bolus: Bolus  #: all of it
    counted: bool  #: it is one of the window's deliveries
    volume_ml: Fraction  #: mL of it in the window

    def to_json(self) -> Line:
        """Returns it for a program."""
        bolus = self.bolus
        return {
            "log_id": hex_id(bolus.log_id), "seq": bolus.seq, "source": bolus.source,
            "begin_utc": utc_text(bolus.begin_ms), "inferred": bolus.inferred, "counted": self.counted,
            "in_part": bolus.in_part,
            "ml_in_window": decimal(self.volume_ml),
        }


@dataclass(frozen=True)
class TracedCalibration:
    """A calibration that holds for some of the minutes."""

    log_id: int  #: of the log that it holds for
    calibration: Calibration  #: its seq None: the log has lost it, the store knows it

    def to_json(self) -> Line:
        """Returns it for a program; seq null: the log has lost it."""
        calibration = self.calibration
        return {
            "log_id": hex_id(self.log_id), "seq": calibration.seq,
            "pl_per_count": calibration.pl_per_count, "uncertainty_ppm": calibration.uncertainty_ppm,
        }


@dataclass(frozen=True)
class TracedAnchor:
    """A clock anchor that places a boot of these minutes."""

    log_id: int  #: of its record
    boot: int  #: that it places
    anchor: Anchor  #: what was said of the time

    def to_json(self) -> Line:
        """Returns it for a program."""
        anchor = self.anchor
        return {
            "log_id": hex_id(self.log_id), "boot": self.boot, "seq": anchor.seq,
            "utc": utc_text(anchor.utc_ms), "uptime_ms": anchor.uptime_ms,
            "uncertainty_ms": anchor.uncertainty_ms,
        }


@dataclass(frozen=True)
class Trace:
    """A figure of one patient with everything that it rests on."""

    patient: str  #: the code
    timepoint: str  #: of the table's TIMEPOINTS
    key: str  #: of the table's KEYS
    unit: str  #: of the figure
    figure: Figure | None  #: None: unknown
    formula: str  #: in words, how it follows from the parts
    window: Interval  #: Unix ms UTC
    start_uuid: UUID  #: of the entry that the window counts from
    observed_ms: int  #: minutes cover so much of the window
    running_ms: int  #: the pump ran so long of that
    minutes: tuple[TracedMinutes, ...]  #: where volumes come from, in order of time
    bracketed: tuple[BracketVolume, ...]  #: time between boots: in no value, but in high bounds
    boluses: tuple[TracedBolus, ...]  #: of every source, in order of time
    bags: tuple[Piece, ...]  #: the window cut where bags change
    pump: tuple[PumpChange, ...]  #: what was told of the pump, and by each log last before
    running: tuple[Interval, ...]  #: when the pump ran in the window, Unix ms UTC
    calibrations: tuple[TracedCalibration, ...]  #: each of these minutes' once
    anchors: tuple[TracedAnchor, ...]  #: of these minutes' boots
    notes: tuple[str, ...]  #: what a reader of the figure must know, sentences

    def to_json(self) -> Line:
        """Returns the trace as the command-line contract has it."""
        return {
            "patient": self.patient, "timepoint": self.timepoint, "key": self.key,
            "unit": self.unit, **figure_json(self.figure), "formula": self.formula,
            "window": _span(*self.window), "start_uuid": str(self.start_uuid),
            "observed_days": self._days(), "running_hours": self._hours(),
            **self._parts(), "notes": list(self.notes),
        }

    def to_text(self) -> str:
        """Returns the trace for the screen: each part's lines as key=value."""
        figure = figure_json(self.figure)
        bounds = "" if self.figure is None else f" ({figure['low']} to {figure['high']})"
        begin_ms, end_ms = self.window
        lines = [f"{self.patient} {self.timepoint}: {self.key} = {figure['value'] or 'unknown'}"
                 f" {self.unit}{bounds}",
                 f"  {self.formula}",
                 f"  window {utc_text(begin_ms)} to {utc_text(end_ms)}: {self._days()} days observed,"
                 f" pump ran {self._hours()} h"]
        for name, part in self._parts().items():
            lines.append(f"  {name}:" if part else f"  {name}: none")
            lines += ["    " + " ".join(f"{key}={value}" for key, value in line.items())
                      for line in part]
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

    def _days(self) -> str | None:
        return decimal(Fraction(self.observed_ms, DAY_MS))

    def _hours(self) -> str | None:
        return decimal(Fraction(self.running_ms, HOUR_MS))

    def _parts(self) -> Mapping[str, Sequence[Line]]:
        return {
            "minutes": [each.to_json() for each in self.minutes],
            "bracketed": [_bracket(each) for each in self.bracketed],
            "boluses": [each.to_json() for each in self.boluses],
            "bags": [_bag(each) for each in self.bags],
            "pump": [_pump(each) for each in self.pump],
            "running": [_span(*each) for each in self.running],
            "calibrations": [each.to_json() for each in self.calibrations],
            "anchors": [each.to_json() for each in self.anchors],
        }


def _span(begin_ms: int, end_ms: int) -> Line:
    return {"begin_utc": utc_text(begin_ms), "end_utc": utc_text(end_ms)}


def _bracket(traced: BracketVolume) -> Line:
    bracket, volume_ml = traced.bracket, traced.volume_ml
    return {
        **_span(bracket.begin_ms, bracket.end_ms), "by": bracket.how,
        "at_most_s": decimal(Fraction(bracket.most_ms, 1000)), "log_id": hex_id(bracket.log_id),
        "seqs": list(bracket.seqs), "ml_low": decimal_down(volume_ml.low),
        "ml_high": decimal_up(volume_ml.high),
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
