"""Pulls boards of a ward: each visit in a thread and over a connection to the store of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Protocol

from ..links import BLE
from ..log import Known, known_anchors
from ..store import Store
from .report import RoundReport, round_report
from .round import AT_ONCE, TRIES, visit_all
from .targets import Target
from .visit import Visit, visit_board


class RoundProgress(Protocol):
    """Who is told how a round is going, from the visits' threads."""

    def visit(self, board: str) -> AbstractContextManager[None]:
        """Is entered for as long as a board is visited."""

    def so_far(self, board: str, n: int) -> None:
        """A connected board has sent n bytes by now; may raise, to end its visit."""

    def done(self, board: str, new_records: int) -> None:
        """All that the board had is in the store."""

    def again(self, board: str, why: str) -> None:
        """A visit ended, and the board is tried again once the others had their turn."""

    def stop(self) -> None:
        """The round ends: so_far is to raise from now on."""


def pull_round(
    open_store: Callable[[], Store], targets: Sequence[Target], everybody: bool,
    progress: RoundProgress, link_spec: str = BLE, check_code: int | None = None,
) -> RoundReport:
    """Visits boards and returns what came of them.

    everybody: it is a round of all, which tries a board again later; who names boards stands beside
    them, and is told at once what to do. link_spec, check_code: as of visit_board. Over the radio
    AT_ONCE boards are visited side by side, over a cable or from an image one at a time.
    """
    known: dict[str, Known] = {}  # each board's clock readings before its first visit
    with open_store() as store:
        pulls_before = {target.board: store.pulls.last(target.board) for target in targets}
        outcomes = visit_all(
            targets, partial(_visit, open_store, progress, known, link_spec, check_code),
            lambda target, error: progress.again(target.board, error.what),
            at_once=AT_ONCE if link_spec == BLE else 1, tries=TRIES if everybody else 1,
            stop=progress.stop)
        return round_report(store, outcomes, pulls_before)


def _visit(
    open_store: Callable[[], Store], progress: RoundProgress, known: dict[str, Known],
    link_spec: str, check_code: int | None, target: Target,
) -> Visit:
    """Visits one board; known: by board, what its first visit of this round found in the store."""
    board = target.board
    with progress.visit(board), open_store() as store:
        if board not in known:
            known[board] = known_anchors(store, board)
        brought = visit_board(store, board, link_spec, check_code,
                              partial(progress.so_far, board), known[board])
    progress.done(board, brought.pulled.records)
    return brought
