"""The study: the cohort's figures, their statistics and their table.

In come the doses of every patient in every window, or a file of values, and a published table to hold
against them. Out goes the pump-data table with what it covers (`Table`) and its comparison. So do the
records and entries that a figure of it rests on (`Trace`). Each comes as JSON and as text.
"""

from .cohort import cohort_doses, cohort_table, require_in_order
from .compare import compare, compare_text, labels_of_no_row
from .table import KEYS, TIMEPOINTS, Table, Value, build_table
from .text import render
from .trace import traces
from .traced import Trace
from .values_csv import read_published, read_values

__all__ = [
    "KEYS", "TIMEPOINTS", "Table", "Trace", "Value", "build_table", "cohort_doses", "cohort_table",
    "compare", "compare_text", "labels_of_no_row", "read_published", "read_values",
    "render", "require_in_order", "traces",
]
