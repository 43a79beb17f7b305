"""The dose: volumes times what the bag held, with bounds and coverage.

In comes a patient's share of the logs, the patient's entries, and a window: a stretch of time that
figures are computed over. Out go `Doses`: millilitres, milligrams, rates and presses of the window, each
figure with the bounds that hold or unknown as a whole, what was observed, bracketed and unknown of it,
and the notes that a reader must know.
"""

from .answer import to_json, to_text
from .bracketed import BracketVolume
from .doses import doses
from .figure import Figure, figure_json, total
from .volumes import PL_PER_ML
from .window_doses import Doses, Piece
from .windows import DAY_MS, HOUR_MS, Window

__all__ = [
    "DAY_MS", "HOUR_MS", "PL_PER_ML", "BracketVolume", "Doses", "Figure", "Piece", "Window", "doses",
    "figure_json", "to_json", "to_text", "total",
]
