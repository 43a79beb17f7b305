"""Each patient's share of what the boards recorded: every log of the store is read at most once."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..intervals import Interval, intersect, merge, subtract
from ..log import LogView, read_log
from ..store import Store
from .episodes import Contest, Episode, contests, episodes
from .observed import Observed
from .unproven import Unproven


class Shares:
    """The patients of a store, and what the boards observed of each."""

    def __init__(self, store: Store, unproven: Collection[int] = ()) -> None:
        """unproven: the logs of which also what nothing proves is taken in, by log_id."""
        self._store = store
        self._unproven = frozenset(unproven)
        self.episodes = episodes(store)  #: every patient that was started, by code
        self._contests = contests(self.episodes)
        self._views: dict[int, LogView] = {}

    def of(self, episode: Episode) -> Observed:
        """Returns what was observed during a patient's stays.

        Withheld is what another patient claims too, and what two logs of a board have over the same
        minutes: nobody knows which of them is right.
        """
        observed = Observed()
        contested = list(self._contests.get(episode.patient, []))
        for board, claims in episode.claims().items():
            observed.claimed = merge([*observed.claimed, *claims])
            views = [self._view(log_id, board) for log_id, _ in self._store.logs.of(board)]
            contested += [Contest(board, *span, None) for span in intersect(claims, _twice(views))]
            withheld = merge((each.begin_ms, each.end_ms) for each in contested if each.board == board)
            clear, others = subtract(claims, withheld), self._others(episode, board)
            for view in views:
                observed.add(view, clear, others)
            observed.unproven += self._unproven_of(board)
        observed.withheld = sorted(
            contested, key=lambda each: (each.begin_ms, each.end_ms, each.rival or ""))
        observed.sort()
        return observed

    def _others(self, episode: Episode, board: str) -> list[Interval]:
        """Returns what other patients claim of a board."""
        return merge(claim for other in self.episodes.values() if other.patient != episode.patient
                     for claim in other.claims().get(board, ()))

    def _unproven_of(self, board: str) -> list[Unproven]:
        found = []
        for log_id, _ in self._store.logs.of(board):
            records = sum(end - first for first, end in self._store.pages.unproven(log_id))
            if records:
                found.append(Unproven(log_id, records, log_id in self._unproven))
        return found

    def _view(self, log_id: int, board: str) -> LogView:
        if log_id not in self._views:
            self._views[log_id] = read_log(self._store, log_id, board, log_id in self._unproven)
        return self._views[log_id]


def _twice(views: Sequence[LogView]) -> list[Interval]:
    """Returns the time that minutes of more than one log cover."""
    found: list[Interval] = []
    covered: list[Interval] = []
    for view in views:
        spans = merge((run.begin_ms, run.end_ms) for run in view.runs)
        found += intersect(covered, spans)
        covered = merge([*covered, *spans])
    return merge(found)


def observed_of(store: Store, episode: Episode, unproven: Collection[int] = ()) -> Observed:
    """Returns what was observed of one patient; unproven: as of Shares."""
    return Shares(store, unproven).of(episode)
