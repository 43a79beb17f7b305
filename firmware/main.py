"""The firmware's start: builds the board's ports, starts the gateway on them, runs it for ever.

`board` is found in the board's own folder (boards/esp32 or boards/virtual); nothing else differs.
"""

import gc

from board import Board

board = Board()
gc.collect()  # what loading left behind would cut the heap into pieces too small for a page
from gateway.gateway import Gateway  # noqa: E402

gc.collect()
try:
    Gateway(board).run()
except Exception as error:
    board.fail(error)
