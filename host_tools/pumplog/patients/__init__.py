"""The patients: who was on which board, and what the boards observed of each.

In come the journal of entries and the logs as `log` reads them. Out go a patient's episode, found by
code, board or bed; the entries that contradict each other; the names of the drugs; and each patient's
share of every log (`Shares`, `observed_of` of .shares and `Observed` of .observed, which read logs and
so are not loaded by a command that only names a patient).
"""

from .conflicts import Conflict, conflicts
from .drugs import DRUGS, MASSES, Mass, bag_field
from .episodes import FOREVER_MS, Episode, Stay, episode, episodes
from .roster import current_episode, named_or_current, require_free_board

__all__ = [
    "DRUGS", "FOREVER_MS", "MASSES", "Conflict", "Episode", "Mass", "Stay", "bag_field", "conflicts",
    "current_episode", "episode", "episodes", "named_or_current", "require_free_board",
]
