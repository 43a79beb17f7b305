"""A patient's stay: where and when, which bags and regimens were in force; from entries alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from ..errors import NotFound, Usage
from ..intervals import Interval
from ..store import Entry, Store, superseded

FOREVER_MS = 1 << 60


@dataclass(frozen=True)
class Stay:
    """A board claimed for [begin, end), Unix ms UTC."""

    board: str
    begin_ms: int
    end_ms: int


@dataclass
class Episode:
    """One patient."""

    patient: str
    start_ms: int
    stays: list[Stay]
    entries: list[Entry]
    assignment: int
    bed: str | None
    simulated: bool

    @property
    def board(self) -> str:
        """The board last claimed."""
        return self.stays[-1].board

    @property
    def ended(self) -> bool:
        """Whether the last stay has an end."""
        return self.stays[-1].end_ms != FOREVER_MS

    @property
    def heading(self) -> str:
        """Patient, board and bed, as they are echoed before anything is written."""
        if self.ended:
            return f"patient {self.patient}, ended, last on board {self.board}"
        bed = f", bed {self.bed}" if self.bed else ""
        return f"patient {self.patient} on board {self.board}{bed}"

    def of_kind(self, kind: str) -> list[Entry]:
        """Returns the entries of a kind in order of effect."""
        return [entry for entry in self.entries if entry.kind == kind]

    def latest(self, kind: str) -> Entry | None:
        """Returns the entry of that kind in force last."""
        found = self.of_kind(kind)
        return found[-1] if found else None


def episodes(store: Store) -> dict[str, Episode]:
    """Returns every patient that was started, by code; corrected entries have no effect."""
    journal = store.entries.all()
    void = superseded(journal)
    standing = [entry for entry in journal if entry.uuid not in void]
    found: dict[str, Episode] = {}
    for entry in standing:
        if entry.kind == "patient_start" and entry.board:
            found.setdefault(entry.patient, Episode(
                entry.patient, entry.effective_at_ms,
                [Stay(entry.board, entry.effective_at_ms, FOREVER_MS)], [], entry.assignment,
                entry.bed, entry.simulated,
            ))
    for entry in standing:
        if entry.patient in found:
            _apply(found[entry.patient], entry)
    return found


def episode(store: Store, patient: str) -> Episode:
    """Returns one patient by code, board or bed; NotFound with the names that there are, Usage if the
    name means more than one."""
    known = episodes(store)
    meant = {one.patient: one for one in known.values()
             if patient == one.patient or not one.ended and patient in (one.board, one.bed)}
    if len(meant) > 1:
        raise Usage(f"{patient} may be any of the patients {', '.join(sorted(meant))}, as a code, a"
                    " board or a bed: give another name of the one that is meant.")
    if meant:
        return next(iter(meant.values()))
    names = ", ".join(sorted(known)) or "none yet: start one with `pumplog patient start`"
    shown = patient or "''"
    raise NotFound(f"no patient, board or bed {shown}: known patients are {names}.")


def _apply(one: Episode, entry: Entry) -> None:
    one.entries.append(entry)
    if entry.kind == "patient_move" and entry.board == one.board and not one.ended:
        one.bed = entry.bed or one.bed  # another bed, the same board: the stay goes on
    elif entry.kind in ("patient_move", "patient_withdraw", "patient_end"):
        last = one.stays[-1]
        end_ms = max(last.begin_ms, min(last.end_ms, entry.effective_at_ms))
        one.stays[-1] = Stay(last.board, last.begin_ms, end_ms)
        if entry.kind == "patient_move" and entry.board:
            one.stays.append(Stay(entry.board, entry.effective_at_ms, FOREVER_MS))
            one.bed = entry.bed or one.bed


def contested(known: dict[str, Episode]) -> dict[str, list[tuple[str, int, int, str]]]:
    """Returns {patient: (board, begin, end, the other patient who claims it then too)}."""
    by_board: dict[str, list[tuple[Stay, str]]] = defaultdict(list)
    for one in known.values():
        for stay in one.stays:
            by_board[stay.board].append((stay, one.patient))
    out: dict[str, list[tuple[str, int, int, str]]] = defaultdict(list)
    for board, claims in by_board.items():
        claims.sort(key=lambda claim: claim[0].begin_ms)
        open_claims: list[tuple[Stay, str]] = []
        for stay, patient in claims:
            open_claims = [claim for claim in open_claims if claim[0].end_ms > stay.begin_ms]
            for other, rival in open_claims:
                end_ms = min(stay.end_ms, other.end_ms)
                if rival != patient and stay.begin_ms < end_ms:
                    out[patient].append((board, stay.begin_ms, end_ms, rival))
                    out[rival].append((board, stay.begin_ms, end_ms, patient))
            open_claims.append((stay, patient))
    return out


def claims_of(one: Episode) -> dict[str, list[Interval]]:
    """Returns {board: the intervals claimed}, sorted."""
    out: dict[str, list[Interval]] = defaultdict(list)
    for stay in one.stays:
        if stay.begin_ms < stay.end_ms:
            out[stay.board].append((stay.begin_ms, stay.end_ms))
    return out
