"""Patients by name: a code, a board or a bed; and whether a board is free for another patient."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import NotFoundError, UsageError
from ..store import Log, Store
from .episodes import Episode, episode, episodes


def current_episode(store: Store, name: str) -> Episode:
    """Returns the patient of that name, for an entry; UsageError if the stay has ended."""
    found = episode(store, name)
    if found.ended:
        raise UsageError(f"{found.heading}: this stay has ended, so nothing was entered",
                         "check the name")
    return found


def named_or_current(store: Store, name: str | None) -> list[Episode]:
    """Returns the patient of that name, or without a name everybody whose stay goes on.

    NotFoundError if there is no such patient, or nobody whose stay goes on.
    """
    if name:
        return [episode(store, name)]
    found = [each for each in episodes(store).values() if not each.ended]
    if not found:
        raise NotFoundError("nobody is started in this store", "`pumplog patient start` first")
    return found


def free_board(store: Store, board: str) -> str:
    """Returns a board's own name; NotFoundError for a board that is not known, UsageError for a board
    that serves a patient now."""
    known = store.boards.like(board)
    if known is None:
        raise NotFoundError(f"no board {board} in this store", "provision it first")
    for each in episodes(store).values():
        if not each.ended and each.board == known.name:
            raise UsageError(f"board {known.name} serves patient {each.patient}",
                             "read the board's label again; if that patient has left the board, enter"
                             " that first")
    return known.name


def episode_or_board(store: Store, name: str) -> Episode | None:
    """Returns the patient of that code, board or bed; None for a board that is not a single patient's.

    NotFoundError for an unknown name, UsageError for an ambiguous name.
    """
    try:
        return episode(store, name)
    except (NotFoundError, UsageError):
        if store.boards.like(name) is None:
            raise
        return None


def board_named(store: Store, name: str) -> str:
    """Returns the board's own name; a name that is no board's as it is."""
    known = store.boards.like(name)
    return known.name if known else name


def logs_named(store: Store, name: str | None) -> list[Log]:
    """Returns the logs of a patient's boards, of a board or of a bed; without a name all, by board.

    NotFoundError for an unknown name, UsageError for an ambiguous name.
    """
    if name is None:
        return sorted(store.logs.all(), key=lambda log: (log.board, log.log_id))
    patient = episode_or_board(store, name)
    boards = [stay.board for stay in patient.stays] if patient else [board_named(store, name)]
    return [log for board in dict.fromkeys(boards) for log in store.logs.of(board)]


@dataclass(frozen=True)
class NeverPulled:
    """A patient of whose boards nothing was ever pulled."""

    patient: str  #: the code
    board: str  #: the board last claimed
    heading: str  #: patient, board and bed in words

    def to_json(self) -> dict[str, str]:
        """Returns it for a program, as `verify` answers of a log."""
        return {"board": self.board, "patient": self.patient, "verdict": "never_pulled"}

    def to_text(self) -> str:
        """Returns what is missing, and what to do."""
        return (f"{self.heading}: NOTHING of its log is here, so nothing can be proven of it: pull it,"
                f" `pumplog pull {self.board}`")


def never_pulled(store: Store) -> list[NeverPulled]:
    """Returns the patients of whose boards the store has no record."""
    return [NeverPulled(each.patient, each.board, each.heading) for each in episodes(store).values()
            if not any(store.holes.next_seq_reached(log_id)
                       for stay in each.stays for log_id, _ in store.logs.of(stay.board))]
