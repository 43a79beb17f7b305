"""Whom to pull: the boards that names mean, or those of everybody whose stay goes on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..patients import Episode, board_named, episode_or_board, episodes, named_or_current
from ..store import Store


@dataclass(frozen=True)
class Target:
    """A board to pull, and whom it serves."""

    board: str  #: its name
    patient: str | None  #: whom it serves; None: nobody, or it cannot be said
    bed: str | None  #: where, if it was entered
    heading: str  #: board, patient and bed in words

    @property
    def place(self) -> str:
        """Where to go, in few words."""
        who = self.patient or "no patient"
        return f"bed {self.bed} ({who})" if self.bed else f"board {self.board} ({who})"


def everybody(store: Store) -> list[Target]:
    """Returns the boards of all patients whose stay goes on, each once; NotFoundError if there is
    none."""
    return _once_each(_of_patient(patient) for patient in named_or_current(store, None))


def named(store: Store, names: Iterable[str]) -> list[Target]:
    """Returns the boards that names mean, each once; NotFoundError or UsageError for a name that means
    no board, or several."""
    return _once_each(_named(store, name) for name in names)


def _of_patient(patient: Episode) -> Target:
    return Target(patient.board, patient.patient, patient.bed, patient.heading)


def _named(store: Store, name: str) -> Target:
    """Returns what a name means: a patient, a bed, or a board, even a board that serves nobody now."""
    patient = episode_or_board(store, name)
    if patient:
        return _of_patient(patient)
    board = board_named(store, name)
    many = any(not each.ended and each.board == board for each in episodes(store).values())
    return Target(board, None, None,
                  f"board {board}, {'of more than one patient' if many else 'no patient'}")


def _once_each(chosen: Iterable[Target]) -> list[Target]:
    """Returns every board once, even a board that two patients are said to be on."""
    found: dict[str, Target] = {}
    for target in chosen:
        first = found.setdefault(target.board, target)
        if first.patient != target.patient:
            found[target.board] = replace(first, heading=f"{first.heading}; also {target.heading}")
    return list(found.values())
