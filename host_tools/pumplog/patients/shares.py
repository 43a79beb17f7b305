"""What the boards saw of each patient: every log of the store is read at most once."""

from __future__ import annotations

from ..intervals import merge, subtract
from ..log import LogView, read_log
from ..store import Store
from .episodes import Episode, claims_of, contested, episodes
from .observed import Observed


class Sight:
    """The patients of a store, and what was seen of them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.patients = episodes(store)
        self._contested = contested(self.patients)
        self._views: dict[int, LogView] = {}

    def of(self, one: Episode) -> Observed:
        """Returns what was seen during a patient's stays; what another claims too is withheld."""
        seen = Observed()
        rivals = self._contested.get(one.patient, [])
        seen.withheld = sorted((begin_ms, end_ms, rival) for _, begin_ms, end_ms, rival in rivals)
        for board, claims in claims_of(one).items():
            seen.claimed = merge([*seen.claimed, *claims])
            withheld = merge((a, b) for where, a, b, _ in rivals if where == board)
            clear = subtract(claims, withheld)
            for log_id, _ in self._store.logs.of(board):
                seen.add(self._view(log_id, board), clear)
        seen.sort()
        return seen

    def _view(self, log_id: int, board: str) -> LogView:
        if log_id not in self._views:
            self._views[log_id] = read_log(self._store, log_id, board)
        return self._views[log_id]


def seen_by(store: Store, one: Episode) -> Observed:
    """Returns what was seen of one patient."""
    return Sight(store).of(one)
