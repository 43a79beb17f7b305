"""/main.py of a board: starts the firmware that the loader chooses. It never changes, so it is never
half.

A firmware that cannot even be loaded counts as one that did not come up: the board starts again.
"""

import sys
from loader import choose

_folder = choose()
sys.modules.pop("loader")  # the firmware has the heap to itself
del choose
if _folder:
    sys.path[:] = [_folder, ".frozen", "/"]
    try:
        import main  # noqa: F401 (the folder's own: this one is __main__)
    except Exception as error:
        import machine
        import time

        sys.print_exception(error)
        time.sleep_ms(5000)
        machine.reset()
