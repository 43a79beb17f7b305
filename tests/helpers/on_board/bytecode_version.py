"""Prints which bytecode a MicroPython takes: version and sub version."""

import sys

mpy = sys.implementation._mpy
print(mpy & 255, mpy >> 8 & 3)
