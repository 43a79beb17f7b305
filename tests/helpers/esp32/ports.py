"""Prints what a board offers, as JSON: {name: [public names of the port] or "function" or null}."""

import json
import sys

if sys.argv[1] == "esp32":
    from helpers.esp32 import boots

    boots.power_on()

from board import Board


def offer(thing):
    if thing is None:
        return None
    if callable(thing):
        return "function"
    return [name for name in dir(thing) if not name.startswith("_")]


board = Board()
print(json.dumps({name: offer(getattr(board, name)) for name in dir(board) if name[0] != "_"}))
