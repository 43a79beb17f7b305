"""Each patient's share of what the boards recorded: every log of the store is read at most once."""

from __future__ import annotations

from ..intervals import merge, subtract
from ..log import LogView, read_log
from ..store import Store
from .episodes import Episode, contests, episodes
from .observed import Observed


class Shares:
    """The patients of a store, and what the boards observed of each."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.episodes = episodes(store)  #: every patient that was started, by code
        self._contests = contests(self.episodes)
        self._views: dict[int, LogView] = {}

    def of(self, episode: Episode) -> Observed:
        """Returns what was observed during a patient's stays; what another claims too is withheld."""
        observed = Observed()
        contested = self._contests.get(episode.patient, [])
        observed.withheld = sorted(contested, key=lambda each: (each.begin_ms, each.end_ms, each.rival))
        for board, claims in episode.claims().items():
            observed.claimed = merge([*observed.claimed, *claims])
            withheld = merge((each.begin_ms, each.end_ms) for each in contested if each.board == board)
            clear = subtract(claims, withheld)
            for log_id, _ in self._store.logs.of(board):
                observed.add(self._view(log_id, board), clear)
        observed.sort()
        return observed

    def _view(self, log_id: int, board: str) -> LogView:
        if log_id not in self._views:
            self._views[log_id] = read_log(self._store, log_id, board)
        return self._views[log_id]


def observed_of(store: Store, episode: Episode) -> Observed:
    """Returns what was observed of one patient."""
    return Shares(store).of(episode)
