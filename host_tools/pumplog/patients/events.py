"""Every record of a board, with its place in time and the patient in whose stay it falls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..intervals import holds, merge
from ..log import Timeline, known_fields, meanings, record_text
from ..moments import dated_text, utc_text
from ..quantities import hex_id
from ..store import Log, Store, StoredRecord, from_wire
from .borders import contested
from .episodes import Episode, episodes
from .roster import episode_or_board, logs_named

OF_THE_BOARD = ("boot", "anchor", "calibration")  # needed to understand any patient's records


@dataclass(frozen=True)
class Event:
    """One record of a board."""

    record: StoredRecord  #: as decoded
    board: str  #: whose log it is in
    patient: str | None  #: in whose stay it falls; None: in nobody's, or two patients claim it
    utc_ms: int | None  #: when it was made, Unix ms UTC; None: nobody can tell
    uncertainty_ms: int | None  #: utc_ms is right give or take this, ms
    fields: dict[str, Any]  #: its own fields, what their numbers mean, and what an entry holds
    proven: bool = True  #: whether a seal or the board's word covers it

    def to_json(self) -> dict[str, Any]:
        """Returns it for a program; what is not known is None."""
        record = self.record
        known = {
            "log_id": hex_id(record.log_id), "seq": record.seq, "kind": record.kind,
            "boot": record.boot, "uptime_ms": record.uptime_ms,
            "utc": None if self.utc_ms is None else utc_text(self.utc_ms),
            "utc_uncertainty_ms": self.uncertainty_ms, "board": self.board, "patient": self.patient,
            "proven": self.proven,
        }
        return known | {f"{record.kind}_{name}" if name in known else name: value  # as of `resumed`
                        for name, value in self.fields.items()}

    def to_text(self) -> str:
        """Returns a line for the screen; an entry's bytes are left out."""
        if not self.record.sound:
            said = f"cannot be right, and is not used: {self.fields['said']}"
        else:
            said = self._said()
        when = "time unknown" if self.utc_ms is None else dated_text(self.utc_ms, seconds=True)
        return (f"{when:<19} {self.board} {self.patient or '-':<6} {self.record.seq:>7}"
                f" {self.record.kind:<12} {said}{'' if self.proven else ' (unproven)'}")

    def _said(self) -> str:
        return record_text(self.record.kind, self.fields) or " ".join(
            f"{name}={value}" for name, value in self.fields.items() if name not in ("entry", "uuid"))


def events(store: Store, name: str | None = None) -> Iterator[Event]:
    """Yields the records of a patient, a board or a bed, without a name all, in order of log and seq.

    A patient's are those of the patient's boards that fall into nobody else's stay, and those that are
    needed to understand any record. Raises NotFoundError for an unknown name, UsageError for an
    ambiguous name.
    """
    patient = episode_or_board(store, name) if name is not None else None
    for event in _of_logs(store, logs_named(store, name)):
        if patient is None or event.patient in (None, patient.patient) or (
                event.record.kind in OF_THE_BOARD):
            yield event


def _of_logs(store: Store, logs: Iterable[Log]) -> Iterator[Event]:
    """Yields every record of these logs."""
    patients = list(episodes(store).values())
    patient_of_entry = {str(entry.uuid): entry.patient for entry in store.entries.all()}
    for log_id, board in logs:
        unproven = store.pages.unproven(log_id)
        lines = Timeline.of(store, log_id, unproven=bool(unproven)), Timeline.of(store, log_id)
        for record in store.records.of(log_id):
            proven = not holds(unproven, record.seq)
            utc_ms, uncertainty_ms = lines[proven].utc(record.boot, record.uptime_ms) or (None, None)
            fields = _fields(record)
            patient = patient_of_entry.get(fields.get("uuid", "")) or _patient(
                patients, board, utc_ms, uncertainty_ms)
            yield Event(record, board, patient, utc_ms, uncertainty_ms, fields, proven)


def _patient(
    patients: list[Episode], board: str, at_ms: int | None, uncertainty_ms: int | None
) -> str | None:
    """Returns whose stay a moment on a board falls into; None if nobody's, or if two claim it, or if it
    may be another patient's by the clock."""
    if at_ms is None or uncertainty_ms is None:
        return None
    stays = [(patient.patient, (stay.begin_ms, stay.end_ms)) for patient in patients
             for stay in patient.stays if stay.board == board]
    claims = [(code, stay) for code, stay in stays if stay[0] <= at_ms < stay[1]]
    if len(claims) != 1:
        return None
    ((code, stay),) = claims
    others = merge(other for rival, other in stays if rival != code)
    reach = at_ms - uncertainty_ms, at_ms + uncertainty_ms
    return None if contested(reach, stay, others) else code


def _fields(record: StoredRecord) -> dict[str, Any]:
    """Returns a record's own fields, what their numbers mean, and what an entry holds."""
    if not record.sound:
        return {"cannot_be_right": True, "said": record.fields}
    fields = {name: value for name, value in known_fields(record.kind, record.fields).items()
              if name != "boot"}
    fields |= {f"{name}_means": meaning for name, meaning in meanings(record.kind, fields).items()}
    if "entry" in fields:
        try:
            entry = from_wire(bytes.fromhex(fields["entry"]), "", None, record.log_id, record.seq)
        except (ValueError, TypeError):  # a later version's entry: its bytes stand there
            return fields
        fields.update(entered=entry.kind, uuid=str(entry.uuid), author=entry.author,
                      entered_utc=utc_text(entry.entered_at_ms),
                      effective_utc=utc_text(entry.effective_at_ms), **entry.fields)
    return fields
