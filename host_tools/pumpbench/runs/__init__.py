"""The runs: a cohort, many windows, the demo and boards on the air, from one command each.

In: a plan (a cohort, a seed, faults) or a folder of an earlier run. Out: flash images, the nurse's store
and truth.json, or an air on which the boards of a run answer.
"""

from .cohort_run import FIRST_START, Plan, run_cohort
from .demo import run_demo
from .monte_carlo import WindowResult, WindowSpec, draw_spec, map_windows, records
from .serve import serve_boards

__all__ = [
    "FIRST_START", "Plan", "WindowResult", "WindowSpec", "draw_spec", "map_windows", "records",
    "run_cohort", "run_demo", "serve_boards",
]
