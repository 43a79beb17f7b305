"""The dose: volumes times what the bag held, with bounds and coverage.

In come a patient's share of the logs, the patient's entries, and a window: a stretch of time that
figures are computed over. Out go `Doses`: millilitres, milligrams, rates and presses of the window.
Each figure has the bounds that hold, or is unknown as a whole. With them go the time observed, bracketed
and unknown, and the notes that a reader must know.
"""

from .bracketed import BracketVolume
from .disputed import Disputed
from .doses import doses
from .figure import Figure, figure_json, total
from .volumes import PL_PER_ML
from .window_doses import Doses, Piece
from .windows import DAY_MS, HOUR_MS, Window

__all__ = [
    "DAY_MS", "HOUR_MS", "PL_PER_ML", "BracketVolume", "Disputed", "Doses", "Figure", "Piece", "Window",
    "doses", "figure_json", "total",
]
