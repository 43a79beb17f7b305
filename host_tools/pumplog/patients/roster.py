"""Patients by name: a code, a board or a bed; and whether a board is free for another patient."""

from __future__ import annotations

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
                             "end or withdraw that stay first")
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
    """Returns the logs of a patient's boards, of a board or of a bed; without a name all logs.

    NotFoundError for an unknown name, UsageError for an ambiguous name.
    """
    if name is None:
        return store.logs.all()
    patient = episode_or_board(store, name)
    boards = [stay.board for stay in patient.stays] if patient else [board_named(store, name)]
    return [log for board in dict.fromkeys(boards) for log in store.logs.of(board)]
