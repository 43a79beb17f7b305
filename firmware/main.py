"""The firmware's start: builds the board's ports, starts the gateway on them, runs it for ever.

`board` is found in the board's own folder (boards/esp32 or boards/virtual); nothing else differs.
"""

import gc

from board import Board

gc.threshold(8192)  # collect often: what loading leaves behind must not cut the heap into small pieces
board = Board()
try:
    from gateway.gateway import Gateway  # (the board's ports find their room first)
except MemoryError:
    if board.radio is None:
        raise
    board.memory.stop(board.radio)  # the cable goes on
    board.radio = None
    gc.collect()
    from gateway.gateway import Gateway

gc.collect()
try:
    Gateway(board).run()
except Exception as error:
    board.fail(error)
