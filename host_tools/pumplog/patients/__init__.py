"""The patients: who was on which board, and what the boards observed of each.

In come the journal of entries and the logs as `log` reads them. Out go a patient's episode, found by
code, board or bed; the entries that contradict each other; and the names of the drugs. Out go what a
patient's board last told, and each patient's share of every log. A file that `pumplog status` can do
without is loaded when something of it is first asked for.
"""

from typing import TYPE_CHECKING

from ..lazy import names_of
from .episodes import Episode, Stay, episode, episodes
from .roster import board_named, episode_or_board, named_or_current

if TYPE_CHECKING:
    from .borders import CLEAR_MS as CLEAR_MS
    from .contradictions import Conflict as Conflict
    from .contradictions import conflicts as conflicts
    from .drugs import DRUGS as DRUGS
    from .drugs import MASSES as MASSES
    from .drugs import bag_field as bag_field
    from .noticed import Noticed as Noticed
    from .noticed import noticed_of as noticed_of
    from .noticed import reached_ms as reached_ms
    from .observed import BolusPart as BolusPart
    from .observed import Observed as Observed
    from .observed import PerhapsBolus as PerhapsBolus
    from .observed import Running as Running
    from .observed import Stretch as Stretch
    from .shares import Shares as Shares
    from .shares import observed_of as observed_of
    from .status import LeftBehind as LeftBehind
    from .status import Status as Status
    from .status import left_behind as left_behind
    from .status import status_of as status_of
    from .unproven import Unproven as Unproven

__all__ = [
    "CLEAR_MS", "DRUGS", "MASSES", "BolusPart", "Conflict", "Episode", "LeftBehind", "Noticed",
    "Observed", "PerhapsBolus", "Running", "Shares", "Status", "Stay", "Stretch", "Unproven",
    "bag_field", "board_named", "conflicts", "episode", "episode_or_board", "episodes",
    "left_behind", "named_or_current", "noticed_of", "observed_of", "reached_ms", "status_of",
]
_FILE_OF = {
    "CLEAR_MS": "borders",
    "Conflict": "contradictions", "conflicts": "contradictions",
    "DRUGS": "drugs", "MASSES": "drugs", "bag_field": "drugs",
    "Noticed": "noticed", "noticed_of": "noticed", "reached_ms": "noticed",
    "BolusPart": "observed", "Observed": "observed", "Running": "observed", "Stretch": "observed",
    "PerhapsBolus": "observed", "Unproven": "unproven",
    "Shares": "shares", "observed_of": "shares",
    "LeftBehind": "status", "Status": "status", "left_behind": "status", "status_of": "status",
}


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__, _FILE_OF)
