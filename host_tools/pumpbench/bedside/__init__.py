"""The bedside: pump, patient, bag, load cell and room, as physics and chance have them.

In: a patient's regimen, faults and a seed. Out: a `Bedside`, that is the pins that a board sees, tick by
tick, and the truth that only tests may read. `stream` gives every draw of chance its own seeded source.
"""

from .bedside import Bedside, BedsideOptions
from .build import build_bedside
from .load_cell import LoadCell
from .pins import TICKS_PER_S, Pins
from .seeds import stream

__all__ = ["TICKS_PER_S", "Bedside", "BedsideOptions", "LoadCell", "Pins", "build_bedside", "stream"]
