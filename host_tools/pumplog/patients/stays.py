"""Stays as they are entered: a patient starts on a board, moves, and leaves it.

A code, a board and a bed are taken as names everywhere, so no two of them may be alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from .. import host, plain
from ..errors import NotFoundError, UsageError
from ..moments import age_s, dated_text, local_text, since_text, utc_text
from ..quantities import show_age
from ..store import Entry, Store
from .entering import Authorship, holds_from, new_entry
from .episodes import FOREVER_MS, Episode, Stay, episode, episodes
from .roster import board_named, current_episode, free_board

LEAVINGS = {"withdraw": "patient_withdraw", "end": "patient_end"}
_LONGEST_CODE, _LONGEST_BED = 16, 32
_NO_MOVE = "set the clock right that is wrong, or end this stay and start another"


@dataclass(frozen=True)
class Overlap:
    """Time in which another patient was on the board too, as was entered."""

    board: str  #: its name
    patient: str  #: the other patient's code
    begin_ms: int  #: when both claims begin, Unix ms UTC
    end_ms: int  #: when the other stay ends, Unix ms UTC; FOREVER_MS: it goes on

    def refused(self) -> UsageError:
        """Returns why it is not entered without being confirmed."""
        until = f" to {local_text(self.end_ms)}" if self.end_ms != FOREVER_MS else " on"
        return UsageError(
            f"patient {self.patient} was on board {self.board} then, from"
            f" {local_text(self.begin_ms)}{until}. Nothing was entered",
            "check --ago; if it is meant, add --confirm. What both claim is in nobody's figures")


@dataclass(frozen=True)
class NewStay:
    """The beginning, a move or the end of a stay that may be entered, for a person to look at first."""

    entry: Entry  #: not stored yet
    patient: Episode | None  #: the stay so far; None: it begins
    overlaps: tuple[Overlap, ...] = ()  #: with other patients on these boards, wanting confirming
    ahead_ms: int = 0  #: by how much the stay that ends begins ahead of this clock, wanting confirming

    def to_text(self) -> str:
        """Returns patient, board and bed, and what is to become of them."""
        entry, patient = self.entry, self.patient
        if patient is None:
            text = f"patient {entry.patient} on board {entry.board}, bed {entry.bed or 'not given'}"
        elif entry.kind == "patient_move" and entry.board == patient.board:
            text = (f"{patient.heading}: from bed {patient.bed or '-'} to bed {entry.bed}, still on"
                    f" board {entry.board}")
        elif entry.kind == "patient_move":
            text = (f"{patient.heading}: from board {patient.board} to board {entry.board}, bed"
                    f" {entry.bed or patient.bed or '-'}")
        else:
            text = f"{patient.heading}: {entry.kind.removeprefix('patient_')}"
        return "\n".join([*holds_from(entry), text])


    def unconfirmed(self) -> UsageError | None:
        """Returns why it is not entered without being confirmed, None if nothing is in doubt."""
        if self.ahead_ms and self.patient:
            return UsageError(_ahead_text(self.patient, self.ahead_ms),
                              "set the clock right that is wrong. If this computer's is right, add"
                              " --confirm; then the stay holds nothing")
        return self.overlaps[0].refused() if self.overlaps else None


@dataclass(frozen=True)
class ListedPatient:
    """A patient as `patient list` shows every patient."""

    patient: Episode  #: who, ended or not

    def to_json(self) -> dict[str, Any]:
        """Returns an object of the contract."""
        patient = self.patient
        return {"patient": patient.patient, "board": patient.board, "bed": patient.bed,
                "start_utc": utc_text(patient.start_ms), "age_s": age_s(patient.start_ms),
                "ended": patient.ended}

    def to_text(self) -> str:
        """Returns a line for the screen."""
        return f"{self.patient.heading}, since {since_text(self.patient.start_ms)}"


def every_patient(store: Store, name: str | None = None) -> list[ListedPatient]:
    """Returns the patient of that code, board or bed, or without a name every patient that was started;
    NotFoundError if there is none."""
    if name:
        return [ListedPatient(episode(store, name))]
    known = episodes(store)
    if not known:
        raise NotFoundError("no patients yet", "start a stay with `pumplog patient start`")
    return [ListedPatient(patient) for patient in known.values()]


def start_stay(
    store: Store, code: str | None, board: str | None, bed: str | None, by: Authorship,
) -> NewStay:
    """Returns the stay that is to begin on a board, nothing stored yet; code None: a code is made up.

    NotFoundError without such a board; UsageError if a name is missing, taken, or too like another.
    """
    if not board:
        raise UsageError("no board was named", "give --board NAME, the board clipped to the pump")
    code = code or f"P{host.random_bytes(3).hex().upper()}"
    _require_new_code(store, code)
    board = free_board(store, board)
    _require_free_bed(store, bed, code)
    assignment = int.from_bytes(host.random_bytes(4)) >> 2 or 1
    entry = new_entry(by, "patient_start", code, board, assignment, bed=bed)
    return NewStay(entry, None, _overlaps(store, code, Stay(board, entry.effective_at_ms, FOREVER_MS)))


def move_stay(
    store: Store, name: str, board: str | None, bed: str | None, by: Authorship,
) -> NewStay:
    """Returns the move to another board, another bed or both that is to be made, nothing stored yet."""
    patient = current_episode(store, name)
    if not board and not bed:
        raise UsageError("no new board or bed was named",
                         "give --board NAME, or --bed where the board stays with the patient")
    to = board_named(store, board) if board else patient.board
    if to == patient.board and bed in (None, patient.bed):
        raise UsageError(f"patient {patient.patient} is on board {patient.board} already",
                         "name the new board or bed")
    if to != patient.board:
        to = free_board(store, to)
    _require_free_bed(store, bed, patient.patient)
    return _changed_stay(store, patient, "patient_move", to, bed, by)


def leave(store: Store, name: str, action: str, by: Authorship) -> NewStay:
    """Returns the end of a stay that is to be made, nothing stored yet. action: one of LEAVINGS.

    It cannot be undone: UsageError unless the patient is named by the code.
    """
    patient = current_episode(store, name)
    if not plain.alike(name, [patient.patient]):
        raise UsageError(f"{patient.heading}: that cannot be undone, so name the patient by the code",
                         f"`pumplog patient {action} {patient.patient}`")
    return _changed_stay(store, patient, LEAVINGS[action], patient.board, None, by)


def _changed_stay(
    store: Store, patient: Episode, kind: str, board: str, bed: str | None, by: Authorship
) -> NewStay:
    entry = new_entry(by, kind, patient.patient, board, patient.assignment, bed=bed)
    begin_ms = patient.stays[-1].begin_ms
    ahead_ms = max(0, begin_ms - entry.entered_at_ms)
    if ahead_ms and kind == "patient_move":
        raise UsageError(_ahead_text(patient, ahead_ms), _NO_MOVE)
    moved_ms = max((each.effective_at_ms for each in patient.of_kind("patient_move")), default=0)
    if bed and entry.effective_at_ms < moved_ms:
        raise UsageError(f"{patient.heading}: the last move is dated {dated_text(moved_ms)}, and this"
                         " would be before it. Nothing was entered", _NO_MOVE)
    if ahead_ms:  # it ends where it begins: else its board would serve nobody until then
        entry = replace(entry, effective_at_ms=begin_ms)
    elif entry.effective_at_ms < begin_ms:
        raise UsageError(f"{patient.heading}: that is before this stay began, so nothing was entered",
                         "check --ago")
    stays = []
    if kind != "patient_move" or board != patient.board:  # else the stay goes on in another bed
        stays.append(replace(patient.stays[-1], end_ms=entry.effective_at_ms))
    if kind == "patient_move" and board != patient.board:
        stays.append(Stay(board, entry.effective_at_ms, FOREVER_MS))
    return NewStay(entry, patient, _overlaps(store, patient.patient, *stays), ahead_ms)


def _ahead_text(patient: Episode, ahead_ms: int) -> str:
    """Returns that a stay begins ahead, in words."""
    return f"{patient.heading}: this stay begins {show_age(-ahead_ms)}. Nothing was entered"


def _overlaps(store: Store, code: str, *stays: Stay) -> tuple[Overlap, ...]:
    """Returns where stays of a patient lie over those of others on the same boards."""
    return tuple(
        Overlap(stay.board, other.patient, max(stay.begin_ms, theirs.begin_ms),
                min(stay.end_ms, theirs.end_ms))
        for stay in stays for other in episodes(store).values() if other.patient != code
        for theirs in other.stays if theirs.board == stay.board
        and max(stay.begin_ms, theirs.begin_ms) < min(stay.end_ms, theirs.end_ms))


def _require_new_code(store: Store, code: str) -> None:
    """Raises UsageError for a code that is not valid, is taken, or may be taken for another name."""
    if not (1 <= len(code) <= _LONGEST_CODE and code.isascii() and code.replace("-", "").isalnum()):
        raise UsageError(f"patient {code!r}",
                         f"a code is up to {_LONGEST_CODE} letters, digits and hyphens, and no name of"
                         " a person")
    known, do = episodes(store), "choose another code"
    if code in known:
        raise UsageError(f"patient {code} was started already", do)
    if any(plain.alike(code, [board.name]) for board in store.boards.all()):
        raise UsageError(f"{code} is the name of a board", do)
    for patient in known.values():
        if plain.alike(code, [patient.patient]):
            raise UsageError(f"patient {code} is too like patient {patient.patient}", do)
        if not patient.ended and plain.alike(code, [patient.bed or ""]):
            raise UsageError(f"{code} is the bed of patient {patient.patient}", do)


def _require_free_bed(store: Store, bed: str | None, code: str) -> None:
    """Raises UsageError for a bed label that does not mean one patient, or is a board's name or a
    code."""
    if bed is None:
        return
    if not (1 <= len(bed) <= _LONGEST_BED and bed.isprintable() and bed == bed.strip()
            and plain.key(bed)):
        raise UsageError(f"bed {bed!r}",
                         f"a label is up to {_LONGEST_BED} characters in one line, without spaces"
                         " around it")
    known = episodes(store)
    if plain.alike(bed, [*known, *(board.name for board in store.boards.all())]):
        raise UsageError(f"{bed} is the name of a patient or a board", "label the bed otherwise")
    for patient in known.values():
        if (not patient.ended and patient.patient != code
                and plain.alike(bed, [patient.bed or ""])):
            raise UsageError(f"bed {patient.bed} is patient {patient.patient}'s",
                             "check the bed; where two change places, move patient"
                             f" {patient.patient} first, to a label such as 'away'")
