"""The sync: a visit copies what is new on a board into the store, and gives it the entries that wait.

In: a store, the name of a board, and how it is reached (`ble`, `serial:PORT` or the image `file:PATH`).
Out: what the visit brought and what still waits, as data with a JSON and a text. A visit that breaks off
leaves what came, and the next visit goes on from there. A round is many visits, side by side, each tried
again. `Client` is one conversation with one board, over any link.
"""

from .bonds import Forgotten, forget
from .client import Client, Proof, PullResult
from .delivery import proven
from .entering import Entered, enter
from .image import pull_image
from .nearby import Nearby, boards_nearby
from .progress import Progress
from .report import RoundReport
from .report_text import round_text
from .round import AT_ONCE, TRIES
from .targets import Target, everybody, named
from .visit import Visit, visit_board
from .ward import RoundProgress, pull_round

__all__ = [
    "AT_ONCE", "TRIES", "Client", "Entered", "Forgotten", "Nearby", "Progress", "Proof", "PullResult",
    "RoundProgress", "RoundReport", "Target", "Visit", "boards_nearby", "enter", "everybody", "forget",
    "named", "proven", "pull_image", "pull_round", "round_text", "visit_board",
]
