"""The firmware's start: builds the board's ports, starts the gateway on them, runs it for ever.

`board` is found in the board's own folder (boards/esp32 or boards/virtual); nothing else differs.
"""

from board import Board
from gateway.gateway import Gateway

board = Board()
try:
    Gateway(board).run()
except Exception as error:
    board.fail(error)
