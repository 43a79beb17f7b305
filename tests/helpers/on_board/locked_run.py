"""Runs a gateway on a board that locks the heap over each tick."""

import sys

from gateway.gateway import Gateway

LOCKS = sys.implementation.name == "micropython"


def run(board):
    """Runs it until the board's time is over."""
    gateway = Gateway(board)
    gateway.uptime._last_ms = board.now_ms  # as if it had run that long
    try:
        gateway.run()
    finally:
        board.power_off()


def raises_memory_error(board):
    """Returns whether a tick allocated."""
    try:
        run(board)
    except MemoryError:
        return True
    return False
