"""The faults: one table of what can go wrong, and how a file asks for it.

In: a TOML file, or a kind with its parameters. Out: checked faults for the bedside and the nurse, what
those of the board come to (outages and stalls), and the page that documents them all.
"""

from .faults import Fault, make_fault, read_faults
from .of_board import Outage, off_spans_s, outages, stall_ticks

__all__ = ["Fault", "Outage", "make_fault", "off_spans_s", "outages", "read_faults", "stall_ticks"]
