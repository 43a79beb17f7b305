"""A patient's stay: where and when, which bags and regimens were in force; from entries alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from .. import plain
from ..errors import NotFoundError, UsageError
from ..intervals import Interval
from ..store import Entry, Store, superseded

FOREVER_MS = 1 << 60
_CLOCKS_OFF_MS = 3_600_000  # by as much the clocks of two computers may differ
_LEAVINGS = ("patient_withdraw", "patient_end")


@dataclass(frozen=True)
class Stay:
    """A board claimed for a patient during [begin, end)."""

    board: str  #: its name
    begin_ms: int  #: Unix ms UTC
    end_ms: int  #: Unix ms UTC; FOREVER_MS: it goes on


@dataclass
class Episode:
    """One patient: the stays on boards, and what was entered."""

    patient: str  #: the code
    start_ms: int  #: when the patient was started, Unix ms UTC; windows count from here
    stays: list[Stay]  #: in order of time, never empty
    entries: list[Entry]  #: all that stand, in order of effect
    assignment: int  #: the random number that boards know the patient by
    bed: str | None  #: where the patient lies now, None: not told
    simulated: bool  #: entered by the virtual bedside

    @property
    def board(self) -> str:
        """The board last claimed."""
        return self.stays[-1].board

    @property
    def ended(self) -> bool:
        """Whether the last stay has an end."""
        return self.stays[-1].end_ms != FOREVER_MS

    @property
    def names(self) -> tuple[str, ...]:
        """What the patient is found by: the code, and while the stay goes on board and bed."""
        return (self.patient,) if self.ended else (self.patient, self.board, self.bed or "")

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

    def in_force(self, kind: str, at_ms: int) -> Entry | None:
        """Returns the entry of that kind in force at a moment. What is dated over an hour after it, by a
        clock that ran ahead, is in force only if there is no other."""
        found = self.of_kind(kind)
        begun = [each for each in found if each.effective_at_ms <= at_ms + _CLOCKS_OFF_MS] or found[:1]
        return begun[-1] if begun else None

    def claims(self) -> dict[str, list[Interval]]:
        """Returns {board: the intervals claimed for the patient}, sorted, Unix ms UTC."""
        out: dict[str, list[Interval]] = defaultdict(list)
        for stay in self.stays:
            if stay.begin_ms < stay.end_ms:
                out[stay.board].append((stay.begin_ms, stay.end_ms))
        return out


@dataclass(frozen=True)
class Contest:
    """A stretch of time of which a board's records are withheld from a patient, and why."""

    board: str  #: its name
    begin_ms: int  #: Unix ms UTC
    end_ms: int  #: Unix ms UTC
    rival: str | None  #: the code of the patient who claims it too; None: two logs of the board have it


def episodes(store: Store) -> dict[str, Episode]:
    """Returns every patient that was started, by code; corrected entries have no effect."""
    journal = store.entries.all()
    void = superseded(journal)
    standing = [entry for entry in journal if entry.uuid not in void]
    # boards keep whole seconds: within one, what ends a stay comes after what began it
    standing.sort(key=lambda entry: (entry.effective_at_ms // 1000, entry.kind in _LEAVINGS))
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


def episode(store: Store, name: str) -> Episode:
    """Returns one patient by code, board or bed; names are compared by plain.key.

    NotFoundError, with the names that there are; UsageError if the name means more than one patient.
    """
    known = episodes(store)
    meant = {each.patient: each for each in known.values() if plain.alike(name, each.names)}
    if len(meant) > 1:  # 3a and 3A of an older store are told apart by who types them so
        typed = {code: each for code, each in meant.items() if plain.as_typed(name, each.names)}
        meant = typed or meant
    if len(meant) > 1:
        raise UsageError(f"{name} may be any of the patients {', '.join(sorted(meant))}, as a code, a"
                         " board or a bed", "use another name of the patient")
    if meant:
        return next(iter(meant.values()))
    names = ", ".join(sorted(known)) or "none yet: start a stay with `pumplog patient start`"
    shown = name or "''"
    raise NotFoundError(f"no patient, board or bed {shown}", f"known patients are {names}")


def _apply(found: Episode, entry: Entry) -> None:
    found.entries.append(entry)
    if entry.kind == "patient_move" and entry.board == found.board:
        if not found.ended:  # and what has ended goes on in no other bed
            found.bed = entry.bed or found.bed  # another bed, the same board: the stay goes on
    elif entry.kind in ("patient_move", *_LEAVINGS):
        last = found.stays[-1]
        end_ms = max(last.begin_ms, min(last.end_ms, entry.effective_at_ms))
        found.stays[-1] = Stay(last.board, last.begin_ms, end_ms)
        if entry.kind == "patient_move" and entry.board:
            found.stays.append(Stay(entry.board, entry.effective_at_ms, FOREVER_MS))
            found.bed = entry.bed or found.bed


def contests(known: dict[str, Episode]) -> dict[str, list[Contest]]:
    """Returns {patient: the stretches that another patient claims on the same board}."""
    by_board: dict[str, list[tuple[Stay, str]]] = defaultdict(list)
    for each in known.values():
        for stay in each.stays:
            by_board[stay.board].append((stay, each.patient))
    out: dict[str, list[Contest]] = defaultdict(list)
    for board, claims in by_board.items():
        claims.sort(key=lambda claim: claim[0].begin_ms)
        open_claims: list[tuple[Stay, str]] = []
        for stay, patient in claims:
            open_claims = [claim for claim in open_claims if claim[0].end_ms > stay.begin_ms]
            for other, rival in open_claims:
                end_ms = min(stay.end_ms, other.end_ms)
                if rival != patient and stay.begin_ms < end_ms:
                    out[patient].append(Contest(board, stay.begin_ms, end_ms, rival))
                    out[rival].append(Contest(board, stay.begin_ms, end_ms, patient))
            open_claims.append((stay, patient))
    return out
